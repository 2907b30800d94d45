"""What the networks of this program's own packs are made of."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

NEGATIVE_SLOPE = 0.01


def conv(dims: int, inside: int, outside: int, size: int = 3, stride: int = 1) -> nn.Module:
    """A convolution without bias (a normalisation follows)."""
    kind = nn.Conv2d if dims == 2 else nn.Conv3d
    return kind(inside, outside, size, stride, size // 2, bias=False)


def point(dims: int, inside: int, outside: int, stride: int = 1) -> nn.Module:
    """A one-voxel convolution with bias."""
    kind = nn.Conv2d if dims == 2 else nn.Conv3d
    return kind(inside, outside, 1, stride)


def norm_of(dims: int, channels: int, kind: str) -> nn.Module:
    """A normalisation of this kind, affine."""
    if kind == "batch":
        return nn.BatchNorm2d(channels) if dims == 2 else nn.BatchNorm3d(channels)
    if kind == "group":
        return nn.GroupNorm(max(1, channels // 8), channels)
    return nn.InstanceNorm2d(channels, affine=True) if dims == 2 else nn.InstanceNorm3d(channels, affine=True)


class ResidualBlock(nn.Module):
    """Two 3-wide convolutions with normalisation and a shortcut."""

    def __init__(self, dims: int, inside: int, outside: int, stride: int = 1, norm: str = "batch") -> None:
        super().__init__()
        self.conv1 = conv(dims, inside, outside, 3, stride)
        self.norm1 = norm_of(dims, outside, norm)
        self.conv2 = conv(dims, outside, outside, 3)
        self.norm2 = norm_of(dims, outside, norm)
        plain = inside == outside and stride == 1
        self.short: nn.Module = nn.Identity() if plain else point(dims, inside, outside, stride)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inside, ...] -> [N, outside, ...]."""
        y = functional.leaky_relu(self.norm1(self.conv1(x)), NEGATIVE_SLOPE)
        return functional.leaky_relu(self.norm2(self.conv2(y)) + self.short(x), NEGATIVE_SLOPE)
