"""A 12-lead ECG on its way to the network: one code path for training and for use. Torch-free.

Any number of leads at any rate of at least 100 Hz becomes the rhythm [12, LENGTH] at 100 Hz without baseline wander,
the places of its beats, and the median beat [12, BEFORE + AFTER] around the QRS complex.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
import numpy.typing as npt

from viewer.core.waveform import LEADS, Waveform, lead_name

FloatArray = npt.NDArray[np.float32]
Beats = npt.NDArray[np.int64]

#: Samples a second inside, and samples of the rhythm that the network sees (10 s).
RATE, LENGTH = 100, 1000
#: Samples before and after the QRS complex of the median beat.
BEFORE, AFTER = 30, 50
#: Columns of the table: six of the signal, four of the person.
FACTS = 10
#: Below this many Hz is baseline wander.
_WANDER_HZ = 0.5
#: No heart beats twice within so many samples (240 ms).
_REFRACTORY = 24
#: Samples that a beat may be moved to fit the median, and the QRS and the level before it in the median beat.
_SLIP = 4
_QRS, _LEVEL, _P = slice(15, 50), slice(14, 22), slice(8, 20)
#: Millivolts in one of a unit (UCUM).
_MILLIVOLTS = {"mV": 1.0, "uV": 1e-3, "V": 1e3, "nV": 1e-6}
#: Limb leads from two others (Einthoven 1913, Goldberger 1942).
_DERIVED: Mapping[str, tuple[tuple[str, str], tuple[float, float]]] = {
    "III": (("II", "I"), (1, -1)), "II": (("I", "III"), (1, 1)), "I": (("II", "III"), (1, -1)),
    "AVR": (("I", "II"), (-0.5, -0.5)), "AVL": (("I", "II"), (1, -0.5)), "AVF": (("II", "I"), (1, -0.5)),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Leads:
    """Leads by name in millivolt.

    Attributes:
        values: float32 [12, T], in the order of `LEADS`; 0 where a lead is missing.
        rate: samples a second.
        missing: leads that neither are there nor follow from others; `derived`: those that were computed.
    """

    values: FloatArray
    rate: float
    missing: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """What the network gets.

    Attributes:
        rhythm: float32 [12, LENGTH], mV at 100 Hz, wander removed.
        beats: samples of the QRS complexes, int64 [B].
        median: float32 [12, BEFORE + AFTER], the median beat in mV, its level between P and QRS at 0.
        facts: float32 [6]: rate / 100, sd of the RR intervals (s), beats found / 10, share of beats like the median,
            largest and (times ten) mean amplitude of the median beat in mV.
    """

    rhythm: FloatArray
    beats: Beats
    median: FloatArray
    facts: FloatArray

    def packed(self, person: FloatArray) -> FloatArray:
        """float32 [12, LENGTH + BEFORE + AFTER + FACTS]: rhythm, median beat, and the table in every row."""
        table = np.tile(np.concatenate([self.facts, person]), (len(LEADS), 1))
        return np.concatenate([self.rhythm, self.median, table], axis=1).astype(np.float32)


def gather(waveform: Waveform) -> Leads:
    """The twelve leads of a recording; limb leads that follow from two others are computed.

    Raises:
        ValueError: no lead, a unit that is no voltage, or leads of different rates or lengths, in words.
    """
    have: dict[str, FloatArray] = {}
    rates, lengths = set(), set()
    for channel in waveform.channels:
        name = lead_name(channel.name)
        if not name or name in have:
            continue
        if channel.unit not in _MILLIVOLTS:
            raise ValueError("the file does not tell the unit of its leads")
        have[name] = np.nan_to_num(channel.samples * _MILLIVOLTS[channel.unit]).astype(np.float32)
        rates.add(channel.frequency_hz)
        lengths.add(len(channel.samples))
    if not have:
        raise ValueError("none of its channels is a lead of the 12-lead ECG")
    if len(rates) > 1 or len(lengths) > 1:
        raise ValueError("its leads were not recorded together")
    return ordered(have, rates.pop())


def ordered(have: Mapping[str, FloatArray], rate: float) -> Leads:
    """Leads in the order of `LEADS`, those that follow from two others computed."""
    known, derived = dict(have), []
    for lead, ((a, b), (p, q)) in _DERIVED.items():
        if lead not in known and a in known and b in known:
            known[lead] = np.asarray(p * known[a] + q * known[b], dtype=np.float32)
            derived.append(lead)
    flat = np.zeros(len(next(iter(known.values()))), dtype=np.float32)
    missing = tuple(lead for lead in LEADS if lead not in known)
    values = np.stack([known.get(lead, flat) for lead in LEADS]).astype(np.float32)
    return Leads(values, rate, missing, tuple(derived))


def at_rate(values: FloatArray, rate: float) -> FloatArray:
    """Resampled to 100 Hz (polyphase, which filters before it thins)."""
    from scipy import signal  # late: the list of packs does without

    if rate == RATE:
        return values
    up, down = RATE, round(rate)
    common = gcd(up, down)
    return np.asarray(signal.resample_poly(values, up // common, down // common, axis=1), dtype=np.float32)


def without_wander(values: FloatArray) -> FloatArray:
    """High-passed forwards and backwards, so that ST segments keep their place in time."""
    from scipy import signal  # late: the list of packs does without

    sos = signal.butter(2, _WANDER_HZ, "highpass", fs=RATE, output="sos")
    return np.asarray(signal.sosfiltfilt(sos, values, axis=1), dtype=np.float32)


def find_beats(values: FloatArray) -> Beats:
    """Samples of the QRS complexes of [12, T] at 100 Hz: peaks of the slope's energy over all leads."""
    from scipy import signal  # late: the list of packs does without

    sos = signal.butter(2, (5, 25), "bandpass", fs=RATE, output="sos")
    quick = np.asarray(signal.sosfiltfilt(sos, values, axis=1))
    size = np.median(np.abs(quick), axis=1, keepdims=True) * 6 + 1e-3
    energy = np.minimum(np.abs(np.gradient(quick, axis=1)) / size, 3.0).sum(0)
    energy = np.convolve(energy, np.hanning(13) / np.hanning(13).sum(), mode="same")
    mark = 0.35 * float(np.quantile(energy, 0.985))
    peaks, _ = signal.find_peaks(energy, height=mark, distance=_REFRACTORY, prominence=0.5 * mark)
    return np.asarray(peaks, dtype=np.int64)


def whole_beats(beats: Beats, length: int) -> list[int]:
    """Beats that lie wholly within the recording, moved a little too."""
    return [int(b) for b in beats if BEFORE + _SLIP <= b < length - AFTER - _SLIP]


def moved(values: FloatArray, beat: int) -> list[FloatArray]:
    """A beat [12, BEFORE + AFTER] as cut at its place and a few samples to either side."""
    return [values[:, beat + s - BEFORE : beat + s + AFTER] for s in range(-_SLIP, _SLIP + 1)]


def median_beat(values: FloatArray, beats: Beats) -> tuple[FloatArray, float]:
    """The median of aligned beats [12, BEFORE + AFTER], and the share of beats that look like it."""
    inside = whole_beats(beats, values.shape[1])
    if not inside:
        return np.zeros((len(LEADS), BEFORE + AFTER), dtype=np.float32), 0.0
    cut = np.stack([values[:, b - BEFORE : b + AFTER] for b in inside])
    guide = np.median(cut, axis=0)
    for _ in range(2):
        cut = np.stack([_fitted(moved(values, b), guide) for b in inside])
        guide = np.median(cut, axis=0)
    level = np.median(guide[:, _LEVEL], axis=1, keepdims=True)
    alike = [_alike(c, guide) for c in cut]
    return (guide - level).astype(np.float32), float(np.mean(alike))


def _fitted(tries: Sequence[FloatArray], guide: FloatArray) -> FloatArray:
    fits = [float((t[:, _QRS] * guide[:, _QRS]).sum()) - 0.5 * float((t[:, _QRS] ** 2).sum()) for t in tries]
    return tries[int(np.argmax(fits))]


def _alike(beat: FloatArray, guide: FloatArray) -> bool:
    a, b = beat[:, _QRS].ravel(), guide[:, _QRS].ravel()
    return bool(a.std() > 0 and b.std() > 0 and np.corrcoef(a, b)[0, 1] > 0.85)


def prepare(leads: Leads) -> Ready:
    """What the network gets of a recording of at least 5 s and 100 Hz (the gate has seen to both)."""
    calm = without_wander(at_rate(leads.values, leads.rate))[:, :LENGTH]
    beats = find_beats(calm)
    median, alike = median_beat(calm, beats)
    gaps = np.diff(beats) / RATE
    pace = 60 / float(np.median(gaps)) if len(gaps) else 0.0
    spread = float(gaps.std()) if len(gaps) > 1 else 0.0
    sizes = np.abs(median)
    facts = [pace / 100, spread, len(beats) / 10, alike, float(sizes.max()), float(sizes.mean() * 10)]
    rhythm = np.zeros((len(LEADS), LENGTH), dtype=np.float32)
    rhythm[:, : calm.shape[1]] = calm
    return Ready(rhythm, beats, median, np.array(facts, dtype=np.float32))


def person(age: float | None, sex: str) -> FloatArray:
    """Age (years) and sex ("M", "F" or other) for the network, float32 [4]; all that is unknown is 0.

    (age - 60) / 20 with 90 for all who are older, age known, sex (-1 male, 1 female), sex known.
    """
    known = age is not None and np.isfinite(age)
    years = min(float(age), 90.0) if age is not None and known else 60.0
    told = {"M": -1.0, "F": 1.0}.get(sex.upper()[:1], 0.0)
    return np.array([(years - 60) / 20, float(known), told, abs(told)], dtype=np.float32)


# ---------------------------------------------------------------- doubts about a recording

#: A lead that varies by less than this (mV) is a flat line.
_FLAT_MV = 0.005
#: So many samples at the largest value in a row (s) are a converter at its end.
_STUCK_S = 0.04
#: A spike: so much (mV) above the samples beside it, in less than 4 ms.
_SPIKE_MV, _SPIKE_S = 0.4, 0.004


def flat_leads(leads: Leads) -> tuple[str, ...]:
    """Leads that hold a flat line, those that are missing aside."""
    spread = leads.values.std(axis=1)
    return tuple(n for n, s in zip(LEADS, spread, strict=True) if s < _FLAT_MV and n not in leads.missing)


def stuck_leads(leads: Leads) -> tuple[str, ...]:
    """Leads whose largest or smallest value is held for some time: the converter was at its end."""
    run = max(3, round(_STUCK_S * leads.rate))
    return tuple(n for n, lead in zip(LEADS, leads.values, strict=True) if lead.std() >= _FLAT_MV and _held(lead, run))


def _held(lead: FloatArray, run: int) -> bool:
    middle, reach = float(np.median(lead)), 0.25 * float(np.ptp(lead))
    ends = [end for end in (lead.max(), lead.min()) if abs(end - middle) > reach]  # a calm baseline is no end
    at_end = [np.convolve(np.abs(lead - end) < 1e-6, np.ones(run), mode="valid") >= run for end in ends]
    return any(bool(one.any()) for one in at_end)


def pacing_spikes(leads: Leads) -> tuple[float, ...]:
    """Times (s) of spikes too narrow for a heart, in two leads or more; seen from 250 Hz on."""
    from scipy import signal  # late: the list of packs does without

    if leads.rate < 250:  # noqa: PLR2004 - said above
        return ()
    wide = 2 * max(1, round(_SPIKE_S * leads.rate / 2)) + 3
    rest = leads.values - signal.medfilt(leads.values, (1, wide))
    seen = (np.abs(rest) > _SPIKE_MV).sum(axis=0) >= 2  # noqa: PLR2004 - two leads
    starts = np.flatnonzero(np.diff(seen.astype(np.int8), prepend=0) == 1)
    return tuple(float(s / leads.rate) for s in starts)


def arms_exchanged(ready: Ready) -> bool:
    """True where P wave and QRS complex of lead I point down although V6 points up (right and left arm exchanged)."""
    one, six = ready.median[LEADS.index("I")], ready.median[LEADS.index("V6")]
    if float(np.abs(one).max()) == 0 or float(np.abs(six).max()) == 0:
        return False
    return bool(_net(one[22:40]) < -0.3 and one[_P].mean() < -0.01 and _net(six[22:40]) > 0.3)  # noqa: PLR2004 - see `_net`


def _net(qrs: FloatArray) -> float:
    """-1 (all down) .. 1 (all up): the sum of a QRS complex over its size."""
    return float(qrs.sum() / max(float(np.abs(qrs).sum()), 1e-6))
