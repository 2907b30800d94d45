"""Steps on several views at once, and oblique planes: layout, sync, compare, plane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from viewer.core.errors import UsageError
from viewer.core.geometry import FloatArray
from viewer.core.oblique import Projection
from viewer.display.points import oblique_plane
from viewer.display.slicing import Plane
from viewer.room.script import params
from viewer.room.script.params import FARTHEST, check_size, one_of
from viewer.room.script.showing import ALIASES, check_plane, opening_view, told, views_told
from viewer.room.script.sitting import Sitting, number_of
from viewer.room.views.arrangement import Arrangement, grid, named
from viewer.room.views.links import check_link, in_patient, link_between, shift_between, slice_that_follows
from viewer.room.views.picture import Picture, slice_middle
from viewer.session.views import Follow, Link, ShownLayout, ShownView

Result = Mapping[str, Any]
#: A slab is at most so thick (mm).
_THICKEST = 1000.0


def layout(sitting: Sitting, p: params.LayOut) -> Result:
    """`layout`: another arrangement; what views show stays, what does not fit goes."""
    if (p.grid is None) == (p.name is None):
        raise UsageError("'layout' takes a grid or a name.", "Give one of them.")
    wanted = grid(*p.grid) if p.grid is not None else named(ALIASES.get(p.name or "", p.name or ""))
    _arrange(sitting, wanted, sitting.layout.views)
    return {"views": views_told(sitting)}


def _arrange(sitting: Sitting, wanted: Arrangement, views: tuple[ShownView | None, ...]) -> None:
    count = len(wanted.places)
    kept = (*views[:count], *([None] * (count - len(views))))
    links = tuple(link for link in sitting.layout.links if max(link.views) < count)
    active = min(sitting.layout.active, count - 1)
    made = ShownLayout(wanted.name, kept, active, by_hand=True, links=links)
    sitting.session.views.arrange(made, sitting.layout)


def compare(sitting: Sitting, p: params.Compare) -> Result:
    """`compare`: a series and its prior side by side, linked by position in one frame, else as far off as they are."""
    stacks = [sitting.stack(p.series_uid), sitting.stack(p.prior_uid)]
    if stacks[0].key == stacks[1].key:
        raise UsageError("A series cannot be compared with itself.", "Name two series.")
    sitting.check_one_person(*stacks)
    plane = Plane(p.plane)
    views: list[ShownView] = []
    for stack in stacks:
        volume = sitting.volume(stack)
        check_plane(volume, plane)
        views.append(opening_view(sitting, stack, volume, plane))
    _arrange(sitting, grid(1, 2), tuple(views))
    link = link_between(0, sitting.picture(0), 1, sitting.picture(1))
    if link is not None:
        sitting.session.views.note(replace(sitting.layout, links=(link,)))
        if link.by is Follow.POSITION:
            follow(sitting, 0)
    return {"views": views_told(sitting)}


def sync(sitting: Sitting, p: params.Sync) -> Result:
    """`sync`: views that follow each other from now on."""
    if len(p.views) < 2 or len(set(p.views)) != len(p.views):
        raise UsageError("'sync' needs two or more different views.", "Name their numbers.")
    pictures = [sitting.picture(view) for view in p.views]
    kept = tuple(link for link in sitting.layout.links if not set(link.views) & set(p.views))
    if p.by == "off":
        sitting.session.views.note(replace(sitting.layout, links=kept))
        return {"shift_mm": shift_between(pictures[0], pictures[1])}
    for other in pictures[1:]:
        sitting.check_one_person(pictures[0].source.stack, other.source.stack)
    by = Follow(p.by)
    for other, view in zip(pictures[1:], p.views[1:], strict=True):
        _check_link(sitting, by, pictures[0], other, view)
    offsets = tuple(shift_between(pictures[0], other) if by is Follow.OFFSET else (0.0, 0.0, 0.0) for other in pictures)
    link = Link(tuple(p.views), by, offsets)
    sitting.session.views.note(replace(sitting.layout, links=(*kept, link)))
    if by is not Follow.OFFSET:
        follow(sitting, p.views[0])
    first, second = (sitting.picture(view) for view in p.views[:2])
    matrix = _to(sitting, second, first) if by is Follow.REGISTRATION else np.eye(4)
    return {"shift_mm": shift_between(first, second, matrix)}


def _check_link(sitting: Sitting, by: Follow, first: Picture, other: Picture, view: int) -> None:
    """Refuse to link views that do not show one place in one way.

    Raises:
        UsageError: with why.
    """
    if not (in_patient(first) and in_patient(other)):
        raise UsageError("A view shows a picture without a place in the patient.", "Only volumes follow each other.")
    check_link(by, first, other, view)
    if by is Follow.REGISTRATION:
        _to(sitting, other, first)


def follow(sitting: Sitting, view: int) -> None:
    """Bring the views that are linked to one to the slice nearest to its own."""
    moved = sitting.picture(view)
    for link in sitting.layout.links:
        for other in link.views if view in link.views else ():
            if other == view or sitting.layout.views[other] is None:
                continue
            follower = (other, sitting.picture(other))
            index = slice_that_follows(link, (view, moved), follower, lambda one, two: _to(sitting, one, two))
            _note_slice(sitting, other, index)


def go_to_slice(sitting: Sitting, p: params.Slice) -> Result:
    """`slice`: another slice; linked views follow."""
    picture = sitting.picture(p.view)
    if not 0 <= p.index < picture.count:
        raise UsageError(f"There is no slice {p.index}.", f"There are {picture.count}, counted from 0.")
    shown = sitting.shown(p.view)
    sitting.put_view(p.view, replace(shown, index=number_of(picture, p.index)))
    follow(sitting, p.view)
    return told(sitting, p.view)


def _note_slice(sitting: Sitting, view: int, index: int) -> None:
    """A view that follows is on another slice; the active view stays."""
    old = sitting.layout
    shown = sitting.shown(view)
    moved = replace(shown, index=index)
    moved = replace(moved, lps=slice_middle(sitting.picture_of(view, moved)))
    views = tuple(moved if n == view else one for n, one in enumerate(old.views))
    sitting.session.views.note(replace(old, views=views))


def _to(sitting: Sitting, source: Picture, target: Picture) -> FloatArray:
    """LPS mm of one picture's series -> those of another's, by an accepted registration; 4x4.

    Raises:
        UsageError: there is none.
    """
    one, other = source.source.stack.series_uid, target.source.stack.series_uid
    if one == other:
        return np.eye(4)
    found = sitting.session.registrations.between(one, other)
    if found is None:
        raise UsageError("There is no accepted registration between these series.", "Register them, accept it.")
    return found


def plane(sitting: Sitting, p: params.CutPlane) -> Result:
    """`plane`: a plane anyhow in the patient, as thick as wanted."""
    shown = sitting.shown(p.view)
    stack = sitting.session.library.stack(shown.stack_key)
    assert stack is not None
    picture = sitting.picture(p.view)
    if not in_patient(picture):
        raise UsageError("This picture has no patient frame, so no plane can be laid through it.", "")
    if len(stack.instances) < 2 or sitting.volume(stack).shape[0] < 2:
        raise UsageError("A single slice has no other planes.", "Show a volume.")
    for number in (*p.origin_lps, *p.normal, *p.up):
        check_size(number, FARTHEST, "A coordinate")
    check_size(p.slab_mm, _THICKEST, "A slab")
    one_of(p.mode, [mode.value for mode in Projection], "mode")
    cut = oblique_plane(p.origin_lps, p.normal, p.up, p.slab_mm, Projection(p.mode))
    wanted = replace(shown, plane="native", index=0, oblique=cut)
    sitting.picture_of(p.view, wanted)  # refused before anything changes
    sitting.put_view(p.view, wanted)
    return told(sitting, p.view)
