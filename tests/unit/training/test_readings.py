"""Reports and ECGs: a whole recipe, tiny; sentences made up; changes to a recording; word lists merged."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests import phantoms, tiny_packs
from viewer.analysis import packs, reports
from viewer.analysis.sequences import ReportReader
from viewer.analysis.tasks.ecg import EcgAugment
from viewer.analysis.tasks.report import MadeSentences
from viewer.core.pack import LabelPoint
from viewer.core.waveform import LEADS
from viewer.jobs.evaluate import evaluate
from viewer.jobs.train import train
from viewer.training import metrics, readings, recordings
from viewer.training.tasks import report

MADE: dict[str, Any] = {
    "share": 0.4, "alone": 0.3, "mixed_share": 0.4,
    "terms": {"EFFUSION": ["effusion"], "NODULE": ["nodule"]},
    "said": ["there is a {}."], "denied": ["no {} or {}."], "mixed": ["{said}, no {denied}."], "before": [" ", "small"],
    "sides": ["left"], "placed": ["EFFUSION"], "others": ["mass"],
}  # fmt: skip
LOOP = {"steps": 6, "learning_rate": 0.02, "ema": 0.8}


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "bootstrap", partial(metrics.bootstrap, draws=20))


def _recipe(models: Path, name: str, **recipe: Any) -> None:
    (models / name / packs.TRAIN).write_text(json.dumps({"loop": LOOP, **recipe}))


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    lines = ["uid,label,patient,split,findings,impression,mesh"]
    for n in range(60):
        ill = n % 2
        words = f"Small left {'effusion' if ill else 'normal'} seen" + "." * (n % 3)
        split = "val" if n >= 48 else "train"
        lines.append(f"{n},{'EFFUSION' if ill else 'NORMAL'},p{n},{split},{words},,{'Fluid/left' if ill else 'normal'}")
    (tmp_path / "cases.csv").write_text("\n".join(lines))
    return tmp_path / "cases.csv"


def test_a_reader_of_reports_is_trained_and_measured(tmp_path: Path, monkeypatch: Any, texts: Path) -> None:
    models = tiny_packs.reader(tmp_path / "models")
    _recipe(models, tiny_packs.READER, task="report", folds=2, batch=8, codes="mesh", codes_at_least=5, made=MADE)
    monkeypatch.setenv("SECONDREAD_MODELS", str(models))
    made = packs.read(train(tiny_packs.READER, texts, tmp_path / "out"))
    packs.verify(made)
    assert made.inference.network.args.members == 2
    assert isinstance(made.viewer.points["EFFUSION"], LabelPoint) and made.viewer.cross_validation["n"] == 48
    assert 0 <= made.viewer.results["labels"]["EFFUSION"]["auc"] <= 1
    monkeypatch.setenv("SECONDREAD_MODELS", str(tmp_path / "out"))
    told = evaluate(tiny_packs.READER, texts, split="val")
    assert {"macro_auc", "macro_auc_ci", "macro_f1", "labels"} <= set(told) and told["n"] == 12
    assert {"auc", "f1", "n"} <= set(told["labels"]["EFFUSION"]) and "auc" not in told["labels"]["NODULE"]
    again = train(tiny_packs.READER, texts, tmp_path / "out", resume=True)
    assert packs.read(again).weights_sha256 == made.weights_sha256, "a finished training goes on to the same weights"


def test_a_reader_of_ecgs_is_trained_and_measured(tmp_path: Path, monkeypatch: Any) -> None:
    lines = ["image,mask,label,patient,split,age,sex"]
    for n in range(24):
        wave = phantoms.ecg(100.0, beat=0.6 if n % 2 else 1.0)
        leads = np.stack([c.samples for c in wave.channels]) + np.random.default_rng(n).normal(0, 0.02, (12, 1000))
        np.rint(leads.T * 1000).astype("<i2").tofile(tmp_path / f"r{n}.dat")
        told = [f"r{n} 12 100 1000", *(f"r{n}.dat 16 1000(0)/mV 16 0 0 0 0 {lead}" for lead in LEADS)]
        (tmp_path / f"r{n}.hea").write_text("\n".join(told) + "\n")
        lines.append(f"r{n}.hea,,{'MI' if n % 2 else 'NORM'},p{n},{'val' if n >= 18 else 'train'},{50 + n},{n % 2}")
    (tmp_path / "cases.csv").write_text("\n".join(lines))
    models = tiny_packs.ecg(tmp_path / "models")
    _recipe(models, tiny_packs.ECG, task="ecg", folds=2, batch=8, signal={"noise": 0.01, "crop": 800, "mix": 0.3})
    monkeypatch.setenv("SECONDREAD_MODELS", str(models))
    made = packs.read(train(tiny_packs.ECG, tmp_path / "cases.csv", tmp_path / "out"))
    assert made.inference.network.args.members == 2
    results = made.viewer.results
    assert 0 <= results["labels"]["MI"]["auc"] <= 1 and results["gate"]["refuse"] == 0
    assert made.viewer.points["MI"].threshold > 0 and made.viewer.cross_validation["n"] == 18


def test_made_sentences_say_what_their_row_says() -> None:
    names, rng = ("NORMAL", "EFFUSION", "NODULE"), np.random.default_rng(3)
    made = MadeSentences(**MADE)
    for _ in range(50):
        truth = np.array([1.0, 0, 0], np.float32)
        text = readings.make_up([["clear", "."]], truth, names, made, rng, alone=False)
        assert ["clear", "."] in text and len(text) in (2, 3)
        said = {w for s in text for w in s if s[:2] == ["there", "is"] or "," in s[:4]}
        for n, word in ((1, "effusion"), (2, "nodule")):
            assert truth[n] == 0 or word in {w for s in text for w in s}
            assert truth[n] == 1 or word not in said or "," in {w for s in text for w in s}
        assert truth[0] == (not truth[1:].any())


def test_members_of_other_word_lists_say_the_same_when_merged() -> None:
    torch.manual_seed(1)
    lists = ["a b effusion", "b left"]
    nets = [ReportReader(vocabulary=len(w.split()), labels=5, width=8, hidden=6).eval() for w in lists]
    union = report.readings_union(lists)
    settings = packs_args(len(union.split()))
    whole = report.merge(nets, lists, union, settings)
    text = [["a", "left", "effusion", "."]]

    def said(net: ReportReader, words: str) -> torch.Tensor:
        return net(torch.from_numpy(reports.packed(text, reports.numbers_of(words))))[0][:, :3]

    apart = [said(net, words) for net, words in zip(nets, lists, strict=True)]
    together = said(whole, union)
    assert torch.allclose(together, (apart[0] + apart[1]) / 2, atol=1e-5)


def packs_args(words: int) -> Any:
    from viewer.core.inference import ReportReaderArgs

    return ReportReaderArgs(vocabulary=words, labels=3, width=8, hidden=6)


def test_electrodes_that_slide_keep_einthovens_law() -> None:
    mix = recordings._electrodes(np.random.default_rng(1), 0.3)
    one, two = np.random.default_rng(2).normal(size=(2, 50))
    limb = np.stack([one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2, *np.zeros((6, 50))])
    moved = mix @ limb
    assert np.allclose(moved[2], moved[1] - moved[0]) and np.allclose(moved[5], moved[1] - moved[0] / 2)
    assert not np.allclose(moved[0], limb[0]) and EcgAugment().crop == 1000


def test_a_label_nobody_has_is_left_out_of_macro_f1() -> None:
    truth, called = np.array([[1.0, 0], [0, 0]]), np.array([[1.0, 0], [1, 0]])
    assert metrics.macro_f1(truth, called) == pytest.approx(2 / 3)
    assert metrics.macro_auc(truth, np.array([[0.9, 0], [0.1, 0]])) == 1.0
    assert np.isnan(metrics.macro_auc(truth * 0, called))
