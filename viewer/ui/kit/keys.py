"""Keys as this system writes them."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence


def native(key: str) -> str:
    """ "Ctrl+Return" as this system writes it; "" for no key."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
