"""The conformance statement names what the code reads, and nothing else."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from viewer.core.study import Kind
from viewer.reading.header.sop_classes import OBJECT_KINDS, name_of
from viewer.reading.header.text import codec_of
from viewer.reading.objects.budget import MAX_DEPTH
from viewer.reading.objects.dataset import BULK, CONTOURS, TREE
from viewer.reading.objects.structured import MAX_DEPTH as REPORT_DEPTH
from viewer.reading.pixels.codecs import CODECS, NATIVE

STATEMENT = ROOT / "docs" / "conformance.md"


@pytest.fixture
def words() -> str:
    return STATEMENT.read_text(encoding="utf-8")


def test_every_object_class_is_listed_under_its_name(words: str) -> None:
    for uid, kind in OBJECT_KINDS.items():
        if kind is not Kind.OTHER:
            assert f"| {uid} |" in words, uid
        assert name_of(uid).lower() in words.lower(), uid


def test_no_class_is_listed_that_is_not_known(words: str) -> None:
    listed = re.findall(r"\| (1\.2\.840\.10008\.5\.1\.4\.1\.1[\d.]*) \|", words)
    assert set(listed) == {uid for uid, kind in OBJECT_KINDS.items() if kind is not Kind.OTHER}


def test_the_transfer_syntaxes_are_those_of_the_decoders(words: str) -> None:
    table = set(re.findall(r"\| (1\.2\.840\.10008\.1\.2[\d.]*) \|", words))
    assert table == set(CODECS)
    assert all(f"({syntax})" in words for syntax in NATIVE)


def test_the_character_sets_are_known(words: str) -> None:
    line = next(line for line in words.splitlines() if line.startswith("ISO_IR 6"))
    numbers = [int(n) for n in re.findall(r"\b(\d+)\b", line.split("GB18030")[0])]
    assert len(numbers) == 18
    assert all(codec_of(f"ISO_IR {number}") for number in numbers)


def test_the_limits_are_those_of_the_code(words: str) -> None:
    assert f"| report, presentation state | {TREE.size >> 20} MB; {TREE.cost:,} values" in words
    assert f"| structure set | {CONTOURS.size >> 20} MB; {CONTOURS.cost:,} values" in words
    assert f"| {BULK.size >> 30} GB; {BULK.cost:,} values" in words
    assert f"| nesting | {MAX_DEPTH} sequences; {REPORT_DEPTH} levels" in words
