"""Studies, findings and results as a room holds them, made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from viewer.core.analysis import AnalysisResult, GateVerdict, Provenance, Suitability
from viewer.core.finding import Finding, Location, Measurement
from viewer.core.geometry import Geometry
from viewer.core.measurement import ReaderMeasurement
from viewer.core.study import Instance, Kind, Patient, ScanResult, Series, Stack, Study
from viewer.core.volume import Heatmap, Mask, Segment
from viewer.session import ResultEntry, Session

CHILD = Patient("SYN-1", "SYNTHETIC^CHILD A", "20220101", "F")
ADULT = Patient("SYN-2", "SYNTHETIC^ADULT B", "19800101", "M")
GRID = Geometry((4, 8, 8), np.diag([2.0, 1.0, 1.0, 1.0]))


def stack(uid: str, kind: Kind = Kind.VOLUME, modality: str = "CT", geometry: Geometry | None = GRID) -> Stack:
    """A stack of four pictures, or one object."""
    instances = tuple(Instance(Path(f"{uid}-{n}.dcm"), f"{uid}.{n}") for n in range(4))
    return Stack(uid, kind, modality, instances, description=f"Series {uid}", geometry=geometry, frames=4)


def study(uid: str, patient: Patient, *stacks: Stack, date: str = "20260302", time: str = "1014") -> Study:
    """A study; its stacks stand in series of their own."""
    return Study(uid, patient, tuple(Series(s.series_uid, (s,)) for s in stacks), date, time, f"Study {uid}")


def put(session: Session, *studies: Study, scan: str = "scan") -> None:
    """Open studies."""
    session.library.put_scan(scan, ScanResult(studies, files=sum(len(s.stacks) for s in studies)))


def finding(name: str, label: str = "Nodule", **changes: object) -> Finding:
    """A proposal on the second of four pictures."""
    made = Finding(name, "pack", label, "1.1", score=0.8, location=Location("Right upper zone", slice_index=1))
    return replace(made, **changes)  # type: ignore[arg-type]


def volume_of(segment: int, mm3: float, **changes: object) -> Finding:
    """A finding that is a segment with its volume."""
    size = Measurement("Volume", mm3, "mm3", plus_minus=5.0)
    place = Location("In the box", segment=segment)
    return finding(f"s{segment}", f"Part {segment}", score=None, location=place, measurements=(size,), **changes)


def mask(*numbers: int) -> Mask:
    """A mask with one row of voxels for each segment."""
    labels = np.zeros(GRID.shape, np.uint8)
    for number in numbers:
        labels[1, number] = number
    return Mask(labels, tuple(Segment(n, f"Part {n}") for n in numbers), GRID)


def heatmap(honest: bool | None) -> Heatmap:
    """A heatmap that passed its check, failed it, or was not tested."""
    return Heatmap(np.ones(GRID.shape, np.float32), GRID, "Bright pattern", honest=honest, honesty="as told")


def entry(name: str, *findings: Finding, key: str = "1.1", uid: str = "1", **changes: object) -> ResultEntry:
    """A finished analysis of a stack."""
    provenance = Provenance("pack", "1.0.0", "ab" * 32, "CPU", "torch", started="2026-03-02T10:17:00+00:00")
    result = AnalysisResult(
        name, "pack", "ran", gate=GateVerdict(Suitability.RUN), findings=findings, provenance=provenance
    )
    return ResultEntry(name, key, uid, replace(result, **changes))  # type: ignore[arg-type]


def length(name: str, millimetres: float = 10.0, key: str = "1.1", index: int = 1) -> ReaderMeasurement:
    """A length that a reader drew."""
    value = Measurement("Length", millimetres, "mm", plus_minus=0.5)
    points = ((2.0 * index, 0.0, 0.0), (2.0 * index, 0.0, millimetres))
    return ReaderMeasurement(name, "length", "Length", key, index, "native", points, (value,))
