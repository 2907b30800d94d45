"""The index of scans: used only where nothing changed, never trusted, never in the way."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests.conftest import shared_folder
from tests.synth import write_series, write_xray
from viewer.core.study import Kind, ScanResult, Stack
from viewer.reading import load_volume, scan
from viewer.reading.scanning import index


def stacks(result: ScanResult) -> list[Stack]:
    return [stack for study in result.studies for stack in study.stacks]


def same(a: ScanResult, b: ScanResult) -> bool:
    """Equal in everything; arrays value by value."""

    def told(result: ScanResult) -> list[object]:
        return [
            (study.patient, stack.key, stack.kind, stack.instances, stack.header, stack.warnings, stack.verdict)
            + (() if stack.geometry is None else (stack.geometry.affine.tolist(), stack.geometry.shape))
            for study in result.studies
            for stack in study.stacks
        ]

    return told(a) == told(b) and (a.files, a.refused) == (b.files, b.refused)


@pytest.fixture(autouse=True)
def small_scans_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "LEAST_FILES", 1)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    for n in range(2):
        write_series(folder / f"p{n}" / "ct", patient_id=f"P{n}", shape=(5, 8, 8))
        write_xray(folder / f"p{n}", patient_id=f"P{n}")
    (folder / "note").write_text("words, not pixels")
    return folder


@pytest.fixture
def database(own_home: Path) -> Path:
    return own_home / "cache" / "scans.sqlite"


def one_slice(tree: Path) -> Path:
    return min((tree / "p0" / "ct").iterdir())


def test_an_unchanged_folder_is_not_read_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scan([tree])
    monkeypatch.setattr(sys.modules["viewer.reading.scanning.scan"], "head_from", None)
    again = scan([tree])
    assert same(first, again)
    stack = next(one for one in stacks(again) if one.kind is Kind.VOLUME)
    assert load_volume(stack).shape == (5, 8, 8)
    film = next(one for one in stacks(again) if one.modality == "DX")
    assert np.ptp(load_volume(film).stored) > 0


def add(tree: Path) -> None:
    write_xray(tree, name="new")


def remove(tree: Path) -> None:
    one_slice(tree).unlink()


def touch(tree: Path) -> None:
    os.utime(one_slice(tree), ns=(1, 1))


def change(tree: Path) -> None:
    """Another patient in a file of the same size."""
    file = one_slice(tree)
    file.write_bytes(file.read_bytes().replace(b"P0", b"P7"))


def replace(tree: Path) -> None:
    """Another file of the same size and time takes the name."""
    file = one_slice(tree)
    status, other = file.stat(), tree.parent / "other"
    other.write_bytes(file.read_bytes().replace(b"P0", b"P7"))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)


def put_back(tree: Path) -> None:
    """Another file of the same size, but older, takes the name, as a copy from a disc would."""
    file = one_slice(tree)
    other = tree.parent / "other"
    other.write_bytes(file.read_bytes().replace(b"P0", b"P7"))
    os.utime(other, (1_000_000_000, 1_000_000_000))
    other.replace(file)


def swap(tree: Path) -> None:
    """Two files change names: sizes, times and inodes are all still there."""
    one, two = sorted((tree / "p0" / "ct").iterdir())[:2]
    other = tree.parent / "other"
    one.rename(other)
    two.rename(one)
    other.rename(two)


def rename_file(tree: Path) -> None:
    one_slice(tree).rename(tree / "p0" / "ct" / "zz")


def rename_folder(tree: Path) -> None:
    (tree / "p0").rename(tree / "p7")


@pytest.mark.parametrize(
    "alter", [add, remove, touch, change, replace, put_back, swap, rename_file, rename_folder], ids=lambda f: f.__name__
)
def test_any_change_means_a_scan(tree: Path, alter: Callable[[Path], None]) -> None:
    scan([tree])
    assert index.load((str(tree),)) is not None
    alter(tree)
    assert index.load((str(tree),)) is None
    after = scan([tree])
    assert same(after, scan([tree], use_index=False))
    if alter is not rename_folder:
        assert {str(one.path) for stack in stacks(after) for one in stack.instances} <= {
            str(path) for path in tree.rglob("*")
        }


def test_a_folder_renamed_as_a_whole_is_another_folder(tree: Path) -> None:
    scan([tree])
    moved = tree.rename(tree.parent / "moved")
    assert index.load((str(moved),)) is None
    assert all(str(one.path).startswith(str(moved)) for stack in stacks(scan([moved])) for one in stack.instances)
    assert scan([tree]).studies == ()


@pytest.mark.parametrize("damage", ["nonsense", "cut", "empty"])
def test_a_damaged_file_is_made_anew(tree: Path, database: Path, damage: str) -> None:
    first = scan([tree])
    data = database.read_bytes()
    database.write_bytes({"nonsense": b"nonsense" * 1000, "cut": data[: len(data) // 2], "empty": b""}[damage])
    assert same(first, scan([tree]))
    scan([tree])
    assert index.load((str(tree),)) is not None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("result", "[]"),
        ("result", '[["os.system", "true"], []]'),
        ("columns", b"cos\nsystem\n(S'true'\ntR."),
        ("checksum", 1),
        ("columns", None),
    ],
)
@pytest.mark.parametrize("signed", [False, True])
def test_only_what_was_stored_is_believed(tree: Path, database: Path, column: str, value: object, signed: bool) -> None:
    first = scan([tree])
    with sqlite3.connect(database) as open_database:
        open_database.execute(f"UPDATE scans SET {column} = ?", (value,))
        text, columns = open_database.execute("SELECT result, columns FROM scans").fetchone()
        if signed and column == "result":
            checksum = index.checksum_of(text, columns)
            open_database.execute("UPDATE scans SET checksum = ?", (checksum,))
    open_database.close()
    assert index.load((str(tree),)) is None
    assert same(first, scan([tree]))


def test_what_an_older_version_stored_is_not_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan([tree])
    monkeypatch.setattr(index, "VERSION", "other")
    assert index.load((str(tree),)) is None


def test_the_index_is_private(tree: Path, database: Path) -> None:
    scan([tree])
    assert database.stat().st_mode & 0o077 == 0


def test_a_busy_index_is_left_alone(tree: Path, database: Path) -> None:
    """Another window writes at this moment: the scan goes on without, and the index stays."""
    first = scan([tree])
    other = sqlite3.connect(database)
    other.execute("BEGIN EXCLUSIVE")
    assert same(first, scan([tree]))
    other.rollback()
    other.close()
    assert index.load((str(tree),)) is not None


def test_processes_share_the_index(tree: Path, own_home: Path) -> None:
    code = (
        "import sys; from viewer.reading import scan; from viewer.reading.scanning import index\n"
        "index.LEAST_FILES = 1; print(scan([sys.argv[1]]).files)"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tree)], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [one.communicate()[0].strip() for one in running] == ["13"] * 3
    assert index.load((str(tree),)) is not None


def test_threads_share_the_index(tree: Path) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(scan([tree]).files)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [13] * 4
    assert index.load((str(tree),)) is not None


def test_the_least_used_go_first(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "MOST_RESULTS", 2)
    for name in ("p0", "p1", "."):
        scan([tree / name])
    assert [index.load((str(tree / name),)) is not None for name in ("p0", "p1")] == [False, True]


def test_pictures_of_other_formats_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1.5, 2.0, 3.0, 1.0])), folder / "a.nii")
    first = scan([folder])
    again = index.load((str(folder),))
    assert again is not None
    assert same(first, again)
    np.testing.assert_array_equal(load_volume(stacks(again)[0]).stored, load_volume(stacks(first)[0]).stored)


@pytest.mark.skipif(sys.platform == "win32", reason="names there are always Unicode")
def test_names_that_are_no_text_are_kept(tree: Path) -> None:
    file = one_slice(tree)
    os.rename(file, os.path.join(os.fsencode(file.parent), b"\xff\xfe one"))  # noqa: PTH104, PTH118 - bytes
    first = scan([tree])
    again = index.load((str(tree),))
    assert again is not None
    assert same(first, again)
    assert all(one.path.exists() for stack in stacks(again) for one in stack.instances)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The DICOM readers are highly experimental")
def test_every_series_of_the_corpus_is_kept() -> None:
    kept = 0
    for folder in sorted(path for path in shared_folder("corpus").iterdir() if path.is_dir()):
        first = scan([folder])
        again = index.load((str(folder.absolute()),))
        kept += again is not None
        assert again is None or same(first, again), folder.name
    assert kept > 5


def test_scans_of_few_files_are_not_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "LEAST_FILES", 14)
    scan([tree])
    assert index.load((str(tree),)) is None
