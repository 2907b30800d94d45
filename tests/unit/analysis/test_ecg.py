"""ECGs: leads in any order, rate and unit; what speaks against a recording; what decided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import phantoms, tiny_packs
from viewer.analysis import ecg, engine, suitability
from viewer.analysis.packs import load
from viewer.core.analysis import AnalysisRequest, GateVerdict, Outcome, RunOptions, Suitability
from viewer.core.finding import EvidenceKind
from viewer.core.waveform import LEAD_NAMES, Channel, Waveform, lead_name

PLAIN = phantoms.ecg()
EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def _like(one: ecg.Ready, other: ecg.Ready) -> float:
    return float(np.abs(one.median - other.median).max())


@pytest.fixture(scope="module")
def ready() -> ecg.Ready:
    return ecg.prepare(ecg.gather(PLAIN))


def test_beats_lie_where_they_were_drawn(ready: ecg.Ready) -> None:
    assert np.abs(ready.beats / ecg.RATE - np.arange(0.5, 10, 0.8)).max() <= 0.03
    assert ready.facts[0] == pytest.approx(0.75, abs=0.01), "75 a minute"


@pytest.mark.parametrize("rate", [100.0, 250.0, 257.0, 1000.0])
def test_the_rate_does_not_matter(ready: ecg.Ready, rate: float) -> None:
    assert _like(ecg.prepare(ecg.gather(phantoms.ecg(rate))), ready) < 0.08


def test_leads_in_another_order_in_microvolt_and_eight_of_them(ready: ecg.Ready) -> None:
    turned = phantoms.ecg(leads=tuple(reversed(phantoms.LEADS)), unit="uV")
    assert _like(ecg.prepare(ecg.gather(turned)), ready) < 1e-5
    eight = ecg.gather(phantoms.ecg(leads=EIGHT))
    assert set(eight.derived) == {"III", "AVR", "AVL", "AVF"} and not eight.missing
    assert _like(ecg.prepare(eight), ready) < 1e-5


@pytest.mark.parametrize(
    ("name", "lead"),
    [("Lead V3", "V3"), ("aVR", "AVR"), ("lead II (original)", "II"), ("ECG V6", "V6"), ("Pleth", ""), ("I to II", "")],
)
def test_names_of_leads(name: str, lead: str) -> None:
    assert lead_name(name) == lead


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_packs.ecg(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True)
def _models(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECONDREAD_MODELS", str(pack))


def _asked(waveform: Waveform) -> GateVerdict:
    return suitability.check_inputs(load(tiny_packs.ECG), {"ecg": waveform})


def _cut_off() -> Waveform:
    return phantoms.changed(PLAIN, V4=np.minimum(PLAIN.channels[9].samples, 0.15))


def _paced() -> Waveform:
    spikes = np.zeros(5000)
    spikes[200::400] = 2.0
    return phantoms.changed(
        PLAIN, **{n: c.samples + spikes for n, c in zip(phantoms.LEADS, PLAIN.channels, strict=True)}
    )


def _arms() -> Waveform:
    one, two, three, _, left, foot = (c.samples for c in PLAIN.channels[:6])
    return phantoms.changed(PLAIN, I=-one, II=three, III=two, aVR=left, aVL=PLAIN.channels[3].samples, aVF=foot)


def _many_flat() -> Waveform:
    return phantoms.changed(PLAIN, **dict.fromkeys(("V1", "V2", "V3", "V4", "V5"), np.zeros(5000)))


@pytest.mark.parametrize(
    ("made", "rule", "verdict"),
    [
        (lambda: phantoms.ecg(50.0), "rate", Suitability.REFUSE),
        (lambda: phantoms.ecg(seconds=4.0), "length", Suitability.REFUSE),
        (lambda: phantoms.ecg(unit=""), "signal", Suitability.REFUSE),
        (lambda: phantoms.ecg(leads=("I", "II", "V1")), "leads", Suitability.REFUSE),
        (_many_flat, "leads", Suitability.REFUSE),
        (lambda: Waveform((Channel("Pleth", np.zeros(1000), 100.0, "mV"),)), "signal", Suitability.REFUSE),
        (lambda: phantoms.ecg(leads=phantoms.LEADS[:11]), "leads", Suitability.WARN),
        (lambda: phantoms.changed(PLAIN, V2=np.zeros(5000)), "flat", Suitability.WARN),
        (_cut_off, "saturated", Suitability.WARN),
        (_paced, "pacing", Suitability.WARN),
        (_arms, "exchanged", Suitability.WARN),
    ],
)
def test_what_speaks_against_a_recording_is_said(made, rule: str, verdict: Suitability) -> None:
    said = _asked(made())
    assert (rule, verdict) in {(r.rule, r.verdict) for r in said.reasons} and said.verdict is verdict


def test_nothing_speaks_against_a_plain_one() -> None:
    assert _asked(PLAIN).verdict is Suitability.RUN


def test_findings_tell_leads_and_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    request = AnalysisRequest(
        "r", tiny_packs.ECG, {"ecg": PLAIN, "person": {"age": 200.0, "sex": "F"}}, options=RunOptions(run_warned=True)
    )
    result = engine.run(request)
    assert result.outcome is Outcome.RAN and len(result.findings) == 1, "normal is no finding"
    leads = [one for one in result.findings[0].evidence if one.kind is EvidenceKind.LEAD]
    beats = [one for one in result.findings[0].evidence if one.kind is EvidenceKind.MOMENT]
    assert all(one.text in LEAD_NAMES for one in leads) and all(0 <= one.start < one.end for one in beats)
    assert result.provenance is not None and result.provenance.pixel_hash
    assert engine.run(request).scores == result.scores


def test_an_impossible_age_counts_as_unknown() -> None:
    assert ecg.person(None, "").tolist() == [0, 0, 0, 0]
    assert ecg.person(40.0, "M").tolist() == [-1, 1, -1, 1]
