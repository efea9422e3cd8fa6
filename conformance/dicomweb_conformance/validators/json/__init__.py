"""The DICOM JSON Model (PS3.18 Annex F), judged."""
