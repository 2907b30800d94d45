"""A head as a T1-weighted 3-D scan shows it, with two hippocampus-like shapes of known volume.

A drawing with a real scan's contrasts (hippocampus about 0.6 of white matter, fluid dark) and
sizes (about 3,750 mm3 a side, the front part about half of it): it exercises the pack and
proves nothing about accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.samples.shapes import Field, Grid, Point, ellipsoid, smooth_noise, soft

#: T1 signal of each tissue, arbitrary units as a scanner gives them.
AIR, BONE, FLUID, GREY, HIPPOCAMPUS, WHITE, FAT = 18.0, 40.0, 130.0, 500.0, 470.0, 800.0, 960.0
#: Box in mm (x, y, z) round a hippocampus, as cases in training data were cropped.
BOX_MM = (36, 52, 38)
#: Left hippocampus from the front tip to the tail: x (left), y (back), z (head), radius (mm, LPS) and
#: how many times wider than high; the head is broad and flat, the tail thin and rising.
LINE = np.array(
    [
        [23.5, -17.5, -25.0, 2.8, 1.75],
        [24.0, -14.5, -24.5, 5.14, 1.85],
        [24.5, -10.0, -23.5, 5.78, 1.85],
        [25.5, -5.5, -22.5, 5.56, 1.75],
        [27.5, -1.0, -20.5, 3.78, 1.35],
        [29.0, 4.0, -18.0, 3.61, 1.25],
        [29.5, 9.0, -15.0, 3.52, 1.2],
        [29.0, 14.0, -11.0, 3.43, 1.2],
        [27.0, 18.5, -6.5, 2.9, 1.2],
        [25.0, 21.0, -3.5, 2.02, 1.2],
    ]
)
#: y (mm) of the plane between the front and the back part.
FRONT_END = -5.5


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Signal and truth on one grid.

    Attributes:
        signal: int16 [z, y, x].
        labels: uint8 [z, y, x]: 1 front, 2 back of the left, 3 front, 4 back of the right side.
        boxes: "left" and "right" -> (low, high) corners in LPS mm.
    """

    signal: npt.NDArray[np.int16]
    labels: npt.NDArray[np.uint8]
    boxes: dict[str, tuple[Point, Point]]


def draw(grid: Grid, seed: int = 3) -> Head:
    """Draw the head on a grid of LPS mm (x left, y back, z head, all ascending)."""
    rng = np.random.default_rng(seed)
    volume, depth = _head(grid)
    _gyri(volume, grid, depth, rng)
    _deep(volume, grid)
    _hindbrain(volume, grid)
    labels = np.zeros(grid.shape, np.uint8)
    for side, first in ((1, 1), (-1, 3)):
        _amygdala(volume, grid, side)
        _hippocampus(volume, grid, side, first, labels)
    return Head(_scanner(volume, grid, rng), labels, {"left": box(1), "right": box(-1)})


def box(side: int) -> tuple[Point, Point]:
    """Corners of the reader's box round one hippocampus (1 left, -1 right), LPS mm."""
    middle = (LINE[:, :3].min(0) + LINE[:, :3].max(0)) / 2
    middle[0] *= side
    half = np.array(BOX_MM) / 2
    low, high = middle - half, middle + half
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def _head(g: Grid) -> tuple[Field, Field]:
    """Scalp, skull, fluid and white matter; also the depth below the brain's surface in mm."""
    narrow = 1 + 0.10 * np.clip(-g.y / 80, 0, 1)
    q = np.sqrt((g.x * narrow / 66) ** 2 + ((g.y - 2) / 82) ** 2 + ((g.z - 4) / 62) ** 2)
    depth = np.asarray((1 - q) * 66, np.float32)
    floor = -34 + 8 * np.clip(-g.y / 60, -0.6, 1) + 6 * (g.x / 60) ** 2
    depth = np.minimum(depth, g.z - floor)
    volume = np.full(g.shape, AIR, np.float32)
    for value, below in ((FAT, 12.5), (BONE, 8.5), (FLUID, 2.0), (WHITE, 0.0)):
        volume += soft(-depth - below, 1.2) * (value - volume)
    return volume, depth


def _gyri(volume: Field, g: Grid, depth: Field, rng: np.random.Generator) -> None:
    """A ribbon of cortex with sulci that wind along the level lines of smooth noise."""
    field = smooth_noise(g.shape, (5.0, 5.0, 5.0), rng)
    near = np.clip((26 - depth) / 10, 0, 1) * soft(-depth, 1.0)
    ribbon = np.maximum(soft(np.abs(field) - 0.42, 0.25), soft(depth - 3.0, 1.5)) * near
    sulcus = soft(np.abs(field) - 0.10, 0.14) * near * np.clip((17 - depth) / 5, 0, 1)
    volume += ribbon * (GREY - volume)
    volume += sulcus * (FLUID - volume)
    cleft = 0.75 * soft(np.abs(g.x) - 0.5, 1.6) * soft(22 - np.maximum(g.z, np.abs(g.y)), 4.0) * soft(-depth, 1.0)
    volume += cleft * (FLUID - volume)


def _deep(volume: Field, g: Grid) -> None:
    """Corpus callosum, thalamus, caudate, lentiform nucleus and ventricles."""
    volume += ellipsoid(g, (0, 2, 12), (20, 40, 20), 4.0) * (WHITE - volume)
    for side in (-1, 1):
        for centre, radii in (
            ((11 * side, 8, 3), (8, 14, 9)),
            ((14 * side, -18, 12), (5, 12, 8)),
            ((25 * side, -8, 2), (7, 15, 9)),
        ):
            volume += ellipsoid(g, centre, radii, 1.5) * (GREY * 1.12 - volume)
        horn = ellipsoid(g, (8 * side, -4, 18), (5, 30, 5), 1.5)
        atrium = ellipsoid(g, (20 * side, 32, 8), (6, 12, 7), 1.5)
        volume += np.maximum(horn, atrium) * (FLUID - volume)
    volume += ellipsoid(g, (0, 6, 3), (2, 14, 8), 1.0) * (FLUID - volume)


def _hindbrain(volume: Field, g: Grid) -> None:
    """Brain stem in its cistern, tentorium and a striped cerebellum."""
    cistern = ellipsoid(g, (0, 10, -24), (19, 15, 17), 1.5)
    volume += cistern * (FLUID - volume)
    cerebellum = ellipsoid(g, (0, 42, -34), (46, 26, 22), 1.5)
    stripes = 0.5 + 0.5 * np.cos((g.z + 0.35 * np.abs(g.x) - 0.25 * g.y) * 1.7)
    volume += cerebellum * (FLUID + (GREY + 150 - FLUID) * np.clip(0.35 + stripes, 0, 1) - volume)
    peduncles = np.maximum(ellipsoid(g, (-8, 9, -17), (8, 9, 12), 1.5), ellipsoid(g, (8, 9, -17), (8, 9, 12), 1.5))
    pons = ellipsoid(g, (0, 9, -30), (15, 12, 14), 1.5)
    volume += np.maximum(peduncles, pons) * (WHITE * 0.97 - volume)


def _amygdala(volume: Field, g: Grid, side: int) -> None:
    """The grey almond over and before the front part: without it nothing tells where the front part is."""
    volume += ellipsoid(g, (22 * side, -20, -15), (10, 10, 8), 1.5) * (GREY * 1.02 - volume)


def _hippocampus(volume: Field, g: Grid, side: int, first: int, labels: npt.NDArray[np.uint8]) -> None:
    """One side: grey body, thin bright rim, fluid above and beside it, white matter below."""
    inside, distance, over = _tube(g, side)
    near = soft(distance - 9, 3.0)
    volume += near * soft(over - 1, 2.0) * (WHITE * 0.98 - volume)
    below = soft(np.abs(distance - 6.0) - 2.6, 1.5) * soft(over + 1.5, 2.0)
    volume += below * (GREY * 1.02 - volume)
    horn = soft(np.abs(distance - 1.0) - 1.0, 0.8) * soft(0.2 - over / 4, 0.5)
    volume += horn * (FLUID - volume)
    volume += soft(distance, 1.0) * (HIPPOCAMPUS - volume)
    volume += soft(np.abs(distance + 0.7) - 0.5, 0.7) * soft(0.8 - over / 4, 0.6) * (0.30 * (WHITE - volume))
    labels[inside & np.broadcast_to(g.y < FRONT_END, inside.shape)] = first
    labels[inside & np.broadcast_to(g.y >= FRONT_END, inside.shape)] = first + 1


def _tube(g: Grid, side: int) -> tuple[npt.NDArray[np.bool_], Field, Field]:
    """Inside or not, distance to the surface, and height over the centre line (mm), of the shape."""
    dense = _dense_line()
    best = np.full(g.shape, 1e3, np.float32)
    over = np.zeros(g.shape, np.float32)
    low, high = np.array(box(side)) + np.array([[-8.0], [8.0]])
    part = g.window(tuple(low), tuple(high))
    x, y, z = g.x[:, :, part[2]], g.y[:, part[1]], g.z[part[0]]
    near, height = best[part], over[part]
    for px, py, pz, r, wide in dense:
        dz = z - pz
        off = np.sqrt(((x - side * px) / wide) ** 2 + (y - py) ** 2 + (dz / 0.9) ** 2) - r
        closer = off < near
        near[...] = np.where(closer, off, near)
        height[...] = np.where(closer, dz, height)
    return best < 0, best, over


def _dense_line() -> npt.NDArray[np.float64]:
    """The centre line at 1 mm steps."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(LINE[:, :3], axis=0), axis=1))])
    steps = np.arange(0, along[-1], 1.0)
    return np.stack([np.interp(steps, along, LINE[:, n]) for n in range(LINE.shape[1])], axis=1)


def _scanner(volume: Field, g: Grid, rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """A coil's slow shading, slight blur of the k-space window and Rician noise."""
    shade = 1.06 - 0.0011 * g.y - 0.0007 * g.z + 0.0004 * g.x
    texture = smooth_noise(g.shape, (0.9, 0.9, 0.9), rng)
    signal = volume * shade * (1 + 0.035 * texture)
    real = signal + 16 * rng.standard_normal(g.shape).astype(np.float32)
    imaginary = 16 * rng.standard_normal(g.shape).astype(np.float32)
    return np.asarray(np.round(np.hypot(real, imaginary)), np.int16)
