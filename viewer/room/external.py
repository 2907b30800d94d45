"""What other systems lent to a series: found and read in a thread once it is on screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal, Slot

from viewer.core.errors import ViewerError
from viewer.core.finding import FindingState
from viewer.core.study import Study
from viewer.core.subtraction import Subtraction
from viewer.core.task import CancelFlag, CancelToken
from viewer.core.volume import Mask
from viewer.display.colours import Rgb
from viewer.display.graphics import GraphicLayer, PlaneLayer
from viewer.display.overlay import HeatmapLayer, MaskLayer
from viewer.display.presented import Presented
from viewer.jobs.overlays import Foreign, is_overlay, overlays_on, planes_in
from viewer.jobs.states import is_state, states_on, subtraction_of
from viewer.room.context import Context
from viewer.room.panels.overlays import HeatRow, OverlayChoice, SegmentRow
from viewer.session import Event, StudiesChanged
from viewer.ui.kit.lanes import Priority
from viewer.words.i18n import said, tr


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


class External(QObject):
    """Overlays, marks and presentation states of the same patient that speak of a stack.

    Signals:
        changed: there is more, or less, to lie over a stack.
    """

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._found: dict[str, Lent] = {}
        self._looked: dict[str, frozenset[str]] = {}
        self._reading: dict[str, CancelFlag] = {}
        context.told.connect(self._on_event)

    def of(self, key: str) -> tuple[Foreign, ...]:
        """What lies over a stack; empty while it is being read."""
        return self.lent(key).foreign

    def lent(self, key: str) -> Lent:
        """Everything that was lent to a stack; nothing while it is being read."""
        return self._found.get(key, Lent())

    @Slot(str)
    def look(self, key: str) -> None:
        """Read what speaks of a stack, unless that was done for the objects that are open."""
        library = self._context.session.library
        stack, volume = library.stack(key), library.volume(key)
        study = library.study_of(key)
        if stack is None or volume is None or study is None:
            return
        studies = tuple(s for s in library.studies if s.patient == study.patient)
        objects = _objects(studies)
        if self._looked.get(key) == objects:
            return
        self._looked[key] = objects

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> Lent:
            planes = planes_in(stack, volume.geometry, cancel)
            foreign = overlays_on(stack, volume.geometry, studies, cancel)
            return Lent((*planes, *foreign), states_on(stack, volume, studies, cancel), subtraction_of(stack))

        self.cancel(key)
        self._reading[key] = self._context.pool.submit(
            work, self._done(key), self._failed(key), priority=Priority.PREFETCH
        )

    @Slot(str)
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

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, StudiesChanged):
            for key in tuple(self._looked):
                self.look(key)

    def _done(self, key: str) -> Callable[[Lent], None]:
        def done(found: Lent) -> None:
            self._reading.pop(key, None)
            self._found[key] = found
            for foreign in found.foreign:
                if foreign.problem:
                    name = foreign.source.description or tr("no description")
                    self._context.trouble.emit(
                        tr("The overlay {name} is not shown. {why}", name=name, why=said(foreign.problem))
                    )
            if found.subtraction is not None and found.subtraction.problem:
                self._context.trouble.emit(tr(found.subtraction.problem))
            self.changed.emit()

        return done

    def _failed(self, key: str) -> Callable[[ViewerError], None]:
        def failed(error: ViewerError) -> None:
            self._reading.pop(key, None)
            self._context.complain(error)

        return failed

    def mask_layers(self, key: str, choice: OverlayChoice) -> tuple[MaskLayer, ...]:
        """Masks of other systems: solid, but dashed where a program alone made them."""
        return tuple(_layer(name, mask, choice) for name, mask in self._masks(key))

    def heat_layers(self, key: str, choice: OverlayChoice) -> tuple[HeatmapLayer, ...]:
        """Maps of other systems; each starts switched off, so that the picture is seen first."""
        maps = [heat for foreign in self.of(key) for heat in foreign.heatmaps]
        rows = self.heat_rows(key)
        return tuple(
            HeatmapLayer(heat, visible=row.key in choice.heat_forced, accepted=True)
            for heat, row in zip(maps, rows, strict=True)
        )

    def graphic_layers(self, key: str, choice: OverlayChoice) -> tuple[GraphicLayer, ...]:
        """Marks of reports."""
        return tuple(replace(layer, visible=row not in choice.hidden) for row, layer in self._layers(key))

    def plane_layers(self, key: str, choice: OverlayChoice) -> tuple[PlaneLayer, ...]:
        """Overlay planes inside the pictures."""
        return tuple(replace(layer, visible=row not in choice.hidden) for row, layer in self._planes(key))

    def _layers(self, key: str) -> list[tuple[tuple[str, int], GraphicLayer]]:
        return [((f"{f.source.key}/marks", n), layer) for f in self.of(key) for n, layer in enumerate(f.layers)]

    def _planes(self, key: str) -> list[tuple[tuple[str, int], PlaneLayer]]:
        return [((f"{f.source.key}/planes", p.plane.number), p) for f in self.of(key) for p in f.planes]

    def line_rows(self, key: str) -> list[SegmentRow]:
        """Rows of marks and overlay planes: they have no volume and no pattern."""
        marks = [
            SegmentRow(
                row, layer.name, tr("Marks of reports"), None, _hex(layer.colour), 0, _draft(layer.ai), is_line=True
            )
            for row, layer in self._layers(key)
        ]
        planes = [
            SegmentRow(row, _plane_words(p), tr("Overlays in the file"), None, _hex(p.colour), 0, None, is_line=True)
            for row, p in self._planes(key)
        ]
        return marks + planes

    def heat_rows(self, key: str) -> tuple[HeatRow, ...]:
        """Rows of the maps."""
        return tuple(
            HeatRow(f"{foreign.source.key}/{n}", heat.label, None, "", quiet=True)
            for foreign in self.of(key)
            for n, heat in enumerate(foreign.heatmaps)
        )

    def segment_rows(self, key: str, choice: OverlayChoice) -> list[SegmentRow]:
        """Rows of the segments, under the object's name."""
        rows = []
        whole = {foreign.source.key: foreign.whole for foreign in self.of(key)}
        for name, mask in self._masks(key):
            layer = _layer(name, mask, choice)
            measured = mask.geometry.oriented and whole[name.rpartition("/")[0]]
            for segment in mask.segments:
                style = layer.style(segment)
                volume = mask.volume_mm3(segment.number) if measured else None
                colour, pattern = _hex(style.colour), style.pattern.value
                state = FindingState.PROPOSED if segment.automatic else None
                rows.append(SegmentRow((name, segment.number), segment.name, mask.name, volume, colour, pattern, state))
        return rows

    def _masks(self, key: str) -> list[tuple[str, Mask]]:
        """Masks of a stack, each with the id under which its segments are hidden."""
        return [(f"{foreign.source.key}/{n}", mask) for foreign in self.of(key) for n, mask in enumerate(foreign.masks)]


def _objects(studies: tuple[Study, ...]) -> frozenset[str]:
    stacks = (stack for study in studies for stack in study.stacks)
    return frozenset(stack.key for stack in stacks if is_overlay(stack) or is_state(stack))


def _draft(ai: bool) -> FindingState | None:
    return FindingState.PROPOSED if ai else None


def _hex(rgb: Rgb) -> str:
    red, green, blue = rgb
    return f"#{red:02X}{green:02X}{blue:02X}"


def _plane_words(layer: PlaneLayer) -> str:
    plane = layer.plane
    name = plane.name or tr("Overlay {n}", n=plane.number)
    kind = f" ({tr('region')})" if plane.region else ""
    return f"{name}{kind}" + (f" · {tr('reaches beyond the picture')}" if plane.cut else "")


def _layer(name: str, mask: Mask, choice: OverlayChoice) -> MaskLayer:
    hidden = frozenset(number for owner, number in choice.hidden if owner == name)
    by_people = {s.number: FindingState.ACCEPTED for s in mask.segments if not s.automatic}
    return MaskLayer(mask, states=by_people, hidden=hidden, ai=len(by_people) < len(mask.segments))
