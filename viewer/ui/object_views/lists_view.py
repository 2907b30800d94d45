"""Segments and structures that are opened on their own: what they are, how large, where they belong."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from viewer.core.document import Structures
from viewer.core.volume import Mask
from viewer.display.colours import palette_colour
from viewer.ui.kit.basic import column, frame, label
from viewer.words.i18n import tr

#: Side of a colour swatch, px.
SWATCH_PX = 14
#: Least width of a column, px.
COLUMN_PX = 88


class ListView(QWidget):
    """A title, a sentence about where to see the object, and a table."""

    def __init__(self, title: str, sentence: str, heads: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = column(self)
        head = frame("header")
        inside = column(head, margins=12, spacing=4)
        inside.addWidget(label(title, "title"))
        inside.addWidget(label(sentence, "secondary", wrap=True))
        outer.addWidget(head)
        # The empty last column takes the room that is left, so that numbers stay near their names.
        self.table = QTableWidget(0, len(heads) + 1)
        self.table.setHorizontalHeaderLabels([*heads, ""])
        self.table.setAccessibleName(title)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(COLUMN_PX)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        outer.addWidget(self.table, 1)

    def add(self, cells: list[str], colour: str | None = None) -> None:
        """Add a row; numbers stand at the right, the colour before the first cell."""
        n = self.table.rowCount()
        self.table.insertRow(n)
        for place, said in enumerate(cells):
            cell = QTableWidgetItem(said)
            if place not in {0, 1}:
                cell.setTextAlignment(int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
            if place == 0 and colour:
                swatch = QPixmap(SWATCH_PX, SWATCH_PX)
                swatch.fill(QColor(colour))
                cell.setData(Qt.ItemDataRole.DecorationRole, swatch)
            self.table.setItem(n, place, cell)


def segments_view(masks: tuple[Mask, ...]) -> ListView:
    """Segments of a segmentation with voxels and volumes."""
    sentence = tr("Open the series it was made on: the segments are then shown on its slices, in place.")
    heads = [tr("No."), tr("Segment"), tr("Voxels"), tr("Volume")]
    view = ListView(tr("Segmentation"), sentence, heads)
    pairs = [(mask, segment) for mask in masks for segment in mask.segments]
    for mask, segment in sorted(pairs, key=lambda pair: pair[1].number):
        voxels = int(np.count_nonzero(mask.labels == segment.number))
        colour = segment.colour or _palette(segment.number)
        view.add([str(segment.number), segment.name, f"{voxels:,}", _volume(mask, segment.number)], colour)
    return view


def _palette(number: int) -> str:
    red, green, blue = palette_colour(number - 1)
    return f"#{red:02X}{green:02X}{blue:02X}"


def _volume(mask: Mask, number: int) -> str:
    if not mask.geometry.oriented:
        return tr("no geometry")
    millilitres = mask.volume_mm3(number) / 1000
    return f"{millilitres:.1f} ml" if millilitres >= 1 else f"{millilitres * 1000:.0f} mm³"


def structures_view(structures: Structures) -> ListView:
    """Structures of a structure set with the number of their contours."""
    sentence = tr("Open the series it was drawn on: the contours are then shown on its slices, in place.")
    view = ListView(tr("Structure set"), sentence, [tr("No."), tr("Structure"), tr("Contours"), tr("Points")])
    for roi in structures.rois:
        points = sum(len(contour.points_lps) for contour in roi.contours)
        view.add([str(roi.number), roi.name or tr("no name"), str(len(roi.contours)), f"{points:,}"], roi.colour)
    return view
