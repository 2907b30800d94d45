"""The key card as a PDF of one or two pages, to be printed."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PySide6.QtCore import QMarginsF
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument

from viewer.core.settings import Settings
from viewer.room.actions import ACTIONS, MENUS, keys_of
from viewer.room.preferences import mouse_rows
from viewer.ui.kit.keys import native
from viewer.ui.kit.theme import font
from viewer.words.i18n import language, tr

#: Margin (mm), and size of the letters (px at 96 an inch).
_MARGIN, _TEXT_PX = 14.0, 11


def write_key_card(path: str, settings: Settings) -> None:
    """Write every action that has a key, and what the mouse does.

    Raises:
        OSError: the file cannot be written.
    """
    Path(path).open("ab").close()  # Qt says nothing where it cannot write
    writer = QPdfWriter(path)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN), QPageLayout.Unit.Millimeter)
    writer.setResolution(96)
    writer.setTitle(tr("All keys"))
    document = QTextDocument()
    document.setDefaultFont(font(_TEXT_PX, language=language()))
    document.setHtml(card_html(settings))
    document.setPageSize(writer.pageLayout().paintRectPixels(96).size().toSizeF())
    document.print_(writer)


def card_html(settings: Settings) -> str:
    """The card as a table of two columns."""
    groups = [(tr(menu), _keys_of_menu(menu, settings)) for menu in MENUS]
    groups.append((tr("Mouse"), [(tr(what), tr(does)) for what, does in mouse_rows(settings)]))
    filled = [(title, rows) for title, rows in groups if rows]
    half = sum(len(rows) + 2 for _, rows in filled) / 2
    left: list[str] = []
    right: list[str] = []
    used = 0.0
    for title, rows in filled:
        (left if used < half else right).append(_group(title, rows))
        used += len(rows) + 2
    columns = "".join(f'<td width="50%" valign="top">{"".join(side)}</td>' for side in (left, right))
    return (
        f'<h2>SecondRead · {escape(tr("All keys"))}</h2><table width="100%" cellspacing="8"><tr>{columns}</tr></table>'
    )


def _keys_of_menu(menu: str, settings: Settings) -> list[tuple[str, str]]:
    made = []
    for action in ACTIONS:
        keys = ", ".join(native(key) for key in keys_of(action, settings.shortcuts))
        if action.menu == menu and keys:
            made.append((tr(action.text), keys))
    return made


def _group(title: str, rows: list[tuple[str, str]]) -> str:
    lines = "".join(
        f'<tr><td>{escape(what)}</td><td align="right"><b>{escape(keys)}</b></td></tr>' for what, keys in rows
    )
    return f'<p><b>{escape(title)}</b></p><table width="100%" cellpadding="1">{lines}</table>'
