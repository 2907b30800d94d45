"""Writes DICOM objects that are not pictures, with plain pydicom, so that readers meet an independent writer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian, RLELossless, generate_uid
from pydicom.valuerep import format_number_as_ds

from viewer.core.study import Instance, Kind, Stack

STORAGE = "1.2.840.10008.5.1.4.1.1."
FRAME_OF_REFERENCE = "1.2.826.0.1.3680043.10.1.1"


def stack_of(path: Path, kind: Kind = Kind.OTHER, sop_class: str = "") -> Stack:
    """A stack that holds one object file."""
    return Stack("1.2.3", kind, "OT", (Instance(path, "", sop_class),))


def item(**values: Any) -> Dataset:
    """A sequence item; lists of datasets become sequences."""
    made = Dataset()
    for keyword, value in values.items():
        is_sequence = isinstance(value, list) and value and isinstance(value[0], Dataset)
        setattr(made, keyword, DicomSequence(value) if is_sequence else value)
    return made


def code(value: str, scheme: str, meaning: str) -> list[Dataset]:
    """A code sequence with one item."""
    return [item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


def ds(value: float) -> str:
    """A number as a decimal string of at most 16 characters."""
    return str(format_number_as_ds(float(value)))


def base(sop_class: str, modality: str) -> Dataset:
    """Patient, study and series of a synthetic object."""
    return item(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=sop_class if sop_class.startswith("1.2") else STORAGE + sop_class,
        SOPInstanceUID=generate_uid(),
        StudyInstanceUID=generate_uid(),
        SeriesInstanceUID=generate_uid(),
        PatientID="SYN-1",
        PatientName="SYNTHETIC^OBJECT",
        Modality=modality,
        SeriesDescription="Synthetic object",
        FrameOfReferenceUID=FRAME_OF_REFERENCE,
    )


def save(dataset: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write a Part 10 file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.save_as(path, enforce_file_format=True)
    return path


def plane(position: Sequence[float], segment: int | None = None, orientation: Sequence[float] | None = None) -> Dataset:
    """Per-frame functional groups of one frame."""
    made = item(PlanePositionSequence=[item(ImagePositionPatient=[ds(mm) for mm in position])])
    if orientation is not None:
        made.PlaneOrientationSequence = DicomSequence([item(ImageOrientationPatient=list(orientation))])
    if segment is not None:
        made.SegmentIdentificationSequence = DicomSequence([item(ReferencedSegmentNumber=segment)])
    return made


def shared(
    orientation: Sequence[float], spacing: tuple[float, float], thickness: float, between: float | None = None
) -> Dataset:
    """Shared functional groups: orientation and pixel measures."""
    measures = item(PixelSpacing=[ds(mm) for mm in spacing], SliceThickness=ds(thickness))
    if between is not None:
        measures.SpacingBetweenSlices = ds(between)
    cosines = [ds(c) for c in orientation]
    return item(PlaneOrientationSequence=[item(ImageOrientationPatient=cosines)], PixelMeasuresSequence=[measures])


def segment(number: int, label: str, **more: Any) -> Dataset:
    """One described segment."""
    return item(
        SegmentNumber=number,
        SegmentLabel=label,
        SegmentAlgorithmType="MANUAL",
        SegmentedPropertyTypeCodeSequence=code("10200004", "SCT", "Liver"),
        **more,
    )


def write_seg(
    path: Path,
    frames: npt.NDArray[Any],
    planes: Sequence[Dataset],
    segments: Sequence[Dataset],
    common: Dataset | None = None,
    *,
    kind: str = "BINARY",
    rle: bool = False,
    **more: Any,
) -> Path:
    """Write a segmentation; frames [n, rows, columns] as stored values (0/1 for BINARY)."""
    ds = base("66.7" if kind == "LABELMAP" else "66.4", "SEG")
    ds.SegmentationType = kind
    ds.NumberOfFrames, ds.Rows, ds.Columns = frames.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    bits = 1 if kind == "BINARY" else frames.dtype.itemsize * 8
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.SegmentSequence = DicomSequence(list(segments))
    ds.PerFrameFunctionalGroupsSequence = DicomSequence(list(planes))
    if common is not None:
        ds.SharedFunctionalGroupsSequence = DicomSequence([common])
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    if rle:
        ds.PixelData = encapsulate([_rle_bits(frame) for frame in frames])
        ds["PixelData"].VR = "OB"
        return save(ds, path, RLELossless)
    ds.PixelData = _even(_packed(frames) if bits == 1 else frames.tobytes())
    ds["PixelData"].VR = "OW" if bits == 16 else "OB"
    return save(ds, path)


def _packed(frames: npt.NDArray[Any]) -> bytes:
    return np.packbits(frames.astype(bool).ravel(), bitorder="little").tobytes()


def _rle_bits(frame: npt.NDArray[Any]) -> bytes:
    """One frame of single bits as an RLE segment of literal runs."""
    data = _packed(frame)
    runs = b"".join(bytes([len(data[n : n + 128]) - 1]) + data[n : n + 128] for n in range(0, len(data), 128))
    header = np.zeros(16, "<u4")
    header[:2] = 1, 64
    return _even(header.tobytes() + runs)


def _even(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)


def content(kind: str, relation: str, name: tuple[str, str, str] | None = None, **values: Any) -> Dataset:
    """One content item of a report."""
    made = item(ValueType=kind, RelationshipType=relation)
    if name is not None:
        made.ConceptNameCodeSequence = DicomSequence(code(*name))
    for keyword, value in values.items():
        setattr(
            made,
            keyword,
            DicomSequence(value) if isinstance(value, list) and value and isinstance(value[0], Dataset) else value,
        )
    return made


def number(name: tuple[str, str, str], value: str, unit: str) -> Dataset:
    """A NUM item."""
    measured = item(NumericValue=value, MeasurementUnitsCodeSequence=code(unit, "UCUM", unit))
    return content("NUM", "CONTAINS", name, MeasuredValueSequence=[measured])


def write_report(path: Path, title: tuple[str, str, str], children: Sequence[Dataset], **more: Any) -> Path:
    """Write a comprehensive 3D SR."""
    ds = base("88.34", "SR")
    ds.ValueType = "CONTAINER"
    ds.ConceptNameCodeSequence = DicomSequence(code(*title))
    ds.CompletionFlag, ds.VerificationFlag = "PARTIAL", "UNVERIFIED"
    ds.ContentSequence = DicomSequence(list(children))
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return save(ds, path)
