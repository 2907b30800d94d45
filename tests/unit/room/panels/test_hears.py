"""Whatever changes what a panel shows, the panel hears of it; and no panel needs Qt."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest

from tests.unit.room.panels import made
from viewer.core.analysis import GateVerdict, Suitability
from viewer.core.annotation import KeyMark
from viewer.core.finding import FindingState, Side
from viewer.core.report import Signature
from viewer.room.background import Job
from viewer.room.panels import analysis, banner, findings, measurements, overlays, patient, report, status, studies
from viewer.room.room import Room
from viewer.session import Event, Session

PANELS = (analysis, banner, findings, measurements, overlays, patient, report, status, studies)
SIGNED = Signature("Dr. A. Reader", "Sample Hospital", "2026-03-02T11:00:00+00:00")


def _more(room: Room) -> None:
    made.put(room.context.session, made.study("2", made.ADULT, made.stack("2.1")), scan="later")


def _job(room: Room) -> None:
    room.context.lane.submit(Job("j", "Pack", "1.1", "1", "pack", lambda _tell, _cancel: None, lambda _result: None))


#: What can happen in a sitting, in an order in which each is possible.
STEPS: tuple[tuple[str, Callable[[Room], object]], ...] = (
    ("show", lambda room: room.context.session.views.put_shown(("1.1",))),
    ("gate", lambda room: room.context.session.library.put_gate("1.1", {"pack": GateVerdict(Suitability.RUN)})),
    ("box", lambda room: room.context.session.boxes.put("1.1", "", ((0, 0, 0), (2, 2, 2)))),
    ("job", _job),
    (
        "result",
        lambda room: room.context.session.review.add_result(
            made.entry("r1", made.volume_of(1, 10.0), made.finding("b"), masks=(made.mask(1),))
        ),
    ),
    ("nothing", lambda room: room.context.session.review.add_result(made.entry("r2", below_threshold=1))),
    ("select", lambda room: room.reviewing.select("b", jump=False)),
    ("judge", lambda room: room.reviewing.judge("s1", FindingState.ACCEPTED)),
    ("edit", lambda room: room.reviewing.edit("b", "Mass", Side.LEFT, "larger")),
    ("undo", lambda room: room.reviewing.undo()),
    ("choose", lambda room: room.overlays.choose(replace(room.overlays.choice, visible=False))),
    ("text", lambda room: room.reporting.put_text("1", {"impression": "Clear."})),
    ("mark", lambda room: room.reporting.mark(KeyMark("1.1", "native", 0, 40.0, 400.0))),
    ("reader", lambda room: room.reporting.put_reader("Dr. B. Reader", "Other Hospital")),
    ("hide", lambda room: room.context.change_settings(hide_patient_name=True)),
    ("device", lambda room: room.context.change_settings(device="cuda")),
    ("settle", lambda room: room.reviewing.judge("b", FindingState.REJECTED)),
    ("sign", lambda room: room.context.session.review.sign("1", SIGNED)),
    ("measure", lambda room: room.annotations.put(made.length("m1"))),
    ("move", lambda room: room.annotations.put(made.length("m1", 12.0))),
    ("scan", _more),
    ("two patients", lambda room: room.context.session.views.put_shown(("1.1", "2.1"))),
    ("activate", lambda room: room.context.session.library.activate("2.1")),
    ("close", lambda room: room.close_study("1")),
)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.__name__.rpartition(".")[2])
def test_a_panel_hears_of_all_that_changes_it(panel: ModuleType, room: Room, child: Session) -> None:
    heard: list[Event] = []
    child.subscribe(heard.append)
    changed = []
    for name, step in STEPS:
        before = panel.state(child, room)
        heard.clear()
        step(room)
        after = panel.state(child, room)
        if after != before:
            changed.append(name)
            assert any(isinstance(event, panel.HEARS) for event in heard), f"{name} changes it unheard"
    assert changed, "no step changed this panel: the test looks at nothing"


def test_panels_need_no_qt() -> None:
    names = ", ".join(panel.__name__ for panel in PANELS)
    code = f"import sys, {names}\nprint([name for name in sys.modules if name.startswith('PySide6')])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
