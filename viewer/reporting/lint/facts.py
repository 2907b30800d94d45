"""The findings somebody judged, told in the terms of what a report names, and which mention may mean which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from viewer.reporting.lint.case import Case, Fact
from viewer.reporting.lint.lexicon import Concept, organ_groups
from viewer.reporting.lint.mentions import Mention, Status, concept_of, mentions
from viewer.reporting.lint.places import agree, organs_in, places, side_of
from viewer.reporting.lint.quantities import Kind, unit_of
from viewer.reporting.lint.text import Sentence, sentences

#: Sections that say what there is.
SAYING = ("findings", "impression")
#: Words of a label that name nothing by themselves.
_PLAIN = frozenset(
    [
        "left",
        "right",
        "both",
        "of",
        "the",
        "in",
        "with",
        "and",
        "acute",
        "chronic",
        "small",
        "large",
        "mild",
        "moderate",
        "severe",
        "possible",
    ]
)


@dataclass(frozen=True, slots=True)
class Size:
    """A number of a finding in the first unit of its kind; `scale`: how much of that its unit is."""

    value: float
    kind: Kind
    scale: float


@dataclass(frozen=True, slots=True)
class Known:
    """A judged finding; `side` is empty where it has none or it is not known."""

    fact: Fact
    concept: Concept
    side: frozenset[str]
    places: dict[str, frozenset[str]]
    organs: frozenset[str]
    sizes: tuple[Size, ...]

    @property
    def state(self) -> str:
        """The reader's verdict."""
        return (self.fact.state or "").casefold()


def known(fact: Fact, number: int) -> Known:
    """A finding of the context."""
    label, site = fact.label or "", fact.site or ""
    found: dict[str, frozenset[str]] = {}
    for one in places(f"{site} . {label}"):
        found.setdefault(one.axis, one.values)
    side = side_of(fact.side) or side_of(site) or side_of(label)
    sizes = []
    for measured in fact.measurements or ():
        unit = unit_of(measured.unit or "")
        if measured.value is not None and unit is not None:
            sizes.append(Size(measured.value * unit[1], *unit))
    concept = concept_of(label) or _own(label, number)
    return Known(fact, concept, side, found, organs_in(label) or organs_in(site), tuple(sizes))


def _own(label: str, number: int) -> Concept:
    """A concept made of a label that no table knows: the whole label, or its words near one another."""
    names = [word for word in re.findall(r"[A-Za-z][A-Za-z-]+", label) if word.casefold() not in _PLAIN]
    chinese = re.findall(r"[一-鿿]{2,}", label)
    parts = [re.escape(word) for word in chinese]
    if names:
        stems = [re.escape(word[: max(5, len(word) - 2)]) + r"[a-z]*" for word in names]
        parts.append(r"(?<![A-Za-z])" + r"(?:\W+\w+){0,3}\W+".join(stems))
        parts.append(r"(?<![A-Za-z])" + stems[-1])
    return Concept(f"label {number}", re.compile("|".join(parts) or r"(?!)", re.IGNORECASE))


class Reading:
    """A case as everything that checks it needs it; each part is made when it is first asked for."""

    def __init__(self, case: Case) -> None:
        self.case = case
        #: What a check found and others need.
        self.kept: dict[str, Any] = {}

    @cached_property
    def facts(self) -> tuple[Known, ...]:
        """All judged findings."""
        return tuple(known(fact, n) for n, fact in enumerate(self.case.known.findings or ()))

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence, section by section."""
        return tuple(one for name, text in self.case.report.items() for one in sentences(name, text or ""))

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """All that findings, impression and recommendation name."""
        extra = tuple(one.concept for one in self.facts if one.concept.name.startswith("label "))
        wanted = (*SAYING, "recommendation")
        return tuple(m for one in self.sentences if one.section in wanted for m in mentions(one, extra))

    @property
    def said(self) -> tuple[Mention, ...]:
        """What findings and impression name."""
        return tuple(one for one in self.mentions if one.sentence.section in SAYING)

    @cached_property
    def accepted(self) -> tuple[Known, ...]:
        """Findings that the report is to tell."""
        return tuple(one for one in self.facts if one.state == "accepted")

    @cached_property
    def standing(self) -> tuple[Known, ...]:
        """Findings that the report may tell."""
        return tuple(one for one in self.facts if one.state != "rejected")

    @cached_property
    def rejected(self) -> tuple[Known, ...]:
        """Findings that it may not."""
        return tuple(one for one in self.facts if one.state == "rejected")

    def meant(self, mention: Mention, among: Sequence[Known]) -> list[Known]:
        """Findings a mention may mean: of its own concept, else of a related one; never in another organ."""
        own = [one for one in among if one.concept.name == mention.concept.name and same_organ(mention, one)]
        if own:
            return own
        return [one for one in among if mention.concept.name in one.concept.kin and same_organ(mention, one)]

    def placed(self, mention: Mention) -> list[Known]:
        """Findings whose side and place a mention must tell; by a related name only where its own has none."""
        here = [one for one in self.mentions if one.sentence.section == mention.sentence.section and one.is_there]
        told = {one.concept.name for one in here if one.side or one.places}
        meant = self.meant(mention, self.standing)
        return [one for one in meant if one.concept.name == mention.concept.name or one.concept.name not in told]


def same_organ(mention: Mention, fact: Known) -> bool:
    """False only where both name an organ and no organ of one is told for one of the other."""
    told, wanted = mention.organs, fact.organs
    if not told or not wanted or told & wanted:
        return True
    return any(group & told and group & wanted for group in organ_groups())


def same_side(mention: Mention, fact: Known) -> bool:
    """False where both tell a side and neither holds the other."""
    return not mention.side or not fact.side or bool(mention.side & fact.side)


def same_place(mention: Mention, fact: Known) -> bool:
    """False where both tell a place on one axis and not the same."""
    return not off_axes(mention, fact)


def off_axes(mention: Mention, fact: Known) -> list[str]:
    """Axes on which a mention lies elsewhere than the finding."""
    told: dict[str, list[frozenset[str]]] = {}
    for one in mention.places:
        told.setdefault(one.axis, []).append(one.values)
    return [
        axis
        for axis, values in told.items()
        if axis in fact.places and not any(agree(one, fact.places[axis], axis) for one in values)
    ]


def fits(mention: Mention, fact: Known) -> bool:
    """True where nothing a mention tells speaks against the finding."""
    return same_side(mention, fact) and same_place(mention, fact)


def there(given: Iterable[Mention]) -> list[Mention]:
    """Those that are said to be there now."""
    return [one for one in given if one.status is Status.THERE]
