"""The table of measurements against result.json, cell by cell."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from viewer.core.finding import Finding, Measurement
from viewer.core.measurement import ReaderMeasurement
from viewer.core.plain import from_plain
from viewer.jobs.checking.mismatch import Mismatch, What
from viewer.jobs.checking.stated import Stated

FILE = "measurements.csv"
#: What a cell that differs says otherwise; everything else is text.
_WHAT = {
    "value": What.VALUE,
    "plus_minus": What.VALUE,
    "unit": What.UNIT,
    "side": What.SIDE,
    "slice": What.POSITION,
    "points_lps": What.POSITION,
    "plane": What.POSITION,
    "series_uid": What.REFERENCE,
    "sop_instance_uid": What.REFERENCE,
    "id": What.REFERENCE,
    "name": What.LABEL,
    "value_name": What.LABEL,
}
_Cells = dict[str, str]


def compare(stated: Stated) -> Iterator[Mismatch]:
    """Every row of the table; nothing where there is none."""
    path = stated.folder / FILE
    if not path.is_file():
        return
    found = _read(path)
    meant = list(_due(stated))
    if found is None:
        yield Mismatch(FILE, What.VALUE, "The table of measurements cannot be read.")
        return
    if len(found) != len(meant):
        yield Mismatch(FILE, What.COUNT, f"The table has {len(found)} numbers; result.json has {len(meant)}.")
    for number, (due, row) in enumerate(zip(meant, found, strict=False), start=1):
        for column in due.keys() | row.keys():
            if not _same(column, due.get(column, ""), row.get(column) or ""):
                what = _WHAT.get(column, What.TEXT)
                yield Mismatch(FILE, what, f"Row {number} of the table tells another {column} than result.json.")


def _read(path: Path) -> list[_Cells] | None:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [{str(key): value for key, value in row.items()} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error):
        return None


def _same(column: str, due: str, told: str) -> bool:
    if column in ("value", "plus_minus") and due and told:
        try:
            return float(due) == float(told)
        except ValueError:
            return False
    return _bare(due) == _bare(told)


def _bare(text: str) -> str:
    """Words without their spacing and without what keeps a spreadsheet from counting with them."""
    return " ".join(str(text).split()).removeprefix("'")


def _due(stated: Stated) -> Iterator[_Cells]:
    for finding in stated.spoken:
        yield from (_of_finding(finding) | _numbers(one) for one in finding.measurements)
    for entry in stated.document.get("measurements") or ():
        try:
            own = from_plain(ReaderMeasurement, entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        yield from (_of_reader(own) | _numbers(one) for one in own.values)


def _numbers(one: Measurement) -> _Cells:
    return {
        "value_name": one.name,
        "value": str(one.value),
        "unit": one.unit,
        "plus_minus": "" if one.plus_minus is None else str(one.plus_minus),
        "validated": "yes" if one.validated else "no",
    }


def _of_finding(finding: Finding) -> _Cells:
    k = finding.location.slice_index
    return {
        "id": finding.id,
        "source": finding.pack or "reader",
        "name": finding.label,
        "side": finding.side.value,
        "series_uid": finding.series_uid or "",
        "slice": "" if k is None else str(k + 1),
        "reader": finding.reader,
        "when": finding.when,
        "notes": "; ".join(finding.notes),
    }


def _of_reader(one: ReaderMeasurement) -> _Cells:
    return {
        "id": one.id,
        "source": "reader",
        "name": one.name,
        "series_uid": one.series_uid or "",
        "sop_instance_uid": one.sop_instance_uid or "",
        "plane": one.plane,
        "slice": str(one.slice_index + 1),
        "points_lps": _points(one.points_lps),
        "reader": one.reader,
        "when": one.when,
        "notes": "; ".join(one.notes),
    }


def _points(points: Sequence[Sequence[float]]) -> str:
    return "; ".join(" ".join(repr(float(value)) for value in point) for point in points)
