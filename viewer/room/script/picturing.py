"""The step `picture`: a view as a file, with the scene that a window would paint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from viewer.core.errors import UsageError
from viewer.core.study import Stack
from viewer.room.script import params
from viewer.room.script.sitting import Sitting
from viewer.room.views.camera import Camera
from viewer.room.views.picture import Picture
from viewer.room.views.view import View, ViewOptions
from viewer.words.i18n import date_words, time_words, tr
from viewer.words.people import corner_lines

Result = Mapping[str, Any]
#: A picture file has at most so many pixels a side.
_MOST_SIDE = 8192


def picture(sitting: Sitting, p: params.Draw) -> Result:
    """`picture`: a view as a PNG file."""
    from viewer.jobs.render import write_shown

    width, height = p.size
    if not (1 <= width <= _MOST_SIDE and 1 <= height <= _MOST_SIDE):
        raise UsageError(f"A picture of {width} by {height} is not made.", f"Give sides of 1 to {_MOST_SIDE}.")
    on = sitting.picture(p.view)
    _check_unchanged(sitting, on.source.stack)
    file = write_shown(_drawn(sitting, p.view, on, p.size), Path(p.to).absolute())
    return {"file": str(file)}


def _check_unchanged(sitting: Sitting, stack: Stack) -> None:
    """Refuse to write out pictures or results that are no longer what was opened.

    Raises:
        OutputError: one was changed, it is named.
    """
    study = sitting.study_of(stack)
    entries = sitting.session.review.latest_results(study.uid)
    stored = [entry.folder for entry in entries if entry.lies_on(stack.key) and entry.folder is not None]
    sitting.unchanged.check(study, stack, sitting.volume(stack), stored)


def _drawn(sitting: Sitting, number: int, on: Picture, size: tuple[int, int]) -> Any:
    """The view with the strip above it: uint8 RGB [height, width, 3]."""
    from viewer.display.compose import to_rgb
    from viewer.display.framing import STRIP, Frame, strip
    from viewer.display.overlay import Fill
    from viewer.display.render import seen
    from viewer.display.slicing import Letters
    from viewer.jobs.render import badges_of
    from viewer.room.views.scene import scene_of

    source = on.source
    on.lay(sitting.room.overlays.overlays(source.stack.key, sitting.session.review.selected))
    shown = on.shown_overlays
    badges = badges_of(source.stack, source.resampled)
    if on.view.letters == Letters():
        badges = (*badges, "No orientation")
    frame = Frame(badges=tuple(tr(badge) for badge in badges), stack=source.stack, words=tr)
    is_draft = shown is not None and shown.shows_ai
    has_strip = frame.has_strip(is_draft) and size[1] > 2 * STRIP
    body = (size[0], size[1] - STRIP if has_strip else size[1])
    view = _view(sitting, number, on, body)
    pixels = seen(
        to_rgb(on.image()),
        on.overlay,
        view.camera.matrix(),
        body,
        lambda metrics: scene_of(view, metrics),
        patterns=shown is not None and shown.fill is Fill.COLOUR_AND_PATTERN,
    )
    return np.concatenate([strip(size[0], on.view, frame, is_draft), pixels]) if has_strip else pixels


def _view(sitting: Sitting, number: int, on: Picture, size: tuple[int, int]) -> View:
    """A view of this size that shows what one of the sitting's shows."""
    shown, stack = sitting.shown(number), on.source.stack
    study = sitting.study_of(stack)
    view = View(drawings=sitting.room.annotations)
    view.picture, view.patient = on, corner_lines(study)
    view.when = ", ".join(part for part in (date_words(study.date), time_words(study.time)) if part)
    view.options = ViewOptions(hidden_name=sitting.context.settings.hide_patient_name)
    camera = Camera(size, on.view.shape, on.view.mm, turn=shown.turn)
    view.camera = replace(camera, edge=shown.edge).fit()
    view.roi = next(iter(sitting.session.boxes.of(stack.key).values()), None)
    return view
