"""Regions of the window: F6 goes from one to the next, Tab stays inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QWidget


class Region(QFrame):
    """A part of the window in which Tab goes round."""

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's name
        """From the last control on to the first, not out of the region."""
        return step_inside(self, forward)


def step_inside(region: QWidget, forward: bool) -> bool:
    """Give the keyboard to the next control of a region, round and round; False where it has none."""
    stops = stops_of(region)
    if not stops:
        return False
    here = QApplication.focusWidget()
    at = stops.index(here) if here in stops else (-1 if forward else 0)
    take(stops[(at + (1 if forward else -1)) % len(stops)], forward)
    return True


def take(widget: QWidget, forward: bool = True) -> None:
    """Give a widget the keyboard and bring it into sight."""
    widget.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    around = widget.parentWidget()
    while around is not None:
        if isinstance(around, QScrollArea):
            around.ensureWidgetVisible(widget, 0, 12)
        around = around.parentWidget()


def stops_of(region: QWidget) -> list[QWidget]:
    """Controls of a region that Tab stops at, in the order they were laid out.

    Qt's own focus chain is not walked: asking a widget for the next one makes its Python object the other's owner.
    """
    return [widget for widget in region.findChildren(QWidget) if _stops(widget)]


def _stops(widget: QWidget) -> bool:
    takes_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return takes_tab and widget.focusProxy() is None and widget.isEnabled() and widget.isVisible()


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """One region of the ring: its widget, and what gives it the keyboard (False where it takes none)."""

    widget: QWidget
    enter: Callable[[], bool]


class RegionRing:
    """Regions in a ring; each remembers which of its controls had the keyboard last."""

    def __init__(self, regions: Callable[[], Sequence[Stop]]) -> None:
        self._regions = regions
        self._last: dict[QWidget, QWidget] = {}

    def step(self, by: int) -> None:
        """Give the keyboard to the next region that takes it (by = 1), or to the one before (-1)."""
        stops = [stop for stop in self._regions() if stop.widget.isVisible()]
        here = QApplication.focusWidget()
        at = next((n for n, stop in enumerate(stops) if here is not None and _holds(stop.widget, here)), -min(by, 1))
        if here is not None and 0 <= at < len(stops):
            self._last[stops[at].widget] = here
        for further in range(1, len(stops) + 1):
            stop = stops[(at + by * further) % len(stops)]
            last = self._last.get(stop.widget)
            if last is not None and last in stops_of(stop.widget):
                take(last)
                return
            if stop.enter():
                return


def first_control(region: QWidget) -> Callable[[], bool]:
    """Enters a region at its first control."""
    return lambda: step_inside(region, forward=True)


def _holds(region: QWidget, widget: QWidget) -> bool:
    return region is widget or region.isAncestorOf(widget)
