"""What a source says that DICOM does not know never denies our objects, and is never copied into them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import config
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from tests import synth
from tests.unit.reporting.builders import finding, mask_of, result, stack_of
from viewer.reporting.seg import write_seg
from viewer.reporting.source_values import mend
from viewer.reporting.sr import write_sr


def item(**values: Any) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


STUDY = {"ReferencedSOPClassUID": "1.2.840.10008.3.1.2.3.1", "ReferencedSOPInstanceUID": "1.2.3"}
CODE = {"CodeValue": "1", "CodingSchemeDesignator": "99X", "CodeMeaning": "Head"}
#: (keyword, what the source says, what our objects say; None where it is gone, "" where it is empty).
CASES: list[tuple[str, Any, Any]] = [
    ("PatientSex", "0000", ""),
    ("PatientSex", "MALE", ""),
    ("PatientSex", "f", "F"),
    ("PatientSex", ["M", "F"], ""),
    ("PatientBirthDate", "19700230", ""),
    ("PatientBirthDate", "unknown", ""),
    ("PatientBirthDate", "1970.01.02", "19700102"),
    ("StudyDate", "00000000", ""),
    ("StudyTime", "12:30:00", "123000"),
    ("StudyTime", "256199", ""),
    ("StudyTime", "235960.123456", "235960.123456"),
    ("AccessionNumber", "X" * 40, ""),
    ("AccessionNumber", ["a", "b"], ""),
    ("StudyID", "S" * 40, ""),
    ("ReferringPhysicianName", "x" * 100, ""),
    ("PatientName", "A" * 100, "A" * 64),
    ("PatientName", "A\x07B", "AB"),
    ("PatientAge", "old", None),
    ("PatientWeight", "heavy", None),
    ("SliceThickness", "thin", None),
    ("SliceThickness", "0", None),
    ("StudyDescription", "d" * 65, None),
    ("PositionReferenceIndicator", "x" * 65, None),
    ("LossyImageCompression", "02", None),
    ("ReferencedStudySequence", [], None),
    ("ReferencedStudySequence", [item()], None),
    ("ReferencedStudySequence", [item(ReferencedSOPClassUID="1.2.3")], None),
    ("ReferencedStudySequence", [item(**{**STUDY, "ReferencedSOPInstanceUID": ""})], None),
    ("ProcedureCodeSequence", [item(CodeMeaning="Head")], None),
    ("OtherPatientIDsSequence", [item(PatientID="1")], None),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("keyword", "said", "kept"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_what_dicom_does_not_know_is_emptied_or_left_out(
    keyword: str, said: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config.settings, "_reading_validation_mode", config.IGNORE)
    monkeypatch.setattr(config.settings, "_writing_validation_mode", config.IGNORE)
    header = Dataset()
    try:
        setattr(header, keyword, said)
    except ValueError:
        header.add(DataElement(tag_for_keyword(keyword), "LO", said))
    told = mend(header)
    assert str(header.get(keyword)) == str(kept or None) if kept is None else str(header[keyword].value or "") == kept
    assert bool(told) == (kept in ("", None) or keyword == "PatientName")


def test_what_is_right_stays() -> None:
    header = item(
        PatientID="1\\2" * 40, PatientSex="O", PatientBirthDate="19700102", StudyDate="", StudyTime="12",
        PatientName="Yamada^Tarou=山田^太郎", ReferencedStudySequence=[item(**STUDY)], PatientAge="045Y",
        ProcedureCodeSequence=[item(**CODE)], PatientWeight="71.5", SliceThickness="2.5", StudyInstanceUID="1.2.3",
    )  # fmt: skip
    before = header.to_json()
    assert mend(header) == ()
    assert header.to_json() == before


@pytest.mark.filterwarnings("ignore")
def test_a_source_full_of_odd_values_gets_valid_objects(tmp_path: Path) -> None:
    odd = {"PatientSex": "0000", "PatientBirthDate": "19700230", "StudyDate": "99999999", "AccessionNumber": "X" * 40,
           "SpecificCharacterSet": "nonsense", "ReferencedStudySequence": pydicom.Sequence([])}  # fmt: skip
    written = synth.write_series(tmp_path / "mr", modality="MR", shape=(4, 12, 12))
    for file in written.folder.iterdir():
        header = pydicom.dcmread(file)
        with config.disable_value_validation():
            for name, value in odd.items():
                setattr(header, name, value)
            header.save_as(file)
    stack = stack_of(written, "MR")
    assert stack.geometry is not None
    ran = result(finding(series_uid=stack.series_uid), masks=(mask_of(stack.geometry),))
    segs = [one for one in [write_seg([ran], stack, tmp_path / "seg.dcm")] if one is not None]
    write_sr([ran], {stack.series_uid: stack}, tmp_path / "sr.dcm", segs=segs)
    for name in ("seg.dcm", "sr.dcm"):
        made = pydicom.dcmread(tmp_path / name)
        assert (made.PatientSex, made.PatientBirthDate, made.StudyDate, made.AccessionNumber) == ("", "", "", "")
        assert "ReferencedStudySequence" not in made
        if shutil.which("dciodvfy"):
            said = subprocess.run(["dciodvfy", str(tmp_path / name)], capture_output=True, text=True, check=False)
            assert not [line for line in said.stderr.splitlines() if line.startswith("Error")]
