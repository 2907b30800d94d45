"""The studies list: one model, drawn as rows or as a rail of thumbnails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from viewer.core.study import Patient, Study
from viewer.room.presentations import StateRow
from viewer.ui.kit import icons
from viewer.ui.kit.theme import colour
from viewer.words.i18n import date_words, tr
from viewer.words.people import days_between, patient_line, patient_name, stack_cautions, stack_line, stack_title

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
_STATE_ON = Face(12, "text_1", QFont.Weight.DemiBold)
_STATE_HEIGHT = 26


class RowKind(Enum):
    """What a row is."""

    PATIENT = 0
    STUDY = 1
    STACK = 2
    STATE = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a patient, a study of theirs, a stack, or a presentation state of the stack above it.

    `key`: stack key or study UID; a state has the key of its stack, and `state`.
    """

    kind: RowKind
    key: str
    title: str
    line: str
    caution: str = ""
    letter: str = ""
    first: bool = False
    shown: bool = False
    state: str = ""


States = Mapping[str, Sequence[StateRow]]


def rows_of(studies: Sequence[Study], shown: Sequence[str], hide_names: bool, states: States) -> list[Row]:
    """Rows of every study, patient by patient, newest study first."""
    made: list[Row] = []
    by_patient: dict[Patient, list[Study]] = {}
    for study in studies:
        by_patient.setdefault(study.patient, []).append(study)
    letters = shown_letters(studies, shown)
    for patient, theirs in by_patient.items():
        newest = sorted(theirs, key=lambda s: (s.date, s.time), reverse=True)
        made.append(
            Row(
                RowKind.PATIENT,
                patient.id,
                patient_name(patient, hide_names),
                patient_line(patient, newest[0], hide_names),
                letter=letters.get(patient, ""),
                first=not made,
            )
        )
        made += _study_rows(newest, shown, states)
    return made


def shown_letters(studies: Sequence[Study], shown: Sequence[str]) -> dict[Patient, str]:
    """A, B, ... for the patients on screen, where there are two or more."""
    on_screen = dict.fromkeys(s.patient for key in shown for s in studies if any(k.key == key for k in s.stacks))
    if len(on_screen) < 2:
        return {}
    return {patient: chr(ord("A") + n) for n, patient in enumerate(on_screen)}


def _study_rows(newest: Sequence[Study], shown: Sequence[str], states: States) -> Iterator[Row]:
    for position, study in enumerate(newest):
        yield Row(RowKind.STUDY, study.uid, _study_line(study, newest[0], position), study.description)
        for stack in study.stacks:
            here = stack.key in shown
            yield Row(
                RowKind.STACK,
                stack.key,
                stack_title(stack),
                stack_line(stack, here),
                stack_cautions(stack),
                shown=here,
            )
            for one in states.get(stack.key, ()):
                yield Row(RowKind.STATE, stack.key, one.name, one.line, shown=one.on, state=one.id)


def _study_line(study: Study, newest: Study, position: int) -> str:
    day = date_words(study.date) or tr("no date")
    if position == 0:
        return f"{tr('Current')} · {day}"
    days = days_between(study.date, newest.date)
    ago = tr("{n} days", n=days) if days is not None else ""
    return " · ".join(part for part in (tr("Prior"), day, ago) if part)


def _state_words(on: bool) -> str:
    return tr("Presentation state, applied; click to take it off") if on else tr("Presentation state; click to apply")


class StudyModel(QAbstractListModel):
    """Rows and their thumbnails."""

    ROW = Qt.ItemDataRole.UserRole + 1

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []
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
        """Stacks and states can be chosen; patients and studies are headings."""
        if index.isValid() and self._rows[index.row()].kind is RowKind.STATE:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.isValid() and self._rows[index.row()].kind is RowKind.STACK:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        return Qt.ItemFlag.ItemIsEnabled

    def set_rows(self, rows: list[Row]) -> None:
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
    def rows(self) -> tuple[Row, ...]:
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
        row: Row = index.data(StudyModel.ROW)
        if self.rail:
            return QSize(56, 52 if row.kind is RowKind.STACK else 0)
        if row.kind is RowKind.PATIENT:
            return QSize(option.rect.width(), 48 if row.first else 57)
        if row.kind is RowKind.STUDY:
            return QSize(option.rect.width(), 24)
        if row.kind is RowKind.STATE:
            return QSize(option.rect.width(), _STATE_HEIGHT)
        return QSize(option.rect.width(), 72 if row.caution else 60)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        row: Row = index.data(StudyModel.ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        rect = QRect(option.rect)
        if row.kind is RowKind.STACK:
            self._paint_stack(painter, option, rect, row)
        elif not self.rail and row.kind is RowKind.STATE:
            self._paint_state(painter, option, rect, row)
        elif not self.rail and row.kind is RowKind.PATIENT:
            self._paint_patient(painter, option, rect, row)
        elif not self.rail:
            self._text(painter, rect.adjusted(_EDGE, 0, -8, 0), row.title, _DATE)
        painter.restore()

    def _paint_patient(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, row: Row) -> None:
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

    def _paint_stack(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, row: Row) -> None:
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

    def _paint_state(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, row: Row) -> None:
        """A state under its stack, with an eye that is open while it is applied."""
        if option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, colour("bg_hover"))
        left = rect.left() + _EDGE + THUMBNAIL - icons.BUTTON
        device = painter.device().devicePixelRatio()
        eye = icons.pixmap("eye" if row.shown else "eye-off", "accent" if row.shown else "text_3", 16, device)
        painter.drawPixmap(left, rect.top() + (rect.height() - 16) // 2, eye)
        words = QRect(left + 26, rect.top(), rect.right() - left - 32, rect.height())
        self._text(painter, words, row.title, _STATE_ON if row.shown else _STATE)

    def _paint_words(self, painter: QPainter, rect: QRect, left: int, row: Row) -> None:
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
        used.setPixelSize(face.size)
        used.setWeight(face.weight)
        painter.setFont(used)
        painter.setPen(colour(face.token))
        shown = QFontMetrics(used).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
