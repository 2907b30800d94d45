"""Nouns to paper and to DICOM objects, and the read-back that holds both against the truth."""
