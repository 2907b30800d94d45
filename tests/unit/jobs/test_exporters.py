"""What a report is written as: every format, from memory, with the reader's measurements the same in all."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pypdfium2
import pytest

from tests import synth
from tests.unit.reporting.folders import film_results, head_results, opened
from viewer.core.analysis import AnalysisResult
from viewer.core.errors import UsageError
from viewer.core.finding import Code, FindingState, Measurement
from viewer.core.measurement import ReaderMeasurement
from viewer.core.study import Stack
from viewer.jobs import export, report
from viewer.jobs.exporters import EXPORTERS
from viewer.jobs.files import Format

LENGTH = Code("410668003", "SCT", "Length")
WHEN = "2026-03-02T10:21:00+01:00"


def line(stack: Stack, name: str = "Length", **changes: Any) -> ReaderMeasurement:
    """A length over 3 rows and 4 columns of the second slice, or of the film."""
    assert stack.geometry is not None
    k = min(1, stack.geometry.shape[0] - 1)
    ends = stack.geometry.index_to_world([[k, 2, 3], [k, 5, 7]])
    value = float(np.linalg.norm(ends[1] - ends[0]))
    fields: dict[str, Any] = {
        "id": f"m-{name}",
        "tool": "length",
        "name": name,
        "stack_key": stack.key,
        "slice_index": k,
        "plane": "native",
        "points_lps": tuple(tuple(float(v) for v in end) for end in ends),
        "values": (Measurement("Length", value, "mm", LENGTH, 0.31),),
        "series_uid": stack.series_uid,
        "sop_instance_uid": stack.instances[k].sop_instance_uid,
        "notes": ("at detector",),
        "reader": "Dr. A. Reader",
        "when": WHEN,
    }
    return ReaderMeasurement(**{**fields, **changes})


def judged(result: AnalysisResult) -> AnalysisResult:
    return replace(
        result, findings=tuple(f.judged(FindingState.ACCEPTED, "Dr. A. Reader", WHEN) for f in result.findings)
    )


def text_of(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    return " ".join("\n".join(page.get_textpage().get_text_range() for page in document).split())


@pytest.mark.parametrize("modality", ["film", "head"])
def test_a_measurement_is_the_same_in_every_file(modality: str, tmp_path: Path) -> None:
    make = synth.write_xray if modality == "film" else synth.write_series
    study, stack, volume = opened(make(tmp_path / "in").folder)
    results = film_results(stack, volume) if modality == "film" else head_results(stack, volume)
    runs = [(stack, volume, judged(one)) for one in results]
    own = line(stack)
    value = own.values[0]
    files = export.export(tmp_path / "out", study, runs, measured=[(stack, own)])
    assert {"report.pdf", "result.json", "sr.dcm", "measurements.csv"} <= set(files)
    assert f"Length {value.value:.1f} ± 0.3 mm, at detector" in text_of(files["report.pdf"])
    assert "Dr. A. Reader, 2 Mar 2026 10:21" in text_of(files["report.pdf"])
    (kept,) = json.loads(files["result.json"].read_text())["measurements"]
    assert (kept["name"], kept["values"][0]["value"], kept["slice_index"]) == ("Length", value.value, own.slice_index)
    rows = own_rows(files["measurements.csv"])
    assert [(row["value_name"], float(row["value"]), row["unit"]) for row in rows] == [("Length", value.value, "mm")]
    assert rows[0]["slice"] == str(own.slice_index + 1)
    numbers = [
        item.MeasuredValueSequence[0].NumericValue
        for item in _items(pydicom.dcmread(files["sr.dcm"]))
        if item.ValueType == "NUM" and item.ConceptNameCodeSequence[0].CodeValue == LENGTH.value
    ]
    assert [float(number) for number in numbers] == pytest.approx([value.value])


def _items(item: pydicom.Dataset) -> list[pydicom.Dataset]:
    return [found for child in item.get("ContentSequence", []) for found in (child, *_items(child))]


def own_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["source"] == "reader"]


def test_the_next_version_from_the_folder_keeps_them_and_a_signature_covers_them(tmp_path: Path) -> None:
    study, stack, volume = opened(synth.write_xray(tmp_path / "in").folder)
    runs = [(stack, volume, judged(one)) for one in film_results(stack, volume)]
    export.export(tmp_path / "out", study, runs, measured=[(stack, line(stack))])
    report.write_report(tmp_path / "out", language="zh")
    assert "长度" in text_of(tmp_path / "out" / "report.pdf")
    report.write_report(tmp_path / "out", sign=("Dr. A. Reader", "Sample Hospital"))
    first = json.loads((tmp_path / "out" / "result.json").read_text())
    other = export.export(
        tmp_path / "other",
        study,
        runs,
        measured=[(stack, line(stack, "Calliper"))],
        sign=("Dr. A. Reader", "Sample Hospital"),
    )
    second = json.loads(other["result.json"].read_text())
    assert first["measurements"][0]["name"] == "Length"
    assert first["report"]["sha256"] != second["report"]["sha256"]


def test_each_object_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, stack, volume = opened(synth.write_series(tmp_path / "in").folder)
    runs = [(stack, volume, judged(one)) for one in head_results(stack, volume)]
    written: list[str] = []
    from viewer.reporting import seg, sr

    write_seg, write_sr = seg.write_seg, sr.write_sr
    monkeypatch.setattr(seg, "write_seg", lambda *a, **o: (written.append("seg"), write_seg(*a, **o))[1])
    monkeypatch.setattr(sr, "write_sr", lambda *a, **o: (written.append("sr"), write_sr(*a, **o))[1])
    export.export(tmp_path / "out", study, runs)
    assert written == ["seg", "sr"]


def test_a_study_without_results_is_reported_by_what_was_measured(tmp_path: Path) -> None:
    study, stack, volume = opened(synth.write_xray(tmp_path / "in").folder)
    with pytest.raises(UsageError, match="nothing to report"):
        export.export(tmp_path / "out", study, [], shown=(stack, volume))
    files = export.export(tmp_path / "out", study, [], shown=(stack, volume), measured=[(stack, line(stack))])
    assert "No AI pack was run." in text_of(files["report.pdf"])
    assert "Length" in text_of(files["report.pdf"])
    assert json.loads(files["result.json"].read_text())["packs"] == []
    report.write_report(tmp_path / "out", sections={"impression": "Normal calibre."})
    assert "Normal calibre." in text_of(tmp_path / "out" / "report.pdf")


def test_only_what_is_asked_for_is_written(tmp_path: Path) -> None:
    study, stack, volume = opened(synth.write_xray(tmp_path / "in").folder)
    runs = [(stack, volume, judged(one)) for one in film_results(stack, volume)]
    files = export.export(
        tmp_path / "out", study, runs, measured=[(stack, line(stack))], formats=(Format.MEASUREMENTS,)
    )
    assert {"measurements.csv", "result.json"} <= set(files)
    assert not {"report.pdf", "sr.dcm"} & set(files)


def test_every_format_has_one_row() -> None:
    assert [exporter.format for exporter in EXPORTERS] == list(Format)


@pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "a\nb"])
def test_a_table_cell_is_no_formula(name: str, tmp_path: Path) -> None:
    study, stack, volume = opened(synth.write_xray(tmp_path / "in").folder)
    runs = [(stack, volume, judged(one)) for one in film_results(stack, volume)]
    files = export.export(
        tmp_path / "out", study, runs, measured=[(stack, line(stack, name))], formats=(Format.MEASUREMENTS,)
    )
    (row,) = own_rows(files["measurements.csv"])
    assert row["name"][0] not in "=+-@"
    assert "\n" not in row["name"]
