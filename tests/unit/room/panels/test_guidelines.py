"""A guideline asked beside the report: fields filled in from what is known, the answer, its words in the report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.room.panels import made
from viewer.core.finding import FindingState, Measurement
from viewer.room.guidelines import Form, Guidelines
from viewer.room.room import Room
from viewer.session import Session

NAME = "fleischner-2017"
ANSWERS = {"risk": "low", "known_cancer": "no", "immunosuppressed": "no", "screening": "no", "age_years": "60"}
NODULE = {"composition": "solid", "long_mm": "8.4", "short_mm": "6.6", "solid_long_mm": "", "solid_short_mm": ""}


@pytest.fixture
def guidelines(room: Room, child: Session) -> Guidelines:
    sizes = (Measurement("Long axis", 8.41, "mm"), Measurement("Short axis", 6.6, "mm"))
    child.review.add_result(made.entry("r1", replace(made.finding("a"), label="Lung nodule", measurements=sizes)))
    return Guidelines(room.context)


def opened(guidelines: Guidelines) -> Form:
    form = guidelines.form(NAME)
    assert form is not None
    return form


def test_only_an_accepted_nodule_fills_in_its_axes(guidelines: Guidelines, room: Room) -> None:
    before = {one.name: one.value for one in opened(guidelines).items[0]}
    room.reviewing.judge("a", FindingState.ACCEPTED)
    after = {one.name: one.value for one in opened(guidelines).items[0]}
    assert (before["long_mm"], after["long_mm"], after["short_mm"], after["composition"]) == ("", "8.4", "6.6", "")
    assert [one.name for one in opened(guidelines).case if one.is_flag] == [
        "known_cancer",
        "immunosuppressed",
        "screening",
    ]
    assert NAME in guidelines.names()
    assert guidelines.form("no such") is None


def test_the_answer_has_its_trace_and_goes_into_the_recommendation(guidelines: Guidelines, child: Session) -> None:
    told = guidelines.ask(NAME, [NODULE], ANSWERS)
    assert told.text == "CT at 6 to 12 months, then consider CT at 18 to 24 months."
    assert (
        "solid-single-6-to-8-low" in told.trace[0]
        and "fleischner-2017, 2017" in told.trace[-1]
        and "long 8.4 mm" in told.trace[1]
    )
    guidelines.put(told.words)
    guidelines.put(told.words)
    assert child.review.report_text("1")["recommendation"].count("solid-single-6-to-8-low") == 1


@pytest.mark.parametrize(
    ("nodule", "answers", "said"),
    [
        ({}, {"risk": ""}, "not given: Risk."),
        ({}, {"screening": ""}, "not given: Screening CT."),
        ({}, {"known_cancer": "yes"}, "cannot apply"),
        ({"short_mm": "9"}, {}, "larger"),
        ({"short_mm": "six"}, {}, "no number"),
        ({"short_mm": "nan"}, {}, "no number"),
    ],
)
def test_what_lacks_excludes_or_cannot_be_is_said(
    guidelines: Guidelines, nodule: dict[str, str], answers: dict[str, str], said: str
) -> None:
    told = guidelines.ask(NAME, [NODULE | nodule], ANSWERS | answers)
    assert said in told.text and not told.words
