"""Benchmark: memory of three CT studies that are open in the room, and what is left of it after they are closed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from viewer.core.errors import AnalysisError
from viewer.core.task import CancelToken
from viewer.jobs.bench.harness import Plan
from viewer.jobs.bench.open_series import SIDE, write_series

SLICES, STUDIES = 400, 3
#: Most memory over imports, as a multiple of the voxel bytes.
LIMIT = 2.7
_MOST_SECONDS = 300

#: Opens folders one after the other in a room with a window off screen, closes them, and tells its memory at each step.
PROGRAM = """
import gc, json, re, sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
def held():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read()).group(1)) * 1024
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1)) * 1024
import viewer.room.room
from viewer.app import Program
import viewer.ui.viewport.grid, viewer.reading
app = QApplication([])
program = Program(app)
program._start_room = lambda: None
program.show()
def wait(ready):
    end = time.monotonic() + 120
    while not ready() and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.01)
    assert ready()
room, library = program.room, program.context.session.library
wait(lambda: program.window.isVisible())
told = {"before": held()}
for number, folder in enumerate(sys.argv[1:], start=1):
    room.opening.open_paths([folder])
    wait(lambda: len(library.studies) == number and not room.opening.is_busy)
    room.loading.show(library.studies[-1].stacks[0].key)
    key = library.active
    wait(lambda: room.loading.is_loaded(key) and not program.context.pool.busy)
told["open"], told["peak"], told["kept"] = held(), peak(), len(room.loading.loaded)
while library.studies:
    room.close_study(library.studies[0].uid)
wait(lambda: not program.context.pool.busy)
gc.collect()
app.processEvents()
told["closed"] = held()
print(json.dumps(told))
sys.stdout.flush()
import os
os._exit(0)
"""


def prepare(folder: Path, cancel: CancelToken) -> Plan:
    """Open, close, and report; nothing is timed.

    Raises:
        AnalysisError: this system does not tell memory (Linux only), or the program failed.
    """
    folders = []
    for number in range(STUDIES):
        one = folder / f"study{number}"
        one.mkdir()
        write_series(one, SLICES, SIDE, cancel, series=1 + 4 * number)
        folders.append(str(one))
    told = _run(folders, folder / "home")
    voxels = STUDIES * SLICES * SIDE * SIDE * 2
    over = {name: (told[name] - told["before"]) / voxels for name in ("open", "peak", "closed")}
    met = "met" if over["peak"] <= LIMIT else "MISSED"
    facts = {
        "series held": told["kept"],
        "while open": f"{over['open']:.2f} x voxel bytes over the window",
        "peak": f"{over['peak']:.2f} x voxel bytes over the window (target {LIMIT}: {met})",
        "after closing": f"{over['closed']:.2f} x voxel bytes over the window",
    }
    return Plan(f"{STUDIES} studies of {SLICES} x {SIDE} x {SIDE} int16 open at once", facts=facts)


def _run(folders: list[str], home: Path) -> dict[str, int]:
    if not Path("/proc/self/status").exists():
        raise AnalysisError("This system does not tell how much memory a program holds.")
    home.mkdir()
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "SECONDREAD_HOME": str(home)}
    command = [sys.executable, "-c", PROGRAM, *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=_MOST_SECONDS)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise AnalysisError(f"The memory could not be measured ({last[0]}).")
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found
