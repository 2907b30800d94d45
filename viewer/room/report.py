"""The report of the active study: what it shows, its text, its export, its signature."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from viewer.core.analysis import AnalysisResult
from viewer.core.annotation import KeyMark
from viewer.core.clock import now
from viewer.core.errors import UsageError, ViewerError
from viewer.core.report import Signature
from viewer.core.study import Stack, Study
from viewer.core.task import CancelToken, ignore_progress
from viewer.core.volume import Volume
from viewer.room.context import Context
from viewer.room.events import Exported, Exporting
from viewer.room.packs import Packs
from viewer.words.i18n import tr

_LOG = logging.getLogger(__name__)


class Reporting:
    """Builds the report's view and writes its files; tells `Exporting` and `Exported`."""

    def __init__(self, context: Context, packs: Packs) -> None:
        self._context, self._packs = context, packs

    def put_text(self, study_uid: str, sections: dict[str, str]) -> None:
        """Keep what the reader typed."""
        try:
            self._context.session.review.put_report_text(study_uid, sections)
        except UsageError as error:
            self._context.complain(error)

    def mark(self, mark: KeyMark) -> None:
        """Mark a picture for the report of its study, or take its mark away."""
        study = self._context.session.library.study_of(mark.stack_key)
        if study is None:
            return
        try:
            self._context.session.review.toggle_key_mark(study.uid, mark)
        except UsageError as error:
            self._context.complain(error)

    def put_reader(self, name: str, place: str) -> None:
        """Keep the reader's name and organisation as settings."""
        self._context.change_settings(reader_name=name, organization=place)

    def sign(self, name: str, place: str) -> None:
        """Sign the active study's report: findings and text are locked."""
        study = self._context.session.library.active_study
        if study is None:
            return
        try:
            self._context.session.review.sign(study.uid, Signature(name, place, now()))
            self.put_reader(name, place)
        except UsageError as error:
            self._context.complain(error)

    def export(self, folder: str) -> None:
        """Write PDF, result.json, SEG and SR of the active study into a new folder inside `folder`."""
        study = self._context.session.library.active_study
        runs = self._runs(study) if study is not None else ()
        if study is None or not runs:
            what = tr("There is nothing to report yet.")
            self._context.complain(UsageError(what, tr("Analyse the study and judge its findings first.")))
            return
        out = Path(folder) / f"report-{datetime.now():%Y%m%d-%H%M%S}"
        self.write(study, out, self._context.session.review.signature(study.uid))

    def write(self, study: Study, out: Path, signature: Signature | None) -> None:
        """Write PDF, result.json, SEG and SR of a study into a folder, signed where a signature is given."""
        runs, marked = self._runs(study), self._marked(study)
        sections = self._context.session.review.report_text(study.uid)
        language, uid = self._context.settings.language, study.uid

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> dict[str, Path]:
            from viewer.jobs import key_marks, report

            volumes: dict[str, Volume] = {}
            for stack, volume in ((one[0], one[1]) for one in (*runs, *marked)):
                if stack.key not in volumes:
                    volumes[stack.key] = _loaded(stack, volume, cancel)
            loaded = tuple((stack, volumes[stack.key], result) for stack, _, result in runs)
            chosen = key_marks.pictures([(mark, stack, volumes[stack.key]) for stack, _, mark in marked], language)
            return report.export(
                out, study, loaded, sections=sections, language=language, sign=signature, chosen=chosen, cancel=cancel
            )

        def done(files: dict[str, Path]) -> None:
            self._context.session.tell(Exporting(False))
            self._context.recorder.exported(uid, sorted(path.name for path in files.values()))
            self._context.session.tell(Exported(str(out), files))

        def failed(error: ViewerError) -> None:
            self._context.session.tell(Exporting(False))
            self._context.complain(error)

        self._context.session.tell(Exporting(True))
        self._context.pool.submit(work, done, failed)

    def _runs(self, study: Study) -> tuple[tuple[Stack, Volume | None, AnalysisResult], ...]:
        """Stack, its pictures if they are held, and the result with its findings as judged."""
        session = self._context.session
        runs = []
        for entry in session.review.latest_results(study.uid):
            stack = session.library.stack(entry.stack_key)
            if stack is not None:
                judged = replace(entry.result, findings=session.review.findings_of(entry.id))
                runs.append((stack, session.library.volume(entry.stack_key), judged))
        return tuple(runs)

    def _marked(self, study: Study) -> tuple[tuple[Stack, Volume | None, KeyMark], ...]:
        """Stack, its pictures if they are held, and the reader's mark."""
        session = self._context.session
        marks = ((session.library.stack(mark.stack_key), mark) for mark in session.review.key_marks(study.uid))
        return tuple((stack, session.library.volume(stack.key), mark) for stack, mark in marks if stack is not None)


def _loaded(stack: Stack, volume: Volume | None, cancel: CancelToken) -> Volume:
    from viewer.reading import load_volume

    return volume if volume is not None else load_volume(stack, ignore_progress, cancel)
