"""The tour: steps in both languages with the keys that hold, done by the reader's own hand."""

from __future__ import annotations

import re

from tests.unit.room.panels import made
from viewer.room import actions
from viewer.room.room import Room
from viewer.room.tour import STEPS, Tour
from viewer.session import Session
from viewer.words.i18n import load_words


def test_every_step_names_its_keys_and_has_its_chinese() -> None:
    words = load_words("zh")
    for step in STEPS:
        places = sorted(set(re.findall(r"\{(\d)\}", step.words)))
        assert places == [str(n) for n in range(len(step.keys))], step.title
        assert sorted(set(re.findall(r"\{(\d)\}", words[step.words]))) == places
        assert step.title in words
        assert all(actions.row(name) for name in step.keys)


def test_a_step_is_done_when_the_reader_did_it_and_the_end_is_kept(room: Room, child: Session) -> None:
    tour = Tour(room)
    assert tour.view().step is None
    tour.start()
    measuring = next(n for n, step in enumerate(STEPS) if step.title == "Measure")
    tour.step(measuring)
    assert (tour.view().step, tour.view().done, tour.view().keys[0]) == (measuring, False, "D")
    room.context.change_settings(shortcuts={"tool.length": "Ctrl+J"})
    assert tour.view().keys[0] == "Ctrl+J"
    room.annotations.put(made.length("a"))
    assert tour.view().done
    tour.step(-1)
    assert tour.view().step == measuring - 1
    assert not room.context.settings.tour_seen
    tour.step(len(STEPS))
    assert tour.view().step is None and room.context.settings.tour_seen
