"""nnU-Net's own predictor in a process of its own, for many pictures: `nnunet_peer.py FOLDER`.

FOLDER holds NAME.json each: {"model", "single", "before"} and NAME.npz beside it with `image` float32 [C, K, J, I] and
`spacing` mm along k, j, i; NAME.labels.npy comes out. `before` names another whose labels are the stage before.
`single` makes the library sum its windows in single precision instead of half, which tells what that alone changes.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

# The library imports timm, and that imports torchvision, whose compiled part does not load beside a torch for the CPU.
_ops = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms"):
    _ops.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
_HALF = torch.half


def main(folder: Path) -> None:
    """Predict every picture of the folder, in the order of names, and save its labels."""
    warnings.simplefilter("ignore")
    from nnunetv2.inference import predict_from_raw_data as library

    weights = library.compute_gaussian
    for asked in sorted(folder.glob("*.json")):
        job = json.loads(asked.read_text())
        kind = torch.float32 if job["single"] else _HALF
        torch.half = kind
        library.compute_gaussian = lambda *args, kind=kind, **more: weights(*args, **{**more, "dtype": kind})
        np.save(asked.with_suffix(".labels.npy"), _labels(library, job, asked))


def _labels(library: Any, job: dict[str, Any], asked: Path) -> Any:
    held = np.load(asked.with_suffix(".npz"))
    made = library.nnUNetPredictor(
        perform_everything_on_device=False, device=torch.device("cpu"), verbose=False, allow_tqdm=False
    )
    made.initialize_from_trained_model_folder(job["model"], None)
    before = None
    if job["before"]:
        before = np.load(asked.with_name(f"{job['before']}.labels.npy"))[None].astype(np.int8)
    return made.predict_single_npy_array(held["image"], {"spacing": held["spacing"].tolist()}, before)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
