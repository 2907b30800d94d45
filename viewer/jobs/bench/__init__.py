"""The project's own benchmarks, each against its floor or a peer in the same run.

To add one: a file beside this one with `prepare(folder, cancel) -> Plan`, and a line in `BENCHES`.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewer.core.errors import UsageError, ViewerError
from viewer.core.task import CancelToken, OnProgress, Progress
from viewer.jobs.bench.harness import Plan, Prepare, as_text, machine, measure

__all__ = ["BENCHES", "Entry", "Plan", "as_text", "run_benches"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A benchmark: its name on the command line, and what imports it when it is run."""

    name: str
    load: Callable[[], Prepare]


def _own(name: str, module: str) -> Entry:
    """A benchmark of this package; what it measures is imported when it runs."""
    return Entry(name, lambda: importlib.import_module(f"{__name__}.{module}").prepare)


#: The benchmarks of jobs, in the order they run; who composes the program may add others.
BENCHES: tuple[Entry, ...] = (
    _own("open", "open_series"),
    _own("scan", "scan_tree"),
    _own("decode", "decode_frames"),
    _own("events", "events"),
    _own("inference", "inference"),
    _own("pipeline", "pipeline"),
)


def run_benches(
    names: tuple[str, ...], benches: tuple[Entry, ...] = BENCHES, *, on_progress: OnProgress, cancel: CancelToken
) -> dict[str, Any]:
    """Run those of `benches` that are named, or all, and return the document of `bench --json`.

    A benchmark that cannot run here (no display, a peer that is not installed) is listed under
    `failed` with the reason.

    Raises:
        UsageError: a name that is no benchmark.
    """
    chosen = _chosen(names, benches)
    document: dict[str, Any] = {"machine": machine(), "benches": [], "failed": []}
    for number, entry in enumerate(chosen):
        cancel.check()
        on_progress(Progress(f"Benchmark {entry.name}", number / len(chosen)))
        try:
            document["benches"].append({"name": entry.name, **_run(entry, cancel)})
        except ViewerError as error:
            document["failed"].append({"name": entry.name, "text": error.text})
    return document


def _chosen(names: tuple[str, ...], benches: tuple[Entry, ...]) -> list[Entry]:
    known = {entry.name: entry for entry in benches}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"There is no benchmark {unknown[0]}.", f"Known: {', '.join(known)}.")
    return [known[name] for name in names] if names else list(benches)


def _run(entry: Entry, cancel: CancelToken) -> dict[str, Any]:
    prepare = entry.load()
    with tempfile.TemporaryDirectory(prefix="secondread-bench-") as folder:
        plan = prepare(Path(folder), cancel)
        try:
            return measure(plan, cancel)
        finally:
            if plan.finish is not None:
                plan.finish()
