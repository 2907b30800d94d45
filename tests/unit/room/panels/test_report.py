"""The report: accepted findings, what is still open, the statement, and why there can be none."""

from __future__ import annotations

from tests.unit.room.panels import made
from viewer.core.annotation import KeyMark
from viewer.core.finding import FindingState
from viewer.core.report import INTENDED_USE, Signature
from viewer.room.panels import report
from viewer.room.room import Room
from viewer.session import Session


def test_nothing_is_open(room: Room, session: Session) -> None:
    assert report.state(session, room) == report.ReportView()
    assert report.ReportView().state_words == "empty"


def test_accepted_and_open_findings_keep_their_numbers(room: Room, child: Session) -> None:
    child.review.add_result(made.entry("r1", *(made.finding(name) for name in "abc")))
    room.reviewing.judge("b", FindingState.ACCEPTED)
    room.reviewing.judge("c", FindingState.REJECTED)
    view = report.state(child, room)
    assert [(number, one.id) for number, one in view.accepted] == [(2, "b")]
    assert (view.open_numbers, view.open_ids) == ((1,), ("a",))
    assert view.state_words == "draft · 1 accepted, 1 open"
    assert (view.patient, view.reader) == ("SYNTHETIC CHILD A", "Dr. A. Reader")


def test_the_statement_is_the_one_of_the_paper(room: Room, child: Session) -> None:
    assert report.state(child, room).statement == ("No pack has run on this study.",)
    child.review.add_result(made.entry("r1", made.finding("a"), made.finding("b")))
    room.reviewing.judge("a", FindingState.ACCEPTED)
    first, rest, *others = report.state(child, room).statement
    for part in ("Finding 1 was proposed", "1.0.0", "abab…abab", "2 Mar 2026 10:17", "CPU", "without change"):
        assert part in first
    assert rest == "Of its proposals (2): 1 accepted, 1 not judged."
    assert "The score is not a probability." in others
    assert INTENDED_USE in others


def test_text_marks_and_signature_are_there(room: Room, child: Session) -> None:
    room.reporting.put_text("1", {"impression": "Clear."})
    room.reporting.mark(KeyMark("1.1", "native", 0, 40.0, 400.0))
    view = report.state(child, room)
    assert (dict(view.sections), view.key_images, view.signature) == ({"impression": "Clear."}, 1, None)
    child.review.sign("1", Signature("Dr. A. Reader", "Sample Hospital", "2026-03-02T11:00:00+00:00"))
    assert report.state(child, room).state_words == "signed · 0 accepted, 0 open"


def test_two_patients_on_screen_block_it(room: Room, child: Session) -> None:
    made.put(child, made.study("2", made.ADULT, made.stack("2.1")), scan="later")
    child.views.put_shown(("1.1", "2.1"))
    assert report.state(child, room).blocked == "Off: two patients are on screen."
    child.views.put_shown(("1.1",))
    assert not report.state(child, room).blocked


def test_hidden_names_stay_hidden(room: Room, child: Session) -> None:
    room.context.change_settings(hide_patient_name=True)
    view = report.state(child, room)
    assert "CHILD" not in f"{view.patient}{view.patient_line}{view.study}"
