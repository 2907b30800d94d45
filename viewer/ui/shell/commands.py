"""What each action does, and when it may be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QFileDialog

from viewer.core.finding import FindingState
from viewer.core.resources import user_cache_dir
from viewer.core.task import CancelToken, ignore_progress
from viewer.room.room import Room
from viewer.ui.shell import places
from viewer.ui.shell.actions import ACTIONS
from viewer.ui.shell.dialogs.about import AboutDialog
from viewer.ui.shell.dialogs.files import RefusedDialog
from viewer.ui.shell.dialogs.keys import KeysDialog
from viewer.ui.shell.dialogs.settings import SettingsDialog
from viewer.words.i18n import tr

if TYPE_CHECKING:
    from viewer.ui.shell.main_window import MainWindow


class Commands(QObject):
    """Connects the actions of a window to its work."""

    def __init__(self, window: MainWindow, room: Room, actions: Mapping[str, QAction]) -> None:
        super().__init__(window)
        self._window, self._room, self._actions = window, room, actions
        for entry in ACTIONS:
            action = actions[entry.id]
            handler = self.handlers().get(entry.id)
            if handler is not None:
                action.triggered.connect(_plain(handler))
            elif entry.view:
                action.triggered.connect(self._on_view(entry.id))

    def _on_view(self, action_id: str) -> Callable[[], None]:
        def act() -> None:
            self._window.centre.act(action_id)

        return act

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Actions that are not the view's own."""
        room, window = self._room, self._window
        return {
            "file.open_folder": self.open_folder,
            "file.open_files": self.open_files,
            "file.samples": self.open_samples,
            "file.close_study": self.close_study,
            "file.settings": self.show_settings,
            "file.quit": window.close,
            "view.hide_name": self._hide_name,
            "series.previous": lambda: self.step_series(-1),
            "series.next": lambda: self.step_series(1),
            "patient.previous": lambda: self.step_patient(-1),
            "patient.next": lambda: self.step_patient(1),
            "analysis.run": room.analyses.run_first,
            "analysis.all": room.analyses.run_all,
            "analysis.occlusion": room.analyses.explain_by_occlusion,
            "analysis.cancel": self.cancel,
            "finding.next": lambda: room.reviewing.step(1),
            "finding.previous": lambda: room.reviewing.step(-1),
            "finding.accept": lambda: room.reviewing.judge_selected(FindingState.ACCEPTED),
            "finding.unsure": lambda: room.reviewing.judge_selected(FindingState.UNSURE),
            "finding.reject": lambda: room.reviewing.judge_selected(FindingState.REJECTED),
            "finding.edit": window.edit_finding,
            "report.write": lambda: window.show_report(not window.shows_report),
            "report.export": self.export,
            "image.key": self.mark_key_image,
            "image.subtract": room.presentations.toggle_subtraction,
            "edit.undo": room.reviewing.undo,
            "edit.redo": room.reviewing.redo,
            "panel.studies": window.toggle_studies,
            "panel.right": window.toggle_right,
            "help.keys": self.show_keys,
            "help.about": lambda: AboutDialog(window).show(),
            "overlay.toggle": room.overlays.toggle,
        }

    def update(self) -> None:
        """Enable what makes sense now."""
        library, review = self._room.context.session.library, self._room.context.session.review
        is_open = bool(library.active)
        for entry in ACTIONS:
            if entry.view:
                self._actions[entry.id].setEnabled(is_open and self._window.centre.can(entry.id))
        asked = self._room.presentations.subtraction(library.active)
        self._actions["image.subtract"].setEnabled(is_open and asked is not None)
        finding = self._room.reviewing.current()
        for name in ("finding.accept", "finding.unsure", "finding.reject", "finding.edit"):
            self._actions[name].setEnabled(finding is not None)
        self._actions["analysis.occlusion"].setEnabled(bool(self._room.analyses.explained()))
        self._actions["edit.undo"].setEnabled(review.can_undo)
        self._actions["edit.redo"].setEnabled(review.can_redo)
        self._actions["file.close_study"].setEnabled(is_open)
        self._actions["analysis.cancel"].setEnabled(self._room.context.lane.running is not None)
        alone = is_open and not self._room.context.session.two_patients
        sync = self._actions["view.sync"]
        sync.setEnabled(sync.isEnabled() and alone)
        self._actions["report.write"].setEnabled(alone)
        self._actions["report.export"].setEnabled(alone)

    # files

    def open_folder(self) -> None:
        """Choose a folder."""
        folder = QFileDialog.getExistingDirectory(self._window, tr("Open folder..."))
        if folder:
            self._room.opening.open_paths([folder])

    def open_files(self) -> None:
        """Choose files of any kind: what they are is found out from their content."""
        files, _ = QFileDialog.getOpenFileNames(self._window, tr("Open files..."))
        if files:
            self._room.opening.open_paths(files)

    def open_samples(self) -> None:
        """Make the sample studies in a thread, then open them."""
        context = self._room.context

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> tuple[Path, ...]:
            from viewer.jobs.demo import write_studies

            return write_studies(user_cache_dir() / "samples", on_progress=ignore_progress, cancel=cancel)

        def done(folders: tuple[Path, ...]) -> None:
            self._room.opening.open_paths([str(folder) for folder in folders])

        context.pool.submit(work, done, context.complain)

    def close_study(self) -> None:
        """Close the active study."""
        study = self._room.context.session.library.active_study
        if study is not None:
            self._room.close_study(study.uid)

    def step_series(self, by: int) -> None:
        """Show the stack before or after the active one, within its study."""
        library = self._room.context.session.library
        study = library.active_study
        if study is not None:
            keys = [stack.key for stack in study.stacks]
            at = keys.index(library.active) + by
            if 0 <= at < len(keys):
                self._room.loading.show(keys[at])

    def step_patient(self, by: int) -> None:
        """Show the first picture of the patient before or after."""
        library = self._room.context.session.library
        study = library.active_study
        if study is None:
            return
        patients = list(library.patients)
        at = patients.index(study.patient) + by
        if 0 <= at < len(patients):
            self._room.show_patient(patients[at])

    # analysis and report

    def cancel(self) -> None:
        """Cancel what runs."""
        running = self._room.context.lane.running
        if running is not None:
            self._room.context.lane.cancel(running.id)

    def mark_key_image(self) -> None:
        """Mark the active view's picture for the report, or take its mark away."""
        view = self._window.centre.grid.active
        if view.picture is not None and view.picture.mask is not None:
            self._room.context.trouble(tr("Key images show the native picture: switch the mask subtraction off first."))
            return
        mark = places.mark_of(view)
        if mark is not None:
            self._room.reporting.mark(mark)

    def export(self) -> None:
        """Choose a folder and write the report there."""
        self._window.keep_report_text()
        folder = QFileDialog.getExistingDirectory(self._window, tr("Export report..."))
        if folder:
            self._room.reporting.export(folder)

    def show_exported(self, folder: str) -> None:
        """Open the folder of an export in the system's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(folder))

    # dialogs

    def show_settings(self) -> None:
        """Settings; nothing is blocked while they are open."""
        context = self._room.context
        SettingsDialog(context.settings, context.put_settings, self._window).show()

    def show_keys(self) -> None:
        """All keys."""
        KeysDialog(self._room.context.settings.shortcuts, self._window).show()

    def show_refused(self) -> None:
        """Files not opened."""
        RefusedDialog(self._room.context.session.library.refused, self._window).show()

    def _hide_name(self) -> None:
        context = self._room.context
        context.change_settings(hide_patient_name=not context.settings.hide_patient_name)


def _plain(handler: Callable[[], object]) -> Callable[[], None]:
    def call() -> None:
        handler()

    return call
