"""Which of the open studies the list shows: by words, days and how far they were read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from viewer.core.errors import UsageError
from viewer.core.pairing import day_of
from viewer.core.study import Study
from viewer.room.context import Context
from viewer.room.events import BrowsingChanged
from viewer.session.progress import Progress, progress_of
from viewer.words.persons import spoken_name


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for.

    Attributes:
        words: all of them stand in name, ID, date, description, modality or accession number.
        since, until: days (20260302 or 2026-03-02) between which a study was made; "" for none.
        progress: how far it was read; None for any.
    """

    words: str = ""
    since: str = ""
    until: str = ""
    progress: Progress | None = None


class Browsing:
    """The filter of the studies list."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.filter = Filter()

    def look_for(self, **changes: Any) -> None:
        """Change what is looked for (`Filter`).

        Raises:
            UsageError: a day is none.
        """
        wanted = replace(self.filter, **changes)
        for day in (wanted.since, wanted.until):
            if day and day_of(day) is None:
                raise UsageError(f"'{day}' is no day.", "Write it as 2026-03-02.")
        if wanted != self.filter:
            self.filter = wanted
            self._context.session.tell(BrowsingChanged())

    def look_for_days(self, since: str, until: str) -> None:
        """Studies between two days, or words about why not."""
        try:
            self.look_for(since=since, until=until)
        except UsageError as error:
            self._context.complain(error)

    def shows(self, study: Study) -> bool:
        """True for a study that the list shows."""
        wanted = self.filter.progress
        return self._found(study) and (wanted is None or progress_of(self._context.session, study.uid) is wanted)

    def counts(self) -> dict[Progress, int]:
        """How many studies that words and days find are unread, drafts and signed."""
        session = self._context.session
        counted = Counter(progress_of(session, one.uid) for one in session.library.studies if self._found(one))
        return {one: counted[one] for one in Progress}

    def _found(self, study: Study) -> bool:
        text = _text_of(study)
        day, since, until = (day_of(one) for one in (study.date, self.filter.since, self.filter.until))
        if not all(word in text for word in self.filter.words.casefold().split()):
            return False
        if since is None and until is None:
            return True
        return day is not None and (since is None or since <= day) and (until is None or day <= until)


def _text_of(study: Study) -> str:
    day = day_of(study.date)
    words = [study.patient.name.replace("^", " "), spoken_name(study.patient.name), study.patient.id, study.date]
    words += [study.description, study.accession]
    words += [] if day is None else [day.isoformat(), f"{day.day} {day:%b %Y}"]
    words += [part for stack in study.stacks for part in (stack.modality, stack.description)]
    return " ".join(words).casefold()
