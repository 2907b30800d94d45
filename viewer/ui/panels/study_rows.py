"""The studies list: one model, drawn as rows or as a rail of thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from viewer.room.panels.studies import RowKind, StudyRow
from viewer.ui.kit import icons
from viewer.ui.kit.basic import STACK_MIME
from viewer.ui.kit.theme import colour, px
from viewer.words.i18n import tr

Index = QModelIndex | QPersistentModelIndex
THUMBNAIL = 46
_EDGE = 15
_LINE = 16


@dataclass(frozen=True, slots=True)
class Face:
    """Size, colour token and weight of a text."""

    size: int
    token: str
    weight: QFont.Weight = QFont.Weight.Normal


_NAME = Face(13, "text_1", QFont.Weight.DemiBold)
_LETTER = Face(13, "warn", QFont.Weight.DemiBold)
_TITLE = Face(13, "text_1")
_CAPTION = Face(12, "text_3")
_DATE = Face(12, "text_2")
_CAUTION = Face(12, "warn")
_STATE = Face(12, "text_2")
_RAIL = Face(12, "text_1", QFont.Weight.DemiBold)
_STATE_ON = Face(12, "text_1", QFont.Weight.DemiBold)
_STATE_HEIGHT = 26
#: Height of a patient's divider in the rail.
_DIVIDER_HEIGHT = 24
_PERSON_HEIGHT = 38
_LINK = Face(12, "accent")


def _state_words(on: bool) -> str:
    return tr("Presentation state, applied; click to take it off") if on else tr("Presentation state; click to apply")


class StudyModel(QAbstractListModel):
    """Rows and their thumbnails."""

    ROW = Qt.ItemDataRole.UserRole + 1

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[StudyRow] = []
        self._thumbnails: dict[str, QPixmap] = {}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's signature
        """Number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row, its words for a screen reader, or its tooltip."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == self.ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            said = (_state_words(row.shown),) if row.kind is RowKind.STATE else ()
            return "\n".join(part for part in (row.title, row.line, row.caution, *said) if part)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Stacks, states and people of one ID can be chosen; patients and studies are headings."""
        if index.isValid() and self._rows[index.row()].kind in (RowKind.STATE, RowKind.PERSON):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.isValid() and self._rows[index.row()].kind is RowKind.STACK:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        return Qt.ItemFlag.ItemIsEnabled

    def mimeTypes(self) -> list[str]:  # noqa: N802 - Qt's name
        """Series are dragged into views."""
        return [STACK_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802 - Qt's name
        """The stack that is dragged."""
        made = QMimeData()
        for index in indexes[:1]:
            made.setData(STACK_MIME, self._rows[index.row()].key.encode())
        return made

    def set_rows(self, rows: list[StudyRow]) -> None:
        """Show `rows`; where only words changed the list does not jump."""
        if [(r.kind, r.key, r.state) for r in rows] == [(r.kind, r.key, r.state) for r in self._rows]:
            changed = [n for n, (a, b) in enumerate(zip(self._rows, rows, strict=True)) if a != b]
            self._rows = rows
            for n in changed:
                self.dataChanged.emit(self.index(n), self.index(n))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    @property
    def rows(self) -> tuple[StudyRow, ...]:
        """The rows shown."""
        return tuple(self._rows)

    def index_of(self, key: str) -> QModelIndex:
        """Index of a stack's row, invalid where it has none."""
        for n, row in enumerate(self._rows):
            if row.kind is RowKind.STACK and row.key == key:
                return self.index(n)
        return QModelIndex()

    def put_thumbnail(self, key: str, picture: QPixmap) -> None:
        """Show a stack's thumbnail."""
        self._thumbnails[key] = picture
        index = self.index_of(key)
        if index.isValid():
            self.dataChanged.emit(index, index)

    def thumbnail(self, key: str) -> QPixmap | None:
        """A stack's thumbnail, None while it was not made."""
        return self._thumbnails.get(key)


class RowDelegate(QStyledItemDelegate):
    """Draws rows; `rail` draws the thumbnails alone."""

    def __init__(self, model: StudyModel) -> None:
        super().__init__()
        self._model = model
        self.rail = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Heights of the layout: patient 48, study 24, stack 60 (72 with a caution)."""
        row: StudyRow = index.data(StudyModel.ROW)
        if self.rail:
            return QSize(56, {RowKind.STACK: 52, RowKind.PATIENT: _DIVIDER_HEIGHT}.get(row.kind, 0))
        if row.kind is RowKind.PATIENT:
            return QSize(option.rect.width(), 48 if row.first else 57)
        if row.kind is RowKind.STUDY:
            return QSize(option.rect.width(), 24)
        if row.kind is RowKind.STATE:
            return QSize(option.rect.width(), _STATE_HEIGHT)
        if row.kind is RowKind.PERSON:
            return QSize(option.rect.width(), _PERSON_HEIGHT)
        return QSize(option.rect.width(), 72 if row.caution else 60)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        row: StudyRow = index.data(StudyModel.ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        rect = QRect(option.rect)
        if row.kind is RowKind.STACK:
            self._paint_stack(painter, option, rect, row)
        elif self.rail and row.kind is RowKind.PATIENT:
            self._paint_divider(painter, rect, row)
        elif not self.rail and row.kind is RowKind.STATE:
            self._paint_state(painter, option, rect, row)
        elif not self.rail and row.kind is RowKind.PATIENT:
            self._paint_patient(painter, option, rect, row)
        elif not self.rail and row.kind is RowKind.PERSON:
            self._paint_person(painter, option, rect, row)
        elif not self.rail:
            self._text(painter, rect.adjusted(_EDGE, 0, -8, 0), row.title, _DATE)
        painter.restore()

    def _paint_patient(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, row: StudyRow) -> None:
        top = rect.top() + (8 if row.first else 17)
        if not row.first:
            painter.fillRect(QRect(rect.left(), rect.top() + 7, rect.width(), 1), colour("line"))
        left = rect.left() + _EDGE
        if row.letter:
            self._text(painter, QRect(left, top, 14, 20), row.letter, _LETTER)
            left += 17
        width = rect.right() - left - 8
        self._text(painter, QRect(left, top, width, 20), row.title, _NAME)
        self._text(painter, QRect(rect.left() + _EDGE, top + 19, rect.width() - _EDGE - 8, _LINE), row.line, _CAPTION)

    def _paint_divider(self, painter: QPainter, rect: QRect, row: StudyRow) -> None:
        """In the rail: whose thumbnails follow, below a line; the tooltip says the whole name."""
        if not row.first:
            painter.fillRect(QRect(rect.left(), rect.top() + 1, rect.width(), 1), colour("line_control"))
        words = rect.adjusted(4, 4, -2, 0)
        if row.letter:
            self._text(painter, words, row.letter, _LETTER)
            words.setLeft(words.left() + 12)
        self._text(painter, words, row.title, _RAIL)

    def _paint_person(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, row: StudyRow) -> None:
        """Somebody with the same ID: what differs, and what a click does."""
        if option.state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected):
            painter.fillRect(rect, colour("bg_hover"))
        left, width = rect.left() + _EDGE, rect.width() - _EDGE - 8
        self._text(painter, QRect(left, rect.top() + 3, width, _LINE), row.title, _CAUTION)
        self._text(painter, QRect(left, rect.top() + 3 + _LINE, width, _LINE), row.line, _LINK)

    def _paint_stack(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, row: StudyRow) -> None:
        state = option.state
        if row.shown or state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, colour("sel"))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), colour("accent"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, colour("bg_hover"))
        left = rect.left() + (5 if self.rail else _EDGE)
        slot = QRect(left, rect.top() + (rect.height() - THUMBNAIL) // 2, THUMBNAIL, THUMBNAIL)
        self._paint_thumbnail(painter, slot, row.key)
        if not self.rail:
            self._paint_words(painter, rect, slot.right() + 10, row)
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setPen(colour("accent"))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _paint_state(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, row: StudyRow) -> None:
        """A state under its stack, with an eye that is open while it is applied."""
        if option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, colour("bg_hover"))
        left = rect.left() + _EDGE + THUMBNAIL - icons.BUTTON
        device = painter.device().devicePixelRatio()
        eye = icons.pixmap("eye" if row.shown else "eye-off", "accent" if row.shown else "text_3", 16, device)
        painter.drawPixmap(left, rect.top() + (rect.height() - 16) // 2, eye)
        words = QRect(left + 26, rect.top(), rect.right() - left - 32, rect.height())
        self._text(painter, words, row.title, _STATE_ON if row.shown else _STATE)

    def _paint_words(self, painter: QPainter, rect: QRect, left: int, row: StudyRow) -> None:
        lines = 3 if row.caution else 2
        top = rect.top() + (rect.height() - (20 + _LINE * (lines - 1))) // 2
        width = rect.right() - left - 6
        self._text(painter, QRect(left, top, width, 20), row.title, _TITLE)
        self._text(painter, QRect(left, top + 20, width, _LINE), row.line, _CAPTION)
        if row.caution:
            self._text(painter, QRect(left, top + 36, width, _LINE), row.caution, _CAUTION)

    def _paint_thumbnail(self, painter: QPainter, slot: QRect, key: str) -> None:
        painter.fillRect(slot, colour("bg_viewport"))
        picture = self._model.thumbnail(key)
        if picture is not None:
            size = picture.deviceIndependentSize().toSize().scaled(slot.size(), Qt.AspectRatioMode.KeepAspectRatio)
            corner = slot.topLeft() + QPoint((slot.width() - size.width()) // 2, (slot.height() - size.height()) // 2)
            painter.drawPixmap(QRect(corner, size), picture)
        painter.setPen(colour("line"))
        painter.drawRect(slot.adjusted(0, 0, -1, -1))

    def _text(self, painter: QPainter, rect: QRect, text: str, face: Face) -> None:
        used = QFont(painter.font())
        used.setPixelSize(px(face.size))
        used.setWeight(face.weight)
        painter.setFont(used)
        painter.setPen(colour(face.token))
        shown = QFontMetrics(used).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
