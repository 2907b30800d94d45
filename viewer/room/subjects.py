"""What packs read besides pictures: the signals or words of the object on screen, read in a thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from viewer.core.analysis import AnalysisRequest, Subject
from viewer.core.study import Stack
from viewer.core.task import CancelToken
from viewer.core.volume import Volume
from viewer.core.waveform import Waveform
from viewer.room.context import Context
from viewer.room.events import ObjectWanted, SubjectRead
from viewer.session import Event, StudyClosed

if TYPE_CHECKING:
    from viewer.jobs.cine import Home


class Subjects:
    """Holds the signals and words that were read; tells `SubjectRead`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._held: dict[str, Subject] = {}
        context.session.subscribe(self._on_event)

    def of(self, key: str) -> Subject | None:
        """The signals or words of a stack, once they were read."""
        return self._held.get(key)

    @property
    def keys(self) -> tuple[str, ...]:
        """Stacks whose signals or words are held."""
        return tuple(self._held)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ObjectWanted):
            self._read(event.stack_key)
        elif isinstance(event, StudyClosed):
            library = self._context.session.library
            self._held = {key: one for key, one in self._held.items() if library.stack(key) is not None}

    def _read(self, key: str) -> None:
        from viewer.reading import is_read, load_subject

        stack = self._context.session.library.stack(key)
        if stack is None or not is_read(stack) or key in self._held:
            return

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> Subject:
            cancel.check()
            return load_subject(stack)

        def done(subject: Subject) -> None:
            self._held[key] = subject
            self._context.session.tell(SubjectRead(key))

        self._context.pool.submit(work, done, lambda _error: None)  # its own view says why it cannot be read


def subject_of(request: AnalysisRequest) -> Subject:
    """The picture, the signals or the words that a request is of."""
    return next(one for one in request.inputs.values() if isinstance(one, (Volume, Waveform, str)))


def typed_in(request: AnalysisRequest, stack: Stack) -> str:
    """The words of a request where they were typed and stand in no file."""
    from viewer.reading import is_picture

    read = subject_of(request)
    return read if isinstance(read, str) and is_picture(stack) else ""


def beside(home: Home, typed: str) -> Home:
    """A result of typed words, kept with the pictures it stands beside."""
    from viewer.reading import load_subject

    return replace(home, volume=load_subject(home.stack), result=replace(home.result, text=typed))
