"""What goes into an analysis and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from viewer.core.cine import CineFunction
from viewer.core.finding import Finding, OperatingPoint
from viewer.core.volume import Heatmap, Mask, Volume

#: Half-open voxel box ((k0, j0, i0), (k1, j1, i1)) on the input's grid.
Box = tuple[tuple[int, int, int], tuple[int, int, int]]


class Suitability(Enum):
    """The gate's word on a pack and a series."""

    RUN = "run"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class GateReason:
    """One rule that spoke.

    Attributes:
        rule: stable word ("modality", "age", "spacing", "ood" ...).
        text: rule + what this study has, in words.
        tag: DICOM tag "(0018,0050)", slice or score it rests on; may be empty.
        todo: what helps; may be empty.
    """

    rule: str
    verdict: Suitability
    text: str
    tag: str = ""
    todo: str = ""


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The gate's verdict with every reason; the worst reason decides."""

    verdict: Suitability
    reasons: tuple[GateReason, ...] = ()


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A model pack, read as data without importing torch.

    Attributes:
        folder: the pack's folder (configs/, models/, docs/).
        task: "classification", "segmentation" or "gate".
        match: rules of the suitability gate, as in metadata.json `viewer.match`.
        needs_roi: True when the reader places a box.
        viewer: the whole `viewer` block of metadata.json.
        inference: configs/inference.json (network, preprocess, output).
        weights: path of the safetensors file; `weights_sha256` as declared.
    """

    id: str
    name: str
    version: str
    folder: Path
    task: str
    weights: Path
    weights_sha256: str
    match: dict[str, Any] = field(default_factory=dict)
    needs_roi: bool = False
    research_only: bool = False
    operating_points: tuple[OperatingPoint, ...] = ()
    intended_use: str = ""
    viewer: dict[str, Any] = field(default_factory=dict)
    inference: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """Immutable, complete and picklable: all a worker needs.

    Attributes:
        inputs: name -> Volume ("image" is the one packs look for).
        roi: half-open voxel box on the input's grid, or None.
        device: "auto", "cpu" or "cuda"; precision: "auto" or "full".
    """

    id: str
    pack_id: str
    inputs: dict[str, Volume]
    roi: Box | None = None
    device: str = "auto"
    precision: str = "auto"
    input_uids: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provenance:
    """The run passport: enough to repeat a run and compare.

    Attributes:
        fallbacks: every rung taken, in words ("GPU out of memory: ran on CPU").
        input_uids: SOP Instance UIDs; `pixel_hash`: sha256 of the stored voxels + affine.
        started, finished: ISO 8601 with offset; `settings`: roi, threshold, precision ...
    """

    pack_id: str
    pack_version: str
    weights_sha256: str
    device: str
    backend: str
    software: dict[str, str] = field(default_factory=dict)
    fallbacks: tuple[str, ...] = ()
    input_uids: tuple[str, ...] = ()
    pixel_hash: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    seeds: dict[str, int] = field(default_factory=dict)
    started: str = ""
    finished: str = ""


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """What a pack made of its input; masks and heatmaps on the input's grid.

    Attributes:
        outcome: "ran", "refused" or "failed"; findings may be empty when it ran.
        reasons: gate reasons (refused or warned); `message`: words for "failed".
        below_threshold: proposals not shown because their score is under the threshold.
        stack_key: the stack its findings lie on where that is not the one asked for (end-diastole).
        cine: the heart's volumes over the beat, where a pack measured them.
        phase_masks: masks of the beat's other phases; each says its stack.
    """

    request_id: str
    pack_id: str
    outcome: str
    series_uid: str | None = None
    gate: GateVerdict | None = None
    message: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    masks: tuple[Mask, ...] = ()
    heatmaps: tuple[Heatmap, ...] = ()
    findings: tuple[Finding, ...] = ()
    below_threshold: int = 0
    provenance: Provenance | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    stack_key: str = ""
    cine: CineFunction | None = None
    phase_masks: tuple[Mask, ...] = ()

    def seen_on(self, key: str) -> AnalysisResult:
        """The result as it lies on a stack: on another phase of the beat only that phase's mask."""
        there = tuple(mask for mask in self.phase_masks if mask.stack_key == key)
        return replace(self, masks=there, heatmaps=()) if there else self
