"""The session: one store, one thread, every change told; undo, signatures, closed studies."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.analysis import AnalysisResult, Provenance
from viewer.core.annotation import KeyMark
from viewer.core.errors import UsageError
from viewer.core.finding import Finding, FindingState, Location, Measurement, OperatingPoint, Side
from viewer.core.plain import from_plain, to_plain
from viewer.core.report import Signature
from viewer.core.study import Instance, Kind, Patient, Refusal, ScanResult, Series, Stack, Study
from viewer.journal import open_journal
from viewer.session import (
    Event,
    FindingChanged,
    KeyMarksChanged,
    ResultAdded,
    ResultEntry,
    Session,
    StudiesChanged,
    StudyClosed,
)
from viewer.session.record import Recorder, last_place, study_record


def stack(series: str, files: int = 1) -> Stack:
    instances = tuple(Instance(Path(f"{series}-{n}.dcm"), f"{series}.{n}") for n in range(files))
    return Stack(series, Kind.VOLUME, "CT", instances, files=files, frames=files)


def study(uid: str = "1.1", *series: Stack, name: str = "A") -> Study:
    held = series or (stack(f"{uid}.1"),)
    return Study(uid, Patient(name, name), tuple(Series(s.series_uid, (s,)) for s in held))


def result(request: str = "r1", *findings: Finding, **changes: object) -> AnalysisResult:
    found = findings or (finding("f1"),)
    passport = Provenance("pack", "1.0", "00", "CPU", "torch", settings={"roi": changes.pop("roi", None)})
    return AnalysisResult(request, "pack", "ran", findings=found, provenance=passport)


def finding(name: str, **changes: object) -> Finding:
    made = Finding(name, "pack", "Nodule", "1.1.1", score=0.8, location=Location("Right", slice_index=3))
    return replace(made, **changes)  # type: ignore[arg-type]


def opened() -> tuple[Session, list[Event]]:
    session = Session()
    session.library.put_scan("scan", ScanResult((study(),), files=1))
    session.review.add_result(ResultEntry("r1", "1.1.1", "1.1", result()))
    events: list[Event] = []
    session.subscribe(events.append)
    return session, events


def test_a_growing_scan_replaces_itself() -> None:
    session = Session()
    session.library.put_scan("s", ScanResult((study("1.1", stack("a", 1)),), files=1))
    session.library.put_scan("s", ScanResult((study("1.1", stack("a", 9)),), (Refusal("x", "corrupt", "w"),), files=10))
    assert [k.files for k in session.library.studies[0].stacks] == [9]
    assert session.library.files == 10
    assert len(session.library.refused) == 1


def test_two_scans_of_one_study_are_one_study() -> None:
    session = Session()
    session.library.put_scan("one", ScanResult((study("1.1", stack("a", 5)),)))
    session.library.put_scan("two", ScanResult((study("1.1", stack("a", 2), stack("b", 3)),)))
    assert [(k.key, k.files) for k in session.library.studies[0].stacks] == [("a", 5), ("b", 3)]


def test_a_closed_study_stays_closed_until_it_is_opened_again() -> None:
    session = Session()
    session.library.put_scan("one", ScanResult((study("1.1"), study("1.2", name="B"))))
    session.close_study("1.1")
    session.library.put_scan("one", ScanResult((study("1.1"), study("1.2", name="B"))))
    assert [s.uid for s in session.library.studies] == ["1.2"]
    session.library.put_scan("two", ScanResult((study("1.3", name="C"),)))
    assert [s.uid for s in session.library.studies] == ["1.2", "1.3"]
    session.library.put_scan("three", ScanResult((study("1.1"),)))
    assert session.library.study("1.1") is not None


def test_closing_tells_and_takes_everything_of_the_study() -> None:
    session, events = opened()
    session.library.activate("1.1.1")
    session.close_study("1.1")
    assert StudyClosed("1.1") in events
    assert isinstance(events[-1], StudiesChanged)
    assert session.library.active == ""
    assert session.review.results() == ()
    assert session.history.undoable is None


def test_results_of_a_closed_study_are_dropped() -> None:
    session, events = opened()
    session.close_study("1.1")
    events.clear()
    assert not session.review.add_result(ResultEntry("r2", "1.1.1", "1.1", result("r2")))
    assert events == []


def test_a_verdict_is_told_undone_and_done_again() -> None:
    session, events = opened()
    session.review.judge("f1", FindingState.ACCEPTED, "Dr. A")
    (told,) = [event for event in events if isinstance(event, FindingChanged)]
    assert (told.finding.state, told.finding.reader) == (FindingState.ACCEPTED, "Dr. A")
    step = session.history.undo()
    assert step is not None
    assert step.what == "Verdict on Nodule"
    assert session.review.finding("f1").state is FindingState.PROPOSED  # type: ignore[union-attr]
    session.history.redo()
    assert session.review.finding("f1").state is FindingState.ACCEPTED  # type: ignore[union-attr]
    assert session.history.redo() is None


def test_an_edit_keeps_the_proposal() -> None:
    session, _ = opened()
    edited = session.review.edit("f1", label="Mass", side=Side.LEFT, comment="seen twice", reader="Dr. A")
    assert edited.original is not None
    assert (edited.label, edited.original.label, edited.edited) == ("Mass", "Nodule", True)
    with pytest.raises(UsageError, match="needs a name"):
        session.review.edit("f1", label="  ", side=Side.NONE, comment="", reader="Dr. A")
    for attempt in (
        lambda: session.review.edit("f1", label="Mass", side=Side.NONE, comment="", reader=""),
        lambda: session.review.judge("f1", FindingState.ACCEPTED, " "),
    ):
        with pytest.raises(UsageError, match="needs the reader's name"):
            attempt()


def test_a_signed_report_locks_findings_and_text() -> None:
    session, _ = opened()
    session.review.put_report_text("1.1", {"impression": "None."})
    with pytest.raises(UsageError, match="organisation"):
        session.review.sign("1.1", Signature("Dr. A", "", "2026-03-02T10:00:00+00:00"))
    with pytest.raises(UsageError, match="findings are open: f1"):
        session.review.sign("1.1", Signature("Dr. A", "Hospital", "2026-03-02T10:00:00+00:00"))
    session.review.judge("f1", FindingState.ACCEPTED, "Dr. A")
    session.review.sign("1.1", Signature("Dr. A", "Hospital", "2026-03-02T10:00:00+00:00"))
    for attempt in (
        lambda: session.review.judge("f1", FindingState.REJECTED, "Dr. A"),
        lambda: session.review.put_report_text("1.1", {}),
        session.history.undo,
    ):
        with pytest.raises(UsageError, match="signed"):
            attempt()
    assert session.history.undoable is not None, "a refused undo is not lost"


MARK = KeyMark("1.1.1", "axial", 7, 40.0, 400.0)


def test_a_key_image_is_marked_and_unmarked_whatever_its_window() -> None:
    session, events = opened()
    other = replace(MARK, slice_index=8)
    assert session.review.toggle_key_mark("1.1", MARK)
    assert session.review.toggle_key_mark("1.1", other)
    assert session.review.key_marks("1.1") == (MARK, other)
    assert not session.review.toggle_key_mark("1.1", replace(MARK, center=-600.0, width=1500.0))
    assert session.review.key_marks("1.1") == (other,)
    assert [event for event in events if isinstance(event, KeyMarksChanged)] == [KeyMarksChanged("1.1")] * 3
    session.close_study("1.1")
    assert session.review.key_marks("1.1") == ()


def test_a_signed_report_locks_its_key_images() -> None:
    session, _ = opened()
    session.review.toggle_key_mark("1.1", MARK)
    session.review.judge("f1", FindingState.ACCEPTED, "Dr. A")
    session.review.sign("1.1", Signature("Dr. A", "Hospital", "2026-03-02T10:00:00+00:00"))
    with pytest.raises(UsageError, match="signed"):
        session.review.toggle_key_mark("1.1", MARK)
    assert session.review.key_marks("1.1") == (MARK,)


def test_the_journal_gives_back_the_key_images(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    session = Session()
    Recorder(journal, session, pytest.fail)
    session.library.put_scan("scan", ScanResult((study(),)))
    for mark in (MARK, replace(MARK, slice_index=8, function="SIGMOID"), MARK):
        session.review.toggle_key_mark("1.1", mark)
    assert study_record(journal, "1.1").marks == (replace(MARK, slice_index=8, function="SIGMOID"),)
    before = len(list(journal.entries()))
    session.review.restore("1.1", {}, (MARK,), None)
    assert len(list(journal.entries())) == before
    journal.close()


def test_running_again_hides_the_old_result_but_no_verdict() -> None:
    session, _ = opened()
    session.review.add_result(ResultEntry("r2", "1.1.1", "1.1", result("r2", finding("f2"))))
    assert [f.id for f in session.review.findings("1.1")] == ["f2"]
    session.review.judge("f2", FindingState.REJECTED, "Dr. A")
    session.review.add_result(ResultEntry("r3", "1.1.1", "1.1", result("r3", finding("f3"))))
    assert [f.id for f in session.review.findings("1.1")] == ["f2", "f3"]


def test_two_boxes_are_two_results() -> None:
    session = Session()
    session.library.put_scan("scan", ScanResult((study(),)))
    for name, box in (("r1", [[0, 0, 0], [1, 1, 1]]), ("r2", [[2, 2, 2], [3, 3, 3]])):
        session.review.add_result(ResultEntry(name, "1.1.1", "1.1", result(name, finding("f" + name), roi=box)))
    assert len(session.review.latest_results("1.1")) == 2


def test_changes_off_the_own_thread_are_refused() -> None:
    session, _ = opened()
    raised: list[BaseException] = []

    def change() -> None:
        try:
            session.review.judge("f1", FindingState.ACCEPTED, "x")
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_an_observer_that_left_hears_nothing() -> None:
    session, _ = opened()
    heard: list[Event] = []
    session.subscribe(heard.append)()
    session.review.judge("f1", FindingState.ACCEPTED, "x")
    assert heard == []


def test_the_journal_gives_back_what_was_judged(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    session = Session()
    Recorder(journal, session, pytest.fail)
    session.library.put_scan("scan", ScanResult((study(),)))
    measured = finding("f1", measurements=(Measurement("Volume", 12.0, "mm3", plus_minus=1.5),))
    entry = ResultEntry("r1", "1.1.1", "1.1", result("r1", measured, finding("f2")), tmp_path / "results")
    session.review.add_result(entry)
    session.review.judge("f1", FindingState.ACCEPTED, "Dr. A", "clear")
    session.review.edit("f2", label="Vessel", side=Side.RIGHT, comment="", reader="Dr. A")
    session.history.undo()
    session.review.put_report_text("1.1", {"impression": "结节"})
    record = study_record(journal, "1.1")
    assert [e.id for e in record.entries] == ["r1"]
    assert record.entries[0].folder == tmp_path / "results"
    assert {f.id: f for f in record.findings} == {f.id: f for f in session.review.findings("1.1")}
    assert record.sections == {"impression": "结节"}
    journal.close()


def test_restored_changes_are_not_written_again(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    session = Session()
    Recorder(journal, session, pytest.fail)
    session.library.put_scan("scan", ScanResult((study(),)))
    before = len(list(journal.entries()))
    added: list[Event] = []
    session.subscribe(added.append)
    session.review.add_result(ResultEntry("r1", "1.1.1", "1.1", result()), restored=True)
    session.review.restore("1.1", {"a": "b"}, (), None)
    assert any(isinstance(e, ResultAdded) and e.restored for e in added)
    assert len(list(journal.entries())) == before
    journal.close()


def test_the_last_place_says_whether_the_run_was_cut_off(tmp_path: Path) -> None:
    first, _ = open_journal(tmp_path)
    session = Session()
    recorder = Recorder(first, session, pytest.fail)
    session.library.open_paths(["/a", "/b"])
    recorder.place({"stack": "1.1.1", "views": []})
    first.close()
    second, _ = open_journal(tmp_path)
    last = last_place(second)
    assert (last.paths, last.place, last.ended) == (("/a", "/b"), {"stack": "1.1.1", "views": []}, False)
    Recorder(second, Session(), pytest.fail).ended()
    second.close()
    third, _ = open_journal(tmp_path)
    assert last_place(third).ended
    third.close()


points = st.tuples(*(st.floats(-1e4, 1e4, allow_nan=False) for _ in range(3)))
findings = st.builds(
    Finding,
    id=st.text(min_size=1, max_size=8),
    pack=st.sampled_from(["", "pack"]),
    label=st.text(max_size=20),
    series_uid=st.none() | st.text(max_size=8),
    score=st.none() | st.floats(0, 1),
    operating_point=st.none() | st.builds(OperatingPoint, st.text(max_size=5), st.floats(0, 1)),
    side=st.sampled_from(Side),
    location=st.builds(
        Location,
        st.text(max_size=8),
        st.lists(points, max_size=4).map(tuple),
        st.none() | st.just(((0, 1, 2), (3, 4, 5))),
        st.none() | st.integers(0, 500),
    ),
    measurements=st.lists(
        st.builds(Measurement, st.text(max_size=6), st.floats(-1e6, 1e6), st.just("mm")), max_size=3
    ).map(tuple),
    state=st.sampled_from(FindingState),
)


@given(findings)
def test_findings_survive_plain_data(found: Finding) -> None:
    edited = found.edited_to(label="x", side=Side.LEFT, comment="y")
    assert from_plain(Finding, to_plain(edited)) == edited


def test_plain_data_has_no_arrays() -> None:
    import numpy as np

    with pytest.raises(TypeError, match="ndarray"):
        to_plain({"a": np.zeros(2)})
