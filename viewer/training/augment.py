"""Augmentation on batches: geometry, intensity, resolution. 2-D [N, C, J, I] and 3-D [N, C, K, J, I].

Everything is drawn from one `torch.Generator`, so a step number alone fixes its batch.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from viewer.analysis.recipe import Augment, Intensity, Sides, Spatial


def spatial(
    images: Tensor, labels: Tensor | None, config: Spatial, rng: torch.Generator
) -> tuple[Tensor, Tensor | None]:
    """Rotate, scale, stretch, shift, flip and bend images and labels alike.

    Args:
        images: float32 [N, C, ...].
        labels: float32 [N, L, ...] (label numbers or soft shares), or None.
        config: how far.
        rng: the batch's random numbers.
    """
    dims = images.ndim - 2
    theta = _matrices(len(images), dims, config, rng)
    grid = functional.affine_grid(theta, [len(images), 1, *images.shape[2:]], align_corners=False)
    if config.bend:
        coarse = torch.randn(len(images), dims, *([4] * dims), generator=rng) * config.bend / 2
        mode = "bilinear" if dims == 2 else "trilinear"
        fine = functional.interpolate(coarse, size=images.shape[2:], mode=mode, align_corners=True)
        grid = grid + fine.movedim(1, -1)
    moved = functional.grid_sample(images, grid, padding_mode=config.padding, align_corners=False)
    if labels is None:
        return moved, None
    return moved, functional.grid_sample(labels, grid, mode="nearest", padding_mode="border", align_corners=False)


def side_at(sides: Sides, share: float) -> int:
    """Picture side of this part of the run, from (until share, side), ...: small first, full size last."""
    return next((side for until, side in sides if share < until), sides[-1][1])


def resized(images: Tensor, labels: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Square pictures [N, C, J, I] and their labels on a grid of another side; untouched where it is theirs."""
    if images.shape[-1] == side:
        return images, labels
    smaller = functional.interpolate(images, size=(side, side), mode="bilinear", antialias=True)
    return smaller, functional.interpolate(labels, size=(side, side), mode="nearest")


def _matrices(count: int, dims: int, config: Spatial, rng: torch.Generator) -> Tensor:
    """[N, dims, dims + 1] sampling matrices (grid_sample's axis order: last axis first)."""
    matrix = torch.eye(dims).repeat(count, 1, 1)
    on = (torch.rand(count, generator=rng) < config.probability).float()
    for a, b in [(0, 1)] if dims == 2 else [(0, 1), (0, 2), (1, 2)]:
        angle = _uniform(count, config.rotate_deg, rng) * on * torch.pi / 180
        turn = torch.eye(dims).repeat(count, 1, 1)
        turn[:, a, a] = turn[:, b, b] = torch.cos(angle)
        turn[:, a, b], turn[:, b, a] = torch.sin(angle), -torch.sin(angle)
        matrix = turn @ matrix
    scale = 1 + _uniform(count, config.scale, rng) * on
    stretch = 1 + _uniform((count, dims), config.stretch, rng) * on[:, None]
    matrix = matrix * scale[:, None, None] * stretch[:, None, :]
    for axis in config.flip:
        sign = 1 - 2 * (torch.rand(count, generator=rng) < 0.5).float()
        matrix[:, :, dims - 1 - axis] *= sign[:, None]
    shift = _uniform((count, dims), config.shift, rng) * on[:, None]
    return torch.cat([matrix, shift[:, :, None]], dim=2)


def intensity(images: Tensor, config: Intensity, rng: torch.Generator) -> Tensor:
    """Gamma, contrast, shading, blur, coarser resolution and noise, each with its own odds.

    Args:
        images: float32 [N, C, ...], any scale; gamma works on each picture's own range.
        config: how far, and with which odds.
        rng: the batch's random numbers.
    """
    out = images
    odds = config.odds
    if config.coarse:
        out = _coarser(out, config.coarse, odds, rng)
    if config.blur:
        out = _some(out, _blurred(out, config.blur, rng), odds, rng)
    if config.sharpen:
        out = _some(out, _sharpened(out, config.sharpen, rng), odds, rng)
    if config.gamma:
        out = _some(out, _gamma(out, config.gamma, rng), odds, rng)
    if config.shade:
        out = _some(out, _shaded(out, config.shade, rng), odds, rng)
    count = len(out)
    shape = (count, *([1] * (out.ndim - 1)))
    contrast = 1 + _uniform(count, config.contrast, rng).view(shape)
    out = out * contrast + _uniform(count, config.brightness, rng).view(shape)
    if config.noise:
        level = torch.rand(shape, generator=rng) * config.noise
        out = _some(out, out + torch.randn(out.shape, generator=rng) * level, odds, rng)
    return out


def swap_looks(images: Tensor, may: Tensor, odds: float, rng: torch.Generator) -> Tensor:
    """Give some pictures the grey values of another one of the batch, so that no scanner's look tells what they show.

    A picture's pixels keep their order and take the donor's sorted values (histogram matching).

    Args:
        images: float32 [N, 1, J, I].
        may: bool [N], pictures that may give their values; any picture may get them.
        odds: share of pictures that get others' values.
        rng: the batch's random numbers.
    """
    givers = torch.nonzero(may).flatten()
    chosen = torch.nonzero(torch.rand(len(images), generator=rng) < odds).flatten()
    if not len(givers) or not len(chosen):
        return images
    flat = images.flatten(1)
    donors = givers[torch.randint(0, len(givers), (len(chosen),), generator=rng)]
    values = flat[donors].sort(dim=1).values
    strength = torch.rand(len(chosen), 1, generator=rng)
    matched = torch.empty_like(values).scatter_(1, flat[chosen].argsort(dim=1), values)
    out = flat.clone()
    out[chosen] = flat[chosen] + strength * (matched - flat[chosen])
    return out.view_as(images)


def _sharpened(images: Tensor, largest: float, rng: torch.Generator) -> Tensor:
    """Unsharp masking at a random radius, as film makers' edge and contrast processing does."""
    radius = int(torch.randint(1, 9, (1,), generator=rng))
    local = functional.avg_pool2d(images, 2 * radius + 1, 1, radius, count_include_pad=False)
    amount = torch.rand(len(images), generator=rng).view(-1, 1, 1, 1) * largest
    return images + amount * (images - local)


def _some(old: Tensor, new: Tensor, odds: float, rng: torch.Generator) -> Tensor:
    chosen = torch.rand(len(old), generator=rng) < odds
    return torch.where(chosen.view(-1, *([1] * (old.ndim - 1))), new, old)


def _gamma(images: Tensor, reach: float, rng: torch.Generator) -> Tensor:
    axes = tuple(range(1, images.ndim))
    low, high = images.amin(axes, keepdim=True), images.amax(axes, keepdim=True)
    power = torch.exp(_uniform(len(images), reach, rng)).view(-1, *([1] * (images.ndim - 1)))
    share = ((images - low) / (high - low).clamp_min(1e-6)).clamp(1e-6, 1)
    return share.pow(power) * (high - low) + low


def _shaded(images: Tensor, reach: float, rng: torch.Generator) -> Tensor:
    dims = images.ndim - 2
    coarse = torch.randn(len(images), 1, *([3] * dims), generator=rng) * reach
    mode = "bicubic" if dims == 2 else "trilinear"
    return images + functional.interpolate(coarse, size=images.shape[2:], mode=mode, align_corners=True)


def _blurred(images: Tensor, largest: float, rng: torch.Generator) -> Tensor:
    sigma = 0.3 + float(torch.rand(1, generator=rng)) * largest
    reach = max(1, int(2 * sigma + 0.5))
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    taps = taps / taps.sum()
    out = images
    dims = images.ndim - 2
    conv = functional.conv2d if dims == 2 else functional.conv3d
    for axis in range(dims):
        shape = [1] * dims
        shape[axis] = len(taps)
        sides = [0] * (2 * dims)
        sides[2 * (dims - 1 - axis)] = sides[2 * (dims - 1 - axis) + 1] = reach
        padded = functional.pad(out, sides, mode="replicate")
        kernel = taps.view(1, 1, *shape).repeat(images.shape[1], 1, *([1] * dims))
        out = conv(padded, kernel, groups=images.shape[1])
    return out


def _coarser(images: Tensor, largest: float, odds: float, rng: torch.Generator) -> Tensor:
    factor = 1 + float(torch.rand(1, generator=rng)) * (largest - 1)
    size = [max(8, round(n / factor)) for n in images.shape[2:]]
    mode = "bilinear" if images.ndim == 4 else "trilinear"
    small = functional.interpolate(images, size=size, mode=mode, align_corners=False)
    back = functional.interpolate(small, size=images.shape[2:], mode=mode, align_corners=False)
    return _some(images, back, odds, rng)


def _uniform(shape: int | tuple[int, ...], reach: float, rng: torch.Generator) -> Tensor:
    return (torch.rand(shape, generator=rng) * 2 - 1) * reach


def erase(images: Tensor, config: Augment, rng: torch.Generator) -> Tensor:
    """Fill frames and boxes with grey, so borders, markers and corners decide nothing.

    Args:
        images: float32 [N, C, J, I].
        config: how many and how large.
        rng: the batch's random numbers.
    """
    frame, boxes = config.frame, config.boxes
    if not frame and not boxes:
        return images
    out = images.clone()
    rows, columns = images.shape[-2:]
    odds, largest = config.erase_odds, config.box
    for n in range(len(out)):
        draw = torch.rand(6 + 5 * boxes, generator=rng).tolist()
        fill = float(images[n].min()) + draw[0] * float(images[n].max() - images[n].min())
        if frame and draw[1] < odds:
            sides = (rows, rows, columns, columns)
            top, bottom, left, right = (round(d * frame * s) for d, s in zip(draw[2:6], sides, strict=True))
            out[n, :, :top] = fill
            out[n, :, rows - bottom :] = fill
            out[n, :, :, :left] = fill
            out[n, :, :, columns - right :] = fill
        for b in range(boxes):
            on, y, x, h, w = draw[6 + 5 * b : 11 + 5 * b]
            if on < odds / 2:
                j, i = int(y * rows), int(x * columns)
                out[n, :, j : j + int(h * largest * rows), i : i + int(w * largest * columns)] = fill
    return out
