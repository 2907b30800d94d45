"""What stands on the paper, and that nothing a person wrote can become markup."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.reporting.builders import accepted, finding, picture, report, run
from viewer.core.finding import Finding, FindingState, Location, Measurement, OperatingPoint, Side
from viewer.core.report import KeyImage, ReportStatus, Signature
from viewer.core.study import Patient
from viewer.reporting.html import report_html
from viewer.reporting.statement import ai_statement
from viewer.reporting.words import words_in

SIGNED = Signature("Dr. A. Reader", "Sample Hospital", "2026-03-02T10:41:00+01:00")
HOSTILE = "<script>alert('x')</script> & </td></table> {{ 7*7 }} {page} \"q\""


def test_the_reference_page_s_facts_are_all_there() -> None:
    html = report_html(report(accepted(1))).html
    for text in (
        "Sample Hospital", "Chest X-ray report", "AI DRAFT, NOT SIGNED", "SYNTHETIC CHILD A", "14 Jan 2022 (4 Y), F",
        "SYN-0001", "Chest X-ray PA", "2 Mar 2026, 10:14", "ACC-000117", "Cough and fever", "side marker seen",
        "Pneumonia pattern", "Right lower zone", "0.84, 0.62 (AI)", "Dr. A. Reader, accepted", "New patchy opacity",
        "follow-up film", "AI statement.", "Run passport",
    ):  # fmt: skip
        assert text in html, text


def test_the_ai_statement_says_pack_weights_device_date_and_what_became_of_it() -> None:
    said = " ".join(ai_statement(report(accepted(1)), words_in("en")))
    assert said == (
        "Finding 1 was proposed by the pack Chest X-ray pneumonia 1.0.0 (weights 3f9a…c21e, CPU, 2 Mar 2026 10:17) "
        "and accepted by the reader without change. Of its proposals (2): 1 accepted, 1 rejected. "
        "The score is not a probability. Research and education. Not a medical device; not cleared for diagnosis. "
        "This study is computer-made and proves nothing about accuracy."
    )


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ((), "No AI pack was run."),
        ((run(accepted=0, rejected=0),), "ran and found nothing above its threshold."),
        ((run(accepted=0, rejected=2),), "none of its proposals was accepted."),
        ((run(accepted=0, rejected=0, below_threshold=2),), "Below threshold, not shown: 2."),
        ((run(outcome="refused", words="Tested on MR. (0008,0060)"),), "was not run. Tested on MR. (0008,0060)"),
        ((run(outcome="failed", words="Out of memory."),), "failed. Out of memory."),
        ((run(words="Made for PA views."),), "It ran with a warning. Made for PA views."),
    ],
)  # fmt: skip
def test_nothing_found_not_run_failed_and_below_threshold_are_different_words(
    runs: tuple[object, ...], said: str
) -> None:
    assert said in " ".join(ai_statement(replace(report(), runs=runs), words_in("en")))


def test_real_studies_do_not_say_they_are_computer_made() -> None:
    assert "computer-made" not in report_html(report(accepted(1), synthetic=False)).html


def test_no_finding_accepted_is_said_and_is_not_called_normal() -> None:
    html = report_html(report(runs=(run(accepted=0, rejected=0, waiting=2, unsure=1),), sections={})).html
    assert "No finding was accepted by the reader. That does not make the study normal." in html
    assert "2 AI proposal(s) have not been judged; they are left out." in html
    assert "1 AI proposal(s) marked not sure; they are left out." in html


def test_signed_and_unsigned_never_look_alike() -> None:
    draft = report_html(report(accepted(1))).html
    signed = report_html(
        report(accepted(1), status=ReportStatus.SIGNED, signature=SIGNED, digest="7be2" + "0" * 56 + "90d4")
    ).html
    assert "FINAL, SIGNED" in signed
    assert "hash 7be2…90d4" in signed
    assert "Not signed" not in signed
    assert "FINAL" not in draft
    assert "Not signed. An unsigned report is a draft." in draft


@pytest.mark.parametrize("status", list(ReportStatus))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_status_has_words(status: ReportStatus, language: str) -> None:
    assert words_in(language)("status", status.value) in report_html(report(status=status, language=language)).html


def test_edits_and_own_findings_say_so() -> None:
    edited = accepted(1).edited_to(label="Mass", side=Side.LEFT, comment="I disagree\nstrongly")
    own = Finding("o1", "", "Cardiothoracic ratio", None, state=FindingState.ACCEPTED, reader="Dr. B",
                  measurements=(Measurement("Cardiothoracic ratio", 0.48, "1"),))  # fmt: skip
    html = report_html(report(edited, own)).html
    assert "Dr. A. Reader, accepted, edited" in html
    assert "AI wrote: Pneumonia pattern" in html
    assert "I disagree</p>" in html
    assert "AI placed it: Right lower zone" in html
    assert "Cardiothoracic ratio 0.48" in html
    assert html.count("Cardiothoracic ratio") == 2
    assert "Dr. B, own" in html


def test_scores_without_an_operating_point_and_findings_without_scores() -> None:
    html = report_html(report(accepted(1, operating_point=None), accepted(2, score=None))).html
    assert "0.84 (AI)" in html
    assert "0.62" not in html
    point = OperatingPoint("x", 0.5)
    assert "0.84, 0.50 (AI)" in report_html(report(accepted(1, operating_point=point))).html


def test_chinese_uses_its_own_words() -> None:
    html = report_html(report(accepted(1), language="zh")).html
    for text in (
        "胸部 X 线报告",
        "AI 草稿，未签名",
        "肺炎样表现",
        "右下肺野",
        "已采纳",
        "评分不是概率。",
        "2026-03-02",
    ):
        assert text in html, text
    assert "Pneumonia pattern" not in html


@pytest.mark.parametrize(
    "changes",
    [
        {"patient": Patient(HOSTILE, HOSTILE, HOSTILE, HOSTILE)},
        {"sections": dict.fromkeys(("indication", "technique", "findings", "impression", "recommendation"), HOSTILE)},
        {"study_description": HOSTILE, "accession": HOSTILE, "letterhead": (HOSTILE, HOSTILE), "author": HOSTILE},
        {"signature": Signature(HOSTILE, HOSTILE, HOSTILE), "notes": (HOSTILE,)},
        {"key_images": (KeyImage(picture(), HOSTILE),)},
        {"runs": (run(name=HOSTILE, words=HOSTILE), run(name=HOSTILE, words=HOSTILE, outcome="failed"))},
    ],
)
def test_text_of_people_is_escaped_everywhere(changes: dict[str, object]) -> None:
    hostile = accepted(1, label=HOSTILE, comment=HOSTILE, reader=HOSTILE, reason=HOSTILE, location=Location(HOSTILE))
    paper = report_html(report(hostile, **changes))
    for html in (paper.html, paper.pages.footer):
        assert "<script" not in html
    assert "{{ 7*7 }}" in paper.html
    assert "{page}" not in paper.pages.footer.replace(">Page {page} of {pages}<", "")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_any_name_is_one_cell_of_text(name: str) -> None:
    plain = report_html(report(accepted(1))).html
    paper = report_html(report(accepted(1, label=name))).html
    assert paper.count("<td") == plain.count("<td")


def test_patients_without_a_name_are_said_to_have_none() -> None:
    paper = report_html(report(patient=Patient()))
    assert "name not in the images" in paper.html
    assert "name not in the images" in paper.pages.footer


def test_pictures_stand_three_in_a_row_and_keep_their_shape() -> None:
    images = tuple(KeyImage(picture(100, 200), f"caption {n}") for n in range(4))
    paper = report_html(report(accepted(1), key_images=images))
    assert paper.html.count("<img ") == 4
    assert 'width="214" height="107"' in paper.html
    assert set(paper.images) == {f"key-image-{n}" for n in range(1, 5)}
    assert paper.images["key-image-1"].shape == (100, 200, 3)


def test_the_passport_lists_all_that_a_repeat_needs() -> None:
    html = report_html(report(accepted(1, reason="Clear on both films"))).html
    for text in ("3f9a" + "0" * 56 + "c21e", "CPU, torch", "torch 2.13.0", "ab" * 32, "4.2 s", "Clear on both films"):
        assert text in html, text


def test_findings_only_of_other_packs_are_not_counted_for_this_one() -> None:
    said = " ".join(ai_statement(report(finding(1)), words_in("en")))
    assert "none of its proposals was accepted" in said


def test_a_study_without_a_description_is_called_by_what_it_is() -> None:
    html = report_html(report(study_description="", view="", modality="CT", body_part="")).html
    assert "CT report" in html
    assert ">CT<" in html
