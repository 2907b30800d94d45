"""The step `register`: one series laid on another; only what is accepted is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from viewer.core.errors import UsageError
from viewer.core.registration import SeriesRegistration
from viewer.core.study import Kind
from viewer.room.script import params
from viewer.room.script.sitting import Sitting

Result = Mapping[str, Any]


def register(sitting: Sitting, p: params.Register) -> Result:
    """`register`: the rigid move of one series onto another, and how well it lies there."""
    from viewer.analysis.registration import register as found_for

    fixed, moving = sitting.stack(p.fixed_uid), sitting.stack(p.moving_uid)
    if fixed.key == moving.key:
        raise UsageError("A series cannot be registered with itself.", "Name two series.")
    sitting.check_one_person(fixed, moving)
    if {fixed.kind, moving.kind} != {Kind.VOLUME}:
        raise UsageError("Only volumes can be registered.", "Name two volumes.")
    pinned = sitting.volume(fixed)
    made = found_for(pinned, sitting.volume(moving))
    rows = made.matrix.tolist()
    if p.accept:
        study = sitting.study_of(fixed)
        matrix = (tuple(rows[0]), tuple(rows[1]), tuple(rows[2]), tuple(rows[3]))
        sitting.session.registrations.accept(study.uid, SeriesRegistration(fixed.series_uid, moving.series_uid, matrix))
    return {
        "matrix": rows,
        "shift_mm": list(made.shift_mm),
        "quality": {"correlation": made.correlation, "overlap": made.overlap},
        "accepted": p.accept,
    }
