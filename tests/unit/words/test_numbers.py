"""Screen and paper say a number alike."""

from __future__ import annotations

import pytest

from tests.unit.reporting.builders import report
from viewer.core.finding import Finding, FindingState, Measurement
from viewer.reporting.paper import paper_of
from viewer.words.numbers import number_words, value_words


@pytest.mark.parametrize(
    ("value", "unit", "plus_minus", "words"),
    [
        (10.24, "mm", None, "10.2 mm"),
        (10.24, "mm", 0.44, "10.2 ± 0.4 mm"),
        (94.6, "mm2", None, "95 mm²"),
        (1814.25, "mm3", None, "1814 mm³"),
        (102.36, "ml", None, "102.4 mL"),
        (102.36, "mL", 1.25, "102.4 ± 1.2 mL"),
        (24.6, "%", None, "24.6 %"),
        (89.96, "deg", 0.5, "90.0 ± 0.5°"),
        (0.484, "1", None, "0.48"),
        (0.484, "", None, "0.48"),
        (40.12, "HU", None, "40.1 HU"),
        (12.3, "px", None, "12.3 px"),
        (3.14159, "furlong", None, "3.14 furlong"),
    ],
)
def test_decimals_follow_the_unit(value: float, unit: str, plus_minus: float | None, words: str) -> None:
    assert number_words(value, unit, plus_minus) == words


@pytest.mark.parametrize(
    "measurement",
    [
        Measurement("Ejection fraction", 24.6, "%"),
        Measurement("Share of heatmap energy", 24.6, "%"),
        Measurement("End-diastolic volume", 102.36, "ml", plus_minus=3.27),
        Measurement("Volume", 1814.25, "mm3"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_paper_prints_what_the_screen_shows(measurement: Measurement, language: str) -> None:
    finding = Finding("f", "p", "Mass", None, state=FindingState.ACCEPTED, measurements=(measurement,))
    (row,) = paper_of(report(finding, language=language)).findings
    assert row.measurements[0].endswith(value_words(measurement))
