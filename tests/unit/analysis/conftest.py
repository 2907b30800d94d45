"""Volumes and packs for the analysis tests."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import tiny_packs
from viewer.core.analysis import AnalysisRequest
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.volume import Volume

BOX = ((2, 4, 5), (18, 24, 27))


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with both tiny packs, the only one the program sees."""
    folder = tmp_path / "models"
    monkeypatch.setenv("SECONDREAD_MODELS", str(folder))
    monkeypatch.setattr("viewer.analysis.engine._warm", OrderedDict())
    tiny_packs.segmenter(folder)
    tiny_packs.classifier(folder)
    return folder


def head(**changes: Any) -> Volume:
    """A T1 MR block, 20 x 28 x 32 at 1 mm, with a bright blob."""
    k, j, i = np.mgrid[:20, :28, :32].astype(np.float32)
    blob = np.exp(-(((k - 9) / 4) ** 2 + ((j - 13) / 6) ** 2 + ((i - 15) / 5) ** 2))
    stored = (200 + 800 * blob + 20 * np.sin(k + 2 * j + 3 * i)).astype(np.int16)
    affine = np.array([[0, 0, 1, -16.0], [0, 1, 0, -14.0], [1, 0, 0, -10.0], [0, 0, 0, 1]])
    volume = Volume(
        stored,
        Geometry(stored.shape, affine, frame_of_reference_uid="1.2.3"),
        modality="MR",
        series_uid="1.2.826.0.1.1",
        tags={"Modality": "MR", "SeriesDescription": "T1 MPRAGE", "BodyPartExamined": "BRAIN"},
    )
    return replace(volume, **changes)


def film(**changes: Any) -> Volume:
    """A child's PA chest film, 120 x 100: dark lungs, a bright patch low on the left of the picture."""
    j, i = np.mgrid[:120, :100].astype(np.float32)
    lungs = np.exp(-(((j - 60) / 35) ** 2)) * (np.exp(-(((i - 27) / 13) ** 2)) + np.exp(-(((i - 73) / 13) ** 2)))
    patch = np.exp(-(((j - 80) / 7) ** 2 + ((i - 26) / 7) ** 2))
    stored = (3000 - 2200 * lungs + 3 * j + 1500 * patch).astype(np.uint16)[None]
    affine = np.diag([1.0, 0.2, 0.2, 1.0])[[2, 1, 0, 3]]
    tags = {
        "Modality": "DX",
        "BodyPartExamined": "CHEST",
        "ViewPosition": "PA",
        "PatientAge": "004Y",
        "PatientOrientation": "L\\F",
        "PhotometricInterpretation": "MONOCHROME2",
    }
    tags.update(changes.pop("tags", {}))
    volume = Volume(
        stored,
        Geometry(stored.shape, affine, spacing_kind=SpacingKind.DETECTOR, oriented=False),
        modality="DX",
        series_uid="1.2.826.0.1.2",
        tags={key: value for key, value in tags.items() if value},
    )
    return replace(volume, **changes)


def request_for(pack_id: str, volume: Volume, **changes: Any) -> AnalysisRequest:
    """A request with a fixed id on the CPU; the segmenter gets its box."""
    roi = BOX if pack_id == tiny_packs.SEGMENTER else None
    request = AnalysisRequest("r1", pack_id, {"image": volume}, roi, device="cpu", precision="full")
    return replace(request, **changes)
