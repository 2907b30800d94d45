"""One program works in a home (journal, settings, results) at a time; another may look."""

from __future__ import annotations

import logging

from viewer.core.errors import OutputError
from viewer.core.lock import FileLock, Holder, holder_of
from viewer.core.resources import user_data_dir
from viewer.core.task import CancelToken
from viewer.words.i18n import tr

_LOG = logging.getLogger(__name__)

LOCK = "home.lock"
#: Who holds a lock that says nothing yet.
_SOMEBODY = Holder("another program", 0, "", "", "")


def home_lock(what: str) -> tuple[FileLock, Holder | None]:
    """The lock of the home, taken where it is free.

    Args:
        what: who takes it, in words ("a window").

    Returns:
        The lock, and who else holds it; in a folder that cannot be made nobody does.
    """
    folder = user_data_dir()
    lock = FileLock(folder / LOCK, what)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return lock, None if lock.try_acquire() else holder_of(lock.path) or _SOMEBODY
    except OSError as error:
        _LOG.warning("no data folder: %s", error.strerror)
        return lock, None


def wait_for_home(what: str, cancel: CancelToken) -> FileLock:
    """The lock of the home, waited for.

    Raises:
        OutputError: another still works here, it says who. Cancelled: the program was asked to stop.
    """
    folder = user_data_dir()
    lock = FileLock(folder / LOCK, what)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock.acquire(cancel=cancel)
    except OutputError:
        raise
    except OSError as error:
        _LOG.warning("no data folder: %s", error.strerror)
    return lock


def in_words(holder: Holder) -> str:
    """What a reader is told who opens a second window."""
    words = tr("This place is worked in by {who}. Here everything can be looked at; nothing you change is kept.")
    return words.format(who=holder.words)
