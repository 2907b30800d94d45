"""Scanning: what is found, told in time, kept for the next time."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.synth import write_series, write_xray
from viewer.core.study import Kind, ScanResult, Stack
from viewer.core.task import CancelFlag, Cancelled, Progress
from viewer.reading import scan


def stacks(result: ScanResult) -> list[Stack]:
    return [stack for study in result.studies for stack in study.stacks]


def many(folder: Path, patients: int = 2) -> None:
    for n in range(patients):
        write_series(folder / f"p{n}" / "ct", patient_id=f"P{n}", shape=(60, 8, 8))
        write_xray(folder / f"p{n}", patient_id=f"P{n}")


def test_patients_studies_and_series(tmp_path: Path) -> None:
    tmp_path = tmp_path / "in"
    many(tmp_path)
    (tmp_path / "p0" / "readme.dcm").write_text("words, not pixels")
    result = scan([tmp_path])
    assert sorted({study.patient.id for study in result.studies}) == ["P0", "P1"]
    assert len(result.studies) == 4
    assert sorted(stack.kind.value for stack in stacks(result)) == ["image", "image", "volume", "volume"]
    assert result.files == 123
    assert [one.path for one in result.refused] == [str(tmp_path / "p0" / "readme.dcm")]


def test_names_and_endings_do_not_matter(tmp_path: Path) -> None:
    written = write_series(tmp_path, shape=(2, 8, 8))
    written.files[0].rename(tmp_path / "letter.txt")
    assert stacks(scan([tmp_path]))[0].files == 2


def test_updates_come_early_and_end_complete(tmp_path: Path) -> None:
    tmp_path = tmp_path / "in"
    many(tmp_path)
    told: list[ScanResult] = []
    result = scan([tmp_path], told.append)
    assert told[0].files == 1
    assert len(stacks(told[0])) == 1
    assert told[-1] is result


def test_progress_and_cancel(tmp_path: Path) -> None:
    tmp_path = tmp_path / "in"
    many(tmp_path)
    steps: list[Progress] = []
    scan([tmp_path], on_progress=steps.append)
    assert len(steps) == 4
    flag = CancelFlag()
    flag.cancel()
    with pytest.raises(Cancelled):
        scan([tmp_path], cancel=flag)


def test_no_patient_name_in_headers_and_refusals(tmp_path: Path) -> None:
    write_series(tmp_path, patient_name="SECRET^PERSON", shape=(2, 8, 8))
    (stack,) = stacks(scan([tmp_path]))
    assert "SECRET" not in repr(stack.header)
    assert "PatientID" not in stack.header


def test_a_file_without_pixels_is_listed(tmp_path: Path) -> None:
    path = write_xray(tmp_path, stored=np.zeros((4, 4), np.uint8)).files[0]
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"\xe0\x7f\x10\x00")])
    (stack,) = stacks(scan([tmp_path]))
    assert stack.kind is Kind.OTHER
    assert [one.code for one in stack.warnings] == ["no_pixels"]


def test_a_file_that_is_not_dicom_costs_one_small_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = (b"plain text, not an image\n" * 999, bytes(100_000), b"\xff" * 100_000, b"", b"MZ" + bytes(99_999))
    for n, data in enumerate(kinds):
        (tmp_path / f"{n}.dcm").write_bytes(data)
    read: list[int] = []

    def told(descriptor: int, count: int, offset: int) -> bytes:
        read.append(count)
        return os.pread(descriptor, count, offset)

    for module in ("scanning.scan", "header.headers"):
        monkeypatch.setattr(sys.modules[f"viewer.reading.{module}"], "read_at", told)
    assert len(scan([tmp_path], use_index=False).refused) == len(kinds)
    assert read == [4096] * len(kinds)


def test_copies_of_a_file_are_left_out_and_told(tmp_path: Path) -> None:
    written = write_series(tmp_path / "a", shape=(3, 8, 8))
    (tmp_path / "b").mkdir()
    for path in written.files[:2]:
        (tmp_path / "b" / path.name).write_bytes(path.read_bytes())
    (stack,) = stacks(scan([tmp_path]))
    assert (stack.files, stack.frames) == (3, 3)
    assert [(one.code, one.text[:9]) for one in stack.warnings] == [("duplicate_files", "2 file(s)")]


def test_slices_that_share_one_uid_are_all_kept(tmp_path: Path) -> None:
    def same_uid(_k: int, ds: Dataset) -> None:
        ds.SOPInstanceUID = "1.2.3.4"

    write_series(tmp_path, shape=(4, 8, 8), edit=same_uid)
    (stack,) = stacks(scan([tmp_path]))
    assert stack.frames == 4
    assert not stack.warnings
