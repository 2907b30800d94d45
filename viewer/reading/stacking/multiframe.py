"""Pictures of a multi-frame file: enhanced functional groups, RT dose, tomographic NM, plain cine, mosaics.

Sources: PS3.3 C.7.6.16 (functional groups), C.8.8.3 (RT Dose), C.8.4.8 (NM multi-frame).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from viewer.core.errors import ReadError
from viewer.core.verdict import Caution
from viewer.reading.header import tags as t
from viewer.reading.header.details import dataset_of
from viewer.reading.header.head import Head
from viewer.reading.header.lenient import PYDICOM_FAULTS
from viewer.reading.stacking.frame import Frame, PixelSpec, Vector, frame_of

_WINDOW = ("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "VOILUTFunction")
#: More frames than this in one file are refused: no scanner writes them.
MOST_FRAMES = 200_000


def frames_of(head: Head, spec: PixelSpec) -> list[Frame]:
    """Every picture of a multi-frame or mosaic file, each with its own place.

    Raises:
        ReadError: the file claims more frames than its size allows.
    """
    if spec.frames > MOST_FRAMES or spec.frames > max(1, head.size):
        raise ReadError(
            f"The file claims {spec.frames} frames, more than its size allows.", "Ask for a new copy.", "too_large"
        )
    if spec.frames == 1 and t.CSA_IMAGE in head.raw and "MOSAIC" in head.text(t.IMAGE_TYPE):
        from viewer.reading.stacking.mosaic import tiles_of

        return tiles_of(head, spec)
    if t.SHARED_GROUPS in head.raw or t.FRAME_GROUPS in head.raw:
        try:
            return _enhanced(head, spec)
        except PYDICOM_FAULTS:
            text = "The frames' positions could not be read: they are shown in file order without geometry."
            head.notes += (Caution("frame_positions", text, "No positions"),)
            return [_bare(head, spec, n) for n in range(spec.frames)]
    if spec.frames == 1:
        return [frame_of(head, spec)]
    return list(_plain(head, spec))


def _bare(head: Head, spec: PixelSpec, index: int) -> Frame:
    frame = frame_of(head, spec)
    frame.index, frame.position = index, None
    return frame


def _plain(head: Head, spec: PixelSpec) -> Iterator[Frame]:
    """Frames without functional groups: RT dose and NM tomography have places, cine has none."""
    first = frame_of(head, spec)
    offsets = head.floats(t.GRID_OFFSETS)
    if len(offsets) == spec.frames and first.position and first.orientation:
        _note_dose(head)
        yield from _along_normal(head, spec, first.position, first.orientation, offsets)
        return
    if head.raw.get(t.DETECTOR_INFORMATION) and "RECON TOMO" in head.text(t.IMAGE_TYPE).replace("\\", " "):
        placed = _nuclear(head, spec)
        if placed:
            yield from placed
            return
    for n in range(spec.frames):
        yield _bare(head, spec, n)


def _note_dose(head: Head) -> None:
    """Dose Grid Scaling is no modality LUT: values stay as stored, and the factor is told (PS3.3 C.8.8.3)."""
    scaling = head.number(t.DOSE_SCALING)
    if scaling is not None:
        unit = {"GY": "Gy"}.get(head.text(t.DOSE_UNITS), "of the dose unit")
        text = f"Values are as stored: one step is {scaling:g} {unit}."
        head.notes += (Caution("dose_scaling", text, "Stored dose"),)


def _along_normal(
    head: Head, spec: PixelSpec, position: Vector, orientation: Vector, offsets: Vector
) -> Iterator[Frame]:
    """Frames stacked along the normal; offsets that start at the first z are absolute (PS3.3 C.8.8.3.2)."""
    normal = np.cross(orientation[:3], orientation[3:])
    first = offsets[0]
    for n, offset in enumerate(offsets):
        frame = frame_of(head, spec)
        frame.index = n
        frame.position = tuple(float(x) for x in np.asarray(position) + normal * (offset - first))
        frame.orientation = orientation
        yield frame


def _nuclear(head: Head, spec: PixelSpec) -> list[Frame]:
    """Reconstructed NM tomography: the first slice's place and the step (PS3.3 C.8.4.15)."""
    dataset = dataset_of(head.path)
    try:
        detector = dataset.DetectorInformationSequence[0]
        position = tuple(float(x) for x in detector.ImagePositionPatient)
        orientation = tuple(float(x) for x in detector.ImageOrientationPatient)
        step = float(dataset.get("SpacingBetweenSlices") or dataset.SliceThickness)
    except PYDICOM_FAULTS:
        return []
    offsets = tuple(step * n for n in range(spec.frames))
    return list(_along_normal(head, spec, position, orientation, offsets))


def _enhanced(head: Head, spec: PixelSpec) -> list[Frame]:
    dataset = dataset_of(head.path)
    shared = _first(dataset.get("SharedFunctionalGroupsSequence"))
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    frames = []
    for n in range(spec.frames):
        own = per_frame[n] if n < len(per_frame) else None
        frames.append(_enhanced_frame(head, spec, n, own, shared))
    return frames


def _first(sequence: Any) -> Any:
    return sequence[0] if sequence else None


def _enhanced_frame(head: Head, spec: PixelSpec, index: int, own: Any, shared: Any) -> Frame:
    def group(name: str) -> Any:
        for level in (own, shared):
            found = _first(level.get(name)) if level is not None else None
            if found is not None:
                return found
        return {}

    frame = frame_of(head, spec)
    frame.index = index
    frame.position = _numbers(group("PlanePositionSequence").get("ImagePositionPatient"), 3) or frame.position
    frame.orientation = (
        _numbers(group("PlaneOrientationSequence").get("ImageOrientationPatient"), 6) or frame.orientation
    )
    measures = group("PixelMeasuresSequence")
    frame.spacing = _numbers(measures.get("PixelSpacing"), 2) or frame.spacing
    frame.thickness = _number(measures.get("SliceThickness"), 0.0) or None
    frame.facts = _window_facts(group("FrameVOILUTSequence"))
    transform = group("PixelValueTransformationSequence")
    frame.slope = _number(transform.get("RescaleSlope"), frame.slope)
    frame.intercept = _number(transform.get("RescaleIntercept"), frame.intercept)
    frame.echo = _number(group("MREchoSequence").get("EffectiveEchoTime"), frame.echo)
    content = group("FrameContentSequence")
    frame.temporal = _number(content.get("TemporalPositionIndex"), frame.temporal)
    if not frame.temporal:
        frame.temporal = _number(group("TemporalPositionSequence").get("TemporalPositionTimeOffset"), 0.0)
    return frame


def _window_facts(voi: Any) -> dict[str, str] | None:
    """The windows of a Frame VOI LUT (PS3.3 C.7.6.16.2.10) in the words of a plain header."""
    if not voi:
        return None
    values = {keyword: voi.get(keyword) for keyword in _WINDOW}
    return {keyword: _joined(value) for keyword, value in values.items() if value not in (None, "")}


def _joined(value: Any) -> str:
    from pydicom.multival import MultiValue

    return "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)


def _numbers(value: Any, count: int) -> Vector | None:
    if value is None or len(value) != count:
        return None
    return tuple(float(x) for x in value)


def _number(value: Any, default: float) -> float:
    return default if value is None or value == "" else float(value)
