"""Composition root: puts session, journal, lanes and window together and runs them."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from viewer.analysis.client import InferenceProcess
from viewer.core.errors import SettingsError
from viewer.core.resources import user_data_dir
from viewer.core.settings import Settings, load_settings
from viewer.journal import open_journal
from viewer.room.context import Context
from viewer.room.events import SettingsChanged, StackLoaded
from viewer.room.home import home_lock, in_words
from viewer.room.room import Room
from viewer.session.record import LastPlace, last_place
from viewer.ui.kit.basic import FocusRing
from viewer.ui.kit.mailbox import QtMailbox
from viewer.ui.kit.theme import apply_theme
from viewer.ui.shell.main_window import MainWindow
from viewer.ui.shell.monitors import restore_place
from viewer.words.i18n import set_language, tr

_LOG = logging.getLogger(__name__)

#: Packs and processes wait for the first series that is opened at the start, but never longer than this (ms).
_WAIT_MS = 3000


class Program(QObject):
    """One running program: the context, its work, and the window that shows it.

    Args:
        paths: what to open; nothing opens where the last run was, if that run was cut off.
        process: what runs analyses.
    """

    def __init__(self, app: QApplication, paths: Sequence[str] = (), process: InferenceProcess | None = None) -> None:
        super().__init__()
        self._app = app
        self._lock, other = home_lock("a window")
        self._alone = other is None
        settings, words_of_settings = _settings()
        journal, words_of_journal = open_journal(user_data_dir())
        journal.reads_only = other is not None
        set_language(settings.language)
        apply_theme(app, settings.language, settings.text_percent)
        self._look = _look(settings)
        self._last = last_place(journal) if self._alone else LastPlace()
        self.context = Context(journal, settings, process or InferenceProcess(), QtMailbox(self))
        if other is not None:
            self.context.only_look(other.words)
        self.room = Room(self.context)
        self._ring = FocusRing(app)
        self.window = MainWindow(self.room)
        self._paths = tuple(paths)
        self._closed = self._started = False
        self._stop_waiting: Callable[[], None] = lambda: None
        self._connect_window()
        self.context.session.on(SettingsChanged, lambda _event: self._on_settings())
        words_of_other = "" if other is None else in_words(other)
        for words in (words_of_settings, words_of_journal, words_of_other):
            if words:
                self.window.notices.say(words)

    def _connect_window(self) -> None:
        self.window.painted.connect(self._on_painted)
        self.window.closing.connect(self.close)

    def show(self) -> None:
        """Show the window; files are opened after its first paint."""
        restore_place(self.window.placed)
        self.window.show()

    @Slot()
    def _on_painted(self) -> None:
        """The window stands: now files, then packs and the processes, which would keep the first picture waiting."""
        _LOG.debug("the window stands")
        if self._paths:
            self.room.opening.open_paths(self._paths)
        elif not self._last.ended and self._last.paths:
            self._come_back()
        if self.room.opening.is_busy:
            self._stop_waiting = self.context.session.on(StackLoaded, lambda _event: self._start_room())
            QTimer.singleShot(_WAIT_MS, self._start_room)
        else:
            self._start_room()

    @Slot()
    def _start_room(self) -> None:
        """Packs and processes, once."""
        self._stop_waiting()
        if not self._started and not self._closed:
            self._started = True
            self.room.start()

    def _come_back(self) -> None:
        """Open where the last run was cut off."""
        place = self._last.place or {}
        self.room.hanging.come_back_to(place)
        self.context.session.review.select(str(place.get("selected", "")))
        if place.get("stack"):
            self.room.open_at(str(place["stack"]))
        self.room.opening.open_paths(self._last.paths)
        words = tr("The last session ended unexpectedly. It was opened again where you were; nothing was lost.")
        self.window.notices.say(words, "info")

    def _on_settings(self) -> None:
        """Another language or size of text needs a window with other words."""
        if _look(self.context.settings) != self._look:
            self._look = _look(self.context.settings)
            QTimer.singleShot(0, self._rebuild)

    @Slot()
    def _rebuild(self) -> None:
        """Make the window anew in another language or size; it keeps no truth, so nothing is lost."""
        set_language(self._look[0])
        apply_theme(self._app, *self._look)
        old, place, size = self.window, self.room.hanging.place(), self.window.size()
        old.keep_report_text()
        old.closing.disconnect(self.close)
        old.stop_following()
        self.window = MainWindow(self.room)
        self.window.closing.connect(self.close)
        self.window.resize(size)
        self.room.hanging.come_back_to(place)
        self.window.show()
        self.room.show_again()
        self.room.opening.thumbnails_again()
        old.close()
        old.deleteLater()

    @Slot()
    def close(self) -> None:
        """End lanes, processes and the journal, once."""
        if not self._closed:
            self._closed = True
            self.context.close()
            self._lock.release()


def _look(settings: Settings) -> tuple[str, int]:
    """What the words of a window depend on: language and size."""
    return settings.language, settings.text_percent


def _settings() -> tuple[Settings, str]:
    try:
        return load_settings(), ""
    except SettingsError as error:
        return Settings(), error.text


def _collect_again() -> None:
    """Garbage is collected from now on, but what the program is made of is never looked at again."""
    gc.freeze()
    gc.enable()


def run_window(paths: Sequence[str] = ()) -> int:
    """Open the window, on these paths if given; returns the exit status when it is closed."""
    QCoreApplication.setApplicationName("SecondRead")
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    program = Program(app, [str(path) for path in paths])
    program.window.painted.connect(_collect_again)
    program.show()
    status = app.exec()
    program.close()
    program.window.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return status
