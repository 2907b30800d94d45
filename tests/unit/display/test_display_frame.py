"""Corner words, scale bars, gap lines and whole rendered pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import phantoms
from viewer.core.finding import FindingState
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.volume import Heatmap, Mask, Segment
from viewer.display import corners as cor
from viewer.display import pen
from viewer.display.colours import DRAFT, STATE_COLOURS
from viewer.display.framing import BARE, STRIP, Frame
from viewer.display.overlay import HeatmapLayer, Line, MaskLayer, OverlaySet
from viewer.display.render import render, thumbnail
from viewer.display.scene import DASHES, Align, Text
from viewer.display.slicing import Plane, extract
from viewer.display.window import Window, preset

FILM = {"spacing_kind": SpacingKind.DETECTOR, "frame_of_reference_uid": None}


def view_of(grid: Geometry | None = None, plane: Plane = Plane.AXIAL, index: int = 4) -> Any:
    grid = grid or phantoms.geometry()
    return extract(phantoms.volume(np.zeros(grid.shape, np.int16), geometry=grid), plane, index)


def words(view: Any, **facts: Any) -> cor.View:
    lung = preset("CT", "Lung")
    assert lung is not None
    given: dict[str, Any] = {
        "stack": phantoms.stack(header={"SliceThickness": "3.0"}),
        "patient": ("SYNTHETIC ADULT B", "M 61 Y", "SYN-0002"),
        "when": "2 Mar 2026 11:02",
        "zoom": 1.51,
        "interpolation": "linear",
        **facts,
    }
    return cor.View(view, lung, **given)


def test_large_view_says_who_what_how_where() -> None:
    said = cor.corners(words(view_of()))
    assert said.top_left == ("SYNTHETIC ADULT B", "M 61 Y", "SYN-0002")
    assert said.top_right == ("SYNTHETIC thorax · Axial", "2 Mar 2026 11:02", "Series 3")
    assert said.bottom_left == ("W 1500  L −600", "Zoom 1.51 · linear", "Lung (2)")
    assert said.bottom_right == ("Image 5/9", "z 67.0 mm · 3.0 mm")


def test_small_view_keeps_name_window_and_place() -> None:
    said = cor.corners(words(view_of(plane=Plane.CORONAL, index=2)), small=True, active=False)
    assert said.top_left == ("SYNTHETIC ADULT B",)
    assert said.top_right == ()
    assert said.bottom_left == ("W 1500  L −600",)
    assert said.bottom_right == ("3/10", "y 15.0 mm")


def test_position_has_no_negative_zero() -> None:
    assert cor.mm_words(-0.04) == "0.0 mm"
    assert cor.mm_words(-78.0) == "−78.0 mm"


def test_films_say_detector_spacing_and_no_position() -> None:
    said = cor.corners(words(view_of(phantoms.geometry((1, 10, 11), **FILM), Plane.NATIVE, 0)))
    assert said.bottom_right == ("Image 1/1", "Detector spacing 1.5 mm")
    assert said.top_right[0] == "SYNTHETIC thorax"


def test_no_position_without_orientation_or_scale() -> None:
    for facts in ({"oriented": False}, {"spacing_kind": SpacingKind.UNKNOWN}):
        assert cor.position_words(view_of(phantoms.geometry(**facts), Plane.NATIVE)) == ""


def test_words_are_translated() -> None:
    said = cor.corners(words(view_of(), words=lambda text: {"Zoom": "缩放", "W": "窗宽"}.get(text, text)))
    assert said.bottom_left[:2] == ("窗宽 1500  L −600", "缩放 1.51 · linear")


@pytest.mark.parametrize(("zoom", "width"), [(0.3, 400), (1.0, 900), (2.7, 640), (14.0, 1200)])
def test_scale_bar_is_a_round_length_of_the_right_size(zoom: float, width: int) -> None:
    view = view_of()
    bar = cor.scale_bar(view, zoom, width)
    mm = float(bar.label.split()[0])
    assert bar.pixels == pytest.approx(mm * zoom / view.mm[1])
    assert 0.05 * width < bar.pixels <= cor.BAR_SHARE * width * 1.001
    assert str(mm).strip("0.")[0] in "125"


def test_scale_bar_without_calibration_says_so() -> None:
    bar = cor.scale_bar(view_of(phantoms.geometry(spacing_kind=SpacingKind.UNKNOWN)), 1.0, 500)
    assert (bar.pixels, bar.label) == (0, "px, no calibration")


def test_gap_lines_stand_at_both_sides_of_the_gap() -> None:
    native = phantoms.geometry((4, 10, 11), slice_positions=(0.0, 3.0, 15.0, 18.0))
    even = phantoms.geometry((19, 10, 11), affine=phantoms.affine(((2, 1), (1, 1), (0, 1)), (1.0, 1.5, 1.0)))
    lines = cor.gap_lines(native, view_of(even, Plane.CORONAL, 5))
    rows = sorted(float(ends[0, 0]) for ends, _ in lines)
    assert rows == pytest.approx([3.0, 15.0])  # 18 mm up from the bottom row 18: 15 mm -> row 3, 3 mm -> row 15
    assert {gap for _, gap in lines} == {12.0}
    assert cor.gap_lines(native, view_of(native, Plane.NATIVE, 1)) == ()
    assert cor.gap_lines(phantoms.geometry(), view_of(plane=Plane.CORONAL)) == ()


# ---------------------------------------------------------------- rendered pictures


def bright_left(rows: int = 40, columns: int = 60) -> Any:
    """An axial slice whose patient-left half is bright."""
    stored = np.zeros((3, rows, columns), np.int16)
    stored[:, :, columns // 2 :] = 1000
    return phantoms.volume(stored, geometry=phantoms.geometry((3, rows, columns)))


def test_patient_left_is_on_the_right_of_the_picture() -> None:
    picture = render(bright_left(), Plane.AXIAL, 1, Window(500, 1000), size=(300, 300), frame=BARE)
    assert picture.shape == (300, 300, 3)
    assert picture[150, 250].tolist() == [255, 255, 255]
    assert picture[150, 50].tolist() == [0, 0, 0]


def test_pixels_keep_their_proportions() -> None:
    volume = bright_left(40, 60)  # 60 mm x 60 mm
    picture = render(volume, Plane.AXIAL, 1, Window(500, 1000), size=(400, 300), frame=BARE)
    bright = np.argwhere(picture[..., 0] > 200)
    height, width = np.ptp(bright, axis=0) + 1
    assert height == pytest.approx(300, abs=3)
    assert width == pytest.approx(150, abs=3)


def test_default_size_is_the_image_alone() -> None:
    assert render(bright_left(40, 60), frame=BARE).shape == (900, 900, 3)
    assert thumbnail(bright_left()).shape == (96, 96, 3)


def test_letters_and_corners_are_drawn() -> None:
    dark = phantoms.volume(np.full((3, 40, 60), -1000, np.int16), geometry=phantoms.geometry((3, 40, 60)))
    bare = render(dark, Plane.AXIAL, 1, Window(40, 400), size=(600, 600), frame=BARE)
    framed = render(dark, Plane.AXIAL, 1, Window(40, 400), size=(600, 600))
    assert bare.max() == 0
    left, right = framed[285:315, 0:30], framed[285:315, 570:600]
    assert left.max() > 150
    assert right.max() > 150
    assert framed[560:600, 0:120].max() > 150


def draft_set(state: FindingState | None = None) -> OverlaySet:
    grid = phantoms.geometry((3, 40, 60))
    labels = np.zeros(grid.shape, np.uint8)
    labels[:, 10:30, 10:25] = 1
    states = {} if state is None else {1: state}
    return OverlaySet((MaskLayer(Mask(labels, (Segment(1, "x"),), grid), states),))


def near(picture: Any, colour: tuple[int, int, int], reach: int = 40) -> int:
    return int(np.count_nonzero(np.abs(picture.astype(int) - colour).max(axis=2) <= reach))


def test_undecided_overlays_carry_ai_draft_everywhere() -> None:
    volume = bright_left()
    framed = render(volume, Plane.AXIAL, 1, Window(500, 1000), draft_set(), size=(600, 600))
    assert framed.shape == (600, 600, 3)
    assert near(framed[:STRIP], DRAFT) > 50
    bare = render(volume, Plane.AXIAL, 1, Window(500, 1000), draft_set(), size=(600, 600), frame=BARE)
    assert near(bare[-24:, :100], DRAFT) > 20
    accepted = draft_set(FindingState.ACCEPTED)
    plain = render(volume, Plane.AXIAL, 1, Window(500, 1000), accepted, size=(600, 600), frame=BARE)
    assert near(plain, DRAFT, 15) == 0


def test_proposed_outlines_are_dashed_and_accepted_ones_solid() -> None:
    dark = phantoms.volume(np.full((3, 40, 60), -1000, np.int16), geometry=phantoms.geometry((3, 40, 60)))
    drawn = {
        state: near(
            render(dark, Plane.AXIAL, 1, Window(40, 400), draft_set(state), size=(600, 600), frame=BARE),
            (0xFF, 0x99, 0x33),
            60,
        )
        for state in (FindingState.PROPOSED, FindingState.ACCEPTED, FindingState.UNSURE, FindingState.REJECTED)
    }
    assert drawn[FindingState.ACCEPTED] > drawn[FindingState.PROPOSED] > drawn[FindingState.UNSURE] > 0
    assert drawn[FindingState.REJECTED] == 0


def test_heatmap_brings_its_bar() -> None:
    grid = phantoms.geometry((3, 40, 60))
    heat = np.zeros(grid.shape, np.float32)
    heat[:, 20:25, 20:25] = 1.0
    overlays = OverlaySet(heatmaps=(HeatmapLayer(Heatmap(heat, grid, "x", honest=True)),))
    volume = phantoms.volume(np.full(grid.shape, -1000, np.int16), geometry=grid)
    picture = render(volume, Plane.AXIAL, 1, Window(40, 400), overlays, size=(600, 700), frame=Frame())
    bar = picture[STRIP + 112 : STRIP + 272, 580:592].astype(int)
    assert bar[2].mean(axis=0)[0] > 200  # the hot end is on top
    assert bar[-2].mean() < bar[2].mean()


def test_text_is_never_cut_from_its_plate() -> None:
    sketch = pen.Sketch(np.full((40, 400, 3), 255, np.uint8))
    sketch.text(Text((200, 20), "Detector spacing 0.24 mm 探测器间距", "text_1", Align.CENTRE))
    drawn = np.argwhere((sketch.finish() < 250).any(axis=2))
    width = np.ptp(drawn[:, 1]) + 1
    assert width == pytest.approx(pen.text_width("Detector spacing 0.24 mm 探测器间距") + 8, abs=2)


def test_dashes_cover_their_share_of_the_line() -> None:
    path = np.array([[0.0, 0.0], [90.0, 0.0], [90.0, 90.0]])
    pieces = pen.dashed(path, *DASHES[Line.DASHED])
    drawn = sum(float(np.linalg.norm(np.diff(p, axis=0), axis=1).sum()) for p in pieces)
    assert drawn == pytest.approx(100, abs=5)


def test_every_state_has_its_colour() -> None:
    assert len({*STATE_COLOURS.values()}) == len(FindingState)
