"""Keeps the journal in step with the session, and reads back what it holds of a study."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from viewer.core.analysis import AnalysisResult
from viewer.core.annotation import KeyMark
from viewer.core.errors import OutputError
from viewer.core.finding import Finding, Measurement
from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.core.placed_box import ReaderBox
from viewer.core.plain import from_plain, to_plain
from viewer.core.registration import SeriesRegistration
from viewer.core.report import Signature
from viewer.core.segment import ReaderSegment
from viewer.journal import Entry, Journal
from viewer.session import Session
from viewer.session.events import Event, PathsOpened, Registered, ResultAdded, ResultEntry, Signed, StudyClosed
from viewer.session.history import Move, Step, Stepped, Thing, Way
from viewer.session.pairs import LesionPair
from viewer.session.views import ShownLayout

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class StudyRecord:
    """What the journal holds of a study; the results carry no arrays."""

    entries: tuple[ResultEntry, ...] = ()
    findings: tuple[Finding, ...] = ()
    sections: dict[str, str] | None = None
    signature: Signature | None = None
    marks: tuple[KeyMark, ...] = ()
    measurements: tuple[ReaderMeasurement, ...] = ()
    segments: tuple[ReaderSegment, ...] = ()
    registrations: tuple[SeriesRegistration, ...] = ()
    layout: ShownLayout | None = None
    joined: tuple[str, ...] = ()
    boxes: tuple[ReaderBox, ...] = ()
    pairs: tuple[LesionPair, ...] = ()
    moves: tuple[Move, ...] = ()
    signing: SigningBegun | None = None


@dataclass(frozen=True, slots=True)
class SigningBegun:
    """A signature that was being written into a folder when the program ended."""

    signature: Signature
    folder: Path


@dataclass(frozen=True, slots=True)
class LastPlace:
    """Where the run before this one was: opened paths, place of the window, and whether it ended by itself."""

    paths: tuple[str, ...] = ()
    place: dict[str, Any] | None = None
    ended: bool = True


@dataclass(frozen=True, slots=True)
class LastViews:
    """What views showed, and the finding that was selected."""

    layout: ShownLayout
    selected: str = ""


class Recorder:
    """An observer that writes each change at once.

    Args:
        on_trouble: called with words when a change could not be stored.
    """

    def __init__(self, journal: Journal, session: Session, on_trouble: Callable[[str], None]) -> None:
        self._journal = journal
        self._session = session
        self._on_trouble = on_trouble
        self._write("started", {})
        session.subscribe(self.on_event)

    def on_event(self, event: Event) -> None:
        """Write what concerns the journal; what came from it is not written again."""
        if isinstance(event, PathsOpened):
            self._write("opened", {"paths": list(event.paths)})
        elif isinstance(event, StudyClosed):
            self._write("closed", {}, event.study_uid)
        elif isinstance(event, ResultAdded) and not event.restored:
            self._write("result", _result_body(event.entry), event.entry.study_uid)
        elif isinstance(event, Stepped):
            self._write("step", _move_body(event.move), event.move.step.study_uid)
        elif isinstance(event, Signed):
            self._write("signed", to_plain(event.signature), event.study_uid)
        elif isinstance(event, Registered):
            self._write("registered", to_plain(event.registration), event.study_uid)

    def place(self, place: dict[str, Any]) -> None:
        """Note where the window is (layout, views, slices)."""
        self._write("place", place)

    def views(self, left: LastViews, studies: tuple[str, ...]) -> None:
        """Note what views show, and the UIDs of the studies that are open with it."""
        self._write("views", {**to_plain(left), "studies": list(studies)})

    def signing(self, study_uid: str, signature: Signature, folder: Path) -> None:
        """Note that a report is about to be signed into a folder; a start that finds no end looks there."""
        self._write("signing", {"signature": to_plain(signature), "folder": str(folder)}, study_uid)

    def not_signed(self, study_uid: str) -> None:
        """Note that a signature that was begun came to nothing."""
        self._write("signing", {}, study_uid)

    def exported(self, study_uid: str, folder: Path, files: list[str]) -> None:
        """Note that a report was exported."""
        self._write("exported", {"files": files, "folder": str(folder)}, study_uid)

    def ended(self) -> None:
        """Note that the program ended by itself."""
        self._write("ended", {})

    def _write(self, kind: str, body: dict[str, Any], study: str = "") -> None:
        try:
            self._journal.append(kind, body, study)
        except OutputError as error:
            self._on_trouble(error.text)


def _result_body(entry: ResultEntry) -> dict[str, Any]:
    bare = replace(entry.result, masks=(), phase_masks=(), heatmaps=())
    return {
        "id": entry.id,
        "stack": entry.stack_key,
        "folder": str(entry.folder) if entry.folder else "",
        "result": to_plain(bare),
    }


def _move_body(move: Move) -> dict[str, Any]:
    """A move as JSON data; what a step changed stands with its first move only."""
    body: dict[str, Any] = {"at": move.at, "way": move.way.value, "id": move.step.id}
    if move.way is Way.DO:
        step = move.step
        states = {"before": to_plain(step.before), "after": to_plain(step.after)}
        body |= {"thing": step.thing.value, "what": step.what, **states}
    return body


#: What the state of each thing is built from.
_STATES: dict[Thing, Any] = {
    Thing.FINDING: Finding,
    Thing.MEASUREMENT: ReaderMeasurement | None,
    Thing.TEXT: dict[str, str],
    Thing.KEY_IMAGES: tuple[KeyMark, ...],
    Thing.LAYOUT: ShownLayout,
    Thing.SEGMENT: ReaderSegment | None,
    Thing.PERSON: tuple[str, ...],
    Thing.BOX: ReaderBox | None,
    Thing.PAIRS: tuple[LesionPair, ...],
}


def study_record(journal: Journal, study_uid: str) -> StudyRecord:
    """Everything the journal holds of a study; an entry that cannot be understood is left out and logged."""
    reading = _Reading(study_uid)
    for line in journal.entries(study=study_uid):
        try:
            reading.take(line)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            _LOG.error("journal entry %d (%s) cannot be understood: %s", line.seq, line.kind, type(error).__name__)
    return reading.record()


class _Reading:
    """A study as it stands after each entry of the journal."""

    def __init__(self, study_uid: str) -> None:
        self._study_uid = study_uid
        self._results: dict[str, ResultEntry] = {}
        self._findings: dict[str, Finding] = {}
        self._measurements: dict[str, ReaderMeasurement] = {}
        self._segments: dict[str, ReaderSegment] = {}
        self._registrations: list[SeriesRegistration] = []
        self._steps: dict[int, Step] = {}
        self._moves: list[Move] = []
        self._sections: dict[str, str] | None = None
        self._marks: tuple[KeyMark, ...] = ()
        self._signature: Signature | None = None
        self._layout: ShownLayout | None = None
        self._joined: tuple[str, ...] = ()
        self._pairs: tuple[LesionPair, ...] = ()
        self._signing: SigningBegun | None = None
        self._boxes: dict[str, ReaderBox] = {}

    def record(self) -> StudyRecord:
        """What was read."""
        return StudyRecord(
            tuple(self._results.values()),
            tuple(self._findings.values()),
            self._sections,
            self._signature,
            self._marks,
            tuple(self._measurements.values()),
            tuple(self._segments.values()),
            tuple(self._registrations),
            self._layout,
            self._joined,
            tuple(self._boxes.values()),
            self._pairs,
            tuple(self._moves),
            self._signing if self._signature is None else None,
        )

    def take(self, line: Entry) -> None:
        """Take an entry over.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it cannot be understood.
        """
        if line.kind == "result":
            entry = _entry(line.body, self._study_uid)
            self._results[entry.id] = entry
            self._findings |= {f.id: replace(f, result_id=entry.id) for f in entry.result.findings}
        elif line.kind == "step":
            self._take_move(line.body)
        elif line.kind == "signed":
            self._signature = from_plain(Signature, line.body)
        elif line.kind == "signing":
            told = line.body
            begun = SigningBegun(from_plain(Signature, told["signature"]), Path(told["folder"])) if told else None
            self._signing = begun
        elif line.kind == "registered":
            self._registrations.append(from_plain(SeriesRegistration, line.body))
        else:
            self._take_earlier(line)

    def _take_move(self, body: dict[str, Any]) -> None:
        way, number = Way(body["way"]), int(body["id"])
        if way is Way.DO:
            thing = Thing(body["thing"])
            before, after = (from_plain(_STATES[thing], body[name]) for name in ("before", "after"))
            self._steps[number] = Step(number, thing, self._study_uid, str(body["what"]), before, after)
        move = Move(int(body["at"]), way, self._steps[number])
        self._moves.append(move)
        self._take_state(move.step, move.state)

    def _take_state(self, step: Step, state: Any) -> None:
        if step.thing is Thing.FINDING:
            self._findings[state.id] = state
        elif step.thing is Thing.MEASUREMENT:
            _put(self._measurements, (step.before or step.after).id, state)
        elif step.thing is Thing.SEGMENT:
            _put(self._segments, (step.before or step.after).id, state)
        elif step.thing is Thing.TEXT:
            self._sections = state
        elif step.thing is Thing.KEY_IMAGES:
            self._marks = state
        elif step.thing is Thing.PERSON:
            self._joined = state
        elif step.thing is Thing.BOX:
            placed: ReaderBox = step.before or step.after
            _put(self._boxes, f"{placed.stack_key} {placed.side}", state)
        elif step.thing is Thing.PAIRS:
            self._pairs = state
        else:
            self._layout = state

    def _take_earlier(self, line: Entry) -> None:
        """Entries of versions whose undo did not survive a restart."""
        if line.kind == "finding":
            finding = from_plain(Finding, line.body["finding"])
            self._findings[finding.id] = finding
        elif line.kind == "report":
            self._sections = {str(k): str(v) for k, v in line.body["sections"].items()}
        elif line.kind == "key_images":
            self._marks = tuple(from_plain(KeyMark, mark) for mark in line.body["marks"])
        elif line.kind == "drawing" and "removed" in line.body:
            self._measurements.pop(line.body["removed"], None)
        elif line.kind == "drawing":
            drawn = drawing_from(line.body["drawing"])
            self._measurements[drawn.id] = drawn


def _put(things: dict[str, _T], number: str, thing: _T | None) -> None:
    """Keep a thing under its id; None takes it away."""
    if thing is None:
        things.pop(number, None)
    else:
        things[number] = thing


#: Name and shape of what earlier versions could draw.
_EARLIER = {
    "length": ("Length", Shape.LINES),
    "angle": ("Angle", Shape.PATH),
    "ellipse": ("Ellipse", Shape.ELLIPSE),
    "probe": ("Probe", Shape.POINTS),
    "arrow": ("Arrow", Shape.LINES),
    "text": ("Text", Shape.POINTS),
}


def drawing_from(data: dict[str, Any]) -> ReaderMeasurement:
    """A drawing as the journal holds it, also from before its numbers had names.

    Raises:
        KeyError, TypeError, ValueError: the data is no drawing.
    """
    if "tool" in data:
        _, shape = _EARLIER.get(str(data["tool"]), ("", Shape.LINES))
        return from_plain(ReaderMeasurement, {"shape": shape.value} | data)
    kind, reading = str(data["kind"]), data.get("reading") or {}
    name, shape = _EARLIER[kind]
    area = reading.get("area")
    if area is not None:
        named = (("Mean", "mean"), ("SD", "deviation"), ("Minimum", "low"), ("Maximum", "high"))
        values = [Measurement("Area", float(area["value"]), area["unit"])]
        values += [Measurement(title, float(reading[key]), reading["unit"]) for title, key in named]
    else:
        value_name = {"length": "Length", "angle": "Angle"}.get(kind, "Value")
        values = [Measurement(value_name, float(reading["value"]), reading["unit"])] if reading else []
    note = (area or reading).get("note", "")
    return from_plain(
        ReaderMeasurement,
        {
            **{key: data[key] for key in ("id", "stack_key", "slice_index", "points_lps")},
            "plane": data["plane"].removeprefix("resampled "),
            "tool": kind,
            "name": name,
            "shape": shape,
            "values": [to_plain(value) for value in values],
            "notes": [note] if note else [],
            "text": data["label"] if kind in ("text", "probe") else "",
        },
    )


def _entry(body: dict[str, Any], study_uid: str) -> ResultEntry:
    folder = Path(body["folder"]) if body["folder"] else None
    return ResultEntry(body["id"], body["stack"], study_uid, from_plain(AnalysisResult, body["result"]), folder)


def exports_of(journal: Journal, study_uid: str) -> tuple[Path, ...]:
    """Folders that reports of a study were written to, the last one last."""
    lines = journal.entries(study=study_uid, kind="exported")
    folders = (Path(str(line.body["folder"])) for line in lines if line.body.get("folder"))
    return tuple(dict.fromkeys(folders))


def last_place(journal: Journal) -> LastPlace:
    """Where the run before this one was."""
    run = journal.last_run()
    if run is None:
        return LastPlace()
    paths: dict[str, None] = {}
    place: dict[str, Any] | None = None
    ended = False
    for line in journal.entries(run=run):
        if line.kind == "opened":
            paths |= dict.fromkeys(str(p) for p in line.body.get("paths", ()))
        elif line.kind == "place":
            place = line.body
        elif line.kind == "ended":
            ended = True
    return LastPlace(tuple(paths), place, ended)


def last_views(journal: Journal, studies: Collection[str]) -> LastViews | None:
    """What views showed when one of these studies was open the last time; None where that is not known."""
    for line in journal.latest("views"):
        if not set(line.body.get("studies", ())).isdisjoint(studies):
            try:
                return from_plain(LastViews, line.body)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                _LOG.error("journal entry %d (views) cannot be understood: %s", line.seq, type(error).__name__)
    return None
