"""An ECG on screen: only packs that read signals are offered, they run, and what decided goes with the finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests import phantoms, tiny_packs
from tests.sittings import Sitting
from viewer.analysis import engine
from viewer.core.analysis import AnalysisRequest, AnalysisResult
from viewer.core.task import CancelToken, OnProgress
from viewer.core.waveform import LEADS
from viewer.room.panels import analysis

Sit = Callable[..., Sitting]


def _run(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
    return engine.run(request, on_progress, cancel)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    return tiny_packs.reader(tiny_packs.ecg(tiny_packs.classifier(folder)))


@pytest.fixture
def record(tmp_path: Path) -> Path:
    waves = np.stack([channel.samples for channel in phantoms.ecg(250.0).channels])
    np.rint(waves.T * 1000).astype("<i2").tofile(tmp_path / "r1.dat")
    lines = ["r1 12 250 2500", *(f"r1.dat 16 1000(0)/mV 16 0 0 0 0 {lead}" for lead in LEADS)]
    (tmp_path / "r1.hea").write_text("\n".join(lines) + "\n")
    return tmp_path / "r1.hea"


def test_an_ecg_on_screen_is_analysed_by_what_reads_it(sit: Sit, record: Path) -> None:
    sitting = sit(record, runner=_run)
    session, room = sitting.context.session, sitting.room
    (stack,) = session.library.studies[0].stacks
    sitting.show(stack.key)
    assert sitting.wait(lambda: bool(session.library.gate(stack.key)))
    view = analysis.state(session, room)
    assert [(one.pack.id, one.suits) for one in view.packs] == [(tiny_packs.ECG, True)] and not view.no_picture
    room.analyses.run(tiny_packs.ECG)
    assert sitting.wait(lambda: bool(session.review.results()))
    (entry,) = session.review.results()
    assert entry.lies_on(stack.key) and entry.folder is not None
    (found,) = entry.result.findings
    assert found.evidence and room.reviewing.current() == found
    room.close_study(session.library.studies[0].uid)
    assert room.subjects.keys == ()
