"""Hanging by rule through steps: what stands where, what follows what, and what each rule says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import synth
from tests.scripted import play, results


def test_a_chest_ct_hangs_by_rule_and_undo_takes_it_back(tmp_path: Path) -> None:
    extra = {"SeriesDescription": "Thorax", "BodyPartExamined": "CHEST"}
    ct = synth.write_series(tmp_path / "ct", shape=(44, 20, 18), spacing=(1.0, 1.0, 1.0), extra=extra)
    told = results(
        {"do": "open", "paths": [str(tmp_path)]},
        {"do": "hang", "series_uid": ct.series_uid},
        {"do": "slice", "view": 0, "index": 7},
        {"do": "state"},
        {"do": "window", "view": 1, "center": 1, "width": 2},
        {"do": "reset", "view": 1},
        {"do": "rules", "series_uid": ct.series_uid},
        {"do": "undo"},
        {"do": "state"},
    )
    hung = told[1]
    assert (hung["rule"], hung["layout"]) == ("Chest CT, lung and soft tissue", "three")
    assert [(v["plane"], v["window"]) for v in hung["views"]] == [
        ("axial", [-600, 1500]),
        ("axial", [40, 400]),
        ("coronal", [-600, 1500]),
    ]
    assert [v["slice"] for v in told[3]["views"][:2]] == [7, 7]
    assert told[5]["window"] == [40, 400]
    assert told[6]["used"] == hung["rule"]
    why = {one["rule"]: one["why"] for one in told[6]["rules"]}
    assert why["Brain CT"].startswith("Body part") and why[hung["rule"]] == ""
    assert told[8]["views"][0]["series_uid"] is None


def test_a_scout_is_hung_alone_and_unknown_series_are_refused(tmp_path: Path) -> None:
    extra = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}
    scout = synth.write_series(tmp_path / "scout", shape=(1, 20, 18), extra=extra)
    told = play(
        {"do": "open", "paths": [str(tmp_path)]},
        {"do": "hang", "series_uid": scout.series_uid},
        {"do": "rules", "series_uid": "9.9"},
    )
    assert [one["ok"] for one in told] == [True, True, False]
    assert told[1]["result"]["rule"] == "Single view"
    assert len(told[1]["result"]["views"]) == pytest.approx(1)
