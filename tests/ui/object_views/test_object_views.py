"""What a reader does with an ECG, a report, a PDF and lists of segments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.unit.reading.objects.builders import number, stack_of, write_report
from tests.unit.reading.objects.test_object_others import PDF
from viewer.core.document import Contour, Document, Node, Roi, Structures
from viewer.core.finding import Evidence, EvidenceKind, Measurement
from viewer.core.geometry import Geometry
from viewer.core.study import Kind
from viewer.core.volume import Mask, Segment
from viewer.core.waveform import Channel, Waveform
from viewer.display import ecg
from viewer.reading.objects.object_types import OBJECT_TYPES
from viewer.room.objects import OpenObject
from viewer.room.threads import ReadingPool
from viewer.ui.kit.mailbox import QtMailbox
from viewer.ui.kit.theme import TOKENS
from viewer.ui.object_views import VIEWS, ObjectPane
from viewer.ui.object_views.ecg_view import ROWS, STANDARD, EcgView
from viewer.ui.object_views.lists_view import ListView
from viewer.ui.object_views.pdf_view import PdfView
from viewer.ui.object_views.signals_view import SignalsView
from viewer.ui.object_views.tree_view import TreeView

RATE = 500.0


@pytest.fixture
def pool(qtbot: QtBot) -> Iterator[ReadingPool]:
    made = ReadingPool(QtMailbox())
    yield made
    made.close()


def heart(seconds: float = 10.0, period: float = 0.8) -> Waveform:
    """Twelve leads with a spike of 1 mV at every beat, and what the recorder said."""
    time = np.arange(int(seconds * RATE)) / RATE
    samples = 1000.0 * np.exp(-(((time % period) - 0.3) ** 2) / 2e-4)
    channels = tuple(Channel(f"Lead {name}", samples.copy(), RATE, "uV") for name in ecg.LEADS)
    return Waveform(channels, "12-lead ECG", ("SINUS RHYTHM",))


@pytest.fixture
def view(qtbot: QtBot) -> EcgView:
    made = EcgView(heart())
    qtbot.addWidget(made)
    made.resize(1300, 760)
    made.show()
    qtbot.waitExposed(made)
    return made


def at(view: EcgView, strip: ecg.Strip, seconds: float) -> QPoint:
    """The pixel of a moment on a strip's zero line."""
    scale = view.paper.pixels_per_mm
    x = strip.x + (seconds - strip.start) * view.paper.sheet.paper.speed
    return QPoint(round(x * scale), round(strip.y * scale))


def drag(qtbot: QtBot, view: EcgView, start: QPoint, stop: QPoint) -> None:
    qtbot.mousePress(view.paper, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view.paper, stop)
    event_pos = stop
    view.paper.mouseMoveEvent(_move(event_pos))
    qtbot.mouseRelease(view.paper, Qt.MouseButton.LeftButton, pos=stop)


def _move(place: QPoint):  # noqa: ANN202 - a Qt event
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent

    button = Qt.MouseButton.LeftButton
    point = QPointF(place)
    return QMouseEvent(QEvent.Type.MouseMove, point, point, button, button, Qt.KeyboardModifier.NoModifier)


def test_dragging_measures_the_interval_between_beats(qtbot: QtBot, view: EcgView) -> None:
    rhythm = view.paper.sheet.strips[-1]
    drag(qtbot, view, at(view, rhythm, 1.1), at(view, rhythm, 1.9))
    reading = view.paper.reading
    assert reading is not None
    assert reading.milliseconds == pytest.approx(800, abs=15)
    assert reading.per_minute == pytest.approx(75, abs=2)
    assert view.result.text() == reading.text
    assert view.march.isEnabled()


def test_amplitude_is_read_off_the_trace(qtbot: QtBot, view: EcgView) -> None:
    rhythm = view.paper.sheet.strips[-1]
    speed = view.paper.sheet.paper.speed
    view.paper.set_caliper(rhythm, rhythm.x + 0.7 * speed, rhythm.x + 1.1 * speed)
    reading = view.paper.reading
    assert reading is not None
    assert reading.millivolts == pytest.approx(1.0, abs=0.02)


def test_keys_move_and_clear_the_caliper(qtbot: QtBot, view: EcgView) -> None:
    rhythm = view.paper.sheet.strips[-1]
    view.paper.set_caliper(rhythm, rhythm.x + 10, rhythm.x + 20)
    qtbot.keyClick(view.paper, Qt.Key.Key_Right)
    moved = view.paper.reading
    assert moved is not None
    assert moved.milliseconds == pytest.approx(410)
    qtbot.keyClick(view.paper, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    moved = view.paper.reading
    assert moved is not None
    assert moved.milliseconds == pytest.approx(310)
    qtbot.keyClick(view.paper, Qt.Key.Key_Escape)
    assert view.paper.reading is None
    assert view.result.text() == ""


def test_a_click_without_a_drag_leaves_no_caliper(qtbot: QtBot, view: EcgView) -> None:
    qtbot.mouseClick(view.paper, Qt.MouseButton.LeftButton, pos=at(view, view.paper.sheet.strips[-1], 2.0))
    assert view.paper.caliper is None


def test_speed_and_gain_change_the_paper_not_the_measurement(view: EcgView) -> None:
    wide = view.paper.sheet.width
    view.speed.setCurrentIndex(ecg.SPEEDS.index(50.0))
    view.speed.activated.emit(view.speed.currentIndex())
    assert view.paper.sheet.width == pytest.approx(2 * wide - ecg.LEFT_MM)
    rhythm = view.paper.sheet.strips[-1]
    view.paper.set_caliper(rhythm, rhythm.x, rhythm.x + 40)
    reading = view.paper.reading
    assert reading is not None
    assert reading.milliseconds == pytest.approx(800)
    assert "50 mm/s" in view.paper_words.text()


def test_a_double_click_shows_one_lead_and_back(qtbot: QtBot, view: EcgView) -> None:
    assert view.layout_box.currentData() == STANDARD
    strip = view.paper.sheet.strips[3]
    qtbot.mouseDClick(view.paper, Qt.MouseButton.LeftButton, pos=at(view, strip, strip.start + 1))
    assert [s.lead.name for s in view.paper.sheet.strips] == [strip.lead.name]
    only = view.paper.sheet.strips[0]
    qtbot.mouseDClick(view.paper, Qt.MouseButton.LeftButton, pos=at(view, only, only.start + 1))
    assert len(view.paper.sheet.strips) == 13


def test_long_recordings_can_be_walked_through(qtbot: QtBot) -> None:
    made = EcgView(heart(60.0))
    qtbot.addWidget(made)
    made.time.setValue(200)
    assert made.paper.sheet.strips[-1].start == 20.0
    assert "from 20.0 s of 60 s" in made.paper_words.text()


def test_short_recordings_come_in_rows(qtbot: QtBot) -> None:
    made = EcgView(heart(1.2))
    qtbot.addWidget(made)
    assert made.layout_box.currentData() == ROWS
    assert len(made.paper.sheet.strips) == 12


def test_the_trace_is_really_painted(qtbot: QtBot, view: EcgView) -> None:
    picture = view.paper.grab().toImage()
    ratio = picture.devicePixelRatio()
    ink = QColor(TOKENS.text_1)
    strip = view.paper.sheet.strips[-1]
    beat = at(view, strip, 1.1)
    top = round((strip.y - 10) * view.paper.pixels_per_mm)
    found = [
        picture.pixelColor(round((beat.x() + dx) * ratio), round((top + dy) * ratio)).lightness()
        for dx in range(-3, 4)
        for dy in range(-3, 4)
    ]
    assert max(found) > 0.8 * ink.lightness()


def test_pressures_are_signals_not_an_ecg(qtbot: QtBot, pool: ReadingPool) -> None:
    channel = Channel("Aortic pressure", np.linspace(80, 120, 3000), 100.0, "mm[Hg]")
    made = VIEWS["signals"](Waveform((channel,), "haemodynamic waveform"), pool)
    assert isinstance(made, SignalsView)
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    assert made.time.maximum() == 200
    before = made.rows.grab().toImage()
    made.time.setValue(150)
    assert made.rows.grab().toImage() != before


def tree() -> Document:
    group = Node("Measurement Group", (Node("Finding: Mass"), Node("Length: 12 mm")))
    other = Node("Measurement Group", (Node("Finding: Cyst"),))
    measured = (Measurement("Length", 12.25, "mm2", context="L1"), Measurement("Ratio", 0.5, "1", context="L1"))
    return Document("Imaging report", (Node("Status: complete"), group, other), measured)


def test_searching_hides_what_does_not_match(qtbot: QtBot) -> None:
    made = TreeView(tree())
    qtbot.addWidget(made)
    made.search.setText("mass")
    hidden = [made.tree.topLevelItem(n).isHidden() for n in range(3)]
    assert hidden == [True, False, True]
    group = made.tree.topLevelItem(1)
    assert [group.child(n).isHidden() for n in range(2)] == [False, True]
    made.search.setText("")
    assert not any(made.tree.topLevelItem(n).isHidden() for n in range(3))


def test_measurements_stand_in_a_table_with_printed_units(qtbot: QtBot) -> None:
    made = TreeView(tree())
    qtbot.addWidget(made)
    assert made.table is not None
    cells = [[made.table.item(n, m).text() for m in range(4)] for n in range(2)]
    assert cells == [["Length", "12.25", "mm²", "L1"], ["Ratio", "0.5", "", "L1"]]


def test_pdf_pages_are_drawn_and_saved(qtbot: QtBot, pool: ReadingPool, tmp_path: Path) -> None:
    made = PdfView(Document("Letter", pdf=PDF), pool)
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    qtbot.waitUntil(lambda: bool(made.pages) and not made.pages[0].pixmap().isNull(), timeout=20_000)
    assert len(made.pages) == 2
    assert made.count.text() == "of 2"
    picture = made.pages[0].pixmap().toImage()
    assert picture.pixelColor(picture.width() // 4, picture.height() // 4) == QColor(255, 0, 0)
    made.save_to(str(tmp_path / "letter.pdf"))
    assert (tmp_path / "letter.pdf").read_bytes() == PDF
    made.save_to(str(tmp_path / "nowhere" / "letter.pdf"))
    assert "could not be saved" in made.message.text()
    qtbot.waitUntil(lambda: not pool.busy, timeout=20_000)


def test_a_broken_pdf_says_so(qtbot: QtBot, pool: ReadingPool) -> None:
    made = PdfView(Document("Letter", pdf=b"%PDF-1.4 broken"), pool)
    qtbot.addWidget(made)
    qtbot.waitUntil(lambda: "damaged" in made.message.text(), timeout=20_000)


def test_a_pdf_that_is_left_while_it_is_drawn_leaves_nothing_behind(qtbot: QtBot, pool: ReadingPool) -> None:
    pane = ObjectPane(pool)
    qtbot.addWidget(pane)
    pane.show_object(OpenObject("document", Document("Letter", pdf=PDF)))
    pane.show_object(OpenObject("document", tree()))
    qtbot.waitUntil(lambda: not pool.busy, timeout=20_000)
    assert isinstance(pane.view, TreeView)


def test_lists_tell_numbers_volumes_and_colours(qtbot: QtBot, pool: ReadingPool) -> None:
    labels = np.zeros((2, 4, 4), np.uint8)
    labels[0] = 2
    geometry = Geometry((2, 4, 4), np.diag([5.0, 10.0, 10.0, 1.0]))
    mask = Mask(labels, (Segment(2, "Liver", colour="#FF0000"), Segment(1, "Nothing")), geometry)
    made = VIEWS["segments"]((mask,), pool)
    assert isinstance(made, ListView)
    qtbot.addWidget(made)
    cells = [[made.table.item(n, m).text() for m in range(4)] for n in range(2)]
    assert cells == [["1", "Nothing", "0", "0 mm³"], ["2", "Liver", "16", "8.0 ml"]]
    contour = Contour("CLOSED_PLANAR", ((0, 0, 0), (1, 0, 0), (1, 1, 0)))
    structures = VIEWS["structures"](Structures((Roi(4, "Herz", (contour,), "#00FF00"),)), pool)
    assert isinstance(structures, ListView)
    qtbot.addWidget(structures)
    assert [structures.table.item(0, m).text() for m in range(4)] == ["4", "Herz", "1", "3"]


def test_every_type_of_object_has_its_view() -> None:
    assert {row.view for row in OBJECT_TYPES} == set(VIEWS)


def test_the_pane_reads_in_the_background_and_shows_the_report(qtbot: QtBot, pool: ReadingPool, tmp_path: Path) -> None:
    path = write_report(tmp_path / "a", ("1", "99T", "Findings"), [number(("2", "99T", "Length"), "4.5", "mm")])
    pane = ObjectPane(pool)
    qtbot.addWidget(pane)
    pane.show_stack(stack_of(path, Kind.REPORT, "1.2.840.10008.5.1.4.1.1.88.34"), "SYNTHETIC A")
    assert pane.message.text() == "Reading …"
    qtbot.waitUntil(lambda: pane.view is not None, timeout=5000)
    assert isinstance(pane.view, TreeView)
    assert pane.kind.text() == "comprehensive 3D structured report"
    assert pane.who.whole == "SYNTHETIC A"


def test_the_pane_says_why_nothing_is_shown(qtbot: QtBot, pool: ReadingPool, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"nothing")
    pane = ObjectPane(pool)
    qtbot.addWidget(pane)
    pane.show_stack(stack_of(tmp_path / "a", Kind.REPORT))
    qtbot.waitUntil(lambda: "no DICOM data" in pane.message.text(), timeout=5000)
    pane.show_stack(stack_of(tmp_path / "a", Kind.OTHER, "1.2.840.10008.5.1.4.1.1.481.5"))
    qtbot.waitUntil(lambda: "RT plan" in pane.message.text(), timeout=5000)
    assert pane.view is None


def test_leads_and_beats_that_decided_are_marked_and_said(qtbot: QtBot, view: EcgView) -> None:
    evidence = (Evidence(EvidenceKind.LEAD, 0, 0, 0.6, "V2"), Evidence(EvidenceKind.MOMENT, 5.2, 6.0, 0.9, "beat"))
    view.paper.grab()
    bare = view.paper.grab().toImage()
    view.paper.set_evidence(evidence)
    marked, scale = view.paper.grab().toImage(), view.paper.pixels_per_mm
    ratio = marked.devicePixelRatio()
    changed = {
        strip.lead.name
        for strip in view.paper.sheet.strips
        for x in range(3, 60)
        if (place := QPoint(round((strip.x + x) * scale * ratio), round((strip.y - 5) * scale * ratio)))
        and marked.pixelColor(place).blue() - bare.pixelColor(place).blue() > 20
    }
    assert changed and all("V2" in name for name in changed)
    view.set_evidence(evidence)
    assert view.paper.evidence == evidence
    assert "AI draft" in view.hint.text()
    view.set_evidence(())
    assert "AI draft" not in view.hint.text()
