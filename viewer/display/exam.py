"""What a stack is a picture of, as far as its header tells: body part, view position, side, contrast."""

from __future__ import annotations

import re
from dataclasses import replace

from viewer.core.study import Kind, Stack

#: Kinds that have pixels to hang.
PICTURES = frozenset({Kind.VOLUME, Kind.STACK, Kind.IMAGE, Kind.CINE})
#: Modalities of one kind of picture: films are compared whatever made them.
FILMS = frozenset({"CR", "DX", "XR", "DR", "RG"})
#: Header fields that a body part and a description are looked for in.
_BODY_FIELDS = ("BodyPartExamined", "ProtocolName", "StudyDescription", "SeriesDescription")
_DESCRIPTION_FIELDS = ("SeriesDescription", "ProtocolName", "SequenceName")
#: Body part -> words that name it, the narrow ones first.
_REGIONS: tuple[tuple[str, str], ...] = (
    ("breast", r"breast|mamm"),
    ("heart", r"heart|cardi|coronar(y|ies)"),
    ("chest", r"chest|thora|lung|pulmo"),
    ("brain", r"brain|head|c[eé]r[eé]b|skull|hippocamp|neuro|cr[aâ]n"),
    ("neck", r"neck|carotid|thyroid"),
    ("spine", r"spine|spinal|lumbar|cervical|vertebra|sacr"),
    ("abdomen", r"abdom|liver|kidney|pancrea|spleen"),
    ("pelvis", r"pelvi|prostat|uter|bladder|hip\b"),
    ("knee", r"knee"),
    ("hand", r"hand|wrist|finger"),
    ("foot", r"foot|ankle|toe"),
    ("arm", r"shoulder|elbow|humer|forearm"),
    ("leg", r"femur|tibia|thigh|\bleg"),
)
_CONTRAST = r"\+ ?c\b|c\+|\bgd|gado|\bgad\b|post ?contrast|contrast|enhanced|\bce\b|\bkm\b"
_NO_CONTRAST = r"(non?|without|pre|\bw/?o)[ .-]*contrast|unenhanced|pre.?gd|\bw/?o\b"


def in_study(stack: Stack, description: str) -> Stack:
    """The stack with the description of its study, which may be all that names the body part."""
    return replace(stack, header={**stack.header, "StudyDescription": description}) if description else stack


def is_localizer(stack: Stack) -> bool:
    """True for scouts: they guide the scanner and are not read."""
    if any(caution.code == "localizer" for caution in stack.warnings):
        return True
    return "LOCALIZER" in stack.header.get("ImageType", "").upper()


def is_read(stack: Stack) -> bool:
    """True for pictures that a reader reads: no object, no scout."""
    return stack.kind in PICTURES and not is_localizer(stack)


def found_in_body(pattern: str, stack: Stack) -> bool:
    """True where a pattern is found in what names the body part."""
    return _found(pattern, stack, _BODY_FIELDS)


def found_in_description(pattern: str, stack: Stack) -> bool:
    """True where a pattern is found in what describes the series."""
    return _found(pattern, stack, _DESCRIPTION_FIELDS)


def _found(pattern: str, stack: Stack, fields: tuple[str, ...]) -> bool:
    texts = [stack.header.get(name, "") for name in fields]
    return any(re.search(pattern, text, re.IGNORECASE) for text in (*texts, stack.description))


def region_of(stack: Stack) -> str:
    """The body part in one word ("chest"), by the field meant for it, else by the descriptions; "" unknown."""
    stated = stack.header.get("BodyPartExamined", "").strip()
    if stack.modality == "MG":
        return "breast"
    for text in (stated, " ".join(stack.header.get(name, "") for name in _BODY_FIELDS[1:]), stack.description):
        named = next((region for region, words in _REGIONS if re.search(words, text, re.IGNORECASE)), "")
        if named:
            return named
    return stated.lower()


def family_of(stack: Stack) -> str:
    """The modality, films as one."""
    return "XR" if stack.modality in FILMS else stack.modality


def position_of(stack: Stack) -> str:
    """View position of a film ("PA", "LAT", "CC", "MLO"), by (0018,5101), else by a word of its description."""
    stated = stack.header.get("ViewPosition", "").strip().upper()
    if stated:
        return {"LL": "LAT", "RL": "LAT", "LATERAL": "LAT"}.get(stated, stated)
    words = re.findall(r"\b(PA|AP|LAT|LATERAL|CC|MLO)\b", stack.description.upper())
    return {"LATERAL": "LAT"}.get(words[0], words[0]) if len(set(words)) == 1 else ""


def side_of(stack: Stack) -> str:
    """ "L" or "R" where the file says one, by its side or a word of its description; "" unknown or both."""
    for name in ("ImageLaterality", "Laterality"):
        if stack.header.get(name, "").strip().upper() in ("L", "R"):
            return stack.header[name].strip().upper()
    words = {word[0] for word in re.findall(r"\b(L|R|LEFT|RIGHT)(?=\b|CC|MLO)", stack.description.upper())}
    return words.pop() if len(words) == 1 else ""


def has_contrast(stack: Stack) -> bool:
    """True where the file names a contrast agent, or the description speaks of one."""
    agent = stack.header.get("ContrastBolusAgent", "").strip().upper()
    if agent:
        return agent not in ("NO", "NONE", "N")
    words = re.sub(_NO_CONTRAST, "", stack.description, flags=re.IGNORECASE)
    return bool(re.search(_CONTRAST, words, re.IGNORECASE))


def exam_of(stack: Stack) -> str:
    """The type of an examination, for what is kept for each: "CT chest"."""
    return " ".join(part for part in (family_of(stack), region_of(stack)) if part)
