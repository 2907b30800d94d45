"""What other systems lent to a series: found and read in a thread once it is on screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from viewer.core.errors import ViewerError
from viewer.core.finding import FindingState
from viewer.core.study import Study
from viewer.core.subtraction import Subtraction
from viewer.core.task import CancelFlag, CancelToken
from viewer.core.volume import Heatmap, Mask
from viewer.display.graphics import GraphicLayer, PlaneLayer
from viewer.display.overlay import HeatmapLayer, MaskLayer
from viewer.display.presented import Presented
from viewer.room.background import Priority
from viewer.room.context import Context
from viewer.room.events import ExternalChanged, StackDropped, StackLoaded
from viewer.session import Event, StudiesChanged
from viewer.session.overlays import OverlayChoice
from viewer.words.i18n import said, tr

if TYPE_CHECKING:
    from viewer.jobs.overlays import Foreign


@dataclass(frozen=True, slots=True, eq=False)
class Lent:
    """Everything lent to one stack.

    Attributes:
        foreign: what lies over it; states: presentation states that name its pictures.
        subtraction: what its own file says of mask subtraction, None where nothing.
    """

    foreign: tuple[Foreign, ...] = ()
    states: tuple[Presented, ...] = ()
    subtraction: Subtraction | None = None


class External:
    """Overlays, marks and presentation states of the same patient that speak of a stack.

    Tells `ExternalChanged` when there is more, or less, to lie over a stack.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._found: dict[str, Lent] = {}
        self._looked: dict[str, frozenset[str]] = {}
        self._reading: dict[str, CancelFlag] = {}
        context.session.subscribe(self._on_event)

    def of(self, key: str) -> tuple[Foreign, ...]:
        """What lies over a stack; empty while it is being read."""
        return self.lent(key).foreign

    def lent(self, key: str) -> Lent:
        """Everything that was lent to a stack; nothing while it is being read."""
        return self._found.get(key, Lent())

    def look(self, key: str) -> None:
        """Read what speaks of a stack, unless that was done for the objects that are open."""
        library = self._context.session.library
        stack, volume = library.stack(key), library.volume(key)
        study = library.study_of(key)
        if stack is None or volume is None or study is None:
            return
        person = self._context.session.people.of(study.uid)
        studies = (study,) if person is None else self._context.session.people.studies_of(person)
        objects = _objects(studies)
        if self._looked.get(key) == objects:
            return
        self._looked[key] = objects

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> Lent:
            from viewer.jobs.overlays import overlays_on, planes_in
            from viewer.jobs.states import states_on, subtraction_of

            planes = planes_in(stack, volume.geometry, cancel)
            foreign = overlays_on(stack, volume.geometry, studies, cancel)
            return Lent((*planes, *foreign), states_on(stack, volume, studies, cancel), subtraction_of(stack))

        self.cancel(key)
        self._reading[key] = self._context.pool.submit(
            work, self._done(key), self._failed(key), priority=Priority.PREFETCH
        )

    def drop(self, key: str) -> None:
        """Forget a stack that left the memory."""
        self.cancel(key)
        self._looked.pop(key, None)
        self._found.pop(key, None)

    def cancel(self, key: str) -> None:
        """Stop reading for a stack."""
        running = self._reading.pop(key, None)
        if running is not None:
            running.cancel()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, StudiesChanged):
            for key in tuple(self._looked):
                self.look(key)
        elif isinstance(event, StackLoaded):
            self.look(event.stack_key)
        elif isinstance(event, StackDropped):
            self.drop(event.stack_key)

    def _done(self, key: str) -> Callable[[Lent], None]:
        def done(found: Lent) -> None:
            self._reading.pop(key, None)
            self._found[key] = found
            for foreign in found.foreign:
                if foreign.problem:
                    name = foreign.source.description or tr("no description")
                    self._context.trouble(
                        tr("The overlay {name} is not shown. {why}", name=name, why=said(foreign.problem))
                    )
            if found.subtraction is not None and found.subtraction.problem:
                self._context.trouble(tr(found.subtraction.problem))
            self._context.session.tell(ExternalChanged(key))

        return done

    def _failed(self, key: str) -> Callable[[ViewerError], None]:
        def failed(error: ViewerError) -> None:
            self._reading.pop(key, None)
            self._context.complain(error)

        return failed

    def mask_layers(self, key: str, choice: OverlayChoice) -> tuple[MaskLayer, ...]:
        """Masks of other systems: solid, but dashed where a program alone made them."""
        return tuple(_layer(name, mask, choice) for name, mask in self.masks(key))

    def heat_layers(self, key: str, choice: OverlayChoice) -> tuple[HeatmapLayer, ...]:
        """Maps of other systems; each starts switched off, so that the picture is seen first."""
        return tuple(
            HeatmapLayer(heat, visible=choice.heat_shown(row, starts_off=True), accepted=True)
            for row, heat in self.heatmaps(key)
        )

    def graphic_layers(self, key: str, choice: OverlayChoice) -> tuple[GraphicLayer, ...]:
        """Marks of reports."""
        return tuple(replace(layer, visible=row not in choice.hidden) for row, layer in self.marks(key))

    def plane_layers(self, key: str, choice: OverlayChoice) -> tuple[PlaneLayer, ...]:
        """Overlay planes inside the pictures."""
        return tuple(replace(layer, visible=row not in choice.hidden) for row, layer in self.planes(key))

    # each with the id under which it is hidden

    def masks(self, key: str) -> list[tuple[str, Mask]]:
        """Masks over a stack."""
        return [(f"{foreign.source.key}/{n}", mask) for foreign in self.of(key) for n, mask in enumerate(foreign.masks)]

    def heatmaps(self, key: str) -> list[tuple[str, Heatmap]]:
        """Maps over a stack."""
        return [
            (f"{foreign.source.key}/{n}", heat) for foreign in self.of(key) for n, heat in enumerate(foreign.heatmaps)
        ]

    def marks(self, key: str) -> list[tuple[tuple[str, int], GraphicLayer]]:
        """Marks of reports over a stack."""
        return [((f"{f.source.key}/marks", n), layer) for f in self.of(key) for n, layer in enumerate(f.layers)]

    def planes(self, key: str) -> list[tuple[tuple[str, int], PlaneLayer]]:
        """Overlay planes inside the pictures of a stack."""
        return [((f"{f.source.key}/planes", p.plane.number), p) for f in self.of(key) for p in f.planes]


def _objects(studies: tuple[Study, ...]) -> frozenset[str]:
    from viewer.jobs.overlays import is_overlay
    from viewer.jobs.states import is_state

    stacks = (stack for study in studies for stack in study.stacks)
    return frozenset(stack.key for stack in stacks if is_overlay(stack) or is_state(stack))


def _layer(name: str, mask: Mask, choice: OverlayChoice) -> MaskLayer:
    hidden = frozenset(number for owner, number in choice.hidden if owner == name)
    by_people = {s.number: FindingState.ACCEPTED for s in mask.segments if not s.automatic}
    return MaskLayer(mask, states=by_people, hidden=hidden, ai=len(by_people) < len(mask.segments))
