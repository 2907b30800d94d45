"""A person's name and age, the same on screen and on paper, in any language."""

from __future__ import annotations

from datetime import date, datetime

#: Ages under this are counted in months, under `_DAYS_BELOW` days in days.
_MONTHS_BELOW_YEARS = 2
_DAYS_BELOW = 60


def spoken_name(name: str) -> str:
    """A Person Name (PS3.5 6.2.1) as read aloud, "" where there is none.

    Family name first; of several component groups the ideographic one, the others behind it in brackets.
    """
    groups = [" ".join(group.replace("^", " ").split()) for group in name.split("=")]
    first, *others = [group for group in groups if group] or [""]
    if not others or not groups[0]:
        return first if not others else f"{first} ({', '.join(others)})"
    return f"{others[0]} ({', '.join([first, *others[1:]])})"


def age_on(born: str, day: str, stated: str = "") -> str:
    """Age on a day as DICOM writes it (AS, PS3.5 6.2: "004Y"), from the birth date, else as the file states it."""
    first, then = calendar_day(born), calendar_day(day)
    if first is None or then is None or then < first:
        return stated
    years = then.year - first.year - ((then.month, then.day) < (first.month, first.day))
    if years >= _MONTHS_BELOW_YEARS:
        return f"{years:03d}Y"
    days = (then - first).days
    if days < _DAYS_BELOW:
        return f"{days:03d}D"
    months = (then.year - first.year) * 12 + then.month - first.month - (then.day < first.day)
    return f"{months:03d}M"


def calendar_day(text: str) -> date | None:
    """A DICOM date (20260302, also as 2026.03.02) or ISO 8601 date or moment; None for anything else."""
    try:
        if len(text) == 8 and text.isdigit():
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        return datetime.fromisoformat(text.replace(".", "-", 2) if len(text) == 10 else text).date()
    except ValueError:
        return None
