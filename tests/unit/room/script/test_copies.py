"""A series opened again with slices missing: what was drawn on it stays on its anatomy, or is said to be away."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import synth
from tests.scripted import lps, results

AXES = ("native", "coronal")


@pytest.fixture
def ct(tmp_path: Path) -> synth.Written:
    """Nine slices, 2 mm apart, from z = 0."""
    return synth.write_series(
        tmp_path / "ct", shape=(9, 24, 20), spacing=(2.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), patient_name="A^B"
    )


def copy_without(made: synth.Written, folder: Path, *gone: int) -> dict[str, Any]:
    folder.mkdir()
    for k, file in enumerate(made.files):
        if k not in gone:
            shutil.copy(file, folder / file.name)
    return {"do": "open", "paths": [str(folder)]}


def marked(made: synth.Written) -> list[dict[str, Any]]:
    """Length and key image on slice 5 (z = 10), and across the slices in the coronal plane 7 at z = 10 to 12."""
    at = lambda *kji: lps(made.affine, *kji)  # type: ignore[arg-type]  # noqa: E731
    return [
        {"do": "open", "paths": [str(made.folder)]},
        {"do": "show", "series_uid": made.series_uid},
        {"do": "slice", "index": 5},
        {"do": "measure", "tool": "length", "points_lps": at((5, 4, 4), (5, 14, 4))},
        {"do": "key_image", "caption": "native"},
        {"do": "show", "series_uid": made.series_uid, "plane": "coronal"},
        {"do": "slice", "index": 7},
        {"do": "measure", "tool": "length", "points_lps": at((5, 7, 4), (6, 7, 4))},
        {"do": "key_image", "caption": "coronal"},
        {"do": "plane", "origin_lps": at((4, 12, 10))[0], "normal": [0, 1, 1], "up": [1, 0, 0]},
        {"do": "key_image", "caption": "askew"},
        {"do": "show", "series_uid": made.series_uid},
        {"do": "slice", "index": 5},
    ]


def there(answers: list[Any]) -> tuple[list[Any], list[Any], Any]:
    """(slice, on this copy) of every measurement and key image, and the slice of the view."""
    *_, measured, images, state = answers
    return (
        [(one["slice"], one["on_this_copy"]) for one in measured["measurements"]],
        [(one["caption"], one["slice"], one["on_this_copy"]) for one in images["key_images"]],
        state["views"][0]["slice"],
    )


LISTS = ({"do": "measurements"}, {"do": "key_images"}, {"do": "state"})


def test_marks_stay_on_their_anatomy_or_are_not_on_this_copy(ct: synth.Written, tmp_path: Path) -> None:
    whole = there(results(*marked(ct), *LISTS))
    assert whole == (
        [(5, True), (7, True)],
        [("native", 5, True), ("coronal", 7, True), ("askew", 0, True)],
        5,
    )
    first_gone = there(results(copy_without(ct, tmp_path / "b", 0, 1, 2), *LISTS))
    assert first_gone == (
        [(2, True), (7, True)],
        [("native", 2, True), ("coronal", 7, True), ("askew", 0, True)],
        2,
    )
    own_gone = there(results(copy_without(ct, tmp_path / "c", 4, 5, 6), *LISTS))
    assert own_gone[0] == [(None, False), (None, False)]
    assert own_gone[1][:2] == [("native", None, False), ("coronal", 7, True)]
    again = there(results({"do": "open", "paths": [str(ct.folder)]}, *LISTS))
    assert again[:2] == whole[:2]


def test_boxes_and_segments_know_the_slices_they_were_drawn_on(ct: synth.Written, tmp_path: Path) -> None:
    box = {"do": "box", "series_uid": ct.series_uid, "roi": [1, 1, 5, 9, 9, 8]}
    results(*marked(ct)[:2], box, {"do": "segment", "op": "new", "view": 0})
    roi = lambda state: [one["roi"] for one in state["boxes"]]  # noqa: E731
    whole, less, gone = (
        results(copy_without(ct, tmp_path / name, *k), {"do": "state"})[1]
        for name, k in (("w", ()), ("l", (0, 1, 2)), ("g", (7,)))
    )
    assert (roi(whole), roi(less), roi(gone)) == ([[1, 1, 5, 9, 9, 8]], [[1, 1, 2, 9, 9, 5]], [])
    assert [state["segments"][0].get("on_this_copy", True) for state in (whole, less, gone)] == [True, False, False]


def test_what_is_not_on_this_copy_is_in_no_report_of_it(ct: synth.Written, tmp_path: Path) -> None:
    results(*marked(ct))
    from tests.scripted import play

    opened, refused, *_ = play(
        copy_without(ct, tmp_path / "c", 4, 5, 6), {"do": "report", "to": str(tmp_path / "out"), "formats": ["pdf"]}
    )
    assert opened["ok"]
    assert "This copy of the pictures lacks images that the report speaks of." in refused["error"]
    assert not (tmp_path / "out").exists()


def test_a_mark_on_the_same_picture_of_another_copy_is_that_mark(ct: synth.Written, tmp_path: Path) -> None:
    results(*marked(ct))
    *_, mark, images = results(
        copy_without(ct, tmp_path / "b", 0, 1, 2),
        {"do": "show", "series_uid": ct.series_uid},
        {"do": "slice", "index": 2},
        {"do": "key_image", "caption": "again"},
        {"do": "key_images"},
    )
    assert [one["caption"] for one in images["key_images"]] == ["again", "coronal", "askew"]
    assert images["key_images"][0]["id"] == mark["id"]
