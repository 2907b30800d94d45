"""The lint over the words of a report that is being written, and what may be signed over."""

from __future__ import annotations

import pytest

from viewer.core.errors import UsageError
from viewer.core.finding import Finding, FindingState, Location, Measurement, Side
from viewer.core.overruled import Overruled, as_text, overruled_in, reason_given
from viewer.core.phrases import phrases_in
from viewer.core.study import Patient, Study
from viewer.jobs import report_lint
from viewer.reporting.lint.case import Code

STUDY = Study("1", Patient("P1", "A", "19600101", "M"), (), "20260310")
NODULE = Finding(
    "f1",
    "p",
    "Lung nodule",
    None,
    side=Side.RIGHT,
    location=Location("Right upper lobe"),
    measurements=(Measurement("Long axis", 8.2, "mm"),),
    state=FindingState.ACCEPTED,
)


def codes(sections: dict[str, str], *priors: Study) -> list[tuple[str, bool]]:
    found = report_lint.remarks(STUDY, None, [NODULE], sections, priors)
    return [(one.code.value, one.is_open) for one in found]


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({}, []),
        ({"impression": "Right upper lobe nodule, 8 mm."}, []),
        ({"impression": "No acute abnormality."}, []),
        ({"impression": "Left upper lobe nodule."}, ["side_mismatch"]),
        ({"impression": "Right lower lobe nodule."}, ["level_mismatch"]),
        ({"impression": "Right upper lobe nodule, 8.2 cm."}, ["unit_error"]),
        ({"impression": "Right upper lobe nodule, 18 mm."}, ["size_mismatch"]),
        ({"impression": "Right nodule, unchanged."}, ["change_without_prior"]),
        ({"impression": "Right nodule, unchanged.", "comparison": "CT elsewhere."}, []),
        ({"indication": "She coughs."}, ["sex_mismatch"]),
        ({"impression": "___"}, ["placeholder_left"]),
    ],
)
def test_only_words_that_a_person_wrote_are_asked_about(sections: dict[str, str], expected: list[str]) -> None:
    assert codes(sections) == [(code, True) for code in expected]


def test_an_earlier_study_at_hand_is_the_prior() -> None:
    before = Study("0", STUDY.patient, (), "20250902")
    assert codes({"findings": "Right nodule, unchanged.", "comparison": "CT 2025-09-02."}, before) == []
    assert codes({"comparison": "CT 2025-08-02."}, before, STUDY) == [("prior_date_wrong", True)]


def test_what_may_hurt_somebody_is_not_signed_over() -> None:
    asked = report_lint.remarks(STUDY, None, [NODULE], {"impression": "Left upper lobe nodule ___."})
    with pytest.raises(UsageError, match="cannot be signed yet") as caught:
        report_lint.check_settled(asked)
    assert not any(letters in phrases_in("zh").say(caught.value.what) for letters in ("report", "side of"))
    report_lint.check_settled(report_lint.remarks(STUDY, None, [NODULE], {"indication": "She coughs."}))


def test_a_reason_lets_it_stand_while_the_words_are_the_same() -> None:
    words = {"impression": "Left upper lobe nodule."}
    (asked,) = report_lint.remarks(STUDY, None, [NODULE], words)
    kept = Overruled(asked.code, asked.section, asked.quote, "Situs inversus", "Dr. A", "2026-03-10T10:00:00+00:00")
    with_reason = words | {"overruled": as_text([kept])}
    (stands,) = report_lint.remarks(STUDY, None, [NODULE], with_reason)
    assert (stands.reason, stands.is_open) == ("Situs inversus", False)
    report_lint.check_settled([stands])
    other = with_reason | {"impression": "Left lung: upper lobe nodule."}
    assert [one.is_open for one in report_lint.remarks(STUDY, None, [NODULE], other)] == [True]


def test_reasons_read_back_and_need_words() -> None:
    kept = (Overruled("side_mismatch", "findings", "左肺", "左右已核对", "Dr. A", "2026"),)
    assert overruled_in(as_text(kept)) == kept
    assert overruled_in("") == overruled_in("no JSON") == ()
    assert reason_given("  two   words ") == "two words"
    with pytest.raises(UsageError):
        reason_given("  ")


def test_every_code_has_its_words_in_both_languages() -> None:
    say = phrases_in("zh").say
    for code in Code:
        words = report_lint.SAID[code].format(quote="12 mm")
        assert say(words) != words
