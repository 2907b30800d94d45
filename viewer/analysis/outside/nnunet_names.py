"""Names of parameters: those of nnU-Net's checkpoints in this program's, copies left out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

#: Wrappers that leave their mark before a name.
_WRAPPERS = ("_orig_mod.", "module.")
_HEAD = re.compile(r"decoder\.seg_layers\.(\d+)\.(weight|bias)")


def ours(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors that a network of this program has.

    A checkpoint names every tensor again under `all_modules`, the whole encoder again under the decoder, and
    holds a head for every resolution, of which the last is the output.
    """
    plain = {_unwrapped(name): tensor for name, tensor in weights.items()}
    kept = {
        name: tensor
        for name, tensor in plain.items()
        if "all_modules" not in name and not name.startswith("decoder.encoder.")
    }
    heads = [int(found[1]) for name in kept if (found := _HEAD.fullmatch(name))]
    last = max(heads, default=-1)
    made: dict[str, Tensor] = {}
    for name, tensor in kept.items():
        found = _HEAD.fullmatch(name)
        if found is None:
            made[name] = tensor
        elif int(found[1]) == last:
            made[f"decoder.head.{found[2]}"] = tensor
    return made


def _unwrapped(name: str) -> str:
    for mark in _WRAPPERS:
        name = name.removeprefix(mark)
    return name
