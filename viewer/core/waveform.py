"""Sampled signals such as a 12-lead ECG."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

#: The twelve leads in capitals, and as they are written.
LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
LEAD_NAMES = ("I", "II", "III", "aVR", "aVL", "aVF", *LEADS[6:])


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


def lead_name(name: str) -> str:
    """ "V3" of "Lead V3", "lead v3 (original)", "ECG V3"; "" for what is no lead of the twelve."""
    words = name.upper().replace("(", " ").replace(",", " ").replace("-", " ").split()
    found = [word for word in words if word in LEADS]
    return found[0] if len(found) == 1 else ""
