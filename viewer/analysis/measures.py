"""What is measured of a segment: volume, diameters, share of the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.finding import Code, Measurement
from viewer.core.geometry import SpacingKind
from viewer.core.volume import Mask

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

VOLUME = Code("118565006", "SCT", "Volume")
LONG_AXIS = Code("103339001", "SCT", "Long axis")
SHORT_AXIS = Code("103340004", "SCT", "Short axis")
MEAN_AXIS = Code("MEANAXIS", "99SECONDREAD", "Mean of long and short axis")
AREA_SHARE = Code("AREASHARE", "99SECONDREAD", "Share of the picture's area")
READERS = Code("READERS4", "99SECONDREAD", "Readers of four expected to mark it")
AGREEMENT = Code("READERAGREE", "99SECONDREAD", "Expected agreement of two readers (Dice)")

HEAD = Code("11984-2", "LN", "Head Circumference")
AGE = Code("18185-9", "LN", "Gestational Age")

#: Hadlock et al., Radiology 152:497-501 (1984): weeks = 8.96 + 0.540 HC + 0.0003 HC^3, HC in cm; made for these mm.
_HADLOCK, _HADLOCK_MM = (8.96, 0.540, 0.0003), (68.0, 360.0)
#: Up to so many mm +/- so many weeks (two standard deviations, same source; between bands the wider one).
_HADLOCK_RANGE = ((144.0, 1.19), (219.0, 1.48), (280.0, 2.06), (325.0, 2.98), (360.0, 3.2))
#: Fewer pixels than this hold no ellipse.
_LEAST_PIXELS = 10

#: Probabilities between which the true edge of a segment lies (boundary band).
_BAND = (0.3, 0.7)
#: Pixels round a segment in which single readers may have gone further.
_REACH = 3


def of_segment(
    names: Sequence[str],
    mask: Mask,
    number: int,
    probability: Array | None,
    not_validated: Sequence[str] = (),
    *,
    drawn_line: float = 0.0,
) -> tuple[Measurement, ...]:
    """The measurements a pack asks for, as far as the grid has millimetres.

    Args:
        names: of `MEASURES`.
        mask: labels on the input's grid.
        number: the segment.
        probability: float32 [K, J, I] of the segment, for the +/- of the volume, the edge of the
            diameters and the agreement of readers.
        not_validated: names among them that were never held against patients.
        drawn_line: width of the line that masks of heads include, as a share of the picture's width.
    """
    out: list[Measurement] = []
    for name in names:
        if name in BY_ELLIPSE:
            made = BY_ELLIPSE[name](mask, number, probability, drawn_line)
        else:
            made = MEASURES[name](mask, number, probability) if name in MEASURES else ()
        out += [replace(one, validated=False) for one in made] if name in not_validated else made
    return tuple(out)


def volume(mask: Mask, number: int, probability: Array | None = None) -> tuple[Measurement, ...]:
    """Volume in mm3; +/- is half the spread between counting p > 0.7 and p > 0.3."""
    grid = mask.geometry
    if grid.spacing_kind is not SpacingKind.PATIENT or not grid.is_even:
        return ()
    half_range = None
    if probability is not None:
        spread = np.count_nonzero(probability > _BAND[0]) - np.count_nonzero(probability > _BAND[1])
        half_range = float(spread) / 2 * grid.voxel_mm3
    return (Measurement("Volume", mask.volume_mm3(number), "mm3", VOLUME, half_range),)


def diameters(mask: Mask, number: int, probability: Array | None = None) -> tuple[Measurement, ...]:
    """Long axis, short axis and their mean in mm on the slice with most of the segment.

    The long axis is the greatest distance within the outline; the short one the greatest extent
    at right angles to it. The outline runs between the outermost pixels and their neighbours:
    where the probability crosses the mask's own level, without it half way.
    """
    if mask.geometry.spacing_kind is not SpacingKind.PATIENT:
        return ()
    inside = mask.labels == number
    k = int(np.argmax(inside.sum(axis=(1, 2))))
    if not inside[k].any():
        return ()
    edge = _edge(inside[k], None if probability is None else probability[k])
    long, short = _axes(mask.geometry.index_to_world(np.column_stack([np.full(len(edge), float(k)), edge])))
    return (
        Measurement("Long axis", round(long, 1), "mm", LONG_AXIS),
        Measurement("Short axis", round(short, 1), "mm", SHORT_AXIS),
        Measurement("Mean of long and short axis", round((long + short) / 2, 1), "mm", MEAN_AXIS),
    )


def area_share(mask: Mask, number: int, _probability: Array | None = None) -> tuple[Measurement, ...]:
    """Share of the picture's pixels in percent (films: no true areas are known)."""
    share = 100.0 * np.count_nonzero(mask.labels == number) / mask.labels.size
    return (Measurement("Share of the picture's area", round(share, 1), "%", AREA_SHARE),)


def reader_agreement(mask: Mask, number: int, probability: Array | None = None) -> tuple[Measurement, ...]:
    """How many of four readers would be expected to mark it, and how far two of them would agree.

    For packs whose probability is the share of four readers that marked a pixel. Readers are taken
    to decide pixel by pixel on their own, so two of them share sum(p^2) of sum(p) on average: the
    Dice of their outlines to be expected. The first number is four times the mean over the core,
    the tenth of the segment that most readers would mark.
    """
    if probability is None:
        return ()
    inside = np.sort(probability[mask.labels == number].astype(np.float64))
    if not inside.size:
        return ()
    core = inside[-max(1, inside.size // 10) :]
    near = probability[_surroundings(mask.labels == number)].astype(np.float64)
    agreement = float((near**2).sum() / near.sum())
    return (
        Measurement("Readers expected to mark it, of four", round(4 * float(core.mean()), 1), "1", READERS),
        Measurement("Expected agreement of two readers (Dice)", round(agreement, 2), "1", AGREEMENT),
    )


def ellipse_mm(inside: Array, spacing: tuple[float, float], drawn_line: float = 0.0) -> tuple[float, float] | None:
    """Half axes (long, short) in mm of the ellipse with the area moments of a mask's largest piece, holes filled.

    Args:
        inside: bool [J, I].
        spacing: mm between rows and between columns.
        drawn_line: width of a line drawn round the head and included in the mask, as a share of the picture's width:
            the half axes shrink by half of it.
    """
    from scipy import ndimage

    found, count = ndimage.label(inside)
    if count == 0:
        return None
    largest = ndimage.binary_fill_holes(found == 1 + int(np.bincount(found.ravel())[1:].argmax()))
    points = np.stack(np.nonzero(largest)).astype(np.float64) * np.array(spacing)[:, None]
    if points.shape[1] < _LEAST_PIXELS:
        return None
    # a pixel is a square, not a point: its own moment is a twelfth
    values = np.linalg.eigvalsh(np.cov(points, bias=True) + np.diag(np.square(spacing)) / 12)
    line = drawn_line * inside.shape[1] * float(np.mean(spacing)) / 2
    short, long = (max(2 * float(np.sqrt(value)) - line, 0.0) for value in values)
    return long, short


def ellipse_length(long: float, short: float) -> float:
    """Circumference of an ellipse from its half axes (Ramanujan 1914, second formula)."""
    if long <= 0:
        return 0.0
    h = ((long - short) / (long + short)) ** 2
    return float(np.pi * (long + short) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h))))


def circumference_mm(mask: Mask, inside: Array, drawn_line: float) -> float | None:
    """Circumference in mm of the head in bool [J, I] on a mask's grid; None without millimetres or head."""
    if mask.geometry.spacing_kind is not SpacingKind.PATIENT:
        return None
    axes = ellipse_mm(inside, (mask.geometry.spacing[1], mask.geometry.spacing[2]), drawn_line)
    return None if axes is None else ellipse_length(*axes)


def head_circumference(
    mask: Mask, number: int, probability: Array | None = None, drawn_line: float = 0.0
) -> tuple[Measurement, ...]:
    """Head circumference in mm; +/- is half the spread between the ellipses of p > 0.7 and p > 0.3."""
    inside = mask.labels == number
    k = int(np.argmax(inside.sum(axis=(1, 2))))
    length = circumference_mm(mask, inside[k], drawn_line)
    if length is None:
        return ()
    half_range = None
    if probability is not None:
        sizes = [circumference_mm(mask, probability[k] > level, drawn_line) for level in _BAND]
        half_range = None if None in sizes else round(abs(float(sizes[0] or 0) - float(sizes[1] or 0)) / 2, 1)
    return (Measurement("Head circumference", round(length, 1), "mm", HEAD, half_range),)


def gestational_age(
    mask: Mask, number: int, probability: Array | None = None, drawn_line: float = 0.0
) -> tuple[Measurement, ...]:
    """Gestational age in weeks from the head circumference (Hadlock 1984) with its two standard deviations.

    Nothing outside the circumferences that the formula was made for.
    """
    measured = head_circumference(mask, number, probability, drawn_line)
    if not measured or not _HADLOCK_MM[0] <= measured[0].value <= _HADLOCK_MM[1]:
        return ()
    mm = measured[0].value
    weeks, spread = hadlock_weeks(mm), next(weeks for most, weeks in _HADLOCK_RANGE if mm <= most)
    name = "Gestational age by head circumference (Hadlock 1984)"
    return (Measurement(name, round(weeks, 1), "wk", AGE, spread),)


def hadlock_weeks(head_mm: float) -> float:
    """Weeks of gestation from the head circumference (Hadlock et al., Radiology 152:497-501, 1984)."""
    zero, one, three = _HADLOCK
    return zero + one * head_mm / 10 + three * (head_mm / 10) ** 3


#: As `MEASURES`, for what rests on the ellipse of a head.
BY_ELLIPSE: dict[str, Callable[[Mask, int, Array | None, float], tuple[Measurement, ...]]] = {
    "head_circumference": head_circumference,
    "gestational_age": gestational_age,
}
#: Name in a pack's `viewer.finding.measure` -> what is measured.
MEASURES: dict[str, Callable[[Mask, int, Array | None], tuple[Measurement, ...]]] = {
    "volume_mm3": volume,
    "diameters_mm": diameters,
    "area_share": area_share,
    "reader_agreement": reader_agreement,
}


def _surroundings(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The segment and what lies within `_REACH` pixels of it in its slices: where readers may differ."""
    from scipy import ndimage

    ring = np.ones((1, 2 * _REACH + 1, 2 * _REACH + 1), dtype=bool)
    return np.asarray(ndimage.binary_dilation(inside, ring))


def _edge(inside: npt.NDArray[np.bool_], probability: Array | None) -> FloatArray:
    """Points (row, column) [n, 2] where the outline of [J, I] crosses the lines between pixel centres."""
    framed = np.pad(inside, 1)
    shares = None if probability is None else np.pad(probability.astype(np.float64), 1)
    level = None if shares is None else _level(framed, shares)
    found = [_crossings(framed, shares, level)]
    turned = _crossings(framed.T, None if shares is None else shares.T, level)
    return np.concatenate([*found, turned[:, ::-1]]) - 1.0


def _crossings(inside: npt.NDArray[np.bool_], shares: FloatArray | None, level: float | None) -> FloatArray:
    """Crossings between neighbouring rows."""
    row, column = np.nonzero(inside[:-1] != inside[1:])
    part = np.full(len(row), 0.5)
    if shares is not None and level is not None:
        before, after = shares[row, column], shares[row + 1, column]
        part = np.clip((level - before) / np.where(before == after, 1.0, after - before), 0.0, 1.0)
    return np.column_stack([row + part, column.astype(np.float64)])


def _level(inside: npt.NDArray[np.bool_], shares: FloatArray) -> float | None:
    """The probability the mask was cut at: between its lowest inside and the highest beside it.

    None where the two overlap (the mask was not cut by this probability alone): the edge then lies half way.
    """
    beside = np.zeros_like(inside)
    beside[:-1] |= inside[1:]
    beside[1:] |= inside[:-1]
    beside[:, :-1] |= inside[:, 1:]
    beside[:, 1:] |= inside[:, :-1]
    lowest, highest = float(shares[inside].min()), float(shares[beside & ~inside].max())
    return (lowest + highest) / 2 if lowest > highest else None


def _axes(points: FloatArray) -> tuple[float, float]:
    """Greatest distance between two points of one plane, and greatest extent across it."""
    flat = _in_plane(points)
    hull = flat[_hull(flat)]
    apart = hull[:, None, :] - hull[None, :, :]
    lengths = np.linalg.norm(apart, axis=2)
    a, b = np.unravel_index(int(np.argmax(lengths)), lengths.shape)
    along = apart[a, b] / lengths[a, b]
    across = hull @ np.array([-along[1], along[0]])
    return float(lengths[a, b]), float(np.ptp(across))


def _in_plane(points: FloatArray) -> FloatArray:
    """Coplanar LPS points as [n, 2] mm in their own plane."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(centred @ axes[:2].T)


def _hull(flat: FloatArray) -> Array:
    from scipy.spatial import ConvexHull

    return np.asarray(ConvexHull(flat).vertices)
