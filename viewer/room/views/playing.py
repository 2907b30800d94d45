"""Cine: which frame is due when, at the file's own rate; what could not be shown in time is counted, not hidden."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from time import perf_counter

from viewer.core.study import Stack
from viewer.room.views.picture import Picture
from viewer.room.views.view import View

#: Frames a second of a stack whose file names no rate.
USUAL_RATE = 12.0
#: Rates a reader can choose (frames a second).
LEAST_RATE, MOST_RATE = 1.0, 120.0
#: What was shown and what was due are compared over this time (s).
_COUNTED_SECONDS = 1.0


def own_rate(stack: Stack) -> float | None:
    """Frames a second as the file wants them shown; None where it names no rate.

    Recommended Display Frame Rate (0008,2144), else Frame Time, Frame Time Vector (its mean) or Cine Rate
    (PS3.3 C.7.6.5).
    """
    if stack.display_rate:
        return stack.display_rate
    if stack.frame_steps_ms:
        return 1000.0 * len(stack.frame_steps_ms) / sum(stack.frame_steps_ms)
    return 1000.0 / stack.frame_time_ms if stack.frame_time_ms else None


class Cine:
    """Plays one view; whoever owns it calls `tick` when `wait_ms` is over.

    Attributes:
        view: what is played, None while nothing is; picture: of the stack that was played last.
        rate: frames a second; sweep: to and fro instead of round and round.
        skipped: frames that were due and could not be shown since it began.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self.view: View | None = None
        self.rate = USUAL_RATE
        self.sweep = False
        self.skipped = 0
        self.picture: Picture | None = None
        self._ends: list[float] = []
        self._order: list[int] = []
        self._begun = 0.0
        self._last = 0
        self._shown: list[float] = []

    @property
    def runs(self) -> bool:
        """True while frames follow each other."""
        return self.view is not None

    def start(self, view: View) -> None:
        """Play a view from the frame it shows: at the file's own rate and sequence where it is another stack."""
        picture = view.picture
        if picture is None or picture.count < 2:
            return
        if picture is not self.picture:
            stack = picture.source.stack
            self.picture, self.rate = picture, own_rate(stack) or USUAL_RATE
            self.sweep = stack.header.get("PreferredPlaybackSequencing") == "1"
        self.view = view
        self._begin(picture.index)

    def stop(self) -> None:
        """Stand still."""
        self.view = None

    def set_rate(self, rate: float) -> None:
        """Play so many frames a second."""
        self.rate = min(max(rate, LEAST_RATE), MOST_RATE)
        self._again()

    def set_sweep(self, sweep: bool) -> None:
        """Play to and fro, or round and round."""
        self.sweep = sweep
        self._again()

    def _again(self) -> None:
        if self.view is not None and self.picture is not None:
            self._begin(self.picture.index)

    def _begin(self, index: int) -> None:
        """Lay out one turn, starting at a frame."""
        assert self.picture is not None
        count = self.picture.count
        turn = [*range(count), *range(count - 2, 0, -1)] if self.sweep else list(range(count))
        self._order = turn[index:] + turn[:index]
        self._ends = list(accumulate(self._seconds(k) for k in self._order))
        self._begun, self._last, self.skipped, self._shown = self._clock(), 0, 0, []

    def _seconds(self, k: int) -> float:
        """How long frame k is shown: until the next one came, in the proportions of the file's Frame Time Vector."""
        assert self.picture is not None
        stack = self.picture.source.stack
        steps, own = stack.frame_steps_ms, own_rate(stack)
        if len(steps) != self.picture.count or not own or self.picture.view.across != 0:
            return 1.0 / self.rate
        return steps[(k + 1) % len(steps)] / 1000.0 * _rate_of_steps(steps) / self.rate

    def times_of(self, picture: Picture) -> list[float]:
        """How long each frame of a picture is shown (ms), first to last: as it is played, else at its own rate."""
        if picture is not self.picture:
            self.picture, self.rate = picture, own_rate(picture.source.stack) or USUAL_RATE
        return [1000.0 * self._seconds(k) for k in range(picture.count)]

    def tick(self) -> bool:
        """Show the frame that is due now; False where another stack took the place of the one that is played."""
        view, picture = self.view, self.picture
        if view is None or picture is None or view.picture is not picture:
            self.stop()
            return False
        now = self._clock()
        step = self._step_at(now)
        if step != self._last:
            self.skipped += step - self._last - 1
            self._last = step
            self._shown = [*(t for t in self._shown if now - t < _COUNTED_SECONDS), now]
            view.surface.stir()
            view.set_slice(self._order[step % len(self._order)])
        return True

    def _step_at(self, now: float) -> int:
        turns, rest = divmod(now - self._begun, self._ends[-1])
        return int(turns) * len(self._order) + min(bisect_right(self._ends, rest), len(self._order) - 1)

    @property
    def wait_ms(self) -> int:
        """Milliseconds until the next frame is due."""
        turns, rest = divmod(self._clock() - self._begun, self._ends[-1])
        due = self._ends[min(bisect_right(self._ends, rest), len(self._ends) - 1)]
        return max(1, round((due - rest) * 1000))

    @property
    def shown_rate(self) -> float | None:
        """Frames a second that were really shown, once there is a second to count; None before."""
        if self._clock() - self._begun < _COUNTED_SECONDS:
            return None
        now = self._clock()
        return len([t for t in self._shown if now - t < _COUNTED_SECONDS]) / _COUNTED_SECONDS


def _rate_of_steps(steps: tuple[float, ...]) -> float:
    """Mean frames a second of a vector."""
    return 1000.0 * len(steps) / sum(steps)
