"""Pages of an embedded PDF, drawn in another process and shown one below the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QImage, QIntValidator, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QScrollArea, QWidget

from viewer.core.document import Document
from viewer.core.errors import OutputError, ViewerError
from viewer.core.task import CancelFlag
from viewer.room import objects
from viewer.room.background import Pool
from viewer.room.objects import Page
from viewer.ui.kit.basic import button, column, frame, label, row
from viewer.ui.kit.theme import SPACE_12
from viewer.words.i18n import error_words, tr

#: Widest and narrowest page, px, and milliseconds of rest before a new width is drawn.
WIDEST, NARROWEST, REST_MS = 1000, 320, 250
#: Height over width of a page that is not drawn yet (A4).
A4 = 1.414


class PdfView(QWidget):
    """An embedded PDF. Pages near the visible ones are drawn when they are scrolled to."""

    def __init__(self, document: Document, pool: Pool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pdf = document.pdf or b""
        self._pool = pool
        self._drawn: dict[int, int] = {}
        self._asked: set[int] = set()
        self._tasks: list[CancelFlag] = []
        self.pages: list[QLabel] = []
        self._build(document)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._draw_visible)
        self._ask(0)

    def _build(self, document: Document) -> None:
        outer = column(self)
        head = frame("header")
        line = row(head)
        line.setContentsMargins(12, 8, 12, 8)
        line.addWidget(label(document.title, "title", selectable=True), 1)
        self.number = QLineEdit("1")
        self.number.setValidator(QIntValidator(1, 1, self.number))
        self.number.setAccessibleName(tr("Page"))
        self.number.setFixedWidth(56)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.number.editingFinished.connect(self._on_number)
        self.count = label("", "secondary")
        line.addWidget(label(tr("Page"), "secondary"))
        line.addWidget(self.number)
        line.addWidget(self.count)
        line.addWidget(button(tr("Save PDF"), self._save, style="compact"))
        outer.addWidget(head)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setAccessibleName(tr("Document"))
        inner = frame("window")
        self._column = column(inner, margins=SPACE_12, spacing=SPACE_12)
        self.message = label(tr("Drawing the pages …"), "secondary", wrap=True)
        self._column.addWidget(self.message, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addStretch(1)
        self._area.setWidget(inner)
        self._area.verticalScrollBar().valueChanged.connect(self._on_scroll)
        outer.addWidget(self._area, 1)

    @property
    def page_width(self) -> int:
        """Width of a page on screen, logical px."""
        room = self._area.viewport().width() - 2 * SPACE_12
        return max(NARROWEST, min(WIDEST, room))

    @property
    def _pixels(self) -> int:
        """Width of a page in px of the screen."""
        return round(self.page_width * self.devicePixelRatioF())

    def _ask(self, page: int) -> None:
        if page in self._asked:
            return
        self._asked.add(page)
        self._tasks.append(
            objects.draw_page(self._pool, self._pdf, page, self._pixels, done=self._on_page, failed=self._on_failed)
        )

    def stop(self) -> None:
        """Let go of pages that are still being drawn: the view is about to go."""
        self._rest.stop()
        for task in self._tasks:
            task.cancel()

    def _on_page(self, drawn: Page) -> None:
        if not self.pages:
            self._place(drawn.count)
        n, picture = drawn.number, drawn.picture
        self.pages[n].setPixmap(_pixmap(picture))
        self.pages[n].setFixedSize(self.page_width, round(self.page_width * picture.shape[0] / picture.shape[1]))
        self._drawn[n] = picture.shape[1]
        self._asked.discard(n)
        self._rest.start()

    def _place(self, count: int) -> None:
        """Empty pages of the right size, so that the scroll bar is true from the start."""
        self.message.hide()
        self.number.setValidator(QIntValidator(1, max(1, count), self.number))
        self.count.setText(tr("of {n}", n=count))
        for n in range(count):
            page = QLabel()
            page.setFixedSize(self.page_width, round(self.page_width * A4))
            page.setAccessibleName(tr("Page {n} of {count}", n=n + 1, count=count))
            page.setScaledContents(True)
            self._column.insertWidget(self._column.count() - 1, page, 0, Qt.AlignmentFlag.AlignHCenter)
            self.pages.append(page)

    def _on_failed(self, error: ViewerError) -> None:
        self.message.setText(error_words(error))
        self.message.show()

    @Slot()
    def _draw_visible(self) -> None:
        top = self._area.verticalScrollBar().value()
        low = top + self._area.viewport().height()
        for n, page in enumerate(self.pages):
            box = page.geometry()
            if box.bottom() >= top and box.top() <= low and self._drawn.get(n) != self._pixels:
                self._ask(n)

    @Slot(int)
    def _on_scroll(self, value: int) -> None:
        middle = value + self._area.viewport().height() // 2
        at = next((n for n, page in enumerate(self.pages) if page.geometry().bottom() >= middle), 0)
        if not self.number.hasFocus():
            self.number.setText(str(at + 1))
        self._rest.start()

    @Slot()
    def _on_number(self) -> None:
        n = int(self.number.text() or 1) - 1
        if 0 <= n < len(self.pages):
            self._area.verticalScrollBar().setValue(self.pages[n].geometry().top() - SPACE_12)

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("Save PDF"), "document.pdf", "PDF (*.pdf)")
        if name:
            self.save_to(name)

    def save_to(self, name: str) -> None:
        """Write the document as it came; says so when it cannot be written."""
        from pathlib import Path

        from viewer.room.saving import save_document

        try:
            save_document(Path(name), self._pdf)
        except OutputError as error:
            self.message.setText(error_words(error))
            self.message.show()
        except OSError as error:
            words = tr("The PDF could not be saved ({why}). Choose another folder.", why=error.strerror or "")
            self.message.setText(words)
            self.message.show()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the visible pages anew once the size rests."""
        super().resizeEvent(event)
        for page in self.pages:
            share = page.height() / max(1, page.width())
            page.setFixedSize(self.page_width, round(self.page_width * share))
        self._rest.start()


def _pixmap(picture: npt.NDArray[np.uint8]) -> QPixmap:
    height, width, _ = picture.shape
    return QPixmap.fromImage(QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888))
