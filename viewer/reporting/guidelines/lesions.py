"""Tumour lesions as RECIST 1.1 counts them: what may be a target, what of it is summed, what became of it.

Eisenhauer EA et al., New response evaluation criteria in solid tumours: revised RECIST guideline (version 1.1),
Eur J Cancer 2009; 45: 228-247, sections 3 and 4. All lengths are in mm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from viewer.core.errors import InputError

#: Least longest diameter of a target, on slices of at most 5 mm; on thicker ones twice their thickness.
LEAST_LONG = Decimal(10)
THIN_SLICE = Decimal(5)
#: A node is a target from this short axis, and normal below the other.
LEAST_NODE, NORMAL_NODE = Decimal(15), Decimal(10)
MOST_TARGETS, MOST_IN_ORGAN = 5, 2
#: What a lesion counts that is there and too small to measure.
TOO_SMALL = Decimal(5)

Size = Annotated[float, Meta(gt=0, le=1000)]
TargetState = Literal["measured", "absent", "too_small", "not_evaluated"]
OtherState = Literal["absent", "present", "progression", "not_evaluated"]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object of the input."""


class Target(Part, frozen=True):
    """A target lesion at baseline; of a node the short axis counts, of all else the longest diameter."""

    id: str
    organ: str
    long_mm: Size | None = None
    short_mm: Size | None = None
    node: bool = False


class NonTarget(Part, frozen=True):
    """Any other lesion at baseline."""

    id: str
    organ: str = ""
    node: bool = False


class TargetNow(Part, frozen=True):
    """A target lesion at a later time."""

    id: str
    long_mm: Size | None = None
    short_mm: Size | None = None
    state: TargetState = "measured"


class NonTargetNow(Part, frozen=True):
    """Another lesion at a later time; "progression" means unequivocal."""

    id: str
    state: OtherState = "not_evaluated"


class Baseline(Part, frozen=True):
    """The time before treatment."""

    target: tuple[Target, ...] = ()
    non_target: tuple[NonTarget, ...] = ()
    date: str = ""
    slice_mm: Size | None = None


class FollowUp(Part, frozen=True):
    """One later time; `new_lesions` None: not asked."""

    target: tuple[TargetNow, ...] = ()
    non_target: tuple[NonTargetNow, ...] = ()
    new_lesions: bool | None = None
    date: str = ""


class Case(Part, frozen=True):
    """All time points of a patient, follow-ups in the order of their dates."""

    baseline: Baseline
    follow_up: tuple[FollowUp, ...]


def read(raw: Mapping[str, Any]) -> Case:
    """A case.

    Raises:
        InputError: something in it cannot be, or is no target by the criteria.
    """
    try:
        case = msgspec.convert(raw, Case)
    except msgspec.ValidationError as error:
        raise InputError(f"These lesions cannot be read: {str(error).replace('`', chr(39))}.", "Correct it.") from error
    _check_baseline(case.baseline)
    for later in case.follow_up:
        _check_known("target lesion", [one.id for one in case.baseline.target], [one.id for one in later.target])
        _check_known("non-target", [one.id for one in case.baseline.non_target], [one.id for one in later.non_target])
        for one in later.target:
            _check_axes(one.id, one.long_mm, one.short_mm)
    dates = [case.baseline.date, *(later.date for later in case.follow_up)]
    if all(dates) and dates != sorted(dates):
        raise InputError("The time points are not in the order of their dates.", "Sort them, oldest first.")
    if not case.follow_up:
        raise InputError("There is no time point after the baseline.", "Give 'follow_up' with at least one.")
    return case


def _check_baseline(baseline: Baseline) -> None:
    if not (baseline.target or baseline.non_target):
        raise InputError("There are no lesions at baseline.", "Give target or non-target lesions.")
    ids = [*(one.id for one in baseline.target), *(one.id for one in baseline.non_target)]
    _check_known("lesion", [], ids, strict=False)
    if len(baseline.target) > MOST_TARGETS:
        raise InputError(f"There are more than {MOST_TARGETS} target lesions.", "List the others as non-target.")
    organs = Counter("lymph nodes" if one.node else one.organ.strip().casefold() for one in baseline.target)
    crowded = [organ for organ, count in organs.items() if count > MOST_IN_ORGAN]
    if crowded:
        what = f"There are more than {MOST_IN_ORGAN} target lesions in one organ ({crowded[0]})."
        raise InputError(what, "List the others as non-target.")
    for one in baseline.target:
        _check_measurable(one, baseline.slice_mm)


def _check_measurable(target: Target, slice_mm: float | None) -> None:
    _check_axes(target.id, target.long_mm, target.short_mm)
    size, least = length(target, target), LEAST_NODE if target.node else _least_long(slice_mm)
    if size is None:
        axis = "short axis" if target.node else "longest diameter"
        raise InputError(f"The {axis} of target '{target.id}' is missing.", "Measure it.")
    if size < least:
        what = f"Target '{target.id}' has {size:g} mm and is measurable from {least:g} mm."
        raise InputError(what, "List it as non-target.")


def _least_long(slice_mm: float | None) -> Decimal:
    thickness = Decimal(str(slice_mm)) if slice_mm is not None else THIN_SLICE
    return LEAST_LONG if thickness <= THIN_SLICE else 2 * thickness


def _check_axes(lesion: str, long_mm: float | None, short_mm: float | None) -> None:
    if long_mm is not None and short_mm is not None and short_mm > long_mm:
        raise InputError(f"The short axis of '{lesion}' is larger than its long axis.", "Measure again.")


def _check_known(what: str, known: list[str], given: list[str], strict: bool = True) -> None:
    twice = [one for one, count in Counter(given).items() if count > 1]
    if twice:
        raise InputError(f"There are two lesions '{twice[0]}'.", "Give each its own id.")
    strange = [one for one in given if one not in known] if strict else []
    if strange:
        raise InputError(f"There is no {what} '{strange[0]}' at baseline.", "A new lesion is told by 'new_lesions'.")


def length(target: Target, now: Target | TargetNow) -> Decimal | None:
    """What a target adds to the sum; None where it is not measured."""
    state = getattr(now, "state", "measured")
    if state == "absent":
        return Decimal(0)
    if state == "too_small":
        return TOO_SMALL
    size = now.short_mm if target.node else now.long_mm
    return None if state == "not_evaluated" or size is None else Decimal(str(size))
