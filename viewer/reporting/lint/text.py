"""A section as sentences, each knowing where it stands, so that a quote is an exact part of the report."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Words whose full stop ends no sentence.
_SHORT = "".join(
    rf"(?<!\b{word})"
    for word in (
        *("Dr", "Mr", "Mrs", "vs", r"e\.g", r"i\.e", "approx", "No", "ca", "max"),
        *("Sept", "Fig", "incl", "pt", "Lt", "Rt", "lt", "rt"),
    )
)
_END = re.compile(rf"[。；！？;\n\r]+|(?:{_SHORT}[.!?])(?=\s|$|[A-Z](?=[a-z])|[\"”)])")
#: "1." and "2)" before the items of a list.
_NUMBERED = re.compile(r"\s*(?:\(?\d{1,2}[.)、]|[-*•])\s*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its section, its number there, where it starts in it, and its words."""

    section: str
    number: int
    start: int
    text: str


def sentences(section: str, text: str) -> list[Sentence]:
    """The sentences of a section."""
    found: list[Sentence] = []
    start = 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        part = text[start:end]
        if part.strip() and not _NUMBERED.fullmatch(part):
            found.append(Sentence(section, len(found), start, part))
        start = end
    return found
