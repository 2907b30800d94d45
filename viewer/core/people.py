"""Which studies are of one person: by what their files say, or because a reader joined them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from itertools import combinations

from viewer.core.study import Patient, Study

#: Name, birth date and sex, as they are compared.
_Identity = tuple[tuple[str, ...], str, str]


class Difference(StrEnum):
    """What two patients of one ID say differently."""

    NAME = "name"
    BIRTH_DATE = "birth date"
    SEX = "sex"


def differences(one: Patient, other: Patient) -> tuple[Difference, ...]:
    """What both say, and say differently; what one leaves out is no difference."""
    return _differences(_identity(one), _identity(other))


def _differences(one: _Identity, other: _Identity) -> tuple[Difference, ...]:
    names = [a != b for a, b in zip(one[0], other[0], strict=False) if a and b]
    found = [Difference.NAME] if any(names) else []
    found += [what for what, a, b in zip(_FACTS, one[1:], other[1:], strict=True) if a and b and a != b]
    return tuple(found)


_FACTS = (Difference.BIRTH_DATE, Difference.SEX)


def _identity(patient: Patient) -> _Identity:
    """Component groups of the name without case and separators (PS3.5 6.2.1), birth date, sex."""
    groups = (" ".join(group.replace("^", " ").split()).casefold() for group in patient.name.split("="))
    return tuple(groups), patient.birth_date.strip(), patient.sex.strip().upper()


def bucket(study: Study) -> tuple[str, str]:
    """What studies of one person share at least: the ID, else the name; a study that has neither is alone."""
    patient = study.patient
    if patient.id.strip():
        return "id", patient.id.strip()
    name = next((group for group in _identity(patient)[0] if group), "")
    return ("name", name) if name else ("study", study.uid)


def grouped(studies: Iterable[Study], joined: Collection[tuple[str, str]] = ()) -> tuple[tuple[Study, ...], ...]:
    """Studies person by person, in the order given.

    Studies are of one person where their ID, or without IDs their name, is the same and neither name,
    birth date nor sex speaks against it. Without name and ID nobody is the same as anybody.

    Args:
        joined: pairs of Study UIDs that a reader joined; it counts between studies of one ID.
    """
    buckets: dict[tuple[str, str], list[Study]] = {}
    for study in studies:
        buckets.setdefault(bucket(study), []).append(study)
    order = {study.uid: n for n, group in enumerate(buckets.values()) for study in group}
    position = {study.uid: n for n, study in enumerate(study for group in buckets.values() for study in group)}
    found = [people for of, group in buckets.items() for people in _people(group, joined if of[0] == "id" else ())]
    return tuple(sorted(found, key=lambda people: (order[people[0].uid], position[people[0].uid])))


def _people(group: list[Study], joined: Collection[tuple[str, str]]) -> list[tuple[Study, ...]]:
    """The persons in studies that share an ID or a name."""
    number = _numbered({_identity(study.patient) for study in group})
    person = {study.uid: number[_identity(study.patient)] for study in group}
    for one, other in joined:
        if one in person and other in person:
            kept, gone = person[one], person[other]
            person = {uid: kept if n == gone else n for uid, n in person.items()}
    people: dict[int, list[Study]] = {}
    for study in group:
        people.setdefault(person[study.uid], []).append(study)
    return [tuple(theirs) for theirs in people.values()]


def _numbered(identities: Collection[_Identity]) -> dict[_Identity, int]:
    """A number for each identity, the same where they are one person's.

    Those that hang together without speaking against each other are one; where somebody in between could
    be either of two, all of them stay apart.
    """
    number = {identity: n for n, identity in enumerate(identities)}
    for one, other in combinations(number, 2):
        if not _differences(one, other):
            kept, gone = number[one], number[other]
            number = {identity: kept if n == gone else n for identity, n in number.items()}
    for wanted in set(number.values()):
        together = [identity for identity, n in number.items() if n == wanted]
        if any(_differences(one, other) for one, other in combinations(together, 2)):
            number |= {identity: len(identities) + n for n, identity in enumerate(identities) if identity in together}
    return number
