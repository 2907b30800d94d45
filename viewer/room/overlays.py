"""Overlays: what lies over each stack, from results, verdicts and the reader's choice."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from viewer.core.finding import Finding, FindingState, Measurement, Side
from viewer.display.band import BAND, COLOUR, NAME, bands_of
from viewer.display.colours import Pattern
from viewer.display.overlay import Fill, MaskLayer, OverlaySet, marks_of, overlays_of
from viewer.room.context import Context
from viewer.room.external import External
from viewer.room.packs import Packs, box_sides
from viewer.room.panels.overlays import HeatRow, OverlayChoice, SegmentRow, VolumeRow, VolumesView, is_draft
from viewer.room.presentations import Presentations
from viewer.session import ResultEntry
from viewer.words.i18n import tr
from viewer.words.verdicts import state_words


class Overlays(QObject):
    """Builds overlay sets and the rows of the Overlay section.

    Signals:
        changed: the choice or what there is to show changed.
    """

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self.external = External(context)
        self.presentations = Presentations(context, self.external)
        self.external.changed.connect(self.changed)
        self.presentations.changed.connect(self.changed)
        settings = context.settings
        self.choice = OverlayChoice(
            fill=Fill(settings.overlay_pattern),
            fill_opacity=settings.fill_opacity,
            heatmap_opacity=settings.heatmap_opacity,
        )

    def choose(self, choice: OverlayChoice) -> None:
        """Take over what the reader chose."""
        if choice != self.choice:
            self.choice = choice
            self.changed.emit()

    def toggle(self) -> None:
        """The `o` key."""
        self.choose(replace(self.choice, visible=not self.choice.visible))

    def entries(self, key: str) -> tuple[ResultEntry, ...]:
        """Results that count for a stack."""
        study = self._context.session.library.study_of(key)
        if study is None:
            return ()
        there = (e for e in self._context.session.review.latest_results(study.uid) if e.lies_on(key))
        return tuple(e if e.stack_key == key else replace(e, result=e.result.seen_on(key)) for e in there)

    def overlays(self, key: str, selected: str = "") -> OverlaySet | None:
        """Everything over one stack, in the state of its findings; None where there is nothing."""
        entries = self.entries(key)
        masks = self.external.mask_layers(key, self.choice)
        heats = self.external.heat_layers(key, self.choice)
        planes = self.external.plane_layers(key, self.choice)
        graphics = self.presentations.graphics(key, self.external.graphic_layers(key, self.choice))
        shutters = self.presentations.shutters(key)
        if not any((entries, masks, heats, planes, graphics, shutters)):
            return None
        made = self._own(key, entries, selected) if entries else self._empty()
        masks, heats = (*made.masks, *masks), (*made.heatmaps, *heats)
        return replace(made, masks=masks, heatmaps=heats, planes=planes, graphics=graphics, shutters=shutters)

    def _empty(self) -> OverlaySet:
        choice = self.choice
        return OverlaySet(
            visible=choice.visible,
            fill=choice.fill,
            fill_opacity=choice.fill_opacity,
            heatmap_opacity=choice.heatmap_opacity,
        )

    def _own(self, key: str, entries: tuple[ResultEntry, ...], selected: str) -> OverlaySet:
        """What this program's results lay over a stack."""
        study_uid = entries[0].study_uid
        findings = self._context.session.review.findings(study_uid)
        choice = self.choice
        made = overlays_of(
            (e.result for e in entries),
            findings,
            words={state: state_words(state) for state in FindingState},
            hidden=choice.hidden,
            fill=choice.fill,
            fill_opacity=choice.fill_opacity,
            heatmap_opacity=choice.heatmap_opacity,
        )
        own = {f.id for e in entries for f in self._context.session.review.findings_of(e.id)}
        heats = self._own_heat_rows(key)
        shown = tuple(
            replace(layer, visible=choice.heat_shown(row)) for layer, row in zip(made.heatmaps, heats, strict=True)
        )
        words = {state: state_words(state) for state in FindingState}
        marks = tuple(mark for mark in marks_of(findings, words) if mark.finding_id in own)
        masks = tuple(self._select(layer, findings, selected) for layer in made.masks)
        masks += bands_of((e.result for e in entries), findings, choice.hidden)
        return replace(made, heatmaps=shown, marks=marks, masks=masks, visible=choice.visible)

    def _select(self, layer: MaskLayer, findings: tuple[Finding, ...], selected: str) -> MaskLayer:
        """A rejected segment is drawn while its finding is selected."""
        chosen = next((f for f in findings if f.id == selected), None)
        if chosen is None or chosen.location.segment is None:
            return layer
        return replace(layer, selected=frozenset({chosen.location.segment}))

    def heat_rows(self, key: str) -> tuple[HeatRow, ...]:
        """Heatmaps of a stack."""
        return (*self._own_heat_rows(key), *self.external.heat_rows(key))

    def _own_heat_rows(self, key: str) -> tuple[HeatRow, ...]:
        """Heatmaps of results; one that was not tested (its score is under the threshold) starts off."""
        return tuple(
            HeatRow(f"{entry.id}/{number}", heat.label, heat.honest, heat.honesty, quiet=heat.honest is None)
            for entry in self.entries(key)
            for number, heat in enumerate(entry.result.heatmaps)
        )

    def segment_rows(self, key: str) -> tuple[SegmentRow, ...]:
        """Segments of a stack with volume, swatch and verdict."""
        external = self.external
        return (*self._own_segment_rows(key), *external.segment_rows(key, self.choice), *external.line_rows(key))

    def _own_segment_rows(self, key: str) -> tuple[SegmentRow, ...]:
        entries = self.entries(key)
        if not entries:
            return ()
        layers = overlays_of(e.result for e in entries).masks
        owners = [entry for entry in entries for _ in entry.result.masks]
        rows = [row for entry, layer in zip(owners, layers, strict=True) for row in self._rows_of(entry, layer)]
        return (*rows, *(row for entry in entries for row in self._band_rows(entry)))

    def _band_rows(self, entry: ResultEntry) -> list[SegmentRow]:
        """The boundary band of a result, under its first segment's heading."""
        findings = self._context.session.review.findings_of(entry.id)
        if not bands_of([entry.result], findings):
            return []
        key, group = (entry.result.request_id, BAND), _group(findings[0], entry)
        return [SegmentRow(key, tr(NAME), group, None, COLOUR, Pattern.DOTS.value, None)]

    def _rows_of(self, entry: ResultEntry, layer: MaskLayer) -> list[SegmentRow]:
        findings = self._context.session.review.findings_of(entry.id)
        judged = {f.location.segment: f for f in findings if f.location.segment is not None}
        rows = []
        for segment in layer.mask.segments:
            style = layer.style(segment)
            finding = judged.get(segment.number)
            if finding is None:
                continue
            red, green, blue = style.colour
            rows.append(
                SegmentRow(
                    (entry.result.request_id, segment.number),
                    segment.name,
                    _group(finding, entry),
                    next((m.value for m in finding.measurements if m.unit == "mm3"), None),
                    f"#{red:02X}{green:02X}{blue:02X}",
                    style.pattern.value,
                    finding.state,
                )
            )
        return rows

    def volumes(self, key: str, packs: Packs) -> VolumesView | None:
        """The table of volumes of a stack: of a pack that runs on one side at a time; None without one."""
        for entry in reversed(self.entries(key)):
            if entry.result.cine is not None:
                return self._beat_of(entry)
            pack = packs.pack(entry.result.pack_id)
            if pack is not None and len(box_sides(pack)) == 2 and entry.result.masks:
                return self._volumes_of(key, pack.id)
        return None

    def _beat_of(self, entry: ResultEntry) -> VolumesView | None:
        """The heart's volumes; none once the reader rejected the outline."""
        findings = self._context.session.review.findings_of(entry.id)
        kept = [finding for finding in findings if finding.state is not FindingState.REJECTED]
        if not kept:
            return None
        first = kept[0]
        draft = is_draft([finding.state for finding in kept])
        pack = entry.result.pack_id
        return VolumesView((), (), pack, draft, cine=entry.result.cine, measured=first.measurements, notes=first.notes)

    def _volumes_of(self, key: str, pack_id: str) -> VolumesView:
        table: dict[str, dict[Side, Measurement]] = {}
        states: list[FindingState] = []
        for entry in self.entries(key):
            if entry.result.pack_id != pack_id:
                continue
            for finding in self._context.session.review.findings_of(entry.id):
                volume = next((m for m in finding.measurements if m.unit == "mm3"), None)
                if volume is not None and finding.state is not FindingState.REJECTED:
                    table.setdefault(finding.label, {})[finding.side] = volume
                    states.append(finding.state)
        rows = tuple(VolumeRow(name, by.get(Side.LEFT), by.get(Side.RIGHT)) for name, by in table.items())
        measured = {side for by in table.values() for side in by}
        missing = tuple(side for side in (Side.RIGHT, Side.LEFT) if side not in measured)
        return VolumesView(rows, missing, pack_id, is_draft(states))

    def swatch(self, finding: Finding) -> tuple[str, int] | None:
        """Colour and pattern of a finding's segment."""
        entry = self._context.session.review.result(finding.result_id)
        if entry is None or finding.location.segment is None:
            return None
        key = (entry.result.request_id, finding.location.segment)
        row = next((r for r in self.segment_rows(entry.stack_key) if r.key == key), None)
        return (row.colour, row.pattern) if row is not None else None


def _group(finding: Finding, entry: ResultEntry) -> str:
    """Heading over segments: the side, else the pack."""
    side = {"left": tr("Left"), "right": tr("Right")}.get(finding.side.value, "")
    return side or entry.result.pack_id
