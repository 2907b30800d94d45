"""Before and after the network on a CT: this program against SimpleITK and numpy's argmax."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.analysis import resample
from viewer.core.errors import AnalysisError
from viewer.core.task import CancelToken
from viewer.jobs.bench.harness import Plan, Target, Way

Array = npt.NDArray[Any]

SHAPE = (300, 512, 512)
SPACING = (1.0, 0.78, 0.78)
NETWORK_MM = 1.5
CLASSES = 8
#: Our three steps together may take at most this share of the usual ones.
SHARE = 0.35


def prepare(folder: Path, cancel: CancelToken) -> Plan:
    """Resample to 1.5 mm, argmax of 8 classes, mask back to the input's grid.

    Raises:
        AnalysisError: the two ways give different voxels.
    """
    ct = _phantom()
    logits = _logits(ours_in(ct))
    cancel.check()
    facts = _equal(ct, logits)
    ways = (
        Way("SimpleITK + numpy argmax + SimpleITK", lambda: peer_out(peer_argmax(logits, peer_in(ct)))),
        Way("SecondRead", lambda: ours_out(ours_argmax(logits, ours_in(ct)))),
    )
    return Plan(
        f"resample {SHAPE} int16 to {NETWORK_MM} mm, argmax of {CLASSES} classes, mask back",
        ways,
        rounds=3,
        targets=(Target(ways[1].name, ways[0].name, SHARE),),
        facts=facts,
    )


def _phantom() -> Array:
    k, j, i = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    body = ((i - 256) / 200) ** 2 + ((j - 256) / 150) ** 2 < 1
    noise = np.random.default_rng(1).normal(0, 18, (30, *SHAPE[1:])).astype(np.int16)
    ct = np.where(body, 40, -1000).astype(np.int16) + np.tile(noise, (SHAPE[0] // 30, 1, 1))
    return ct - ((k * 3) % 50).astype(np.int16)


def _logits(small: Array) -> Array:
    """Float32 [classes, k, j, i]: every class has voxels, none is smooth."""
    rng = np.random.default_rng(2)
    out = rng.standard_normal((CLASSES, *small.shape), dtype=np.float32)
    out += (small / 200.0) * np.linspace(-0.5, 0.5, CLASSES, dtype=np.float32)[:, None, None, None]
    return out


def _step() -> tuple[float, float, float]:
    return NETWORK_MM / SPACING[0], NETWORK_MM / SPACING[1], NETWORK_MM / SPACING[2]


def _small_shape() -> tuple[int, int, int]:
    k, j, i = (resample.target_size(n, s, NETWORK_MM) for n, s in zip(SHAPE, SPACING, strict=True))
    return k, j, i


def ours_in(ct: Array) -> Array:
    """Linear, as the packs do it."""
    return resample.resample_linear(ct, _step(), _small_shape())


def ours_argmax(logits: Array, _small: Array) -> Array:
    """Running maximum into uint8."""
    return resample.running_argmax(logits)


def ours_out(labels: Array) -> Array:
    """Nearest, as the packs do it."""
    k, j, i = (1 / s for s in _step())
    return resample.resample_nearest(labels, (k, j, i), SHAPE)


def peer_in(ct: Array) -> Array:
    """SimpleITK, linear, float32."""
    return _sitk(ct, SPACING, (NETWORK_MM,) * 3, _small_shape(), linear=True)


def peer_argmax(logits: Array, _small: Array) -> Array:
    """Numpy's argmax, as uint8."""
    return np.asarray(logits.argmax(axis=0).astype(np.uint8))


def peer_out(labels: Array) -> Array:
    """SimpleITK, nearest."""
    return _sitk(labels, (NETWORK_MM,) * 3, SPACING, SHAPE, linear=False)


def _sitk(
    array: Array, have: tuple[float, ...], want: tuple[float, ...], shape: tuple[int, ...], linear: bool
) -> Array:
    import SimpleITK as itk  # noqa: N813 - short for a module's long name

    image = itk.GetImageFromArray(array)
    image.SetSpacing([float(s) for s in have[::-1]])
    how, kind = (itk.sitkLinear, itk.sitkFloat32) if linear else (itk.sitkNearestNeighbor, itk.sitkUInt8)
    size, spacing = [int(n) for n in shape[::-1]], [float(s) for s in want[::-1]]
    done = itk.Resample(image, size, itk.Transform(), how, [0.0] * 3, spacing, image.GetDirection(), 0, kind)
    return np.asarray(itk.GetArrayFromImage(done))


def _equal(ct: Array, logits: Array) -> dict[str, Any]:
    """Differences between the two ways.

    Raises:
        AnalysisError: they are not equal, so their times cannot be compared.
    """
    off = float(np.abs(ours_in(ct) - peer_in(ct)).max())
    labels = ours_argmax(logits, ct)
    same = np.array_equal(labels, peer_argmax(logits, ct)) and np.array_equal(ours_out(labels), peer_out(labels))
    if off > 1e-3 or not same:
        raise AnalysisError(f"The two ways differ ({off:.2g} HU, masks {'equal' if same else 'different'}).")
    return {"largest difference to SimpleITK": f"{off:.1e} HU", "masks": "equal in every voxel"}
