"""`measurements.csv`: every accepted and every own measurement, one number a line, for other programs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from viewer.core.errors import OutputError
from viewer.core.finding import Finding, Measurement
from viewer.core.measurement import ReaderMeasurement
from viewer.core.report import Report

COLUMNS = (
    "id", "source", "name", "value_name", "value", "unit", "plus_minus", "validated", "side", "series_uid",
    "sop_instance_uid", "plane", "slice", "points_lps", "reader", "when", "notes",
)  # fmt: skip
#: A text that begins so would be a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(report: Report, path: Path) -> None:
    """Write the table (UTF-8, numbers in full, slices counted from 1) and read it back.

    Raises:
        OSError: the disk refused. OutputError: it read back differently.
    """
    _write([*_rows(report)], path)


def write_measured(measured: Iterable[ReaderMeasurement], path: Path) -> None:
    """The same of the reader's own measurements alone."""
    _write([row for one in measured for row in _lines(one.values, _of_reader(one))], path)


def _write(rows: list[dict[str, str]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    with path.open(encoding="utf-8", newline="") as file:
        if [*csv.DictReader(file)] != rows:
            raise OutputError("The table of measurements read back differently from what was meant.", "Try again.")


def _rows(report: Report) -> Iterator[dict[str, str]]:
    for finding in report.findings:
        yield from _lines(finding.measurements, _of_finding(finding))
    for measured in report.measured:
        yield from _lines(measured.values, _of_reader(measured))


def _lines(values: Iterable[Measurement], common: dict[str, str]) -> Iterator[dict[str, str]]:
    for value in values:
        own = {
            "value_name": _plain(value.name),
            "value": repr(float(value.value)),
            "unit": _plain(value.unit),
            "plus_minus": "" if value.plus_minus is None else repr(float(value.plus_minus)),
            "validated": "yes" if value.validated else "no",
        }
        yield {column: {**common, **own}.get(column, "") for column in COLUMNS}


def _of_finding(finding: Finding) -> dict[str, str]:
    k = finding.location.slice_index
    return {
        "id": _plain(finding.id),
        "source": _plain(finding.pack) or "reader",
        "name": _plain(finding.label),
        "side": finding.side.value,
        "series_uid": finding.series_uid or "",
        "slice": "" if k is None else str(k + 1),
        "reader": _plain(finding.reader),
        "when": finding.when,
        "notes": _plain("; ".join(finding.notes)),
    }


def _of_reader(measured: ReaderMeasurement) -> dict[str, str]:
    return {
        "id": _plain(measured.id),
        "source": "reader",
        "name": _plain(measured.name),
        "series_uid": measured.series_uid or "",
        "sop_instance_uid": measured.sop_instance_uid or "",
        "plane": measured.plane,
        "slice": str(measured.slice_index + 1),
        "points_lps": "; ".join(" ".join(repr(float(v)) for v in point) for point in measured.points_lps),
        "reader": _plain(measured.reader),
        "when": measured.when,
        "notes": _plain("; ".join(measured.notes)),
    }


def _plain(text: str) -> str:
    """A text on one line that no spreadsheet takes for a formula."""
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(_FORMULA) else line
