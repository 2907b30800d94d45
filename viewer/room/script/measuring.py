"""Steps on measurements and key images, and undo: measure, measurements, move, rename, delete, pair, ..."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np

from viewer.core import pairing
from viewer.core.anchor import copy_digest
from viewer.core.annotation import KeyMark
from viewer.core.clock import now
from viewer.core.errors import UsageError, ViewerError
from viewer.core.finding import Measurement
from viewer.core.geometry import FloatArray
from viewer.core.measurement import ReaderMeasurement
from viewer.core.study import Stack
from viewer.display.slicing import Plane
from viewer.room.annotations import numbered
from viewer.room.measuring import OBLIQUE, copied
from viewer.room.script import params
from viewer.room.script.params import nearest, one_of
from viewer.room.script.showing import points_of
from viewer.room.script.sitting import Sitting, number_of
from viewer.room.tools import MEASURES
from viewer.room.tools.base import as_point
from viewer.room.tools.measure import MeasureTool, drawn, from_picture, measured
from viewer.room.tools.region import histogram_of
from viewer.room.views.drawings import slice_under
from viewer.room.views.picture import Picture, PictureSlice, slice_at, source_of
from viewer.room.views.places import mark_on
from viewer.session.history import Step, Thing

Result = Mapping[str, Any]
#: A name or caption of more characters is a mistake.
_LONGEST = 256
#: Steps of a histogram at most.
_MOST_BINS = 4096
#: Numbers that carry an error, in the words of the answers.
_WITH_ERROR = frozenset({"Length", "Long axis", "Short axis", "Angle", "Area", "Ratio"})
#: Names of values as they are told.
_TOLD_NAMES = {"Cobb angle": "Angle", "Cardiothoracic ratio": "Ratio", "Time": "Length", "Velocity": "Length"}
#: Points this much (slices) off each other lie in one slice.
_ONE_SLICE = 0.5


def measure(sitting: Sitting, p: params.Measure) -> Result:
    """`measure`: a drawing with its numbers."""
    tool = MEASURES[one_of(p.tool, MEASURES, "tool")]
    if len(p.text) > _LONGEST:
        raise UsageError(f"This text is longer than {_LONGEST} characters.", "Shorten it.")
    if tool.id == "text" and not p.text.strip():
        raise UsageError("There is no text to put there.", "Give 'text'.")
    picture = sitting.picture(p.view)
    points = points_of(picture, p.points_lps, p.points_px, least=tool.least)
    on = _slice_for(tool, picture, points)
    drawing = drawn(tool, on, tuple(as_point(point) for point in points), p.text.strip())
    if sitting.shown(p.view).oblique is not None:
        drawing = replace(drawing, plane="oblique", sop_instance_uid=None)
    return told(sitting, _kept(sitting, from_picture(measured(tool, on, drawing), on)))


def _slice_for(tool: type[MeasureTool], picture: Picture, points: FloatArray) -> PictureSlice:
    """The slice a drawing belongs to: the one on show, or the other one that holds all points of a line.

    Raises:
        UsageError: a point lies beside the picture.
    """
    view = picture.view
    depth = view.slice_of(points)
    pixels = view.world_to_pixel(points)
    last = np.array([*view.shape, picture.count]) - 0.5 + 1e-6
    places = np.column_stack([pixels, depth if picture.count > 1 else np.zeros(len(points))])
    if (places < -0.5 - 1e-6).any() or (places > last).any():
        raise UsageError("A point lies beside the pictures.", "Give points on them.")
    if tool.planar or picture.count < 2 or np.ptp(depth) >= _ONE_SLICE:
        return picture.slice
    return picture.slice_at(min(max(round(float(depth.mean())), 0), picture.count - 1))


def measurement_list(sitting: Sitting, _p: params.Nothing) -> Result:
    """`measurements`: all of them, oldest first."""
    return {"measurements": [told(sitting, one) for one in sitting.session.measurements.all()]}


def told(sitting: Sitting, one: ReaderMeasurement) -> dict[str, Any]:
    """A measurement as answers tell it."""
    here = sitting.room.anchors.measurement(one)
    if here is not None and here.pixels:  # what the stored picture holds is compared once it is read
        _read(sitting, here)
        here = sitting.room.anchors.measurement(one)
    stack = sitting.session.library.stack((here or one).stack_key)
    series_uid = one.series_uid or (stack.series_uid if stack is not None else one.stack_key.partition("#")[0])
    result: dict[str, Any] = {
        "id": one.id,
        "tool": one.tool,
        "name": one.name,
        "values": [_value(value) for value in one.values],
        "series_uid": series_uid,
        "stack": None if stack is None else stack.number,
        "plane": one.plane,
        "slice": None if here is None or stack is None else _told_slice(sitting, stack, here),
        "on_this_copy": here is not None,
        "notes": list(one.notes),
        "reader": one.reader,
        "when": one.when,
    }
    if one.text:
        result["text"] = one.text
    return result | _points(stack, one)


def _read(sitting: Sitting, one: ReaderMeasurement) -> None:
    stack = sitting.session.library.stack(one.stack_key)
    with suppress(ViewerError):
        if stack is not None:
            sitting.volume(stack)


def _value(value: Measurement) -> dict[str, Any]:
    name = _TOLD_NAMES.get(value.name, value.name)
    return {
        "name": name,
        "value": value.value,
        "unit": "" if value.unit == "1" else value.unit,
        "plus_minus": value.plus_minus if name in _WITH_ERROR else None,
    }


def _points(stack: Stack | None, one: ReaderMeasurement) -> dict[str, Any]:
    """Points in LPS mm, or as (column, row) where the picture has no patient frame."""
    if stack is None or stack.geometry is None or _in_patient(stack):
        return {"points_lps": [list(point) for point in one.points_lps]}
    kji = stack.geometry.world_to_index(np.array(one.points_lps))
    return {"points_px": [[float(i), float(j)] for _, j, i in kji]}


def _in_patient(stack: Stack) -> bool:
    from viewer.core.geometry import SpacingKind

    geometry = stack.geometry
    return geometry is not None and geometry.oriented and geometry.spacing_kind is SpacingKind.PATIENT


def _told_slice(sitting: Sitting, stack: Stack, one: ReaderMeasurement) -> int:
    """The slice as scripts count it, on this copy."""
    if stack.geometry is None or one.plane in ("oblique", Plane.NATIVE.value):
        return one.slice_index
    volume, plane = sitting.volume(stack), Plane(one.plane)
    picture = Picture(source_of(stack, sitting.cut_from(stack, volume, plane), plane, None))
    index = slice_under(one, picture.slice)
    return number_of(picture, one.slice_index if index is None else index)


def _one(sitting: Sitting, measurement_id: str) -> ReaderMeasurement:
    found = sitting.session.measurements.get(measurement_id)
    if found is None:
        known = [one.id for one in sitting.session.measurements.all()]
        raise UsageError(
            f"There is no measurement '{measurement_id}'.", nearest(measurement_id, known) if known else ""
        )
    return found


def move(sitting: Sitting, p: params.Move) -> Result:
    """`move`: other points, numbers measured anew."""
    old = _one(sitting, p.id)
    old = sitting.room.anchors.measurement(old) or old
    stack = sitting.session.library.stack(old.stack_key)
    if stack is None:
        raise UsageError("The pictures of this measurement are not open.", "Open them.")
    tool = MEASURES[old.tool]
    if old.plane == "oblique" and tool.planar:
        raise UsageError("A region on an oblique plane is not moved.", "Delete it and draw it anew.")
    plane = Plane.NATIVE if old.plane == "oblique" else Plane(old.plane)
    volume = sitting.volume(stack)
    picture = Picture(source_of(stack, sitting.cut_from(stack, volume, plane), plane, None))
    points = points_of(picture, p.points_lps, p.points_px, least=tool.least)
    if p.points_px is not None and picture.count > 1:
        points = _on_slice(picture, p.points_px, old.slice_index)
    picture.go_to(_slice_under(picture, points))
    on = _slice_for(tool, picture, points)
    fresh = drawn(tool, on, tuple(as_point(point) for point in points), old.text)
    if old.plane == "oblique":
        fresh = replace(fresh, plane="oblique", sop_instance_uid=None)
    kept = replace(fresh, id=old.id, name=old.name, number=old.number, reader=old.reader, when=now())
    made = from_picture(measured(tool, on, kept), on)
    sitting.session.measurements.put(made)
    return told(sitting, made)


def _on_slice(picture: Picture, px: list[params.Point2], index: int) -> FloatArray:
    """Pixels of a slice of the acquired stack as points."""
    picture.go_to(index)
    return picture.view.pixel_to_world(np.array(px, dtype=np.float64)[:, ::-1])


def _slice_under(picture: Picture, points: FloatArray) -> int:
    depth = float(picture.view.slice_of(points).mean()) if picture.count > 1 else 0.0
    return min(max(round(depth), 0), picture.count - 1)


def rename(sitting: Sitting, p: params.Rename) -> Result:
    """`rename`: the reader's own name."""
    name = " ".join(p.name.split())
    if not name or len(name) > _LONGEST:
        raise UsageError(f"A measurement's name has 1 to {_LONGEST} characters.", "Give one.")
    made = replace(_one(sitting, p.id), name=name)
    sitting.session.measurements.put(made)
    return told(sitting, made)


def _here(sitting: Sitting, measurement_id: str) -> tuple[ReaderMeasurement, Stack]:
    """A measurement as it lies on what is open, with its stack.

    Raises:
        UsageError: this copy lacks its picture, or it lies on an oblique plane.
    """
    here = sitting.room.anchors.measurement(_one(sitting, measurement_id))
    stack = None if here is None else sitting.session.library.stack(here.stack_key)
    if here is None or stack is None:
        raise UsageError("The pictures of this measurement are not open.", "Open them.")
    if here.plane == OBLIQUE:
        raise UsageError("A drawing on an oblique plane is neither copied nor looked into.", "Draw it anew.")
    return here, stack


def copy(sitting: Sitting, p: params.Copy) -> Result:
    """`copy`: the same drawing on the slice that a view shows, with the numbers of that slice."""
    here, _ = _here(sitting, p.id)
    fresh = copied(here, sitting.picture(p.view).slice)
    return told(sitting, _kept(sitting, fresh))


def _kept(sitting: Sitting, fresh: ReaderMeasurement) -> ReaderMeasurement:
    """A new drawing with its number and who made it, as the session keeps it."""
    made = numbered(
        replace(fresh, reader=sitting.context.settings.reader_name, when=now()), sitting.session.measurements.all()
    )
    sitting.session.measurements.put(made)
    return made


def histogram(sitting: Sitting, p: params.Bins) -> Result:
    """`histogram`: how often the values of a region fall into steps of equal width."""
    one, stack = _here(sitting, p.id)
    if not 1 <= p.bins <= _MOST_BINS:
        raise UsageError(f"A histogram has 1 to {_MOST_BINS} steps.", "Give another number.")
    plane = Plane(one.plane)
    picture = Picture(source_of(stack, sitting.cut_from(stack, sitting.volume(stack), plane), plane, None))
    found = histogram_of(MEASURES[one.tool], picture.slice_at(one.slice_index), one, p.bins)
    if found is None:
        raise UsageError("Only a region has a histogram.", "Name an ellipse, rectangle, polygon or freehand region.")
    return {"low": found.low, "high": found.high, "unit": found.unit, "counts": list(found.counts)}


def delete(sitting: Sitting, p: params.WithId) -> Result:
    """`delete`: the one that is gone now."""
    gone = _one(sitting, p.id)
    answer = told(sitting, gone)
    sitting.session.measurements.remove(p.id)
    return answer


def pair(sitting: Sitting, p: params.Pair) -> Result:
    """`pair`: how a length changed from study to study; kept for panel and report where that is asked."""
    first, second = _one(sitting, p.first), _one(sitting, p.second)
    whose = {person.key for one in (first, second) if (person := sitting.session.people.of_stack(one.stack_key))}
    if len(whose) > 1:
        raise UsageError("These measurements are of two patients.", "Pair those of one person.")
    change = pairing.pair(first, second, *(_day(sitting, one) for one in (first, second)))
    if p.keep:
        sitting.room.changes.put(p.first, p.second)
    return {
        "change_mm": change.change_mm,
        "change_percent": change.change_percent,
        "days": change.days,
        "doubling_days": change.doubling_days,
        "within_error": change.within_error,
    }


def _day(sitting: Sitting, one: ReaderMeasurement) -> Any:
    study = sitting.session.library.study_of(one.stack_key)
    return None if study is None else pairing.day_of(study.date)


def undo(sitting: Sitting, _p: params.Nothing) -> Result:
    """`undo`: what was taken back."""
    return _moved(sitting.session.history.undo(), "There is nothing to take back.")


def redo(sitting: Sitting, _p: params.Nothing) -> Result:
    """`redo`: what was done again."""
    return _moved(sitting.session.history.redo(), "There is nothing to do again.")


def history(sitting: Sitting, _p: params.Nothing) -> Result:
    """`history`: what can be taken back and what can be done again, by name, the next one last."""
    done, undone = sitting.session.history.folded()
    return {"undo": [step.what for step in done], "redo": [step.what for step in undone]}


def _moved(step: Step | None, words: str) -> Result:
    if step is None:
        raise UsageError(words)
    return {"what": step.what}


def key_image(sitting: Sitting, p: params.MarkKeyImage) -> Result:
    """`key_image`: the view as a picture of the report; once more on one picture changes its caption."""
    if len(p.caption) > _LONGEST:
        raise UsageError(f"A caption has at most {_LONGEST} characters.", "Shorten it.")
    shown = sitting.shown(p.view)
    picture = sitting.picture(p.view)
    stack = picture.source.stack
    study = sitting.study_of(stack)
    mark = replace(mark_on(picture, p.caption.strip(), uuid4().hex), plane=shown.plane)
    mark = replace(mark, copy=copy_digest(stack.instances), oblique=shown.oblique)
    marks = sitting.session.review.key_marks(study.uid)
    old = next((one for one in marks if one.shows_same(mark)), None)
    if old is not None:
        mark = replace(mark, id=old.id or mark.id, caption=mark.caption or old.caption)
    after = tuple(mark if one is old else one for one in marks) if old is not None else (*marks, mark)
    if after != marks:
        what = f"Key image {number_of(picture, picture.index) + 1}"
        sitting.session.history.do(Thing.KEY_IMAGES, study.uid, what, before=marks, after=after)
    return {"id": mark.id}


def key_image_list(sitting: Sitting, _p: params.Nothing) -> Result:
    """`key_images`: all of them, study by study, in the order they were marked."""
    review, studies = sitting.session.review, sitting.session.library.studies
    return {"key_images": [_told_mark(sitting, mark) for study in studies for mark in review.key_marks(study.uid)]}


def _told_mark(sitting: Sitting, mark: KeyMark) -> dict[str, Any]:
    here = sitting.room.anchors.mark(mark)
    stack = sitting.session.library.stack((here or mark).stack_key)
    return {
        "id": mark.id,
        "caption": mark.caption,
        "series_uid": mark.stack_key.partition("#")[0],
        "plane": mark.plane if mark.oblique is None else "oblique",
        "slice": None if here is None or stack is None else _mark_slice(sitting, stack, here),
        "window": [mark.center, mark.width],
        "on_this_copy": here is not None,
    }


def _mark_slice(sitting: Sitting, stack: Stack, mark: KeyMark) -> int:
    """The slice of a key image as scripts count it, on this copy."""
    plane = Plane(mark.plane)
    if plane is Plane.NATIVE or mark.oblique is not None:
        return mark.slice_index
    picture = Picture(source_of(stack, sitting.cut_from(stack, sitting.volume(stack), plane), plane, None))
    index = mark.slice_index if mark.sop_instance_uid else slice_at(picture, mark.slice_index, mark.lps)
    return number_of(picture, index)
