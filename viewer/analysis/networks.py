"""The networks a pack may name: an allow-list, built from plain data.

A pack's `configs/inference.json` holds `{"network": {"_target_": NAME, "args": {...}}}`.
NAME is a key of `NETWORKS`; nothing else is ever imported or evaluated.
Every network maps float32 [N, C, (K,) J, I] to a tuple of tensors:
segmentation (logits,) with logits [N, L, (K,) J, I]; classifiers (logits [N, L],
class activation map [N, L, j, i], lung-field logits); gates (logits [N, L],); readers of reports and
of ECGs as `sequences` says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from msgspec import structs
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from viewer.analysis.blocks import NEGATIVE_SLOPE, ResidualBlock, point
from viewer.analysis.nnunet_networks import PlainConvUNet, ResidualEncoderUNet
from viewer.analysis.radiographs import RadiographClassifier, RadiographGate
from viewer.analysis.sequences import EcgReader, ReportReader
from viewer.core.errors import PackError
from viewer.core.inference import AnyNetwork


class UNet(nn.Module):
    """Residual U-Net in 2-D or 3-D (Ronneberger et al. 2015; Zhang et al. 2018).

    Args:
        spatial_dims: 2 or 3.
        in_channels: channels of the picture.
        out_channels: classes, background included; 1 for a single sigmoid mask.
        channels: feature channels per level; each further level halves the grid.
        norm: "batch", "group" or "instance".
        thin: 0, or the channels of a thin last stage: the levels then begin at half the grid, and only
            that stage, which sees the picture again, works on the full one. Three times faster.
    """

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int],
        norm: str = "batch",
        *,
        thin: int = 0,
    ) -> None:
        super().__init__()
        dims, widths = spatial_dims, list(channels)
        pairs = list(zip(widths, widths[1:], strict=False))
        self.levels, self.thin = len(widths), thin
        self.down = nn.ModuleList(
            [ResidualBlock(dims, in_channels, widths[0], 2 if thin else 1, norm)]
            + [ResidualBlock(dims, a, b, 2, norm) for a, b in pairs]
        )
        up = nn.ConvTranspose2d if dims == 2 else nn.ConvTranspose3d
        self.lift = nn.ModuleList([up(b, a, 2, 2) for a, b in pairs])
        self.up = nn.ModuleList([ResidualBlock(dims, 2 * a, a, 1, norm) for a, _ in pairs])
        self.head = up(widths[0], thin, 2, 2) if thin else point(dims, widths[0], out_channels)
        if thin:
            conv = nn.Conv2d if dims == 2 else nn.Conv3d
            self.mend = nn.Sequential(
                conv(thin + in_channels, thin, 3, 1, 1),
                nn.LeakyReLU(NEGATIVE_SLOPE),
                conv(thin, out_channels, 3, 1, 1),
            )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """[N, C, ...] with sides that 2**(levels-1) divides (2**levels with `thin`) -> (logits [N, L, ...],)."""
        return (self.decode(self.encode(x), x),)

    def encode(self, x: Tensor) -> list[Tensor]:
        """Features of every level, finest first."""
        kept: list[Tensor] = []
        for block in self.down:
            x = block(x)
            kept.append(x)
        return kept

    def decode(self, kept: Sequence[Tensor], picture: Tensor) -> Tensor:
        """Features of every level, and the picture they came from -> logits."""
        x = kept[-1]
        for level in range(self.levels - 2, -1, -1):
            x = self.up[level](torch.cat([self.lift[level](x), kept[level]], dim=1))
        x = self.head(x)
        if self.thin:
            x = self.mend(torch.cat([x, picture.to(x.dtype)], dim=1))
        return torch.as_tensor(x)


class SliceContextUNet(nn.Module):
    """2-D U-Net over an ordered stack: attention lets each slice see what its neighbours show.

    The deepest features of each slice are pooled to one vector, weighted by where the network
    learned to look (so that empty ground around the head does not dilute it); single-head
    attention over the stack (with a learned preference for near slices) gives a context vector,
    which shifts the slice's features before the decoder. The slice's score comes from its own
    vector, its context, and the strongest thousandth of its mask logits, so that mask and score
    do not contradict each other.

    Args:
        in_channels: channels of a slice.
        out_channels: classes; 1 for a single sigmoid mask.
        channels: feature channels per level.
        width: length of the attention vectors.
        spatial_dims: 2, stated so that packs read alike.
        thin: as in `UNet`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int],
        width: int = 64,
        spatial_dims: int = 2,
        *,
        thin: int = 0,
    ) -> None:
        super().__init__()
        self.unet = UNet(spatial_dims, in_channels, out_channels, channels, thin=thin)
        deepest = list(channels)[-1]
        self.look = point(spatial_dims, deepest, 1)
        self.query, self.key = nn.Linear(deepest, width), nn.Linear(deepest, width)
        self.value = nn.Linear(deepest, width)
        self.reach = nn.Parameter(torch.tensor(-1.0))
        self.shift = nn.Linear(width, deepest)
        self.score = nn.Sequential(nn.Linear(deepest + width, width), nn.ReLU(), nn.Linear(width, 1))
        self.trust = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[K, C, J, I], one stack, or [B, K, C, J, I], several of equal length.

        Returns:
            mask logits [B*K, L, J, I], slice logits [B*K, 1], attention [B*K, K] (rows sum to 1).
        """
        stacks = x if x.ndim == 5 else x[None]
        count = stacks.shape[1]
        planes = stacks.flatten(0, 1)
        kept = self.unet.encode(planes)
        share = torch.softmax(self.look(kept[-1]).flatten(2), dim=2)
        pooled = (kept[-1].flatten(2) * share).sum(2).view(-1, count, kept[-1].shape[1])
        weight = self._attention(pooled)
        context = weight @ self.value(pooled)
        score = self.score(torch.cat([pooled, context], dim=2)).flatten(0, 1)
        kept[-1] = kept[-1] + self.shift(context).flatten(0, 1)[:, :, None, None]
        masks = self.unet.decode(kept, planes)
        return masks, score + self.trust * _peak(masks), weight.flatten(0, 1)

    def _attention(self, pooled: Tensor) -> Tensor:
        """[B, K, F] -> [B, K, K]."""
        query, key = self.query(pooled), self.key(pooled)
        place = torch.arange(pooled.shape[1], device=pooled.device, dtype=pooled.dtype)
        far = (place[:, None] - place[None, :]).abs()
        alike = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
        return torch.softmax(alike - functional.softplus(self.reach) * far, dim=-1)


def _peak(masks: Tensor) -> Tensor:
    """Mean of the strongest thousandth of a mask's logits: [N, L, J, I] -> [N, 1]."""
    flat = masks.flatten(1)
    return flat.topk(max(1, flat.shape[1] // 1000), dim=1).values.mean(1, keepdim=True)


#: Name in a pack's data -> network. A new network: a struct in `core.inference`, a class above, a line here.
NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "UNet": UNet,
    "RadiographClassifier": RadiographClassifier,
    "SliceContextUNet": SliceContextUNet,
    "RadiographGate": RadiographGate,
    "ReportReader": ReportReader,
    "EcgReader": EcgReader,
    "PlainConvUNet": PlainConvUNet,
    "ResidualEncoderUNet": ResidualEncoderUNet,
}


def build(config: AnyNetwork) -> nn.Module:
    """Build an untrained network from a pack's `network` block.

    Raises:
        PackError: settings that fit no network together.
    """
    try:
        return NETWORKS[config.name](**structs.asdict(config.args))
    except (TypeError, ValueError, RuntimeError) as error:
        raise PackError(
            f"The pack's settings do not fit the network '{config.name}': {error}.", "Install it again."
        ) from error


def outline(config: AnyNetwork) -> nn.Module:
    """The network on torch's `meta` device: shapes without numbers, so that size costs nothing. In eval mode.

    Raises:
        PackError: settings that fit no network together.
    """
    with torch.device("meta"):
        return build(config).eval().requires_grad_(False)


def fit(config: AnyNetwork, weights: Path, member: str = "") -> nn.Module:
    """A network's outline, its tensors held against the header of its weights: nothing of either is built.

    Args:
        member: of a file that holds several networks, the one whose tensors are called `member/...`.

    Raises:
        PackError: weights that cannot be read or do not fit the network.
    """
    try:
        with safe_open(weights, framework="pt") as file:
            slices = {own: file.get_slice(name) for name, own in _names(file, member).items()}
            held = {name: (tuple(one.get_shape()), one.get_dtype()[:1] in "FB") for name, one in slices.items()}
    except (OSError, SafetensorError) as error:
        raise PackError("The pack's weights cannot be read.", "Install the pack again.") from error
    net = outline(config)
    if held != {name: (tuple(one.shape), one.is_floating_point()) for name, one in net.state_dict().items()}:
        raise PackError("The pack's weights do not fit its network.", "Install the pack again.")
    return net


def _names(file: safe_open, member: str) -> dict[str, str]:
    """Names of a file's tensors -> as the network calls them."""
    start = f"{member}/" if member else ""
    named: list[str] = file.keys()  # type: ignore[no-untyped-call]
    return {name: name.removeprefix(start) for name in named if name.startswith(start)}


def load(config: AnyNetwork, weights: Path, member: str = "") -> nn.Module:
    """Build a network around its weights (safetensors; stored halves become float32).

    Args:
        member: as for `fit`.

    Returns:
        The network in eval mode, float32, on the CPU.

    Raises:
        PackError: weights that cannot be read or do not fit the network.
    """
    net = fit(config, weights, member)
    try:
        with safe_open(weights, framework="pt") as file:
            state = {own: _own(file.get_tensor(name)) for name, own in _names(file, member).items()}
        net.load_state_dict(state, strict=True, assign=True)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise PackError("The pack's weights cannot be read.", "Install the pack again.") from error
    return net.eval().requires_grad_(False)


def save(net: nn.Module, weights: Path) -> None:
    """Write a network's weights as safetensors, floating values as 16-bit halves."""
    state = {n: (t.half() if t.is_floating_point() else t).cpu().contiguous() for n, t in net.state_dict().items()}
    weights.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, str(weights))


def _own(tensor: Tensor) -> Tensor:
    """In memory of its own, not the file's; halves as float32."""
    return tensor.to(torch.float32 if tensor.is_floating_point() else tensor.dtype, copy=True)
