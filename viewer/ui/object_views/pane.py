"""Shows any object that is not a picture, in the place of a viewport."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from viewer.core.document import Document, Structures
from viewer.core.errors import ViewerError
from viewer.core.finding import Evidence
from viewer.core.study import Stack
from viewer.core.task import CancelFlag
from viewer.core.volume import Mask
from viewer.core.waveform import Waveform
from viewer.display import ecg
from viewer.room import objects
from viewer.room.background import Pool
from viewer.room.objects import OpenObject
from viewer.ui.kit.basic import ElidedLabel, column, frame, label, row
from viewer.ui.object_views.ecg_view import EcgView
from viewer.ui.object_views.lists_view import segments_view, structures_view
from viewer.ui.object_views.pdf_view import PdfView
from viewer.ui.object_views.signals_view import SignalsView
from viewer.ui.object_views.tree_view import TreeView
from viewer.words.i18n import error_words, tr


def _signals(waveform: Waveform, _pool: Pool) -> QWidget:
    return EcgView(waveform) if any(ecg.is_ecg(group) for group in ecg.groups(waveform)) else SignalsView(waveform)


def _document(document: Document, pool: Pool) -> QWidget:
    return PdfView(document, pool) if document.pdf else TreeView(document)


def _structures(structures: Structures, _pool: Pool) -> QWidget:
    return structures_view(structures)


def _segments(masks: tuple[Mask, ...], _pool: Pool) -> QWidget:
    return segments_view(masks)


#: Views by the id in the table of object types; each is given what the reader of its type gives.
VIEWS: dict[str, Callable[[Any, Pool], QWidget]] = {
    "signals": _signals,
    "document": _document,
    "structures": _structures,
    "segments": _segments,
}


class ObjectPane(QWidget):
    """A strip with the object's name above its view; reads in the background and says what went wrong.

    Signals:
        place_wanted: a line was chosen that speaks of a mark or a picture.
        shown: an object was read and is on screen.
    """

    place_wanted = Signal(object)
    shown = Signal()

    def __init__(self, pool: Pool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pool = pool
        self._cancel: CancelFlag | None = None
        self.view: QWidget | None = None
        outer = column(self)
        outer.addWidget(self._strip())
        body = QWidget()
        self._stacked = QStackedLayout(body)
        self.message = label("", "secondary", wrap=True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setMargin(32)
        self._stacked.addWidget(self.message)
        outer.addWidget(body, 1)

    def _strip(self) -> QWidget:
        strip = frame("header")
        strip.setFixedHeight(28)
        line = row(strip)
        line.setContentsMargins(8, 0, 8, 0)
        self.title = label("", "strong")
        self.kind = label("", "caption")
        self.who = ElidedLabel("", "caption2")
        line.addWidget(self.title)
        line.addWidget(self.kind)
        self.seal = label("", "caption")
        line.addWidget(self.seal)
        line.addStretch(1)
        line.addWidget(self.who)
        return strip

    def show_seal(self, words: str, sound: bool) -> None:
        """What the seal says of the result folder that the object lies in; "" where it lies in none."""
        self.seal.setText(words)
        self.seal.setProperty("role", "caption" if sound else "warn")
        self.seal.style().polish(self.seal)

    def show_stack(self, stack: Stack, who: str = "") -> None:
        """Read and show an object.

        Args:
            stack: the object.
            who: the patient in words, repeated on the strip.
        """
        if self._cancel is not None:
            self._cancel.cancel()
        self.title.setText(stack.description or tr("No description"))
        self.kind.setText(tr(objects.type_words(stack)))
        self.who.set_whole(who)
        self._say(tr("Reading …"))
        self._cancel = objects.read(self._pool, stack, self._on_read, self._on_failed)

    def show_object(self, opened: OpenObject) -> None:
        """Show something that is already read."""
        view = VIEWS[opened.view](opened.content, self._pool)
        self._drop()
        if isinstance(view, TreeView):
            view.place_wanted.connect(self.place_wanted)
        self.view = view
        self._stacked.addWidget(view)
        self._stacked.setCurrentWidget(view)
        self.shown.emit()

    def show_evidence(self, evidence: tuple[Evidence, ...]) -> None:
        """Mark on an ECG what decided."""
        if isinstance(self.view, EcgView):
            self.view.set_evidence(evidence)

    def _on_read(self, opened: OpenObject) -> None:
        self._cancel = None
        self.show_object(opened)

    def _on_failed(self, error: ViewerError) -> None:
        self._cancel = None
        self._say(error_words(error))

    def _say(self, words: str) -> None:
        self._drop()
        self.message.setText(words)
        self._stacked.setCurrentWidget(self.message)

    def _drop(self) -> None:
        if self.view is not None:
            if isinstance(self.view, PdfView):
                self.view.stop()
            self._stacked.removeWidget(self.view)
            self.view.deleteLater()
            self.view = None
