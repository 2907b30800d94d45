"""Finished English sentences said again in another language.

The parts below the window write their errors, gate reasons and cautions once, in English, where
the facts are; they cross processes and lie in result folders as plain text. Window and report
find such a sentence again by its pattern: a key of `resources/i18n/<language>_sentences.toml`,
whose `{fields}` stand for what was filled in. What no pattern fits stays English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache

from viewer.core.resources import resources_dir

_FIELD = re.compile(r"\{(\w+)\}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z'(])")
#: What was filled in is a word of the table only from this length: "L" and "PA" are values.
_SHORTEST_WORD = 3


class Phrases:
    """Sentences of one language, found by pattern."""

    def __init__(self, table: Mapping[str, str]) -> None:
        """Prepare the patterns.

        Args:
            table: English sentence -> the same in the other language; both name the same `{fields}`.
        """
        self._words = {english: said for english, said in table.items() if not _FIELD.search(english)}
        patterns = [english for english in table if english not in self._words]
        patterns.sort(key=lambda english: len(_FIELD.sub("", english)), reverse=True)
        self._patterns = [(_pattern(english), table[english]) for english in patterns]
        self.say = lru_cache(maxsize=1024)(self._say)

    def _say(self, text: str) -> str:
        """`text` in the other language, sentence by sentence, else as a whole; English where it is not known."""
        parts = _SENTENCE_END.split(text)
        known = [self._found(part) for part in parts]
        if None in known:
            whole = self._found(text)
            if whole is not None:
                return whole
        return "".join(_joined(said or part) for said, part in zip(known, parts, strict=True)).rstrip()

    def _found(self, text: str) -> str | None:
        if text in self._words:
            return self._words[text]
        for pattern, said in self._patterns:
            match = pattern.fullmatch(text)
            if match is not None:
                return said.format(**{name: self._value(value) for name, value in match.groupdict().items()})
        return None

    def _value(self, text: str) -> str:
        return text if len(text) < _SHORTEST_WORD else self._found(text) or text


def _joined(sentence: str) -> str:
    """A sentence ready for the next: a full-width stop needs no space behind it."""
    return sentence if sentence.endswith("。") else f"{sentence} "


def _pattern(english: str) -> re.Pattern[str]:
    parts = _FIELD.split(english)
    written = [f"(?P<{part}>.+?)" if n % 2 else re.escape(part) for n, part in enumerate(parts)]
    return re.compile("".join(written), re.DOTALL)


@cache
def phrases_in(language: str) -> Phrases:
    """The sentences of a language; English is itself."""
    file = resources_dir() / "i18n" / f"{language}_sentences.toml"
    return Phrases(tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {})
