"""Presentation states, masks and marks of reports in the whole window: applied by hand, said, and gone to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pytestqt.qtbot import QtBot

from tests import others, synth
from tests.unit.reporting.builders import finding
from viewer.app import Program
from viewer.core.finding import Location
from viewer.core.graphic import Graphic, PictureRef, Shape, Space
from viewer.display.window import Window
from viewer.room.events import Trouble
from viewer.room.panels.overlays import segment_rows
from viewer.room.panels.studies import RowKind
from viewer.room.views.labels import badges_of
from viewer.room.views.view import View
from viewer.ui.object_views.tree_view import TreeView

Start = Callable[..., Program]
LONG = 30_000


def lent(qtbot: QtBot, program: Program) -> str:
    """Waits until everything lent to the active stack is read; its key."""
    key = program.context.session.library.active
    borrowed = program.room.external
    qtbot.waitUntil(lambda: key in borrowed._found, timeout=LONG)
    return key


def active(program: Program) -> View:
    return program.room.views.active


def badges(program: Program) -> list[str]:
    return [spec.text for spec in badges_of(active(program))]


def run(folder: Path, **facts: object) -> None:
    frames = np.full((6, 40, 48), 1000, np.uint16)
    frames[2:, 15:20, 10:30] = 700
    folder.mkdir()
    others.write_run(folder / "run.dcm", frames, **facts)  # type: ignore[arg-type]


def test_a_run_opens_subtracted_where_its_file_asks_for_it(qtbot: QtBot, start: Start, tmp_path: Path) -> None:
    run(tmp_path / "xa", mode="SUB")
    program = start(tmp_path / "xa")
    lent(qtbot, program)
    qtbot.waitUntil(lambda: "Subtracted, mask frame 1" in badges(program), timeout=LONG)
    view = active(program)
    assert view.picture is not None and view.picture.mask is not None
    assert view.picture.value_at(16, 12) == (700.0,)
    program.window.actions_by_id["image.subtract"].trigger()
    qtbot.waitUntil(lambda: "Subtracted, mask frame 1" not in badges(program), timeout=LONG)
    assert view.picture.mask is None


def test_a_run_opens_native_unless_asked_and_m_subtracts(qtbot: QtBot, start: Start, tmp_path: Path) -> None:
    run(tmp_path / "xa")
    program = start(tmp_path / "xa")
    lent(qtbot, program)
    action = program.window.actions_by_id["image.subtract"]
    qtbot.waitUntil(action.isEnabled, timeout=LONG)
    assert not any("ubtracted" in text for text in badges(program))
    action.trigger()
    qtbot.waitUntil(lambda: "Subtracted, mask frame 1" in badges(program), timeout=LONG)
    said: list[str] = []
    program.context.session.on(Trouble, lambda event: said.append(event.words))
    program.window.actions_by_id["image.key"].trigger()
    assert "switch the mask subtraction off" in said[0]


@pytest.mark.parametrize(("relationship", "words"), [("DISP", "cannot be subtracted"), (None, "does not say")])
def test_unknown_values_are_never_subtracted(
    qtbot: QtBot, start: Start, tmp_path: Path, relationship: str | None, words: str
) -> None:
    run(tmp_path / "xa", mode="SUB", relationship=relationship)
    program = start(tmp_path / "xa")
    said: list[str] = []
    program.context.session.on(Trouble, lambda event: said.append(event.words))
    key = lent(qtbot, program)
    program.window.commands.update()
    program.window.actions_by_id["image.subtract"].trigger()
    assert words in said[-1]
    assert not program.room.presentations.subtracts(key)
    assert active(program).picture is not None and active(program).picture.mask is None  # type: ignore[union-attr]


def test_a_state_is_applied_by_a_click_and_taken_off_again(qtbot: QtBot, start: Start, tmp_path: Path) -> None:
    picture = dcmread(synth.write_xray(tmp_path / "film").files[0])
    others.write_state(
        tmp_path / "film" / "pr.dcm",
        [picture],
        window=(1000, 500),
        ImageRotation=90,
        ImageHorizontalFlip="N",
        ICCProfile=b"x",
        GraphicAnnotationSequence=[others.annotation([others.graphic("POINT", [10.5, 20.5])])],
    )
    program = start(tmp_path / "film")
    key = lent(qtbot, program)
    view, browser = active(program), program.window.browser
    opened_with = view.window
    assert opened_with is not None
    qtbot.waitUntil(lambda: any(r.kind is RowKind.STATE for r in browser._model.rows), timeout=LONG)
    row = next(r for r in browser._model.rows if r.kind is RowKind.STATE)
    assert (row.title, row.key, row.shown) == ("Fracture marked", key, False)
    assert "Fracture marked" not in badges(program), "no state is on by itself"

    browser.state_chosen.emit(row.key, row.state)
    qtbot.waitUntil(lambda: "Fracture marked" in badges(program), timeout=LONG)
    assert view.window is not None and (view.window.center, view.window.width) == (1000, 500)
    assert view.camera.turn == ((0, -1), (1, 0))
    assert view.picture is not None and len(view.picture.overlay.graphics) == 1
    tip = next(spec.tip for spec in badges_of(view) if spec.text == "Fracture marked")
    assert "ICC profile" in tip

    browser.state_chosen.emit(row.key, row.state)
    qtbot.waitUntil(lambda: "Fracture marked" not in badges(program), timeout=LONG)
    assert (view.window.center, view.window.width) == (opened_with.center, opened_with.width)
    assert view.camera.turn == ((1, 0), (0, 1))
    assert view.picture.overlay.graphics == ()


def test_other_slices_say_that_they_are_not_in_the_state(qtbot: QtBot, start: Start, tmp_path: Path) -> None:
    series = synth.write_series(tmp_path / "mr", modality="MR", shape=(5, 24, 20), orientation=synth.oblique(50))
    header = dcmread(series.files[2])
    others.write_state(tmp_path / "mr" / "pr.dcm", [header], window=(300, 100))
    program = start(tmp_path / "mr")
    key = lent(qtbot, program)
    presenting, view = program.room.presentations, active(program)
    before = view.window
    presenting.toggle(key, presenting.states(key)[0].id)
    view.set_slice(2)
    qtbot.waitUntil(lambda: "Fracture marked" in badges(program), timeout=LONG)
    assert view.window is not None and view.window.center == 300
    view.take_window(Window(50, 60))
    view.set_slice(1)
    assert "Not in Fracture marked" in badges(program)
    assert before is not None and view.window.center == before.center


def test_a_line_of_a_report_goes_to_its_mark(qtbot: QtBot, start: Start, tmp_path: Path) -> None:
    series = synth.write_series(tmp_path / "ct", shape=(6, 24, 20))
    header = dcmread(series.files[4])
    others.write_report(tmp_path / "ct" / "sr.dcm", header, [others.measured_line(header, [3.5, 4.5, 13.5, 9.5], 8.1)])
    program = start(tmp_path / "ct")
    key = lent(qtbot, program)
    report = next(s for study in program.context.session.library.studies for s in study.stacks if s.modality == "SR")
    program.room.loading.show(report.key)
    pane = program.window.view_area
    qtbot.waitUntil(lambda: isinstance(getattr(pane._object, "view", None), TreeView), timeout=LONG)
    tree = pane._object.view.tree  # type: ignore[union-attr]
    line = tree.topLevelItem(1).child(1)
    assert line.text(0) == "Length: 8.1 mm"
    tree.itemClicked.emit(line, 0)
    qtbot.waitUntil(lambda: program.context.session.library.active == key, timeout=LONG)
    view = active(program)
    qtbot.waitUntil(lambda: view.picture is not None and view.picture.index == 4, timeout=LONG)
    qtbot.waitUntil(lambda: any(mark.selected for mark in view.picture.overlay.graphics), timeout=LONG)  # type: ignore[union-attr]
    (row,) = segment_rows(program.context.session, program.room.overlays, key)
    assert (row.name, row.is_line, row.volume_mm3) == ("Measurements", True, None)
    choice = program.room.overlays.choice
    program.room.overlays.choose(replace(choice, hidden=frozenset({row.key})))
    qtbot.waitUntil(lambda: view.picture.overlay.graphics == (), timeout=LONG)  # type: ignore[union-attr]


def test_a_line_about_pictures_that_are_not_open_says_so(start: Start, film_folder: Path) -> None:
    program = start(film_folder)
    said: list[str] = []
    program.context.session.on(Trouble, lambda event: said.append(event.words))
    program.room.navigation.go(PictureRef("1.2.3"))
    program.room.navigation.go(Graphic(Shape.POINTS, ((0.0, 0.0, 0.0),), Space.PATIENT, (), "1.2.3"))
    assert len(said) == 2 and "not open" in said[0]


def test_a_finding_of_another_series_is_shown_on_its_slice(
    qtbot: QtBot, start: Start, film_folder: Path, head_folder: Path
) -> None:
    program = start(film_folder, head_folder)
    library = program.context.session.library
    stacks = {s.modality: s.key for study in library.studies for s in study.stacks}
    program.room.loading.show(stacks["DX"])
    qtbot.waitUntil(lambda: library.active == stacks["DX"], timeout=LONG)
    program.room.loading.drop(stacks["MR"])
    program.room.navigation.to_finding(stacks["MR"], finding(location=Location("Somewhere", slice_index=3)))
    qtbot.waitUntil(lambda: library.active == stacks["MR"] and _native_slice(program) == 3, timeout=LONG)


def _native_slice(program: Program) -> int:
    views = program.room.views.views
    return next((v.picture.index for v in views if v.picture is not None and v.picture.view.native), -1)
