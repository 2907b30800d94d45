"""Which views a stack opens with: rules as data, and the rule that fired by name."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from viewer.core.resources import resources_dir
from viewer.core.study import Kind, Stack
from viewer.core.volume import Volume
from viewer.display.slicing import Plane, native_plane, upright_plane
from viewer.display.window import Window, preset


class Layout(Enum):
    """Arrangements of views."""

    ONE = "1x1"
    THREE = "three"
    FOUR = "2x2"


@dataclass(frozen=True, slots=True)
class Hanging:
    """How a stack opens.

    Attributes:
        rule: name of the rule that fired, shown to the reader.
        planes: one view each, the first is the active one.
        window: preset name, or empty for the file's own window.
    """

    rule: str
    layout: Layout
    planes: tuple[Plane, ...]
    window: str = ""


#: Kinds that have pixels to hang.
PICTURES = frozenset({Kind.VOLUME, Kind.STACK, Kind.IMAGE, Kind.CINE})
#: Header fields that `body_part` is looked for in.
_BODY_FIELDS = ("BodyPartExamined", "ProtocolName", "StudyDescription", "SeriesDescription")
_DESCRIPTION_FIELDS = ("SeriesDescription", "ProtocolName", "SequenceName")


@cache
def _rules() -> tuple[dict[str, Any], ...]:
    text = (resources_dir() / "hanging_protocols.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["rule"])


def hang(stack: Stack) -> Hanging | None:
    """Views of one stack; None for localizers and objects without pixels."""
    if stack.kind not in PICTURES or is_localizer(stack):
        return None
    rule = next((rule for rule in _rules() if _matches(rule, stack)), None)
    if rule is None:
        return Hanging("Single view", Layout.ONE, (Plane.NATIVE,))
    planes = _acquired(stack, tuple(Plane(name) for name in rule["planes"]))
    layout = Layout(rule["layout"]) if len(planes) > 1 else Layout.ONE
    return Hanging(str(rule["name"]), layout, planes, str(rule.get("window", "")))


def hung_window(volume: Volume, hanging: Hanging | None) -> Window | None:
    """The preset that a hanging rule names for these pictures; None where it names none."""
    return None if hanging is None else preset(volume.modality, hanging.window)


def is_localizer(stack: Stack) -> bool:
    """True for scouts: they guide the scanner and are not read."""
    if any(caution.code == "localizer" for caution in stack.warnings):
        return True
    return "LOCALIZER" in stack.header.get("ImageType", "").upper()


def pick(stacks: tuple[Stack, ...]) -> Stack | None:
    """The stack of a study to hang first: volumes before single pictures, then the most slices."""
    order = {Kind.VOLUME: 0, Kind.CINE: 1, Kind.STACK: 1, Kind.IMAGE: 1}
    hung = [stack for stack in stacks if stack.kind in PICTURES and not is_localizer(stack)]
    return min(hung, key=lambda s: (order[s.kind], -len(s.instances)), default=None)


def _matches(rule: dict[str, Any], stack: Stack) -> bool:
    if "modality" in rule and stack.modality not in rule["modality"]:
        return False
    if "kind" in rule and stack.kind.value not in rule["kind"]:
        return False
    if "slices" in rule and (stack.geometry is None or min(stack.geometry.shape) < rule["slices"]):
        return False
    if "body_part" in rule and not _found(rule["body_part"], stack, _BODY_FIELDS):
        return False
    return "description" not in rule or _found(rule["description"], stack, _DESCRIPTION_FIELDS)


def _found(pattern: str, stack: Stack, fields: tuple[str, ...]) -> bool:
    texts = [stack.header.get(name, "") for name in fields]
    return any(re.search(pattern, text, re.IGNORECASE) for text in (*texts, stack.description))


def _acquired(stack: Stack, planes: tuple[Plane, ...]) -> tuple[Plane, ...]:
    """The acquired slices upright; of three planes the acquired one first where the rule leads with axial.

    A stack without orientation keeps its acquired slices only: other planes would have no names.
    """
    if stack.geometry is None:
        return (Plane.NATIVE,)
    if planes == (Plane.NATIVE,):
        return (upright_plane(stack.geometry),)
    if not stack.geometry.oriented:
        return (Plane.NATIVE,)
    own = native_plane(stack.geometry)
    if planes[0] is Plane.AXIAL and own is not Plane.AXIAL and own in planes:
        return (own, *(plane for plane in planes if plane is not own))
    return planes
