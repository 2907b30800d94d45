"""Scan 5,000 headers in 40 folders: this program against the floor, pydicom, GDCM, SimpleITK; and a second time."""

from __future__ import annotations

import importlib
import importlib.util
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from viewer.core.errors import AnalysisError
from viewer.core.study import ScanResult
from viewer.core.task import CancelToken
from viewer.jobs.bench.harness import Plan, Target, Way, peak_memory
from viewer.jobs.bench.open_series import header
from viewer.reading import scan

SERIES, SLICES, FOLDERS, SIDE = 20, 250, 40, 64
OTHERS = 200
ROUNDS = 7
#: Classes, UIDs, names, numbers, size and place: what this program cannot list a series without.
GDCM_TAGS = (
    0x00080005, 0x00080016, 0x00080018, 0x00080020, 0x00080060, 0x0008103E, 0x00100010, 0x00100020, 0x0020000D,
    0x0020000E, 0x00200011, 0x00200013, 0x00200032, 0x00200037, 0x00280008, 0x00280010, 0x00280011, 0x00280030,
)  # fmt: skip


def prepare(folder: Path, cancel: CancelToken) -> Plan:
    """Write the tree, and check that this program finds all of it.

    Raises:
        AnalysisError: a series or an instance was not found.
    """
    write_tree(folder, cancel)
    root = str(folder)
    check(scan([root]))
    ways = [
        Way("floor: open, 4 KiB, look for the mark", lambda: floor(root)),
        Way("SecondRead, first scan", lambda: scan([root], use_index=False)),
        Way("pydicom dcmread(stop_before_pixels)", lambda: pydicom_headers(root)),
        Way("SimpleITK GetGDCMSeriesIDs, ids only", lambda: series_ids(root)),
        Way("walk that stats each file", lambda: walk_and_stat(root)),
        Way("SecondRead, unchanged tree", lambda: scan([root])),
    ]
    targets = [
        Target(ways[1].name, ways[0].name, 12),
        Target(ways[1].name, ways[2].name, 1 / 8),
        Target(ways[5].name, ways[4].name, 2),
    ]
    facts = {
        "first series listed after": f"{100 * first_series(root):.2f} % of the scan (target 2 %)",
        "peak memory of a scan": f"{peak_memory(__name__, 'scan_alone', root) / 2**20:.0f} MiB over imports",
    }
    if importlib.util.find_spec("gdcm") is None:
        facts["GDCM's Scanner"] = "left out: the package python-gdcm is not installed"
    else:
        ways.append(Way("GDCM Scanner, 18 tags", lambda: gdcm_scanner(root)))
        targets.append(Target(ways[1].name, ways[-1].name, 1 / 2))
    title = f"{SERIES * SLICES} files in {FOLDERS} folders, {OTHERS} of other kinds"
    return Plan(title, tuple(ways), ROUNDS, tuple(targets), facts)


def scan_alone(root: str) -> ScanResult:
    """One scan without the index."""
    return scan([root], use_index=False)


def write_tree(folder: Path, cancel: CancelToken) -> None:
    """Series spread over folders at random, and files of other kinds between them."""
    slots = np.random.default_rng(3).permutation(SERIES * SLICES)
    pixels = np.random.default_rng(4).integers(-1000, 1000, (SIDE, SIDE), np.int16).tobytes()
    for n in range(FOLDERS):
        (folder / f"D{n:02d}").mkdir()
    for n, slot in enumerate(slots):
        cancel.check()
        head = header(n // SLICES, n % SLICES, SIDE)
        (folder / f"D{slot % FOLDERS:02d}" / f"I{slot:05d}").write_bytes(head + pixels)
    kinds = (b"plain text, not an image\n" * 40, pixels[:3000], b"\xff\xd8\xff\xe0" + pixels[:2000], b"")
    for n in range(OTHERS):
        (folder / f"D{n % FOLDERS:02d}" / f"N{n:05d}").write_bytes(kinds[n % 4])


def check(found: ScanResult) -> None:
    """Hold the scan against what was written.

    Raises:
        AnalysisError: a series or an instance is missing.
    """
    stacks = [stack for study in found.studies for stack in study.stacks if stack.modality == "CT"]
    if len(stacks) != SERIES or sum(stack.files for stack in stacks) != SERIES * SLICES:
        files = sum(stack.files for stack in stacks)
        raise AnalysisError(f"{len(stacks)} series of {files} files instead of {SERIES} of {SERIES * SLICES}.")


def _walk(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path)
            else:
                yield entry


def floor(root: str) -> int:
    """Files with the DICOM mark."""
    found = 0
    for entry in _walk(root):
        descriptor = os.open(entry.path, os.O_RDONLY)
        found += os.pread(descriptor, 4096, 0)[128:132] == b"DICM"
        os.close(descriptor)
    return found


def walk_and_stat(root: str) -> int:
    """Bytes of all files."""
    return sum(entry.stat().st_size for entry in _walk(root))


def pydicom_headers(root: str) -> int:
    """Headers that pydicom reads."""
    pydicom = importlib.import_module("pydicom")
    errors = importlib.import_module("pydicom.errors")
    found = 0
    for entry in _walk(root):
        try:
            found += "SeriesInstanceUID" in pydicom.dcmread(entry.path, stop_before_pixels=True)
        except (errors.InvalidDicomError, EOFError):
            continue
    return found


def gdcm_scanner(root: str) -> int:
    """Files in which GDCM finds a Series UID, of the tags that a list of series needs."""
    gdcm = importlib.import_module("gdcm")
    scanner = gdcm.Scanner()
    for tag in GDCM_TAGS:
        scanner.AddTag(gdcm.Tag(tag >> 16, tag & 0xFFFF))
    files = [entry.path for entry in _walk(root)]
    scanner.Scan(files)
    uid = gdcm.Tag(0x20, 0x0E)
    return sum(bool(scanner.GetValue(file, uid)) for file in files if scanner.IsKey(file))


def series_ids(root: str) -> int:
    """Series UIDs that SimpleITK lists, folder by folder (without their files)."""
    import SimpleITK as itk  # noqa: N813 - short for a module's long name

    folders = {entry.path.rpartition(os.sep)[0] for entry in _walk(root)}
    return len({uid for one in sorted(folders) for uid in itk.ImageSeriesReader.GetGDCMSeriesIDs(one)})


def first_series(root: str) -> float:
    """Share of a scan's time after which the first series is listed: the middle of five."""
    shares = []
    for _ in range(5):
        times: list[float] = []
        begun = time.perf_counter()
        scan([root], lambda _found: times.append(time.perf_counter()), use_index=False)  # noqa: B023 - called here
        shares.append((times[0] - begun) / (times[-1] - begun))
    return statistics.median(shares)
