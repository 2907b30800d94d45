"""nnU-Net's own predictor in a process of its own: `nnunet_peer.py MODEL IN.npz OUT.npz [single]`.

IN holds `image` float32 [C, K, J, I], `spacing` mm along k, j, i and, for a cascade, `before`. `single` makes the
library sum its windows in single precision instead of half, which tells what that alone changes.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import torch

# The library imports timm, and that imports torchvision, whose compiled part does not load beside a torch for the CPU.
_ops = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms"):
    _ops.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def main(model: str, source: str, target: str, single: bool) -> None:
    """Predict one picture and save its labels."""
    warnings.simplefilter("ignore")
    from nnunetv2.inference import predict_from_raw_data as library

    if single:
        torch.half = torch.float32
        of_half = library.compute_gaussian
        library.compute_gaussian = lambda *args, **more: of_half(*args, **{**more, "dtype": torch.float32})
    held = np.load(source)
    made = library.nnUNetPredictor(
        perform_everything_on_device=False, device=torch.device("cpu"), verbose=False, allow_tqdm=False
    )
    made.initialize_from_trained_model_folder(model, None)
    before = held["before"] if "before" in held else None
    labels = made.predict_single_npy_array(held["image"], {"spacing": held["spacing"].tolist()}, before)
    np.savez_compressed(target, labels=labels)


if __name__ == "__main__":
    main(*sys.argv[1:4], single="single" in sys.argv[4:])
