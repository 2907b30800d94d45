"""What each action does, and when it may be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QWidget

from viewer.core.finding import FindingState
from viewer.room.actions import ACTIONS, row
from viewer.room.recent import last_folder
from viewer.room.room import Room
from viewer.room.tour import Tour
from viewer.room.views.places import mark_of
from viewer.session import Step
from viewer.ui.kit.regions import RegionRing
from viewer.ui.shell.actions import tip_of
from viewer.ui.shell.copies import Copies
from viewer.ui.shell.dialogs.about import AboutDialog
from viewer.ui.shell.dialogs.files import RefusedDialog
from viewer.ui.shell.dialogs.keys import KeysDialog
from viewer.ui.shell.dialogs.rules import RulesDialog
from viewer.ui.shell.dialogs.settings import SettingsDialog
from viewer.ui.shell.view_area import ViewArea
from viewer.words.i18n import said, tr


class Shell(Protocol):
    """What actions ask of the window as a whole."""

    @property
    def shows_report(self) -> bool:
        """True while the report is being written."""

    def show_report(self, show: bool) -> None:
        """Open or close the report beside the picture."""

    def keep_report_text(self) -> None:
        """Store what is being typed."""

    def edit_finding(self) -> None:
        """Open the form of the selected finding."""

    @property
    def ring(self) -> RegionRing:
        """The regions of the window, one after the other."""

    def toggle_studies(self) -> None:
        """Studies as panel or as rail."""

    def toggle_right(self) -> None:
        """Show or hide the right panel."""

    def close(self) -> bool:
        """End the program."""


class Commands(QObject):
    """Connects actions to the room, to the views and to the window as a whole.

    Attributes:
        tour: the tour of the first run.
        acts: what each action does that is not the views' own, by its id.
    """

    def __init__(
        self, room: Room, views: ViewArea, actions: Mapping[str, QAction], shell: Shell, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._room, self._views, self._actions, self._shell, self._parent = room, views, actions, shell, parent
        self.tour = Tour(room)
        self.acts = self._make()
        for entry in ACTIONS:
            act = self.acts.get(entry.id)
            if act is not None:
                actions[entry.id].triggered.connect(_plain(act))
            elif entry.tool:
                actions[entry.id].toggled.connect(self._pick(entry.tool))
            elif entry.view:
                actions[entry.id].triggered.connect(self._on_view(entry.id))

    def _on_view(self, action_id: str) -> Callable[[], None]:
        def act() -> None:
            self._views.act(action_id)

        return act

    def _pick(self, tool: str) -> Callable[[bool], None]:
        def pick(on: bool) -> None:
            if on:
                self._room.views.set_tool(tool)

        return pick

    def _make(self) -> dict[str, Callable[..., object]]:
        room, shell, reviewing = self._room, self._shell, self._room.reviewing
        copies = Copies(room, self._views, self._actions, self._parent)
        return {
            "file.open_folder": self.open_folder,
            "file.open_files": self.open_files,
            "file.samples": room.opening.open_samples,
            "file.close_study": room.close_active,
            "file.refused": self.show_refused,
            "file.settings": self.show_settings,
            "file.hanging": lambda: RulesDialog(room, self._parent).show(),
            "file.quit": shell.close,
            "view.hide_name": self._hide_name,
            "series.previous": lambda: room.step_series(-1),
            "series.next": lambda: room.step_series(1),
            "patient.previous": lambda: room.step_patient(-1),
            "patient.next": lambda: room.step_patient(1),
            "analysis.run": room.analyses.run_first,
            "analysis.all": room.analyses.run_all,
            "analysis.occlusion": room.analyses.explain_by_occlusion,
            "analysis.cancel": room.analyses.cancel,
            "finding.next": lambda: reviewing.step(1),
            "finding.previous": lambda: reviewing.step(-1),
            "finding.accept": lambda: reviewing.judge_selected(FindingState.ACCEPTED),
            "finding.unsure": lambda: reviewing.judge_selected(FindingState.UNSURE),
            "finding.reject": lambda: reviewing.judge_selected(FindingState.REJECTED),
            "finding.edit": shell.edit_finding,
            "measurement.show": room.jumps.show_drawing,
            "measure.copy": room.measuring.copy_selected,
            "measure.table": self.export_table,
            "report.write": lambda: shell.show_report(not shell.shows_report),
            "report.export": self.export,
            "image.key": self.mark_key_image,
            "image.copy": copies.copy,
            "image.save": copies.save,
            "image.film": copies.film,
            "image.patient_text": lambda: None,  # asked when a copy is made
            "image.subtract": room.presentations.toggle_subtraction,
            "edit.undo": reviewing.undo,
            "edit.redo": reviewing.redo,
            "region.next": lambda: shell.ring.step(1),
            "region.previous": lambda: shell.ring.step(-1),
            "panel.studies": shell.toggle_studies,
            "panel.right": shell.toggle_right,
            "help.keys": self.show_keys,
            "help.tour": self.tour.start,
            "help.about": lambda: AboutDialog(self._parent).show(),
            "overlay.toggle": room.overlays.toggle,
        }

    def update(self) -> None:
        """Enable what makes sense now."""
        library = self._room.context.session.library
        is_open = bool(library.active)
        for entry in ACTIONS:
            if entry.view:
                self._actions[entry.id].setEnabled(is_open and self._room.hanging.can(entry.id))
        asked = self._room.presentations.subtraction(library.active)
        self._actions["image.subtract"].setEnabled(is_open and asked is not None)
        finding = self._room.reviewing.current()
        for name in ("finding.accept", "finding.unsure", "finding.reject", "finding.edit"):
            self._actions[name].setEnabled(finding is not None)
        self._actions["analysis.occlusion"].setEnabled(bool(self._room.analyses.explained()))
        history = self._room.context.session.history
        self._name_step("edit.undo", history.undoable, tr("Undo"), "Undo: {what}")
        self._name_step("edit.redo", history.redoable, tr("Redo"), "Redo: {what}")
        self._actions["file.close_study"].setEnabled(is_open)
        self._actions["analysis.cancel"].setEnabled(self._room.context.lane.running is not None)
        alone = is_open and not self._room.context.session.two_patients
        self._say_sync()
        self._actions["report.write"].setEnabled(alone)
        self._actions["report.export"].setEnabled(alone)

    def _say_sync(self) -> None:
        """Scrolling together is off where it cannot act, and says why."""
        links, action = self._room.views.links, self._actions["view.sync"]
        why = links.why_none() if action.isEnabled() or self._room.views.stacks else ""
        action.setChecked(links.sync and not why)
        tip = tip_of(row("view.sync"), self._room.context.settings.shortcuts)
        action.setToolTip(f"{tip}\n{tr('Off: {why}', why=said(why))}" if why else tip)

    def _name_step(self, action_id: str, step: Step | None, bare: str, named: str) -> None:
        """The menu says what would be taken back or done again."""
        action = self._actions[action_id]
        action.setEnabled(step is not None)
        action.setText(bare if step is None else tr(named, what=said(step.what)))

    # files

    def open_folder(self) -> None:
        """Choose a folder."""
        folder = QFileDialog.getExistingDirectory(self._parent, tr("Open folder..."), self._last_folder())
        if folder:
            self._room.opening.open_paths([folder])

    def open_files(self) -> None:
        """Choose files of any kind: what they are is found out from their content."""
        files, _ = QFileDialog.getOpenFileNames(self._parent, tr("Open files..."), self._last_folder())
        if files:
            self._room.opening.open_paths(files)

    def _last_folder(self) -> str:
        """Where something was opened last, if it is still there."""
        return last_folder(self._room.context.journal)

    # analysis and report

    def mark_key_image(self) -> None:
        """Mark the active view's picture for the report, or take its mark away."""
        view = self._room.views.active
        if view.picture is not None and view.picture.mask is not None:
            self._room.context.trouble(tr("Key images show the native picture: switch the mask subtraction off first."))
            return
        mark = mark_of(view)
        if mark is not None:
            self._room.reporting.mark(mark)

    def export(self) -> None:
        """Choose a folder and write the report there."""
        self._shell.keep_report_text()
        folder = QFileDialog.getExistingDirectory(self._parent, tr("Export report..."))
        if folder:
            self._room.reporting.export(folder)

    def export_table(self) -> None:
        """Choose a file for the table of measurements."""
        name, _ = QFileDialog.getSaveFileName(
            self._parent, tr("Export measurements..."), "measurements.csv", "CSV (*.csv)"
        )
        if name:
            self._room.measuring.write_table(name)

    # dialogs

    def show_settings(self) -> None:
        """Settings; nothing is blocked while they are open."""
        context = self._room.context
        SettingsDialog(context.settings, context.put_settings, self._parent).show()

    def show_keys(self) -> None:
        """All keys."""
        KeysDialog(self._room.context.settings, self._parent).show()

    def show_refused(self) -> None:
        """Files not opened."""
        RefusedDialog(self._room.context.session.library.refused, self._parent).show()

    def _hide_name(self) -> None:
        context = self._room.context
        context.change_settings(hide_patient_name=not context.settings.hide_patient_name)


def _plain(handler: Callable[[], object]) -> Callable[[], None]:
    def call() -> None:
        handler()

    return call
