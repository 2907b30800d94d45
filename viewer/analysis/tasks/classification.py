"""Classification: scores of a picture, heatmaps, and a finding for each warm region of a label that is found.

A label at or above the pack's default operating point becomes one finding for each warm region of its
heatmap. Sides are told only where the file says them; places only where a heatmap can be believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from viewer.analysis.findings import Place, box_of, corners, proposal
from viewer.analysis.inference import RawOutputs, mean, sigmoid
from viewer.analysis.preprocess import Prepared
from viewer.analysis.recipe import LoopChanges, PointTargets, Recipe, Sides
from viewer.analysis.resample import resize_plane
from viewer.analysis.sides import radiograph_side
from viewer.analysis.tasks.base import (
    Conclusion,
    ImagePrediction,
    Outputs,
    Pictures,
    Run,
    Task,
    narrowed,
    unknown_labels,
    wrong_network,
)
from viewer.core.analysis import PackInfo
from viewer.core.finding import Code, Finding, Location, Measurement, Side
from viewer.core.inference import Inference, Output
from viewer.core.pack import Part, Positive, Share, Viewer
from viewer.core.task import Progress
from viewer.core.volume import Heatmap, Volume

if TYPE_CHECKING:
    from viewer.analysis.explain import Explainer

FloatArray = npt.NDArray[np.float32]
Array = npt.NDArray[Any]

#: At most this many regions become findings of their own.
MAX_REGIONS = 3

HEAT_SHARE = Code("HEATSHARE", "99SECONDREAD", "Share of heatmap energy")


# ---------------------------------------------------------------- what its packs hold


class HeatRule(Part, frozen=True):
    """From which share of a heatmap's peak on it is warm, and which regions are told apart."""

    heat_threshold: Share = 0.5
    min_energy_share: Share = 0.1


class ClassificationViewer(Viewer, frozen=True, kw_only=True):
    """The `viewer` block of a classifier."""

    finding: HeatRule = HeatRule()


class ScoresOutput(Output, frozen=True, kw_only=True):
    """One score a label."""

    kind: Literal["scores"]


class ClassificationInference(Inference, frozen=True, kw_only=True):
    """The inference.json of a classifier."""

    output: ScoresOutput


class Balance(Part, frozen=True):
    """Shortcuts taken away from training: columns made even, sizes weighted away, within `clip`."""

    even: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    clip: Annotated[float, Meta(ge=1)] = 4.0


class Distil(Part, frozen=True):
    """One network taught by the fold members.

    Attributes:
        weight: share 0..1 of the loss that comes from the members; the rest comes from the hard labels.
        temperature: logits are divided by it before the sigmoid, which softens the scores.
        loop: settings that replace the recipe's own for this network.
    """

    weight: Share = 0.7
    temperature: Positive = 2.0
    loop: LoopChanges = LoopChanges()


class ClassificationRecipe(Recipe, frozen=True, kw_only=True, tag="classification"):
    """Fold members of a classifier of radiographs.

    Attributes:
        positive: label -> word of the table's `label` column that means yes.
        run_folds: folds that are trained; all where None.
        field_weight: of the lung-field side task in the loss.
    """

    positive: Annotated[dict[str, str], Meta(min_length=1)]
    folds: Annotated[int, Meta(ge=2)]
    sides: Annotated[Sides, Meta(min_length=1)]
    run_folds: tuple[int, ...] | None = None
    points: PointTargets = PointTargets()
    balance: Balance = Balance()
    smoothing: Share = 0.0
    field_weight: Annotated[float, Meta(ge=0)] = 0.3
    distil: Distil | None = None


def _problems(viewer: Viewer, inference: Inference, recipe: Recipe | None) -> Iterator[str]:
    said = inference.output.labels
    yield from wrong_network(inference, voxels=False)
    yield from unknown_labels(viewer, said)
    if isinstance(recipe, ClassificationRecipe) and tuple(recipe.positive) != said:
        yield f"'positive' of {', '.join(recipe.positive)} is not what the network says ({', '.join(said)})"
    if not any(point.name == "default" for point in viewer.operating_points):
        yield "a classifier needs an operating point named default"


# ---------------------------------------------------------------- what the network said


def interpret(config: Inference, prepared: Prepared, outputs: Outputs) -> RawOutputs:
    """Scores of the highest slice, of every slice, and class activation maps on the input's grid.

    Args:
        config: the pack's inference.json.
        prepared: the network's input and the way back.
        outputs: a test-time copy each: logits [K, L], and where the network gives them activation
            [K, L, j, i] and lung-field logits [K, 1, j, i].
    """
    names, heat = config.output.labels, config.output.temperature
    all_logits = np.stack([out[0] for out in outputs])
    logits = all_logits.mean(axis=0)
    shares = sigmoid(logits / heat)
    spread = sigmoid(all_logits / heat).std(axis=0)
    top = shares.argmax(axis=0)
    maps = _maps(names, prepared, outputs) if len(outputs[0]) > 1 else {}
    return RawOutputs(
        prepared,
        scores={name: float(shares[top[n], n]) for n, name in enumerate(names)},
        slice_scores={name: shares[:, n].astype(np.float32) for n, name in enumerate(names)},
        logits={name: float(logits[top[n], n]) for n, name in enumerate(names)},
        spread={name: float(spread[top[n], n]) for n, name in enumerate(names)},
        maps=maps,
        lung_field=outputs[0][2] if len(outputs[0]) > 2 else None,
    )


def _maps(names: Sequence[str], prepared: Prepared, outputs: Outputs) -> dict[str, FloatArray]:
    """Class activation maps: positive part, peak 1, on the input grid."""
    heat = mean([out[1] for out in outputs])
    size = (prepared.array.shape[1], prepared.array.shape[2])
    maps = {}
    for n, name in enumerate(names):
        planes = np.stack([resize_plane(plane, size) for plane in np.maximum(heat[:, n], 0.0)])
        peak = float(planes.max())
        maps[name] = prepared.restore_values(planes / peak if peak > 0 else planes)
    return maps


# ---------------------------------------------------------------- heatmaps


def explain(run: Run) -> Pictures:
    """A heatmap for every label; those at or above the threshold are tested for whether they can be believed."""
    from viewer.analysis.explain import Explainer

    explainer = Explainer(run.pack, run.loaded(), run.infer, run.raw)
    if not explainer.can_draw:
        return Pictures()
    made: dict[str, Heatmap] = {}
    for number, name in enumerate(run.raw.scores):
        run.cancel.check()
        run.on_progress(Progress("Explaining", number / len(run.raw.scores)))
        made[name] = _heatmap(run, explainer, number, name)
    return Pictures(heatmaps=made)


def _heatmap(run: Run, explainer: Explainer, number: int, name: str) -> Heatmap:
    options, tested = run.request.options, None
    if options.explain == "occlusion":
        values, tested = explainer.occlusion(number, run.on_progress, run.cancel)
    else:
        values = explainer.heat(name, number)
        if options.saliency_checks and run.raw.scores[name] >= run.pack.viewer.default_point.threshold:
            tested = explainer.check(number, run.cancel)
    heat = Heatmap(values, run.request.image.geometry, run.pack.viewer.label_text(name))
    return heat if tested is None else replace(heat, honest=tested.passed, honesty=tested.words)


# ---------------------------------------------------------------- findings


@dataclass(frozen=True, slots=True)
class Region:
    """A warm patch of a heatmap: mask [K, J, I], share of all heat (0..1)."""

    mask: npt.NDArray[np.bool_]
    share: float


def conclude(run: Run, pictures: Pictures) -> Conclusion:
    """Findings of the labels at or above the threshold, and how many stayed under it."""
    viewer = narrowed(run.pack.viewer, ClassificationViewer)
    point, volume, lungs = viewer.default_point, run.request.image, _lungs(run.raw)
    found: list[Finding] = []
    below = 0
    for name, score in run.raw.scores.items():
        if score < point.threshold:
            below += 1
            continue
        heat = pictures.heatmaps.get(name)
        for place in _places(viewer.finding, volume, heat, lungs):
            made = proposal(run.pack, run.request, name, len(found), place)
            found.append(replace(made, score=score, operating_point=point))
    scores = {viewer.label_text(name): round(float(score), 6) for name, score in run.raw.scores.items()}
    return Conclusion(tuple(found), scores, below)


def _lungs(raw: RawOutputs) -> Array | None:
    """Bool [K, J, I] where the network saw lungs, None where it has no such output."""
    if raw.lung_field is None:
        return None
    size = (raw.seen.array.shape[1], raw.seen.array.shape[2])
    shares = np.stack([resize_plane(sigmoid(field[0]), size) for field in raw.lung_field])
    return raw.seen.restore_values(shares.astype(np.float32)) >= 0.5


def _places(rule: HeatRule, volume: Volume, heat: Heatmap | None, lungs: Array | None) -> list[Place]:
    """One place a warm region; none is told where no heatmap can be believed."""
    if heat is None or heat.honest is False:
        failed = heat is not None
        return [Place(Location("Place unknown: the heatmap failed its check" if failed else "Place unknown"))]
    regions = warm_regions(heat.values, rule.heat_threshold, rule.min_energy_share)
    return [_place(volume, region, lungs) for region in regions] or [Place(Location("Place unknown"))]


def warm_regions(values: Array, warm: float = 0.5, least: float = 0.1) -> tuple[Region, ...]:
    """Connected patches of at least `warm` of the peak, most heat first.

    Args:
        values: heatmap [K, J, I], 0 or more.
        warm: share of the peak.
        least: patches with a smaller share of the warm heat are left out.

    Returns:
        At most `MAX_REGIONS`; each one's share is its heat over the heat of all warm patches.
    """
    from scipy import ndimage

    peak = float(values.max(initial=0.0))
    if peak <= 0:
        return ()
    parts, count = ndimage.label(values >= warm * peak)
    energy = ndimage.sum_labels(values, parts, np.arange(1, count + 1))
    total = float(energy.sum())
    order = np.argsort(-energy, kind="stable")[:MAX_REGIONS]
    kept = [n for n in order if energy[n] / total >= least]
    return tuple(Region(parts == n + 1, float(energy[n] / total)) for n in kept)


def _place(volume: Volume, region: Region, lungs: Array | None) -> Place:
    centre = np.array(np.nonzero(region.mask)).mean(axis=1)
    side = radiograph_side(volume, float(centre[2]))
    zone = _zone(float(centre[1]), _rows_of(region, lungs, volume.shape[1], float(centre[2])))
    text = f"{side.value.capitalize()} {zone}" if side is not Side.NONE else f"{zone.capitalize()}, side unknown"
    box = box_of(region.mask)
    location = Location(text, corners(volume.geometry, box), box, round(float(centre[0])))
    measured = (Measurement("Share of heatmap energy", round(region.share * 100, 1), "%", HEAT_SHARE),)
    return Place(location, side, measured)


def _rows_of(region: Region, lungs: Array | None, rows: int, column: float) -> tuple[float, float]:
    """First and last row of the lung on the region's half of the picture; all rows without lungs."""
    if lungs is not None:
        half = np.zeros_like(region.mask)
        middle = region.mask.shape[2] // 2
        half[..., slice(0, middle) if column < middle else slice(middle, None)] = True
        found = np.flatnonzero((lungs & half).any(axis=(0, 2)))
        if found.size:
            return float(found[0]), float(found[-1])
    return 0.0, float(rows - 1)


def _zone(row: float, rows: tuple[float, float]) -> str:
    """Upper, middle or lower zone: thirds of the lung's height (of the picture's, without lungs)."""
    share = (row - rows[0]) / max(1.0, rows[1] - rows[0])
    return "upper zone" if share < 1 / 3 else "middle zone" if share < 2 / 3 else "lower zone"


def _settings(pack: PackInfo) -> dict[str, Any]:
    point = pack.viewer.default_point
    return {"operating_point": point.name, "threshold": point.threshold}


TASK = Task(
    name="classification",
    viewer=ClassificationViewer,
    inference=ClassificationInference,
    recipes=(ClassificationRecipe,),
    problems=_problems,
    predict=ImagePrediction(interpret),
    explain=explain,
    conclude=conclude,
    settings=_settings,
)
