"""Results, the reader's verdicts on findings with undo, and the text of reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from viewer.core import judging
from viewer.core.analysis import AnalysisResult
from viewer.core.annotation import KeyMark
from viewer.core.clock import now
from viewer.core.errors import UsageError
from viewer.core.finding import Finding, FindingState, Side
from viewer.core.report import Signature
from viewer.session.events import (
    Bus,
    FindingChanged,
    KeyMarksChanged,
    ReportChanged,
    ResultAdded,
    ResultEntry,
    SelectionChanged,
)
from viewer.session.library import Library


@dataclass(frozen=True, slots=True)
class _Step:
    """One undoable step: the finding before and after."""

    before: Finding
    after: Finding
    words: str


class Review:
    """Results and findings of open studies; every change of a finding can be undone."""

    def __init__(self, bus: Bus, library: Library) -> None:
        self._bus = bus
        self._library = library
        self._results: dict[str, ResultEntry] = {}
        self._findings: dict[str, Finding] = {}
        self._texts: dict[str, dict[str, str]] = {}
        self._marks: dict[str, tuple[KeyMark, ...]] = {}
        self._signatures: dict[str, Signature] = {}
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._selected = ""

    def add_result(self, entry: ResultEntry, findings: Iterable[Finding] | None = None, restored: bool = False) -> bool:
        """Keep a finished analysis. Returns False when its study is no longer open.

        Args:
            entry: the result; its findings are the proposals as the pack made them.
            findings: their state now, where it differs (restored from the journal).
            restored: the journal already knows it.
        """
        self._bus.check_thread()
        if self._library.study(entry.study_uid) is None:
            return False
        self._results[entry.id] = entry
        for finding in entry.result.findings if findings is None else findings:
            self._findings[finding.id] = replace(finding, result_id=entry.id)
        self._bus.tell(ResultAdded(entry, restored))
        return True

    def results(self, stack_key: str | None = None, study_uid: str | None = None) -> tuple[ResultEntry, ...]:
        """Results, oldest first, of one stack or one study or all."""
        return tuple(
            r for r in self._results.values() if stack_key in (None, r.stack_key) and study_uid in (None, r.study_uid)
        )

    def result(self, result_id: str) -> ResultEntry | None:
        """One result by its id."""
        return self._results.get(result_id)

    def latest_results(self, study_uid: str) -> tuple[ResultEntry, ...]:
        """The results that count for a study: of each pack, stack and box only the newest run.

        A result with a judged finding stays, so that running again hides no verdict.
        """
        kept: dict[tuple[str, str, str], ResultEntry] = {}
        judged: list[ResultEntry] = []
        for entry in self.results(study_uid=study_uid):
            key = (entry.stack_key, entry.result.pack_id, _box_of(entry.result))
            old = kept.get(key)
            if old is not None and self._has_verdict(old.id):
                judged.append(old)
            kept[key] = entry
        wanted = {e.id for e in kept.values()} | {e.id for e in judged}
        return tuple(e for e in self.results(study_uid=study_uid) if e.id in wanted)

    def _has_verdict(self, result_id: str) -> bool:
        return any(f.state is not FindingState.PROPOSED or f.edited for f in self.findings_of(result_id))

    def findings_of(self, result_id: str) -> tuple[Finding, ...]:
        """Findings of one result as they stand now."""
        return tuple(f for f in self._findings.values() if f.result_id == result_id)

    def findings(self, study_uid: str) -> tuple[Finding, ...]:
        """Findings of a study as they stand now, in the order of their results."""
        return tuple(f for entry in self.latest_results(study_uid) for f in self.findings_of(entry.id))

    def finding(self, finding_id: str) -> Finding | None:
        """One finding as it stands now."""
        return self._findings.get(finding_id)

    @property
    def selected(self) -> str:
        """Id of the selected finding, "" where none is."""
        return self._selected

    def select(self, finding_id: str) -> None:
        """Select a finding ("" = none)."""
        self._bus.check_thread()
        if finding_id != self._selected:
            self._selected = finding_id
            self._bus.tell(SelectionChanged(finding_id))

    def judge(self, finding_id: str, state: FindingState, reader: str, reason: str = "") -> Finding:
        """Record the reader's verdict on a finding.

        Raises:
            UsageError: there is no such finding, its report is signed, or the reader has no name.
        """
        before = self._changeable(finding_id)
        if before.state is state and before.reason == reason:
            return before
        after = before.judged(state, judging.reader_name(reader), now(), reason)
        return self._step(_Step(before, after, state.value))

    def edit(self, finding_id: str, *, label: str, side: Side, comment: str, reader: str) -> Finding:
        """Put a finding into the reader's words; the proposal is kept.

        Raises:
            UsageError: there is no such finding, its report is signed, or the label or the reader's name is empty.
        """
        before = self._changeable(finding_id)
        label = judging.finding_label(label)
        if (before.label, before.side, before.comment) == (label, side, comment):
            return before
        after = replace(
            before.edited_to(label=label, side=side, comment=comment), reader=judging.reader_name(reader), when=now()
        )
        return self._step(_Step(before, after, "edited"))

    def restore_finding(self, finding: Finding) -> None:
        """Put a finding as the journal has it, without a step to undo."""
        self._bus.check_thread()
        entry = self._results.get(finding.result_id)
        if entry is not None:
            self._findings[finding.id] = finding
            self._bus.tell(FindingChanged(finding, entry.study_uid, "restored", restored=True))

    def _changeable(self, finding_id: str) -> Finding:
        self._bus.check_thread()
        finding = self._findings.get(finding_id)
        if finding is None:
            raise UsageError("This finding is no longer open.", "Open its study again.")
        entry = self._results[finding.result_id]
        judging.check_unsigned(self.signature(entry.study_uid))
        return finding

    def _step(self, step: _Step) -> Finding:
        self._done.append(step)
        self._undone.clear()
        return self._put(step.after, step.words)

    def _put(self, finding: Finding, action: str) -> Finding:
        self._findings[finding.id] = finding
        self._bus.tell(FindingChanged(finding, self._results[finding.result_id].study_uid, action))
        return finding

    @property
    def can_undo(self) -> bool:
        """True when there is a step to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """True when a step was taken back."""
        return bool(self._undone)

    def undo(self) -> Finding | None:
        """Take back the last verdict or edit.

        Raises:
            UsageError: its report is signed.
        """
        return self._move(self._done, self._undone, "undo")

    def redo(self) -> Finding | None:
        """Do again what `undo` took back.

        Raises:
            UsageError: its report is signed.
        """
        return self._move(self._undone, self._done, "redo")

    def _move(self, source: list[_Step], target: list[_Step], action: str) -> Finding | None:
        self._bus.check_thread()
        if not source:
            return None
        step = source[-1]
        self._changeable(step.after.id)
        target.append(source.pop())
        return self._put(step.before if action == "undo" else step.after, action)

    def report_text(self, study_uid: str) -> dict[str, str]:
        """The reader's text by section name."""
        return dict(self._texts.get(study_uid, {}))

    def put_report_text(self, study_uid: str, sections: dict[str, str], restored: bool = False) -> None:
        """Keep the reader's text.

        Raises:
            UsageError: the report is signed.
        """
        self._bus.check_thread()
        judging.check_unsigned(self.signature(study_uid))
        if self._texts.get(study_uid, {}) != sections:
            self._texts[study_uid] = dict(sections)
            self._bus.tell(ReportChanged(study_uid, restored))

    def key_marks(self, study_uid: str) -> tuple[KeyMark, ...]:
        """Pictures the reader wants in the report, in the order they were marked."""
        return self._marks.get(study_uid, ())

    def toggle_key_mark(self, study_uid: str, mark: KeyMark) -> bool:
        """Mark a picture for the report, or take the mark of the same picture away. True = now marked.

        Raises:
            UsageError: the report is signed.
        """
        marks = self.key_marks(study_uid)
        kept = tuple(one for one in marks if one.picture != mark.picture)
        is_new = len(kept) == len(marks)
        self.put_key_marks(study_uid, (*kept, mark) if is_new else kept)
        return is_new

    def put_key_marks(self, study_uid: str, marks: tuple[KeyMark, ...], restored: bool = False) -> None:
        """Keep which pictures the reader wants in the report.

        Raises:
            UsageError: the report is signed.
        """
        self._bus.check_thread()
        judging.check_unsigned(self.signature(study_uid))
        self._marks[study_uid] = marks
        self._bus.tell(KeyMarksChanged(study_uid, restored))

    def signature(self, study_uid: str) -> Signature | None:
        """Who signed the report of a study."""
        return self._signatures.get(study_uid)

    def sign(self, study_uid: str, signature: Signature, restored: bool = False) -> None:
        """Lock the findings and the text of a study under a signature.

        Raises:
            UsageError: name or organisation is empty, a finding is open, or it is already signed.
        """
        self._bus.check_thread()
        if not restored:
            judging.check_unsigned(self.signature(study_uid))
            signature = judging.signature(signature.name, signature.organization, signature.when)
            judging.check_settled(self.findings(study_uid))
        self._signatures[study_uid] = signature
        self._bus.tell(ReportChanged(study_uid, restored))

    def close(self, study_uid: str) -> None:
        """Forget the results of a study; `Session.close_study` is the one to call."""
        gone = {r.id for r in self._results.values() if r.study_uid == study_uid}
        self._results = {k: r for k, r in self._results.items() if k not in gone}
        self._findings = {k: f for k, f in self._findings.items() if f.result_id not in gone}
        self._done = [step for step in self._done if step.after.result_id not in gone]
        self._undone = [step for step in self._undone if step.after.result_id not in gone]
        self._texts.pop(study_uid, None)
        self._marks.pop(study_uid, None)
        self._signatures.pop(study_uid, None)


def _box_of(result: AnalysisResult) -> str:
    return str(result.provenance.settings.get("roi", "")) if result.provenance else ""
