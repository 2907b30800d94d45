"""Which processor an analysis runs on; torch is imported only when asked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from viewer.core.errors import AnalysisError

#: Niceness of the inference process: the window comes first.
WORKER_NICE = 10


@dataclass(frozen=True, slots=True)
class Device:
    """The chosen processor: torch's name for it and a name for people."""

    kind: str
    name: str


def cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worker_threads() -> int:
    """Threads of the inference process: one core is left to the window."""
    return max(1, cores() - 1)


def be_nice() -> None:
    """Put this process behind the window (works only within one session: never setsid)."""
    if hasattr(os, "nice"):
        os.nice(WORKER_NICE)


def free_memory() -> int | None:
    """Bytes of main memory that programs can still get, None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    told = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(told[0]) * 1024 if told else None


def cpu() -> Device:
    """The processor every machine has."""
    return Device("cpu", f"CPU ({cores()} cores)")


def choose(wanted: str) -> tuple[Device, tuple[str, ...]]:
    """The processor for `wanted` ("auto", "cpu", "cuda") and the fallbacks taken, in words.

    Raises:
        AnalysisError: another word than these.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise AnalysisError(f"'{wanted}' is not a device.", "Choose auto, cpu or cuda.")
    if wanted == "cpu":
        return cpu(), ()
    import torch

    if torch.cuda.is_available():
        return Device("cuda", torch.cuda.get_device_name(0)), ()
    if wanted == "cuda":
        return cpu(), ("No usable graphics card was found: ran on the CPU.",)
    return cpu(), ()
