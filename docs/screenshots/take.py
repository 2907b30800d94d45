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

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtWidgets import QApplication

from viewer.app import Program
from viewer.core.analysis import Suitability
from viewer.core.finding import FindingState
from viewer.core.settings import Settings, save_settings
from viewer.core.task import CancelFlag, ignore_progress
from viewer.samples import Sample, write_samples
from viewer.ui.panels.refused_packs import RefusedFold
from viewer.ui.shell.main_window import MainWindow

HERE = Path(__file__).resolve().parent
#: Longest a step may take (seconds), on a machine without a graphics card.
LIMIT = 400
PATIENTS = {"chest-child": "SYN-0001", "chest-ct": "SYN-0002", "brain-mr": "SYN-0003"}


class Reader:
    """Sits at the window and does the main job."""

    def __init__(self, app: QApplication) -> None:
        self.app = app
        self.program = Program(app)
        self.room = self.program.room
        self.library = self.program.context.session.library

    @property
    def window(self) -> MainWindow:
        """The window there is now: another language makes it anew."""
        return self.program.window

    def settle(self, seconds: float = 0.8) -> None:
        """Let the event loop run for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents()
            time.sleep(0.01)

    def until(self, ready: Callable[[], bool], what: str) -> None:
        """Let the event loop run until something is so."""
        end = time.monotonic() + LIMIT
        while not ready():
            if time.monotonic() > end:
                raise TimeoutError(what)
            self.settle(0.05)
        self.settle()

    def shoot(self, name: str) -> None:
        """Take a picture of the window."""
        self.settle()
        self.window.grab().save(str(HERE / f"{name}.png"))

    def open(self, folder: Path) -> None:
        """Open the folder and wait for its studies."""
        self.room.opening.open_paths([str(folder)])
        self.until(lambda: not self.room.opening.is_busy and len(self.library.studies) == len(PATIENTS), "scanning")

    def show(self, patient: str) -> str:
        """Hang a patient's study; returns the key of its stack."""
        (study,) = (study for study in self.library.studies if study.patient.id == patient)
        key = study.stacks[0].key
        self.room.loading.show(key)
        self.until(lambda: self.library.active == key and self.room.loading.is_loaded(key), f"loading {patient}")
        self.until(lambda: self.room.packs.known, "packs")
        return key

    def run(self, pack: str) -> None:
        """Press the pack's button and wait for what comes of it."""
        self.room.analyses.run(pack)
        self.settle()
        self.until(lambda: all(job.over for job in self.program.context.lane.jobs), f"running {pack}")
        self.settle(2.0)

    def analyse(self, key: str, sample: Sample) -> None:
        """Place a box where the pack needs one, run it, accept the first finding."""
        if sample.boxes:
            self.room.analyses.put_box(key, sample.boxes["left"], "left")
        self.until(lambda: bool(self.library.gate(key)), "gate")
        self.run(sample.pack)
        if self.library.gate(key)[sample.pack].verdict is Suitability.WARN:
            self.run(sample.pack)
        findings = self.room.reviewing.findings()
        if findings:
            self.room.reviewing.select(findings[0].id)
            self.settle()
            self.room.reviewing.judge(findings[0].id, FindingState.ACCEPTED)


def take(folder: Path) -> None:
    """The pictures, in the order of the main job."""
    samples = write_samples(folder, on_progress=ignore_progress, cancel=CancelFlag())
    save_settings(Settings(reader_name="A. Reader", organization="Demo hospital"))
    reader = Reader(QApplication([]))
    reader.program.show()
    reader.shoot("01-start")
    reader.open(folder / "studies")
    for name, sample in zip(("02-film", "03-hippocampus", "04-ct"), samples, strict=True):
        key = reader.show(PATIENTS[sample.key])
        if sample.pack:
            reader.analyse(key, sample)
        reader.shoot(name)
        if sample.boxes:
            reader.window.show_report(True)
            reader.shoot("05-report")
            reader.window.show_report(False)
    reader.show(PATIENTS["chest-child"])
    reader.program.context.change_settings(language="zh")
    reader.settle(3.0)
    (fold,) = reader.window.findChildren(RefusedFold)
    fold.button.click()
    reader.window.right.show_section(reader.window.right.sections["analysis"])
    reader.shoot("06-chinese")
    reader.program.close()


def main() -> int:
    """Write the pictures beside this file, with a home of their own."""
    with tempfile.TemporaryDirectory(prefix="secondread-pictures-") as folder:
        os.environ["SECONDREAD_HOME"] = str(Path(folder) / "home")
        take(Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
