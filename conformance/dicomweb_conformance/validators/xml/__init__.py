"""The Native DICOM Model (PS3.19 Annex A), judged."""
