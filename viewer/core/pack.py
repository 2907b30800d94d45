"""What a pack says about itself: the `viewer` block of metadata.json, as nouns.

Read by `analysis.packschema`: a key that is not named here is refused, with its place. What only one
task knows (a finding rule, a gate's thresholds) is added by that task's module, which extends `Viewer`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from viewer.core.finding import Code, FindingKind, OperatingPoint

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1)]
#: No control characters: what a pack says reaches terminals, papers and DICOM objects.
_PLAIN, _PLAIN_WORD = r"^[^\x00-\x1f\x7f]*$", r"^(?=.*\S)[^\x00-\x1f\x7f]+$"
Plain = Annotated[str, Meta(pattern=_PLAIN, max_length=4000)]
Said = Annotated[str, Meta(pattern=_PLAIN_WORD, max_length=4000)]
#: One line, and what DICOM's LO and SH hold (PS3.5 6.2): a longer one would deny the objects of every pack.
Line = Annotated[str, Meta(pattern=_PLAIN_WORD, max_length=200)]
LongWord = Annotated[str, Meta(pattern=_PLAIN_WORD, max_length=64)]
ShortWord = Annotated[str, Meta(pattern=_PLAIN_WORD, max_length=16)]
Names = Annotated[tuple[str, ...], Meta(min_length=1)]
#: A mask's voxels are one byte wide.
LabelNames = Annotated[tuple[LongWord, ...], Meta(min_length=1, max_length=255)]
Range = tuple[float, float]
#: Figures of an evaluation, kept as they were measured; only cards show them.
Figures = dict[str, Any]

#: Rules of the suitability gate that a pack may soften to a warning; a test holds them equal to the rules.
RuleName = Literal[
    "research", "modality", "localizer", "body_part", "view", "age", "sequence", "plane", "orientation",
    "photometric", "compression", "unread", "slices", "spacing", "coverage", "geometry", "roi", "size",
    "colour", "values", "inversion",
]  # fmt: skip


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An object of a pack's JSON: fields by name and type, nothing else."""


def _rising(part: Part) -> None:
    for name in part.__struct_fields__:
        value = getattr(part, name)
        numbers = isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], str)
        if numbers and value[0] > value[1]:
            raise ValueError(f"{name} must run from the least to the most, and runs from {value[0]} to {value[1]}")


class Spacing(Part, frozen=True):
    """Tested spacings [least, most] in mm: between slices, and of pixels."""

    slice: Range | None = None
    pixel: Range | None = None

    def __post_init__(self) -> None:
        """Refuse a range that no number fits."""
        _rising(self)


class Match(Part, frozen=True):
    """Rules of the suitability gate; a key that is left out asks nothing (see `analysis.suitability`)."""

    modality: tuple[str, ...] = ()
    body_part: tuple[str, ...] = ()
    view: tuple[str, ...] = ()
    sequence: str = ""
    age_years: Range | None = None
    plane: tuple[str, ...] = ()
    slices: tuple[int, int] | None = None
    spacing_mm: Spacing = Spacing()
    coverage_mm: Range | None = None
    roi_mm: Range | None = None
    needs_roi: bool = False
    colour: bool = False
    even: bool = False
    lossless: bool = False
    warn: tuple[RuleName, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a range that no number fits."""
        _rising(self)


class CodedTerm(Part, frozen=True):
    """A coded concept as packs write it."""

    scheme: ShortWord
    value: ShortWord
    meaning: LongWord


class Label(Part, frozen=True, kw_only=True):
    """A name the network says: its words, its code, and the anatomy it lies in.

    `kind` anatomy: what it names is there in everybody and is outlined to be measured, not to be judged.
    """

    code: CodedTerm
    text: Annotated[str, Meta(pattern=_PLAIN, max_length=64)] = ""
    site: CodedTerm | None = None
    colour: Annotated[str, Meta(pattern="^#[0-9A-Fa-f]{6}$")] | None = None
    kind: FindingKind = FindingKind.FINDING


class Boxes(Part, frozen=True):
    """The boxes a pack asks the reader for, one a side; one without a side where none is named."""

    sides: tuple[Literal["right", "left"], ...] = ()


class DataSet(Part, frozen=True):
    """What the weights were trained on."""

    name: Plain = ""
    citation: Plain = ""
    licence: Plain = ""


class Point(Part, frozen=True, kw_only=True):
    """A threshold fixed beforehand, with what it was measured to do and on which scores."""

    name: Literal["default", "high_sensitivity", "high_specificity"]
    threshold: float
    origin: Said
    sensitivity: Share | None = None
    specificity: Share | None = None
    sensitivity_ci: Range | None = None
    specificity_ci: Range | None = None
    n: int | None = None

    @property
    def in_use(self) -> OperatingPoint:
        """As findings carry it."""
        return OperatingPoint(self.name, self.threshold, self.sensitivity, self.specificity, self.n)


class LabelPoint(Part, frozen=True, kw_only=True):
    """The threshold of one score of several, fixed beforehand, with what it was measured to do.

    Attributes:
        temperature: the logit is divided by it before the sigmoid.
    """

    threshold: Share
    origin: Said
    temperature: Positive = 1.0
    sensitivity: Share | None = None
    specificity: Share | None = None
    n: int | None = None

    @property
    def in_use(self) -> OperatingPoint:
        """As findings carry it."""
        return OperatingPoint("default", self.threshold, self.sensitivity, self.specificity, self.n)


class TruthWords(Part, frozen=True):
    """Words of a case table's `label` column that mean yes and no."""

    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()


class TextColumn(Part, frozen=True):
    """A column of texts, and the heading each stands under."""

    column: Said
    heading: Said


class Sexes(Part, frozen=True):
    """The words of a table for men and for women."""

    male: str = ""
    female: str = ""


class MeasuredColumn(Part, frozen=True):
    """A column of true values, and the measure of the pack that they are of."""

    column: Said
    measure: Said


class Truth(Part, frozen=True):
    """How a case table reads for a pack.

    Attributes:
        labels: score -> words that mean yes and no.
        joined_by: the sign between several labels in one cell; an empty cell then means none of them.
        text: columns that are read as one text.
        sexes: words of the `sex` column.
        binary_mask: every value from `mask_at_least` on is the one label.
        empty_is_zero: a case without a mask holds nothing.
        stack_by: column by which a patient's pictures form one stack.
        pixel_size: column that states the size of a pixel in mm.
        measured: columns that hold true values of what the pack measures.
        good_dice: from which Dice a case counts as right in the gallery.
        groups: further columns by which results are reported.
    """

    labels: dict[str, TruthWords] = {}
    joined_by: str = ""
    text: tuple[TextColumn, ...] = ()
    sexes: Sexes = Sexes()
    binary_mask: bool = False
    mask_at_least: int = 1
    empty_is_zero: bool = False
    stack_by: str = ""
    pixel_size: str = ""
    measured: tuple[MeasuredColumn, ...] = ()
    good_dice: Share = 0.8
    groups: tuple[str, ...] = ()


class Tolerance(Part, frozen=True):
    """How far a replay on another device or backend may differ: score, Dice of each label, sizes in percent."""

    score: float = 1e-3
    dice: Share = 0.99
    size_percent: float = 1.0


class Outside(Part, frozen=True, kw_only=True):
    """Where a model that others made comes from; nobody here has measured it.

    Attributes:
        format: "nnU-Net v2", "TotalSegmentator", "MONAI bundle", "ONNX", "torchxrayvision".
        name: as its makers call it; `version`: "" where they name none.
        sha256: of the files it was converted from, see `analysis.outside.origin`.
        licence: as its makers or whoever installed it said; `licence_from`: which of the two.
        not_stated: what nothing said; a site may fill it in.
        assumed: what had to be assumed, in words.
    """

    format: LongWord
    name: LongWord
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    licence: Line
    licence_from: LongWord
    version: Annotated[str, Meta(pattern=_PLAIN, max_length=64)] = ""
    not_stated: tuple[LongWord, ...] = ()
    assumed: tuple[Plain, ...] = ()


class Viewer(Part, frozen=True, kw_only=True):
    """The `viewer` block, as far as every task has it."""

    task: str
    weights_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    intended_use: Said
    network_family: Plain = ""
    research_only: bool = False
    match: Match = Match()
    roi: Boxes = Boxes()
    labels: dict[LongWord, Label] = {}
    operating_points: tuple[Point, ...] = ()
    truth: Truth = Truth()
    replay: Tolerance = Tolerance()
    limits: tuple[Plain, ...] = ()
    not_validated: tuple[Plain, ...] = ()
    data: DataSet = DataSet()
    outside: Outside | None = None
    cross_validation: Figures = {}
    results: Figures = {}

    def label_text(self, name: str) -> str:
        """A label in words for a reader; those of a model from outside stay as its makers wrote them."""
        label = self.labels.get(name)
        if self.outside is not None and label is None:
            return name
        return label.text if label is not None and label.text else name[:1].upper() + name[1:]

    def label_code(self, name: str) -> Code | None:
        """The coded concept of a label, as the pack declares it."""
        label = self.labels.get(name)
        return None if label is None else Code(label.code.value, label.code.scheme, label.code.meaning)

    def label_kind(self, name: str) -> FindingKind:
        """Whether a label answers a question or outlines anatomy."""
        label = self.labels.get(name)
        return FindingKind.FINDING if label is None else label.kind

    @property
    def answers(self) -> bool:
        """True for a pack with a label that answers a question; one that outlines anatomy alone does not."""
        return any(label.kind is FindingKind.FINDING for label in self.labels.values())

    @property
    def default_point(self) -> OperatingPoint:
        """The operating point that decides what is shown; without one, half."""
        named = [p for p in self.operating_points if p.name == "default"]
        points = named or list(self.operating_points)
        return points[0].in_use if points else OperatingPoint("default", 0.5)
