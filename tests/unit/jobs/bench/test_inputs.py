"""The benchmarks on inputs so small that only what they do is tested, not how fast."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from viewer.core.errors import AnalysisError
from viewer.core.task import CancelFlag
from viewer.jobs.bench import decode_frames, scan_tree
from viewer.jobs.bench.harness import Plan


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SERIES": 2, "SLICES": 5, "FOLDERS": 3, "OTHERS": 4, "SIDE": 8}.items():
        monkeypatch.setattr(scan_tree, name, value)


def ran(plan: Plan) -> dict[str, object]:
    return {way.name: way.run() for way in plan.ways}


def test_every_scanner_finds_every_file(tmp_path: Path, small: None) -> None:
    plan = scan_tree.prepare(tmp_path, CancelFlag())
    found = ran(plan)
    assert found["floor: open, 4 KiB, look for the mark"] == 10
    assert found["pydicom dcmread(stop_before_pixels)"] == 10
    assert found["SimpleITK GetGDCMSeriesIDs, ids only"] == 2
    if importlib.util.find_spec("gdcm") is not None:
        assert found["GDCM Scanner, 18 tags"] == 10
    assert "MiB" in plan.facts["peak memory of a scan"]


def test_a_peer_that_is_not_installed_is_left_out_in_words(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    plan = scan_tree.prepare(tmp_path, CancelFlag())
    assert "not installed" in plan.facts["GDCM's Scanner"]
    assert not any("GDCM Scanner" in way.name for way in plan.ways)


def test_a_series_that_is_not_found_stops_the_bench(tmp_path: Path, small: None) -> None:
    scan_tree.write_tree(tmp_path, CancelFlag())
    next(path for path in tmp_path.rglob("I*")).unlink()
    with pytest.raises(AnalysisError, match="instead of"):
        scan_tree.check(scan_tree.scan_alone(str(tmp_path)))


def test_decoding_goes_through_processes_that_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_frames, "FRAMES", 2)
    monkeypatch.setattr(decode_frames, "SIDE", 32)
    plan = decode_frames.prepare(tmp_path, CancelFlag())
    try:
        ran(plan)
    finally:
        assert plan.finish is not None
        plan.finish()
    assert len(plan.ways) == 9
    assert plan.facts["processes"] >= 1
