"""What lies over a picture: masks, heatmaps and marks, and how they look on any slice.

One path for all of them in every plane: each carries its own Geometry and is sampled at the
pixels of the slice by position in mm (`sampling`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from viewer.core.analysis import AnalysisResult
from viewer.core.finding import Finding, FindingState
from viewer.core.volume import Heatmap, Mask, Segment
from viewer.display.colours import Pattern, Rgb, hex_colour, palette_colour, palette_pattern, palette_size
from viewer.display.contours import Polyline
from viewer.display.graphics import (
    GraphicLayer,
    PlacedGraphic,
    PlaneLayer,
    ShutterLayer,
    Stamp,
)

#: Opacity of a heatmap that failed its honesty check.
DISHONEST_OPACITY = 0.20


class Fill(Enum):
    """How the inside of a segment is shown; values as in the settings."""

    COLOUR_AND_PATTERN = "colour_and_pattern"
    COLOUR = "colour"
    OUTLINE = "outline"


class Line(Enum):
    """How the edge of a segment or mark is drawn."""

    DASHED = "dashed"
    SOLID = "solid"
    DOTTED = "dotted"
    NONE = "none"


#: A machine's proposal never looks like a person's decision.
LINES: dict[FindingState, Line] = {
    FindingState.PROPOSED: Line.DASHED,
    FindingState.ACCEPTED: Line.SOLID,
    FindingState.UNSURE: Line.DOTTED,
    FindingState.REJECTED: Line.NONE,
}


@dataclass(frozen=True, slots=True)
class SegmentStyle:
    """How one segment looks; panels show the same swatch."""

    number: int
    name: str
    colour: Rgb
    pattern: Pattern
    line: Line
    double: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MaskLayer:
    """A mask and how it is shown.

    Attributes:
        states: verdict per segment number; a segment without one is a proposal where `ai`,
            else a person's or another system's object (solid).
        hidden: numbers not shown; `selected`: shown although rejected.
        offset: added to (number - 1) for the palette, so that masks of several packs differ.
        outlined: its edge is drawn; a boundary band is filled only.
    """

    mask: Mask
    states: dict[int, FindingState] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    selected: frozenset[int] = frozenset()
    ai: bool = True
    offset: int = 0
    outlined: bool = True
    _kept: list[tuple[SegmentStyle, ...]] = field(default_factory=list, init=False, repr=False)

    def style(self, segment: Segment) -> SegmentStyle:
        """Colour, fill and line of one of the mask's segments."""
        position = segment.number - 1 + self.offset
        own = hex_colour(segment.colour) if segment.colour else None
        state = self.states.get(segment.number, FindingState.PROPOSED if self.ai else FindingState.ACCEPTED)
        line = Line.DASHED if state is FindingState.REJECTED and segment.number in self.selected else LINES[state]
        return SegmentStyle(
            segment.number,
            segment.name,
            own or palette_colour(position),
            palette_pattern(position),
            line,
            double=own is None and position >= palette_size(),
        )

    def shown(self) -> tuple[SegmentStyle, ...]:
        """Styles of the segments that are drawn; found once, for every step of a scroll asks."""
        if not self._kept:
            styles = (self.style(segment) for segment in self.mask.segments if segment.number not in self.hidden)
            self._kept.append(tuple(style for style in styles if style.line is not Line.NONE))
        return self._kept[0]


@dataclass(frozen=True, slots=True, eq=False)
class HeatmapLayer:
    """A heatmap and whether it is on; one that failed its honesty check starts switched off.

    Attributes:
        accepted: every finding it speaks for was accepted by a reader.
    """

    heatmap: Heatmap
    visible: bool = True
    accepted: bool = False

    @property
    def failed(self) -> bool:
        """True where the honesty check was made and failed."""
        return self.heatmap.honest is False


@dataclass(frozen=True, slots=True)
class Mark:
    """An outline, box or point of a finding.

    Attributes:
        points_lps: LPS mm; one point is drawn as a small ring.
        label: text on its plate ("1 AI draft").
    """

    label: str
    state: FindingState
    points_lps: tuple[tuple[float, float, float], ...]
    finding_id: str = ""
    ai: bool = True

    @property
    def line(self) -> Line:
        """How its edge is drawn."""
        return LINES[self.state]


@dataclass(frozen=True, slots=True, eq=False)
class OverlaySet:
    """Everything over one picture; immutable, so a new one means something changed.

    Attributes:
        visible: the `o` switch.
        fill_opacity: of segments, 0..0.6; heatmap_opacity: of heatmaps, 0..1.
        graphics, planes, shutters: what other systems drew on the pictures or covered.
    """

    masks: tuple[MaskLayer, ...] = ()
    heatmaps: tuple[HeatmapLayer, ...] = ()
    marks: tuple[Mark, ...] = ()
    visible: bool = True
    fill: Fill = Fill.COLOUR_AND_PATTERN
    fill_opacity: float = 0.28
    heatmap_opacity: float = 0.45
    graphics: tuple[GraphicLayer, ...] = ()
    planes: tuple[PlaneLayer, ...] = ()
    shutters: tuple[ShutterLayer, ...] = ()

    @property
    def shows_ai(self) -> bool:
        """True where something a machine proposed is on: the picture then says "AI draft"."""
        if not self.visible:
            return False
        undecided = any(
            style.line is not Line.NONE and layer.states.get(style.number) is not FindingState.ACCEPTED
            for layer in self.masks
            if layer.ai
            for style in layer.shown()
        )
        marks = any(m.ai and m.state in (FindingState.PROPOSED, FindingState.UNSURE) for m in self.marks)
        marks = marks or any(layer.ai and layer.visible for layer in self.graphics)
        return undecided or marks or any(layer.visible and not layer.accepted for layer in self.heatmaps)

    @property
    def heatmap(self) -> HeatmapLayer | None:
        """The heatmap whose bar is shown: the first that is on."""
        if not self.visible:
            return None
        return next((layer for layer in self.heatmaps if layer.visible), None)


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One closed line in pixel coordinates (row, column)."""

    points: Polyline
    style: SegmentStyle


@dataclass(frozen=True, slots=True, eq=False)
class PlacedMark:
    """A mark on one slice: pixel coordinates (row, column) float64 [n, 2]."""

    points: npt.NDArray[np.float64]
    mark: Mark


@dataclass(frozen=True, slots=True, eq=False)
class SliceOverlay:
    """An overlay set as it lies on one slice.

    Attributes:
        labels: uint8 [rows, columns], 0 = nothing, n = styles[n - 1]; None where there is nothing.
        heat: float32 [rows, columns] 0..1 of the heatmap that is on, or None.
        heat_failed: True where that heatmap failed its honesty check.
        edged: there are no outlines; composing draws the edges of the labels, pixel by pixel.
        stamps: pixels that take one colour, in this order (shutters, bit planes).
    """

    labels: npt.NDArray[np.uint8] | None = None
    styles: tuple[SegmentStyle, ...] = ()
    outlines: tuple[Outline, ...] = ()
    heat: npt.NDArray[np.float32] | None = None
    heat_failed: bool = False
    marks: tuple[PlacedMark, ...] = ()
    graphics: tuple[PlacedGraphic, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    edged: bool = False


NOTHING = SliceOverlay()


def overlays_of(
    results: Iterable[AnalysisResult],
    findings: Sequence[Finding] = (),
    *,
    words: dict[FindingState, str] | None = None,
    hidden: frozenset[tuple[str, int]] = frozenset(),
    fill: Fill = Fill.COLOUR_AND_PATTERN,
    fill_opacity: float = 0.28,
    heatmap_opacity: float = 0.45,
) -> OverlaySet:
    """Everything that finished analyses of one stack put over it, in the state of the findings.

    Args:
        findings: with their verdicts; `result_id` ties them to a result (empty: to every one).
        words: label of each state on plates; default English.
        hidden: (request id, segment number) switched off by the reader.
    """
    masks: list[MaskLayer] = []
    heatmaps: list[HeatmapLayer] = []
    colours: dict[str, int] = {}
    for result in results:
        own = [f for f in findings if f.result_id in ("", result.request_id)]
        states = {f.location.segment: f.state for f in own if f.location.segment is not None}
        off = frozenset(number for request, number in hidden if request == result.request_id)
        masks += [MaskLayer(mask, states, off, offset=_offset(mask, colours)) for mask in result.masks]
        agreed = bool(own) and all(f.state is FindingState.ACCEPTED for f in own)
        heatmaps += [HeatmapLayer(heatmap, heatmap.honest is not False, agreed) for heatmap in result.heatmaps]
    return OverlaySet(
        tuple(masks), tuple(heatmaps), marks_of(findings, words), True, fill, fill_opacity, heatmap_opacity
    )


def _offset(mask: Mask, colours: dict[str, int]) -> int:
    """Palette offset of a mask: the same segments (left and right side) share their colours."""
    names = "\0".join(f"{s.number} {s.name}" for s in mask.segments)
    highest = max((s.number for s in mask.segments), default=0)
    used = colours.get("", 0)
    if names not in colours:
        colours[names] = used
        colours[""] = used + highest
    return colours[names]


#: Word of each state on the plate of a mark.
STATE_WORDS: dict[FindingState, str] = {
    FindingState.PROPOSED: "AI draft",
    FindingState.ACCEPTED: "Accepted",
    FindingState.UNSURE: "Not sure",
    FindingState.REJECTED: "Rejected",
}


def marks_of(findings: Sequence[Finding], words: dict[FindingState, str] | None = None) -> tuple[Mark, ...]:
    """Numbered marks of findings that have points and no segment (segments have outlines)."""
    said = words or STATE_WORDS
    return tuple(
        Mark(f"{number} {said[f.state]}", f.state, f.location.points_lps, f.id, ai=bool(f.pack))
        for number, f in enumerate(findings, start=1)
        if f.location.points_lps and f.location.segment is None
    )
