"""Results, the reader's verdicts on findings with undo, and the text of reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

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
    Signed,
)
from viewer.session.history import History, Move, Step, Thing
from viewer.session.library import Library


class Review:
    """Results, findings and report texts of open studies; every change by the reader is one step of undo."""

    def __init__(self, bus: Bus, library: Library, history: History) -> None:
        self._bus, self._library, self._history = bus, library, history
        self._results: dict[str, ResultEntry] = {}
        self._findings: dict[str, Finding] = {}
        self._texts: dict[str, dict[str, str]] = {}
        self._marks: dict[str, tuple[KeyMark, ...]] = {}
        self._signatures: dict[str, Signature] = {}
        self._selected = ""
        history.keep(Thing.FINDING, self._check_finding, self._take_finding)
        history.keep(Thing.TEXT, self._check_study, self._take_text)
        history.keep(Thing.KEY_IMAGES, self._check_study, self._take_marks)

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
        return self._step(before, after, f"Verdict on {before.label}")

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
        return self._step(before, after, f"Words of {before.label}")

    def _changeable(self, finding_id: str) -> Finding:
        self._bus.check_thread()
        finding = self._findings.get(finding_id)
        if finding is None:
            raise UsageError("This finding is no longer open.", "Open its study again.")
        entry = self._results[finding.result_id]
        judging.check_unsigned(self.signature(entry.study_uid))
        return finding

    def _step(self, before: Finding, after: Finding, what: str) -> Finding:
        study_uid = self._results[before.result_id].study_uid
        self._history.do(Thing.FINDING, study_uid, what, before=before, after=after)
        return after

    def _check_finding(self, step: Step) -> None:
        self._changeable(step.after.id)

    def _take_finding(self, move: Move) -> None:
        finding: Finding = move.state
        self._findings[finding.id] = finding
        self._bus.tell(FindingChanged(finding, move.step.study_uid))

    def _check_study(self, step: Step) -> None:
        judging.check_unsigned(self.signature(step.study_uid))

    def report_text(self, study_uid: str) -> dict[str, str]:
        """The reader's text by section name."""
        return dict(self._texts.get(study_uid, {}))

    def put_report_text(self, study_uid: str, sections: dict[str, str]) -> None:
        """Keep the reader's text.

        Raises:
            UsageError: the report is signed.
        """
        judging.check_unsigned(self.signature(study_uid))
        before = self.report_text(study_uid)
        if before != sections:
            changed = [name for name in (before | sections) if before.get(name, "") != sections.get(name, "")]
            what = f"Text of the report: {', '.join(changed)}" if changed else "Text of the report"
            self._history.do(Thing.TEXT, study_uid, what, before=before, after=dict(sections))

    def _take_text(self, move: Move) -> None:
        self._texts[move.step.study_uid] = dict(move.state)
        self._bus.tell(ReportChanged(move.step.study_uid))

    def key_marks(self, study_uid: str) -> tuple[KeyMark, ...]:
        """Pictures the reader wants in the report, in the order they were marked."""
        return self._marks.get(study_uid, ())

    def toggle_key_mark(self, study_uid: str, mark: KeyMark) -> bool:
        """Mark a picture for the report, or take the mark of the same picture away. True = now marked.

        Raises:
            UsageError: the report is signed.
        """
        marks = self.key_marks(study_uid)
        kept = tuple(one for one in marks if not one.shows_same(mark))
        is_new = len(kept) == len(marks)
        after = (*kept, mark) if is_new else kept
        what = f"Key image {mark.slice_index + 1}"
        self._history.do(Thing.KEY_IMAGES, study_uid, what, before=marks, after=after)
        return is_new

    def _take_marks(self, move: Move) -> None:
        self._marks[move.step.study_uid] = tuple(move.state)
        self._bus.tell(KeyMarksChanged(move.step.study_uid))

    def signature(self, study_uid: str) -> Signature | None:
        """Who signed the report of a study."""
        return self._signatures.get(study_uid)

    def sign(self, study_uid: str, signature: Signature) -> None:
        """Lock the findings and the text of a study under a signature.

        Raises:
            UsageError: name or organisation is empty, a finding is open, or it is already signed.
        """
        self._bus.check_thread()
        self._history.check_open()
        judging.check_unsigned(self.signature(study_uid))
        made = judging.signature(signature.name, signature.organization, signature.when)
        judging.check_settled(self.findings(study_uid))
        self._signatures[study_uid] = made
        self._bus.tell(Signed(study_uid, made))
        self._bus.tell(ReportChanged(study_uid))

    def restore(
        self,
        study_uid: str,
        sections: dict[str, str],
        marks: tuple[KeyMark, ...],
        signature: Signature | None,
    ) -> None:
        """Take over what the journal holds of a report, where nothing stands yet."""
        self._bus.check_thread()
        self._texts.setdefault(study_uid, dict(sections))
        self._marks.setdefault(study_uid, marks)
        if signature is not None:
            self._signatures.setdefault(study_uid, signature)
        self._bus.tell(KeyMarksChanged(study_uid))
        self._bus.tell(ReportChanged(study_uid))

    def close(self, study_uid: str) -> None:
        """Forget the results of a study; `Session.close_study` is the one to call."""
        gone = {r.id for r in self._results.values() if r.study_uid == study_uid}
        self._results = {k: r for k, r in self._results.items() if k not in gone}
        self._findings = {k: f for k, f in self._findings.items() if f.result_id not in gone}
        self._texts.pop(study_uid, None)
        self._marks.pop(study_uid, None)
        self._signatures.pop(study_uid, None)


def _box_of(result: AnalysisResult) -> str:
    return str(result.provenance.settings.get("roi", "")) if result.provenance else ""
