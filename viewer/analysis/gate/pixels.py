"""Rules on pixel values: numbers that differ, grey, lungs dark."""

from __future__ import annotations

from typing import Any

import numpy as np

from viewer.analysis import headers
from viewer.analysis.gate.case import REFUSE, RUN, WARN, Case, Rule
from viewer.core.analysis import GateReason
from viewer.core.volume import Volume

#: Voxels looked at when judging pixel values.
_SAMPLE = 1_000_000
#: Colour channels that differ by no more than this share of the full scale are grey.
_GREY_SHARE = 0.02
#: A frontal chest film's middle is lighter than the lungs beside it, in standard deviations
#: of the film. Of 5,900 films (cxr-pneumonia, cxr-tuberculosis) 1 in 100 lies under 0.29,
#: 1 in 1000 under 0; an inverted film has the sign turned.
INVERTED_UNDER = -0.1
DOUBTFUL_UNDER = 0.15


def colour(case: Case) -> GateReason | None:
    """Colour pictures only where the pack takes them; grey stored as colour passes."""
    if not case.volume.is_colour or case.match.colour:
        return None
    sample = _sampled(case.volume)
    full = float(np.iinfo(sample.dtype).max) if sample.dtype.kind in "iu" else 1.0
    spread = np.ptp(sample.astype(np.float32), axis=-1).mean()
    if spread <= _GREY_SHARE * full:
        return GateReason("colour", RUN, "Stored as colour, but grey.", "(0028,0002)")
    return GateReason("colour", REFUSE, "Needs a grey picture; this one is in colour.", "(0028,0002)")


def values(case: Case) -> GateReason | None:
    """Pixels must be numbers that differ from each other."""
    sample = _sampled(case.volume)
    if sample.dtype.kind == "f" and not np.isfinite(sample).all():
        text = "The picture holds values that are not numbers."
        return GateReason("values", REFUSE, text, "(7FE0,0010)", "Ask for the series to be sent again.")
    if sample.min() == sample.max():
        text = "Every pixel of this picture has the same value."
        return GateReason("values", REFUSE, text, "(7FE0,0010)", "Choose a series that shows anatomy.")
    return GateReason("values", RUN, "The pixel values differ.", "(7FE0,0010)")


def _sampled(volume: Volume) -> Any:
    """At most about `_SAMPLE` voxels, every so many along each axis; colour keeps its last axis."""
    voxels = int(np.prod(volume.shape))
    step = max(1, int(np.ceil((voxels / _SAMPLE) ** (1 / 3))))
    k = min(step, volume.shape[0])
    plane_step = max(1, int(np.ceil((voxels / k / _SAMPLE) ** 0.5)))
    return volume.stored[::k, ::plane_step, ::plane_step]


def inversion(case: Case) -> GateReason | None:
    """A chest film whose middle is darker than the lungs beside it is inverted."""
    is_chest = any(headers.same_part(part, "CHEST") for part in case.match.body_part)
    if not case.match.view or not is_chest or case.volume.is_colour:
        return None
    score = middle_against_lungs(case.volume)
    if score >= DOUBTFUL_UNDER:
        return GateReason("inversion", RUN, "The lungs are darker than the middle of the chest.", "(0028,0004)")
    if score >= INVERTED_UNDER:
        text = "The lungs are hardly darker than the middle: this may be no frontal chest film."
        return GateReason("inversion", WARN, text, "(0028,0004)")
    text = "The lungs are lighter than the middle of the chest: the film is inverted or no chest film."
    return GateReason("inversion", REFUSE, text, "(0028,0004)", "Send it with the right photometric interpretation.")


def middle_against_lungs(volume: Volume) -> float:
    """How much lighter the middle of a film is than what lies beside it (standard deviations)."""
    film = _sampled(volume)[0].astype(np.float32)
    film = np.clip(film, *np.percentile(film, (0.5, 99.5)))
    rows, columns = film.shape
    band = film[int(rows * 0.25) : max(int(rows * 0.69), int(rows * 0.25) + 1)]

    def mean(low: float, high: float) -> float:
        first = int(columns * low)
        return float(band[:, first : max(int(columns * high), first + 1)].mean())

    lungs = (mean(0.19, 0.34) + mean(0.66, 0.81)) / 2
    lighter = (mean(0.44, 0.56) - lungs) / (float(film.std()) + 1e-6)
    return -lighter if volume.inverted else lighter


RULES: tuple[Rule, ...] = (colour, values, inversion)
