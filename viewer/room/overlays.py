"""Overlays: what lies over each stack, from results, verdicts and the reader's choice."""

from __future__ import annotations

from dataclasses import replace

from viewer.core.finding import Finding, FindingState
from viewer.display.band import bands_of
from viewer.display.overlay import Fill, MaskLayer, OverlaySet, marks_of, overlays_of
from viewer.room.context import Context
from viewer.room.external import External
from viewer.room.presentations import Presentations
from viewer.session import OverlayChoice, ResultEntry
from viewer.words.verdicts import state_words


class Overlays:
    """Builds overlay sets."""

    def __init__(self, context: Context, external: External, presentations: Presentations) -> None:
        self._context, self.external, self.presentations = context, external, presentations
        settings = context.settings
        self.choose(
            OverlayChoice(
                fill=Fill(settings.overlay_pattern),
                fill_opacity=settings.fill_opacity,
                heatmap_opacity=settings.heatmap_opacity,
            )
        )

    @property
    def choice(self) -> OverlayChoice:
        """What the reader chose."""
        return self._context.session.overlays.choice

    def choose(self, choice: OverlayChoice) -> None:
        """Take over what the reader chose."""
        self._context.session.overlays.choose(choice)

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
        rows = [f"{entry.id}/{n}" for entry in entries for n in range(len(entry.result.heatmaps))]
        shown = tuple(
            replace(layer, visible=choice.heat_shown(row, starts_off=not layer.heatmap.honest))
            for row, layer in zip(rows, made.heatmaps, strict=True)
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
