"""Measurements, key images and undo through steps, against files with known truth."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from tests import synth
from tests.conftest import shared_folder
from tests.scripted import lps, play, results


def shown(made: synth.Written, index: int | None = None, **keys: Any) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = [
        {"do": "open", "paths": [str(made.folder)]},
        {"do": "show", "series_uid": made.series_uid, **keys},
    ]
    return steps if index is None else [*steps, {"do": "slice", "index": index}]


def opened(file: Path) -> list[dict[str, Any]]:
    uid = pydicom.dcmread(file, stop_before_pixels=True).SeriesInstanceUID
    return [{"do": "open", "paths": [str(file)]}, {"do": "show", "series_uid": uid}]


def measure(tool: str, points: list[list[float]], **keys: Any) -> dict[str, Any]:
    return {"do": "measure", "tool": tool, "points_lps": points, **keys}


def values(answer: dict[str, Any]) -> dict[str, float]:
    return {value["name"]: value["value"] for value in answer["values"]}


@pytest.fixture
def ct(tmp_path: Path) -> synth.Written:
    return synth.write_series(tmp_path / "ct", orientation=synth.oblique(25), shape=(6, 40, 36))


def test_every_tool_measures_what_is_there(ct: synth.Written) -> None:
    """6 x 40 x 36 voxels of 5 x 0.8 x 0.7 mm, oblique by 25 degrees."""
    assert ct.affine is not None
    at = lambda *ji: lps(ct.affine, *((3, j, i) for j, i in ji))  # noqa: E731
    told = results(
        *shown(ct, 3),
        measure("length", at((5, 5), (15, 5))),
        measure("bidirectional", at((5, 5), (5, 15), (2, 8), (12, 8))),
        measure("angle", at((5, 15), (5, 5), (15, 5))),
        measure("cobb", at((5, 5), (5, 15), (20, 5), (28.75, 15))),
        measure("ellipse", at((10, 10), (20, 30))),
        measure("rectangle", at((9.5, 9.5), (19.5, 29.5))),
        measure("polygon", at((9.5, 9.5), (9.5, 29.5), (19.5, 29.5), (19.5, 9.5))),
        measure("freehand", at((9.5, 9.5), (9.5, 29.5), (19.5, 29.5), (19.5, 9.5))),
        measure("probe", at((7, 9))),
        measure("ctr", at((20, 10), (20, 20), (10, 5), (10, 30))),
        measure("arrow", at((5, 5), (15, 15)), text="look"),
        measure("text", at((5, 5)), text="a note"),
    )[3:]
    by = {one["tool"]: one for one in told}
    inside = ct.values[3, 10:20, 10:30].astype(float)
    assert values(by["length"]) == {"Length": pytest.approx(8.0)}
    assert values(by["bidirectional"]) == {"Long axis": pytest.approx(8.0), "Short axis": pytest.approx(7.0)}
    assert values(by["angle"]) == {"Angle": pytest.approx(90.0)}
    assert values(by["cobb"]) == {"Angle": pytest.approx(45.0)}
    assert values(by["ellipse"])["Area"] == pytest.approx(math.pi * 8 * 14 / 4)
    for tool in ("rectangle", "polygon", "freehand"):
        found = values(by[tool])
        assert found["Area"] == pytest.approx(8 * 14)
        assert found["Mean"] == pytest.approx(inside.mean())
        assert found["SD"] == pytest.approx(inside.std(ddof=1))
        assert (found["Minimum"], found["Maximum"]) == (inside.min(), inside.max())
    assert values(by["probe"]) == {"Value": float(ct.values[3, 7, 9])}
    assert values(by["ctr"]) == {"Ratio": pytest.approx(10 / 25)}
    assert by["arrow"]["values"] == by["text"]["values"] == []
    assert (by["arrow"]["text"], by["text"]["text"]) == ("look", "a note")
    units = {value["name"]: value["unit"] for one in told for value in one["values"]}
    assert units == {
        "Length": "mm", "Long axis": "mm", "Short axis": "mm", "Angle": "deg", "Area": "mm2", "Ratio": "",
        "Mean": "HU", "SD": "HU", "Minimum": "HU", "Maximum": "HU", "Value": "HU",
    }  # fmt: skip
    for value in (value for one in told for value in one["values"]):
        with_error = value["name"] in {"Length", "Long axis", "Short axis", "Angle", "Area", "Ratio"}
        assert isinstance(value["plus_minus"], float) == with_error, value
    assert all(one["slice"] == 3 and one["on_this_copy"] and one["series_uid"] == ct.series_uid for one in told)


def test_measures_across_slices_are_true_or_refused(tmp_path: Path) -> None:
    even = synth.write_series(tmp_path / "even")
    uneven = synth.write_series(tmp_path / "uneven", positions=(0, 5, 10, 18, 23, 28))
    assert even.affine is not None
    line = lps(even.affine, (0, 5, 5), (4, 5, 5))
    told = results(*shown(even, plane="coronal"), measure("length", line))
    assert values(told[2]) == {"Length": pytest.approx(20.0)}
    from viewer.reading import open_volume

    grid = open_volume(uneven.folder).geometry
    across = grid.index_to_world([[0, 5, 5], [4, 5, 5]]).tolist()
    within = grid.index_to_world([[2, 5, 5], [2, 15, 5]]).tolist()
    refused, fine = play(*shown(uneven), measure("length", across), measure("length", within))[2:]
    assert not refused["ok"] and "slices" in refused["error"]
    assert values(fine["result"]) == {"Length": pytest.approx(8.0)}
    assert fine["result"]["slice"] == 2


@pytest.mark.parametrize(
    ("tool", "kji"),
    [
        ("length", [(3, 5, 5), (3, 5, 5)]),
        ("ellipse", [(3, 5, 5), (3, 5, 15)]),
        ("rectangle", [(3, 5, 5), (3, 5, 5)]),
        ("polygon", [(3, 5, 5), (3, 6, 6), (3, 7, 7)]),
        ("polygon", [(3, 5, 5), (3, 15, 15), (3, 5, 15), (3, 15, 5)]),
        ("ellipse", [(1, 5, 5), (1, 15, 15)]),
        ("length", [(3, 5, 5), (3, 500, 5)]),
        ("length", [(3, 5, 5), (3, 9, 5), (3, 10, 5)]),
        ("angle", [(3, 5, 5), (3, 5, 5), (3, 9, 5)]),
        ("probe", [(3, 5, 50)]),
        ("text", [(3, 5, 5)]),
    ],
)
def test_empty_shapes_and_points_beside_are_refused(ct: synth.Written, tool: str, kji: list[list[float]]) -> None:
    assert ct.affine is not None
    told = play(*shown(ct, 3), measure(tool, lps(ct.affine, *kji)), {"do": "measurements"})
    assert not told[3]["ok"]
    assert told[4]["result"] == {"measurements": []}


def test_a_measurement_is_moved_renamed_and_deleted_each_a_step_of_undo(ct: synth.Written) -> None:
    assert ct.affine is not None
    line = lps(ct.affine, (3, 5, 5), (3, 15, 5))
    other = lps(ct.affine, (2, 5, 5), (2, 25, 5))
    first = results(*shown(ct, 3), measure("length", line))[3]
    told = results(
        *shown(ct, 3),
        {"do": "move", "id": first["id"], "points_lps": other},
        {"do": "rename", "id": first["id"], "name": "Aorta"},
        {"do": "delete", "id": first["id"]},
        {"do": "measurements"},
        *[{"do": "undo"}] * 3,
        {"do": "measurements"},
        {"do": "redo"},
        {"do": "measurements"},
    )[3:]
    assert values(told[0]) == {"Length": pytest.approx(16.0)} and told[0]["slice"] == 2
    assert told[1]["name"] == "Aorta" and told[2]["id"] == first["id"]
    assert told[3] == {"measurements": []}
    assert all(one["what"] for one in told[4:7])
    assert told[7]["measurements"][0]["points_lps"] == pytest.approx(np.array(line))
    assert told[7]["measurements"][0]["name"] == "Length"
    assert told[9]["measurements"][0]["slice"] == 2


def test_nothing_left_to_undo_is_no_success(ct: synth.Written) -> None:
    told = play(
        *shown(ct), {"do": "undo"}, {"do": "redo"}, {"do": "layout", "grid": [1, 2]}, {"do": "undo"}, {"do": "undo"}
    )
    assert [one["ok"] for one in told[2:]] == [False, False, True, True, False]


def test_a_film_is_measured_in_its_own_pixels(tmp_path: Path) -> None:
    """Imager Pixel Spacing only: mm at the detector, with a warning; without any spacing: pixels."""

    def film(kind: str) -> synth.Written:
        def edit(_k: int, ds: Dataset) -> None:
            for name in ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID"):
                if name in ds:
                    delattr(ds, name)
            if kind == "imager":
                ds.ImagerPixelSpacing = [0.5, 0.25]

        return synth.write_series(tmp_path / kind, modality="CR", shape=(1, 60, 50), edit=edit)

    line = {"do": "measure", "tool": "length", "points_px": [[10, 5], [10, 25]]}
    area = {"do": "measure", "tool": "rectangle", "points_px": [[9.5, 9.5], [19.5, 29.5]]}
    in_lps = {"do": "value", "points_lps": [[0, 0, 0]]}
    pixel = {"do": "value", "points_px": [[7, 3], [70, 3]]}
    for kind, geometry, unit, size in (("imager", "warn", "mm", 10.0), ("none", "unsafe", "px", 20.0)):
        made = film(kind)
        told = play(*shown(made), line, area, in_lps, pixel)
        assert told[1]["result"]["geometry"] == geometry and told[1]["result"]["reason"]
        length, region = told[2]["result"], told[3]["result"]
        assert (length["values"][0]["value"], length["values"][0]["unit"]) == (pytest.approx(size), unit)
        assert length["points_px"] == pytest.approx(np.array([[10, 5], [10, 25]]))
        assert values(region)["Mean"] == pytest.approx(made.values[0, 10:30, 10:20].mean())
        assert not told[4]["ok"]
        assert told[5]["result"]["values"] == [float(made.values[0, 3, 7]), None]


def test_key_images_are_counted_captioned_and_undone(ct: synth.Written) -> None:
    told = results(
        *shown(ct, 3),
        {"do": "key_image", "view": 0, "caption": "nodule"},
        {"do": "key_image", "view": 0, "caption": "large nodule"},
        {"do": "slice", "index": 4},
        {"do": "key_image"},
        {"do": "state"},
        {"do": "undo"},
        {"do": "state"},
    )
    assert told[3]["id"] == told[4]["id"] != told[6]["id"]
    assert told[7]["counts"]["key_images"] == 2
    assert told[9]["counts"]["key_images"] == 1


def test_two_lengths_of_two_studies_are_paired(tmp_path: Path) -> None:
    def dated(day: str) -> Any:
        def edit(_k: int, ds: Dataset) -> None:
            ds.StudyDate = day

        return edit

    made = [synth.write_series(tmp_path / day, edit=dated(day)) for day in ("20260101", "20260401")]
    assert made[0].affine is not None
    short, long = (lps(made[0].affine, (3, 2, 5), (3, j, 5)) for j in (12, 22))
    first = results(*shown(made[0]), measure("length", short))[2]
    second = results(*shown(made[1]), measure("length", long))[2]
    (told,) = results(
        {"do": "open", "paths": [str(one.folder) for one in made]},
        {"do": "pair", "first": second["id"], "second": first["id"]},
    )[1:]
    assert told["change_mm"] == pytest.approx(8.0) and told["change_percent"] == pytest.approx(100.0)
    assert told["days"] == 90 and told["doubling_days"] == pytest.approx(30.0)
    assert told["within_error"] is False


def test_a_copy_with_other_pixels_is_not_the_one_that_was_measured(tmp_path: Path) -> None:
    def fixed(k: int, ds: Dataset) -> None:
        ds.SOPInstanceUID = f"1.2.3.4.6.{k}"

    uids = {"series_uid": "1.2.3.4.5", "study_uid": "1.2.3.4", "edit": fixed}
    stored = np.zeros((6, 24, 20), np.int16)
    other = stored.copy()
    other[3] = 7
    one = synth.write_series(tmp_path / "a", stored=stored, **uids)
    changed = synth.write_series(tmp_path / "b", stored=other, **uids)
    assert one.affine is not None
    lines = [measure("length", lps(one.affine, (k, 5, 5), (k, 15, 5))) for k in (2, 3)]
    results(*shown(one), *lines)
    found = [results({"do": "open", "paths": [str(made.folder)]}, {"do": "measurements"})[1] for made in (one, changed)]
    assert [[m["on_this_copy"] for m in told["measurements"]] for told in found] == [[True, True], [True, False]]


def test_a_line_along_a_time_axis_is_a_time(tmp_path: Path) -> None:
    """An M-mode region below row 20: 5 ms a column, 0.2 mm a row; a 2-D region above: 0.5 mm."""

    def region(
        form: int, box: tuple[int, int, int, int], units: tuple[int, int], delta: tuple[float, float]
    ) -> Dataset:
        one = Dataset()
        one.RegionSpatialFormat, one.RegionDataType, one.RegionFlags = form, 1, 0
        one.RegionLocationMinY0, one.RegionLocationMinX0, one.RegionLocationMaxY1, one.RegionLocationMaxX1 = box
        one.PhysicalUnitsXDirection, one.PhysicalUnitsYDirection = units
        one.PhysicalDeltaX, one.PhysicalDeltaY = delta
        return one

    def edit(_k: int, ds: Dataset) -> None:
        for name in ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID"):
            if name in ds:
                delattr(ds, name)
        ds.SequenceOfUltrasoundRegions = [
            region(1, (0, 0, 19, 49), (3, 3), (0.05, 0.05)),
            region(2, (20, 0, 59, 49), (4, 3), (0.005, 0.02)),
        ]

    made = synth.write_series(tmp_path / "us", modality="US", shape=(1, 60, 50), edit=edit)
    line = {"do": "measure", "tool": "length"}
    told = play(
        *shown(made),
        line | {"points_px": [[5, 5], [25, 5]]},
        line | {"points_px": [[5, 40], [45, 40]]},
        line | {"points_px": [[5, 30], [5, 50]]},
        line | {"points_px": [[5, 30], [25, 50]]},
        line | {"points_px": [[5, 10], [5, 50]]},
    )[2:]
    found = [(one["result"]["values"][0]["value"], one["result"]["values"][0]["unit"]) for one in told if one["ok"]]
    assert found == [(pytest.approx(10.0), "mm"), (pytest.approx(0.2), "s"), (pytest.approx(4.0), "mm")]
    assert [one["ok"] for one in told] == [True, True, True, False, False]


#: Real pictures: a line (column, row) each way within their region of tissue; None where nothing may be told in mm.
US_FILES = {
    "transfer-syntaxes/JPGLosslessP14SV1_1s_1f_8b.dcm": ((100, 100), (300, 400)),
    "ultrasound/US-YBR_FULL_422-EVRLE.dcm": ((300, 200), (500, 400)),
    "ultrasound/OBXXXX1A_rle.dcm": ((200, 100), (400, 400)),
}


@pytest.mark.parametrize("name", US_FILES)
def test_real_ultrasound_is_measured_by_what_its_regions_say(name: str) -> None:
    file = shared_folder("corpus") / name
    region = pydicom.dcmread(file, stop_before_pixels=True).SequenceOfUltrasoundRegions[0]
    (x0, y0), (x1, y1) = US_FILES[name]
    wanted = float(np.hypot((x1 - x0) * region.PhysicalDeltaX, (y1 - y0) * region.PhysicalDeltaY)) * 10
    outside = [[2, 2], [8, 30]]
    line = {"do": "measure", "tool": "length"}
    told = play(*opened(file), line | {"points_px": [[x0, y0], [x1, y1]]}, line | {"points_px": outside})[2:]
    first = told[0]["result"]["values"][0]
    assert (first["value"], first["unit"]) == (pytest.approx(wanted, rel=1e-9), "mm")
    assert not told[1]["ok"] and "no calibrated region here" in told[1]["error"]


def test_the_time_axis_of_a_real_ecg_strip_is_read_and_a_resized_picture_is_measured_in_pixels() -> None:
    line = {"do": "measure", "tool": "length"}
    file = shared_folder("corpus") / "ultrasound/OBXXXX1A_rle.dcm"
    told = play(
        *opened(file), line | {"points_px": [[200, 550], [300, 550]]}, line | {"points_px": [[200, 530], [200, 560]]}
    )
    first = told[2]["result"]["values"][0]
    assert (first["value"], first["unit"]) == (pytest.approx(0.9642736608649534), "s")
    assert not told[3]["ok"] and "no scale for this axis" in told[3]["error"]
    for resized in ("ultrasound/examples_ybr_color.dcm", "ultrasound/examples_palette.dcm"):
        told = play(*opened(shared_folder("corpus") / resized), line | {"points_px": [[150, 100], [150, 200]]})
        first = told[2]["result"]["values"][0]
        assert (first["value"], first["unit"]) == (pytest.approx(100.0), "px"), resized


def test_pet_is_told_as_suv_where_the_header_allows_and_as_stored_elsewhere(tmp_path: Path) -> None:
    def edit(_k: int, ds: Dataset) -> None:
        ds.Units, ds.CorrectedImage, ds.DecayCorrection, ds.PatientWeight = "BQML", ["DECY", "ATTN"], "START", 80
        ds.SeriesDate = ds.AcquisitionDate = "20260101"
        ds.SeriesTime = ds.AcquisitionTime = "120000"
        tracer = Dataset()
        tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = 400e6, 6586.2
        tracer.RadiopharmaceuticalStartTime = "110000"
        ds.RadiopharmaceuticalInformationSequence = [tracer]

    def bare(_k: int, ds: Dataset) -> None:
        ds.Units = "BQML"

    factor = 80_000 / (400e6 * 2 ** (-3600 / 6586.2))
    for name, way, times, unit in (("suv", edit, factor, "SUVbw"), ("stored", bare, 1.0, "Bq/mL")):
        made = synth.write_series(tmp_path / name, modality="PT", edit=way)
        assert made.affine is not None
        points = lps(made.affine, (3, 5, 5), (3, 15, 15))
        probe = measure("probe", points[:1])
        told = results(*shown(made, 3), {"do": "value", "points_lps": points}, probe)[3:]
        wanted = [float(made.values[3, 5, 5]) * times, float(made.values[3, 15, 15]) * times]
        assert told[0] == {"values": pytest.approx(wanted), "unit": unit}
        assert (told[1]["values"][0]["value"], told[1]["values"][0]["unit"]) == (pytest.approx(wanted[0]), unit)


def test_colours_are_told_as_their_mean_and_each(tmp_path: Path) -> None:
    pixels = np.arange(3 * 20 * 16, dtype=np.uint8).reshape(20, 16, 3)
    from PIL import Image

    file = tmp_path / "photo.png"
    Image.fromarray(pixels).save(file)
    opened = results({"do": "open", "paths": [str(file)]})[0]
    uid = opened["series"][0]["series_uid"]
    told = results(
        {"do": "open", "paths": [str(file)]},
        {"do": "show", "series_uid": uid},
        {"do": "value", "points_px": [[4, 7]]},
        {"do": "measure", "tool": "probe", "points_px": [[4, 7]]},
    )
    red, green, blue = pixels[7, 4].astype(float).tolist()
    assert told[2]["rgb"] == [[red, green, blue]]
    assert told[2]["values"] == [pytest.approx((red + green + blue) / 3)]
    assert [value["value"] for value in told[3]["values"]] == [red, green, blue]


def test_a_drawing_is_copied_to_another_slice_with_its_numbers_and_has_a_histogram(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "ct", shape=(6, 40, 36))
    assert made.affine is not None
    region = measure("rectangle", lps(made.affine, (3, 9.5, 9.5), (3, 19.5, 29.5)), view=0)
    opened_ct = [*shown(made, 3), region]
    first = results(*opened_ct)[-1]
    told = play(
        *opened_ct[:2],
        {"do": "slice", "index": 4},
        {"do": "copy", "id": first["id"]},
        {"do": "copy", "id": first["id"]},
        {"do": "undo"},
        {"do": "histogram", "id": first["id"], "bins": 8},
        {"do": "slice", "index": 3},
        {"do": "copy", "id": first["id"]},
        {"do": "measurements"},
    )
    copied = told[3]["result"]
    inside = made.values[4, 10:20, 10:30].astype(float)
    assert values(copied)["Mean"] == pytest.approx(inside.mean())
    assert values(copied)["Area"] == pytest.approx(values(first)["Area"])
    assert (copied["slice"], copied["id"] != first["id"]) == (4, True)
    counts, edges = np.histogram(made.values[3, 10:20, 10:30], bins=8)
    found = told[6]["result"]
    assert (found["counts"], found["unit"]) == (counts.tolist(), "HU")
    assert (found["low"], found["high"]) == (pytest.approx(edges[0]), pytest.approx(edges[-1]))
    assert not told[8]["ok"] and "on this image already" in told[8]["error"]
    assert len(told[9]["result"]["measurements"]) == 2
