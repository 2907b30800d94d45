"""What a path from outside holds, told by its content, and the pack that it becomes."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from viewer.analysis.outside import checkpoints, nnunet, nnunet_pack, packing, unpack
from viewer.analysis.outside.packing import Draft
from viewer.analysis.outside.plain import refused

#: Files that are read of a model of nnU-Net; nothing else is taken out of its ZIP.
_NNUNET = ("plans.json", "dataset.json", "checkpoint_final.pth", "checkpoint_best.pth", "plans.pkl")
_KNOWN = "a model pack, or a trained model of nnU-Net v2 (its folder, or the ZIP it exports)"


def convert(path: Path, licence: str, scratch: Path) -> Path:
    """Read a model and write it as a pack's folder.

    Args:
        path: a folder or ZIP.
        licence: what whoever installs it says, "" for what the files say.
        scratch: an empty folder on the disk of the models folder.

    Returns:
        The pack's folder, in `scratch`.

    Raises:
        PackError: it cannot be taken, and why. OSError: the disk refused.
    """
    return packing.write(_draft(path, licence, scratch), scratch)


def _draft(path: Path, licence: str, scratch: Path) -> Draft:
    if path.is_dir() and nnunet.is_model(path):
        return nnunet_pack.draft(path, licence)
    if path.is_file() and zipfile.is_zipfile(path) and _names(path) & {"plans.json", "plans.pkl"}:
        inside = scratch / ".unpacked"
        inside.mkdir()
        return nnunet_pack.draft(unpack.take(path, _NNUNET, inside, checkpoints.MOST_BYTES), licence)
    raise refused(f"'{path.name}' is nothing that is known here", f"Name {_KNOWN}.")


def _names(file: Path) -> set[str]:
    """Names of the files in a ZIP, without folders."""
    try:
        with zipfile.ZipFile(file) as archive:
            return {PurePosixPath(name).name for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError) as error:
        raise refused(f"{file.name} is damaged") from error
