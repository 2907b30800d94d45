"""Views side by side, without a window: linked by position, never by index."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests import phantoms
from viewer.core.errors import UsageError
from viewer.core.geometry import Geometry
from viewer.display.hanging import Layout
from viewer.display.slicing import Plane
from viewer.display.window import Window
from viewer.room.views import arrangement, commands, places
from viewer.room.views.arrangement import FOUR, ONE, THREE
from viewer.room.views.events import (
    BoxPlaced,
    FilesDropped,
    MenuWanted,
    PointerMoved,
    ViewActivated,
    ViewMoved,
    ViewsArranged,
)
from viewer.room.views.filling import Wanted, as_left
from viewer.room.views.links import corners_of, cut_line
from viewer.room.views.view import ViewSpec
from viewer.room.views.views import Views
from viewer.session import Event

SHAPE = (9, 40, 60)
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


@pytest.fixture
def told() -> list[Any]:
    return []


@pytest.fixture
def views(told: list[Any]) -> Views:
    return Views(told.append)


def spec(plane: Plane, place: Geometry | None = None, uid: str = "1.2.3") -> ViewSpec:
    place = place or phantoms.geometry(SHAPE)
    volume = phantoms.volume(np.zeros(place.shape, np.int16), geometry=place, series_uid=uid)
    return ViewSpec(phantoms.stack(place, series_uid=uid), volume, plane, ("SYNTHETIC",))


def planes(views: Views, layout: Layout = Layout.THREE) -> Views:
    one = spec(Plane.AXIAL)
    views.show(layout, [ViewSpec(one.stack, one.volume, plane) for plane in PLANES])
    return views


def indices(views: Views) -> list[int]:
    return [view.picture.index for view in views.views if view.picture is not None]


def test_three_planes_start_at_one_point_with_one_window(views: Views) -> None:
    planes(views)
    assert [v.plane for v in views.views] == list(PLANES)
    assert views.active is views.views[0] and views.active.active
    assert len({id(v.window) for v in views.views}) == 1
    assert len({v.crosshair for v in views.views}) == 1


def test_crosshair_takes_the_other_planes_to_the_point(views: Views) -> None:
    axial = planes(views).views[0]
    x, y, z = phantoms.geometry(SHAPE).index_to_world([4, 11, 37]).tolist()
    axial.place_crosshair((x, y, z))
    assert indices(views) == [4, 11, 37]
    for view in views.views:
        assert view.crosshair == pytest.approx((x, y, z))


def test_scrolling_moves_the_crosshair_lines_not_the_other_slices(views: Views) -> None:
    axial, coronal, _ = planes(views).views
    before = indices(views)
    axial.set_slice(before[0] + 2)
    assert indices(views)[1:] == before[1:]
    assert coronal.crosshair is not None
    assert coronal.crosshair[2] == pytest.approx(phantoms.geometry(SHAPE).index_to_world([6, 0, 0])[2])


def test_reference_lines_lie_where_the_active_slice_cuts_the_other_planes(views: Views) -> None:
    axial, coronal, sagittal = planes(views).views
    assert not coronal.reference
    commands.toggle_references(views)
    axial.set_slice(6)
    assert not axial.reference
    for view, columns in ((coronal, SHAPE[2]), (sagittal, SHAPE[1])):
        assert view.picture is not None
        ends = cut_line(view.reference, view.picture)
        assert ends is not None
        assert ends[:, 0].tolist() == pytest.approx([SHAPE[0] - 1 - 6] * 2), "rows run from the head down"
        assert sorted(ends[:, 1].tolist()) == pytest.approx([-0.5, columns - 0.5])
    views.activate(coronal)
    assert not coronal.reference and axial.reference
    assert axial.picture is not None and coronal.picture is not None
    ends = cut_line(axial.reference, axial.picture)
    assert ends is not None and ends[:, 0].tolist() == pytest.approx([coronal.picture.index] * 2)
    commands.toggle_references(views)
    assert not axial.reference


def test_a_slice_that_ends_beside_another_cuts_it_nowhere(views: Views) -> None:
    axial, coronal, _ = planes(views).views
    assert axial.picture is not None and coronal.picture is not None
    corners = tuple((x, y, z + 500.0) for x, y, z in corners_of(coronal.picture))
    assert cut_line(corners, axial.picture) is None


def test_dragging_the_crosshair_tells_once(views: Views, told: list[Any]) -> None:
    axial = planes(views).views[0]
    told.clear()
    axial.place_crosshair((1.0, 2.0, 60.0))
    assert [type(event) for event in told] == [ViewMoved]


def test_one_window_for_all_planes_of_a_stack(views: Views, told: list[Any]) -> None:
    chosen = Window(100, 200)
    planes(views).active.set_window(chosen)
    assert all(view.window is chosen for view in views.views)
    assert isinstance(told[-1], ViewMoved)


def thick() -> Geometry:
    """The same space, slices 6 mm apart instead of 3, starting 6 mm higher."""
    matrix = phantoms.affine(((2, 1), (1, 1), (0, 1)), (6.0, 1.5, 1.0), origin=(-20.0, 12.0, 61.0))
    return phantoms.geometry((4, 40, 60), affine=matrix)


def test_stacks_in_one_frame_scroll_by_position(views: Views) -> None:
    views.show(Layout.FOUR, [spec(Plane.AXIAL), spec(Plane.AXIAL, thick(), "9.9")])
    thin = views.views[0]
    thin.set_slice(0)
    thin.set_slice(6)  # 18 mm above 55
    assert indices(views)[1] == 2  # 61 + 12 = 73
    commands.toggle_sync(views)
    thin.set_slice(0)
    assert indices(views)[1] == 2


def test_stacks_in_other_frames_are_left_alone(views: Views) -> None:
    matrix = phantoms.affine(((2, 1), (1, 1), (0, 1)), (6.0, 1.5, 1.0))
    elsewhere = phantoms.geometry((4, 40, 60), affine=matrix, frame_of_reference_uid="8.8")
    views.show(Layout.FOUR, [spec(Plane.AXIAL), spec(Plane.AXIAL, elsewhere, "9.9")])
    before = indices(views)[1]
    views.views[0].set_slice(0)
    views.views[0].set_slice(8)
    views.views[0].place_crosshair((0.0, 0.0, 58.0))
    assert indices(views)[1] == before


def test_other_cuts_do_not_follow_scrolling(views: Views) -> None:
    views.show(Layout.FOUR, [spec(Plane.AXIAL), spec(Plane.CORONAL, thick(), "9.9")])
    before = indices(views)[1]
    views.views[0].set_slice(7)
    assert indices(views)[1] == before


def test_box_shows_in_all_planes_while_it_is_dragged(views: Views, told: list[Any]) -> None:
    box = ((1, 2, 3), (4, 5, 6))
    planes(views).views[0].place_roi(box, finished=False)
    assert [view.roi for view in views.views] == [box] * 3
    assert not any(isinstance(event, BoxPlaced) for event in told)
    views.views[0].place_roi(box, finished=True)
    assert told[-1] == BoxPlaced("1.2.3", box)


def test_what_the_window_must_hear_is_told(views: Views, told: list[Any], tmp_path: Any) -> None:
    view = planes(views).views[1]
    view.events.activated(view)
    assert told[-1] == ViewActivated("1.2.3") and views.active is view
    view.events.menu_wanted(view, (5, 6))
    view.events.files_dropped(view, [tmp_path])
    assert told[-2:] == [MenuWanted((5, 6)), FilesDropped((str(tmp_path),))]
    view.events.maximise_wanted(view)
    assert views.maximised is view and ViewsArranged() in told[-2:]


def test_maximise_and_back(views: Views) -> None:
    one = planes(views).views[1]
    views.maximise(one)
    assert views.places == ((one, ONE.places[0]),)
    assert views.active is one
    views.maximise()
    assert [view for view, _ in views.places] == list(views.views)


def test_the_next_view_is_the_next_one_with_a_picture(views: Views) -> None:
    first, second, third, _ = planes(views, Layout.FOUR).views
    seen = []
    for _ in range(4):
        views.next_view()
        seen.append(views.active)
    assert seen == [second, third, first, second]
    assert [v.active for v in views.views] == [False, True, False, False]


def test_a_maximised_view_gives_way_to_the_next(views: Views) -> None:
    planes(views).maximise()
    views.next_view()
    assert views.maximised is views.active is views.views[1]


def test_small_views_become_tabs_of_the_active_one(views: Views) -> None:
    _, coronal, _ = planes(views).views
    assert THREE.is_small((600, 500)) and not THREE.is_small((640, 560))
    views.set_small(True)
    views.next_view()
    assert views.places == ((coronal, ONE.places[0]),)
    views.set_small(False)
    assert len(views.places) == 3


def test_the_fourth_cell_can_hold_a_table(views: Views) -> None:
    planes(views, Layout.FOUR).set_panel(True)
    assert len(views.views) == 3
    assert views.places[3] == (None, FOUR.places[3])
    views.maximise()
    assert all(view is not None for view, _ in views.places)
    views.maximise()
    views.set_panel(False)
    assert len(views.views) == 4


def test_views_made_later_take_tool_and_options(views: Views) -> None:
    views.set_tool("length")
    views.change(corners=False, hidden_name=True)
    for view in planes(views).views:
        assert view.tool_id == views.mouse(view).tool.id == "length"
        assert not view.options.corners and view.options.hidden_name


def test_clear_empties_every_view(views: Views) -> None:
    planes(views).clear()
    assert views.arrangement is ONE
    assert views.views[0].picture is None
    assert views.stacks == ()


def test_a_larger_layout_fills_with_further_planes(views: Views) -> None:
    views.show(Layout.ONE, [spec(Plane.AXIAL)])
    commands.next_layout(views)
    assert views.arrangement is THREE
    assert [v.plane for v in views.views if v.picture is not None] == list(PLANES)
    assert views.active is views.views[0]


def test_a_film_stays_alone_in_a_larger_layout(views: Views) -> None:
    film = phantoms.geometry((1, 40, 60), frame_of_reference_uid=None, oriented=False)
    views.show(Layout.ONE, [spec(Plane.NATIVE, film)])
    views.arrange(FOUR)
    assert [v.picture is not None for v in views.views] == [True, False, False, False]


def test_grids_of_any_size_have_a_name_and_come_back_by_it(views: Views) -> None:
    wide = arrangement.grid(1, 3)
    views.arrange(wide)
    assert len(views.views) == 3
    assert arrangement.named(wide.name) == wide
    assert [arrangement.named(one.name) for one in (ONE, THREE, FOUR)] == [ONE, THREE, FOUR]
    for wrong in ("0x1", "1x9", "round", ""):
        with pytest.raises(UsageError):
            arrangement.named(wrong)


def test_a_place_is_left_and_found_again(views: Views) -> None:
    planes(views).views[1].set_slice(7)
    views.active.set_window(Window(111, 222))
    views.maximise(views.views[1])
    place = places.place_of(views, "1.2.3") | {"by_hand": True}
    left = places.wanted_in(place)
    assert [(one.stack_key, one.plane) for one in left] == [("1.2.3", plane) for plane in PLANES]
    assert (left[1].index, {one.window for one in left}) == (7, {(111.0, 222.0)})
    assert place["layout"] == "three"
    fresh = Wanted("1.2.3", Plane.CORONAL)
    assert as_left(fresh, left) == left[1]
    assert as_left(replace(fresh, preset="Lung"), left) == replace(fresh, preset="Lung")
    mirrored, upright = replace(fresh, edge="left", mirror=True), replace(fresh, turn=((1, 0), (0, 1)))
    assert as_left(mirrored, [upright]).turn is None, "a view that lay elsewhere was turned for another place"


@pytest.mark.parametrize("action", sorted({*commands.ON_ACTIVE, *commands.ON_VIEWS}))
def test_every_action_takes_an_empty_view_and_a_full_one(views: Views, action: str) -> None:
    assert commands.act(views, action)
    assert commands.act(planes(views), action)
    assert not commands.act(views, "file.quit")


def test_a_link_that_cannot_act_says_why(views: Views) -> None:
    assert views.links.why_none() == "There is one view: nothing follows it."
    planes(views)
    assert views.links.why_none() == "The views cut the patient in different directions."
    here, there = (phantoms.geometry(SHAPE, frame_of_reference_uid=frame) for frame in ("1.1", "1.2"))
    one, same, other = spec(Plane.AXIAL, here), spec(Plane.AXIAL, here, "7.7"), spec(Plane.AXIAL, there, "8.8")
    views.show(Layout.FOUR, [one, other])
    assert "different frames of reference" in views.links.why_none()
    views.show(Layout.FOUR, [one, same])
    assert views.links.why_none() == ""
    views.links.apart = lambda a, b: a.stack_key != b.stack_key
    assert views.links.why_none() == "Two patients are never scrolled together."
    index = indices(views)[1]
    views.views[0].set_slice(0)
    assert indices(views)[1] == index


def test_the_readout_follows_slice_cine_zoom_and_picture(views: Views, told: list[Any]) -> None:
    """The mouse rests; what lies under it changes."""
    place = phantoms.geometry(SHAPE)
    stored = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    volume = phantoms.volume(stored, geometry=place, series_uid="1.2.3")
    views.show(Layout.ONE, [ViewSpec(phantoms.stack(place, series_uid="1.2.3"), volume, Plane.NATIVE)])
    view = views.views[0]
    view.set_camera(view.camera.resized(600, 400))
    mouse = views.mouse(view)
    mouse.move(mouse.pointer(300, 200))
    readings = lambda: [event.info.value[0] for event in told if isinstance(event, PointerMoved) and event.info]  # noqa: E731
    (first,) = readings()
    commands.step(view, 1)
    commands.step(view, 1)
    view.set_camera(view.camera.panned(100, 0))
    seen = readings()
    assert len(set(seen)) == 4
    assert (seen[0], seen[1] - seen[0]) == (first, 40 * 60)
    view.set_window(Window(10.0, 5.0))
    assert readings() == seen, "the same place is not told twice"
    views.clear()
    assert isinstance(told[-1], Event)
    assert [event.info for event in told if isinstance(event, PointerMoved)][-1] is None
    mouse.leave()
    commands.step(view, 1)
    assert len(readings()) == len(seen)
