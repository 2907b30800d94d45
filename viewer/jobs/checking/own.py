"""The reader's own measurements in the report object: numbers, words, and what they were taken from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.jobs.checking.items import (
    COMMENT,
    FINDING,
    REGIONS,
    TRACKING_ID,
    TRACKING_UID,
    chosen,
    code_of,
    compare_number,
    is_code,
    numbers_of,
    on_picture,
    once,
    plain,
    said,
    wrong,
)
from viewer.jobs.checking.mismatch import Mismatch, What
from viewer.jobs.checking.stated import Stated
from viewer.reading.objects.structured import Item
from viewer.reporting.codes import measurement_code, unit_code

#: Points told and found lie together (mm; on films pixels).
PLACE = 0.1
#: "+" and "-" of how far a number may be off.
_UPPER, _LOWER = "371886008", "371885007"
_REGION_SHAPES = (Shape.POLYGON, Shape.ELLIPSE)
_SCOORDS = ("SCOORD", "SCOORD3D")


def compare(stated: Stated, one: ReaderMeasurement, group: Item, who: str) -> Iterator[Mismatch]:
    """A measurement group against the measurement in result.json."""
    yield from once(group, frozenset({TRACKING_ID, TRACKING_UID, FINDING, COMMENT}) | REGIONS, who)
    yield from _named(one, group, who)
    numbers = numbers_of(group)
    if len(numbers) != len(one.values):
        yield wrong(What.COUNT, f"{who.capitalize()} has {len(numbers)} numbers; result.json has {len(one.values)}.")
    for value, item in zip(one.values, numbers, strict=False):
        yield from compare_number(measurement_code(value), unit_code(value.unit), item, who)
        spread = {code_of(child): child.number or 0.0 for child in item.children if child.kind == "NUM"}
        due = {} if value.plus_minus is None else dict.fromkeys((_UPPER, _LOWER), value.plus_minus)
        if spread.keys() != due.keys() or any(abs(spread[key] - v) > 1e-6 * max(1, abs(v)) for key, v in due.items()):
            yield wrong(What.VALUE, f"How far a number of {who} may be off is not what result.json says.")
    yield from _taken_from(stated, one, group, who)
    yield from _drawn(stated, one, group, who)


def _named(one: ReaderMeasurement, group: Item, who: str) -> Iterator[Mismatch]:
    from viewer.reporting.origin import stable_uid

    if said(group, TRACKING_UID) != stable_uid("measurement", one.id):
        yield wrong(What.REFERENCE, f"{who.capitalize()} carries another tracking UID.")
    if not is_code(chosen(group, FINDING), one.code):
        yield wrong(What.CODE, f"{who.capitalize()} carries another code than result.json.")
    words = "; ".join((one.name, *one.notes, *(part for part in (one.reader, one.when) if part)))
    if plain(said(group, COMMENT)) != plain(words):
        yield wrong(What.TEXT, f"The words on {who} are not those of result.json.")


def _taken_from(stated: Stated, one: ReaderMeasurement, group: Item, who: str) -> Iterator[Mismatch]:
    """A line says of each number where it was drawn, and on which picture."""
    if one.shape in _REGION_SHAPES:
        return
    if not all(any(child.kind in _SCOORDS for child in item.children) for item in numbers_of(group)):
        yield wrong(What.MISSING, f"A number of {who} has lost what it was taken from.")
    here = one.sop_instance_uid and one.stack_key == stated.stack.key
    if here and not any(code_of(child) == "121112" for child in group.children):
        yield wrong(What.MISSING, f"{who.capitalize()} does not say on which picture it was taken.")


def _drawn(stated: Stated, one: ReaderMeasurement, group: Item, who: str) -> Iterator[Mismatch]:
    """Where it was drawn: each point of the object is one of its own, on its own picture."""
    other, grid = one.stack_key != stated.stack.key, stated.stack.geometry
    outline = np.array(one.outline, dtype=np.float64).reshape(-1, 3)
    for item in group.walk():
        if not other:
            yield from on_picture(stated, item, one.sop_instance_uid or "", who)
        if item.kind not in _SCOORDS or (item.kind == "SCOORD" and (other or grid is None)):
            continue
        meant: Any = outline
        if item.kind == "SCOORD" and grid is not None:
            meant = grid.world_to_index(outline)[:, [2, 1]] + 0.5
        found = np.array(item.points, dtype=np.float64)
        near = np.abs(found[:, None, :] - meant[None, :, :]).max(axis=2).min(axis=1) if len(found) else np.ones(1)
        kinds = {Shape.ELLIPSE: {"ELLIPSE"}, Shape.POLYGON: {"POLYGON", "POLYLINE"}}
        due = kinds.get(one.shape, {"POINT" if len(found) == 1 else "POLYLINE"})
        if float(near.max()) > PLACE or item.graphic not in due:
            yield wrong(What.POSITION, f"{who.capitalize()} lies elsewhere than in result.json.")
