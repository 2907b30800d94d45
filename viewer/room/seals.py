"""What seals say: of result folders that objects on show lie in, and of reports that were written before."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from viewer.core.change import is_unfinished
from viewer.core.errors import ViewerError
from viewer.core.study import Stack
from viewer.core.task import CancelToken
from viewer.room.background import Priority
from viewer.room.context import Context
from viewer.room.events import Exported, ScanEnded, SealsChanged
from viewer.session import Event
from viewer.session.record import exports_of

_LOG = logging.getLogger(__name__)

#: Files of which one makes a folder a result folder.
_OF_RESULTS = ("result.json", "seal.json")


@dataclass(frozen=True, slots=True)
class SealView:
    """What is said of a result folder.

    Attributes:
        name: of the folder.
        words: one English sentence: as signed, changed and what, by a key unknown here, by the earlier way, not signed.
        sound: nothing in it warns.
    """

    name: str
    words: str
    sound: bool


class Seals:
    """Looks at seals in a reading thread, whenever something was opened or exported; tells `SealsChanged`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[Path, SealView] = {}
        context.session.subscribe(self._on_event)

    def of(self, stack: Stack) -> SealView | None:
        """The seal of the result folder that an object lies in; None where it lies in none, or is not looked at yet."""
        return self._known.get(_folder_of(stack))

    def exports(self, study_uid: str) -> tuple[SealView, ...]:
        """Reports of a study that were written from here, the last one first."""
        folders = reversed(exports_of(self._context.journal, study_uid))
        return tuple(self._known[folder] for folder in folders if folder in self._known)

    def look(self, study_uids: tuple[str, ...]) -> None:
        """Look anew at every result folder that the objects of these studies lie in or that they were written to."""
        library, journal = self._context.session.library, self._context.journal
        studies = [study for uid in study_uids if (study := library.study(uid)) is not None]
        folders = {_folder_of(stack) for study in studies for stack in study.stacks if stack.instances}
        folders |= {folder for uid in study_uids for folder in exports_of(journal, uid)}
        wanted = tuple(sorted(folders))
        if not wanted:
            return

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> dict[Path, SealView | None]:
            found = {}
            for folder in wanted:
                cancel.check()
                found[folder] = _looked_at(folder)
            return found

        def done(found: dict[Path, SealView | None]) -> None:
            before = dict(self._known)
            for folder, view in found.items():
                self._known.pop(folder, None)
                if view is not None:
                    self._known[folder] = view
            if self._known != before:
                self._context.session.tell(SealsChanged())

        self._context.pool.submit(work, done, _no_seal, priority=Priority.PREFETCH)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ScanEnded):
            self.look(event.study_uids)
        elif isinstance(event, Exported):
            self.look(tuple(study.uid for study in self._context.session.library.studies))


def _folder_of(stack: Stack) -> Path:
    return Path(stack.instances[0].path).parent if stack.instances else Path()


def _looked_at(folder: Path) -> SealView | None:
    """None for a folder that holds no results; one that was written to and is gone is told."""
    from viewer.jobs import admission, place
    from viewer.jobs.sealing.seal import SealState

    if not folder.is_dir():
        return SealView(folder.name, "This folder is no longer there.", sound=False)
    if not any((folder / name).is_file() for name in _OF_RESULTS):
        return None
    if is_unfinished(folder):  # a kill left a change there: it is finished or undone first
        with place.reading(folder, "opening"):
            pass
    seal = admission.state_of(folder)
    if seal.state is SealState.CHANGED and not seal.signer and not (folder / "seal.json").exists():
        files = ", ".join(dict.fromkeys(one.file for one in seal.alterations))
        return SealView(folder.name, f"Changed since it was written: {files}.", sound=False)
    return SealView(folder.name, seal.words, seal.state in (SealState.AS_SIGNED, SealState.NONE))


def _no_seal(error: ViewerError) -> None:
    _LOG.info("a seal could not be looked at: %s", error.code)
