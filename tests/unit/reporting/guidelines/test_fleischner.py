"""Every cell of the Fleischner 2017 tables against the paper (Radiology 2017; 284: 228-243), and what cannot apply."""

from __future__ import annotations

from typing import Any

import pytest

from viewer.core.errors import InputError
from viewer.jobs import guideline

NAME = "fleischner-2017"
ASKED = {"age_years": 60, "known_cancer": False, "immunosuppressed": False, "screening": False}
Step = dict[str, Any]


def ct(first: int, last: int, strength: str = "do") -> Step:
    return {"what": "CT", "after_months": [first, last], "strength": strength}


def often(every: int, until: int) -> Step:
    return {"what": "CT", "every_months": every, "until_months": until, "strength": "do"}


def nodule(composition: str, size: float, solid: float | None = None) -> dict[str, Any]:
    """A nodule whose mean axis is `size`, and its solid part's is `solid`."""
    one: dict[str, Any] = {"composition": composition, "long_mm": size + 0.4, "short_mm": size - 0.4}
    return one if solid is None else one | {"solid_long_mm": solid + 0.2, "solid_short_mm": solid - 0.2}


def asked(*nodules: dict[str, Any], risk: str | None = None, **patient: Any) -> dict[str, Any]:
    case: dict[str, Any] = {"nodules": list(nodules), "patient": ASKED | patient}
    return guideline.ask(NAME, case if risk is None else case | {"risk": risk})


#: composition, several, size, solid part, risk -> steps, alternatives.
CELLS: list[tuple[str, bool, float, float | None, str | None, list[Step], list[str]]] = [
    ("solid", False, 5, None, "low", [], []),
    ("solid", False, 5, None, "high", [ct(12, 12, "optional")], []),
    ("solid", False, 6, None, "low", [ct(6, 12), ct(18, 24, "consider")], []),
    ("solid", False, 8, None, "low", [ct(6, 12), ct(18, 24, "consider")], []),
    ("solid", False, 6, None, "high", [ct(6, 12), ct(18, 24)], []),
    ("solid", False, 8, None, "high", [ct(6, 12), ct(18, 24)], []),
    ("solid", False, 9, None, "low", [ct(3, 3, "consider")], ["PET-CT", "tissue sampling"]),
    ("solid", False, 9, None, "high", [ct(3, 3, "consider")], ["PET-CT", "tissue sampling"]),
    ("solid", True, 5, None, "low", [], []),
    ("solid", True, 5, None, "high", [ct(12, 12, "optional")], []),
    ("solid", True, 6, None, "low", [ct(3, 6), ct(18, 24, "consider")], []),
    ("solid", True, 8, None, "low", [ct(3, 6), ct(18, 24, "consider")], []),
    ("solid", True, 7, None, "high", [ct(3, 6), ct(18, 24)], []),
    ("solid", True, 9, None, "low", [ct(3, 6), ct(18, 24, "consider")], []),
    ("solid", True, 9, None, "high", [ct(3, 6), ct(18, 24)], []),
    ("ground_glass", False, 5, None, None, [], []),
    ("ground_glass", False, 6, None, None, [ct(6, 12), often(24, 60)], []),
    ("ground_glass", False, 20, None, "low", [ct(6, 12), often(24, 60)], []),
    ("part_solid", False, 5, None, None, [], []),
    ("part_solid", False, 5, 3, None, [], []),
    ("part_solid", False, 6, 5, None, [ct(3, 6), often(12, 60)], []),
    ("part_solid", False, 12, 6, None, [ct(3, 6)], ["PET-CT", "tissue sampling", "resection"]),
    ("ground_glass", True, 5, None, None, [ct(3, 6), ct(24, 24, "consider"), ct(48, 48, "consider")], []),
    ("part_solid", True, 5, 3, None, [ct(3, 6), ct(24, 24, "consider"), ct(48, 48, "consider")], []),
    ("ground_glass", True, 6, None, None, [ct(3, 6)], []),
    ("part_solid", True, 9, 7, "high", [ct(3, 6)], []),
]


@pytest.mark.parametrize(("composition", "several", "size", "solid", "risk", "steps", "alternatives"), CELLS)
def test_every_cell_says_what_the_paper_says(
    composition: str,
    several: bool,
    size: float,
    solid: float | None,
    risk: str | None,
    steps: list[Step],
    alternatives: list[str],
) -> None:
    nodules = [nodule(composition, size, solid)] + [nodule(composition, 4, 2)] * several
    answer = asked(*nodules, risk=risk)
    assert (answer["applies"], answer["steps"], answer["alternatives"]) == (True, steps, alternatives)
    assert answer["size_mm"] == size
    assert answer["text"] and answer["rule"] and answer["edition"] == "2017"


def test_every_rule_of_the_table_is_one_of_the_cells() -> None:
    reached = {
        asked(*[nodule(c, size, solid)] + [nodule(c, 4, 2)] * several, risk=risk)["rule"]
        for c, several, size, solid, risk, _, _ in CELLS
    }
    assert reached == {rule.id for rule in guideline.table_of(NAME).rules}


@pytest.mark.parametrize(
    ("long_mm", "short_mm", "size"),
    [(6.0, 5.0, 6), (5.9, 5.0, 5), (5.6, 5.4, 6), (9.0, 8.0, 9), (8.9, 8.0, 8), (0.5, 0.5, 1), (8.3, 8.7 - 1, 8)],
)
def test_the_mean_of_both_axes_is_rounded_halves_up(long_mm: float, short_mm: float, size: int) -> None:
    one = {"composition": "solid", "long_mm": long_mm, "short_mm": short_mm}
    assert asked(one, risk="low")["size_mm"] == size


@pytest.mark.parametrize(
    ("nodules", "governing", "rule"),
    [
        ([nodule("solid", 5), nodule("solid", 7)], 1, "solid-multiple-6-to-8-low"),
        ([nodule("solid", 7), nodule("solid", 12)], 1, "solid-multiple-over-8-low"),
        ([nodule("ground_glass", 15), nodule("part_solid", 8, 6)], 1, "subsolid-multiple-6-and-over"),
        ([nodule("solid", 10), nodule("ground_glass", 20)], 0, "solid-multiple-over-8-low"),
        ([nodule("solid", 4), nodule("ground_glass", 7)], 1, "subsolid-multiple-6-and-over"),
        ([nodule("solid", 7), nodule("ground_glass", 4)], 0, "solid-multiple-6-to-8-low"),
    ],
)
def test_the_most_suspicious_of_several_governs(nodules: list[dict[str, Any]], governing: int, rule: str) -> None:
    answer = asked(*nodules, risk="low")
    assert (answer["rule"], answer["used"]["governing"], answer["used"]["nodules"]) == (rule, governing, 2)


@pytest.mark.parametrize(
    ("patient", "name"),
    [
        ({"age_years": 34}, "age"),
        ({"known_cancer": True}, "known_cancer"),
        ({"immunosuppressed": True}, "immunosuppressed"),
        ({"screening": True}, "screening"),
    ],
)
def test_who_it_is_not_made_for_is_excluded_by_name(patient: dict[str, Any], name: str) -> None:
    answer = asked(nodule("solid", 7), risk="low", **patient)
    assert (answer["applies"], answer["excluded_by"]) == (False, name)
    assert "cannot apply" in answer["text"]


def test_thirty_five_years_are_enough() -> None:
    assert asked(nodule("solid", 7), risk="low", age_years=35)["applies"]


@pytest.mark.parametrize(
    ("case", "missing"),
    [
        ({"nodules": [nodule("solid", 7)], "patient": ASKED}, ["risk"]),
        ({"nodules": [nodule("solid", 7)], "patient": ASKED, "risk": None}, ["risk"]),
        ({"nodules": [{"composition": "solid", "long_mm": 7}], "patient": ASKED, "risk": "low"}, ["short_mm"]),
        ({"nodules": [{"long_mm": 7, "short_mm": 6}], "patient": ASKED, "risk": "low"}, ["composition"]),
        ({"nodules": [nodule("part_solid", 7)], "patient": ASKED}, ["solid_mm"]),
        (
            {"nodules": [nodule("part_solid", 7) | {"solid_long_mm": 4}], "patient": ASKED},
            ["solid_mm"],
        ),
        (
            {"nodules": [nodule("ground_glass", 7)]},
            ["age_years", "known_cancer", "immunosuppressed", "screening"],
        ),
    ],
)
def test_what_is_not_given_is_asked_for_and_nothing_else(case: dict[str, Any], missing: list[str]) -> None:
    answer = guideline.ask(NAME, case)
    assert (answer["applies"], answer["missing"]) == (False, missing)
    assert all(name in answer["text"] for name in missing)


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"nodules": []},
        {"nodules": "7"},
        {"nodules": [7]},
        {"nodules": [{"composition": "solid", "long_mm": 5, "short_mm": 6}]},
        {"nodules": [{"composition": "solid", "long_mm": "5", "short_mm": 4}]},
        {"nodules": [{"composition": "solid", "long_mm": True, "short_mm": 1}]},
        {"nodules": [{"composition": "solid", "long_mm": float("nan"), "short_mm": 4}]},
        {"nodules": [{"composition": "solid", "long_mm": float("inf"), "short_mm": 4}]},
        {"nodules": [{"composition": "solid", "long_mm": 5, "short_mm": 0}]},
        {"nodules": [{"composition": "solid", "long_mm": 5, "short_mm": -4}]},
        {"nodules": [{"composition": "cystic", "long_mm": 5, "short_mm": 4}]},
        {"nodules": [nodule("part_solid", 7, 9)]},
        {"nodules": [nodule("solid", 7)], "risk": "medium"},
        {"nodules": [nodule("solid", 7)], "patient": {"age_years": -1}},
        {"nodules": [nodule("solid", 7)], "patient": {"known_cancer": "no"}},
        {"nodules": [nodule("solid", 7)], "patient": []},
    ],
)
def test_what_cannot_be_is_refused_in_words(case: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        guideline.ask(NAME, case)
    assert caught.value.what and caught.value.todo


def test_it_is_said_in_chinese() -> None:
    case = {"nodules": [nodule("solid", 7)], "patient": ASKED, "risk": "high"}
    assert guideline.ask(NAME, case, "zh")["text"] == "6–12 个月复查 CT，之后 18–24 个月复查 CT。"
