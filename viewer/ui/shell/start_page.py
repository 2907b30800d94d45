"""What the middle shows while nothing is open (screen 01)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QWidget

from viewer.ui.kit import icons
from viewer.ui.kit.basic import button, column, frame, icon_label, label, restyle, row
from viewer.ui.shell.actions import native_key
from viewer.words.i18n import LANGUAGES, language, tr

_WIDTH = 640
#: From this width (px) the three cards stand side by side.
_CARDS_FROM = 600


class StartPage(QScrollArea):
    """Open, samples, keys and language."""

    language_chosen = Signal(str)

    def __init__(self, acts: Mapping[str, Callable[[], object]], parent: QWidget | None = None) -> None:
        """Args: acts: action id -> what its button does."""
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._acts = acts
        page = frame("window")
        self.setWidget(page)
        outer = column(page, 24)
        outer.addStretch(2)
        inner = QFrame()
        inner.setMaximumWidth(_WIDTH)
        inner.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        line = row(spacing=0)
        line.addStretch(1)
        line.addWidget(inner, 1000)
        line.addStretch(1)
        outer.addLayout(line)
        outer.addStretch(3)
        body = column(inner, 0, 12)
        body.addWidget(label(tr("Open a study to start reading"), "page"))
        body.addWidget(
            label(
                tr("CT, MR, X-ray, ultrasound, ECG, PET. Files are read where they lie; nothing leaves this computer."),
                "secondary",
                wrap=True,
            )
        )
        body.addSpacing(12)
        self._drop = self._drop_area()
        body.addWidget(self._drop)
        body.addWidget(self._cards())
        body.addLayout(self._foot())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Cards stand below each other where three would be cut."""
        super().resizeEvent(event)
        is_narrow = self.width() < _CARDS_FROM
        self._card_line.setDirection(
            QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        )

    def set_hot(self, hot: bool) -> None:
        """Light the drop area up while something is dragged over the window."""
        self._drop.setProperty("hot", hot)
        restyle(self._drop)

    def show_keys(self, rebound: Mapping[str, str]) -> None:
        """Print the keys that hold now."""
        for made, action_id in ((self._open, "file.open_folder"), (self._files, "file.open_files")):
            made.setText(f"{made.accessibleName()}  {native_key(action_id, rebound)}".rstrip())
        mouse = tr("mouse: left window, middle pan, right zoom")
        key = native_key("help.keys", rebound)
        self._hint.setText(
            " · ".join(part for part in (tr("{key} shows every key", key=key) if key else "", mouse) if part)
        )

    def first_button(self) -> QPushButton:
        """The button that has the keyboard at the start."""
        return self._open

    def _drop_area(self) -> QFrame:
        area = frame("drop")
        inside = column(area, 32, 12)
        mark = icon_label("folder-open", "text_1", icons.EMPTY)
        inside.addWidget(mark, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addWidget(
            label(tr("Drop a folder, a ZIP, files or a DICOMDIR here"), "strong"), 0, Qt.AlignmentFlag.AlignHCenter
        )
        inside.addWidget(
            label(tr("DICOM, NIfTI, PNG and JPEG, recognised by content"), "secondary"),
            0,
            Qt.AlignmentFlag.AlignHCenter,
        )
        inside.addSpacing(4)
        folder, files = tr("Open folder..."), tr("Open files...")
        self._open = button(folder, self._acts["file.open_folder"], icon="folder-open", style="primary", name=folder)
        self._files = button(files, self._acts["file.open_files"], name=files)
        buttons = row()
        buttons.addStretch(1)
        buttons.addWidget(self._open)
        buttons.addWidget(self._files)
        buttons.addStretch(1)
        inside.addLayout(buttons)
        return area

    def _cards(self) -> QWidget:
        holder = QWidget()
        self._card_line = line = row(holder, 12)
        line.addWidget(
            self._card(
                tr("No study at hand?"),
                tr("Computer-made studies with known truth. Not for judging accuracy."),
                "volume-3d",
                (tr("Open sample studies"), self._acts["file.samples"]),
                (tr("Two-minute tour"), self._acts["help.tour"]),
            )
        )
        line.addWidget(
            self._card(
                tr("Every key"),
                tr("The whole job works from the keyboard. Keys can be changed in the settings."),
                "text",
                (tr("Show all keys"), self._acts["help.keys"]),
            )
        )
        line.addWidget(
            self._card(
                tr("Your name on reports"),
                tr("Name, organisation, device and language, kept on this computer."),
                "report",
                (tr("Settings..."), self._acts["file.settings"]),
            )
        )
        return holder

    def _card(self, title: str, words: str, icon: str, *verbs: tuple[str, Callable[[], object]]) -> QFrame:
        """Title, words and a button; further ones are links below it."""
        (verb, act), *others = verbs
        card = frame("card")
        inside = column(card, 12, 8)
        inside.addWidget(label(title, "strong"))
        inside.addWidget(label(words, "caption2", wrap=True))
        inside.addStretch(1)
        made = button(verb, act, icon=icon, style="compact")
        made.setIconSize(QSize(icons.BUTTON, icons.BUTTON))
        line = row()
        line.addWidget(made)
        line.addStretch(1)
        inside.addLayout(line)
        for more in others:
            inside.addWidget(button(*more, style="link"), 0, Qt.AlignmentFlag.AlignLeft)
        card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return card

    def _foot(self) -> QHBoxLayout:
        line = row()
        line.addWidget(label(tr("Language"), "caption2"))
        for code, name in LANGUAGES:
            chip = button(name, None, style="chip")
            chip.setCheckable(True)
            chip.setChecked(code == language())
            chip.setProperty("language", code)
            chip.clicked.connect(self._on_language)
            line.addWidget(chip)
        line.addStretch(1)
        self._hint = label("", "caption")
        line.addWidget(self._hint)
        return line

    def _on_language(self) -> None:
        self.language_chosen.emit(str(self.sender().property("language")))
