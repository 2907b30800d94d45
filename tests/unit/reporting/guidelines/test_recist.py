"""RECIST 1.1 against the paper (Eur J Cancer 2009; 45: 228-247): measurability, sums, nadir, response."""

from __future__ import annotations

from typing import Any

import pytest

from viewer.core.errors import InputError
from viewer.jobs import guideline

Case = dict[str, Any]


def lesion(name: str, long_mm: float, organ: str = "liver") -> Case:
    return {"id": name, "organ": organ, "long_mm": long_mm}


def node(name: str, short_mm: float) -> Case:
    return {"id": name, "organ": "mediastinum", "node": True, "short_mm": short_mm}


def now(name: str, long_mm: float) -> Case:
    return {"id": name, "long_mm": long_mm} if long_mm else {"id": name, "state": "absent"}


def asked(baseline: list[Case], *points: Case, others: list[Case] | None = None) -> Case:
    return guideline.ask(
        "recist-1.1",
        {"baseline": {"target": baseline, "non_target": others or []}, "follow_up": list(points)},
    )


def point(*targets: Case, others: list[Case] | None = None, new: bool | None = False) -> Case:
    return {"target": list(targets), "non_target": others or [], "new_lesions": new}


@pytest.mark.parametrize(
    ("sums", "response"),
    [
        ((100, 0), "CR"),
        ((100, 70), "PR"),
        ((100, 71), "SD"),
        ((100, 119), "SD"),
        ((100, 120), "PD"),
        ((20, 24), "SD"),
        ((20, 25), "PD"),
        ((100, 50, 60), "PD"),
        ((100, 50, 54), "PR"),
        ((100, 80, 95), "SD"),
        ((100, 80, 96), "PD"),
        ((100, 10, 14), "PR"),
        ((100, 0, 6), "PD"),
    ],
)
def test_sums_are_held_against_the_baseline_and_the_nadir(sums: tuple[float, ...], response: str) -> None:
    answer = asked([lesion("a", sums[0])], *(point(now("a", size)) for size in sums[1:]))
    last = answer["time_points"][-1]
    assert (answer["response"], last["target"], last["sum_mm"]) == (response, response, sums[-1])
    assert (answer["baseline_sum_mm"], last["nadir_mm"]) == (sums[0], min(sums[:-1]))


#: Table 1 of the paper: targets, non-targets, new lesions -> overall.
TABLE = [
    ("CR", "CR", False, "CR"),
    ("CR", "NON", False, "PR"),
    ("CR", "NE", False, "PR"),
    ("PR", "NON", False, "PR"),
    ("PR", "NE", False, "PR"),
    ("PR", "CR", False, "PR"),
    ("SD", "NON", False, "SD"),
    ("SD", "NE", False, "SD"),
    ("SD", "CR", False, "SD"),
    ("NE", "NON", False, "NE"),
    ("NE", "CR", False, "NE"),
    ("PD", "CR", False, "PD"),
    ("CR", "PD", False, "PD"),
    ("NE", "PD", False, "PD"),
    ("CR", "CR", True, "PD"),
    ("SD", "NE", True, "PD"),
    ("NE", "NON", True, "PD"),
]
SIZES = {"CR": 0, "PR": 60, "SD": 100, "PD": 130}
STATES = {"CR": "absent", "NON": "present", "NE": "not_evaluated", "PD": "progression"}


@pytest.mark.parametrize(("target", "other", "new", "overall"), TABLE)
def test_the_overall_response_is_that_of_table_1(target: str, other: str, new: bool, overall: str) -> None:
    mine = [now("a", SIZES[target])] if target in SIZES else []
    others = [{"id": "n", "state": STATES[other]}]
    answer = asked([lesion("a", 100)], point(*mine, others=others, new=new), others=[{"id": "n"}])
    assert answer["response"] == overall


@pytest.mark.parametrize(
    ("other", "new", "overall"),
    [
        ("CR", False, "CR"),
        ("NON", False, "non-CR/non-PD"),
        ("NE", False, "NE"),
        ("PD", False, "PD"),
        ("CR", True, "PD"),
    ],
)
def test_without_targets_table_2_holds(other: str, new: bool, overall: str) -> None:
    answer = asked([], point(others=[{"id": "n", "state": STATES[other]}], new=new), others=[{"id": "n"}])
    assert answer["response"] == overall
    assert answer["rule"] == (
        "new-lesions" if new else "non-target-only" if other != "PD" else "non-target-progression"
    )


def test_nodes_count_by_their_short_axis_and_are_gone_below_ten() -> None:
    base = [node("n", 20), lesion("a", 30)]
    gone = point({"id": "n", "short_mm": 9, "long_mm": 30}, now("a", 0))
    answer = asked(base, gone)
    assert (answer["baseline_sum_mm"], answer["time_points"][0]["sum_mm"], answer["response"]) == (50, 9, "CR")
    left = asked(base, point({"id": "n", "short_mm": 10}, now("a", 0)))
    assert left["response"] == "PR"


def test_growth_of_what_was_measured_is_progression_whatever_is_missing() -> None:
    answer = asked([lesion("a", 50), lesion("b", 50)], point(now("a", 130)))
    assert (answer["response"], answer["time_points"][0]["sum_mm"]) == ("PD", None)
    assert asked([lesion("a", 50), lesion("b", 50)], point(now("a", 10)))["response"] == "NE"


def test_what_is_there_and_too_small_counts_five() -> None:
    answer = asked([lesion("a", 50)], point({"id": "a", "state": "too_small"}))
    assert (answer["time_points"][0]["sum_mm"], answer["response"]) == (5, "PR")


def test_new_lesions_must_be_asked_for() -> None:
    answer = asked([lesion("a", 50)], point(now("a", 50), new=None))
    assert (answer["applies"], answer["missing"]) == (False, ["new_lesions"])
    assert asked([lesion("a", 50)], point(now("a", 90), new=None))["response"] == "PD"


@pytest.mark.parametrize(
    ("targets", "slice_mm"),
    [
        ([lesion("a", 9.9)], None),
        ([lesion("a", 13)], 7.5),
        ([node("n", 14.9)], None),
        ([lesion(str(n), 20) for n in range(3)], None),
        ([node("a", 20), node("b", 20), node("c", 20)], None),
        ([lesion(str(n), 20, f"organ {n}") for n in range(6)], None),
        ([lesion("a", 20), lesion("a", 20)], None),
        ([{"id": "a", "organ": "liver", "short_mm": 20}], None),
        ([{"id": "a", "organ": "liver", "long_mm": 20, "short_mm": 30}], None),
        ([lesion("a", -1)], None),
        ([lesion("a", float("nan"))], None),
        ([{"id": "a", "organ": "liver", "size": 20}], None),
        ([], None),
    ],
)
def test_what_is_no_target_is_refused(targets: list[Case], slice_mm: float | None) -> None:
    base = {"target": targets, "slice_mm": slice_mm}
    with pytest.raises(InputError):
        guideline.ask("recist-1.1", {"baseline": base, "follow_up": [point()]})


@pytest.mark.parametrize("slice_mm", [5, 7.5])
def test_the_least_size_grows_with_thick_slices(slice_mm: float) -> None:
    base = {"target": [lesion("a", 2 * slice_mm)], "slice_mm": slice_mm}
    case = {"baseline": base, "follow_up": [point(now("a", 20))]}
    assert guideline.ask("recist-1.1", case)["applies"]


def test_time_points_name_known_lesions_in_the_order_of_their_dates() -> None:
    with pytest.raises(InputError):
        asked([lesion("a", 20)], point(now("b", 20)))
    with pytest.raises(InputError):
        asked([lesion("a", 20)])
    base = {"target": [lesion("a", 20)], "date": "2026-02-01"}
    late = point(now("a", 20)) | {"date": "2026-01-01"}
    with pytest.raises(InputError):
        guideline.ask("recist-1.1", {"baseline": base, "follow_up": [late]})


def test_it_is_said_in_chinese_and_as_text() -> None:
    case = {"baseline": {"target": [lesion("a", 50)]}, "follow_up": [point(now("a", 50))]}
    answer = guideline.ask("recist-1.1", case, "zh")
    assert answer["text"] == "SD: 疾病稳定。"
    assert "50 -> 50 mm" in guideline.as_text(answer)
