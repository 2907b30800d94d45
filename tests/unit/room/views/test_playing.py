"""Cine keeps the file's own time, and says what it could not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import phantoms
from viewer.core.study import Kind
from viewer.display.slicing import Plane
from viewer.room.views.playing import USUAL_RATE, Cine, own_rate
from viewer.room.views.view import View, ViewSpec

FRAMES = 5


class Clock:
    """Time as a test wants it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def film(**facts: Any) -> View:
    grid = phantoms.geometry((FRAMES, 8, 8))
    view = View()
    stack = phantoms.stack(grid, kind=Kind.CINE, **facts)
    view.show(ViewSpec(stack, phantoms.volume(np.zeros(grid.shape, np.uint8), geometry=grid), Plane.NATIVE))
    view.set_slice(0)
    return view


def played(view: View, seconds: float, tick: float = 0.001, **how: Any) -> tuple[Cine, list[int]]:
    """The frames that follow each other."""
    clock = Clock()
    cine = Cine(clock)
    cine.start(view)
    for name, value in how.items():
        getattr(cine, name)(value)
    assert view.picture is not None
    frames, end = [view.picture.index], clock.now + seconds
    while clock.now < end - 1e-9:
        clock.now += tick
        assert cine.tick()
        if view.picture.index != frames[-1]:
            frames.append(view.picture.index)
    return cine, frames


@pytest.mark.parametrize(
    ("facts", "rate"),
    [
        ({}, None),
        ({"frame_time_ms": 40.0}, 25.0),
        ({"frame_time_ms": 40.0, "display_rate": 15.0}, 15.0),
        ({"frame_steps_ms": (50.0, 50.0, 100.0, 50.0, 50.0)}, pytest.approx(1000 * 5 / 300)),
    ],
)
def test_the_rate_is_the_files_own(facts: dict[str, Any], rate: float | None) -> None:
    view = film(**facts)
    assert view.picture is not None
    assert own_rate(view.picture.source.stack) == rate
    cine = Cine()
    cine.start(view)
    assert cine.rate == (USUAL_RATE if rate is None else rate)


def test_frames_go_round_at_their_rate() -> None:
    cine, frames = played(film(frame_time_ms=40.0), 0.41)
    assert frames == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0]
    assert cine.skipped == 0


def test_a_sweep_goes_to_and_fro_without_showing_the_ends_twice() -> None:
    _, frames = played(film(frame_time_ms=100.0), 0.91, set_sweep=True)
    assert frames == [0, 1, 2, 3, 4, 3, 2, 1, 0, 1]
    assert played(film(frame_time_ms=100.0, header={"PreferredPlaybackSequencing": "1"}), 0.51)[1][-1] == 3


def test_frames_of_unequal_length_keep_their_times() -> None:
    view = film(frame_steps_ms=(100.0, 100.0, 300.0, 100.0, 100.0))
    clock = Clock()
    cine = Cine(clock)
    cine.start(view)
    assert view.picture is not None
    seen = []
    for now in (0.05, 0.15, 0.35, 0.45, 0.55, 0.65, 0.75):
        clock.now = 100.0 + now
        cine.tick()
        seen.append(view.picture.index)
    assert seen == [0, 1, 1, 2, 3, 4, 0], "frame 2 came 300 ms after frame 1"


def test_late_frames_are_skipped_and_counted() -> None:
    cine, frames = played(film(frame_time_ms=40.0), 2.0, tick=0.1)
    assert frames[:3] == [0, 2, 0] or frames[:3] == [0, 2, 4]
    assert cine.skipped == pytest.approx(30, abs=2)
    assert cine.shown_rate == pytest.approx(10, abs=1)


def test_a_chosen_rate_goes_on_from_the_frame_on_show() -> None:
    view = film(frame_time_ms=40.0)
    clock = Clock()
    cine = Cine(clock)
    cine.start(view)
    clock.now += 0.085
    cine.tick()
    cine.set_rate(10)
    clock.now += 0.09
    cine.tick()
    assert view.picture is not None and view.picture.index == 2
    clock.now += 0.02
    cine.tick()
    assert view.picture.index == 3
    assert cine.wait_ms == pytest.approx(90, abs=2)


def test_another_stack_ends_it() -> None:
    view = film()
    cine = Cine()
    cine.start(view)
    view.picture = film().picture
    assert not cine.tick()
    assert not cine.runs
