"""Pictures of right and wrong cases, for looking at; written where the user says, never committed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from viewer.analysis.inference import RawOutputs
from viewer.core.errors import OutputError
from viewer.core.volume import Volume
from viewer.training.cases import Case

Array = npt.NDArray[Any]

#: Pictures are enlarged to about this side (pixels).
_SIDE = 320
_COLOURS = ((80, 200, 255), (255, 170, 60), (140, 255, 120), (255, 110, 200))
_TRUTH = (255, 255, 255)


def write(place: Path, volume: Volume, raw: RawOutputs, part: slice, *, truth: Array | None, case: Case) -> None:
    """Write one case's picture as `place/<case>.png`: bare image | what the pack said.

    Args:
        place: folder, made where missing.
        volume: the pictures.
        raw: the pack's answer on them.
        part: the case's share of the volume's slices; the one with most truth (or answer) is shown.
        truth: labels of that part, outlined in white.
        case: gives name and label.
    """
    labels = None if raw.labels is None else raw.labels[part]
    k = _best_slice(truth if truth is not None and truth.any() else labels, part.stop - part.start)
    plane = _grey(volume, part.start + k)
    said = plane.copy()
    if labels is not None:
        for number in range(1, int(labels.max()) + 1):
            said[_edge(labels[k] == number)] = _COLOURS[(number - 1) % len(_COLOURS)]
    for heat in raw.maps.values():
        said = _tinted(said, heat[part][k])
    if truth is not None and labels is not None:
        for number in range(1, int(truth.max()) + 1):
            plane[_edge(truth[k] == number)] = _TRUTH
    picture = Image.fromarray(np.concatenate([plane, said], axis=1))
    scale = max(1, round(_SIDE / max(plane.shape[:2])))
    picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
    scores = {name: float(values[part].max()) for name, values in raw.slice_scores.items()} or raw.scores
    words = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
    ImageDraw.Draw(picture).text((4, 4), f"{case.label} {words}".strip(), fill=(255, 255, 0))
    try:
        place.mkdir(parents=True, exist_ok=True)
        picture.save(place / f"{re.sub('[^A-Za-z0-9._-]', '_', case.name)}.png")
    except OSError as error:
        raise OutputError("The gallery could not be written.", "Choose a folder with space and rights.") from error


def _best_slice(labels: Array | None, count: int) -> int:
    if labels is None or not labels.any():
        return count // 2
    return int((labels > 0).sum(axis=(1, 2)).argmax())


def _grey(volume: Volume, k: int) -> Array:
    values = volume.values(k)
    values = values.mean(axis=-1) if values.ndim == 3 else values
    low, high = np.percentile(values, (0.5, 99.5))
    grey = np.clip((values - low) / max(float(high - low), 1e-6), 0, 1) * 255
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def _edge(mask: Array) -> Array:
    inside = np.pad(mask, 1)
    core = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    return np.asarray(mask & ~core)


def _tinted(picture: Array, heat: Array) -> Array:
    share = (0.55 * np.clip(heat, 0, 1))[..., None]
    tint = np.stack([255 * np.clip(heat * 2, 0, 1), 255 * np.clip(heat * 2 - 1, 0, 1), 60 * (1 - heat)], axis=-1)
    return np.asarray(picture * (1 - share) + tint * share).astype(np.uint8)
