"""What stands on the paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.reporting.builders import accepted, finding, picture, report, run
from viewer.core.finding import Finding, FindingState, Measurement, OperatingPoint, Side
from viewer.core.plain import to_plain
from viewer.core.report import KeyImage, Report, ReportStatus, Signature
from viewer.core.study import Patient
from viewer.reporting.paper import paper_of, pixels_of
from viewer.reporting.statement import ai_statement
from viewer.words.language import words_in

SIGNED = Signature("Dr. A. Reader", "Sample Hospital", "2026-03-02T10:41:00+01:00")


def said(report: Report) -> str:
    """Every text of the paper, a line each."""
    return "\n".join(texts_in(to_plain(paper_of(report))))


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts_in(item)


def test_the_reference_page_s_facts_are_all_there() -> None:
    whole = said(report(accepted(1)))
    for text in (
        "Sample Hospital", "Chest X-ray report", "AI DRAFT, NOT SIGNED", "SYNTHETIC CHILD A", "14 Jan 2022 (4 Y), F",
        "SYN-0001", "Chest X-ray PA", "2 Mar 2026, 10:14", "ACC-000117", "Cough and fever", "side marker seen",
        "Pneumonia pattern", "Right lower zone", "0.84, 0.62 (AI)", "Dr. A. Reader, accepted", "New patchy opacity",
        "follow-up film", "AI statement.", "Run passport",
    ):  # fmt: skip
        assert text in whole, text


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
    assert "computer-made" not in said(report(accepted(1), synthetic=False))


def test_no_finding_accepted_is_said_and_is_not_called_normal() -> None:
    whole = said(report(runs=(run(accepted=0, rejected=0, waiting=2, unsure=1),), sections={}))
    assert "No finding was accepted by the reader. That does not make the study normal." in whole
    assert "2 AI proposal(s) have not been judged; they are left out." in whole
    assert "1 AI proposal(s) marked not sure; they are left out." in whole


def test_signed_and_unsigned_never_look_alike() -> None:
    draft = said(report(accepted(1)))
    signed = said(report(accepted(1), status=ReportStatus.SIGNED, signature=SIGNED, digest="7be2" + "0" * 56 + "90d4"))
    assert "FINAL, SIGNED" in signed
    assert "hash 7be2…90d4" in signed
    assert "Not signed" not in signed
    assert "FINAL" not in draft
    assert "Not signed. An unsigned report is a draft." in draft


@pytest.mark.parametrize("status", list(ReportStatus))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_status_has_words(status: ReportStatus, language: str) -> None:
    assert words_in(language)("status", status.value) in said(report(status=status, language=language))


def test_edits_and_own_findings_say_so() -> None:
    edited = accepted(1).edited_to(label="Mass", side=Side.LEFT, comment="I disagree\nstrongly")
    own = Finding("o1", "", "Cardiothoracic ratio", None, state=FindingState.ACCEPTED, reader="Dr. B",
                  measurements=(Measurement("Cardiothoracic ratio", 0.48, "1"),))  # fmt: skip
    whole = said(report(edited, own))
    assert "Dr. A. Reader, accepted, edited" in whole
    assert "AI wrote: Pneumonia pattern" in whole
    assert "I disagree" in whole.splitlines()
    assert "AI placed it: Right lower zone" in whole
    assert "Cardiothoracic ratio 0.48" in whole
    assert whole.count("Cardiothoracic ratio") == 2  # the row and who judged it
    assert "Dr. B, own" in whole


def test_scores_without_an_operating_point_and_findings_without_scores() -> None:
    whole = said(report(accepted(1, operating_point=None), accepted(2, score=None)))
    assert "0.84 (AI)" in whole
    assert "0.62" not in whole
    point = OperatingPoint("x", 0.5)
    assert "0.84, 0.50 (AI)" in said(report(accepted(1, operating_point=point)))


def test_chinese_uses_its_own_words() -> None:
    whole = said(report(accepted(1), language="zh"))
    for text in (
        "胸部 X 线报告",
        "AI 草稿，未签名",
        "肺炎样表现",
        "右下肺野",
        "已采纳",
        "评分不是概率。",
        "2026-03-02",
    ):
        assert text in whole, text
    assert "Pneumonia pattern" not in whole


def test_patients_without_a_name_are_said_to_have_none() -> None:
    paper = paper_of(report(patient=Patient()))
    assert paper.head[0].value == paper.foot.name == "name not in the images"


def test_pictures_keep_their_shape() -> None:
    images = tuple(KeyImage(picture(100, 200), f"caption {n}") for n in range(4))
    made = report(accepted(1), key_images=images)
    assert [(one.width, one.height) for one in paper_of(made).pictures] == [(160.0, 80.0)] * 4
    assert set(pixels_of(made)) == {one.file for one in paper_of(made).pictures}
    assert pixels_of(made)["key-image-1.png"].shape == (100, 200, 3)


def test_a_name_longer_than_any_name_is_cut_where_it_would_fill_pages() -> None:
    signature = Signature("S" * 5000, "O" * 5000, "2026-03-02T10:41:00+01:00")
    whole = said(report(accepted(1, reader="R" * 5000), signature=signature, status=ReportStatus.SIGNED))
    assert max(len(line) for line in whole.splitlines()) < 500
    assert f"{'R' * 63}…, accepted" in whole


def test_the_passport_lists_all_that_a_repeat_needs() -> None:
    whole = said(report(accepted(1, reason="Clear on both films")))
    for text in ("3f9a" + "0" * 56 + "c21e", "CPU, torch", "torch 2.13.0", "ab" * 32, "4.2 s", "Clear on both films"):
        assert text in whole, text


def test_findings_only_of_other_packs_are_not_counted_for_this_one() -> None:
    said = " ".join(ai_statement(report(finding(1)), words_in("en")))
    assert "none of its proposals was accepted" in said


def test_a_study_without_a_description_is_called_by_what_it_is() -> None:
    whole = said(report(study_description="", view="", modality="CT", body_part=""))
    assert "CT report" in whole
    assert "CT" in whole.splitlines()
