"""Benchmarks of the whole program and of its window, each against a floor or a peer in the same run."""

from __future__ import annotations

import importlib

from viewer.jobs.bench import Entry

__all__ = ["BENCHES"]


def _own(name: str, module: str) -> Entry:
    """A benchmark of this package; what it measures is imported when it runs."""
    return Entry(name, lambda: importlib.import_module(f"{__name__}.{module}").prepare)


BENCHES: tuple[Entry, ...] = tuple(_own(name, name) for name in ("scroll", "start", "planes", "memory", "read"))
