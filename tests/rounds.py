"""Two at once on one home and one result folder, round after round: `python -m tests.rounds N` (docs/reliability.md).

Each round forks two processes that start at the same moment. Whoever may not work is told so in words; afterwards the
folder agrees with itself, and a signature stands over the verdicts that were there when it was given.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests import synth, tiny_packs
from viewer.core.errors import ViewerError
from viewer.core.finding import FindingState
from viewer.core.report import Signature

SIGN = ("Dr. A. Reader", "Sample Hospital")
Told = dict[str, Any]
Work = Callable[[], Told]
#: A process that takes longer than this hangs (seconds).
_LIMIT_SECONDS = 120


def at_once(*works: Work) -> list[Told]:
    """Run each in a process of its own, all from the same moment; what each tells."""
    start, go = os.pipe()
    pipes, children = [], []
    for work in works:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(start, 1)
            _tell(work, write)
        os.close(write)
        pipes.append(read)
        children.append(child)
    time.sleep(0.05)
    os.close(go)
    os.close(start)
    answers = []
    for read, child in zip(pipes, children, strict=True):
        with os.fdopen(read) as file:
            answers.append(json.loads(file.read() or "{}"))
        os.waitpid(child, 0)
    return answers


def _tell(work: Work, write: int) -> None:
    import signal

    signal.alarm(_LIMIT_SECONDS)
    try:
        told = work()
    except ViewerError as error:
        told = {"refused": error.text}
    except BaseException:  # noqa: BLE001 - told to whoever forked
        told = {"crash": traceback.format_exc()}
    os.write(write, json.dumps(told).encode())
    os._exit(0)


# ---------------------------------------------------------------- commands


def judge(folder: Path, state: str) -> Told:
    """`secondread review --accept all` or `--reject all`."""
    from viewer.jobs.review import review

    reader = f"Dr. {state.title()}"
    if state == "accept":
        review(folder, accept=["all"], reader=reader)
    else:
        review(folder, reject=["all"], reader=reader)
    return {"done": reader}


def sign(folder: Path) -> Told:
    """`secondread report --sign`."""
    from viewer.jobs.report import write_report

    write_report(folder, sign=SIGN)
    return {"done": "signed"}


def two_commands(place: Path, number: int) -> list[Told]:
    """Two reviews, or a review beside a signature, on one folder."""
    from tests.unit.reporting.folders import film_folder

    folder = film_folder(place)
    if number % 2:
        return [*at_once(lambda: judge(folder, "accept"), lambda: judge(folder, "reject")), _folder_told(folder)]
    at_once(lambda: judge(folder, "accept"))
    return [*at_once(lambda: judge(folder, "reject"), lambda: sign(folder)), _folder_told(folder)]


def _folder_told(folder: Path) -> Told:
    """What stands in a folder, looked at by a process of its own."""

    def look() -> Told:
        from viewer.jobs import place
        from viewer.jobs.checking.check import check

        with place.reading(folder, "test"):
            outcome = check(folder)
        document = json.loads((folder / "result.json").read_text())
        signature = (document.get("report") or {}).get("signature") or {}
        return {
            "mismatches": [m.text for m in outcome.mismatches],
            "seal": outcome.seal.state.value,
            "signed": signature.get("when", ""),
            "readers": sorted({f["reader"] for f in document["findings"]}),
            "judged": max(f["when"] for f in document["findings"]),
        }

    return at_once(look)[0]


def check_commands(told: list[Told]) -> str:
    """What is wrong after a round of commands, "" where nothing is."""
    *each, folder = told
    done = [one["done"] for one in each if "done" in one]
    if any("crash" in one for one in told):
        return str(told)
    if folder["mismatches"] or folder["seal"] not in ("none", "as signed"):
        return f"the folder does not agree with itself: {folder}"
    if ("signed" in done) != (folder["seal"] == "as signed"):
        return f"a signature was lost or came by itself: {told}"
    if folder["signed"] and folder["judged"] > folder["signed"]:
        return f"the signature stands over later verdicts: {told}"
    readers = [name for name in done if name != "signed"]
    if readers and not set(folder["readers"]) & set(readers):
        return f"a verdict was lost: {told}"
    refused = [one["refused"] for one in each if "refused" in one]
    if any("signed" not in words and "being changed by" not in words for words in refused):
        return f"refused in other words: {refused}"
    return ""


# ---------------------------------------------------------------- windows


def window(film: Path, out: Path | None, state: FindingState, name: str) -> Told:
    """A window: opens the film, analyses, judges, signs, exports; what it was told."""
    from PySide6.QtWidgets import QApplication

    from tests.ui import quick
    from tests.unit.room.conftest import OwnThread
    from viewer.app import Program
    from viewer.core.settings import Settings, load_settings
    from viewer.room.events import Exported, Trouble

    app = QApplication.instance() or QApplication([])
    program = Program(app, [str(film)], process=OwnThread(quick.run))  # type: ignore[arg-type]
    room, context = program.room, program.context
    context.settings = Settings(reader_name=name, organization="Sample Hospital", language=load_settings().language)
    troubles: list[str] = []
    exported: list[str] = []
    context.session.on(Trouble, lambda event: troubles.append(event.words))
    context.session.on(Exported, lambda event: exported.append(event.folder))

    def wait(ready: Callable[[], bool], seconds: float = 40.0) -> bool:
        end = time.monotonic() + seconds
        while not ready() and time.monotonic() < end:
            app.processEvents()
            time.sleep(0.005)
        return ready()

    def idle() -> bool:
        return not context.pool.busy and all(job.over for job in context.lane.jobs)

    alone = not context.journal.reads_only
    program.window.show()
    room.packs.read()
    if not context.session.library.studies:
        room.opening.open_paths([str(film)])
    wait(lambda: bool(context.session.library.active) and idle())
    study = context.session.library.active_study
    assert study is not None
    wait(lambda: room.analyses.is_ready(context.session.library.active))
    if not context.session.review.results():
        room.analyses.run("xray-tiny-classifier")
        wait(lambda: idle() and bool(context.session.review.results()))
    for finding in context.session.review.findings(study.uid):
        room.reviewing.judge(finding.id, state)
    room.reporting.sign(name, "Sample Hospital")
    wait(idle)
    signature = context.session.review.signature(study.uid)
    if out is not None:
        room.reporting.write(study, out, signature)
        wait(lambda: idle() and (bool(exported) or bool(troubles)), 20.0)
    signed = signature.name if isinstance(signature, Signature) else ""
    program.close()
    return {"alone": alone, "signed": signed, "troubles": troubles, "exported": exported}


def child_film(place: Path) -> Path:
    """A film that the tiny pack takes."""
    pixels = np.full((96, 80), 2600, np.uint16)
    pixels[20:76, 10:32] = pixels[20:76, 48:70] = 700
    extra = {"StudyDescription": "Chest X-ray PA", "SeriesDescription": "Chest PA", "StudyDate": "20260302"}
    synth.write_xray(place / "film", stored=pixels, patient_name="SYNTHETIC^CHILD A", extra=extra)
    return place / "film"


def two_windows(place: Path, _number: int) -> list[Told]:
    """Two windows on one home, each with a verdict and a signature of its own."""
    film = child_film(place)
    return [
        *at_once(
            lambda: window(film, None, FindingState.ACCEPTED, "Dr. Accept"),
            lambda: window(film, None, FindingState.REJECTED, "Dr. Reject"),
        ),
        _journal_told(),
    ]


def _journal_told() -> Told:
    from viewer.core.resources import user_data_dir
    from viewer.journal import open_journal

    journal, words = open_journal(user_data_dir())
    entries = list(journal.entries())
    journal.close()
    steps = [one for one in entries if one.kind == "step" and one.body.get("thing") == "finding"]
    signed = [one for one in entries if one.kind == "signed"]
    return {
        "words": words,
        "signed": [one.body["name"] for one in signed],
        "readers": sorted({one.body["after"]["reader"] for one in steps if "after" in one.body}),
        "after": sum(one.seq > signed[0].seq for one in steps) if signed else 0,
    }


def check_windows(told: list[Told]) -> str:
    """What is wrong after a round of windows, "" where nothing is."""
    one, two, journal = told
    if any("crash" in each for each in told):
        return str(told)
    if not journal["signed"]:
        return f"nobody could sign: {told}"
    if len(journal["signed"]) > 1 or journal["after"] or journal["words"]:
        return f"the journal holds a second signature or a later verdict: {journal}"
    if journal["signed"] and journal["readers"] != journal["signed"]:
        return f"a signature stands over another's verdicts: {journal}"
    signed = sorted({each["signed"] for each in (one, two)} - {""})
    if signed != sorted(journal["signed"]):
        return f"a signature was lost: {told}"
    lookers = [each for each in (one, two) if not each["alone"]]
    if any(not any("only be looked at" in words for words in each["troubles"]) for each in lookers):
        return f"a window that may only look was not told: {told}"
    return ""


def window_and_command(place: Path, number: int) -> list[Told]:
    """A window that exports its signed report into a folder, and a command on the same folder."""
    from tests.unit.reporting.folders import film_folder

    folder, film = film_folder(place), child_film(place / "shown")
    command: Work = (lambda: sign(folder)) if number % 2 else (lambda: judge(folder, "accept"))
    return [
        *at_once(lambda: window(film, folder, FindingState.ACCEPTED, "Dr. Accept"), command),
        _folder_told(folder),
        _journal_told(),
    ]


def check_mixed(told: list[Told]) -> str:
    """What is wrong after a window and a command, "" where nothing is."""
    shown, command, folder, journal = told
    if any("crash" in each for each in told):
        return str(told)
    if folder["mismatches"] or folder["seal"] not in ("none", "as signed"):
        return f"the folder does not agree with itself: {told}"
    if command.get("done") == "signed" and folder["seal"] != "as signed":
        return f"a signature was lost: {told}"
    if folder["signed"] and folder["judged"] > folder["signed"]:
        return f"the signature stands over later verdicts: {told}"
    if not shown["exported"] and not shown["troubles"]:
        return f"the window did not say what became of its export: {told}"
    return "" if len(journal["signed"]) <= 1 else f"two signatures: {told}"


KINDS: dict[str, tuple[Callable[[Path, int], list[Told]], Callable[[list[Told]], str]]] = {
    "two commands": (two_commands, check_commands),
    "two windows": (two_windows, check_windows),
    "a window and a command": (window_and_command, check_mixed),
}


@contextmanager
def ground() -> Iterator[Path]:
    """An empty place with a home and packs of its own."""
    place = Path(tempfile.mkdtemp(prefix="rounds-"))
    try:
        os.environ["SECONDREAD_HOME"] = str(place / "home")
        tiny_packs.classifier(place / "home" / "data" / "models")
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def play(name: str, rounds: int) -> list[str]:
    """What went wrong in so many rounds of a kind."""
    run, look = KINDS[name]
    wrong, outcomes = [], Counter[str]()
    for number in range(rounds):
        with ground() as place:
            told = run(place, number)
        words = look(told)
        wrong += [f"round {number}: {words}"] if words else []
        outcomes["refused or looked"] += any("refused" in one or one.get("alone") is False for one in told)
    print(f"{name}: {rounds} rounds, {len(wrong)} wrong, {outcomes['refused or looked']} in which one was held off")
    return wrong


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    wanted = sys.argv[2:] or list(KINDS)
    failures = [line for name in wanted for line in play(name, int(sys.argv[1]))]
    print("\n".join(failures))
    sys.exit(bool(failures))
