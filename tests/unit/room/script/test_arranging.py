"""Several views, planes that lie anyhow, registrations and segments, through steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import synth
from tests.scripted import lps, play, results


def opened(*made: synth.Written) -> dict[str, Any]:
    return {"do": "open", "paths": [str(one.folder) for one in made]}


def show(made: synth.Written, view: int = 0, **keys: Any) -> dict[str, Any]:
    return {"do": "show", "series_uid": made.series_uid, "view": view, **keys}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[synth.Written, synth.Written]:
    """6 slices of 5 mm from z = 100, and 12 slices of 2 mm from z = 103, in one frame of reference."""
    frame = {"extra": {"FrameOfReferenceUID": "1.2.3.4"}}
    return (
        synth.write_series(tmp_path / "thick", **frame),
        synth.write_series(
            tmp_path / "thin", shape=(12, 24, 20), spacing=(2.0, 0.8, 0.7), origin=(-30, -40, 103), **frame
        ),
    )


def test_undoing_a_layout_restores_what_its_views_held(pair: tuple[synth.Written, synth.Written]) -> None:
    thick, thin = pair
    told = results(
        opened(thick, thin),
        {"do": "layout", "grid": [1, 2]},
        show(thick, 0),
        show(thin, 1, plane="coronal"),
        {"do": "slice", "view": 1, "index": 7},
        {"do": "window", "view": 1, "center": -600, "width": 1500},
        {"do": "state"},
        {"do": "layout", "grid": [1, 1]},
        {"do": "state"},
        {"do": "undo"},
        {"do": "state"},
        {"do": "layout", "name": "four"},
        {"do": "state"},
    )
    assert len(told[1]["views"]) == 2
    assert told[8]["layout"]["grid"] == [1, 1] and len(told[8]["views"]) == 1
    assert told[10] == told[6]
    assert told[12]["layout"]["grid"] == [2, 2]
    assert [view["series_uid"] for view in told[12]["views"]] == [thick.series_uid, thin.series_uid, None, None]


def test_views_in_sync_go_to_the_nearest_slice_in_mm(pair: tuple[synth.Written, synth.Written]) -> None:
    thick, thin = pair
    told = results(
        opened(thick, thin),
        {"do": "layout", "grid": [1, 2]},
        show(thick, 0),
        show(thin, 1),
        {"do": "slice", "view": 0, "index": 2},
        {"do": "sync", "views": [0, 1], "by": "position"},
        {"do": "slice", "view": 0, "index": 3},
        {"do": "state"},
        {"do": "slice", "view": 1, "index": 11},
        {"do": "state"},
        {"do": "sync", "views": [0, 1], "by": "off"},
        {"do": "slice", "view": 0, "index": 0},
        {"do": "state"},
    )
    assert told[5]["shift_mm"] == pytest.approx([0, 0, -1.0]) or told[5]["shift_mm"] == pytest.approx([0, 0, 1.0])
    assert [view["slice"] for view in told[7]["views"]] == [3, 6]  # z 115 beside 103 + 2 * 6
    assert [view["slice"] for view in told[9]["views"]] == [5, 11]  # z 125 beside 125
    assert [view["slice"] for view in told[12]["views"]] == [0, 11]


def test_sync_by_offset_keeps_the_distance(pair: tuple[synth.Written, synth.Written]) -> None:
    thick, thin = pair
    told = results(
        opened(thick, thin),
        {"do": "layout", "grid": [1, 2]},
        show(thick, 0),
        show(thin, 1),
        {"do": "slice", "view": 0, "index": 1},
        {"do": "slice", "view": 1, "index": 0},
        {"do": "sync", "views": [0, 1], "by": "offset"},
        {"do": "slice", "view": 0, "index": 3},
        {"do": "state"},
    )
    assert told[6]["shift_mm"] == pytest.approx([0, 0, -2.0])
    assert told[8]["views"][1]["slice"] == 5  # z 115 - 2 = 103 + 2 * 5


def test_frames_that_do_not_compare_are_not_synced_by_position(tmp_path: Path) -> None:
    one, other = (synth.write_series(tmp_path / name) for name in ("a", "b"))
    steps = [opened(one, other), {"do": "layout", "grid": [1, 2]}, show(one, 0), show(other, 1)]
    told = play(*steps, *({"do": "sync", "views": [0, 1], "by": by} for by in ("position", "registration", "offset")),
                {"do": "sync", "views": [0, 2], "by": "offset"})  # fmt: skip
    assert [step["ok"] for step in told[4:]] == [False, False, True, False]
    assert "frame of reference" in told[4]["error"] and "registration" in told[5]["error"]


def test_compare_hangs_both_side_by_side_on_one_slice(pair: tuple[synth.Written, synth.Written]) -> None:
    thick, thin = pair
    told = results(
        opened(thick, thin),
        {"do": "compare", "series_uid": thick.series_uid, "prior_uid": thin.series_uid},
        {"do": "slice", "view": 0, "index": 4},
        {"do": "state"},
        {"do": "undo"},
        {"do": "state"},
    )
    assert [view["series_uid"] for view in told[1]["views"]] == [thick.series_uid, thin.series_uid]
    assert told[3]["views"][1]["slice"] in (8, 9)  # z 120 between 119 and 121
    assert told[5]["views"][0]["series_uid"] is None


def test_a_plane_is_sampled_where_it_lies(pair: tuple[synth.Written, synth.Written]) -> None:
    thick, _ = pair
    assert thick.affine is not None
    (middle,) = lps(thick.affine, (2.5, 12, 10))
    plane = {"do": "plane", "origin_lps": middle, "normal": [1, 0, 0], "up": [0, 0, 1], "mode": "mean"}
    told = play(
        opened(thick),
        show(thick),
        plane,
        {"do": "value", "points_lps": [middle, [middle[0] + 40, *middle[1:]]]},
        {"do": "reset"},
        plane | {"normal": [0, 0, 0]},
        plane | {"origin_lps": [0, 0, 9000]},
        plane | {"mode": "max"},
        {"do": "slice", "index": 1},
        {"do": "measure", "tool": "length", "points_lps": [middle, [*middle[:2], middle[2] + 5]]},
        show(thick),
    )
    assert [one["ok"] for one in told] == [True] * 5 + [False] * 4 + [True] * 2
    assert told[2]["result"]["plane"] == "oblique" and told[2]["result"]["geometry"] == "ok"
    wanted = (float(thick.values[2, 12, 10]) + float(thick.values[3, 12, 10])) / 2
    assert told[3]["result"]["values"] == [pytest.approx(wanted), None]
    assert told[9]["result"]["values"][0]["value"] == pytest.approx(5.0)
    assert told[10]["result"]["plane"] == "native"


def test_an_accepted_registration_is_kept_and_one_that_is_not_is_not(tmp_path: Path) -> None:
    index = np.stack(np.meshgrid(*(np.arange(n) for n in (20, 32, 32)), indexing="ij"), axis=-1) * [4.0, 4.0, 4.0]
    blobs = np.zeros((20, 32, 32))
    for centre, size, value in (((40, 64, 64), 30, 900), ((30, 50, 80), 12, 500), ((56, 80, 44), 9, -400)):
        blobs += value / (1 + np.exp((np.linalg.norm(index - np.array(centre), axis=-1) - size) / 3))
    stored = blobs.astype(np.int16)
    common: dict[str, Any] = {
        "stored": stored,
        "shape": stored.shape,
        "spacing": (4.0, 4.0, 4.0),
        "rescale": (1.0, -500.0),
    }
    fixed = synth.write_series(tmp_path / "fixed", origin=(0, 0, 0), **common)
    moving = synth.write_series(tmp_path / "moving", origin=(11, -7, 9), **common)
    ask = {"do": "register", "fixed_uid": fixed.series_uid, "moving_uid": moving.series_uid}
    views = [opened(fixed, moving), {"do": "layout", "grid": [1, 2]}, show(fixed, 0), show(moving, 1)]
    sync = {"do": "sync", "views": [0, 1], "by": "registration"}
    wrong = {"do": "register", "fixed_uid": fixed.series_uid, "moving_uid": "1.2", "accept": True}
    tried = [ask | {"accept": False}, sync, ask | {"accept": True}, sync]
    told = play(*views, *tried, {"do": "slice", "view": 0, "index": 5}, {"do": "state"}, wrong)
    assert [one["ok"] for one in told[4:]] == [True, False, True, True, True, True, False]
    assert told[6]["result"]["shift_mm"] == pytest.approx([-11, 7, -9], abs=0.5)
    assert np.array(told[6]["result"]["matrix"])[:3, :3] == pytest.approx(np.eye(3), abs=0.02)
    assert [view["slice"] for view in told[9]["result"]["views"]] == [5, 5]
    again = results(opened(fixed, moving), sync)  # a sitting later
    assert again[1]["shift_mm"] == pytest.approx([0, 0, 0], abs=0.6)


def test_segments_are_drawn_undone_and_found_again(pair: tuple[synth.Written, synth.Written]) -> None:
    thick, thin = pair
    assert thick.affine is not None
    (middle,) = lps(thick.affine, (3, 12, 10))
    first = results(opened(thick), show(thick), {"do": "segment", "op": "new", "view": 0})[2]
    assert (first["voxels"], first["volume_mm3"]) == (0, 0)
    name = {"do": "segment", "id": first["id"]}
    square = lps(thick.affine, (3, 4.5, 4.5), (3, 4.5, 9.5), (3, 9.5, 9.5), (3, 9.5, 4.5))
    told = results(
        opened(thick),
        show(thick),
        {"do": "slice", "index": 3},
        name | {"op": "polygon", "points_lps": square},
        name | {"op": "brush", "points_lps": [middle], "radius_mm": 0.1},
        name | {"op": "islands", "keep": 1},
        name | {"op": "margin", "mm": 0.8},
        name | {"op": "erase", "points_lps": [middle], "radius_mm": 500.0 / 2},
        {"do": "undo"},
        {"do": "state"},
    )
    assert [one["voxels"] for one in told[3:8]] == [25, 26, 25, 45, 0]
    assert told[3]["volume_mm3"] == pytest.approx(25 * 5.0 * 0.8 * 0.7)
    assert told[9]["segments"] == [{"id": first["id"], "name": "Segment 1", "voxels": 45}]
    (state,) = results(opened(thick), {"do": "state"})[1:]
    assert state["segments"] == told[9]["segments"]


def test_threshold_and_grow_take_what_lies_in_the_range(pair: tuple[synth.Written, synth.Written]) -> None:
    thick, _ = pair
    assert thick.affine is not None
    high = float(thick.values.max())
    inside = int((thick.values >= high).sum())
    (seed,) = lps(thick.affine, (0, 0, 0))
    (dark,) = lps(thick.affine, (5, 23, 19))
    new = {"do": "segment", "op": "new", "view": 0}
    made = results(opened(thick), show(thick), new, new)[2:]
    one, other = ({"do": "segment", "id": segment["id"]} for segment in made)
    told = play(
        opened(thick),
        one | {"op": "threshold", "range": [high, high + 10]},
        other | {"op": "grow", "range": [high, high + 10], "points_lps": [seed]},
        other | {"op": "grow", "range": [high, high + 10], "points_lps": [dark]},
        other | {"op": "threshold", "range": [9000, 9999]},
        other | {"op": "threshold", "range": [10, 0]},
        other | {"op": "brush", "points_lps": [seed]},
        other | {"op": "brush", "points_lps": [seed], "radius_mm": -1},
        other | {"op": "brush", "points_lps": [[900, 900, 900]], "radius_mm": 5},
        other | {"op": "islands", "keep": 0},
        other | {"op": "smooth", "mm": 1.0, "range": [0, 1]},
        other | {"op": "paint"},
        {"do": "segment", "op": "new", "view": 4},
        {"do": "segment", "op": "delete", "id": "nobody"},
        other | {"op": "delete"},
        {"do": "state"},
    )
    assert [step["ok"] for step in told] == [True] * 3 + [False] * 11 + [True] * 2
    assert [step["result"]["voxels"] for step in told[1:3]] == [inside, inside]
    assert [segment["id"] for segment in told[-1]["result"]["segments"]] == [made[0]["id"]]


def test_people_without_name_and_id_are_one_a_study_and_never_compared(tmp_path: Path) -> None:
    one, other = (
        synth.write_series(tmp_path / name, patient_id="", patient_name="", shape=(4, 12, 10)) for name in ("a", "b")
    )
    opened, *_ = told = play(
        {"do": "open", "paths": [str(tmp_path)]},
        {"do": "compare", "series_uid": one.series_uid, "prior_uid": other.series_uid},
        {"do": "register", "fixed_uid": one.series_uid, "moving_uid": other.series_uid},
        {"do": "join", "study_uid": one.study_uid, "with_uid": other.study_uid},
    )
    assert opened["result"]["patients"] == 2
    assert [answer["ok"] for answer in told[1:]] == [False, False, False]
    assert "two patients" in told[1]["error"]
    assert "different IDs or none" in told[3]["error"]


def test_one_id_with_another_name_is_joined_by_hand_and_stays_so(tmp_path: Path) -> None:
    one = synth.write_series(tmp_path / "a", patient_name="DOE^JANE", shape=(4, 12, 10))
    other = synth.write_series(tmp_path / "b", patient_name="ROE^JANE", shape=(4, 12, 10))
    opening = {"do": "open", "paths": [str(tmp_path)]}
    compare = {"do": "compare", "series_uid": one.series_uid, "prior_uid": other.series_uid}
    opened, refused, joined, compared = play(
        opening, compare, {"do": "join", "study_uid": one.study_uid, "with_uid": other.study_uid}, compare
    )
    assert opened["result"]["patients"] == 2
    (same,) = opened["result"]["same_id"]
    assert (sorted(same["patients"]), same["differs"]) == (["DOE JANE [SYN-TEST]", "ROE JANE [SYN-TEST]"], ["name"])
    assert "one ID but not the same patient" in refused["error"]
    assert joined["result"]["patients"] == 1
    assert compared["ok"]
    again, back, undone = results(opening, {"do": "part", "study_uid": other.study_uid}, {"do": "undo"})
    assert (again["patients"], again["same_id"]) == (1, [])
    assert back["patients"] == 2
    assert undone["what"] == "Part patients"
    again, undone, _, twice = results(opening, {"do": "undo"}, {"do": "undo"}, {"do": "state"})
    assert again["patients"] == 1
    assert undone["what"] == "Layout"
    assert twice["counts"]["patients"] == 2


def test_measurements_of_two_patients_are_no_pair(tmp_path: Path) -> None:
    made = [synth.write_series(tmp_path / n, patient_id="", patient_name="", shape=(4, 12, 10)) for n in ("a", "b")]
    drawn = []
    for one in made:
        assert one.affine is not None
        line = {"do": "measure", "tool": "length", "points_lps": lps(one.affine, (2, 2, 2), (2, 8, 2))}
        drawn.append(results(opened(*made), show(one), line)[-1]["id"])
    *_, refused = play(opened(*made), {"do": "pair", "first": drawn[0], "second": drawn[1]})
    assert "two patients" in refused["error"]
