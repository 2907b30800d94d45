"""The studies panel, the patient block, the banner and the status bar."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.room.panels import made
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.study import Kind, Patient, Refusal, ScanResult
from viewer.core.task import CancelToken, JobState, OnProgress, Progress
from viewer.room.background import Job
from viewer.room.panels import banner, patient, report, status, studies
from viewer.room.panels.studies import RowKind
from viewer.room.room import Room
from viewer.session import Session


def test_rows_stand_by_patient_newest_study_first(room: Room, session: Session) -> None:
    old = made.study("0", made.CHILD, made.stack("0.1"), date="20260201")
    new = made.study("1", made.CHILD, made.stack("1.1"), made.stack("1.2", Kind.WAVEFORM, "ECG", None))
    made.put(session, old, made.study("2", made.ADULT, made.stack("2.1")), new)
    view = studies.state(session, room)
    assert [(row.kind, row.title) for row in view.rows] == [
        (RowKind.PATIENT, "SYNTHETIC CHILD A"),
        (RowKind.STUDY, "Current · 2 Mar 2026"),
        (RowKind.STACK, "Series 1.1"),
        (RowKind.STACK, "Series 1.2"),
        (RowKind.STUDY, "Prior · 1 Feb 2026 · 29 days"),
        (RowKind.STACK, "Series 0.1"),
        (RowKind.PATIENT, "SYNTHETIC ADULT B"),
        (RowKind.STUDY, "Current · 2 Mar 2026"),
        (RowKind.STACK, "Series 2.1"),
    ]
    assert (view.rows[2].line, view.rows[3].line) == ("CT · 4 images", "ECG · signals")
    assert (view.patients, view.files, view.scanning) == (2, 4, False)


def test_what_is_shown_is_marked_and_two_patients_have_letters(room: Room, child: Session) -> None:
    made.put(child, made.study("2", made.ADULT, made.stack("2.1")), scan="later")
    child.views.put_shown(("1.1",))
    rows = studies.state(child, room).rows
    assert [row.key for row in rows if row.shown] == ["1.1"]
    assert not any(row.letter for row in rows)
    child.views.put_shown(("2.1", "1.1"))
    assert {row.title: row.letter for row in studies.state(child, room).rows if row.kind is RowKind.PATIENT} == {
        "SYNTHETIC CHILD A": "B",
        "SYNTHETIC ADULT B": "A",
    }


def test_studies_without_name_and_id_are_no_priors_of_each_other(room: Room, session: Session) -> None:
    nobody = Patient()
    made.put(session, made.study("1", nobody, made.stack("1.1")), made.study("2", nobody, made.stack("2.1")))
    session.views.put_shown(("1.1", "2.1"))
    rows = studies.state(session, room).rows
    assert [row.kind for row in rows].count(RowKind.PATIENT) == 2
    assert not any(row.title.startswith("Prior") for row in rows)
    assert [name for _, name in banner.state(session, room).patients] == ["no name", "no name"]
    session.library.activate("1.1")
    assert report.state(session, room).blocked == "Off: two patients are on screen."


def test_one_id_with_another_name_is_shown_and_joined_by_hand(room: Room, child: Session) -> None:
    other = replace(made.CHILD, name="SYNTHETIC^OTHER", sex="M")
    made.put(child, made.study("2", other, made.stack("2.1"), date="20260101"), scan="later")
    child.views.put_shown(("1.1", "2.1"))
    told = [(r.title, r.line, r.key, r.state) for r in studies.state(child, room).rows if r.kind is RowKind.PERSON]
    assert told == [
        ("Same ID, name and sex differ", "Join with SYNTHETIC OTHER", "1", "2"),
        ("Same ID, name and sex differ", "Join with SYNTHETIC CHILD A", "2", "1"),
    ]
    assert child.two_patients
    room.join_people("1", "2")
    rows = studies.state(child, room).rows
    assert [row.title for row in rows if row.kind is RowKind.PATIENT] == ["SYNTHETIC CHILD A"]
    assert "Prior · 1 Jan 2026 · 60 days" in [row.title for row in rows]
    assert [(r.title, r.line) for r in rows if r.kind is RowKind.PERSON] == [
        ("Joined by hand, name and sex differ", "Take them apart again")
    ]
    assert not child.two_patients
    room.reviewing.undo()
    assert child.two_patients
    room.reviewing.redo()
    room.join_people("2", "")
    assert child.two_patients


def test_refused_files_are_handed_on(room: Room, session: Session) -> None:
    refused = Refusal("a/b.txt", "not_dicom", "This is neither DICOM nor a picture.")
    session.library.put_scan("scan", ScanResult((), (refused,), 1))
    view = studies.state(session, room)
    assert (view.refused, view.files, view.rows) == ((refused,), 1, ())


def test_the_patient_block_says_whose_pictures_are_active(room: Room, child: Session) -> None:
    view = patient.state(child, room)
    assert (view.name, view.who) == ("SYNTHETIC CHILD A", "F 4 Y · ID SYN-1")
    assert view.study == "Study 1 · 2 Mar 2026, 10:14"
    assert view.letter == ""
    child.library.activate("")
    assert patient.state(child, room) == patient.PatientView()


def test_the_banner_names_both_patients_and_hides_names_where_asked(room: Room, child: Session) -> None:
    made.put(child, made.study("2", made.ADULT, made.stack("2.1")), scan="later")
    child.views.put_shown(("1.1",))
    assert banner.state(child, room).patients == ()
    child.views.put_shown(("1.1", "2.1"))
    assert banner.state(child, room).patients == (
        ("1", "SYNTHETIC CHILD A"),
        ("2", "SYNTHETIC ADULT B"),
    )
    assert patient.state(child, room).letter == "A"
    room.context.change_settings(hide_patient_name=True)
    assert [name for _, name in banner.state(child, room).patients] == ["patient A", "patient B"]


def test_the_status_bar_says_geometry_device_and_patients(room: Room, child: Session) -> None:
    view = status.state(child, room)
    assert (view.stack_key, view.at_detector, view.job, view.patients) == ("1.1", False, "", 0)
    assert view.verdict is not None
    assert view.device
    film = made.stack("3.1", Kind.IMAGE, "DX", Geometry((1, 8, 8), made.GRID.affine, spacing_kind=SpacingKind.DETECTOR))
    made.put(child, made.study("3", made.CHILD, film, made.stack("3.2", Kind.REPORT, "SR", None)), scan="later")
    child.library.activate("3.1")
    assert status.state(child, room).at_detector
    child.library.activate("3.2")
    assert status.state(child, room) == replace(view, stack_key="3.2", verdict=None)


def test_the_status_bar_follows_the_running_job(room: Room, child: Session) -> None:
    seen: list[str] = []

    def work(on_progress: OnProgress, cancel: CancelToken) -> None:
        on_progress(Progress("Network", 0.62))

    job = Job("j", "Pack", "1.1", "1", "pack", work, lambda _result: None)
    for state, fraction in ((JobState.RUNNING, None), (JobState.RUNNING, 0.62), (JobState.CANCELLING, 0.62)):
        job.state, job.progress = state, Progress("Network", fraction)
        seen.append(status.job_words(job))
    assert seen == ["Analysing", "Analysing 62 %", "Cancelling"]
