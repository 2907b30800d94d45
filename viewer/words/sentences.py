"""Sentences: where the first one ends."""

from __future__ import annotations


def first_sentence(words: str) -> tuple[str, str]:
    """The first sentence and the rest, in either language."""
    for stop in (". ", "。"):
        what, found, more = words.partition(stop)
        if found:
            return what + stop.strip(), more.strip()
    return words, ""
