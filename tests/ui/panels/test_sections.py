"""Sections that only show a state: what they say, what their buttons tell, and that what they paint is there."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from viewer.room.panels.changes import ChangeRow, ChangesView
from viewer.room.panels.measurements import MeasureRow
from viewer.room.panels.priors import PriorRow, PriorsView
from viewer.room.panels.rules import Preview
from viewer.room.tools.region import Histogram
from viewer.room.tour import STEPS, TourView
from viewer.ui.kit.bars import HistogramBars
from viewer.ui.kit.icons import icon
from viewer.ui.panels.changes_panel import ChangesPanel
from viewer.ui.panels.measurements_panel import MeasurementsPanel
from viewer.ui.panels.priors_panel import PriorsPanel
from viewer.ui.panels.tour_card import TourCard
from viewer.ui.shell.dialogs.rule_preview import RulePreview


def _button(widget: QWidget, words: str) -> QAbstractButton:
    found = [one for one in widget.findChildren(QAbstractButton) if words in (one.text(), one.accessibleName())]
    assert len(found) == 1, [one.text() or one.accessibleName() for one in widget.findChildren(QAbstractButton)]
    return found[0]


def _said(widget: QWidget) -> str:
    return " ".join(one.text() for one in widget.findChildren(QLabel))


def _colours(widget: QWidget, row: int) -> list[QColor]:
    image = widget.grab().toImage()
    return [image.pixelColor(x, row) for x in range(image.width())]


def test_a_pair_says_its_change_and_can_be_parted(qtbot: QtBot) -> None:
    panel = ChangesPanel()
    qtbot.addWidget(panel)
    assert panel.isHidden()
    row = ChangeRow("late", "early", "Nodule", "8.0 to 9.0 mm", "+1.0 mm", "since 1 March", within_error=True)
    panel.show_view(ChangesView((row,), (("a", "9 mm now"),), (("b", "8 mm before"),)))
    assert "+1.0 mm" in _said(panel) and "since 1 March" in _said(panel)
    with qtbot.waitSignal(panel.parted, timeout=1000) as parted:
        _button(panel, "Part Nodule").click()
    assert parted.args == ["late"]
    with qtbot.waitSignal(panel.paired, timeout=1000) as paired:
        _button(panel, "Pair").click()
    assert paired.args == ["b", "a"]
    panel.show_view(ChangesView())
    assert panel.isHidden()


def test_a_prior_is_compared_unless_a_reason_forbids_it(qtbot: QtBot) -> None:
    panel = PriorsPanel(lambda key: np.full((8, 8, 3), 200, np.uint8) if key == "old" else None)
    qtbot.addWidget(panel)
    rows = (PriorRow("old", "CT thorax", "1 Mar 2025", "no report here", pictured=True),)
    panel.show_view(PriorsView("now", "Priors of A", rows))
    name = "Compare with CT thorax, 1 Mar 2025"
    with qtbot.waitSignal(panel.compared, timeout=1000) as asked:
        _button(panel, name).click()
    assert asked.args == ["now", "old"]
    panel.show_view(PriorsView("now", "Priors of A", rows, off="Two patients are on screen."))
    assert not _button(panel, name).isEnabled()
    assert "Two patients are on screen." in _said(panel)


def test_the_tour_goes_on_and_back_and_ends(qtbot: QtBot) -> None:
    card = TourCard()
    qtbot.addWidget(card)
    card.show_view(TourView(0, ("Ctrl+O",) * 4))
    assert not card.isHidden() and STEPS[0].title in _said(card)
    steps: list[int] = []
    card.stepped.connect(steps.append)
    _button(card, "Next step").click()
    card.show_view(TourView(len(STEPS) - 1, ("F5",) * 4, done=True))
    _button(card, "Back").click()
    _button(card, "End the tour").click()
    assert steps == [1, -1, 1]
    card.show_view(TourView())
    assert card.isHidden()


def test_a_histogram_is_as_high_as_its_counts(qtbot: QtBot) -> None:
    bars = HistogramBars(Histogram(-100.0, 300.0, (0, 4, 1), "HU"))
    qtbot.addWidget(bars)
    bars.resize(90, bars.height())
    assert "5" in bars.accessibleName() and "HU" in bars.accessibleName()
    high = _colours(bars, 4)
    assert high[45] != high[10], "the fullest step reaches the top, the empty one does not"
    low = _colours(bars, 50)
    assert low[45] == low[75] != low[10]


def test_a_rule_is_previewed_where_it_would_put_its_views(qtbot: QtBot) -> None:
    preview = RulePreview()
    qtbot.addWidget(preview)
    preview.resize(280, 190)
    preview.show_view(Preview("", shape=(1, 2), places=((0, 0, 1, 1), (0, 1, 1, 1)), cells=("Lung\naxial", "Coronal")))
    assert "Lung, axial" in preview.accessibleName()
    line = _colours(preview, 95)
    assert line[70] == line[210] != line[139], "two boxes, and the ground between them"


def test_an_icon_is_painted_in_the_colour_of_its_mode(qtbot: QtBot) -> None:
    def drawn(mode: QIcon.Mode) -> QImage:
        made = QImage(32, 32, QImage.Format.Format_ARGB32)
        made.fill(0)
        painter = QPainter(made)
        icon("close").paint(painter, QRect(0, 0, 32, 32), Qt.AlignmentFlag.AlignCenter, mode)
        painter.end()
        return made

    normal, off = drawn(QIcon.Mode.Normal), drawn(QIcon.Mode.Disabled)
    assert normal != off
    assert icon("close").pixmap(16, 16).size().width() == 16
    assert QIcon(icon("close")).actualSize(QSize(200, 200)).width() < 200


def test_a_drawing_is_renamed_and_its_histogram_unfolds(qtbot: QtBot) -> None:
    panel = MeasurementsPanel()
    qtbot.addWidget(panel)
    row = MeasureRow(
        "m1", "roi-ellipse", "Ellipse 1", "image 3", "42 mm²", histogram=Histogram(0.0, 10.0, (1, 2), "HU")
    )
    panel.show_view((row,))
    _button(panel, "Histogram of Ellipse 1").click()
    assert panel.findChildren(HistogramBars)
    _button(panel, "Hide the histogram of Ellipse 1").click()
    assert not panel.findChildren(HistogramBars)
    (name,) = panel.findChildren(QLineEdit)
    name.setText(" ")
    name.editingFinished.emit()
    assert name.text() == "Ellipse 1", "an empty name is taken back"
    name.setText("Cyst")
    with qtbot.waitSignal(panel.renamed, timeout=1000) as renamed:
        name.editingFinished.emit()
    assert renamed.args == ["m1", "Cyst"]
