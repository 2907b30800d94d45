"""The step `picture`: a view as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.core.errors import UsageError
from viewer.core.geometry import FloatArray
from viewer.core.study import Stack
from viewer.room.script import params
from viewer.room.script.sitting import Sitting
from viewer.room.views.drawings import slice_under
from viewer.room.views.picture import Picture

if TYPE_CHECKING:
    from viewer.display.render import Drawn
    from viewer.display.scene import Item, Metrics

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
    stack = on.source.stack
    _check_unchanged(sitting, stack)
    file = write_shown(
        on.source.volume,
        stack,
        on.source.plane,
        on.index,
        window=on.window,
        overlays=overlays_of(sitting, stack),
        study=sitting.study_of(stack),
        size=p.size,
        drawn=_drawings(sitting, p.view, on),
        out=Path(p.to).absolute(),
    )
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


def _drawings(sitting: Sitting, view: int, on: Picture) -> Drawn:
    """The reader's drawings on the slice on show."""
    from viewer.display.plates import sketch_items
    from viewer.room.views.scene import sketch_of

    is_oblique = sitting.shown(view).oblique is not None
    drawn = () if is_oblique else sitting.room.annotations.of(on.source.stack.key)
    here = [one for one in drawn if slice_under(one, on.slice) == on.index]

    def items(to_px: Callable[[FloatArray], FloatArray], size: tuple[int, int], metrics: Metrics) -> Iterable[Item]:
        placed = ((one, to_px(on.view.world_to_pixel(np.array(one.points_lps)))) for one in here)
        return sketch_items([sketch_of(one, points, held=False) for one, points in placed], size, metrics)

    return items


def overlays_of(sitting: Sitting, stack: Stack) -> Any:
    """Masks, heatmaps and marks of the results on a stack, as they stand."""
    from viewer.display.overlay import overlays_of as made_of

    review = sitting.session.review
    entries = [e for e in review.latest_results(sitting.study_of(stack).uid) if e.lies_on(stack.key)]
    if not entries:
        return None
    findings = [finding for entry in entries for finding in review.findings_of(entry.id)]
    return made_of([entry.result.seen_on(stack.key) for entry in entries], findings)
