"""The Analysis section: packs with what is known of them, and words where there is nothing to analyse."""

from __future__ import annotations

import pytest

from tests import tiny_packs
from tests.unit.room.panels import made
from viewer.core.analysis import GateReason, GateVerdict, Suitability
from viewer.core.study import Kind
from viewer.core.task import JobState
from viewer.room.analyses import PackState
from viewer.room.background import Job
from viewer.room.panels import analysis
from viewer.room.room import Room
from viewer.session import Session

RUN, WARN = GateVerdict(Suitability.RUN), GateVerdict(Suitability.WARN, (GateReason("age", Suitability.WARN, "Old."),))
REFUSE = GateVerdict(
    Suitability.REFUSE, (GateReason("modality", Suitability.REFUSE, "Needs MR; this is CT.", "(0008,0060)"),)
)


def test_nothing_is_open(room: Room, session: Session) -> None:
    view = analysis.state(session, room)
    assert not view.has_series
    assert [state.pack.id for state in view.packs] == ["pack", "other"]
    assert view.verified == "2 packs verified (weights match their hashes)"


def test_what_suits_is_what_runs_with_all(room: Room, child: Session) -> None:
    child.library.put_gate("1.1", {"pack": RUN, "other": REFUSE})
    view = analysis.state(child, room)
    assert view.has_series
    assert [(s.pack.id, s.suits, s.refused) for s in view.packs] == [("pack", True, False), ("other", False, True)]
    assert [s.pack.id for s in view.suiting] == ["pack"]
    assert view.packs[1].is_only_refused
    child.review.add_result(made.entry("r1"))
    assert analysis.state(child, room).suiting == (), "a pack that ran does not run again with all"


def test_a_missing_box_is_no_refusal(room: Room, child: Session) -> None:
    only_box = GateVerdict(Suitability.REFUSE, (GateReason("roi", Suitability.REFUSE, "Needs a box."),))
    child.library.put_gate("1.1", {"pack": only_box})
    assert not analysis.state(child, room).packs[0].refused


def test_jobs_of_other_series_are_counted(room: Room, child: Session) -> None:
    made.put(child, made.study("2", made.ADULT, made.stack("2.1")), scan="later")
    waiting = Job("j", "Pack", "2.1", "2", "pack", lambda _tell, _cancel: None, lambda _result: None)
    room.context.lane.submit(waiting)
    view = analysis.state(child, room)
    assert (view.others, view.packs[0].job) == (1, None)
    child.library.activate("2.1")
    state = analysis.state(child, room).packs[0]
    assert state.job is not None
    assert state.job.state in (JobState.RUNNING, JobState.QUEUED, JobState.DONE)


def test_an_object_is_no_picture(room: Room, session: Session) -> None:
    made.put(session, made.study("1", made.CHILD, made.stack("1.1", Kind.REPORT, "SR", None)))
    session.library.activate("1.1")
    view = analysis.state(session, room)
    assert (view.no_picture, view.packs) == (True, ())
    assert view.blocked == "This is no picture: no pack looks at it."


def test_badges_say_the_verdict_and_why() -> None:
    assert analysis.gate_badge(None).text == "Not checked"
    assert (analysis.gate_badge(RUN).kind, analysis.gate_badge(RUN).tip) == ("suits", "Every rule of the pack is met.")
    assert (analysis.gate_badge(WARN).kind, analysis.gate_badge(WARN).tip) == ("warned", "Old.")
    assert analysis.gate_badge(REFUSE).tip == "Needs MR; this is CT. (0008,0060)"


def test_packs_stand_by_what_can_be_done_and_are_counted(room: Room, child: Session) -> None:
    child.library.put_gate("1.1", {"pack": WARN, "other": REFUSE})
    view = analysis.state(child, room)
    assert [s.pack.id for s in view.in_order] == ["pack", "other"]
    assert view.counts == "1 warned, 1 refused"
    child.library.put_gate("1.1", {"pack": REFUSE, "other": RUN})
    view = analysis.state(child, room)
    assert ([s.pack.id for s in view.in_order], view.counts) == (["other", "pack"], "1 refused")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Ran, nothing found · 3.2 s on CPU"),
        ({"below_threshold": 2}, "Ran, nothing above the threshold · 3.2 s on CPU · below threshold, hidden: 2"),
        ({"findings": (made.finding("a"),)}, "Ran in 3.2 s on CPU · 1 finding"),
        ({"outcome": "refused", "gate": REFUSE}, "Needs MR; this is CT."),
        ({"outcome": "refused", "message": "It was refused."}, "It was refused."),
    ],
)
def test_four_ways_to_have_run(changes: dict[str, object], words: str) -> None:
    assert analysis.ran_words(made.entry("r1", **{"seconds": {"total": 3.2}, **changes})) == words


def test_one_reason_is_enough_where_a_pack_is_for_another_kind_of_picture() -> None:
    reasons = tuple(GateReason(rule, Suitability.REFUSE, rule) for rule in ("spacing", "modality", "roi", "age"))
    far = PackState(tiny_packs.info("far"), GateVerdict(Suitability.REFUSE, reasons))
    near = PackState(tiny_packs.info("near"), GateVerdict(Suitability.REFUSE, (*reasons[:1], *reasons[2:])))
    assert [reason.rule for reason in analysis.refusals(far)] == ["modality"]
    assert [reason.rule for reason in analysis.refusals(near)] == ["spacing", "age"]
    assert analysis.split_refused([far, near]) == ([far, near], []), "one alone does not fold"
    assert analysis.split_refused([far, near, far]) == ([near], [far, far])
