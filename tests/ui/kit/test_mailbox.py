"""Answers of threads reach the window's thread, in order; parts of a window are brought up to date once a turn."""

from __future__ import annotations

import sys
import threading

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from viewer.session import Activated, ReportChanged, StudiesChanged
from viewer.ui.kit.mailbox import QtMailbox
from viewer.ui.kit.refresh import Part, Refresher


def test_calls_run_on_the_windows_thread_in_order(qtbot: QtBot) -> None:
    mailbox, got = QtMailbox(), list[tuple[int, bool]]()

    def post() -> None:
        for number in range(50):
            mailbox.post(lambda n=number: got.append((n, threading.current_thread() is threading.main_thread())))  # type: ignore[misc]

    thread = threading.Thread(target=post)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(got) == 50, timeout=5000)
    assert got == [(number, True) for number in range(50)]


def test_signals_do_not_wear_true_out(qtbot: QtBot) -> None:
    """PySide6 6.12.0 dropped a reference to True with every emit and died after some hundreds."""
    mailbox = QtMailbox()
    before = sys.getrefcount(True)
    for _ in range(5000):
        mailbox.post(lambda: None)
    assert abs(sys.getrefcount(True) - before) < 100


def test_several_events_of_a_turn_are_one_update_in_the_tables_order(qtbot: QtBot) -> None:
    seen: list[str] = []
    table = (
        Part(lambda: seen.append("studies"), (StudiesChanged,)),
        Part(lambda: seen.append("report"), (StudiesChanged, ReportChanged)),
        Part(lambda: seen.append("status"), (Activated,)),
    )
    owner = QObject()
    parts = Refresher(table, owner)
    for event in (ReportChanged("1"), StudiesChanged(), ReportChanged("2")):
        parts.on_event(event)
    assert seen == []
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == ["studies", "report"]
    parts.refresh_all()
    qtbot.waitUntil(lambda: len(seen) > 2)
    assert seen[2:] == ["studies", "report", "status"]
