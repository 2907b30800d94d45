"""Overlay and Segments section: what lies over the picture, and how strongly (screens 03, 05)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSlider, QWidget

from viewer.display.overlay import Fill
from viewer.room.panels.overlays import HeatRow, OverlaysView, SegmentRow
from viewer.session.overlays import OverlayChoice
from viewer.ui.kit.basic import ElidedLabel, button, clear, icon_label, label, row
from viewer.ui.kit.flow import FlowRow
from viewer.ui.kit.keys import native
from viewer.ui.kit.marks import STATE_ICONS, Swatch
from viewer.ui.kit.section import Section, icon_button
from viewer.words.i18n import named, said, tr
from viewer.words.verdicts import state_words

_FILL_MAX, _HEAT_MAX = 60, 100


class SegmentsPanel(Section):
    """Eye, swatch, name and volume of each segment; sliders; every change is told as an `OverlayChoice`."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Overlay"), parent)
        self._choice = OverlaysView().choice
        self._rows: tuple[SegmentRow, ...] = ()
        self._heats: tuple[HeatRow, ...] = ()
        self._key = ""

    def show_view(self, view: OverlaysView) -> None:
        """Show segments, heatmaps and what the reader chose; the section hides when there is nothing."""
        if view != OverlaysView(self._rows, self._heats, self._choice, self._key):
            self._rows, self._heats, self._choice, self._key = view.segments, view.heats, view.choice, view.key
            self._build()
        self.setVisible(bool(view.segments or view.heats))

    def _build(self) -> None:
        clear(self.body)
        filled = any(not segment.is_line for segment in self._rows)
        self.set_title(tr("Segments") if filled else tr("Overlay"))
        key = native(self._key)
        shown = tr("{key} on/off · hold {key} to peek", key=key) if key else ""
        self.set_count(
            shown if self._choice.visible else tr("hidden, {key} shows it", key=key) if key else tr("hidden")
        )
        for heat in self._heats:
            self._add_heat(heat)
        if self._heats:
            self._add_slider(tr("Heatmap"), self._choice.heatmap_opacity, _HEAT_MAX, self._on_heat_opacity)
        group = None
        for segment in self._rows:
            if segment.group and segment.group != group:
                self.body.addWidget(label(segment.group, "caption2"))
            group = segment.group
            self._add_segment(segment)
        if filled:
            self._add_slider(tr("Fill"), self._choice.fill_opacity, _FILL_MAX, self._on_fill_opacity)
            self._add_patterns()

    def _add_heat(self, heat: HeatRow) -> None:
        shown = self._choice.heat_shown(heat.key, heat.starts_off)
        line = row()
        line.addWidget(_eye(shown, named(heat.name), self._toggle_heat(heat)))
        line.addWidget(ElidedLabel(tr("Heatmap: {name}", name=named(heat.name))), 1)
        self.body.addLayout(line)
        if heat.honest is not None:
            words = row()
            icon, token = ("accepted", "accepted") if heat.honest else ("warn", "warn")
            words.addWidget(icon_label(icon, token, 16), 0, Qt.AlignmentFlag.AlignTop)
            text = said(heat.honesty) or (tr("Honesty check passed") if heat.honest else "")
            if not heat.honest:
                text = " ".join(part for part in (tr("Heatmap failed its check."), text) if part)
            words.addWidget(label(text, "small", wrap=True), 1)
            self.body.addLayout(words)

    def _add_segment(self, segment: SegmentRow) -> None:
        shown = segment.key not in self._choice.hidden
        line = row()
        line.addWidget(_eye(shown, named(segment.name), self._toggle_segment(segment)))
        line.addWidget(Swatch(segment.colour, segment.pattern if self._patterned else 0))
        line.addWidget(ElidedLabel(_title(segment)), 1)
        if segment.volume_mm3 is not None:
            line.addWidget(label(f"{segment.volume_mm3:.0f} mm³", "number"))
        if segment.state is not None:
            icon, token = STATE_ICONS[segment.state]
            line.addWidget(icon_label(icon, token, 16, state_words(segment.state)))
        self.body.addLayout(line)

    @property
    def _patterned(self) -> bool:
        return self._choice.fill is Fill.COLOUR_AND_PATTERN

    def _add_slider(self, name: str, value: float, highest: int, on_change: Callable[[int], None]) -> None:
        line = row(spacing=12)
        line.addWidget(label(name))
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, highest)
        slider.setValue(round(value * 100))
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        slider.setAccessibleName(tr("{name}, opacity in percent", name=name))
        number = label(f"{slider.value()} %", "caption2")
        number.setFixedWidth(38)
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        slider.valueChanged.connect(lambda percent: number.setText(f"{percent} %"))
        slider.valueChanged.connect(on_change)
        line.addWidget(slider, 1)
        line.addWidget(number)
        self.body.addLayout(line)

    def _add_patterns(self) -> None:
        line = FlowRow(spacing=6)
        line.addWidget(label(tr("Pattern")))
        choices = (
            (Fill.COLOUR_AND_PATTERN, tr("Colour and pattern")),
            (Fill.COLOUR, tr("Colour")),
            (Fill.OUTLINE, tr("Outline")),
        )
        for fill, words in choices:
            chip = button(words, self._choose_fill(fill), style="chip")
            chip.setCheckable(True)
            chip.setChecked(self._choice.fill is fill)
            line.addWidget(chip)
        self.body.addLayout(line)

    def _tell(self, choice: OverlayChoice, *, rebuild: bool = True) -> None:
        self._choice = choice
        if rebuild:
            self._build()
        self.chosen.emit(choice)

    def _choose_fill(self, fill: Fill) -> Callable[[], None]:
        return lambda: self._tell(replace(self._choice, fill=fill))

    def _toggle_segment(self, segment: SegmentRow) -> Callable[[], None]:
        return lambda: self._tell(replace(self._choice, hidden=self._choice.hidden ^ {segment.key}))

    def _toggle_heat(self, heat: HeatRow) -> Callable[[], None]:
        def toggle() -> None:
            if heat.starts_off:
                self._tell(replace(self._choice, heat_forced=self._choice.heat_forced ^ {heat.key}))
            else:
                self._tell(replace(self._choice, heat_hidden=self._choice.heat_hidden ^ {heat.key}))

        return toggle

    def _on_fill_opacity(self, percent: int) -> None:
        self._tell(replace(self._choice, fill_opacity=percent / 100), rebuild=False)

    def _on_heat_opacity(self, percent: int) -> None:
        self._tell(replace(self._choice, heatmap_opacity=percent / 100), rebuild=False)


def _eye(shown: bool, name: str, toggle: Callable[[], None]) -> QWidget:
    words = tr("Hide {name}", name=name) if shown else tr("Show {name}", name=name)
    return icon_button("eye" if shown else "eye-off", words, toggle, token="accent" if shown else "text_3")


def _title(segment: SegmentRow) -> str:
    """Number and name; lines and the boundary band have no number."""
    name = named(segment.name)
    return name if segment.is_line or not segment.key[1] else f"{segment.key[1]}  {name}"
