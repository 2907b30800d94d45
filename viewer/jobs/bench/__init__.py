"""The project's own benchmarks, each against its floor or a peer in the same run.

To add one: a file beside this one with `prepare(folder, cancel) -> Plan`, and a line in `BENCHES`.
"""

from __future__ import annotations

import importlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewer.core.errors import UsageError, ViewerError
from viewer.core.task import CancelToken, OnProgress, Progress
from viewer.jobs.bench.harness import Plan, Prepare, as_text, machine, measure

__all__ = ["BENCHES", "Entry", "Plan", "as_text", "run_benches"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A benchmark: its name on the command line and the module that prepares it."""

    name: str
    module: str


#: Every benchmark, in the order they run.
BENCHES: tuple[Entry, ...] = (
    Entry("open", "viewer.jobs.bench.open_series"),
    Entry("scan", "viewer.jobs.bench.scan_tree"),
    Entry("decode", "viewer.jobs.bench.decode_frames"),
    Entry("scroll", "viewer.ui.viewport.bench"),
    Entry("events", "viewer.jobs.bench.events"),
    Entry("inference", "viewer.jobs.bench.inference"),
    Entry("pipeline", "viewer.jobs.bench.pipeline"),
)


def run_benches(names: tuple[str, ...], *, on_progress: OnProgress, cancel: CancelToken) -> dict[str, Any]:
    """Run the named benchmarks, or all, and return the document of `bench --json`.

    A benchmark that cannot run here (no display, a peer that is not installed) is listed under
    `failed` with the reason.

    Raises:
        UsageError: a name that is no benchmark.
    """
    chosen = _chosen(names)
    document: dict[str, Any] = {"machine": machine(), "benches": [], "failed": []}
    for number, entry in enumerate(chosen):
        cancel.check()
        on_progress(Progress(f"Benchmark {entry.name}", number / len(chosen)))
        try:
            document["benches"].append({"name": entry.name, **_run(entry, cancel)})
        except ViewerError as error:
            document["failed"].append({"name": entry.name, "text": error.text})
    return document


def _chosen(names: tuple[str, ...]) -> list[Entry]:
    known = {entry.name: entry for entry in BENCHES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"There is no benchmark {unknown[0]}.", f"Known: {', '.join(known)}.")
    return [known[name] for name in names] if names else list(BENCHES)


def _run(entry: Entry, cancel: CancelToken) -> dict[str, Any]:
    prepare: Prepare = importlib.import_module(entry.module).prepare
    with tempfile.TemporaryDirectory(prefix="secondread-bench-") as folder:
        plan = prepare(Path(folder), cancel)
        try:
            return measure(plan, cancel)
        finally:
            if plan.finish is not None:
                plan.finish()
