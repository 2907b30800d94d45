"""A measured number with its unit, as a picture and the lists of the window say it."""

from __future__ import annotations

#: Decimals by unit, where other than 1.
_DECIMALS = {"mm2": 0, "px2": 0, "": 2}
_UNITS = {"mm2": " mm²", "px2": " px²", "deg": "°"}


def number_words(value: float, unit: str) -> str:
    """ "10.2 mm", "90.0°", "95 mm²", "0.48": lengths and angles to 0.1, areas to 1, ratios to 0.01."""
    after = _UNITS.get(unit, f" {unit}" if unit else "")
    return f"{value:.{_DECIMALS.get(unit, 1)}f}{after}"
