"""Everything a window works with, put together by `app`."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from viewer.analysis.client import InferenceProcess
from viewer.core.errors import ViewerError
from viewer.core.resources import user_data_dir
from viewer.core.settings import Settings, save_settings
from viewer.journal import Journal
from viewer.session import Event, Session
from viewer.session.record import Recorder
from viewer.ui.kit.lanes import AnalysisLane, ReadingPool
from viewer.words.i18n import error_words, tr

_LOG = logging.getLogger(__name__)


class Context(QObject):
    """Session, journal, settings and lanes of one running program.

    Signals:
        told: every event of the session; trouble: words about something that could not be done;
        settings_changed: after new settings were stored.
    """

    told = Signal(object)
    trouble = Signal(str)
    settings_changed = Signal()

    def __init__(self, journal: Journal, settings: Settings, process: InferenceProcess) -> None:
        super().__init__()
        self.session = Session()
        self.journal = journal
        self.recorder = Recorder(journal, self.session, self.trouble.emit)
        self.settings = settings
        self.lane = AnalysisLane(self)
        self.pool = ReadingPool(self)
        self.process = process
        self.session.subscribe(self._on_event)

    def _on_event(self, event: Event) -> None:
        self.told.emit(event)

    def change_settings(self, **changes: Any) -> None:
        """Store some settings and tell everybody."""
        self.put_settings(replace(self.settings, **changes))

    def put_settings(self, settings: Settings) -> None:
        """Store the settings and tell everybody; where they cannot be stored they hold until the end."""
        if settings == self.settings:
            return
        self.settings = settings
        try:
            save_settings(settings)
        except OSError as error:
            _LOG.warning("settings not stored: %s", error.strerror)
            self.trouble.emit(tr("The settings could not be stored. They hold until you close the window."))
        self.settings_changed.emit()

    def complain(self, error: ViewerError) -> None:
        """Put an error into words on screen."""
        self.trouble.emit(error_words(error))

    def results_folder(self, result_id: str) -> Path:
        """Where the arrays of a result lie."""
        return user_data_dir() / "results" / result_id

    def close(self) -> None:
        """End lanes and processes; the journal last."""
        self.process.stop()
        self.lane.close()
        self.pool.close()
        self.recorder.ended()
        self.journal.close()
