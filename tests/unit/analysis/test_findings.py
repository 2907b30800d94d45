from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests import known_shapes
from tests.unit.analysis.conftest import film, head
from viewer.analysis import measures, sides, slices
from viewer.analysis.findings import box_of
from viewer.analysis.tasks.classification import warm_regions
from viewer.core.analysis import AnalysisRequest, RunOptions, Suitability
from viewer.core.finding import OperatingPoint, Side
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.volume import Mask, Segment, Volume

WIDTH = film().shape[2]
LEFT_HALF, RIGHT_HALF, MIDDLE = WIDTH * 0.25, WIDTH * 0.75, (WIDTH - 1) / 2


@pytest.mark.parametrize(
    ("orientation", "view", "on_the_left_of_the_film"),
    [
        ("L\\F", "PA", Side.RIGHT),
        ("L\\F", "", Side.RIGHT),
        ("R\\F", "PA", Side.LEFT),
        ("LP\\F", "AP", Side.RIGHT),
        ("", "PA", Side.NONE),
        ("", "AP", Side.NONE),
        ("", "LL", Side.NONE),
        ("", "", Side.NONE),
        ("A\\F", "PA", Side.NONE),
        ("P\\F", "LL", Side.NONE),
    ],
)
def test_side_of_a_film_only_where_the_file_says_it(orientation: str, view: str, on_the_left_of_the_film: Side) -> None:
    volume = film(tags={"PatientOrientation": orientation, "ViewPosition": view})
    other = {Side.RIGHT: Side.LEFT, Side.LEFT: Side.RIGHT, Side.NONE: Side.NONE}[on_the_left_of_the_film]
    assert sides.radiograph_side(volume, LEFT_HALF) is on_the_left_of_the_film
    assert sides.radiograph_side(volume, RIGHT_HALF) is other
    assert sides.radiograph_side(volume, MIDDLE) is Side.NONE


def test_warm_regions_are_told_apart_with_their_share() -> None:
    values = np.zeros((1, 40, 40), np.float32)
    values[0, 5:10, 5:10] = 1.0
    values[0, 30:33, 30:35] = 0.8
    values[0, 20, 20] = 0.4
    values[0, 0, 39] = 0.9
    regions = warm_regions(values)
    total = 25 * 1.0 + 15 * 0.8 + 0.9
    assert [r.share for r in regions] == [pytest.approx(25 / total), pytest.approx(12 / total)]
    assert box_of(regions[0].mask) == ((0, 5, 5), (1, 10, 10))
    assert warm_regions(np.zeros((1, 3, 3), np.float32)) == ()


def whole_head(shift: float = 0.0, flip: bool = False, **changes: Any) -> Volume:
    """160 mm of head at 4 mm, its middle `shift` mm left of LPS x = 0."""
    stored = np.zeros((40, 50, 46), np.int16)
    stored[2:38, 3:47, 3:43] = 900
    step = -4.0 if flip else 4.0
    first = shift - step * (3 + 39 / 2)
    affine = np.array([[0, 0, step, first], [0, 4.0, 0, -100], [4.0, 0, 0, -80], [0, 0, 0, 1]])
    if flip:
        affine[1] *= -1
    geometry = Geometry(stored.shape, affine, frame_of_reference_uid="1.2.3")
    return replace(head(), stored=stored, geometry=geometry, **changes)


def box_at(volume: Volume, x: float) -> Any:
    k, j, i = (round(float(n)) for n in volume.geometry.world_to_index(np.array([x, 0.0, 0.0])))
    return (k - 3, j - 3, i - 3), (k + 4, j + 4, i + 4)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("shift", [0.0, 25.0])
def test_side_of_a_box_in_a_whole_head(shift: float, flip: bool) -> None:
    volume = whole_head(shift, flip)
    assert sides.box_side(volume, box_at(volume, shift + 30)) is Side.LEFT
    assert sides.box_side(volume, box_at(volume, shift - 30)) is Side.RIGHT
    assert sides.box_side(volume, box_at(volume, shift)) is Side.NONE


def test_a_named_side_that_the_box_contradicts_is_refused() -> None:
    volume = whole_head()
    request = AnalysisRequest("r", "p", {"image": volume}, box_at(volume, 30.0), options=RunOptions(side=Side.RIGHT))
    reason = sides.side_contradiction(request)
    assert reason is not None
    assert reason.verdict is Suitability.REFUSE
    assert reason.text == "The box for the right side lies on the left side of the head."
    assert sides.side_contradiction(replace(request, options=RunOptions(side=Side.LEFT))) is None
    assert sides.side_contradiction(replace(request, options=RunOptions())) is None
    unknown = replace(request, inputs={"image": replace(volume, series_uid=None)})
    assert sides.side_contradiction(unknown) is None


def test_no_side_where_geometry_cannot_be_trusted() -> None:
    volume = whole_head()
    box = box_at(volume, 30)
    cropped = replace(
        volume, stored=volume.stored[:, :, :20], geometry=volume.geometry.cropped((0, 0, 0), (40, 50, 20))
    )
    assert sides.box_side(cropped, ((10, 10, 2), (20, 20, 8))) is Side.NONE
    assert sides.box_side(replace(volume, series_uid=None), box) is Side.NONE
    assert sides.box_side(replace(volume, modality="OT"), box) is Side.NONE
    assert sides.box_side(replace(volume, geometry=replace(volume.geometry, oriented=False)), box) is Side.NONE
    assert sides.box_side(volume, None) is Side.NONE


def disc(radius: float, spacing: tuple[float, float, float] = (1.0, 0.5, 0.5), **changes: Any) -> Mask:
    """A ball of `radius` mm."""
    shape = tuple(int(2 * radius / s) + 9 for s in spacing)
    index = np.indices(shape).astype(float)
    centre = [(n - 1) / 2 for n in shape]
    squares = [((index[a] - centre[a]) * spacing[a]) ** 2 for a in range(3)]
    labels = (np.sum(squares, axis=0) <= radius**2).astype(np.uint8)
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = *spacing, 1
    geometry = Geometry(labels.shape, affine, **changes)
    return Mask(labels, (Segment(1, "Ball"),), geometry)


def test_volume_and_diameters_of_a_ball() -> None:
    mask = disc(10.0)
    (size,) = measures.volume(mask, 1)
    assert size.value == pytest.approx(4 / 3 * math.pi * 1000, rel=0.02)
    long, short, mean = measures.diameters(mask, 1)
    assert long.value == pytest.approx(20.0, abs=0.8)
    assert short.value == pytest.approx(20.0, abs=0.8)
    assert mean.value == pytest.approx((long.value + short.value) / 2, abs=0.06)
    assert (long.unit, short.unit, mean.unit) == ("mm", "mm", "mm")


def lens(axes: tuple[float, float, float], spacing: tuple[float, float, float], turn: float) -> tuple[Mask, Any]:
    """The mask of an ellipsoid cut at half coverage, and the coverage."""
    grid = tuple(2 * math.ceil(max(axes) / s) + 5 for s in spacing)
    share = known_shapes.coverage(
        known_shapes.Ellipsoid(axes, (0.3, 0.2, -0.3), turn), (grid[0], grid[1], grid[2]), spacing
    )
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = *spacing, 1
    return Mask((share > 0.5).astype(np.uint8), (Segment(1, "Nodule"),), Geometry(share.shape, affine)), share


@pytest.mark.parametrize("pixel", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("axes", [(2.5, 2.5, 2.5), (4.0, 3.0, 4.5), (6.0, 6.0, 4.0), (10.0, 8.0, 11.0)])
def test_sizes_of_nodules_rendered_with_partial_volumes(axes: tuple[float, float, float], pixel: float) -> None:
    turn = 0.4
    mask, share = lens(axes, (1.0, pixel, pixel), turn)
    long, short, mean = measures.diameters(mask, 1, share)
    wide, narrow = 2 * max(axes[1:]), 2 * min(axes[1:])
    assert long.value == pytest.approx(wide, abs=0.35 * pixel + 0.1)
    assert short.value == pytest.approx(narrow, abs=0.35 * pixel + 0.1)
    assert mean.value == pytest.approx((long.value + short.value) / 2, abs=0.06)
    rough_long, rough_short, _ = measures.diameters(mask, 1)
    assert rough_long.value == pytest.approx(wide, abs=1.0 * pixel + 0.05)
    assert rough_short.value == pytest.approx(narrow, abs=1.0 * pixel + 0.05)
    (size,) = measures.volume(mask, 1, share)
    assert size.value == pytest.approx(4 / 3 * math.pi * math.prod(axes), rel=0.12 if min(axes) < 3 else 0.05)


def test_what_was_never_validated_says_so() -> None:
    mask, share = lens((4.0, 4.0, 4.0), (1.0, 0.7, 0.7), 0.0)
    names = ("volume_mm3", "diameters_mm", "reader_agreement")
    made = measures.of_segment(names, mask, 1, share, not_validated=("volume_mm3", "diameters_mm"))
    assert [m.validated for m in made] == [False] * 4 + [True] * 2


def test_readers_who_agree_and_readers_who_do_not() -> None:
    mask, share = lens((5.0, 5.0, 5.0), (1.0, 0.7, 0.7), 0.0)
    sure, agreed = measures.reader_agreement(mask, 1, (share > 0.5).astype(np.float32))
    assert (sure.value, agreed.value) == (4.0, 1.0)
    half, apart = measures.reader_agreement(mask, 1, 0.5 * (share > 0.5).astype(np.float32))
    assert (half.value, apart.value) == (2.0, 0.5)
    assert measures.reader_agreement(mask, 1) == ()


def test_plus_minus_is_half_the_spread_of_the_band() -> None:
    mask = disc(4.0, (1.0, 1.0, 1.0))
    probability = np.where(mask.labels == 1, 0.9, 0.0)
    edge = np.argwhere(mask.labels == 1)[:10]
    probability[tuple(edge.T)] = 0.5
    (size,) = measures.volume(mask, 1, probability)
    assert size.plus_minus == pytest.approx(5.0)


def test_no_millimetres_no_sizes() -> None:
    flat = disc(4.0, (1.0, 1.0, 1.0), spacing_kind=SpacingKind.UNKNOWN)
    assert measures.of_segment(("volume_mm3", "diameters_mm"), flat, 1, None) == ()
    detector = disc(4.0, (1.0, 1.0, 1.0), spacing_kind=SpacingKind.DETECTOR)
    assert measures.of_segment(("volume_mm3", "diameters_mm"), detector, 1, None) == ()
    assert measures.of_segment(("area_share",), detector, 1, None)[0].unit == "%"
    steps = tuple(float(k + (k > 3)) for k in range(flat.labels.shape[0]))
    uneven = disc(4.0, (1.0, 1.0, 1.0), slice_positions=steps)
    assert measures.volume(uneven, 1) == ()


def test_a_stack_says_which_images_decided() -> None:
    scores = np.array([0.1, 0.8, 0.9, 0.7, 0.2, 0.95])
    attention = np.full((6, 6), 0.01)
    attention[5, [5, 4, 1]] = 0.6, 0.3, 0.06
    told = slices.deciding(scores, 5, attention, OperatingPoint("default", 0.7, 0.9, 0.9, n=9))
    assert told == (
        "Images at or above the threshold: 2-4, 6.",
        "The score of image 6 listened most to images 6 (60%), 5 (30%), 2 (6%).",
    )
    # a long stack is read in parts: an image's weights belong to its own part
    parts = np.full((6, 3), 0.02)
    parts[4, 0] = 0.96
    assert slices.deciding(scores, 4, parts, None) == ("The score of image 5 listened most to images 4 (96%).",)
    assert slices.deciding(scores * 0, 0, None, OperatingPoint("default", 0.7, 0.9, 0.9, n=9)) == (
        "No image reaches the threshold.",
    )
