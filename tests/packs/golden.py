"""A made-up input for every pack, and what the pack said on it when it was measured.

`python -m tests.packs.golden` from the checkout writes `golden.json` anew (after a new training).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from tests import phantoms
from viewer.analysis import networks, packs
from viewer.analysis.tasks import TASKS, predict
from viewer.core.analysis import PackInfo
from viewer.core.geometry import Geometry
from viewer.core.resources import models_dirs
from viewer.core.volume import Volume

FILE = Path(__file__).with_name("golden.json")
FLAT = (1, 200, 180)
BLOCK = (30, 44, 33)
TEXT = "Findings: Small left pleural effusion, no nodule. Borderline heart size.\nImpression: No fracture is seen."


def made_up(pack: PackInfo) -> Volume:
    """Soft blobs on a gradient, the same every time, in the pack's modality."""
    shape = BLOCK if pack.needs_roi or pack.viewer.truth.stack_by else FLAT
    if pack.match.modality == ("CT",):
        shape = (1, 96, 96)
    rng = np.random.default_rng(7)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape], indexing="ij"))
    array = 60 + 30 * grid[1]
    for _ in range(6):
        centre, width, height = rng.uniform(-0.7, 0.7, 3), rng.uniform(0.15, 0.5), rng.uniform(-60, 90)
        array = array + height * np.exp(-((grid - centre[:, None, None, None]) ** 2).sum(0) / width**2)
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = 1, -1, -1, 1
    stored = np.clip(array + rng.normal(0, 2, shape), 0, 255).astype(np.uint8)
    return Volume(stored, Geometry(shape, affine), modality=(*pack.match.modality, "DX")[0])


def answer(pack: PackInfo) -> dict[str, float]:
    """Scores and mask sizes of the pack on its made-up input."""
    net = networks.load(pack.inference.network, pack.weights)

    sizes: list[float] = []

    @torch.inference_mode()
    def infer(batch: np.ndarray) -> tuple[np.ndarray, ...]:
        out = tuple(t.numpy() for t in net(torch.from_numpy(batch)))
        sizes.append(float(np.abs(out[0]).mean()))
        return out

    if TASKS[pack.task].gate is not None:
        raw = TASKS[pack.task].predict(pack, infer, {"text": TEXT, "ecg": phantoms.ecg()}, None)
    else:
        volume = made_up(pack)
        raw = predict(pack, infer, volume, ((0, 0, 0), volume.shape) if pack.needs_roi else None)
    said = {"mean size of logits": float(np.mean(sizes))}
    said |= {f"score {name}": value for name, value in raw.scores.items()}
    for name, share in raw.probabilities.items():
        said[f"mean probability {name}"] = float(share.mean())
    return {name: round(float(value), 5) for name, value in said.items()}


if __name__ == "__main__":
    good, _ = packs.list_packs(models_dirs()[:1])
    FILE.write_text(json.dumps({p.id: {"weights": p.weights_sha256, **answer(p)} for p in good}, indent=1) + "\n")
