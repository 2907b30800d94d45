"""Where a long laid-out document may be cut into pages.

Qt cuts table rows and boxes in two and leaves headings behind; here a row, a picture with its
caption and a heading with what follows stay together, and a table's head is drawn again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument, QTextFormat, QTextTable

#: What Qt puts where a picture stands in the text.
PICTURE = "\ufffc"
#: Two cuts nearer than this are one (device units).
SAME = 0.5
#: Space above the text of a table row in the template (CSS px, 96 an inch).
ROW_PADDING = 3.0

Span = tuple[float, float]


@dataclass(slots=True)
class Unit:
    """Something that is not cut: a table row, or a paragraph outside tables.

    Attributes:
        top, bottom: in the document's device units.
        keeps_next: a heading, or a picture above its caption.
        forced: begins a page.
        head: the table's head row, to be drawn again above this row.
        lines: (top, bottom) of every line, for units taller than a page.
    """

    top: float
    bottom: float
    keeps_next: bool = False
    forced: bool = False
    head: Span | None = None
    lines: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """Strips of the document from top to bottom of one page."""

    strips: tuple[Span, ...]


def paginate(document: QTextDocument, page_height: float) -> list[Page]:
    """Cut a document that was laid out without pages into pages of a height."""
    units = _units(document)
    return pages_of(units, float(document.size().height()), page_height)


def pages_of(units: list[Unit], height: float, page_height: float) -> list[Page]:
    """Fill page after page up to the last cut that fits."""
    forced = [unit.top for unit in units if unit.forced]
    pages: list[Page] = []
    top = 0.0
    while top < height - SAME:
        head = _head_at(units, top)
        room = page_height - (head[1] - head[0] if head else 0.0)
        bottom = _cut(units, forced, top, min(height, top + room), height)
        pages.append(Page((head, (top, bottom)) if head else ((top, bottom),)))
        top = bottom
    return pages or [Page(((0.0, height),))]


def page_of(pages: list[Page], y: float) -> int:
    """1-based page on which a height of the document stands."""
    for number, page in enumerate(pages, start=1):
        top, bottom = page.strips[-1]
        if top - SAME <= y < bottom - SAME:
            return number
    return len(pages)


def last_forced(document: QTextDocument) -> float | None:
    """Height of the last paragraph that asks for a page of its own."""
    tops = [unit.top for unit in _units(document) if unit.forced]
    return tops[-1] if tops else None


def _cut(units: list[Unit], forced: list[float], top: float, limit: float, height: float) -> float:
    must = [y for y in forced if top + SAME < y <= limit + SAME]
    if must:
        return min(must)
    if limit >= height - SAME:
        return height
    tall = (limit - top) / 2
    cuts = [unit.bottom for unit in units if not unit.keeps_next]
    cuts += [y for unit in units if unit.bottom - unit.top > tall for y in _line_cuts(unit)]
    fitting = [y for y in cuts if top + SAME < y <= limit + SAME]
    return max(fitting) if fitting else limit


def _line_cuts(unit: Unit) -> Iterator[float]:
    """Tops of lines at which no other line of the unit is cut through."""
    for top, _bottom in unit.lines:
        if not any(a + SAME < top < b - SAME for a, b in unit.lines):
            yield top


def _head_at(units: list[Unit], top: float) -> Span | None:
    """Head of the table whose row begins (or goes on) at the top of a page."""
    for unit in units:
        if unit.head is not None and unit.top - SAME <= top < unit.bottom - SAME:
            return unit.head
    return None


def _units(document: QTextDocument) -> list[Unit]:
    """Every row and paragraph, top to bottom; the space below one belongs to it."""
    units: dict[object, Unit] = {}
    for block in _blocks(document):
        table = _outer_table(block)
        if table is not None:
            _add_row(units, block, table, document)
        elif block.text() or _is_forced(block):
            _add(units, ("block", block.position()), block, document)
    ordered = sorted(units.values(), key=lambda unit: unit.top)
    for upper, lower in zip(ordered, ordered[1:], strict=False):
        upper.bottom = lower.top = max(upper.bottom, lower.top)
    if ordered:
        ordered[-1].bottom = float(document.size().height())
    _repeat_heads(units, document)
    return ordered


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _outer_table(block: QTextBlock) -> QTextTable | None:
    table: QTextTable | None = QTextCursor(block).currentTable()
    while table is not None and isinstance(outer := table.parentFrame(), QTextTable):
        table = outer
    return table


def _is_forced(block: QTextBlock) -> bool:
    return block.blockFormat().pageBreakPolicy() == QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore


def _add(units: dict[object, Unit], key: object, block: QTextBlock, document: QTextDocument) -> Unit:
    box = document.documentLayout().blockBoundingRect(block)
    unit = units.setdefault(key, Unit(box.top(), box.bottom()))
    unit.top, unit.bottom = min(unit.top, box.top()), max(unit.bottom, box.bottom())
    unit.keeps_next |= block.blockFormat().headingLevel() > 0 or PICTURE in block.text()
    unit.forced |= _is_forced(block)
    layout = block.layout()
    for n in range(layout.lineCount()):
        line = layout.lineAt(n).rect()
        unit.lines.append((box.top() + line.top(), box.top() + line.bottom()))
    return unit


def _add_row(units: dict[object, Unit], block: QTextBlock, table: QTextTable, document: QTextDocument) -> None:
    """A block of a table row; the first and last rows reach to the table's frame."""
    row = table.cellAt(block.position()).row()
    unit = _add(units, (table.firstPosition(), row), block, document)
    frame = document.documentLayout().frameBoundingRect(table)
    scale = document.documentLayout().paintDevice().logicalDpiY() / 96
    if row == 0:
        unit.top = frame.top()
    else:
        box = document.documentLayout().blockBoundingRect(block)
        unit.top = min(unit.top, box.top() - ROW_PADDING * scale)
    if row == table.rows() - 1:
        # Qt's rectangle begins below the upper margin but its height counts both margins.
        margins = table.format().topMargin() + table.format().bottomMargin()
        unit.bottom = max(unit.bottom, frame.bottom() - margins * scale)


def _repeat_heads(units: dict[object, Unit], document: QTextDocument) -> None:
    for block in _blocks(document):
        table = _outer_table(block)
        if table is None or not table.format().headerRowCount():
            continue
        row = table.cellAt(block.position()).row()
        head = units[table.firstPosition(), 0]
        head.keeps_next = True
        if row:
            units[table.firstPosition(), row].head = (head.top, head.bottom)
