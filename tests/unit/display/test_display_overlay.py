"""Masks, heatmaps and marks lie where their millimetres say, whatever their grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import phantoms
from viewer.core.analysis import AnalysisResult
from viewer.core.finding import Finding, FindingState, Location
from viewer.core.geometry import Geometry
from viewer.core.volume import Heatmap, Mask, Segment
from viewer.display import contours, sampling
from viewer.display.colours import Pattern, palette_colour
from viewer.display.overlay import HeatmapLayer, Line, Mark, MaskLayer, OverlaySet, marks_of, overlays_of
from viewer.display.placing import place
from viewer.display.slicing import Plane, extract, slice_count

PLANES = (Plane.NATIVE, Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


def empty_volume(grid: Geometry) -> object:
    return phantoms.volume(np.zeros(grid.shape, np.int16), geometry=grid)


def random_labels(shape: tuple[int, int, int], seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 4, shape, dtype=np.uint8)


def mask_of(labels: npt.NDArray[np.uint8], grid: Geometry, names: tuple[str, ...] = ("one", "two", "three")) -> Mask:
    return Mask(labels, tuple(Segment(n, name) for n, name in enumerate(names, start=1)), grid)


@settings(max_examples=40, deadline=None)
@given(
    view_axes=st.sampled_from(phantoms.ORIENTATIONS),
    mask_axes=st.sampled_from(phantoms.ORIENTATIONS),
    plane=st.sampled_from(PLANES),
    seed=st.integers(0, 99),
)
def test_labels_follow_position_between_any_two_orders(
    view_axes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
    mask_axes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
    plane: Plane,
    seed: int,
) -> None:
    grid = phantoms.geometry(affine=phantoms.affine(view_axes, (1.3, 1.1, 0.9)))
    other = phantoms.geometry(
        (7, 8, 9), affine=phantoms.affine(mask_axes, (1.7, 1.2, 1.05), origin=(-18.1, 11.3, 54.2))
    )
    labels = random_labels(other.shape, seed)
    view = extract(empty_volume(grid), plane, slice_count(grid, plane) // 2)  # type: ignore[arg-type]
    found = sampling.nearest(labels, other, view)
    rows, columns = view.shape
    for row in range(0, rows, 3):
        for column in range(0, columns, 3):
            where = other.world_to_index(view.pixel_to_world(np.array([row, column])))
            if np.abs(where - np.floor(where) - 0.5).min() < 1e-6:
                continue  # half way between two voxels: either is right
            k, j, i = np.rint(where).astype(int)
            inside = all(0 <= n < size for n, size in zip((k, j, i), other.shape, strict=True))
            assert found[row, column] == (labels[k, j, i] if inside else 0)


def test_askew_grids_agree_with_point_by_point_lookup() -> None:
    turn = np.radians(20)
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    grid = phantoms.geometry()
    other = phantoms.geometry(affine=phantoms.affine(((2, 1), (1, 1), (0, 1)), rotation=spin))
    labels = random_labels(other.shape)
    view = extract(empty_volume(grid), Plane.AXIAL, 4)  # type: ignore[arg-type]
    found = sampling.nearest(labels, other, view)
    k, j, i = np.rint(other.world_to_index(view.pixel_to_world(np.array([3, 4])))).astype(int)
    assert found[3, 4] == labels[k, j, i]
    assert 0 < np.count_nonzero(found) < found.size


def test_same_grid_gives_the_very_labels_in_every_plane() -> None:
    grid = phantoms.geometry()
    labels = random_labels(grid.shape)
    as_volume = phantoms.volume(labels, geometry=grid)
    for plane in PLANES:
        view = extract(as_volume, plane, 3)
        np.testing.assert_array_equal(sampling.nearest(labels, grid, view), view.pixels)


def test_uneven_stack_takes_the_mask_at_its_true_positions() -> None:
    even = phantoms.geometry((12, 10, 11))
    uneven = phantoms.geometry((4, 10, 11), slice_positions=(0.0, 3.0, 21.0, 33.0))
    labels = np.zeros(even.shape, np.uint8)
    labels[7] = 2  # 21 mm above the first slice
    view = extract(empty_volume(uneven), Plane.NATIVE, 2)  # type: ignore[arg-type]
    assert np.all(sampling.nearest(labels, even, view) == 2)
    beside = extract(empty_volume(uneven), Plane.NATIVE, 1)  # type: ignore[arg-type]
    assert not sampling.nearest(labels, even, beside).any()


def test_heat_is_interpolated_between_voxels_and_bare_outside() -> None:
    coarse = Geometry((1, 2, 2), phantoms.affine(((2, 1), (1, 1), (0, 1)), (1.0, 10.0, 10.0), origin=(0, 0, 0)))
    fine = Geometry((1, 11, 21), phantoms.affine(((2, 1), (1, 1), (0, 1)), (1.0, 1.0, 1.0), origin=(0, 0, 0)))
    values = np.array([[[0.0, 1.0], [0.0, 1.0]]], dtype=np.float32)
    view = extract(empty_volume(fine), Plane.NATIVE, 0)  # type: ignore[arg-type]
    heat = sampling.linear(values, coarse, view)
    assert heat[0, 5] == pytest.approx(0.5)
    assert heat[3, 10] == pytest.approx(1.0)
    assert heat[0, 16] == 0.0


def test_layers_of_another_frame_of_reference_are_left_out() -> None:
    grid = phantoms.geometry()
    elsewhere = phantoms.geometry(frame_of_reference_uid="9.9.9")
    view = extract(empty_volume(grid), Plane.AXIAL, 4)  # type: ignore[arg-type]
    ones = np.ones(grid.shape, np.uint8)
    heat = Heatmap(np.ones(grid.shape, np.float32), elsewhere, "x")
    placed = place(OverlaySet((MaskLayer(mask_of(ones, elsewhere)),), (HeatmapLayer(heat),)), view)
    assert placed.labels is None
    assert placed.heat is None


def test_line_says_who_decided() -> None:
    mask = mask_of(random_labels((3, 4, 5)), phantoms.geometry((3, 4, 5)))
    states = {1: FindingState.ACCEPTED, 2: FindingState.UNSURE, 3: FindingState.REJECTED}
    lines = {n: MaskLayer(mask, states).style(mask.segments[n - 1]).line for n in (1, 2, 3)}
    assert lines == {1: Line.SOLID, 2: Line.DOTTED, 3: Line.NONE}
    assert MaskLayer(mask).style(mask.segments[0]).line is Line.DASHED
    assert MaskLayer(mask, ai=False).style(mask.segments[0]).line is Line.SOLID
    assert MaskLayer(mask, states, selected=frozenset({3})).style(mask.segments[2]).line is Line.DASHED


def test_rejected_and_hidden_segments_are_not_drawn() -> None:
    grid = phantoms.geometry((3, 8, 8))
    labels = np.zeros(grid.shape, np.uint8)
    labels[1, 1:3, 1:3], labels[1, 4:6, 4:6], labels[1, 6:8, 0:2] = 1, 2, 3
    layer = MaskLayer(mask_of(labels, grid), {1: FindingState.REJECTED}, hidden=frozenset({2}))
    placed = place(OverlaySet((layer,)), extract(empty_volume(grid), Plane.NATIVE, 1))  # type: ignore[arg-type]
    assert [style.number for style in placed.styles] == [3]
    assert placed.labels is not None
    assert np.count_nonzero(placed.labels) == 4


def test_palette_gives_colour_pattern_and_double_outline() -> None:
    segments = tuple(Segment(n, f"s{n}") for n in range(1, 14))
    mask = Mask(np.zeros((1, 1, 1), np.uint8), segments, phantoms.geometry((1, 1, 1)))
    styles = [MaskLayer(mask).style(segment) for segment in segments]
    assert styles[0].colour == (0xFF, 0x99, 0x33)
    assert styles[1].colour == (0x55, 0xBB, 0xFF)
    assert [s.pattern for s in styles[:5]] == [*Pattern, Pattern.PLAIN]
    assert styles[12].colour == palette_colour(0)
    assert styles[12].double
    assert not styles[11].double


def test_own_colour_of_a_segment_wins() -> None:
    mask = Mask(np.zeros((1, 1, 1), np.uint8), (Segment(1, "x", colour="#102030"),), phantoms.geometry((1, 1, 1)))
    assert MaskLayer(mask).style(mask.segments[0]).colour == (16, 32, 48)


def test_left_and_right_results_share_colours_and_other_packs_take_the_next() -> None:
    grid = phantoms.geometry((2, 3, 3))
    labels = np.zeros(grid.shape, np.uint8)
    left, right = (mask_of(labels, grid, ("Anterior", "Posterior")) for _ in range(2))
    lung = mask_of(labels, grid, ("Lung",))
    results = [
        AnalysisResult(f"r{n}", "pack", "ran", masks=(mask,)) for n, mask in enumerate((left, right, lung), start=1)
    ]
    layers = overlays_of(results).masks
    assert [layer.offset for layer in layers] == [0, 0, 2]


def test_states_of_findings_reach_their_segments_only_in_their_own_result() -> None:
    grid = phantoms.geometry((2, 3, 3))
    mask = mask_of(np.zeros(grid.shape, np.uint8), grid, ("Anterior",))
    results = [AnalysisResult(name, "pack", "ran", masks=(mask,)) for name in ("left", "right")]
    finding = Finding("f", "pack", "Anterior", "1", location=Location(segment=1), result_id="left")
    accepted = replace(finding, state=FindingState.ACCEPTED)
    layers = overlays_of(results, [accepted]).masks
    assert layers[0].states == {1: FindingState.ACCEPTED}
    assert layers[1].states == {}


def test_ai_draft_is_said_until_everything_is_accepted() -> None:
    grid = phantoms.geometry((2, 3, 3))
    mask = mask_of(np.zeros(grid.shape, np.uint8), grid, ("Anterior",))
    assert OverlaySet((MaskLayer(mask),)).shows_ai
    assert not OverlaySet((MaskLayer(mask, {1: FindingState.ACCEPTED}),)).shows_ai
    assert not OverlaySet((MaskLayer(mask, ai=False),)).shows_ai
    assert not OverlaySet((MaskLayer(mask),), visible=False).shows_ai
    heat = Heatmap(np.zeros(grid.shape, np.float32), grid, "x")
    assert OverlaySet(heatmaps=(HeatmapLayer(heat),)).shows_ai
    assert not OverlaySet(heatmaps=(HeatmapLayer(heat, accepted=True),)).shows_ai
    assert OverlaySet(marks=(Mark("1", FindingState.UNSURE, ((0, 0, 0),)),)).shows_ai


def test_a_heatmap_that_failed_its_check_starts_switched_off() -> None:
    grid = phantoms.geometry((1, 3, 3))
    heat = Heatmap(np.ones(grid.shape, np.float32), grid, "x", honest=False)
    overlays = overlays_of([AnalysisResult("r", "p", "ran", heatmaps=(heat,))])
    assert overlays.heatmap is None
    assert overlays.heatmaps[0].failed


def test_marks_appear_on_their_slices_and_not_when_rejected() -> None:
    grid = phantoms.geometry()
    points = tuple(tuple(float(v) for v in grid.index_to_world([4, j, i])) for j, i in ((2, 2), (2, 6), (6, 6)))
    finding = Finding("f", "pack", "Nodule", "1", location=Location(points_lps=points))  # type: ignore[arg-type]
    marks = marks_of([finding])
    assert marks[0].label == "1 AI draft"
    seen = [
        k
        for k in range(grid.shape[0])
        if place(OverlaySet(marks=marks), extract(empty_volume(grid), Plane.NATIVE, k)).marks  # type: ignore[arg-type]
    ]
    assert seen == [4]
    rejected = OverlaySet(marks=marks_of([replace(finding, state=FindingState.REJECTED)]))
    assert place(rejected, extract(empty_volume(grid), Plane.NATIVE, 4)).marks == ()  # type: ignore[arg-type]


# ---------------------------------------------------------------- outlines


def area(points: contours.Polyline) -> float:
    """Signed area of a closed outline."""
    y, x = points[:, 0], points[:, 1]
    return 0.5 * float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def test_outline_of_one_pixel_is_a_diamond_round_it() -> None:
    labels = np.zeros((5, 5), np.uint8)
    labels[2, 3] = 7
    (line,) = contours.outlines(labels, 7)
    assert {tuple(p) for p in line.tolist()} == {(1.5, 3.0), (2.5, 3.0), (2.0, 2.5), (2.0, 3.5)}
    assert abs(area(line)) == pytest.approx(0.5)


def test_outline_reaches_round_the_border_and_holes_have_their_own() -> None:
    labels = np.ones((6, 7), np.uint8)
    labels[2:4, 3:5] = 0
    lines = contours.outlines(labels, 1)
    assert len(lines) == 2
    assert min(float(line.min()) for line in lines) == -0.5
    signs = sorted(np.sign(area(line)) for line in lines)
    assert signs == [-1, 1]  # outside and hole run against each other


def test_pixels_that_touch_only_at_a_corner_stay_apart() -> None:
    assert len(contours.outlines(np.eye(2, dtype=np.uint8), 1)) == 2


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.05, 0.95))
def test_outlines_are_closed_and_enclose_every_pixel_of_the_label(seed: int, share: float) -> None:
    inside = np.random.default_rng(seed).random((9, 11)) < share
    lines = contours.outlines(inside.astype(np.uint8), 1)
    for line in lines:
        assert tuple(line[0]) == tuple(line[-1])
    for row, column in np.ndindex(inside.shape):
        crossings = 0
        for line in lines:
            y, x = line[:, 0] - row - 1e-4, line[:, 1] - column - 1e-4
            rises = (y[:-1] > 0) != (y[1:] > 0)
            at = x[:-1] - y[:-1] * (x[1:] - x[:-1]) / np.where(rises, y[1:] - y[:-1], 1)
            crossings += int(np.count_nonzero(rises & (at > 0)))
        assert crossings % 2 == int(inside[row, column])


def test_no_label_no_outline() -> None:
    assert contours.outlines(np.zeros((4, 4), np.uint8), 1) == []
