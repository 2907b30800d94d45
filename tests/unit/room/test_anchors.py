"""In the window, too, what was drawn is bound to the stored picture and to the millimetre, not to a slice number."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests import synth
from tests.unit.room.conftest import Sit
from tests.unit.room.panels import made
from viewer.core.finding import Location
from viewer.core.study import ScanResult, Series
from viewer.room.events import JumpWanted
from viewer.room.panels import findings, measurements
from viewer.room.tools.length import LengthTool
from viewer.room.tools.measure import commit, drawn
from viewer.room.views.places import mark_of
from viewer.room.views.view import View
from viewer.session import Event


@pytest.fixture
def ct(tmp_path: Path) -> synth.Written:
    return synth.write_series(tmp_path / "ct", shape=(9, 24, 20), spacing=(2.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0))


def without(ct: synth.Written, folder: Path, *gone: int) -> Path:
    folder.mkdir()
    for k, file in enumerate(ct.files):
        if k not in gone:
            shutil.copy(file, folder / file.name)
    return folder


def slices_with_drawings(view: View) -> list[int]:
    assert view.picture is not None
    found = []
    for index in range(view.picture.count):
        view.set_slice(index)
        found += [index] * len(view.drawn())
    return found


def test_drawings_and_badges_lie_where_they_were_made(sit: Sit, ct: synth.Written, tmp_path: Path) -> None:
    first = sit(ct.folder)
    view = first.room.views.views[0]
    view.set_slice(5)
    assert view.picture is not None
    commit(view, view.picture, LengthTool, drawn(LengthTool, view.picture.slice, ((2.0, 2.0, 10.0), (12.0, 2.0, 10.0))))
    mark = mark_of(view)
    assert mark is not None
    first.room.reporting.mark(mark)
    assert slices_with_drawings(view) == [5]
    second = sit(without(ct, tmp_path / "b", 0, 1, 2))
    room, session = second.room, second.context.session
    view = room.views.views[0]
    assert slices_with_drawings(view) == [2]
    assert [row.where for row in measurements.state(session, room)] == ["Image 3"]
    view.set_slice(0)
    room.jumps.show_drawing(session.measurements.all()[0].id)
    assert view.picture is not None
    assert view.picture.index == 2
    room.layers.show_overlays("")
    assert "Key image" in [badge.text for badge in view.badges]
    view.set_slice(1)
    assert "Key image" not in [badge.text for badge in view.badges]
    view.set_slice(2)
    mark = mark_of(view)
    assert mark is not None
    room.reporting.mark(mark)
    assert session.review.key_marks(session.library.active_study.uid) == ()  # type: ignore[union-attr]
    third = sit(without(ct, tmp_path / "c", 5))
    room, session = third.room, third.context.session
    assert slices_with_drawings(room.views.views[0]) == []
    assert [row.where for row in measurements.state(session, room)] == ["Not on this copy"]
    room.jumps.show_drawing(session.measurements.all()[0].id)
    assert third.take_troubles() == ("This copy of the pictures lacks the image that it lies on.",)


def test_the_window_comes_back_to_the_anatomy(sit: Sit, tmp_path: Path) -> None:
    ct = synth.write_series(tmp_path / "thin", shape=(42, 12, 10), spacing=(2.0, 1.0, 1.0))
    first = sit(ct.folder)
    for view in first.room.views.views:
        view.set_slice(5)
    place = first.room.hanging.place()
    second = sit()
    second.room.hanging.come_back_to(place)
    second.open([without(ct, tmp_path / "b", 0)])
    assert [(v.plane.value, v.picture.index) for v in second.room.views.views if v.picture is not None] == [
        ("axial", 4), ("coronal", 5), ("sagittal", 5)
    ]  # fmt: skip


def test_a_finding_is_gone_to_by_the_name_of_its_picture(sit: Sit) -> None:
    sitting = sit()
    room, session = sitting.room, sitting.context.session
    whole = made.stack("1.1")
    less = replace(whole, instances=whole.instances[1:])
    made.put(session, made.study("1", made.CHILD, whole))
    uids = tuple(one.sop_instance_uid for one in whole.instances)
    box = ((1, 0, 0), (3, 4, 4))
    near = made.finding("a", location=Location("Here", slice_index=2, box_kji=box))
    gone = made.finding("b", location=Location("There", slice_index=0))
    entry = made.entry("r", near, gone)
    assert entry.result.provenance is not None
    entry = replace(entry, result=replace(entry.result, provenance=replace(entry.result.provenance, input_uids=uids)))
    session.review.add_result(entry)
    near, gone = session.review.findings("1")
    assert (room.anchors.finding(entry, near), room.anchors.finding(entry, gone)) == (near, gone)
    other = made.study("1", made.CHILD, less)
    session.library.put_scan("scan", ScanResult((replace(other, series=(Series("1.1", (less,)),)),)))
    session.library.activate("1.1")
    here = room.anchors.finding(entry, near)
    assert here is not None
    assert (here.location.slice_index, here.location.box_kji) == (1, ((0, 0, 0), (2, 4, 4)))
    assert room.anchors.finding(entry, gone) is None
    heard: list[Event] = []
    session.on(JumpWanted, heard.append)
    places = {look.finding.id: look.place for look in findings.state(session, room).looks}
    assert places == {near.id: "Here · image 2", gone.id: "There · not on this copy"}
    room.navigation.to_finding("1.1", gone)
    assert sitting.take_troubles() == ("This copy of the pictures lacks the image that it lies on.",)
    assert heard == []
