"""The left ventricle over a heart beat: volumes by phase, end-diastole, end-systole, ejection fraction.

Volumes are sums of areas times the distance between slices (Simpson's rule over a short-axis stack,
Schulz-Menger et al., J Cardiovasc Magn Reson 22:19, 2020): nothing is interpolated, no slice is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from viewer.core.cine import CineFunction, Phase
from viewer.core.finding import Code, Finding, Measurement
from viewer.core.volume import Mask

#: The measurement a pack asks for in `viewer.finding.measure`.
CINE = "cine_function"
#: The segment that is the blood pool: such a pack has one.
POOL = 1

END_DIASTOLIC = Code("18026-5", "LN", "Left Ventricular End Diastolic Volume")
END_SYSTOLIC = Code("18148-7", "LN", "Left Ventricular End Systolic Volume")
STROKE = Code("90096001", "SCT", "Stroke Volume")
EJECTION = Code("8811-2", "LN", "Left ventricular ejection fraction by MR")

#: Hearts drive out less than this share of their volume (percent): beyond it an outline is wrong.
PLAUSIBLE_PERCENT = 85.0
IMPLAUSIBLE = "Such an ejection fraction is not plausible: look at the outlines at end-diastole and end-systole."
CUT_OFF = "The outline reaches the first or last slice: part of the ventricle may lie outside the pictures."


def function_of(masks: Sequence[Mask], times_ms: Sequence[float], keys: Sequence[str]) -> CineFunction | str:
    """Volumes of each phase, the largest and the smallest.

    Args:
        masks: one a phase, in order of time, on grids in mm of the patient.
        times_ms: after the R wave; keys: of the stacks.

    Returns:
        The function, or in words why there is none: one phase without outline would make its
        volume 0 and the ejection fraction a lie.
    """
    volumes = [mask.volume_mm3(POOL) / 1000 for mask in masks]
    empty = [str(n) for n, volume in enumerate(volumes, start=1) if volume == 0]
    if empty:
        where = ", ".join(empty[:5]) + (" and others" if len(empty) > 5 else "")
        return f"Nothing was outlined in phase {where} of {len(masks)}: no ejection fraction is told."
    phases = tuple(Phase(*one) for one in zip(keys, times_ms, volumes, strict=True))
    return CineFunction(phases, int(np.argmax(volumes)), int(np.argmin(volumes)))


def measurements(cine: CineFunction) -> tuple[Measurement, ...]:
    """What the reader is shown of it; proved on drawn ventricles only, so never called validated."""
    whole = (
        ("End-diastolic volume", cine.largest_ml, "mL", END_DIASTOLIC),
        ("End-systolic volume", cine.smallest_ml, "mL", END_SYSTOLIC),
        ("Stroke volume", cine.stroke_ml, "mL", STROKE),
        ("Ejection fraction", cine.ejection_percent, "%", EJECTION),
    )
    return tuple(Measurement(name, round(value, 1), unit, code, validated=False) for name, value, unit, code in whole)


def with_function(finding: Finding, cine: CineFunction, pool: Mask) -> Finding:
    """The finding of end-diastole with the beat's measurements, and in words which phases they are.

    Args:
        finding: as the pack made it on the phase of end-diastole.
        pool: the mask of that phase.
    """
    count = len(cine.phases)
    phases = (
        f"End-diastole: phase {cine.end_diastole + 1} of {count} ({_ms(cine, cine.end_diastole)}). "
        f"End-systole: phase {cine.end_systole + 1} of {count} ({_ms(cine, cine.end_systole)})."
    )
    reaches_end = bool((pool.labels[[0, -1]] == POOL).any())
    doubts = [CUT_OFF] if reaches_end else []
    doubts += [IMPLAUSIBLE] if cine.ejection_percent > PLAUSIBLE_PERCENT else []
    notes = (*finding.notes, phases, *doubts)
    return replace(finding, measurements=measurements(cine), notes=notes)


def _ms(cine: CineFunction, index: int) -> str:
    return f"{cine.phases[index].time_ms:.0f} ms"
