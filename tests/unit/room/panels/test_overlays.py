"""The Overlay section: segments with colour, volume and verdict; heatmaps that start on or off."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.room.panels import made
from viewer.core.finding import FindingState, Side
from viewer.display.overlay import Fill
from viewer.room.panels import overlays
from viewer.room.room import Room
from viewer.session import Session


def test_nothing_lies_over_a_fresh_picture(room: Room, child: Session) -> None:
    view = overlays.state(child, room)
    assert (view.segments, view.heats) == ((), ())
    assert view.choice.fill is Fill.COLOUR_AND_PATTERN


def test_segments_have_volume_colour_and_verdict(room: Room, child: Session) -> None:
    proposed = (made.volume_of(1, 120.0, side=Side.LEFT), made.volume_of(2, 80.0))
    child.review.add_result(made.entry("r1", *proposed, masks=(made.mask(1, 2),)))
    room.reviewing.judge("s2", FindingState.ACCEPTED)
    first, second = overlays.state(child, room).segments
    assert (first.key, first.name, first.group, first.volume_mm3) == (("r1", 1), "Part 1", "Left", 120.0)
    assert (second.group, second.state) == ("pack", FindingState.ACCEPTED)
    assert first.colour != second.colour
    assert overlays.swatch(child, room.overlays, proposed[0]) is None, "a finding that the session does not know"
    held = child.review.finding("s1")
    assert held is not None
    assert overlays.swatch(child, room.overlays, held) == (first.colour, first.pattern)


def test_a_heatmap_that_failed_or_was_not_tested_starts_off(room: Room, child: Session) -> None:
    maps = tuple(made.heatmap(honest) for honest in (True, False, None))
    child.review.add_result(made.entry("r1", made.finding("a"), heatmaps=maps))
    rows = overlays.state(child, room).heats
    assert [(row.key, row.starts_off) for row in rows] == [("r1/0", False), ("r1/1", True), ("r1/2", True)]
    choice = overlays.state(child, room).choice
    assert [choice.heat_shown(row.key, row.starts_off) for row in rows] == [True, False, False]


def test_rows_and_pictures_agree_on_which_heatmaps_are_on(room: Room, child: Session) -> None:
    maps = tuple(made.heatmap(honest) for honest in (True, False, None))
    child.review.add_result(made.entry("r1", made.finding("a"), heatmaps=maps))
    choice = replace(room.overlays.choice, heat_hidden=frozenset({"r1/0"}), heat_forced=frozenset({"r1/1"}))
    room.overlays.choose(choice)
    rows = overlays.state(child, room).heats
    laid = room.overlays.overlays("1.1")
    assert laid is not None
    on = [choice.heat_shown(row.key, row.starts_off) for row in rows]
    assert [layer.visible for layer in laid.heatmaps] == on == [False, True, False]
