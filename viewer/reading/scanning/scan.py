"""Find out what lies in files, folders and archives, by content and not by name."""

from __future__ import annotations

import logging
import os
import stat
import time
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path

from viewer.core.errors import ReadError
from viewer.core.study import ScanResult
from viewer.core.task import CancelFlag, CancelToken, OnProgress, Progress, ignore_progress
from viewer.reading.formats.readers import reader_for
from viewer.reading.header.fastparse import FIRST_READ
from viewer.reading.header.fileio import open_binary, read_at
from viewer.reading.header.headers import head_from, plausible
from viewer.reading.header.layout import Layout
from viewer.reading.header.tags import DIRECTORY
from viewer.reading.pixels.codecs import CODECS
from viewer.reading.pixels.decoders import warm
from viewer.reading.scanning import index
from viewer.reading.scanning.catalogue import Catalogue
from viewer.reading.scanning.walk import Folder, folders, status_of
from viewer.reading.stacking.frame import Slice

log = logging.getLogger(__name__)

OnUpdate = Callable[[ScanResult], None]

#: A look at what was found so far may take this share of the scan's time.
_UPDATE_SHARE = 0.1
#: Seconds between looks at least, after the first.
_UPDATE_PAUSE = 0.25


def scan(
    paths: Iterable[str | os.PathLike[str]],
    on_update: OnUpdate | None = None,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
    use_index: bool = True,
) -> ScanResult:
    """Scan files, folders, ZIPs and DICOMDIRs.

    Args:
        paths: what to look at; folders are walked, symbolic links followed once.
        on_update: gets what was found so far, first after the first picture, then now and then.
        on_progress: told of the folder being read.
        cancel: asked at each file.
        use_index: unchanged folders of many files are not read again.

    Returns:
        Complete studies and every refused file with its reason.

    Raises:
        Cancelled: the reader asked to stop.
    """
    roots = tuple(str(Path(path).absolute()) for path in paths)
    token = cancel or CancelFlag()
    token.check()
    known = index.load(roots) if use_index else None
    if known is not None:
        _warm_for(known)
    result = known or _scanned(roots, _Scan(on_update, on_progress, token), use_index)
    if on_update is not None:
        on_update(result)
    return result


def _warm_for(result: ScanResult) -> None:
    """Have a decoder process ready where pictures are compressed."""
    for study in result.studies:
        for stack in study.stacks:
            first = stack.instances[0] if stack.instances else None
            if isinstance(first, Slice) and first.spec is not None and first.spec.syntax in CODECS:
                warm(first.spec.syntax)
                return


def _scanned(roots: tuple[str, ...], run: _Scan, keep: bool) -> ScanResult:
    """Scan, and keep the result of a large scan for the next time."""
    for folder in folders(roots):
        run.folder(folder)
    run.directories()
    result = run.catalogue.snapshot()
    log.info("scanned %d files, %d of them by pydicom", run.catalogue.files, run.declined)
    if keep and run.catalogue.files >= index.LEAST_FILES and run.repeatable:
        index.save(roots, run.fingerprint, result)
    return result


class _Scan:
    """One run: the catalogue it fills and when it last showed it."""

    def __init__(self, on_update: OnUpdate | None, on_progress: OnProgress, cancel: CancelToken) -> None:
        self.catalogue = Catalogue()
        self.declined = 0
        self._seen: set[str] = set()
        self._directories: list[str] = []
        self._unpacked: dict[str, str] = {}
        self._status = array("q")
        self.fingerprint = index.Fingerprint()
        self._on_update, self._on_progress, self._cancel = on_update, on_progress, cancel
        self._started = time.monotonic()
        self._next_look = 0.0
        self._layout = Layout()
        self._warmed: set[str] = set()

    def folder(self, folder: Folder) -> None:
        self._layout.next_folder()
        self._on_progress(Progress(f"Scanning {Path(folder.path).name}"))
        self._status = array("q")
        for path in folder.files:
            self._cancel.check()
            self._one(path)
            if self._on_update is not None and time.monotonic() >= self._next_look:
                self._look()
        self.fingerprint.add(folder.path, folder.names, self._status)

    @property
    def repeatable(self) -> bool:
        """False where files were read that a walk of the same paths does not show (ZIP, DICOMDIR)."""
        return not self._unpacked and not self._directories

    def _one(self, path: str) -> None:
        self.catalogue.files += 1
        self._seen.add(path)
        try:
            self.file(path)
        except ReadError as error:
            self.catalogue.refuse(self._shown(path), error)

    def _shown(self, path: str) -> str:
        """The path a person knows: inside the archive, not in the folder it was unpacked to."""
        for folder, archive in self._unpacked.items():
            if path.startswith(folder):
                return archive + path[len(folder) :]
        return path

    def directories(self) -> None:
        """Read the files that a DICOMDIR names and no folder showed; refuse those that are not there."""
        from viewer.reading.scanning.dicomdir import referenced

        for directory in self._directories:
            try:
                named = list(referenced(directory))
                if not named:
                    raise ReadError("The DICOMDIR names no files.", "Open the folder itself instead.", "empty")
                for name, found in named:
                    self._cancel.check()
                    if found is None:
                        self.catalogue.refuse(self._shown(str(Path(directory).parent / name)), _missing())
                    elif str(found) not in self._seen:
                        self._one(str(found))
            except ReadError as error:
                self.catalogue.refuse(self._shown(directory), error)

    def _look(self) -> None:
        """Show what was found so far, seldom enough to cost little."""
        before = time.monotonic()
        result = self.catalogue.snapshot()
        if not result.studies or self._on_update is None:
            return
        self._on_update(result)
        cost = time.monotonic() - before
        self._next_look = before + cost + max(_UPDATE_PAUSE, cost / _UPDATE_SHARE)

    def file(self, path: str) -> None:
        """Add one file by its first bytes.

        Raises:
            ReadError: it is none of the formats read here, or damaged.
        """
        try:
            descriptor = open_binary(path)
        except OSError as error:
            raise _unreadable(error) from error
        try:
            start = read_at(descriptor, FIRST_READ, 0)
            status = os.fstat(descriptor)
            self._status.extend(status_of(status))
            if start[128:132] == b"DICM" or plausible(start):
                head = head_from(descriptor, start, path, status.st_size, self._layout)
                self.declined += not head.fast
                if DIRECTORY in head.raw:
                    self._directories.append(path)
                else:
                    self.catalogue.add(head)
                    if head.syntax in CODECS and head.syntax not in self._warmed:
                        self._warmed.add(head.syntax)
                        warm(head.syntax)
                return
        except OSError as error:
            raise _unreadable(error) from error
        finally:
            os.close(descriptor)
        self._foreign(path, start, status)

    def _foreign(self, path: str, start: bytes, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise ReadError("This is not a regular file.", "", "not_dicom")
        if not start:
            raise ReadError("The file is empty.", "Ask for a new copy.", "empty")
        if start.startswith(b"PK\x03\x04"):
            self._archive(path)
            return
        reader = reader_for(start)
        if reader is None:
            raise ReadError(
                "This is neither DICOM nor a picture format that can be read.",
                "DICOM, NIfTI, NRRD, PNG, JPEG and TIFF can be opened.",
                "not_dicom",
            )
        folder = Path(path).parent
        self.catalogue.add_foreign(str(folder), folder.name, reader.describe(path))

    def _archive(self, path: str) -> None:
        from viewer.reading.scanning.archive import unpack

        if any(path.startswith(folder) for folder in self._unpacked):
            raise ReadError("An archive inside an archive is not opened.", "Unpack it first.", "nested_archive")
        done = unpack(path, self._cancel)
        self._unpacked[done.folder] = path
        for name, error in done.refused:
            self.catalogue.refuse(f"{path}/{name}", error)
        for inner in folders([done.folder]):
            self.folder(inner)


def _missing() -> ReadError:
    return ReadError(
        "The DICOMDIR names this file, but it is not there or lies outside the folder.",
        "Copy the whole disc.",
        "missing_file",
    )


def _unreadable(error: OSError) -> ReadError:
    return ReadError(f"The file cannot be read ({error.strerror}).", "Check the disk and permissions.", "unreadable")
