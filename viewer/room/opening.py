"""Opening: paths -> scan -> studies, thumbnails, and what the journal knows of them."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from viewer.core.errors import UsageError, ViewerError
from viewer.core.finding import Finding
from viewer.core.plain import from_plain
from viewer.core.report import Signature
from viewer.core.resources import user_cache_dir
from viewer.core.study import ScanResult, Stack
from viewer.core.task import CancelToken, ignore_progress
from viewer.room.background import Priority
from viewer.room.context import Context
from viewer.room.events import ScanEnded, ScanProgressed, ThumbnailMade
from viewer.session import ResultEntry
from viewer.session.record import SigningBegun, study_record
from viewer.words.i18n import tr

_LOG = logging.getLogger(__name__)

THUMBNAIL_PX = 92


class Opening:
    """Scans what the reader opens; tells `ScanProgressed`, `ScanEnded` and `ThumbnailMade`.

    Args:
        thumbnails: make small pictures of what is found.
    """

    def __init__(self, context: Context, thumbnails: bool = True) -> None:
        self._context, self._thumbnails = context, thumbnails
        self._numbers = itertools.count(1)
        self._under_way: set[str] = set()
        self._asked: set[str] = set()
        self._pictures: dict[str, np.ndarray[Any, np.dtype[np.uint8]]] = {}
        self._restored: set[str] = set()
        self._paths: dict[str, tuple[str, ...]] = {}

    @property
    def is_busy(self) -> bool:
        """True while a scan runs."""
        return bool(self._under_way)

    def open_paths(self, paths: Iterable[str]) -> None:
        """Scan files, folders or ZIPs; the studies fill while it runs."""
        wanted = tuple(str(Path(path).absolute()) for path in paths)
        if not wanted:
            return
        self._context.session.library.open_paths(wanted)
        self._start(wanted)

    def open_samples(self) -> None:
        """Make the sample studies in a thread, then open them."""

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> tuple[Path, ...]:
            from viewer.jobs.demo import write_studies

            return write_studies(user_cache_dir() / "samples", on_progress=ignore_progress, cancel=cancel)

        def done(folders: tuple[Path, ...]) -> None:
            self.open_paths(str(folder) for folder in folders)

        self._context.pool.submit(work, done, self._context.complain)

    def _start(self, paths: tuple[str, ...]) -> None:
        scan_id = f"scan-{next(self._numbers)}"
        self._under_way.add(scan_id)
        self._paths[scan_id] = paths
        self._context.session.tell(ScanProgressed())

        known = self._context.session.library.studies

        def work(tell: Callable[[object], None], cancel: CancelToken) -> object:
            from viewer.reading import scan, with_known

            return with_known(scan(paths, tell, ignore_progress, cancel), known, cancel)

        self._context.pool.submit(work, self._done(scan_id), self._failed(scan_id), told=self._update(scan_id))

    def _update(self, scan_id: str, over: bool = False) -> Callable[[ScanResult], None]:
        def put(result: ScanResult) -> None:
            self._context.session.library.put_scan(scan_id, result, over)
            self._restore(result)
            self._context.session.tell(ScanProgressed())

        return put

    def _done(self, scan_id: str) -> Callable[[ScanResult], None]:
        def end(result: ScanResult) -> None:
            self._under_way.discard(scan_id)
            self._update(scan_id, over=True)(result)
            if self._thumbnails:
                self._ask_thumbnails(result)
            self._context.session.tell(ScanEnded(tuple(study.uid for study in result.studies)))

        return end

    def _failed(self, scan_id: str) -> Callable[[ViewerError], None]:
        def end(error: ViewerError) -> None:
            self._under_way.discard(scan_id)
            self._context.session.tell(ScanEnded())
            self._context.complain(error)

        return end

    # thumbnails

    def _ask_thumbnails(self, result: ScanResult) -> None:
        for study in result.studies:
            for stack in study.stacks:
                if stack.key not in self._asked and stack.geometry is not None:
                    self._asked.add(stack.key)
                    self._ask_thumbnail(stack)

    def _ask_thumbnail(self, stack: Stack) -> None:
        def work(_tell: Callable[[object], None], _cancel: CancelToken) -> object:
            from viewer.display.render import thumbnail
            from viewer.reading import preview

            return thumbnail(preview(stack), side=THUMBNAIL_PX)

        def done(picture: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
            self._pictures[stack.key] = picture
            self._context.session.tell(ThumbnailMade(stack.key))

        self._context.pool.submit(work, done, _no_thumbnail, priority=Priority.THUMBNAIL)

    def thumbnail(self, key: str) -> np.ndarray[Any, np.dtype[np.uint8]] | None:
        """A small picture of a stack, RGB [row, column, 3]; None while there is none."""
        return self._pictures.get(key)

    def thumbnails_again(self) -> None:
        """Tell a new window of every thumbnail there is."""
        for key in self._pictures:
            self._context.session.tell(ThumbnailMade(key))

    # what the journal knows

    def _restore(self, result: ScanResult) -> None:
        for study in result.studies:
            if study.uid not in self._restored:
                self._restored.add(study.uid)
                self._restore_study(study.uid)

    def _restore_study(self, study_uid: str) -> None:
        """Report, measurements and undo at once; results once their arrays are read."""
        session, record = self._context.session, study_record(self._context.journal, study_uid)
        session.review.restore(study_uid, record.sections or {}, record.marks, record.signature)
        session.measurements.restore(study_uid, record.measurements)
        session.segments.restore(record.segments)
        session.registrations.restore(record.registrations)
        session.people.restore(study_uid, record.joined)
        session.boxes.restore(record.boxes)
        session.pairs.restore(study_uid, record.pairs)
        session.history.restore(record.moves)
        if not record.entries and record.signing is None:
            return

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> Restored:
            entries = [_with_arrays(entry, cancel) for entry in record.entries]
            return Restored(entries, None if record.signing is None else _sealed_findings(record.signing))

        def done(restored: Restored) -> None:
            for entry in restored.entries:
                findings = [f for f in record.findings if f.result_id == entry.id]
                session.review.add_result(entry, findings, restored=True)
            if record.signing is not None:
                self._finish_signing(study_uid, record.signing, restored.sealed)

        self._context.pool.submit(work, done, self._context.complain)

    def _finish_signing(self, study_uid: str, begun: SigningBegun, sealed: tuple[Finding, ...] | None) -> None:
        """The program ended while a report was being signed: the seal of its folder says whether it was.

        Args:
            sealed: the findings under that seal, None where there is none.
        """
        if self._context.journal.reads_only or self._context.session.library.study(study_uid) is None:
            return
        mine = {finding.id: finding for finding in self._context.session.review.findings(study_uid)}
        if sealed is not None and all(mine.get(finding.id) == finding for finding in sealed):
            try:
                self._context.session.review.sign(study_uid, begun.signature)
                self._context.recorder.exported(study_uid, begun.folder, [])
                return
            except UsageError as error:
                _LOG.warning("a signature could not be taken over: %s", error.code)
        self._context.recorder.not_signed(study_uid)
        what = tr("The program ended while this report was being signed; it is not signed.")
        self._context.complain(UsageError(what, tr("Look at it again, then sign.")))

    def forget(self, study_uid: str) -> None:
        """A study was closed: when it is opened again its results come back."""
        self._restored.discard(study_uid)


@dataclass(frozen=True, slots=True, eq=False)
class Restored:
    """Results with their arrays, and the findings under the seal of a report that was being signed."""

    entries: list[ResultEntry]
    sealed: tuple[Finding, ...] | None


def _sealed_findings(begun: SigningBegun) -> tuple[Finding, ...] | None:
    """What the folder holds under the very signature that was begun; None where that seal is not there or broken."""
    from viewer.jobs import place, result_folder
    from viewer.jobs.review import all_findings
    from viewer.jobs.sealing.seal import SealState, verify

    try:
        with place.reading(begun.folder, "opening"):
            loaded = result_folder.load(begun.folder, arrays=False)
        signature = from_plain(Signature, (loaded.document.get("report") or {}).get("signature"))
        found = all_findings(loaded)
    except (ViewerError, KeyError, TypeError, ValueError, AttributeError):
        return None
    sealed = verify(begun.folder, loaded.document).state is SealState.AS_SIGNED
    return found if sealed and signature == begun.signature else None


def _no_thumbnail(error: ViewerError) -> None:
    _LOG.debug("no thumbnail: %s", error.code)


def _with_arrays(entry: ResultEntry, cancel: CancelToken) -> ResultEntry:
    """The entry with its masks and heatmaps; with a note where they cannot be read."""
    from viewer.jobs import admission, result_folder
    from viewer.jobs.sealing.seal import SealState

    cancel.check()
    if entry.folder is None:
        return replace(entry, note="The pictures of this result were not stored; analyse again to see them.")
    try:
        state = admission.state_of(Path(entry.folder))
        if state.state is SealState.CHANGED:
            files = ", ".join(dict.fromkeys(one.file for one in state.alterations))
            return replace(entry, note=f"This stored result was changed by other hands: {files}. Analyse again.")
        stored: tuple[Any, ...] = result_folder.read(Path(entry.folder))
    except ViewerError as error:
        return replace(entry, note=f"The pictures of this result cannot be shown: {error.text}")
    found = next((r for r in stored if r.request_id == entry.result.request_id), None)
    if found is None:
        return replace(entry, note="The pictures of this result are missing; analyse again to see them.")
    arrays = {"masks": found.masks, "phase_masks": found.phase_masks, "heatmaps": found.heatmaps}
    return replace(entry, result=replace(entry.result, **arrays))
