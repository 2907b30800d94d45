"""The main window: puts the parts in their places and connects them; the work is in `viewer.room`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QSplitter, QStackedWidget

from viewer.room import tour
from viewer.room.actions import printed_key, row
from viewer.room.events import (
    BoxWanted,
    Exported,
    Exporting,
    ExternalChanged,
    JobProgressed,
    JobsChanged,
    PacksChanged,
    SealsChanged,
    SettingsChanged,
    Trouble,
)
from viewer.room.panels import banner, patient, status, studies
from viewer.room.room import Room
from viewer.room.views.events import MenuWanted, PointerMoved, ViewMoved
from viewer.room.views.values import scale_words, value_words, where_words
from viewer.session import (
    Activated,
    BoxesChanged,
    FindingChanged,
    GateChanged,
    HistoryChanged,
    KeyMarksChanged,
    OverlaysChanged,
    ReportChanged,
    ResultAdded,
    SelectionChanged,
    StudiesChanged,
    StudyClosed,
    ViewsChanged,
)
from viewer.ui.kit.basic import column
from viewer.ui.kit.keyguard import KeyGuard
from viewer.ui.kit.peek import PeekKey
from viewer.ui.kit.refresh import Part, Refresher
from viewer.ui.kit.regions import Region, RegionRing, Stop, first_control
from viewer.ui.panels.analysis_panel import UPDATE_MS
from viewer.ui.panels.findings_panel import FindingsPanel
from viewer.ui.panels.report_panel import REPORT_WIDTH
from viewer.ui.panels.study_browser import RAIL_WIDTH, StudyBrowser
from viewer.ui.panels.tour_card import TourCard
from viewer.ui.shell.actions import bind, build, native_key
from viewer.ui.shell.banner import PatientBanner
from viewer.ui.shell.chrome import WORDS_FROM_HEIGHT, ToolBar, build_menus, group_tools
from viewer.ui.shell.commands import Commands
from viewer.ui.shell.file_drop import FileDrop
from viewer.ui.shell.layout_picker import LayoutMenu, attach
from viewer.ui.shell.monitors import Monitors, Placed, keep_place
from viewer.ui.shell.notices import Notices, done_words
from viewer.ui.shell.place_keeper import PlaceKeeper
from viewer.ui.shell.recent_menu import add_recent
from viewer.ui.shell.report_page import FINDINGS_WIDTH, ReportPage
from viewer.ui.shell.right_panel import MAX_WIDTH, MIN_WIDTH, WIDTH, RightPanel, part_of
from viewer.ui.shell.start_page import StartPage
from viewer.ui.shell.status_bar import StatusBar
from viewer.ui.shell.view_area import ViewArea
from viewer.ui.shell.view_menu import view_menu
from viewer.ui.shell.wiring import follow_search, follow_thumbnails, follow_views
from viewer.words.i18n import tr

#: Another stack, other results, other settings, or nothing any more.
_OTHER = (Activated, ResultAdded, StudyClosed, SettingsChanged)
_CHOSEN = (FindingChanged, ReportChanged, SelectionChanged, OverlaysChanged, ExternalChanged, ViewsChanged)
#: What lies over the views, and the boxes on them, are brought up to date after these.
_OVER_HEARS = (*_OTHER, *_CHOSEN, GateChanged, KeyMarksChanged)
_BOXES_HEAR = (*_OTHER, ViewsChanged, BoxesChanged)
#: Actions may be used or not after these.
_ACTIONS_HEAR = (*_OTHER, *_CHOSEN, HistoryChanged, StudiesChanged, JobsChanged, GateChanged, PacksChanged)
#: Below this width the studies fold to a rail and the right panel takes its least width.
RAIL_BELOW = 1366
#: Below this width the studies panel is not shown while it is empty: the start page says the same.
EMPTY_STUDIES_FROM = 900
#: Least, usual and greatest width of the studies panel.
STUDIES_WIDTHS = (200, 248, 360)


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
        self.setMinimumSize(800, 500)
        self._painted = False
        self._rail_by_hand: bool | None = None
        self._sized_for: tuple[bool, ...] = ()
        self.actions_by_id = build(self, room.context.settings.shortcuts)
        add_recent(build_menus(self, self.actions_by_id)["File"], room)
        self._tools = group_tools(self, self.actions_by_id)
        self.toolbar = ToolBar(self.actions_by_id)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.toolbar)
        self.view_area = ViewArea(room)
        self.commands = Commands(room, self.view_area, self.actions_by_id, self, self)
        self._make_parts()
        self._lay_out()
        self.places = PlaceKeeper(room, room.hanging.place, lambda: self.shows_report, self)
        self._connect()
        for name in ("view.next", "view.previous", "measure.point"):
            self.actions_by_id[name].setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.view_area.addAction(self.actions_by_id[name])
        self._take_keys()
        self._refresher = Refresher(self._followed(), self)
        self._heard = self._hear()
        self._refresher.refresh_all()
        self.resize(1600, 1000)

    def _make_parts(self) -> None:
        acts = self.commands.acts
        self.start = StartPage(acts)
        self.drop = FileDrop(self, self.room.opening.open_paths, self.start.set_hot)
        self.peek = PeekKey(self, "")
        self.guard = KeyGuard(self, self.view_area.wants_key)
        self.ring = RegionRing(self._regions)
        self.browser = StudyBrowser()
        self.right = RightPanel(self.room, acts)
        self.report_page = ReportPage(self.room, acts)
        self.banner = PatientBanner(self.menuBar())
        self.notices = Notices()
        self.tour = TourCard()
        self.status = StatusBar()

    def _connect(self) -> None:
        """What the reader asks for in the parts of the window."""
        room, acts = self.room, self.commands.acts
        self.browser.chosen.connect(room.loading.show)
        follow_search(room, self.browser.search)
        self.browser.state_chosen.connect(room.presentations.toggle)
        self.browser.person_chosen.connect(room.join_people)
        self.browser.refused_asked.connect(acts["file.refused"])
        self.browser.fold_asked.connect(acts["panel.studies"])
        self.banner.only.connect(lambda _patient: room.hanging.clear())
        self.banner.only.connect(room.show_patient)
        self.start.language_chosen.connect(lambda code: room.context.change_settings(language=code))
        self.peek.toggled.connect(acts["overlay.toggle"])
        self.peek.peeked.connect(room.views.set_peek)
        self.tour.stepped.connect(self.commands.tour.step)
        self.tour.ended.connect(self.commands.tour.end)
        self.view_area.place_wanted.connect(room.navigation.go)
        self.actions_by_id["view.second"].triggered.connect(self.monitors.toggle)
        button = self.toolbar.widgetForAction(self.actions_by_id["view.layout"])
        attach(button, LayoutMenu(room, self.actions_by_id, self))

    def _followed(self) -> tuple[Part, ...]:
        """Everything that follows the room, in the order in which it is brought up to date."""
        room = self.room
        shown = part_of(room, self.status, status.state, status.HEARS)
        return (
            part_of(room, self.browser, studies.state, studies.HEARS),
            part_of(room, self.banner, banner.state, banner.HEARS),
            self.monitors.part,
            Part(self._show_page, (StudiesChanged, StudyClosed, ViewsChanged)),
            Part(lambda: self.setWindowTitle(_title(room)), patient.HEARS),
            Part(lambda: room.layers.show_boxes(room.views.stacks), _BOXES_HEAR),
            Part(self.view_area.show_over, _OVER_HEARS),
            Part(self.view_area.show_seal, (SealsChanged,)),
            *self.right.parts,
            *self.report_page.parts,
            shown,
            replace(shown, hears=(JobProgressed,), every_ms=UPDATE_MS),
            Part(self.commands.update, _ACTIONS_HEAR),
            Part(lambda: self.tour.show_view(self.commands.tour.view()), tour.HEARS),
        )

    def _hear(self) -> tuple[Callable[[], None], ...]:
        """What is done at once."""
        session = self.room.context.session
        return (
            session.subscribe(self._refresher.on_event),
            session.on(Trouble, lambda event: self.notices.say(event.words)),
            session.on(BoxWanted, lambda _event: self.actions_by_id["tool.box"].setChecked(True)),
            session.on(Exporting, lambda event: self.actions_by_id["report.export"].setEnabled(not event.running)),
            session.on(Exporting, lambda event: self.report_page.writer.show_exporting(event.running)),
            session.on(Exported, lambda event: self.notices.say(done_words(event.folder, list(event.files)), "info")),
            follow_thumbnails(self.room, self.browser),
            session.on(
                PointerMoved, lambda event: self.status.show_pointer(where_words(event.info), value_words(event.info))
            ),
            session.on(PointerMoved, lambda event: self.status.show_scale(scale_words(event.info))),
            session.on(ViewMoved, lambda _event: self.places.moved()),
            session.on(MenuWanted, self._show_menu),
            session.on(SettingsChanged, lambda _event: self._take_keys()),
            *follow_views(self.room, self.view_area),
        )

    def _take_keys(self) -> None:
        """Every key as the settings have it, at once; the overlay key is watched, for holding it peeks."""
        rebound = self.room.context.settings.shortcuts
        bind(self.actions_by_id, rebound)
        overlay = self.actions_by_id["overlay.toggle"]
        overlay.setShortcuts([])
        overlay.setText("\t".join([tr(row("overlay.toggle").text), native_key("overlay.toggle", rebound)]).rstrip())
        self.peek.set_key(printed_key("overlay.toggle", rebound))
        self.start.show_keys(rebound)

    def stop_following(self) -> None:
        """Hear no more of the room: another window takes the place of this one."""
        for stop in self._heard:
            stop()
        self._refresher.stop()
        self.view_area.release()

    def _show_menu(self, event: MenuWanted) -> None:
        """A right click on a picture."""
        menu = view_menu(self, self.actions_by_id, self.room, self.room.views.active)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(QPoint(*event.at))

    def _lay_out(self) -> None:
        self.setStatusBar(self.status)
        self.middle = QStackedWidget()
        self.middle.addWidget(self.start)
        self.middle.addWidget(self.view_area)
        middle = QFrame()
        stacked = column(middle)
        stacked.addWidget(self.middle, 1)
        self._right_pages = QStackedWidget()
        self._right_pages.addWidget(self.right)
        self._right_pages.addWidget(self.report_page)
        self._right_side = Region()
        self._right_side.setProperty("kind", "panel")
        side = column(self._right_side)
        side.addWidget(self.notices)
        side.addWidget(self.tour)
        side.addWidget(self._right_pages, 1)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        for part in (self.browser, middle, self._right_side):
            self._split.addWidget(part)
        self._split.setStretchFactor(1, 1)
        middle.setMinimumWidth(320)
        self.setCentralWidget(self._split)
        self.monitors = Monitors(self.room, self.middle, self.view_area, self)
        self.placed: dict[str, Placed] = {"main": self, "panels": self._split}
        self._size_sides()

    # sizes

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """What gives way first: toolbar words, then the studies, then the right panel."""
        super().resizeEvent(event)
        self.toolbar.fit(self.width(), self.height())
        self.banner.fit()
        self._size_sides()

    def _size_sides(self) -> None:
        narrow = self.width() < RAIL_BELOW
        rail = narrow if self._rail_by_hand is None else self._rail_by_hand
        rail = rail and bool(self.room.context.session.library.studies)
        report = self.shows_report
        if rail != self.browser.is_rail:
            self.browser.set_rail(rail)
        has_room = bool(self.room.context.session.library.studies) or self.width() >= EMPTY_STUDIES_FROM
        self.browser.setVisible(has_room and not report)
        self.status.name_rule(rail)
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
            self.right.fold_foot(low)
            self._split.setSizes([usual, max(320, self.width() - usual - wanted), wanted])

    def toggle_studies(self) -> None:
        """F7: studies as panel or as rail."""
        self.view_area.hold_pictures()
        self._rail_by_hand = not self.browser.is_rail
        self._size_sides()

    def toggle_right(self) -> None:
        """F8: show or hide the right panel."""
        self.view_area.hold_pictures()
        self._right_side.setVisible(not self._right_side.isVisible())

    def _regions(self) -> tuple[Stop, ...]:
        pages = self.view_area if self.middle.currentWidget() is self.view_area else self.start
        enter = self.view_area.take_keyboard if pages is self.view_area else first_control(self.start)
        controls = (Stop(widget, first_control(widget)) for widget in (self._right_side, self.toolbar))
        return (Stop(pages, enter), *controls, Stop(self.browser, self.browser.take_keyboard))

    # the report

    @property
    def shows_report(self) -> bool:
        """True while the report is being written."""
        return self.report_page.is_open

    def show_report(self, show: bool) -> None:
        """Open or close the report beside the picture."""
        if show and (not self.room.context.session.library.active or self.room.context.session.two_patients):
            return
        if not show:
            self.report_page.writer.keep_text()
        self.report_page.is_open = show
        self._right_pages.setCurrentWidget(self.report_page if show else self.right)
        self._right_side.show()
        self._size_sides()
        self._refresher.refresh_all()

    def keep_report_text(self) -> None:
        """Store what is being typed."""
        self.report_page.writer.keep_text()

    def edit_finding(self) -> None:
        """F2: open the form of the selected finding."""
        panel = self.report_page.findings if self.shows_report else self.right.sections["findings"]
        if isinstance(panel, FindingsPanel):
            panel.edit_selected()

    # start page and pictures

    def _show_page(self) -> None:
        """The views, or the start page while nothing is open; no report while two patients are on screen."""
        session = self.room.context.session
        page = self.monitors.page if session.library.studies else self.start
        if self.middle.currentWidget() is not page:
            self.middle.setCurrentWidget(page)
            self._size_sides()
            if page is not self.start:
                self.view_area.take_keyboard()
            else:
                self.start.first_button().setFocus()
        if session.two_patients and self.shows_report:
            self.show_report(False)

    # life

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Tell once that the window stands."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            self.peek.watch()
            self.guard.watch()
            self.start.first_button().setFocus()
            QTimer.singleShot(0, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Store what is typed, then let the program end."""
        self.report_page.writer.keep_text()
        self.places.keep()
        self.monitors.bring_back()
        keep_place(self.placed)
        self.stop_following()
        self.closing.emit()
        super().closeEvent(event)


def _title(room: Room) -> str:
    name = patient.state(room.context.session, room).name
    return f"{name} – SecondRead" if name else "SecondRead"
