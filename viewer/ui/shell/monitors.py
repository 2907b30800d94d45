"""A second top-level window with the views, for a second screen; sizes and places kept for each set of screens."""

from __future__ import annotations

import base64
import logging
import tomllib
from collections.abc import Callable
from pathlib import Path

import tomli_w
from PySide6.QtCore import QByteArray, QObject, Qt
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QMainWindow, QSplitter, QStackedWidget, QWidget

from viewer.core.atomic import write_text
from viewer.core.resources import user_config_dir
from viewer.room.panels import patient
from viewer.room.panels.patient import PatientView
from viewer.room.room import Room
from viewer.ui.kit.basic import ElidedLabel, button, column, frame, label, row
from viewer.ui.kit.refresh import Part
from viewer.words.i18n import tr

_LOG = logging.getLogger(__name__)


class SecondWindow(QMainWindow):
    """The views and the line of the patient; closing it brings the views back."""

    def __init__(self, on_closed: Callable[[], None]) -> None:
        super().__init__()
        self._on_closed = on_closed
        self.setWindowTitle("SecondRead")
        self.setMinimumSize(640, 480)
        whole = QFrame()
        self._inside = column(whole)
        head = frame("header")
        head.setFixedHeight(36)
        line = row(head, 12)
        line.setContentsMargins(12, 0, 12, 0)
        self._name = ElidedLabel(role="title")
        self._who = ElidedLabel(role="caption2")
        self._study = ElidedLabel(role="caption2")
        for part, stretch in ((self._name, 0), (self._who, 0), (self._study, 1)):
            line.addWidget(part, stretch)
        line.addWidget(button(tr("Views back to the first window"), self.close, style="compact"))
        self._inside.addWidget(head)
        self.setCentralWidget(whole)

    def take(self, views: QWidget) -> None:
        """Show the views here."""
        self._inside.addWidget(views, 1)
        views.show()

    def show_view(self, view: PatientView) -> None:
        """Whose pictures these are."""
        self._name.set_whole(view.name)
        self._who.set_whole(view.who)
        self._study.set_whole(view.study)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """The views go back first."""
        self._on_closed()
        super().closeEvent(event)


class Monitors(QObject):
    """Moves the views to a second window and back.

    Attributes:
        part: what in it follows the room.
    """

    def __init__(self, room: Room, middle: QStackedWidget, views: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._room, self._middle, self._views, self._parent = room, middle, views, parent
        self._second: SecondWindow | None = None
        self._instead = self._placeholder()
        middle.addWidget(self._instead)
        self.part = Part(self._name, patient.HEARS)

    def _placeholder(self) -> QFrame:
        page = frame("window")
        inside = column(page, 24, 12)
        inside.addStretch(1)
        words = label(tr("The views are in the second window."), "title")
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside.addWidget(words)
        line = row()
        line.addStretch(1)
        line.addWidget(button(tr("Bring them back"), self.bring_back))
        line.addStretch(1)
        inside.addLayout(line)
        inside.addStretch(1)
        return page

    @property
    def page(self) -> QWidget:
        """What stands in the middle of the first window while studies are open."""
        return self._views if self._second is None else self._instead

    def toggle(self) -> None:
        """Views to the second window, or back."""
        if self._second is None:
            self._send()
        else:
            self.bring_back()

    def _send(self) -> None:
        self._second = SecondWindow(self.bring_back)
        shown = self._middle.currentWidget() is self._views
        self._middle.removeWidget(self._views)
        self._second.take(self._views)
        self._second.addActions(self._parent.findChildren(QAction))
        if shown:
            self._middle.setCurrentWidget(self._instead)
        self._name()
        place_second(self._second, self._parent)
        self._second.show()

    def bring_back(self) -> None:
        """The views stand in the first window again."""
        second, self._second = self._second, None
        if second is None:
            return
        keep_place({"second": second})
        shown = self._middle.currentWidget() is self._instead
        self._middle.addWidget(self._views)
        if shown:
            self._middle.setCurrentWidget(self._views)
        second.close()
        second.deleteLater()

    def _name(self) -> None:
        if self._second is not None:
            self._second.show_view(patient.state(self._room.context.session, self._room))


def place_second(window: QMainWindow, first: QWidget) -> None:
    """Where it stood with these screens, else all of another screen than the first window's."""
    if restore_place({"second": window}):
        return
    others = [screen for screen in QGuiApplication.screens() if screen is not first.screen()]
    if others:
        window.setGeometry(others[0].availableGeometry())
    else:
        window.resize(1000, 800)


# places


def places_file() -> Path:
    """Where places of windows lie."""
    return user_config_dir() / "windows.toml"


def screens_key() -> str:
    """The set of screens there is: a place holds for the same set only."""
    boxes = (screen.geometry() for screen in QGuiApplication.screens())
    return " ".join(sorted(f"{b.width()}x{b.height()}+{b.x()}+{b.y()}" for b in boxes))


def _read() -> dict[str, dict[str, str]]:
    try:
        return tomllib.loads(places_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _LOG.warning("places of windows not read: %s", type(error).__name__)
        return {}


Placed = QMainWindow | QSplitter


def keep_place(placed: dict[str, Placed]) -> None:
    """Note where windows stand and how wide their panels are."""
    known = _read()
    made = {name: base64.b64encode(_state(one).data()).decode() for name, one in placed.items()}
    try:
        places_file().parent.mkdir(parents=True, exist_ok=True)
        kept = known.get(screens_key(), {}) | made
        write_text(places_file(), tomli_w.dumps(known | {screens_key(): kept}))
    except OSError as error:
        _LOG.warning("places of windows not stored: %s", error.strerror)


def _state(one: Placed) -> QByteArray:
    return one.saveState() if isinstance(one, QSplitter) else one.saveGeometry()


def restore_place(placed: dict[str, Placed]) -> bool:
    """Put windows where they stood with this set of screens; False where that is not known."""
    known = _read().get(screens_key(), {})
    found = False
    for name, one in placed.items():
        state = QByteArray(base64.b64decode(known[name])) if name in known else None
        if state is not None:
            found = (one.restoreState(state) if isinstance(one, QSplitter) else one.restoreGeometry(state)) or found
    return found
