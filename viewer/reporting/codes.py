"""Coded concepts for findings, segments, measurements and places.

The table is `resources/label_codes.csv`. Codes in SCT, DCM, LN and UCUM are those that DICOM
publishes (PS3.16); everything else is ours, scheme 99SECONDREAD with a plain meaning.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from functools import cache

from viewer.core.finding import Code, Finding, Measurement, Side
from viewer.core.resources import resources_dir

#: Our own coding scheme: never an invented code in another's name.
PRIVATE = "99SECONDREAD"
#: Code Value is an SH (PS3.5 table 6.2-1): at most 16 characters. Code Meaning is an LO: 64.
VALUE_LENGTH, MEANING_LENGTH = 16, 64

#: Sites of the lung whose published code says "right".
RIGHT_ONLY = frozenset({"middle lobe"})


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One row: the code, the segment category it belongs to and where it usually lies."""

    code: Code
    category: str = ""
    site: str = ""


@cache
def table() -> dict[tuple[str, str], CodeRow]:
    """(kind, key) -> row of `label_codes.csv`."""
    path = resources_dir() / "label_codes.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["kind"], row["key"]): CodeRow(
                Code(row["value"], row["scheme"], row["meaning"]), row["category"], row["site"]
            )
            for row in csv.DictReader(file)
        }


def code(kind: str, key: str) -> Code:
    """The code of a row that must be there.

    Raises:
        KeyError: the table has no such row.
    """
    return table()[kind, key].code


def private_code(meaning: str) -> Code:
    """A 99SECONDREAD code for words that no table knows.

    The value ends in a hash of the words, so that two meanings never share a value.
    """
    words = " ".join(meaning.split()) or "unknown"
    digest = hashlib.sha256(words.casefold().encode()).hexdigest()[:6].upper()
    stem = re.sub(r"[^A-Z0-9]+", "_", words.upper()).strip("_")[: VALUE_LENGTH - 7]
    return Code(f"{stem}_{digest}" if stem else digest, PRIVATE, words[:MEANING_LENGTH])


def finding_code(finding: Finding) -> Code:
    """Code of a finding: the pack's own unless the reader renamed it, then the table's, then a private one."""
    renamed = finding.original is not None and finding.original.label != finding.label
    if finding.code is not None and not renamed:
        return finding.code
    return label_code(finding.label)


def label_code(label: str) -> Code:
    """Code of a label in words."""
    row = table().get(("finding", label.strip().casefold()))
    return row.code if row else private_code(label)


def category_code(label: str) -> Code:
    """Segmented property category of a label (PS3.16 CID 7150)."""
    row = table().get(("finding", label.strip().casefold()))
    return code("category", row.category if row and row.category else "tissue")


def label_site(label: str) -> Code | None:
    """Where a label usually lies, or None."""
    row = table().get(("finding", label.strip().casefold()))
    return code("site", row.site) if row and row.site else None


def finding_site(finding: Finding) -> Code | None:
    """The place: from the location's words where they name one, else the label's usual site.

    The middle lobe is the right lung's only: on another side it is the lung, no nearer.
    """
    words = finding.location.text.casefold()
    named = [key for kind, key in table() if kind == "site" and re.search(rf"\b{re.escape(key)}\b", words)]
    if named:
        key = max(named, key=len)
        elsewhere = key in RIGHT_ONLY and finding.side in (Side.LEFT, Side.BOTH)
        return code("site", "lung" if elsewhere else key)
    original = finding.original or finding
    return label_site(finding.label) or label_site(original.label)


def measurement_code(measurement: Measurement) -> Code:
    """Concept name of a measurement."""
    if measurement.code is not None:
        return measurement.code
    row = table().get(("measurement", measurement.name.strip().casefold()))
    return row.code if row else private_code(measurement.name)


def unit_code(unit: str) -> Code:
    """Unit of a measurement: UCUM where the table knows it, else ours with the same word."""
    row = table().get(("unit", unit.strip() or "1"))
    return row.code if row else private_code(unit)


def side_code(side: Side) -> Code | None:
    """Laterality (PS3.16 CID 244), None where no side is said."""
    return code("side", side.value) if side.value else None
