"""Benchmark: from the start of the program to its window and to the first picture of a series, against bare scripts."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, cast

from viewer.core.errors import AnalysisError
from viewer.core.task import CancelToken
from viewer.jobs.bench.harness import Plan, Target, Way
from viewer.jobs.bench.open_series import SIDE, write_series

#: Slices of the series that is opened.
SLICES = 400
_PROCESSOR_ROUNDS = 5
#: How long a start may take (s).
_MOST_SECONDS = 30
#: What the program logs once, and at every picture that is painted.
STANDS, PAINTED = "the window stands", "painted in"

#: A window with an empty pyqtgraph view.
PEER_WINDOW = """
import sys, pyqtgraph
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class View(pyqtgraph.GraphicsView):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: print("the window stands", file=sys.stderr, flush=True))
app = QApplication([])
window = QMainWindow()
view = View()
view.setCentralItem(pyqtgraph.ViewBox())
window.setCentralWidget(view)
window.resize(1600, 1000)
window.show()
app.exec()
"""
#: Reads the position of every file of a folder, sorts, and shows the middle one.
PEER_PICTURE = """
import os, sys
import numpy
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget
LONG = {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UR", b"UT", b"UN", b"SV", b"UV"}
def head(path):
    file = os.open(path, os.O_RDONLY)
    data = os.pread(file, 4096, 0)
    os.close(file)
    at, z = 132, 0.0
    while True:
        tag, vr = data[at : at + 4], data[at + 4 : at + 6]
        if vr in LONG:
            length, at = int.from_bytes(data[at + 8 : at + 12], "little"), at + 12
        else:
            length, at = data[at + 6] | data[at + 7] << 8, at + 8
        if tag == b"\\xe0\\x7f\\x10\\x00":
            return z, path, at
        if tag == b"\\x20\\x00\\x32\\x00":
            z = float(data[at : at + length].split(b"\\\\")[2])
        at += length
class Picture(QWidget):
    def paintEvent(self, event):
        painter = QPainter(self)
        painter.drawImage(self.rect(), image)
        painter.end()
        QTimer.singleShot(0, lambda: print("painted in", file=sys.stderr, flush=True))
app = QApplication([])
window = Picture()
window.resize(1600, 1000)
window.show()
app.processEvents()
_, path, at = sorted(head(os.path.join(sys.argv[1], name)) for name in os.listdir(sys.argv[1]))[200]
with open(path, "rb") as file:
    file.seek(at)
    values = numpy.frombuffer(file.read(512 * 512 * 2), numpy.int16).reshape(512, 512)
grey = numpy.clip((values.astype(numpy.float32) + 160) * (255 / 400), 0, 255).astype(numpy.uint8)
image = QImage(grey.data, 512, 512, 512, QImage.Format.Format_Grayscale8)
window.update()
app.exec()
"""


def prepare(folder: Path, cancel: CancelToken) -> Plan:
    """Write a series, and start everything once so that byte code and fonts are there."""
    series, homes = folder / "series", folder / "homes"
    series.mkdir()
    write_series(series, SLICES, SIDE, cancel)
    home = _homes(homes)
    program = [sys.executable, "-m", "viewer"]
    peer = [sys.executable, "-c"]
    ways = (
        Way("PySide6 and pyqtgraph, an empty view", lambda: _until([*peer, PEER_WINDOW], STANDS, homes)),
        Way("SecondRead: window", lambda: _until(program, STANDS, home())),
        Way("SecondRead with a path: window", lambda: _until([*program, str(series)], STANDS, home())),
        Way("script: scan, one QImage", lambda: _until([*peer, PEER_PICTURE, str(series)], PAINTED, homes)),
        Way("SecondRead: first picture", lambda: _until([*program, str(series)], PAINTED, home())),
    )
    names = [way.name for way in ways]
    targets = (Target(names[1], names[0], 1.25), Target(names[2], names[0], 1.25), Target(names[4], names[3], 2.0))
    return Plan(f"start, and open {SLICES} slices", ways, 9, targets, _processor_ratios(ways))


def _homes(folder: Path) -> Callable[[], Path]:
    """A new, empty place for settings and journal at every call."""
    numbers = itertools.count()

    def made() -> Path:
        home = folder / str(next(numbers))
        home.mkdir(parents=True)
        return home

    return made


def _processor_ratios(ways: tuple[Way, ...]) -> dict[str, Any]:
    """Processor time until the words, which a busy machine changes less than the time on the wall."""
    spent: dict[str, list[float]] = {way.name: [] for way in ways}
    for _ in range(_PROCESSOR_ROUNDS):
        for way in ways:
            spent[way.name].append(cast(float, way.run()))
    facts = {}
    for name, against in ((1, 0), (2, 0), (4, 3)):
        one, other = spent[ways[name].name], spent[ways[against].name]
        ratios = f"{min(one) / min(other):.2f} (min), {median(one) / median(other):.2f} (median)"
        facts[f"processor time, {ways[name].name} : {ways[against].name}"] = ratios
    return facts


def _until(command: list[str], words: str, home: Path) -> float:
    """Processor seconds until a program says some words on its standard error; then it is ended.

    Raises:
        AnalysisError: it ended without saying them, or took too long.
    """
    # A list of platforms: the bare word is what the program takes for "there is no display".
    offscreen = {"QT_QPA_PLATFORM": "offscreen;minimal", "DISPLAY": os.environ.get("DISPLAY", ":0")}
    log = {"SECONDREAD_LOG": "DEBUG", "SECONDREAD_HOME": str(home)}
    environment = {**os.environ, **(offscreen if sys.platform.startswith("linux") else {}), **log}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # byte code is there in an installed program
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        late = threading.Timer(_MOST_SECONDS, process.kill)
        late.start()
        try:
            for line in process.stderr:
                if words in line:
                    return _processor_seconds(process.pid)
        finally:
            late.cancel()
            process.kill()
    raise AnalysisError(f"The program never said that {words!r}.")


def _processor_seconds(pid: int) -> float:
    """What a process has used so far, its threads included; 0 where the system does not say."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))
