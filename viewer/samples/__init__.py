"""Sample studies made by code, with known truth beside them.

They exercise every step of the program and prove nothing about accuracy. Patient names say
SYNTHETIC. Layout: `studies/<key>/*.dcm`, `truth/<key>.json` (and label maps as NIfTI).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer import __version__
from viewer.core.analysis import Box
from viewer.core.errors import OutputError
from viewer.core.task import CancelToken, OnProgress, Progress
from viewer.samples import brain, film
from viewer.samples.dicom import Exam, write_film, write_slices
from viewer.samples.shapes import Grid, Point, ellipsoid
from viewer.samples.thorax import Ball, Thorax

Truth = dict[str, Any]

#: Dense patches in the child's lungs: place in words, side, and what is drawn.
PATCHES = (
    ("lower", "right", Ball((-46, 12, -20), (36, 44, 32), 60.0, 14.0)),
    ("middle", "right", Ball((-44, 0, 18), (34, 44, 24), 40.0, 16.0)),
    ("lower", "left", Ball((48, 14, -14), (34, 44, 36), 60.0, 16.0)),
)
#: Nodules of the adult: right upper lobe 9.4 mm, left lower lobe 5.2 mm in diameter.
NODULES = (Ball((-62, 14, 46), (4.7, 4.7, 4.7), 30.0, 0.8), Ball((58, 34, -30), (2.6, 2.6, 2.6), 20.0, 0.8))
ADULT_SCALE = 1.35

CHILD = Exam(
    *("chest-child", "SYN-0001", "SYNTHETIC^CHILD A", "F", "004Y", "20211115", "20260302", "101400"),
    *("Chest X-ray PA", "Chest PA"),
)
HEAD = Exam(
    *("brain-mr", "SYN-0003", "SYNTHETIC^ADULT C", "F", "047Y", "19780611", "20260302", "134000"),
    *("MR brain T1", "T1 3D, 1 mm", 2),
)
CHEST_CT = Exam(
    *("chest-ct", "SYN-0002", "SYNTHETIC^ADULT B", "M", "061Y", "19641021", "20260302", "110200"),
    *("CT thorax", "CT thorax, lung", 3),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample study on disk.

    Attributes:
        key: also the name of its folder.
        folder: holds its DICOM files.
        pack: the model pack it was made for, "" for none.
        boxes: name -> half-open voxel box (k, j, i), for packs that need one.
        truth: what was drawn, as in truth/<key>.json.
    """

    key: str
    folder: Path
    pack: str
    boxes: dict[str, Box]
    truth: Truth


def write_samples(out: Path, *, on_progress: OnProgress, cancel: CancelToken) -> tuple[Sample, ...]:
    """Write all sample studies below `out`; those of the same version are left as they are.

    Raises:
        OutputError: the folder cannot be written.
        Cancelled: asked to stop; nothing half-written stays behind.
    """
    makers = ((CHILD, _make_child), (HEAD, _make_head), (CHEST_CT, _make_chest_ct))
    done = []
    try:
        for number, (exam, make) in enumerate(makers):
            cancel.check()
            on_progress(Progress(f"Drawing sample study {exam.key}", number / len(makers)))
            done.append(_existing(out, exam.key) or _write(out, exam, make, cancel))
    except OSError as error:
        raise OutputError(
            f"The sample studies cannot be written ({error.strerror or error}).",
            "Choose a folder that can be written and has 60 MB free.",
        ) from error
    return tuple(done)


Maker = Callable[[Exam, Path, Path, CancelToken], Truth]


def _write(out: Path, exam: Exam, make: Maker, cancel: CancelToken) -> Sample:
    """Draw under a temporary name; the truth file is written last and marks the study whole."""
    folder, truth_folder = out / "studies" / exam.key, out / "truth"
    truth_folder.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(exam.key + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        truth = {"version": __version__, "study": exam.key, "synthetic": True, **make(exam, partial, out, cancel)}
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    _truth_path(out, exam.key).write_text(json.dumps(truth, indent=1), encoding="utf-8")
    return _sample(folder, truth)


def _existing(out: Path, key: str) -> Sample | None:
    """The study if it was written whole by this version."""
    folder = out / "studies" / key
    try:
        truth = json.loads(_truth_path(out, key).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    whole = folder.is_dir() and len(list(folder.glob("*.dcm"))) == truth.get("files")
    return _sample(folder, truth) if whole and truth.get("version") == __version__ else None


def _truth_path(out: Path, key: str) -> Path:
    return out / "truth" / f"{key}.json"


def _sample(folder: Path, truth: Truth) -> Sample:
    boxes = {name: _box_kji(roi) for name, roi in truth.get("roi", {}).items()}
    return Sample(truth["study"], folder, truth["pack"], boxes, truth)


def _box_kji(roi: list[int]) -> Box:
    i0, j0, k0, i1, j1, k1 = roi
    return (k0, j0, i0), (k1, j1, i1)


def _make_child(exam: Exam, folder: Path, _out: Path, cancel: CancelToken) -> Truth:
    exposed = film.mark(film.expose(Thorax(balls=[ball for _, _, ball in PATCHES]), cancel))
    write_film(folder, exam, exposed, film.PIXEL_MM)
    opacities = [_on_film(ball) | {"zone": zone, "side": side} for zone, side, ball in PATCHES]
    return {"pack": "xray-chest-pneumonia", "files": 1, "opacities": opacities}


def _on_film(ball: Ball) -> Truth:
    """Where a patch falls on the film, in pixels (column, row)."""
    column = (ball.centre[0] + film.WIDTH_MM / 2) / film.PIXEL_MM - 0.5
    row = (film.TOP_MM - ball.centre[2]) / film.PIXEL_MM - 0.5
    return {
        "centre_column_row": [round(column, 1), round(row, 1)],
        "radius_columns_rows": [ball.radii[0] / film.PIXEL_MM, ball.radii[2] / film.PIXEL_MM],
    }


def _make_head(exam: Exam, folder: Path, out: Path, cancel: CancelToken) -> Truth:
    grid = Grid.of(np.arange(160) - 79.5, np.arange(200) - 99.5, np.arange(140) - 55.5)
    head = brain.draw(grid)
    files = write_slices(folder, exam, head.signal, grid, modality="MR", check=cancel.check)
    _label_map(out / "truth" / f"{exam.key}-labels.nii.gz", head.labels, grid)
    names = ("left anterior", "left posterior", "right anterior", "right posterior")
    volumes = {name: int(np.count_nonzero(head.labels == n + 1)) for n, name in enumerate(names)}
    roi = {side: _voxel_box(grid, *corners) for side, corners in head.boxes.items()}
    return {"pack": "mr-hippocampus-segmentation", "files": len(files), "roi": roi, "volumes_mm3": volumes}


def _make_chest_ct(exam: Exam, folder: Path, out: Path, cancel: CancelToken) -> Truth:
    grid = Grid.of(np.arange(256) * 1.15 - 146.5, np.arange(256) * 1.15 - 146.5, np.arange(150) * 1.5 - 120)
    person = Thorax(ADULT_SCALE, NODULES, arms=False)
    rng = np.random.default_rng(19)
    stored = np.empty(grid.shape, np.int16)
    for start in range(0, grid.shape[0], 30):
        cancel.check()
        part = grid.rows(start, start + 30)
        hu = person.hounsfield(part) + 14 * rng.standard_normal(part.shape).astype(np.float32)
        stored[start : start + 30] = np.clip(np.round(hu), -1024, 3071) + 1024
    files = write_slices(folder, exam, stored, grid, modality="CT", check=cancel.check)
    labels = np.zeros(grid.shape, np.uint8)
    for n, ball in enumerate(NODULES, 1):
        labels[ellipsoid(grid, ball.centre, ball.radii, ball.edge) > 0.5] = n
    _label_map(out / "truth" / f"{exam.key}-labels.nii.gz", labels, grid)
    nodules = [_nodule(ball, grid) for ball in NODULES]
    return {"pack": "", "files": len(files), "nodules": nodules}


def _nodule(ball: Ball, grid: Grid) -> Truth:
    x, y, z = ball.centre
    place = [int(np.abs(axis.ravel() - value).argmin()) for axis, value in ((grid.x, x), (grid.y, y), (grid.z, z))]
    diameter = 2 * ball.radii[0]
    volume = round(np.pi / 6 * diameter**3, 1)
    side = "left" if x > 0 else "right"
    return {"centre_lps": [x, y, z], "voxel_ijk": place, "diameter_mm": diameter, "volume_mm3": volume, "side": side}


def _voxel_box(grid: Grid, low: Point, high: Point) -> list[int]:
    """i0, j0, k0, i1, j1, k1 (half-open) of the voxels between two corners in mm."""
    k, j, i = grid.window(low, high)
    return [int(n) for n in (i.start, j.start, k.start, i.stop, j.stop, k.stop)]


def _label_map(path: Path, labels: npt.NDArray[np.uint8], grid: Grid) -> None:
    """Labels as NIfTI (RAS), in the same place as the series."""
    import nibabel

    x, y, z = (axis.ravel() for axis in (grid.x, grid.y, grid.z))
    steps = np.diag([-(x[1] - x[0]), -(y[1] - y[0]), z[1] - z[0], 1.0])
    steps[:3, 3] = -x[0], -y[0], z[0]
    nibabel.save(nibabel.Nifti1Image(np.transpose(labels, (2, 1, 0)), steps), path)
