"""Change between two studies."""

from __future__ import annotations

from datetime import date

import pytest

from viewer.core.errors import UsageError
from viewer.core.finding import Measurement
from viewer.core.measurement import ReaderMeasurement
from viewer.core.pairing import day_of, pair


def length(name: str, mm: float, error: float = 0.5, unit: str = "mm") -> ReaderMeasurement:
    return ReaderMeasurement(
        name, "length", "Length", "s", 0, "native", (), (Measurement("Length", mm, unit, None, error),)
    )


JANUARY, APRIL = date(2026, 1, 1), date(2026, 4, 1)


def test_a_doubled_volume_takes_its_days() -> None:
    change = pair(length("a", 10.0), length("b", 10.0 * 2 ** (1 / 3)), JANUARY, APRIL)
    assert change.days == 90
    assert change.doubling_days == pytest.approx(90.0)
    assert change.change_mm == pytest.approx(2.599, abs=1e-3)
    assert change.change_percent == pytest.approx(25.99, abs=1e-2)
    assert not change.within_error


def test_the_later_one_counts_whatever_the_order() -> None:
    change = pair(length("a", 12.0), length("b", 10.0), APRIL, JANUARY)
    assert (change.change_mm, change.days) == (pytest.approx(2.0), 90)


def test_shrinking_and_unknown_days_double_never() -> None:
    assert pair(length("a", 12.0), length("b", 10.0), JANUARY, APRIL).doubling_days is None
    unknown = pair(length("a", 10.0), length("b", 12.0), None, APRIL)
    assert (unknown.days, unknown.doubling_days) == (None, None)


def test_a_change_within_both_errors_is_said() -> None:
    assert pair(length("a", 10.0, 0.6), length("b", 10.99, 0.8), JANUARY, APRIL).within_error
    assert not pair(length("a", 10.0, 0.6), length("b", 11.01, 0.8), JANUARY, APRIL).within_error


def test_what_is_no_length_in_mm_is_not_paired() -> None:
    one = length("a", 10.0)
    for other in (one, length("b", 10.0, unit="px"), length("c", 0.0)):
        with pytest.raises(UsageError):
            pair(one, other, JANUARY, APRIL)


def test_days_are_read_as_dicom_writes_them() -> None:
    assert day_of("20260401") == APRIL
    assert day_of("2026.04.01") == APRIL
    assert day_of("") is None and day_of("2026") is None
