"""The beat, measured on drawn ventricles of known volume: what is proved is the measuring, not the network."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from tests import known_shapes as phantoms
from viewer.analysis import packs
from viewer.analysis.inference import RawOutputs
from viewer.analysis.preprocess import Prepared
from viewer.analysis.tasks import segmentation
from viewer.core.analysis import AnalysisRequest, AnalysisResult
from viewer.core.study import Kind
from viewer.core.task import CancelFlag, CancelToken, OnProgress
from viewer.core.volume import Mask
from viewer.jobs import analyse, cine, render, result_folder
from viewer.reading import scan

PACK = "mr-cardiac-lv"


@pytest.fixture(autouse=True)
def only_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pack as it ships, alone."""
    source = packs.load(PACK).folder
    shutil.copytree(source, tmp_path / "models" / PACK)
    monkeypatch.setenv("SECONDREAD_MODELS", str(tmp_path / "models"))


def outlined(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
    """A known mask in place of the network: every voxel that is more than half blood."""
    volume = request.image
    share = (volume.values().astype(np.float32) - 80) / 900
    labels = (share > 0.5).astype(np.uint8)
    pack = packs.load(request.pack_id)
    raw = RawOutputs(Prepared(share, volume.geometry.affine), labels=labels, probabilities={"lv": share})
    mask = Mask(labels, segmentation.segments(pack), volume.geometry)
    found = segmentation.findings_of(pack, request, raw, mask)
    return AnalysisResult(request.id, pack.id, "ran", volume.series_uid, masks=(mask,), findings=found)


def measured(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (finding,) = document["findings"]
    return {m["name"]: m for m in finding["measurements"]}


def test_volumes_and_ejection_fraction_of_a_drawn_beat(tmp_path: Path) -> None:
    beat = phantoms.write_beat(tmp_path / "beat")
    document = analyse.analyse(beat.folder, tmp_path / "out", packs=[PACK], runner=outlined)
    told = measured(document)
    largest, smallest = max(beat.volumes_ml), min(beat.volumes_ml)
    assert told["End-diastolic volume"]["value"] == pytest.approx(largest, rel=0.03)
    assert told["End-systolic volume"]["value"] == pytest.approx(smallest, rel=0.04)
    assert told["Stroke volume"]["value"] == pytest.approx(largest - smallest, rel=0.05)
    assert told["Ejection fraction"]["value"] == pytest.approx(100 * (1 - smallest / largest), abs=1.5)
    assert {m["unit"] for m in told.values()} == {"mL", "%"}
    assert not any(m["validated"] for m in told.values())
    (entry,) = document["packs"]
    assert (entry["cine"]["end_diastole"], entry["cine"]["end_systole"]) == (1, 4)
    assert [p["time_ms"] for p in entry["cine"]["phases"]] == list(beat.times_ms)
    assert [p["volume_ml"] for p in entry["cine"]["phases"]] == pytest.approx(list(beat.volumes_ml), rel=0.04)
    assert "phase 2 of 9" in document["findings"][0]["notes"][0]
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == document


def test_the_result_lies_on_end_diastole_and_shows_on_every_phase(tmp_path: Path) -> None:
    beat = phantoms.write_beat(tmp_path / "beat")
    out = tmp_path / "out"
    document = analyse.analyse(beat.folder, out, packs=[PACK], runner=outlined)
    (study,) = scan([beat.folder]).studies
    assert len(study.stacks) == 9
    loaded = result_folder.load(out)
    (result,) = loaded.results
    assert loaded.stack.key == result.stack_key == study.stacks[1].key
    assert {"seg.dcm", "sr.dcm"} <= set(document["files"])
    assert {mask.stack_key for mask in result.phase_masks} == {s.key for s in study.stacks} - {loaded.stack.key}
    systole = study.stacks[4].key
    seen = result.seen_on(systole)
    assert seen.masks[0].volume_mm3(1) / 1000 == pytest.approx(min(beat.volumes_ml), rel=0.04)
    picture = render.render_picture(beat.folder, tmp_path / "es.png", series=systole, overlay=out)
    assert picture.is_file()


def why(folder: Path, **changes: Any) -> str:
    found = scan([folder]).studies[0]
    return cine.beat_of(found, found.stacks[0], CancelFlag()).why_not


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TriggerTime": None}, "trigger time"),
        ({"TriggerTime": "40"}, "same order"),
        ({"PixelSpacing": None}, "spacing"),
        ({"ImagePositionPatient": None, "ImageOrientationPatient": None}, "positions"),
    ],
)
def test_no_beat_where_something_is_unknown(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    phantoms.write_beat(tmp_path / "beat", None, (4, 16, 16), **changes)
    assert words in why(tmp_path / "beat")


def test_too_few_phases_and_missing_slices_are_said(tmp_path: Path) -> None:
    phantoms.write_beat(tmp_path / "few", phantoms.sizes(5), (4, 16, 16))
    assert "5 heart phase(s)" in why(tmp_path / "few")
    phantoms.write_beat(tmp_path / "hole", None, (4, 16, 16))
    sorted((tmp_path / "hole" / "08").iterdir())[0].unlink()
    assert "lack slices" in why(tmp_path / "hole")


def test_without_a_beat_the_mask_stays_and_the_reason_is_said(tmp_path: Path) -> None:
    beat = phantoms.write_beat(tmp_path / "beat", TriggerTime=None)
    document = analyse.analyse(beat.folder, tmp_path / "out", packs=[PACK], runner=outlined)
    (finding,) = document["findings"]
    assert [m["name"] for m in finding["measurements"]] == ["Volume"]
    assert "trigger time" in finding["notes"][-1]
    assert document["packs"][0]["cine"] is None


def test_pictures_of_one_place_have_no_volume(tmp_path: Path) -> None:
    beat = phantoms.write_beat(tmp_path / "beat", grid=(1, 40, 40))
    document = analyse.analyse(beat.folder, tmp_path / "out", packs=[PACK], runner=outlined)
    (finding,) = document["findings"]
    assert finding["measurements"] == []
    assert "one slice position" in finding["notes"][-1]


def test_a_phase_without_outline_gives_no_ejection_fraction(tmp_path: Path) -> None:
    def blind(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
        result = outlined(request, on_progress, cancel)
        if result.masks[0].volume_mm3(1) / 1000 > min(beat.volumes_ml) * 1.1:
            return result
        empty = Mask(np.zeros_like(result.masks[0].labels), result.masks[0].segments, result.masks[0].geometry)
        return AnalysisResult(request.id, PACK, "ran", result.series_uid, masks=(empty,))

    beat = phantoms.write_beat(tmp_path / "beat")
    document = analyse.analyse(beat.folder, tmp_path / "out", packs=[PACK], runner=blind)
    assert document["packs"][0]["cine"] is None
    assert "Nothing was outlined in phase" in document["findings"][0]["notes"][-1]


def test_an_implausible_ejection_fraction_is_doubted(tmp_path: Path) -> None:
    beat = phantoms.write_beat(tmp_path / "beat", [0.98, 1.0, 0.9, 0.6, 0.4, 0.5, 0.7, 0.9])
    document = analyse.analyse(beat.folder, tmp_path / "out", packs=[PACK], runner=outlined)
    assert measured(document)["Ejection fraction"]["value"] > 85
    assert "not plausible" in document["findings"][0]["notes"][-1]
    assert document["findings"][0]["location"]["text"] == ""


def shuffled(folder: Path) -> None:
    """Instance numbers of a series in no order at all."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    assert files
    numbers = np.random.default_rng(3).permutation(len(files)) + 1
    for file, number in zip(files, numbers, strict=True):
        header = pydicom.dcmread(file)
        header.InstanceNumber = int(number)
        header.save_as(file)


def moments(folder: Path) -> set[frozenset[str]]:
    """Which phase each picture of a stack was written as (its folder), stack by stack."""
    (study,) = scan([folder]).studies
    return {frozenset(one.path.parent.name for one in stack.instances) for stack in study.stacks}


def test_trigger_times_sort_pictures_that_are_numbered_in_no_order(tmp_path: Path) -> None:
    beat = phantoms.write_beat(tmp_path / "beat", None, (4, 16, 16))
    shuffled(beat.folder)
    assert moments(beat.folder) == {frozenset({f"{n:02d}"}) for n in range(9)}
    (study,) = scan([beat.folder]).studies
    assert {stack.kind for stack in study.stacks} == {Kind.VOLUME}
    assert not cine.beat_of(study, study.stacks[0], CancelFlag()).why_not


def test_where_nothing_sorts_the_pictures_there_is_no_volume(tmp_path: Path) -> None:
    beat = phantoms.write_beat(tmp_path / "beat", None, (4, 16, 16), TriggerTime=None)
    assert {stack.kind for stack in scan([beat.folder]).studies[0].stacks} == {Kind.VOLUME}
    shuffled(beat.folder)
    (study,) = scan([beat.folder]).studies
    assert {stack.kind for stack in study.stacks} == {Kind.STACK}
    assert all("phases_unknown" in {caution.code for caution in stack.warnings} for stack in study.stacks)
    document = analyse.analyse(beat.folder, tmp_path / "out", packs=[PACK], runner=outlined)
    assert not any(finding["measurements"] for finding in document["findings"])
