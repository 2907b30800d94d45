"""How a pack's network is fed and read: configs/inference.json, as nouns.

A preprocessing step and a network are a struct here and a function or class of the same meaning in
`analysis.preprocess` and `analysis.networks`; tests hold the lists equal. What a task reads out of the
network (`output`) is declared by that task's module, which extends `Inference` and `Output`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, field

from viewer.core.network import Network
from viewer.core.nnunet_network import PlainConvUNet, ResidualEncoderUNet
from viewer.core.pack import LabelNames, NotNegative, Part, Positive, Share

Percent = Annotated[float, Meta(ge=0, le=100)]
Channels = Annotated[int, Meta(ge=1, le=4096)]
Widths = Annotated[tuple[Channels, ...], Meta(min_length=1, max_length=12)]
#: Blocks a stage, networks averaged: more of them than any pack of 8 MB holds would take minutes to lay out.
Repeats = Annotated[int, Meta(ge=1, le=20)]
Classes = Annotated[int, Meta(ge=1, le=256)]
Side = Annotated[int, Meta(ge=1, le=20_000)]
Millimetres = Annotated[float, Meta(ge=0.01, le=1000)]
Axis = Annotated[int, Meta(ge=0, le=2)]


class InputKind(StrEnum):
    """What a pack may be given: a volume, a waveform, words, or a row of values."""

    IMAGE = "image"
    SIGNAL = "signal"
    TEXT = "text"
    TABLE = "table"


# ---------------------------------------------------------------- networks


class UNetArgs(Part, frozen=True, kw_only=True):
    """Settings of `networks.UNet`."""

    spatial_dims: Literal[2, 3]
    in_channels: Channels
    out_channels: Classes
    channels: Widths
    norm: Literal["batch", "group", "instance"] = "batch"
    thin: Annotated[int, Meta(ge=0, le=4096)] = 0


class UNet(Network, frozen=True, tag="UNet"):
    """A U-Net in 2-D or 3-D."""

    args: UNetArgs

    @property
    def spatial_dims(self) -> int:
        """As its settings say."""
        return self.args.spatial_dims

    @property
    def takes(self) -> int:
        """As its settings say."""
        return self.args.in_channels

    @property
    def classes(self) -> int:
        """As its settings say."""
        return self.args.out_channels


class SliceContextUNetArgs(Part, frozen=True, kw_only=True):
    """Settings of `networks.SliceContextUNet`."""

    in_channels: Channels
    out_channels: Classes
    channels: Widths
    width: Channels = 64
    spatial_dims: Literal[2] = 2
    thin: Annotated[int, Meta(ge=0, le=4096)] = 0


class SliceContextUNet(Network, frozen=True, tag="SliceContextUNet"):
    """A 2-D U-Net over an ordered stack."""

    args: SliceContextUNetArgs

    @property
    def takes(self) -> int:
        """As its settings say."""
        return self.args.in_channels

    @property
    def classes(self) -> int:
        """As its settings say."""
        return self.args.out_channels

    @property
    def scores(self) -> int:
        """One a slice."""
        return 1


class RadiographClassifierArgs(Part, frozen=True, kw_only=True):
    """Settings of `networks.RadiographClassifier`."""

    labels: Classes
    widths: Widths
    blocks: Repeats = 2
    members: Repeats = 1
    drop: Share = 0.1


class RadiographClassifier(Network, frozen=True, tag="RadiographClassifier"):
    """Averaged classifiers of radiographs."""

    args: RadiographClassifierArgs

    @property
    def scores(self) -> int:
        """One a label."""
        return self.args.labels


class RadiographGateArgs(Part, frozen=True, kw_only=True):
    """Settings of `networks.RadiographGate`."""

    outliers: Classes
    widths: Widths
    width: Channels = 48


class RadiographGate(Network, frozen=True, tag="RadiographGate"):
    """A detector of pictures that are not what a pack was made for."""

    args: RadiographGateArgs

    @property
    def scores(self) -> int:
        """One a kind of outlier, and the distance."""
        return self.args.outliers + 1


class ReportReaderArgs(Part, frozen=True, kw_only=True):
    """Settings of `sequences.ReportReader`; `vocabulary` counts the known words."""

    members: Repeats = 1
    vocabulary: Annotated[int, Meta(ge=1, le=2**24)]
    labels: Classes
    width: Channels = 64
    hidden: Channels = 64
    heads: Channels = 2
    drop: Share = 0.4


class ReportReader(Network, frozen=True, tag="ReportReader"):
    """Averaged readers of a text's words."""

    args: ReportReaderArgs

    @property
    def is_exported(self) -> bool:
        """Sentences of many lengths: torch alone."""
        return False

    @property
    def scores(self) -> int:
        """One a label."""
        return self.args.labels


class EcgReaderArgs(Part, frozen=True, kw_only=True):
    """Settings of `sequences.EcgReader`."""

    members: Repeats = 1
    labels: Classes
    beat: tuple[Channels, Channels, Channels] = (32, 48, 64)
    rhythm: tuple[Channels, Channels, Channels] = (24, 32, 48)
    hidden: Channels = 64
    gru: Channels = 32
    drop: Share = 0.4


class EcgReader(Network, frozen=True, tag="EcgReader"):
    """Averaged readers of a 12-lead ECG."""

    args: EcgReaderArgs

    @property
    def is_exported(self) -> bool:
        """Milliseconds in torch; recurrent networks differ elsewhere."""
        return False

    @property
    def scores(self) -> int:
        """One a label."""
        return self.args.labels


#: A new network: a struct above, a name here, the class and a line in `analysis.networks`.
AnyNetwork = (
    UNet
    | SliceContextUNet
    | RadiographClassifier
    | RadiographGate
    | ReportReader
    | EcgReader
    | PlainConvUNet
    | ResidualEncoderUNet
)


# ---------------------------------------------------------------- preprocessing


class Step(Part, frozen=True, tag_field="step"):
    """A preprocessing step and its settings."""


class CropRoi(Step, frozen=True, tag="crop_roi"):
    """Cut the reader's box out, with so many mm kept around it."""

    margin_mm: Annotated[float, Meta(ge=0, le=1000)] = 0.0


class CenterCrop(Step, frozen=True, tag="center_crop"):
    """Keep the middle rows and columns of every slice."""

    size: tuple[Side, Side]


class Orient(Step, frozen=True, tag="orient"):
    """Turn axes so that k, j, i run towards these letters (nearest axes)."""

    axes: Annotated[str, Meta(pattern="^(?=.?.?[RL])(?=.?.?[AP])(?=.?.?[IS])[RLAPIS]{3}$")]


class Resample(Step, frozen=True, tag="resample"):
    """Linear resampling to mm along k, j, i; null keeps an axis.

    Attributes:
        tolerance: axes within this share of the wanted spacing stay.
        only_known: leave pictures without a spacing in the patient as they are.
    """

    spacing_mm: tuple[Millimetres | None, Millimetres | None, Millimetres | None]
    tolerance: NotNegative = 0.02
    only_known: bool = False


class WindowRadiograph(Step, frozen=True, tag="window_radiograph"):
    """A radiograph as a reader sees it, 0 (black) to 1 (white)."""


class Resize(Step, frozen=True, tag="resize"):
    """Every slice to these rows and columns, aspect not kept."""

    size: tuple[Side, Side]


class Normalise(Step, frozen=True, tag="normalise"):
    """Scale-free intensities from three percentiles.

    Attributes:
        low, centre, high: percentiles; `clip`: largest value left.
        per: over the whole volume or slice by slice.
        ground: voxels under this share of the 99th percentile do not count.
    """

    low: Percent = 5
    centre: Percent = 50
    high: Percent = 95
    clip: Positive = 3.0
    per: Literal["volume", "slice"] = "volume"
    ground: Share | None = None


class Pad(Step, frozen=True, tag="pad"):
    """Edge values up to a least size and to multiples, along k, j, i."""

    multiple: tuple[Side, Side, Side] = (1, 1, 1)
    minimum: tuple[Side, Side, Side] = (1, 1, 1)


#: A new step: a struct above, a name here, the function and a line in `analysis.preprocess`.
AnyStep = CropRoi | CenterCrop | Orient | Resample | WindowRadiograph | Resize | Normalise | Pad


# ---------------------------------------------------------------- reading the network


class Window(Part, frozen=True):
    """What the network takes at once: slices of a stack, or a block with its overlap."""

    slices: Side = 8
    size: tuple[Side, Side, Side] | None = None
    overlap: Annotated[float, Meta(ge=0, le=0.9)] = 0.5


class TestTime(Part, frozen=True):
    """Copies that are averaged: each flipped along these axes (0 = k)."""

    flips: Annotated[tuple[Annotated[tuple[Axis, ...], Meta(max_length=3)], ...], Meta(max_length=16)] = ()

    def __post_init__(self) -> None:
        """Refuse a copy that is flipped twice along one axis."""
        if any(len(set(axes)) < len(axes) for axes in self.flips):
            raise ValueError("flips must name each axis of a copy once")


class Saliency(Part, frozen=True):
    """The layer that Grad-CAM reads, dotted as torch names it."""

    layer: str = ""


class Output(Part, frozen=True, kw_only=True):
    """What the network's numbers are called."""

    labels: LabelNames
    temperature: Positive = 1.0


class Inference(Part, frozen=True, kw_only=True):
    """configs/inference.json, as far as every task has it; `optional` inputs may be missing."""

    network: AnyNetwork
    output: Output
    inputs: dict[str, InputKind] = field(default_factory=lambda: {"image": InputKind.IMAGE})
    optional: tuple[str, ...] = ()
    preprocess: tuple[AnyStep, ...] = ()
    window: Window = Window()
    tta: TestTime = TestTime()
    saliency: Saliency = Saliency()
