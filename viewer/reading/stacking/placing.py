"""From positions to one grid: order, affine, spacing kind and the cautions a reader must see.

Sources: PS3.3 C.7.6.2 (Image Plane), C.8.7.1.1.2 and 10.7 (X-ray spacing), C.8.5.5 (ultrasound regions).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from viewer.core.geometry import GAP_TOLERANCE, FloatArray, Geometry, SpacingKind
from viewer.core.ultrasound import UltrasoundRegion
from viewer.core.verdict import Caution
from viewer.reading.header import tags as t
from viewer.reading.header.head import Head
from viewer.reading.stacking.frame import Frame, Vector

#: Pictures closer than this along the normal lie at one position (mm).
SAME_POSITION_MM = 0.02
#: A gap this close to a whole multiple of the median means that slices are missing.
MISSING_SHARE = 0.05
#: Slice origins that leave the straight line by more than this share of a pixel are shifted.
SHIFT_SHARE = 0.5
#: Modalities that project: their Pixel Spacing may be a detector spacing (PS3.3 10.7.1.3).
PROJECTION = frozenset({"CR", "DX", "MG", "RF", "XA", "RG", "PX", "IO", "DR"})


@dataclass(frozen=True, slots=True)
class Placed:
    """A grid and what must be said of it."""

    geometry: Geometry
    cautions: tuple[Caution, ...] = ()
    one_place: bool = False


def normal_of(orientation: Vector) -> FloatArray | None:
    """Row cosines x column cosines; None where the cosines are no unit vectors at right angles."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if min(lengths) < 0.9 or max(lengths) > 1.1 or abs(float(row @ column)) > 0.05:
        return None
    normal = np.cross(row / lengths[0], column / lengths[1])
    return np.asarray(normal / np.linalg.norm(normal))


def distances(frames: list[Frame], normal: FloatArray) -> FloatArray:
    """Millimetres of each picture's position along the normal [n]."""
    return np.asarray(np.array([f.position for f in frames], dtype=np.float64) @ normal)


def place(frames: list[Frame]) -> Placed:
    """Grid of pictures already in order (ascending along the normal, or by number)."""
    head = frames[0].head
    row_mm, column_mm, kind, cautions = scale(frames[0], head)
    shape = (len(frames), *_size(frames[0]))
    first = frames[0]
    if first.position is None or first.orientation is None:
        affine = np.diag([1.0, row_mm, column_mm, 1.0])
        geometry = Geometry(shape, affine, spacing_kind=kind, oriented=False)
        return Placed(geometry, cautions, one_place=len(frames) > 1)
    return _oriented(frames, shape, (row_mm, column_mm), kind, cautions)


def _size(frame: Frame) -> tuple[int, int]:
    if frame.tile is not None:
        return frame.tile[2], frame.tile[3]
    return frame.spec.rows, frame.spec.columns


def _oriented(
    frames: list[Frame],
    shape: tuple[int, int, int],
    spacing: tuple[float, float],
    kind: SpacingKind,
    cautions: tuple[Caution, ...],
) -> Placed:
    first = frames[0]
    orientation = np.array(first.orientation)
    row, column = orientation[:3], orientation[3:]
    normal = np.cross(row, column)
    positions = np.array([f.position for f in frames], dtype=np.float64)
    along = positions @ normal
    affine = np.eye(4)
    affine[:3, 1], affine[:3, 2], affine[:3, 3] = column * spacing[0], row * spacing[1], positions[0]
    one_place = len(frames) > 1 and float(along[-1] - along[0]) < SAME_POSITION_MM
    if len(frames) == 1 or one_place:
        affine[:3, 0] = normal * _thickness(first)
    else:
        affine[:3, 0] = (positions[-1] - positions[0]) / (len(frames) - 1)
        cautions += _stack_cautions(positions, along, affine, normal)
    uneven = any(c.code in ("uneven_gaps", "missing_slices") for c in cautions)
    geometry = Geometry(
        shape,
        affine,
        slice_positions=tuple(float(d) for d in along) if uneven else None,
        frame_of_reference_uid=first.head.text(t.FRAME_OF_REFERENCE) or None,
        spacing_kind=kind,
    )
    return Placed(geometry, cautions, one_place)


def _thickness(frame: Frame) -> float:
    """Slice thickness of a lone slice, 1 mm where the file does not say."""
    for value in (frame.thickness, frame.head.number(t.SLICE_THICKNESS), frame.head.number(t.SPACING_BETWEEN)):
        if value is not None and value > 0:
            return value
    return 1.0


def _stack_cautions(
    positions: FloatArray, along: FloatArray, affine: FloatArray, normal: FloatArray
) -> tuple[Caution, ...]:
    step = affine[:3, 0]
    found = [*tilt_caution(Geometry((len(along), 1, 1), affine)), *gap_cautions(along)]
    line = positions[0] + np.outer((along - along[0]) / float(step @ normal), step)
    shift = float(np.abs(positions - line).max())
    if shift > SHIFT_SHARE * float(np.linalg.norm(affine[:3, 2])):
        found.append(
            Caution("shifted_slices", f"Slices are shifted sideways by up to {shift:.1f} mm.", "Shifted slices")
        )
    return tuple(found)


def tilt_caution(geometry: Geometry) -> tuple[Caution, ...]:
    """One caution where the stack axis leaves the slice normal by `TILT_DEGREES` or more."""
    if not geometry.is_tilted:
        return ()
    tilt = geometry.tilt_degrees
    text = f"The slices lean by {tilt:.1f} degrees (gantry tilt): measure within a slice only."
    return (Caution("tilt", text, f"Tilt {tilt:.0f}°"),)


def gap_cautions(along: FloatArray) -> list[Caution]:
    """Say where the gaps between ascending slices differ from their median."""
    gaps = np.diff(along)
    median = float(np.median(gaps))
    off = np.abs(gaps - median) > max(SAME_POSITION_MM, GAP_TOLERANCE * median)
    if not off.any():
        return []
    multiples = gaps[off] / median
    missing = np.rint(multiples) - 1
    if (missing >= 1).all() and (np.abs(multiples - np.rint(multiples)) < MISSING_SHARE).all():
        count = int(missing.sum())
        missed = f"{count} slices are" if count > 1 else "One slice is"
        text = f"{missed} missing: gaps of up to {gaps.max():.2f} mm between slices {median:.2f} mm apart."
        return [Caution("missing_slices", text, "Missing slices")]
    text = f"The slices are unevenly spaced: gaps from {gaps.min():.2f} to {gaps.max():.2f} mm."
    return [Caution("uneven_gaps", text, "Uneven gaps")]


def scale(frame: Frame, head: Head) -> tuple[float, float, SpacingKind, tuple[Caution, ...]]:
    """Millimetres between rows and columns, what they mean, and what to say of them."""
    spacing, imager = _positive(frame.spacing), _positive(head.floats(t.IMAGER_SPACING))
    projection = head.text(t.MODALITY) in PROJECTION
    if spacing is not None and not (projection and _only_detector(head, spacing, imager)):
        return (*spacing, SpacingKind.PATIENT, ())
    at_detector = imager or spacing
    if at_detector is not None:
        return (*at_detector, SpacingKind.DETECTOR, (_detector_caution(head),))
    region = _ultrasound_spacing(head)
    if region is not None:
        return (*region, SpacingKind.PATIENT, ())
    ratio = _positive(head.floats(t.ASPECT_RATIO)) or (1.0, 1.0)
    return ratio[0] / ratio[1], 1.0, SpacingKind.UNKNOWN, (_no_spacing(head),)


def _no_spacing(head: Head) -> Caution:
    """Why there is no one scale for all of a picture."""
    text, badge = "The file gives no pixel spacing: lengths in mm are unknown.", "No calibration"
    if head.raw.get(t.US_REGIONS):
        from viewer.reading.header.details import ultrasound_regions

        regions = ultrasound_regions(head.path)
        if regions is None:
            text = "The ultrasound regions do not fit this picture: it was cut or resized, so lengths are unknown."
        elif regions:
            text, badge = "Each region of this picture has a scale of its own: measure within one region.", "By region"
    return Caution("no_spacing", text, badge)


def regions_of(frames: list[Frame]) -> tuple[tuple[UltrasoundRegion, ...], ...]:
    """Calibrated regions of each picture; once where all have the same; () where no picture has any."""
    if not any(frame.head.raw.get(t.US_REGIONS) for frame in frames):
        return ()
    from viewer.reading.header.details import ultrasound_regions

    found = tuple(ultrasound_regions(frame.head.path) or () for frame in frames)
    return found[:1] if found.count(found[0]) == len(found) else found


#: What `scale_facts` reads of a header.
SCALE_TAGS = frozenset({t.IMAGER_SPACING, t.MAGNIFICATION, t.US_REGIONS})


def scale_facts(frame: Frame) -> Vector:
    """Everything that `scale` reads, for telling pictures of different scale apart."""
    raw = frame.head.raw
    facts = frame.spacing or ()
    if raw.get(t.IMAGER_SPACING):
        facts += (*frame.head.floats(t.IMAGER_SPACING), frame.head.number(t.MAGNIFICATION) or 1.0)
    if not facts and raw.get(t.US_REGIONS):
        facts = _ultrasound_spacing(frame.head) or ()
    return facts


def _positive(values: Vector | None) -> tuple[float, float] | None:
    if values is None or len(values) != 2 or not (values[0] > 0 and values[1] > 0):
        return None
    return values[0], values[1]


def _only_detector(head: Head, spacing: tuple[float, float], imager: tuple[float, float] | None) -> bool:
    """Pixel Spacing that repeats Imager Pixel Spacing uncalibrated is still a detector spacing (10.7.1.3)."""
    if imager is None or head.text(t.CALIBRATION_TYPE):
        return False
    return abs(spacing[0] - imager[0]) < 1e-6 and abs(spacing[1] - imager[1]) < 1e-6


def _detector_caution(head: Head) -> Caution:
    factor = head.number(t.MAGNIFICATION)
    text = "Spacing at the detector: lengths in the patient are smaller by the unknown magnification."
    if factor is not None and factor > 0:
        text = f"Spacing at the detector: divide by the stated magnification {factor:.3g} for lengths in the patient."
    return Caution("detector_spacing", text, "At detector")


def _ultrasound_spacing(head: Head) -> tuple[float, float] | None:
    if not head.raw.get(t.US_REGIONS):
        return None
    from viewer.reading.header.details import ultrasound_spacing

    return ultrasound_spacing(head.path)
