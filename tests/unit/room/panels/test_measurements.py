"""The Measurements section: what was drawn on the stacks on screen, numbered, with place and value."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.unit.room.panels import made
from viewer.room.panels import measurements
from viewer.room.room import Room
from viewer.session import Session


def test_only_what_lies_on_the_stacks_on_screen(room: Room, child: Session) -> None:
    made.put(child, made.study("2", made.ADULT, made.stack("2.1")), scan="later")
    for drawing in (made.length("a"), made.length("b", key="2.1"), made.length("c", 12.3, index=2)):
        room.annotations.put(drawing)
    assert measurements.state(child, room) == ()
    child.views.put_shown(("1.1",))
    rows = measurements.state(child, room)
    assert [(row.id, row.name, row.where) for row in rows] == [
        ("a", "Length 1", "Image 2"),
        ("c", "Length 3", "Image 3"),
    ]
    assert rows[1].value == "12.3 mm"
    assert rows[0].icon == "length"


def test_what_is_taken_away_goes_and_comes_back_with_undo(room: Room, child: Session) -> None:
    child.views.put_shown(("1.1",))
    room.annotations.put(made.length("a"))
    room.annotations.remove("a")
    assert measurements.state(child, room) == ()
    room.reviewing.undo()
    assert [row.id for row in measurements.state(child, room)] == ["a"]


def test_a_drawing_keeps_the_number_it_was_given(room: Room, child: Session) -> None:
    child.views.put_shown(("1.1",))
    for name in ("a", "b"):
        room.annotations.put(made.length(name))
    room.annotations.remove("a")
    room.annotations.put(made.length("c", 12.3))
    room.annotations.rename("c", "  Lesion  upper lobe ")
    assert [row.name for row in measurements.state(child, room)] == ["Length 2", "Lesion upper lobe"]
    room.annotations.rename("c", "  ")
    assert [row.name for row in measurements.state(child, room)] == ["Length 2", "Lesion upper lobe"]
    room.reviewing.undo()
    assert [row.name for row in measurements.state(child, room)] == ["Length 2", "Length 3"]


def test_the_table_is_written_for_other_programs(room: Room, child: Session, tmp_path: Path) -> None:
    child.library.activate("1.1")
    room.annotations.put(made.length("a", 12.3))
    room.measuring.write_table(str(tmp_path / "table.csv"))
    (line,) = csv.DictReader((tmp_path / "table.csv").read_text(encoding="utf-8").splitlines())
    assert (line["value_name"], float(line["value"]), line["unit"]) == ("Length", 12.3, "mm")
