"""The bar below a picture that is played: play, frames, rate, to and fro, and what could not be shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSlider, QSpinBox, QWidget

from viewer.room.views.playing import LEAST_RATE, MOST_RATE, Cine
from viewer.room.views.view import View
from viewer.ui.kit.basic import button, label
from viewer.words.i18n import tr

HEIGHT = 36
#: Below this width (px) words give way.
_ROOMY = 560
#: A rate below this share of the one that is wanted is said.
_HONEST = 0.9


class CineBar(QWidget):
    """Drives the cine of one view; it takes no keys from the picture but those of its own fields.

    Args:
        closed: what follows when the bar is put away.
    """

    def __init__(self, view: View, closed: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self.cine = Cine()
        self.setFixedHeight(HEIGHT)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.play: QPushButton = button(tr("Play"), self.toggle, style="compact")
        self.frames = QSlider(Qt.Orientation.Horizontal)
        self.frames.setAccessibleName(tr("Frame"))
        self.frames.valueChanged.connect(self._seek)
        self._number: QLabel = label("", "caption2")
        self.rate = QSpinBox()
        self.rate.setRange(round(LEAST_RATE), round(MOST_RATE))
        self.rate.setFixedWidth(84)
        self.rate.setSuffix(tr(" /s"))
        self.rate.setAccessibleName(tr("Frames a second"))
        self.rate.valueChanged.connect(self.cine.set_rate)
        self.sweep = QCheckBox(tr("To and fro"))
        self.sweep.toggled.connect(self.cine.set_sweep)
        self.honest: QLabel = label("", "caption")
        close = button("×", closed, style="compact", name=tr("Close cine"))
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 2, 8, 2)
        line.setSpacing(8)
        for part in (self.play, self.frames, self._number, self.rate, self.sweep, self.honest, close):
            part.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            line.addWidget(part, 1 if part is self.frames else 0)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As narrow as the view wants it."""
        return QSize(0, HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """In a small view there is room for less."""
        super().resizeEvent(event)
        self.sweep.setVisible(self.width() >= _ROOMY)
        self._number.setVisible(self.width() >= _ROOMY)

    def toggle(self) -> None:
        """Play, or stand still."""
        if self.cine.runs:
            self.stop()
        else:
            self.cine.start(self._view)
            self._tick()

    def stop(self) -> None:
        """Stand still."""
        self.cine.stop()
        self._timer.stop()
        self.follow()

    def _seek(self, frame: int) -> None:
        """The reader took the slider: stand still there."""
        self.stop()
        self._view.surface.stir()
        self._view.set_slice(frame)

    def _tick(self) -> None:
        if self.cine.tick():
            self._timer.start(self.cine.wait_ms)
        self.follow()

    def follow(self) -> None:
        """Frame, rate and words as they are now."""
        picture = self._view.picture
        if picture is None:
            return
        with QSignalBlocker(self.frames), QSignalBlocker(self.rate), QSignalBlocker(self.sweep):
            self.frames.setRange(0, picture.count - 1)
            self.frames.setValue(picture.index)
            self.rate.setValue(round(self.cine.rate))
            self.sweep.setChecked(self.cine.sweep)
        self._number.setText(f"{picture.index + 1}/{picture.count}")
        self.play.setText(tr("Pause") if self.cine.runs else tr("Play"))
        self.honest.setText(self._said())

    def _said(self) -> str:
        """How many frames are really shown, where that is fewer than wanted."""
        shown = self.cine.shown_rate if self.cine.runs else None
        if shown is None or shown >= _HONEST * self.cine.rate:
            return ""
        if self.width() < _ROOMY:
            return f"{round(shown)}/{round(self.cine.rate)}"
        return tr("{n} of {all} a second shown, {skipped} skipped",
                  n=round(shown), all=round(self.cine.rate), skipped=self.cine.skipped)  # fmt: skip
