"""A technique that was not used: modality, part of the body, contrast, views, sequences, phases, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.facts import SAYING, Reading
from viewer.reporting.lint.lexicon import compiled, named_rows, rows, table, words
from viewer.reporting.lint.text import Sentence

#: Parts of the body that are told for one another.
_TOGETHER = (
    {"abdomen", "pelvis"},
    {"chest", "heart"},
    {"head", "neck"},
    {"chest", "abdomen", "pelvis"},
)
_NUMBERS = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*-?\s*(mm(?!\d)|kVp?|T(?:esla)?(?![A-Za-z\d]))")


def check(reading: Reading) -> Iterator[Issue]:
    """The technique section against the exam, and in findings what this exam cannot show."""
    for sentence in reading.sentences:
        if sentence.section == "technique":
            for one in (_modality, _part, _contrast, _lists, _numbers):
                yield from one(reading, sentence)
        elif sentence.section in SAYING:
            yield from _this_exam(reading, sentence)
            yield from _vocabulary(reading, sentence)
            yield from _enhances(reading, sentence)


def _issue(sentence: Sentence, quote: str) -> Issue:
    return Issue(Code.TECHNIQUE, sentence.section, quote)


def modality(text: str | None) -> str | None:
    """The kind of exam a DICOM code or word names; None for one that is not known."""
    plain = (text or "").strip().upper()
    for name, (row, _) in named_rows("technique", "modalities").items():
        if plain in row["codes"]:
            return name
    return next(iter(_modalities(text or "")), None)


def _modalities(text: str) -> dict[str, str]:
    """Kinds of exams a text names -> the words."""
    return _found("modalities", text)


def _found(what: str, text: str) -> dict[str, str]:
    """Names of the rows that a text holds -> the words."""
    matches = {name: pattern.search(text) for name, (_, pattern) in named_rows("technique", what).items()}
    return {name: match.group() for name, match in matches.items() if match}


def _modality(reading: Reading, sentence: Sentence) -> Iterator[Issue]:
    made = modality(reading.case.exam.modality)
    told = _modalities(sentence.text)
    if made and told and made not in told and not (made == "pet" and "ct" in told):
        every = " ".join(one.text for one in reading.sentences if one.section == "technique")
        if made not in _modalities(every):
            yield _issue(sentence, next(iter(told.values())))


def _this_exam(reading: Reading, sentence: Sentence) -> Iterator[Issue]:
    """ "Normal chest CT" of a film."""
    made = modality(reading.case.exam.modality)
    for match in words("technique", "this").finditer(sentence.text):
        told = _modalities(match.group())
        if made and told and made not in told:
            yield _issue(sentence, match.group())


def _part(reading: Reading, sentence: Sentence) -> Iterator[Issue]:
    made = set(_found("parts", (reading.case.exam.body_part or "").replace("_", " ")))
    text = words("technique", "no_part").sub(" ", sentence.text)
    told = _found("parts", text)
    if not made or not told or made & set(told):
        return
    if any(made & group and set(told) & group for group in _TOGETHER):
        return
    yield _issue(sentence, next(iter(told.values())))


def contrast_of(reading: Reading) -> bool | None:
    """Whether contrast was given into a vein; None where nobody says."""
    exam = reading.case.exam
    if isinstance(exam.contrast, bool):
        return exam.contrast
    said = f"{exam.contrast or ''} ; {exam.technique or ''}"
    if words("technique", "plain").search(said):
        return False
    if words("technique", "enhanced").search(said):
        return True
    given = (exam.contrast or "").strip().casefold()
    if given in ("", "none", "no", "n", "false", "0", "无", "否", "未用", "without", "na", "n/a", "-"):
        return False
    return None if given in ("oral", "rectal", "口服") else True


def _contrast(reading: Reading, sentence: Sentence) -> Iterator[Issue]:
    given = contrast_of(reading)
    if given is None or modality(reading.case.exam.modality) in ("us", "pet", "xa"):
        return
    enhanced = words("technique", "enhanced").search(sentence.text)
    plain = words("technique", "plain").search(sentence.text)
    both = words("technique", "both").search(sentence.text)
    if given and plain and not both:
        every = " ".join(one.text for one in reading.sentences if one.section == "technique")
        if not words("technique", "enhanced").search(words("technique", "plain").sub(" ", every)):
            yield _issue(sentence, plain.group())
    elif not given and enhanced and (both or not plain):
        yield _issue(sentence, enhanced.group())


def _enhances(reading: Reading, sentence: Sentence) -> Iterator[Issue]:
    """Enhancement without contrast."""
    if contrast_of(reading) is not False or modality(reading.case.exam.modality) not in ("ct", "mr"):
        return
    match = words("technique", "enhances").search(sentence.text)
    if match and not words("technique", "elsewhere").search(sentence.text) and not _modalities(sentence.text):
        yield _issue(sentence, match.group())


def _vocabulary(reading: Reading, sentence: Sentence) -> Iterator[Issue]:
    """Words that only another kind of exam has: a signal on CT, an echo on MR."""
    made = modality(reading.case.exam.modality)
    if made not in ("ct", "mr", "us", "xr") or words("technique", "elsewhere").search(sentence.text):
        return
    if set(_modalities(sentence.text)) - {made}:
        return
    for row, pattern in rows("technique", "vocabulary"):
        match = pattern.search(sentence.text)
        if match and made not in row["of"]:
            yield _issue(sentence, match.group())


def _lists(reading: Reading, sentence: Sentence) -> Iterator[Issue]:
    """Views, positions, sequences, phases: one that the exam's own words rule out."""
    exam = reading.case.exam.technique or ""
    for row in table("technique")["lists"]:
        values = {name: compiled(one) for name, one in row["values"].items()}
        made = {name for name, pattern in values.items() if pattern.search(exam)}
        told = {name: match.group() for name, pattern in values.items() if (match := pattern.search(sentence.text))}
        if row["modality"] != modality(reading.case.exam.modality) or not made or not told:
            continue
        strange = [word for name, word in told.items() if name not in made]
        if strange and (row["every"] or not made & set(told)):
            yield _issue(sentence, strange[0])


def _numbers(reading: Reading, sentence: Sentence) -> Iterator[Issue]:
    """Millimetres, kilovolts, tesla: none of those of the exam."""
    made: dict[str, set[str]] = {}
    for match in _NUMBERS.finditer(reading.case.exam.technique or ""):
        made.setdefault(match.group(2)[:1], set()).add(f"{float(match.group(1)):g}")
    for match in _NUMBERS.finditer(sentence.text):
        known = made.get(match.group(2)[:1])
        if known and f"{float(match.group(1)):g}" not in known:
            yield _issue(sentence, match.group())
