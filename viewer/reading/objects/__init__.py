"""DICOM objects that are no plain pictures: segmentations, reports, contours, waveforms, documents."""
