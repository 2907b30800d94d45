"""Who is one person: ID and name, with birth date and sex against it; nobody is the same as anybody."""

from __future__ import annotations

from itertools import permutations

import pytest

from viewer.core.people import Difference, differences, grouped
from viewer.core.study import Patient, Study

JANE = Patient("1", "DOE^JANE", "19800101", "F")


def people(*patients: Patient, joined: tuple[tuple[str, str], ...] = ()) -> list[list[str]]:
    studies = [Study(str(n), patient, ()) for n, patient in enumerate(patients)]
    return [[study.uid for study in group] for group in grouped(studies, joined)]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (Patient(" 1 ", "Doe Jane", "19800101", "F"), ()),
        (Patient("1", "", "", ""), ()),
        (Patient("1", "DOE^JANE=ドウ^ジェイン", "19800101", "f"), ()),
        (Patient("1", "ROE^JANE", "19800101", "F"), (Difference.NAME,)),
        (Patient("1", "DOE^JANE", "19810101", "M"), (Difference.BIRTH_DATE, Difference.SEX)),
    ],
)
def test_one_id_is_one_person_unless_something_speaks_against_it(other: Patient, what: tuple[Difference, ...]) -> None:
    assert differences(JANE, other) == differences(other, JANE) == what
    assert people(JANE, other) == ([["0"], ["1"]] if what else [["0", "1"]])


def test_ideographic_names_alone_are_names_too() -> None:
    assert people(Patient("1", "=山田^太郎"), Patient("1", "=山田^花子")) == [["0"], ["1"]]


def test_without_name_and_id_every_study_is_a_patient() -> None:
    assert people(Patient(), Patient("", "^^"), Patient(sex="M"), Patient(sex="M")) == [["0"], ["1"], ["2"], ["3"]]


def test_names_count_where_there_is_no_id() -> None:
    nameless = Patient("", "DOE^JANE")
    assert people(nameless, nameless) == [["0", "1"]]
    assert people(nameless, JANE) == [["0"], ["1"]]
    assert people(nameless, Patient("", "DOE^JANE", "1980"), Patient("", "DOE^JANE", "1990")) == [["0"], ["1"], ["2"]]


def test_who_could_be_either_of_two_is_neither_in_whatever_order_they_come() -> None:
    three = (JANE, Patient("1"), Patient("1", "ROE^RICHARD", "", "M"))
    for order in permutations(three):
        assert people(*order) == [["0"], ["1"], ["2"]]


def test_joining_counts_among_studies_of_one_id_alone() -> None:
    roe = Patient("1", "ROE^JANE")
    assert people(JANE, roe, roe, joined=(("0", "2"),)) == [["0", "1", "2"]]
    assert people(JANE, Patient("2", "ROE^JANE"), joined=(("0", "1"),)) == [["0"], ["1"]]
    assert people(Patient(), Patient(), joined=(("0", "1"),)) == [["0"], ["1"]]
    assert people(JANE, joined=(("0", "9"),)) == [["0"]]
