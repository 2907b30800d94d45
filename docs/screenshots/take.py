"""Takes the pictures of the README from the real window, off screen, on the sample studies.

    .venv/bin/python docs/screenshots/take.py

Every step is the one a reader's click takes; nothing is staged but the sample studies.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: Longest a step may take (seconds), on a machine without a graphics card.
LIMIT = 180
PATIENTS = {"chest-child": "SYN-0001", "chest-ct": "SYN-0002", "brain-mr": "SYN-0003"}


def main() -> int:
    """Write the pictures beside this file."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="secondread-pictures-") as folder:
        os.environ["SECONDREAD_HOME"] = str(Path(folder) / "home")
        return take(Path(folder))


def take(folder: Path) -> int:
    """Drive the window through the main job."""
    from PySide6.QtWidgets import QApplication

    from viewer.app import Program
    from viewer.core.finding import FindingState
    from viewer.core.settings import Settings, save_settings
    from viewer.core.task import CancelFlag, ignore_progress
    from viewer.samples import write_samples

    samples = write_samples(folder, on_progress=ignore_progress, cancel=CancelFlag())
    save_settings(Settings(reader_name="A. Reader", organization="Demo hospital"))
    app = QApplication([])
    program = Program(app)
    window, work = program.window, program.work
    library = program.desk.session.library

    def until(ready: Callable[[], object], what: str) -> None:
        end = time.monotonic() + LIMIT
        while not ready():
            if time.monotonic() > end:
                raise TimeoutError(what)
            app.processEvents()
            time.sleep(0.01)
        settle()

    def settle(seconds: float = 0.6) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            app.processEvents()
            time.sleep(0.01)

    def shoot(name: str) -> None:
        settle()
        window.grab().save(str(HERE / f"{name}.png"))

    def show(patient: str) -> str:
        (study,) = (study for study in library.studies if study.patient.id == patient)
        key = study.stacks[0].key
        work.showing.show(key)
        until(lambda: library.active == key and work.showing.is_loaded(key), f"loading {patient}")
        until(lambda: work.packs.known, "packs")
        settle(1.5)
        return key

    def idle() -> bool:
        return all(job.over for job in program.desk.lane.jobs)

    program.show()
    shoot("01-start")
    work.opening.open_paths([str(folder / "studies")])
    until(lambda: not work.opening.is_busy and len(library.studies) == 3, "scanning")

    for name, sample in zip(("02-film", "03-hippocampus", "04-ct"), samples, strict=True):
        uid = show(PATIENTS[sample.key])
        if sample.pack:
            if sample.boxes:
                work.analysing.put_box(uid, sample.boxes["left"], "left")
                settle(1.5)
            work.analysing.run(sample.pack)
            settle(0.5)
            until(idle, f"analysing {name}")
            settle(2.0)
            findings = work.reviewing.findings()
            if findings:
                work.reviewing.select(findings[0].id)
                settle()
                work.reviewing.judge(findings[0].id, FindingState.ACCEPTED)
        shoot(name)
        if name == "03-hippocampus":
            window.show_report(True)
            shoot("05-report")
            window.show_report(False)
    program.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
