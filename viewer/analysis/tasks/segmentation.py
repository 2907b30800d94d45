"""Segmentation: masks, and a finding for each segment that is there, measured as far as millimetres are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from viewer.analysis import measures, pieces, slices
from viewer.analysis.cine import CINE
from viewer.analysis.findings import Place, box_of, corners, proposal
from viewer.analysis.inference import RawOutputs, mean, sigmoid, softmax
from viewer.analysis.preprocess import Prepared
from viewer.analysis.recipe import Augment, Loop, PointTargets, Recipe, Sides
from viewer.analysis.resample import running_argmax
from viewer.analysis.sides import box_side
from viewer.analysis.tasks.base import (
    Conclusion,
    ImagePrediction,
    Outputs,
    Pictures,
    Run,
    Task,
    narrowed,
    no_settings,
    unknown_labels,
    wrong_network,
)
from viewer.core.analysis import AnalysisRequest, PackInfo
from viewer.core.finding import Finding, Location, Side
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.inference import Inference, Output
from viewer.core.pack import Count, NotNegative, Part, Positive, Share, Viewer
from viewer.core.volume import Mask, Segment

FloatArray = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]
Array = npt.NDArray[Any]

#: Probabilities between these bounds form the boundary band of a mask.
BAND = (0.3, 0.7)

#: What packs may measure: names of `measures.MEASURES`, and the beat (a test holds them equal).
Measure = Literal[
    "volume_mm3", "diameters_mm", "area_share", "reader_agreement", "cine_function", "head_circumference",
    "gestational_age",
]  # fmt: skip


# ---------------------------------------------------------------- what its packs hold


class SegmentRule(Part, frozen=True):
    """What becomes of a segment.

    Attributes:
        min_volume_mm3: smaller segments are left out, where millimetres are known.
        measure: what is measured; `not_validated`: those among it that were proved on drawn shapes only.
        slice_scores: the score of every slice is told too.
        drawn_line: width of the line that masks of heads include, as a share of the picture's width.
    """

    min_volume_mm3: NotNegative = 0.0
    measure: tuple[Measure, ...] = ("volume_mm3",)
    not_validated: tuple[Measure, ...] = ()
    slice_scores: bool = False
    drawn_line: Share = 0.0


class SegmentationViewer(Viewer, frozen=True, kw_only=True):
    """The `viewer` block of a segmenter."""

    finding: SegmentRule = SegmentRule()


class SliceScore(Part, frozen=True, kw_only=True):
    """The score a network gives each slice besides its mask."""

    label: str
    temperature: Positive = 1.0


class LabelsOutput(Output, frozen=True, kw_only=True):
    """One label a voxel.

    Attributes:
        logit_bias: taken from the background's logits.
        threshold: a single mask from this probability on, in place of the likeliest label.
        of_peak: the mask also holds what reaches this share of the highest probability: a pack that is
            run in a reader's box is there because something is.
        keep_near_middle, keep_largest, keep_share: which pieces stay (see `pieces`).
    """

    kind: Literal["labels"]
    logit_bias: float = 0.0
    threshold: Share | None = None
    of_peak: Share = 1.0
    keep_near_middle: Positive | None = None
    keep_largest: bool | Literal["slice"] = False
    keep_share: Share | None = None
    slice_score: SliceScore | None = None


class SegmentationInference(Inference, frozen=True, kw_only=True):
    """The inference.json of a segmenter."""

    output: LabelsOutput


class MaskRecipe(Recipe, frozen=True, kw_only=True):
    """What recipes that train on masks share.

    Attributes:
        patch: side of the windows that are cut, k left out for pictures.
        check_folds: folds trained beforehand, for the card.
        binary_mask: every mask value from `mask_at_least` on is the one label.
        vote_share: mask values count readers out of so many.
    """

    patch: Annotated[tuple[Count, ...], Meta(min_length=2, max_length=3)]
    folds: Annotated[int, Meta(ge=2)] = 5
    check_folds: tuple[int, ...] = ()
    binary_mask: bool = False
    mask_at_least: int = 1
    vote_share: Count | None = None
    skip_without_mask: bool = False


class FirstStage(Part, frozen=True):
    """Settings that replace a recipe's own in the stage whose network the main one goes on from."""

    loop: Loop | None = None
    augment: Augment | None = None
    batch: Count | None = None


class SegmentationRecipe(MaskRecipe, frozen=True, kw_only=True, tag="segmentation"):
    """One network on all training cases.

    Attributes:
        centre_jitter: windows lie within so many voxels of the picture's middle.
        sides: small pictures first, full size last.
    """

    centre_jitter: int | None = None
    sides: Sides = ()
    first: FirstStage | None = None


class StacksRecipe(MaskRecipe, frozen=True, kw_only=True, tag="stacks"):
    """A network over ordered slices, a mask and a score for each.

    Attributes:
        order: column that orders a patient's slices; `run`: slices drawn together.
        score_weight: of the slices' scores in the loss.
        continue_fold: the last fold's network goes on with all patients.
    """

    order: str
    run: Count
    score_weight: NotNegative = 0.5
    points: PointTargets = PointTargets()
    continue_fold: bool = False


def _problems(viewer: Viewer, inference: Inference, _recipe: Recipe | None) -> Iterator[str]:
    score = narrowed(inference, SegmentationInference).output.slice_score
    yield from wrong_network(inference, voxels=True)
    if score is not None and not inference.network.scores:
        yield f"'output.slice_score' asks for a score a slice, and the network '{inference.network.name}' gives none"
    yield from unknown_labels(viewer, (*inference.output.labels, *([score.label] if score else ())))
    rule = narrowed(viewer, SegmentationViewer).finding
    for one in viewer.truth.measured:
        if one.measure not in rule.measure:
            yield f"'viewer.truth.measured' names '{one.measure}', which the pack does not measure"


# ---------------------------------------------------------------- what the network said


def interpret(config: Inference, prepared: Prepared, outputs: Outputs) -> RawOutputs:
    """Labels, probabilities and boundary band on the input's grid; scores where slices have them.

    Args:
        config: the pack's inference.json.
        prepared: the network's input and the way back.
        outputs: a test-time copy each: logits [L, K, J, I] or [K, L, J, I], then slice logits [K, 1] and
            attention [K, K] where the network gives them.
    """
    output = narrowed(config, SegmentationInference).output
    logits = mean([out[0] for out in outputs])
    if logits.shape[1:] != prepared.array.shape:
        logits = np.moveaxis(logits, 1, 0)
    if logits.shape[0] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits])
    if output.logit_bias:
        logits[0] -= output.logit_bias
    shares = softmax(logits / output.temperature)
    strongest = shares[1:].max(axis=0)
    labels = _kept(output, _labels(output, shares), strongest)
    band = ((strongest > BAND[0]) & (strongest < BAND[1])).astype(np.uint8)
    per_slice = _slice_scores(output.slice_score, outputs)
    return RawOutputs(
        prepared,
        scores={name: float(values.max()) for name, values in per_slice.items()},
        slice_scores=per_slice,
        attention=outputs[0][2] if per_slice and len(outputs[0]) > 2 else None,
        labels=prepared.restore_labels(labels),
        probabilities={name: prepared.restore_values(shares[n + 1]) for n, name in enumerate(output.labels)},
        band=prepared.restore_labels(band),
    )


def _labels(output: LabelsOutput, shares: FloatArray) -> Labels:
    """The likeliest label; with `threshold`, a single mask from that probability on."""
    if output.threshold is None or len(shares) != 2:
        return np.asarray(running_argmax(shares))
    mark = min(output.threshold, output.of_peak * float(shares[1].max()))
    return np.asarray(shares[1] > mark).astype(np.uint8)


def _kept(output: LabelsOutput, labels: Labels, strongest: FloatArray) -> Labels:
    """The pieces a pack keeps: all, each label's largest (in all or a slice), or the likeliest near the middle."""
    if output.keep_near_middle is not None:
        return pieces.keep_near_middle(labels, strongest, output.keep_near_middle)
    if output.keep_largest == "slice":
        return np.stack([pieces.keep_largest(plane[None], int(labels.max()))[0] for plane in labels])
    if output.keep_share is not None:
        return pieces.keep_large(labels, output.keep_share)
    return pieces.keep_largest(labels, int(labels.max())) if output.keep_largest else labels


def _slice_scores(block: SliceScore | None, outputs: Outputs) -> dict[str, FloatArray]:
    """Calibrated score of each slice, for segmenters that give one."""
    if block is None:
        return {}
    logits = mean([out[1] for out in outputs])[:, 0]
    return {block.label: sigmoid(logits / block.temperature).astype(np.float32)}


# ---------------------------------------------------------------- masks and findings


def explain(run: Run) -> Pictures:
    """The mask of all segments."""
    assert run.raw.labels is not None
    grid = run.request.image.geometry
    return Pictures((Mask(run.raw.labels, segments(run.pack), grid, run.pack.name, run.raw.band),))


def segments(pack: PackInfo) -> tuple[Segment, ...]:
    """Segment n of a pack's masks = the n-th label of its output."""
    viewer = pack.viewer
    colours = {name: label.colour for name, label in viewer.labels.items()}
    return tuple(
        Segment(n, viewer.label_text(name), viewer.label_code(name), colours.get(name))
        for n, name in enumerate(pack.inference.output.labels, start=1)
    )


def conclude(run: Run, pictures: Pictures) -> Conclusion:
    """One finding for each segment that is there."""
    (mask,) = pictures.masks
    return Conclusion(findings_of(run.pack, run.request, run.raw, mask), _scores(run.pack, run.raw))


def rule_of(pack: PackInfo) -> SegmentRule:
    """What becomes of a pack's segments."""
    return narrowed(pack.viewer, SegmentationViewer).finding


def measures_beat(pack: PackInfo) -> bool:
    """True for a pack that measures the heart over its beat."""
    return isinstance(pack.viewer, SegmentationViewer) and CINE in pack.viewer.finding.measure


def findings_of(pack: PackInfo, request: AnalysisRequest, raw: RawOutputs, mask: Mask) -> tuple[Finding, ...]:
    """A finding for each segment of a mask that is there, measured as the pack asks."""
    rule, volume = rule_of(pack), request.image
    wanted = rule.measure if request.options.volumes else tuple(n for n in rule.measure if n != "volume_mm3")
    scaled = stated_scale(mask, request.options.pixel_mm)
    notes = _unmeasured(wanted, volume.geometry, scaled)
    side = request.options.side
    side = side if side is not Side.NONE else box_side(volume, request.roi)
    found: list[Finding] = []
    for segment, name in zip(mask.segments, pack.inference.output.labels, strict=True):
        inside = mask.labels == segment.number
        if not inside.any() or _too_small(mask, segment.number, rule.min_volume_mm3):
            continue
        box = box_of(inside)
        middle = int(np.argmax(inside.sum(axis=(1, 2))))
        location = Location(_side_words(pack, side), corners(volume.geometry, box), box, middle, segment.number)
        share = raw.probabilities.get(name)
        measured = measures.of_segment(
            wanted, scaled, segment.number, share, rule.not_validated, drawn_line=rule.drawn_line
        )
        made = proposal(pack, request, name, len(found), Place(location, side, measured))
        scored = _with_slice_score(pack, made, inside, raw)
        found.append(replace(scored, notes=(*notes, *scored.notes)))
    return tuple(found)


def _side_words(pack: PackInfo, side: Side) -> str:
    """The side in words; what is asked for in no box (a heart, both lungs) has none to tell."""
    if side is not Side.NONE:
        return f"{side.value.capitalize()} side"
    return "Side unknown" if pack.needs_roi else ""


def stated_scale(mask: Mask, pixel_mm: float) -> Mask:
    """The mask on millimetres that the reader stated, where the file tells none; square pixels of one slice."""
    grid = mask.geometry
    if not pixel_mm or grid.spacing_kind is not SpacingKind.UNKNOWN or grid.shape[0] != 1:
        return mask
    affine = np.array(grid.affine, dtype=np.float64)
    affine[:3, :3] *= pixel_mm / np.linalg.norm(affine[:3, :3], axis=0)
    return replace(mask, geometry=replace(grid, affine=affine, spacing_kind=SpacingKind.PATIENT))


def _unmeasured(names: Sequence[str], grid: Geometry, scaled: Mask) -> tuple[str, ...]:
    """Why sizes that the pack would give are not given, or what they rest on."""
    if not {"volume_mm3", "diameters_mm", "head_circumference"} & set(names):
        return ()
    if scaled.geometry is not grid and grid.spacing_kind is SpacingKind.UNKNOWN:
        stated = f"{scaled.geometry.spacing[1]:g}"
        return (f"Sizes rest on the pixel size of {stated} mm that the reader stated; the file tells none.",)
    if grid.spacing_kind is not SpacingKind.PATIENT:
        return ("No sizes: the file does not tell the spacing of its pixels in the patient.",)
    if "volume_mm3" in names and not grid.is_even:
        return ("No volume: the slices are unevenly spaced.",)
    return ()


def _with_slice_score(pack: PackInfo, finding: Finding, inside: Array, raw: RawOutputs) -> Finding:
    """The score of the highest slice that the segment touches, for packs that score slices."""
    if not raw.slice_scores:
        return finding
    scores = next(iter(raw.slice_scores.values()))
    touched = np.flatnonzero(inside.any(axis=(1, 2)))
    top = int(touched[np.argmax(scores[touched])])
    location, point = replace(finding.location, slice_index=top), pack.viewer.default_point
    notes = slices.deciding(scores, top, raw.attention, point)
    return replace(finding, score=float(scores[top]), operating_point=point, location=location, notes=notes)


def _scores(pack: PackInfo, raw: RawOutputs) -> Mapping[str, float]:
    """Scores by label in words; one a slice too where the pack tells them."""
    text = pack.viewer.label_text
    scores = {text(name): float(score) for name, score in raw.scores.items()}
    if rule_of(pack).slice_scores:
        for name, each in raw.slice_scores.items():
            scores |= {f"{text(name)}, image {k + 1}": float(score) for k, score in enumerate(each)}
    return {name: round(score, 6) for name, score in scores.items()}


def _too_small(mask: Mask, number: int, least_mm3: float) -> bool:
    """True for a segment under the pack's least volume, where millimetres are known."""
    return mask.geometry.spacing_kind is SpacingKind.PATIENT and mask.volume_mm3(number) < least_mm3


TASK = Task(
    name="segmentation",
    viewer=SegmentationViewer,
    inference=SegmentationInference,
    recipes=(SegmentationRecipe, StacksRecipe),
    problems=_problems,
    predict=ImagePrediction(interpret),
    explain=explain,
    conclude=conclude,
    settings=no_settings,
)
