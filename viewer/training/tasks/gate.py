"""The gate's recipe: own films against adults' films, mirrored films and everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from viewer.analysis.preprocess import prepare
from viewer.analysis.radiographs import RadiographGate
from viewer.analysis.tasks.gate import GateRecipe
from viewer.analysis.tasks.gate import thresholds as thresholds_of
from viewer.core.analysis import PackInfo
from viewer.core.errors import UsageError, ViewerError
from viewer.core.inference import Inference, Normalise
from viewer.core.pack import Figures
from viewer.training import augment, cases, disturb, metrics
from viewer.training.job import WHOLE, Job, Trained, fit
from viewer.training.loop import Judge, Loss, device
from viewer.training.outcomes import MOST_NAMED, Outcome
from viewer.training.tasks.base import TrainingTask
from viewer.training.words import short_name, with_interval

Array = npt.NDArray[Any]

#: What a picture is, and the outliers the network is asked about, in its output's order.
OWN, ADULT, OTHER = 0, 1, 2
QUESTIONS = ("adult film", "not a frontal chest film", "mirrored film", "unlike the training films")
#: Share of own films that each score may stop, of patients the network never saw, as they are and
#: under the simulated shifts of `disturb`: another site's films must not be stopped for their look.
_STOPPED = {"adult film": 0.015, "not a frontal chest film": 0.003, "mirrored film": 0.005, QUESTIONS[3]: 0.003}
_EVERY = 5


@dataclass(frozen=True)
class Pictures:
    """Prepared pictures float16 [n, J, I], what each is, its set and site, and which are held back."""

    images: npt.NDArray[np.float16]
    kinds: Array
    sets: Array
    sites: Array
    held: Array

    def take(self, chosen: Array) -> Pictures:
        """The pictures where `chosen` (bool [n]) says so."""
        return Pictures(*(values[chosen] for values in (self.images, self.kinds, self.sets, self.sites, self.held)))


def train_gate(job: Job[GateRecipe]) -> Trained:
    """Train on own films and outliers; thresholds from held-back own films.

    With `leave_out`, a network is trained without each of these sites of adults first, and measured on
    that site: what the gate may do on adults of a source it does not know.
    """
    pictures = load(job.table, job.pack.inference, job.recipe)
    unseen = {}
    for site in job.recipe.leave_out:
        _, marks, scores = _fitted(job, pictures.take(pictures.sites != site), f"without-{site}", pictures)
        unseen[f"adults of {site}, trained without that site"] = _stopped(scores, marks, pictures.sites == site)
    net, marks, scores = _fitted(job, pictures, WHOLE, pictures)
    folds = {**figures(pictures, scores, marks), **unseen, "own films disturbed": shifted(net, pictures, marks, job)}
    return Trained(net, gate=marks, folds=folds)


def _fitted(
    job: Job[GateRecipe], given: Pictures, name: str, scored: Pictures
) -> tuple[nn.Module, dict[str, float], Array]:
    """A network trained on the given pictures, its thresholds, and its scores of all `scored` ones."""
    where = device()
    kept, held = given.take(~given.held), given.take(given.held)
    net = fit(job, make_loss(kept, job.recipe, where), name, seed=1, judge=make_judge(held, where))
    assert isinstance(net, RadiographGate)
    net.fit_distance(torch.cat([net.features(b) for b in _batches(kept.images[kept.kinds == OWN])]))
    own = held.images[held.kinds == OWN]
    seen = [score(net, own), *(score(net, images) for _, images in _disturbed(own, job))]
    return net, thresholds(np.concatenate(seen)), score(net, scored.images)


def _disturbed(own: npt.NDArray[np.float16], job: Job[GateRecipe]) -> Iterator[tuple[str, npt.NDArray[np.float16]]]:
    """Own films under each simulated shift."""
    (step,) = [s for s in job.pack.inference.preprocess if isinstance(s, Normalise)]
    for name in disturb.DISTURBANCES:
        yield name, disturb.disturbed(own, name, step)


def shifted(net: nn.Module, pictures: Pictures, marks: Mapping[str, float], job: Job[GateRecipe]) -> dict[str, Any]:
    """Share of held-back own films that is stopped under each simulated shift."""
    own = pictures.images[pictures.held & (pictures.kinds == OWN)]
    every = np.ones(len(own), dtype=bool)
    return {name: _stopped(score(net, images), marks, every)["stopped"] for name, images in _disturbed(own, job)}


def load(table: cases.CaseTable, config: Inference, recipe: GateRecipe) -> Pictures:
    """Own films of the table's train split; outliers from the tables beside its folder."""
    images, kinds, sets, sites, held = [], [], [], [], []
    beside = table.path.resolve().parent.parent
    for kind, names in ((OWN, [""]), (ADULT, recipe.adult), (OTHER, recipe.other)):
        for name in names:
            chosen = _cases(table if not name else _sibling(beside, name))
            order = {patient: n for n, patient in enumerate(dict.fromkeys(c.patient for c in chosen))}
            for case in chosen:
                try:
                    volume = cases.load_quickly(case.image)
                    plane = prepare(volume, config.preprocess).array[volume.shape[0] // 2]
                except ViewerError:
                    continue
                images.append(plane.astype(np.float16))
                kinds.append(kind)
                sets.append(name)
                sites.append(case.extra.get("site", ""))
                held.append(order[case.patient] % _EVERY == 0)
    columns = (np.array(values) for values in (kinds, sets, sites, held))
    return Pictures(np.stack(images), *columns)


def _cases(table: cases.CaseTable) -> list[cases.Case]:
    """Training cases in order of patient: every fifth patient is held back."""
    return sorted(table.of("train"), key=lambda c: (c.patient, c.name))


def _sibling(beside: Path, name: str) -> cases.CaseTable:
    path = beside / name / "cases.csv"
    if not path.is_file():
        raise UsageError(f"The gate's recipe also needs the set '{name}' beside the table's folder.", "Put it there.")
    return cases.read_table(path)


def make_loss(pictures: Pictures, recipe: GateRecipe, where: torch.device) -> Loss:
    """Balanced batches; a third of the films mirrored, some own films turned or inverted as outliers."""
    weights, config, seed = _weights(pictures, recipe), recipe.augment, recipe.loop.seed

    def loss(net: nn.Module, step: int) -> Tensor:
        rng = np.random.default_rng([seed, step])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        chosen = rng.choice(len(weights), recipe.batch, p=weights)
        images = torch.from_numpy(pictures.images[chosen].astype(np.float32))[:, None]
        kinds = torch.from_numpy(pictures.kinds[chosen])
        images = augment.swap_looks(images, kinds != OTHER, recipe.swap_looks, generator)
        images, kinds, mirrored = _spoil(images, kinds, generator)
        moved, _ = augment.spatial(images, None, config.spatial, generator)
        changed = augment.intensity(moved, config.intensity, generator)
        changed = augment.erase(changed, config, generator)
        logits = net(changed.to(where))[0][:, :3].float()
        truth = torch.stack([kinds == ADULT, kinds == OTHER, mirrored], dim=1).float().to(where)
        asked = torch.stack([kinds != OTHER, kinds >= OWN, kinds != OTHER], dim=1).float().to(where)
        soft = truth * (1 - recipe.smoothing) + 0.5 * recipe.smoothing
        each = functional.binary_cross_entropy_with_logits(logits, soft, reduction="none")
        return (each * asked).sum() / asked.sum()

    return loss


def _weights(pictures: Pictures, recipe: GateRecipe) -> npt.NDArray[np.float64]:
    """Sampling weights: stated shares of adults and others, each set of others alike."""
    shares = {ADULT: recipe.share_adult, OTHER: recipe.share_other}
    shares[OWN] = 1 - sum(shares.values())
    weights = np.zeros(len(pictures.kinds))
    for kind, share in shares.items():
        names = np.unique(pictures.sets[pictures.kinds == kind])
        for name in names:
            mine = (pictures.kinds == kind) & (pictures.sets == name)
            weights[mine] = share / len(names) / mine.sum()
    return np.asarray(weights / weights.sum())


def _spoil(images: Tensor, kinds: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Mirror a third of the films; turn, tip over or invert a tenth of them, which makes them "other"."""
    draw = torch.rand(len(images), generator=rng)
    film = kinds != OTHER
    mirrored = film & (draw < 0.33)
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
    spoilt = film & (draw > 0.88)
    ways = torch.randint(0, 4, (len(images),), generator=rng)
    made = [images.flip(2), images.transpose(2, 3), images.transpose(2, 3).flip(2), -images]
    for way, variant in enumerate(made):
        images = torch.where((spoilt & (ways == way))[:, None, None, None], variant, images)
    kinds = torch.where(spoilt, torch.full_like(kinds, OTHER), kinds)
    return images, kinds, mirrored & ~spoilt


def _batches(images: npt.NDArray[np.float16], size: int = 64) -> list[Tensor]:
    return [torch.from_numpy(images[n : n + size].astype(np.float32))[:, None] for n in range(0, len(images), size)]


@torch.inference_mode()
def score(net: nn.Module, images: npt.NDArray[np.float16]) -> Array:
    """Sigmoid scores [n, 4] in the order of `QUESTIONS`."""
    return np.concatenate([torch.sigmoid(net(batch)[0].float()).numpy() for batch in _batches(images)])


def thresholds(own: Array) -> dict[str, Any]:
    """Thresholds that stop the stated small shares of own films the network never saw."""
    return {name: round(float(np.quantile(own[:, n], 1 - _STOPPED[name])), 5) for n, name in enumerate(QUESTIONS)}


def _stopped(scores: Array, marks: Mapping[str, float], chosen: Array) -> dict[str, Any]:
    """Count and share stopped of the chosen pictures, with an interval; mirrored ones are counted apart."""
    over = np.stack([scores[chosen, n] > marks[name] for n, name in enumerate(QUESTIONS)], axis=1)
    stopped: Array = np.asarray(over[:, [0, 1, 3]].any(axis=1))
    return {"n": int(chosen.sum()), "stopped": float(stopped.mean()), "stopped_ci": metrics.share_ci(stopped)}


def figures(pictures: Pictures, scores: Array, marks: Mapping[str, float]) -> dict[str, Any]:
    """Share stopped, and the AUC against own films, for held-back own films and every outlier set."""
    worst = scores[:, [0, 1, 3]].max(axis=1)
    own = pictures.held & (pictures.kinds == OWN)
    out: dict[str, Any] = {"own films": _stopped(scores, marks, own)}
    out["own films"]["called mirrored"] = float((scores[own, 2] > marks["mirrored film"]).mean())
    for name in np.unique(pictures.sets[pictures.kinds != OWN]):
        mine = pictures.held & (pictures.sets == name)
        truth = np.concatenate([np.zeros(own.sum()), np.ones(mine.sum())])
        both = np.concatenate([worst[own], worst[mine]])
        out[str(name)] = {**_stopped(scores, marks, mine), "auc": metrics.auc(truth, both)}
    return out


def make_judge(held: Pictures, where: torch.device) -> Judge:
    """AUC of own films against adults and against everything else."""

    def judge(net: nn.Module) -> dict[str, float]:
        scores = score(net, held.images)
        out = {}
        for name, kind, column in (("adult", ADULT, 0), ("other", OTHER, 1)):
            chosen = (held.kinds == OWN) | (held.kinds == kind)
            out[name] = metrics.auc((held.kinds[chosen] == kind).astype(int), scores[chosen, column])
        return {**out, "auc": min(out.values())}

    return judge


def summary(pack: PackInfo, outcomes: Sequence[Outcome]) -> Figures:
    """Share of the cases over each threshold of a gate pack, and over any, which cases by name."""
    if not outcomes:
        return {}
    marks = thresholds_of(pack.viewer)
    over = {name: np.array([o.scores[name] > mark for o in outcomes]) for name, mark in marks.items()}
    over["any"] = np.any(list(over.values()), axis=0)
    stopped = {
        name: {"stopped": float(is_over.mean()), "stopped_ci": metrics.share_ci(is_over),
               "cases": [o.case.name for o, yes in zip(outcomes, is_over, strict=True) if yes][:MOST_NAMED]}
        for name, is_over in over.items()
    }  # fmt: skip
    return {"stopped": stopped}


def card(results: Figures) -> list[str]:
    """What a gate pack stopped of its own kind of film."""
    stopped = results.get("stopped", {})
    rows = ["| question | own films stopped (95%) | which |", "|---|---|---|"]
    rows += [
        f"| {n} | {with_interval(s, 'stopped')} | {', '.join(map(short_name, s['cases']))} |"
        for n, s in stopped.items()
    ]
    return ["\n".join(rows)] if stopped else []


TRAINING = TrainingTask({GateRecipe: train_gate}, summary, card)
