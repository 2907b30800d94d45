"""How an nnU-Net v2 model turns a picture into labels, as nouns: plans.json and dataset.json after reading.

All axes are those of the array the network sees, (z, y, x) as stored and then transposed; `patch`, `spacing_mm`
and `mirror` of a 2-D stage speak of its two last ones.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

from viewer.core.inference import AnyNetwork, Inference, Output
from viewer.core.pack import Count, Names, NotNegative, Part, Positive

_Side = Annotated[int, Meta(ge=1, le=1024)]
_Axis = Annotated[int, Meta(ge=0, le=2)]
Order = Annotated[int, Meta(ge=0, le=5)]


class Scheme(StrEnum):
    """How a channel's values are brought into the network's range."""

    CT = "CT"
    Z_SCORE = "z-score"
    NONE = "none"
    ZERO_TO_ONE = "0-1"
    RGB = "RGB"


class Normalisation(Part, frozen=True, kw_only=True):
    """One channel's values.

    Attributes:
        in_mask: the z-score is taken within the non-zero region, and outside stays 0.
        low, high, mean, spread: of the training set's foreground; used by CT alone.
    """

    scheme: Scheme
    in_mask: bool = False
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    spread: NotNegative = 0.0


class Resizing(Part, frozen=True, kw_only=True):
    """Splines along and across slices; null = across apart where one axis is over three times coarser."""

    order: Order
    order_across: Order = 0
    across_apart: bool | None = None


class Stage(Part, frozen=True, kw_only=True):
    """One configuration of plans.json with its trained folds.

    Attributes:
        folds: names of the weights; their logits are averaged.
        mirror: axes along which flipped copies are averaged too; `overlap_step`: windows move by so much of a patch.
        numbers: the label that each output writes, in the order of the outputs; later over earlier where they are
            regions.
        regions: outputs overlap and are each held against one half; else the first output is the background.
        previous: the stage whose labels are further channels here, one a label.
    """

    name: str
    network: AnyNetwork
    folds: Names
    transpose: tuple[_Axis, _Axis, _Axis]
    spacing_mm: Annotated[tuple[Positive, ...], Meta(min_length=2, max_length=3)]
    patch: Annotated[tuple[_Side, ...], Meta(min_length=2, max_length=3)]
    channels: Annotated[tuple[Normalisation, ...], Meta(min_length=1)]
    image: Resizing
    logits: Resizing
    numbers: Annotated[tuple[Annotated[int, Meta(ge=1, le=65535)], ...], Meta(min_length=1)]
    mirror: tuple[_Axis, ...] = ()
    overlap_step: Annotated[float, Meta(gt=0, le=1)] = 0.5
    regions: bool = False
    previous: str = ""

    def __post_init__(self) -> None:
        """Refuse a stage whose parts do not fit each other."""
        dims = self.network.spatial_dims
        if sorted(self.transpose) != [0, 1, 2]:
            raise ValueError("transpose must name each axis once")
        if {len(self.patch), len(self.spacing_mm)} != {dims}:
            raise ValueError(f"patch and spacing_mm must have {dims} numbers")
        if any(axis >= dims for axis in self.mirror):
            raise ValueError("mirror names an axis that the network has not")


class NnunetOutput(Output, frozen=True, kw_only=True):
    """Labels as the model names them; `numbers`: what stands for each in its own label maps."""

    kind: Literal["nnunet"]
    numbers: tuple[Count, ...]


class NnunetInference(Inference, frozen=True, kw_only=True):
    """The inference.json of a model that came from nnU-Net.

    Attributes:
        stages: run in this order; labels of later ones stand over earlier ones unless they are only `previous`.
        stored: letters that columns, rows and slices ran towards in the files the model was trained on ("LAS"), as
            whoever installed it said. Empty: files are taken as they are stored and DICOM as dcm2niix stores it,
            which is what the library's own users do.
    """

    output: NnunetOutput
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1, max_length=16)]
    stored: Annotated[str, Meta(pattern="^((?=.?.?[RL])(?=.?.?[AP])(?=.?.?[IS])[RLAPIS]{3})?$")] = ""
