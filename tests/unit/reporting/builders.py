"""Stacks, masks and results for the writers, made by hand from tests/synth.py's files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tests.synth import Written
from viewer.core.analysis import AnalysisResult, Provenance
from viewer.core.finding import Code, Finding, FindingState, Location, Measurement, OperatingPoint, Side
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.report import PackRun, Report
from viewer.core.study import Instance, Kind, Patient, Stack
from viewer.core.volume import Mask, Segment

PASSPORT = Provenance(
    pack_id="mr-hippocampus-segmentation",
    pack_version="1.0.0",
    weights_sha256="3f9a" + "0" * 56 + "c21e",
    device="CPU",
    backend="torch",
    software={"secondread": "0.1.0", "torch": "2.13.0"},
    started="2026-03-02T10:17:00+01:00",
    finished="2026-03-02T10:17:04+01:00",
)


#: Without a patient frame x, y, z are column, row and slice steps times the spacing.
FILM_AFFINE = np.array([[0, 0, 0.2, 0], [0, 0.2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])


def stack_of(written: Written, modality: str, positions: Sequence[float] | None = None) -> Stack:
    """The stack a scan would find."""
    instances = tuple(
        Instance(path, uid, "", None, n + 1)
        for n, (path, uid) in enumerate(zip(written.files, written.sop_uids, strict=True))
    )
    k, j, i = written.stored.shape[:3]
    if written.affine is None:
        geometry = Geometry((k, j, i), FILM_AFFINE, spacing_kind=SpacingKind.DETECTOR, oriented=False)
    else:
        geometry = Geometry((k, j, i), written.affine, tuple(positions) if positions else None, "1.2.3")
    kind = Kind.VOLUME if k > 1 else Kind.IMAGE
    return Stack(written.series_uid, kind, modality, instances, geometry=geometry)


def mask_of(geometry: Geometry, names: Sequence[str] = ("Anterior hippocampus", "Posterior hippocampus")) -> Mask:
    """A lopsided mask: each segment a block of its own size, none symmetric in any axis."""
    labels = np.zeros(geometry.shape, np.uint8)
    for number, _name in enumerate(names, start=1):
        k = min(number, geometry.shape[0] - 1)
        labels[k : k + 2, 3 : 6 + number, 2 : 4 + 3 * number : 1] = np.where(
            labels[k : k + 2, 3 : 6 + number, 2 : 4 + 3 * number] == 0,
            number,
            labels[k : k + 2, 3 : 6 + number, 2 : 4 + 3 * number],
        )
    return Mask(labels, tuple(Segment(n, name) for n, name in enumerate(names, start=1)), geometry)


def finding(number: int = 1, **changes: Any) -> Finding:
    """One proposal."""
    fields: dict[str, Any] = {
        "id": f"f{number}",
        "pack": PASSPORT.pack_id,
        "label": "Anterior hippocampus",
        "series_uid": None,
        "score": None,
        "side": Side.LEFT,
        "location": Location(text="Left hippocampus", segment=number),
        "measurements": (Measurement("Volume", 1814.25, "mm3"),),
    }
    return Finding(**{**fields, **changes})


def xray_finding(number: int = 1, **changes: Any) -> Finding:
    """A scored proposal with a box on a film."""
    fields: dict[str, Any] = {
        "id": f"x{number}",
        "pack": "xray-chest-pneumonia",
        "label": "Pneumonia pattern",
        "series_uid": None,
        "code": Code("PNEUMONIA_PAT", "99SECONDREAD", "Pneumonia pattern"),
        "score": 0.84,
        "operating_point": OperatingPoint("balanced", 0.62, 0.93, 0.94, 500),
        "side": Side.RIGHT,
        "location": Location(text="Right lower zone", box_kji=((0, 10, 4), (1, 30, 16)), slice_index=0),
    }
    return Finding(**{**fields, **changes})


def result(*findings: Finding, masks: Sequence[Mask] = (), outcome: str = "ran", **changes: Any) -> AnalysisResult:
    """A result with a passport."""
    fields: dict[str, Any] = {
        "request_id": "r1",
        "pack_id": findings[0].pack if findings else PASSPORT.pack_id,
        "outcome": outcome,
        "findings": tuple(findings),
        "masks": tuple(masks),
        "provenance": PASSPORT,
    }
    return AnalysisResult(**{**fields, **changes})


def picture(rows: int = 300, columns: int = 300, seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A grey blob on black."""
    j, i = np.mgrid[:rows, :columns]
    blob = 220 * np.exp(-(((j - rows / 2) / rows * 3) ** 2) - (((i - columns / (2 + seed)) / columns * 4) ** 2))
    return np.repeat(blob[..., None], 3, axis=-1).astype(np.uint8)


def run(**changes: Any) -> PackRun:
    """A pack that ran; two proposals, one accepted, one rejected."""
    fields: dict[str, Any] = {
        "pack_id": "xray-chest-pneumonia",
        "name": "Chest X-ray pneumonia",
        "outcome": "ran",
        "accepted": 1,
        "rejected": 1,
        "provenance": replace(PASSPORT, pack_id="xray-chest-pneumonia", input_uids=("1.2.3",), pixel_hash="ab" * 32),
        "seconds": 4.2,
    }
    return PackRun(**{**fields, **changes})


def accepted(number: int = 1, **changes: Any) -> Finding:
    """A scored proposal that a reader took over."""
    return xray_finding(
        number,
        state=FindingState.ACCEPTED,
        **{"reader": "Dr. A. Reader", "when": "2026-03-02T10:21:00+01:00", **changes},
    )


def report(*findings: Finding, **changes: Any) -> Report:
    """A chest film's report as on the reference page."""
    fields: dict[str, Any] = {
        "patient": Patient("SYN-0001", "SYNTHETIC^CHILD A", "20220114", "F"),
        "study_uid": "1.2.3",
        "study_date": "20260302",
        "study_time": "101400",
        "study_description": "Chest X-ray PA",
        "modality": "DX",
        "body_part": "CHEST",
        "view": "PA",
        "patient_age": "004Y",
        "accession": "ACC-000117",
        "findings": findings,
        "sections": {
            "indication": "Cough and fever for three days.",
            "comparison": "Compared with chest PA of 11 Nov 2025 (111 days earlier).",
            "technique": "PA view, side marker seen (R). Left costophrenic angle cut off by 4 mm.",
            "impression": "New patchy opacity in the right lower zone with a pneumonia pattern. Heart size normal.",
            "recommendation": "Clinical correlation; follow-up film if symptoms persist.",
        },
        "runs": (run(),),
        "letterhead": ("Sample Hospital", "Department of Radiology, 1 Sample Street"),
        "author": "Dr. A. Reader",
        "organization": "Sample Hospital",
        "created": "2026-03-02T10:41:00+01:00",
        "synthetic": True,
    }
    return Report(**{**fields, **changes})
