"""Keeps the journal in step with the session, and reads back what it holds of a study."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viewer.core.analysis import AnalysisResult
from viewer.core.annotation import KeyMark
from viewer.core.errors import OutputError
from viewer.core.finding import Finding
from viewer.core.plain import from_plain, to_plain
from viewer.core.report import Signature
from viewer.journal import Journal
from viewer.session import Session
from viewer.session.events import (
    Event,
    FindingChanged,
    KeyMarksChanged,
    PathsOpened,
    ReportChanged,
    ResultAdded,
    ResultEntry,
    StudyClosed,
)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class StudyRecord:
    """What the journal holds of a study; the results carry no arrays."""

    entries: tuple[ResultEntry, ...] = ()
    findings: tuple[Finding, ...] = ()
    sections: dict[str, str] | None = None
    signature: Signature | None = None
    marks: tuple[KeyMark, ...] = ()


@dataclass(frozen=True, slots=True)
class LastPlace:
    """Where the run before this one was: opened paths, place of the window, and whether it ended by itself."""

    paths: tuple[str, ...] = ()
    place: dict[str, Any] | None = None
    ended: bool = True


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
        elif isinstance(event, FindingChanged) and not event.restored:
            body = {"action": event.action, "finding": to_plain(event.finding)}
            self._write("finding", body, event.study_uid)
        elif isinstance(event, ReportChanged) and not event.restored:
            self._write_report(event.study_uid)
        elif isinstance(event, KeyMarksChanged) and not event.restored:
            marks = self._session.review.key_marks(event.study_uid)
            self._write("key_images", {"marks": [to_plain(mark) for mark in marks]}, event.study_uid)

    def _write_report(self, study_uid: str) -> None:
        signature = self._session.review.signature(study_uid)
        if signature is not None:
            self._write("signed", to_plain(signature), study_uid)
        else:
            self._write("report", {"sections": self._session.review.report_text(study_uid)}, study_uid)

    def place(self, place: dict[str, Any]) -> None:
        """Note where the window is (layout, views, slices)."""
        self._write("place", place)

    def drawing(self, study_uid: str, body: dict[str, Any]) -> None:
        """Note a drawing on a picture of a study, or that it was taken away."""
        self._write("drawing", body, study_uid)

    def exported(self, study_uid: str, files: list[str]) -> None:
        """Note that a report was exported."""
        self._write("exported", {"files": files}, study_uid)

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


def study_record(journal: Journal, study_uid: str) -> StudyRecord:
    """Everything the journal holds of a study; an entry that cannot be understood is left out and logged."""
    results: dict[str, ResultEntry] = {}
    findings: dict[str, Finding] = {}
    sections: dict[str, str] | None = None
    signature: Signature | None = None
    marks: tuple[KeyMark, ...] = ()
    for line in journal.entries(study=study_uid):
        try:
            if line.kind == "result":
                entry = _entry(line.body, study_uid)
                results[entry.id] = entry
                findings |= {f.id: replace(f, result_id=entry.id) for f in entry.result.findings}
            elif line.kind == "finding":
                finding = from_plain(Finding, line.body["finding"])
                findings[finding.id] = finding
            elif line.kind == "report":
                sections = {str(k): str(v) for k, v in line.body["sections"].items()}
            elif line.kind == "key_images":
                marks = tuple(from_plain(KeyMark, mark) for mark in line.body["marks"])
            elif line.kind == "signed":
                signature = from_plain(Signature, line.body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            _LOG.error("journal entry %d (%s) cannot be understood: %s", line.seq, line.kind, type(error).__name__)
    return StudyRecord(tuple(results.values()), tuple(findings.values()), sections, signature, marks)


def _entry(body: dict[str, Any], study_uid: str) -> ResultEntry:
    folder = Path(body["folder"]) if body["folder"] else None
    return ResultEntry(body["id"], body["stack"], study_uid, from_plain(AnalysisResult, body["result"]), folder)


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
