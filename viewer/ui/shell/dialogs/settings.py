"""Settings a reader or a site can choose: made from the typed settings, with a search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QLabel, QLineEdit, QListWidget, QScrollArea, QWidget

from viewer.core.settings import Settings
from viewer.room.preferences import GROUPS, MOUSE_PROFILES, PREFERENCES, Preference, profile_of
from viewer.ui.kit.basic import button, column, frame, label, row
from viewer.ui.shell.dialogs.editors import Editor, editor_of
from viewer.ui.shell.dialogs.key_table import KeyTable
from viewer.words.i18n import tr

_NAV_WIDTH, _LABEL_WIDTH = 132, 190
_BUTTONS = ("mouse_left", "mouse_middle", "mouse_right", "mouse_wheel")


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """A setting on the page: its row, what stands for it, and what the search looks at."""

    row: Preference
    holder: QWidget
    says: str


class SettingsDialog(QDialog):
    """Groups at the left, their settings at the right; Save hands the new settings over, nothing changes before.

    Attributes:
        editors: the control of each setting, by its name; keys: the table of keys.
    """

    def __init__(self, settings: Settings, on_save: Callable[[Settings], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(760, 620)
        self._settings, self._on_save = settings, on_save
        self.editors: dict[str, Editor] = {}
        self._lines: list[_Line] = []
        self._headings: dict[str, QLabel] = {}
        whole = column(self, 16, 12)
        self._save_button = button(tr("Save"), self._save, style="primary")
        self.keys = KeyTable(settings.shortcuts, self._show_conflicts)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search in the settings"))
        self.search.setAccessibleName(tr("Search in the settings"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        whole.addWidget(self.search)
        middle = row(spacing=16)
        self._groups = self._make_groups()
        middle.addWidget(self._groups)
        middle.addWidget(self._make_page(), 1)
        whole.addLayout(middle, 1)
        foot = row()
        self._nothing = label(tr("Nothing is called so."), "caption")
        foot.addWidget(self._nothing)
        foot.addStretch(1)
        foot.addWidget(button(tr("Cancel"), self.close))
        foot.addWidget(self._save_button)
        whole.addLayout(foot)
        self._filter("")
        self._show_conflicts()

    def _make_groups(self) -> QListWidget:
        groups = QListWidget()
        groups.addItems([tr(group) for group in GROUPS])
        groups.setFixedWidth(_NAV_WIDTH)
        groups.setSpacing(4)
        groups.setAccessibleName(tr("Groups of settings"))
        groups.currentRowChanged.connect(self.show_group)
        return groups

    def _make_page(self) -> QScrollArea:
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = frame("window")
        inside = column(page, 0, 10)
        inside.setContentsMargins(0, 0, 16, 0)
        for group in GROUPS:
            self._headings[group] = label(tr(group), "title")
            inside.addWidget(self._headings[group])
            if group == "Mouse":
                inside.addWidget(self._make_profiles())
            for one in PREFERENCES:
                if one.group == group:
                    inside.addWidget(self._make_line(one))
        inside.addStretch(1)
        self._scroll.setWidget(page)
        return self._scroll

    def _make_line(self, one: Preference) -> QWidget:
        editor = Editor(self.keys, lambda: self.keys.rebound) if one.name == "shortcuts" else self._editor(one)
        self.editors[one.name] = editor
        holder = QWidget()
        whole = column(holder, 0, 4)
        is_wide = editor.widget.minimumHeight() > _LABEL_WIDTH or editor.widget is self.keys
        if isinstance(editor.widget, QCheckBox) or is_wide:
            whole.addWidget(editor.widget)
        else:
            line = row(spacing=12)
            words = label(tr(one.text))
            words.setFixedWidth(_LABEL_WIDTH)
            words.setWordWrap(True)
            line.addWidget(words)
            line.addWidget(editor.widget, 1)
            whole.addLayout(line)
        if one.hint:
            whole.addWidget(label(tr(one.hint), "caption", wrap=True))
        says = f"{tr(one.text)} {tr(one.hint) if one.hint else ''} {editor.says} {one.name}".casefold()
        self._lines.append(_Line(one, holder, says))
        return holder

    def _editor(self, one: Preference) -> Editor:
        return editor_of(one, getattr(self._settings, one.name))

    def _make_profiles(self) -> QWidget:
        """The buttons of other programs at one stroke; each button can be chosen below."""
        holder = QWidget()
        line = row(holder, 12)
        words = label(tr("As in"))
        words.setFixedWidth(_LABEL_WIDTH)
        self.profiles = QComboBox()
        self.profiles.setAccessibleName(tr("Mouse as in another program"))
        self.profiles.addItem(tr("My own"), "")
        for name in MOUSE_PROFILES:
            self.profiles.addItem(name, name)
        self.profiles.setCurrentIndex(max(0, self.profiles.findData(profile_of(self._settings))))
        self.profiles.activated.connect(lambda _index: self._take_profile())
        line.addWidget(words)
        line.addWidget(self.profiles, 1)
        return holder

    def _take_profile(self) -> None:
        buttons = MOUSE_PROFILES.get(str(self.profiles.currentData()))
        for name, wanted in zip(_BUTTONS, buttons or (), strict=False):
            box = self.editors[name].widget
            assert isinstance(box, QComboBox)
            box.setCurrentIndex(box.findData(wanted))

    def show_group(self, number: int) -> None:
        """Scroll to a group."""
        heading = self._headings[GROUPS[number]]
        self._scroll.verticalScrollBar().setValue(heading.pos().y())

    def _filter(self, typed: str) -> None:
        """Show what the words fit, with the heading of its group."""
        words = typed.strip().casefold()
        for line in self._lines:
            found = self.keys.filter(words) if line.row.name == "shortcuts" else words in line.says
            line.holder.setVisible(found or words in tr(line.row.group).casefold())
        shown = {line.row.group for line in self._lines if not line.holder.isHidden()}
        for group, heading in self._headings.items():
            heading.setVisible(group in shown)
        self._groups.setVisible(not words)
        self._nothing.setVisible(not shown)
        self._scroll.verticalScrollBar().setValue(0)

    def _show_conflicts(self) -> None:
        self._save_button.setEnabled(not self.keys.has_conflict)
        self._save_button.setToolTip(tr("Give each action its own key.") if self.keys.has_conflict else "")

    def _save(self) -> None:
        chosen = {name: editor.value() for name, editor in self.editors.items()}
        self._on_save(replace(self._settings, **chosen))  # type: ignore[arg-type]  # each editor holds its own type
        self.close()
