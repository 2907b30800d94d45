"""Where the words of drawings stand: inside the view, off each other, near what they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from viewer.display.marking import Sketch
from viewer.display.scene import LINE_PX, MARGIN, PLATE_PX, Handle, Item, Metrics, Points, Stroke, Text

#: From a drawing to its words; tried first near, then further off, in these directions.
_OFF = (40.0, 28.0)
_FURTHER = (1.0, 1.8, 2.8, 4.0, 6.0)
_DIRECTIONS = ((1, 1), (1, -1), (-1, 1), (-1, -1))
#: The leader begins so far (px) from the drawing; a shorter one is not drawn.
_LEADER_FROM = 7.0


@dataclass(frozen=True, slots=True)
class Plate:
    """A rectangle of words: its corner (left, top) and size (px)."""

    left: float
    top: float
    width: float
    height: float

    def overlaps(self, other: Plate) -> bool:
        """True where both cover a place."""
        apart = self.left >= other.left + other.width or other.left >= self.left + self.width
        return not (apart or self.top >= other.top + other.height or other.top >= self.top + self.height)

    def within(self, size: tuple[int, int]) -> bool:
        """True where all of it lies in a view (width, height)."""
        right, bottom = self.left + self.width, self.top + self.height
        return self.left >= MARGIN and self.top >= MARGIN and right <= size[0] - MARGIN and bottom <= size[1] - MARGIN

    def held_in(self, size: tuple[int, int]) -> Plate:
        """The nearest place that lies in the view, as far as there is room."""
        left = max(min(self.left, size[0] - MARGIN - self.width), MARGIN)
        top = max(min(self.top, size[1] - MARGIN - self.height), MARGIN)
        return Plate(left, top, self.width, self.height)

    def nearest(self, at: Points) -> Points:
        """Its point nearest to a place (x, y)."""
        return np.clip(at, [self.left, self.top], [self.left + self.width, self.top + self.height])


def sketch_items(sketches: Sequence[Sketch], size: tuple[int, int], metrics: Metrics) -> Iterator[Item]:
    """Drawings, then their words off them with a leader, then their handles.

    Args:
        size: of the view, (width, height) in px.
    """
    for sketch in sketches:
        if sketch.lines:
            yield Stroke(sketch.lines, "measure")
    for sketch, plate in zip(sketches, plates_of(sketches, size, metrics), strict=True):
        if plate is not None:
            yield from _words(sketch, plate)
    for sketch in sketches:
        for x, y in sketch.handles.tolist() if sketch.handles is not None else ():
            yield Handle((x, y))


def plates_of(sketches: Sequence[Sketch], size: tuple[int, int], metrics: Metrics) -> list[Plate | None]:
    """The plate of each drawing; None where it has no words or lies wholly beside the view."""
    found: dict[int, Plate] = {}
    drawn = [_around(sketch) for sketch in sketches]
    order = sorted(range(len(sketches)), key=lambda n: sketches[n].leader)  # what cannot move comes first
    for n in order:
        if sketches[n].words and _is_seen(sketches[n], size):
            found[n] = _placed(sketches[n], size, metrics, list(found.values()), drawn)
    return [found.get(n) for n in range(len(sketches))]


def _is_seen(sketch: Sketch, size: tuple[int, int]) -> bool:
    points = np.concatenate([*sketch.lines, sketch.anchor[None]])
    low, high = points.min(axis=0), points.max(axis=0)
    return bool((high >= 0).all() and (low <= np.array(size)).all())


def _around(sketch: Sketch) -> Plate:
    """The rectangle round a drawing's lines."""
    points = np.concatenate([*sketch.lines, sketch.anchor[None]])
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Plate(left, top, right - left, bottom - top)


def _placed(sketch: Sketch, size: tuple[int, int], metrics: Metrics, taken: list[Plate], drawn: list[Plate]) -> Plate:
    """Off all other words; where there is room off all drawings too, the own one included."""
    width = max(metrics.text_width(words) for words in sketch.words) + 2 * PLATE_PX
    height = float(LINE_PX * len(sketch.words))
    x, y = sketch.anchor.tolist()
    if not sketch.leader:
        return Plate(x - PLATE_PX, y - LINE_PX / 2, width, height).held_in(size)
    places = [_beside(sketch.anchor, (width, height), further, way) for further in _FURTHER for way in _DIRECTIONS]
    free = [place for place in places if place.within(size) and not any(place.overlaps(one) for one in taken)]
    clear = (place for place in free if not any(place.overlaps(one) for one in drawn))
    return next(clear, None) or next(iter(free), None) or _pushed(places[0].held_in(size), size, taken)


def _beside(at: Points, size: tuple[float, float], further: float, way: tuple[int, int]) -> Plate:
    (x, y), (width, height) = at.tolist(), size
    across, down = _OFF[0] * further, _OFF[1] * further
    left = x + across - PLATE_PX if way[0] > 0 else x - across + PLATE_PX - width
    top = y + down - LINE_PX / 2 if way[1] > 0 else y - down + LINE_PX / 2 - height
    return Plate(left, top, width, height)


def _pushed(plate: Plate, size: tuple[int, int], taken: list[Plate]) -> Plate:
    """The nearest free place above or below; where the view is full, where it is."""
    steps = (sign * LINE_PX * n for n in range(1, size[1] // LINE_PX) for sign in (1, -1))
    moved = (Plate(plate.left, plate.top + step, plate.width, plate.height) for step in (0, *steps))
    free = (one for one in moved if one.within(size) and not any(one.overlaps(other) for other in taken))
    return next(free, plate)


def _words(sketch: Sketch, plate: Plate) -> Iterator[Item]:
    end = plate.nearest(sketch.anchor)
    away = end - sketch.anchor
    far = float(np.linalg.norm(away))
    if sketch.leader and far > 2 * _LEADER_FROM:
        start = sketch.anchor + away / far * _LEADER_FROM
        yield Stroke((np.stack([start, end]),), "measure", width=1.0, halo=False)
    for number, words in enumerate(sketch.words):
        yield Text((plate.left + PLATE_PX, plate.top + LINE_PX * (number + 0.5)), words, "measure")
