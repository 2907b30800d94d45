"""A model of nnU-Net from its folder to findings: installed, listed, run, removed; nothing half-installed."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests import nnunet_models
from tests.nnunet_models import Wanted
from viewer.analysis import engine, packs, packstore
from viewer.core.analysis import AnalysisRequest, Outcome, RunOptions
from viewer.core.errors import PackError
from viewer.core.geometry import Geometry
from viewer.core.volume import Volume

SMALL = Wanted(spacing=(3.0, 3.0, 3.0), patch=(8, 16, 16), folds=2, mirror=(0, 1))
ID = "dataset901-random-3d-fullres"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder of this test's own."""
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "data" / "models"


def _ct() -> Volume:
    stored = np.random.default_rng(0).integers(-400, 400, (8, 24, 20)).astype(np.int16)
    grid = Geometry((8, 24, 20), np.diag([3.0, 2.0, 2.0, 1.0])[[2, 1, 0, 3]])
    return Volume(stored, grid, unit="HU", modality="CT", series_uid="1.2")


def _zipped(folder: Path, file: Path) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for one in folder.rglob("*"):
            archive.write(one, one.relative_to(folder))
    return file


@pytest.mark.parametrize("packed", [False, True])
def test_a_model_is_installed_run_and_removed(packed: bool, home: Path, tmp_path: Path) -> None:
    """Labels keep the model's names; every finding says where it comes from."""
    nnunet_models.write(tmp_path / "m", SMALL)
    path = _zipped(tmp_path / "m", tmp_path / "model.zip") if packed else tmp_path / "m"
    pack = packstore.install(path)
    assert pack.id == ID
    packs.verify(pack)
    assert pack.viewer.outside is not None
    assert pack.viewer.outside.licence == "CC-BY-4.0"
    result = engine.run(
        AnalysisRequest("r", ID, {"image": _ct()}, precision="full", options=RunOptions(run_warned=True))
    )
    assert result.outcome is Outcome.RAN
    (mask,) = result.masks
    assert mask.labels.shape == (8, 24, 20)
    assert [one.name for one in mask.segments] == ["liver", "spleen", "kidney"]
    assert result.findings
    assert all("From outside, not validated here." in one.notes for one in result.findings)
    assert result.provenance is not None
    assert result.provenance.settings["outside"]["format"] == "nnU-Net v2"
    packstore.remove(ID)
    assert not (home / ID).exists()


def test_the_quick_way_is_said(home: Path, tmp_path: Path) -> None:
    """One fold and no mirrored copies is another answer, and says so."""
    nnunet_models.write(tmp_path / "m", SMALL)
    packstore.install(tmp_path / "m")
    asked = AnalysisRequest("r", ID, {"image": _ct()}, precision="full", options=RunOptions(run_warned=True, fast=True))
    made = engine.run(asked)
    assert all(any(note.startswith("The quick way") for note in one.notes) for one in made.findings)
    assert made.provenance is not None
    assert made.provenance.settings["folds"] == {"3d_fullres": 1}


def test_a_refused_model_leaves_nothing(home: Path, tmp_path: Path) -> None:
    """No folder, no scratch."""
    folder = nnunet_models.write(tmp_path / "m", SMALL)
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"]["3d_fullres"]["normalization_schemes"] = ["Own"]
    (folder / "plans.json").write_text(json.dumps(plans))
    with pytest.raises(PackError, match="Own"):
        packstore.install(tmp_path / "m")
    assert [one.name for one in home.iterdir() if one.name != ".lock"] == []


def test_a_path_that_leaves_its_zip_is_refused(home: Path, tmp_path: Path) -> None:
    """Nothing is written beside the folder."""
    nnunet_models.write(tmp_path / "m", SMALL)
    file = _zipped(tmp_path / "m", tmp_path / "model.zip")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("../plans.json", "{}")
    with pytest.raises(PackError, match="outside its own folder"):
        packstore.install(file)
    assert not (home / "plans.json").exists()


def test_something_else_is_not_understood(home: Path, tmp_path: Path) -> None:
    """An empty folder and a text."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.onnx").write_text("no")
    for path in (tmp_path / "empty", tmp_path / "text.onnx"):
        with pytest.raises(PackError, match="nothing that is known"):
            packstore.install(path)


def test_a_non_commercial_model_needs_the_switch(home: Path, tmp_path: Path) -> None:
    """As the program's own packs of such data do."""
    nnunet_models.write(tmp_path / "m", SMALL)
    assert packstore.install(tmp_path / "m", licence="CC BY-NC 4.0").research_only
    refused = engine.run(AnalysisRequest("r", ID, {"image": _ct()}, options=RunOptions(run_warned=True)))
    assert refused.outcome is Outcome.REFUSED
    shutil.rmtree(home / ID)
