"""The factor from PET values to SUV by body weight, where every figure it needs is there and plausible.

Sources: PS3.3 C.8.9.1 (PET Series: Units, SUV Type, Decay Correction), C.8.9.2 (PET Isotope), and the
vendor-neutral procedure of the QIBA FDG-PET profile, with the private elements of GE (scan time) and
Philips (factor) that it names.
"""

from __future__ import annotations

import datetime
from typing import Any

from viewer.reading.header.lenient import PYDICOM_FAULTS

#: A slice may be stamped this much before its series: clocks are rounded (seconds).
CLOCK_SLACK_S = 1.0
#: The scanner may run this long before the tracer is given (dynamic studies).
BEFORE_INJECTION_S = 1800.0
#: After so many half-lives nothing is left to be measured: such a delay is an error in the file.
MOST_HALF_LIVES = 10.0
#: Where only the time of day is known, the tracer must be gone within the day, or the day is in doubt.
SHORT_LIVED_S = 2.0 * 3600
_DAY_S = 86400.0
#: Stands for the day where a file holds none.
_NO_DATE = "20000101"

#: (factor, how it was come by)
Factor = tuple[float, str]


def suv_factor(dataset: Any) -> Factor | None:
    """SUV (g/mL, body weight) per unit of the values after the modality LUT, and what it was made from.

    None where anything needed is missing or contradicts itself: then no SUV is shown.
    """
    try:
        units = str(dataset.get("Units") or "")
        if units == "GML":
            return _written(dataset)
        if units not in ("BQML", "CNTS") or not _corrected(dataset):
            return None
        return _philips(dataset) if units == "CNTS" else _from_activity(dataset)
    except PYDICOM_FAULTS:
        return None


def _written(dataset: Any) -> Factor | None:
    """Values that are SUV already; without a type that means body weight (PS3.3 C.8.9.1.1.3)."""
    if str(dataset.get("SUVType") or "BW") != "BW":
        return None
    return 1.0, "the values are SUV by body weight as written"


def _corrected(dataset: Any) -> bool:
    """True where decay and attenuation are corrected for: without these counts say nothing of uptake."""
    return {"DECY", "ATTN"} <= set(dataset.get("CorrectedImage") or []) and dataset.get("DecayCorrection") != "NONE"


def _philips(dataset: Any) -> Factor | None:
    """Counts of a Philips scanner: its own factor to SUV, else its factor to Bq/mL."""
    to_suv = _private(dataset, 0x7053, 0x00, "Philips PET Private Group")
    if to_suv is not None and to_suv > 0:
        return to_suv, "the scanner's own SUV factor"
    to_activity = _private(dataset, 0x7053, 0x09, "Philips PET Private Group")
    found = _from_activity(dataset)
    if found is None or to_activity is None or to_activity <= 0:
        return None
    return found[0] * to_activity, f"{found[1]}, {to_activity:g} Bq/mL a count"


def _private(dataset: Any, group: int, element: int, creator: str) -> float | None:
    try:
        return float(dataset.private_block(group, creator)[element].value)
    except PYDICOM_FAULTS:
        return None


def _from_activity(dataset: Any) -> Factor | None:
    """SUVbw = activity x weight / (injected dose decayed to the scan start)."""
    weight = float(dataset.PatientWeight)
    tracer = dataset.RadiopharmaceuticalInformationSequence[0]
    dose, half_life = float(tracer.RadionuclideTotalDose), float(tracer.RadionuclideHalfLife)
    if not min(weight, dose, half_life) > 0:
        return None
    delay = _delay_seconds(dataset, tracer, half_life)
    if delay is None:
        return None
    decayed = dose * 2.0 ** (-delay / half_life)
    words = f"weight {weight:g} kg, {dose / 1e6:.4g} MBq injected, decayed over {delay / 60:.1f} min"
    return weight * 1000.0 / decayed, words


def _delay_seconds(dataset: Any, tracer: Any, half_life: float) -> float | None:
    """Seconds between injection and the time to which the pixels are decay corrected."""
    correction = dataset.get("DecayCorrection")
    if correction == "ADMIN":
        return 0.0
    start = _scan_start(dataset) if correction == "START" else None
    if start is None:
        return None
    given = _moment(str(tracer.get("RadiopharmaceuticalStartDateTime") or ""))
    if given is not None:
        delay = (start - given).total_seconds()
        if -BEFORE_INJECTION_S <= delay <= MOST_HALF_LIVES * half_life:
            return delay
    # No date, or one that anonymising has moved: the time of day alone, for tracers that last no day.
    clock = str(tracer.get("RadiopharmaceuticalStartTime") or "") or (f"{given:%H%M%S}" if given else "")
    given = _moment(f"{start:%Y%m%d}{clock}") if clock else None
    if given is None or half_life > SHORT_LIVED_S:
        return None
    delay = (start - given).total_seconds()
    delay += _DAY_S if delay < -_DAY_S / 2 else 0.0
    return delay if -BEFORE_INJECTION_S <= delay <= MOST_HALF_LIVES * half_life else None


def _scan_start(dataset: Any) -> datetime.datetime | None:
    """Series Date and Time, unless a slice is older: then the series was made anew (GE keeps the scan's own)."""
    start = _moment(_joined(dataset, "Series"))
    acquired = _moment(_joined(dataset, "Acquisition"))
    if start is None or acquired is None:
        return start
    if (start - acquired).total_seconds() <= CLOCK_SLACK_S:
        return start
    try:
        return _moment(str(dataset.private_block(0x0009, "GEMS_PETD_01")[0x0D].value))
    except PYDICOM_FAULTS:
        return None


def _joined(dataset: Any, what: str) -> str:
    date = str(dataset.get(f"{what}Date") or dataset.get("StudyDate") or _NO_DATE)
    time = str(dataset.get(f"{what}Time") or "")
    return date + time if time else ""


def _moment(text: str) -> datetime.datetime | None:
    """A date and time YYYYMMDDHHMM[SS[.frac]]; None without a time of day, or in a time zone of its own."""
    digits = text.strip("\0 ")
    if len(digits) < 12:
        return None
    try:
        day = datetime.datetime.strptime(digits[:12], "%Y%m%d%H%M")
        return day + datetime.timedelta(seconds=float(digits[12:] or 0))
    except ValueError:
        return None
