"""SUV factors: what each maker writes, clocks and calendars, and where none may be shown."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from viewer.reading.pixels.suv import suv_factor

F18_S = 6586.2
I124_S = 360_806.4


def pet(tracer: dict[str, Any] | None = None, **values: Any) -> Dataset:
    """A PET of a patient of 70 kg, 370 MBq of F-18 given at 9:00, scanned from 10:00 on."""
    drug = Dataset()
    facts = {
        "RadionuclideTotalDose": 3.7e8,
        "RadionuclideHalfLife": F18_S,
        "RadiopharmaceuticalStartTime": "090000",
    }
    for keyword, value in {**facts, **(tracer or {})}.items():
        setattr(drug, keyword, value)
    ds = Dataset()
    ds.RadiopharmaceuticalInformationSequence = Sequence([drug])
    ds.PatientWeight, ds.Units, ds.DecayCorrection, ds.CorrectedImage = 70, "BQML", "START", ["DECY", "ATTN"]
    ds.SeriesDate = ds.AcquisitionDate = "20260302"
    ds.SeriesTime, ds.AcquisitionTime = "100000", "100500"
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def after(seconds: float, half_life: float = F18_S) -> float:
    return 70_000 / (3.7e8 * 2 ** (-seconds / half_life))


def factor(ds: Dataset) -> float:
    found = suv_factor(ds)
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("tracer", "values", "seconds"),
    [
        ({}, {}, 3600),
        ({}, {"DecayCorrection": "ADMIN"}, 0),
        ({"RadiopharmaceuticalStartDateTime": "20260302090000.00"}, {}, 3600),
        # given 41 s after the scanner was started: a dynamic study, no day between
        ({"RadiopharmaceuticalStartTime": "100041.0"}, {}, -41),
        # over midnight, with and without dates
        ({"RadiopharmaceuticalStartTime": "233000"}, {"SeriesTime": "003000", "AcquisitionTime": "003000"}, 3600),
        (
            {"RadiopharmaceuticalStartDateTime": "20260301233000"},
            {"SeriesTime": "003000", "AcquisitionTime": "003000"},
            3600,
        ),
        # anonymising has moved one date and not the other
        ({"RadiopharmaceuticalStartDateTime": "20060409090000"}, {}, 3600),
        # clocks rounded differently
        ({}, {"AcquisitionTime": "095959.999987"}, 3600),
    ],
)
def test_delay_between_injection_and_scan(tracer: dict[str, Any], values: dict[str, Any], seconds: float) -> None:
    assert factor(pet(tracer, **values)) == pytest.approx(after(seconds))


def test_days_count_for_tracers_that_last_days() -> None:
    long_lived = {"RadionuclideHalfLife": I124_S, "RadiopharmaceuticalStartDateTime": "20260226100000"}
    assert factor(pet(long_lived)) == pytest.approx(after(4 * 86400, I124_S))
    assert suv_factor(pet({"RadionuclideHalfLife": I124_S})) is None


def test_scan_time_that_the_scanner_keeps_for_itself() -> None:
    """A series made anew in the evening: General Electric keeps the start of the scan."""
    ds = pet(SeriesTime="200000")
    assert suv_factor(ds) is None
    ds.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20260302100000.00")
    assert factor(ds) == pytest.approx(after(3600))


def test_counts_and_the_factor_of_their_maker() -> None:
    ds = pet(Units="CNTS")
    assert suv_factor(ds) is None
    block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x09, "DS", "6.7")
    assert factor(ds) == pytest.approx(6.7 * after(3600))
    block.add_new(0x00, "DS", "0.001584")
    assert suv_factor(ds) == (0.001584, "the scanner's own SUV factor")
    ds.DecayCorrection = "NONE"
    assert suv_factor(ds) is None


@pytest.mark.parametrize(("kind", "expected"), [(None, 1.0), ("BW", 1.0), ("LBM", None), ("BSA", None)])
def test_values_that_are_suv_already(kind: str | None, expected: float | None) -> None:
    found = suv_factor(pet(Units="GML", **({} if kind is None else {"SUVType": kind})))
    assert (found and found[0]) == expected


@pytest.mark.parametrize(
    "ds",
    [
        pet(PatientWeight=0),
        pet(PatientWeight=None),
        pet(DecayCorrection="NONE"),
        pet(CorrectedImage=["DECY"]),
        pet(CorrectedImage=["ATTN"]),
        pet(Units="PROPCPS"),
        pet(SeriesTime=""),
        pet({"RadionuclideTotalDose": 0}),
        pet({"RadiopharmaceuticalStartTime": ""}),
        # the patient was given the tracer an hour after the scan had begun, or the clock is wrong
        pet({"RadiopharmaceuticalStartTime": "110000"}),
        # another time zone than the scanner's
        pet({"RadiopharmaceuticalStartTime": "", "RadiopharmaceuticalStartDateTime": "20260302080000+0000"}),
        Dataset(),
    ],
)
def test_no_factor_where_a_figure_is_missing_or_in_doubt(ds: Dataset) -> None:
    assert suv_factor(ds) is None
