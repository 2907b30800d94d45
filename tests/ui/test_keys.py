"""Keys: rebound at once, printed from one table, each with a listener; a whole read without a mouse."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import SIGNAL, QObject, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QMenu, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

import viewer
from tests.ui.conftest import LONG, Start, turn
from viewer.app import Program
from viewer.core.finding import FindingState
from viewer.room import actions
from viewer.room.panels.banner import BannerView
from viewer.room.panels.studies import RowKind
from viewer.room.views.linking import Linking
from viewer.room.views.mouse import Button
from viewer.room.views.view import ViewEvents
from viewer.session import Event
from viewer.ui.kit.regions import stops_of
from viewer.ui.shell.dialogs.settings import SettingsDialog
from viewer.ui.shell.layout_picker import LayoutMenu
from viewer.ui.shell.view_menu import view_menu

PACKAGE = Path(viewer.__file__).parent
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


def press(program: Program, qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier = NONE, times: int = 1) -> None:
    """Keys as the system sends them: to the window, which finds the control or the shortcut."""
    for _ in range(times):
        qtbot.keyClick(program.window.windowHandle(), key, held)
    turn(qtbot)


def region(program: Program) -> str:
    """Which region has the keyboard."""
    window, here = program.window, QApplication.focusWidget()
    parts = {"views": window.view_area, "right": window._right_side, "tools": window.toolbar, "studies": window.browser}
    return next((name for name, part in parts.items() if here is not None and part.isAncestorOf(here)), "")


def go_to(program: Program, qtbot: QtBot, name: str) -> QWidget:
    """F6 until a region has the keyboard; what has it there."""
    for _ in range(5):
        if region(program) == name:
            break
        press(program, qtbot, Qt.Key.Key_F6)
    assert region(program) == name
    here = QApplication.focusWidget()
    assert here is not None
    return here


def tab_to(program: Program, qtbot: QtBot, wanted: Callable[[QWidget], bool]) -> QWidget:
    """Tab inside a region until a control is reached."""
    for _ in range(60):
        here = QApplication.focusWidget()
        if here is not None and wanted(here):
            return here
        press(program, qtbot, Qt.Key.Key_Tab)
    raise AssertionError(f"Tab never came there, it stands at {QApplication.focusWidget()}")


def test_a_whole_read_by_keys_alone(
    start: Start, film_folder: Path, head_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = start()
    window, review = program.window, program.context.session.review
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(film_folder.parent))
    press(program, qtbot, Qt.Key.Key_O, CTRL)
    library = program.context.session.library
    qtbot.waitUntil(lambda: bool(library.active) and not program.room.opening.is_busy, timeout=LONG)
    qtbot.waitUntil(lambda: program.room.loading.is_loaded(library.active), timeout=LONG)
    qtbot.waitUntil(lambda: region(program) == "views", timeout=LONG)
    if library.active_study.patient.id != "SYN-3":  # type: ignore[union-attr]
        press(program, qtbot, Qt.Key.Key_Down, CTRL)
    qtbot.waitUntil(lambda: "SYN-3" in str(library.active_study) and bool(program.room.views.stacks), timeout=LONG)
    for _ in range(3):
        if len(program.room.views.views) < 2:
            press(program, qtbot, Qt.Key.Key_L, CTRL)
    view = program.room.views.active
    assert view.picture is not None
    begun = view.picture.index
    press(program, qtbot, Qt.Key.Key_Down, times=3)
    assert view.picture.index == begun + 3
    press(program, qtbot, Qt.Key.Key_Tab)
    assert program.room.views.active is not view
    press(program, qtbot, Qt.Key.Key_Backtab, SHIFT)
    assert program.room.views.active is view

    studies = go_to(program, qtbot, "studies")
    press(program, qtbot, Qt.Key.Key_Down, times=2)
    assert view.picture.index == begun + 3, "arrows are the list's while it has the keyboard"
    assert studies.currentIndex().isValid()  # type: ignore[attr-defined]
    assert program.room.views.active is view, "the active view never changes by itself"
    go_to(program, qtbot, "views")
    assert program.room.views.active is view

    press(program, qtbot, Qt.Key.Key_0)
    window_before = view.window
    press(program, qtbot, Qt.Key.Key_1)
    assert view.window != window_before
    press(program, qtbot, Qt.Key.Key_D)
    press(program, qtbot, Qt.Key.Key_Return, times=2)
    press(program, qtbot, Qt.Key.Key_Right, SHIFT)
    press(program, qtbot, Qt.Key.Key_Return)
    (drawing,) = program.context.session.measurements.all()
    assert (drawing.values[0].value, drawing.values[0].unit) == (pytest.approx(10.0), "mm")
    press(program, qtbot, Qt.Key.Key_Escape)

    press(program, qtbot, Qt.Key.Key_Up, CTRL)
    if "SYN-3" in str(library.active_study):
        press(program, qtbot, Qt.Key.Key_Down, CTRL)
    qtbot.waitUntil(lambda: program.room.analyses.is_ready(library.active), timeout=LONG)
    press(program, qtbot, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: bool(program.room.reviewing.findings()), timeout=LONG)
    turn(qtbot)
    press(program, qtbot, Qt.Key.Key_Return, CTRL)
    assert [f.state for f in program.room.reviewing.findings()] == [FindingState.ACCEPTED]

    press(program, qtbot, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: bool(window.report_page.writer._texts))
    go_to(program, qtbot, "right")
    field = tab_to(program, qtbot, lambda w: w is window.report_page.writer._texts["impression"])
    assert isinstance(field, QPlainTextEdit)
    for letter in "Patchy opacity.":
        qtbot.keyClick(window.windowHandle(), letter)
    assert field.toPlainText() == "Patchy opacity.", "letters are typed, not done"
    sign = tab_to(program, qtbot, lambda w: w.accessibleName() == "Sign")
    assert sign.isEnabled()
    press(program, qtbot, Qt.Key.Key_Space)
    study = library.active_study
    assert study is not None
    qtbot.waitUntil(lambda: review.signature(study.uid) is not None)
    assert review.report_text(study.uid)["impression"] == "Patchy opacity."


@pytest.fixture
def film(start: Start, film_folder: Path) -> Program:
    return start(film_folder)


def test_rebound_keys_act_at_once_and_are_printed_everywhere(film: Program, qtbot: QtBot) -> None:
    window = film.window
    picture = film.room.views.active.picture
    assert picture is not None
    film.context.change_settings(shortcuts={"image.invert": "Ctrl+J", "overlay.toggle": "J", "help.keys": "F3"})
    turn(qtbot)
    press(film, qtbot, Qt.Key.Key_I)
    assert not picture.inverted
    press(film, qtbot, Qt.Key.Key_J, CTRL)
    assert picture.inverted
    press(film, qtbot, Qt.Key.Key_J)
    assert not film.room.overlays.choice.visible
    assert window.actions_by_id["image.invert"].toolTip() == "Invert (Ctrl+J)"
    assert "F3 shows every key" in window.start._hint.text()
    film.room.analyses.run_first()
    qtbot.waitUntil(lambda: bool(film.room.reviewing.findings()), timeout=LONG)
    film.context.change_settings(shortcuts={"finding.accept": "Ctrl+J", "finding.next": ""})
    turn(qtbot)
    said = {w.text() for w in window.right.sections["findings"].findChildren(QLabel)}
    assert "Ctrl+J accept · Ctrl+Backspace reject · F2 edit" in said


def test_a_conflict_cannot_be_saved(film: Program) -> None:
    film.window.commands.show_settings()
    dialog = film.window.findChild(SettingsDialog)
    assert dialog is not None
    for clash in ({"tool.zoom": "W"}, {"tool.zoom": "Esc"}):
        dialog.keys.rebound = dict(clash)
        dialog.keys.show_keys()
        assert not dialog._save_button.isEnabled()
    dialog.keys.rebound = {"tool.zoom": "Ctrl+J"}
    dialog.keys.show_keys()
    assert dialog._save_button.isEnabled()


def test_no_printed_key_stands_outside_the_table() -> None:
    named = [
        key for entry in actions.ACTIONS for key in entry.keys if "+" in key or key[0] == "F" and key[1:].isdigit()
    ]
    outside: list[str] = []
    for source in (p for part in ("ui", "room", "words") for p in (PACKAGE / part).rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tr" and node.args:
                text = node.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    outside += [text.value for key in named if key in text.value.split()]
    assert outside == []


def test_every_action_of_the_key_card_does_something(film: Program) -> None:
    made = film.window.actions_by_id
    deaf = [
        entry.id
        for entry in actions.ACTIONS
        if not made[entry.id].receivers(SIGNAL("triggered(bool)"))
        and not made[entry.id].receivers(SIGNAL("toggled(bool)"))
    ]
    assert deaf == []
    handled = set(film.window.commands.acts)
    lost = [e.id for e in actions.ACTIONS if not (e.tool or e.id in handled or _does(film, e.id))]
    assert lost == []


def _does(film: Program, action_id: str) -> bool:
    """True where the views have an answer to an action."""
    from viewer.room.views.commands import ON_ACTIVE, ON_VIEWS

    return action_id in ON_ACTIVE or action_id in ON_VIEWS or action_id in ("image.cine", "view.hang", "view.second")


def test_every_signal_of_the_window_is_heard(film: Program, qtbot: QtBot) -> None:
    film.room.analyses.run_first()
    qtbot.waitUntil(lambda: bool(film.room.reviewing.findings()), timeout=LONG)
    film.window.show_report(True)
    turn(qtbot)
    deaf: set[str] = set()
    for widget in (film.window, *film.window.findChildren(QObject)):
        for kind in type(widget).__mro__:
            if not kind.__module__.startswith("viewer.ui"):
                continue
            for name, signal in vars(kind).items():
                if type(signal).__name__ == "Signal" and not widget.receivers(SIGNAL(_signature(widget, name))):
                    deaf.add(f"{kind.__name__}.{name}")
    #: Cards that may be clicked, and are so only where they show a finding.
    assert deaf <= {"Card.clicked", "Card.double_clicked", "Message.closed", "Section.sight_wanted"}


def _signature(widget: QObject, name: str) -> str:
    meta = widget.metaObject()
    methods = (meta.method(n) for n in range(meta.methodCount()))
    return next(bytes(m.methodSignature().data()).decode() for m in methods if bytes(m.name().data()).decode() == name)


def test_everything_a_view_tells_and_every_event_is_heard() -> None:
    told = [name for name, _ in inspect.getmembers(ViewEvents, inspect.isfunction)]
    assert [name for name in told if getattr(Linking, name) is getattr(ViewEvents, name)] == []
    sources = [ast.parse(p.read_text(encoding="utf-8")) for p in PACKAGE.rglob("*.py")]
    made = {n.func.id for s in sources for n in ast.walk(s) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    calls = {id(n.func) for s in sources for n in ast.walk(s) if isinstance(n, ast.Call)}
    heard = {n.id for s in sources for n in ast.walk(s) if isinstance(n, ast.Name) and id(n) not in calls}
    events = {kind.__name__ for kind in _all_kinds(Event) if kind.__module__.startswith("viewer.room")}
    assert sorted(name for name in events & made if name not in heard) == []


def _all_kinds(kind: type[Event]) -> set[type[Event]]:
    return {one for below in kind.__subclasses__() for one in (below, *_all_kinds(below))}


def test_a_right_click_opens_the_menu_with_names_and_keys(
    film: Program, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = film.room.views.active
    film.context.change_settings(shortcuts={"tool.length": "Ctrl+J"})
    menu = view_menu(film.window, film.window.actions_by_id, film.room, view)
    assert [a.text() for a in menu.actions() if a.menu()] == ["Presets", "Layout", "Tools", "Measure", "Series"]
    for one in menu.findChildren(LayoutMenu):
        one.fill()
    below = {a.text(): [b.text() for b in a.menu().actions()] for a in menu.actions() if isinstance(a.menu(), QMenu)}
    assert "Hang again by rule" in below["Layout"]
    assert any("Chest PA" in text for text in below["Series"])
    assert {"Key image", "Reset view", "Corner annotations", "Hide patient name"} <= {a.text() for a in menu.actions()}
    length = next(
        a
        for one in menu.actions()
        if isinstance(one.menu(), QMenu)
        for a in one.menu().actions()
        if a.text() == "Length"
    )
    assert length.shortcut().toString() == "Ctrl+J"
    canvas = film.window.view_area.grid.active.canvas
    target = canvas.viewport() if hasattr(canvas, "viewport") else canvas
    opened: list[object] = []
    monkeypatch.setattr(QMenu, "popup", lambda _menu, at: opened.append(at))
    qtbot.mouseClick(target, Qt.MouseButton.RightButton, pos=target.rect().center())
    assert opened == [target.mapToGlobal(target.rect().center())]


def test_tab_goes_round_inside_each_region(film: Program, qtbot: QtBot) -> None:
    for name in ("right", "tools", "studies"):
        go_to(film, qtbot, name)
        stops = stops_of(
            {"right": film.window._right_side, "tools": film.window.toolbar, "studies": film.window.browser}[name]
        )
        assert stops, name
        press(film, qtbot, Qt.Key.Key_Tab, times=len(stops) + 1)
        assert region(film) == name
    window = film.window
    window.show_report(True)
    turn(qtbot)
    name = window.report_page.writer._name
    name.setFocus()
    qtbot.keyClick(window.windowHandle(), Qt.Key.Key_W)
    assert isinstance(name, QLineEdit) and name.text().endswith("w")


def test_panels_and_the_banner_come_and_go_beside_a_picture_that_stays(film: Program, qtbot: QtBot) -> None:
    window = film.window
    canvas, view = window.view_area.grid.active.canvas, film.room.views.active
    turn(qtbot)

    def on_screen() -> tuple[float, float, float]:
        x, y = view.camera.to_screen([40, 40]).tolist()
        corner = canvas.mapToGlobal(canvas.rect().topLeft())
        return round(x + corner.x(), 3), round(y + corner.y(), 3), view.camera.scale

    def _is_not(widget: QWidget, width: int) -> bool:
        return widget.width() != width

    before, width = on_screen(), canvas.width()
    for action in ("panel.right", "panel.studies", "panel.right", "panel.studies"):
        window.actions_by_id[action].trigger()
        qtbot.waitUntil(partial(_is_not, canvas, width))
        width = canvas.width()
        assert on_screen() == pytest.approx(before, abs=0.6), action
        turn(qtbot)
    height = canvas.height()
    window.banner.show_view(BannerView((("a", "A"), ("b", "B"))))
    turn(qtbot)
    assert window.banner.isVisible() and canvas.height() == height
    assert on_screen() == pytest.approx(before, abs=0.6)


def test_a_new_measurement_scrolls_its_row_into_sight(film: Program, qtbot: QtBot) -> None:
    window, view = film.window, film.room.views.active
    window.resize(1280, 560)
    mouse = film.room.views.mouse(view)
    mouse.set_tool("probe")
    seen: list[QWidget] = []
    window.right.sections["measurements"].sight_wanted.connect(seen.append)
    for n in range(3):
        x, y = view.camera.to_screen([20 + 10 * n, 20]).tolist()
        at = mouse.pointer(x, y)
        mouse.press(Button.LEFT, at)
        mouse.release(Button.LEFT, at)
        qtbot.waitUntil(lambda n=n: len(seen) == n + 1)
    row = seen[-1]
    assert not row.visibleRegion().isEmpty()


def test_the_rail_says_whose_thumbnails_they_are(
    start: Start, film_folder: Path, head_folder: Path, qtbot: QtBot
) -> None:
    program = start(film_folder, head_folder)
    browser = program.window.browser
    program.window.toggle_studies()
    turn(qtbot)
    assert browser.is_rail
    model, rows = browser._model, browser._list
    patients = [model.index(n) for n, row in enumerate(model.rows) if row.kind is RowKind.PATIENT]
    assert len(patients) == 2
    assert all(rows.visualRect(index).height() >= 20 for index in patients)
    assert "SYNTHETIC" in str(patients[0].data(Qt.ItemDataRole.ToolTipRole))
