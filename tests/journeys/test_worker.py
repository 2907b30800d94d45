"""The inference process from outside: it works, stops, dies and comes back."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests import runners, tiny_packs
from tests.unit.analysis.conftest import film, head, request_for
from viewer.analysis import engine, runfolder
from viewer.analysis.client import InferenceProcess
from viewer.core.errors import AnalysisError, PackError
from viewer.core.task import CancelFlag, Cancelled, Progress, ignore_progress


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for run folders that this test alone uses."""
    folder = tmp_path / "runs"
    monkeypatch.setattr(runfolder, "default_base", lambda: folder)
    return folder


@pytest.fixture
def process(base: Path) -> Iterator[InferenceProcess]:
    child = InferenceProcess(runners.choosy)
    child.start()
    yield child
    child.stop()


def files(base: Path) -> list[str]:
    return sorted(p.name for p in base.rglob("*.bin"))


def test_volumes_go_and_results_come_back_exactly(process: InferenceProcess, base: Path) -> None:
    volume = head()
    told: list[Progress] = []
    result = process.run(request_for("echo", volume), told.append, CancelFlag())
    assert np.array_equal(result.masks[0].labels, volume.stored > volume.stored.mean())
    assert np.array_equal(result.heatmaps[0].values, volume.stored.astype(np.float32))
    assert result.masks[0].geometry.same_grid(volume.geometry)
    assert np.array_equal(result.masks[0].band, result.masks[0].labels)
    assert "Echo" in {p.stage for p in told}
    assert files(base) == []


def test_the_child_is_nice_in_our_session_and_its_folder_private(process: InferenceProcess, base: Path) -> None:
    process.run(request_for("echo", head()), ignore_progress, CancelFlag())
    assert process.pid is not None
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    assert os.getsid(process.pid) == os.getsid(0)
    (folder,) = base.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_cancel_takes_effect_in_under_two_seconds(process: InferenceProcess) -> None:
    assert stopped_after(process, "sleep") < 2.0
    first = process.pid
    process.run(request_for("echo", head(), id="next"), ignore_progress, CancelFlag())
    assert process.pid == first


@pytest.mark.logs("did not stop when asked")
def test_a_worker_that_does_not_hear_is_ended_and_replaced(process: InferenceProcess) -> None:
    process.run(request_for("echo", head()), ignore_progress, CancelFlag())
    first = process.pid
    assert stopped_after(process, "deaf") < 2.0
    result = process.run(request_for("echo", head(), id="next"), ignore_progress, CancelFlag())
    assert result.outcome == "ran"
    assert process.pid != first


def stopped_after(process: InferenceProcess, pack: str) -> float:
    """Seconds from cancel to the end of the run."""
    flag = CancelFlag()
    begun = threading.Event()
    at: list[float] = []

    def cancel_soon() -> None:
        begun.wait(20)
        time.sleep(0.2)
        at.append(time.monotonic())
        flag.cancel()

    def told(progress: Progress) -> None:
        if progress.fraction is not None:
            begun.set()

    helper = threading.Thread(target=cancel_soon)
    helper.start()
    with pytest.raises(Cancelled):
        process.run(request_for(pack, head()), told, flag)
    end = time.monotonic()
    helper.join()
    return end - at[0]


@pytest.mark.logs("ended by itself")
def test_kill_9_in_mid_run_ends_in_words_and_the_next_run_works(process: InferenceProcess, base: Path) -> None:
    def kill(progress: Progress) -> None:
        if progress.stage == "Sleeping" and process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)

    with pytest.raises(AnalysisError) as caught:
        process.run(request_for("sleep", head()), kill, CancelFlag())
    assert "ended unexpectedly" in caught.value.what
    assert "Run it again" in caught.value.todo
    assert files(base) == []
    assert process.run(request_for("echo", head(), id="next"), ignore_progress, CancelFlag()).outcome == "ran"


@pytest.mark.logs("ended by itself")
@pytest.mark.parametrize("pack", ["death", "fault"])
def test_death_and_faults_end_in_words(process: InferenceProcess, pack: str) -> None:
    with pytest.raises(AnalysisError, match="Your findings are safe"):
        process.run(request_for(pack, head()), ignore_progress, CancelFlag())
    assert process.run(request_for("echo", head(), id="next"), ignore_progress, CancelFlag()).outcome == "ran"


def test_errors_in_words_cross_unchanged(process: InferenceProcess) -> None:
    with pytest.raises(PackError) as caught:
        process.run(request_for("words", head()), ignore_progress, CancelFlag())
    assert (caught.value.code, caught.value.todo) == ("wrong_hash", "Install the pack again.")


def test_a_full_disk_is_an_error_and_no_sigbus(
    process: InferenceProcess, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int, _offset: int, _length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        with pytest.raises(AnalysisError, match="no room left"):
            process.run(request_for("echo", head()), ignore_progress, CancelFlag())
    assert files(base) == []
    assert process.run(request_for("echo", head(), id="next"), ignore_progress, CancelFlag()).outcome == "ran"


def test_stop_ends_a_run_and_removes_everything(base: Path) -> None:
    child = InferenceProcess(runners.choosy)
    ended: list[type[BaseException]] = []
    running = threading.Event()

    def run() -> None:
        try:
            child.run(request_for("sleep", head()), lambda p: running.set() if p.fraction else None, CancelFlag())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test wants to see it
            ended.append(type(error))

    lane = threading.Thread(target=run)
    lane.start()
    assert running.wait(20)
    child.stop()
    lane.join(5)
    assert ended == [Cancelled]
    assert not child.is_alive
    assert list(base.iterdir()) == []


def test_cancel_before_the_child_is_ready_is_at_once(base: Path) -> None:
    child = InferenceProcess()
    flag = CancelFlag()
    begun = time.monotonic()

    def told(_progress: Progress) -> None:
        flag.cancel()

    with pytest.raises(Cancelled):
        child.run(request_for(tiny_packs.SEGMENTER, head()), told, flag)
    assert time.monotonic() - begun < 2.0
    child.stop()


def test_the_child_dies_with_the_window(base: Path) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from viewer.analysis import runfolder\n"
        "from viewer.analysis.client import InferenceProcess\n"
        "from tests import runners\n"
        "if __name__ == '__main__':\n"
        f"    runfolder.default_base = lambda: Path({str(base)!r})\n"
        "    child = InferenceProcess(runners.choosy)\n"
        "    child.start()\n"
        "    print(child.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    script = base.parent / "window.py"
    script.write_text(code)
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, str(script)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    pid = int(done.stdout)
    end = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
    assert runfolder.sweep(base) == 1
    assert list(base.iterdir()) == []


def test_importing_the_client_and_the_engine_brings_no_torch() -> None:
    code = (
        "import sys\n"
        "import viewer.analysis.client, viewer.analysis.engine, viewer.jobs.analyse, viewer.jobs.result_folder\n"
        "print([m for m in ('torch', 'monai', 'openvino', 'scipy', 'pydicom', 'nibabel') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_real_engine_in_the_child_agrees_with_this_process(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tiny_packs.segmenter(tiny_packs.classifier(tmp_path / "m"))
    monkeypatch.setenv("SECONDREAD_MODELS", str(models))
    child = InferenceProcess()
    child.start()
    told: list[Progress] = []
    for request in (request_for(tiny_packs.SEGMENTER, head()), request_for(tiny_packs.CLASSIFIER, film())):
        there = child.run(request, told.append, CancelFlag())
        here = engine.run(request)
        assert there.findings == here.findings
        assert there.scores == here.scores
        for a, b in zip(there.masks, here.masks, strict=True):
            assert np.array_equal(a.labels, b.labels)
    assert "Network" in {p.stage for p in told}
    child.stop()
