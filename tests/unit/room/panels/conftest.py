"""A room without a window, with a film-like study open and two packs on the shelf."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import tiny_packs
from tests.unit.room.panels import made
from viewer.analysis.client import InferenceProcess
from viewer.core.settings import Settings
from viewer.journal import open_journal
from viewer.room.context import Context
from viewer.room.packs import Shelf
from viewer.room.room import Room
from viewer.room.threads import QueueMailbox
from viewer.session import Session
from viewer.words.i18n import set_language


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


@pytest.fixture
def mailbox() -> QueueMailbox:
    return QueueMailbox()


@pytest.fixture
def room(tmp_path: Path, mailbox: QueueMailbox) -> Iterator[Room]:
    journal, _ = open_journal(tmp_path / "journal")
    settings = Settings(reader_name="Dr. A. Reader", organization="Sample Hospital", device="cpu")
    room = Room(Context(journal, settings, InferenceProcess(), mailbox))
    room.packs.shelf = Shelf((tiny_packs.info("pack", modality=["CT"]), tiny_packs.info("other", modality=["MR"])))
    room.packs.known = True
    yield room
    room.context.close()


@pytest.fixture
def session(room: Room) -> Session:
    return room.context.session


@pytest.fixture
def child(session: Session) -> Session:
    """The session with a child's CT open and active."""
    made.put(session, made.study("1", made.CHILD, made.stack("1.1")))
    session.library.activate("1.1")
    return session
