"""The session holds what the views show, and takes a change of the layout back with all that they held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import synth
from tests.unit.room.conftest import Sit
from viewer.display.slicing import Plane
from viewer.display.window import Window


def test_the_session_is_in_step_with_the_views(sit: Sit, head: Path) -> None:
    sitting = sit(head)
    session, views = sitting.context.session, sitting.room.views
    key = session.library.active
    assert session.views.shown == (key,)
    view = views.active
    view.set_slice(5)
    view.set_window(Window(300.0, 700.0))
    view.set_camera(view.camera.turned(((-1, 0), (0, 1))))
    view.set_slice(6)
    shown = session.views.layout.views[session.views.layout.active]
    assert shown is not None
    assert (shown.stack_key, shown.index, shown.center, shown.width) == (key, 6, 300.0, 700.0)
    assert shown.turn == ((-1, 0), (0, 1))
    assert session.views.layout.by_hand is False
    assert session.history.undoable is None, "scrolling is no step of undo"


def test_undo_brings_the_layout_back_with_slices_and_windows(sit: Sit, head: Path) -> None:
    sitting = sit(head)
    session, room = sitting.context.session, sitting.room
    views = room.views
    before = [(view.plane, view.stack_key) for view in views.views]
    assert {Plane.CORONAL, Plane.SAGITTAL} < {plane for plane, _ in before}
    name = views.arrangement.name
    for view, index in zip(views.views, (3, 11, 17, 5), strict=False):
        view.set_slice(index)
    views.views[0].set_window(Window(300.0, 700.0))
    slices = [view.picture.index for view in views.views if view.picture is not None]
    room.hanging.act("view.layout")
    assert views.arrangement.name != name
    assert room.hanging.words == "Hanging: by hand"
    assert session.views.layout.name == views.arrangement.name
    for view in views.views:
        view.set_slice(1)
    room.reviewing.undo()
    assert views.arrangement.name == name
    assert [(view.plane, view.stack_key) for view in views.views] == before
    assert [view.picture.index for view in views.views if view.picture is not None] == slices
    assert {(view.window.center, view.window.width) for view in views.views if view.window} == {(300.0, 700.0)}
    assert not room.hanging.by_hand
    room.reviewing.redo()
    assert views.arrangement.name != name
    assert session.views.shown == (session.library.active,)
    assert sitting.take_troubles() == ()


def test_undo_after_a_caliper_in_a_view_takes_the_caliper(sit: Sit, head: Path) -> None:
    from viewer.core.measurement import ReaderMeasurement

    sitting = sit(head)
    room, key = sitting.room, sitting.context.session.library.active
    room.hanging.act("view.layout")
    points = ((0.0, 0.0, 0.0), (5.0, 0.0, 0.0))
    room.views.active.commit(ReaderMeasurement("m", "length", "Length", key, 3, "axial", points, ()))
    (made,) = sitting.context.session.measurements.all()
    assert (made.reader, bool(made.when)) == ("Dr. A. Reader", True)
    room.annotations.rename("m", "Thalamus")
    assert sitting.context.session.measurements.all()[0].name == "Thalamus"
    room.reviewing.undo()
    room.reviewing.undo()
    assert room.annotations.all() == ()
    assert room.views.arrangement.name == sitting.context.session.views.layout.name
    step = sitting.context.session.history.undoable
    assert step is not None
    assert step.what == "Layout"


def test_two_patients_on_screen_are_known(sit: Sit, film: Path, head: Path) -> None:
    sitting = sit(film, head)
    room, session = sitting.room, sitting.context.session
    stacks = {stack.modality: stack for study in session.library.studies for stack in study.stacks}
    sitting.show(stacks["MR"].key)
    assert not session.two_patients
    for _ in range(2):
        room.hanging.act("view.layout")
    room.hanging.show_in(room.views.views[1], stacks["DX"].key)
    sitting.settle()
    assert session.two_patients
    assert len(session.people_shown) == 2
    room.reviewing.undo()
    assert not session.two_patients, "putting a series into a view is one step"


def ct(folder: Path, part: str, **keys: Any) -> Path:
    extra = {"SeriesDescription": part, "BodyPartExamined": part, "StudyDate": "20260304"}
    synth.write_series(folder / part, modality="CT", shape=(9, 20, 18), extra=extra, **keys)
    return folder / part


def test_every_stack_has_the_window_of_its_own_rule(sit: Sit, tmp_path: Path) -> None:
    """Also in a layout made by hand; reset and key 1 go back to what it opened with."""
    sitting = sit(ct(tmp_path, "CHEST"), ct(tmp_path, "HEAD"))
    room, session = sitting.room, sitting.context.session
    keys = {stack.description: stack.key for study in session.library.studies for stack in study.stacks}
    sitting.show(keys["CHEST"])
    assert (room.views.active.window.center, room.views.active.window.width) == (-600.0, 1500.0)
    room.hanging.act("view.layout")
    room.views.activate(room.views.views[1])
    sitting.show(keys["HEAD"])
    head = room.views.active
    assert head.stack_key == keys["HEAD"]
    assert (head.window.center, head.window.width) == (40.0, 80.0)
    for action in ("view.reset", "window.file"):
        head.set_window(Window(1000.0, 10.0))
        room.hanging.act(action)
        assert (head.window.center, head.window.width) == (40.0, 80.0), action
    assert (room.views.views[0].window.center, room.views.views[0].window.width) == (-600.0, 1500.0)


def test_a_layout_made_by_hand_ends_at_the_next_patient(sit: Sit, film: Path, head: Path) -> None:
    sitting = sit(film, head)
    room, session = sitting.room, sitting.context.session
    stacks = {stack.modality: stack.key for study in session.library.studies for stack in study.stacks}
    sitting.show(stacks["MR"])
    assert len(room.views.views) == 4
    room.hanging.act("view.layout")
    room.hanging.act("view.layout")
    assert (room.views.arrangement.name, room.hanging.by_hand) == ("three", True)
    room.step_patient(-1)
    sitting.settle()
    assert session.views.shown == (stacks["DX"],)
    assert (room.views.arrangement.name, room.hanging.by_hand) == ("1x1", False)
    for _ in range(3):
        room.hanging.act("view.layout")
        assert session.views.shown == (stacks["DX"],), "a larger layout does not bring the last patient back"
    room.step_patient(1)
    sitting.settle()
    assert session.views.shown == (stacks["MR"],)
    assert not room.hanging.by_hand


def test_a_layout_made_by_hand_ends_when_it_is_hung_again(sit: Sit, head: Path) -> None:
    sitting = sit(head)
    room, session = sitting.room, sitting.context.session
    by_rule = room.views.arrangement.name
    room.hanging.act("view.layout")
    sitting.show(session.library.active)
    assert room.hanging.by_hand, "another series of the patient goes into the active view"
    room.hanging.act("view.hang")
    assert (room.views.arrangement.name, room.hanging.by_hand) == (by_rule, False)
    room.reviewing.undo()
    assert room.hanging.by_hand
    assert room.views.arrangement.name != by_rule
