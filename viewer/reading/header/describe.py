"""Header facts as words: corners, units, lossy compression."""

from __future__ import annotations

import struct

from viewer.core.verdict import Caution
from viewer.reading.header import tags as t
from viewer.reading.header.head import Head

#: Syntaxes that always or usually lose (PS3.5 A.4); .81 and .112 may be lossless and then say so.
LOSSY_SYNTAXES = frozenset(
    f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 52, 53, 54, 55, 56, 59, 60, 61, 62, 63, 64, 81, 91, 93, 112, 203)
)
_PET_UNITS = {"BQML": "Bq/mL", "GML": "g/mL", "CNTS": "counts", "PROPCPS": "counts/s", "PROPCNTS": "counts"}
_CT_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("2", "2.1", "2.2"))


def header_of(head: Head) -> dict[str, str]:
    """Facts for corners, hanging and gates: keyword -> text (no patient names)."""
    facts: dict[str, str] = {}
    for tag, keyword in t.HEADER.items():
        value = head.raw.get(tag)
        if not value:
            continue
        if tag == t.B_VALUE:
            facts[keyword] = f"{struct.unpack('<d', value[:8])[0]:g}" if len(value) >= 8 else ""
        else:
            facts[keyword] = head.decoded(tag)
    return {keyword: text for keyword, text in facts.items() if text}


def unit_of(head: Head) -> str:
    """Unit of the values after the modality LUT."""
    rescale = head.text(t.RESCALE_TYPE)
    if head.text(t.MODALITY) == "CT" and (head.text(t.SOP_CLASS) in _CT_CLASSES or rescale == "HU"):
        return "HU"
    if head.text(t.MODALITY) in ("PT", "NM") and head.text(t.UNITS):
        return _PET_UNITS.get(head.text(t.UNITS), head.text(t.UNITS))
    return rescale if rescale not in ("", "US", "HU") else "1"


def lossy_caution(head: Head) -> tuple[Caution, ...]:
    """One caution where the picture was ever compressed with loss."""
    if head.text(t.LOSSY) != "01" and head.syntax not in LOSSY_SYNTAXES:
        return ()
    ratio = head.number(0x00282112)
    how = f" (about {ratio:.0f} : 1)" if ratio is not None and ratio > 0 else ""
    return (Caution("lossy", f"The picture was compressed with loss{how}: fine detail may be gone.", "Lossy"),)
