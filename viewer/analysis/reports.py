"""A report's text on its way to the network: one code path for training and for use. Torch-free.

Text -> parts by their headings -> sentences -> words with the letters they stand at -> numbers.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

#: Word number 0 is padding, 1 an unknown word; known words are numbered from here.
KNOWN_FROM = 2
UNKNOWN = 1
#: Letter triples of a word are hashed into so many rows; row 0 is padding. At most so many a word are looked at.
BUCKETS, MOST_TRIPLES = 2048, 10

#: The part of a text without a heading, or under Findings or Impression.
REPORT = "report"
INDICATION = "indication"
#: Headings as they begin a line -> the part they open; "" is read by nobody.
_HEADINGS = {
    "indication": INDICATION, "indications": INDICATION, "clinical information": INDICATION, "history": INDICATION,
    "clinical history": INDICATION, "reason for exam": INDICATION, "reason for examination": INDICATION,
    "comparison": "", "comparisons": "", "technique": "", "procedure": "", "exam": "", "examination": "",
    "patient and exam": "", "recommendation": "", "recommendations": "", "image quality": "", "ai statement": "",
    "findings": REPORT, "finding": REPORT, "impression": REPORT, "impressions": REPORT, "conclusion": REPORT,
    "report": REPORT, "report text": REPORT, "summary": REPORT,
}  # fmt: skip
_HEADING = re.compile(
    r"(?:^|(?<=[\n\r]))[ \t]*(" + "|".join(sorted(_HEADINGS, key=len, reverse=True)) + r")[ \t]*:", re.IGNORECASE
)
_TOKEN = re.compile(r"[a-z]+|[0-9]+|[^\sa-z0-9]")
_SENTENCE_END = re.compile(r"(?<=[a-z)\]])[.?!]+(?=\s|$)|(?<=[0-9])[.](?=\s+[a-z]|$)|[\n\r]+")
_BOTH_SIDES = ("bilateral", "bilaterally", "both", "bibasilar", "biapical")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, number ("0") or sign, and the letters of the whole text [start, end) it stands at."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words of a sentence, a full stop last; its letters [start, end) of the whole text."""

    words: tuple[Word, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under one kind of heading: `REPORT` or `INDICATION`."""

    name: str
    sentences: tuple[Sentence, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        """All words in order, as the network sees them."""
        return tuple(word for sentence in self.sentences for word in sentence.words)


def parts(text: str) -> tuple[Part, ...]:
    """The parts of a text that are read, the report first; parts without a word are left out."""
    lower = _lower(text)
    found: dict[str, list[Sentence]] = {REPORT: [], INDICATION: []}
    for name, start, end in _pieces(text):
        if name:
            found[name] += _sentences(lower, start, end)
    return tuple(Part(name, tuple(sentences)) for name, sentences in found.items() if sentences)


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """(part, start, end) between headings."""
    name, start = REPORT, 0
    for heading in _HEADING.finditer(text):
        yield name, start, heading.start()
        name, start = _HEADINGS[heading[1].lower()], heading.end()
    yield name, start, len(text)


def _lower(text: str) -> str:
    """Lower case, letter by letter, so that every letter keeps its place."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _sentences(lower: str, start: int, end: int) -> Iterator[Sentence]:
    at, piece = start, lower[start:end]
    ends = [(start + m.start(), start + m.end()) for m in _SENTENCE_END.finditer(piece)]
    for stop, following in (*ends, (end, end)):
        if lower[at:stop].strip(" .\t\n\r"):
            yield _sentence(lower, at, stop)
        at = following


def _sentence(lower: str, start: int, end: int) -> Sentence:
    tokens = [m for m in _TOKEN.finditer(lower[start:end]) if m[0] not in ".?!"]
    words = [Word("0" if m[0].isdigit() else m[0], start + m.start(), start + m.end()) for m in tokens]
    first, last = (words[0].start, words[-1].end) if words else (start, end)
    return Sentence((*words, Word(".", last, last)), first, last)


def plain_words(sentences: Sequence[Sentence]) -> list[list[str]]:
    """The words alone, a list a sentence; a text without one is a full stop."""
    return [[word.word for word in sentence.words] for sentence in sentences] or [["."]]


@lru_cache(maxsize=100_000)
def triples(word: str) -> tuple[int, ...]:
    """Hashed letter triples of a word with its ends marked: what an unknown word shares with known ones."""
    marked = f"<{word[: MOST_TRIPLES + 2]}" + (">" if len(word) <= MOST_TRIPLES + 2 else "")
    found = [marked[n : n + 3] for n in range(max(1, len(marked) - 2))][:MOST_TRIPLES]
    return tuple(1 + zlib.crc32(one.encode()) % (BUCKETS - 1) for one in found)


def numbers_of(words: str) -> dict[str, int]:
    """Word -> number, of a word list kept as words between spaces."""
    return {word: n for n, word in enumerate(words.split(), start=KNOWN_FROM)}


def packed(sentences: Sequence[Sequence[str]], numbers: Mapping[str, int]) -> FloatArray:
    """Sentences of words -> float32 [S, W, 1 + MOST_TRIPLES]: word number, letter triples; 0 where there is none."""
    longest = max(len(sentence) for sentence in sentences)
    out = np.zeros((len(sentences), longest, 1 + MOST_TRIPLES), dtype=np.float32)
    for n, sentence in enumerate(sentences):
        for t, word in enumerate(sentence):
            found = triples(word)
            out[n, t, 0] = numbers.get(word, UNKNOWN)
            out[n, t, 1 : 1 + len(found)] = found
    return out


def unknown_share(words: Sequence[Word], numbers: Mapping[str, int]) -> float:
    """Share of the words that a word list does not hold, full stops aside; 0 without any word."""
    told = [word.word for word in words if word.start < word.end]
    return sum(word not in numbers for word in told) / len(told) if told else 0.0


def side_of(words: Sequence[str]) -> str:
    """ "left", "right", "both" or "": the side that words name."""
    left = any(word.startswith("left") for word in words)
    right = any(word.startswith("right") for word in words)
    if (left and right) or any(word in _BOTH_SIDES for word in words):
        return "both"
    return "left" if left else "right" if right else ""


def names_term(words: Sequence[str], term: str) -> bool:
    """True where the words of a term stand in a sentence one after another; its last word may be in the plural."""
    wanted = term.split()
    for n in range(len(words) - len(wanted) + 1):
        here = list(words[n : n + len(wanted)])
        if here[:-1] == wanted[:-1] and here[-1] in (wanted[-1], wanted[-1] + "s", wanted[-1] + "es"):
            return True
    return False
