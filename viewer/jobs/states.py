"""Presentation states of a study on a stack of pictures, and the mask subtraction the pictures ask for."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from viewer.core.errors import ViewerError
from viewer.core.study import Kind, Stack, Study
from viewer.core.subtraction import Subtraction
from viewer.core.task import CancelFlag, CancelToken
from viewer.core.volume import Volume
from viewer.display.presented import Presented, present
from viewer.reading.objects.states import is_applicable, read_states
from viewer.reading.objects.subtraction import domain_in, read_subtraction

log = logging.getLogger(__name__)

_PICTURES = frozenset({Kind.VOLUME, Kind.STACK, Kind.IMAGE, Kind.CINE})


def is_state(stack: Stack) -> bool:
    """True for presentation states that can be laid on pictures."""
    return is_applicable(stack)


def states_on(
    stack: Stack, volume: Volume, studies: Iterable[Study], cancel: CancelToken | None = None
) -> tuple[Presented, ...]:
    """Every presentation state of the same patient's studies that names pictures of a stack.

    A state that cannot be read is left out; the studies list has its object and says why.

    Args:
        studies: of one patient; a study of anyone else must not be passed.

    Raises:
        Cancelled: the reader asked to stop.
    """
    cancel = cancel or CancelFlag()
    if stack.kind not in _PICTURES:
        return ()
    found = []
    for source in (s for study in studies for s in study.stacks if is_applicable(s)):
        cancel.check()
        try:
            states = read_states(source)
        except ViewerError as error:
            log.info("a presentation state could not be read: %s", error.code)
            continue
        placed = (present(state, stack, volume, f"{source.key}/{n}") for n, state in enumerate(states))
        found += [_with_domain(one, stack) for one in placed if one is not None]
    return tuple(found)


def _with_domain(state: Presented, stack: Stack) -> Presented:
    """A state's subtraction works on the pictures' values: whether those are logarithms only they say."""
    asked = state.subtraction
    if asked is None:
        return state
    logarithmic, problem = domain_in(stack)
    unread = (*state.unread, problem) if problem else state.unread
    return replace(
        state, subtraction=replace(asked, logarithmic=logarithmic, problem=problem, recommended=True), unread=unread
    )


def subtraction_of(stack: Stack) -> Subtraction | None:
    """The mask subtraction that the pictures of a stack ask for; None where they ask for none."""
    frames = [instance.frame for instance in stack.instances]
    return read_subtraction(stack) if frames == list(range(len(frames))) else None
