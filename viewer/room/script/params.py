"""What each step takes, as typed structs: an unknown key or a wrong kind of value is refused in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, TypeVar

import msgspec

from viewer.core.errors import UsageError

#: Nothing in a person lies further away than this (mm, px).
FARTHEST = 1e5
#: No value after a modality LUT, and no window, is larger.
LARGEST = 1e12

Point2 = tuple[float, float]
Point3 = tuple[float, float, float]
_P = TypeVar("_P", bound="Params")


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Keys of a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing(Params):
    """A step without keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(Params):
    """`open`."""

    paths: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Params):
    """`join`: two studies of one ID are of one person."""

    study_uid: str
    with_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Params):
    """`part`: take back that a study was joined."""

    study_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Show(Params):
    """`show`."""

    series_uid: str
    stack: int | None = None
    view: int = 0
    plane: Literal["native", "axial", "coronal", "sagittal"] = "native"


@dataclass(frozen=True, slots=True, kw_only=True)
class InView(Params):
    """Steps that only name a view."""

    view: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(InView):
    """`slice`."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWindow(InView):
    """`window`."""

    center: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointed(InView):
    """Points in a view: LPS mm, or (column, row) where the picture has no patient frame."""

    points_lps: list[Point3] | None = None
    points_px: list[Point2] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Pointed):
    """`value`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Pointed):
    """`measure`."""

    tool: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithId(Params):
    """Steps on one thing."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(WithId):
    """`move`."""

    points_lps: list[Point3] | None = None
    points_px: list[Point2] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(WithId):
    """`rename`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(InView):
    """`copy`: to the slice on show."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins(WithId):
    """`histogram`."""

    bins: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkKeyImage(InView):
    """`key_image`."""

    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyse(Params):
    """`analyse`; `roi` as on the command line: column, row, slice, half-open; `pixel_mm` where the file tells none.

    `text`: words that are read in place of the series, for packs that read texts.
    """

    series_uid: str
    stack: int | None = None
    pack: str | None = None
    roi: tuple[int, int, int, int, int, int] | None = None
    pixel_mm: float = 0.0
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceBox(Params):
    """`box`: where packs shall look on a stack; without `roi` the box is taken away."""

    series_uid: str
    stack: int | None = None
    side: Literal["left", "right", ""] = ""
    roi: tuple[int, int, int, int, int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge(Params):
    """`judge`."""

    finding: str
    state: Literal["proposed", "accepted", "unsure", "rejected"]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(Params):
    """`edit`: what is left out stays."""

    finding: str
    label: str | None = None
    side: Literal["left", "right", "both", ""] | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Params):
    """`text`."""

    section: str
    text: str
    study_uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer(Params):
    """Who signs."""

    name: str
    organization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Params):
    """`report`."""

    to: str
    sign: Signer | None = None
    formats: list[str] | None = None
    study_uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw(InView):
    """`picture`."""

    to: str
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayOut(Params):
    """`layout`."""

    grid: tuple[int, int] | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveLayout(Params):
    """`save_layout`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang(Params):
    """`hang`."""

    series_uid: str
    stack: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(Hang):
    """`rules`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStudies(Params):
    """`studies`."""

    words: str = ""
    since: str = ""
    until: str = ""
    progress: Literal["unread", "draft", "signed"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors(Hang):
    """`priors`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync(Params):
    """`sync`."""

    views: list[int]
    by: Literal["position", "offset", "registration", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Params):
    """`compare`."""

    series_uid: str
    prior_uid: str
    plane: Literal["native", "axial", "coronal", "sagittal"] = "native"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Params):
    """`pair`."""

    first: str
    second: str
    keep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CutPlane(InView):
    """`plane`."""

    origin_lps: Point3
    normal: Point3
    up: Point3
    slab_mm: float = 0.0
    mode: Literal["mean", "mip", "minip"] = "mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Params):
    """`register`."""

    fixed_uid: str
    moving_uid: str
    accept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStep(Params):
    """`segment`; each operation takes some of the keys."""

    op: str
    id: str | None = None
    view: int | None = None
    name: str | None = None
    points_lps: list[Point3] | None = None
    points_px: list[Point2] | None = None
    radius_mm: float | None = None
    range: tuple[float, float] | None = None
    mm: float | None = None
    keep: int | None = None


def decoded(kind: type[_P], keys: Mapping[str, Any], step: str) -> _P:
    """The keys of a step as its struct.

    Raises:
        UsageError: a key is missing or unknown, or holds what it cannot hold.
    """
    known = [field.name for field in fields(kind)]
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise UsageError(f"'{step}' has no key '{unknown[0]}'.", nearest(unknown[0], known))
    missing = [field.name for field in fields(kind) if field.default is MISSING and field.name not in keys]
    if missing:
        raise UsageError(f"'{step}' needs '{missing[0]}'.", "Give it.")
    try:
        return msgspec.convert(keys, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"'{step}' cannot take this: {_said(str(error))}.", "Change that value.") from error


def _said(message: str) -> str:
    """What msgspec says, without its path syntax: "Expected `int`, got `str` - at `$.view`" -> "view: ..."."""
    found = re.fullmatch(r"(.*?)(?: - at `\$\.?([^`]*)`)?", message, re.DOTALL)
    assert found is not None
    what, where = found.group(1).replace("`", "'"), (found.group(2) or "").replace("[...]", "")
    return f"{where}: {what}" if where else what


def nearest(word: str, known: Iterable[str]) -> str:
    """What to write instead of a word that is not known."""
    words = list(known)
    close = difflib.get_close_matches(word, words, 1, 0.5)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(words)}." if words else "It takes no keys."


def one_of(word: str, known: Iterable[str], what: str) -> str:
    """A word of a list.

    Raises:
        UsageError: it is not in it; the nearest is named.
    """
    words = list(known)
    if word not in words:
        raise UsageError(f"There is no {what} '{word}'.", nearest(word, words))
    return word


def check_size(value: float, limit: float, what: str) -> float:
    """A number within reason.

    Raises:
        UsageError: it is larger than anything it could mean.
    """
    if not -limit <= value <= limit:
        raise UsageError(f"{what} of {value:g} is beyond reason.", f"Give one within {limit:g}.")
    return value
