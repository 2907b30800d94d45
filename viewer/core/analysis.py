"""What goes into an analysis and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.core.cine import CineFunction
from viewer.core.errors import UsageError
from viewer.core.finding import Finding, OperatingPoint, Side
from viewer.core.volume import Heatmap, Mask, Volume
from viewer.core.waveform import Waveform

if TYPE_CHECKING:
    from viewer.core.inference import Inference
    from viewer.core.pack import Match, Viewer

#: Half-open voxel box ((k0, j0, i0), (k1, j1, i1)) on the input's grid.
Box = tuple[tuple[int, int, int], tuple[int, int, int]]
#: One row of a table by column: laboratory values, ages, answers of a form.
Table = Mapping[str, float | str]
#: What a pack may be given, by the name its `inputs` has for it (kinds: `core.inference.InputKind`).
Input = Volume | Waveform | str | Table
#: What an analysis is of: the pictures of a stack, the signals of a recording, or the words of a document.
Subject = Volume | Waveform | str


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
        folder: the pack's folder (configs/, models/, docs/); `weights`: its safetensors file.
        viewer: the `viewer` block of metadata.json.
        inference: configs/inference.json (network, preprocess, output).
        is_offered: a reader may run it; False for packs that only stand before others.
    """

    id: str
    name: str
    version: str
    folder: Path
    weights: Path
    viewer: Viewer
    inference: Inference
    description: str = ""
    is_offered: bool = True

    @property
    def task(self) -> str:
        """Which task it does: a name of `analysis.tasks.TASKS`."""
        return self.viewer.task

    @property
    def match(self) -> Match:
        """Rules of the suitability gate."""
        return self.viewer.match

    @property
    def needs_roi(self) -> bool:
        """True when the reader places a box."""
        return self.viewer.match.needs_roi

    @property
    def research_only(self) -> bool:
        """True for weights of non-commercial data."""
        return self.viewer.research_only

    @property
    def operating_points(self) -> tuple[OperatingPoint, ...]:
        """Thresholds fixed beforehand."""
        return tuple(point.in_use for point in self.viewer.operating_points)

    @property
    def intended_use(self) -> str:
        """What it is for, in words."""
        return self.viewer.intended_use

    @property
    def weights_sha256(self) -> str:
        """The hash its weights must have."""
        return self.viewer.weights_sha256


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run may be asked besides its inputs.

    Attributes:
        run_warned: run a pack that the gate only warns of.
        research: the reader switched packs on that were trained on non-commercial data.
        side: the side the reader placed the box on.
        explain: "occlusion", or "" for the pack's own way to draw heatmaps.
        saliency_checks: test whether heatmaps can be believed.
        volumes: the slices lie beside each other, so that volumes mean something.
        pixel_mm: size of a pixel as the reader states it, for pictures whose file tells none; 0 where nobody did.
        fast: models from outside run with one fold and no mirrored copies: quicker, and another answer.
    """

    run_warned: bool = False
    research: bool = False
    side: Side = Side.NONE
    explain: str = ""
    saliency_checks: bool = True
    volumes: bool = True
    pixel_mm: float = 0.0
    fast: bool = False

    @property
    def settings(self) -> dict[str, bool | str | float]:
        """As provenance keeps them: both switches, and what was asked for besides."""
        kept: dict[str, bool | str | float] = {"run_warned": self.run_warned, "research": self.research}
        asked = {name: getattr(self, name) for name in _ASKED if getattr(self, name) != getattr(RunOptions(), name)}
        return kept | {name: value.value if isinstance(value, Side) else value for name, value in asked.items()}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> RunOptions:
        """The options that provenance kept; everything else in it is left alone."""
        known = {one.name for one in fields(cls)}
        named = {_OLD_OPTIONS.get(name, name): value for name, value in settings.items()}
        chosen: dict[str, Any] = {name: value for name, value in named.items() if name in known}
        side = chosen.get("side")
        return cls(**chosen | {"side": Side(side) if side in ("left", "right") else Side.NONE})


_ASKED = ("side", "explain", "saliency_checks", "volumes", "pixel_mm", "fast")
#: Names that earlier versions kept options under.
_OLD_OPTIONS = {"honesty": "saliency_checks"}


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """Immutable, complete and picklable: all a worker needs.

    Attributes:
        inputs: by the names of the pack's `inputs`; "image" is the picture that results lie on.
        roi: half-open voxel box on the input's grid, or None.
        device: "auto", "cpu" or "cuda"; precision: "auto" or "full".
        of_series: series that an input which is no picture is of.
    """

    id: str
    pack_id: str
    inputs: Mapping[str, Input]
    roi: Box | None = None
    device: str = "auto"
    precision: str = "auto"
    input_uids: tuple[str, ...] = ()
    options: RunOptions = RunOptions()
    of_series: str | None = None

    @property
    def image(self) -> Volume:
        """The picture that results lie on.

        Raises:
            UsageError: the request has none.
        """
        volume = self.inputs.get("image")
        if not isinstance(volume, Volume):
            raise UsageError("The analysis was given no picture.", "Open a series and run it again.")
        return volume

    @property
    def series_uid(self) -> str | None:
        """Series of the picture or of what else was read; None where the file has no UID."""
        volume = self.inputs.get("image")
        return volume.series_uid if isinstance(volume, Volume) else self.of_series

    def on(self, image: Volume, uids: tuple[str, ...]) -> AnalysisRequest:
        """The same request on another picture."""
        return replace(self, inputs={**self.inputs, "image": image}, input_uids=uids)


class Outcome(StrEnum):
    """How a run ended."""

    RAN = "ran"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Enough to repeat a run and compare.

    Attributes:
        fallbacks: every step down, in words ("GPU out of memory: ran on CPU").
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
        outcome: findings may be empty when it ran.
        reasons: gate reasons (refused or warned); `message`: words for "failed".
        below_threshold: proposals not shown because their score is under the threshold.
        stack_key: the stack its findings lie on where that is not the one asked for (end-diastole).
        cine: the heart's volumes over the beat, where a pack measured them.
        phase_masks: masks of the beat's other phases; each says its stack.
        denied: what a text says is not there: shown, never judged or reported.
        text: the words it read where they were typed and stand in no file.
    """

    request_id: str
    pack_id: str
    outcome: Outcome
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
    denied: tuple[Finding, ...] = ()
    text: str = ""

    def seen_on(self, key: str) -> AnalysisResult:
        """The result as it lies on a stack: on another phase of the beat only that phase's mask."""
        there = tuple(mask for mask in self.phase_masks if mask.stack_key == key)
        return replace(self, masks=there, heatmaps=()) if there else self
