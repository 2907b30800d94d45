"""The suitability gate: does this pack belong on this series? Torch-free.

A pack's `viewer.match` (metadata.json) says what it was made for and tested on:

    modality   ["CR", "DX"]            refused elsewhere; warned where the file does not say
    body_part  ["CHEST"]               as modality
    view       ["AP", "PA"]            as modality
    sequence   "T1" | "FLAIR" ...      MR weighting, from the description, else from TR/TE/TI
    age_years  [0, 6]                  refused outside
    plane      ["AXIAL"]               direction of the slices, refused elsewhere
    slices     [1, 1]                  number of slices, refused outside
    spacing_mm {"slice": [0.5, 2.5], "pixel": [0.3, 2]}   warned outside, refused beyond twice
    coverage_mm [20, 300]              extent along the normal, refused outside
    roi_mm     [10, 80]                sides of the reader's box, warned outside
    colour     false                   true lets colour pictures in
    even       true                    true needs evenly spaced, right-angled slices
    warn       ["age", ...]            rules of this pack that only warn

A key that is left out asks nothing. What a file does not say is warned of, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from viewer.analysis import headers
from viewer.core.analysis import Box, GateReason, GateVerdict, PackInfo, Suitability
from viewer.core.geometry import SpacingKind
from viewer.core.volume import Volume

RUN, WARN, REFUSE = Suitability.RUN, Suitability.WARN, Suitability.REFUSE

#: More pixels a side than any X-ray detector has; larger pictures would fill the memory.
MAX_SIDE = 10_000
#: A spacing beyond the tested range by this factor is refused, up to it warned of.
FAR_FACTOR = 2.0
#: Voxels looked at when judging pixel values.
_SAMPLE = 1_000_000
#: Colour channels that differ by no more than this share of the full scale are grey.
_GREY_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule looks at."""

    pack: PackInfo
    volume: Volume
    roi: Box | None
    research: bool

    @property
    def match(self) -> dict[str, Any]:
        """The pack's rules."""
        return self.pack.match

    def tag(self, keyword: str) -> str:
        """A header value, stripped and in capitals; "" where the file does not say."""
        return self.volume.tags.get(keyword, "").strip().upper()


Rule = Callable[[Case], GateReason | None]


def check(
    pack: PackInfo,
    volume: Volume,
    roi: Box | None = None,
    *,
    research: bool = False,
    pixels: bool = True,
) -> GateVerdict:
    """Judge a pack against a series by header, geometry and simple facts of the pixels.

    Args:
        pack: what the pack was made for.
        volume: the series; its pixels may still be loading when `pixels` is False.
        roi: the reader's half-open box (k, j, i) on the volume's grid.
        research: the reader switched packs on that were trained on non-commercial data.
        pixels: look at pixel values too (a sample; some milliseconds).

    Returns:
        The verdict with every rule that warned or refused, worst first.
    """
    spoken = [r for r in reasons(pack, volume, roi, research=research, pixels=pixels) if r.verdict is not RUN]
    return verdict_of(spoken)


def verdict_of(spoken: Sequence[GateReason]) -> GateVerdict:
    """The verdict that a list of reasons makes: the worst decides."""
    order = {REFUSE: 0, WARN: 1, RUN: 2}
    ranked = tuple(sorted(spoken, key=lambda r: order[r.verdict]))
    return GateVerdict(ranked[0].verdict if ranked else RUN, ranked)


def reasons(
    pack: PackInfo, volume: Volume, roi: Box | None = None, *, research: bool = False, pixels: bool = True
) -> tuple[GateReason, ...]:
    """What every rule that applies says, also those that let the pack run."""
    case = Case(pack, volume, roi, research)
    only_warn = {str(rule) for rule in pack.match.get("warn", ())}
    spoken = [rule(case) for rule in (*HEADER_RULES, *(PIXEL_RULES if pixels else ()))]
    return tuple(_softened(r, only_warn) for r in spoken if r is not None)


def _softened(reason: GateReason, only_warn: set[str]) -> GateReason:
    if reason.verdict is REFUSE and reason.rule in only_warn:
        return replace(reason, verdict=WARN)
    return reason


def research_switch(case: Case) -> GateReason | None:
    """A pack trained on non-commercial data needs the reader's explicit switch."""
    if not case.pack.research_only:
        return None
    if case.research:
        return GateReason("research", RUN, "Research use is switched on.")
    return GateReason(
        "research",
        REFUSE,
        "This pack was trained on non-commercial data and research packs are switched off.",
        todo="Switch research packs on in the settings if your use allows it.",
    )


def modality(case: Case) -> GateReason | None:
    """(0008,0060) must be one the pack knows."""
    wanted = _words(case.match.get("modality"))
    have = case.volume.modality.strip().upper()
    if not wanted:
        return None
    need = f"Needs {_either(wanted)}"
    if have in wanted:
        return GateReason("modality", RUN, f"{need}; this is {have}.", "(0008,0060)")
    if have in ("", "OT") and case.volume.series_uid is None:
        return GateReason("modality", WARN, f"{need}; the file does not say what it is.", "(0008,0060)")
    return GateReason("modality", REFUSE, f"{need}; this is {have or 'not said'}.", "(0008,0060)")


def body_part(case: Case) -> GateReason | None:
    """(0018,0015), else the words of the descriptions."""
    wanted = _words(case.match.get("body_part"))
    if not wanted:
        return None
    have = case.tag("BodyPartExamined")
    need = f"Made for {_either(wanted).lower()}"
    if have:
        fits = any(headers.same_part(have, part) for part in wanted)
        text = f"{need}; this is {have.lower()}."
        return GateReason("body_part", RUN if fits else REFUSE, text, "(0018,0015)")
    named = headers.parts_in(_description(case))
    if any(headers.same_part(a, b) for a in named for b in wanted):
        return GateReason("body_part", RUN, f"{need}; the description names it.", "(0008,103E)")
    if named:
        text = f"{need}; the description says {_either(sorted(named)).lower()}."
        return GateReason("body_part", REFUSE, text, "(0008,103E)")
    return GateReason("body_part", WARN, f"{need}; the file does not name a body part.", "(0018,0015)")


def view(case: Case) -> GateReason | None:
    """(0018,5101) of a film."""
    wanted = _words(case.match.get("view"))
    if not wanted:
        return None
    have = case.tag("ViewPosition")
    need = f"Made for {_either(wanted)} views"
    if have in wanted:
        return GateReason("view", RUN, f"{need}; this is {have}.", "(0018,5101)")
    if have:
        return GateReason("view", REFUSE, f"{need}; this is {have}.", "(0018,5101)")
    if headers.is_lateral(_description(case), case.tag("PatientOrientation")):
        return GateReason("view", REFUSE, f"{need}; this is a lateral view.", "(0020,0020)")
    return GateReason("view", WARN, f"{need}; the file does not say which view it is.", "(0018,5101)")


def age(case: Case) -> GateReason | None:
    """(0010,1010) in years."""
    limits = case.match.get("age_years")
    if not limits:
        return None
    low, high = float(limits[0]), float(limits[1])
    made = f"Made for {headers.age_range(low, high)}"
    years = headers.age_years(case.tag("PatientAge"))
    if years is None:
        return GateReason("age", WARN, f"{made}; the file does not say the age.", "(0010,1010)")
    # whole years: a child is 5 until the day of its sixth birthday
    fits = low <= years < high + 1
    return GateReason(
        "age", RUN if fits else REFUSE, f"{made}; the patient is {headers.age_words(years)}.", "(0010,1010)"
    )


def sequence(case: Case) -> GateReason | None:
    """MR weighting: words of the description, else repetition, echo and inversion time."""
    wanted = str(case.match.get("sequence", "")).upper()
    if not wanted:
        return None
    have, tag = headers.weighting(_description(case), case.volume.tags)
    if not have:
        text = f"Made for {wanted} pictures; the file does not say how this was weighted."
        return GateReason("sequence", WARN, text, "(0008,103E)")
    text = f"Made for {wanted} pictures; this is {have}."
    return GateReason("sequence", RUN if have == wanted else REFUSE, text, tag)


def plane(case: Case) -> GateReason | None:
    """Direction of the slices in the patient."""
    wanted = _words(case.match.get("plane"))
    if not wanted:
        return None
    need = f"Made for {_either(wanted).lower()} slices"
    if not case.volume.geometry.oriented:
        return GateReason("plane", WARN, f"{need}; the file does not say how they lie.", "(0020,0037)")
    axis = int(np.argmax(np.abs(case.volume.geometry.normal)))
    have = ("SAGITTAL", "CORONAL", "AXIAL")[axis]
    return GateReason("plane", RUN if have in wanted else REFUSE, f"{need}; these are {have.lower()}.", "(0020,0037)")


def orientation(case: Case) -> GateReason | None:
    """(0020,0020) of a film: stored as a reader looks at it, or mirrored or turned."""
    if not case.match.get("view"):
        return None
    rows, columns = headers.patient_orientation(case.volume.tags)
    if not rows or not columns or not set(rows[0] + columns[0]) <= set("LRHF"):
        return None
    if columns[0] != "F":
        return GateReason(
            "orientation",
            REFUSE,
            f"The film is stored turned: its columns run to {headers.DIRECTION_WORDS[columns[0]]}.",
            "(0020,0020)",
            "Send it upright from the archive.",
        )
    if rows[0] == "R":
        return GateReason("orientation", WARN, "The film is stored mirrored, left and right swapped.", "(0020,0020)")
    return GateReason("orientation", RUN, "The film is stored as a reader looks at it.", "(0020,0020)")


def photometric(case: Case) -> GateReason | None:
    """MONOCHROME1 must agree with the presentation LUT shape (PS3.3 C.8.11.1)."""
    kind, shape = case.tag("PhotometricInterpretation"), case.tag("PresentationLUTShape")
    bad = (kind == "MONOCHROME1" and shape == "IDENTITY") or (kind == "MONOCHROME2" and shape == "INVERSE")
    if not bad:
        return None
    text = f"The file contradicts itself on black and white: {kind} with shape {shape}."
    return GateReason("photometric", WARN, text, "(2050,0020)", "Check that lungs are dark and bones light.")


def slices(case: Case) -> GateReason | None:
    """Number of slices."""
    limits = case.match.get("slices")
    if not limits:
        return None
    have, low, high = case.volume.shape[0], int(limits[0]), int(limits[1])
    need = f"Needs {_count(low)}" if low == high else f"Needs {low} to {high} slices"
    text = f"{need}; this series has {have}."
    return GateReason("slices", RUN if low <= have <= high else REFUSE, text)


def spacing(case: Case) -> GateReason | None:
    """Slice gap and pixel size against what the pack was tested on; the worst one speaks."""
    limits: dict[str, Sequence[float]] = case.match.get("spacing_mm") or {}
    if not limits:
        return None
    if case.volume.geometry.spacing_kind is not SpacingKind.PATIENT:
        text = "Needs distances in the patient; this picture has none."
        return GateReason("spacing", WARN if case.volume.series_uid is None else REFUSE, text, "(0028,0030)")
    gap, rows, columns = case.volume.geometry.spacing
    said = []
    if "slice" in limits and case.volume.shape[0] > 1:
        said.append(_spacing_word("Slices", gap, "apart", limits["slice"], "(0018,0050)"))
    if "pixel" in limits:
        worst = max((rows, columns), key=lambda s: _outside(s, limits["pixel"]))
        said.append(_spacing_word("Pixels", worst, "wide", limits["pixel"], "(0028,0030)"))
    return min(said, key=lambda r: [REFUSE, WARN, RUN].index(r.verdict)) if said else None


def _spacing_word(what: str, have: float, how: str, limits: Sequence[float], tag: str) -> GateReason:
    off = _outside(have, limits)
    verdict = RUN if off <= 1.0 else WARN if off <= FAR_FACTOR else REFUSE
    low, high = float(limits[0]), float(limits[1])
    tested = f"tested up to {high:.1f} mm" if have > low else f"tested from {low:.1f} mm"
    return GateReason("spacing", verdict, f"{what} {have:.1f} mm {how}; {tested}.", tag)


def _outside(have: float, limits: Sequence[float]) -> float:
    """Factor by which a size leaves its tested range (1 within; a hair of 2 % is let through)."""
    low, high = float(limits[0]), float(limits[1])
    off = max(have / high if high > 0 else 1.0, low / have if have > 0 else FAR_FACTOR * 2)
    return 1.0 if off <= 1.02 else off


def coverage(case: Case) -> GateReason | None:
    """Millimetres from the first to the last slice."""
    limits = case.match.get("coverage_mm")
    if not limits or case.volume.geometry.spacing_kind is not SpacingKind.PATIENT:
        return None
    have = case.volume.shape[0] * case.volume.geometry.spacing[0]
    low, high = float(limits[0]), float(limits[1])
    text = f"Needs {low:.0f} to {high:.0f} mm of coverage; this series covers {have:.0f} mm."
    return GateReason("coverage", RUN if low <= have <= high else REFUSE, text, "(0020,0032)")


def geometry(case: Case) -> GateReason | None:
    """Even, right-angled slices where the pack counts millimetres across them."""
    if not case.match.get("even") or case.volume.shape[0] < 2:
        return None
    grid = case.volume.geometry
    if not grid.is_even:
        text = "The slices are not evenly spaced; needs an even stack."
        return GateReason("geometry", REFUSE, text, "(0020,0032)", "Choose a series without missing slices.")
    if grid.is_tilted:
        text = f"Gantry tilt {grid.tilt_degrees:.0f}°; tested on right-angled stacks."
        return GateReason("geometry", WARN, text, "(0018,1120)")
    return GateReason("geometry", RUN, "The slices are even.", "(0020,0032)")


def box(case: Case) -> GateReason | None:
    """The reader's box: there, inside the picture, and of a tested size."""
    if not case.pack.needs_roi:
        return None
    if case.roi is None:
        return GateReason("roi", REFUSE, "Needs a box around the structure.", todo="Place a box and run it again.")
    low, high = case.roi
    inside = all(0 <= a < b <= n for a, b, n in zip(low, high, case.volume.shape, strict=True))
    if not inside:
        return GateReason("roi", REFUSE, "The box does not lie within the picture.", todo="Place it again.")
    limits = case.match.get("roi_mm")
    if limits:
        sides = [(b - a) * s for a, b, s in zip(low, high, case.volume.geometry.spacing, strict=True)]
        words = " x ".join(f"{side:.0f}" for side in sides)
        if min(sides) < float(limits[0]) or max(sides) > float(limits[1]):
            text = f"The box measures {words} mm; tested from {limits[0]:.0f} to {limits[1]:.0f} mm a side."
            return GateReason("roi", WARN, text, todo="Draw it closer around the structure.")
    return GateReason("roi", RUN, "The box lies within the picture.")


def size(case: Case) -> GateReason | None:
    """Pictures larger than any detector are refused before memory runs out."""
    _, rows, columns = case.volume.shape
    if max(rows, columns) <= MAX_SIDE:
        return None
    text = f"The picture has {columns} x {rows} pixels; up to {MAX_SIDE} a side can be analysed."
    return GateReason("size", REFUSE, text, "(0028,0010)", "Send it at its detector's own size.")


def colour(case: Case) -> GateReason | None:
    """Colour pictures only where the pack takes them; grey stored as colour passes."""
    if not case.volume.is_colour or case.match.get("colour"):
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


def _description(case: Case) -> str:
    words = [case.tag(key) for key in ("SeriesDescription", "ProtocolName", "StudyDescription", "SequenceName")]
    return " ".join(word for word in words if word)


def _words(value: Any) -> tuple[str, ...]:
    entries = [value] if isinstance(value, str) else list(value or ())
    return tuple(str(entry).upper() for entry in entries)


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _count(slices_wanted: int) -> str:
    return "a single picture" if slices_wanted == 1 else f"{slices_wanted} slices"


#: Every rule, in the order it is asked. To add one: a function above, a line here.
HEADER_RULES: tuple[Rule, ...] = (
    research_switch,
    modality,
    body_part,
    view,
    age,
    sequence,
    plane,
    orientation,
    photometric,
    slices,
    spacing,
    coverage,
    geometry,
    box,
    size,
)
#: Rules that look at pixel values.
PIXEL_RULES: tuple[Rule, ...] = (colour, values)
