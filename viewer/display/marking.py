"""Strokes and words of what lies on a picture: segments, findings, other systems' marks, drawings, the box."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from viewer.core.finding import FindingState
from viewer.display.graphics import PlacedGraphic
from viewer.display.overlay import Line, PlacedMark
from viewer.display.scene import LINE_PX, MARGIN, Align, Handle, Item, Metrics, Points, Stroke, Text, cross, segment

#: Image points [..., 2] (row, column) -> screen points [..., 2] (x, y).
ToScreen = Callable[[Points], Points]
#: Token of each verdict's colour.
STATE_TOKENS: dict[FindingState, str] = {state: state.value for state in FindingState}
#: Radius of the ring round a single point, and corners it is drawn with.
_RING, _ROUND = 10.0, 48
#: Gap round the point of the crosshair.
CROSSHAIR_GAP = 24
_CROSS, _CHOSEN_CROSS, _CHOSEN_WIDTH = 6.0, 10.0, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A drawing of the reader on the screen.

    Attributes:
        words: lines of its plate; anchor: where the leader to them begins; leader: False where they stand there.
        handles: [n, 2], shown while it is under the pointer.
    """

    lines: tuple[Points, ...]
    words: tuple[str, ...]
    anchor: Points
    leader: bool = True
    handles: Points | None = None


def mark_items(mark: PlacedMark, to_screen: ToScreen, size: tuple[int, int], metrics: Metrics) -> Iterator[Item]:
    """The outline of a finding with its words, held on the canvas."""
    points, token = to_screen(mark.points), STATE_TOKENS[mark.mark.state]
    shape = _ring(points[0]) if len(points) == 1 else np.concatenate([points, points[:1]])
    yield Stroke((shape,), token, mark.mark.line)
    wide = metrics.text_width(mark.mark.label)
    x = float(np.clip(shape[:, 0].min() + 4, MARGIN, max(MARGIN, size[0] - wide - MARGIN)))
    y = float(np.clip(shape[:, 1].max() + LINE_PX, LINE_PX, size[1] - LINE_PX))
    yield Text((x, y), mark.mark.label, token)


def _ring(centre: Points) -> Points:
    turn = np.linspace(0, 2 * np.pi, _ROUND + 1)
    return np.asarray(centre + _RING * np.stack([np.cos(turn), np.sin(turn)], axis=-1))


def graphic_items(mark: PlacedGraphic, to_screen: ToScreen, size: tuple[int, int], metrics: Metrics) -> Iterator[Item]:
    """A mark of another system; a program's own is dashed, the chosen one is wide."""
    line = Line.DASHED if mark.ai else Line.SOLID
    lines = tuple(to_screen(points) for points in mark.lines)
    if lines:
        yield Stroke(lines, mark.colour, line)
    if lines and mark.selected:
        yield Stroke(lines, mark.colour, line, _CHOSEN_WIDTH, halo=False)
    if len(mark.points):
        arm = _CHOSEN_CROSS if mark.selected else _CROSS
        yield Stroke(tuple(part for at in to_screen(mark.points) for part in cross(at, arm)), mark.colour)
    words = [words for words in mark.text.split("\n") if words]
    if words:
        at, wide = to_screen(mark.text_at), max(metrics.text_width(one) for one in words)
        x = float(np.clip(at[0] + 8, MARGIN, max(MARGIN, size[0] - wide - MARGIN)))
        y = float(np.clip(at[1] + LINE_PX, LINE_PX, max(LINE_PX, size[1] - LINE_PX * len(words))))
        for number, one in enumerate(words):
            yield Text((x, y + number * LINE_PX), one, mark.colour)


def box_items(corners: Points, label: str, handles: bool) -> Iterator[Item]:
    """The reader's box for packs: two opposite corners [2, 2] on the screen."""
    (x0, y0), (x1, y1) = np.sort(corners, axis=0).tolist()
    around = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])
    yield Stroke((around,), "measure", smooth=False)
    if handles:
        xm, ym = (x0 + x1) / 2, (y0 + y1) / 2
        for at in ((x0, y0), (xm, y0), (x1, y0), (x1, ym), (x1, y1), (xm, y1), (x0, y1), (x0, ym)):
            yield Handle(at)
    if label:
        yield Text((x0 + 4, y0 - LINE_PX / 2 - 5), label, "measure")


def gap_items(gaps: tuple[tuple[Points, float], ...], width: int, words: Callable[[str], str]) -> Iterator[Item]:
    """Both sides of each gap between slices, and its width above the upper one."""
    for ends, _ in gaps:
        yield Stroke((ends,), "warn", Line.DOTTED, halo=False, smooth=False)
    for (one, mm), (other, _) in zip(gaps[::2], gaps[1::2], strict=True):
        label = words("gap {mm} mm, no data between").format(mm=f"{mm:.1f}")
        y = float(min(one[:, 1].min(), other[:, 1].min())) - LINE_PX / 2 - 3
        yield Text((width - MARGIN - 4, y), label, "warn", Align.RIGHT)


def crosshair_items(size: tuple[int, int], at: Points) -> Iterator[Item]:
    """Lines to the edges, with a gap round the point."""
    x, y = (round(float(v)) + 0.5 for v in at)
    width, height = size
    lines = (
        segment(0, y, x - CROSSHAIR_GAP, y),
        segment(x + CROSSHAIR_GAP, y, width, y),
        segment(x, 0, x, y - CROSSHAIR_GAP),
        segment(x, y + CROSSHAIR_GAP, x, height),
    )
    yield Stroke(lines, "accent", width=1.0, halo=False, smooth=False)
