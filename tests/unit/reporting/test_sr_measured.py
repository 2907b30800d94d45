"""A reader's measurements in the structured report: codes, places, errors, and what other readers make of them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest

from tests import synth
from tests.unit.reporting.builders import result, stack_of, xray_finding
from viewer.core.errors import OutputError
from viewer.core.finding import Code, Measurement
from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.core.study import Stack
from viewer.reading import scan
from viewer.reading.objects.structured import Item, read_items
from viewer.reporting import readback
from viewer.reporting.saying import Saying
from viewer.reporting.sr import SrReceipt, write_sr

LENGTH = Code("410668003", "SCT", "Length")
AREA = Code("42798000", "SCT", "Area")
MEAN = Code("373098007", "SCT", "Mean")


@pytest.fixture(params=["film", "volume", "oblique"])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Stack:
    if request.param == "film":
        return stack_of(synth.write_xray(tmp_path / "film"), "DX")
    options: dict[str, Any] = {"orientation": synth.oblique(30.0)} if request.param == "oblique" else {}
    return stack_of(synth.write_series(tmp_path / "scan", modality="CT", **options), "CT")


def at(stack: Stack, *pixels: tuple[float, float], k: int = 0) -> tuple[tuple[float, float, float], ...]:
    """LPS mm of (row, column) pixels of a slice."""
    assert stack.geometry is not None
    world = stack.geometry.index_to_world([[k, *pixel] for pixel in pixels])
    return tuple((float(x), float(y), float(z)) for x, y, z in world)


def one(stack: Stack, shape: Shape, *pixels: tuple[float, float], **changes: Any) -> ReaderMeasurement:
    points = at(stack, *pixels)
    length = float(np.linalg.norm(np.subtract(points[-1], points[0])))
    fields: dict[str, Any] = {
        "id": f"m-{shape.value}",
        "tool": "length",
        "name": "Length",
        "stack_key": stack.key,
        "slice_index": 0,
        "plane": "native",
        "points_lps": points,
        "values": (Measurement("Length", length, "mm", LENGTH, 0.4),),
        "sop_instance_uid": stack.instances[0].sop_instance_uid,
        "shape": shape,
        "reader": "Dr. A. Reader",
    }
    return ReaderMeasurement(**{**fields, **changes})


def written(stack: Stack, path: Path, *measured: ReaderMeasurement, **saying: Any) -> tuple[SrReceipt, Item]:
    run = result(xray_finding(1))
    receipt = write_sr([run], {stack.series_uid: stack}, path, Saying(measured=measured, **saying))
    return receipt, read_items(scan([path]).studies[0].stacks[0])


def every(stack: Stack) -> tuple[ReaderMeasurement, ...]:
    region = (Measurement("Area", 95.0, "mm2", AREA, 3.0), Measurement("Mean", 40.1, "HU", MEAN))
    corners = ((2.0, 3.0), (2.0, 9.0), (6.0, 9.0), (6.0, 3.0))
    axes = at(stack, (4.0, 3.0), (4.0, 9.0), (2.0, 6.0), (6.0, 6.0))
    return (
        one(stack, Shape.LINES, (2.0, 3.0), (6.0, 9.0)),
        one(stack, Shape.PATH, (2.0, 3.0), (6.0, 9.0), (2.0, 9.0), values=(Measurement("Angle", 44.5, "deg"),)),
        one(stack, Shape.POINTS, (2.0, 3.0), values=(Measurement("Value", -1000.0, "HU"),)),
        one(stack, Shape.POLYGON, *corners, values=region),
        one(stack, Shape.ELLIPSE, (2.0, 3.0), (6.0, 9.0), values=region, outline_lps=axes),
    )


def test_each_shape_is_read_back_at_its_place(stack: Stack, tmp_path: Path) -> None:
    receipt, root = written(stack, tmp_path / "sr.dcm", *every(stack))
    assert len(receipt.groups) == 6
    assert readback.compare_sr(receipt, root) == []


def test_a_moved_line_another_number_and_another_error_are_caught(stack: Stack, tmp_path: Path) -> None:
    line = one(stack, Shape.LINES, (2.0, 3.0), (6.0, 9.0))
    receipt, root = written(stack, tmp_path / "sr.dcm", line)
    first, group = receipt.groups
    (name, value, unit), *spread = group.measurements
    assert readback.compare_sr(receipt, root) == []
    for wrong, said in (
        (replace(group, place=tuple(v + 1 for v in group.place or ())), "lies 1.0"),
        (replace(group, measurements=((name, value + 0.1, unit), *spread)), "Length of finding 2 reads"),
        (replace(group, measurements=((name, value, "cm"), *spread)), "Length of finding 2 reads"),
        (replace(group, measurements=((name, value, unit),)), "3 measurements instead of 1"),
    ):
        assert any(said in line for line in readback.compare_sr(replace(receipt, groups=(first, wrong)), root)), said


def test_highdicom_reads_the_groups(stack: Stack, tmp_path: Path) -> None:
    written(stack, tmp_path / "sr.dcm", *every(stack))
    sr = highdicom.sr.srread(tmp_path / "sr.dcm")
    image = sr.content.get_image_measurement_groups()
    planar = sr.content.get_planar_roi_measurement_groups()
    names = {m.name.meaning for group in (*image, *planar) for m in group.get_measurements()}
    assert {"Length", "Angle", "Area", "Mean", "Value"} <= names
    (length,) = [m for group in image for m in group.get_measurements(name=pydicom.sr.coding.Code(*LENGTH_CODE))]
    assert length.unit.value == "mm"
    assert len(planar) >= 2


LENGTH_CODE = (LENGTH.value, LENGTH.scheme, LENGTH.meaning)


def test_both_axes_of_a_lesion_keep_their_own_line(stack: Stack, tmp_path: Path) -> None:
    points = at(stack, (4.0, 5.0), (4.0, 8.0), (2.0, 3.0), (8.0, 9.0))
    short, long = (float(np.linalg.norm(np.subtract(points[n], points[n + 1]))) for n in (0, 2))
    both = (
        Measurement("Long axis", long, "mm", Code("103339001", "SCT", "Long axis")),
        Measurement("Short axis", short, "mm", Code("103340004", "SCT", "Short axis")),
    )
    receipt, root = written(stack, tmp_path / "sr.dcm", one(stack, Shape.LINES, (0, 0), values=both, points_lps=points))
    assert readback.compare_sr(receipt, root) == []
    numbers = [item for item in root.walk() if item.kind == "NUM" and item.concept and item.concept.scheme == "SCT"]
    lines = {n.concept.meaning: np.array(n.children[0].points) for n in numbers if n.concept and n.children}
    steps = {name: np.linalg.norm(line[1] - line[0]) for name, line in lines.items()}
    assert steps["Long axis"] / steps["Short axis"] == pytest.approx(long / short, rel=1e-3)


def test_a_study_without_results_still_says_what_was_measured(stack: Stack, tmp_path: Path) -> None:
    line = one(stack, Shape.LINES, (2.0, 3.0), (6.0, 9.0))
    receipt = write_sr([], {stack.series_uid: stack}, tmp_path / "sr.dcm", Saying(measured=(line,)))
    root = read_items(scan([tmp_path / "sr.dcm"]).studies[0].stacks[0])
    assert readback.compare_sr(receipt, root) == []
    assert "algorithm" not in str(pydicom.dcmread(tmp_path / "sr.dcm")).lower()


def test_another_series_of_the_study_can_be_measured(tmp_path: Path) -> None:
    first = stack_of(synth.write_series(tmp_path / "a", modality="CT"), "CT")
    study = str(pydicom.dcmread(first.instances[0].path).StudyInstanceUID)
    second = stack_of(synth.write_series(tmp_path / "b", modality="CT"), "CT")
    for instance in second.instances:
        dataset = pydicom.dcmread(instance.path)
        dataset.StudyInstanceUID = study
        dataset.save_as(instance.path)
    line = one(second, Shape.LINES, (2.0, 3.0), (6.0, 9.0))
    receipt, root = written(first, tmp_path / "sr.dcm", line, others=(second,))
    assert readback.compare_sr(receipt, root) == []
    with pytest.raises(OutputError, match="not at hand") as caught:
        written(first, tmp_path / "sr.dcm", line)
    assert caught.value.code == "no_series"


def test_what_is_no_number_is_refused(stack: Stack, tmp_path: Path) -> None:
    broken = one(stack, Shape.LINES, (2.0, 3.0), (6.0, 9.0), values=(Measurement("Length", float("nan"), "mm"),))
    with pytest.raises(OutputError, match="not a number"):
        written(stack, tmp_path / "sr.dcm", broken)


@pytest.mark.skipif(shutil.which("dsrdump") is None, reason="dsrdump (DCMTK) is not installed")
def test_dsrdump_reads_it(stack: Stack, tmp_path: Path) -> None:
    written(stack, tmp_path / "sr.dcm", *every(stack))
    done = subprocess.run(["dsrdump", tmp_path / "sr.dcm"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Length" in done.stdout
