"""How answers of background work reach the thread of the window: through Qt's event loop."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class QtMailbox(QObject):
    """A `viewer.room.background.Mailbox` on the thread that made it.

    One signal to one bound slot: in PySide6 a lambda connected to a signal that another
    thread emits would run in that thread.
    """

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        """Have `call` run in a later turn of the event loop."""
        self._posted.emit(call)

    @Slot(object)
    def _run(self, call: Callable[[], None]) -> None:
        call()
