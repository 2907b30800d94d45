"""The inference process: takes requests from one pipe, answers on it, dies with the window.

Messages are tuples. From the window: ("run", PackedRequest), ("cancel", request id),
("stop",). To the window: ("ready",), ("progress", id, Progress),
("result", id, PackedResult), ("cancelled", id), ("error", id, ViewerError).
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from viewer.analysis import device
from viewer.analysis.runfolder import ArrayRef, RunFolder
from viewer.core.analysis import AnalysisRequest, AnalysisResult
from viewer.core.errors import AnalysisError, ViewerError
from viewer.core.task import Cancelled, CancelToken, OnProgress, Progress
from viewer.core.volume import Volume

_log = logging.getLogger(__name__)

Runner = Callable[[AnalysisRequest, OnProgress, CancelToken], AnalysisResult]

#: At most this many progress messages a second (a change of stage is always sent).
PROGRESS_HZ = 20.0
_NOTHING = np.empty(0, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class PackedRequest:
    """A request whose voxels wait in the run folder; signals, words and tables travel with it."""

    request: AnalysisRequest
    stored: dict[str, ArrayRef]


@dataclass(frozen=True, slots=True)
class PackedResult:
    """A result whose masks and heatmaps wait in the run folder."""

    result: AnalysisResult
    labels: tuple[ArrayRef, ...]
    bands: tuple[ArrayRef | None, ...]
    values: tuple[ArrayRef, ...]


def pack_request(request: AnalysisRequest, folder: RunFolder) -> PackedRequest:
    """Move the voxels of a request into the run folder."""
    volumes = {name: one for name, one in request.inputs.items() if isinstance(one, Volume)}
    stored = {name: folder.write(volume.stored) for name, volume in volumes.items()}
    inputs = {**request.inputs, **{name: replace(one, stored=_NOTHING) for name, one in volumes.items()}}
    return PackedRequest(replace(request, inputs=inputs), stored)


def unpack_request(packed: PackedRequest, folder: RunFolder) -> AnalysisRequest:
    """The request again, its voxels mapped read-only from the run folder."""
    inputs = {
        name: replace(one, stored=folder.map(packed.stored[name])) if isinstance(one, Volume) else one
        for name, one in packed.request.inputs.items()
    }
    return replace(packed.request, inputs=inputs)


def pack_result(result: AnalysisResult, folder: RunFolder) -> PackedResult:
    """Move the arrays of a result into the run folder."""
    labels = tuple(folder.write(mask.labels) for mask in result.masks)
    bands = tuple(None if mask.band is None else folder.write(mask.band) for mask in result.masks)
    values = tuple(folder.write(heatmap.values) for heatmap in result.heatmaps)
    bare = replace(
        result,
        masks=tuple(replace(mask, labels=_NOTHING, band=None) for mask in result.masks),
        heatmaps=tuple(replace(h, values=_NOTHING.astype(np.float32)) for h in result.heatmaps),
    )
    return PackedResult(bare, labels, bands, values)


def unpack_result(packed: PackedResult, folder: RunFolder) -> AnalysisResult:
    """The result again, its arrays in private memory; the exchange files are removed."""
    masks = tuple(
        replace(mask, labels=folder.take(ref), band=None if band is None else folder.take(band))
        for mask, ref, band in zip(packed.result.masks, packed.labels, packed.bands, strict=True)
    )
    heatmaps = tuple(
        replace(heatmap, values=folder.take(ref))
        for heatmap, ref in zip(packed.result.heatmaps, packed.values, strict=True)
    )
    return replace(packed.result, masks=masks, heatmaps=heatmaps)


class PipeCancel:
    """A cancel token that listens on the pipe; a closed pipe (the window died) cancels too."""

    def __init__(self, pipe: Connection, request_id: str) -> None:
        self._pipe = pipe
        self._id = request_id
        self._cancelled = False
        self.stopped = False

    def is_cancelled(self) -> bool:
        """True once the window asked to stop or is gone."""
        while not self._cancelled and self._waiting():
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                self._cancelled = self.stopped = True
                break
            self.stopped = message[0] == "stop"
            self._cancelled = self.stopped or message == ("cancel", self._id)
        return self._cancelled

    def _waiting(self) -> bool:
        try:
            return self._pipe.poll()
        except (EOFError, OSError):
            self._cancelled = self.stopped = True
            return False

    def check(self) -> None:
        """Raise `Cancelled` once the window asked to stop."""
        if self.is_cancelled():
            raise Cancelled


class _Reporter:
    """Sends progress on the pipe, at most `PROGRESS_HZ` times a second."""

    def __init__(self, pipe: Connection, request_id: str) -> None:
        self._pipe = pipe
        self._id = request_id
        self._last = 0.0
        self._stage = ""

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage == self._stage and now - self._last < 1.0 / PROGRESS_HZ:
            return
        self._last, self._stage = now, progress.stage
        self._pipe.send(("progress", self._id, progress))


def main(pipe: Connection, folder: Path, runner: Runner | None = None) -> None:
    """Serve requests until told to stop or the window is gone.

    Args:
        pipe: the only channel to the window.
        folder: the run folder the window made.
        runner: what runs a request; the default is `engine.run`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal belongs to the window
    device.be_nice()
    try:
        run = runner or _engine()
        pipe.send(("ready",))
        _serve(pipe, RunFolder.open(folder), run)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        _log.info("the window is gone; the inference process ends")


def _engine() -> Runner:
    """The engine with its heavy imports done and its threads set."""
    from viewer.analysis import engine

    engine.warm_up(device.worker_threads())
    return engine.run


def _serve(pipe: Connection, folder: RunFolder, run: Runner) -> None:
    while True:
        message = pipe.recv()
        if message[0] == "stop":
            return
        if message[0] != "run":
            continue  # a cancel that came after its run had ended
        cancel = PipeCancel(pipe, message[1].request.id)
        pipe.send(_answer(message[1], folder, run, _Reporter(pipe, message[1].request.id), cancel))
        if cancel.stopped:
            return


def _answer(
    packed: PackedRequest, folder: RunFolder, run: Runner, on_progress: OnProgress, cancel: PipeCancel
) -> tuple[str, str, object]:
    """Run one request; every end becomes a message."""
    request_id = packed.request.id
    try:
        result = run(unpack_request(packed, folder), on_progress, cancel)
        return ("result", request_id, pack_result(result, folder))
    except Cancelled:
        return ("cancelled", request_id, None)
    except ViewerError as error:
        return ("error", request_id, error)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception:  # noqa: BLE001 - the edge of the process: logged, then said in words
        _log.exception("analysis %s failed", request_id)
        words = AnalysisError(
            "The analysis stopped because of a fault in the program. Your findings are safe.",
            "Run it again; if it stops again, report it with the log.",
        )
        return ("error", request_id, words)
