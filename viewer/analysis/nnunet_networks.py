"""The two networks of nnU-Net v2 in torch; parameters bear the names of its checkpoints.

Sources: Isensee et al., "nnU-Net", Nature Methods 18 (2021); "nnU-Net revisited" (2024); the names and shapes of
published checkpoints. Only the head of the full resolution is built: the others serve training alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from viewer.core.nnunet_network import NnunetArgs

#: Modules by the number of axes.
Kinds = Mapping[int, Callable[..., nn.Module]]
_SLOPE = 0.01
_EPS = 1e-5
_CONV: Kinds = {2: nn.Conv2d, 3: nn.Conv3d}
_NORM: Kinds = {2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}
_POOL: Kinds = {2: nn.AvgPool2d, 3: nn.AvgPool3d}
_LIFT: Kinds = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


class ConvNorm(nn.Module):
    """Convolution, instance norm and, where asked, a leaky rectifier."""

    def __init__(
        self,
        inside: int,
        outside: int,
        kernel: Sequence[int],
        stride: Sequence[int],
        *,
        bias: bool,
        active: bool = True,
    ) -> None:
        super().__init__()
        dims = len(kernel)
        pad = tuple((k - 1) // 2 for k in kernel)
        self.conv = _CONV[dims](inside, outside, tuple(kernel), tuple(stride), pad, bias=bias)
        self.norm = _NORM[dims](outside, eps=_EPS, affine=True)
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        """[N, inside, ...] -> [N, outside, ...]."""
        y: Tensor = self.norm(self.conv(x))
        return functional.leaky_relu(y, _SLOPE, inplace=True) if self.active else y


class Convs(nn.Module):
    """Convolutions one after another; the first may stride."""

    def __init__(
        self, count: int, inside: int, outside: int, kernel: Sequence[int], stride: Sequence[int], *, bias: bool
    ) -> None:
        super().__init__()
        first = [ConvNorm(inside, outside, kernel, stride, bias=bias)]
        more = [ConvNorm(outside, outside, kernel, (1,) * len(kernel), bias=bias) for _ in range(count - 1)]
        self.convs = nn.Sequential(*first, *more)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inside, ...] -> [N, outside, ...]."""
        y: Tensor = self.convs(x)
        return y


class Block(nn.Module):
    """A residual block: the shortcut averages where the block strides and has a 1-wide convolution where it widens."""

    def __init__(self, inside: int, outside: int, kernel: Sequence[int], stride: Sequence[int], *, bias: bool) -> None:
        super().__init__()
        ones = (1,) * len(kernel)
        self.conv1 = ConvNorm(inside, outside, kernel, stride, bias=bias)
        self.conv2 = ConvNorm(outside, outside, kernel, ones, bias=bias, active=False)
        steps = tuple(stride)
        pool = [_POOL[len(kernel)](steps, steps)] if max(steps) > 1 else []
        wide = [ConvNorm(inside, outside, ones, ones, bias=False, active=False)] if inside != outside else []
        self.skip = nn.Sequential(*pool, *wide)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inside, ...] -> [N, outside, ...]."""
        y = self.conv2(self.conv1(x))
        return functional.leaky_relu(y + self.skip(x), _SLOPE, inplace=True)


class Blocks(nn.Module):
    """Residual blocks one after another; the first may stride."""

    def __init__(
        self, count: int, inside: int, outside: int, kernel: Sequence[int], stride: Sequence[int], *, bias: bool
    ) -> None:
        super().__init__()
        more = [Block(outside, outside, kernel, (1,) * len(kernel), bias=bias) for _ in range(count - 1)]
        self.blocks = nn.Sequential(Block(inside, outside, kernel, stride, bias=bias), *more)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inside, ...] -> [N, outside, ...]."""
        y: Tensor = self.blocks(x)
        return y


@dataclass(frozen=True, slots=True)
class Levels:
    """What the levels of a network are like, finest first; see `core.nnunet_network.NnunetArgs`."""

    features: Sequence[int]
    kernels: Sequence[Sequence[int]]
    strides: Sequence[Sequence[int]]
    bias: bool


class _PlainEncoder(nn.Module):
    """Levels of plain convolutions."""

    def __init__(self, inside: int, levels: Levels, counts: Sequence[int]) -> None:
        super().__init__()
        before = (inside, *levels.features)
        self.stages = nn.ModuleList(
            nn.Sequential(Convs(n, a, b, k, s, bias=levels.bias))
            for n, a, b, k, s in zip(counts, before, levels.features, levels.kernels, levels.strides, strict=False)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """What every level gives, finest first."""
        kept = []
        for stage in self.stages:
            x = stage(x)
            kept.append(x)
        return kept


class _ResidualEncoder(nn.Module):
    """A stem and levels of residual blocks."""

    def __init__(self, inside: int, levels: Levels, counts: Sequence[int]) -> None:
        super().__init__()
        width, kernel = levels.features[0], levels.kernels[0]
        self.stem = Convs(1, inside, width, kernel, (1,) * len(kernel), bias=levels.bias)
        before = (width, *levels.features)
        self.stages = nn.ModuleList(
            Blocks(n, a, b, k, s, bias=levels.bias)
            for n, a, b, k, s in zip(counts, before, levels.features, levels.kernels, levels.strides, strict=False)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """What every level gives, finest first."""
        x = self.stem(x)
        kept = []
        for stage in self.stages:
            x = stage(x)
            kept.append(x)
        return kept


class _Decoder(nn.Module):
    """The way up: a transposed convolution as wide as its stride, then [up, kept] through convolutions."""

    def __init__(self, heads: int, levels: Levels, counts: Sequence[int]) -> None:
        super().__init__()
        features, kernels, strides, bias = levels.features, levels.kernels, levels.strides, levels.bias
        dims, ones = len(kernels[0]), (1,) * len(kernels[0])
        ways = list(zip(features[:0:-1], features[-2::-1], strides[:0:-1], kernels[-2::-1], counts, strict=True))
        lift = _LIFT[dims]
        self.transpconvs = nn.ModuleList(lift(a, b, tuple(s), tuple(s), bias=bias) for a, b, s, _, _ in ways)
        self.stages = nn.ModuleList(Convs(n, 2 * b, b, k, ones, bias=bias) for _, b, _, k, n in ways)
        self.head = _CONV[dims](features[0], heads, 1, 1, 0, bias=True)

    def forward(self, kept: list[Tensor]) -> Tensor:
        """Levels, finest first -> logits of the full resolution."""
        x = kept.pop()
        for lift, stage in zip(self.transpconvs, self.stages, strict=True):
            x = stage(torch.cat((lift(x), kept.pop()), 1))
        y: Tensor = self.head(x)
        return y


class _UNet(nn.Module):
    """An encoder and the decoder above it."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """[N, C, (K,) J, I] with the patch's sides -> (logits [N, L, (K,) J, I],)."""
        return (self.decoder(self.encoder(x)),)


class PlainConvUNet(_UNet):
    """A U-Net of plain convolutions."""

    def __init__(self, **args: Any) -> None:
        given = NnunetArgs(**args)
        levels = Levels(given.features, given.kernels, given.strides, given.bias)
        super().__init__(
            _PlainEncoder(given.in_channels, levels, given.encoder),
            _Decoder(given.out_channels, levels, given.decoder),
        )


class ResidualEncoderUNet(_UNet):
    """A U-Net whose way down is residual."""

    def __init__(self, **args: Any) -> None:
        given = NnunetArgs(**args)
        levels = Levels(given.features, given.kernels, given.strides, given.bias)
        super().__init__(
            _ResidualEncoder(given.in_channels, levels, given.encoder),
            _Decoder(given.out_channels, levels, given.decoder),
        )
