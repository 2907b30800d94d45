"""Shows any object that is not a picture, in the place of a viewport."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from viewer.core.document import Document, Structures
from viewer.core.errors import ViewerError
from viewer.core.study import Stack
from viewer.core.task import CancelFlag, CancelToken
from viewer.core.waveform import Waveform
from viewer.display import ecg
from viewer.reading.header.sop_classes import name_of
from viewer.reading.objects.nouns import ObjectNoun, read_object
from viewer.ui.kit.basic import ElidedLabel, column, frame, label, row
from viewer.ui.kit.lanes import ReadingPool
from viewer.ui.object_views.ecg_view import EcgView
from viewer.ui.object_views.lists_view import segments_view, structures_view
from viewer.ui.object_views.pdf_view import PdfView
from viewer.ui.object_views.signals_view import SignalsView
from viewer.ui.object_views.tree_view import TreeView
from viewer.words.i18n import error_words, tr


def view_of(noun: ObjectNoun, pool: ReadingPool) -> QWidget | None:
    """The widget that shows a noun; None for a parametric map, which a viewport shows."""
    if isinstance(noun, Waveform):
        return EcgView(noun) if any(ecg.is_ecg(group) for group in ecg.groups(noun)) else SignalsView(noun)
    if isinstance(noun, Document):
        return PdfView(noun, pool) if noun.pdf else TreeView(noun)
    if isinstance(noun, Structures):
        return structures_view(noun)
    if isinstance(noun, tuple):
        return segments_view(noun)
    return None


class ObjectPane(QWidget):
    """A strip with the object's name above its view; reads in the background and says what went wrong.

    Signals:
        place_wanted: a line was chosen that speaks of a mark or a picture.
    """

    place_wanted = Signal(object)

    def __init__(self, pool: ReadingPool, parent: QWidget | None = None) -> None:
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
        line.addStretch(1)
        line.addWidget(self.who)
        return strip

    def show_stack(self, stack: Stack, who: str = "") -> None:
        """Read and show an object.

        Args:
            stack: the object.
            who: the patient in words, repeated on the strip.
        """
        if self._cancel is not None:
            self._cancel.cancel()
        self.title.setText(stack.description or tr("No description"))
        self.kind.setText(tr(name_of(stack.instances[0].sop_class_uid)))
        self.who.set_whole(who)
        self._say(tr("Reading …"))

        def work(_tell: object, cancel: CancelToken) -> ObjectNoun:
            cancel.check()
            return read_object(stack)

        self._cancel = self._pool.submit(work, self._on_read, self._on_failed)

    def show_noun(self, noun: ObjectNoun) -> None:
        """Show something that is already read."""
        view = view_of(noun, self._pool)
        if view is None:
            self._say(tr("This is a picture: open it in a viewport."))
            return
        self._drop()
        if isinstance(view, TreeView):
            view.place_wanted.connect(self.place_wanted)
        self.view = view
        self._stacked.addWidget(view)
        self._stacked.setCurrentWidget(view)

    def _on_read(self, noun: ObjectNoun) -> None:
        self._cancel = None
        self.show_noun(noun)

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
