"""DICOM values in words, for trees that a person reads."""

from __future__ import annotations

import re

from viewer.core.finding import Code

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})(.*)", re.DOTALL)
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?")

#: Units as they are printed, where that differs from UCUM.
_UNITS = {
    "1": "",
    "{ratio}": "",
    "[hnsf'U]": "HU",
    "mm2": "mm²",
    "cm2": "cm²",
    "mm3": "mm³",
    "cm3": "cm³",
    "um": "µm",
    "uV": "µV",
    "um2/s": "µm²/s",
    "mm2/s": "mm²/s",
    "deg": "°",
    "Cel": "°C",
    "{counts}": "counts",
    "{H.B.}/min": "/min",
    "g/ml{SUVbw}": "g/ml SUVbw",
}


def person(name: str) -> str:
    """A person name for reading: first component group that says something, carets as spaces."""
    for group in name.split("="):
        said = " ".join(part for part in group.split("^") if part.strip())
        if said:
            return said
    return ""


def moment(value: str, *, is_time: bool = False) -> str:
    """A DICOM date, time or date-time as "2 Mar 2026, 14:05"; anything else as it stands."""
    match = None if is_time else _DATE.match(value.strip())
    if not match:
        return _clock(value) or value.strip()
    year, month, day, rest = match.groups()
    if not 1 <= int(month) <= 12:
        return value.strip()
    date = f"{int(day)} {_MONTHS[int(month) - 1]} {year}"
    clock = _clock(rest.strip())
    return f"{date}, {clock}" if clock else date


def _clock(value: str) -> str:
    match = _TIME.match(value)
    if not match or not match.group(2):
        return ""
    return ":".join(part for part in match.groups() if part)


def unit(code: Code | None) -> str:
    """A unit as it is printed ("mm²"); unknown UCUM codes as they are, annotations in words."""
    if code is None:
        return ""
    if code.value in _UNITS:
        return _UNITS[code.value]
    if code.value.startswith("{") and code.value.endswith("}"):
        return code.value[1:-1]
    return code.value


def meaning(code: Code | None) -> str:
    """A code's meaning, else scheme and value."""
    if code is None:
        return ""
    return code.meaning or f"{code.scheme} {code.value}".strip()


def picture(sop_class_uid: str) -> str:
    """ "CT image" for a picture's SOP class, "object" for an unknown one."""
    if not sop_class_uid:
        return "object"
    from pydicom.uid import UID

    name = str(UID(sop_class_uid).name)
    if name == sop_class_uid:
        return "object"
    return re.sub(r" Storage.*$", "", name).replace(" Image", " image")


def short_uid(uid: str) -> str:
    """The end of a UID, enough to tell objects of one study apart."""
    return f"…{uid[-12:]}" if len(uid) > 12 else uid
