"""Radiotherapy structure sets (PS3.3 A.19, C.8.8.5, C.8.8.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.core.document import Contour, Roi, Structures
from viewer.core.errors import ReadError
from viewer.core.study import Stack
from viewer.reading.objects.dataset import CONTOURS, items, numbers, opened, text, whole

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Contour points of one file that are read.
MAX_POINTS = 8_000_000


def read_structures(stack: Stack) -> Structures:
    """All ROIs with their contours in LPS mm.

    An ROI without contours stays in the list. Contours whose numbers do not make whole points
    are kept empty, so that their count stays true.

    Raises:
        ReadError: the file is broken or holds no structure.
    """
    with opened(stack.instances[0].path, CONTOURS) as dataset:
        defined = items(dataset, "StructureSetROISequence")
        drawn = {whole(item, "ReferencedROINumber", -1): item for item in items(dataset, "ROIContourSequence")}
        if not defined and not drawn:
            raise ReadError("The structure set defines no structure.", "Ask the sender for a new copy.", "corrupt")
        names = {whole(item, "ROINumber", -1): text(item, "ROIName") for item in defined}
        for number in drawn:
            names.setdefault(number, "")
        left = [MAX_POINTS]
        rois = tuple(_roi(number, name, drawn.get(number), left) for number, name in names.items())
        return Structures(rois, _frame(dataset, defined), _series(dataset))


def _roi(number: int, name: str, item: Dataset | None, left: list[int]) -> Roi:
    if item is None:
        return Roi(number, name)
    contours = tuple(_contour(contour, left) for contour in items(item, "ContourSequence"))
    return Roi(number, name, contours, _colour(item))


def _contour(item: Dataset, left: list[int]) -> Contour:
    kind = text(item, "ContourGeometricType") or "CLOSED_PLANAR"
    values = numbers(item, "ContourData")
    if len(values) == 0 or len(values) % 3 or not np.isfinite(values).all():
        return Contour(kind, ())
    left[0] -= len(values) // 3
    if left[0] < 0:
        raise ReadError("The structure set holds more contour points than any real one.", "", "too_large")
    return Contour(kind, tuple((x, y, z) for x, y, z in values.reshape(-1, 3).tolist()))


def _colour(item: Dataset) -> str | None:
    rgb = numbers(item, "ROIDisplayColor")
    if len(rgb) != 3 or not np.isfinite(rgb).all():
        return None
    return "#" + "".join(f"{int(min(255, max(0, channel))):02X}" for channel in rgb)


def _frame(dataset: Dataset, defined: list[Dataset]) -> str | None:
    """Frame of reference of the ROIs, else of the set; None where they differ or none is named."""
    frames = {uid for item in defined if (uid := text(item, "ReferencedFrameOfReferenceUID"))}
    if not frames:
        referenced = items(dataset, "ReferencedFrameOfReferenceSequence")
        frames = {uid for item in referenced if (uid := text(item, "FrameOfReferenceUID"))}
    if not frames and text(dataset, "FrameOfReferenceUID"):
        frames = {text(dataset, "FrameOfReferenceUID")}
    return frames.pop() if len(frames) == 1 else None


def _series(dataset: Dataset) -> tuple[str, ...]:
    found = [
        text(series, "SeriesInstanceUID")
        for frame in items(dataset, "ReferencedFrameOfReferenceSequence")
        for study in items(frame, "RTReferencedStudySequence")
        for series in items(study, "RTReferencedSeriesSequence")
    ]
    return tuple(dict.fromkeys(uid for uid in found if uid))
