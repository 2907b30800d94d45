"""Whatever is changed in one place of a result folder disagrees with another place, and is named."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from tests.unit.reporting.folders import film_folder, head_folder
from viewer.core.errors import ReadError
from viewer.jobs import report
from viewer.jobs.checking.check import Outcome, check
from viewer.jobs.checking.mismatch import What
from viewer.jobs.review import review

Document = dict[str, Any]
MASK = "mask-mr-hippocampus-segmentation.nii.gz"


@pytest.fixture
def head(tmp_path: Path) -> Path:
    return head_folder(tmp_path / "one")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    folder = film_folder(tmp_path / "two")
    review(folder, accept=["x1"], reject=["x2"], reader="Dr. A. Reader")
    return folder


def edit(folder: Path, change: Callable[[Document], object]) -> None:
    """Change result.json as somebody with an editor would, its own hash made to fit."""
    path = folder / "result.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def remask(folder: Path, change: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]], shift: float = 0.0) -> None:
    image = nibabel.load(folder / MASK)
    affine = np.array(image.affine)
    affine[0, 3] += shift
    labels = change(np.asarray(image.dataobj).copy())
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(labels), affine), folder / MASK)


def redicom(folder: Path, name: str, change: Callable[[pydicom.Dataset], object]) -> None:
    dataset = pydicom.dcmread(folder / name)
    change(dataset)
    dataset.save_as(folder / name)


def whats(folder: Path) -> set[str]:
    return {mismatch.what.value for mismatch in check(folder, sources=False).mismatches}


def walk(item: pydicom.Dataset) -> list[pydicom.Dataset]:
    return [item, *(below for child in item.get("ContentSequence", []) for below in walk(child))]


def of_concept(dataset: pydicom.Dataset, code: str) -> pydicom.Dataset:
    """The first content item that speaks of a concept."""
    return next(
        item for item in walk(dataset) if "ConceptNameCodeSequence" in item
        and item.ConceptNameCodeSequence[0].CodeValue == code
    )  # fmt: skip


def swap_side(code: pydicom.Dataset) -> None:
    right = code.CodeValue == "7771000"
    code.CodeValue, code.CodeMeaning = ("24028007", "Right") if right else ("7771000", "Left")


def test_what_was_just_written_agrees(head: Path, film: Path) -> None:
    for folder in (head, film):
        outcome = check(folder)
        assert outcome.mismatches == ()
        assert {"result.json", "seg.dcm", "sr.dcm"} & set(outcome.checked) >= {"result.json", "sr.dcm"}


@pytest.mark.usefixtures("qapp")
def test_a_report_agrees(head: Path, film: Path) -> None:
    review(head, accept=["f1"], reject=["f2"], reader="Dr. A. Reader", reason="too small")
    for folder in (head, film):
        report.write_report(folder)
        assert check(folder).mismatches == ()


JSON_EDITS: dict[str, tuple[Callable[[Document], object], set[str]]] = {
    "side": (lambda d: d["findings"][0].update(side="right"), {"side"}),
    "side and its words": (
        lambda d: (
            d["findings"][0].update(side="right"),
            d["findings"][0]["location"].update(text="Right hippocampus"),
        ),
        {"side"},
    ),
    "volume": (lambda d: d["findings"][0]["measurements"][0].update(value=18142.5), {"value"}),
    "unit": (lambda d: d["findings"][0]["measurements"][0].update(unit="cm3"), {"unit"}),
    "label": (lambda d: d["findings"][0].update(label="Tumour"), {"label"}),
    "code": (lambda d: d["findings"][0].update(code={"value": "1", "scheme": "SCT", "meaning": "X"}), {"code"}),
    "verdict": (lambda d: d["findings"][0].update(state="accepted"), {"code"}),
    "reader": (lambda d: d["findings"][0].update(reader="Dr. B"), {"text"}),
    "tracking": (lambda d: d["findings"][0].update(tracking_uid="1.2.3"), {"reference"}),
    "finding gone": (lambda d: d["findings"].pop(), {"count"}),
    "finding twice": (lambda d: d["findings"].append(d["findings"][0]), {"count"}),
    "box": (lambda d: d["findings"][0]["location"]["box_kji"][0].__setitem__(1, 2), {"position"}),
    "image": (lambda d: d["findings"][0]["location"].update(slice_index=0), {"position"}),
    "patient": (lambda d: d["study"]["patient"].update(name="OTHER^ONE"), {"text"}),
    "patient's ID": (lambda d: d["study"]["patient"].update(id="X"), {"text"}),
    "study": (lambda d: d["study"].update(uid="1.2.3"), {"reference"}),
    "segment's name": (lambda d: d["packs"][0]["masks"][0]["segments"][0].update(name="Other"), {"label"}),
    "mask's grid": (
        lambda d: d["packs"][0]["masks"][0]["geometry"]["affine_lps"][0].__setitem__(3, 99.0),
        {"position"},
    ),
    "weights": (lambda d: d["packs"][0]["provenance"].update(weights_sha256="00"), {"reference"}),
    "pack's outcome": (lambda d: d["packs"][0].update(outcome="failed"), {"code"}),
    "series": (lambda d: d["stack"].update(series_uid="1.2"), {"reference"}),
    "a file that never was": (lambda d: d["files"].append("more.nii.gz"), {"missing"}),
}


@pytest.mark.parametrize("name", JSON_EDITS)
def test_result_json_changed_alone(head: Path, name: str) -> None:
    change, expected = JSON_EDITS[name]
    edit(head, change)
    assert expected <= whats(head)


def _without_one(labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    i, j, k = np.argwhere(labels == 1)[4]
    labels[i, j, k] = 0
    return labels


MASK_EDITS: dict[str, tuple[Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]], set[str]]] = {
    "mirrored": (lambda m: m[::-1], {"position"}),
    "moved by a voxel": (lambda m: np.roll(m, 1, axis=0), {"position"}),
    "swapped": (lambda m: np.where(m > 0, 3 - m, 0).astype(m.dtype), {"voxels"}),
    "dilated": (lambda m: np.maximum(m, np.roll(m, 1, axis=1)), {"voxels"}),
    "erased": (lambda m: m * 0, {"voxels"}),
    "one voxel less": (_without_one, {"voxels"}),
    "turned": (lambda m: m[:, ::-1, ::-1], {"position"}),
}


@pytest.mark.parametrize("name", MASK_EDITS)
def test_a_mask_changed_alone(head: Path, name: str) -> None:
    change, expected = MASK_EDITS[name]
    remask(head, change)
    found = check(head, sources=False).mismatches
    assert expected <= {mismatch.what.value for mismatch in found}
    assert MASK in {m.file for m in found} | {m.against for m in found}


def test_a_mask_moved_in_space(head: Path) -> None:
    remask(head, lambda m: m, shift=5.0)
    assert "position" in whats(head)


SR_EDITS: dict[str, tuple[Callable[[pydicom.Dataset], object], set[str]]] = {
    "side": (lambda d: swap_side(of_concept(d, "272741003").ConceptCodeSequence[0]), {"side"}),
    "number": (
        lambda d: setattr(of_concept(d, "118565006").MeasuredValueSequence[0], "NumericValue", "999"),
        {"value"},
    ),
    "unit": (
        lambda d: setattr(
            of_concept(d, "118565006").MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0], "CodeValue", "cm3"
        ),
        {"unit"},
    ),
    "finding": (lambda d: setattr(of_concept(d, "121071").ConceptCodeSequence[0], "CodeValue", "1"), {"code"}),
    "place": (lambda d: setattr(of_concept(d, "PLACE"), "TextValue", "Right hippocampus"), {"side"}),
    "verdict": (lambda d: setattr(of_concept(d, "VERDICT").ConceptCodeSequence[0], "CodeValue", "ACCEPTED"), {"code"}),
    "tracking": (lambda d: setattr(of_concept(d, "112039"), "TextValue", "x"), {"count", "missing"}),
    "segment": (
        lambda d: setattr(of_concept(d, "121191").ReferencedSOPSequence[0], "ReferencedSOPInstanceUID", "1.2.3"),
        {"reference"},
    ),
    "patient": (lambda d: setattr(d, "PatientID", "X"), {"text"}),
    "study": (lambda d: setattr(d, "StudyInstanceUID", "1.2.3"), {"reference"}),
    "pack": (lambda d: setattr(of_concept(d, "111001"), "TextValue", "another"), {"reference"}),
}


@pytest.mark.parametrize("name", SR_EDITS)
def test_the_report_object_changed_alone(head: Path, name: str) -> None:
    change, expected = SR_EDITS[name]
    redicom(head, "sr.dcm", change)
    assert expected <= whats(head)


def _shift(dataset: pydicom.Dataset) -> None:
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        place = frame.PlanePositionSequence[0]
        x, y, z = (float(v) for v in place.ImagePositionPatient)
        place.ImagePositionPatient = [x + 3.0, y, z]


def _erase(dataset: pydicom.Dataset) -> None:
    dataset.PixelData = bytes(len(dataset.PixelData))


def _relabel(dataset: pydicom.Dataset) -> None:
    first, second = dataset.SegmentSequence[0], dataset.SegmentSequence[1]
    first.SegmentLabel, second.SegmentLabel = second.SegmentLabel, first.SegmentLabel


def _turn(dataset: pydicom.Dataset) -> None:
    shared = dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    shared.ImageOrientationPatient = [-float(v) for v in shared.ImageOrientationPatient]


SEG_EDITS: dict[str, tuple[Callable[[pydicom.Dataset], object], set[str]]] = {
    "moved": (_shift, {"position"}),
    "erased": (_erase, {"voxels"}),
    "labels swapped": (_relabel, {"voxels"}),
    "turned": (_turn, {"orientation"}),
    "patient": (lambda d: setattr(d, "PatientName", "OTHER"), {"text"}),
    "tracking": (lambda d: setattr(d.SegmentSequence[0], "TrackingUID", "1.2.3"), {"reference"}),
    "code": (
        lambda d: setattr(d.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0], "CodeValue", "1"), {"code"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SEG_EDITS)
def test_the_segmentation_changed_alone(head: Path, name: str) -> None:
    change, expected = SEG_EDITS[name]
    if name == "code":
        edit(
            head,
            lambda d: d["packs"][0]["masks"][0]["segments"][0].update(
                code={"value": "7", "scheme": "SCT", "meaning": "m"}
            ),
        )
    redicom(head, "seg.dcm", change)
    assert expected <= whats(head)


FILM_EDITS: dict[str, tuple[Callable[[Document], object], set[str]]] = {
    "score": (lambda d: d["findings"][0].update(score=0.999), {"value"}),
    "side": (lambda d: d["findings"][0].update(side="left"), {"side"}),
    "accepted again": (lambda d: d["findings"][1].update(state="accepted"), {"code"}),
    "moved": (
        lambda d: d["findings"][0]["location"].update(points_lps=[[0, 3, 5], [0, 3, 7], [0, 7, 7], [0, 7, 5]]),
        {"position"},
    ),
    "comment": (lambda d: d["findings"][0].update(comment="Seen twice."), {"text"}),
    "reason": (lambda d: d["findings"][1].update(reason="none"), {"text"}),
}


@pytest.mark.parametrize("name", FILM_EDITS)
def test_result_json_of_a_film_changed_alone(film: Path, name: str) -> None:
    change, expected = FILM_EDITS[name]
    edit(film, change)
    assert expected <= whats(film)


PAPER_EDITS: dict[str, tuple[Callable[[Document], object], set[str]]] = {
    "side and its words": (
        lambda d: (d["findings"][0].update(side="left"), d["findings"][0]["location"].update(text="Left lower zone")),
        {"side"},
    ),
    "score": (lambda d: d["findings"][0].update(score=0.51), {"value"}),
    "patient": (lambda d: d["study"]["patient"].update(name="OTHER^ONE"), {"text"}),
    "label": (lambda d: d["findings"][0].update(label="Tumour"), {"label"}),
    "rejected after all": (lambda d: d["findings"][0].update(state="rejected"), {"code", "count"}),
    "words": (lambda d: d["report"]["sections"].update(impression="Normal."), {"text"}),
    "signed": (
        lambda d: d["report"].update(
            status="signed", signature={"name": "Dr. X", "organization": "Y", "when": "2026-01-01T00:00:00+00:00"}
        ),
        {"text", "value"},
    ),
}


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("name", PAPER_EDITS)
def test_after_the_report_the_paper_contradicts(film: Path, name: str) -> None:
    report.write_report(film)
    (film / "sr.dcm").unlink()
    edit(film, lambda d: d.update(files=[n for n in d["files"] if n != "sr.dcm"]))
    change, expected = PAPER_EDITS[name]
    edit(film, change)
    assert expected & whats(film)


@pytest.mark.usefixtures("qapp")
def test_another_report_in_its_place(film: Path, head: Path) -> None:
    report.write_report(film)
    review(head, accept=["all"], reader="Dr. A. Reader")
    report.write_report(head)
    (film / "report.pdf").write_bytes((head / "report.pdf").read_bytes())
    assert {"label", "side"} <= whats(film)
    (film / "report.pdf").write_bytes(b"%PDF-1.7 no more")
    assert "value" in whats(film)


def test_a_picture_that_cannot_be_opened_or_is_gone(film: Path) -> None:
    (film / "key-x1.png").write_bytes(b"\x89PNG")
    assert "voxels" in whats(film)
    (film / "key-x1.png").unlink()
    assert "missing" in whats(film)


def test_objects_that_are_none_are_said_not_raised(head: Path) -> None:
    (head / "seg.dcm").write_bytes(b"nothing")
    (head / MASK).write_bytes(gzip.compress(b"nothing"))
    outcome: Outcome = check(head)
    assert {"seg.dcm", MASK} <= {mismatch.file for mismatch in outcome.mismatches}
    assert not outcome.is_sound


def test_a_folder_that_is_none_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no result folder"):
        check(tmp_path)


def test_the_words_of_a_mismatch_are_those_of_the_contract() -> None:
    assert {what.value for what in What} == {
        "position", "orientation", "side", "count", "label", "code", "value", "unit", "reference", "text", "voxels",
        "missing", "hash",
    }  # fmt: skip
