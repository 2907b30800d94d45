"""The window's side of the inference process. Imports no torch."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from viewer.analysis import worker
from viewer.analysis.runfolder import RunFolder
from viewer.core.analysis import AnalysisRequest, AnalysisResult
from viewer.core.errors import AnalysisError, ViewerError
from viewer.core.task import Cancelled, CancelToken, OnProgress, Progress

_log = logging.getLogger(__name__)

#: How often a running analysis looks at its cancel token (seconds).
_POLL_SECONDS = 0.05
#: A worker that has not stopped this long after a cancel is ended (the whole must stay under 2 s).
CANCEL_GRACE_SECONDS = 1.0
#: How long a worker may take to end by itself.
_STOP_SECONDS = 1.0


class InferenceProcess:
    """One long-lived child process that runs analyses one at a time and is restarted after a crash.

    `start` and `stop` may be called from any thread; `run` blocks and belongs on a lane of
    its own. The child stays in this program's session, so its niceness counts.

    Args:
        runner: what the child runs; the default is `engine.run`. It must be importable.
    """

    def __init__(self, runner: worker.Runner | None = None) -> None:
        self._runner = runner
        self._child: _Child | None = None
        self._folder: RunFolder | None = None
        self._lock = threading.RLock()
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """Process id of the child, None while there is none."""
        child = self._child
        return child.process.pid if child is not None else None

    @property
    def is_alive(self) -> bool:
        """True while the child lives."""
        child = self._child
        return child is not None and child.process.is_alive()

    def start(self) -> None:
        """Spawn the child if it does not live; returns before its imports are done.

        Raises:
            AnalysisError: the working folder or the process cannot be made.
        """
        with self._lock:
            if self.is_alive:
                return
            self._end_child()
            self._folder = self._folder or RunFolder.create()
            self._child = _spawn(self._folder, self._runner)
            self._stopped = False

    def run(self, request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
        """Run one request in the child; blocks until it ended one way or another.

        Raises:
            Cancelled: `cancel` asked to stop (effective in under 2 s), or `stop` was called.
            AnalysisError: the child died, ran out of room or failed; the next run works.
            ViewerError: what the engine said.
        """
        cancel.check()
        child, folder = self._started()
        if not child.ready:
            on_progress(Progress("Starting the analysis process"))
        packed = worker.pack_request(request, folder)
        try:
            self._send(child, ("run", packed))
            answer = self._follow(child, request.id, on_progress, cancel)
            return _unpack(answer, folder)
        finally:
            for ref in packed.stored.values():
                folder.drop(ref)

    def stop(self) -> None:
        """End the child and remove the run folder; a run in progress raises `Cancelled`."""
        with self._lock:
            self._stopped = True
            child = self._child
            if child is not None and child.process.is_alive():
                try:
                    child.send(("stop",))
                    child.process.join(_STOP_SECONDS)
                except OSError as error:
                    _log.debug("the inference process was gone already: %s", error)
            self._end_child()
            if self._folder is not None:
                self._folder.close()
                self._folder = None

    def _started(self) -> tuple[_Child, RunFolder]:
        with self._lock:
            self.start()
            if self._child is None or self._folder is None:
                raise _died()
            return self._child, self._folder

    def _send(self, child: _Child, message: tuple[Any, ...]) -> None:
        try:
            child.send(message)
        except OSError as error:
            self._bury(child)
            raise _died() from error

    def _follow(self, child: _Child, request_id: str, on_progress: OnProgress, cancel: CancelToken) -> tuple[Any, ...]:
        """Pass progress on until an answer comes, the child dies or the reader cancels."""
        deadline: float | None = None
        while True:
            message = self._receive(child)
            if message is not None and message[1] == request_id:
                if message[0] != "progress":
                    return message
                if deadline is None:
                    on_progress(message[2])
            if deadline is None and cancel.is_cancelled():
                self._send(child, ("cancel", request_id))
                if not child.ready:  # still importing: it will drop the request by itself
                    raise Cancelled
                deadline = time.monotonic() + CANCEL_GRACE_SECONDS
            if deadline is not None and time.monotonic() > deadline:
                _log.warning("the inference process did not stop when asked; it is ended")
                self._bury(child)
                raise Cancelled

    def _receive(self, child: _Child) -> tuple[Any, ...] | None:
        """The next message about a run, None if there is none for a moment.

        Raises:
            AnalysisError: the child is dead. Cancelled: this program ended it.
        """
        try:
            message = child.receive(_POLL_SECONDS)
        except (EOFError, OSError, ValueError) as error:
            if self._stopped:
                raise Cancelled from error
            _log.error("the inference process ended by itself: %s", error)
            self._bury(child)
            raise _died() from error
        if message == ("ready",):
            child.ready = True
            return None
        return message

    def _bury(self, child: _Child) -> None:
        """End a child that died or hangs and start another, so that the next run finds it warm."""
        with self._lock:
            if self._child is not child or self._stopped:
                return
            self._end_child()
            if self._folder is not None:
                self._folder.clear()
            self.start()

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _Child:
    """A spawned process and the one pipe to it."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self.process = process
        self.ready = False
        self._pipe = pipe
        self._sending = threading.Lock()

    def send(self, message: tuple[Any, ...]) -> None:
        """Send a message; OSError when the child is gone."""
        with self._sending:
            self._pipe.send(message)

    def receive(self, seconds: float) -> tuple[Any, ...] | None:
        """The next message, None after `seconds` without one; EOFError when the child is dead."""
        if not wait([self._pipe, self.process.sentinel], timeout=seconds):
            return None
        if self._pipe.poll():
            message: tuple[Any, ...] = self._pipe.recv()
            return message
        if self.process.is_alive():
            return None
        raise EOFError(f"exit code {self.process.exitcode}")

    def end(self) -> None:
        """Kill what still lives and close the pipe."""
        if self.process.is_alive():
            self.process.kill()
        self.process.join(_STOP_SECONDS)
        self._pipe.close()


def _spawn(folder: RunFolder, runner: worker.Runner | None) -> _Child:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=worker.main, args=(theirs, folder.path, runner), name="secondread-inference", daemon=True
    )
    try:
        process.start()
    except OSError as error:
        ours.close()
        raise AnalysisError(
            f"The analysis process could not be started ({error.strerror}).",
            "Close other programs and run it again.",
        ) from error
    finally:
        theirs.close()
    _log.info("inference process %s started", process.pid)
    return _Child(process, ours)


def _unpack(message: tuple[Any, ...], folder: RunFolder) -> AnalysisResult:
    """Turn the last message of a run into its result or its error."""
    word, _, body = message
    if word == "result":
        return worker.unpack_result(body, folder)
    if word == "cancelled":
        raise Cancelled
    if isinstance(body, ViewerError):
        raise body
    raise _died()


def _died() -> AnalysisError:
    return AnalysisError(
        "The analysis process ended unexpectedly. Your findings are safe.",
        "Run it again; it has been restarted. If it ends again, the computer may be short of memory.",
    )
