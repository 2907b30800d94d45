"""Everything the parts of a room work with, put together by `app`, `cli` or a test."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.core.errors import ViewerError
from viewer.core.resources import user_data_dir
from viewer.core.settings import Settings, save_settings
from viewer.journal import Journal
from viewer.room.background import Lane, Mailbox, Pool
from viewer.room.events import SettingsChanged, Trouble
from viewer.room.threads import AnalysisLane, ReadingPool
from viewer.session import Session
from viewer.session.record import Recorder
from viewer.words.i18n import error_words, tr

if TYPE_CHECKING:
    from viewer.analysis.client import InferenceProcess

_LOG = logging.getLogger(__name__)


class Context:
    """Session, journal, settings and background work of one running program.

    Args:
        mailbox: how answers of background work reach the thread that made this.
    """

    def __init__(self, journal: Journal, settings: Settings, process: InferenceProcess, mailbox: Mailbox) -> None:
        self.session = Session()
        self.journal = journal
        self.recorder = Recorder(journal, self.session, self.trouble)
        self.settings = settings
        self.lane: Lane = AnalysisLane(mailbox, self.session.tell)
        self.pool: Pool = ReadingPool(mailbox)
        self.process = process

    def only_look(self, who: str) -> None:
        """Write nothing and take no change: another program works in this place."""
        self.journal.reads_only = True
        self.session.history.lock(who)

    def trouble(self, words: str) -> None:
        """Tell of something that could not be done, in finished words."""
        self.session.tell(Trouble(words))

    def complain(self, error: ViewerError) -> None:
        """Tell of an error in the reader's language."""
        self.trouble(error_words(error))

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
            self.trouble(tr("The settings could not be stored. They hold until you close the window."))
        self.session.tell(SettingsChanged())

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
