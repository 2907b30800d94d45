"""The studies panel: patients, studies and stacks with thumbnails, and what was not opened."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLabel, QListView, QStackedWidget, QWidget

from viewer.core.study import Refusal
from viewer.room.panels.studies import RowKind, StudiesView, StudyRow
from viewer.ui.kit import icons
from viewer.ui.kit.basic import ElidedLabel, clear, column, frame, label, row
from viewer.ui.kit.regions import Region, step_inside, take
from viewer.ui.kit.section import HEADER_HEIGHT, Message, icon_button
from viewer.ui.panels.study_rows import RowDelegate, StudyModel
from viewer.ui.panels.study_search import StudySearch
from viewer.words.i18n import said, tr
from viewer.words.sentences import first_sentence

#: Refused files named in the panel; the rest is behind "Show all".
_REFUSED_SHOWN = 3
RAIL_WIDTH = 56
#: From so many studies on there is a search above the list.
_MANY = 2


class StudyBrowser(Region):
    """Shows what is open; a click or Enter on a stack asks to show it, on a presentation state to apply it.

    On somebody with the same ID it asks to join them, or to take them apart.
    """

    chosen = Signal(str)
    state_chosen = Signal(str, str)
    person_chosen = Signal(str, str)
    refused_asked = Signal()
    fold_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self._refused: tuple[Refusal, ...] = ()
        self._in_sight: tuple[str, ...] = ()
        self._model = StudyModel()
        self._delegate = RowDelegate(self._model)
        whole = column(self)
        whole.addWidget(self._make_header())
        self.search = StudySearch()
        self._open = 0
        whole.addWidget(self.search)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._make_empty())
        self._pages.addWidget(self._make_list())
        whole.addWidget(self._pages, 1)
        self._messages = column(spacing=8)
        self._message_box = QFrame()
        self._message_box.setLayout(self._messages)
        self._messages.setContentsMargins(12, 8, 12, 12)
        self._message_box.hide()
        whole.addWidget(self._message_box)
        self._foot = frame("footer")
        foot = column(self._foot, 0, 0)
        foot.setContentsMargins(15, 8, 8, 8)
        self._hanging = ElidedLabel(role="caption")
        self._files = ElidedLabel(role="caption")
        foot.addWidget(self._hanging)
        foot.addWidget(self._files)
        self._foot.hide()
        whole.addWidget(self._foot)

    def _make_header(self) -> QFrame:
        self._header = frame("header")
        self._header.setFixedHeight(HEADER_HEIGHT)
        self._inside = inside = row(self._header, 8)
        inside.setContentsMargins(12, 0, 8, 0)
        self._title = label(tr("Studies"), "title")
        self._count: QLabel = label("", "caption")
        self._fold = icon_button("chevron-left", tr("Fold to thumbnails"), self.fold_asked.emit)
        inside.addWidget(self._title)
        inside.addStretch(1)
        inside.addWidget(self._count)
        inside.addWidget(self._fold)
        self._fold.hide()
        return self._header

    def _make_empty(self) -> QFrame:
        page = frame("panel")
        inside = column(page, 16, 4)
        inside.setContentsMargins(15, 24, 15, 12)
        inside.addWidget(label(tr("No study open"), "strong"))
        words = tr(
            "Studies, series and priors appear here while a folder is being scanned. "
            "What cannot be opened is listed with its reason."
        )
        inside.addWidget(label(words, "caption", wrap=True))
        inside.addStretch(1)
        return page

    def _make_list(self) -> QListView:
        self._list = QListView()
        self._list.setModel(self._model)
        self._list.setItemDelegate(self._delegate)
        self._list.setMouseTracking(True)
        self._list.setDragEnabled(True)
        self._list.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self._list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setUniformItemSizes(False)
        self._list.setAccessibleName(tr("Studies"))
        self._list.clicked.connect(self._on_chosen)
        self._list.activated.connect(self._on_chosen)
        return self._list

    def _on_chosen(self, index: QModelIndex) -> None:
        entry: StudyRow | None = index.data(StudyModel.ROW)
        if entry is None or entry.kind not in (RowKind.STACK, RowKind.STATE, RowKind.PERSON):
            return
        self._list.clearSelection()
        if entry.kind is RowKind.STATE:
            self.state_chosen.emit(entry.key, entry.state)
        elif entry.kind is RowKind.PERSON:
            self.person_chosen.emit(entry.key, entry.state)
        else:
            self.chosen.emit(entry.key)

    def show_view(self, view: StudiesView) -> None:
        """Show every open study, and what was not opened."""
        self._model.set_rows(list(view.rows))
        self._open = view.open
        self._pages.setCurrentIndex(1 if view.open else 0)
        self.search.show_view(view)
        self.search.setVisible(view.open >= _MANY and not self.is_rail)
        words = tr("1 patient") if view.patients == 1 else tr("{n} patients", n=view.patients)
        self._count.setText(words if view.open else "")
        self._fold.setVisible(bool(view.open))
        if view.shown != self._in_sight:
            self._in_sight = view.shown
            self._bring_into_sight(view.shown)
        self._show_files(view)
        self._hanging.set_whole(view.hanging)
        self._hanging.setVisible(bool(view.hanging))

    def _bring_into_sight(self, shown: tuple[str, ...]) -> None:
        """Scroll to the first stack that is on screen, with its patient above it where there is room."""
        rows = [self._model.index(n) for n in range(self._model.rowCount())]
        at = next((n for n, index in enumerate(rows) if index.data(StudyModel.ROW).key in shown), None)
        if at is not None:
            heading = max((n for n in range(at) if rows[n].data(StudyModel.ROW).kind is RowKind.PATIENT), default=at)
            self._list.scrollTo(rows[heading])
            self._list.scrollTo(rows[at])

    def _show_files(self, view: StudiesView) -> None:
        """Say how many files were looked at and what was not opened."""
        opened, refused = view.files - len(view.refused), len(view.refused)
        words = tr("Opened 1 file · {n} refused", n=refused)
        if opened != 1:
            words = tr("Opened {opened} files · {n} refused", opened=opened, n=refused)
        self._files.set_whole(tr("Scanning, {n} files so far", n=view.files) if view.scanning else words)
        self._foot.setVisible(bool(view.files) and not self.is_rail)
        if view.refused != self._refused:
            self._refused = view.refused
            self._show_refused()

    def _show_refused(self) -> None:
        clear(self._messages)
        count = len(self._refused)
        self._message_box.setVisible(bool(count) and not self.is_rail)
        if not count:
            return
        head = tr("1 file not opened.") if count == 1 else tr("{n} files not opened.", n=count)
        lines = [
            f"{_file_name(r.path)}: {first_sentence(said(r.text))[0].rstrip('.。')}"
            for r in self._refused[:_REFUSED_SHOWN]
        ]
        message = Message("warn", head, "\n".join(lines), ((tr("Show all"), self.refused_asked.emit),))
        self._messages.addWidget(message)

    def take_keyboard(self) -> bool:
        """Give the list the keyboard; its header where there is no study."""
        if not self._list.isVisible():
            return step_inside(self, forward=True)
        take(self._list)
        return True

    def put_thumbnail(self, key: str, pixels: npt.NDArray[np.uint8]) -> None:
        """Show a stack's thumbnail, RGB [row, column, 3]."""
        height, width, _ = pixels.shape
        picture = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        self._model.put_thumbnail(key, QPixmap.fromImage(picture))

    @property
    def is_rail(self) -> bool:
        """True while only thumbnails are shown."""
        return self._delegate.rail

    def set_rail(self, rail: bool) -> None:
        """Fold to a rail of thumbnails, or unfold."""
        self._delegate.rail = rail
        self._title.setVisible(not rail)
        self.search.setVisible(not rail and self._open >= _MANY)
        self._count.setVisible(not rail)
        self._fold.setIcon(icons.icon("chevron-right" if rail else "chevron-left", "text_2", icons.BUTTON))
        self._fold.setToolTip(tr("Show studies") if rail else tr("Fold to thumbnails"))
        self._inside.setContentsMargins(16 if rail else 12, 0, 8, 0)
        self._foot.setVisible(not rail and bool(self._files.whole))
        self._message_box.setVisible(not rail and bool(self._refused))
        self._list.scheduleDelayedItemsLayout()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """248 wide, 56 as a rail."""
        return QSize(RAIL_WIDTH if self.is_rail else 248, 600)


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]
