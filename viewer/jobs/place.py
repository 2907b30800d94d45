"""A result folder as a place where one writer works at a time, and changes hold wholly or not at all."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from viewer.core import change
from viewer.core.atomic import UNFINISHED
from viewer.core.change import changing
from viewer.core.errors import OutputError
from viewer.core.lock import locked
from viewer.core.task import CancelToken
from viewer.jobs import result_json
from viewer.jobs.sealing import hashes
from viewer.jobs.sealing.seal import LOCKS, SEAL, files_of, manifest_of, sealed, sha256_of

LOCK = ".lock"
RESULT = "result.json"
#: Beginnings of what a writer killed half way leaves behind, in this program and in those before it.
LEFTOVERS = (UNFINISHED, ".report-", ".review-", ".result.json.part")
_READ_ONLY = (errno.EACCES, errno.EROFS, errno.EPERM)


@contextlib.contextmanager
def writing(folder: Path, what: str, cancel: CancelToken | None = None) -> Iterator[None]:
    """Be the only writer of a folder; what a kill left there is finished or undone, and swept, first.

    Args:
        folder: a result folder; where there is none, nothing is locked.
        what: what is done, in words for whoever waits ("report").

    Raises:
        OutputError: another writes there, it says who; or the folder is read-only.
        Cancelled: the reader asked to stop.
    """
    if not folder.is_dir():
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / LOCK, what, cancel=cancel))
            change.recover(folder)
            _sweep(folder)
        except OSError as error:
            raise cannot_write(folder / RESULT, error) from error
        yield


@contextlib.contextmanager
def reading(folder: Path, what: str, cancel: CancelToken | None = None) -> Iterator[None]:
    """See a folder as no writer has it half changed; on a disk that is read-only nobody writes.

    Raises:
        OutputError: another writes there, it says who. Cancelled: the reader asked to stop.
    """
    if not folder.is_dir():
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / LOCK, what, cancel=cancel))
            change.recover(folder)
            _sweep(folder)  # what a dead writer left is not of the folder
        except OSError as error:
            if error.errno not in _READ_ONLY or change.is_unfinished(folder):
                raise cannot_write(folder / RESULT, error) from error
        yield


@contextlib.contextmanager
def creating(out: Path, what: str, cancel: CancelToken | None = None) -> Iterator[None]:
    """Be the only one who puts a new folder in a place; what a kill left beside it is swept.

    Raises:
        OutputError: another writes there, it says who. OSError: the disk refused.
        Cancelled: the reader asked to stop.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with locked(out.parent / f".{out.name}.lock", what, cancel=cancel):
        for part in out.parent.glob(f".{_literal(out.name)}.*.part"):
            shutil.rmtree(part, ignore_errors=True)
        with writing(out, what, cancel):
            yield


def keep(
    folder: Path, files: Mapping[str, Path], document: Mapping[str, Any], gone: Sequence[str] = ()
) -> dict[str, Any]:
    """Put files and result.json into a folder in one change; where the report is signed, its seal with them.

    Args:
        folder: whose only writer the caller is.
        files: name -> new file (elsewhere on the disk; it is moved).
        document: result.json without hashes.
        gone: names that must not stay.

    Returns:
        The document as written.

    Raises:
        OutputError: it cannot be written, or cannot be sealed; everything is as before.
    """
    try:
        with changing(folder) as one:
            for name, path in files.items():
                shutil.move(path, one.files / name)
            one.gone += gone
            after = _after(folder, one.files, gone)
            named = {name: path for name, path in after.items() if name in set(document["files"])}
            whole = hashes.with_hashes(document, named)
            (one.files / RESULT).write_text(result_json.dump(whole), encoding="utf-8")
            if _is_signed(whole):
                (one.files / SEAL).write_bytes(_seal(folder, whole, after | {RESULT: one.files / RESULT}))
    except OSError as error:
        raise cannot_write(folder / RESULT, error) from error
    return whole


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The words for a disk that does not take the results."""
    if error.errno == errno.ENOSPC:
        return OutputError(
            "The disk is full: the results could not be written. Nothing half-written was left.",
            "Free some space or name a folder on another disk.",
        )
    if error.errno in _READ_ONLY:
        return OutputError(f"'{path.parent.name or path.name}' is read-only.", "Name a folder you may write to.")
    return OutputError(
        f"The results could not be written ({error.strerror or type(error).__name__}).", "Name another folder."
    )


def _after(folder: Path, new: Path, gone: Sequence[str]) -> dict[str, Path]:
    """Where each file of the folder will come from: the old one, or the new one over it."""
    there = {name: folder / name for name in files_of(folder)[0] if name not in gone}
    return there | {path.name: path for path in new.iterdir()}


def _is_signed(document: Mapping[str, Any]) -> bool:
    return bool((document.get("report") or {}).get("signature"))


def _seal(folder: Path, document: Mapping[str, Any], files: Mapping[str, Path]) -> bytes:
    """The seal over everything the folder will hold.

    Raises:
        OutputError: the key cannot be used, or another folder lies inside that nobody signed.
    """
    series: dict[str, str] = {}
    for name in files_of(folder)[1]:
        if name in (change.PREPARED, change.DECIDED) or name.startswith(UNFINISHED):
            continue  # this very change
        if not (folder / name / SEAL).is_file():
            raise OutputError(
                f"'{name}' in the result folder is not of the results, so what is signed could not be told.",
                "Move it elsewhere, then sign.",
            )
        series[name] = sha256_of(folder / name / SEAL)
    return sealed(manifest_of(document, {name: sha256_of(path) for name, path in sorted(files.items())}, series))


def _sweep(folder: Path) -> None:
    """Remove what dead writers left: whoever holds the lock is the only one alive here."""
    for path in folder.iterdir():
        if not path.name.startswith(LEFTOVERS) or path.name in LOCKS:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _literal(name: str) -> str:
    """A name for `glob`, its brackets and stars meant as they stand."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
