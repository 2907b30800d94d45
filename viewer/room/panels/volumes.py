"""What the table of volumes beside three planes shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from viewer.core.cine import CineFunction
from viewer.core.finding import Finding, FindingState, Measurement, Side
from viewer.room.packs import box_sides
from viewer.room.room import Room
from viewer.session import ResultEntry, Session


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One structure: its volume in mm3 on each side, None where none was measured."""

    name: str
    left: Measurement | None
    right: Measurement | None


@dataclass(frozen=True, slots=True)
class VolumesView:
    """All the table shows; `missing` are sides without a box, `pack_id` the pack that asks for them.

    With `cine` it shows a heart's volumes over the beat, and `measured` what follows from them.
    """

    rows: tuple[VolumeRow, ...] = ()
    missing: tuple[Side, ...] = ()
    pack_id: str = ""
    draft: bool = True
    cine: CineFunction | None = None
    measured: tuple[Measurement, ...] = ()
    notes: tuple[str, ...] = ()


def state(session: Session, room: Room) -> VolumesView | None:
    """Volumes of the active stack: of a pack that runs on one side at a time, or over a beat; None without one."""
    entries = room.overlays.entries(session.library.active)
    for entry in reversed(entries):
        if entry.result.cine is not None:
            return _beat(entry, session.review.findings_of(entry.id))
        pack = room.packs.pack(entry.result.pack_id)
        if pack is not None and len(box_sides(pack)) == 2 and entry.result.masks:
            mine = [f for e in entries if e.result.pack_id == pack.id for f in session.review.findings_of(e.id)]
            return _sides(pack.id, mine)
    return None


def _beat(entry: ResultEntry, findings: Iterable[Finding]) -> VolumesView | None:
    """The heart's volumes; none once the reader rejected the outline."""
    kept = [finding for finding in findings if finding.state is not FindingState.REJECTED]
    if not kept:
        return None
    first, pack = kept[0], entry.result.pack_id
    is_draft = _is_draft(kept)
    return VolumesView((), (), pack, is_draft, cine=entry.result.cine, measured=first.measurements, notes=first.notes)


def _sides(pack_id: str, findings: Iterable[Finding]) -> VolumesView:
    """Each structure left beside right."""
    table: dict[str, dict[Side, Measurement]] = {}
    kept: list[Finding] = []
    for finding in findings:
        volume = next((m for m in finding.measurements if m.unit == "mm3"), None)
        if volume is not None and finding.state is not FindingState.REJECTED:
            table.setdefault(finding.label, {})[finding.side] = volume
            kept.append(finding)
    rows = tuple(VolumeRow(name, by.get(Side.LEFT), by.get(Side.RIGHT)) for name, by in table.items())
    measured = {side for by in table.values() for side in by}
    missing = tuple(side for side in (Side.RIGHT, Side.LEFT) if side not in measured)
    return VolumesView(rows, missing, pack_id, _is_draft(kept))


def _is_draft(findings: Iterable[Finding]) -> bool:
    """True while a segment of the table is not accepted."""
    return any(finding.state is not FindingState.ACCEPTED for finding in findings)
