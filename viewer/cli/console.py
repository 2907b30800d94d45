"""What every command needs of a terminal: words, progress, JSON, stopping, exit status."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TypedDict

from viewer.core.errors import UsageError, ViewerError
from viewer.core.task import CancelFlag, Cancelled, OnProgress, Progress

log = logging.getLogger(__name__)

DONE, FAILED, WRONG_USAGE = 0, 1, 2
#: Progress on a log file: one line for each of these steps (share of the job).
LOG_STEP = 0.1
#: Progress on a terminal is redrawn at most this often (seconds).
REDRAW_SECONDS = 0.1


class Hooks(TypedDict):
    """What every job takes: where to report to, and when to stop."""

    on_progress: OnProgress
    cancel: CancelFlag


class ProgressLine:
    """Progress on standard error: one line redrawn on a terminal, few lines in a log."""

    def __init__(self) -> None:
        self._stage = ""
        self._step = -1
        self._drawn = 0.0
        self._open = False

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        percent = "" if progress.fraction is None else f" {progress.fraction:4.0%}"
        left = "" if progress.eta_seconds is None else f", about {progress.eta_seconds:.0f} s left"
        if sys.stderr.isatty():
            self._redraw(f"{progress.stage}{percent}{left}")
        elif self._is_news(progress):
            print(f"{progress.stage}{percent}", file=sys.stderr, flush=True)

    def _redraw(self, text: str) -> None:
        now = time.monotonic()
        if now - self._drawn >= REDRAW_SECONDS:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._drawn, self._open = now, True

    def _is_news(self, progress: Progress) -> bool:
        step = -1 if progress.fraction is None else int(progress.fraction / LOG_STEP)
        news = progress.stage != self._stage or step > self._step
        self._stage, self._step = progress.stage, step
        return news

    def close(self) -> None:
        """End a line that was being redrawn."""
        if self._open:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._open = False


def say(text: str) -> None:
    """Words for a person: standard error, so that standard output stays the result."""
    print(plain(text), file=sys.stderr, flush=True)


def plain(text: str) -> str:
    """Text without control characters: a name in a file must not drive the terminal."""
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) != "Cc")


def put(text: str) -> None:
    """A line of the result: standard output, without control characters."""
    print(plain(text))


def put_json(document: object) -> None:
    """The one document of `--json`; bytes that are no text become JSON escapes."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    sys.stdout.buffer.write(text.encode("utf-8", errors="backslashreplace") + b"\n")
    sys.stdout.flush()


@contextlib.contextmanager
def only_json(wanted: bool) -> Iterator[None]:
    """Send whatever libraries print on standard output to standard error while a job runs."""
    if not wanted:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def has_display() -> bool:
    """True where a window can be shown."""
    if os.environ.get("QT_QPA_PLATFORM") in {"offscreen", "minimal"}:
        return False
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def guarded(job: Callable[[Hooks], int], *, json: bool = False) -> int:
    """Run a job; whatever goes wrong ends in words and an exit status, never in a traceback.

    Args:
        json: a failure is one JSON document on standard output besides.
    """
    line, cancel = ProgressLine(), CancelFlag()
    try:
        with stop_on_interrupt(cancel):
            return job(Hooks(on_progress=line, cancel=cancel))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED
    except (ViewerError, Cancelled, Exception) as error:  # noqa: BLE001 - the edge of the program: words for all
        line.close()
        told = told_of(error)
        say(f"{told['text']} {told['todo']}".strip())
        if json:
            put_json({"error": told})
        if not isinstance(error, (ViewerError, Cancelled)):
            log.info("unexpected", exc_info=True)
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED
    finally:
        line.close()


def told_of(error: BaseException) -> dict[str, str]:
    """A failure as `--json` tells it: a stable word, what happened, what to do."""
    if isinstance(error, ViewerError):
        return {"code": error.code, "text": error.what, "todo": error.todo}
    if isinstance(error, Cancelled):
        return {"code": "cancelled", "text": "Stopped as asked. Nothing half-done was left behind.", "todo": ""}
    text, _, todo = unexpected(error).rpartition(". ")
    return {"code": "unexpected", "text": f"{text}.", "todo": todo}


def unexpected(error: BaseException) -> str:
    """Words for what no job foresaw."""
    if isinstance(error, OSError):
        return f"The system refused a file operation: {error}. Check the disk and the rights on the folder."
    if isinstance(error, MemoryError):
        return "There is not enough memory for this. Close other programs or open fewer images."
    kind = type(error).__name__
    return f"Something unforeseen went wrong ({kind}). Set SECONDREAD_LOG=info, run it again and report what it says."


@contextlib.contextmanager
def stop_on_interrupt(cancel: CancelFlag) -> Iterator[None]:
    """The first Ctrl+C asks the job to stop, the second ends the program."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        say("\nStopping; press Ctrl+C again to end at once.")
        cancel.cancel()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before: Any = signal.signal(signal.SIGINT, ask)
    try:
        yield
    except KeyboardInterrupt:
        say("Ended.")
        raise SystemExit(130) from None
    finally:
        signal.signal(signal.SIGINT, before)
