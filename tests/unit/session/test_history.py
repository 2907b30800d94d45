"""One stack of undo over verdicts, words, texts, key images, measurements and layout; it survives a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.session.test_session import finding, result, study
from viewer.core.annotation import KeyMark
from viewer.core.errors import UsageError
from viewer.core.finding import FindingState, Measurement, Side
from viewer.core.measurement import ReaderMeasurement
from viewer.core.report import Signature
from viewer.core.study import ScanResult
from viewer.journal import Journal, open_journal
from viewer.session import Event, HistoryChanged, MeasurementsChanged, ResultEntry, Session, Stepped, Thing
from viewer.session.record import Recorder, study_record
from viewer.session.views import ShownLayout, ShownView

LINE = ReaderMeasurement(
    "m1",
    "length",
    "Length",
    "1.1.1",
    11,
    "native",
    ((0.0, 0.0, 0.0), (10.0, 0.0, 0.0)),
    (Measurement("Length", 10.0, "mm", plus_minus=0.4),),
)
MARK = KeyMark("1.1.1", "axial", 7, 40.0, 400.0)
TWO = ShownLayout("1x2", (ShownView("1.1.1"), ShownView("1.1.1", "axial", 3, 40.0, 400.0)), by_hand=True)


def opened(journal: Journal | None = None) -> Session:
    session = Session()
    if journal is not None:
        Recorder(journal, session, pytest.fail)
    session.library.put_scan("scan", ScanResult((study(), study("1.2", name="B"))))
    return session


def with_result(session: Session) -> Session:
    session.review.add_result(ResultEntry("r1", "1.1.1", "1.1", result("r1", finding("f1"))))
    return session


def restored(journal: Journal, *uids: str) -> Session:
    """What stands after a restart, once these studies are opened again."""
    session = opened()
    for uid in uids or ("1.1",):
        record = study_record(journal, uid)
        session.review.restore(uid, record.sections or {}, record.marks, record.signature)
        session.measurements.restore(uid, record.measurements)
        session.history.restore(record.moves)
        for entry in record.entries:
            session.review.add_result(entry, record.findings, restored=True)
    return session


#: A change by the reader, and what it changes.
CHANGES: dict[str, tuple[Callable[[Session], object], Callable[[Session], object]]] = {
    "Verdict on Nodule": (
        lambda s: s.review.judge("f1", FindingState.ACCEPTED, "Dr. A"),
        lambda s: s.review.finding("f1").state,  # type: ignore[union-attr]
    ),
    "Words of Nodule": (
        lambda s: s.review.edit("f1", label="Mass", side=Side.LEFT, comment="", reader="Dr. A"),
        lambda s: s.review.finding("f1").label,  # type: ignore[union-attr]
    ),
    "Text of the report: impression": (
        lambda s: s.review.put_report_text("1.1", {"impression": "None."}),
        lambda s: s.review.report_text("1.1"),
    ),
    "Key image 8": (lambda s: s.review.toggle_key_mark("1.1", MARK), lambda s: s.review.key_marks("1.1")),
    "Length on image 12": (lambda s: s.measurements.put(LINE), lambda s: s.measurements.all()),
    "Layout": (lambda s: s.views.arrange(TWO, s.views.layout), lambda s: s.views.layout),
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_is_one_named_step_there_and_back(what: str) -> None:
    session = with_result(opened())
    change, look = CHANGES[what]
    before = look(session)
    change(session)
    after = look(session)
    assert after != before
    step = session.history.undoable
    assert step is not None
    assert step.what == what
    assert session.history.undo() is step
    assert look(session) == before
    assert session.history.undoable is None
    assert session.history.redo() is step
    assert look(session) == after
    assert session.history.redo() is None


def test_undo_after_a_wrong_caliper_takes_back_the_caliper_and_no_verdict() -> None:
    session = with_result(opened())
    session.review.judge("f1", FindingState.ACCEPTED, "Dr. A")
    session.measurements.put(LINE)
    session.history.undo()
    assert session.measurements.all() == ()
    assert session.review.finding("f1").state is FindingState.ACCEPTED  # type: ignore[union-attr]


def test_moving_renaming_and_deleting_are_a_step_each() -> None:
    session = opened()
    session.measurements.put(LINE)
    moved = replace(LINE, points_lps=((0.0, 0.0, 0.0), (20.0, 0.0, 0.0)))
    session.measurements.put(moved)
    session.measurements.put(replace(moved, name="Aorta"))
    session.measurements.put(replace(moved, name="Aorta"))
    session.measurements.remove("m1")
    seen = []
    while session.history.undo() is not None:
        seen.append(session.measurements.get("m1"))
    assert seen == [replace(moved, name="Aorta"), moved, LINE, None]
    assert session.measurements.remove("m1") is None


def test_a_new_step_ends_what_could_be_done_again() -> None:
    session = opened()
    session.measurements.put(LINE)
    session.history.undo()
    session.measurements.put(replace(LINE, id="m2"))
    assert session.history.redoable is None


def test_the_journal_hears_of_a_step_before_anybody_else() -> None:
    session = opened()
    heard: list[Event] = []
    session.subscribe(heard.append)
    session.measurements.put(LINE)
    assert [type(event) for event in heard] == [Stepped, MeasurementsChanged, HistoryChanged]


def test_a_step_of_a_signed_report_is_refused_and_kept() -> None:
    session = with_result(opened())
    session.review.put_report_text("1.1", {"impression": "None."})
    session.review.judge("f1", FindingState.ACCEPTED, "Dr. A")
    session.review.sign("1.1", Signature("Dr. A", "Hospital", "2026-03-02T10:00:00+00:00"))
    with pytest.raises(UsageError, match="signed"):
        session.history.undo()
    assert session.review.finding("f1").state is FindingState.ACCEPTED  # type: ignore[union-attr]
    assert session.history.undoable is not None


def test_steps_of_a_closed_study_go_and_those_of_others_stay() -> None:
    session = opened()
    other = replace(LINE, id="m2", stack_key="1.2.1")
    session.measurements.put(other)
    session.measurements.put(LINE)
    session.close_study("1.1")
    assert session.measurements.all() == (other,)
    assert session.history.undo() is not None
    assert session.measurements.all() == ()
    assert session.history.undo() is None


def test_what_is_not_open_cannot_be_measured() -> None:
    with pytest.raises(UsageError, match="not open"):
        opened().measurements.put(replace(LINE, stack_key="9.9"))


def test_everything_and_the_undo_of_it_stand_again_after_a_restart(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    session = with_result(opened(journal))
    states = []
    looks = [look for _, look in CHANGES.values() if look is not CHANGES["Layout"][1]]
    for change, _ in CHANGES.values():
        states.append([look(session) for look in looks])
        change(session)
    session.history.undo()
    journal.close()
    again, _ = open_journal(tmp_path)
    back = restored(again)
    assert study_record(again, "1.1").layout == ShownLayout()
    assert back.history.redoable is not None
    assert back.history.redoable.thing is Thing.LAYOUT
    for state in reversed(states[:-1]):
        assert back.history.undo() is not None
        assert [look(back) for look in looks] == state
    assert back.history.undo() is None
    again.close()


def test_steps_of_two_studies_interleave_again(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    session = opened(journal)
    names = ["1.1.1", "1.2.1", "1.1.1", "1.2.1"]
    for number, key in enumerate(names):
        session.measurements.put(replace(LINE, id=f"m{number}", stack_key=key))
    back = restored(journal, "1.2", "1.1")
    order = []
    while (step := back.history.undo()) is not None:
        order.append(step.after.id)
    assert order == ["m3", "m2", "m1", "m0"]
    journal.close()


def test_a_study_opened_later_keeps_the_newest_step_on_top(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    first = opened(journal)
    first.measurements.put(LINE)
    second = opened(journal)
    second.measurements.put(replace(LINE, id="m2", stack_key="1.2.1"))
    record = study_record(journal, "1.1")
    second.measurements.restore("1.1", record.measurements)
    second.history.restore(record.moves)
    second.history.restore(record.moves)
    assert [second.history.undo().after.id for _ in range(2)] == ["m2", "m1"]  # type: ignore[union-attr]
    journal.close()


@given(st.lists(st.sampled_from(["put", "undo", "redo"]), max_size=25))
def test_the_journal_and_the_store_never_differ(tmp_path_factory: pytest.TempPathFactory, acts: list[str]) -> None:
    journal, _ = open_journal(tmp_path_factory.mktemp("journal"))
    session = opened(journal)
    for number, act in enumerate(acts):
        if act == "put":
            session.measurements.put(replace(LINE, id=f"m{number % 3}", name=f"Length {number}"))
        elif act == "undo":
            session.history.undo()
        else:
            session.history.redo()
    back = restored(journal)
    assert set(back.measurements.all()) == set(session.measurements.all())
    for one, other in (
        (back.history.undoable, session.history.undoable),
        (back.history.redoable, session.history.redoable),
    ):
        assert (one and one.id) == (other and other.id)
    journal.close()


def _ends(session: Session) -> tuple[int | None, int | None]:
    done, undone = session.history.undoable, session.history.redoable
    return (None if done is None else done.id, None if undone is None else undone.id)


def test_the_journal_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    session = with_result(opened(journal))
    judged = finding("f1", result_id="r1").judged(FindingState.REJECTED, "Dr. A", "2026-03-02T10:00:00+00:00")
    from viewer.core.plain import to_plain

    journal.append("finding", {"action": "rejected", "finding": to_plain(judged)}, "1.1")
    journal.append("report", {"sections": {"impression": "None."}}, "1.1")
    journal.append("key_images", {"marks": [to_plain(MARK)]}, "1.1")
    old = {
        "id": "d1",
        "kind": "length",
        "points_lps": [[0, 0, 0], [3, 4, 0]],
        "stack_key": "1.1.1",
        "plane": "native",
        "slice_index": 2,
        "label": "5.0 mm",
        "reading": {"value": 5.0, "unit": "mm", "note": ""},
    }
    journal.append("drawing", {"drawing": old}, "1.1")
    journal.append("drawing", {"drawing": {**old, "id": "d2"}}, "1.1")
    journal.append("drawing", {"removed": "d1"}, "1.1")
    record = study_record(journal, "1.1")
    assert [f.state for f in record.findings] == [FindingState.REJECTED]
    assert (record.sections, record.marks) == ({"impression": "None."}, (MARK,))
    assert [(one.id, one.name, one.values[0].value) for one in record.measurements] == [("d2", "Length", 5.0)]
    assert record.moves == ()
    assert session.history.undoable is None
    journal.close()
