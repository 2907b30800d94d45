"""Case tables: `cases.csv` with at least image, mask, label, patient, split.

Paths are relative to the table's folder; an empty cell means "none".
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from viewer.core.errors import ReadError, UsageError
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.volume import Volume
from viewer.reading import open_volume

Array = npt.NDArray[Any]

_PICTURES = (".png", ".jpg", ".jpeg")
_NEEDED = ("image", "patient", "split")


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a case table; `extra` holds every further column."""

    name: str
    image: Path
    mask: Path | None
    label: str
    patient: str
    split: str
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseTable:
    """A checked table: no patient in two splits; `missing` lists rows whose files are not there."""

    path: Path
    cases: tuple[Case, ...]
    missing: tuple[tuple[str, str], ...] = ()

    def of(self, split: str | None) -> tuple[Case, ...]:
        """Cases of one split, or all."""
        return self.cases if split is None else tuple(c for c in self.cases if c.split == split)


def read_table(
    path: Path, image_column: str = "image", mask_column: str = "mask", *, needs_files: bool = True
) -> CaseTable:
    """Read and check a case table.

    Args:
        needs_files: each row names a file; False for tables that hold everything themselves, as texts.

    Raises:
        UsageError: no table, not text in UTF-8, no rows, a needed column missing, or a patient
            in two splits.
    """
    if not path.is_file():
        raise UsageError(f"There is no case table at {path}.", "Name a cases.csv file.")
    columns, lines = _lines(path)
    needed = (*_NEEDED, image_column) if needs_files else tuple(c for c in _NEEDED if c != "image")
    lacking = [c for c in dict.fromkeys(needed) if c not in columns]
    if lacking:
        raise UsageError(f"The case table lacks the column(s) {', '.join(lacking)}.", "Add them and try again.")
    named = lines if needs_files else [{image_column: _row_name(n, row), **row} for n, row in enumerate(lines, start=1)]
    rows = [_case(row, path.parent, image_column, mask_column) for row in named]
    if not rows:
        raise UsageError("The case table has no rows.", "Add cases and try again.")
    _refuse_leakage(rows)
    if not needs_files:
        return CaseTable(path, tuple(rows))
    missing = tuple((c.name, text) for c in rows if (text := _missing(c)))
    return CaseTable(path, tuple(c for c in rows if not _missing(c)), missing)


def _row_name(number: int, row: dict[str, str]) -> str:
    return row.get("uid") or f"row {number}"


def _lines(path: Path) -> tuple[Sequence[str], list[dict[str, str]]]:
    """Column names and rows as text."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            return list(reader.fieldnames or ()), list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError("The case table is no CSV text in UTF-8.", "Save it as CSV, UTF-8, and try again.") from error


def _case(row: dict[str, str], folder: Path, image_column: str, mask_column: str) -> Case:
    known = {image_column, mask_column, "label", "patient", "split"}
    mask = row.get(mask_column) or ""
    return Case(
        name=row[image_column],
        image=folder / row[image_column],
        mask=folder / mask if mask else None,
        label=row.get("label") or "",
        patient=row["patient"],
        split=row["split"],
        extra={k: v or "" for k, v in row.items() if k not in known and k is not None},
    )


def _missing(case: Case) -> str:
    if not case.image.is_file():
        return "The image file is missing."
    if case.mask is not None and not case.mask.is_file():
        return "The mask file is missing."
    return ""


def _refuse_leakage(rows: Iterable[Case]) -> None:
    home: dict[str, str] = {}
    both = sorted({c.patient for c in rows if home.setdefault(c.patient, c.split) != c.split})
    if both:
        raise UsageError(
            f"{len(both)} patient(s) appear in more than one split, {both[0]} among them.",
            "Give every patient one split; figures from a leaking table mean nothing.",
        )


def assign_folds(keys: Sequence[str], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Fold number of each case; equal keys (patients, groups) always share a fold, sizes balanced.

    Returns:
        int64 [len(keys)], 0..folds-1.
    """
    rng = np.random.default_rng(seed)
    names, counts = np.unique(np.asarray(keys), return_counts=True)
    order = sorted(rng.permutation(len(names)), key=lambda n: -counts[n])
    load = np.zeros(folds, dtype=np.int64)
    home: dict[str, int] = {}
    for n in order:
        fold = int(np.argmin(load))
        home[str(names[n])] = fold
        load[fold] += counts[n]
    return np.array([home[str(k)] for k in keys], dtype=np.int64)


def assign_stratified(keys: Sequence[str], truth: npt.NDArray[Any], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """As `assign_folds`, with every label's positives spread as evenly as they go.

    Args:
        keys: patients or groups [n], never divided.
        truth: 0 / 1 [n, L].
        folds: how many.
        seed: of the order among equals.
    """
    rng = np.random.default_rng(seed)
    names, inverse = np.unique(np.asarray(keys), return_inverse=True)
    sums = np.zeros((len(names), truth.shape[1] + 1))
    np.add.at(sums, inverse, np.hstack([truth, np.ones((len(truth), 1))]))
    weight = 1 / np.maximum(sums.sum(0), 1)
    order = sorted(rng.permutation(len(names)), key=lambda n: -float((sums[n] * weight).max()))
    load = np.zeros((folds, sums.shape[1]))
    home = np.zeros(len(names), dtype=np.int64)
    for n in order:
        need = sums[n] * weight
        home[n] = int(np.argmin((load * need).sum(1) + 1e-3 * load[:, -1] * weight[-1]))
        load[home[n]] += need
    return np.asarray(home[inverse])


def load_volume(path: Path) -> Volume:
    """Read a case's image with the program's own reader: DICOM, NIfTI, NRRD, PNG, JPEG."""
    return open_volume(path)


def load_quickly(path: Path) -> Volume:
    """As `load_volume`, thirty times faster for 8-bit grey pictures: thousands of them are read to train.

    A test holds both readers equal, voxel by voxel.
    """
    if path.suffix.lower() not in _PICTURES:
        return load_volume(path)
    try:
        with Image.open(path) as picture:
            if picture.mode != "L":
                return load_volume(path)
            array = np.asarray(picture)[None]
    except (OSError, ValueError) as error:
        raise ReadError(f"{path.name} cannot be read as a picture.", "Check the file.") from error
    k, j, i = array.shape
    geometry = Geometry((k, j, i), np.eye(4)[:, [2, 1, 0, 3]], spacing_kind=SpacingKind.UNKNOWN, oriented=False)
    return Volume(array, geometry)


def stacked(volumes: Sequence[Volume]) -> Volume:
    """Pictures of one patient, in order, as one stack; a single volume stays as it is.

    Raises:
        UsageError: pictures of different sizes.
    """
    if len(volumes) == 1:
        return volumes[0]
    first = volumes[0]
    if len({v.shape[1:] for v in volumes}) > 1:
        raise UsageError("The slices of a patient have different sizes.", "Mend the table.")
    stored = np.concatenate([v.stored for v in volumes])
    geometry = replace(first.geometry, shape=(len(stored), *first.shape[1:]), slice_positions=None)
    return replace(first, stored=stored, geometry=geometry)


def load_labels(path: Path) -> Array:
    """Integer labels [K, J, I] of a mask file (first channel of a colour picture)."""
    volume = load_quickly(path)
    values = volume.values()
    return np.rint(values[..., 0] if volume.is_colour else values).astype(np.int16)
