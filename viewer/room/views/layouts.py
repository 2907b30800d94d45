"""Layouts that the reader picks: a grid, or one that was saved by name; each is one step of undo."""

from __future__ import annotations

from viewer.core.errors import SettingsError, UsageError
from viewer.display.hanging import attempt
from viewer.room.context import Context
from viewer.room.saved_layouts import SavedLayouts, rule_of_layout
from viewer.room.views.arrangement import grid
from viewer.room.views.hanging import ViewHanging
from viewer.room.views.views import Views


class Layouts:
    """What the layout picker does."""

    def __init__(self, context: Context, hanging: ViewHanging, views: Views) -> None:
        self._context, self._hanging, self._views = context, hanging, views

    @property
    def saved(self) -> SavedLayouts:
        """The saved ones."""
        return self._hanging.planner.saved

    def choose(self, rows: int, columns: int) -> None:
        """A grid of views; what they show stays, and empty ones take further planes."""
        before, self._hanging.by_hand = self._hanging.layout, True
        self._views.arrange(grid(rows, columns))
        self._context.session.views.arrange(self._hanging.layout, before)

    def save(self, name: str) -> None:
        """Keep what the views show under a name, and open examinations of this type with it."""
        library = self._context.session.library
        study, exam = library.active_study, self._hanging.planner.exam(library.active)
        if study is None or exam is None:
            return
        active = exam.opened
        layout = self._hanging.layout
        held = {key: stack for key in layout.stacks if (stack := library.stack(key)) is not None}
        own = {stack.key for stack in study.stacks}
        rule = rule_of_layout(name, layout, held, active.key, [key for key in held if key not in own])
        try:
            self.saved.save(rule)
            self.saved.use(active, rule.name)
        except (SettingsError, UsageError) as error:
            self._context.complain(error)

    def apply(self, name: str) -> None:
        """A saved layout for the active study, and for examinations of its type from now on."""
        library, rule = self._context.session.library, self.saved.get(name)
        exam = self._hanging.planner.exam(library.active)
        if rule is None or exam is None:
            return
        planned = attempt(rule, exam).hanging
        if planned is None:
            self._context.complain(
                UsageError("This layout does not fit the open study.", "Choose another, or save it anew.")
            )
            return
        self.saved.use(exam.opened, name)
        self._hanging.arrange(planned)
