"""Reports, presentation states and key objects as a readable tree beside their measurements."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication, QKeySequence, QPainter, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QSplitter,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from viewer.core.document import Document, Node
from viewer.core.finding import Measurement
from viewer.ui.kit import icons
from viewer.ui.kit.basic import column, frame, label, row
from viewer.ui.kit.theme import BODY, colour, font
from viewer.words.i18n import tr

#: Lines that are opened at first; longer trees start with their first two levels.
OPEN_LINES = 400
#: Units as they are printed (UCUM -> print).
_UNITS = {"1": "", "{ratio}": "", "[hnsf'U]": "HU", "mm2": "mm²", "cm2": "cm²", "mm3": "mm³", "cm3": "cm³", "deg": "°"}
#: Air above and below a line, px.
ROW_AIR = 4
#: Side of a chevron, px.
CHEVRON_PX = 12
Index = QModelIndex | QPersistentModelIndex
_LINE = Qt.ItemDataRole.UserRole
_PLACE = Qt.ItemDataRole.UserRole + 1


class TreeView(QWidget):
    """A document's tree with a search field; its measurements stand in a table at the right.

    Signals:
        place_wanted: a line was clicked, or Enter pressed on it, that speaks of a mark or a picture.
    """

    place_wanted = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = column(self)
        outer.addWidget(self._head(document))
        parts = QSplitter(Qt.Orientation.Horizontal)
        self.tree = _tree(document.tree)
        self.tree.itemClicked.connect(self._on_chosen)
        self.tree.itemActivated.connect(self._on_chosen)
        parts.addWidget(self.tree)
        self.table: QTableWidget | None = None
        if document.measurements:
            parts.addWidget(self._side(document.measurements))
            parts.setStretchFactor(0, 3)
            parts.setStretchFactor(1, 2)
        outer.addWidget(parts, 1)
        copy = QShortcut(QKeySequence.StandardKey.Copy, self.tree)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._on_copy)

    def _head(self, document: Document) -> QWidget:
        head = frame("header")
        line = row(head)
        line.setContentsMargins(12, 8, 12, 8)
        line.addWidget(label(document.title, "title", selectable=True), 1)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Find in this document"))
        self.search.setAccessibleName(tr("Find in this document"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(240)
        self.search.textChanged.connect(self._on_search)
        line.addWidget(self.search)
        return head

    def _side(self, measurements: tuple[Measurement, ...]) -> QWidget:
        side = frame("panel")
        inside = column(side, margins=12, spacing=8)
        inside.addWidget(label(tr("Measurements"), "title"))
        self.table = _table(measurements)
        inside.addWidget(self.table, 1)
        return side

    @Slot(QTreeWidgetItem, int)
    def _on_chosen(self, item: QTreeWidgetItem, _column: int) -> None:
        place = item.data(0, _PLACE)
        if place is not None:
            self.place_wanted.emit(place)

    @Slot()
    def _on_copy(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            QGuiApplication.clipboard().setText(str(item.data(0, _LINE)))

    @Slot(str)
    def _on_search(self, wanted: str) -> None:
        """Hide what neither holds the words nor leads to them."""
        root = self.tree.invisibleRootItem()
        for n in range(root.childCount()):
            _filter(root.child(n), wanted.casefold().strip())


class _Lines(QStyledItemDelegate):
    """Rows as high as their wrapped text needs, with even air above and below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Height of the text in the width that its level leaves."""
        tree = self.parent()
        assert isinstance(tree, QTreeWidget)
        level, above = 1, index.parent()
        while above.isValid():
            level, above = level + 1, above.parent()
        width = max(120, tree.viewport().width() - level * tree.indentation() - 8)
        self.initStyleOption(option, index)
        flags = int(Qt.TextFlag.TextWordWrap)
        box = QFontMetrics(option.font).boundingRect(QRect(0, 0, width, 1 << 16), flags, option.text)
        return QSize(width, box.height() + 2 * ROW_AIR)


class _Tree(QTreeWidget):
    """A tree that measures its rows anew when its width changes, with chevrons in the theme's grey."""

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:  # noqa: N802 - Qt's name
        """Draw the chevron of a line that has lines below it."""
        item = self.itemFromIndex(index)
        if item is None or not item.childCount():
            return
        name = "chevron-down" if item.isExpanded() else "chevron-right"
        picture = icons.pixmap(name, "text_3", CHEVRON_PX, self.devicePixelRatioF())
        left = rect.right() - self.indentation() + (self.indentation() - CHEVRON_PX) // 2
        painter.drawPixmap(left + 1, rect.top() + (rect.height() - CHEVRON_PX) // 2, picture)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay the rows out for the new width."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()


def _tree(nodes: tuple[Node, ...]) -> QTreeWidget:
    tree = _Tree()
    tree.setHeaderHidden(True)
    tree.setAccessibleName(tr("Document"))
    tree.setWordWrap(True)
    tree.setIndentation(20)
    tree.setItemDelegate(_Lines(tree))
    tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    for node in nodes:
        tree.addTopLevelItem(_item(node))
    if sum(_count(node) for node in nodes) <= OPEN_LINES:
        tree.expandAll()
    else:
        tree.expandToDepth(1)
    return tree


def _item(node: Node) -> QTreeWidgetItem:
    item = QTreeWidgetItem([_one_paragraph(node.text)])
    item.setData(0, _LINE, node.text)
    item.setToolTip(0, node.text if "\n" in node.text else "")
    if node.children:
        item.setFont(0, font(BODY, QFont.Weight.DemiBold))
    elif ": " not in node.text:
        item.setForeground(0, colour("text_2"))
    place = node.place or next((child.place for child in node.children if child.place is not None), None)
    if place is not None:
        item.setData(0, _PLACE, place)
        item.setForeground(0, colour("accent"))
        item.setToolTip(0, tr("Show it on the picture"))
    for child in node.children:
        item.addChild(_item(child))
    return item


def _one_paragraph(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) or text


def _count(node: Node) -> int:
    return 1 + sum(_count(child) for child in node.children)


def _filter(item: QTreeWidgetItem | None, wanted: str) -> bool:
    if item is None:
        return False
    below = False
    for n in range(item.childCount()):
        below = _filter(item.child(n), wanted) or below
    hit = below or wanted in str(item.data(0, _LINE)).casefold()
    item.setHidden(not hit)
    if below and wanted:
        item.setExpanded(True)
    return hit


def _table(measurements: tuple[Measurement, ...]) -> QTableWidget:
    heads = [tr("Name"), tr("Value"), tr("Unit"), tr("Of")]
    table = QTableWidget(len(measurements), 4 if any(m.context for m in measurements) else 3)
    table.setHorizontalHeaderLabels(heads[: table.columnCount()])
    table.setAccessibleName(tr("Measurements"))
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    header = table.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for n in range(1, table.columnCount()):
        header.setSectionResizeMode(n, QHeaderView.ResizeMode.ResizeToContents)
    for n, measurement in enumerate(measurements):
        name = QTableWidgetItem(measurement.name)
        name.setToolTip(measurement.name)
        value = QTableWidgetItem(f"{measurement.value:.6g}")
        value.setTextAlignment(int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
        unit = QTableWidgetItem(_UNITS.get(measurement.unit, measurement.unit))
        context = QTableWidgetItem(measurement.context)
        for place, cell in enumerate((name, value, unit, context)[: table.columnCount()]):
            table.setItem(n, place, cell)
    return table
