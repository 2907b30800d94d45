"""Measuring tools on phantoms: numbers, units, errors and refusals, each tool by its row of the table."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests import phantoms
from viewer.core.errors import ViewerError
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.measure import MeasureError
from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.core.plain import from_plain, to_plain
from viewer.core.ultrasound import AxisUnit, RegionForm, UltrasoundRegion
from viewer.core.verdict import Safety, judge
from viewer.display.slicing import Plane
from viewer.room.tools import MEASURES, TOOLS
from viewer.room.tools.measure import Grip, drawn, measured, moved
from viewer.room.views.facts import cursor_at
from viewer.room.views.picture import Picture, PictureSlice, source_of
from viewer.room.views.values import scale_words
from viewer.session.record import drawing_from

SHAPE = (7, 60, 80)
#: Millimetres between slices, rows and columns.
MM = (3.0, 0.5, 0.25)
AXIAL_AXES = ((2, 1), (1, 1), (0, 1))


def grid(**facts: Any) -> Geometry:
    return phantoms.geometry(SHAPE, affine=phantoms.affine(AXIAL_AXES, MM), **facts)


def on(geometry: Geometry | None = None, plane: Plane = Plane.AXIAL, index: int = 3, **facts: Any) -> PictureSlice:
    """A slice of a CT phantom: 100 HU, and 40 + k HU within 2 mm of the middle of each slice."""
    geometry = geometry or grid()
    volume = phantoms.volume(facts.pop("values", disk()), geometry=geometry, **facts)
    stack = phantoms.stack(geometry, verdict=judge(geometry))
    return Picture(source_of(stack, volume, plane, None)).slice_at(index)


def disk() -> npt.NDArray[np.int16]:
    k, j, i = np.indices(SHAPE)
    inside = ((j - 30) * MM[1]) ** 2 + ((i - 40) * MM[2]) ** 2 <= 2.0**2
    return np.where(inside, 40 + k, 100).astype(np.int16)


def measure(tool: str, at: PictureSlice, *pixels: tuple[float, float]) -> ReaderMeasurement:
    """A drawing through (row, column) pixels of a slice."""
    points = tuple(tuple(float(v) for v in p) for p in at.view.pixel_to_world(np.array(pixels)))
    return measured(MEASURES[tool], at, drawn(MEASURES[tool], at, points))  # type: ignore[arg-type]


def value(drawing: ReaderMeasurement, name: str) -> float:
    return next(v.value for v in drawing.values if v.name == name)


#: A drawing with each tool: points (row, column), and its first number with unit.
DRAWINGS: dict[str, tuple[tuple[tuple[float, float], ...], str, float, str]] = {
    "length": (((10, 10), (10, 50)), "Length", 10.0, "mm"),
    "bidirectional": (((30, 20), (30, 60), (20, 40), (36, 40)), "Long axis", 10.0, "mm"),
    "angle": (((10, 10), (20, 10), (20, 30)), "Angle", 90.0, "deg"),
    "cobb": (((10, 10), (10, 50), (50, 50), (30, 10)), "Angle", 45.0, "deg"),
    "ellipse": (((26, 32), (34, 48)), "Area", np.pi * 4, "mm2"),
    "rectangle": (((26, 32), (34, 48)), "Area", 16.0, "mm2"),
    "polygon": (((26, 32), (26, 48), (34, 48)), "Area", 8.0, "mm2"),
    "freehand": (((26, 32), (26, 48), (34, 48), (34, 32)), "Area", 16.0, "mm2"),
    "probe": (((30, 40),), "Value", 43.0, "HU"),
    "ctr": (((20, 30), (20, 50), (30, 10), (30, 60)), "Ratio", 0.4, ""),
}


@pytest.mark.parametrize("tool", DRAWINGS)
def test_every_tool_gives_its_number(tool: str) -> None:
    pixels, name, number, unit = DRAWINGS[tool]
    drawing = measure(tool, on(), *pixels)
    assert (drawing.values[0].name, drawing.values[0].unit) == (name, unit)
    assert drawing.values[0].value == pytest.approx(number, abs=1e-9)
    assert (drawing.tool, drawing.plane, drawing.slice_index, drawing.notes) == (tool, "native", 3, ())
    assert from_plain(ReaderMeasurement, to_plain(drawing)) == drawing


@pytest.mark.parametrize("tool", DRAWINGS)
def test_lengths_angles_areas_and_ratios_say_how_sure_they_are(tool: str) -> None:
    drawing = measure(tool, on(), *DRAWINGS[tool][0])
    sure = {"Length", "Long axis", "Short axis", "Angle", "Area", "Ratio"}
    for number in drawing.values:
        assert (number.plus_minus is not None) == (number.name in sure)
        if number.name in {"Length", "Long axis", "Short axis"}:
            assert number.plus_minus is not None and 0 < number.plus_minus <= max(MM[1:])


@pytest.mark.parametrize("axes", phantoms.ORIENTATIONS[::7])
@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.NATIVE])
def test_millimetres_are_true_in_every_plane_of_every_acquisition(axes: Any, plane: Plane) -> None:
    geometry = phantoms.geometry((9, 10, 11), affine=phantoms.affine(axes))
    picture = on(geometry, plane, 3, values=np.zeros((9, 10, 11), np.int16))
    (down, right), shape = picture.view.mm, picture.view.shape
    span = (4, 5)
    drawing = measure("length", picture, (1, 2), (1 + span[0], 2 + span[1]))
    assert value(drawing, "Length") == pytest.approx(np.hypot(span[0] * down, span[1] * right), abs=1e-9)
    area = measure("rectangle", picture, (1, 2), (1 + span[0], 2 + span[1]))
    assert value(area, "Area") == pytest.approx(span[0] * down * span[1] * right, abs=1e-9)
    assert shape[0] > 5 and shape[1] > 7


def test_a_region_reads_the_pixels_whose_centres_lie_inside() -> None:
    inside = measure("ellipse", on(), (26, 32), (34, 48))
    assert [value(inside, n) for n in ("Mean", "SD", "Minimum", "Maximum")] == [43.0, 0.0, 43.0, 43.0]
    mixed = measure("rectangle", on(), (29.6, 31.5), (30.4, 33.4))  # pixels 32 and 33 of row 30: in, and in
    assert value(mixed, "Mean") == 43.0
    edge = measure("rectangle", on(), (29.6, 30.5), (30.4, 32.4))  # 31 is outside the disk, 32 inside
    assert value(edge, "Mean") == pytest.approx(71.5)
    assert value(edge, "SD") == pytest.approx(np.std([43, 100], ddof=1))
    assert {v.unit for v in edge.values[1:]} == {"HU"}


def test_a_polygon_round_a_disk_of_two_millimetres_has_its_area() -> None:
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    edge = [(30 + 2.0 * np.sin(t) / MM[1], 40 + 2.0 * np.cos(t) / MM[2]) for t in turn]
    for tool in ("polygon", "freehand"):
        assert value(measure(tool, on(), *edge), "Area") == pytest.approx(np.pi * 4, rel=0.01)


def test_the_longer_line_is_the_long_axis_whichever_was_drawn_first() -> None:
    drawing = measure("bidirectional", on(), (30, 30), (30, 38), (20, 36), (40, 36))
    assert (value(drawing, "Long axis"), value(drawing, "Short axis")) == pytest.approx((10.0, 2.0))


def test_lengths_across_a_gap_are_refused_in_words() -> None:
    uneven = phantoms.geometry((5, 10, 11), slice_positions=(0.0, 3.0, 6.0, 18.0, 21.0))
    points = tuple(tuple(float(v) for v in p) for p in uneven.index_to_world([[1, 2, 2], [3, 2, 2]]))
    picture = on(uneven, Plane.NATIVE, 1, values=np.zeros((5, 10, 11), np.int16))
    for tool, marks in (("length", points), ("ctr", (*points, *points)), ("bidirectional", (*points, *points))):
        with pytest.raises(ViewerError, match="between slices 3 and 4"):
            measured(MEASURES[tool], picture, drawn(MEASURES[tool], picture, marks))  # type: ignore[arg-type]


def test_without_a_calibration_numbers_are_in_pixels_and_say_so() -> None:
    film = phantoms.geometry((1, 60, 80), affine=np.eye(4), spacing_kind=SpacingKind.UNKNOWN)
    picture = on(film, Plane.NATIVE, 0, values=np.zeros((1, 60, 80), np.int16), unit="1", modality="DX")
    drawing = measure("length", picture, (10, 10), (10, 50))
    assert (drawing.values[0].value, drawing.values[0].unit, drawing.notes) == (40.0, "px", ("no calibration",))
    area = measure("rectangle", picture, (10, 10), (20, 20))
    assert (area.values[0].value, area.values[0].unit) == (100.0, "px2")
    assert {v.unit for v in area.values[1:]} == {""}


def test_on_a_film_the_detector_is_named() -> None:
    film = phantoms.geometry((1, 60, 80), spacing_kind=SpacingKind.DETECTOR)
    picture = on(film, Plane.NATIVE, 0, values=np.zeros((1, 60, 80), np.int16), unit="1", modality="DX")
    assert measure("length", picture, (10, 10), (10, 18)).notes == ("at detector",)
    assert MEASURES["length"].words(measure("length", picture, (10, 10), (10, 18))) == ("8.0 mm, at detector",)


def test_values_of_pet_are_suv_where_the_header_gives_the_factor() -> None:
    picture = on(values=np.full(SHAPE, 2000, np.int16), unit="Bq/mL", modality="PT", tags={"SUVFactor": "0.002"})
    probe = measure("probe", picture, (5, 5))
    assert (probe.values[0].value, probe.values[0].unit) == (pytest.approx(4.0), "SUVbw")
    assert value(measure("ellipse", picture, (5, 5), (15, 15)), "Mean") == pytest.approx(4.0)
    bare = on(values=np.full(SHAPE, 2000, np.int16), unit="Bq/mL", modality="PT")
    assert measure("probe", bare, (5, 5)).values[0].unit == "Bq/mL"


def test_colour_pixels_give_their_three_values() -> None:
    colours = np.zeros((1, 60, 80, 3), np.uint8)
    colours[0, 30, 40] = (12, 40, 7)
    film = phantoms.geometry((1, 60, 80))
    picture = on(film, Plane.NATIVE, 0, values=colours, unit="1", modality="XC")
    drawing = measure("probe", picture, (30, 40))
    assert [(v.name, v.value) for v in drawing.values] == [("Red", 12.0), ("Green", 40.0), ("Blue", 7.0)]
    assert MEASURES["probe"].words(drawing) == ("12 40 7",)


def test_pixels_that_are_not_there_give_no_values() -> None:
    geometry = grid()
    loaded = np.zeros(SHAPE[0], bool)
    picture = Picture(
        source_of(phantoms.stack(geometry), phantoms.volume(disk(), geometry=geometry), Plane.AXIAL, loaded)
    )
    for tool in ("probe", "ellipse"):
        with pytest.raises(ViewerError, match="has not been read"):
            measure(tool, picture.slice_at(3), *DRAWINGS[tool][0])
    assert value(measure("length", picture.slice_at(3), (10, 10), (10, 50)), "Length") == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("tool", "pixels", "words"),
    [
        ("polygon", ((26, 32), (34, 48), (26, 48), (34, 32)), "crosses itself"),
        ("rectangle", ((26, 32), (26, 32)), "no pixel"),
        ("ellipse", ((26, 32), (26, 48)), "no pixel"),
        ("probe", ((200, 2),), "no pixel at this place"),
        ("probe", ((float("nan"), 2),), "finite|points"),
        ("angle", ((10, 10), (10, 10), (20, 20)), "three different points"),
        ("cobb", ((10, 10), (10, 10), (20, 20), (20, 30)), "two lines"),
        ("ctr", ((10, 10), (10, 20), (20, 20), (20, 20)), "two lines"),
        ("length", ((10, 10),), "takes 2 points"),
        ("polygon", ((10, 10), (10, 20)), "takes 3 or more points"),
        ("bidirectional", ((10, 10), (10, 20)), "takes 4 points"),
    ],
)
def test_what_makes_no_drawing_is_refused(tool: str, pixels: Any, words: str) -> None:
    with pytest.raises(ViewerError, match=words):
        measure(tool, on(), *pixels)


def test_a_region_belongs_to_one_slice() -> None:
    here = on()
    points = tuple(tuple(float(v) for v in p) for p in grid().index_to_world([[3, 20, 20], [5, 30, 30]]))
    with pytest.raises(ViewerError, match="lies within one slice"):
        measured(MEASURES["ellipse"], here, drawn(MEASURES["ellipse"], here, points))  # type: ignore[arg-type]


def test_arrows_and_texts_measure_nothing() -> None:
    assert measure("arrow", on(), (10, 10), (20, 20)).values == ()
    at = on()
    text = drawn(MEASURES["text"], at, ((0.0, 0.0, 64.0),), "old fracture")
    assert MEASURES["text"].words(measured(MEASURES["text"], at, text)) == ("old fracture",)


def test_the_mouse_takes_hold_of_the_nearest_handle_or_of_the_line() -> None:
    points = np.array([[100.0, 100.0], [200.0, 100.0]])
    length = MEASURES["length"]
    assert length.hit(points, np.array([103.0, 102.0])) == Grip(0)
    assert length.hit(points, np.array([150.0, 103.0])) == Grip(None)
    assert length.hit(points, np.array([150.0, 112.0])) is None
    ring = MEASURES["ellipse"]
    corners = np.array([[100.0, 100.0], [200.0, 160.0]])
    assert ring.hit(corners, np.array([150.0, 101.0])) == Grip(None)
    assert ring.hit(corners, np.array([150.0, 130.0])) is None


def test_a_drawing_moves_by_a_handle_or_as_a_whole() -> None:
    at = on()
    drawing = measure("length", at, (10, 10), (10, 50))
    by = np.array([2.0, 0.0, 0.0])
    longer = measured(MEASURES["length"], at, moved(drawing, Grip(1), by))
    assert value(longer, "Length") == pytest.approx(12.0)
    assert longer.id == drawing.id
    whole = measured(MEASURES["length"], at, moved(drawing, Grip(None), by))
    assert value(whole, "Length") == pytest.approx(10.0)
    np.testing.assert_allclose(np.array(whole.points_lps), np.array(drawing.points_lps) + by)


def test_drawings_of_earlier_journals_are_understood() -> None:
    area = {"value": 95.0, "unit": "mm2", "note": "at detector"}
    reading = {"mean": 4.0, "deviation": 1.0, "low": 2.0, "high": 6.0, "pixels": 9, "area": area, "unit": "HU"}
    old = {
        "id": "a", "kind": "ellipse", "points_lps": [[0, 0, 0], [4, 4, 0]], "stack_key": "1.2.3",
        "plane": "resampled coronal", "slice_index": 2, "label": "mean 4.0", "reading": reading,
    }  # fmt: skip
    drawing = drawing_from(old)
    assert (drawing.tool, drawing.name, drawing.plane, drawing.notes) == (
        "ellipse",
        "Ellipse",
        "coronal",
        ("at detector",),
    )
    assert [(v.name, v.value) for v in drawing.values][:2] == [("Area", 95.0), ("Mean", 4.0)]
    text = drawing_from({**old, "kind": "text", "label": "old fracture", "reading": None, "points_lps": [[0, 0, 0]]})
    assert MEASURES["text"].words(text) == ("old fracture",)
    probe = drawing_from({**old, "kind": "probe", "label": "43 HU", "reading": None, "points_lps": [[0, 0, 0]]})
    assert MEASURES["probe"].words(probe) == ("43 HU",)
    line = drawing_from({**old, "kind": "length", "reading": {"value": 12.5, "unit": "mm", "note": ""}})
    assert MEASURES["length"].words(line) == ("12.5 mm",)


def test_every_row_is_whole_and_named_once() -> None:
    assert len({tool.id for tool in TOOLS}) == len(TOOLS)
    keys = [key for tool in TOOLS for key in tool.keys]
    assert len(set(keys)) == len(keys)
    assert all(tool.name and tool.icon and tool.keys for tool in TOOLS)


def test_tools_and_views_need_no_window() -> None:
    code = (
        "import sys, pkgutil, importlib, viewer.room.tools as t, viewer.room.views as v\n"
        "for p in (t, v):\n"
        "    [importlib.import_module(f'{p.__name__}.{m.name}') for m in pkgutil.iter_modules(p.__path__)]\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('PySide6', 'pyqtgraph', 'torch')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_regions_say_what_they_are_made_of() -> None:
    at = on()
    ellipse = measure("ellipse", at, (20.0, 30.0), (40.0, 70.0))
    ends = at.view.world_to_pixel(np.array(ellipse.outline))
    assert ends.tolist() == pytest.approx(np.array([[30, 30], [30, 70], [20, 50], [40, 50]]))
    rectangle = measure("rectangle", at, (20.0, 30.0), (40.0, 70.0))
    corners = at.view.world_to_pixel(np.array(rectangle.outline))
    assert corners.tolist() == pytest.approx(np.array([[20, 30], [20, 70], [40, 70], [40, 30]]))
    line = measure("length", at, (20.0, 30.0), (40.0, 70.0))
    assert line.outline == line.points_lps
    assert (ellipse.shape, rectangle.shape, line.shape) == (Shape.ELLIPSE, Shape.POLYGON, Shape.LINES)


def test_a_drawing_of_before_shapes_gets_its_tool_s() -> None:
    plain = to_plain(measure("ellipse", on(), (20.0, 30.0), (40.0, 70.0)))
    old = {key: value for key, value in plain.items() if key not in ("shape", "outline_lps")}
    assert drawing_from(old).shape is Shape.ELLIPSE


def scan_of(*regions: UltrasoundRegion) -> PictureSlice:
    """An ultrasound picture of 60 x 80 pixels without a patient frame, 0.5 mm a pixel, with these regions."""
    geometry = Geometry((1, 60, 80), np.diag([1.0, 0.5, 0.5, 1.0]), oriented=False)
    volume = phantoms.volume(np.zeros((1, 60, 80), np.int16), geometry=geometry, modality="US")
    stack = phantoms.stack(geometry, modality="US", verdict=judge(geometry), regions=(regions,) if regions else ())
    return Picture(source_of(stack, volume, Plane.NATIVE, None)).slice_at(0)


MM_UNIT, S_UNIT, CM_S = AxisUnit.MM, AxisUnit.SECONDS, AxisUnit.VELOCITY
TISSUE = UltrasoundRegion((0, 0, 29, 39), RegionForm.TISSUE, MM_UNIT, MM_UNIT, 0.2, 0.3)
OTHER_TISSUE = UltrasoundRegion((0, 40, 29, 79), RegionForm.TISSUE, MM_UNIT, MM_UNIT, 0.4, 0.4)
DOPPLER = UltrasoundRegion((30, 0, 59, 39), RegionForm.SPECTRAL, S_UNIT, CM_S, 0.005, 2.0)
ECG = UltrasoundRegion((30, 40, 59, 79), RegionForm.WAVEFORM, S_UNIT, AxisUnit.NONE, 0.005, 0.0)


@pytest.mark.parametrize(
    ("tool", "pixels", "name", "number", "unit"),
    [
        ("length", ((5, 5), (5, 25)), "Length", 4.0, "mm"),
        ("length", ((5, 45), (25, 60)), "Length", 10.0, "mm"),
        ("length", ((40, 5), (40, 25)), "Time", 0.1, "s"),
        ("length", ((35, 10), (55, 10)), "Velocity", 40.0, "cm/s"),
        ("length", ((40, 45), (40, 65)), "Time", 0.1, "s"),
        ("angle", ((5, 5), (25, 5), (25, 35)), "Angle", 90.0, "deg"),
        ("bidirectional", ((5, 5), (5, 25), (10, 10), (20, 10)), "Long axis", 4.0, "mm"),
        ("ctr", ((5, 5), (5, 15), (10, 5), (10, 25)), "Ratio", 0.5, ""),
        ("rectangle", ((5, 5), (15, 15)), "Area", 6.0, "mm2"),
        ("rectangle", ((5, 45), (15, 55)), "Area", 16.0, "mm2"),
        ("probe", ((40, 5),), "Value", 0.0, "HU"),
    ],
)
def test_each_region_of_an_ultrasound_picture_is_measured_by_its_own_axes(
    tool: str, pixels: tuple[tuple[float, float], ...], name: str, number: float, unit: str
) -> None:
    first = measure(tool, scan_of(TISSUE, OTHER_TISSUE, DOPPLER, ECG), *pixels).values[0]
    assert (first.name, first.unit, first.value) == (name, unit, pytest.approx(number, abs=1e-9))
    assert first.plus_minus is None or first.plus_minus > 0


@pytest.mark.parametrize(
    ("tool", "pixels", "why"),
    [
        ("length", ((5, 5), (5, 45)), "leaves its region"),
        ("length", ((5, 5), (40, 5)), "leaves its region"),
        ("length", ((58, 5), (58, 39.8)), "leaves its region"),
        ("length", ((40, 5), (50, 25)), "askew"),
        ("length", ((40, 60), (50, 60)), "no scale for this axis"),
        ("angle", ((40, 5), (50, 5), (50, 25)), "not both lengths"),
        ("cobb", ((40, 5), (40, 25), (50, 5), (50, 25)), "not both lengths"),
        ("ellipse", ((40, 5), (50, 25)), "not both lengths"),
        ("polygon", ((5, 5), (5, 45), (25, 45)), "leaves its region"),
    ],
)
def test_across_and_outside_regions_is_refused_in_words(
    tool: str, pixels: tuple[tuple[float, float], ...], why: str
) -> None:
    with pytest.raises(MeasureError, match=why):
        measure(tool, scan_of(TISSUE, OTHER_TISSUE, DOPPLER, ECG), *pixels)


def test_outside_every_region_and_where_two_scales_overlap_nothing_is_measured() -> None:
    with pytest.raises(MeasureError, match="no calibrated region here"):
        measure("length", scan_of(TISSUE), (40, 5), (40, 25))
    inset = replace(DOPPLER, box=(10, 10, 20, 20))
    with pytest.raises(MeasureError, match="overlap"):
        measure("length", scan_of(TISSUE, inset), (12, 12), (12, 18))
    doubled = replace(TISSUE, box=(10, 10, 20, 20))
    assert value(measure("length", scan_of(TISSUE, doubled), (12, 12), (12, 17)), "Length") == pytest.approx(1.0)
    assert value(measure("length", scan_of(), (12, 12), (12, 18)), "Length") == pytest.approx(3.0)


def test_the_geometry_under_the_pointer_is_that_of_its_region() -> None:
    at = scan_of(TISSUE, OTHER_TISSUE, DOPPLER, replace(DOPPLER, box=(50, 30, 59, 79), per_column=0.1))
    picture = Picture(at.source)
    words = {place: scale_words(cursor_at(picture, place)) for place in ((5, 5), (5, 45), (35, 5), (55, 35), (40, 60))}
    assert words == {
        (5, 5): (Safety.OK, "Geometry: 0.2 × 0.3 mm a pixel in this region"),
        (5, 45): (Safety.OK, "Geometry: 0.4 mm a pixel in this region"),
        (35, 5): (Safety.WARN, "Geometry: along one axis, s across, cm/s down"),
        (55, 35): (Safety.UNSAFE, "Geometry: regions overlap here"),
        (40, 60): (Safety.UNSAFE, "Geometry: no scale here"),
    }
    assert scale_words(cursor_at(Picture(on().source), (5, 5))) is None
