"""Presentation states and mask subtraction: which of them the reader has on, for each stack."""

from __future__ import annotations

from dataclasses import replace

from viewer.core.subtraction import Subtraction
from viewer.core.volume import Volume
from viewer.display.graphics import GraphicLayer, ShutterLayer
from viewer.display.presented import Presented
from viewer.display.subtraction import Subtractor
from viewer.room.context import Context
from viewer.room.events import StackDropped
from viewer.room.external import External
from viewer.words.i18n import tr


class Presentations:
    """What the reader applied. A state is never on by itself; a file may ask to open subtracted."""

    def __init__(self, context: Context, external: External) -> None:
        self._context, self._external = context, external
        self._choices = context.session.overlays
        self._subtractors: dict[str, Subtractor] = {}
        context.session.on(StackDropped, lambda event: self._subtractors.pop(event.stack_key, None))

    # presentation states

    def states(self, key: str) -> tuple[Presented, ...]:
        """Presentation states that name pictures of a stack."""
        return self._external.lent(key).states

    def state(self, key: str) -> Presented | None:
        """The state that is applied to a stack."""
        wanted = self._choices.state_of(key)
        return next((s for s in self._external.lent(key).states if s.id == wanted), None)

    def toggle(self, key: str, state_id: str) -> None:
        """Apply a state in the place of another one, or take it off; its mask goes with it."""
        self._choices.apply_state(key, "" if self._choices.state_of(key) == state_id else state_id)

    def graphics(self, key: str, others: tuple[GraphicLayer, ...]) -> tuple[GraphicLayer, ...]:
        """Marks of the applied state and of reports, the one that was gone to marked out."""
        state = self.state(key)
        layers = (*others, *(state.layers if state is not None else ()))
        return tuple(replace(layer, selected=self._choices.mark) for layer in layers)

    def shutters(self, key: str) -> tuple[ShutterLayer, ...]:
        """What the applied state covers."""
        state = self.state(key)
        return () if state is None else state.shutters

    # mask subtraction

    def subtraction(self, key: str) -> Subtraction | None:
        """What is asked for a stack: by the applied state, else by its own file."""
        state = self.state(key)
        if state is not None and state.subtraction is not None:
            return state.subtraction
        return self._external.lent(key).subtraction

    def subtracts(self, key: str) -> bool:
        """True while frames of a stack are shown with their mask subtracted."""
        asked = self.subtraction(key)
        if asked is None or asked.problem:
            return False
        chosen = self._choices.subtracted(key)
        return asked.recommended if chosen is None else chosen

    def subtractor(self, key: str, volume: Volume) -> Subtractor | None:
        """What subtracts the masks of a stack; None while it is shown as it is."""
        asked = self.subtraction(key)
        if asked is None or not self.subtracts(key):
            return None
        held = self._subtractors.get(key)
        if held is None or held.subtraction is not asked or not held.is_of(volume):
            held = self._subtractors[key] = Subtractor(volume, asked)
        return held

    def toggle_subtraction(self) -> None:
        """Switch the active stack between native and subtracted, or say why it cannot be."""
        key = self._context.session.library.active
        asked = self.subtraction(key)
        if asked is None:
            return
        if asked.problem:
            self._context.trouble(tr(asked.problem))
            return
        self._choices.subtract(key, not self.subtracts(key))
