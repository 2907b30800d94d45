"""A report as HTML pages: what the person accepted, in the order of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from viewer.core.finding import Finding
from viewer.core.report import KeyImage, Report
from viewer.core.resources import resources_dir
from viewer.core.study import Patient
from viewer.reporting.passport import judgements, passports
from viewer.reporting.pdf import Pages
from viewer.reporting.statement import ai_statement, short_hash
from viewer.reporting.words import Words, words_in

#: Key images stand three in a row: their width and greatest height in CSS px (96 a inch).
IMAGE_WIDTH, IMAGE_HEIGHT, IMAGES_A_ROW = 214, 265, 3
#: Column shares of the findings table in percent.
COLUMN_SHARES = (5, 35, 20, 18, 22)

Row = list[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """What `pdf.render` takes: HTML, page furniture, pictures by name."""

    html: str
    pages: Pages
    images: dict[str, npt.NDArray[np.uint8]]


def report_html(report: Report) -> Paper:
    """The whole report as HTML in its own language; every text of a person is escaped."""
    words = words_in(report.language)
    title = report_title(report, words)
    images = {f"key-image-{n}": image.pixels for n, image in enumerate(report.key_images, start=1)}
    html = _environment().get_template("report.html.j2").render(_context(report, words, title))
    return Paper(html, Pages(title, _footer(report, words), report.language), images)


def report_title(report: Report, words: Words) -> str:
    """ "Chest X-ray report" from modality and body part."""
    return words("titles", "any", what=_exam_kind(report, words)).strip()


def _exam_kind(report: Report, words: Words) -> str:
    titles, parts = words.table["titles"], words.table["parts"]
    part = parts.get(report.body_part.strip().upper(), "")
    what = str(titles.get(report.modality, titles["other"]))
    return f"{part}{' ' if words.language == 'en' and part else ''}{what}"


def patient_name(patient: Patient, words: Words) -> str:
    """The name as it is read: components apart, or words that none is known."""
    name = " ".join(patient.name.replace("^", " ").replace("=", " / ").split())
    return name or words("head", "name_unknown")


def exam_name(report: Report, words: Words) -> str:
    """What was done: the study's own description, and the view of a film."""
    name = report.study_description.strip() or _exam_kind(report, words).strip()
    view = words.name(report.view.strip())
    known = name.casefold().split()
    return name if not view or view.casefold() in known else f"{name} {view}"


def _environment() -> Environment:
    loader = FileSystemLoader(resources_dir() / "report")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


def _context(report: Report, words: Words, title: str) -> dict[str, Any]:
    return {
        "words": words.table,
        "letterhead": report.letterhead,
        "title": title,
        "status": words("status", report.status.value),
        "head": _head(report, words),
        "indication": [" ".join(_lines(report, ("indication", "comparison"), words, "indication"))],
        "technique": _lines(report, ("technique", "quality"), words, "technique"),
        "columns": list(zip(_column_names(words), COLUMN_SHARES, strict=True)),
        "findings": [_finding(n, finding, words) for n, finding in enumerate(report.findings, start=1)],
        "left_out": [*_lines(report, ("findings",), words, ""), *_left_out(report, words)],
        "pictures": _pictures(report.key_images, words),
        "impression": _lines(report, ("impression",), words, "impression"),
        "recommendation": _lines(report, ("recommendation",), words, "recommendation"),
        "ai_statement": ai_statement(report, words),
        "author": _author(report, words),
        "notes": report.notes,
        "passports": passports(report, words),
        "judgements": judgements(report, words),
    }


def _head(report: Report, words: Words) -> list[Row]:
    patient = report.patient
    sex = words.table["sex"].get(patient.sex.upper(), patient.sex or words.unknown)
    age = words.age(report.patient_age)
    born = words.date(patient.birth_date) + (f" ({age})" if age else "")
    time = f", {report.study_time[:2]}:{report.study_time[2:4]}" if report.study_time[:4].isdigit() else ""
    head = {key: words("head", key) for key in ("patient", "born", "id", "exam", "date", "accession")}
    return [
        [(head["patient"], patient_name(patient, words), True), (head["exam"], exam_name(report, words), False)],
        [(head["born"], f"{born}, {sex}", False), (head["date"], words.date(report.study_date) + time, False)],
        [(head["id"], patient.id or words.unknown, False), (head["accession"], report.accession or "–", False)],
    ]


def _lines(report: Report, keys: Sequence[str], words: Words, empty: str) -> list[str]:
    """Lines of the sections; the words for "nothing" when all are empty."""
    text = [line for key in keys for line in report.sections.get(key, "").splitlines() if line.strip()]
    return text or ([words("empty", empty)] if empty else [])


def _column_names(words: Words) -> list[str]:
    return [words("table", key) for key in ("number", "finding", "place", "score", "judged")]


def _finding(number: int, finding: Finding, words: Words) -> dict[str, Any]:
    notes = [line for line in finding.comment.splitlines() if line.strip()]
    original = finding.original
    if original is not None and original.label != finding.label:
        notes.append(words("table", "was", text=words.name(original.label)))
    sizes = [words.measurement(measurement) for measurement in finding.measurements]
    named_alike = len(finding.measurements) == 1 and finding.measurements[0].name == finding.label
    return {
        "number": number,
        "label": sizes[0] if named_alike else words.name(finding.label),
        "measurements": [] if named_alike else sizes,
        "notes": [*notes, *(words.said(note) for note in finding.notes)],
        "place": words.place(finding),
        "score": _score(finding, words),
        "judged": _judged(finding, words),
    }


def _score(finding: Finding, words: Words) -> str:
    if finding.score is None:
        return "–"
    point = finding.operating_point
    if point is None:
        return words("table", "score_only", score=f"{finding.score:.2f}")
    return words("table", "score_ai", score=f"{finding.score:.2f}", threshold=f"{point.threshold:.2f}")


def _judged(finding: Finding, words: Words) -> str:
    reader = finding.reader or words("table", "reader_unknown")
    how = "own" if not finding.pack else "edited" if finding.edited else "accepted"
    return f"{reader}, {words('table', how)}"


def _left_out(report: Report, words: Words) -> list[str]:
    waiting, unsure = sum(run.waiting for run in report.runs), sum(run.unsure for run in report.runs)
    lines = [words("empty", "waiting", n=waiting)] if waiting else []
    return [*lines, words("empty", "unsure", n=unsure)] if unsure else lines


def _pictures(images: Sequence[KeyImage], words: Words) -> list[list[dict[str, Any]]]:
    cells = []
    for n, image in enumerate(images, start=1):
        rows, columns = image.pixels.shape[:2]
        scale = min(IMAGE_WIDTH / columns, IMAGE_HEIGHT / rows)
        size = {"width": round(columns * scale), "height": round(rows * scale)}
        title = words("image", "caption", n=n)
        cells.append({"name": f"key-image-{n}", "title": title, "caption": image.caption, **size})
    return [cells[start : start + IMAGES_A_ROW] for start in range(0, len(cells), IMAGES_A_ROW)]


def _author(report: Report, words: Words) -> list[Row]:
    critical = report.sections.get("critical", "").strip() or words("author", "not_stated")
    number = f"{words('author', 'first', n=report.version)} · {words('author', 'hash', hash=short_hash(report.digest))}"
    version = (words("author", "version"), number, False)
    last = (words("author", "critical"), critical, False)
    if report.signature is None:
        who = ", ".join(part for part in (report.author, report.organization) if part)
        written = (words("author", "written_by"), who or words("author", "nobody"), True)
        when = (words("author", "written_on"), words.moment(report.created), False)
        return [[written, when], [(words("author", "status"), words("author", "not_signed"), True), last]]
    signature = report.signature
    by = (words("author", "signed_by"), f"{signature.name}, {signature.organization}", True)
    return [[by, (words("author", "signed_on"), words.moment(signature.when), False)], [version, last]]


def _footer(report: Report, words: Words) -> str:
    """The running foot; braces in a person's words are kept from being taken for page numbers."""
    rest = f"{report.patient.id or words.unknown} · {exam_name(report, words)}, {words.date(report.study_date)}"
    template = _environment().get_template("footer.html.j2")
    return template.render(
        name=_no_braces(patient_name(report.patient, words)),
        rest=_no_braces(rest),
        use=words("footer", "use"),
        page=words.table["footer"]["page"],
        passport=words.table["footer"]["passport"],
    )


def _no_braces(text: str) -> Markup:
    return Markup(str(escape(text)).replace("{", "&#123;").replace("}", "&#125;"))
