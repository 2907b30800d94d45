"""A report as the words and pictures of its pages, in the order of the paper; `typeset` makes pages of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.core.finding import Finding, FindingKind
from viewer.core.measurement import ReaderMeasurement
from viewer.core.report import KeyImage, Report
from viewer.core.sections import Block, keys_in
from viewer.core.study import Patient
from viewer.reporting.passport import Passport, judgements, passports, short_name
from viewer.reporting.statement import ai_statement, short_hash
from viewer.words.language import Words, words_in
from viewer.words.persons import age_on, spoken_name

#: Key images stand three in a row: greatest width and height (pt).
IMAGE_WIDTH, IMAGE_HEIGHT = 160.0, 200.0
#: Three component groups of 64 characters (PS3.5 6.2.1): a longer name is cut on paper, or it would fill pages.
NAME_LETTERS = 192
#: An ID is an LO.
ID_LETTERS = 64
#: A row of more lines than this may break across pages; letters a line of the findings' column.
TALL_LINES, LINE_LETTERS = 30, 30


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value; `strong` in bold."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One row of the findings table; `tall`: it may break across pages."""

    number: int
    label: str
    measurements: tuple[str, ...]
    notes: tuple[str, ...]
    place: str
    score: str
    judged: str
    tall: bool = False


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """One row of the reader's measurements: what, its numbers, the picture it lies on, by whom."""

    number: int
    name: str
    values: tuple[str, ...]
    picture: str
    by: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A key image: its file, its words and its size in pt."""

    file: str
    title: str
    caption: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Foot:
    """What stands under every page."""

    name: str
    rest: str
    use: str


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """What `report.typ` sets: every text of the paper, in the report's language.

    Attributes:
        title: of the document, without patient data.
        words: headings and other words of the program.
        cautions: lines under the patient: what the pages could not say as it was meant.
        created: moment the PDF states (ISO 8601 with offset).
    """

    title: str
    language: str
    status: str
    words: dict[str, str]
    letterhead: tuple[str, ...]
    head: tuple[Fact, ...]
    indication: tuple[str, ...]
    technique: tuple[str, ...]
    columns: tuple[str, ...]
    findings: tuple[FindingRow, ...]
    structures: tuple[FindingRow, ...]
    nothing: str
    left_out: tuple[str, ...]
    measured_columns: tuple[str, ...]
    measured: tuple[MeasuredRow, ...]
    pictures: tuple[Picture, ...]
    impression: tuple[str, ...]
    recommendation: tuple[str, ...]
    ai_statement: tuple[str, ...]
    author: tuple[Fact, ...]
    notes: tuple[str, ...]
    intro: str
    passports: tuple[Passport, ...]
    judgements: tuple[str, ...]
    foot: Foot
    created: str
    cautions: tuple[str, ...] = ()


def paper_of(report: Report) -> Paper:
    """Everything that stands on the pages of a report, in its own language."""
    words = words_in(report.language)
    runs = passports(report, words)
    return Paper(
        title=report_title(report, words),
        language=report.language,
        status=words("status", report.status.value),
        words=_words(words),
        letterhead=report.letterhead,
        head=_head(report, words),
        indication=(" ".join(_lines(report, Block.INDICATION, words)),),
        technique=_lines(report, Block.TECHNIQUE, words),
        columns=tuple(words("table", key) for key in ("number", "finding", "place", "score", "judged")),
        findings=_rows(report, FindingKind.FINDING, words),
        structures=_rows(report, FindingKind.ANATOMY, words),
        nothing=words("empty", "findings"),
        left_out=(*_lines(report, Block.FINDINGS, words), *_left_out(report, words)),
        measured_columns=_measured_columns(words),
        measured=tuple(_measured(n, one, report, words) for n, one in enumerate(report.measured, start=1)),
        pictures=_pictures(report.key_images, words),
        impression=_lines(report, Block.IMPRESSION, words),
        recommendation=_lines(report, Block.RECOMMENDATION, words),
        ai_statement=tuple(ai_statement(report, words)),
        author=_author(report, words),
        notes=report.notes,
        intro=words("passport", "intro" if runs else "empty"),
        passports=runs,
        judgements=judgements(report, words),
        foot=_foot(report, words),
        created=report.signature.when if report.signature else report.created,
        cautions=_cautions(report, words),
    )


def pixels_of(report: Report) -> dict[str, npt.NDArray[np.uint8]]:
    """File name -> uint8 RGB [rows, columns, 3] of the key images."""
    return {_file(n): image.pixels for n, image in enumerate(report.key_images, start=1)}


def report_title(report: Report, words: Words) -> str:
    """ "Chest X-ray report" from modality and body part."""
    return words("titles", "any", what=_exam_kind(report, words)).strip()


def _exam_kind(report: Report, words: Words) -> str:
    titles, parts = words.table["titles"], words.table["parts"]
    part = parts.get(report.body_part.strip().upper(), "")
    what = str(titles.get(report.modality, titles["other"]))
    return f"{part}{' ' if words.language == 'en' and part else ''}{what}"


def patient_name(patient: Patient, words: Words) -> str:
    """The name as it is read, or words that none is known."""
    return spoken_name(patient.name) or words("head", "name_unknown")


def exam_name(report: Report, words: Words) -> str:
    """What was done: the study's own description, and the view of a film."""
    name = report.study_description.strip() or _exam_kind(report, words).strip()
    view = words.name(report.view.strip())
    known = name.casefold().split()
    return name if not view or view.casefold() in known else f"{name} {view}"


def _words(words: Words) -> dict[str, str]:
    said = {key: str(text) for key, text in words.table["section"].items()}
    said |= {
        "measured": words("measured", "title"),
        "structures": words("structures", "title"),
        "ai": words("ai", "title"),
        "page": str(words.table["footer"]["page"]),
    }
    return said | {"passport_on": str(words.table["footer"]["passport"])}


def _head(report: Report, words: Words) -> tuple[Fact, ...]:
    patient = report.patient
    sex = words.table["sex"].get(patient.sex.upper(), patient.sex or words.unknown)
    age = words.age(age_on(patient.birth_date, report.study_date, report.patient_age))
    born = words.date(patient.birth_date) + (f" ({age})" if age else "")
    time = f", {report.study_time[:2]}:{report.study_time[2:4]}" if report.study_time[:4].isdigit() else ""
    return (
        Fact(words("head", "patient"), shortened(patient_name(patient, words), NAME_LETTERS), strong=True),
        Fact(words("head", "exam"), exam_name(report, words)),
        Fact(words("head", "born"), f"{born}, {sex}"),
        Fact(words("head", "date"), words.date(report.study_date) + time),
        Fact(words("head", "id"), shown_id(patient) or words.unknown),
        Fact(words("head", "accession"), report.accession or "–"),
    )


def _lines(report: Report, block: Block, words: Words) -> tuple[str, ...]:
    """Lines of a block's sections; the words for "nothing" when all are empty, none under the findings."""
    text = tuple(line for key in keys_in(block) for line in report.sections.get(key, "").splitlines() if line.strip())
    return text or (() if block is Block.FINDINGS else (words("empty", block.value),))


def _rows(report: Report, kind: FindingKind, words: Words) -> tuple[FindingRow, ...]:
    """What is accepted of one kind; all of them are numbered in one row."""
    numbered = enumerate(report.findings, start=1)
    return tuple(_finding(n, finding, words) for n, finding in numbered if finding.kind is kind)


def _finding(number: int, finding: Finding, words: Words) -> FindingRow:
    notes = [line for line in finding.comment.splitlines() if line.strip()]
    original = finding.original
    if original is not None and original.label != finding.label:
        notes.append(words("table", "was", text=words.name(original.label)))
    notes += [words.said(note) for note in finding.notes]
    sizes = tuple(words.measurement(measurement) for measurement in finding.measurements)
    named_alike = len(finding.measurements) == 1 and finding.measurements[0].name == finding.label
    label = sizes[0] if named_alike else words.name(finding.label)
    measurements = () if named_alike else sizes
    return FindingRow(
        number,
        label,
        measurements,
        tuple(notes),
        words.place(finding),
        _score(finding, words),
        _judged(finding, words),
        tall=sum(1 + len(line) // LINE_LETTERS for line in (label, *measurements, *notes)) > TALL_LINES,
    )


def _measured_columns(words: Words) -> tuple[str, ...]:
    own = (words("measured", key) for key in ("name", "values", "picture", "by"))
    return (words("table", "number"), *own)


def _measured(number: int, measured: ReaderMeasurement, report: Report, words: Words) -> MeasuredRow:
    notes = "".join(f"{words('ai', 'comma')}{words.said(words.name(note))}" for note in measured.notes)
    when = words.moment(measured.when) if measured.when else ""
    who = short_name(measured.reader or report.author) or words("table", "reader_unknown")
    return MeasuredRow(
        number,
        words.name(measured.name),
        tuple(words.measurement(value) + notes for value in measured.values),
        report.pictures.get(measured.id, ""),
        words("ai", "comma").join(part for part in (who, when) if part),
    )


def _score(finding: Finding, words: Words) -> str:
    if finding.score is None:
        return "–"
    point = finding.operating_point
    if point is None:
        return words("table", "score_only", score=f"{finding.score:.2f}")
    return words("table", "score_ai", score=f"{finding.score:.2f}", threshold=f"{point.threshold:.2f}")


def _judged(finding: Finding, words: Words) -> str:
    reader = short_name(finding.reader) or words("table", "reader_unknown")
    how = "own" if not finding.pack else "edited" if finding.edited else "accepted"
    return f"{reader}, {words('table', how)}"


def _left_out(report: Report, words: Words) -> tuple[str, ...]:
    waiting, unsure = sum(run.waiting for run in report.runs), sum(run.unsure for run in report.runs)
    return tuple(words("empty", key, n=n) for key, n in (("waiting", waiting), ("unsure", unsure)) if n)


def _pictures(images: Sequence[KeyImage], words: Words) -> tuple[Picture, ...]:
    return tuple(_picture(n, image, words) for n, image in enumerate(images, start=1))


def _picture(n: int, image: KeyImage, words: Words) -> Picture:
    rows, columns = image.pixels.shape[:2]
    scale = min(IMAGE_WIDTH / columns, IMAGE_HEIGHT / rows)
    return Picture(_file(n), words("image", "caption", n=n), image.caption, columns * scale, rows * scale)


def _file(n: int) -> str:
    return f"key-image-{n}.png"


def _author(report: Report, words: Words) -> tuple[Fact, ...]:
    said = (report.sections.get(key, "").strip() for key in keys_in(Block.AUTHOR))
    critical = " ".join(text for text in said if text) or words("author", "not_stated")
    number = f"{words('author', 'first', n=report.version)} · {words('author', 'hash', hash=short_hash(report.digest))}"
    last = Fact(words("author", "critical"), critical)
    if report.signature is None:
        who = ", ".join(short_name(part) for part in (report.author, report.organization) if part)
        return (
            Fact(words("author", "written_by"), who or words("author", "nobody"), strong=True),
            Fact(words("author", "written_on"), words.moment(report.created)),
            Fact(words("author", "status"), words("author", "not_signed"), strong=True),
            last,
        )
    signature = report.signature
    signed_by = f"{short_name(signature.name)}, {short_name(signature.organization)}"
    return (
        Fact(words("author", "signed_by"), signed_by, strong=True),
        Fact(words("author", "signed_on"), words.moment(signature.when)),
        Fact(words("author", "version"), number),
        last,
    )


def _foot(report: Report, words: Words) -> Foot:
    rest = f"{shown_id(report.patient) or words.unknown} · {exam_name(report, words)}, {words.date(report.study_date)}"
    return Foot(foot_name(report.patient, words), rest, words("footer", "use"))


def foot_name(patient: Patient, words: Words) -> str:
    """The patient's name under every page: its beginning where it is longer than names of DICOM are."""
    return shortened(patient_name(patient, words), NAME_LETTERS)


def shown_id(patient: Patient) -> str:
    """The patient's ID on one line, its beginning where it is longer than any."""
    return shortened(" ".join(patient.id.split()), ID_LETTERS)


def shortened(text: str, most: int) -> str:
    """A text of at most so many letters, the last one then a sign that there are more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _cautions(report: Report, words: Words) -> tuple[str, ...]:
    """What the pages do not say in full."""
    patient = report.patient
    whole = len(patient_name(patient, words)) <= NAME_LETTERS and len(patient.id) <= ID_LETTERS
    return () if whole else (words("head", "cut"),)
