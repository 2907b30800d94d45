"""Judging: the selected finding, verdicts, edits, undo, and the way to its place."""

from __future__ import annotations

from collections.abc import Callable

from viewer.core.errors import UsageError
from viewer.core.finding import Finding, FindingState, Side
from viewer.room.context import Context
from viewer.room.navigation import Navigation
from viewer.session import Step, Thing
from viewer.words.i18n import tr


class Reviewing:
    """What the reader makes of findings, and the words about them."""

    def __init__(self, context: Context, navigation: Navigation) -> None:
        self._context, self._navigation = context, navigation

    @property
    def selected(self) -> str:
        """Id of the selected finding, "" where none is."""
        return self._context.session.review.selected

    def findings(self) -> tuple[Finding, ...]:
        """Findings of the active study."""
        study = self._context.session.library.active_study
        return self._context.session.review.findings(study.uid) if study is not None else ()

    def current(self) -> Finding | None:
        """The selected finding of the active study."""
        return next((f for f in self.findings() if f.id == self.selected), None)

    def select(self, finding_id: str, *, jump: bool = True) -> None:
        """Select a finding and show its place."""
        review = self._context.session.review
        review.select(finding_id)
        finding = self.current()
        entry = review.result(finding.result_id) if finding is not None else None
        if jump and finding is not None and entry is not None:
            self._navigation.to_finding(entry.stack_key, finding)

    def step(self, by: int) -> None:
        """Next (+1) or previous (-1) finding, round and round."""
        ids = [f.id for f in self.findings()]
        if not ids:
            return
        at = ids.index(self.selected) + by if self.selected in ids else (0 if by > 0 else -1)
        self.select(ids[at % len(ids)])

    def judge(self, finding_id: str, state: FindingState) -> None:
        """Store the reader's verdict."""
        try:
            self._context.session.review.judge(finding_id, state, self._context.settings.reader_name)
        except UsageError as error:
            self._context.complain(error)

    def judge_selected(self, state: FindingState) -> None:
        """A verdict by key."""
        if self.current() is None:
            self._context.complain(UsageError(tr("No finding is selected."), tr("Select one with N.")))
            return
        self.judge(self.selected, state)

    def edit(self, finding_id: str, words: str, side: Side, comment: str) -> None:
        """Store the reader's words."""
        try:
            reader = self._context.settings.reader_name
            self._context.session.review.edit(finding_id, label=words, side=side, comment=comment, reader=reader)
        except UsageError as error:
            self._context.complain(error)

    def undo(self) -> None:
        """Take the last step back, whatever it changed."""
        self._moved(self._context.session.history.undo)

    def redo(self) -> None:
        """Do it again."""
        self._moved(self._context.session.history.redo)

    def _moved(self, move: Callable[[], Step | None]) -> None:
        """Make a move, and show the finding that it changed."""
        try:
            step = move()
        except UsageError as error:
            self._context.complain(error)
            return
        if step is not None and step.thing is Thing.FINDING:
            self.select(step.after.id)
