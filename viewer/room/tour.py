"""The tour of the first run: a few steps through a read of the sample studies, each done by the reader's own hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.room.actions import printed_key
from viewer.room.events import SettingsChanged, StackOpened, TourMoved
from viewer.room.room import Room
from viewer.room.views.events import ViewMoved
from viewer.session import (
    Event,
    FindingChanged,
    MeasurementsChanged,
    OverlaysChanged,
    ReportChanged,
    ResultAdded,
    SelectionChanged,
    StudiesChanged,
    ViewsChanged,
)

#: What a step looks at: it is done once this has changed.
Fact = Callable[[Room], object]


@dataclass(frozen=True, slots=True)
class TourStep:
    """One step: its words, the actions whose keys stand in them ({0}, {1} ...), and by what it is seen to be done."""

    title: str
    words: str
    keys: tuple[str, ...] = ()
    fact: Fact | None = None


def _shown(room: Room) -> object:
    return room.context.session.library.active


def _slice(room: Room) -> object:
    picture = room.views.active.picture
    return None if picture is None else (picture.source.stack.key, picture.index)


def _window(room: Room) -> object:
    window = room.views.active.window
    return None if window is None else (window.center, window.width)


def _drawings(room: Room) -> object:
    return room.context.session.measurements.all()


def _results(room: Room) -> object:
    return len(room.context.session.review.results())


def _verdicts(room: Room) -> object:
    return tuple((finding.id, finding.state) for finding in room.reviewing.findings())


STEPS: tuple[TourStep, ...] = (
    TourStep(
        "Choose a study",
        "The sample studies stand at the left: click a series, or go on with {0} and back with {1}.",
        ("series.next", "series.previous"),
        _shown,
    ),
    TourStep(
        "Scroll",
        "Turn the wheel over the picture, or press {0} and {1}. A double click or {2} gives one view all the room.",
        ("slice.down", "slice.up", "view.maximise"),
        _slice,
    ),
    TourStep(
        "Set the window",
        "Drag with the left button: right is wider, up is brighter. {0} to 9 are presets, {1} suits the image.",
        ("window.preset2", "window.auto"),
        _window,
    ),
    TourStep(
        "Measure",
        "Press {0} and drag a line. Click a drawing to select it, then drag it or press {1}; {2} takes the step back.",
        ("tool.length", "measure.delete", "edit.undo"),
        _drawings,
    ),
    TourStep(
        "Ask the second reader",
        "{0} runs the pack that suits. What it proposes is dashed and says AI draft; hold {1} to see the bare image.",
        ("analysis.run", "overlay.toggle"),
        _results,
    ),
    TourStep(
        "Judge each finding",
        "{0} goes to the next one, {1} accepts, {2} rejects. Only what you accept enters the report.",
        ("finding.next", "finding.accept", "finding.reject"),
        _verdicts,
    ),
    TourStep(
        "Write and sign",
        "{0} opens the report beside the picture. It names its patient at every step; signing locks it.",
        ("report.write",),
    ),
    TourStep(
        "Without a mouse",
        "{0} goes from region to region, Tab inside one, {1} shows every key. The tour stands in the Help menu.",
        ("region.next", "help.keys"),
    ),
)


@dataclass(frozen=True, slots=True)
class TourView:
    """What the card of the tour shows.

    Attributes:
        step: which of `STEPS`, None while there is no tour; keys: what stands in the words, as Qt writes keys.
        done: the reader did what the step asks.
    """

    step: int | None = None
    keys: tuple[str, ...] = ()
    done: bool = False


#: After these events it is to be built anew.
HEARS: tuple[type[Event], ...] = (
    TourMoved, SettingsChanged, StackOpened, ViewMoved, ViewsChanged, MeasurementsChanged, ResultAdded, FindingChanged,
    SelectionChanged, OverlaysChanged, ReportChanged, StudiesChanged,
)  # fmt: skip


class Tour:
    """Goes through the steps; each knows how things stood when it began."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._step: int | None = None
        self._before: object = None

    def start(self) -> None:
        """Begin at the first step, on the sample studies where nothing is open."""
        if not self._room.context.session.library.studies:
            self._room.opening.open_samples()
        self._go(0)

    def step(self, by: int) -> None:
        """The next step, or the one before; behind the last one the tour ends."""
        if self._step is None:
            return
        if self._step + by >= len(STEPS):
            self.end()
        else:
            self._go(max(self._step + by, 0))

    def end(self) -> None:
        """No tour any more; it is not offered again."""
        self._step = None
        self._room.context.session.tell(TourMoved())
        self._room.context.change_settings(tour_seen=True)

    def _go(self, step: int) -> None:
        self._step = step
        fact = STEPS[step].fact
        self._before = fact(self._room) if fact is not None else None
        self._room.context.session.tell(TourMoved())

    def view(self) -> TourView:
        """What the card shows now."""
        if self._step is None:
            return TourView()
        step = STEPS[self._step]
        rebound = self._room.context.settings.shortcuts
        keys = tuple(printed_key(name, rebound) for name in step.keys)
        done = step.fact is not None and step.fact(self._room) not in (self._before, None, "")
        return TourView(self._step, keys, done)
