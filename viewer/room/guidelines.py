"""A guideline asked about the active study: its inputs as fields, filled in where they are known, and its answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from viewer.core.errors import UsageError, ViewerError
from viewer.core.finding import Finding, FindingState
from viewer.core.study import Study
from viewer.jobs import guideline
from viewer.reporting.guidelines.schema import Input, Table
from viewer.room.context import Context
from viewer.words.i18n import error_words, tr
from viewer.words.persons import age_on

#: Axes of a finding's measurements, as packs and tools name them.
_LONG, _SHORT = ("Long axis", "Diameter", "Length"), ("Short axis",)
#: What labels a guideline on nodules is asked of.
_NODULE = ("nodule", "结节")


#: What the inputs of the program's own tables are called; a site's own are called by their names.
FIELD_WORDS = {
    "composition": "Composition",
    "long_mm": "Long axis (mm)",
    "short_mm": "Short axis (mm)",
    "solid_long_mm": "Solid part, long axis (mm)",
    "solid_short_mm": "Solid part, short axis (mm)",
    "solid_mm": "Solid part (mm)",
    "risk": "Risk",
    "age_years": "Age (years)",
    "known_cancer": "Known cancer",
    "immunosuppressed": "Immunosuppressed",
    "screening": "Screening CT",
    "solid": "solid",
    "ground_glass": "ground glass",
    "part_solid": "part-solid",
    "low": "low",
    "high": "high",
    "yes": "yes",
    "no": "no",
}


def field_words(name: str) -> str:
    """What a field or one of its words is called."""
    return tr(FIELD_WORDS.get(name, name.replace("_", " ")))


@dataclass(frozen=True, slots=True)
class Field:
    """One input: its words or yes and no to choose from, none for a number; `value` where it is known."""

    name: str
    words: tuple[str, ...] = ()
    is_flag: bool = False
    value: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A guideline's inputs: of each item, and of the case."""

    guideline: str
    title: str
    items: tuple[tuple[Field, ...], ...]
    case: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer for a person: what to do or why it cannot apply, the trace, and the words for the report."""

    text: str
    trace: tuple[str, ...] = ()
    words: str = ""


class Guidelines:
    """Asks tables about the active study; only what a person chose or measured is filled in."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def names(self) -> tuple[str, ...]:
        """Tables that can be asked with a form."""
        return tuple(sorted(guideline.tables()))

    def form(self, name: str) -> Form | None:
        """The inputs of a guideline for the active study; None where its table cannot be read."""
        try:
            table = guideline.table_of(name)
        except ViewerError as error:
            self._context.complain(error)
            return None
        language = self._context.settings.language
        title = table.title_zh or table.title if language == "zh" else table.title
        return Form(name, title, self._items(table), tuple(self._case(table)))

    def _items(self, table: Table) -> tuple[tuple[Field, ...], ...]:
        inputs = [given for given in table.inputs if given.place == "item"]
        known = [_axes(one) for one in self._nodules()] or [{}]
        return tuple(tuple(_field(given, sizes.get(given.name, "")) for given in inputs) for sizes in known)

    def _nodules(self) -> list[Finding]:
        study = self._study()
        found = self._context.session.review.findings(study.uid) if study else ()
        accepted = [one for one in found if one.state is FindingState.ACCEPTED]
        return [one for one in accepted if any(word in one.label.casefold() for word in _NODULE)]

    def _case(self, table: Table) -> list[Field]:
        age = {"age_years": self._age()}
        return [_field(given, age.get(given.name, "")) for given in table.inputs if given.place != "item"]

    def _age(self) -> str:
        """Whole years, from the birth date; "" where it is not known."""
        study = self._study()
        age = age_on(study.patient.birth_date, study.date) if study else ""
        return str(int(age[:-1])) if age.endswith("Y") else ""

    def _study(self) -> Study | None:
        return self._context.session.library.active_study

    def ask(self, name: str, items: Sequence[Mapping[str, str]], case: Mapping[str, str]) -> Told:
        """What the guideline says of these fields; a field that is empty is not given."""
        language = self._context.settings.language
        try:
            answer = guideline.ask(name, _document(guideline.table_of(name), items, case), language)
        except ViewerError as error:
            return Told(error_words(error))
        if "missing" in answer:
            names = ", ".join(field_words(name) for name in answer["missing"])
            return Told(tr("It cannot be applied yet; not given: {names}.", names=names))
        if not answer["applies"]:
            return Told(str(answer["text"]))
        words = guideline.trace(answer, language)
        source = f"{answer['guideline']}, {answer['edition']} ({answer['source']})"
        trace = (tr("Rule: {rule}", rule=answer["rule"]), tr("From: {inputs}", inputs=guideline.inputs(answer)), source)
        return Told(str(answer["text"]), trace, words)

    def put(self, words: str) -> None:
        """The answer with its trace into the recommendation of the active study's report."""
        study = self._study()
        if study is None or not words:
            return
        review = self._context.session.review
        sections = review.report_text(study.uid)
        said = guideline.added(sections.get("recommendation", ""), words)
        try:
            review.put_report_text(study.uid, sections | {"recommendation": said})
        except UsageError as error:
            self._context.complain(error)


def _field(given: Input, value: str) -> Field:
    return Field(given.name, given.words, given.flag, value)


def _axes(finding: Finding) -> dict[str, str]:
    """Axes in mm, where they were measured."""
    found = {}
    for key, names in (("long_mm", _LONG), ("short_mm", _SHORT)):
        sizes = [one.value for one in finding.measurements if one.name in names and one.unit == "mm"]
        if sizes:
            found[key] = f"{sizes[0]:.1f}"
    return found


def _document(table: Table, items: Sequence[Mapping[str, str]], case: Mapping[str, str]) -> dict[str, Any]:
    """The fields as the guideline takes them."""
    inputs = {given.name: given for given in table.inputs}
    read = {name: _read(inputs[name], text) for name, text in case.items()}
    document: dict[str, Any] = {name: value for name, value in read.items() if inputs[name].place == "case"}
    document["patient"] = {name: value for name, value in read.items() if inputs[name].place == "patient"}
    listed = [{name: _read(inputs[name], text) for name, text in one.items()} for one in items]
    return document | ({table.items: listed} if table.items else listed[0] if listed else {})


def _read(given: Input, text: str) -> str | float | bool | None:
    """A field's value; words that are no number stay words, and the guideline refuses them."""
    plain = text.strip()
    if not plain or given.words:
        return plain or None
    if given.flag:
        return plain == "yes"
    try:
        number = float(plain.replace(",", "."))
    except ValueError:
        return plain
    return number if math.isfinite(number) else plain
