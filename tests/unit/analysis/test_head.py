"""The head circumference: an ellipse of known length, pixels of known size, and nothing without millimetres."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from viewer.analysis import measures
from viewer.analysis.tasks.segmentation import stated_scale
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.volume import Mask


def _drawn(spacing: tuple[float, float] = (0.5, 0.5), kind: SpacingKind = SpacingKind.PATIENT) -> Mask:
    """An ellipse of 60 x 45 mm half axes, turned by 30 degrees, with a hole and a speck beside it."""
    j, i = np.mgrid[:300, :400].astype(float)
    y, x = (j - 150) * spacing[0], (i - 200) * spacing[1]
    along, across = x * np.cos(0.52) + y * np.sin(0.52), y * np.cos(0.52) - x * np.sin(0.52)
    labels = ((along / 60) ** 2 + (across / 45) ** 2 <= 1).astype(np.uint8)
    labels[140:150, 190:200] = 0
    labels[2:6, 2:6] = 1
    affine = np.diag([1.0, spacing[0], spacing[1], 1.0])[[2, 1, 0, 3]]
    return Mask(labels[None], (), Geometry((1, 300, 400), affine, spacing_kind=kind, oriented=False))


@pytest.mark.parametrize("spacing", [(0.5, 0.5), (0.6, 0.4)])
def test_the_length_of_a_known_ellipse(spacing: tuple[float, float]) -> None:
    (found,) = measures.head_circumference(_drawn(spacing), 1)
    assert found.value == pytest.approx(measures.ellipse_length(60, 45), abs=0.4)
    assert (found.unit, found.code and found.code.value) == ("mm", "11984-2")


def test_half_of_a_drawn_line_is_taken_off() -> None:
    whole, less = (measures.head_circumference(_drawn(), 1, None, line)[0].value for line in (0.0, 0.01))
    assert whole - less == pytest.approx(2 * np.pi * 0.01 * 400 * 0.5 / 2, rel=0.02)


def test_without_millimetres_nothing_and_with_stated_ones_the_same() -> None:
    bare = _drawn((1.0, 1.0), SpacingKind.UNKNOWN)
    assert measures.of_segment(("head_circumference", "gestational_age"), bare, 1, None) == ()
    told = stated_scale(bare, 0.5)
    assert measures.head_circumference(told, 1)[0].value == pytest.approx(
        measures.head_circumference(_drawn((1.0, 1.0)), 1)[0].value / 2, abs=0.1
    )
    known = _drawn()
    assert stated_scale(known, 9.0) is known, "what the file tells is not overridden"


def test_the_age_is_that_of_the_paper_with_its_range() -> None:
    assert measures.hadlock_weeks(177) == pytest.approx(20.2, abs=0.05)
    (age,) = measures.gestational_age(_drawn(), 1)
    assert age.value == pytest.approx(measures.hadlock_weeks(measures.ellipse_length(60, 45)), abs=0.1)
    assert (age.unit, age.plus_minus) == ("wk", 3.2)
    small = _drawn((0.05, 0.05))
    inside = replace(small, labels=np.where(np.indices((1, 300, 400))[1] < 280, small.labels, 0))
    assert measures.gestational_age(replace(inside, geometry=_tiny()), 1) == (), "below 68 mm the formula is silent"


def _tiny() -> Geometry:
    affine = np.diag([1.0, 0.02, 0.02, 1.0])[[2, 1, 0, 3]]
    return Geometry((1, 300, 400), affine, oriented=False)


def test_the_answer_of_an_empty_mask_is_nothing() -> None:
    empty = replace(_drawn(), labels=np.zeros((1, 300, 400), np.uint8))
    assert measures.head_circumference(empty, 1) == ()
