"""Mask subtraction: which frames, in which domain, moved by how much; values stay native."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import phantoms
from viewer.core.subtraction import Operation, Pair, Step, Subtraction
from viewer.display.subtraction import Subtractor, moved
from viewer.display.window import grey8

AVERAGE, INTERVAL, REVERSED = Operation.AVERAGE, Operation.INTERVAL, Operation.REVERSED


@pytest.mark.parametrize(
    ("step", "frame", "pair"),
    [
        (Step(AVERAGE, masks=(1, 2)), 5, Pair((5,), (1, 2))),
        (Step(AVERAGE, ranges=((4, 6), (9, 10)), masks=(1,)), 3, None),
        (Step(AVERAGE, ranges=((4, 6), (9, 10)), masks=(1,)), 9, Pair((9,), (1,))),
        (Step(AVERAGE, masks=(1,), averaged=3), 5, Pair((5, 6, 7), (1,))),
        (Step(AVERAGE, ranges=((1, 6),), masks=(1,), averaged=3), 6, Pair((6, 7, 8), (1,))),
        (Step(AVERAGE, masks=(1,), averaged=3), 8, Pair((8, 9, 10), (1,))),
        (Step(AVERAGE, masks=(1,), averaged=3), 9, None),
        (Step(AVERAGE, masks=(99,)), 5, None),
        (Step(AVERAGE), 5, None),
        (Step(INTERVAL, offset=2), 5, Pair((5,), (3,))),
        (Step(INTERVAL, offset=2), 2, None),
        (Step(REVERSED, ranges=((6, 8),), offset=1), 8, Pair((8,), (3,))),
    ],
)
def test_each_operation_finds_its_frames(step: Step, frame: int, pair: Pair | None) -> None:
    assert step.pair(frame, 10) == pair


def run(frames: np.ndarray) -> Subtractor:
    return Subtractor(phantoms.volume(frames), Subtraction((Step(AVERAGE, masks=(1, 2)),)))


def test_logarithms_are_subtracted_as_they_are() -> None:
    frames = np.stack([np.full((4, 5), n, np.uint16) for n in (100, 104, 90)])
    found = run(frames).frame(2)
    assert found is not None
    assert found.tolist() == np.full((4, 5), -12.0).tolist()


@given(st.floats(0.1, 1.0), st.integers(500, 60_000))
def test_linear_values_are_subtracted_as_logarithms(share: float, background: int) -> None:
    """What a vessel lets through, by how much it was: the same over bone and over air."""
    frames = np.array([[[background]], [[round(background * share)]]], np.uint16)
    subtraction = Subtraction((Step(AVERAGE, masks=(1,)),), logarithmic=False)
    found = Subtractor(phantoms.volume(frames), subtraction).frame(1)
    assert found is not None
    assert found[0, 0] == pytest.approx(np.log(share), abs=2 / (background * share))


def test_the_window_has_no_change_in_its_middle() -> None:
    rng = np.random.default_rng(1)
    frames = np.stack([np.full((32, 32), 1000), 1000 - rng.integers(0, 300, (32, 32))]).astype(np.uint16)
    subtractor = Subtractor(phantoms.volume(frames), Subtraction((Step(AVERAGE, masks=(1,)),)))
    window = subtractor.window(1)
    assert window is not None
    assert grey8(np.zeros(1), window).tolist() == [128]


def test_a_mask_is_moved_down_and_right() -> None:
    frame = np.zeros((6, 6), np.float32)
    frame[2, 2] = 8
    whole, part = moved(frame, (1.0, 2.0)), moved(frame, (0.25, 0.0))
    assert whole[3, 4] == pytest.approx(8)
    assert (part[2, 2], part[3, 2]) == pytest.approx((6, 2))


def test_what_cannot_be_subtracted_is_not() -> None:
    frames = np.zeros((3, 2, 2), np.uint16)
    refused = Subtraction((Step(AVERAGE, masks=(1,)),), problem="why")
    assert Subtractor(phantoms.volume(frames), refused).frame(1) is None
