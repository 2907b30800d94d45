"""Steps to the network and back: exact against SimpleITK, and a mask always returns home."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests import tiny_packs
from viewer.analysis import preprocess, resample
from viewer.core.errors import AnalysisError, UsageError
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.volume import VoiWindow, Volume

RNG = np.random.default_rng(5)


def volume(array, affine=None, **more) -> Volume:
    array = np.asarray(array)
    affine = np.diag([1.0, 1.0, 1.0, 1.0])[:, [2, 1, 0, 3]] if affine is None else affine
    return Volume(array, Geometry(array.shape[:3], affine), **more)


def spaced(k: float, j: float, i: float) -> np.ndarray:
    """Axial LPS grid with these spacings."""
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = k, j, i, 1
    return affine


def itk(array, spacing, size, target, interpolator):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing[::-1])
    return sitk.GetArrayFromImage(
        sitk.Resample(
            image,
            size[::-1],
            sitk.Transform(),
            interpolator,
            (0.0, 0.0, 0.0),
            target[::-1],
            image.GetDirection(),
            0.0,
            image.GetPixelID(),
        )  # fmt: skip
    )


@pytest.mark.parametrize("target", [(1.5, 1.5, 1.5), (0.7, 0.6, 0.9), (3.0, 1.0, 1.0)])
def test_linear_resampling_equals_simpleitk(target):
    spacing = (1.0, 0.78, 0.78)
    array = RNG.normal(0, 500, (31, 47, 45)).astype(np.float32)
    size = tuple(resample.target_size(n, s, t) for n, s, t in zip(array.shape, spacing, target, strict=True))
    step = tuple(t / s for s, t in zip(spacing, target, strict=True))
    ours = resample.resample_linear(array, step, size)
    assert np.abs(ours - itk(array, spacing, size, target, sitk.sitkLinear)).max() < 1e-3


def test_mask_back_is_voxel_equal_to_simpleitk():
    spacing, target, shape = (1.0, 0.78, 0.78), (1.5, 1.5, 1.5), (31, 47, 45)
    small = tuple(resample.target_size(n, s, t) for n, s, t in zip(shape, spacing, target, strict=True))
    labels = RNG.integers(0, 8, small).astype(np.uint8)
    step = tuple(s / t for s, t in zip(spacing, target, strict=True))
    assert np.array_equal(
        resample.resample_nearest(labels, step, shape), itk(labels, target, shape, spacing, sitk.sitkNearestNeighbor)
    )


def test_the_size_of_the_anchor_case():
    assert [resample.target_size(n, s, 1.5) for n, s in ((300, 1.0), (512, 0.78))] == [200, 266]


def test_running_argmax_equals_numpy_and_breaks_ties_low():
    logits = RNG.normal(size=(8, 5, 6, 7)).astype(np.float32)
    logits[3, 0] = logits[1, 0]
    assert np.array_equal(resample.running_argmax(logits), logits.argmax(0))


@pytest.mark.parametrize("shape", [(3, 7, 200, 180), (5, 1, 300, 300), (256, 2, 3, 4), (2, 0, 4, 4)])
def test_running_argmax_is_the_same_in_slabs(shape):
    logits = RNG.integers(0, 9, shape).astype(np.float32)
    turned = np.moveaxis(np.ascontiguousarray(np.moveaxis(logits, 0, -1)), -1, 0)
    assert np.array_equal(resample.running_argmax(logits), logits.argmax(0))
    assert np.array_equal(resample.running_argmax(turned), logits.argmax(0))


def test_squash_keeps_the_mean_and_the_place():
    plane = np.zeros((448, 300), np.float32)
    plane[112:224, 150:225] = 1
    small = resample.resize_plane(plane, (224, 224))
    assert abs(small.mean() - plane.mean()) < 1e-3
    assert small[84, 140] == pytest.approx(1) and small[30, 140] == pytest.approx(0)


AXES = st.permutations([0, 1, 2])
SIGNS = st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3)


@settings(max_examples=30, deadline=None)
@given(AXES, SIGNS, st.tuples(*[st.integers(5, 14)] * 3))
def test_a_mask_returns_through_orienting_cropping_and_padding(order, signs, shape):
    affine = np.eye(4)
    affine[:3, :3] = np.diag(signs)[:, order]
    labels = RNG.integers(0, 3, shape).astype(np.uint8)
    roi = ((1, 0, 1), (shape[0], shape[1] - 1, shape[2]))
    steps = tiny_packs.steps(
        {"step": "crop_roi"}, {"step": "orient", "axes": "SAR"}, {"step": "pad", "multiple": [8, 8, 8]}
    )
    ready = preprocess.prepare(volume(labels + RNG.normal(size=shape), affine), steps, roi)
    back = ready.restore_labels(ready.apply_to_labels(labels))
    inside = tuple(slice(a, b) for a, b in zip(*roi, strict=True))
    assert np.array_equal(back[inside], labels[inside])
    assert all(n % 8 == 0 for n in ready.array.shape)
    outside = np.ones(shape, bool)
    outside[inside] = False
    assert not back[outside].any()


def test_orienting_agrees_with_world_positions():
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, -1.0], [0, 2.0, 0], [3.0, 0, 0]])  # k up, j back, i to the right
    array = RNG.normal(size=(4, 5, 6))
    ready = preprocess.prepare(volume(array, affine), tiny_packs.steps({"step": "orient", "axes": "SAR"}))
    grid = Geometry(ready.array.shape, ready.affine)
    for index in ((0, 0, 0), (3, 1, 2)):
        home = volume(array, affine).geometry.world_to_index(grid.index_to_world(np.array(index)))
        k, j, i = np.rint(home).astype(int)
        assert ready.array[index] == pytest.approx(array[k, j, i], rel=1e-5)
    assert grid.normal[2] != 0 and ready.affine[1, 1] < 0  # rows now run to the front


def test_normalising_forgets_the_scale():
    array = RNG.gamma(2, 1, (9, 10, 11))
    steps = tiny_packs.steps({"step": "normalise", "low": 5, "centre": 50, "high": 95, "clip": 3})
    small = preprocess.prepare(volume(array * 2), steps).array
    large = preprocess.prepare(volume(array * 8.5e5 + 3e4), steps).array
    assert np.abs(small - large).max() < 1e-3


def test_air_around_the_head_does_not_decide_its_intensities():
    head = RNG.normal(100, 10, (3, 20, 20)).astype(np.float32)
    steps = tiny_packs.steps(
        {"step": "normalise", "low": 20, "centre": 50, "high": 80, "clip": 4, "ground": 0.15, "per": "slice"}
    )
    near = preprocess.prepare(volume(head), steps).array
    far = preprocess.prepare(volume(np.pad(head, ((0, 0), (30, 30), (30, 30)))), steps).array[:, 30:50, 30:50]
    assert np.abs(near - far).max() < 1e-5
    plain = [structs.replace(steps[0], ground=None)]
    assert np.abs(near - preprocess.prepare(volume(np.pad(head, 30)), plain).array[30:33, 30:50, 30:50]).max() > 1


def test_monochrome1_and_window_are_undone_before_the_network():
    film = RNG.integers(500, 3000, (1, 40, 50)).astype(np.uint16)
    window = (VoiWindow(1750, 2500),)
    plain = preprocess.prepare(volume(film, windows=window), tiny_packs.steps({"step": "window_radiograph"})).array
    turned = (3500 - film).astype(np.uint16)
    inverted = preprocess.prepare(
        volume(turned, windows=window, inverted=True), tiny_packs.steps({"step": "window_radiograph"})
    ).array
    assert plain.min() >= 0 and plain.max() <= 1 and np.ptp(plain) > 0.9
    assert np.abs(plain - inverted).max() < 1e-5


def test_8_bit_films_stay_as_they_are():
    film = RNG.integers(20, 200, (1, 30, 30)).astype(np.uint8)
    assert np.allclose(
        preprocess.prepare(volume(film), tiny_packs.steps({"step": "window_radiograph"})).array, film / 255, atol=1e-6
    )


def test_colour_is_read_as_luminance():
    film = np.zeros((1, 8, 8, 3), np.uint8)
    film[..., 1] = 100
    film[0, 0, 0] = 0
    assert preprocess.prepare(volume(film), []).array[0, 5, 5] == pytest.approx(58.7)


def test_unknown_spacing_is_not_resampled():
    array = RNG.normal(size=(1, 20, 20))
    flat = Volume(array, Geometry((1, 20, 20), spaced(1, 0.5, 0.5), spacing_kind=SpacingKind.UNKNOWN))
    step = tiny_packs.steps({"step": "resample", "spacing_mm": [None, 1.0, 1.0], "only_known": True})
    assert preprocess.prepare(flat, step).array.shape == (1, 20, 20)
    known = volume(array, spaced(1, 0.5, 0.5))
    assert preprocess.prepare(known, step).array.shape == (1, 10, 10)


@pytest.mark.parametrize(
    ("array", "word"),
    [(np.full((2, 4, 4), 7), "same value"), (np.full((2, 4, 4), np.nan), "not numbers")],
)
def test_hopeless_pictures_are_refused_in_words(array, word):
    with pytest.raises(AnalysisError, match=word):
        preprocess.prepare(volume(array), [])


def test_missing_boxes_are_refused():
    array = RNG.normal(size=(4, 5, 6))
    with pytest.raises(UsageError, match="box"):
        preprocess.prepare(volume(array), tiny_packs.steps({"step": "crop_roi"}))
    with pytest.raises(UsageError, match="outside"):
        preprocess.prepare(volume(array), tiny_packs.steps({"step": "crop_roi"}), ((9, 9, 9), (12, 12, 12)))
