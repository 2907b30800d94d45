"""A series beside its prior: the same slices where both lie in one frame of reference, else as far off as they are."""

from __future__ import annotations

from viewer.core.errors import UsageError
from viewer.core.study import Stack
from viewer.display.hanging import Cell, Hanging
from viewer.display.slicing import Plane, upright_plane
from viewer.room.context import Context
from viewer.room.views.hanging import ViewHanging


class Comparing:
    """Puts two series of one person side by side."""

    def __init__(self, context: Context, hanging: ViewHanging) -> None:
        self._context, self._hanging = context, hanging

    def compare(self, key: str, prior_key: str) -> None:
        """The series on the left, its prior on the right; words where they cannot be compared."""
        session = self._context.session
        try:
            stacks = [_there(session.library.stack(one)) for one in (key, prior_key)]
            if session.people.of_stack(key) != session.people.of_stack(prior_key):
                raise UsageError("These series are of two patients.", "Name series of one person.")
            if session.two_patients:
                raise UsageError("Two patients are on screen.", "Show one of them only, then compare.")
        except UsageError as error:
            self._context.complain(error)
            return
        self._hanging.arrange(beside(stacks[0], stacks[1], self._hanging))


def _there(stack: Stack | None) -> Stack:
    if stack is None:
        raise UsageError("A series that was named is not open.", "Open both studies.")
    return stack


def beside(stack: Stack, prior: Stack, hanging: ViewHanging) -> Hanging:
    """Two series side by side in their acquired planes, each with the window of its rule."""
    cells = []
    for number, one in enumerate((stack, prior)):
        planned = hanging.planner.plan(one.key)
        own = next((c for c in planned.cells if c is not None and c.stack_key == one.key), None) if planned else None
        plane = Plane.NATIVE if one.geometry is None else upright_plane(one.geometry)
        cells.append(Cell(one.key, plane, own.window if own is not None else "", "compare", prior=number))
    return Hanging("Current and prior", "1x2", tuple(cells))
