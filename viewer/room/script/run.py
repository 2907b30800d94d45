"""A whole script: the room put together without a window, steps done one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from viewer.analysis.client import InferenceProcess
from viewer.core.errors import OutputError, SettingsError
from viewer.core.resources import user_data_dir
from viewer.core.settings import Settings, load_settings
from viewer.core.task import CancelToken
from viewer.journal import open_journal
from viewer.room.context import Context
from viewer.room.home import wait_for_home
from viewer.room.room import Room
from viewer.room.script.lines import Answer, play
from viewer.room.script.sitting import Sitting
from viewer.room.script.steps import perform
from viewer.room.threads import QueueMailbox


def play_steps(
    lines: Iterable[bytes],
    answer: Answer,
    say: Callable[[str], None],
    unforeseen: Callable[[Exception], str],
    cancel: CancelToken,
    *,
    process: InferenceProcess | None = None,
) -> bool:
    """Do every step of a script on a room of its own; True when all of them were ok.

    Args:
        answer: takes a line for each step, in order, once its change is in the journal.
        say: takes words that belong to no step.
        unforeseen: words for an error that no step foresaw.
        process: what runs analyses.

    Raises:
        OutputError: another program works in this home, it says who.
        Cancelled: the program was asked to stop; what was answered is kept.
    """
    try:
        settings = load_settings()
    except SettingsError as error:
        say(error.text)
        settings = Settings()
    lock = wait_for_home("a script", cancel)
    journal, words = open_journal(user_data_dir())
    if words:
        say(words)
    mailbox = QueueMailbox()
    context = Context(journal, settings, process or InferenceProcess(), mailbox)
    try:
        sitting = Sitting(Room(context, by_itself=False), mailbox, cancel)

        def do(name: str, keys: Mapping[str, Any]) -> Mapping[str, Any]:
            cancel.check()
            done = perform(sitting, name, keys)
            sitting.settle()
            if journal.waiting:
                raise OutputError(
                    "This change could not be stored on the disk; it lasts until the script ends.",
                    "Free some space or check the folder's rights; the next change stores both.",
                )
            return done

        return play(lines, do, answer, unforeseen)
    finally:
        context.close()
        lock.release()
