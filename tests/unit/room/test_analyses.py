"""Analyses: what may run runs once, the rest says why; boxes, cancelling, warnings, results and their study."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests import tiny_packs
from tests.sittings import Sitting
from tests.ui import quick
from tests.unit.room.conftest import Sit, Told
from viewer.core.analysis import AnalysisRequest, AnalysisResult, GateReason, GateVerdict, Suitability
from viewer.core.errors import AnalysisError
from viewer.core.finding import FindingKind, FindingState
from viewer.core.task import CancelToken, JobState, OnProgress
from viewer.room.events import BoxWanted, JobsChanged
from viewer.room.panels import report as report_panel
from viewer.session import BoxesChanged, GateChanged, ResultAdded

BOX = ((2, 8, 4), (20, 40, 36))


def test_f5_runs_the_pack_that_suits_and_selects_its_finding(sit: Sit, film: Path) -> None:
    sitting = sit(film)
    sitting.room.analyses.run_first()
    sitting.settle()
    review = sitting.context.session.review
    (entry,) = review.results()
    assert (entry.result.pack_id, entry.result.outcome) == (tiny_packs.CLASSIFIER, "ran")
    assert review.selected == entry.result.findings[0].id
    assert entry.folder is not None
    assert entry.folder.is_dir()
    assert sitting.context.lane.jobs == ()


def test_f5_takes_the_pack_that_answers_before_the_one_that_outlines(sit: Sit, film: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    tiny_packs.classifier(folder)
    outlines = folder / "a-tiny-outline"
    shutil.copytree(folder / tiny_packs.CLASSIFIER, outlines)
    metadata = json.loads((outlines / "configs" / "metadata.json").read_text())
    metadata["viewer"]["labels"]["Bright pattern"]["kind"] = "anatomy"
    (outlines / "configs" / "metadata.json").write_text(json.dumps(metadata))
    os.environ["SECONDREAD_MODELS"] = str(folder)

    def outlining(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
        made = quick.run(request, on_progress, cancel)
        kind = FindingKind.ANATOMY if request.pack_id == outlines.name else FindingKind.FINDING
        return replace(made, findings=tuple(replace(one, kind=kind) for one in made.findings))

    sitting = sit(film, runner=outlining)
    assert [s.pack.id for s in sitting.room.analyses.pack_states() if s.suits] == [outlines.name, tiny_packs.CLASSIFIER]
    for _ in range(2):
        sitting.room.analyses.run_first()
        sitting.settle()
    ran = [entry.result.pack_id for entry in sitting.context.session.review.results()]
    assert ran == [tiny_packs.CLASSIFIER, outlines.name]
    findings = sitting.room.reviewing.findings()
    assert [one.kind.value for one in findings] == ["finding", "anatomy"]
    report = report_panel.state(sitting.context.session, sitting.room)
    assert report.open_numbers == (1,)
    sitting.room.reviewing.judge(findings[0].id, FindingState.REJECTED)
    study = sitting.context.session.library.active_study
    assert study is not None
    sitting.room.reporting.sign("Dr. A. Reader", "Sample Hospital")
    sitting.settle()
    assert sitting.take_troubles() == ()
    assert sitting.context.session.review.signature(study.uid) is not None


def test_f5_again_runs_the_same_pack_where_no_other_is_fresh(sit: Sit, film: Path) -> None:
    sitting = sit(film)
    for _ in range(2):
        sitting.room.analyses.run_first()
        sitting.settle()
    assert len(sitting.context.session.review.results()) == 2
    assert len(sitting.room.reviewing.findings()) == 1


def test_f5_without_a_picture_says_so(sit: Sit) -> None:
    sitting = sit()
    sitting.room.analyses.run_first()
    (words,) = sitting.take_troubles()
    assert words.startswith("No pack can run now.")


def test_a_pack_with_a_box_waits_for_it_and_runs_in_it(sit: Sit, head: Path, listen: Callable[[Sitting], Told]) -> None:
    sitting = sit(head)
    told = listen(sitting)
    analyses, key = sitting.room.analyses, sitting.context.session.library.active
    analyses.run_first()
    assert sitting.take_troubles()[0].startswith("No pack can run now.")
    analyses.want_box(tiny_packs.SEGMENTER, "")
    assert BoxWanted("") in told
    analyses.put_box(key, BOX)
    assert analyses.boxes(key) == {"": BOX}
    sitting.settle()
    assert told.of(BoxesChanged, GateChanged)
    state = next(s for s in analyses.pack_states() if s.pack.id == tiny_packs.SEGMENTER)
    assert state.boxes == ("",)
    analyses.run_first()
    sitting.settle()
    (entry,) = sitting.context.session.review.results()
    assert entry.result.masks[0].labels.max() == 2
    analyses.put_box(key, None)
    assert analyses.boxes(key) == {}


def test_all_that_suit_run_once(sit: Sit, film: Path) -> None:
    sitting = sit(film)
    sitting.room.analyses.run_all()
    sitting.settle()
    assert [entry.result.pack_id for entry in sitting.context.session.review.results()] == [tiny_packs.CLASSIFIER]


def test_heatmaps_by_occlusion_need_one_first(sit: Sit, film: Path) -> None:
    asked: list[str] = []

    def runner(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
        asked.append(request.options.explain)
        return quick.run(request, on_progress, cancel)

    sitting = sit(film, runner=runner)
    sitting.room.analyses.explain_by_occlusion()
    assert sitting.take_troubles()[0].startswith("No heatmap lies on this picture.")
    sitting.room.analyses.run_first()
    sitting.settle()
    sitting.room.analyses.explain_by_occlusion()
    sitting.settle()
    assert asked == ["", "occlusion"]


def test_a_pack_is_not_run_before_the_pictures_are_there(sit: Sit, film: Path) -> None:
    sitting = sit()
    sitting.room.analyses.run(tiny_packs.CLASSIFIER)
    assert sitting.take_troubles()[0].startswith("The pictures are still being read.")


def test_a_failed_run_stays_as_a_card_and_the_next_one_replaces_it(sit: Sit, film: Path) -> None:
    fails = [True]

    def runner(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
        if fails[0]:
            raise AnalysisError("The graphics card is full.", "Run it on the CPU.")
        return quick.run(request, on_progress, cancel)

    sitting = sit(film, runner=runner)
    sitting.room.analyses.run(tiny_packs.CLASSIFIER)
    sitting.settle()
    (job,) = sitting.context.lane.jobs
    assert job.state is JobState.FAILED
    assert job in [state.job for state in sitting.room.analyses.pack_states()]
    fails[0] = False
    sitting.room.analyses.run(tiny_packs.CLASSIFIER, "cpu")
    sitting.settle()
    assert sitting.context.lane.jobs == ()
    assert len(sitting.context.session.review.results()) == 1


def test_a_cancelled_run_leaves_nothing(sit: Sit, film: Path, listen: Callable[[Sitting], Told]) -> None:
    began = threading.Event()

    def runner(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
        began.set()
        while True:
            cancel.check()

    sitting = sit(film, runner=runner)
    told = listen(sitting)
    sitting.room.analyses.run(tiny_packs.CLASSIFIER)
    assert began.wait(20)
    (job,) = sitting.context.lane.jobs
    sitting.context.lane.cancel(job.id)
    sitting.settle()
    assert job.state is JobState.CANCELLED
    assert sitting.context.session.review.results() == ()
    assert told.of(JobsChanged)


def test_a_result_of_a_closed_study_is_dropped(sit: Sit, film: Path, listen: Callable[[Sitting], Told]) -> None:
    sitting = sit(film)
    told = listen(sitting)
    sitting.room.analyses.run(tiny_packs.CLASSIFIER)
    study = sitting.context.session.library.active_study
    assert study is not None
    sitting.room.close_study(study.uid)
    sitting.settle()
    assert sitting.context.session.review.results() == ()
    assert not told.of(ResultAdded)


def test_a_warning_of_the_engine_asks_the_reader_first(sit: Sit, film: Path) -> None:
    warned: list[bool] = []
    reason = GateReason("film", Suitability.WARN, "The film is cut off.")

    def runner(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
        warned.append(request.options.run_warned)
        made = quick.run(request, on_progress, cancel)
        if warned[-1]:
            return made
        return replace(made, outcome="refused", findings=(), gate=GateVerdict(Suitability.WARN, (reason,)))

    sitting = sit(film, runner=runner)
    sitting.room.analyses.run_first()
    sitting.settle()
    library = sitting.context.session.library
    assert sitting.context.session.review.results() == ()
    assert library.gate(library.active)[tiny_packs.CLASSIFIER].reasons == (reason,)
    sitting.room.analyses.run_first()
    assert sitting.take_troubles()[0].startswith("No pack can run on this series without a word from you.")
    sitting.room.analyses.run(tiny_packs.CLASSIFIER)
    sitting.settle()
    assert warned == [False, True]
    assert len(sitting.context.session.review.results()) == 1


@pytest.mark.parametrize(("device", "words"), [("cpu", "CPU"), ("gpu", "Graphics card, else CPU")])
def test_the_device_is_named_before_it_is_used(sit: Sit, device: str, words: str) -> None:
    assert words in sit(device=device).room.analyses.device_words()
