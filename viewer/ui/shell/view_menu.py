"""The menu of a right click on a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ParamSpec

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from viewer.core.study import Stack
from viewer.room.actions import ACTIONS
from viewer.room.room import Room
from viewer.room.views.commands import presets_of
from viewer.room.views.view import View
from viewer.ui.shell.layout_picker import LayoutMenu
from viewer.words.i18n import tr
from viewer.words.people import stack_line, stack_title

_P = ParamSpec("_P")
#: Groups of the window's own actions by the beginning of their ids; "" a separator.
_PICTURES = ("view.maximise", "image.copy", "image.key", "view.reset")
_HIDDEN = ("overlay.toggle", "view.corners", "view.hide_name")


def view_menu(parent: QWidget, actions: Mapping[str, QAction], room: Room, view: View) -> QMenu:
    """Windows by name, layout, tools, series, copy, hide: the window's own actions, so their keys stand beside them."""
    menu = QMenu(parent)
    _add_presets(menu.addMenu(tr("Presets")), actions, view)
    layouts = LayoutMenu(room, actions, menu)
    layouts.setTitle(tr("Layout"))
    menu.addMenu(layouts)
    for heading in ("Image", "Measure"):
        tools = [entry.id for entry in ACTIONS if entry.tool and entry.menu == heading]
        menu.addMenu(tr("Tools") if heading == "Image" else tr(heading)).addActions([actions[name] for name in tools])
    _add_series(menu.addMenu(tr("Series")), room, view)
    menu.addSeparator()
    if view.selected:
        menu.addActions([actions["measure.copy"], actions["measure.delete"]])
        menu.addSeparator()
    menu.addActions(_named(actions, _PICTURES))
    menu.addSeparator()
    menu.addActions(_named(actions, _HIDDEN))
    return menu


def _named(actions: Mapping[str, QAction], beginnings: Iterable[str]) -> list[QAction]:
    """Actions whose id begins so, in this order."""
    return [actions[entry.id] for begin in beginnings for entry in ACTIONS if entry.id.startswith(begin)]


def _add_presets(menu: QMenu, actions: Mapping[str, QAction], view: View) -> None:
    """Presets of the view's modality by name, with the keys that they have now."""
    for preset in presets_of(view):
        entry = menu.addAction(tr(preset.name))
        keyed = actions.get(f"window.preset{preset.key}")
        if keyed is not None:
            entry.setShortcut(keyed.shortcut())
        entry.triggered.connect(_plain(view.set_window, preset))
    menu.addActions([actions["window.auto"], actions["window.file"]])


def _add_series(menu: QMenu, room: Room, view: View) -> None:
    """The study's series; the one on show is checked, another is shown in this view."""
    study = room.context.session.library.study_of(view.stack_key)
    for stack in study.stacks if study is not None else ():
        entry = menu.addAction(f"{stack_title(stack)}  ·  {stack_line(stack)}")
        entry.setCheckable(True)
        entry.setChecked(stack.key == view.stack_key)
        entry.triggered.connect(_plain(_show, room, view, stack))
    menu.setEnabled(not menu.isEmpty())


def _show(room: Room, view: View, stack: Stack) -> None:
    if len(room.views.views) > 1 and stack.geometry is not None:
        room.hanging.show_in(view, stack.key)
    else:
        room.loading.show(stack.key)


def _plain(act: Callable[_P, None], *args: _P.args, **named: _P.kwargs) -> Callable[..., None]:
    """Without the `checked` of `triggered`."""
    return lambda *_checked: act(*args, **named)
