"""Whole studies hung by rule: views that fill as their stacks come, windows and links of each, site rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import synth
from tests.unit.room.conftest import Sit
from viewer.display.protocols import Rule, RuleView, Series
from viewer.display.slicing import Plane
from viewer.display.window import Window
from viewer.room.protocols import site_file


def film(folder: Path, name: str, position: str, day: str, study: str, **keys: Any) -> synth.Written:
    extra = {"SeriesDescription": name, "BodyPartExamined": "CHEST", "ViewPosition": position, "StudyDate": day}
    return synth.write_xray(folder / name, extra=extra, study_uid=study, patient_name="SYNTHETIC^A", **keys)


def chest(folder: Path, slices: int = 44, mm: float = 1.0) -> Path:
    extra = {"SeriesDescription": "Thorax", "BodyPartExamined": "CHEST", "StudyDate": "20260304"}
    synth.write_series(folder / "ct", shape=(slices, 20, 18), spacing=(mm, 1.0, 1.0), extra=extra)
    return folder / "ct"


def windows(sitting: Any) -> list[tuple[float, float]]:
    return [(v.window.center, v.window.width) for v in sitting.room.views.views if v.window is not None]


LUNG, SOFT = (-600.0, 1500.0), (40.0, 400.0)


def test_chest_ct_opens_lung_beside_soft_tissue_each_with_its_own_window(sit: Sit, tmp_path: Path) -> None:
    sitting = sit(chest(tmp_path))
    room = sitting.room
    views = room.views.views
    assert room.hanging.words == "Hanging: Chest CT, lung and soft tissue"
    assert [view.plane for view in views] == [Plane.AXIAL, Plane.AXIAL, Plane.CORONAL]
    assert windows(sitting) == [LUNG, SOFT, LUNG]
    views[0].set_window(Window(-500.0, 1000.0))
    assert windows(sitting) == [(-500.0, 1000.0), SOFT, (-500.0, 1000.0)], "lung is one window, soft tissue another"
    room.views.activate(views[1])
    views[1].set_window(Window(0.0, 10.0))
    for action in ("view.reset", "window.file"):
        room.hanging.act(action)
        assert windows(sitting)[1] == SOFT, action
    views[0].set_slice(7)
    assert views[1].picture is not None and views[1].picture.index == 7, "linked"
    room.hanging.act("view.layout")
    room.reviewing.undo()
    assert [view.preset for view in room.views.views] == ["Lung", "Soft tissue", "Lung"]


def test_a_film_hangs_with_its_lateral_and_opening_either_moves_nothing(sit: Sit, tmp_path: Path) -> None:
    pa = film(tmp_path, "pa", "PA", "20260302", "1.2.3")
    lateral = film(tmp_path, "lat", "LAT", "20260302", "1.2.3")
    sitting = sit(tmp_path)
    room, views = sitting.room, sitting.room.views
    assert room.hanging.words == "Hanging: Chest X-ray, PA and lateral"
    assert [view.stack_key for view in views.views] == [pa.series_uid, lateral.series_uid]
    views.views[0].set_window(Window(900.0, 300.0))
    sitting.show(lateral.series_uid)
    assert views.active is views.views[1]
    assert (views.views[0].window.center, views.views[0].window.width) == (900.0, 300.0)
    assert sitting.context.session.library.active == lateral.series_uid
    assert sitting.take_troubles() == ()


def test_the_prior_of_a_film_hangs_beside_it_when_both_are_there(sit: Sit, tmp_path: Path) -> None:
    old = film(tmp_path / "old", "pa", "AP", "20250302", "1.2.2")
    new = film(tmp_path / "new", "pa", "PA", "20260302", "1.2.3")
    sitting = sit(tmp_path)
    assert [view.stack_key for view in sitting.room.views.views] == [new.series_uid, old.series_uid]
    assert sitting.room.hanging.words == "Hanging: Chest X-ray, current and prior"
    (prior,) = sitting.room.hanging.planner.priors.before(sitting.context.session.library.studies[-1]) or (
        sitting.room.hanging.planner.priors.before(sitting.context.session.library.studies[0])
    )
    assert prior.days == 365


def test_people_without_a_name_have_no_priors(sit: Sit, tmp_path: Path) -> None:
    for day, study in (("20250302", "1.2.2"), ("20260302", "1.2.3")):
        extra = {"BodyPartExamined": "CHEST", "StudyDate": day, "PatientID": "", "PatientName": ""}
        synth.write_xray(tmp_path / study, extra=extra, study_uid=study, patient_id="", patient_name="")
    sitting = sit(tmp_path)
    planner = sitting.room.hanging.planner
    assert [planner.priors.before(study) for study in sitting.context.session.library.studies] == [(), ()]
    assert len(sitting.room.views.views) == 1


def brain(folder: Path, name: str, frame: str, study: str = "1.2.9", z: float = 100.0) -> synth.Written:
    extra = {"SeriesDescription": name, "BodyPartExamined": "BRAIN", "FrameOfReferenceUID": frame}
    grid = {"shape": (12, 20, 18), "spacing": (5.0, 1.0, 1.0), "origin": (-10.0, -10.0, z)}
    return synth.write_series(folder / name.replace(" ", ""), modality="MR", extra=extra, study_uid=study, **grid)


def test_brain_mr_fills_four_views_and_links_frames_that_differ_by_their_offset(sit: Sit, tmp_path: Path) -> None:
    made = [brain(tmp_path, name, "1.5") for name in ("T1 ax", "T2 ax", "FLAIR ax")]
    made.append(brain(tmp_path, "DWI b1000", "1.6", z=103.0))
    sitting = sit(tmp_path)
    room, views = sitting.room, sitting.room.views
    assert [view.stack_key for view in views.views] == [one.series_uid for one in made]
    assert room.hanging.words == "Hanging: Brain MR, four series"
    first, _, flair, dwi = views.views
    start = dwi.picture.index
    first.set_slice(first.picture.index + 3)
    assert flair.picture.index == first.picture.index, "by position, in one frame"
    assert dwi.picture.index == start + 3, "as far off as it was, in another"
    views.links.sync = False
    first.set_slice(0)
    assert dwi.picture.index == start + 3
    (link,) = sitting.context.session.views.layout.links
    assert (link.views, link.by.value) == ((0, 3), "offset")


def test_the_place_of_an_earlier_run_comes_back_view_by_view(sit: Sit, tmp_path: Path) -> None:
    for name in ("T1 ax", "T2 ax"):
        brain(tmp_path, name, "1.5")
    sitting = sit(tmp_path)
    for view, index in zip(sitting.room.views.views, (3, 4), strict=True):
        sitting.room.views.links.sync = False
        view.set_slice(index)
        view.set_window(Window(100.0 + index, 300.0))
    place = sitting.room.hanging.place()
    again = sit()
    again.room.hanging.come_back_to(place)
    again.room.open_at(str(place["stack"]))
    again.open([tmp_path])
    assert [view.picture.index for view in again.room.views.views] == [3, 4]
    assert [view.window.center for view in again.room.views.views] == [103.0, 104.0]


def test_mammograms_lie_with_their_chest_walls_together(sit: Sit, tmp_path: Path) -> None:
    stored = np.zeros((60, 24), np.uint16)
    stored[:, 12:] = 900  # the chest wall is on the right of the file
    for side, name in (("R", "rcc"), ("L", "lcc")):
        extra = {"ImageLaterality": side, "ViewPosition": "CC", "Modality": "MG", "PatientOrientation": ["P", side]}
        synth.write_xray(tmp_path / name, stored=stored, extra=extra, study_uid="1.2.4")
    sitting = sit(tmp_path)
    right, left, *_ = sitting.room.views.views
    assert sitting.room.hanging.words == "Hanging: Mammography, back to back"
    for view, x in ((right, 400.0), (left, 0.0)):
        view.set_camera(view.camera.resized(400, 300))
        edge = view.camera.to_screen((30.0, 23.5))
        assert edge[0] == pytest.approx(x, abs=1.0), "the chest wall lies at the inner edge"
    assert left.camera.turn == ((-1, 0), (0, 1)) and right.camera.turn == ((1, 0), (0, 1))
    sitting.room.views.activate(left)
    sitting.room.hanging.act("image.flip_h")
    sitting.room.hanging.act("view.reset")
    assert left.camera.turn == ((-1, 0), (0, 1)), "reset is as it was hung"


def test_a_sites_own_rule_comes_first_and_a_broken_file_is_said(sit: Sit, tmp_path: Path) -> None:
    path = chest(tmp_path)
    sitting = sit(path)
    own = Rule("Our chest", "1x1", (RuleView(plane="coronal", window="Bone"),), Series(modality=("CT",)))
    sitting.room.hanging.planner.protocols.put([own])
    sitting.room.hanging.hang_again()
    assert sitting.room.hanging.words == "Hanging: Our chest"
    assert [view.plane for view in sitting.room.views.views] == [Plane.CORONAL]
    sitting.room.reviewing.undo()
    assert len(sitting.room.views.views) == 3
    again = sit(path)
    assert again.room.hanging.words == "Hanging: Our chest"
    site_file().write_text("[[rule", encoding="utf-8")
    third = sit(path)
    assert third.room.hanging.words == "Hanging: Chest CT, lung and soft tissue"
    assert "hanging rules" in " ".join(third.take_troubles())


def test_the_description_of_the_study_may_name_the_body_part(sit: Sit, tmp_path: Path) -> None:
    extra = {"SeriesDescription": "Serie 1", "StudyDescription": "CT des Thorax"}
    synth.write_series(tmp_path / "ct", shape=(44, 20, 18), spacing=(1.0, 1.0, 1.0), extra=extra)
    assert sit(tmp_path / "ct").room.hanging.words == "Hanging: Chest CT, lung and soft tissue"
