"""Rules on header words: research switch, modality, body part, view, age, sequence, direction."""

from __future__ import annotations

import numpy as np

from viewer.analysis import headers
from viewer.analysis.gate.case import REFUSE, RUN, WARN, Case, Rule, capitals, either
from viewer.core.analysis import GateReason, PackInfo


def research_switch(pack: PackInfo, research: bool) -> GateReason | None:
    """A pack trained on non-commercial data needs the reader's explicit switch."""
    if not pack.research_only:
        return None
    if research:
        return GateReason("research", RUN, "Research use is switched on.")
    return GateReason(
        "research",
        REFUSE,
        "This pack was trained on non-commercial data and research packs are switched off.",
        todo="Switch research packs on in the settings if your use allows it.",
    )


def _research_switch(case: Case) -> GateReason | None:
    return research_switch(case.pack, case.research)


def modality(case: Case) -> GateReason | None:
    """(0008,0060) must be one the pack knows."""
    wanted = capitals(case.match.modality)
    have = case.volume.modality.strip().upper()
    if not wanted:
        return None
    need = f"Needs {either(wanted)}"
    if have in wanted:
        return GateReason("modality", RUN, f"{need}; this is {have}.", "(0008,0060)")
    if have in ("", "OT") and case.volume.series_uid is None:
        return GateReason("modality", WARN, f"{need}; the file does not say what it is.", "(0008,0060)")
    return GateReason("modality", REFUSE, f"{need}; this is {have or 'not said'}.", "(0008,0060)")


def localizer(case: Case) -> GateReason | None:
    """(0008,0008) LOCALIZER or a description that says so: a scout for planning."""
    text = "This is a localizer, a scout for planning."
    if "LOCALIZER" in case.tag("ImageType"):
        return GateReason("localizer", REFUSE, text, "(0008,0008)")
    if headers.is_scout(case.description):
        return GateReason("localizer", REFUSE, text, "(0008,103E)")
    return None


#: What scanners write where nobody chose a body part; it names none.
_NO_PART = frozenset({"PARTIALBODY", "OTHER", "UNKNOWN", "NONE"})


def body_part(case: Case) -> GateReason | None:
    """(0018,0015), else the words of the descriptions."""
    wanted = capitals(case.match.body_part)
    if not wanted:
        return None
    need = f"Made for {either(wanted).lower()}"
    stated = case.tag("BodyPartExamined")
    stated = "" if stated.replace(" ", "") in _NO_PART else stated
    named, tag = ((stated,), "(0018,0015)") if stated else (sorted(headers.parts_in(case.description)), "(0008,103E)")
    if not named:
        return GateReason("body_part", WARN, f"{need}; the file does not name a body part.", "(0018,0015)")
    text = f"{need}; {'this is' if stated else 'the description says'} {either(named).lower()}."
    if any(headers.same_part(have, want) for have in named for want in wanted):
        return GateReason("body_part", RUN, text, tag)
    near = any(headers.near_part(have, want) for have in named for want in wanted)
    lenient = near and "body_part" in case.match.warn
    return GateReason("body_part", WARN if lenient else REFUSE, text, tag)


def view(case: Case) -> GateReason | None:
    """(0018,5101) of a film."""
    wanted = capitals(case.match.view)
    if not wanted:
        return None
    have = case.tag("ViewPosition")
    need = f"Made for {either(wanted)} views"
    if have in wanted:
        return GateReason("view", RUN, f"{need}; this is {have}.", "(0018,5101)")
    if have:
        return GateReason("view", REFUSE, f"{need}; this is {have}.", "(0018,5101)")
    if headers.is_lateral(case.description, case.tag("PatientOrientation")):
        return GateReason("view", REFUSE, f"{need}; this is a lateral view.", "(0020,0020)")
    return GateReason("view", WARN, f"{need}; the file does not say which view it is.", "(0018,5101)")


def age(case: Case) -> GateReason | None:
    """(0010,1010) in years."""
    if case.match.age_years is None:
        return None
    low, high = case.match.age_years
    made = f"Made for {headers.age_range(low, high)}"
    years = headers.age_years(case.tag("PatientAge"))
    if years is None:
        zero = headers.is_zero_years(case.tag("PatientAge"))
        said = "the file says 0 years, as it does where ages were removed" if zero else "the file does not say the age"
        return GateReason("age", WARN, f"{made}; {said}.", "(0010,1010)")
    # whole years: a child is 5 until the day of its sixth birthday
    fits = low <= years < high + 1
    return GateReason(
        "age", RUN if fits else REFUSE, f"{made}; the patient is {headers.age_words(years)}.", "(0010,1010)"
    )


def sequence(case: Case) -> GateReason | None:
    """MR weighting: words of the description, else repetition, echo and inversion time."""
    wanted = case.match.sequence.upper()
    if not wanted:
        return None
    have, tag = headers.weighting(case.description, case.volume.tags)
    if not have:
        text = f"Made for {wanted} pictures; the file does not say how this was weighted."
        return GateReason("sequence", WARN, text, "(0008,103E)")
    text = f"Made for {wanted} pictures; this is {have}."
    return GateReason("sequence", RUN if have == wanted else REFUSE, text, tag)


def plane(case: Case) -> GateReason | None:
    """Direction of the slices in the patient."""
    wanted = capitals(case.match.plane)
    if not wanted:
        return None
    need = f"Made for {either(wanted).lower()} slices"
    if not case.volume.geometry.oriented:
        return GateReason("plane", WARN, f"{need}; the file does not say how they lie.", "(0020,0037)")
    axis = int(np.argmax(np.abs(case.volume.geometry.normal)))
    have = ("SAGITTAL", "CORONAL", "AXIAL")[axis]
    return GateReason("plane", RUN if have in wanted else REFUSE, f"{need}; these are {have.lower()}.", "(0020,0037)")


def orientation(case: Case) -> GateReason | None:
    """(0020,0020) of a film: stored as a reader looks at it, or mirrored or turned."""
    if not case.match.view:
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


def compression(case: Case) -> GateReason | None:
    """(0028,2110) where the pack was tested on lossless pictures."""
    if not case.match.lossless or case.tag("LossyImageCompression") != "01":
        return None
    ratio = case.tag("LossyImageCompressionRatio")
    how = f" {ratio}:1" if ratio else ""
    return GateReason("compression", WARN, f"Lossy compression{how}; tested on lossless.", "(0028,2110)")


#: In the order they are asked. To add one: a function above, a line here.
RULES: tuple[Rule, ...] = (
    _research_switch,
    modality,
    localizer,
    body_part,
    view,
    age,
    sequence,
    plane,
    orientation,
    photometric,
    compression,
)
