"""Response by RECIST 1.1: sums, nadir, overall response of each time point (Eisenhauer 2009, tables 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from viewer.reporting.guidelines.lesions import NORMAL_NODE, Case, FollowUp, NonTargetNow, TargetNow, length, read

NAME = "recist-1.1"
_HEAD = {"guideline": NAME, "edition": "1.1", "source": "Eur J Cancer 2009; 45: 228-247"}
#: Partial response: the sum shrinks to this share of the baseline.
_PARTIAL = Decimal("0.7")
#: Progression: the sum grows to this multiple of the nadir, and by so many mm.
_GROWN, _GROWN_MM = Decimal("1.2"), Decimal(5)


class Response(StrEnum):
    """What became of lesions."""

    CR = "CR"
    PR = "PR"
    SD = "SD"
    PD = "PD"
    NON = "non-CR/non-PD"
    NE = "NE"
    NONE = "none at baseline"


_SAID = {
    "en": {
        Response.CR: "complete response",
        Response.PR: "partial response",
        Response.SD: "stable disease",
        Response.PD: "progressive disease",
        Response.NON: "neither complete response nor progression",
        Response.NE: "not evaluable",
    },
    "zh": {
        Response.CR: "完全缓解",
        Response.PR: "部分缓解",
        Response.SD: "疾病稳定",
        Response.PD: "疾病进展",
        Response.NON: "非完全缓解/非进展",
        Response.NE: "不可评价",
    },
}
_NEW_LESIONS = {"en": "New lesions were not asked for.", "zh": "未说明是否有新病灶。"}


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of diameters in mm; `now` counts what was measured, None where nothing was."""

    baseline: Decimal
    nadir: Decimal
    now: Decimal | None
    complete: bool


def evaluate(raw: Mapping[str, Any], language: str = "en") -> dict[str, Any]:
    """Response at every time point after the baseline.

    Returns:
        guideline, edition, source, applies; then response and rule of the last time point, baseline_sum_mm,
        time_points, used, text; or missing (names) and text.

    Raises:
        InputError: the input is impossible.
    """
    case = read(raw)
    points = list(_time_points(case))
    last = points[-1]
    if last["overall"] is None:
        return _HEAD | {"applies": False, "missing": ["new_lesions"], "text": _NEW_LESIONS[language]}
    overall = Response(last["overall"])
    return _HEAD | {
        "applies": True,
        "rule": last["rule"],
        "response": overall.value,
        "baseline_sum_mm": _plain(_baseline(case)),
        "time_points": points,
        "used": {"targets": len(case.baseline.target), "non_targets": len(case.baseline.non_target)},
        "text": f"{overall.value}: {_SAID[language][overall]}" + ("。" if language == "zh" else "."),
    }


def _baseline(case: Case) -> Decimal:
    return sum((length(one, one) or Decimal(0) for one in case.baseline.target), Decimal(0))


def _time_points(case: Case) -> Iterator[dict[str, Any]]:
    baseline = _baseline(case)
    nadir = baseline
    for later in case.follow_up:
        lengths = _lengths(case, later)
        measured = [one for one in lengths if one is not None]
        complete = len(measured) == len(lengths)
        sums = Sums(baseline, nadir, sum(measured, Decimal(0)) if measured else None, complete)
        target = _target(case, later, sums)
        other = _non_target(case, later)
        overall, rule = _overall(target, other, later.new_lesions)
        yield _told(later, sums) | {
            "target": target.value,
            "non_target": other.value,
            "new_lesions": later.new_lesions,
            "overall": None if overall is None else overall.value,
            "rule": rule,
        }
        if complete and sums.now is not None:
            nadir = min(nadir, sums.now)


def _lengths(case: Case, later: FollowUp) -> list[Decimal | None]:
    now = {one.id: one for one in later.target}
    absent = TargetNow("", state="not_evaluated")
    return [length(one, now.get(one.id, absent)) for one in case.baseline.target]


def _target(case: Case, later: FollowUp, sums: Sums) -> Response:
    """What became of the targets; growth of those that were measured is progression whatever the others do."""
    if not case.baseline.target:
        return Response.NONE
    if sums.now is not None and _has_grown(sums):
        return Response.PD
    if sums.now is None or not sums.complete:
        return Response.NE
    if _have_gone(case, later):
        return Response.CR
    return Response.PR if sums.now <= _PARTIAL * sums.baseline else Response.SD


def _has_grown(sums: Sums) -> bool:
    now = sums.now or Decimal(0)
    return now >= _GROWN * sums.nadir and now - sums.nadir >= _GROWN_MM


def _have_gone(case: Case, later: FollowUp) -> bool:
    """Every target is gone; nodes are back to a normal short axis."""
    pairs = zip(case.baseline.target, _lengths(case, later), strict=True)
    return all(size is not None and (size < NORMAL_NODE if one.node else size == 0) for one, size in pairs)


def _non_target(case: Case, later: FollowUp) -> Response:
    if not case.baseline.non_target:
        return Response.NONE
    now = {one.id: one for one in later.non_target}
    states = [now.get(one.id, NonTargetNow("")).state for one in case.baseline.non_target]
    if "progression" in states:
        return Response.PD
    if "not_evaluated" in states:
        return Response.NE
    return Response.CR if set(states) == {"absent"} else Response.NON


def _overall(target: Response, other: Response, new: bool | None) -> tuple[Response | None, str]:
    """The overall response and its rule; None where it depends on new lesions nobody was asked about."""
    if new:
        return Response.PD, "new-lesions"
    for response, rule in ((target, "target-progression"), (other, "non-target-progression")):
        if response is Response.PD:
            return Response.PD, rule
    if new is None:
        return None, ""
    if target is Response.NONE:
        return other, "non-target-only"
    return _with_targets(target, other), f"target-{target.value}-non-target-{other.value}".replace(" ", "-")


def _with_targets(target: Response, other: Response) -> Response:
    """Table 1: complete only where every lesion is gone."""
    if target is Response.CR and other not in (Response.CR, Response.NONE):
        return Response.PR
    return target


def _told(later: FollowUp, sums: Sums) -> dict[str, Any]:
    now = sums.now if sums.complete else None
    grown = None if now is None else now - sums.nadir
    return {
        "date": later.date,
        "sum_mm": _plain(now),
        "nadir_mm": _plain(sums.nadir),
        "from_baseline_percent": _percent(now, sums.baseline),
        "from_nadir_percent": _percent(now, sums.nadir),
        "from_nadir_mm": _plain(grown),
    }


def _percent(now: Decimal | None, before: Decimal) -> float | None:
    if now is None or not before:
        return None
    return float(((now - before) / before * 100).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))


def _plain(number: Decimal | None) -> float | int | None:
    if number is None:
        return None
    return int(number) if number == number.to_integral_value() else float(number)


def listed(points: Sequence[Mapping[str, Any]]) -> str:
    """Sums of all time points in a line: "80 -> 50 -> 45 mm"."""
    sums = ["?" if point["sum_mm"] is None else f"{point['sum_mm']:g}" for point in points]
    return f"{' -> '.join(sums)} mm"
