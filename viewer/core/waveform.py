"""Sampled signals such as a 12-lead ECG."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One lead: float64 samples [n] in `unit`, sampled at `frequency_hz`."""

    name: str
    samples: npt.NDArray[np.float64]
    frequency_hz: float
    unit: str


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """All channels of one waveform object (PS3.3 C.10.9), group by group."""

    channels: tuple[Channel, ...]
    title: str = ""
    annotations: tuple[str, ...] = field(default=())
