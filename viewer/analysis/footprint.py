"""What a pack would need, told before anything is built: its network on torch's `meta` device, which holds no numbers.

The network's tensors are held against the header of its weights, and a run on a picture's size gives the memory and the
work that it would take: a pack that does not fit is refused for some kilobytes.
"""

from __future__ import annotations

import functools
import math
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from viewer.analysis import device, networks
from viewer.analysis.inference import Runner
from viewer.analysis.preprocess import plan
from viewer.core.analysis import Box, PackInfo
from viewer.core.errors import AnalysisError, PackError
from viewer.core.inference import AnyNetwork
from viewer.core.volume import Volume

#: A run may take so much memory (bytes), and that share of what is free.
MOST_MEMORY, _SHARE_OF_FREE = 8 * 2**30, 0.8
#: Multiplications and additions of one run: some hours on a desktop's processor.
MOST_WORK = 5e14
#: Calls of the network in one run.
MOST_CALLS = 20_000
#: Copies of what a network said that lie side by side while it is read.
_COPIES = 3


@dataclass(frozen=True, slots=True)
class Call:
    """What one call of a network takes.

    Attributes:
        memory: bytes of the arrays that live at once; `work`: multiplications and additions.
        said: bytes of what it gives.
    """

    memory: int
    work: float
    said: int


def check(pack: PackInfo, volume: Volume, roi: Box | None, *, on_card: bool = False) -> None:
    """Refuse a run that this machine cannot hold or that would take hours.

    Args:
        on_card: a graphics card holds the network's arrays; then only the bound for all machines counts.

    Raises:
        PackError: the network cannot take such pictures at all. AnalysisError: too much memory or work.
        UsageError: the box does not fit.
    """
    shape = plan(volume, pack.inference.preprocess, roi)
    runner = Runner(pack.inference, lambda _batch: ())
    batch, calls = runner.calls(shape)
    calls *= 1 + len(pack.inference.tta.flips)
    if calls > MOST_CALLS:
        raise _too_much(pack, f"would run its network {calls} times on this picture")
    one = call(pack.inference.network, batch)
    labels = len(pack.inference.output.labels) * math.prod(volume.shape) * 4 if pack.inference.network.classes else 0
    said = one.said / math.prod(batch) * math.prod(shape) * (len(pack.inference.tta.flips) + _COPIES)
    need = one.memory + said + labels
    free = device.free_memory()
    most = MOST_MEMORY if on_card or free is None else min(MOST_MEMORY, free * _SHARE_OF_FREE)
    if need > most:
        raise _too_much(
            pack, f"needs about {_gigabytes(need)} of memory for this picture; {_gigabytes(most)} may be used"
        )
    if one.work * calls > MOST_WORK:
        raise _too_much(pack, "would compute for hours on this picture")


@functools.lru_cache(maxsize=64)
def call(config: AnyNetwork, batch: tuple[int, ...]) -> Call:
    """What a call with a batch of this shape takes.

    Raises:
        PackError: the network cannot take such a batch.
    """
    network = networks.outline(config)
    live, work = _Live(), FlopCounterMode(display=False)
    try:
        with torch.inference_mode(), work, live:
            said = network(torch.empty(batch, device="meta"))
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        size = " x ".join(str(n) for n in batch[2:])
        raise PackError(
            f"The pack's network cannot take pictures of {size}: its settings do not fit each other.",
            "Install the pack again, or ask its maker.",
        ) from error
    return Call(live.peak, float(work.get_total_flops()), sum(t.numel() * 4 for t in tree_leaves(said)))


def fit(pack: PackInfo, members: Iterable[tuple[AnyNetwork, str]]) -> None:
    """Hold a pack's networks against their weights and the layer that its heatmaps are read from.

    Args:
        members: as the pack's task names them.

    Raises:
        PackError: the weights cannot be read or are those of another network, or there is no such layer.
    """
    for config, member in members:
        network = networks.fit(config, pack.weights, member)
    layer = pack.inference.saliency.layer
    if layer and layer not in dict(network.named_modules()):
        raise PackError(f"The network of '{pack.id}' has no layer '{layer}'.", "Install the pack again.")


class _Live(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch tells no types here
    """Counts the bytes of the arrays that live at once. Arrays on `meta` weigh nothing; their sizes are told."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = self._now = 0
        self._held: set[int] = set()

    def __torch_dispatch__(
        self, func: Callable[..., Any], _types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operation and take up what it made."""
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                self._take(tensor.untyped_storage())
        return out

    def _take(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key not in self._held:
            self._held.add(key)
            self._now += size
            self.peak = max(self.peak, self._now)
            weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key: int, size: int) -> None:
        self._held.discard(key)
        self._now -= size


def _too_much(pack: PackInfo, what: str) -> AnalysisError:
    todo = "Analyse a smaller series or a box, or use another pack."
    return AnalysisError(f"The pack '{pack.id}' {what}.", todo, "too_large")


def _gigabytes(count: float) -> str:
    return f"{count / 2**30:,.1f} GB"
