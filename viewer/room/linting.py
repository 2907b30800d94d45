"""What the lint asks about the report of a study, and what a reader lets stand."""

from __future__ import annotations

from viewer.core.clock import now
from viewer.core.overruled import Overruled, as_text, overruled_in, reason_given
from viewer.core.sections import OVERRULED, aside
from viewer.core.study import Study
from viewer.display.hanging import pick
from viewer.jobs.report_lint import Remark, check_settled, remarks
from viewer.room.context import Context


class Linting:
    """Reads the words of reports against the findings of the session."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def remarks(self, study: Study) -> tuple[Remark, ...]:
        """What stands in a report, with the reasons why some of it may."""
        review, library = self._context.session.review, self._context.session.library
        sections = review.report_text(study.uid)
        shown = next((library.stack(entry.stack_key) for entry in review.latest_results(study.uid)), None)
        person = person_of(study)
        priors = [one for one in library.studies if person and person_of(one) == person]
        return remarks(study, shown or pick(study.stacks), review.findings(study.uid), sections, priors)

    def check(self, study_uid: str) -> None:
        """Refuse to sign over what may hurt somebody.

        Raises:
            UsageError: something critical is open; the first is said.
        """
        study = self._context.session.library.study(study_uid)
        if study is not None:
            check_settled(self.remarks(study))

    def overrule(self, study: Study, remark: Remark, reason: str, reader: str) -> None:
        """Let a remark stand; one step of undo like any change of the text.

        Raises:
            UsageError: there is no reason, or the report is signed.
        """
        sections = self._context.session.review.report_text(study.uid)
        kept = [one for one in overruled_in(sections.get(OVERRULED, "")) if not _is(one, remark)]
        made = Overruled(remark.code.value, remark.section, remark.quote, reason_given(reason), reader, now())
        self._context.session.review.put_report_text(study.uid, sections | {OVERRULED: as_text([*kept, made])})

    def with_aside(self, study_uid: str, typed: dict[str, str]) -> dict[str, str]:
        """What a person typed with what the program keeps beside it."""
        return aside(self._context.session.review.report_text(study_uid)) | typed


def person_of(study: Study) -> tuple[str, str] | None:
    """Who a study is of, for finding earlier ones; None where nobody is named."""
    patient = study.patient
    return (patient.id, patient.name) if patient.id or patient.name else None


def _is(one: Overruled, remark: Remark) -> bool:
    return (one.code, one.section, one.quote) == (remark.code.value, remark.section, remark.quote)
