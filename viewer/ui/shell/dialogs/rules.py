"""The editor of hanging rules: a site's own before the program's, and what each would do with the open study."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from viewer.core.errors import OutputError, SettingsError
from viewer.display.protocols import Rule, RuleView, builtin_rules
from viewer.room.panels import rules
from viewer.room.panels.rules import RuleDraft, RuleLine
from viewer.room.room import Room
from viewer.ui.kit import icons
from viewer.ui.kit.basic import button, column, label, row
from viewer.ui.shell.dialogs.rule_form import RuleForm
from viewer.ui.shell.dialogs.rule_preview import RulePreview
from viewer.words.i18n import error_words, tr


class RulesDialog(QDialog):
    """Nothing changes before Save; a rule of the program is copied before it is edited."""

    def __init__(self, room: Room, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Hanging rules"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(1160, 740)
        self._room = room
        self._own: list[Rule] = list(room.hanging.planner.protocols.own)
        self._draft: RuleDraft | None = None
        self._lines: tuple[RuleLine, ...] = ()
        whole = column(self, 16, 12)
        parts = row(spacing=16)
        parts.addLayout(self._make_list(), 2)
        parts.addLayout(self._make_right(), 5)
        whole.addLayout(parts, 1)
        self._trouble = label("", "warn", wrap=True)
        self._trouble.hide()
        whole.addWidget(self._trouble)
        foot = row()
        foot.addWidget(label(tr("The first rule that holds is used. Your own rules are tried first."), "caption"), 1)
        foot.addWidget(button(tr("Cancel"), self.close))
        foot.addWidget(button(tr("Save"), self._save, style="primary"))
        whole.addLayout(foot)
        self._show_list()
        used = [line.is_used for line in rules.lines(room, self._own)]
        self._list.setCurrentRow(used.index(True) if any(used) else 0)

    def _make_list(self) -> QVBoxLayout:
        side = column(spacing=8)
        self._list = QListWidget()
        self._list.setAccessibleName(tr("Hanging rules"))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.currentRowChanged.connect(self._choose)
        side.addWidget(self._list, 1)
        first, second = row(), row()
        first.addWidget(button(tr("New rule"), self._new, style="compact"))
        first.addWidget(button(tr("Copy"), self._copy, style="compact"))
        self._delete = button(tr("Delete"), self._remove, style="compact")
        self._up = button(tr("Up"), lambda: self._move(-1), style="compact")
        self._down = button(tr("Down"), lambda: self._move(1), style="compact")
        first.addWidget(self._delete)
        for one in (self._up, self._down):
            second.addWidget(one)
        for buttons in (first, second):
            buttons.addStretch(1)
            side.addLayout(buttons)
        return side

    def _make_right(self) -> QVBoxLayout:
        side = column(spacing=8)
        self._form = RuleForm()
        self._form.changed.connect(self._edited)
        side.addWidget(self._form, 3)
        self._words = label("", "strong", wrap=True)
        side.addWidget(self._words)
        self._preview = RulePreview()
        side.addWidget(self._preview, 2)
        return side

    # the list

    def _show_list(self) -> None:
        chosen = self._list.currentRow()
        self._lines = rules.lines(self._room, self._own)
        self._list.blockSignals(True)
        self._list.clear()
        for line in self._lines:
            item = QListWidgetItem(line.name if line.own else tr("{name} (built in)", name=line.name))
            mark = ("accepted", "accepted") if line.is_used else ("layout", "text_1" if line.holds else "text_disabled")
            item.setIcon(icons.icon(*mark, icons.BUTTON))
            words = tr("Used for the open study") if line.is_used else line.why or tr("Would hold, another is first")
            item.setToolTip(words)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}. {words}")
            self._list.addItem(item)
        self._list.setCurrentRow(chosen)
        self._list.blockSignals(False)

    def _choose(self, number: int) -> None:
        if not 0 <= number < len(self._lines):
            return
        own = number < len(self._own)
        rule = self._own[number] if own else builtin_rules()[number - len(self._own)]
        shown = rule if own else msgspec.structs.replace(rule, name=tr(rule.name))
        self._draft = rules.draft_of(shown)
        self._form.show_draft(self._draft, own)
        for one in (self._delete, self._up, self._down):
            one.setEnabled(own)
        self._show_preview()

    def _show_preview(self) -> None:
        if self._draft is None:
            return
        view = rules.preview(self._room, self._draft)
        self._words.setText(view.words)
        self._preview.show_view(view)

    # editing

    def _edited(self, draft: RuleDraft) -> None:
        number = self._list.currentRow()
        self._draft = draft
        self._show_preview()
        if 0 <= number < len(self._own):
            try:
                self._own[number] = rules.rule_of(draft)
            except SettingsError:
                return  # the preview says why; the last whole rule stays
            self._show_list()

    def _new(self) -> None:
        self._add(Rule(tr("New rule"), "1x1", (RuleView(),)))

    def _copy(self) -> None:
        if self._draft is not None:
            self._add(rules.rule_of(self._draft))

    def _add(self, rule: Rule) -> None:
        self._own.insert(0, rule)
        self._show_list()
        self._list.setCurrentRow(-1)
        self._list.setCurrentRow(0)

    def _remove(self) -> None:
        number = self._list.currentRow()
        del self._own[number]
        self._show_list()
        self._list.setCurrentRow(-1)
        self._list.setCurrentRow(min(number, len(self._lines) - 1))

    def _move(self, by: int) -> None:
        at = self._list.currentRow()
        to = at + by
        if 0 <= to < len(self._own):
            self._own[at], self._own[to] = self._own[to], self._own[at]
            self._show_list()
            self._list.setCurrentRow(to)

    def _save(self) -> None:
        try:
            if self._draft is not None and self._list.currentRow() < len(self._own):
                rules.rule_of(self._draft)
            self._room.hanging.planner.protocols.put(self._own)
        except (SettingsError, OutputError) as error:
            self._trouble.setText(error_words(error))
            self._trouble.show()
            return
        self.close()
