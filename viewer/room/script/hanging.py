"""Steps on hanging rules: hang a stack by its rule, and ask what each rule would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from viewer.core.errors import UsageError
from viewer.display.hanging import Cell, Hanging, attempt
from viewer.room.saved_layouts import rule_of_layout
from viewer.room.script import arranging, params
from viewer.room.script.showing import opening_view, views_told
from viewer.room.script.sitting import Sitting
from viewer.room.views.arrangement import named
from viewer.room.views.camera import MIRROR_LEFT_RIGHT
from viewer.room.views.links import link_between
from viewer.room.views.picture import Picture
from viewer.session.views import Link, ShownLayout, ShownView

Result = Mapping[str, Any]


def hang(sitting: Sitting, p: params.Hang) -> Result:
    """`hang`: a stack with what stands beside it, by the first rule that holds."""
    stack = sitting.stack(p.series_uid, p.stack)
    sitting.volume(stack)
    planned = sitting.room.hanging.planner.plan(stack.key)
    assert planned is not None
    put(sitting, planned, by_hand=False)
    return {"rule": planned.rule, "layout": planned.layout, "views": views_told(sitting)}


def put(sitting: Sitting, planned: Hanging, by_hand: bool) -> None:
    """Arrange the views as planned, one step of undo; views that belong together follow each other."""
    count = len(named(planned.layout).places)
    shown = [None if cell is None else opened(sitting, cell) for cell in planned.cells]
    views = (*shown, *([None] * (count - len(shown))))
    pictures = [None if one is None else sitting.picture_of(n, one) for n, one in enumerate(shown)]
    links = links_between(pictures, [cell.sync if cell is not None else "" for cell in planned.cells])
    made = ShownLayout(planned.layout, views, planned.active, by_hand=by_hand, links=links)
    sitting.session.views.arrange(made, sitting.layout)


def opened(sitting: Sitting, cell: Cell) -> ShownView:
    """How a view opens what a rule wants in it."""
    stack = sitting.session.library.stack(cell.stack_key)
    assert stack is not None
    view = opening_view(sitting, stack, sitting.volume(stack), cell.plane, cell.window)
    return replace(view, turn=MIRROR_LEFT_RIGHT if cell.mirror else view.turn, edge=cell.justify)


def links_between(pictures: Sequence[Picture | None], words: Sequence[str]) -> tuple[Link, ...]:
    """Views with one word follow each other: by position in one frame of reference, else by their distance."""
    made: list[Link | None] = []
    for word in dict.fromkeys(word for word in words if word):
        numbers = [n for n, one in enumerate(words) if one == word and pictures[n] is not None]
        made += [link_between(numbers[0], pictures[numbers[0]], n, pictures[n]) for n in numbers[1:]]
    return tuple(link for link in made if link is not None)


def save_layout(sitting: Sitting, p: params.SaveLayout) -> Result:
    """`save_layout`: what the views show under a name, for examinations of the active view's type."""
    active = sitting.session.library.stack(sitting.shown(sitting.layout.active).stack_key)
    assert active is not None
    own = {stack.key for stack in sitting.study_of(active).stacks}
    held = {key: one for key in sitting.layout.stacks if (one := sitting.session.library.stack(key)) is not None}
    priors = [key for key in held if key not in own]
    saved = sitting.room.layouts.saved
    saved.save(rule_of_layout(p.name, sitting.layout, held, active.key, priors))
    exam = sitting.room.hanging.planner.exam(active.key)
    assert exam is not None
    saved.use(exam.opened, p.name.strip())
    return {"layouts": list(saved.names)}


def saved_layout(sitting: Sitting, name: str) -> Hanging | None:
    """A saved layout for the study of the active view; None where none has this name.

    Raises:
        UsageError: it does not fit that study.
    """
    rule = sitting.room.layouts.saved.get(name)
    if rule is None:
        return None
    exam = sitting.room.hanging.planner.exam(sitting.shown(sitting.layout.active).stack_key)
    assert exam is not None
    planned = attempt(rule, exam).hanging
    if planned is None:
        raise UsageError("This layout does not fit the open study.", "Choose another, or save it anew.")
    sitting.room.layouts.saved.use(exam.opened, name)
    return planned


def layout(sitting: Sitting, p: params.LayOut) -> Result:
    """`layout`: a grid, a named arrangement, or a layout that was saved by name."""
    saved = None if p.name is None else saved_layout(sitting, p.name)
    if saved is None or p.grid is not None:
        return arranging.layout(sitting, p)
    put(sitting, saved, by_hand=True)
    return {"views": views_told(sitting)}


def rules(sitting: Sitting, p: params.Rules) -> Result:
    """`rules`: every hanging rule in its order, and what it would do with a stack."""
    stack = sitting.stack(p.series_uid, p.stack)
    planner = sitting.room.hanging.planner
    exam = planner.exam(stack.key)
    assert exam is not None
    own = len(planner.protocols.own)
    told = []
    for number, rule in enumerate(planner.protocols.rules):
        tried = attempt(rule, exam)
        held = tried.hanging
        views = [] if held is None else [_told(sitting, cell) for cell in held.cells]
        why = tried.why.format(**tried.fields)
        told.append({"rule": rule.name, "own": number < own, "holds": held is not None, "why": why, "views": views})
    used = next((one["rule"] for one in told if one["holds"]), None)
    return {"used": used, "rules": told}


def _told(sitting: Sitting, cell: Cell | None) -> dict[str, Any] | None:
    stack = None if cell is None else sitting.session.library.stack(cell.stack_key)
    if cell is None or stack is None:
        return None
    return {
        "series_uid": stack.series_uid,
        "stack": stack.number,
        "plane": cell.plane.value,
        "window": cell.window,
        "sync": cell.sync,
        "prior": cell.prior,
    }
