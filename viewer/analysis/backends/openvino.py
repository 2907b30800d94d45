"""OpenVINO on the CPU: exported from torch at first use, kept in the user's cache, checked.

The export lies in a folder named after the weights' sha256 and OpenVINO's version, with the hash of
the weights and of each of its files; one that does not match them is made again. It is
used for a shape of batch only once its outputs were within `TOLERANCE` of torch's on the
first such batch (a trace may hold on to sizes); the shapes that were checked are kept too.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

FloatArray = npt.NDArray[np.float32]
Infer = Callable[[FloatArray], tuple[FloatArray, ...]]

_log = logging.getLogger(__name__)

#: Largest difference from torch, as a share of the output's range (at least 1).
TOLERANCE = 1e-3
_MODEL, _CHECKED, _HASHES = "model.xml", "checked", "hashes.json"
#: Tried in this order; the last is the full one. Half precision must be well inside the tolerance.
_PRECISIONS = ("f16", "f32")
_MARGIN = 0.5
#: Said behind the library's name in a result's provenance.
_HALF = ", half precision"
#: Axes of a batch of blocks: [N, C, K, J, I].
_BLOCKS = 5
#: More requests at a time than this cost memory and gain nothing.
_MOST_STREAMS = 4


class ParityError(Exception):
    """The exported network does not say what torch says."""


class OpenVinoBackend:
    """A network compiled for the CPU; each batch shape is compiled once.

    Args:
        network: the torch network, eval mode, float32.
        key: sha256 of the weights: the name of the cached export.
        cache: folder for exports.
        threads: CPU threads.

    Raises:
        ImportError: OpenVINO is not installed.
        ParityError: at the first call, when the outputs differ from torch's.
    """

    device = "cpu"

    def __init__(self, network: nn.Module, key: str, cache: Path, threads: int) -> None:
        openvino = _quiet_openvino()
        self._ov = openvino
        self.name = f"openvino {openvino.get_version().split('-')[0]}"
        self.fallbacks: tuple[str, ...] = ()
        self._network = network
        self._key = key
        self._folder = cache / f"{key[:32]}-{self.name.replace(' ', '-')}"
        self._threads = threads
        self._model: Any = None
        self._ready: dict[tuple[int, ...], Infer] = {}

    def __call__(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        """Run one batch; float32 out."""
        if self._model is None:
            self._model = self._read_or_export(batch)
        ready = self._ready.get(batch.shape)
        if ready is None:
            ready = self._ready[batch.shape] = self._checked(batch)
        return ready(batch)

    def _checked(self, batch: FloatArray) -> Infer:
        """The fastest precision that says what torch says: half for blocks where the processor has it."""
        mark = self._folder / f"{_CHECKED}-{'x'.join(str(n) for n in batch.shape)}"
        known = mark.read_text(encoding="ascii") if mark.is_file() else ""
        if known in _PRECISIONS:
            return self._make(batch.shape, known)
        hints = _PRECISIONS if batch.ndim == _BLOCKS else _PRECISIONS[-1:]
        for hint in hints:
            ready = self._make(batch.shape, hint)
            off = self._off(ready, batch)
            if off <= TOLERANCE * (_MARGIN if hint != _PRECISIONS[-1] else 1):
                _remember(mark, hint)
                return ready
            _log.info("%s differs from torch by %.1e", hint, off)
        raise ParityError(f"differs from torch by {off:.1e}")

    def _make(self, shape: tuple[int, ...], hint: str) -> Infer:
        """Blocks of several windows run side by side, each on its share of the threads; all else as one."""
        if len(shape) == _BLOCKS and shape[0] > 1:
            streams = min(self._threads, _MOST_STREAMS)
            compiled = self._compile((1, *shape[1:]), hint, NUM_STREAMS=streams)
            return _SideBySide(self._ov, compiled, streams)
        compiled = self._compile(shape, hint)
        return lambda batch: _run(compiled, batch)

    def _compile(self, shape: tuple[int, ...], hint: str, **more: Any) -> Any:
        fixed = self._model.clone()
        fixed.reshape(list(shape))
        settings = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": self._threads, **more}
        compiled = self._ov.Core().compile_model(fixed, "CPU", settings)
        if "float16" in str(compiled.get_property("INFERENCE_PRECISION_HINT")) and _HALF not in self.name:
            self.name += _HALF
        return compiled

    def _read_or_export(self, batch: FloatArray) -> Any:
        """The export of before where it is whole and of these very weights, else a new one."""
        if self._folder.is_dir():
            try:
                if _is_whole(self._folder, self._key):
                    return self._ov.Core().read_model(self._folder / _MODEL)
                _log.info("the cached export is not the one that was kept, it is made again")
            except (OSError, RuntimeError) as error:
                _log.info("the cached export cannot be read, it is made again: %s", error)
        model = self._export(batch)
        self._keep(model)
        return model

    def _export(self, batch: FloatArray) -> Any:
        example = torch.from_numpy(batch)
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # tracing warns of shapes that stay fixed for a network
            return self._ov.convert_model(self._network, example_input=example, input=[[-1] * batch.ndim])

    def _off(self, ready: Infer, batch: FloatArray) -> float:
        """Largest difference from torch."""
        with torch.inference_mode():
            wanted = [y.float().numpy() for y in self._network(torch.from_numpy(batch))]
        off = max(_share_off(a, b) for a, b in zip(wanted, ready(batch), strict=True))
        return off if off == off else float("inf")  # noqa: PLR0124 - not a number

    def _keep(self, model: Any) -> None:
        """Save the export under a temporary name and rename it; a full disk only costs the cache."""
        part: Path | None = None
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            part = Path(tempfile.mkdtemp(prefix="export-", dir=self._folder.parent))
            self._ov.save_model(model, part / _MODEL, compress_to_fp16=False)
            (part / _HASHES).write_text(json.dumps({"weights": self._key, "files": _hashes(part)}), encoding="ascii")
            if self._folder.exists():
                shutil.rmtree(self._folder)
            part.replace(self._folder)
        except (OSError, RuntimeError) as error:
            _log.warning("the export could not be kept: %s", error)
            if part is not None:
                shutil.rmtree(part, ignore_errors=True)


class _SideBySide:
    """Windows of one batch as requests of their own, several under way at a time."""

    def __init__(self, openvino: Any, compiled: Any, streams: int) -> None:
        self._queue = openvino.AsyncInferQueue(compiled, streams)
        self._queue.set_callback(self._keep)
        self._count = len(compiled.outputs)
        self._said: dict[int, tuple[FloatArray, ...]] = {}

    def _keep(self, request: Any, number: int) -> None:
        outputs = (request.get_output_tensor(n).data for n in range(self._count))
        self._said[number] = tuple(np.array(one, dtype=np.float32) for one in outputs)

    def __call__(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        """Run one batch [N, C, K, J, I]."""
        self._said = {}
        for number in range(len(batch)):
            self._queue.start_async([batch[number : number + 1]], number)
        self._queue.wait_all()
        said = (self._said[number] for number in range(len(batch)))
        return tuple(np.concatenate(parts) for parts in zip(*said, strict=True))


def _run(compiled: Any, batch: FloatArray) -> tuple[FloatArray, ...]:
    out = compiled(batch)
    return tuple(np.array(out[n], dtype=np.float32) for n in range(len(compiled.outputs)))


def _hashes(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of an export's files."""
    files = (path for path in sorted(folder.iterdir()) if path.stem == Path(_MODEL).stem)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _is_whole(folder: Path, key: str) -> bool:
    """True where an export's files are those that were kept, for these weights.

    Raises:
        OSError: they cannot be read.
    """
    try:
        kept = json.loads((folder / _HASHES).read_text(encoding="ascii"))
        return bool(kept["weights"] == key and kept["files"] == _hashes(folder))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def _remember(mark: Path, hint: str) -> None:
    try:
        mark.write_text(hint, encoding="ascii")
    except OSError as error:
        _log.info("the check is not remembered: %s", error)


def _share_off(a: FloatArray, b: FloatArray) -> float:
    """Largest difference as a share of the range of `a` (at least 1)."""
    return float(np.abs(a - b).max()) / max(1.0, float(np.ptp(a))) if a.shape == b.shape else float("inf")


def _quiet_openvino() -> Any:
    """OpenVINO without its telemetry, which reports each import and export to its maker.

    Nothing leaves the machine: the optional package is hidden before the first import, and
    OpenVINO then uses its own silent stand-in.
    """
    if "openvino_telemetry" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino
