"""Case tables: `cases.csv` with at least image, mask, label, patient, split.

Paths are relative to the table's folder; an empty cell means "none".
"""

from __future__ import annotations

import csv
import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from nibabel.filebasedimages import ImageFileError
from PIL import Image

from viewer.core.errors import ReadError, UsageError, ViewerError
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.volume import Volume

Array = npt.NDArray[Any]

_NEEDED = ("image", "patient", "split")
_NIFTI = (".nii", ".nii.gz")
_FLAT_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
#: NIfTI worlds are RAS, ours are LPS.
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


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


def read_table(path: Path, image_column: str = "image", mask_column: str = "mask") -> CaseTable:
    """Read and check a case table.

    Raises:
        UsageError: no table, no rows, a needed column missing, or a patient in two splits.
    """
    if not path.is_file():
        raise UsageError(f"There is no case table at {path}.", "Name a cases.csv file.")
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        lacking = [c for c in (*_NEEDED, image_column) if c not in (reader.fieldnames or ())]
        if lacking:
            raise UsageError(f"The case table lacks the column(s) {', '.join(lacking)}.", "Add them and try again.")
        rows = [_case(row, path.parent, image_column, mask_column) for row in reader]
    if not rows:
        raise UsageError("The case table has no rows.", "Add cases and try again.")
    _refuse_leakage(rows)
    missing = tuple((c.name, text) for c in rows if (text := _missing(c)))
    gone = {name for name, _ in missing}
    return CaseTable(path, tuple(c for c in rows if c.name not in gone), missing)


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


def load_volume(path: Path, modality: str = "OT") -> Volume:
    """Read a case's image: the program's own reader first, a tiny one for NIfTI and flat pictures."""
    lower = path.name.lower()
    if lower.endswith(_NIFTI):
        return _nifti(path, modality)
    if lower.endswith(_FLAT_PICTURES):
        return _flat(path, modality)
    return _program_reader()(path)


def load_labels(path: Path) -> Array:
    """Integer labels [K, J, I] of a mask file (first channel of a picture)."""
    if path.name.lower().endswith(_NIFTI):
        return np.rint(_nifti(path, "SEG").values()).astype(np.int16)
    try:
        with Image.open(path) as picture:
            array = np.asarray(picture)
    except (OSError, ValueError) as error:
        raise ReadError(f"The mask {path.name} cannot be read.", "Check the file.") from error
    return (array[..., 0] if array.ndim == 3 else array)[None].astype(np.int16)


def _program_reader() -> Callable[[Path], Volume]:
    reading = importlib.import_module("viewer.reading")
    reader: Callable[[Path], Volume] | None = getattr(reading, "open_volume", None)
    if reader is None:
        raise ViewerError("DICOM cases need the program's reader.", "Use NIfTI or PNG cases.")
    return reader


def _nifti(path: Path, modality: str) -> Volume:
    try:
        image = nibabel.load(path)
        array = np.asarray(image.dataobj)
    except (OSError, ValueError, ImageFileError) as error:
        raise ReadError(f"{path.name} cannot be read as NIfTI.", "Check the file.") from error
    array = array[..., None] if array.ndim == 2 else array
    affine = (_RAS_TO_LPS @ np.asarray(image.affine, dtype=np.float64))[:, [2, 1, 0, 3]]
    stored = np.ascontiguousarray(array.transpose(2, 1, 0))
    k, j, i = stored.shape
    return Volume(stored, Geometry((k, j, i), affine), modality=modality)


def _flat(path: Path, modality: str) -> Volume:
    try:
        with Image.open(path) as picture:
            deep = picture.mode in ("I;16", "I", "F")
            array = np.asarray(picture if deep or picture.mode == "L" else picture.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise ReadError(f"{path.name} cannot be read as a picture.", "Check the file.") from error
    shape = (1, array.shape[0], array.shape[1])
    geometry = Geometry(shape, np.eye(4)[:, [2, 1, 0, 3]], spacing_kind=SpacingKind.UNKNOWN, oriented=False)
    return Volume(array[None], geometry, modality=modality)
