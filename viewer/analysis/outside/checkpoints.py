"""Weights of torch checkpoints: read with torch's restricted reader and a list of plain types, never more."""

from __future__ import annotations

import logging
import pickle
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy._core import multiarray
from torch import Tensor

from viewer.analysis.outside.plain import refused

_log = logging.getLogger(__name__)

#: Plain types that a checkpoint holds beside tensors: single numbers of numpy, by their names of today and of numpy 1.
_PLAIN: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    multiarray.scalar,
    (multiarray.scalar, "numpy.core.multiarray.scalar"),
    np.dtype,
    np.dtypes.Float64DType,
    np.dtypes.Float32DType,
    np.dtypes.Int64DType,
]
#: All files of a model together (bytes).
MOST_BYTES = 12 * 2**30


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is needed of a checkpoint.

    Attributes:
        weights: parameter -> tensor, on the CPU.
        mirror: axes that flipped copies are averaged along; empty where the file names none.
    """

    weights: Mapping[str, Tensor]
    configuration: str
    trainer: str
    mirror: tuple[int, ...]


def read(path: Path) -> Checkpoint:
    """A checkpoint_final.pth of nnU-Net.

    Raises:
        PackError: damaged, of another kind, or it holds anything but plain types.
    """
    held = load_plain(path)
    weights = held.get("network_weights")
    if not isinstance(weights, Mapping) or not weights:
        raise refused(f"{path.name} holds no weights of nnU-Net")
    named = {str(name): tensor for name, tensor in weights.items() if isinstance(tensor, Tensor)}
    asked = held.get("init_args")
    configuration = asked.get("configuration", "") if isinstance(asked, Mapping) else ""
    axes = held.get("inference_allowed_mirroring_axes") or ()
    if not all(isinstance(axis, int) and 0 <= axis <= 2 for axis in axes):
        raise refused(f"{path.name} names axes to mirror that there are not")
    return Checkpoint(named, str(configuration), str(held.get("trainer_name", "")), tuple(axes))


def load_plain(path: Path) -> Mapping[str, Any]:
    """A file of torch's as plain Python and tensors.

    Raises:
        PackError: it cannot be read that way.
    """
    if path.stat().st_size > MOST_BYTES:
        raise refused(f"{path.name} is larger than {MOST_BYTES // 2**30} GB")
    if not zipfile.is_zipfile(path):
        raise refused(f"{path.name} is no file of torch's, or is damaged")
    try:
        with torch.serialization.safe_globals(_PLAIN):
            held = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        _log.info("refused checkpoint: %s", str(error).splitlines()[0][:300])
        raise refused(
            f"{path.name} holds more than numbers ({_unknown(str(error))}), which could be a program",
            "Do not install it, or ask its makers for weights alone.",
        ) from error
    except (RuntimeError, ValueError, TypeError, EOFError, OSError, KeyError, AttributeError) as error:
        raise refused(f"{path.name} is damaged or no checkpoint") from error
    if not isinstance(held, Mapping):
        raise refused(f"{path.name} holds no checkpoint")
    return held


def _unknown(message: str) -> str:
    """The name that torch's reader stumbled over."""
    _, found, rest = message.partition("GLOBAL ")
    return rest.split()[0][:80] if found and rest.split() else "a type that is not on the list"


def fitted(weights: Mapping[str, Tensor], wanted: Mapping[str, torch.Size], where: str) -> dict[str, Tensor]:
    """The tensors of a network by name, all there and of the right shape, as float32.

    Args:
        weights: of the file, in this program's names.
        wanted: name -> shape, of the network as it is built.
        where: the file, for the words.

    Raises:
        PackError: one is missing, too many, of another shape, or holds what is no number.
    """
    missing, more = sorted(wanted.keys() - weights.keys()), sorted(weights.keys() - wanted.keys())
    if missing or more:
        what = f"lacks '{missing[0]}'" if missing else f"also holds '{more[0]}'"
        raise refused(f"{where} does not fit the network of its plan: it {what}")
    made = {}
    for name, shape in wanted.items():
        tensor = weights[name]
        if tensor.shape != shape:
            sizes = " x ".join(map(str, tensor.shape))
            raise refused(f"'{name}' of {where} is {sizes}, and its plan asks for {' x '.join(map(str, shape))}")
        if not torch.isfinite(tensor).all():
            raise refused(f"'{name}' of {where} holds values that are no numbers")
        made[name] = tensor.detach().to(torch.float32).contiguous()
    return made
