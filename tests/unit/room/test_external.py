"""Overlays of other systems reach the window: found once, shown solid or dashed, hidden one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from tests import synth
from tests.unit.reading.objects.builders import plane, segment, shared, write_seg
from viewer.analysis.client import InferenceProcess
from viewer.core.finding import FindingState
from viewer.core.settings import Settings
from viewer.core.study import Kind, Stack
from viewer.display.overlay import Line
from viewer.journal import open_journal
from viewer.reading import load_volume, scan
from viewer.room.context import Context
from viewer.room.events import StackLoaded, Trouble
from viewer.room.external import External
from viewer.room.overlays import Overlays
from viewer.room.panels.overlays import segment_rows
from viewer.room.presentations import Presentations
from viewer.room.threads import QueueMailbox

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@pytest.fixture
def mailbox() -> QueueMailbox:
    return QueueMailbox()


@pytest.fixture
def context(mailbox: QueueMailbox, tmp_path: Path) -> Iterator[Context]:
    journal, _ = open_journal(tmp_path / "journal")
    made = Context(journal, Settings(), InferenceProcess(), mailbox)
    yield made
    made.close()


def laid_over(context: Context) -> Overlays:
    external = External(context)
    return Overlays(context, external, Presentations(context, external))


def study(folder: Path) -> None:
    """A CT and a segmentation with one segment by a person and one by a program."""
    series = synth.write_series(folder / "ct")
    person, program = segment(1, "Liver"), segment(2, "Tumour")
    program.SegmentAlgorithmType = "AUTOMATIC"
    frames = np.zeros((2, 24, 20), np.uint8)
    frames[0, :4], frames[1, 8:] = 1, 1
    write_seg(
        folder / "seg.dcm",
        frames,
        [plane((-30.0, -40.0, 100.0), 1), plane((-30.0, -40.0, 105.0), 2)],
        [person, program],
        shared(AXIAL, (0.8, 0.7), 5.0),
        PatientID=series.patient_id,
        PatientName=series.patient_name,
        PatientSex="O",
        PatientBirthDate="",
        StudyInstanceUID=series.study_uid,
        FrameOfReferenceUID=dcmread(series.files[0]).FrameOfReferenceUID,
    )


def shown(mailbox: QueueMailbox, context: Context, folder: Path) -> Stack:
    """Open a folder and read its series, as `Loading` does."""
    library = context.session.library
    found = scan([folder])
    library.put_scan("one", found)
    stack = next(s for st in found.studies for s in st.stacks if s.kind is Kind.VOLUME)
    library.put_volume(stack.key, load_volume(stack))
    context.session.tell(StackLoaded(stack.key))
    assert mailbox.run_until(lambda: not context.pool.busy, 20)
    return stack


def test_a_persons_segment_is_solid_and_a_programs_is_a_draft(
    mailbox: QueueMailbox, context: Context, tmp_path: Path
) -> None:
    study(tmp_path)
    overlays = laid_over(context)
    stack = shown(mailbox, context, tmp_path)
    laid = overlays.overlays(stack.key)
    assert laid is not None
    (layer,) = laid.masks
    lines = {style.name: style.line for style in layer.shown()}
    assert lines == {"Liver": Line.SOLID, "Tumour": Line.DASHED}
    assert laid.shows_ai
    rows = segment_rows(context.session, overlays, stack.key)
    assert [(row.name, row.state) for row in rows] == [("Liver", None), ("Tumour", FindingState.PROPOSED)]
    assert rows[0].volume_mm3 == pytest.approx(4 * 20 * 0.8 * 0.7 * 5)


def test_one_segment_can_be_hidden(mailbox: QueueMailbox, context: Context, tmp_path: Path) -> None:
    study(tmp_path)
    overlays = laid_over(context)
    stack = shown(mailbox, context, tmp_path)
    liver = segment_rows(context.session, overlays, stack.key)[0]
    overlays.choose(replace(overlays.choice, hidden=frozenset({liver.key})))
    laid = overlays.overlays(stack.key)
    assert laid is not None
    assert [style.name for style in laid.masks[0].shown()] == ["Tumour"]


def test_objects_are_read_once_and_again_when_more_are_opened(
    mailbox: QueueMailbox, context: Context, tmp_path: Path
) -> None:
    study(tmp_path)
    overlays = laid_over(context)
    stack = shown(mailbox, context, tmp_path)
    first = overlays.external.of(stack.key)
    overlays.external.look(stack.key)
    assert overlays.external.of(stack.key) is first
    assert not context.pool.busy
    again = dcmread(tmp_path / "seg.dcm")
    again.SeriesInstanceUID, again.SOPInstanceUID = again.SeriesInstanceUID + ".1", again.SOPInstanceUID + ".1"
    again.save_as(tmp_path / "second.dcm")
    context.session.library.put_scan("one", scan([tmp_path]))
    assert mailbox.run_until(lambda: not context.pool.busy, 20)
    assert len(overlays.external.of(stack.key)) == 2
    overlays.external.drop(stack.key)
    assert overlays.overlays(stack.key) is None


def test_a_broken_object_is_told_in_words(mailbox: QueueMailbox, context: Context, tmp_path: Path) -> None:
    study(tmp_path)
    ds = dcmread(tmp_path / "seg.dcm")
    ds.NumberOfFrames = 77
    ds.save_as(tmp_path / "seg.dcm")
    overlays = laid_over(context)
    told: list[str] = []
    context.session.on(Trouble, lambda event: told.append(event.words))
    stack = shown(mailbox, context, tmp_path)
    assert "is not shown" in told[0]
    assert overlays.overlays(stack.key) is None
