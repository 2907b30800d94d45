"""What every test gets: a home of its own, an off-screen Qt, no leaked threads, no warning in the log."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "2")

# Tests hold what a program does, never how long a busy machine takes for it.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).resolve().parents[1]
#: Threads that libraries, and the pool of decoder processes, keep for the life of the process.
LIBRARY_THREADS = ("asyncio_", "pytest_timeout", "tqdm_monitor", "execnet", "Thread-autogen", "decoders")
#: How long a thread that was asked to stop may take to do so.
GRACE_SECONDS = 3.0


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, journal, caches and installed packs of this test alone."""
    home = tmp_path / "home"
    monkeypatch.setenv("SECONDREAD_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """A test that leaves a Python thread running fails."""
    before = set(threading.enumerate())
    yield
    end = time.monotonic() + GRACE_SECONDS
    while (leaked := _leaked(before)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not leaked, f"threads left running: {[t.name for t in leaked]}"


class _Warnings(logging.Handler):
    """Keeps what the program's own loggers warn of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.words.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def no_warning_in_the_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test fails where the program warns in its log, unless it says so: `@pytest.mark.logs("not stored")`.

    A mark names words of each line that may come.
    """
    kept = _Warnings()
    log = logging.getLogger("viewer")
    log.addHandler(kept)
    yield
    log.removeHandler(kept)
    said = [str(words) for mark in request.node.iter_markers("logs") for words in mark.args]
    unforeseen = [line for line in kept.words if not any(re.search(words, line) for words in said)]
    assert not unforeseen, f"the program warned in its log: {unforeseen}"


def _leaked(before: set[threading.Thread]) -> list[threading.Thread]:
    running = set(threading.enumerate()) - before
    # Python keeps a note of every foreign thread that logged once (Qt's lane), also after it has ended.
    own = (t for t in running if not isinstance(t, threading._DummyThread))
    return [t for t in own if t.is_alive() and not t.name.startswith(LIBRARY_THREADS)]


def shared_folder(*parts: str) -> Path:
    """A folder of the real data beside the checkout; the test is skipped where it is absent."""
    folder = ROOT.parent.joinpath("shared", *parts)
    if not folder.exists():
        pytest.skip(f"real data not beside this checkout: shared/{'/'.join(parts)}")
    return folder


@pytest.fixture
def shared_data() -> Path:
    """`shared/data` beside the checkout, or skip."""
    return shared_folder("data")


@pytest.fixture
def shared_corpus() -> Path:
    """`shared/corpus` beside the checkout, or skip."""
    return shared_folder("corpus")
