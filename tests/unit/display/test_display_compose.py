"""Composed pictures: the fast tables give what mixing pixel by pixel gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests import phantoms
from viewer.core.finding import FindingState
from viewer.core.volume import Heatmap, Mask, Segment
from viewer.display import compose
from viewer.display.compose import Blend, Painter
from viewer.display.overlay import Fill, HeatmapLayer, MaskLayer, OverlaySet
from viewer.display.placing import place
from viewer.display.slicing import Plane, extract
from viewer.display.window import Window, grey8

WINDOW = Window(500, 1000, "LINEAR_EXACT")
SHAPE = (6, 20, 24)


def stored(dtype: str = "int16") -> npt.NDArray[Any]:
    return np.random.default_rng(1).integers(0, 1001, SHAPE).astype(dtype)


def overlays(**facts: Any) -> OverlaySet:
    grid = phantoms.geometry(SHAPE)
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 4:10, 4:12], labels[:, 12:16, 2:8] = 1, 2
    mask = Mask(labels, (Segment(1, "a"), Segment(2, "b")), grid)
    heat = np.broadcast_to(np.linspace(0, 1, SHAPE[2], dtype=np.float32), SHAPE)
    layer = HeatmapLayer(Heatmap(np.ascontiguousarray(heat), grid, "x", honest=facts.pop("honest", None)))
    return OverlaySet((MaskLayer(mask),), (layer,), **facts)


def rgb(picture: compose.Picture32) -> npt.NDArray[np.float64]:
    return compose.to_rgb(picture).astype(np.float64)


@pytest.mark.parametrize("dtype", ["int16", "uint16", "uint8", "int32", "float32", ">i2"])
def test_bare_greys_are_the_window_of_the_values(dtype: str) -> None:
    values = stored("int16") % 251 if dtype == "uint8" else stored()
    volume = phantoms.volume(values.astype(dtype), slope=2.0, intercept=-100.0)
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        view = extract(volume, plane, 3)
        picture = Painter(volume).compose(view, WINDOW)
        assert picture.dtype == np.uint32
        assert picture.flags.c_contiguous
        real = np.asarray(view.pixels, dtype=np.float64) * 2 - 100
        expected = np.repeat(grey8(real, WINDOW)[..., None], 3, axis=2)
        np.testing.assert_array_equal(compose.to_rgb(picture), expected)
        assert np.all(picture >> 24 == 255)


def test_fill_mixes_28_percent_of_the_colour_in() -> None:
    volume = phantoms.volume(np.full(SHAPE, 500, np.int16))
    view = extract(volume, Plane.AXIAL, 2)
    placed = place(OverlaySet(overlays().masks), view)
    picture = rgb(Painter(volume).compose(view, WINDOW, overlay=placed))
    grey = 128
    np.testing.assert_allclose(picture[5, 5], 0.72 * grey + 0.28 * np.array([0xFF, 0x99, 0x33]), atol=0.51)
    np.testing.assert_allclose(picture[13, 3], 0.72 * grey + 0.28 * np.array([0x55, 0xBB, 0xFF]), atol=0.51)
    np.testing.assert_allclose(picture[0, 0], grey)


def test_outline_only_leaves_the_inside_bare() -> None:
    volume = phantoms.volume(stored())
    view = extract(volume, Plane.AXIAL, 2)
    placed = place(OverlaySet(overlays().masks), view)
    painter = Painter(volume)
    bare = painter.compose(view, WINDOW)
    np.testing.assert_array_equal(painter.compose(view, WINDOW, overlay=placed, blend=Blend(Fill.OUTLINE)), bare)


def test_heat_is_bare_below_a_fifth_and_full_from_045() -> None:
    volume = phantoms.volume(np.full(SHAPE, 500, np.int16))
    view = extract(volume, Plane.AXIAL, 2)
    placed = place(OverlaySet(heatmaps=overlays().heatmaps), view)
    picture = rgb(Painter(volume).compose(view, WINDOW, overlay=placed))
    heat = np.linspace(0, 1, SHAPE[2])
    assert np.all(picture[0, heat < 0.19] == 128)
    for column in np.flatnonzero(heat > 0.46):
        inferno = compose.heat_colours(False)[round(heat[column] * 255)]
        np.testing.assert_allclose(picture[0, column], 0.55 * 128 + 0.45 * inferno, atol=1)


def test_failed_heat_is_grey_and_faint() -> None:
    volume = phantoms.volume(np.full(SHAPE, 0, np.int16))
    view = extract(volume, Plane.AXIAL, 2)
    placed = place(OverlaySet(heatmaps=overlays(honest=False).heatmaps), view)
    picture = rgb(Painter(volume).compose(view, WINDOW, overlay=placed))
    assert np.ptp(picture, axis=2).max() == 0
    assert picture.max() == pytest.approx(0.2 * 255, abs=1)


def test_mask_over_heat_equals_mixing_one_after_the_other() -> None:
    volume = phantoms.volume(stored())
    view = extract(volume, Plane.AXIAL, 2)
    both = place(overlays(), view)
    heat_only = place(OverlaySet(heatmaps=overlays().heatmaps), view)
    painter = Painter(volume)
    below = rgb(painter.compose(view, WINDOW, overlay=heat_only))
    picture = rgb(painter.compose(view, WINDOW, overlay=both))
    orange = np.array([0xFF, 0x99, 0x33])
    np.testing.assert_allclose(picture[5, 5:11], 0.72 * below[5, 5:11] + 0.28 * orange, atol=1)
    np.testing.assert_array_equal(picture[0], below[0])


def test_colour_pictures_take_the_same_overlays() -> None:
    grid = phantoms.geometry(SHAPE)
    grey = stored("uint8") % 200
    as_colour = phantoms.volume(np.repeat(grey[..., None], 3, axis=3), geometry=grid, modality="US", unit="1")
    as_grey = phantoms.volume(grey, geometry=grid, modality="US", unit="1")
    window = Window(127.5, 255, "LINEAR_EXACT")
    placed = place(overlays(), extract(as_grey, Plane.NATIVE, 2))
    first = rgb(Painter(as_grey).compose(extract(as_grey, Plane.NATIVE, 2), window, overlay=placed))
    second = rgb(Painter(as_colour).compose(extract(as_colour, Plane.NATIVE, 2), window, overlay=placed))
    np.testing.assert_allclose(first, second, atol=1)


def test_colours_come_out_as_stored() -> None:
    stored_rgb = np.zeros((1, 2, 2, 3), np.uint8)
    stored_rgb[0, 0, 0] = (200, 30, 7)
    volume = phantoms.volume(stored_rgb, geometry=phantoms.geometry((1, 2, 2)), modality="US", unit="1")
    from viewer.display.window import default_window

    picture = Painter(volume).compose(extract(volume, Plane.NATIVE, 0), default_window(volume))
    assert compose.to_rgb(picture)[0, 0].tolist() == [200, 30, 7]


def test_slices_that_are_not_read_yet_are_black() -> None:
    volume = phantoms.volume(np.full(SHAPE, 1000, np.int16))
    loaded = np.array([True, False, True, True, False, True])
    painter = Painter(volume)
    black = painter.compose(extract(volume, Plane.AXIAL, 1), WINDOW, loaded=loaded)
    assert np.all(black == 0xFF000000)
    coronal = rgb(painter.compose(extract(volume, Plane.CORONAL, 5), WINDOW, loaded=loaded))
    np.testing.assert_array_equal(coronal[:, 0, 0] > 0, loaded[::-1])  # head up
    assert rgb(painter.compose(extract(volume, Plane.AXIAL, 2), WINDOW, loaded=loaded)).min() == 255


def test_table_follows_window_invert_and_slice() -> None:
    volume = phantoms.volume(np.full(SHAPE, 250, np.int16), slope=np.array([1, 2, 1, 1, 1, 1.0]), intercept=np.zeros(6))
    painter = Painter(volume)

    def first(k: int, window: Window, inverted: bool = False) -> int:
        return int(compose.to_rgb(painter.compose(extract(volume, Plane.AXIAL, k), window, inverted))[0, 0, 0])

    assert first(0, WINDOW) == 64
    assert first(1, WINDOW) == 128
    assert first(0, WINDOW, inverted=True) == 191
    assert first(0, Window(250, 100, "LINEAR_EXACT")) == 128


@pytest.mark.parametrize("dtype", ["int16", "uint8", "int32", "float32"])
def test_smaller_pictures_are_made_of_means(dtype: str) -> None:
    values = (stored("int16") % 251 if dtype == "uint8" else stored()).astype(dtype)
    volume = phantoms.volume(values)
    view = extract(volume, Plane.AXIAL, 2)
    small = compose.to_rgb(Painter(volume).compose(view, WINDOW, step=3))[..., 0]
    means = values[2][:18, :24].reshape(6, 3, 8, 3).mean(axis=(1, 3))
    expected = grey8(means if dtype == "float32" else np.rint(means), WINDOW)
    assert np.abs(small.astype(int) - expected).max() <= 1


def test_a_smaller_picture_keeps_its_labels() -> None:
    volume = phantoms.volume(np.full(SHAPE, 500, np.int16))
    view = extract(volume, Plane.AXIAL, 2)
    placed = place(OverlaySet(overlays().masks), view)
    painter = Painter(volume)
    whole = painter.compose(view, WINDOW, overlay=placed)
    small = painter.compose(view, WINDOW, overlay=placed, step=3)
    np.testing.assert_array_equal(small, whole[:18:3, :24:3])


def test_quick_overlays_have_rims_that_tell_proposals_from_decisions() -> None:
    volume = phantoms.volume(np.full(SHAPE, 500, np.int16))
    view = extract(volume, Plane.AXIAL, 2)
    mask = overlays().masks[0].mask
    for states, full in (({}, False), ({1: FindingState.ACCEPTED, 2: FindingState.ACCEPTED}, True)):
        layer = MaskLayer(mask, states)
        placed = place(OverlaySet((layer,)), view, quick=True)
        assert placed.edged and not placed.outlines
        picture = rgb(Painter(volume).compose(view, WINDOW, overlay=placed))
        ink = np.array(layer.style(mask.segments[0]).colour, float)
        rim = (picture[4, 4:12] == ink).all(axis=1)
        assert rim.any() and bool(rim.all()) is full
        assert not (picture[5:9, 5:11] == ink).all(axis=2).any(), "only the rim is covered"
        inside = rgb(Painter(volume).compose(view, WINDOW, overlay=place(OverlaySet((layer,)), view)))
        np.testing.assert_array_equal(picture[5:9, 5:11], inside[5:9, 5:11])


def test_quick_overlays_of_several_masks_lie_as_the_others_do() -> None:
    volume = phantoms.volume(stored())
    view = extract(volume, Plane.AXIAL, 2)
    first = overlays().masks[0]
    shifted = Mask(np.roll(first.mask.labels, 3, axis=2), first.mask.segments, first.mask.geometry)
    layers = (first, MaskLayer(shifted, offset=2, hidden=frozenset({1})))
    quick, whole = (place(OverlaySet(layers), view, quick=q) for q in (True, False))
    assert quick.labels is not None and whole.labels is not None
    names = [[0, *(s.colour for s in placed.styles)] for placed in (quick, whole)]
    assert [names[0][n] for n in quick.labels.flat] == [names[1][n] for n in whole.labels.flat]


def test_a_band_without_an_edge_is_never_edged() -> None:
    layer = MaskLayer(overlays().masks[0].mask, outlined=False)
    view = extract(phantoms.volume(stored()), Plane.AXIAL, 2)
    assert not place(OverlaySet((layer,)), view, quick=True).edged


def test_accepted_segments_keep_their_fill() -> None:
    volume = phantoms.volume(stored())
    view = extract(volume, Plane.AXIAL, 2)
    base = overlays().masks[0]
    for state in (FindingState.PROPOSED, FindingState.ACCEPTED, FindingState.UNSURE):
        placed = place(OverlaySet((MaskLayer(base.mask, {1: state, 2: state}),)), view)
        assert placed.labels is not None
        assert set(np.unique(placed.labels)) == {0, 1, 2}
