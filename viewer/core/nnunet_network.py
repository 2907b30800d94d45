"""The two networks of nnU-Net v2, as nouns (Isensee et al., Nature Methods 2021, and "nnU-Net revisited", 2024).

A level is one stage of the encoder. Each has a kernel and a stride along every axis of the transposed array.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from viewer.core.network import Network
from viewer.core.pack import Count, Part

#: Bounds that no real plan reaches; a file that does is refused before anything is built.
_Features = Annotated[int, Meta(ge=1, le=4096)]
_Small = Annotated[int, Meta(ge=1, le=9)]
_Levels = Meta(min_length=2, max_length=12)
#: One number an axis.
Steps = Annotated[tuple[_Small, ...], Meta(min_length=2, max_length=3)]


class NnunetArgs(Part, frozen=True, kw_only=True):
    """Settings of both networks.

    Attributes:
        features: channels of each level, finest first.
        kernels, strides: of each level; a stride stands in the level's first convolution.
        encoder: convolutions (plain) or residual blocks of each level; `decoder`: convolutions of each way up,
            coarsest first.
        bias: convolutions carry one.
    """

    spatial_dims: Literal[2, 3]
    in_channels: Count
    out_channels: Annotated[int, Meta(ge=1, le=1024)]
    features: Annotated[tuple[_Features, ...], _Levels]
    kernels: Annotated[tuple[Steps, ...], _Levels]
    strides: Annotated[tuple[Steps, ...], _Levels]
    encoder: Annotated[tuple[_Small, ...], _Levels]
    decoder: Annotated[tuple[_Small, ...], Meta(min_length=1, max_length=11)]
    bias: bool = True

    def __post_init__(self) -> None:
        """Refuse lists that do not speak of the same levels and axes."""
        levels = len(self.features)
        if {len(self.kernels), len(self.strides), len(self.encoder), len(self.decoder) + 1} != {levels}:
            raise ValueError("features, kernels, strides, encoder and decoder do not speak of the same levels")
        if {len(one) for one in (*self.kernels, *self.strides)} != {self.spatial_dims}:
            raise ValueError(f"kernels and strides must have {self.spatial_dims} numbers each")


class NnunetNetwork(Network, frozen=True):
    """What both say of themselves."""

    args: NnunetArgs

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
        """One number a label or region, the background's first where there are labels."""
        return self.args.out_channels


class PlainConvUNet(NnunetNetwork, frozen=True, tag="PlainConvUNet"):
    """A U-Net of plain convolutions."""


class ResidualEncoderUNet(NnunetNetwork, frozen=True, tag="ResidualEncoderUNet"):
    """A U-Net whose way down is made of residual blocks."""
