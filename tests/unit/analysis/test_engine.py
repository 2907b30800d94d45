from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests import tiny_packs
from tests.unit.analysis.conftest import BOX, film, head, request_for
from viewer.analysis import engine, provenance
from viewer.analysis.backends import chain
from viewer.core.analysis import Box, GateReason, GateVerdict, RunOptions, Suitability
from viewer.core.errors import AnalysisError, PackError, UsageError
from viewer.core.finding import Side
from viewer.core.task import CancelFlag, Cancelled, Progress
from viewer.core.volume import Volume


def test_segmenter_gives_masks_and_volumes_on_the_input_grid(models: Path) -> None:
    volume = head()
    result = engine.run(request_for(tiny_packs.SEGMENTER, volume))
    assert result.outcome == "ran"
    (mask,) = result.masks
    assert mask.labels.shape == volume.shape
    assert mask.geometry.same_grid(volume.geometry)
    assert [s.name for s in mask.segments] == ["Hippocampus, anterior", "Hippocampus, posterior"]
    outside = mask.labels.copy()
    (k0, j0, i0), (k1, j1, i1) = BOX
    outside[k0:k1, j0:j1, i0:i1] = 0
    assert not outside.any()
    present = {int(n) for n in np.unique(mask.labels)} - {0}
    assert present
    assert {f.location.segment for f in result.findings} == present
    for finding in result.findings:
        (volume_mm3,) = finding.measurements
        assert volume_mm3.unit == "mm3"
        assert volume_mm3.value == pytest.approx(np.count_nonzero(mask.labels == finding.location.segment))
        assert volume_mm3.plus_minus is not None
        assert finding.side is Side.NONE


def test_classifier_gives_score_heatmap_side_and_zone(models: Path) -> None:
    volume = film()
    result = engine.run(request_for(tiny_packs.CLASSIFIER, volume, options=RunOptions(saliency_checks=False)))
    assert result.outcome == "ran"
    (heatmap,) = result.heatmaps
    assert heatmap.values.shape == volume.shape
    assert heatmap.values.max() == pytest.approx(1.0, abs=0.05)
    assert heatmap.values.min() >= 0
    assert heatmap.honest is None
    assert result.findings
    for finding in result.findings:
        assert finding.score == pytest.approx(result.scores["Bright pattern"], abs=1e-5)
        assert finding.operating_point is not None
        assert finding.measurements[0].unit == "%"
        assert finding.location.box_kji is not None


def test_a_heatmap_that_fails_its_check_tells_no_place(models: Path) -> None:
    result = engine.run(request_for(tiny_packs.CLASSIFIER, film()))
    (heatmap,) = result.heatmaps
    assert heatmap.honest is False
    assert "deletion" in heatmap.honesty
    (finding,) = result.findings
    assert finding.side is Side.NONE
    assert finding.location.box_kji is None
    assert "failed its check" in finding.location.text


def test_a_heatmap_by_occlusion_is_another_map_and_is_tested_by_deletion(models: Path) -> None:
    usual = engine.run(request_for(tiny_packs.CLASSIFIER, film()))
    result = engine.run(request_for(tiny_packs.CLASSIFIER, film(), options=RunOptions(explain="occlusion")))
    (heatmap,) = result.heatmaps
    assert heatmap.values.shape == film().shape
    assert not np.allclose(heatmap.values, usual.heatmaps[0].values, atol=0.05)
    assert heatmap.honest is not None
    assert "made by occlusion" in heatmap.honesty
    assert result.scores == usual.scores
    assert result.provenance is not None
    assert result.provenance.settings["explain"] == "occlusion"


def test_the_same_request_gives_the_same_findings(models: Path) -> None:
    first, second = (engine.run(request_for(tiny_packs.CLASSIFIER, film())) for _ in range(2))
    assert first.findings == second.findings
    assert first.scores == second.scores


def test_score_under_the_threshold_is_counted_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECONDREAD_MODELS", str(tiny_packs.classifier(tmp_path / "m", threshold=1.1)))
    result = engine.run(request_for(tiny_packs.CLASSIFIER, film()))
    assert result.outcome == "ran"
    assert result.findings == ()
    assert result.below_threshold == 1


def test_provenance_is_complete(models: Path) -> None:
    volume = film()
    request = request_for(tiny_packs.CLASSIFIER, volume, input_uids=("1.2.3.4",), precision="auto")
    told = engine.run(request).provenance
    assert told is not None
    metadata = json.loads((models / tiny_packs.CLASSIFIER / "configs/metadata.json").read_text())
    assert told.weights_sha256 == metadata["viewer"]["weights_sha256"]
    assert told.pixel_hash == provenance.pixel_hash(volume)
    assert told.input_uids == ("1.2.3.4",)
    assert told.backend.startswith("openvino")
    assert told.device.startswith("CPU")
    assert {"secondread", "python", "torch", "numpy"} <= set(told.software)
    assert told.started <= told.finished
    assert told.settings["threshold"] == 0.0


def test_openvino_and_torch_agree(models: Path) -> None:
    fast = engine.run(request_for(tiny_packs.SEGMENTER, head(), precision="auto"))
    full = engine.run(request_for(tiny_packs.SEGMENTER, head(), precision="full"))
    assert fast.provenance is not None
    assert fast.provenance.backend.startswith("openvino")
    assert full.provenance is not None
    assert full.provenance.backend.startswith("torch")
    assert np.mean(fast.masks[0].labels != full.masks[0].labels) < 1e-3


def test_an_xray_given_to_an_mr_pack_is_refused_with_the_tag(models: Path) -> None:
    result = engine.run(request_for(tiny_packs.SEGMENTER, film(), roi=((0, 0, 0), (1, 9, 9))))
    assert result.outcome == "refused"
    assert result.gate is not None
    assert result.gate.verdict is Suitability.REFUSE
    assert "Needs MR; this is DX. (0008,0060)" in result.message
    assert not result.masks
    assert not result.findings


def test_a_warned_series_runs_only_when_asked(models: Path) -> None:
    volume = film(tags={"PatientAge": ""})
    warned = engine.run(request_for(tiny_packs.CLASSIFIER, volume))
    assert warned.outcome == "refused"
    assert warned.gate is not None
    assert warned.gate.verdict is Suitability.WARN
    anyway = engine.run(request_for(tiny_packs.CLASSIFIER, volume, options=RunOptions(run_warned=True)))
    assert anyway.outcome == "ran"
    assert anyway.gate is not None
    assert [r.rule for r in anyway.gate.reasons] == ["age"]


def test_a_wrong_hash_is_refused_in_words(models: Path) -> None:
    weights = models / tiny_packs.CLASSIFIER / "models/model.safetensors"
    weights.write_bytes(weights.read_bytes() + b"\0")
    with pytest.raises(PackError, match="SHA-256"):
        engine.run(request_for(tiny_packs.CLASSIFIER, film()))


def test_no_packs_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECONDREAD_MODELS", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="none is installed"):
        engine.run(request_for(tiny_packs.CLASSIFIER, film()))


def test_cancel_is_asked_before_each_window(models: Path) -> None:
    flag = CancelFlag()

    def stop_in_network(progress: Progress) -> None:
        if progress.stage == "Network" and (progress.fraction or 0) > 0.2:
            flag.cancel()

    with pytest.raises(Cancelled):
        engine.run(request_for(tiny_packs.SEGMENTER, head()), stop_in_network, flag)


def test_progress_rises_to_the_end_and_tells_the_time_left(models: Path) -> None:
    told: list[Progress] = []
    engine.run(request_for(tiny_packs.SEGMENTER, head()), told.append)
    shares = [p.fraction for p in told if p.fraction is not None]
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0
    assert any(p.eta_seconds is not None for p in told)


@pytest.mark.logs("given up")
def test_a_failing_openvino_falls_back_to_torch_and_says_so(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.analysis.backends.openvino.TOLERANCE", -1.0)
    result = engine.run(request_for(tiny_packs.CLASSIFIER, film(), precision="auto"))
    assert result.provenance is not None
    assert result.provenance.backend.startswith("torch")
    assert any("OpenVINO was not used" in words for words in result.provenance.fallbacks)


class _SmallCard:
    """Stands where a backend stands and is out of memory for batches above `room`."""

    name, device, fallbacks = "small card", "cuda", ()

    def __init__(self, room: int) -> None:
        self.room = room

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        if len(batch) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return (batch * 2,)


class _Backends(chain.Loaded):
    def __init__(self, made: dict[str, object]) -> None:
        super().__init__(torch.nn.Identity(), "0" * 64, Path("unused"), 1)
        self._made = made  # type: ignore[assignment]


@pytest.mark.parametrize(("room", "device", "words"), [(2, "cuda", "batches of 2"), (0, "cpu", "ran on the CPU")])
def test_the_chain_steps_down_when_memory_is_short(room: int, device: str, words: str) -> None:
    plain = _SmallCard(99)
    plain.device = "cpu"
    steps = chain.BackendChain(_Backends({"cuda": _SmallCard(room), "torch": plain}), "cuda", "full")
    batch = np.arange(8, dtype=np.float32).reshape(8, 1)
    (out,) = steps(batch)
    assert np.array_equal(out, batch * 2)
    assert steps.device == device
    assert any(words in taken for taken in steps.fallbacks)


def test_full_main_memory_ends_in_words() -> None:
    def no_room(_batch: np.ndarray) -> tuple[np.ndarray, ...]:
        return (torch.empty(10**15).numpy(),)

    with pytest.raises(AnalysisError, match="ran out of memory"):
        chain.BackendChain(_Backends({"torch": no_room}), "cpu", "full")(np.zeros((1, 1), np.float32))


@pytest.mark.parametrize(("value", "words"), [(np.nan, "not numbers"), (5.0, "same value")])
def test_nan_and_constant_films_are_refused(models: Path, value: float, words: str) -> None:
    volume = film()
    stored = np.full(volume.shape, 5.0, np.float32)
    stored[0, 3, 3] = value
    result = engine.run(request_for(tiny_packs.CLASSIFIER, replace(volume, stored=stored)))
    assert result.outcome == "refused"
    assert words in result.message


def turned(volume: Volume, order: tuple[int, int, int], flips: tuple[int, ...]) -> tuple[Volume, Box]:
    """The same head stored another way: axes reordered and reversed, and the box with it."""
    stored = np.transpose(volume.stored, order)
    affine = volume.geometry.affine.copy()
    affine[:3, :3] = affine[:3, :3][:, list(order)]
    low, high = [BOX[0][a] for a in order], [BOX[1][a] for a in order]
    for axis in flips:
        size = stored.shape[axis]
        stored = np.flip(stored, axis)
        affine[:3, 3] += affine[:3, axis] * (size - 1)
        affine[:3, axis] *= -1
        low[axis], high[axis] = size - high[axis], size - low[axis]
    grid = replace(volume.geometry, shape=stored.shape, affine=affine)
    box: Any = (tuple(low), tuple(high))
    return replace(volume, stored=np.ascontiguousarray(stored), geometry=grid), box


@pytest.mark.parametrize("flips", [(), (0,), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_the_mask_lies_on_the_same_tissue_however_the_series_is_stored(
    models: Path, order: tuple[int, int, int], flips: tuple[int, ...]
) -> None:
    plain = engine.run(request_for(tiny_packs.SEGMENTER, head())).masks[0]
    volume, box = turned(head(), order, flips)
    mask = engine.run(request_for(tiny_packs.SEGMENTER, volume, roi=box)).masks[0]
    assert mask.geometry.same_grid(volume.geometry)
    for number in (1, 2):
        here = np.argwhere(mask.labels == number)
        there = plain.geometry.world_to_index(mask.geometry.index_to_world(here)).round().astype(int)
        assert len(here) == np.count_nonzero(plain.labels == number)
        assert (plain.labels[tuple(there.T)] == number).all()


def test_a_gate_pack_looks_at_the_film_and_speaks(models: Path) -> None:
    tiny_packs.guard(models, threshold=-1.0)
    refused = engine.run(request_for(tiny_packs.CLASSIFIER, film()))
    assert refused.outcome == "refused"
    assert refused.gate is not None
    assert "adult" in refused.gate.reasons[0].text
    assert "score" in refused.gate.reasons[0].tag


def test_a_broken_gate_pack_warns(models: Path) -> None:
    weights = tiny_packs.guard(models, threshold=2.0) / tiny_packs.GUARD / "models/model.safetensors"
    assert engine.run(request_for(tiny_packs.CLASSIFIER, film())).outcome == "ran"
    weights.write_bytes(weights.read_bytes() + b"\0")
    warned = engine.run(request_for(tiny_packs.CLASSIFIER, film()))
    assert warned.gate is not None
    assert warned.gate.verdict is Suitability.WARN
    assert "looks were not checked" in warned.gate.reasons[0].text


def test_where_the_gate_sees_a_mirrored_film_no_finding_tells_a_side(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.analysis.tasks.classification.radiograph_side", lambda *_of: Side.RIGHT)
    volume, asked = film(), RunOptions(saliency_checks=False, run_warned=True)
    plain = engine.run(request_for(tiny_packs.CLASSIFIER, volume, options=asked))
    assert any(finding.side is not Side.NONE for finding in plain.findings)
    seen = engine.suitability.check

    def doubting(*given: Any, **options: Any) -> GateVerdict:
        reason = GateReason("mirrored", Suitability.WARN, "The film looks mirrored left to right.", "")
        return engine.suitability.verdict_of([*seen(*given, **options).reasons, reason])

    monkeypatch.setattr(engine.suitability, "check", doubting)
    doubted = engine.run(request_for(tiny_packs.CLASSIFIER, volume, options=asked))
    assert doubted.findings
    for finding in doubted.findings:
        assert finding.side is Side.NONE
        assert not re.search("left|right", finding.location.text, re.IGNORECASE)
