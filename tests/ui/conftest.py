"""What tests of the window start from: a running program with tiny packs, and small studies."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests import synth, tiny_packs
from tests.ui import quick
from viewer.analysis.client import InferenceProcess
from viewer.analysis.worker import Runner
from viewer.app import Program
from viewer.core.settings import Settings, save_settings
from viewer.words.i18n import set_language

#: Longest a step may take on a busy two-core machine (ms).
LONG = 60_000


def turn(qtbot: QtBot) -> None:
    """Let the event loop go round once: what was due after an event is brought up to date."""
    with qtbot.waitCallback() as went_round:
        QTimer.singleShot(0, went_round)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Every test begins and ends in English."""
    set_language("en")
    yield
    set_language("en")


@pytest.fixture
def film_folder(tmp_path: Path) -> Path:
    """A child's chest film, 96 x 80: two dark fields beside a bright middle."""
    pixels = np.full((96, 80), 2600, np.uint16)
    pixels[20:76, 10:32] = pixels[20:76, 48:70] = 700
    pixels[60:72, 12:24] = 1500
    extra = {"StudyDescription": "Chest X-ray PA", "SeriesDescription": "Chest PA", "StudyDate": "20260302"}
    synth.write_xray(tmp_path / "film", stored=pixels, patient_name="SYNTHETIC^CHILD A", extra=extra)
    return tmp_path / "film"


@pytest.fixture
def head_folder(tmp_path: Path) -> Path:
    """A T1 block of another patient, 40 x 48 x 40, 1 mm."""
    extra = {"SeriesDescription": "T1 3D", "BodyPartExamined": "HEAD", "StudyDate": "20260303"}
    synth.write_series(
        tmp_path / "head",
        modality="MR",
        shape=(40, 48, 40),
        spacing=(1.0, 1.0, 1.0),
        patient_id="SYN-3",
        patient_name="SYNTHETIC^ADULT C",
        extra=extra,
    )
    return tmp_path / "head"


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tiny packs: a film classifier whose score is always over its threshold, a segmenter with a box."""
    folder = tmp_path_factory.mktemp("models")
    tiny_packs.classifier(folder)
    return tiny_packs.segmenter(folder)


@pytest.fixture
def reader(own_home: Path) -> Settings:
    """Settings with a reader's name."""
    settings = Settings(reader_name="Dr. A. Reader", organization="Sample Hospital")
    save_settings(settings)
    return settings


Start = Callable[..., Program]


@pytest.fixture
def start(
    qapp: QApplication, qtbot: QtBot, models: Path, reader: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Start]:
    """Starts programs as `run_window` does, and ends them; `runner=None` runs the real engine."""
    monkeypatch.setitem(os.environ, "SECONDREAD_MODELS", str(models))
    running: list[Program] = []

    def go(*paths: Path, runner: Runner | None = quick.run) -> Program:
        program = Program(qapp, [str(path) for path in paths], InferenceProcess(runner))
        running.append(program)
        program.window.resize(1600, 1000)
        program.show()
        qtbot.waitUntil(lambda: program.room.packs.known, timeout=LONG)
        if paths:
            library = program.context.session.library
            qtbot.waitUntil(lambda: bool(library.active) and not program.room.opening.is_busy, timeout=LONG)
            qtbot.waitUntil(lambda: program.room.analyses.is_ready(library.active), timeout=LONG)
        return program

    yield go
    for program in running:
        program.window.close()
        program.close()
        program.window.deleteLater()
    qapp.processEvents()
