"""Writes what other systems lay on pictures, with plain pydicom: runs, overlay planes, states, reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tests.unit.reading.objects.builders import STORAGE, base, code, item, save

XA = STORAGE + "12.1"
GSPS = STORAGE + "11.1"


def write_run(
    path: Path,
    frames: npt.NDArray[Any],
    *,
    relationship: str | None = "LOG",
    mask: Dataset | None = None,
    mode: str | None = None,
    syntax: str = ExplicitVRLittleEndian,
    **more: Any,
) -> Dataset:
    """An X-ray angiography run; `mask`: item of its Mask Subtraction Sequence, AVG_SUB of frame 1 by default."""
    ds = base(XA, "XA")
    del ds.FrameOfReferenceUID
    ds.SeriesDescription, ds.SeriesNumber, ds.InstanceNumber = "Run 1", 1, 1
    ds.StudyDate, ds.PatientSex, ds.PatientBirthDate = "20260302", "O", ""
    ds.ImageType, ds.FrameTime, ds.FrameIncrementPointer = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"], 66.7, 0x00181063
    ds.PatientOrientation = ["L", "F"]
    ds.NumberOfFrames, ds.Rows, ds.Columns = frames.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = frames.dtype.itemsize * 8
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, 0
    if relationship is not None:
        ds.PixelIntensityRelationship = relationship
    if mode is not None:
        ds.RecommendedViewingMode = mode
    ds.MaskSubtractionSequence = [mask or item(MaskOperation="AVG_SUB", MaskFrameNumbers=[1])]
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    ds.PixelData = frames.astype(frames.dtype.newbyteorder("<")).tobytes()
    ds["PixelData"].VR = "OW" if ds.BitsAllocated == 16 else "OB"
    save(ds, path, syntax)
    return ds


def put_plane(
    ds: Dataset,
    bits: npt.NDArray[np.bool_],
    *,
    group: int = 0x6000,
    origin: tuple[int, int] = (1, 1),
    label: str = "",
    kind: str = "G",
    first_frame: int | None = None,
) -> None:
    """Put an overlay plane on a picture; bits [rows, columns], or [frames, rows, columns] of a multi-frame overlay."""
    ds.add_new((group, 0x0010), "US", bits.shape[-2])
    ds.add_new((group, 0x0011), "US", bits.shape[-1])
    if bits.ndim == 3:
        ds.add_new((group, 0x0015), "IS", bits.shape[0])
    if first_frame is not None:
        ds.add_new((group, 0x0051), "US", first_frame)
    ds.add_new((group, 0x0040), "CS", kind)
    ds.add_new((group, 0x0050), "SS", list(origin))
    ds.add_new((group, 0x0100), "US", 1)
    ds.add_new((group, 0x0102), "US", 0)
    if label:
        ds.add_new((group, 0x1500), "LO", label)
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    ds.add_new((group, 0x3000), "OW", packed + b"\0" * (len(packed) % 2))


def picture_reference(picture: Dataset, frames: Sequence[int] = ()) -> Dataset:
    """An item that names a picture, and frames of it."""
    made = item(ReferencedSOPClassUID=picture.SOPClassUID, ReferencedSOPInstanceUID=picture.SOPInstanceUID)
    if frames:
        made.ReferencedFrameNumber = list(frames)
    return made


def area(picture: Dataset, **more: Any) -> Dataset:
    """A displayed area: all of the picture, scaled to fit."""
    facts: dict[str, Any] = {
        "DisplayedAreaTopLeftHandCorner": [1, 1],
        "DisplayedAreaBottomRightHandCorner": [picture.Columns, picture.Rows],
        "PresentationSizeMode": "SCALE TO FIT",
        "PresentationPixelAspectRatio": [1, 1],
    }
    return item(**(facts | more))


def write_state(
    path: Path, pictures: Sequence[Dataset], *, areas: Sequence[Dataset] | None = None, window: Any = None, **more: Any
) -> Dataset:
    """A greyscale presentation state for some pictures of one series."""
    first = pictures[0]
    ds = base(GSPS, "PR")
    del ds.FrameOfReferenceUID
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "StudyDate", "PatientSex", "PatientBirthDate"):
        if keyword in first:
            setattr(ds, keyword, first[keyword].value)
    ds.SeriesDescription, ds.SeriesNumber, ds.InstanceNumber = "Presentation", 9, 1
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "STATE", "Fracture marked", "READER^ONE"
    ds.PresentationCreationDate, ds.PresentationCreationTime = "20260302", "101500"
    series = item(SeriesInstanceUID=first.SeriesInstanceUID)
    series.ReferencedImageSequence = [picture_reference(picture) for picture in pictures]
    ds.ReferencedSeriesSequence = [series]
    ds.DisplayedAreaSelectionSequence = list(areas or [area(first)])
    if window is not None:
        ds.SoftcopyVOILUTSequence = [item(WindowCenter=window[0], WindowWidth=window[1])]
    ds.PresentationLUTShape = "IDENTITY"
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    save(ds, path)
    return ds


def annotation(graphics: Sequence[Dataset] = (), texts: Sequence[Dataset] = (), layer: str = "MARKS") -> Dataset:
    """One item of a Graphic Annotation Sequence."""
    made = item(GraphicLayer=layer)
    if graphics:
        made.GraphicObjectSequence = list(graphics)
    if texts:
        made.TextObjectSequence = list(texts)
    return made


def graphic(kind: str, data: Sequence[float], units: str = "PIXEL") -> Dataset:
    """A graphic object; data are column, row, column, row ..."""
    return item(
        GraphicAnnotationUnits=units,
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(data) // 2,
        GraphicData=[float(value) for value in data],
        GraphicType=kind,
        GraphicFilled="N",
    )


def text_object(words: str, anchor: tuple[float, float], units: str = "PIXEL") -> Dataset:
    """A text at its anchor, (column, row)."""
    return item(
        UnformattedTextValue=words,
        AnchorPoint=list(anchor),
        AnchorPointAnnotationUnits=units,
        AnchorPointVisibility="N",
    )


def content(kind: str, relation: str, name: tuple[str, str, str] | None = None, **more: Any) -> Dataset:
    """A content item of a report."""
    made = item(ValueType=kind, RelationshipType=relation, **more)
    if name is not None:
        made.ConceptNameCodeSequence = code(*name)
    return made


def write_report(path: Path, like: Dataset, children: Sequence[Dataset], **more: Any) -> Dataset:
    """A Comprehensive 3D SR of the same patient and study as a picture."""
    ds = base(STORAGE + "88.34", "SR")
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "StudyDate", "PatientSex", "PatientBirthDate"):
        if keyword in like:
            setattr(ds, keyword, like[keyword].value)
    ds.SeriesDescription, ds.SeriesNumber = "Measurements", 8
    ds.ValueType, ds.CompletionFlag, ds.VerificationFlag = "CONTAINER", "COMPLETE", "UNVERIFIED"
    ds.ConceptNameCodeSequence = code("126000", "DCM", "Imaging Measurement Report")
    ds.ContentSequence = list(children)
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    save(ds, path)
    return ds


def measured_line(picture: Dataset, points: Sequence[float], mm: float) -> Dataset:
    """A measurement group with a length, inferred from a line on a picture."""
    image = content("IMAGE", "SELECTED FROM", ReferencedSOPSequence=[picture_reference(picture)])
    line = content("SCOORD", "INFERRED FROM", GraphicType="POLYLINE", GraphicData=list(points), ContentSequence=[image])
    value = item(NumericValue=str(mm), MeasurementUnitsCodeSequence=code("mm", "UCUM", "mm"))
    length = content(
        "NUM", "CONTAINS", ("410668003", "SCT", "Length"), MeasuredValueSequence=[value], ContentSequence=[line]
    )
    tracking = content("TEXT", "HAS OBS CONTEXT", ("112039", "DCM", "Tracking Identifier"), TextValue="Lesion 1")
    return content("CONTAINER", "CONTAINS", ("125007", "DCM", "Measurement Group"), ContentSequence=[tracking, length])


def region_in_space(points: npt.NDArray[np.float64], frame_of_reference: str, words: str = "Lesion 2") -> Dataset:
    """A measurement group with a polygon in the patient."""
    polygon = content(
        "SCOORD3D",
        "CONTAINS",
        ("111030", "DCM", "Image Region"),
        GraphicType="POLYGON",
        GraphicData=[float(v) for v in points.reshape(-1)],
        ReferencedFrameOfReferenceUID=frame_of_reference,
    )
    tracking = content("TEXT", "HAS OBS CONTEXT", ("112039", "DCM", "Tracking Identifier"), TextValue=words)
    return content("CONTAINER", "CONTAINS", ("125007", "DCM", "Measurement Group"), ContentSequence=[tracking, polygon])


def new_uid() -> str:
    """A fresh UID."""
    return str(generate_uid())
