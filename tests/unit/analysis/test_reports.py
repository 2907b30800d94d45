"""Texts of reports: parts, sentences, places of words; what the gate asks of them; what is said and denied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import phantoms, tiny_packs
from tests.unit.analysis.conftest import film
from viewer.analysis import engine, reports, suitability
from viewer.analysis.packs import load
from viewer.core.analysis import AnalysisRequest, AnalysisResult, Outcome, RunOptions, Suitability
from viewer.core.finding import Finding, Side

TEXT = """INDICATION: Cough, query effusion.
COMPARISON: None.
FINDINGS: Small left effusion. The heart is 4.5 cm wide, normal.
1. Nodule seen! No large pleural
effusion"""


def test_parts_and_sentences_keep_the_place_of_every_word() -> None:
    report, indication = reports.parts(TEXT)
    assert (report.name, indication.name) == (reports.REPORT, reports.INDICATION)
    assert [w.word for w in report.sentences[0].words] == ["small", "left", "effusion", "."]
    assert "0" in [w.word for w in report.sentences[1].words], "a decimal point ends no sentence"
    for word in (*report.words, *indication.words):
        told = TEXT[word.start : word.end].lower()
        assert told == word.word or (word.word, told.isdigit()) == ("0", True) or not told
    assert "none" not in [w.word for w in report.words], "the comparison is read by nobody"


def test_letters_keep_their_place_where_lower_case_is_longer() -> None:
    (part,) = reports.parts("İstanbul: effusion")
    assert [("İstanbul: effusion"[w.start : w.end]) for w in part.words][-2] == "effusion"


@pytest.mark.parametrize("text", ["", "  \n\t ", "...", "Findings:\nImpression:"])
def test_nothing_to_read_has_no_part(text: str) -> None:
    assert all(not w for w in [[w for w in p.words if w.start < w.end] for p in reports.parts(text)])


@pytest.mark.parametrize(
    ("words", "side"),
    [
        ("small left effusion", "left"),
        ("right base", "right"),
        ("left and right", "both"),
        ("bibasilar", "both"),
        ("base", ""),
    ],
)
def test_the_side_that_words_name(words: str, side: str) -> None:
    assert reports.side_of(words.split()) == side


def test_a_term_is_found_in_the_plural_and_not_inside_another() -> None:
    assert reports.names_term(["no", "pleural", "effusions", "seen"], "pleural effusion")
    assert not reports.names_term(["effusion", "of", "pleural", "fluid"], "pleural effusion")


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SECONDREAD_MODELS", str(tiny_packs.reader(tmp_path / "models", threshold=0.0)))
    return tiny_packs.READER


@pytest.mark.parametrize(
    ("text", "rule", "verdict"),
    [
        ("", "empty", Suitability.REFUSE),
        ("word " * 100_000, "length", Suitability.REFUSE),
        ("Herz nicht verbreitert, kein Erguss rechts oder links.", "language", Suitability.REFUSE),
        ("心影不大，双肺清晰。", "language", Suitability.REFUSE),
        ("Query PE.", "language", Suitability.WARN),
    ],
)
def test_a_text_that_is_not_read_is_refused_in_words(reader: str, text: str, rule: str, verdict: Suitability) -> None:
    said = suitability.check_inputs(load(reader), {"text": text})
    assert (said.reasons[0].rule, said.verdict) == (rule, verdict)
    result = engine.run(AnalysisRequest("r", reader, {"text": text}))
    assert result.outcome is Outcome.REFUSED and result.message and not result.findings


def test_a_pack_for_research_reads_nothing_without_the_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECONDREAD_MODELS", str(tiny_packs.reader(tmp_path / "models", research_only=True)))
    pack, text = load(tiny_packs.READER), {"text": "Small left effusion."}
    assert suitability.check_inputs(pack, text).reasons[0].rule == "research"
    assert suitability.check_inputs(pack, text, research=True).verdict is Suitability.RUN


def _read(pack: str, text: str) -> AnalysisResult:
    request = AnalysisRequest("r", pack, {"text": text}, of_series="1.2.3", options=RunOptions(run_warned=True))
    result = engine.run(request)
    assert result.outcome is Outcome.RAN
    return result


def _named(findings: tuple[Finding, ...], label: str) -> Finding:
    return next(one for one in findings if one.label == label)


def test_what_is_said_quotes_its_sentence_with_side_and_words(reader: str) -> None:
    text = "Findings: No nodule. Small left effusion."
    result = _read(reader, text)
    found = _named(result.findings, "Pleural effusion")
    assert found.series_uid == "1.2.3" and found.score is not None and found.operating_point is not None
    assert found.location.text == "Report" and found.notes[0].startswith("The text reads: '")
    assert "Normal" not in {one.label for one in result.findings}, "normal is no finding"
    assert found.side in (Side.LEFT, Side.NONE)
    for one in found.evidence:
        assert text[int(one.start) : int(one.end)] == one.text
    assert sum(one.share for one in found.evidence) <= 1.001
    assert result.provenance is not None and len(result.provenance.pixel_hash) == 64


def test_what_is_named_and_not_said_is_told_as_denied_and_judged_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECONDREAD_MODELS", str(tiny_packs.reader(tmp_path / "models", threshold=1.0)))
    result = _read(tiny_packs.READER, "No pleural effusion. The small left.")
    assert result.findings == ()
    denied = _named(result.denied, "Pleural effusion")
    assert denied.notes == ("The text reads: 'No pleural effusion'.",)
    assert all(one.text.lower() in ("no", "pleural", "effusion") for one in denied.evidence)
    assert "Nodule" not in {one.label for one in result.denied}, "nobody named a nodule"


def test_the_indication_is_read_apart(reader: str) -> None:
    found = _read(reader, "Indication: query nodule.\nFindings: small left effusion.").findings
    assert {one.location.text for one in found} == {"Report", "Indication"}


def test_a_pack_of_another_kind_is_refused_and_never_fails(reader: str) -> None:
    for inputs in ({"image": film()}, {"ecg": phantoms.ecg()}):
        result = engine.run(AnalysisRequest("r", reader, inputs))
        assert result.outcome is Outcome.REFUSED and "This pack reads texts" in result.message
    assert suitability.check(load(reader), film()).reasons[0].rule == "modality"
