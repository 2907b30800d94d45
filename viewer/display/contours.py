"""Outlines of labels as closed polylines (marching squares, Lorensen and Cline 1987, in 2-D)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from viewer.core.volume import Array

#: A closed outline: float64 [n, 2] points (row, column), last point = first point.
Polyline = npt.NDArray[np.float64]

# Sides of a cell of 2 x 2 pixels.
_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
#: Corner bits (top left 1, top right 2, bottom right 4, bottom left 8) -> side where the directed
#: segment of a cell starts and ends, with the label on one hand all the way round: each crossing
#: starts one segment and ends one. Codes 5 and 10 (corners that touch only diagonally) hold two
#: segments and stay apart; the second ones stand in `_SECOND`. 0 and 15 hold none.
_START = np.array([0, _LEFT, _TOP, _LEFT, _RIGHT, _LEFT, _TOP, _LEFT,
                   _BOTTOM, _BOTTOM, _TOP, _BOTTOM, _RIGHT, _RIGHT, _TOP, 0])  # fmt: skip
_END = np.array([0, _TOP, _RIGHT, _RIGHT, _BOTTOM, _TOP, _BOTTOM, _BOTTOM,
                 _LEFT, _TOP, _RIGHT, _RIGHT, _LEFT, _TOP, _LEFT, 0])  # fmt: skip
_SECOND = {5: (_RIGHT, _BOTTOM), 10: (_BOTTOM, _LEFT)}


def outlines(labels: Array, number: int) -> list[Polyline]:
    """Closed outlines of one label, half way between its pixels and the others.

    Args:
        labels: integers [rows, columns]; the label may touch the border.
    """
    inside = labels == number
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if rows.size == 0:
        return []
    box = inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    starts, ends = _directed_segments(np.pad(box, 1))
    offset = np.array([rows[0] - 1.0, columns[0] - 1.0])
    width = box.shape[1] + 2
    return [_thinned(_points(loop, width) + offset) for loop in _loops(starts, ends)]


def _directed_segments(inside: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Crossing ids where segments start and end. Id = 2 * (row * width + column) + (0 across, 1 down)."""
    m = inside.astype(np.uint8)
    code = m[:-1, :-1] | m[:-1, 1:] << 1 | m[1:, 1:] << 2 | m[1:, :-1] << 3
    row, column = np.nonzero((code > 0) & (code < 15))
    kind = code[row, column]
    corner = 2 * (row * inside.shape[1] + column)
    side = np.array([0, 3, 2 * inside.shape[1], 1])  # id of each side of a cell, from its corner
    starts, ends = [corner + side[_START[kind]]], [corner + side[_END[kind]]]
    for bits, (start, end) in _SECOND.items():
        twice = corner[kind == bits]
        starts.append(twice + side[start])
        ends.append(twice + side[end])
    return np.concatenate(starts), np.concatenate(ends)


def _loops(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> list[list[int]]:
    """Crossing ids in order, one closed list a loop."""
    follow: dict[int, int] = dict(zip(starts.tolist(), ends.tolist(), strict=True))
    loops = []
    while follow:
        first, here = follow.popitem()
        loop = [first, here]
        while here != first:
            here = follow.pop(here)
            loop.append(here)
        loops.append(loop)
    return loops


def _points(loop: list[int], width: int) -> Polyline:
    """Coordinates (row, column) of crossings."""
    ids = np.array(loop)
    down = ids & 1
    row, column = np.divmod(ids >> 1, width)
    return np.stack([row + 0.5 * down, column + 0.5 * (1 - down)], axis=1)


def _thinned(points: Polyline) -> Polyline:
    """The same outline without the points in the middle of straight runs."""
    step = np.diff(points, axis=0)
    turns = np.any(step[1:] != step[:-1], axis=1)
    return np.asarray(points[np.concatenate([[True], turns, [True]])])
