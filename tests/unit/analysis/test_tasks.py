"""Every task answers every question, in analysis and in training; inputs are named and of their kind."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import phantoms, tiny_packs
from tests.unit.analysis.conftest import BOX, film, head, request_for
from viewer.analysis import engine, networks, packs, worker
from viewer.analysis.runfolder import RunFolder
from viewer.analysis.tasks import TASKS
from viewer.analysis.tasks.base import Conclusion, Pictures, Run
from viewer.core.analysis import AnalysisRequest, Outcome, RunOptions
from viewer.core.errors import PackError, UsageError
from viewer.core.finding import Side
from viewer.core.inference import Inference
from viewer.core.pack import Viewer
from viewer.core.task import CancelFlag, ignore_progress
from viewer.core.volume import Volume
from viewer.core.waveform import Channel, Waveform
from viewer.training.masks import infer_of
from viewer.training.tasks import TRAINING

#: A pack, and what it may read, for every task.
EXAMPLES: dict[str, tuple[str, Callable[[], dict[str, Any]], Any]] = {
    "segmentation": (tiny_packs.SEGMENTER, lambda: {"image": head()}, BOX),
    "classification": (tiny_packs.CLASSIFIER, lambda: {"image": film()}, None),
    "gate": (tiny_packs.GUARD, lambda: {"image": film()}, None),
    "report": (tiny_packs.READER, lambda: {"text": "Small left effusion. No nodule seen."}, None),
    "ecg": (tiny_packs.ECG, lambda: {"ecg": phantoms.ecg()}, None),
}
#: Tasks whose packs others train have tests of their own (tests/unit/analysis/outside).
CONVERTED = {"nnunet"}
every_task = pytest.mark.parametrize("name", sorted(set(TASKS) - CONVERTED))


@pytest.fixture
def all_models(models: Path) -> Path:
    tiny_packs.reader(models)
    tiny_packs.ecg(models)
    return tiny_packs.guard(models, threshold=2.0)


def test_both_sides_know_the_same_tasks_and_each_has_an_example() -> None:
    assert set(TASKS) == set(TRAINING) == set(EXAMPLES) | CONVERTED


@every_task
def test_a_task_declares_its_packs(name: str) -> None:
    task = TASKS[name]
    assert task.name == name
    assert issubclass(task.viewer, Viewer) and task.viewer is not Viewer
    assert issubclass(task.inference, Inference) and task.inference is not Inference
    assert task.recipes and set(TRAINING[name].recipes) == set(task.recipes)


@every_task
def test_a_task_answers_from_its_inputs_to_the_findings(all_models: Path, name: str) -> None:
    import torch

    pack_id, inputs, roi = EXAMPLES[name][0], EXAMPLES[name][1](), EXAMPLES[name][2]
    pack, task = packs.load(pack_id), TASKS[name]
    assert isinstance(pack.viewer, task.viewer) and isinstance(pack.inference, task.inference)
    net = networks.load(pack.inference.network, pack.weights)
    infer = infer_of(net, torch.device("cpu"))
    raw = task.predict(pack, infer, inputs, roi)
    assert (raw.labels is not None) != bool(raw.scores)
    request = AnalysisRequest("r", pack_id, inputs, roi)
    run = Run(pack, request, raw, infer, lambda: engine._loaded(pack), ignore_progress, CancelFlag())
    pictures = task.explain(run)
    made = task.conclude(run, pictures)
    assert isinstance(pictures, Pictures) and isinstance(made, Conclusion)
    assert all(mask.geometry.same_grid(inputs["image"].geometry) for mask in pictures.masks)
    assert json.dumps([dict(made.scores), task.settings(pack)])
    figures = TRAINING[name].summary(pack, [])
    assert TRAINING[name].card(figures) == [] or not figures


def test_only_packs_that_are_offered_make_findings(all_models: Path) -> None:
    assert not packs.load(tiny_packs.GUARD).is_offered
    result = engine.run(request_for(tiny_packs.GUARD, film(), options=RunOptions(run_warned=True)))
    assert result.outcome is Outcome.RAN
    assert result.findings == () and set(result.scores) >= {"adult film", "mirrored film"}


def test_a_part_of_another_task_is_refused_in_words(models: Path) -> None:
    pack = packs.load(tiny_packs.CLASSIFIER)
    request = AnalysisRequest("r", pack.id, {"image": film()})
    raw: Any = None
    run = Run(pack, request, raw, lambda batch: (batch,), lambda: engine._loaded(pack), ignore_progress, CancelFlag())
    with pytest.raises(PackError, match="another task"):
        TASKS["segmentation"].conclude(run, Pictures(masks=(raw,)))


# ---------------------------------------------------------------- inputs and options

ECG = Waveform((Channel("II", np.sin(np.arange(50) / 5), 500.0, "mV"),), "ECG")
MANY: dict[str, Any] = {"image": film(), "prior": film(), "ecg": ECG, "history": "cough", "labs": {"crp": 41.0}}
KINDS = {"image": "image", "prior": "image", "ecg": "signal", "history": "text", "labs": "table"}


@pytest.fixture
def fusion(models: Path) -> str:
    """A classifier that says it reads more than a picture."""
    file = models / tiny_packs.CLASSIFIER / packs.INFERENCE
    file.write_text(json.dumps({**json.loads(file.read_text()), "inputs": KINDS}))
    return tiny_packs.CLASSIFIER


def test_a_pack_that_reads_more_runs_when_it_is_all_there(fusion: str) -> None:
    request = request_for(fusion, film(), inputs=MANY)
    assert engine.run(request).outcome is Outcome.RAN


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("labs", None, "also needs 'labs' (table)"),
        ("history", 3, "also needs 'history' (text)"),
        ("ecg", film(), "also needs 'ecg' (signal)"),
        ("prior", "film", "also needs 'prior' (image)"),
        ("image", None, "was given no picture"),
    ],
)
def test_an_input_that_is_missing_or_another_thing_is_named(fusion: str, name: str, value: Any, words: str) -> None:
    inputs = {key: one for key, one in {**MANY, name: value}.items() if one is not None}
    with pytest.raises(UsageError) as caught:
        engine.run(request_for(fusion, film(), inputs=inputs))
    assert words in caught.value.what


def test_every_kind_of_input_reaches_the_process(fusion: str) -> None:
    folder = RunFolder.create()
    try:
        packed = pickle.loads(pickle.dumps(worker.pack_request(request_for(fusion, film(), inputs=MANY), folder)))
        assert set(packed.stored) == {"image", "prior"}
        there = worker.unpack_request(packed, folder)
        for name in ("image", "prior"):
            volume = there.inputs[name]
            assert isinstance(volume, Volume) and np.array_equal(volume.stored, film().stored)
        ecg = there.inputs["ecg"]
        assert isinstance(ecg, Waveform) and np.array_equal(ecg.channels[0].samples, ECG.channels[0].samples)
        assert (there.inputs["history"], there.inputs["labs"]) == ("cough", {"crp": 41.0})
    finally:
        folder.close()


@pytest.mark.parametrize(
    "options",
    [
        RunOptions(),
        RunOptions(run_warned=True, research=True),
        RunOptions(side=Side.LEFT, explain="occlusion", saliency_checks=False, volumes=False),
    ],
)
def test_run_options_return_from_provenance(options: RunOptions) -> None:
    kept = json.loads(json.dumps({"roi": None, "device": "cpu", "threshold": 0.5, **options.settings}))
    assert RunOptions.from_settings(kept) == options


def test_options_of_earlier_versions_and_strange_ones_are_read() -> None:
    old = {"run_warned": True, "research": False, "honesty": False, "side": "right"}
    assert RunOptions.from_settings(old) == RunOptions(run_warned=True, saliency_checks=False, side=Side.RIGHT)
    assert RunOptions.from_settings({"side": "up", "roi": 3}) == RunOptions()
