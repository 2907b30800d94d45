"""Killed at every step that changes the disk: a folder is as before or as after, and the next start tidies up.

Run by `test_faults.py`, each test in a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import faults, synth, tiny_packs
from tests.unit.reporting.folders import film_folder, film_results, head_folder, opened
from viewer.jobs import place, report, result_folder
from viewer.jobs.checking.check import check
from viewer.jobs.result_extras import extras_for
from viewer.jobs.review import review
from viewer.jobs.sealing import keys
from viewer.jobs.sealing.seal import SealState, verify

SIGN = ("Dr. A. Reader", "Sample Hospital")
#: Every n-th step is a kill; SECONDREAD_FAULTS=1 takes each (docs/reliability.md tells what that gave).
STEP = int(os.environ.get("SECONDREAD_FAULTS", "13"))
BY_STRACE = os.environ.get("SECONDREAD_FAULTS_BY") == "strace"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def head(tmp_path: Path) -> Path:
    faults.apart(lambda: head_folder(tmp_path))
    return tmp_path / "results"


def killed(work: Callable[[], object], place: Path) -> Iterator[bool]:
    """At each step that Python announces; with SECONDREAD_FAULTS_BY=strace at each system call that writes.

    Yields:
        True for a kill, False where the work came to its end.
    """
    if BY_STRACE:
        yield from (n > 0 for _, n in faults.system_kills(work, step=STEP))
    else:
        yield from (True for _ in faults.kills(work, place, step=STEP))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def at_every_kill(folder: Path, work: Callable[[], object], is_whole: Callable[[Path, bool], None]) -> tuple[int, int]:
    """(kills, how many of them left the new state); each is recovered, looked at and undone.

    Everything but copying runs in children: a fork of threads that somebody started would hang.
    """
    before, start = contents(folder), folder.with_name("start")
    shutil.copytree(folder, start)
    points = done = 0

    def settled() -> None:
        with place.reading(folder, "test"):
            pass
        names = {path.name for path in folder.iterdir()}
        assert not [name for name in names if name.startswith(".") and name != ".lock"], names
        is_whole(folder, contents(folder) != before)
        with place.writing(folder, "test"):
            pass

    for dead in killed(work, folder.parent):
        if dead:
            points += 1
            faults.apart(settled)
            done += contents(folder) != before
        shutil.rmtree(folder)
        shutil.copytree(start, folder)
    shutil.rmtree(start)
    print(f"{points} kills, {done} of them after the change was decided, none lost")
    return points, done


def agrees(folder: Path, _changed: bool) -> None:
    assert check(folder).mismatches == ()


def test_a_review_is_all_or_nothing(head: Path) -> None:
    points, done = at_every_kill(head, lambda: review(head, accept=["all"], reader="Dr. A. Reader"), agrees)
    assert points * STEP > 20
    assert 0 < done < points


def test_a_report_is_all_or_nothing(head: Path) -> None:
    faults.apart(lambda: review(head, accept=["all"], reader="Dr. A. Reader"))
    points, done = at_every_kill(head, lambda: report.write_report(head), agrees)
    assert points * STEP > 20
    assert 0 < done < points


def test_signing_is_all_or_nothing_and_the_seal_comes_with_it(head: Path) -> None:
    faults.apart(lambda: (review(head, accept=["all"], reader="Dr. A. Reader"), report.write_report(head)))
    keys.public_key()

    def sealed_or_open(folder: Path, changed: bool) -> None:
        document = json.loads((folder / "result.json").read_text())
        state = verify(folder, document).state
        assert state is (SealState.AS_SIGNED if changed else SealState.NONE)
        assert bool(document["report"]["signature"]) is changed
        assert check(folder).is_sound

    points, done = at_every_kill(head, lambda: report.write_report(head, sign=SIGN), sealed_or_open)
    assert points * STEP > 20
    assert 0 < done < points


def test_an_analysis_over_an_older_one_is_all_or_nothing(tmp_path: Path) -> None:
    faults.apart(lambda: film_folder(tmp_path))
    folder = tmp_path / "results"

    def again() -> None:
        study, stack, volume = opened(tmp_path / "film")
        results = film_results(stack, volume)[:1]
        extras = extras_for(study, stack, volume, results)
        result_folder.write(folder, study, stack, volume, results, extras=extras)

    points, done = at_every_kill(folder, again, agrees)
    assert points * STEP > 20
    assert 0 < done < points


def test_a_new_result_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    faults.apart(lambda: film_folder(tmp_path))
    out = tmp_path / "made" / "new"

    def write() -> None:
        study, stack, volume = opened(tmp_path / "film")
        results = film_results(stack, volume)
        extras = extras_for(study, stack, volume, results)
        result_folder.write(out, study, stack, volume, results, extras=extras)

    def settled() -> None:
        if out.exists():
            assert check(out).mismatches == ()
        with place.creating(out, "test"):
            pass
        assert {path.name for path in out.parent.iterdir()} <= {"new"}

    points = 0
    for _ in faults.kills(write, tmp_path / "made", step=min(STEP, 3)):
        points += 1
        faults.apart(settled)
        shutil.rmtree(tmp_path / "made", ignore_errors=True)
    assert points * min(STEP, 3) > 8


def test_the_first_signature_makes_a_key_or_none(home: Path) -> None:
    points = 0
    for _ in faults.kills(keys.signing_key, home):
        points += 1
        key = keys.signing_key()
        assert keys.is_known(keys.public_of(key))
        shutil.rmtree(home)
    assert points > 5


# ---------------------------------------------------------------- a whole sitting


def sitting(film: Path, out: Path, series: str) -> list[dict[str, Any]]:
    """Analyse, judge, write and sign by `script`'s own machinery; what was signed before stays."""
    from tests.ui import quick
    from tests.unit.room.conftest import OwnThread
    from viewer.core.task import CancelFlag
    from viewer.room.script.run import play_steps

    told: list[dict[str, Any]] = []

    def lines() -> Iterator[bytes]:
        yield step(do="open", paths=[str(film)])
        yield step(do="analyse", series_uid=series, pack="tiny-classifier")
        yield step(do="findings")
        for finding in told[-1]["result"]["findings"]:
            yield step(do="judge", finding=finding["id"], state="accepted")
        yield step(do="text", section="impression", text="One bright pattern.")
        yield step(do="report", to=str(out), sign={"name": SIGN[0], "organization": SIGN[1]})

    def answer(line: str) -> None:
        told.append(json.loads(line))

    play_steps(lines(), answer, str, repr, CancelFlag(), process=OwnThread(quick.run))
    return told


def step(**keys: Any) -> bytes:
    return json.dumps(keys).encode()


def next_start(film: Path, out: Path) -> tuple[bool, bool]:
    """(the journal says signed, the folder is sealed) once the next sitting has opened the study."""
    from viewer.core.resources import user_data_dir
    from viewer.core.task import CancelFlag
    from viewer.journal import open_journal
    from viewer.room.script.run import play_steps

    play_steps([step(do="open", paths=[str(film)])], str, str, repr, CancelFlag())
    journal, words = open_journal(user_data_dir())
    assert words == ""
    signed = any(entry.kind == "signed" for entry in journal.entries())
    journal.close()
    if not (out / "result.json").is_file():
        return signed, False
    with place.reading(out, "test"):
        outcome = check(out)
    assert outcome.is_sound, outcome.mismatches
    return signed, outcome.seal.state is SealState.AS_SIGNED


def test_a_sitting_killed_anywhere_has_journal_and_seal_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = synth.write_xray(tmp_path / "film")
    monkeypatch.setenv("SECONDREAD_MODELS", str(tiny_packs.classifier(tmp_path / "models")))
    ground, out = tmp_path / "ground", tmp_path / "ground" / "out"
    monkeypatch.setenv("SECONDREAD_HOME", str(ground / "home"))
    points = sealed = 0

    def settled() -> None:
        signed, is_sealed = next_start(made.folder, out)
        assert signed is is_sealed, "the journal and the folder contradict each other"
        if not signed:
            again = sitting(made.folder, out if not out.exists() else out.with_name("again"), made.series_uid)
            assert again[-1]["ok"], again[-1]

    for dead in killed(lambda: sitting(made.folder, out, made.series_uid), ground):
        if dead:
            points += 1
            sealed += (out / "seal.json").is_file() or (out / ".change" / "new" / "seal.json").is_file()
            faults.apart(settled)
        shutil.rmtree(ground, ignore_errors=True)
    print(f"{points} kills, {sealed} of them after the seal was decided, none lost")
    assert points * STEP > 40
