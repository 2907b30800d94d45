"""The main window: puts the parts in their places and connects them; the work is in `viewer.room`."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QSplitter, QStackedWidget, QWidget

from viewer.room.room import Room
from viewer.ui.kit.basic import column
from viewer.ui.kit.peek import PeekKey
from viewer.ui.panels.findings_panel import FindingsPanel
from viewer.ui.panels.report_panel import REPORT_WIDTH, ReportWriter
from viewer.ui.panels.study_browser import RAIL_WIDTH, StudyBrowser
from viewer.ui.shell.actions import build, keys_of, row
from viewer.ui.shell.banner import PatientBanner
from viewer.ui.shell.chrome import WORDS_FROM_HEIGHT, ToolBar, build_menus, group_tools
from viewer.ui.shell.commands import Commands
from viewer.ui.shell.notices import Notices
from viewer.ui.shell.presenter import Presenter
from viewer.ui.shell.right_panel import MAX_WIDTH, MIN_WIDTH, WIDTH, RightPanel
from viewer.ui.shell.start_page import StartPage
from viewer.ui.shell.status_bar import StatusBar
from viewer.ui.shell.view_area import Centre
from viewer.ui.shell.wiring import Wiring

#: Below this width the studies fold to a rail and the right panel takes its least width.
RAIL_BELOW = 1366
#: Least, usual and greatest width of the studies panel.
STUDIES_WIDTHS = (200, 248, 360)
FINDINGS_WIDTH = 296


class MainWindow(QMainWindow):
    """Menu bar, toolbar, studies, the middle, the right panel, status bar.

    Signals:
        painted: once, after the first paint; closing: the reader closes the window.
    """

    painted = Signal()
    closing = Signal()

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room
        self.setWindowTitle("SecondRead")
        self.setAcceptDrops(True)
        self.setMinimumSize(800, 500)
        self._painted = False
        self._rail_by_hand: bool | None = None
        self._sized_for: tuple[bool, ...] = ()
        self._make_parts()
        self.actions_by_id = build(self, room.context.settings.shortcuts)
        build_menus(self, self.actions_by_id)
        self._tools = group_tools(self, self.actions_by_id)
        self.toolbar = ToolBar(self.actions_by_id)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.toolbar)
        self.commands = Commands(self, room, self.actions_by_id)
        self.start = StartPage(self.commands.handlers())
        self.peek = PeekKey(self, self._peek_key())
        self._lay_out()
        self.presenter = Presenter(self, room)
        self.wiring = Wiring(self, room)
        self.presenter.refresh_all()
        self.resize(1600, 1000)

    def _make_parts(self) -> None:
        self.browser = StudyBrowser()
        self.centre = Centre(self.room)
        self.right = RightPanel()
        self.banner = PatientBanner()
        self.notices = Notices()
        self.side_findings = FindingsPanel()
        self.writer = ReportWriter()
        self.status = StatusBar()

    def _lay_out(self) -> None:
        self.setStatusBar(self.status)
        self.middle = QStackedWidget()
        self.middle.addWidget(self.start)
        self.middle.addWidget(self.centre)
        middle = QFrame()
        stacked = column(middle)
        stacked.addWidget(self.banner)
        stacked.addWidget(self.middle, 1)
        self._right_pages = QStackedWidget()
        self._right_pages.addWidget(self.right)
        self._right_pages.addWidget(self._report_page())
        self._right_side = QFrame()
        self._right_side.setProperty("kind", "panel")
        side = column(self._right_side)
        side.addWidget(self.notices)
        side.addWidget(self._right_pages, 1)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        for part in (self.browser, middle, self._right_side):
            self._split.addWidget(part)
        self._split.setStretchFactor(1, 1)
        middle.setMinimumWidth(320)
        self.setCentralWidget(self._split)
        self._size_sides()

    def _report_page(self) -> QWidget:
        page = QSplitter(Qt.Orientation.Horizontal)
        page.setHandleWidth(1)
        page.setChildrenCollapsible(False)
        holder = QFrame()
        holder.setProperty("kind", "panel")
        inside = column(holder)
        inside.addWidget(self.side_findings)
        inside.addStretch(1)
        page.addWidget(holder)
        page.addWidget(self.writer)
        page.setStretchFactor(1, 1)
        page.setSizes([FINDINGS_WIDTH, REPORT_WIDTH])
        self._report_split = page
        return page

    # sizes

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """What gives way first: toolbar words, then the studies, then the right panel."""
        super().resizeEvent(event)
        self.toolbar.fit(self.width(), self.height())
        self._size_sides()

    def _size_sides(self) -> None:
        narrow = self.width() < RAIL_BELOW
        rail = narrow if self._rail_by_hand is None else self._rail_by_hand
        rail = rail and bool(self.room.context.session.library.studies)
        report = self.shows_report
        if rail != self.browser.is_rail:
            self.browser.set_rail(rail)
        self.browser.setVisible(not report)
        least, usual, most = (RAIL_WIDTH,) * 3 if rail else STUDIES_WIDTHS
        self.browser.setMinimumWidth(least)
        self.browser.setMaximumWidth(most)
        wanted = min(FINDINGS_WIDTH + REPORT_WIDTH, max(560, self.width() - 420)) if report else WIDTH
        if narrow and not report:
            wanted = MIN_WIDTH
        self._right_side.setMinimumWidth(MIN_WIDTH)
        self._right_side.setMaximumWidth(wanted if report else MAX_WIDTH)
        low = self.height() < WORDS_FROM_HEIGHT
        key = (rail, report, narrow, low)
        if key != self._sized_for:
            self._sized_for = key
            self.right.report.set_open(not low)
            self._split.setSizes([usual, max(320, self.width() - usual - wanted), wanted])

    def toggle_studies(self) -> None:
        """F7: studies as panel or as rail."""
        self._rail_by_hand = not self.browser.is_rail
        self._size_sides()

    def toggle_right(self) -> None:
        """F8: show or hide the right panel."""
        self._right_side.setVisible(not self._right_side.isVisible())

    # the report

    @property
    def shows_report(self) -> bool:
        """True while the report is being written."""
        return hasattr(self, "_right_pages") and self._right_pages.currentIndex() == 1

    def show_report(self, show: bool) -> None:
        """Open or close the report beside the picture."""
        if show and (not self.room.context.session.library.active or self.room.context.session.two_patients):
            return
        if not show:
            self.writer.keep_text()
        self._right_pages.setCurrentIndex(1 if show else 0)
        self._right_side.show()
        self._size_sides()
        self.presenter.refresh_all()

    def keep_report_text(self) -> None:
        """Store what is being typed."""
        self.writer.keep_text()

    def show_exporting(self, running: bool) -> None:
        """While a report is written its buttons wait."""
        self.actions_by_id["report.export"].setEnabled(not running)
        self.writer.show_exporting(running)

    def edit_finding(self) -> None:
        """F2: open the form of the selected finding."""
        panel = self.side_findings if self.shows_report else self.right.findings
        panel.edit(self.room.reviewing.selected)
        QTimer.singleShot(0, self._show_form)

    def _show_form(self) -> None:
        """Bring the field that has the keyboard into sight."""
        focused = self.focusWidget()
        if focused is not None and self.right.isAncestorOf(focused):
            self.right.show_section(focused)

    # start page and pictures

    def show_pictures(self, show: bool) -> None:
        """The views, or the start page while nothing is open."""
        page = self.centre if show else self.start
        if self.middle.currentWidget() is not page:
            self.middle.setCurrentWidget(page)
            self._size_sides()
            if show:
                self.centre.take_keyboard()
            else:
                self.start.first_button().setFocus()

    def _peek_key(self) -> str:
        keys = keys_of(row("overlay.toggle"), self.room.context.settings.shortcuts)
        self.actions_by_id["overlay.toggle"].setShortcuts([])
        return keys[0] if keys else ""

    # files dropped

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Files, folders and archives are welcome."""
        if _paths(event.mimeData()):
            event.acceptProposedAction()
            self.start.set_hot(True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """They went away again."""
        self.start.set_hot(False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open what was dropped."""
        self.start.set_hot(False)
        event.acceptProposedAction()
        self.room.opening.open_paths(_paths(event.mimeData()))

    # life

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Tell once that the window stands."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            self.peek.watch()
            self.start.first_button().setFocus()
            QTimer.singleShot(0, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Store what is typed, then let the program end."""
        self.writer.keep_text()
        self.presenter.keep_place()
        self.closing.emit()
        super().closeEvent(event)


def _paths(data: QMimeData) -> list[str]:
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
