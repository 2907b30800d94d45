"""The paper, the pictures and the list of key images against result.json."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from viewer.core.errors import ReadError, UsageError
from viewer.core.finding import Finding, FindingState
from viewer.core.measurement import ReaderMeasurement
from viewer.core.plain import from_plain
from viewer.core.report import ReportStatus
from viewer.core.sections import ASIDE, Block, keys_in
from viewer.core.study import Stack
from viewer.jobs.checking.mismatch import Mismatch, What
from viewer.jobs.checking.stated import Stated
from viewer.jobs.checking.structured import sentence_sides
from viewer.jobs.result_json import plain_name
from viewer.jobs.sealing.seal import before_seals
from viewer.reading.objects.references import key_pictures
from viewer.words.language import Words, words_in

PAPER, KEYS = "report.pdf", "keys.dcm"
#: Letters that no font had stand as their numbers.
_NUMBERS = re.compile(r"U\+([0-9A-F]{4,6})")
#: Letters of name and ID that are looked for under every page.
_FOOT = 60
#: Letters of a name that are looked for in the head: longer ones are cut there.
_HEAD = 150
#: Letters of a person's name on paper.
NAME_LETTERS = 64
_DROPPED = frozenset("-\u00ad\u2010\u2011\ufffe")
_LEFTWARDS = frozenset({"R", "AL", "NSM"})


def compare(stated: Stated, pdf: bytes) -> Iterator[Mismatch]:
    """Whose report it is, every accepted finding with place and sizes, the reader's words, the status.

    Raises:
        ReadError: it is no PDF.
    """
    report = stated.report
    try:
        words = words_in(str(report.get("language", "en")))
    except UsageError:
        yield Mismatch(PAPER, What.TEXT, "result.json names a language that no report is written in.")
        return
    texts = pages_of(pdf)
    page = _Page("\n".join(texts))
    if not before_seals(stated.document):
        yield from _pages(stated, words, texts)
        yield from _blocks(stated, words, page)
    for what, kind, text in _needed(stated, words):
        if not page.holds(text):
            yield Mismatch(PAPER, kind, f"The report does not say {what} as result.json does.")
    yield from _status(stated, words, page)


def is_signed_paper(pdf: bytes) -> bool:
    """True where the paper says in any language that it is final and signed.

    Raises:
        ReadError: it is no PDF.
    """
    page = _Page(text_of(pdf))
    return any(page.holds(words_in(language)("status", "signed")) for language in ("en", "zh"))


def pictures(stated: Stated) -> Iterator[Mismatch]:
    """Every picture that result.json names is there, can be opened, and is the one it names."""
    entries = [*(stated.document.get("key_images") or ()), *(stated.report.get("key_images") or ())]
    for entry in entries:
        try:
            name, digest = plain_name(entry["file"]), entry.get("sha256")
        except (KeyError, TypeError, ValueError, AttributeError):
            yield Mismatch("result.json", What.VALUE, "A picture is named in a way that cannot be read.", "")
            continue
        yield from _picture(stated.folder / name, digest)


def keys(stated: Stated, stack: Stack | None) -> Iterator[Mismatch]:
    """The list of key images names the pictures that result.json names.

    Raises:
        ReadError: the list cannot be read.
    """
    chosen = [entry.get("instance") for entry in stated.report.get("key_images") or () if isinstance(entry, Mapping)]
    meant = {str(one.get("sop_instance_uid", "")) for one in chosen if isinstance(one, Mapping)} - {""}
    if stack is None:
        if meant and not stated.left_out(KEYS):
            yield Mismatch(KEYS, What.MISSING, "The list of key images is gone.")
        return
    if key_pictures(stack) != meant:
        yield Mismatch(KEYS, What.REFERENCE, "The list of key images names other pictures than result.json.")


def text_of(pdf: bytes) -> str:
    """All text of a PDF.

    Raises:
        ReadError: it is no PDF.
    """
    return "\n".join(pages_of(pdf))


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page of a PDF, by another library than the one that wrote it.

    Raises:
        ReadError: it is no PDF.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(pdf)
        try:
            return [page.get_textpage().get_text_range() for page in document]
        finally:
            document.close()
    except pypdfium2.PdfiumError as error:
        raise ReadError("The report is no PDF that can be read.", "Write it anew.") from error


def _pages(stated: Stated, words: Words, texts: Sequence[str]) -> Iterator[Mismatch]:
    """Every page is of this patient, and none is gone, there twice or out of its place."""
    name, number = _spoken(stated)[:_FOOT], stated.study.patient.id[:_FOOT]
    for n, text in enumerate(texts, start=1):
        page = _Page(text)
        if not page.holds(name or words("head", "name_unknown")) or not page.holds(number or words.unknown):
            yield Mismatch(PAPER, What.TEXT, f"Page {n} of the report does not name this patient.")
        if not page.holds(words("footer", "page", page=n, pages=len(texts))):
            yield Mismatch(PAPER, What.COUNT, f"Page {n} of the report is not page {n} of {len(texts)}.")


def _blocks(stated: Stated, words: Words, page: _Page) -> Iterator[Mismatch]:
    """A section that result.json leaves empty is empty on paper."""
    kept = {key: text for key, text in _sections(stated).items() if text.strip()}
    for block in (Block.INDICATION, Block.RECOMMENDATION, Block.IMPRESSION):
        if not any(key in kept or key in stated.drafted for key in keys_in(block)):
            empty = f"{words('section', block.value)}{words('empty', block.value)}"
            if not page.holds(empty):
                yield Mismatch(PAPER, What.TEXT, f"The section {block.value} says more than result.json does.")


def _spoken(stated: Stated) -> str:
    """The patient's name as its first group stands; other scripts go before it."""
    groups = [" ".join(group.replace("^", " ").split()) for group in stated.study.patient.name.split("=")]
    return next((group for group in (*groups[1:2], *groups) if group), "")


class _Page:
    """Text of a PDF, searched without regard to spaces, hyphens and compatibility forms."""

    def __init__(self, text: str) -> None:
        self._letters = _plain(text)
        self._numbered = frozenset(chr(int(code, 16)) for code in _NUMBERS.findall(text) if int(code, 16) < 0x110000)

    def holds(self, text: str) -> bool:
        """True where the page says a text; where it runs from right to left, each run of its letters."""
        known = "".join(letter if letter not in self._numbered else " " for letter in text)
        if not any(unicodedata.bidirectional(letter) in _LEFTWARDS for letter in known):
            parts = known.split(" ") if self._numbered & set(text) else [known]
            return all(_plain(part) in self._letters for part in parts)
        runs = ["".join(run) for _, run in groupby(known, lambda letter: (letter.isalnum(), _runs_left(letter)))]
        plain = [_plain(run) for run in runs if any(letter.isalnum() for letter in run)]
        return all(run in self._letters or run[::-1] in self._letters for run in plain)


def _runs_left(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in _LEFTWARDS


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return "".join(
        letter
        for letter in "".join(folded.split())
        if letter not in _DROPPED and unicodedata.category(letter) not in ("Cf", "Cc") and not _is_selector(letter)
    )


def _is_selector(letter: str) -> bool:
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"


def _needed(stated: Stated, words: Words) -> Iterator[tuple[str, What, str]]:
    """(what, kind of mismatch, the text the paper must hold)."""
    patient = stated.study.patient
    name = " ".join(patient.name.replace("^", " ").replace("=", " / ").split())
    yield "the patient's name", What.TEXT, name[:_HEAD] or words("head", "name_unknown")
    yield "the patient's ID", What.TEXT, patient.id[:_FOOT] or words.unknown
    accepted = [finding for finding in stated.findings if finding.state is FindingState.ACCEPTED]
    for number, finding in enumerate(accepted, start=1):
        yield f"finding {number}", What.LABEL, words.name(finding.label)
        place = words.place(finding)
        yield f"the place of finding {number}", What.SIDE, place if place != "–" else ""
        for one in finding.measurements:
            yield f"{one.name} of finding {number}", What.VALUE, words.measurement(one)
        if finding.score is not None:
            yield f"the score of finding {number}", What.VALUE, f"{finding.score:.2f}"
        for line in finding.comment.splitlines():
            yield f"the comment on finding {number}", What.TEXT, line
    yield from _stated_of(stated, words, accepted)
    for key, text in _sections(stated).items():
        for line in text.splitlines():
            yield f"the section {key}", What.TEXT, line


def _stated_of(stated: Stated, words: Words, accepted: Sequence[Finding]) -> Iterator[tuple[str, What, str]]:
    """What else the paper tells: dates, who judged and measured, the passports."""
    if before_seals(stated.document):
        return
    study = stated.study
    yield "the day of the study", What.TEXT, words.date(study.date)
    if study.patient.birth_date:
        yield "the patient's birth date", What.TEXT, words.date(study.patient.birth_date)
    if study.accession:
        yield "the accession number", What.TEXT, study.accession
    if author := str(stated.report.get("author") or ""):
        yield "who wrote it", What.TEXT, author[: NAME_LETTERS - 1]
    for number, finding in enumerate(accepted, start=1):
        yield f"who judged finding {number}", What.TEXT, finding.reader[: NAME_LETTERS - 1]
        yield f"when finding {number} was judged", What.TEXT, words.moment(finding.when) if finding.when else ""
        yield f"why finding {number} was judged so", What.TEXT, finding.reason
    for entry in stated.report.get("key_images") or ():
        if isinstance(entry, Mapping):
            yield "the words of a chosen picture", What.TEXT, str(entry.get("caption") or "")
    for number, one in enumerate(_measured(stated), start=1):
        yield f"measurement {number}", What.LABEL, words.name(one.name)
        yield f"who took measurement {number}", What.TEXT, one.reader[: NAME_LETTERS - 1]
        yield f"when measurement {number} was taken", What.TEXT, words.moment(one.when) if one.when else ""
        for value in one.values:
            yield f"{value.name} of measurement {number}", What.VALUE, words.measurement(value)
    for passport in (entry.get("provenance") for entry in stated.document["packs"]):
        if isinstance(passport, Mapping):
            for key in ("weights_sha256", "pack_version", "pixel_hash"):
                yield f"the {key.replace('_', ' ')} of a pack", What.REFERENCE, str(passport.get(key) or "")


def _measured(stated: Stated) -> Iterator[ReaderMeasurement]:
    for entry in stated.document.get("measurements") or ():
        try:
            yield from_plain(ReaderMeasurement, entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue


def _sections(stated: Stated) -> dict[str, str]:
    sections: Any = stated.report.get("sections")
    if not isinstance(sections, Mapping):
        return {}
    return {str(key): str(text) for key, text in sections.items() if key not in ASIDE}


def _status(stated: Stated, words: Words, page: _Page) -> Iterator[Mismatch]:
    signature = stated.report.get("signature")
    says = page.holds(words("status", "signed"))
    status = str(stated.report.get("status", ""))
    known = {one.value for one in ReportStatus}
    if not before_seals(stated.document) and (status not in known or not page.holds(words("status", status))):
        yield Mismatch(PAPER, What.TEXT, "The report has another status than result.json says.")
    if says != bool(signature):
        yield Mismatch(PAPER, What.TEXT, "The report and result.json do not agree on whether it is signed.")
    if isinstance(signature, Mapping) and not page.holds(str(signature.get("name", ""))[:60].rsplit(" ", 1)[0]):
        yield Mismatch(PAPER, What.TEXT, "The report is signed by another name than in result.json.")
    for text in _sections(stated).values():
        for line in text.splitlines():
            yield from sentence_sides(stated.findings, line, "result.json")


def _picture(path: Path, digest: object) -> Iterator[Mismatch]:
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    from viewer.jobs.report_content import picture_hash

    if not path.is_file():
        yield Mismatch(path.name, What.MISSING, f"The picture {path.name} is gone.")
        return
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"), dtype=np.uint8)
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        yield Mismatch(path.name, What.VOXELS, f"The picture {path.name} cannot be opened.")
        return
    if digest is not None and picture_hash(pixels) != digest:
        yield Mismatch(path.name, What.VOXELS, f"The picture {path.name} is not the one that the reader chose.")
