"""Two measurements of one thing at two times: how much it changed, and whether that is more than their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from viewer.core.errors import UsageError
from viewer.core.finding import Measurement
from viewer.core.measurement import ReaderMeasurement

#: Numbers that are lengths, the leading one of a measurement first.
_LENGTHS = ("Length", "Long axis")


@dataclass(frozen=True, slots=True)
class Change:
    """Later minus earlier.

    Attributes:
        days: between the studies; None where a date is missing.
        doubling_days: time in which the volume doubles; None without growth or days.
        within_error: the change is no larger than both errors together.
    """

    change_mm: float
    change_percent: float
    days: int | None
    doubling_days: float | None
    within_error: bool


def day_of(dicom_date: str) -> date | None:
    """A DICOM date (DA, PS3.5 6.2), None where it is none."""
    digits = dicom_date.replace("-", "").replace(".", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def pair(
    first: ReaderMeasurement, second: ReaderMeasurement, first_day: date | None, second_day: date | None
) -> Change:
    """The change of a length; the one of the earlier study is the earlier one, `first` where the days are alike.

    Doubling time after Schwartz: days x ln 2 / (3 x ln(d2 / d1)).

    Raises:
        UsageError: they are one and the same, or one measures no length in mm.
    """
    if first.id == second.id:
        raise UsageError("A measurement cannot be paired with itself.", "Name two.")
    if first_day is not None and second_day is not None and second_day < first_day:
        return pair(second, first, second_day, first_day)
    before, after = length_of(first), length_of(second)
    if before.name != after.name:
        raise UsageError(f"A {before.name} and a {after.name} are not compared.", "Name two of one kind.")
    days = (second_day - first_day).days if first_day is not None and second_day is not None else None
    change = after.value - before.value
    return Change(
        change,
        100 * change / before.value,
        days,
        _doubling(before.value, after.value, days),
        abs(change) <= math.hypot(before.plus_minus or 0.0, after.plus_minus or 0.0),
    )


def _doubling(before: float, after: float, days: int | None) -> float | None:
    if not days or after <= before:
        return None
    return days * math.log(2) / (3 * math.log(after / before))


def length_of(measurement: ReaderMeasurement) -> Measurement:
    """The length of a measurement that a pair compares.

    Raises:
        UsageError: it measures none in mm.
    """
    found = next((v for v in measurement.values if v.name in _LENGTHS and v.unit == "mm"), None)
    if found is None or found.value <= 0:
        raise UsageError(f"'{measurement.name}' measures no length in mm.", "Pair lengths or axes.")
    return found
