"""The table of volumes: left beside right, what is missing, and whether it is still a draft."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests import tiny_packs
from tests.unit.room.panels import made
from viewer.core.cine import CineFunction, Phase
from viewer.core.finding import FindingState, Side
from viewer.core.pack import Boxes
from viewer.room.packs import Shelf
from viewer.room.panels import volumes
from viewer.room.room import Room
from viewer.session import Session


@pytest.fixture
def sided(room: Room, child: Session) -> Session:
    """The pack asks for a box on either side."""
    pack = tiny_packs.info("pack", modality=["CT"], needs_roi=True)
    viewer = msgspec.structs.replace(pack.viewer, roi=Boxes(sides=("right", "left")))
    room.packs.shelf = Shelf((replace(pack, viewer=viewer),))
    return child


def test_without_a_result_there_is_no_table(room: Room, sided: Session) -> None:
    assert volumes.state(sided, room) is None


def test_the_side_without_a_box_is_missing(room: Room, sided: Session) -> None:
    sided.review.add_result(made.entry("r1", made.volume_of(1, 120.0, side=Side.LEFT), masks=(made.mask(1),)))
    view = volumes.state(sided, room)
    assert view is not None
    assert (view.missing, view.pack_id, view.draft) == ((Side.RIGHT,), "pack", True)
    (row,) = view.rows
    assert row.left is not None
    assert (row.name, row.left.value, row.right) == ("Part 1", 120.0, None)


def test_what_was_rejected_is_not_counted_and_what_was_accepted_is_no_draft(room: Room, sided: Session) -> None:
    parts = made.volume_of(1, 120.0, side=Side.LEFT), made.volume_of(2, 80.0, side=Side.LEFT)
    sided.review.add_result(made.entry("r1", *parts, masks=(made.mask(1, 2),)))
    room.reviewing.judge("s1", FindingState.REJECTED)
    room.reviewing.judge("s2", FindingState.ACCEPTED)
    view = volumes.state(sided, room)
    assert view is not None
    assert [row.name for row in view.rows] == ["Part 2"]
    assert not view.draft


def test_a_pack_without_sides_has_no_table(room: Room, child: Session) -> None:
    child.review.add_result(made.entry("r1", made.volume_of(1, 120.0), masks=(made.mask(1),)))
    assert volumes.state(child, room) is None


def test_a_heart_shows_its_beat_until_it_is_rejected(room: Room, child: Session) -> None:
    beat = CineFunction((Phase("1.1", 0.0, 120.0), Phase("1.2", 40.0, 60.0)), 0, 1)
    child.review.add_result(made.entry("r1", made.volume_of(1, 120.0), cine=beat))
    view = volumes.state(child, room)
    assert view is not None
    assert (view.cine, [one.value for one in view.measured]) == (beat, [120.0])
    room.reviewing.judge("s1", FindingState.REJECTED)
    assert volumes.state(child, room) is None
