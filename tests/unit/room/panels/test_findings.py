"""The Findings section: numbered over the study, with place, verdict, lock, and what was not found."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.room.panels import made
from viewer.core.finding import FindingState, Side
from viewer.core.report import Signature
from viewer.room.panels import findings
from viewer.room.room import Room
from viewer.session import Session


def test_nothing_is_open(room: Room, session: Session) -> None:
    assert findings.state(session, room) == findings.FindingsView()


def test_findings_are_numbered_with_their_place_and_image(room: Room, child: Session) -> None:
    child.review.add_result(made.entry("r1", made.finding("a"), made.finding("b", "Mass")))
    view = findings.state(child, room)
    assert view.analysed
    assert [(look.number, look.finding.label, look.place) for look in view.looks] == [
        (1, "Nodule", "Right upper zone · image 2"),
        (2, "Mass", "Right upper zone · image 2"),
    ]
    assert not any(look.brief for look in view.looks)


def test_the_fresh_result_is_selected_and_only_one_is(room: Room, child: Session) -> None:
    child.review.add_result(made.entry("r1", made.finding("a"), made.finding("b")))
    assert [look.selected for look in findings.state(child, room).looks] == [True, False]
    room.reviewing.select("b", jump=False)
    assert [look.selected for look in findings.state(child, room).looks] == [False, True]


def test_a_side_the_reader_changed_takes_the_place_of_the_packs_words(room: Room, child: Session) -> None:
    child.review.add_result(made.entry("r1", made.finding("a", side=Side.RIGHT)))
    room.reviewing.edit("a", "Nodule", Side.LEFT, "")
    assert findings.state(child, room).looks[0].place == "left · image 2"
    room.reviewing.edit("a", "Nodule", Side.NONE, "")
    assert findings.state(child, room).looks[0].place == "no side · image 2"


def test_packs_that_found_nothing_say_which_way(room: Room, child: Session) -> None:
    child.review.add_result(made.entry("r1"))
    assert findings.state(child, room).nothing == (f"{room.packs.name('pack')}: ran, nothing found.",)
    child.review.add_result(made.entry("r2", below_threshold=2))
    view = findings.state(child, room)
    assert (view.hidden, view.looks) == (2, ())
    assert view.nothing == (f"{room.packs.name('pack')}: ran, nothing above its threshold.",)


def test_a_pack_that_was_refused_has_not_run(room: Room, child: Session) -> None:
    refused = made.entry("r1")
    child.review.add_result(replace(refused, result=replace(refused.result, outcome="refused")))
    assert not findings.state(child, room).analysed


def test_many_findings_are_brief_and_signed_ones_locked(room: Room, child: Session) -> None:
    child.review.add_result(made.entry("r1", *(made.finding(name) for name in "abcd")))
    assert all(look.brief for look in findings.state(child, room).looks)
    for name in "abcd":
        room.reviewing.judge(name, FindingState.ACCEPTED)
    child.review.sign("1", Signature("Dr. A. Reader", "Sample Hospital", "2026-03-02T11:00:00+00:00"))
    assert all(look.locked for look in findings.state(child, room).looks)
