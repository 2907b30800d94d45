"""What a pack's JSON must hold, and the words for what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

TASKS = ("classification", "segmentation", "gate")
#: Networks and steps a pack may name. Kept here so that packs are checked without torch;
#: a test holds these equal to `networks.NETWORKS` and `preprocess.STEPS`.
NETWORKS = ("UNet", "FilmClassifier", "SliceContextUNet", "FilmGate")
STEPS = ("crop_roi", "middle", "orient", "resample", "film", "squash", "normalise", "pad")
OUTPUTS = ("labels", "scores", "features")
POINTS = ("default", "high_sensitivity", "high_specificity")

_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORBIDDEN = ("imports", "scripts", "_requires_", "_mode_")

Block = Mapping[str, Any]


def problems(metadata: Block, inference: Block) -> list[str]:
    """Everything wrong with a pack's two files, in words; empty when it may be used."""
    found = [*executable(metadata), *executable(inference)]
    found += [f"metadata.json lacks '{key}'" for key in ("name", "version", "viewer") if not metadata.get(key)]
    viewer = metadata.get("viewer")
    if isinstance(viewer, Mapping):
        found += _viewer(viewer)
    elif viewer is not None:
        found.append("'viewer' in metadata.json must be an object")
    return [*found, *_inference(inference)]


def executable(value: Any, place: str = "") -> list[str]:
    """Places that hold an expression or ask for code; packs are data."""
    return [f"'{where}' {why}, and packs are read as data only" for where, why in _executable(value, place)]


def _executable(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value.lstrip().startswith(("$", "@", "%")):
        yield place or "a value", "holds an expression"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{place}.{key}" if place else str(key)
            if str(key).startswith("$"):
                yield here, "holds an expression"
            if key in _FORBIDDEN:
                yield here, "asks for code"
            yield from _executable(inner, here)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, inner in enumerate(value):
            yield from _executable(inner, f"{place}[{index}]")


def _viewer(viewer: Block) -> Iterator[str]:
    if viewer.get("task") not in TASKS:
        yield f"viewer.task must be one of {', '.join(TASKS)}"
    digest = viewer.get("weights_sha256")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        yield "viewer.weights_sha256 must be 64 hexadecimal digits"
    if not str(viewer.get("intended_use", "")).strip():
        yield "viewer.intended_use must say what the pack is for"
    if not isinstance(viewer.get("match", {}), Mapping):
        yield "viewer.match must be an object"
    for name, label in _items(viewer.get("labels")):
        if not isinstance(label, Mapping) or not {"scheme", "value", "meaning"} <= set(label.get("code", {})):
            yield f"viewer.labels.{name} needs a code with scheme, value and meaning"
    yield from _points(viewer)


def _points(viewer: Block) -> Iterator[str]:
    points = viewer.get("operating_points", [])
    if not isinstance(points, list):
        yield "viewer.operating_points must be a list"
        return
    for point in points:
        fits = isinstance(point, Mapping) and isinstance(point.get("threshold"), (int, float))
        if not fits or point.get("name") not in POINTS or not str(point.get("origin", "")).strip():
            yield f"every operating point needs a name ({', '.join(POINTS)}), a threshold and its origin"
            return
    if viewer.get("task") == "classification" and "default" not in {p["name"] for p in points}:
        yield "a classifier needs an operating point named default"


def _inference(inference: Block) -> Iterator[str]:
    network = inference.get("network")
    if not isinstance(network, Mapping) or network.get("_target_") not in NETWORKS:
        name = network.get("_target_") if isinstance(network, Mapping) else None
        yield f"network '{name}' is not on the list ({', '.join(NETWORKS)})"
    elif not isinstance(network.get("args", {}), Mapping):
        yield "network.args must be an object"
    steps = inference.get("preprocess", [])
    if not isinstance(steps, list) or not all(isinstance(s, Mapping) for s in steps):
        yield "preprocess must be a list of steps"
    else:
        for step in steps:
            if step.get("step") not in STEPS:
                yield f"preprocessing step '{step.get('step')}' is not on the list ({', '.join(STEPS)})"
    output = inference.get("output")
    if not isinstance(output, Mapping) or output.get("kind") not in OUTPUTS:
        yield f"output.kind must be one of {', '.join(OUTPUTS)}"
    elif output["kind"] != "features" and not _names(output.get("labels")):
        yield "output.labels must name what the network says"


def _names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(n, str) for n in value)


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(k), v) for k, v in value.items())
