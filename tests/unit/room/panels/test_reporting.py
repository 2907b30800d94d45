"""Signing and writing a report from a room without a window: measurements go with it, and are locked with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests import synth
from tests.unit.reporting.folders import film_results, opened
from tests.unit.room.panels import made
from viewer.core.errors import UsageError
from viewer.core.finding import FindingState
from viewer.core.report import Signature
from viewer.core.study import ScanResult
from viewer.room.events import Exported
from viewer.room.room import Room
from viewer.room.threads import QueueMailbox
from viewer.session import ResultEntry, Session

BEFORE, SIGNED, AFTER = (f"2099-03-02T1{n}:00:00+00:00" for n in range(3))
SIGNATURE = Signature("Dr. A. Reader", "Sample Hospital", SIGNED)


def test_a_signed_measurement_is_locked_and_a_new_one_is_not(child: Session) -> None:
    old = replace(made.length("old"), when=BEFORE)
    child.measurements.put(old)
    child.review.sign("1", SIGNATURE)
    for attempt in (
        lambda: child.measurements.put(replace(old, name="Other", when=AFTER)),
        lambda: child.measurements.remove("old"),
        child.history.undo,
    ):
        with pytest.raises(UsageError, match="is signed"):
            attempt()
    new = replace(made.length("new"), when=AFTER)
    child.measurements.put(new)
    child.measurements.remove("new")
    assert child.measurements.all() == (old,)


def test_a_sitting_is_written_with_what_was_measured_before_signing(
    room: Room, session: Session, mailbox: QueueMailbox, tmp_path: Path
) -> None:
    study, stack, volume = opened(synth.write_xray(tmp_path / "film").folder)
    session.library.put_scan("scan", ScanResult((study,), files=1))
    session.library.activate(stack.key)
    for one in film_results(stack, volume):
        session.review.add_result(ResultEntry(one.request_id, stack.key, study.uid, one))
    for finding in session.review.findings(study.uid):
        session.review.judge(finding.id, FindingState.ACCEPTED, "Dr. A. Reader")
    assert stack.geometry is not None
    ends = tuple(tuple(float(v) for v in p) for p in stack.geometry.index_to_world([[0, 2, 3], [0, 5, 7]]))
    line = replace(made.length("m1", key=stack.key, index=0), points_lps=ends, when=BEFORE)  # type: ignore[arg-type]
    session.measurements.put(line)
    session.review.sign(study.uid, SIGNATURE)
    session.measurements.put(replace(line, id="m2", when=AFTER))
    heard: list[Exported] = []
    session.subscribe(lambda event: heard.append(event) if isinstance(event, Exported) else None)
    room.reporting.export(str(tmp_path / "out"))
    assert mailbox.run_until(lambda: bool(heard), seconds=60)
    (event,) = heard
    document = json.loads(event.files["result.json"].read_text())
    assert [(one["id"], one["reader"]) for one in document["measurements"]] == [("m1", "Dr. A. Reader")]
    assert document["report"]["signature"]["when"] == SIGNED
    assert {"report.pdf", "sr.dcm", "measurements.csv"} <= set(event.files)
