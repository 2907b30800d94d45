"""Layouts: picked as a grid, filled by dragging, saved by name, used again for the next examination of the type."""

from __future__ import annotations

from pathlib import Path

from tests import synth
from tests.scripted import results
from tests.unit.room.conftest import Sit
from viewer.room.saved_layouts import layouts_file
from viewer.room.views.events import SeriesPut


def ct(folder: Path, patient: str, name: str, day: str) -> synth.Written:
    extra = {"SeriesDescription": name, "BodyPartExamined": "ABDOMEN", "StudyDate": day}
    return synth.write_series(
        folder / f"{patient}{name}",
        shape=(12, 20, 18),
        extra=extra,
        study_uid=f"1.2.{ord(patient)}",
        patient_id=patient,
        patient_name=f"SYNTHETIC^{patient}",
    )


def test_a_saved_layout_opens_the_next_examination_of_its_type(sit: Sit, tmp_path: Path) -> None:
    made = {n: [ct(tmp_path, n, name, "20260302") for name in ("Native", "Portal")] for n in ("A", "B")}
    sitting = sit(tmp_path)
    room, session = sitting.room, sitting.context.session
    native, portal = (one.series_uid for one in made["A"])
    sitting.show(native)
    room.layouts.choose(1, 2)
    assert room.views.arrangement.name == "1x2"
    session.tell(SeriesPut(1, portal))
    sitting.settle()
    assert [view.stack_key for view in room.views.views] == [native, portal]
    step = session.history.undoable
    assert step is not None and step.what == "Layout"
    room.views.activate(room.views.views[0])
    room.layouts.save("Two phases")
    assert room.layouts.saved.names == ("Two phases",)
    sitting.show(made["B"][0].series_uid)
    assert [view.stack_key for view in room.views.views] == [one.series_uid for one in made["B"]]
    assert room.hanging.words == "Hanging: Two phases"
    room.hanging.act("view.hang")
    assert len(room.views.views) == 1, "hung again by rule, and from now on"
    room.layouts.apply("Two phases")
    sitting.settle()
    assert len(room.views.views) == 2
    room.reviewing.undo()
    assert len(room.views.views) == 1
    again = sit(tmp_path)
    again.show(native)
    assert again.room.hanging.words == "Hanging: Two phases"
    layouts_file().write_text("[[", encoding="utf-8")
    third = sit(tmp_path)
    assert third.room.layouts.saved.names == ()
    assert "saved layouts" in " ".join(third.take_troubles())


def test_a_layout_that_does_not_fit_says_so(sit: Sit, tmp_path: Path, film: Path) -> None:
    one = ct(tmp_path, "A", "Native", "20260302")
    sitting = sit(tmp_path)
    sitting.show(one.series_uid)
    sitting.room.layouts.save(" ")
    assert "name" in " ".join(sitting.take_troubles())
    sitting.room.layouts.apply("nobody")
    assert sitting.take_troubles() == ()


def test_layouts_are_saved_and_used_through_steps(tmp_path: Path) -> None:
    native, portal = (ct(tmp_path, "A", name, "20260302") for name in ("Native", "Portal"))
    told = results(
        {"do": "open", "paths": [str(tmp_path)]},
        {"do": "layout", "grid": [1, 2]},
        {"do": "show", "series_uid": portal.series_uid, "view": 1},
        {"do": "show", "series_uid": native.series_uid, "view": 0},
        {"do": "save_layout", "name": "Two phases"},
        {"do": "layout", "grid": [1, 1]},
        {"do": "layout", "name": "Two phases"},
        {"do": "undo"},
        {"do": "state"},
    )
    assert told[4]["layouts"] == ["Two phases"]
    assert [view["series_uid"] for view in told[6]["views"]] == [native.series_uid, portal.series_uid]
    assert told[8]["layout"]["grid"] == [1, 1]
