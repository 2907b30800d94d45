"""What DICOM header words say about a picture: age, body part, view, weighting, direction."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Days, weeks and months in a year (PS3.5 AS values count in D, W, M or Y).
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}
#: Nobody is older; such an age is a mistake.
_OLDEST = 130.0

#: Names of one and the same region in (0018,0015) and in descriptions.
PARTS: dict[str, tuple[str, ...]] = {
    "CHEST": ("CHEST", "THORAX", "LUNG", "LUNGS", "TORAX"),
    "BRAIN": ("BRAIN", "HEAD", "SKULL", "NEURO", "CEREBRUM", "HIPPOCAMPUS", "CRANIUM"),
    "HEART": ("HEART", "CARDIAC", "CARDIO"),
    "ABDOMEN": ("ABDOMEN", "LIVER", "ABDOMENPELVIS"),
    "PELVIS": ("PELVIS", "HIP", "PROSTATE"),
    "KNEE": ("KNEE", "KNEES"),
    "HAND": ("HAND", "WRIST", "FINGER", "THUMB"),
    "FOOT": ("FOOT", "ANKLE", "TOE"),
    "ARM": ("ELBOW", "FOREARM", "HUMERUS", "ARM"),
    "SHOULDER": ("SHOULDER", "CLAVICLE", "SCAPULA"),
    "LEG": ("LEG", "TIBIA", "FIBULA", "FEMUR", "THIGH"),
    "SPINE": ("SPINE", "CSPINE", "TSPINE", "LSPINE", "SSPINE"),
    "BREAST": ("BREAST", "MAMMO"),
    "NECK": ("NECK", "THYROID"),
    "EYE": ("EYE", "RETINA", "FUNDUS"),
}

#: Regions that a series of one may well show of the other.
NEAR: tuple[frozenset[str], ...] = (
    frozenset({"CHEST", "HEART"}),
    frozenset({"CHEST", "ABDOMEN"}),
    frozenset({"CHEST", "NECK"}),
    frozenset({"CHEST", "BREAST"}),
    frozenset({"CHEST", "SPINE"}),
    frozenset({"BRAIN", "NECK"}),
    frozenset({"ABDOMEN", "PELVIS"}),
)

DIRECTION_WORDS = {
    "L": "the patient's left",
    "R": "the patient's right",
    "A": "the front",
    "P": "the back",
    "H": "the head",
    "F": "the feet",
}

#: MR weightings by the words technologists write; the first that matches counts.
_WEIGHTINGS: tuple[tuple[str, str], ...] = (
    ("FLAIR", r"FLAIR|TIRM|DARK.?FLUID"),
    ("DWI", r"DWI|DIFF|\bADC\b|TRACEW|\bEP2D_DIFF"),
    ("SWI", r"\bSWI\b|\bSWAN\b|SUSC"),
    ("TOF", r"\bTOF\b|ANGIO"),
    ("CINE", r"CINE|TRUFI|FIESTA|\bSSFP\b"),
    ("BOLD", r"BOLD|FMRI|EPI_BOLD"),
    ("T2*", r"T2\s?\*|T2.?STAR|\bGRE.?T2"),
    ("PD", r"\bPD\b|PROTON.?DENS"),
    ("T1", r"\bT1|MPRAGE|MP.?RAGE|\bSPGR\b|BRAVO|\bTFE\b|T1W"),
    ("T2", r"\bT2|\bFSE T2|T2W"),
)


def age_years(value: str) -> float | None:
    """Years of an Age String ("018M" -> 1.5), None where it says nothing usable.

    "000Y" says nothing: whoever removes ages leaves it, and ages under two are written in
    months, weeks or days.
    """
    if is_zero_years(value):
        return None
    match = re.fullmatch(r"(\d{1,3})\s*([DWMY]?)", value.strip().upper())
    if match is None:
        return None
    years = int(match[1]) / _PER_YEAR[match[2] or "Y"]
    return years if years <= _OLDEST else None


def is_zero_years(value: str) -> bool:
    """True for "000Y", "0Y", "0": a removed age, or a careless one."""
    return re.fullmatch(r"0+\s*Y?", value.strip().upper()) is not None


def age_string(birth_date: str, on_date: str) -> str:
    """Age String of somebody born on `birth_date` at `on_date` (both YYYYMMDD); "" where unknown."""
    if not (re.fullmatch(r"\d{8}", birth_date.strip()) and re.fullmatch(r"\d{8}", on_date.strip())):
        return ""
    born, then = birth_date.strip(), on_date.strip()
    months = (int(then[:4]) - int(born[:4])) * 12 + int(then[4:6]) - int(born[4:6]) - (then[6:] < born[6:])
    if months < 0:
        return ""
    return f"{months:03d}M" if months < 24 else f"{months // 12:03d}Y"


def age_words(years: float) -> str:
    """ "4", "8 months", "under 1 month": what follows "the patient is"."""
    if years >= 2:
        return str(int(years))
    months = int(years * 12 + 1e-6)
    return f"{months} month{'s' if months != 1 else ''} old" if months else "under 1 month old"


def age_range(low: float, high: float) -> str:
    """Ages in words: "1 to 5 years", "15 years and older"."""
    if high >= _OLDEST:
        return f"{low:g} years and older"
    return f"up to {high:g} years" if low <= 0 else f"{low:g} to {high:g} years"


def region_of(word: str) -> str:
    """The region a body-part word belongs to; the word itself where it is in no list."""
    flat = re.sub(r"[^A-Z]", "", word.upper())
    return next((region for region, names in PARTS.items() if flat in names), flat)


def same_part(a: str, b: str) -> bool:
    """True when two body-part words name one region."""
    return region_of(a) == region_of(b)


def near_part(a: str, b: str) -> bool:
    """True when series of one region often show the other (`NEAR`)."""
    return frozenset({region_of(a), region_of(b)}) in NEAR


def parts_in(description: str) -> frozenset[str]:
    """Regions that a free description names."""
    words = re.findall(r"[A-Z]+", description.upper())
    return frozenset(region for region, names in PARTS.items() if any(word in names for word in words))


def is_lateral(description: str, orientation: str) -> bool:
    """True where words or (0020,0020) say that a film looks from the side."""
    if re.search(r"\bLAT(ERAL)?\b|\bLL\b|\bRL\b", description.upper()):
        return True
    rows = orientation.replace("/", "\\").split("\\")[0].strip().upper()
    return rows[:1] in ("A", "P")


def is_scout(description: str) -> bool:
    """True where words say that a series only plans others."""
    return re.search(r"\b(LOCALI[SZ]ER|SCOUT|PILOT|TOPOGRAM|SURVIEW|SURVEY|LOC)\b", description.upper()) is not None


def patient_orientation(tags: Mapping[str, str]) -> tuple[str, str]:
    """(0020,0020) as (direction of the rows, of the columns), "" where the file does not say.

    PS3.3 C.7.6.1.1.1: letters of the patient side towards which the row (to the right) and
    the column (downwards) run, strongest first.
    """
    parts = re.split(r"[\\/,]", tags.get("PatientOrientation", "").strip("[]() ").upper())
    cleaned = [re.sub(r"[^LRAPHF]", "", part) for part in parts]
    return (cleaned[0], cleaned[1]) if len(cleaned) == 2 else ("", "")


def weighting(description: str, tags: Mapping[str, str]) -> tuple[str, str]:
    """MR weighting and the tag it rests on; ("", "") where nothing says.

    Words win; else TR, TE and TI in ms: long TI and long TE = FLAIR; TE over 60 = T2;
    TE under 30 with TR under 1000 or a TI between 300 and 1300 = T1.
    """
    upper = description.upper().replace("_", " ")
    for name, pattern in _WEIGHTINGS:
        if re.search(pattern, upper):
            return name, "(0008,103E)"
    repetition, echo, inversion = (
        _number(tags.get(key, "")) for key in ("RepetitionTime", "EchoTime", "InversionTime")
    )
    if echo is None or repetition is None:
        return "", ""
    if echo > 60:
        return ("FLAIR", "(0018,0082)") if inversion and inversion > 1500 else ("T2", "(0018,0081)")
    if echo < 30 and (repetition < 1000 or (inversion and 300 <= inversion <= 1300)):
        return "T1", "(0018,0080)"
    return "", ""


def _number(text: str) -> float | None:
    try:
        return float(text.split("\\", maxsplit=1)[0])
    except ValueError:
        return None
