"""Interleaved timing: every way runs once a round, and only ratios within the run are compared.

On a shared machine absolute times drift by factors; ratios of ways that took turns do not.
"min" is the ratio of the fastest runs, "median" that of the middle ones. Where the two disagree
by more than a third the row is marked noisy: good for order only.
"""

from __future__ import annotations

import gc
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from viewer.core.errors import AnalysisError
from viewer.core.task import CancelToken

#: Ratios of minima and medians that differ by more than this share are noise.
NOISE = 1 / 3
PACKAGES = (
    "numpy",
    "pydicom",
    "SimpleITK",
    "python-gdcm",
    "imagecodecs",
    "PySide6-Essentials",
    "pyqtgraph",
    "torch",
    "monai",
    "openvino",
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do the thing: `run` is timed, `reset` is called before it and is not."""

    name: str
    run: Callable[[], object]
    reset: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """`way` may take at most `limit` times as long as `against`."""

    way: str
    against: str
    limit: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a benchmark measures.

    Attributes:
        title: what is done, on what input, in words.
        ways: the first is the floor or peer that ratios refer to; may be empty when only
            `facts` are reported.
        rounds: how often every way runs, after one round that is thrown away.
        facts: figures measured while preparing (memory, event-loop gaps), name -> value.
        finish: called at the end, also after a failure.
        clock: what seconds are read from; processor time where nothing waits for anything.
    """

    title: str
    ways: tuple[Way, ...] = ()
    rounds: int = 5
    targets: tuple[Target, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    finish: Callable[[], None] | None = None
    clock: Callable[[], float] = time.perf_counter


Prepare = Callable[[Path, CancelToken], Plan]


def measure(plan: Plan, cancel: CancelToken) -> dict[str, Any]:
    """Run the rounds of a plan and return its part of the document."""
    times: dict[str, list[float]] = {way.name: [] for way in plan.ways}
    for number in range(plan.rounds + 1):
        # Each round begins with another way: what comes first after the hungriest one pays for its memory.
        begin = number % max(1, len(plan.ways))
        for way in plan.ways[begin:] + plan.ways[:begin]:
            cancel.check()
            seconds = _timed(way, plan.clock)
            if number > 0:
                times[way.name].append(seconds)
    rows = [_row(name, seconds, next(iter(times.values()))) for name, seconds in times.items()]
    targets = [_judged(target, times) for target in plan.targets]
    return {"title": plan.title, "rounds": plan.rounds, "ways": rows, "targets": targets, "facts": plan.facts}


def _timed(way: Way, clock: Callable[[], float]) -> float:
    if way.reset is not None:
        way.reset()
    gc.collect()
    start = clock()
    way.run()
    return clock() - start


def _row(name: str, seconds: list[float], reference: list[float]) -> dict[str, Any]:
    low, middle = _ratios(seconds, reference)
    return {
        "name": name,
        "min_s": round(min(seconds), 6),
        "median_s": round(statistics.median(seconds), 6),
        "ratio_min": round(low, 3),
        "ratio_median": round(middle, 3),
        "noisy": _noisy(low, middle),
    }


def _ratios(seconds: list[float], reference: list[float]) -> tuple[float, float]:
    return min(seconds) / min(reference), statistics.median(seconds) / statistics.median(reference)


def _noisy(low: float, middle: float) -> bool:
    return abs(low - middle) > NOISE * min(low, middle)


def _judged(target: Target, times: dict[str, list[float]]) -> dict[str, Any]:
    low, middle = _ratios(times[target.way], times[target.against])
    return {
        "text": f"{target.way} at most {target.limit:g} x {target.against}",
        "limit": target.limit,
        "ratio_min": round(low, 3),
        "ratio_median": round(middle, 3),
        "met": _met(low, middle, target.limit),
    }


def _met(low: float, middle: float, limit: float) -> bool | None:
    """True or False where both ratios agree, None where the machine was too noisy to tell."""
    if (low <= limit) == (middle <= limit):
        return low <= limit
    return None


def peak_memory(module: str, function: str, *arguments: str) -> int:
    """Peak resident bytes over imports while `module.function(*arguments)` runs in a fresh process.

    The function must do its own imports of what should count; `module` is imported first.

    Raises:
        AnalysisError: the process failed, or this system does not tell peaks (Linux only).
    """
    code = (
        "import sys, importlib, re\n"
        "def peak():\n"
        "    return int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read()).group(1))\n"
        "module = importlib.import_module(sys.argv[1])\n"
        "before = peak(); kept = getattr(module, sys.argv[2])(*sys.argv[3:]); print((peak() - before) * 1024)\n"
    )
    command = [sys.executable, "-c", code, module, function, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise AnalysisError(f"The memory of {function} could not be measured ({last[0]}).")
    return int(done.stdout.split()[-1])


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "load_1min": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def as_text(document: dict[str, Any]) -> str:
    """The document of `bench --json` as tables."""
    box = document["machine"]
    lines = [f"{box['cpu']}, {box['cores']} cores, {box['memory_gib']} GiB, Python {box['python']}"]
    lines.append(f"load at start {box['load_1min']}")
    for bench in document["benches"]:
        lines += ["", f"{bench['name']}: {bench['title']}", *_table(bench)]
    lines += [f"\n{one['name']}: not measured. {one['text']}" for one in document["failed"]]
    return "\n".join(lines)


def _table(bench: dict[str, Any]) -> list[str]:
    lines = []
    if bench["ways"]:
        lines.append(f"  {'way':44} {'min s':>10} {'median s':>10} {'x min':>8} {'x median':>9}")
    for row in bench["ways"]:
        noise = "  noisy" if row["noisy"] else ""
        times = f"{row['min_s']:10.4f} {row['median_s']:10.4f} {row['ratio_min']:8.2f} {row['ratio_median']:9.2f}"
        lines.append(f"  {row['name']:44} {times}{noise}")
    lines += [f"  {name}: {value}" for name, value in bench["facts"].items()]
    for target in bench["targets"]:
        word = {True: "met", False: "MISSED", None: "unclear, noisy"}[target["met"]]
        lines.append(f"  target {word}: {target['text']} (min {target['ratio_min']}, median {target['ratio_median']})")
    return lines
