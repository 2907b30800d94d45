"""Whose studies are open: people, those of one ID that may be one person, and who was joined by hand."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.errors import UsageError
from viewer.core.people import Difference, bucket, differences, grouped
from viewer.core.study import Patient, Study
from viewer.session.events import Bus, StudiesChanged, ViewsChanged
from viewer.session.history import History, Move, Step, Thing
from viewer.session.library import Library


@dataclass(frozen=True, slots=True)
class Namesake:
    """Another person with the same ID: the key of that person, and what differs."""

    key: str
    differs: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """One patient with an open study.

    Attributes:
        key: UID of the study that was found first; label: name and ID, unlike that of anybody else.
        patient: as that study names them; studies: UIDs of theirs.
        same_id: others with this ID, who can be joined by hand.
        joined: what differs among studies that were joined by hand; () where none were.
    """

    key: str
    label: str
    patient: Patient
    studies: tuple[str, ...]
    same_id: tuple[Namesake, ...] = ()
    joined: tuple[Difference, ...] = ()


class People:
    """Everybody with an open study; joining two is one step of undo."""

    def __init__(self, bus: Bus, library: Library, history: History) -> None:
        self._bus, self._library, self._history = bus, library, history
        self._joined: dict[str, tuple[str, ...]] = {}
        self._made: tuple[Person, ...] = ()
        self._made_of: object = None
        history.keep(Thing.PERSON, self._check, self._take)

    @property
    def all(self) -> tuple[Person, ...]:
        """Each person once, in the order their studies were found."""
        of = (self._library.revision, tuple(self._joined.items()))
        if of != self._made_of:
            self._made, self._made_of = self._make(), of
        return self._made

    def of(self, study_uid: str) -> Person | None:
        """Whose study this is; None where it is not open."""
        return next((person for person in self.all if study_uid in person.studies), None)

    def of_stack(self, key: str) -> Person | None:
        """Whose pictures a stack holds."""
        study = self._library.study_of(key)
        return None if study is None else self.of(study.uid)

    def studies_of(self, person: Person) -> tuple[Study, ...]:
        """The open studies of a person."""
        return tuple(study for study in self._library.studies if study.uid in person.studies)

    def join(self, study_uid: str, with_uid: str) -> Person:
        """Two studies of one ID are of one person, whatever else their files say.

        Raises:
            UsageError: one is not open, they are of one person already, or their IDs differ.
        """
        one, other = self._open(study_uid), self._open(with_uid)
        if other.uid in self._whose(one).studies:
            raise UsageError("These studies are of one patient already.")
        if bucket(one) != bucket(other) or not one.patient.id.strip():
            raise UsageError("These studies carry different IDs or none.", "Only studies of one ID can be joined.")
        before = self._joined.get(one.uid, ())
        self._history.do(Thing.PERSON, one.uid, "Join patients", before=before, after=(*before, other.uid))
        return self._whose(one)

    def part(self, study_uid: str) -> None:
        """Take back that studies were joined with those of this one's person.

        Raises:
            UsageError: they were not joined by hand.
        """
        person = self._whose(self._open(study_uid))
        ties = [uid for uid in person.studies if self._joined.get(uid)]
        if not ties:
            raise UsageError("These studies were not joined by hand.")
        for uid in ties:
            self._history.do(Thing.PERSON, uid, "Part patients", before=self._joined[uid], after=())

    def restore(self, study_uid: str, joined: tuple[str, ...]) -> None:
        """Take over what the journal holds, without a step to undo."""
        if joined:
            self._joined.setdefault(study_uid, joined)

    def close(self, study_uid: str) -> None:
        """Forget a study; `Session.close_study` is the one to call."""
        self._joined.pop(study_uid, None)

    def _open(self, uid: str) -> Study:
        study = self._library.study(uid)
        if study is None:
            raise UsageError("A study that was named is not open.", "Open both studies first.")
        return study

    def _whose(self, study: Study) -> Person:
        person = self.of(study.uid)
        assert person is not None
        return person

    def _make(self) -> tuple[Person, ...]:
        pairs = [(one, other) for one, others in self._joined.items() for other in others]
        groups = grouped(self._library.studies, pairs)
        labels: dict[str, str] = {}
        for number, group in enumerate(groups, start=1):
            label = _label(group[0])
            labels[label if label not in labels else f"{label} ({number})"] = group[0].uid
        return tuple(
            Person(
                group[0].uid,
                label,
                group[0].patient,
                tuple(study.uid for study in group),
                tuple(Namesake(other[0].uid, _between(group, other)) for other in groups if _same_id(group, other)),
                _between(group, group),
            )
            for group, label in zip(groups, labels, strict=True)
        )

    def _check(self, _step: Step) -> None:
        """Who is who may always be said: what is signed keeps what it was signed with."""

    def _take(self, move: Move) -> None:
        self._joined[move.step.study_uid] = tuple(move.state)
        self._bus.tell(StudiesChanged())
        self._bus.tell(ViewsChanged())


def _same_id(one: tuple[Study, ...], other: tuple[Study, ...]) -> bool:
    return one is not other and bucket(one[0])[0] == "id" and bucket(one[0]) == bucket(other[0])


def _between(one: tuple[Study, ...], other: tuple[Study, ...]) -> tuple[Difference, ...]:
    """What the studies of two groups say differently, in the order of `Difference`."""
    found = {what for a in one for b in other for what in differences(a.patient, b.patient)}
    return tuple(what for what in Difference if what in found)


def _label(study: Study) -> str:
    """Name and ID in one line."""
    patient = study.patient
    name = " ".join(part for part in patient.name.partition("=")[0].split("^") if part)
    label = " ".join(part for part in (name, f"[{patient.id}]" if patient.id else "") if part)
    return label or f"No name [{study.uid}]"
