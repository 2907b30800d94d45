"""Model packs: folders read as data, without torch.

    <id>/configs/metadata.json   who, what for, match rules, operating points, results
         configs/inference.json  network, preprocessing, output
         configs/train.json      the recipe
         models/model.safetensors
         docs/README.md          the card; docs/data_license.txt

The layout is MONAI Bundle's, but nothing in a pack is ever evaluated: a `$` expression, an
`imports` list or a `scripts` folder refuses the pack.
"""

from __future__ import annotations

import difflib
import hashlib
import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path, PurePosixPath

from viewer.analysis import packschema
from viewer.analysis.packschema import Raw, SchemaError
from viewer.analysis.recipe import Recipe
from viewer.analysis.tasks import TASKS
from viewer.analysis.tasks.base import Task
from viewer.core.analysis import PackInfo
from viewer.core.errors import PackError, UsageError
from viewer.core.pack import Line, LongWord, Part, Plain
from viewer.core.resources import models_dirs

_log = logging.getLogger(__name__)

#: A pack's weights stay below this (bytes).
MAX_WEIGHTS = 8 * 2**20
#: Those of a model from outside, all its folds and stages together.
MAX_OUTSIDE = 12 * 2**30
ID = re.compile(r"[a-z0-9][a-z0-9.-]{1,63}")

METADATA = PurePosixPath("configs/metadata.json")
INFERENCE = PurePosixPath("configs/inference.json")
TRAIN = PurePosixPath("configs/train.json")
WEIGHTS = PurePosixPath("models/model.safetensors")
CARD = PurePosixPath("docs/README.md")
DATA_LICENCE = PurePosixPath("docs/data_license.txt")
#: What stands for the hash in the metadata of a pack that was never trained.
UNTRAINED = "0" * 64


#: Keys of MONAI's metadata schema that say nothing to this program.
_MONAI = (
    *("schema", "changelog", "monai_version", "pytorch_version", "numpy_version", "optional_packages_version"),
    *("required_packages_version", "supported_apps", "task", "authors", "copyright", "data_source", "data_type"),
    *("image_classes", "label_classes", "pred_classes", "eval_metrics", "intended_use", "references"),
    "network_data_format",
)


#: Keys of the `viewer` block that hold figures as they were measured.
FIGURES = ("results", "cross_validation")


class Metadata(Part, frozen=True, kw_only=True):
    """configs/metadata.json around its `viewer` block."""

    name: Line
    version: LongWord
    viewer: Raw
    id: str = ""
    description: Plain = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """A pack folder that cannot be used, and why."""

    id: str
    folder: Path
    error: PackError


def list_packs(folders: Sequence[Path] | None = None) -> tuple[tuple[PackInfo, ...], tuple[Broken, ...]]:
    """Every pack of the models folders, and those that are broken.

    The ids of packs that came with the program are theirs alone: a folder of the user's with such an id is
    told among the broken ones and never used.
    """
    found: dict[str, PackInfo] = {}
    broken: list[Broken] = []
    own: dict[str, Path] = {}
    for folder in _pack_folders(folders):
        if own.setdefault(folder.name, folder) != folder:
            taken = PackError(
                f"'{folder.name}' carries the name of a pack that came with the program, so it is not used.",
                "Give it a name of its own, or remove it.",
                "reserved",
            )
            broken.append(Broken(folder.name, folder, taken))
            continue
        try:
            if is_recipe(folder):
                continue
            found[folder.name] = read(folder)
        except PackError as error:
            _log.warning("pack %s is broken: %s", folder.name, error.what)
            broken.append(Broken(folder.name, folder, error))
        except Exception as error:  # noqa: BLE001 - the edge of a pack: whatever is wrong with it stays its own
            _log.warning("pack %s is broken", folder.name, exc_info=True)
            words = PackError(f"Pack '{folder.name}' cannot be read ({type(error).__name__}).", "Install it again.")
            broken.append(Broken(folder.name, folder, words))
    return tuple(found[n] for n in sorted(found)), tuple(sorted(broken, key=lambda one: one.id))


def is_recipe(folder: Path) -> bool:
    """True for a folder that says how to train a pack and holds no weights yet: nothing a reader can use."""
    if (folder / WEIGHTS).is_file() or not (folder / TRAIN).is_file():
        return False
    try:
        viewer = packschema.read_json(folder / METADATA, str(METADATA)).get("viewer")
    except SchemaError:
        return False
    return isinstance(viewer, dict) and viewer.get("weights_sha256") == UNTRAINED


def _pack_folders(folders: Sequence[Path] | None) -> Iterator[Path]:
    for parent in models_dirs() if folders is None else folders:
        try:
            inside = sorted(parent.iterdir()) if parent.is_dir() else []
        except OSError as error:
            _log.warning("the models folder cannot be read: %s", error.strerror)
            continue
        yield from (one for one in inside if one.name[:1] != "." and os.path.isdir(one / "configs"))  # noqa: PTH112 - Path.is_dir raises


def load(pack_id: str, folders: Sequence[Path] | None = None) -> PackInfo:
    """The pack with this id.

    Raises:
        PackError: it is broken. UsageError: there is none.
    """
    good, bad = list_packs(folders)
    for pack in good:
        if pack.id == pack_id:
            return pack
    for one in bad:
        if one.id == pack_id:
            raise one.error
    if any(folder.name == pack_id for folder in _pack_folders(folders)):
        raise UsageError(
            f"The pack '{pack_id}' is not trained yet.", f"`secondread train {pack_id}` trains it.", "no_pack"
        )
    known = ", ".join(p.id for p in good) or "none is installed"
    raise UsageError(f"There is no pack '{pack_id}'.", f"Packs here: {known}.", "no_pack")


def load_recipe(pack_id: str, folders: Sequence[Path] | None = None) -> PackInfo:
    """The pack with this id, its weights still missing or not: for training.

    Raises:
        PackError: it is broken. UsageError: there is none.
    """
    for folder in reversed(list(_pack_folders(folders))):
        if folder.name == pack_id:
            return read(folder, untrained=True)
    raise UsageError(f"There is no pack '{pack_id}'.", "`packs list` shows which there are.", "no_pack")


def read(folder: Path, *, untrained: bool = False) -> PackInfo:
    """Read and check a pack's folder; the weights' hash is checked by `verify`.

    Args:
        folder: the pack.
        untrained: weights may be missing.

    Raises:
        PackError: a file missing, JSON broken, a key missing, wrong or not known, or anything executable.
    """
    problems: list[str] = []
    pack = None
    try:
        pack, asked = _read(folder), _recipe(folder)
        task = TASKS[pack.task]
        problems += task.problems(pack.viewer, pack.inference, asked)
        if asked is not None and type(asked) not in task.recipes:
            problems.append(f"its recipe is of task '{asked.kind}', and it is of task '{task.name}'")
    except SchemaError as error:
        problems.append(str(error))
    except RecursionError:
        problems.append("its files are nested too deeply")
    if (folder / "scripts").exists():
        problems.append("it brings a scripts folder, and packs must not bring programs")
    if not untrained and not (folder / WEIGHTS).is_file():
        problems.append(f"{WEIGHTS} is missing")
    if problems or pack is None:
        raise PackError(f"Pack '{folder.name}' cannot be used: {'; '.join(problems)}.", "Install it again.")
    return pack


def _read(folder: Path) -> PackInfo:
    """What a pack's two files say.

    Raises:
        SchemaError: they do not hold what they must.
    """
    metadata = packschema.read_json(folder / METADATA, str(METADATA))
    head = packschema.decode({k: v for k, v in metadata.items() if k not in _MONAI}, Metadata)
    if head.id and head.id != folder.name:
        raise SchemaError(f"its folder is called {folder.name} but it says it is {head.id}")
    packschema.refuse_nulls(head.viewer, "viewer", FIGURES)
    task = _task(head.viewer)
    inference = packschema.read_json(folder / INFERENCE, str(INFERENCE))
    return PackInfo(
        id=folder.name,
        name=head.name,
        version=head.version,
        folder=folder,
        weights=folder / WEIGHTS,
        viewer=packschema.decode(packschema.upgrade_viewer(head.viewer), task.viewer, "viewer"),
        inference=packschema.decode(packschema.upgrade_inference(inference), task.inference),
        description=head.description,
        is_offered=task.is_offered,
    )


def _task(viewer: Raw) -> Task:
    name = viewer.get("task")
    if not isinstance(name, str) or name not in TASKS:
        near = difflib.get_close_matches(str(name), TASKS, 1)
        hint = f"; the nearest is '{near[0]}'" if near else ""
        raise SchemaError(f"viewer.task must be one of {', '.join(TASKS)}{hint}")
    return TASKS[name]


def _recipe(folder: Path) -> Recipe | None:
    """The training recipe, None where there is none.

    Raises:
        SchemaError: it does not hold what it must.
    """
    if not (folder / TRAIN).is_file():
        return None
    raw = packschema.upgrade_recipe(packschema.read_json(folder / TRAIN, str(TRAIN)))
    kinds = [kind for task in TASKS.values() for kind in task.recipes]
    made: Recipe = packschema.decode(raw, reduce(or_, kinds[1:], kinds[0]))
    return made


def recipe(pack: PackInfo) -> Recipe:
    """The training recipe of a pack.

    Raises:
        PackError: there is none, or it does not hold what it must.
    """
    try:
        found = _recipe(pack.folder)
    except SchemaError as error:
        raise PackError(f"The recipe of '{pack.id}' cannot be used: {error}.", "Install the pack again.") from None
    if found is None:
        raise PackError(f"Pack '{pack.id}' lacks {TRAIN}.", "Install it again.")
    return found


def document(pack: PackInfo, name: PurePosixPath) -> Raw:
    """One of a pack's JSON files as it is written.

    Raises:
        PackError: it cannot be read.
    """
    try:
        return packschema.read_json(pack.folder / name, str(name))
    except SchemaError as error:
        raise PackError(f"Pack '{pack.id}' cannot be used: {error}.", "Install it again.") from None


def sha256(path: Path) -> str:
    """SHA-256 of a file as lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify(pack: PackInfo) -> None:
    """Check a pack's weights against the hash and size it declares, and that its papers are there.

    Raises:
        PackError: with what is wrong and what to do.
    """
    try:
        most = MAX_WEIGHTS if pack.viewer.outside is None else MAX_OUTSIDE
        if pack.weights.stat().st_size > most:
            what = f"The weights of '{pack.id}' are larger than {most} bytes."
            raise PackError(what, "Install a smaller pack.")
        digest = sha256(pack.weights)
    except OSError as error:
        raise PackError(f"The weights of '{pack.id}' cannot be read.", "Install the pack again.") from error
    if digest != pack.weights_sha256:
        raise PackError(
            f"The weights of '{pack.id}' are not the ones it was measured with (SHA-256 differs).",
            "Install the pack again; do not use it as it is.",
            "wrong_hash",
        )
    absent = [str(name) for name in (CARD, DATA_LICENCE) if not (pack.folder / name).is_file()]
    if absent:
        raise PackError(f"Pack '{pack.id}' lacks {' and '.join(absent)}.", "Install it again.")
