"""DICOM's models as values: in one shape whatever their encoding, compared, predicted."""
