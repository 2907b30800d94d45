"""One view as a widget: a strip of words and badges over a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.room.tools.base import Pointer
from viewer.room.views import labels
from viewer.room.views.arrangement import LEAST_SIZE
from viewer.room.views.events import Surface
from viewer.room.views.facts import Message
from viewer.room.views.mouse import Mouse
from viewer.room.views.view import View
from viewer.ui.kit.refresh import later
from viewer.ui.viewport.bordered import FRAME, Bordered
from viewer.ui.viewport.cine_bar import CineBar
from viewer.ui.viewport.controller import ViewController
from viewer.ui.viewport.notice import Notice
from viewer.ui.viewport.strip import Strip
from viewer.ui.viewport.textline import TextLine
from viewer.words.i18n import tr

#: Where each arrow key goes: right, down.
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class _Painted(Surface):
    """Paints a view in its widget."""

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport

    def refresh(self) -> None:
        """Paint once in this turn of the event loop."""
        self._viewport.repaint_soon()

    def stir(self) -> None:
        """Paint quickly until it rests."""
        self._viewport.controller.stir()

    def rename(self) -> None:
        """Strip, badges and the name that is read aloud."""
        self._viewport.rename()

    def say(self, message: Message) -> None:
        """Words low in the view; they take no focus."""
        self._viewport.notice.say(message)

    def ask_text(self, pointer: Pointer) -> None:
        """A line to type in."""
        self._viewport.typing.open_at(pointer)

    def take_focus(self) -> None:
        """Take the keys."""
        self._viewport.controller.canvas.setFocus()


class Viewport(Bordered):
    """Paints a `View` and hands it keys and mouse."""

    def __init__(self, view: View | None = None, mouse: Mouse | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view or View()
        self.mouse = mouse or Mouse(self.view)
        self.setMinimumSize(QSize(*LEAST_SIZE))
        self.strip = Strip(self)
        self.controller = ViewController(self, self.view, self.mouse)
        self.canvas = self.controller.canvas
        self.notice = Notice(self.canvas)
        self.typing = TextLine(self.view, self.canvas)
        self.cine_bar: CineBar | None = None
        self._was_active = self.view.active
        column = QVBoxLayout(self)
        column.setContentsMargins(FRAME, FRAME, FRAME, FRAME)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.canvas, 1)
        self.setFocusProxy(self.canvas)
        self.view.surface = _Painted(self)
        self.rename()

    def play(self) -> None:
        """Cine on or off; its bar comes below the picture, which stays where it is."""
        if self.view.picture is None or self.view.picture.count < 2:
            return
        if self.cine_bar is None:
            self.cine_bar = CineBar(self.view, self.put_cine_away, self)
            self._show_bar(self.cine_bar, True)
        self.cine_bar.toggle()

    def stand_still(self) -> None:
        """End cine; its bar stays."""
        if self.cine_bar is not None and self.cine_bar.cine.runs:
            self.cine_bar.stop()

    def put_cine_away(self) -> None:
        """End cine and take its bar away."""
        bar, self.cine_bar = self.cine_bar, None
        if bar is not None:
            bar.stop()
            self._show_bar(bar, False)
            bar.deleteLater()

    def _show_bar(self, bar: CineBar, show: bool) -> None:
        self.controller.hold(True)
        column = cast(QVBoxLayout, self.layout())
        if show:
            column.addWidget(bar)
        else:
            column.removeWidget(bar)
        bar.setVisible(show)
        column.activate()
        later(self, 0, partial(self.controller.hold, False)).start()

    def repaint_soon(self) -> None:
        """Picture, its words for a screen reader, and the border where the view became active or quiet."""
        self.canvas.refresh()
        if QAccessible.isActive():
            self.canvas.setAccessibleDescription(self.spoken())
        if self._was_active is not self.view.active:
            self._was_active = self.view.active
            self.update()

    def spoken(self) -> str:
        """What is shown, said: image and window."""
        picture, window = self.view.picture, self.view.window
        if picture is None or window is None:
            return ""
        where = tr("Image {n} of {count}", n=picture.index + 1, count=picture.count)
        return f"{where}, {tr('width {width}, level {level}', width=f'{window.width:g}', level=f'{window.center:g}')}"

    def rename(self) -> None:
        """Words and badges of the strip; the bar of another stack's cine goes."""
        picture = self.view.picture
        if self.cine_bar is not None and picture is not self.cine_bar.cine.picture:
            self.put_cine_away()
        title, sub = (tr("Empty view"), tr("Choose a series in the studies list"))
        if picture is not None:
            title, sub = labels.strip_words(picture)
        self.strip.set_words(title, sub)
        self.canvas.setAccessibleName(tr("View {title}, {sub}", title=title, sub=sub))
        self.strip.set_badges(labels.badges_of(self.view))

    @property
    def active(self) -> bool:
        """True for the view that keys go to."""
        return self.view.active

    def cancel(self) -> None:
        """Esc: close the message, drop what is not finished, then the pointer that keys move."""
        drawing = self.view.draft is not None
        self.notice.hide()
        self.typing.drop()
        self.mouse.cancel()
        if not drawing:
            self.mouse.keyed.hide()

    def stack_arrived(self, key: str) -> None:
        """A series was dropped here."""
        self.view.events.stack_put(self.view, key)

    def files_arrived(self, paths: Sequence[Path]) -> None:
        """Files were dropped here."""
        self.view.events.files_dropped(self.view, paths)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc cancels, arrows move the pointer of the keys, Delete takes the selected drawing away."""
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
        elif event.key() in _ARROWS and self.mouse.keyed.is_shown:
            self.mouse.keyed.move(
                *_ARROWS[Qt.Key(event.key())], bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            )
        elif event.key() == Qt.Key.Key_Delete and self.view.selected:
            self.mouse.delete_selected()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The message keeps its place."""
        super().resizeEvent(event)
        if self.notice.isVisible():
            self.notice.place()
