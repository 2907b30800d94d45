"""Writes the sample studies as DICOM: one DX film, or one CT or MR series.

Unique identifiers are made from names, so that every machine writes the same studies.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from viewer import __version__
from viewer.samples.shapes import Grid

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
DX = "1.2.840.10008.5.1.4.1.1.1.1"
NAMESPACE = uuid.UUID("0e4d1c9a-6f0d-5d5b-9f53-6b8f2a5c7d10")


def uid(*names: object) -> str:
    """A UID below 2.25 (PS3.5 B.2) that is always the same for the same names."""
    return f"2.25.{uuid.uuid5(NAMESPACE, '/'.join(map(str, names))).int}"


@dataclass(frozen=True, slots=True)
class Exam:
    """What the header says: who, when, and what was done."""

    key: str
    patient_id: str
    patient_name: str
    sex: str
    age: str
    birth_date: str
    date: str
    time: str
    study: str
    series: str
    series_number: int = 1
    extra: dict[str, Any] = field(default_factory=dict)


def write_film(folder: Path, exam: Exam, film: npt.NDArray[np.uint16], pixel_mm: float) -> Path:
    """One PA chest film for presentation; spacing is that of the detector."""
    ds = _header(exam, DX, "DX")
    ds.update(_film_facts())
    ds.ImagerPixelSpacing = [pixel_mm, pixel_mm]
    ds.WindowCenter, ds.WindowWidth = 2048, 4096
    _pixels(ds, film, bits=12)
    _more(ds, exam)
    path = folder / "IMG0001.dcm"
    _save(ds, path)
    return path


def write_slices(
    folder: Path, exam: Exam, stored: npt.NDArray[np.int16], grid: Grid, *, modality: str, check: Callable[[], None]
) -> list[Path]:
    """An axial series, one file a slice, from the feet up; `check` is called before each file."""
    x, y, z = grid.x.ravel(), grid.y.ravel(), grid.z.ravel()
    step = [float(axis[1] - axis[0]) for axis in (z, y, x)]
    paths = []
    for k, plane in enumerate(stored):
        check()
        ds = _header(exam, CT if modality == "CT" else MR, modality, instance=k + 1)
        ds.FrameOfReferenceUID = uid(exam.key, "frame")
        ds.PositionReferenceIndicator = ""
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.ImagePositionPatient = [round(float(v), 4) for v in (x[0], y[0], z[k])]
        ds.SliceLocation = round(float(z[k]), 4)
        ds.PixelSpacing = [round(step[1], 4), round(step[2], 4)]
        ds.SliceThickness = ds.SpacingBetweenSlices = round(step[0], 4)
        ds.update(_ct_facts() if modality == "CT" else _mr_facts())
        _pixels(ds, plane, bits=16)
        _more(ds, exam)
        path = folder / f"IMG{k + 1:04d}.dcm"
        _save(ds, path)
        paths.append(path)
    return paths


def _header(exam: Exam, sop_class: str, modality: str, instance: int = 1) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, uid(exam.key, instance, __version__)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid(exam.key, "study"), uid(exam.key, "series", __version__)
    ds.PatientName, ds.PatientID = exam.patient_name, exam.patient_id
    ds.PatientSex, ds.PatientAge, ds.PatientBirthDate = exam.sex, exam.age, exam.birth_date
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = exam.date
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = exam.time
    ds.StudyDescription, ds.SeriesDescription = exam.study, exam.series
    ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "1", exam.patient_id.replace("SYN", "A"), ""
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = modality, exam.series_number, instance
    ds.Manufacturer, ds.ManufacturerModelName = "SecondRead", "synthetic sample"
    ds.DeviceSerialNumber, ds.SoftwareVersions = "0", __version__
    ds.PatientComments = "SYNTHETIC: drawn by a program, no person was imaged"
    ds.ImageType = {"DX": ["DERIVED", "PRIMARY"], "CT": ["ORIGINAL", "PRIMARY", "AXIAL"]}.get(
        modality, ["ORIGINAL", "PRIMARY", "OTHER"]
    )
    return ds


def _film_facts() -> Dataset:
    ds = Dataset()
    ds.BodyPartExamined, ds.ViewPosition, ds.PatientOrientation = "CHEST", "PA", ["L", "F"]
    ds.PresentationIntentType, ds.PresentationLUTShape = "FOR PRESENTATION", "IDENTITY"
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", -1
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "US"
    ds.ImageLaterality, ds.BurnedInAnnotation, ds.LossyImageCompression = "U", "NO", "00"
    ds.DerivationDescription = "Projection of a drawn thorax"
    ds.AcquisitionContextSequence = Sequence()
    ds.AnatomicRegionSequence = Sequence([_code("43799004", "SCT", "Thoracic cavity")])
    ds.ViewCodeSequence = Sequence([_code("399348003", "SCT", "postero-anterior")])
    ds.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence()
    ds.KVP, ds.DetectorType, ds.PositionerType = 60, "DIRECT", "NONE"
    ds.DistanceSourceToDetector = ds.DistanceSourceToPatient = None
    return ds


def _ct_facts() -> Dataset:
    ds = Dataset()
    ds.BodyPartExamined, ds.PatientPosition, ds.KVP = "CHEST", "HFS", 120
    ds.AcquisitionNumber, ds.ConvolutionKernel, ds.XRayTubeCurrent = 1, "LUNG", 60
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, -1024, "HU"
    ds.WindowCenter, ds.WindowWidth = [-600, 40], [1500, 400]
    ds.WindowCenterWidthExplanation = ["LUNG", "SOFT TISSUE"]
    return ds


def _mr_facts() -> Dataset:
    ds = Dataset()
    ds.BodyPartExamined, ds.PatientPosition = "BRAIN", "HFS"
    ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = ["GR", "IR"], ["SP", "MP"], ""
    ds.MRAcquisitionType, ds.SequenceName, ds.ProtocolName = "3D", "T1 3D", "T1 3D 1 mm"
    ds.RepetitionTime, ds.EchoTime, ds.InversionTime, ds.FlipAngle = 2300, 2.9, 900, 9
    ds.EchoTrainLength, ds.MagneticFieldStrength = 1, 3
    ds.WindowCenter, ds.WindowWidth = 480, 1000
    return ds


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = value, scheme, meaning
    return ds


def _pixels(ds: Dataset, plane: npt.NDArray[Any], bits: int) -> None:
    ds.Rows, ds.Columns, ds.SamplesPerPixel = *plane.shape, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, bits, bits - 1
    ds.PixelRepresentation = int(plane.dtype.kind == "i")
    ds.PixelData = plane.astype(plane.dtype.newbyteorder("<")).tobytes()


def _more(ds: Dataset, exam: Exam) -> None:
    for keyword, value in exam.extra.items():
        setattr(ds, keyword, value)


def _save(ds: Dataset, path: Path) -> None:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds["PixelData"].VR = "OW"
    ds.save_as(path, enforce_file_format=True)
