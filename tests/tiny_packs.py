"""Tiny packs in the real format: fixed small weights, ready in milliseconds, proving no accuracy."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from viewer.analysis import packschema
from viewer.core.analysis import PackInfo
from viewer.core.inference import AnyNetwork, AnyStep, Inference
from viewer.core.pack import Viewer

SEGMENTER = "mr-tiny-segmentation"
CLASSIFIER = "xray-tiny-classifier"
GUARD = "image-tiny-gate"
READER = "report-tiny"
ECG = "ecg-tiny"

_CODE = {"scheme": "99SECONDREAD", "value": "TINY", "meaning": "Test structure"}

_SEGMENTER_INFERENCE: dict[str, Any] = {
    "network": {
        "_target_": "UNet",
        "args": {"spatial_dims": 3, "in_channels": 1, "out_channels": 3, "channels": [4, 8], "norm": "batch"},
    },
    "preprocess": [
        {"step": "crop_roi", "margin_mm": 0},
        {"step": "orient", "axes": "SAR"},
        {"step": "resample", "spacing_mm": [1.0, 1.0, 1.0]},
        {"step": "normalise", "low": 5, "centre": 50, "high": 95, "clip": 3.0},
        {"step": "pad", "multiple": [4, 4, 4], "minimum": [8, 8, 8]},
    ],
    "window": {"size": [16, 16, 16], "overlap": 0.5},
    "output": {"kind": "labels", "labels": ["anterior", "posterior"]},
}
_CLASSIFIER_INFERENCE: dict[str, Any] = {
    "network": {"_target_": "RadiographClassifier", "args": {"labels": 1, "widths": [4, 8], "blocks": 1, "members": 1}},
    "preprocess": [
        {"step": "window_radiograph"},
        {"step": "resize", "size": [64, 64]},
        {"step": "normalise", "per": "slice"},
    ],
    "output": {"kind": "scores", "labels": ["Bright pattern"], "temperature": 1.0},
}


def network(raw: dict[str, Any]) -> AnyNetwork:
    """A `network` block of inference.json as the program reads it."""
    return packschema.decode(packschema.upgrade_inference({"network": raw})["network"], AnyNetwork)


def steps(*raw: dict[str, Any]) -> tuple[AnyStep, ...]:
    """A `preprocess` list of inference.json as the program reads it."""
    return packschema.decode(packschema.upgrade_inference({"preprocess": list(raw)})["preprocess"], tuple[AnyStep, ...])


def info(name: str, task: str = "classification", **match: Any) -> PackInfo:
    """A pack that only says what it is for."""
    viewer = {"task": task, "match": match, "weights_sha256": "0" * 64, "intended_use": "Tests."}
    raw = {"network": {"_target_": "RadiographGate", "args": {"outliers": 1, "widths": [4]}}}
    inference = packschema.decode({**raw, "output": {"labels": ["thing"]}}, Inference)
    place = Path(name)
    return PackInfo(name, name, "1.0.0", place, place, packschema.decode(viewer, Viewer, "viewer"), inference)


def segmenter(folder: Path, **changes: Any) -> Path:
    """A two-label 3-D segmenter for T1 MR that needs a box; returns the models folder."""
    match = {
        "modality": ["MR"],
        "sequence": "T1",
        "needs_roi": True,
        "even": True,
        "spacing_mm": {"slice": [0.5, 1.5], "pixel": [0.5, 1.5]},
        **changes.pop("match", {}),
    }
    labels = {name: {"text": f"Hippocampus, {name}", "code": _CODE} for name in ("anterior", "posterior")}
    viewer = {"task": "segmentation", "match": match, "labels": labels, **changes}
    return _write(folder, SEGMENTER, viewer, _SEGMENTER_INFERENCE)


def classifier(folder: Path, threshold: float = 0.0, **changes: Any) -> Path:
    """A one-label film classifier for children's chests; returns the models folder."""
    match = {
        "modality": ["CR", "DX"],
        "body_part": ["CHEST"],
        "view": ["PA", "AP"],
        "age_years": [0, 6],
        "slices": [1, 1],
        **changes.pop("match", {}),
    }
    point = {"name": "default", "threshold": threshold, "sensitivity": 0.9, "specificity": 0.8, "n": 10}
    viewer = {
        "task": "classification",
        "match": match,
        "labels": {"Bright pattern": {"code": _CODE}},
        "operating_points": [{**point, "origin": "made up for tests"}],
        **changes,
    }
    return _write(folder, CLASSIFIER, viewer, _CLASSIFIER_INFERENCE)


def guard(folder: Path, threshold: float) -> Path:
    """A gate pack before the tiny classifier that calls films adult from `threshold` on."""
    inference = {
        **_CLASSIFIER_INFERENCE,
        "network": {"_target_": "RadiographGate", "args": {"outliers": 3, "widths": [4, 8, 8], "width": 4}},
        "output": {
            "kind": "scores",
            "labels": ["adult film", "not a frontal chest film", "mirrored film", "unlike the training films"],
        },
    }
    gate = {"for": {CLASSIFIER: ["adult film"]}, "scores": {"adult film": threshold}}
    return _write(folder, GUARD, {"task": "gate", "match": {}, "labels": {}, "gate": gate}, inference)


def reader(folder: Path, threshold: float = 0.0, **changes: Any) -> Path:
    """A reader of reports that knows two findings and nineteen words."""
    words = "a cough effusion has large left no normal nodule of pleural query right seen small the . ,"
    args = {"members": 2, "vocabulary": len(words.split()), "labels": 3, "width": 8, "hidden": 6, "heads": 2}
    inference = {
        "inputs": {"text": "text"},
        "network": {"_target_": "ReportReader", "args": args},
        "output": {"kind": "report", "labels": ["NORMAL", "EFFUSION", "NODULE"]},
        "words": words,
    }
    rule = {"quiet": ["NORMAL"], "terms": {"EFFUSION": ["effusion"], "NODULE": ["nodule"]}, "sided": ["EFFUSION"]}
    viewer = {
        "task": "report",
        "labels": {"EFFUSION": {"text": "Pleural effusion", "code": _CODE}, "NODULE": {"code": _CODE}},
        "points": _points(("NORMAL", "EFFUSION", "NODULE"), threshold),
        "finding": {**rule, **changes.pop("finding", {})},
        "truth": {"joined_by": "+", "text": [{"column": "findings", "heading": "Findings"}]},
        **changes,
    }
    return _write(folder, READER, viewer, inference)


def ecg(folder: Path, threshold: float = 0.0, **changes: Any) -> Path:
    """A reader of 12-lead ECGs with two labels."""
    args = {"members": 2, "labels": 2, "beat": [4, 4, 4], "rhythm": [4, 4, 4], "hidden": 4, "gru": 4}
    inference = {
        "inputs": {"ecg": "signal", "person": "table"},
        "optional": ["person"],
        "network": {"_target_": "EcgReader", "args": args},
        "output": {"kind": "ecg", "labels": ["NORM", "MI"]},
    }
    viewer = {
        "task": "ecg",
        "labels": {"MI": {"text": "Infarction pattern", "code": _CODE}},
        "points": _points(("NORM", "MI"), threshold),
        "finding": {"quiet": ["NORM"]},
        "truth": {"joined_by": "+", "sexes": {"male": "0", "female": "1"}},
        **changes,
    }
    return _write(folder, ECG, viewer, inference)


def _points(names: tuple[str, ...], threshold: float) -> dict[str, Any]:
    return {name: {"threshold": threshold, "origin": "made up for tests"} for name in names}


def _write(folder: Path, name: str, viewer: dict[str, Any], inference: dict[str, Any]) -> Path:
    import torch

    from viewer.analysis import networks

    pack = folder / name
    (pack / "configs").mkdir(parents=True)
    (pack / "docs").mkdir()
    weights = pack / "models" / "model.safetensors"
    state = torch.random.get_rng_state()
    torch.manual_seed(7)
    built = networks.build(network(inference["network"]))
    for member in getattr(built, "members", ()):  # the score must speak for bright places
        if hasattr(member, "read"):
            member.read.weight.data.abs_()
            member.read.bias.data.fill_(0.5)
    networks.save(built, weights)
    torch.random.set_rng_state(state)
    viewer = {
        "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "intended_use": "Tests only.",
        **viewer,
    }
    metadata = {"name": name.replace("-", " ").capitalize(), "version": "0.0.1", "viewer": viewer}
    (pack / "configs" / "metadata.json").write_text(json.dumps(metadata))
    (pack / "configs" / "inference.json").write_text(json.dumps(inference))
    (pack / "docs" / "README.md").write_text("Test pack.\n")
    (pack / "docs" / "data_license.txt").write_text("Made by code.\n")
    return folder
