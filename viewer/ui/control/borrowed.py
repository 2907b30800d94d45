"""Overlays from other systems: found and read in a thread once a series is on screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from viewer.core.errors import ViewerError
from viewer.core.finding import FindingState
from viewer.core.study import Study
from viewer.core.task import CancelFlag, CancelToken
from viewer.core.volume import Mask
from viewer.display.overlay import HeatmapLayer, MaskLayer
from viewer.jobs.overlays import Foreign, is_overlay, overlays_on
from viewer.session import Event, StudiesChanged
from viewer.ui.control.desk import Desk
from viewer.ui.i18n import said, tr
from viewer.ui.lanes import Priority
from viewer.ui.segments_panel import HeatRow, OverlayChoice, SegmentRow


class Borrowed(QObject):
    """Segmentations, structure sets and maps of the same patient that speak of a stack.

    Signals:
        changed: there is more, or less, to lie over a stack.
    """

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._found: dict[str, tuple[Foreign, ...]] = {}
        self._looked: dict[str, frozenset[str]] = {}
        self._reading: dict[str, CancelFlag] = {}
        desk.told.connect(self._on_event)

    def of(self, key: str) -> tuple[Foreign, ...]:
        """What lies over a stack; empty while it is being read."""
        return self._found.get(key, ())

    @Slot(str)
    def look(self, key: str) -> None:
        """Read what speaks of a stack, unless that was done for the objects that are open."""
        library = self._desk.session.library
        stack, volume = library.stack(key), library.volume(key)
        study = library.study_of(key)
        if stack is None or volume is None or study is None:
            return
        studies = tuple(s for s in library.studies if s.patient == study.patient)
        objects = _objects(studies)
        if self._looked.get(key, frozenset()) == objects:
            return
        self._looked[key] = objects

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> tuple[Foreign, ...]:
            return overlays_on(stack, volume.geometry, studies, cancel)

        self.cancel(key)
        self._reading[key] = self._desk.pool.submit(
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

    def _done(self, key: str) -> Callable[[tuple[Foreign, ...]], None]:
        def done(found: tuple[Foreign, ...]) -> None:
            self._reading.pop(key, None)
            self._found[key] = found
            for foreign in found:
                if foreign.problem:
                    name = foreign.source.description or tr("no description")
                    self._desk.trouble.emit(
                        tr("The overlay {name} is not shown. {why}", name=name, why=said(foreign.problem))
                    )
            self.changed.emit()

        return done

    def _failed(self, key: str) -> Callable[[ViewerError], None]:
        def failed(error: ViewerError) -> None:
            self._reading.pop(key, None)
            self._desk.complain(error)

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
                red, green, blue = style.colour
                volume = mask.volume_mm3(segment.number) if measured else None
                colour, pattern = f"#{red:02X}{green:02X}{blue:02X}", style.pattern.value
                state = FindingState.PROPOSED if segment.automatic else None
                rows.append(SegmentRow((name, segment.number), segment.name, mask.name, volume, colour, pattern, state))
        return rows

    def _masks(self, key: str) -> list[tuple[str, Mask]]:
        """Masks of a stack, each with the id under which its segments are hidden."""
        return [(f"{foreign.source.key}/{n}", mask) for foreign in self.of(key) for n, mask in enumerate(foreign.masks)]


def _objects(studies: tuple[Study, ...]) -> frozenset[str]:
    return frozenset(stack.key for study in studies for stack in study.stacks if is_overlay(stack))


def _layer(name: str, mask: Mask, choice: OverlayChoice) -> MaskLayer:
    hidden = frozenset(number for owner, number in choice.hidden if owner == name)
    by_people = {s.number: FindingState.ACCEPTED for s in mask.segments if not s.automatic}
    return MaskLayer(mask, states=by_people, hidden=hidden, ai=len(by_people) < len(mask.segments))
