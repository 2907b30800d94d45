"""Where the planes of a mask lie: taken from the source images, never counted out by index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from highdicom import PixelMeasuresSequence, PlaneOrientationSequence, PlanePositionSequence
from highdicom.enum import CoordinateSystemNames
from pydicom.dataset import Dataset

from viewer.core.errors import OutputError
from viewer.core.geometry import Geometry
from viewer.core.study import Instance

FloatArray = npt.NDArray[np.float64]

#: The source's own positions are used while the mask's corners lie within this of them (mm):
#: rounding of decimal strings and scanner jitter, far below one pixel of a crop.
OWN_GRID_MM = 0.05
#: Type 2 attributes that must be there, empty where unknown (PS3.3 C.7.1.1, C.7.2.1).
TYPE_2 = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate",
    "StudyTime", "ReferringPhysicianName",
)  # fmt: skip

#: What a reference names (PS3.3 table 10-3 and C.17.2.1): it cannot be left empty.
IDENTITY = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Explicit planes for a mask; all None where the series has no patient frame (X-ray).

    Attributes:
        placed: True when the planes lie in a patient frame.
    """

    positions: list[PlanePositionSequence] | None = None
    orientation: PlaneOrientationSequence | None = None
    measures: PixelMeasuresSequence | None = None

    @property
    def placed(self) -> bool:
        """True when the planes lie in a patient frame."""
        return self.positions is not None


@dataclass(frozen=True, slots=True, eq=False)
class SourcePlane:
    """One source image: LPS mm of its first pixel's centre, cosines and spacing.

    Attributes:
        corner: centre of pixel (0, 0), LPS mm.
        row, column: unit vectors along increasing column and row index.
        spacing: mm (between rows, between columns).
    """

    corner: FloatArray
    row: FloatArray
    column: FloatArray
    spacing: tuple[float, float]

    def point(self, j: float, i: float) -> FloatArray:
        """LPS mm of a row and column index (voxel centres at whole numbers), PS3.3 C.7.6.2.1.1."""
        return np.asarray(self.corner + self.row * (i * self.spacing[1]) + self.column * (j * self.spacing[0]))


def plane_of(header: Dataset, frame: int | None) -> SourcePlane | None:
    """Plane of a single-frame file, or of one frame of an enhanced one; None where it says nothing."""
    if frame is not None and "PerFrameFunctionalGroupsSequence" in header:
        groups = [header.PerFrameFunctionalGroupsSequence[frame], *header.get("SharedFunctionalGroupsSequence", [])]
        position = _functional(groups, "PlanePositionSequence", "ImagePositionPatient")
        orientation = _functional(groups, "PlaneOrientationSequence", "ImageOrientationPatient")
        spacing = _functional(groups, "PixelMeasuresSequence", "PixelSpacing")
    else:
        position = header.get("ImagePositionPatient")
        orientation = header.get("ImageOrientationPatient")
        spacing = header.get("PixelSpacing")
    if not position or not orientation or not spacing:
        return None
    cosines = np.array([float(v) for v in orientation])
    corner = np.array([float(v) for v in position])
    return SourcePlane(corner, cosines[:3], cosines[3:], (float(spacing[0]), float(spacing[1])))


def _functional(groups: Sequence[Dataset], sequence: str, keyword: str) -> list[float] | None:
    for group in groups:
        items = group.get(sequence)
        if items and keyword in items[0]:
            return list(items[0].get(keyword))
    return None


def header_of(headers: Sequence[Dataset], instances: Sequence[Instance], k: int) -> Dataset:
    """Header of the file that holds slice k."""
    if len(headers) == len(instances):
        return headers[k]
    files = list(dict.fromkeys(instance.path for instance in instances))
    return headers[files.index(instances[k].path)]


def source_planes(headers: Sequence[Dataset], instances: Sequence[Instance]) -> list[SourcePlane] | None:
    """Plane of every slice, or None when any has none or the series has no frame of reference."""
    if not headers or not headers[0].get("FrameOfReferenceUID"):
        return None
    planes = [plane_of(header_of(headers, instances, k), instances[k].frame) for k in range(len(instances))]
    known = [plane for plane in planes if plane is not None]
    return known if len(known) == len(planes) else None


def placement_of(headers: list[Dataset], instances: Sequence[Instance], geometry: Geometry) -> Placement:
    """Planes for a mask on `geometry`; the headers are completed so that highdicom accepts them.

    Where the mask lies on the source's own grid the source's positions are used as written in
    the files; a crop is placed by its own geometry in the same frame.

    Raises:
        OutputError: a many-slice series without patient positions, or a mask off the series.
    """
    for header in headers:
        complete(header)
    planes = source_planes(headers, instances)
    if planes is None:
        _without_frame(headers, instances, geometry)
        return Placement()
    corners = _corners(planes, geometry)
    spacing = planes[0].spacing
    thickness = headers[0].get("SliceThickness") or geometry.spacing[0]
    for header in headers:  # highdicom asks each source for one
        header.setdefault("SliceThickness", thickness)
    return Placement(
        [PlanePositionSequence(CoordinateSystemNames.PATIENT, corner) for corner in corners],
        PlaneOrientationSequence(CoordinateSystemNames.PATIENT, [*planes[0].row, *planes[0].column]),
        PixelMeasuresSequence(spacing, float(thickness)),
    )


def _corners(planes: Sequence[SourcePlane], geometry: Geometry) -> list[FloatArray]:
    """First-pixel centres [LPS mm] of the mask's planes."""
    _check_parallel(planes[0], geometry)
    own = geometry.index_to_world(np.array([[k, 0, 0] for k in range(geometry.shape[0])], dtype=np.float64))
    if len(planes) == geometry.shape[0]:
        off = max(float(np.abs(plane.corner - corner).max()) for plane, corner in zip(planes, own, strict=True))
        if off <= OWN_GRID_MM:
            return [plane.corner for plane in planes]
    return list(own)


def _check_parallel(plane: SourcePlane, geometry: Geometry) -> None:
    same_rows = float(plane.row @ geometry.row_direction) > 1 - 1e-6
    same_columns = float(plane.column @ geometry.column_direction) > 1 - 1e-6
    same_spacing = np.allclose(plane.spacing, geometry.spacing[1:], rtol=1e-3)
    if not (same_rows and same_columns and same_spacing):
        raise OutputError(
            "A mask does not lie on the planes of its series, so no DICOM segmentation was written.",
            "The NIfTI mask holds it on its own grid.",
            "off_grid",
        )


def _without_frame(headers: list[Dataset], instances: Sequence[Instance], geometry: Geometry) -> None:
    if len(instances) > 1 or geometry.shape[0] > 1:
        raise OutputError(
            "This series has no patient positions or no frame of reference: a mask over its slices cannot be placed.",
            "The NIfTI mask holds it by slice number.",
            "no_frame_of_reference",
        )
    rows, columns = int(headers[0].Rows), int(headers[0].Columns)
    if geometry.shape[1:] != (rows, columns):
        raise OutputError(
            "A mask does not cover its whole picture and the picture has no patient positions to place it by.",
            "The NIfTI mask holds it.",
            "off_grid",
        )
    for header in headers:
        header.pop("FrameOfReferenceUID", None)
        header.pop("ImagePositionPatient", None)


def complete(header: Dataset) -> None:
    """Add empty type 2 attributes that the file left out.

    Raises:
        OutputError: it lacks what every reference to it needs.
    """
    lacking = [keyword for keyword in IDENTITY if not header.get(keyword)]
    if lacking:
        raise OutputError(
            f"A source image lacks {', '.join(lacking)}, so no DICOM object can refer to it.",
            "The masks as NIfTI, result.json and the PDF report hold the same findings.",
            "not_representable",
        )
    for keyword in TYPE_2:
        if keyword not in header:
            setattr(header, keyword, "")
