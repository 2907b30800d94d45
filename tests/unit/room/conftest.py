"""A room without a window: tiny packs, small studies, and a runner that answers at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import synth, tiny_packs
from tests.sittings import Sitting
from tests.ui import quick
from viewer.analysis.client import InferenceProcess
from viewer.core.analysis import AnalysisRequest, AnalysisResult
from viewer.core.resources import user_data_dir
from viewer.core.settings import Settings
from viewer.core.task import CancelToken, OnProgress
from viewer.journal import open_journal
from viewer.session import Event
from viewer.words.i18n import set_language

Runner = Callable[[AnalysisRequest, OnProgress, CancelToken], AnalysisResult]


class OwnThread(InferenceProcess):
    """Runs analyses in the lane's own thread; what runs them can be changed."""

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self.runner = runner

    def start(self) -> None:
        """There is no process."""

    def run(self, request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
        """The runner's answer."""
        return self.runner(request, on_progress, cancel)

    def stop(self) -> None:
        """There is no process."""


@pytest.fixture(autouse=True)
def english() -> None:
    """Words are English."""
    set_language("en")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tiny packs: a film classifier whose score is always over its threshold, a segmenter with a box."""
    folder = tmp_path_factory.mktemp("models")
    tiny_packs.classifier(folder)
    return tiny_packs.segmenter(folder)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A child's chest film, 96 x 80."""
    pixels = np.full((96, 80), 2600, np.uint16)
    pixels[20:76, 10:32] = pixels[20:76, 48:70] = 700
    extra = {"StudyDescription": "Chest X-ray PA", "SeriesDescription": "Chest PA", "StudyDate": "20260302"}
    synth.write_xray(tmp_path / "film", stored=pixels, patient_name="SYNTHETIC^CHILD A", extra=extra)
    return tmp_path / "film"


@pytest.fixture
def head(tmp_path: Path) -> Path:
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


class Told(list[Event]):
    """Every event since it began to listen."""

    def of(self, *kinds: type[Event]) -> list[Event]:
        """Those of some kinds, in order."""
        return [event for event in self if isinstance(event, kinds)]


Sit = Callable[..., Sitting]


@pytest.fixture
def sit(models: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sit]:
    """Begins sittings with the packs read and these paths open, and ends them."""
    monkeypatch.setitem(os.environ, "SECONDREAD_MODELS", str(models))
    begun: list[Sitting] = []

    def go(*paths: Path, runner: Runner = quick.run, **settings: object) -> Sitting:
        journal, words = open_journal(user_data_dir())
        assert not words
        reader = replace(Settings(reader_name="Dr. A. Reader", organization="Sample Hospital"), **settings)  # type: ignore[arg-type]
        sitting = Sitting(journal, reader, OwnThread(runner))
        begun.append(sitting)
        sitting.room.packs.read()
        sitting.settle()
        if paths:
            sitting.open(paths)
        return sitting

    yield go
    for sitting in begun:
        sitting.close()


@pytest.fixture
def listen() -> Callable[[Sitting], Told]:
    """Listens to a sitting."""

    def go(sitting: Sitting) -> Told:
        told = Told()
        sitting.context.session.subscribe(told.append)
        return told

    return go
