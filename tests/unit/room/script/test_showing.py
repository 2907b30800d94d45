"""Opening and showing, against files with known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from tests import synth
from tests.scripted import lps, play, results


def opened(*made: synth.Written) -> dict[str, Any]:
    return {"do": "open", "paths": [str(one.folder) for one in made]}


def test_one_person_is_one_patient_and_nobody_is_a_patient_a_study(tmp_path: Path) -> None:
    jane = {"patient_id": "7", "patient_name": "DOE^JANE"}
    made = [
        synth.write_series(tmp_path / "a", **jane),
        synth.write_series(tmp_path / "b", patient_id="7", patient_name="Doe^Jane^^"),
        synth.write_series(tmp_path / "c", patient_id="8", patient_name="DOE^JANE"),
        synth.write_series(tmp_path / "d", patient_id="", patient_name=""),
        synth.write_series(tmp_path / "e", patient_id="", patient_name=""),
    ]
    (told,) = results(opened(*made))
    labels = {one["series_uid"]: one["patient"] for one in told["series"]}
    assert told["patients"] == 4 == len(set(labels.values()))
    assert labels[made[0].series_uid] == labels[made[1].series_uid]
    assert all(labels.values())


def test_opening_adds_nothing_twice_and_files_of_one_series_come_together(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "a")
    halves = [list(map(str, made.files[:3])), list(map(str, made.files[2:]))]
    told = results(
        {"do": "open", "paths": halves[0]},
        {"do": "show", "series_uid": made.series_uid},
        {"do": "open", "paths": halves[1]},
        {"do": "show", "series_uid": made.series_uid},
        {"do": "open", "paths": halves[1]},
        {"do": "show", "series_uid": made.series_uid},
    )
    assert [told[n]["slices"] for n in (1, 3, 5)] == [3, 6, 6]
    assert [len(told[n]["series"]) for n in (0, 2, 4)] == [1, 1, 1]


def test_of_two_copies_the_one_opened_last_counts(tmp_path: Path) -> None:
    uids = {"series_uid": "1.2.3.4.5", "study_uid": "1.2.3.4"}

    def fixed(k: int, ds: Dataset) -> None:
        ds.SOPInstanceUID = f"1.2.3.4.6.{k}"

    stored = np.zeros((6, 24, 20), np.int16)
    copies = [
        synth.write_series(tmp_path / name, stored=stored + add, edit=fixed, **uids)
        for name, add in (("a", 0), ("b", 50))
    ]
    assert copies[0].affine is not None
    point = {"do": "value", "points_lps": lps(copies[0].affine, (3, 5, 5))}
    shown = {"do": "show", "series_uid": "1.2.3.4.5"}
    told = results(opened(copies[0]), shown, point, opened(copies[1]), shown, point, opened(copies[0]), shown, point)
    values = [told[n]["values"][0] for n in (2, 5, 8)]
    assert values[1] - values[0] == pytest.approx(50)
    assert values[2] == values[0]
    assert told[6]["patients"] == 1 and len(told[6]["series"]) == 1


def test_what_is_refused_is_named_and_nothing_at_all_is_a_failure(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "ct")
    (made.folder / "notes.txt").write_text("no picture")
    alone = tmp_path / "alone.txt"
    alone.write_text("no picture")
    told = play({"do": "open", "paths": [str(alone)]}, opened(made))
    assert not told[0]["ok"] and "alone.txt" in told[0]["error"]
    assert told[1]["ok"]
    assert any(one["path"].endswith("notes.txt") for one in told[1]["result"]["refused"])


@pytest.mark.parametrize("orientation", [synth.AXIAL, synth.CORONAL, synth.SAGITTAL, synth.PRONE])
def test_slices_count_along_the_patients_axes(tmp_path: Path, orientation: synth.Cosines) -> None:
    made = synth.write_series(tmp_path / "mr", modality="MR", orientation=orientation)
    assert made.affine is not None
    corners = np.array([made.affine @ [k, j, i, 1] for k in (0, 5) for j in (0, 23) for i in (0, 19)])[:, :3]
    for plane, axis in (("axial", 2), ("coronal", 1), ("sagittal", 0)):
        show = {"do": "show", "series_uid": made.series_uid, "plane": plane}
        first, last = {"do": "slice", "index": 0}, {"do": "measure", "tool": "probe"}
        told = results(opened(made), show)
        count = told[1]["slices"]
        lowest, highest = corners[:, axis].min(), corners[:, axis].max()
        middle = corners.mean(axis=0)
        for index, place in ((0, lowest), (count - 1, highest)):
            point = middle.copy()
            point[axis] = place
            steps = [opened(made), show, first | {"index": index}, last | {"points_lps": [point.tolist()]}]
            probed = play(*steps)[-1]
            assert probed["ok"], (plane, index, probed)
            result, wanted = probed["result"], index
            if result["plane"] == "native":  # acquired slices count as they do in `info`, whatever plane they lie in
                wanted = round(float((np.linalg.inv(made.affine) @ [*point, 1])[0]))
            assert result["slice"] == wanted


def test_planes_that_a_picture_does_not_have_are_refused(tmp_path: Path) -> None:
    film = synth.write_series(tmp_path / "film", modality="OT", shape=(1, 20, 20))
    single = synth.write_series(tmp_path / "ct", shape=(1, 24, 20))
    told = play(
        opened(film, single),
        *({"do": "show", "series_uid": single.series_uid, "plane": plane} for plane in ("axial", "coronal")),
    )
    assert [one["ok"] for one in told[1:]] == [True, False]


def test_geometry_is_ok_only_where_every_length_is_true(tmp_path: Path) -> None:
    even = synth.write_series(tmp_path / "even")
    uneven = synth.write_series(tmp_path / "uneven", positions=(0, 5, 10, 18, 23, 28))
    tilted = synth.write_series(tmp_path / "tilted", tilt_degrees=12)
    told = {}
    for name, made in (("even", even), ("uneven", uneven), ("tilted", tilted)):
        for plane in ("native", "coronal"):
            show = {"do": "show", "series_uid": made.series_uid, "plane": plane}
            answer = results(opened(made), show)[1]
            told[name, plane] = answer["geometry"]
            assert (answer["geometry"] == "ok") == (answer["reason"] == "")
    assert told["even", "native"] == told["even", "coronal"] == "ok"
    assert "ok" not in (told["uneven", "coronal"], told["tilted", "coronal"])


def test_reset_restores_the_window_of_show(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "ct")
    told = results(
        opened(made),
        {"do": "show", "series_uid": made.series_uid},
        {"do": "window", "center": -600, "width": 1500.5},
        {"do": "slice", "index": 1},
        {"do": "reset"},
    )
    assert told[2]["window"] == [-600, 1500.5]
    assert told[4]["window"] == told[1]["window"] != told[2]["window"]
    assert told[4]["slice"] == 1


def test_values_are_those_of_the_file(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "ct", positions=(0, 5, 10, 18, 23, 28))
    assert made.affine is not None
    show = {"do": "show", "series_uid": made.series_uid}
    from viewer.reading import open_volume

    grid = open_volume(made.folder).geometry
    at = [(0, 0, 0), (3, 7, 9), (5, 23, 19)]
    points = [grid.index_to_world(one).tolist() for one in at]
    outside = [grid.index_to_world((3, -2, 9)).tolist()]
    value = {"do": "value", "points_lps": points + outside}
    native, axial = (results(opened(made), show | {"plane": plane}, value)[2] for plane in ("native", "axial"))
    wanted = [float(made.values[one]) for one in at]
    assert native == {"values": [*wanted, None], "unit": "HU"}
    assert axial["values"][:3] == pytest.approx(wanted, abs=1e-3)
    assert axial["values"][3] is None


def test_points_are_in_the_frame_of_the_picture(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "ct")
    show = {"do": "show", "series_uid": made.series_uid}
    both = {"do": "value", "points_lps": [[0, 0, 0]], "points_px": [[0, 0]]}
    told = play(opened(made), show, both, {"do": "value"}, {"do": "value", "points_lps": [[1e9, 0, 0]]},
                {"do": "slice", "index": 2}, {"do": "value", "points_px": [[7, 4]]})  # fmt: skip
    assert [one["ok"] for one in told] == [True, True, False, False, False, True, True]
    assert told[-1]["result"]["values"] == [float(made.values[2, 4, 7])]


def test_a_picture_is_a_png_of_the_wanted_size_and_replaces_only_its_own(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "ct")
    to, other = tmp_path / "view.png", tmp_path / "other.png"
    Image.new("RGB", (4, 4)).save(other)
    show = {"do": "show", "series_uid": made.series_uid}
    picture = {"do": "picture", "size": [400, 300]}
    told = play(opened(made), show, *(picture | {"to": str(file)} for file in (to, to, other)))
    assert [one["ok"] for one in told] == [True, True, True, True, False]
    assert told[2]["result"]["file"] == str(to)
    with Image.open(to) as image:
        assert image.size == (400, 300)
    with Image.open(other) as image:
        assert image.size == (4, 4)


def test_a_picture_shows_what_the_reader_drew_on_that_slice(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "ct", shape=(6, 64, 64), spacing=(5.0, 1.0, 1.0))
    assert made.affine is not None
    show = {"do": "show", "series_uid": made.series_uid}
    files = [tmp_path / f"{n}.png" for n in range(3)]
    pictures = [{"do": "picture", "to": str(file), "size": [400, 400]} for file in files]
    line = {"do": "measure", "tool": "length", "points_lps": lps(made.affine, (3, 20, 20), (3, 40, 40))}
    slices = [{"do": "slice", "index": n} for n in (3, 2)]
    results(
        opened(made), show, slices[0], pictures[0], line, pictures[1], slices[1], line | {"tool": "arrow"}, pictures[2]
    )
    bare, drawn, other = (np.asarray(Image.open(file).convert("RGB")).astype(int) for file in files)
    assert np.count_nonzero(np.abs(drawn - bare).sum(axis=2) > 60) > 100
    assert other.shape == bare.shape


def test_a_picture_is_the_views_own_scene(tmp_path: Path) -> None:
    """Plane, window, the reader's box, measurements on an oblique plane; the window of the file is that of the view."""
    made = synth.write_series(tmp_path / "ct", shape=(12, 48, 40), spacing=(2.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0))
    files = [tmp_path / f"{n}.png" for n in range(6)]
    pictures = [{"do": "picture", "to": str(file), "size": [300, 300]} for file in files]
    box = {"do": "box", "series_uid": made.series_uid, "roi": [5, 5, 2, 30, 40, 9]}
    plane = {"do": "plane", "origin_lps": [20.0, 24.0, 10.0], "normal": [0, 1, 1], "up": [1, 0, 0]}
    line = {"do": "measure", "tool": "length", "points_lps": [[10.0, 24.0, 10.0], [30.0, 24.0, 10.0]]}
    results(
        opened(made), {"do": "show", "series_uid": made.series_uid, "plane": "coronal"},
        {"do": "window", "center": -600, "width": 1500}, pictures[0],
        {"do": "window", "center": 2000, "width": 10}, pictures[1], box, pictures[2],
        plane, pictures[3], line, pictures[4],
        {"do": "show", "series_uid": made.series_uid}, {"do": "slice", "index": 0}, pictures[5],
    )  # fmt: skip
    coronal, dark, boxed, askew, measured, native = (
        np.asarray(Image.open(f).convert("RGB")).astype(int) for f in files
    )
    differ = lambda one, other: np.count_nonzero(np.abs(one - other).sum(axis=2) > 60)  # noqa: E731
    assert coronal[60:240, 100:200].mean() > 30 > dark[60:240, 100:200].mean()
    assert differ(dark, boxed) > 100
    assert differ(askew, measured) > 100
    assert differ(native, askew) > 100
