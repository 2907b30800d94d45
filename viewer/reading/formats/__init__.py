"""Files outside DICOM: one reader per type."""
