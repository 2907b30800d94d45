"""A number with its unit, the same on screen and on paper."""

from __future__ import annotations

from viewer.core.finding import Measurement

#: Decimals by unit; of others two.
_DECIMALS = {
    "mm": 1,
    "px": 1,
    "mm2": 0,
    "px2": 0,
    "mm3": 0,
    "ml": 1,
    "mL": 1,
    "%": 1,
    "deg": 1,
    "s": 3,
    "cm/s": 1,
    "Hz": 0,
    "HU": 1,
    "[hnsf'U]": 1,
}
#: Units that are written otherwise than in UCUM.
_UNITS = {"mm3": "mm³", "mm2": "mm²", "px2": "px²", "cm2": "cm²", "cm3": "cm³", "[hnsf'U]": "HU", "ml": "mL", "1": ""}


def number_words(value: float, unit: str, plus_minus: float | None = None) -> str:
    """ "10.2 mm", "10.2 ± 0.4 mm", "90.0°", "95 mm²", "0.48"; the error is rounded like the value."""
    decimals = _DECIMALS.get(unit, 2)
    spread = "" if plus_minus is None else f" ± {plus_minus:.{decimals}f}"
    if unit == "deg":
        return f"{value:.{decimals}f}{spread}°"
    return f"{value:.{decimals}f}{spread} {_UNITS.get(unit, unit)}".rstrip()


def value_words(measurement: Measurement) -> str:
    """Number, error and unit of a measurement, without its name."""
    return number_words(measurement.value, measurement.unit, measurement.plus_minus)
