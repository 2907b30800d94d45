"""Measures against sklearn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from viewer.analysis.recipe import PointTargets
from viewer.training import metrics, points

RNG = np.random.default_rng(0)
TRUTH = (RNG.random(300) < 0.4).astype(int)
SCORES = np.round(np.clip(RNG.normal(0.35 + 0.3 * TRUTH, 0.2), 0, 1), 2)


def test_auc_equals_sklearn_with_ties():
    assert metrics.auc(TRUTH, SCORES) == pytest.approx(sk.roc_auc_score(TRUTH, SCORES))
    assert np.isnan(metrics.auc(np.ones(5), np.ones(5)))


def test_classification_equals_sklearn():
    out = metrics.classification(TRUTH, SCORES, 0.5, list(range(300)))
    called = SCORES >= 0.5
    assert out["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(TRUTH, called))
    assert out["f1"] == pytest.approx(sk.f1_score(TRUTH, called))
    assert out["precision"] == pytest.approx(sk.precision_score(TRUTH, called))
    assert out["calibration"]["brier"] == pytest.approx(sk.brier_score_loss(TRUTH, SCORES))
    assert out["auc_ci"][0] < out["auc"] < out["auc_ci"][1]
    assert sum(out["confusion"].values()) == 300


def test_the_interval_widens_when_patients_hold_several_cases():
    def width(groups):
        low, high = metrics.bootstrap(lambda i: metrics.auc(TRUTH[i], SCORES[i]), groups, draws=400)
        return high - low

    assert width([n // 30 for n in range(300)]) > 0
    constant = metrics.bootstrap(lambda i: 1.0, list(range(5)), draws=20)
    assert constant == (1.0, 1.0)


def test_dice_and_hausdorff_by_hand():
    a = np.zeros((1, 20, 20), bool)
    a[0, 5:10, 5:10] = True
    b = np.roll(a, 3, axis=2)
    assert metrics.dice(a, b) == pytest.approx(2 * 10 / 50)
    assert metrics.hd95(a, b, (1, 1, 2)) == pytest.approx(6.0)
    assert metrics.hd95(a, np.zeros_like(a), (1, 1, 1)) == float("inf")
    assert metrics.dice(np.zeros_like(a), np.zeros_like(a)) == 1


def _ball(shape, radius):
    """Bool of `shape`: within `radius` of the middle, over the axes longer than 1."""
    at = np.indices(shape) - np.reshape([n // 2 for n in shape], (-1, *[1] * len(shape)))
    return (at**2).sum(axis=0) <= radius**2


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_on_one_slice_the_distance_of_two_discs_is_the_difference_of_their_radii(axis):
    shape = np.insert([101, 101], axis, 1)
    spacing = np.insert([0.5, 0.5], axis, 7.0)
    small, large = _ball(shape, 40), _ball(shape, 42)
    assert metrics.hd95(small, large, spacing) == pytest.approx(1.0, abs=0.2)
    assert metrics.hd95(large, small, spacing) == pytest.approx(1.0, abs=0.2)
    assert metrics.hd95(small, small, spacing) == 0


def test_in_a_volume_the_distance_of_two_balls_is_the_difference_of_their_radii():
    small, large = _ball((41, 41, 41), 10), _ball((41, 41, 41), 16)
    assert metrics.hd95(small, large, (1, 1, 1)) == pytest.approx(6.0, abs=1.0)


def test_a_mask_at_the_border_of_the_grid_has_its_surface_there():
    left = np.zeros((1, 40, 40), bool)
    left[..., :10] = True
    whole = np.ones_like(left)
    assert metrics.hd95(left, whole, (1, 1, 1)) == pytest.approx(30.0)
    one = np.ones((1, 1, 1), bool)
    assert metrics.hd95(one, one, (1, 1, 1)) == 0


def test_a_patients_cases_are_pooled_before_the_mean():
    rows = [
        {"structure": "s", "unit": "p1", "both": 0, "total": 2, "hd95": float("inf")},
        {"structure": "s", "unit": "p1", "both": 49, "total": 98, "hd95": 1.0},
        {"structure": "s", "unit": "p2", "both": 0, "total": 0, "hd95": 0.0},
    ]
    out = metrics.structures(rows)["s"]
    assert out["n"] == 2 and out["dice_worst"] == pytest.approx(0.98) and out["dice_mean"] == pytest.approx(0.99)
    assert out["hd95_mm"] == pytest.approx(0.5) and out["one_empty"] == 1
    assert out["hd95_mm_ci"] == pytest.approx([0, 1]) and out["lowest"] == [["p1", 0.98], ["p2", 1.0]]


def test_distances_on_pictures_without_spacing_are_never_called_millimetres():
    row = {"structure": "s", "unit": "p", "both": 5, "total": 10, "hd95": 3.0, "pixels": True}
    out = metrics.structures([row])["s"]
    assert out["hd95_px"] == 3.0 and out["hd95_mm"] is None


def test_temperature_mends_overconfidence():
    truth = (RNG.random(4000) < 0.5).astype(float)
    honest = np.where(truth > 0, 1, -1) * 0.8 + RNG.normal(0, 1.3, 4000)
    heat = metrics.temperature(honest * 5, truth)
    before = metrics.expected_calibration_error(truth, 1 / (1 + np.exp(-honest * 5)))
    after = metrics.expected_calibration_error(truth, 1 / (1 + np.exp(-honest * 5 / heat)))
    assert heat > 2 and after < before / 2


def test_operating_points_reach_their_targets():
    logits = np.log(np.clip(SCORES, 0.01, 0.99) / (1 - np.clip(SCORES, 0.01, 0.99)))
    goals = PointTargets(0.8, 0.95, 0.95)
    fixed = points.fix(logits, TRUTH, [str(n) for n in range(300)], goals)
    by = {p["name"]: p for p in fixed.points}
    assert by["default"]["sensitivity"] >= 0.8 and by["high_sensitivity"]["sensitivity"] >= 0.95
    assert by["high_specificity"]["specificity"] >= 0.94
    assert by["high_sensitivity"]["threshold"] < by["default"]["threshold"] < by["high_specificity"]["threshold"]
    assert all(p["n"] == 300 and p["origin"] for p in fixed.points)
