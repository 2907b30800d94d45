"""Damaged files of every kind: no crash, no hang, no memory blow-up; words instead."""

from __future__ import annotations

import random
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.conftest import shared_folder
from tests.synth import phantom, write_series, write_xray
from tests.unit.reading import fuzzing

#: Mutants that once brought a reader down: (file of the corpus, seed, what happened).
SEEDS = (
    ("transfer-syntaxes/MR_small_RLE.dcm", 604198208, "pylibjpeg-rle panicked"),
    ("transfer-syntaxes/TestPattern_JPEG-Lossless_RGB.dcm", 288281588, "liblj92 crashed the process"),
    ("nifti/anatomical.nii", 348076322, "nibabel's own error for an unknown type"),
    ("series-mr/d2n-generic-rle/IM-0001-0002-0001.dcm", 898017869, "a stream that the quick RLE decoder refuses"),
)
SYNTAXES = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.5",
)


def synthetic(folder: Path) -> list[Path]:
    """One small file of each syntax and format."""
    files = []
    for n, syntax in enumerate(SYNTAXES):
        stored = phantom((1, 32, 24), 0, 250).astype(np.uint8 if syntax.endswith("50") else np.uint16)
        files += write_series(folder / str(n), modality="MR", stored=stored, transfer_syntax=syntax).files
    files += write_xray(folder / "colour", stored=np.zeros((9, 7, 3), np.uint8)).files
    nibabel.save(nibabel.Nifti1Image(phantom((4, 5, 6)), np.eye(4)), folder / "a.nii")
    nibabel.save(nibabel.Nifti1Image(phantom((4, 5, 6)), np.eye(4)), folder / "a.nii.gz")
    for ending in ("png", "jpg", "tif"):
        Image.fromarray(phantom((1, 20, 20), 0, 250)[0].astype(np.uint8)).save(folder / f"a.{ending}")
    return [*files, *folder.glob("a.*")]


@pytest.mark.timeout(600)
def test_damaged_files_end_in_words(tmp_path: Path) -> None:
    dice = random.Random(20260302)
    files = synthetic(tmp_path)
    cases = [(file, dice.randrange(1 << 30)) for file in files for _ in range(25)]
    assert fuzzing.run(cases, 500) == []


def test_seeds_that_once_failed() -> None:
    corpus = shared_folder("corpus")
    assert fuzzing.run([(corpus / name, seed) for name, seed, _ in SEEDS], 120) == []


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_damaged_corpus() -> None:
    corpus = shared_folder("corpus")
    files = [
        path for path in sorted(corpus.rglob("*")) if path.is_file() and path.suffix not in {".py", ".json", ".md"}
    ]
    small = [path for path in files if path.stat().st_size < 400_000]
    dice = random.Random(20260303)
    cases = [(dice.choice(small), dice.randrange(1 << 30)) for _ in range(20_000)]
    assert fuzzing.run(cases, 7000) == []


def test_the_kit_sees_a_crash(tmp_path: Path) -> None:
    """A fault in the child is told with the mutant's name and seed."""
    file = write_series(tmp_path, shape=(1, 8, 8)).files[0]
    gone = tmp_path / "gone"
    faults = fuzzing.run([(file, 1), (gone, 2), (file, 3)], 120)
    assert len(faults) == 1 and "exit 1" in faults[0]
