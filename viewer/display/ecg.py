"""Electrocardiograms laid out as on paper: leads, strips, traces and calipers, all in mm of paper.

Paper runs 25 mm/s and 10 mm/mV unless the reader chooses otherwise (AHA/ACC/HRS
recommendations, Kligfield et al., Circulation 115:1306-1324, 2007). x grows with time, y down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.core.waveform import Channel, Waveform

Points = npt.NDArray[np.float64]

#: Paper speeds in mm/s and gains in mm/mV that carts offer.
SPEEDS = (12.5, 25.0, 50.0)
GAINS = (2.5, 5.0, 10.0, 20.0)
#: The order in which leads are read.
LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
#: Twelve leads and the rhythm strip: four columns of 2.5 s.
COLUMN_S = 2.5
#: Paper left of a strip for its calibration pulse, mm.
LEFT_MM = 12.0
#: Width of the calibration pulse (0.2 s at 25 mm/s) and its height in mV.
PULSE_MM, PULSE_MV = 5.0, 1.0
#: Height of a row on paper, mm: 2.4 mV at 10 mm/mV.
ROW_MM = 24.0
#: Free paper above the first and below the last row, mm.
EDGE_MM = 6.0

_TO_MV = {"uV": 1e-3, "µV": 1e-3, "mV": 1.0, "V": 1e3, "nV": 1e-6}
_LEAD = re.compile(r"(?:lead\s+)?(aVR|aVL|aVF|III|II|I|V[1-9]R?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Paper:
    """How the sheet is written: mm per second, mm per mV."""

    speed: float = 25.0
    gain: float = 10.0

    def milliseconds(self, mm: float) -> float:
        """Time that a length along x stands for."""
        return mm / self.speed * 1000

    def millivolts(self, mm: float) -> float:
        """Voltage that a length along y stands for (down is negative)."""
        return -mm / self.gain


@dataclass(frozen=True, slots=True, eq=False)
class Lead:
    """One lead in mV, its own median taken as the zero line; NaN where nothing was recorded."""

    name: str
    millivolts: npt.NDArray[np.float64]
    frequency_hz: float

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return len(self.millivolts) / self.frequency_hz


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A stretch of one lead on the sheet.

    Attributes:
        start, stop: seconds within the recording.
        x, y: mm on paper of the start of its zero line.
        pulse: True where a calibration pulse stands before it.
    """

    lead: Lead
    start: float
    stop: float
    x: float
    y: float
    pulse: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """Strips on paper of width x height mm."""

    strips: tuple[Strip, ...]
    width: float
    height: float
    paper: Paper


@dataclass(frozen=True, slots=True)
class Reading:
    """What two caliper legs measure; rate is None where they coincide."""

    milliseconds: float
    per_minute: float | None
    millivolts: float

    @property
    def text(self) -> str:
        """ "812 ms, 74 /min, 0.35 mV"."""
        rate = f", {self.per_minute:.0f} /min" if self.per_minute is not None else ""
        return f"{self.milliseconds:.0f} ms{rate}, {self.millivolts:+.2f} mV"


def groups(waveform: Waveform) -> list[tuple[Channel, ...]]:
    """Channels recorded together: a new group starts where rate or length changes or a name returns."""
    found: list[list[Channel]] = []
    for channel in waveform.channels:
        last = found[-1] if found else None
        if last is None or not _together(last, channel):
            found.append([channel])
        else:
            last.append(channel)
    return [tuple(group) for group in found]


def _together(group: list[Channel], channel: Channel) -> bool:
    first = group[0]
    same = first.frequency_hz == channel.frequency_hz and len(first.samples) == len(channel.samples)
    return same and all(channel.name != other.name for other in group)


def is_ecg(group: tuple[Channel, ...]) -> bool:
    """True when every channel is a voltage and at least one is a known lead."""
    voltages = all(channel.unit in _TO_MV and channel.frequency_hz > 0 for channel in group)
    return voltages and any(lead_name(channel.name) in LEADS for channel in group)


def lead_name(name: str) -> str:
    """ "I" for "Lead I (Einthoven)"; names that are no lead stay as they are."""
    match = _LEAD.match(name.strip())
    if not match:
        return name
    found = match.group(1)
    known = {lead.upper(): lead for lead in LEADS}
    return known.get(found.upper(), found.upper())


def leads_of(group: tuple[Channel, ...]) -> list[Lead]:
    """Leads in reading order, in mV, each on its own median; other channels follow."""
    made = [_lead(channel) for channel in group if channel.unit in _TO_MV and channel.frequency_hz > 0]
    place = {name: n for n, name in enumerate(LEADS)}
    return sorted(made, key=lambda lead: place.get(lead.name, len(LEADS)))


def _lead(channel: Channel) -> Lead:
    values = channel.samples * _TO_MV[channel.unit]
    recorded = values[np.isfinite(values)]
    middle = float(np.median(recorded)) if len(recorded) else 0.0
    return Lead(lead_name(channel.name), values - middle, channel.frequency_hz)


def has_standard_leads(leads: list[Lead]) -> bool:
    """True when all twelve leads are there."""
    return {lead.name for lead in leads} >= set(LEADS)


def standard_sheet(leads: list[Lead], paper: Paper, start: float = 0.0, rhythm: str = "II") -> Sheet:
    """Three rows of four leads, 2.5 s each and running on in time, above a rhythm strip of 10 s.

    Args:
        leads: all twelve, as `leads_of` gives them.
        start: seconds into the recording where the sheet begins.
        rhythm: lead of the strip below.
    """
    by_name = {lead.name: lead for lead in leads}
    strips = []
    for n, name in enumerate(LEADS):
        column, row = divmod(n, 3)
        x = LEFT_MM + column * COLUMN_S * paper.speed
        begin = start + column * COLUMN_S
        strips.append(Strip(by_name[name], begin, begin + COLUMN_S, x, _row_y(row), pulse=column == 0))
    strips.append(Strip(by_name[rhythm], start, start + 4 * COLUMN_S, LEFT_MM, _row_y(3), pulse=True))
    return Sheet(tuple(strips), LEFT_MM + 4 * COLUMN_S * paper.speed, 2 * EDGE_MM + 4 * ROW_MM, paper)


def row_sheet(leads: list[Lead], paper: Paper, start: float = 0.0, seconds: float = 10.0) -> Sheet:
    """One row for each lead, all over the same time."""
    longest = max((lead.seconds for lead in leads), default=0.0)
    stop = min(start + seconds, longest)
    strips = tuple(Strip(lead, start, stop, LEFT_MM, _row_y(n), pulse=True) for n, lead in enumerate(leads))
    width = LEFT_MM + max(stop - start, 1.0) * paper.speed
    return Sheet(strips, width, 2 * EDGE_MM + max(1, len(leads)) * ROW_MM, paper)


def two_column_sheet(leads: list[Lead], paper: Paper, start: float = 0.0) -> Sheet:
    """Six rows of two leads, 5 s each, limb leads left and chest leads right, at the same time."""
    by_name = {lead.name: lead for lead in leads}
    strips = []
    for n, name in enumerate(LEADS):
        column, row = divmod(n, 6)
        x = LEFT_MM + column * 2 * COLUMN_S * paper.speed
        strips.append(Strip(by_name[name], start, start + 2 * COLUMN_S, x, _row_y(row), pulse=column == 0))
    return Sheet(tuple(strips), LEFT_MM + 4 * COLUMN_S * paper.speed, 2 * EDGE_MM + 6 * ROW_MM, paper)


def _row_y(row: int) -> float:
    return EDGE_MM + (row + 0.5) * ROW_MM


def trace(strip: Strip, paper: Paper, points_per_mm: float = 8.0) -> list[Points]:
    """The strip's line as runs of (x, y) mm, broken where nothing was recorded.

    Long stretches keep the smallest and largest value of every step, so no spike is lost.
    """
    rate = strip.lead.frequency_hz
    first = max(0, round(strip.start * rate))
    values = strip.lead.millivolts[first : max(first, round(strip.stop * rate))]
    if not len(values):
        return []
    x = strip.x + (np.arange(len(values)) + first - strip.start * rate) / rate * paper.speed
    y = strip.y - values * paper.gain
    per_step = int(rate / paper.speed / points_per_mm * 2)
    points = np.stack([x, y], axis=1)
    if per_step > 3:
        points = _peaks(points, per_step)
    return _runs(points)


def _peaks(points: Points, step: int) -> Points:
    """Smallest and largest y of every `step` points, in the order they came."""
    count = len(points) // step * step
    y = np.where(np.isfinite(points[:count, 1]), points[:count, 1], np.nan).reshape(-1, step)
    filled = np.nan_to_num(y, nan=0.0)
    pairs = np.sort(np.stack([filled.argmin(axis=1), filled.argmax(axis=1)], axis=1), axis=1)
    index = (pairs + np.arange(len(y))[:, None] * step).ravel()
    return np.concatenate([points[index], points[count:]])


def _runs(points: Points) -> list[Points]:
    good = np.isfinite(points[:, 1])
    edges = np.flatnonzero(np.diff(good.astype(np.int8))) + 1
    return [run for run in np.split(points, edges) if len(run) > 1 and np.isfinite(run[0, 1])]


def pulse(strip: Strip, paper: Paper) -> Points:
    """The calibration pulse before a strip: 1 mV for 5 mm, as (x, y) mm [6, 2]."""
    left = strip.x - PULSE_MM - 3.5
    top = strip.y - PULSE_MV * paper.gain
    right = left + PULSE_MM
    return np.array(
        [[left - 1, strip.y], [left, strip.y], [left, top], [right, top], [right, strip.y], [right + 1, strip.y]]
    )


def measure(start: tuple[float, float], stop: tuple[float, float], paper: Paper) -> Reading:
    """What lies between two points on paper (x, y in mm)."""
    time = abs(paper.milliseconds(stop[0] - start[0]))
    rate = 60_000 / time if time > 0 else None
    return Reading(time, rate, paper.millivolts(stop[1] - start[1]))


def strip_at(sheet: Sheet, x: float, y: float) -> Strip | None:
    """The strip under a point on paper, None beside all of them."""
    for strip in sheet.strips:
        width = (strip.stop - strip.start) * sheet.paper.speed
        if strip.x <= x < strip.x + width and abs(y - strip.y) <= ROW_MM / 2:
            return strip
    return None
