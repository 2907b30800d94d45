"""The report of the active study: what it shows, its text, its export, its signature."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from viewer.core import judging
from viewer.core.analysis import AnalysisResult
from viewer.core.anchor import copy_digest
from viewer.core.annotation import KeyMark
from viewer.core.clock import now
from viewer.core.errors import UsageError, ViewerError
from viewer.core.measurement import ReaderMeasurement
from viewer.core.report import Signature
from viewer.core.study import Stack, Study
from viewer.core.task import CancelToken, ignore_progress
from viewer.core.volume import Volume
from viewer.display.hanging import pick
from viewer.jobs.files import Format
from viewer.room.anchors import Anchors
from viewer.room.changes import Changes, note_of
from viewer.room.context import Context
from viewer.room.events import Exported, Exporting
from viewer.room.linting import Linting
from viewer.room.packs import Packs
from viewer.words.i18n import tr

_LOG = logging.getLogger(__name__)


class Reporting:
    """Builds the report's view and writes its files; tells `Exporting` and `Exported`."""

    def __init__(self, context: Context, packs: Packs, anchors: Anchors) -> None:
        self._context, self._packs, self._anchors = context, packs, anchors
        self._signing: set[str] = set()
        self.linting = Linting(context)

    def put_text(self, study_uid: str, sections: dict[str, str]) -> None:
        """Keep what the reader typed."""
        try:
            whole = self.linting.with_aside(study_uid, sections)
            self._context.session.review.put_report_text(study_uid, whole)
        except UsageError as error:
            self._context.complain(error)

    def mark(self, mark: KeyMark) -> None:
        """Mark a picture for the report of its study, or take its mark away."""
        library = self._context.session.library
        study, stack = library.study_of(mark.stack_key), library.stack(mark.stack_key)
        if study is None or stack is None:
            return
        try:
            kept = replace(mark, copy=copy_digest(stack.instances))
            self._context.session.review.toggle_key_mark(study.uid, kept)
        except UsageError as error:
            self._context.complain(error)

    def put_reader(self, name: str, place: str) -> None:
        """Keep the reader's name and organisation as settings."""
        self._context.change_settings(reader_name=name, organization=place)

    def sign(self, name: str, place: str) -> None:
        """Sign the active study's report, once its pictures and results are still what was read: all is locked."""
        study = self._context.session.library.active_study
        if study is None or study.uid in self._signing:
            return
        try:
            signature = self._signable(study, name, place)
            held = self._held(study)
        except UsageError as error:
            self._context.complain(error)
            return
        self._signing.add(study.uid)
        uid, seen = study.uid, self._to_sign(study.uid)

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> None:
            if held is not None:
                held.admit(cancel)

        def done(_admitted: None) -> None:
            self._end_signing(uid)
            if self._to_sign(uid) == seen:
                self._sign(uid, signature)
            else:
                what = tr("The report was changed while it was being checked; it is not signed.")
                self._context.complain(UsageError(what, tr("Look at it again, then sign.")))

        def failed(error: ViewerError) -> None:
            self._end_signing(uid)
            self._context.complain(error)

        self._context.session.tell(Exporting(True))
        self._context.pool.submit(work, done, failed)

    def _signable(self, study: Study, name: str, place: str) -> Signature:
        """A signature given now, if whoever signs a result folder might give it too.

        Raises:
            UsageError: it lacks a part, a finding is open, nobody is named, another signed or works here.
        """
        from viewer.jobs.signing import signed

        session = self._context.session
        session.history.check_open()
        judging.check_unsigned(session.review.signature(study.uid))
        results = [entry.result for entry in session.review.latest_results(study.uid)]
        given = Signature(name, place, now())
        signature = signed(study, results, session.review.findings(study.uid), given) or given
        self.linting.check(study.uid)
        return signature

    def _to_sign(self, uid: str) -> tuple[object, ...]:
        """What a signature would lock."""
        review = self._context.session.review
        drawn = tuple(self._context.session.measurements.of(uid))
        return review.findings(uid), review.report_text(uid), review.key_marks(uid), drawn

    def _end_signing(self, uid: str) -> None:
        self._signing.discard(uid)
        self._context.session.tell(Exporting(False))

    def _sign(self, uid: str, signature: Signature) -> None:
        try:
            self._context.session.review.sign(uid, signature)
            self.put_reader(signature.name, signature.organization)
        except UsageError as error:
            self._context.complain(error)

    def overrule(self, code: str, section: str, quote: str, reason: str) -> None:
        """Let what the lint asks of some words of the active study's report stand, with a reason."""
        study = self._context.session.library.active_study
        if study is None:
            return
        asked = (
            one for one in self.linting.remarks(study) if (one.code, one.section, one.quote) == (code, section, quote)
        )
        try:
            for remark in asked:
                self.linting.overrule(study, remark, reason, self._context.settings.reader_name)
        except UsageError as error:
            self._context.complain(error)

    def export(self, folder: str, formats: Collection[Format] = tuple(Format)) -> None:
        """Write the report of the active study and its files into a new folder inside `folder`."""
        study = self._context.session.library.active_study
        if study is None:
            self._complain_of_nothing()
            return
        out = Path(folder) / f"report-{datetime.now():%Y%m%d-%H%M%S}"
        self.write(study, out, self._context.session.review.signature(study.uid), formats)

    def _complain_of_nothing(self) -> None:
        what = tr("There is nothing to report yet.")
        self._context.complain(UsageError(what, tr("Analyse the study and judge its findings first.")))

    def write(
        self, study: Study, out: Path, signature: Signature | None, formats: Collection[Format] = tuple(Format)
    ) -> None:
        """Write the report of a study and its files into a folder, signed where a signature is given."""
        try:
            found = self._held(study)
        except UsageError as error:
            self._context.complain(error)
            return
        if found is None:
            self._complain_of_nothing()
            return
        held, uid = replace(found, signature=signature), study.uid
        signing = signature is not None and self._context.session.review.signature(uid) is None
        if signature is not None and signing:
            self._context.recorder.signing(uid, signature, out)

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> dict[str, Path]:
            return held.write(out, formats, cancel)

        def done(files: dict[str, Path]) -> None:
            self._context.session.tell(Exporting(False))
            self._context.recorder.exported(uid, out, sorted(path.name for path in files.values()))
            self._context.session.tell(Exported(str(out), files))

        def failed(error: ViewerError) -> None:
            if signing:
                self._context.recorder.not_signed(uid)
            self._context.session.tell(Exporting(False))
            self._context.complain(error)

        self._context.session.tell(Exporting(True))
        self._context.pool.submit(work, done, failed)

    def _held(self, study: Study) -> Held | None:
        """What a report of a study is made of, as it stands now; None where there is nothing.

        Raises:
            UsageError: it would speak of pictures that this copy of the study lacks.
        """
        session, settings = self._context.session, self._context.settings
        review, library = session.review, session.library
        held: dict[str, Volume | None] = {stack.key: library.volume(stack.key) for stack in study.stacks}
        runs, stored = [], []
        for entry in review.latest_results(study.uid):
            stack = library.stack(entry.stack_key)
            if stack is not None:
                held[stack.key] = library.volume(stack.key)
                findings = review.findings_of(entry.id)
                self._check_here(self._anchors.finding(entry, one) is one for one in findings)
                runs.append((stack, replace(entry.result, findings=findings)))
                stored += [entry.folder] if entry.folder is not None else []
        signature = review.signature(study.uid)
        measured = self._measured(study, signature, settings.reader_name)
        marks = self._marks(study)
        written = any(text.strip() for text in review.report_text(study.uid).values())
        if not (runs or measured or marks or written and pick(study.stacks)):
            return None
        return Held(
            study,
            tuple(runs),
            measured,
            marks,
            held,
            review.report_text(study.uid),
            signature,
            settings.language,
            tuple(stored),
        )

    def _measured(
        self, study: Study, signature: Signature | None, reader: str
    ) -> tuple[tuple[Stack, ReaderMeasurement], ...]:
        """The measurements that go into a report, as they lie on what is open."""
        session = self._context.session
        wanted = [
            one
            for one in session.measurements.of(study.uid)
            if one.values and (signature is None or judging.is_signed_with(one, signature))
        ]
        found = [self._anchors.measurement(one) for one in wanted]
        self._check_here(one is not None for one in found)
        changed = {one.later.id: note_of(one) for one in Changes(self._context).of(study)}
        here = ((session.library.stack(one.stack_key), one) for one in found if one is not None)
        return tuple(
            (stack, replace(one, reader=one.reader or reader, notes=_noted(one, changed.get(one.id))))
            for stack, one in here
            if stack is not None
        )

    def _marks(self, study: Study) -> tuple[tuple[Stack, KeyMark], ...]:
        session = self._context.session
        found = [self._anchors.mark(mark) for mark in session.review.key_marks(study.uid)]
        self._check_here(mark is not None for mark in found)
        here = ((session.library.stack(mark.stack_key), mark) for mark in found if mark is not None)
        return tuple((stack, mark) for stack, mark in here if stack is not None)

    def _check_here(self, found: Iterable[bool]) -> None:
        if not all(found):
            raise UsageError(
                tr("This copy of the pictures lacks images that the report speaks of."),
                tr("Open the whole series, or take away what is marked as not on this copy."),
            )


def _noted(one: ReaderMeasurement, change: str | None) -> tuple[str, ...]:
    """What a reader must know with the numbers, and how they changed since an earlier study."""
    return one.notes if change is None else (*one.notes, change)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What a sitting holds of one study, for a report that is written beside it.

    Attributes:
        volumes: stack key -> its pictures, None where they must be read.
        stored: folders in which its results were kept when they were made.
    """

    study: Study
    runs: tuple[tuple[Stack, AnalysisResult], ...]
    measured: tuple[tuple[Stack, ReaderMeasurement], ...]
    marks: tuple[tuple[Stack, KeyMark], ...]
    volumes: Mapping[str, Volume | None]
    sections: Mapping[str, str]
    signature: Signature | None
    language: str
    stored: tuple[Path, ...] = ()

    def admit(self, cancel: CancelToken) -> None:
        """Let through what is to be signed.

        Raises:
            ViewerError: pictures or results are not what was read. Cancelled: the reader asked to stop.
        """
        from viewer.jobs import export

        volumes = {stack.key: self._volume(stack, cancel) for stack in self._needed()}
        shown = self._shown()
        export.admit(
            self.study,
            [(stack, volumes[stack.key], result) for stack, result in self.runs],
            shown=None if shown is None else (shown, volumes[shown.key]),
            stored=self.stored,
            signing=True,
            cancel=cancel,
        )

    def write(self, out: Path, formats: Collection[Format], cancel: CancelToken) -> dict[str, Path]:
        """Write the files; name -> path.

        Raises:
            ViewerError, Cancelled: nothing was written.
        """
        from viewer.jobs import admission, export, key_marks

        for folder in self.stored:
            admission.admit_folder(folder, "Nothing was written", signing=self.signature is not None, cancel=cancel)
        volumes = {stack.key: self._volume(stack, cancel) for stack in self._needed()}
        chosen = [(mark, stack, volumes[stack.key]) for stack, mark in self.marks]
        shown = self._shown()
        return export.export(
            out,
            self.study,
            [(stack, volumes[stack.key], result) for stack, result in self.runs],
            shown=None if shown is None else (shown, volumes[shown.key]),
            measured=self.measured,
            sections=self.sections,
            language=self.language,
            sign=self.signature,
            chosen=key_marks.pictures(chosen, self.language),
            formats=formats,
            cancel=cancel,
        )

    def _needed(self) -> tuple[Stack, ...]:
        """Stacks whose pictures are drawn or described."""
        stacks = [*(stack for stack, _ in self.runs), *(stack for stack, _ in self.marks), self._shown()]
        return tuple({stack.key: stack for stack in stacks if stack is not None}.values())

    def _shown(self) -> Stack | None:
        """The stack to report on where no pack was run: the first that was measured or marked, else the main one."""
        if self.runs:
            return None
        return next((stack for stack, _ in (*self.measured, *self.marks)), None) or pick(self.study.stacks)

    def _volume(self, stack: Stack, cancel: CancelToken) -> Volume:
        from viewer.reading import load_volume

        volume = self.volumes.get(stack.key)
        return volume if volume is not None else load_volume(stack, ignore_progress, cancel)
