"""Installs and removes model packs; what a kill leaves is put right at the next start. Torch-free."""

from __future__ import annotations

import logging
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from viewer.analysis.packs import ID, read, verify
from viewer.analysis.tasks import TASKS
from viewer.core.analysis import PackInfo
from viewer.core.atomic import write_text
from viewer.core.change import sync
from viewer.core.errors import OutputError, PackError, UsageError
from viewer.core.lock import locked
from viewer.core.resources import models_dirs, user_data_dir

_log = logging.getLogger(__name__)

#: A packed file may unfold to this much at most (bytes), and hold this many files.
_MAX_UNPACKED = 64 * 2**20
_MAX_FILES = 200
#: Files an installed pack may hold; anything else is refused.
_SUFFIXES = {".json", ".safetensors", ".md", ".txt", ".png", ".csv"}
#: Where the version before lies, and the mark that it is on its way there.
KEPT, _SWAP = ".kept", ".swap"
_SCRATCH = ".install-"


def install(
    file: Path,
    target: Path | None = None,
    agree: Callable[[str], bool] = lambda _words: True,
    licence: str = "",
) -> PackInfo:
    """Install a packed pack (ZIP of one folder), or a model from outside, into the user's models folder.

    Unpacked and checked beside its place, then moved there; an older version of the same pack is
    replaced only once the new one has passed, and is kept in `.kept`.

    Args:
        file: a ZIP, or a folder of a model from outside.
        agree: asked in words before an installed version is replaced.
        licence: of a model from outside, where its files do not say.

    Raises:
        UsageError: no such file. PackError: it must not or cannot be installed.
        OutputError: another installs at this moment, or the disk refused.
    """
    home = target or user_data_dir() / "models"
    if not file.exists():
        raise UsageError(f"There is no file '{file.name}'.", "Name a file made for `packs install`.")
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / ".lock", "packs install"):
            settle(home)
            with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=home) as scratch:
                name = (
                    _unpacked(file, Path(scratch), home)
                    if is_packed(file)
                    else _converted(file, licence, scratch, home)
                )
                before = replaces(name, home)
                if before and not agree(f"{name} {before} is installed already. It is kept in {home / KEPT}."):
                    raise UsageError("Nothing was installed.", "The pack that was there stays.")
                _put_in_place(Path(scratch) / name, home)
    except OSError as error:
        raise OutputError(
            f"The pack could not be installed ({error.strerror or type(error).__name__}).",
            "Check the rights and the free space of the data folder.",
        ) from error
    return read(home / name)


def is_packed(file: Path) -> bool:
    """True for a ZIP that holds one of this program's own packs.

    Its metadata has a `viewer` block, which no bundle of others has.
    """
    if not file.is_file() or not zipfile.is_zipfile(file):
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            held = [one for one in archive.infolist() if PurePosixPath(one.filename).match("*/configs/metadata.json")]
            return len(held) == 1 and held[0].file_size < _MAX_UNPACKED and b'"viewer"' in archive.read(held[0])
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError):
        return True  # a damaged one is told as such when it is unpacked


def replaces(pack_id: str, home: Path | None = None) -> str:
    """Version of the installed pack with this id, "" where there is none."""
    place = (home or user_data_dir() / "models") / pack_id
    try:
        return read(place).version if (place / "configs").is_dir() else ""
    except PackError:
        return "damaged"


def remove(pack_id: str, home: Path | None = None) -> None:
    """Remove an installed pack. Packs that came with the program stay.

    Raises:
        UsageError: no such installed pack. OutputError: another installs at this moment.
    """
    folder = home or user_data_dir() / "models"
    place = folder / pack_id
    if not ID.fullmatch(pack_id) or not (place / "configs").is_dir():
        raise UsageError(
            f"No pack '{pack_id}' was installed here.", "Packs that came with the program cannot be removed."
        )
    with locked(folder / ".lock", "packs remove"):
        settle(folder)
        shutil.rmtree(place)


def settle(home: Path) -> None:
    """Put back a version that a kill caught on its way out, and sweep what installs left half way.

    Raises:
        OSError: the disk refused.
    """
    for mark in (home / KEPT).glob(f"*{_SWAP}"):
        name = mark.name.removesuffix(_SWAP)
        if not (home / name).exists() and (home / KEPT / name).is_dir():
            _log.info("the pack %s is put back: a kill had caught it on its way out", name)
            (home / KEPT / name).rename(home / name)
        mark.unlink()
    for scratch in home.glob(f"{_SCRATCH}*"):
        shutil.rmtree(scratch, ignore_errors=True)


def settle_user_packs() -> None:
    """The same for the user's models folder, where something is to be done and nobody else is at it."""
    home = user_data_dir() / "models"
    if not home.is_dir() or not (list((home / KEPT).glob(f"*{_SWAP}")) or list(home.glob(f"{_SCRATCH}*"))):
        return
    try:
        with locked(home / ".lock", "packs", seconds=0):
            settle(home)
    except (OSError, OutputError) as error:
        _log.info("packs are not settled now: %s", error)


def _unpacked(file: Path, scratch: Path, home: Path) -> str:
    """The pack's folder in the scratch folder, checked for all that its use relies on; its name."""
    try:
        with zipfile.ZipFile(file) as archive:
            name = _unpack(archive, scratch)
    except zipfile.BadZipFile as error:
        raise PackError(f"{file.name} is damaged.", "Ask for a properly made pack.") from error
    _refuse_reserved(name, home)
    check(read(scratch / name))
    return name


def check(pack: PackInfo) -> None:
    """Everything that the use of a pack relies on: its hash, its papers, and that its weights are of its network.

    Raises:
        PackError: in words.
    """
    from viewer.analysis import footprint  # late: it needs torch, and the list of packs does not

    verify(pack)
    footprint.fit(pack, TASKS[pack.task].members(pack.inference))


def _refuse_reserved(name: str, home: Path) -> None:
    """Names of packs that came with the program are theirs alone."""
    built_in = models_dirs()[0] / name
    if (built_in / "configs").is_dir() and built_in.resolve() != (home / name).resolve():
        raise PackError(
            f"'{name}' is the name of a pack that came with the program.",
            "Give the pack a name of its own.",
            "reserved",
        )


def _converted(file: Path, licence: str, scratch: str, home: Path) -> str:
    """A model from outside as a pack's folder in the scratch folder, checked; its name."""
    from viewer.analysis.outside.install import convert  # late: it needs torch, and the list of packs does not

    made = convert(file, licence, Path(scratch))
    _refuse_reserved(made.name, home)
    check(read(made))
    return made.name


def _put_in_place(new: Path, home: Path) -> None:
    """Move the new one to its place; the old one is kept, and comes back where that fails."""
    place, kept = home / new.name, home / KEPT / new.name
    for path in (*new.rglob("*"), new):
        sync(path)
    if not place.exists():
        new.rename(place)
        sync(home)
        return
    mark = home / KEPT / f"{new.name}{_SWAP}"
    kept.parent.mkdir(exist_ok=True)
    shutil.rmtree(kept, ignore_errors=True)
    write_text(mark, "")
    place.rename(kept)
    try:
        new.rename(place)
    except OSError:
        kept.rename(place)
        raise
    finally:
        mark.unlink()
    sync(home)


def _unpack(archive: zipfile.ZipFile, scratch: Path) -> str:
    """Unpack after checking every name and size; returns the pack's folder name."""
    entries = [e for e in archive.infolist() if not e.is_dir()]
    roots = {next(iter(PurePosixPath(e.filename).parts), "") for e in entries}
    if len(entries) > _MAX_FILES or sum(e.file_size for e in entries) > _MAX_UNPACKED:
        raise PackError("The file holds far more than a pack does.", "Do not install it.")
    name = next(iter(roots)) if len(roots) == 1 else ""
    if not ID.fullmatch(name):
        raise PackError("The file must hold one folder named after the pack.", "Ask for a properly made pack.")
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts
        if ".." in parts or entry.filename.startswith(("/", "\\")) or ":" in entry.filename or "\\" in entry.filename:
            raise PackError("The file tries to write outside its own folder.", "Do not install it.")
        if PurePosixPath(entry.filename).suffix.lower() not in _SUFFIXES:
            raise PackError(f"The file holds '{parts[-1]}', which no pack may bring.", "Do not install it.")
        place = scratch.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with archive.open(entry) as source, place.open("xb") as sink:
                _copy_bounded(source, sink, entry.file_size)
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError, FileExistsError) as error:
            raise PackError(
                f"'{parts[-1]}' in the file cannot be unpacked (locked, damaged or of an unknown method).",
                "Ask for a properly made pack.",
            ) from error
    return name


def _copy_bounded(source: Any, sink: Any, limit: int) -> None:
    """Copy at most the size the archive's index promised."""
    written = 0
    while chunk := source.read(1 << 20):
        written += len(chunk)
        if written > limit:
            raise PackError("The file unfolds to more than it says.", "Do not install it.")
        sink.write(chunk)
