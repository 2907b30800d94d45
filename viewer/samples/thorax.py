"""A thorax made of soft shapes, in Hounsfield units; the chest film is its projection.

The model is drawn for a child of four; `scale` makes an adult of it. It is a drawing that
exercises the program: it proves nothing about accuracy on people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.samples.shapes import Capsule, Field, Grid, Point, chain, ellipsoid, paint_rods, soft

Vector = npt.NDArray[np.float64]

#: Hounsfield units.
AIR, LUNG, FAT, SOFT, BLOOD, LIVER, BONE = -1000.0, -830.0, -90.0, 35.0, 45.0, 60.0, 650.0
#: Lung apex and lowest recess above and below the model's centre (mm).
APEX, BASE = 74.0, -84.0


@dataclass(frozen=True, slots=True)
class Ball:
    """Something round in a lung: centre LPS mm, radii mm, its HU, and how soft its edge is (mm)."""

    centre: Point
    radii: Point
    hu: float
    edge: float = 1.5


@dataclass(frozen=True, slots=True)
class Thorax:
    """One person: size and what is in the lungs.

    Attributes:
        scale: 1 = child of four, about 1.35 = adult.
        balls: opacities or nodules, painted inside the lungs only, in real (scaled) mm.
        arms: raised arms' stumps as on a film; a CT has none.
    """

    scale: float = 1.0
    balls: Sequence[Ball] = ()
    arms: bool = True
    seed: int = 7

    def hounsfield(self, grid: Grid) -> Field:
        """HU on a grid of real millimetres, float32 (z, y, x)."""
        s = np.float32(self.scale)
        g = Grid(grid.x / s, grid.y / s, grid.z / s)
        lungs = lung_field(g)
        volume = _trunk(g, self.arms)
        volume += lungs * (LUNG - volume)
        for rods in (vessels(-1, self.seed), vessels(1, self.seed + 1)):
            paint_rods(volume, g, rods, value=BLOOD, edge=0.9, only_up=True)
        for ball in self.balls:
            inside = ellipsoid(grid, ball.centre, ball.radii, ball.edge) * lungs
            volume += np.maximum(inside * (ball.hu - volume), 0)
        paint_rods(volume, g, airways(), value=AIR, edge=1.5, only_up=False)
        paint_rods(volume, g, bones(self.arms), value=BONE, edge=1.6, only_up=True)
        _spine(volume, g)
        return volume

    def lungs(self, grid: Grid) -> Field:
        """Occupancy of both lungs on a grid of real millimetres."""
        s = np.float32(self.scale)
        return lung_field(Grid(grid.x / s, grid.y / s, grid.z / s))


def cage(z: Field) -> tuple[Field, Field]:
    """Half width and half depth of the inside of the rib cage at height z (mm)."""
    t = np.clip((z - BASE) / (APEX - BASE), 0, 1)
    taper = np.power(1 - np.power(t, 3.6), 0.56) * (0.97 + 0.03 * np.cos(np.pi * t))
    return np.maximum(84 * taper, 0.5), np.maximum(56 * taper, 0.5)


def lung_field(g: Grid) -> Field:
    """Both lungs: the cage without mediastinum, heart and the domes of the diaphragm."""
    wide, deep = cage(g.z)
    radial = np.sqrt((g.x / wide) ** 2 + (g.y / deep) ** 2)
    inside = soft((radial - 1) * deep, 1.5) * soft(g.z - APEX, 1.5)
    middle = 15 + 5 * np.exp(-(((g.z + 5) / 24) ** 2)) + 5 * np.clip(g.y / 50, 0, 1)
    inside *= 1 - soft(np.abs(g.x) - middle, 2.0)
    inside *= 1 - heart(g)
    inside *= 1 - soft(g.z - _dome(g), 1.5)
    return np.asarray(inside, np.float32)


def _dome(g: Grid) -> Field:
    """Height of the diaphragm; the right side stands higher, the recess behind lies deep."""
    right = np.where(g.x < 0, np.float32(-34), np.float32(-41))
    across = ((np.abs(g.x) - 38) / 52) ** 2
    along = ((g.y + 8) / 50) ** 2
    return np.asarray(right - 26 * np.minimum(across, 1.6) - 24 * np.minimum(along, 1.8), np.float32)


def heart(g: Grid) -> Field:
    """Heart with its apex to the left, right atrium and aortic knob."""
    body = ellipsoid(g, (17, -14, -26), (40, 31, 29), 2.0, turn=-0.55)
    atrium = ellipsoid(g, (-13, -8, -24), (17, 22, 25), 2.0)
    knob = ellipsoid(g, (16, 10, 28), (11, 14, 12), 2.0)
    return np.maximum(np.maximum(body, atrium), knob)


def _trunk(g: Grid, arms: bool) -> Field:
    wide, deep = _outline(g.z)
    radial = np.power(np.power(np.abs(g.x) / wide, 2.4) + np.power(np.abs(g.y) / deep, 2.2), 1 / 2.3)
    outside = (radial - 1) * deep
    skin = soft(outside, 1.5)
    muscle = soft(outside + 6, 2.5)
    volume = AIR + skin * (FAT - AIR)
    volume += muscle * (SOFT - volume)
    below = soft(g.z + 46, 6.0) * muscle
    volume += below * (LIVER - volume)
    bubble = ellipsoid(g, (44, -22, -86), (21, 14, 11), 2.0)
    volume += bubble * (-900 - volume)
    if arms:
        limbs: list[Capsule] = []
        for side in (-1, 1):
            limbs += chain(np.array([[side * 84, 6, 76], [side * 118, 8, 98], [side * 150, 8, 132]]), [20, 17, 16])
        paint_rods(volume, g, limbs, value=SOFT, edge=3.0, only_up=True)
    return np.asarray(volume, np.float32)


def _outline(z: Field) -> tuple[Field, Field]:
    """Half width and half depth of the skin at height z: abdomen, chest, shoulders, neck."""
    heights = [-150, -80, -20, 40, 66, 84, 100, 116, 150]
    fine = np.arange(-160.0, 161.0)
    round_off = np.hanning(41) / np.hanning(41).sum()
    out = []
    for sizes in ([96, 99, 102, 101, 99, 93, 56, 34, 31], [66, 68, 70, 66, 58, 48, 40, 34, 33]):
        even = np.pad(np.interp(fine, heights, sizes), 20, mode="edge")
        out.append(np.interp(z.ravel(), fine, np.convolve(even, round_off, "valid")).astype(np.float32))
    return out[0][:, None, None], out[1][:, None, None]


def airways() -> list[Capsule]:
    """Trachea and main bronchi."""
    trunk = np.array([[0.0, 12, 130], [-1, 13, 70], [-2, 14, 24]])
    left = np.array([[-2.0, 14, 24], [14, 12, 12], [26, 10, 6]])
    right = np.array([[-2.0, 14, 24], [-13, 12, 9], [-22, 10, 2]])
    return [*chain(trunk, 4.6), *chain(left, [3.6, 3.2, 2.4]), *chain(right, [4.0, 3.4, 2.6])]


def bones(arms: bool) -> list[Capsule]:
    """Ribs one to ten on both sides, clavicles, upper arms, breastbone."""
    rods: list[Capsule] = []
    for side in (-1, 1):
        for n in range(10):
            rods += chain(rib(side, n), np.linspace(2.5, 2.0, 30))
        rods += chain(np.array([[side * 9, -50, 64], [side * 44, -36, 76], [side * 82, -8, 80]]), [4, 2.8, 3.6])
        if arms:
            rods += chain(np.array([[side * 92, 6, 84], [side * 150, 8, 134]]), [8, 6])
    return rods + chain(np.array([[0.0, -58, 58], [0.0, -61, 0]]), [4.5, 3])


def rib(side: int, n: int) -> Vector:
    """Points [30, 3] of rib n (0 = first) from the spine round to the front, sloping down."""
    head = 74.0 - 15.2 * n
    turn = np.linspace(0.12, 0.86 if n < 7 else 0.70, 30) * np.pi
    drop = 6 + 3.6 * min(n, 8)
    z = head + 3 * np.sin(turn) - drop * (turn / np.pi) ** 1.5 * 1.7
    wide, deep = (axis.ravel().astype(float) for axis in cage(np.asarray(z, np.float32)[:, None, None]))
    wide, deep = np.maximum(wide, 30) + 2.5, np.maximum(deep, 22) + 2.5
    return np.stack([side * wide * np.sin(turn), deep * np.cos(turn), z], axis=1)


def _spine(volume: Field, g: Grid) -> None:
    """Vertebral bodies with discs between them, and their arches."""
    beat = 0.5 + 0.5 * np.cos(2 * np.pi * (g.z - 4) / 15.5)
    body = soft(np.sqrt((g.x / 1.15) ** 2 + (g.y - 44) ** 2) - 10, 1.5)
    volume += body * (110 + 120 * soft(0.25 - beat, 0.6) - volume)
    arch = soft(np.sqrt((g.x / 1.5) ** 2 + (g.y - 60) ** 2) - 6, 1.5) * np.asarray(beat > 0.35, np.float32)
    volume += arch * (180 - volume)


def vessels(side: int, seed: int) -> list[Capsule]:
    """A branching tree from the hilum of one lung (-1 right, 1 left) to its edge."""
    rng = np.random.default_rng(seed)
    hilum = np.array([side * 22.0, 6.0, 4.0])
    rods: list[Capsule] = []
    for turn in np.linspace(-2.0, 1.35, 9):
        heading = np.array([side * np.cos(turn), rng.uniform(-0.7, 0.7), np.sin(turn)])
        _branch(rods, _Twig(hilum, heading, 15.0, 3.0), 5, rng)
    return rods


@dataclass(frozen=True, slots=True, eq=False)
class _Twig:
    start: Vector
    heading: Vector
    length: float
    radius: float


def _branch(rods: list[Capsule], twig: _Twig, left: int, rng: np.random.Generator) -> None:
    """Lay one twig and, `left` times over, two thinner ones from its end."""
    heading = twig.heading / np.linalg.norm(twig.heading)
    end = twig.start + heading * twig.length
    rods.append(Capsule(tuple(twig.start), tuple(end), twig.radius, twig.radius * 0.78))
    for _ in range(2 if left else 0):
        bent = heading + rng.normal(0, 0.42, 3)
        _branch(rods, _Twig(end, bent, twig.length * rng.uniform(0.72, 0.95), twig.radius * 0.74), left - 1, rng)
