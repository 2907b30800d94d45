"""Where a command may write a file: never over a picture, a DICOM file or somebody's results."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from viewer.core.atomic import UNFINISHED
from viewer.core.errors import OutputError
from viewer.jobs.place import cannot_write
from viewer.jobs.sealing.seal import SEAL

#: Where a DICOM file says that it is one (PS3.10 7.1).
_PREAMBLE, _MAGIC = 128, b"DICM"
#: Files of which one makes a folder a result folder.
_OF_RESULTS = ("result.json", SEAL)


def check_target(target: Path, sources: Iterable[Path], *, force: bool = False, own: Sequence[Path] = ()) -> None:
    """Refuse to write over what is not ours to replace.

    Args:
        target: the file to write.
        sources: the pictures that the command reads, files or folders.
        force: the reader said that a file of theirs may go.
        own: files that the same command may replace (its report in its own folder).

    Raises:
        OutputError: something is there that must stay, code "exists".
    """
    if target.resolve() in {path.resolve() for path in own}:
        return
    if is_sealed(target):
        raise _refused(target, "lies in a folder whose report is signed", "Name a place elsewhere.")
    if not target.exists() and not target.is_symlink():
        return
    why = _precious(target, sources)
    if why:
        raise _refused(target, why, "Name another file.")
    if not force:
        raise _refused(target, "is there already", "Name another file, or add --force to replace it.")


def try_place(target: Path) -> None:
    """Find out before the work whether a file or folder can be made there; nothing stays.

    Raises:
        OutputError: it cannot.
    """
    place = next(folder for folder in target.absolute().parents if folder.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=UNFINISHED):
            pass
    except OSError as error:
        raise cannot_write(target, error) from error


def _refused(target: Path, why: str, todo: str) -> OutputError:
    return OutputError(f"'{target.name}' {why}; nothing was written over it.", todo, "exists")


def _precious(target: Path, sources: Iterable[Path]) -> str:
    """Why a file must stay whatever the reader says, "" where it need not."""
    if target.is_dir():
        return "is a folder"
    if any(_is_same(target, source) for source in sources):
        return "is one of the pictures themselves"
    if any((folder / name).is_file() for folder in _folders(target) for name in _OF_RESULTS):
        return "belongs to results"
    return "is a DICOM file" if _is_dicom(target) else ""


def _is_same(target: Path, source: Path) -> bool:
    try:
        return source.is_file() and target.samefile(source)
    except OSError:
        return False


def _folders(target: Path) -> list[Path]:
    """The folders it lies in, as named and as it really lies."""
    return list(dict.fromkeys((*target.absolute().parents, *target.resolve().parents)))


def is_sealed(target: Path) -> bool:
    """True where a path lies in a folder that somebody signed."""
    return any((folder / SEAL).is_file() for folder in _folders(target))


def _is_dicom(target: Path) -> bool:
    """True for DICOM files, those without preamble too, and for what cannot be read."""
    try:
        with target.open("rb") as file:
            head = file.read(_PREAMBLE + len(_MAGIC))
    except OSError:
        return True
    return head[_PREAMBLE:] == _MAGIC or _is_bare_dicom(target)


def _is_bare_dicom(target: Path) -> bool:
    """True for a DICOM file without preamble: the scan knows them."""
    from viewer.reading import scan

    studies = scan([target], use_index=False).studies
    return any(one.sop_instance_uid for study in studies for stack in study.stacks for one in stack.instances)
