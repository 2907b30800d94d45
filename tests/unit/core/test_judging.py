"""The rules of judging and signing, whoever asks."""

from __future__ import annotations

import pytest

from tests.unit.reporting.builders import accepted, xray_finding
from viewer.core import judging
from viewer.core.errors import UsageError
from viewer.core.report import Signature

WHEN = "2026-03-02T10:41:00+01:00"


def test_a_name_is_kept_with_single_spaces() -> None:
    assert judging.reader_name("  Dr. A.   Reader ") == "Dr. A. Reader"
    assert judging.signature(" Dr.  A ", "Sample\tHospital", WHEN) == Signature("Dr. A", "Sample Hospital", WHEN)


@pytest.mark.parametrize("name", ["", "  ", "\n"])
def test_a_verdict_without_a_reader_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="needs the reader's name"):
        judging.reader_name(name)


@pytest.mark.parametrize(("name", "place"), [("", "Hospital"), ("Dr. A", " ")])
def test_a_signature_needs_both_parts(name: str, place: str) -> None:
    with pytest.raises(UsageError, match="a name and an organisation"):
        judging.signature(name, place, WHEN)


def test_what_dicom_would_cut_is_refused() -> None:
    assert judging.reader_name("R" * 64)
    with pytest.raises(UsageError, match="at most 64 characters"):
        judging.reader_name("R" * 65)
    with pytest.raises(UsageError, match="at most 64 characters"):
        judging.signature("Dr. A", "O" * 65, WHEN)


def test_a_finding_needs_a_name() -> None:
    assert judging.finding_label(" Mass ") == "Mass"
    with pytest.raises(UsageError, match="needs a name"):
        judging.finding_label(" ")


def test_open_findings_are_named_and_settled_ones_pass() -> None:
    judging.check_settled([accepted(1)])
    with pytest.raises(UsageError, match="open: x2, x3"):
        judging.check_settled([accepted(1), xray_finding(2), xray_finding(3)])


def test_what_is_signed_is_locked() -> None:
    judging.check_unsigned(None)
    with pytest.raises(UsageError, match="is signed"):
        judging.check_unsigned(Signature("A", "B", WHEN))
