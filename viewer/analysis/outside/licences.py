"""Licences of models from outside: they must be known, and non-commercial ones need the research switch."""

from __future__ import annotations

import re

from viewer.analysis.outside.plain import refused

_NON_COMMERCIAL = re.compile(
    r"\bnc\b|-nc-|non[\s-]?commercial|research[\s-]+(use[\s-]+)?only|only for research|academic|licen[cs]e key",
    re.IGNORECASE,
)
#: Words that name no licence.
_NONE = re.compile(r"unknown|none|n/?a|not stated|tbd|\?+|-+", re.IGNORECASE)


def settled(stated: str, given: str, where: str) -> tuple[str, str]:
    """The licence, and who said so.

    Args:
        stated: what the model's files say, "" for nothing.
        given: what whoever installs it says, "" for nothing.
        where: the file that would say it.

    Raises:
        PackError: nobody does.
    """
    if given.strip():
        return " ".join(given.split())[:200], "whoever installed it"
    if stated.strip() and not _NONE.fullmatch(stated.strip()):
        return " ".join(stated.split())[:200], where
    raise refused(
        f"its licence is not stated ({where} names none)",
        "Ask its makers, then say it: `packs install PATH --licence TEXT`.",
    )


def is_non_commercial(licence: str) -> bool:
    """True for a licence that allows no commercial use, as far as its words tell."""
    return bool(_NON_COMMERCIAL.search(licence))
