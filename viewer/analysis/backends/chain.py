"""Runs a network on the best backend there is and steps down when one gives way.

In this order: graphics card with the whole batch, smaller batches, CPU. (Windows are summed on the
CPU by `inference`, so a card never has to hold more than one batch.) On the CPU: OpenVINO,
then torch. Every step down is kept in words.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from viewer.analysis.backends.openvino import OpenVinoBackend, ParityError
from viewer.analysis.backends.torch import TorchBackend, empty_cache
from viewer.core.errors import AnalysisError
from viewer.core.inference import AnyNetwork

FloatArray = npt.NDArray[np.float32]
Backend = TorchBackend | OpenVinoBackend
T = TypeVar("T")

_log = logging.getLogger(__name__)

#: Words in the messages of libraries that ran out of main memory without saying so by type.
_ALLOC_WORDS = ("can't allocate memory", "not enough memory", "bad_alloc", "std::bad_array")


class Loaded:
    """One network and the backends made of it, kept warm between runs.

    Args:
        network: torch, eval mode, float32, on the CPU; stays there.
        key: sha256 of its weights.
        cache: folder for exports.
        threads: CPU threads.
    """

    def __init__(self, network: nn.Module, key: str, cache: Path, threads: int) -> None:
        self.network = network
        self._key, self._cache, self._threads = key, cache, threads
        self._made: dict[str, Backend] = {}
        self._kept: dict[str, Any] = {}

    def cached(self, name: str, make: Callable[[], T]) -> T:
        """Something made of the network, kept as long as it."""
        if name not in self._kept:
            self._kept[name] = make()
        kept: T = self._kept[name]
        return kept

    def backend(self, kind: str) -> Backend:
        """The backend "torch", "openvino", "cuda" or "cuda-half"; made once.

        Raises:
            ImportError: its library is not installed. torch.OutOfMemoryError: no room on the card.
        """
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def forget(self, kind: str) -> None:
        """Let a backend go (after a failure), and its memory on the card."""
        self._made.pop(kind, None)
        empty_cache()

    def _make(self, kind: str) -> Backend:
        if kind == "openvino":
            return OpenVinoBackend(self.network, self._key, self._cache, self._threads)
        if kind == "torch":
            return TorchBackend(self.network)
        return TorchBackend(copy.deepcopy(self.network), "cuda", half=kind == "cuda-half")


class BackendChain:
    """`infer` for one run; steps down for the rest of that run when a backend gives way.

    Args:
        loaded: the network.
        device: "cpu" or "cuda".
        precision: "auto" (half on a card, OpenVINO on the CPU) or "full" (torch, float32).
    """

    def __init__(self, loaded: Loaded, device: str, precision: str) -> None:
        self._loaded = loaded
        fast = precision != "full"
        card = ["cuda-half" if fast else "cuda"] if device == "cuda" else []
        self._backends = [*card, *(["openvino"] if fast else []), "torch"]
        self._part: int | None = None
        self._taken: list[str] = []
        self._used = ""
        self._on = ""

    @property
    def name(self) -> str:
        """The library that ran last, with its version."""
        return self._used

    @property
    def device(self) -> str:
        """ "cuda" or "cpu": where the last batch ran."""
        return self._on or ("cuda" if self._backends[0].startswith("cuda") else "cpu")

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """Every step down, in words."""
        return tuple(self._taken)

    def __call__(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        """Run one batch on the best backend that holds.

        Raises:
            AnalysisError: the last backend gave way too.
        """
        while True:
            full = False
            try:
                return self._try(batch)
            except torch.OutOfMemoryError:
                full = True
            except (ImportError, ParityError, RuntimeError, MemoryError) as error:
                self._step_down(error)
            if full:  # outside the except block: it would keep the failed run's tensors alive
                self._make_room(len(batch))

    def _try(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        backend = self._loaded.backend(self._backends[0])
        size = self._part or len(batch)
        parts = [backend(batch[n : n + size]) for n in range(0, len(batch), size)]
        self._used, self._on = backend.name, backend.device
        for words in backend.fallbacks:
            self._note(words)
        return parts[0] if len(parts) == 1 else tuple(np.concatenate(p) for p in zip(*parts, strict=True))

    def _make_room(self, count: int) -> None:
        """The card is full: smaller batches, then the CPU."""
        empty_cache()
        size = self._part or count
        if size > 1:
            self._part = size // 2
            self._note(f"The graphics card ran out of memory: batches of {self._part} instead of {size}.")
            return
        self._loaded.forget(self._backends.pop(0))
        self._part = None
        self._note("The graphics card ran out of memory: ran on the CPU.")

    def _step_down(self, error: Exception) -> None:
        backend = self._backends[0]
        if backend == "openvino":
            self._note(f"OpenVINO was not used ({_why(error)}): ran with torch.")
        elif backend.startswith("cuda") and isinstance(error, RuntimeError):
            self._note(f"The graphics card failed ({_why(error)}): ran on the CPU.")
        elif isinstance(error, MemoryError) or any(word in str(error) for word in _ALLOC_WORDS):
            raise out_of_memory() from error
        else:
            raise error
        _log.warning("backend %s given up: %s", backend, error)
        self._loaded.forget(backend)
        self._backends.pop(0)

    def _note(self, words: str) -> None:
        if words not in self._taken:
            self._taken.append(words)


class Networks:
    """The networks of one pack for one run: its own, or those of its stages and folds by name.

    Args:
        load: gives a network with what is kept of it; of the pack's own without arguments.
        device, precision: as for `BackendChain`.
    """

    def __init__(self, load: Callable[..., Loaded], device: str, precision: str) -> None:
        self._load, self._device, self._precision = load, device, precision
        self._made: dict[str, BackendChain] = {}

    def member(self, network: AnyNetwork | None = None, name: str = "") -> BackendChain:
        """One of them, opened once."""
        if name not in self._made:
            self._made[name] = BackendChain(self._load(network, name), self._device, self._precision)
        return self._made[name]

    def __call__(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        """Run one batch on the pack's own network."""
        return self.member()(batch)

    @property
    def _all(self) -> list[BackendChain]:
        return list(self._made.values())

    @property
    def name(self) -> str:
        """The library that ran last, with its version."""
        return next((one.name for one in reversed(self._all) if one.name), "")

    @property
    def device(self) -> str:
        """ "cuda" or "cpu": where the last batch ran."""
        return self._all[-1].device if self._made else self._device

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """Every step down of any of them, in words, once."""
        return tuple(dict.fromkeys(words for one in self._all for words in one.fallbacks))


def out_of_memory() -> AnalysisError:
    """The words for main memory that is full."""
    return AnalysisError(
        "The analysis stopped: the computer ran out of memory. Your findings are safe.",
        "Close other programs or analyse a smaller series, then run it again.",
    )


def _why(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "it is not installed"
    if isinstance(error, ParityError):
        return str(error)
    return str(error).strip().splitlines()[0][:80] if str(error).strip() else type(error).__name__
