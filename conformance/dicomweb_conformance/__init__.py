"""Judges a DICOMweb origin server requirement by requirement."""
