"""Views on pictures.

The names are loaded when first asked for: pyqtgraph is slow to import, and tools and views know
each other.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viewer.ui.viewport.arrangement import ViewSpec as ViewSpec
    from viewer.ui.viewport.drawings import Drawings as Drawings
    from viewer.ui.viewport.facts import BadgeSpec as BadgeSpec
    from viewer.ui.viewport.facts import CursorInfo as CursorInfo
    from viewer.ui.viewport.facts import Message as Message
    from viewer.ui.viewport.grid import ViewGrid as ViewGrid
    from viewer.ui.viewport.view import Viewport as Viewport

_HOMES = {
    "BadgeSpec": "facts",
    "CursorInfo": "facts",
    "Drawings": "drawings",
    "Message": "facts",
    "ViewGrid": "grid",
    "ViewSpec": "arrangement",
    "Viewport": "view",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
