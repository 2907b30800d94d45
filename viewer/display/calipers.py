"""Calipers on an ECG: two legs that stand on one strip's trace, in mm of paper."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from viewer.display import ecg


@dataclass(slots=True)
class Caliper:
    """Two legs on one strip.

    Attributes:
        legs: (x, y) of each in mm of paper; active: the leg that keys move.
    """

    strip: ecg.Strip
    paper: ecg.Paper
    legs: list[tuple[float, float]] = field(default_factory=list)
    active: int = 1

    @classmethod
    def over(cls, strip: ecg.Strip, paper: ecg.Paper, start: float, stop: float) -> Caliper:
        """A caliper with its legs at two places along x (mm)."""
        made = cls(strip, paper)
        made.legs = [(x, made.trace_y(x)) for x in (start, stop)]
        return made

    @property
    def is_closed(self) -> bool:
        """True while both legs stand at one place."""
        return self.legs[0] == self.legs[1]

    @property
    def reading(self) -> ecg.Reading:
        """What lies between the legs."""
        start, stop = self.legs
        return ecg.measure(start, stop, self.paper)

    @property
    def end(self) -> float:
        """Where the strip ends, mm along x."""
        return self.strip.x + (self.strip.stop - self.strip.start) * self.paper.speed

    def move(self, x: float) -> None:
        """Put the active leg at x (mm), within the strip."""
        x = min(max(x, self.strip.x), self.end)
        self.legs[self.active] = (x, self.trace_y(x))

    def trace_y(self, x: float) -> float:
        """Where the strip's trace stands at x (mm); its zero line where nothing was recorded."""
        seconds = self.strip.start + (x - self.strip.x) / self.paper.speed
        n = round(seconds * self.strip.lead.frequency_hz)
        values = self.strip.lead.millivolts
        value = values[n] if 0 <= n < len(values) and np.isfinite(values[n]) else 0.0
        return float(self.strip.y - value * self.paper.gain)

    def nearest(self, x: float, y: float, reach: float) -> int | None:
        """The leg that stands within `reach` (mm) of a place on its strip."""
        if abs(y - self.strip.y) > ecg.ROW_MM / 2:
            return None
        away = [abs(leg[0] - x) for leg in self.legs]
        nearest = int(np.argmin(away))
        return nearest if away[nearest] <= reach else None

    @property
    def marches(self) -> tuple[float, ...]:
        """Places (mm along x) at which the caliper's interval repeats along its strip."""
        (x0, _), (x1, _) = self.legs
        step = abs(x1 - x0)
        if step == 0:
            return ()
        first = x0 - int((x0 - self.strip.x) / step) * step
        return tuple(float(x) for x in np.arange(first, self.end, step))
