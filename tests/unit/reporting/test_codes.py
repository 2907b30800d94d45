"""The code table: nothing invented in another's name, no code with two meanings."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.sr._concepts_dict import concepts

from tests.unit.reporting.builders import finding, xray_finding
from viewer.analysis.measures import AREA_SHARE, LONG_AXIS, MEAN_AXIS, SHORT_AXIS, VOLUME
from viewer.analysis.tasks.classification import HEAT_SHARE
from viewer.core.finding import Code, Location, Measurement, Side
from viewer.reporting import codes

#: UCUM units that pydicom's dictionary leaves out; PS3.16 CID 3082 and others use them.
UCUM_BESIDES = {"ml"}
PUBLISHED = sorted({row.code for row in codes.table().values() if row.code.scheme != codes.PRIVATE}, key=str)


def published_meanings(code: Code) -> set[str]:
    return {
        meaning.casefold()
        for entry in concepts[code.scheme].values()
        for value, (meaning, _contexts) in entry.items()
        if value == code.value
    }


@pytest.mark.parametrize("code", PUBLISHED, ids=lambda c: f"{c.scheme} {c.value}")
def test_every_code_of_others_is_published_with_that_meaning(code: Code) -> None:
    if code.scheme == "UCUM" and code.value in UCUM_BESIDES:
        return
    assert code.meaning.casefold() in published_meanings(code)


def test_no_code_has_two_names_and_no_private_meaning_two_codes() -> None:
    meanings, values = defaultdict(set), defaultdict(set)
    for row in codes.table().values():
        meanings[row.code.scheme, row.code.value].add(row.code.meaning)
        values[row.code.scheme, row.code.meaning].add(row.code.value)
    assert {key: names for key, names in meanings.items() if len(names) > 1} == {}
    assert {key: names for key, names in values.items() if len(names) > 1} == {}


def codes_of_packs() -> list[Code]:
    """Every coded concept in the metadata of the program's own packs."""

    def walk(data: Any) -> Iterator[Code]:
        if isinstance(data, dict):
            if {"scheme", "value", "meaning"} <= set(data):
                yield Code(data["value"], data["scheme"], data["meaning"])
            data = list(data.values())
        if isinstance(data, list):
            for item in data:
                yield from walk(item)

    files = sorted((Path(__file__).parents[3] / "models").glob("*/configs/metadata.json"))
    return [code for file in files for code in walk(json.loads(file.read_text(encoding="utf-8")))]


def test_packs_and_measures_use_codes_in_the_table_s_meaning() -> None:
    known = {(row.code.scheme, row.code.value): row.code.meaning for row in codes.table().values()}
    used = [*codes_of_packs(), VOLUME, LONG_AXIS, SHORT_AXIS, MEAN_AXIS, AREA_SHARE, HEAT_SHARE]
    assert len(used) > 6
    strange = [code for code in used if known.get((code.scheme, code.value)) != code.meaning]
    assert strange == []


def test_the_dictionary_code_with_two_unrelated_names_is_not_used() -> None:
    assert "287272002" not in {row.code.value for row in codes.table().values()}


def test_codes_fit_their_value_representations() -> None:
    for row in codes.table().values():
        assert len(row.code.value) <= codes.VALUE_LENGTH
        assert len(row.code.meaning) <= codes.MEANING_LENGTH


def test_categories_and_sites_of_findings_are_rows() -> None:
    rows = codes.table()
    for (kind, _key), row in rows.items():
        if kind == "finding":
            assert ("category", row.category) in rows
            assert row.site == "" or ("site", row.site) in rows


@given(st.text(max_size=200), st.text(max_size=200))
def test_unknown_words_get_codes_of_our_own_that_never_collide(first: str, second: str) -> None:
    one, two = codes.private_code(first), codes.private_code(second)
    assert one.scheme == codes.PRIVATE
    assert 0 < len(one.value) <= codes.VALUE_LENGTH
    if " ".join(first.split()).casefold() != " ".join(second.split()).casefold():
        assert one.value != two.value


def test_a_pack_s_own_code_is_kept_until_the_reader_renames_the_finding() -> None:
    proposed = finding(code=Code("5366008", "SCT", "Hippocampus"))
    assert codes.finding_code(proposed).value == "5366008"
    renamed = proposed.edited_to(label="Lesion", side=Side.LEFT, comment="")
    assert codes.finding_code(renamed) == Code("52988006", "SCT", "Lesion")


@pytest.mark.parametrize(
    ("place", "value"),
    [("Right lower zone", "281394001"), ("Left upper lobe", "45653009"), ("", "39607008"), ("somewhere", "39607008")],
)
def test_site_comes_from_the_words_of_the_place_else_from_the_label(place: str, value: str) -> None:
    site = codes.finding_site(xray_finding(location=Location(text=place)))
    assert site is not None
    assert site.value == value


def test_a_site_is_a_whole_word() -> None:
    site = codes.finding_site(xray_finding(location=Location(text="plunging"), label="Something else", code=None))
    assert site is None


def test_units_are_ucum_or_ours() -> None:
    assert codes.unit_code("HU") == Code("[hnsf'U]", "UCUM", "Hounsfield unit")
    assert codes.unit_code("") == Code("1", "UCUM", "no units")
    assert codes.unit_code("furlongs").scheme == codes.PRIVATE
    assert codes.measurement_code(Measurement("Volume", 1.0, "mm3")).value == "118565006"
    assert codes.side_code(Side.NONE) is None
