"""The main job through the window, with real files, a real worker process and tiny real packs."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests import tiny_packs
from tests.ui.conftest import LONG, Start, turn
from viewer.app import Program
from viewer.core.finding import FindingState, Side
from viewer.core.task import JobState
from viewer.room.events import Exported
from viewer.room.preferences import profile_of
from viewer.room.views.arrangement import FOUR, THREE
from viewer.room.views.places import place_of


def words(widget: QWidget) -> str:
    """Everything a part of the window says."""
    labels = [w.accessibleName() or w.text() for w in widget.findChildren(QLabel) if not w.isHidden()]
    return "\n".join(labels + [b.text() for b in widget.findChildren(QPushButton) if not b.isHidden()])


def press(widget: QWidget, text: str) -> None:
    """Click the button with these words."""
    buttons = [b for b in widget.findChildren(QPushButton) if b.accessibleName() == text and not b.isHidden()]
    assert buttons, f"no button {text!r} in:\n{words(widget)}"
    buttons[0].click()


def act(program: Program, qtbot: QtBot, action_id: str) -> None:
    """Use an action as soon as it may be used."""
    action = program.window.actions_by_id[action_id]
    qtbot.waitUntil(action.isEnabled)
    action.trigger()


def analyse(program: Program, qtbot: QtBot) -> None:
    """F5, and wait for the result."""
    before = len(program.context.session.review.results())
    act(program, qtbot, "analysis.run")
    qtbot.waitUntil(lambda: len(program.context.session.review.results()) > before, timeout=LONG)
    turn(qtbot)


@pytest.fixture
def film(start: Start, film_folder: Path) -> Program:
    return start(film_folder)


@pytest.fixture
def head(start: Start, head_folder: Path) -> Program:
    return start(head_folder)


def test_the_whole_job_from_opening_to_the_report(film: Program, qtbot: QtBot, tmp_path: Path) -> None:
    window, review = film.window, film.context.session.review
    assert "SYNTHETIC CHILD A" in words(window.right)
    analyse(film, qtbot)
    assert "AI draft" in words(window.right) or window.view_area.grid.active.strip.specs
    finding = film.room.reviewing.findings()[0]
    assert film.room.reviewing.selected == finding.id, "the new finding is selected"
    act(film, qtbot, "finding.accept")
    assert review.finding(finding.id).state is FindingState.ACCEPTED  # type: ignore[union-attr]
    act(film, qtbot, "edit.undo")
    assert review.finding(finding.id).state is FindingState.PROPOSED  # type: ignore[union-attr]
    act(film, qtbot, "edit.redo")
    assert review.finding(finding.id).reader == "Dr. A. Reader"  # type: ignore[union-attr]
    act(film, qtbot, "report.write")
    qtbot.waitUntil(lambda: "impression" in window.report_page.writer._texts)
    window.report_page.writer._texts["impression"].setPlainText("Patchy opacity.")
    window.keep_report_text()
    done: list[dict[str, Path]] = []
    film.context.session.on(Exported, lambda event: done.append(event.files))
    film.room.reporting.export(str(tmp_path))
    qtbot.waitUntil(lambda: bool(done) or bool(window.notices.words), timeout=LONG)
    assert done, window.notices.words
    assert {"report.pdf", "result.json", "sr.dcm"} <= set(done[0])
    document = json.loads(done[0]["result.json"].read_text())
    assert [f["state"] for f in document["findings"]] == ["accepted"]


def pictures_in(pdf: Path) -> int:
    """Captions of key images on paper."""
    return words_of(pdf).count("Chosen by the reader.")


def words_of(pdf: Path) -> str:
    document = pdfium.PdfDocument(pdf)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    finally:
        document.close()


def export_to(program: Program, qtbot: QtBot, folder: Path) -> Path:
    """Export the report; its PDF."""
    done: list[dict[str, Path]] = []
    program.context.session.on(Exported, lambda event: done.append(event.files))
    program.room.reporting.export(str(folder))
    qtbot.waitUntil(lambda: bool(done), timeout=LONG)
    return done[0]["report.pdf"]


def test_the_key_k_marks_the_picture_for_the_report(film: Program, qtbot: QtBot, tmp_path: Path) -> None:
    analyse(film, qtbot)
    act(film, qtbot, "finding.accept")
    assert pictures_in(export_to(film, qtbot, tmp_path / "without")) == 0
    window, view = film.window, film.window.view_area.grid.active
    qtbot.keyClick(view, Qt.Key.Key_K)
    (mark,) = film.context.session.review.key_marks(film.context.session.library.active_study.uid)
    shown = view.view.window
    assert shown is not None
    shows = (mark.stack_key, mark.plane, mark.slice_index)
    assert shows == (film.context.session.library.active, view.view.plane.value, 0)
    assert (mark.center, mark.width) == (shown.center, shown.width)
    qtbot.waitUntil(lambda: "1 key image" in words(window.right.sections["report"]))
    assert "Key image" in [spec.text for spec in view.strip.specs]
    assert pictures_in(export_to(film, qtbot, tmp_path / "with")) == 1
    qtbot.keyClick(view, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: "key image" not in words(window.right.sections["report"]))
    qtbot.waitUntil(lambda: "Key image" not in [spec.text for spec in view.strip.specs])


def test_the_badge_follows_the_slice_and_marks_come_back(head: Program, head_folder: Path, qtbot: QtBot) -> None:
    def says_key(program: Program) -> bool:
        return "Key image" in [spec.text for spec in program.window.view_area.grid.active.strip.specs]

    view = head.room.views.active
    view.set_slice(7)
    act(head, qtbot, "image.key")
    qtbot.waitUntil(lambda: says_key(head))
    view.set_slice(8)
    assert not says_key(head)
    view.set_slice(7)
    assert says_key(head)
    uid = head.context.session.library.active_study.uid
    marks = head.context.session.review.key_marks(uid)
    head.room.close_study(uid)
    assert head.context.session.review.key_marks(uid) == ()
    head.room.opening.open_paths([str(head_folder)])
    qtbot.waitUntil(lambda: head.context.session.review.key_marks(uid) == marks, timeout=LONG)


def test_verdict_buttons_work_by_mouse_and_only_for_the_selected(film: Program, qtbot: QtBot) -> None:
    analyse(film, qtbot)
    panel = film.window.right.sections["findings"]
    press(panel, "Not sure")
    turn(qtbot)
    assert [f.state for f in film.room.reviewing.findings()] == [FindingState.UNSURE]
    assert "Dr. A. Reader" in words(panel)
    press(panel, "Reject")
    turn(qtbot)
    assert [f.state for f in film.room.reviewing.findings()] == [FindingState.REJECTED]
    assert film.window.right.sections["report"].count == "empty", "a report holds accepted findings only"


def test_a_verdict_has_no_bare_key(film: Program, qtbot: QtBot) -> None:
    analyse(film, qtbot)
    window = film.window
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_A, Qt.Key.Key_Space):
        qtbot.keyClick(window, key)
    assert [f.state for f in film.room.reviewing.findings()] == [FindingState.PROPOSED]


def test_editing_in_place(film: Program, qtbot: QtBot) -> None:
    analyse(film, qtbot)
    form = film.window.right.sections["findings"]
    place = film.room.reviewing.findings()[0].location.text
    assert place in words(form)
    act(film, qtbot, "finding.edit")
    fields = {field.accessibleName(): field for field in form.findChildren(QWidget)}
    fields["Name of the finding"].setText("Round opacity")  # type: ignore[attr-defined]
    fields["Side"].setCurrentIndex(1)  # type: ignore[attr-defined]
    press(form, "Save")
    turn(qtbot)
    finding = film.room.reviewing.findings()[0]
    assert (finding.label, finding.side, finding.edited) == ("Round opacity", Side.LEFT, True)
    assert "Proposed as: Bright pattern" in words(form)
    assert place not in words(form)


def test_a_heatmap_by_occlusion_is_asked_for_in_the_menu(film: Program, qtbot: QtBot) -> None:
    wanted = film.window.actions_by_id["analysis.occlusion"]
    assert not wanted.isEnabled(), "no heatmap yet"
    analyse(film, qtbot)
    qtbot.waitUntil(wanted.isEnabled)
    wanted.trigger()
    qtbot.waitUntil(lambda: len(film.context.session.review.results()) == 2, timeout=LONG)
    newest = film.context.session.review.results()[-1].result.provenance
    assert newest is not None
    assert newest.settings["explain"] == "occlusion"


@pytest.mark.logs("ended by itself")
def test_killing_the_worker_leaves_the_window_alive(film: Program, qtbot: QtBot) -> None:
    lane = film.context.lane
    film.room.analyses.run(tiny_packs.CLASSIFIER)
    qtbot.waitUntil(lambda: film.context.process.pid is not None, timeout=LONG)
    qtbot.wait(100)
    pid = film.context.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: bool(lane.jobs) and lane.jobs[0].over, timeout=LONG)
    assert lane.jobs[0].state is JobState.FAILED
    qtbot.waitUntil(lambda: "Try again" in words(film.window.right.sections["analysis"]))
    said = words(film.window.right.sections["analysis"])
    assert "ended unexpectedly" in said
    assert "safe" in said
    assert "Failed" in {
        b.accessibleName().split(".")[0] for b in film.window.right.sections["analysis"].findChildren(QWidget)
    }
    press(film.window.right.sections["analysis"], "Try again")
    qtbot.waitUntil(lambda: len(film.context.session.review.results()) == 1, timeout=LONG)
    assert film.room.reviewing.findings()


def test_cancel_takes_effect_and_the_next_run_works(film: Program, qtbot: QtBot) -> None:
    film.room.analyses.run(tiny_packs.CLASSIFIER)
    job = film.context.lane.jobs[0]
    act(film, qtbot, "analysis.cancel")
    qtbot.waitUntil(lambda: job.over, timeout=3000)
    assert job.state is JobState.CANCELLED
    analyse(film, qtbot)
    assert film.room.reviewing.findings()


def test_a_result_for_a_closed_study_is_dropped(film: Program, qtbot: QtBot) -> None:
    film.room.analyses.run(tiny_packs.CLASSIFIER)
    act(film, qtbot, "file.close_study")
    qtbot.waitUntil(lambda: all(job.over for job in film.context.lane.jobs), timeout=LONG)
    assert film.context.session.review.results() == ()
    assert film.window.middle.currentWidget() is film.window.start


def test_refused_packs_say_why_with_the_tag(film: Program) -> None:
    said = words(film.window.right.sections["analysis"])
    assert "Needs MR; this is DX. (0008,0060)" in said
    assert "A refusal is not a negative result" in said


def test_a_box_is_asked_for_and_then_runs(head: Program, qtbot: QtBot) -> None:
    panel = head.window.right.sections["analysis"]
    assert "Needs a box" in {w.accessibleName() for w in panel.findChildren(QWidget)}
    press(panel, "Place box")
    assert head.window.actions_by_id["tool.box"].isChecked()
    key = head.context.session.library.active
    head.room.views.active.place_roi(((2, 8, 4), (20, 40, 36)), finished=True)
    qtbot.waitUntil(lambda: bool(head.room.analyses.boxes(key)))
    qtbot.waitUntil(lambda: any(b.text().strip() == "Analyse" for b in panel.findChildren(QPushButton)), timeout=LONG)
    press(panel, "Analyse")
    qtbot.waitUntil(lambda: bool(head.context.session.review.results()), timeout=LONG)
    entry = head.context.session.review.results()[0]
    assert entry.result.provenance is not None
    assert entry.result.provenance.settings["roi"] == [[2, 8, 4], [20, 40, 36]]
    assert entry.folder is not None
    assert (entry.folder / "result.json").is_file()


def test_the_overlay_key_toggles_and_peeks(film: Program, qtbot: QtBot) -> None:
    analyse(film, qtbot)
    handle = film.window.windowHandle()
    qtbot.keyClick(handle, Qt.Key.Key_O)
    assert not film.room.overlays.choice.visible
    qtbot.keyClick(handle, Qt.Key.Key_O)
    assert film.room.overlays.choice.visible
    picture = film.room.views.active.picture
    assert picture is not None
    qtbot.keyPress(handle, Qt.Key.Key_O)
    qtbot.waitUntil(lambda: picture.peek, timeout=2000)
    qtbot.keyRelease(handle, Qt.Key.Key_O)
    assert not picture.peek
    assert film.room.overlays.choice.visible, "a peek is no toggle"


def test_hidden_names_are_hidden_everywhere(film: Program, qtbot: QtBot) -> None:
    act(film, qtbot, "view.hide_name")
    turn(qtbot)
    assert "SYNTHETIC" not in film.window.windowTitle()
    assert "SYNTHETIC" not in words(film.window)
    rows = film.window.browser._model.rows
    assert all("SYNTHETIC" not in row.title for row in rows)
    assert film.context.settings.hide_patient_name


def test_two_patients_carry_a_banner_and_no_report(
    start: Start, film_folder: Path, head_folder: Path, qtbot: QtBot
) -> None:
    program = start(film_folder, head_folder)
    window, library = program.window, program.context.session.library
    film = next(k for s in library.studies for k in s.stacks if k.modality == "DX")
    head = next(k for s in library.studies for k in s.stacks if k.modality == "MR")
    program.room.loading.show(film.key)
    qtbot.waitUntil(lambda: program.room.hanging.shown == (film.key,), timeout=LONG)
    act(program, qtbot, "view.layout")
    program.room.hanging.show_in(program.room.views.views[1], head.key)
    qtbot.waitUntil(lambda: len(program.room.hanging.shown) == 2, timeout=LONG)
    qtbot.waitUntil(lambda: "Two patients on screen" in words(window.banner))
    assert window.banner.isVisible()
    assert not window.actions_by_id["report.write"].isEnabled()
    assert not window.actions_by_id["view.sync"].isEnabled()
    assert "Two patients are never scrolled together." in window.actions_by_id["view.sync"].toolTip()
    window.show_report(True)
    assert not window.shows_report
    press(window.banner, "Show SYNTHETIC CHILD A only")
    qtbot.waitUntil(lambda: not window.banner.isVisible(), timeout=LONG)
    assert program.room.hanging.shown == (film.key,)


def test_files_that_cannot_be_opened_are_listed(start: Start, film_folder: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("not a picture at all")
    program = start(film_folder, notes)
    browser = program.window.browser
    assert "1 file not opened." in words(browser)
    assert "notes.txt" in words(browser)


def test_an_empty_folder_ends_in_words(start: Start, tmp_path: Path, qtbot: QtBot) -> None:
    program = start()
    program.room.opening.open_paths([str(tmp_path / "missing")])
    qtbot.waitUntil(lambda: not program.room.opening.is_busy, timeout=LONG)
    turn(qtbot)
    assert program.window.middle.currentWidget() is program.window.start
    said = words(program.window.browser) + " ".join(program.window.notices.words)
    assert "not opened" in said


def test_the_other_language_loses_nothing(film: Program, qtbot: QtBot) -> None:
    analyse(film, qtbot)
    film.room.reviewing.judge_selected(FindingState.ACCEPTED)
    key = film.context.session.library.active
    film.context.change_settings(language="zh")
    qtbot.waitUntil(lambda: film.window.actions_by_id["file.quit"].text() == "退出", timeout=LONG)
    qtbot.waitUntil(lambda: film.room.hanging.shown == (key,), timeout=LONG)
    turn(qtbot)
    said = words(film.window.right)
    assert "已采纳" in {w.accessibleName() for w in film.window.right.findChildren(QWidget)}
    assert "所见" in said
    assert film.context.session.history.undoable is not None


@pytest.mark.logs("entries wait")
def test_a_full_disk_is_told_and_nothing_lost(film: Program, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    analyse(film, qtbot)
    import sqlite3

    def full(*_values: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(film.context.journal, "_flush", full)
        film.room.reviewing.judge_selected(FindingState.ACCEPTED)
        assert any("kept in memory" in w for w in film.window.notices.words)
    assert film.context.journal.waiting == 1
    film.room.reviewing.undo()
    assert [e.body["way"] for e in film.context.journal.entries(kind="step")] == ["do", "undo"]


def test_settings_save_and_keys_conflict_is_shown(film: Program, qtbot: QtBot) -> None:
    from viewer.ui.shell.dialogs.settings import SettingsDialog

    film.window.commands.show_settings()
    dialog = film.window.findChild(SettingsDialog)
    assert dialog is not None
    dialog.keys.rebound["tool.zoom"] = "W"
    dialog.keys.show_keys()
    assert "W has two meanings" in dialog.keys.conflict.text()
    dialog.keys.rebound.pop("tool.zoom")
    dialog.keys.show_keys()
    dialog.editors["reader_name"].widget.setText("Dr. B")  # type: ignore[attr-defined]
    dialog.profiles.setCurrentIndex(dialog.profiles.findData("Weasis"))
    dialog._take_profile()
    press(dialog, "Save")
    assert film.context.settings.reader_name == "Dr. B"
    assert profile_of(film.context.settings) == "Weasis"
    assert film.room.views.options.buttons == ("tool", "pan", "nothing")


def test_a_layout_chosen_by_hand_stays_through_another_language(head: Program, qtbot: QtBot) -> None:
    views = head.room.views
    assert views.arrangement is FOUR
    act(head, qtbot, "view.layout")
    act(head, qtbot, "view.layout")
    act(head, qtbot, "view.maximise")
    left = place_of(views, "")
    assert views.arrangement is THREE and views.maximised is not None
    old = head.window
    head.context.change_settings(language="zh")
    qtbot.waitUntil(lambda: head.window is not old and head.room.hanging.shown != (), timeout=LONG)
    assert place_of(views, "") == left
    shown = [view for view in head.window.view_area.grid.views if view.isVisible()]
    assert [view.view for view in shown] == [views.maximised]


def test_a_stack_that_opens_late_takes_no_view_from_another_patient(
    start: Start, film_folder: Path, head_folder: Path, qtbot: QtBot
) -> None:
    program = start(film_folder, head_folder)
    showing, library = program.room.loading, program.context.session.library
    late, here = (study.stacks[0].key for study in library.studies)
    showing.show(here)
    qtbot.waitUntil(lambda: showing.is_loaded(here), timeout=LONG)
    showing.drop(late)
    showing.show(late)
    showing.show(here)
    qtbot.waitUntil(lambda: showing.is_loaded(late), timeout=LONG)
    assert library.active == here
    assert program.room.hanging.shown == (here,)
