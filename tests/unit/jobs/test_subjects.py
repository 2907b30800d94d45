"""What packs read besides pictures: an ECG's file, the words of a report, words typed beside a film."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import phantoms, synth, tiny_packs
from tests.scripted import play, results
from tests.unit.analysis.conftest import film
from viewer.core.analysis import RunOptions
from viewer.core.errors import UsageError
from viewer.core.waveform import LEADS
from viewer.jobs import analyse, replay
from viewer.jobs.checking.check import check
from viewer.jobs.info import describe

TEXT = "Indication: cough.\nFindings: Small left effusion. No nodule seen."


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tiny_packs.ecg(tiny_packs.reader(tiny_packs.classifier(tmp_path / "models")))
    monkeypatch.setenv("SECONDREAD_MODELS", str(folder))
    return folder


@pytest.fixture
def record(tmp_path: Path) -> Path:
    waves = np.stack([channel.samples for channel in phantoms.ecg(250.0).channels])
    np.rint(waves.T * 1000).astype("<i2").tofile(tmp_path / "r1.dat")
    lines = ["r1 12 250 2500", *(f"r1.dat 16 1000(0)/mV 16 0 0 0 0 {lead}" for lead in LEADS)]
    (tmp_path / "r1.hea").write_text("\n".join(lines) + "\n")
    return tmp_path / "r1.hea"


def test_an_ecg_in_a_file_is_listed_analysed_checked_and_replayed(record: Path, tmp_path: Path) -> None:
    (series,) = describe([record])["studies"][0]["series"]
    assert series["kind"] == "waveform" and len(series["channels"]) == 12
    document = analyse.analyse(record, tmp_path / "out", device="cpu")
    told = {entry["pack"]: entry for entry in document["packs"]}
    assert told[tiny_packs.ECG]["outcome"] == "ran" and told[tiny_packs.ECG]["findings"] == 1
    for other in (tiny_packs.READER, tiny_packs.CLASSIFIER):
        assert told[other]["outcome"] == "refused" and "this is a signal" in told[other]["reasons"][0]["text"]
    (found,) = document["findings"]
    assert found["location"]["text"].startswith("Leads ") and found["evidence"]
    assert check(tmp_path / "out").mismatches == ()
    again = replay.replay(tmp_path / "out")
    assert again["same"], replay.as_text(again)


def test_other_samples_are_noticed(record: Path, tmp_path: Path) -> None:
    analyse.analyse(record, tmp_path / "out", packs=[tiny_packs.ECG], device="cpu")
    data = record.with_suffix(".dat")
    data.write_bytes(bytes(2) + data.read_bytes()[2:-2] + b"\x10\0")
    assert not replay.replay(tmp_path / "out")["same"]
    assert check(tmp_path / "out").mismatches


@pytest.fixture
def steps(tmp_path: Path) -> list[dict[str, Any]]:
    """A film is open and words are read beside it."""
    made = synth.write_xray(tmp_path / "xr", stored=film().stored[0])
    asked = {"do": "analyse", "series_uid": made.series_uid, "pack": tiny_packs.READER}
    return [{"do": "open", "paths": [str(tmp_path / "xr")]}, {"do": "show", "series_uid": made.series_uid}, asked]


def test_words_typed_beside_a_film_come_into_a_signed_report(steps: list[dict[str, Any]], tmp_path: Path) -> None:
    *begin, asked = steps
    _, _, ran = results(*begin, asked | {"text": TEXT})
    (run,) = ran["runs"]
    assert run["outcome"] == "ran" and run["findings"]
    judged = [{"do": "judge", "finding": one, "state": "accepted"} for one in run["findings"]]
    to = tmp_path / "signed"
    sign = {"do": "report", "to": str(to), "sign": {"name": "A. Reader", "organization": "Clinic"}}
    *_, found, _ = results(*begin, *judged, {"do": "findings"}, sign)
    assert {one["state"] for one in found["findings"]} == {"accepted"}
    document = json.loads((to / "result.json").read_text())
    assert [entry["text"] for entry in document["packs"]] == [TEXT] and not list(to.glob("key-*.png"))
    assert check(to).mismatches == ()
    again = replay.replay(to)
    assert again["same"], replay.as_text(again)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "this is a picture"),
        ({"text": ""}, "no text to read"),
        ({"text": "das Herz ist gross " * 3}, "English"),
    ],
)
def test_what_a_reader_of_words_is_not_given_is_said(
    steps: list[dict[str, Any]], more: dict[str, str], words: str
) -> None:
    *begin, asked = steps
    told = play(*begin, asked | more)[-1]["result"]["runs"][0]
    assert told["outcome"] == "refused" and words in " ".join(told["reasons"]) and told["findings"] == []


def test_a_pixel_no_picture_has_is_refused(steps: list[dict[str, Any]], tmp_path: Path) -> None:
    assert "pixel size" in play(*steps[:2], steps[2] | {"pixel_mm": 40.0})[-1]["error"]
    with pytest.raises(UsageError, match="pixel size"):
        analyse.analyse(tmp_path / "xr", tmp_path / "out", options=RunOptions(pixel_mm=-1.0))
