"""How a pack is trained: configs/train.json, as nouns. Torch-free, so that packs are checked without it.

What only one task's recipes hold is added in that task's module.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from viewer.core.inference import Axis
from viewer.core.pack import Count, NotNegative, Part, Positive, Share

Steps = Annotated[int, Meta(ge=0)]
#: [until this share of the run, picture side in pixels].
Sides = tuple[tuple[Share, Count], ...]
Precision = Literal["auto", "full", "bf16"]


class Loop(Part, frozen=True, kw_only=True):
    """How long and how fast.

    Attributes:
        ema: share of the averaged weights kept at each step.
        judge_every: steps between two judgements; 0: none. `patience`: steps without a better one before the end.
        better: the measure that decides.
    """

    steps: Count
    learning_rate: Positive = 2e-3
    weight_decay: NotNegative = 1e-4
    ema: Share = 0.998
    judge_every: Steps = 0
    patience: Steps = 0
    better: str = "loss"
    seed: int = 1
    precision: Precision = "auto"


class LoopChanges(Part, frozen=True, kw_only=True):
    """Settings that replace some of a loop's."""

    steps: Count | UnsetType = UNSET
    learning_rate: Positive | UnsetType = UNSET
    weight_decay: NotNegative | UnsetType = UNSET
    ema: Share | UnsetType = UNSET
    judge_every: Steps | UnsetType = UNSET
    patience: Steps | UnsetType = UNSET
    better: str | UnsetType = UNSET
    seed: int | UnsetType = UNSET
    precision: Precision | UnsetType = UNSET

    def applied(self, loop: Loop) -> Loop:
        """The loop with these settings in place of its own."""
        changes = msgspec.structs.asdict(self)
        return msgspec.structs.replace(loop, **{k: v for k, v in changes.items() if v is not UNSET})


class Spatial(Part, frozen=True):
    """Turns, stretches and bends of pictures and labels alike.

    Attributes:
        shift, bend: shares of half the size; `flip`: spatial axes, 0 = first.
        probability: share of the pictures that are moved (flips and bends aside).
    """

    rotate_deg: NotNegative = 0.0
    scale: NotNegative = 0.0
    stretch: NotNegative = 0.0
    shift: NotNegative = 0.0
    flip: tuple[Axis, ...] = ()
    bend: NotNegative = 0.0
    padding: Literal["border", "zeros", "reflection"] = "border"
    probability: Share = 1.0


class Intensity(Part, frozen=True):
    """Changes of grey values; 0 leaves one out.

    Attributes:
        gamma: log range. `blur`: largest sigma in voxels. `coarse`: largest factor of a coarser grid.
        sharpen: largest amount (2-D). `odds`: of each change.
    """

    gamma: NotNegative = 0.0
    contrast: NotNegative = 0.0
    brightness: NotNegative = 0.0
    shade: NotNegative = 0.0
    noise: NotNegative = 0.0
    blur: NotNegative = 0.0
    coarse: NotNegative = 0.0
    sharpen: NotNegative = 0.0
    odds: Share = 0.5


class Augment(Part, frozen=True):
    """What is done to training pictures.

    Attributes:
        frame: largest share of a side that is blanked at the edges.
        boxes: blanked boxes, each up to `box` of a side; `erase_odds`: of both.
    """

    spatial: Spatial = Spatial()
    intensity: Intensity = Intensity()
    frame: Share = 0.0
    boxes: Steps = 0
    box: Share = 0.2
    erase_odds: Share = 0.5


class PointTargets(Part, frozen=True):
    """Shares at which operating points are fixed."""

    default_sensitivity: Share = 0.95
    high_sensitivity: Share = 0.98
    high_specificity: Share = 0.98


class Recipe(Part, frozen=True, kw_only=True, tag_field="task"):
    """configs/train.json, as far as every recipe has it.

    Attributes:
        fold_by: column whose equal values share a fold.
        fold_steps: steps of a fold's network, where fewer than the loop's.
        start_from: a pack whose weights are gone on from, as far as they fit.
    """

    batch: Count
    loop: Loop
    augment: Augment = Augment()
    fold_by: str = "patient"
    fold_steps: Count | None = None
    start_from: str = ""

    @property
    def kind(self) -> str:
        """Its `task`: of one of the tasks, or of one way to train it."""
        return str(self.__struct_config__.tag)

    def with_loop(self, **changes: int | float | str) -> Self:
        """The recipe with other settings of its loop."""
        return msgspec.structs.replace(self, loop=msgspec.structs.replace(self.loop, **changes))
