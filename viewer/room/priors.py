"""Earlier studies of the person who is read, by patient and body part; never of people without a name."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.pairing import day_of
from viewer.core.study import Stack, Study
from viewer.display.exam import family_of, in_study, is_read, region_of
from viewer.display.hanging import counterpart
from viewer.room.context import Context


@dataclass(frozen=True, slots=True)
class Prior:
    """An earlier study of one person.

    Attributes:
        days: before the study it is a prior of.
    """

    study: Study
    days: int

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """All of its stacks, with what the study is called."""
        return tuple(in_study(stack, self.study.description) for stack in self.study.stacks)


class Priors:
    """Finds earlier studies."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def before(self, study: Study) -> tuple[Prior, ...]:
        """Earlier studies of the same person, the newest first; without dates nothing is earlier."""
        people = self._context.session.people
        person, day = people.of(study.uid), day_of(study.date)
        if person is None or day is None or not (study.patient.id.strip() or study.patient.name.strip()):
            return ()
        earlier = [one for one in people.studies_of(person) if _moment(one) < _moment(study)]
        dated = [(one, day_of(one.date)) for one in sorted(earlier, key=_moment, reverse=True)]
        return tuple(Prior(one, (day - then).days) for one, then in dated if then is not None)

    def like(self, stack: Stack) -> tuple[tuple[Prior, Stack], ...]:
        """Of each earlier study that shows the same body part, the series to compare a stack with."""
        study = self._context.session.library.study_of(stack.key)
        asked = stack if study is None else in_study(stack, study.description)
        if study is None or not region_of(asked):
            return ()
        pairs = ((prior, counterpart(asked, _alike(prior, asked))) for prior in self.before(study))
        return tuple((prior, found) for prior, found in pairs if found is not None)


def _moment(study: Study) -> tuple[str, str]:
    return study.date, study.time


def _alike(prior: Prior, stack: Stack) -> tuple[Stack, ...]:
    region, family = region_of(stack), family_of(stack)
    return tuple(s for s in prior.stacks if is_read(s) and region_of(s) == region and family_of(s) == family)
