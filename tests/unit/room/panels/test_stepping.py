"""Stepping through series and patients stays within the study and among those that are open."""

from __future__ import annotations

from tests.unit.room.panels import made
from viewer.core.study import Kind, Stack
from viewer.room.room import Room
from viewer.session import Session


def objects(*uids: str) -> tuple[Stack, ...]:
    """Stacks that are no pictures: nothing has to be read to show them."""
    return tuple(made.stack(uid, Kind.REPORT, "SR", None) for uid in uids)


def test_series_are_stepped_through_within_their_study(room: Room, session: Session) -> None:
    made.put(session, made.study("1", made.CHILD, *objects("1.1", "1.2")), made.study("2", made.ADULT, *objects("2.1")))
    session.library.activate("1.1")
    for by, active in ((1, "1.2"), (1, "1.2"), (-1, "1.1"), (-1, "1.1")):
        room.step_series(by)
        assert session.library.active == active


def test_patients_are_stepped_through_with_their_newest_study(room: Room, session: Session) -> None:
    old = made.study("1", made.CHILD, *objects("1.1"), date="20250101")
    new = made.study("3", made.CHILD, *objects("3.1"))
    made.put(session, old, made.study("2", made.ADULT, *objects("2.1")), new)
    session.library.activate("1.1")
    for by, active in ((1, "2.1"), (1, "2.1"), (-1, "3.1")):
        room.step_patient(by)
        assert session.library.active == active


def test_the_active_study_is_closed_and_the_next_is_shown(room: Room, session: Session) -> None:
    made.put(session, made.study("1", made.CHILD, *objects("1.1")), made.study("2", made.ADULT, *objects("2.1")))
    session.library.activate("1.1")
    room.close_active()
    assert [study.uid for study in session.library.studies] == ["2"]
    assert session.library.active == "2.1"
    room.close_active()
    room.close_active()
    room.step_series(1)
    assert (session.library.studies, session.library.active) == ((), "")
