"""ECGs as training data: recordings with labels, their changes, sampling, loss and scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from viewer.analysis import ecg
from viewer.analysis.ecg import AFTER, BEFORE, LENGTH
from viewer.analysis.sequences import EcgReader
from viewer.analysis.tasks.ecg import EcgAugment, EcgRecipe
from viewer.core.analysis import PackInfo, Table
from viewer.core.waveform import Waveform
from viewer.reading.formats import wfdb
from viewer.training import cases
from viewer.training.loop import Loss

Array = npt.NDArray[Any]

#: Lead II and the frontal plane: leads I and aVF span it (aVF scaled by 2 / sqrt 3); all six limb leads follow.
_SPANS = np.array([[1, 0], [0.5, 3**0.5 / 2], [-0.5, 3**0.5 / 2], [-(3**0.5) / 2, -0.5], [3**0.5 / 2, -0.5], [0, 1]])
_SCALE = np.array([1, 1, 1, 3**0.5 / 2, 3**0.5 / 2, 3**0.5 / 2])
_PLANE = np.array([[1.0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 2 / 3**0.5]])
#: Beats of which a median is taken in training, at most.
_FEW_BEATS = 6


@dataclass(frozen=True, slots=True)
class Recordings:
    """Recordings ready for training.

    Attributes:
        rhythm: float32 [n, 12, LENGTH]. beats: aligned beats, each [B, 12, BEFORE + AFTER]. median: [n, 12, ...].
        table: float32 [n, FACTS]. truth: 0 / 1 [n, L].
    """

    rhythm: Array
    beats: list[Array]
    median: Array
    table: Array
    truth: Array
    patients: list[str]


def waveform_of(case: cases.Case) -> Waveform:
    """The recording of a case (a WFDB header)."""
    return wfdb.read(case.image)


def person_of(pack: PackInfo, case: cases.Case) -> Table:
    """Age and sex of a case, as far as its row tells them."""
    told: dict[str, float | str] = {}
    if case.extra.get("age", "").strip():
        told["age"] = min(float(case.extra["age"]), 90.0)
    words, said = pack.viewer.truth.sexes, case.extra.get("sex", "").strip()
    known = {words.male: "M", words.female: "F"}
    return told | ({"sex": known[said]} if said and said in known else {})


def gather(pack: PackInfo, table: Sequence[cases.Case]) -> Recordings:
    """Recordings and truths of table rows."""
    names, rows = pack.inference.output.labels, []
    for case in table:
        ready, told = ecg.prepare(ecg.gather(waveform_of(case))), person_of(pack, case)
        age = told.get("age")
        facts = ecg.person(age if isinstance(age, float) else None, str(told.get("sex", "")))
        found = set(case.label.split(pack.viewer.truth.joined_by))
        rows.append((ready, np.concatenate([ready.facts, facts]), [float(name in found) for name in names]))
    return Recordings(
        np.stack([ready.rhythm for ready, _, _ in rows]),
        [_aligned(ready) for ready, _, _ in rows],
        np.stack([ready.median for ready, _, _ in rows]),
        np.stack([facts for _, facts, _ in rows]).astype(np.float32),
        np.array([truth for _, _, truth in rows], dtype=np.float32),
        [case.patient for case in table],
    )


def _aligned(ready: ecg.Ready) -> Array:
    """Beats [B, 12, BEFORE + AFTER] moved to fit the median, their level at 0; the median where there is none."""
    out, seen = [], slice(15, 50)
    for beat in ecg.whole_beats(ready.beats, LENGTH):
        tries = [t - np.median(t[:, 14:22], axis=1, keepdims=True) for t in ecg.moved(ready.rhythm, beat)]
        off = [float(((t - ready.median)[:, seen] ** 2).mean()) for t in tries]
        if min(off) < 0.5 * float((ready.median[:, seen] ** 2).mean()):
            out.append(tries[int(np.argmin(off))])
    return np.stack(out).astype(np.float32) if out else ready.median[None]


# ---------------------------------------------------------------- changes


def augmented(data: Recordings, index: int, rng: np.random.Generator, how: EcgAugment) -> tuple[Array, Array, Array]:
    """One recording, changed as another of the same heart could differ: rhythm, beat, table."""
    beats, table = data.beats[index], data.table[index].copy()
    chosen = beats[rng.choice(len(beats), int(rng.integers(1, min(len(beats), _FEW_BEATS) + 1)), replace=False)]
    beat = np.median(chosen, axis=0) if rng.random() < 0.7 else data.median[index]
    mix, gain = _electrodes(rng, how.electrodes), float(np.exp(rng.normal(0, how.gain)))
    beat, rhythm = mix @ beat * gain, mix @ data.rhythm[index] * gain
    table[4:6] *= gain
    beat = _stretched(beat, rng, how)
    rhythm = np.roll(rhythm, int(rng.integers(0, LENGTH)), axis=1)
    start = int(rng.integers(0, LENGTH - how.crop + 1))
    rhythm = rhythm[:, start : start + how.crop]
    beat = beat + rng.normal(0, 1, beat.shape) * how.noise * rng.random()
    rhythm = rhythm + rng.normal(0, 1, rhythm.shape) * how.noise * rng.random() + _wander(rhythm.shape[1], rng, how)
    if rng.random() < how.lose:
        lost = rng.choice(12, int(rng.integers(1, 4)), replace=False)
        beat[lost], rhythm[lost] = 0, 0
    if rng.random() < how.nobody:
        table[6:] = 0
    return rhythm.astype(np.float32), beat.astype(np.float32), table.astype(np.float32)


def _stretched(beat: Array, rng: np.random.Generator, how: EcgAugment) -> Array:
    count = np.arange(BEFORE + AFTER)
    place = BEFORE + (count - BEFORE) * (1 + rng.uniform(-1, 1) * how.stretch) + rng.uniform(-1, 1) * how.shift
    return np.stack([np.interp(place, count, lead) for lead in beat])


def _wander(samples: int, rng: np.random.Generator, how: EcgAugment) -> Array:
    slow = np.sin(2 * np.pi * (rng.uniform(0.1, 0.5) * np.arange(samples) / ecg.RATE + rng.random()))
    return np.asarray(how.wander * rng.normal(0, 1, (12, 1)) * slow)


def _electrodes(rng: np.random.Generator, reach: float) -> Array:
    """A 12 x 12 matrix: the frontal axis turned a little, each chest electrode slid towards a neighbour."""
    mix, angle = np.eye(12), rng.normal(0, reach * 0.6)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mix[:6, :6] += (_SPANS * _SCALE[:, None]) @ (turn - np.eye(2)) @ _PLANE
    for lead in range(6, 12):
        near = int(np.clip(lead + rng.choice([-1, 1]), 6, 11))
        share = abs(rng.normal(0, reach))
        mix[lead, lead] -= share
        mix[lead, near] += share
    return mix


# ---------------------------------------------------------------- loss and scores


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and spread of the table's columns among the records that are trained on."""

    centre: Array
    spread: Array

    @classmethod
    def of(cls, table: Array) -> Scale:
        """Of a table [n, FACTS]."""
        return cls(table.mean(0).astype(np.float32), (table.std(0) + 1e-3).astype(np.float32))

    def applied(self, table: Array) -> Tensor:
        """The table in these units."""
        return torch.from_numpy(((table - self.centre) / self.spread).astype(np.float32))


def make_loss(data: Recordings, chosen: Array, recipe: EcgRecipe, seed: int, *, scale: Scale, labels: Array) -> Loss:
    """The loss of one step; the step number alone fixes its batch.

    Args:
        labels: what is learned [n, L]: the truth, or softened by trees.
    """
    share = data.truth[chosen].mean(0)
    odds = ((1 - share) / np.maximum(share, 1e-3)) ** recipe.balance
    weight = torch.from_numpy(np.clip(odds, 0.2, 6).astype(np.float32))

    def against(said: Tensor, truth: Tensor) -> Tensor:
        soft = truth * (1 - recipe.smoothing) + 0.5 * recipe.smoothing
        each = functional.binary_cross_entropy_with_logits(said, soft, pos_weight=weight, reduction="none")
        return each.mean()

    def loss(net: nn.Module, step: int) -> Tensor:
        assert isinstance(net, EcgReader)
        rng = np.random.default_rng([seed, step])
        torch.manual_seed(int(rng.integers(2**62)))
        picked = rng.choice(chosen, recipe.batch)
        made = [augmented(data, int(n), rng, recipe.signal) for n in picked]
        rhythm, beat = (torch.from_numpy(np.stack([m[k] for m in made])) for k in range(2))
        table, truth = scale.applied(np.stack([m[2] for m in made])), torch.from_numpy(labels[picked])
        if recipe.signal.mix:
            rhythm, beat, table, truth = _mixed((rhythm, beat, table, truth), rng, recipe.signal.mix)
        shares, _ = net.read(rhythm, beat, table)
        alone = [w * against(shares[:, k], truth) for k, w in enumerate(recipe.alone)]
        return torch.as_tensor(against(shares.sum(1), truth) + sum(alone))

    return loss


def _mixed(batch: Sequence[Tensor], rng: np.random.Generator, alpha: float) -> list[Tensor]:
    """Each record with some of another (Zhang et al. 2018, "mixup"), its own part the larger."""
    count = len(batch[0])
    part = torch.from_numpy(rng.beta(alpha, alpha, count).astype(np.float32))
    part, other = torch.maximum(part, 1 - part), torch.from_numpy(rng.permutation(count))
    shaped = [part.view(-1, *[1] * (one.ndim - 1)) for one in batch]
    return [own * one + (1 - own) * one[other] for own, one in zip(shaped, batch, strict=True)]


@torch.inference_mode()
def score(net: EcgReader, data: Recordings, chosen: Array, scale: Scale) -> Array:
    """Logits [n, L] of the chosen records."""
    net.eval()
    rhythm, median = torch.from_numpy(data.rhythm[chosen]), torch.from_numpy(data.median[chosen])
    return np.asarray(net.read(rhythm, median, scale.applied(data.table[chosen]))[0].sum(1).numpy())


def tree_scores(data: Recordings, chosen: Array, seed: int) -> Array:
    """What extra trees on median beat and table say of the chosen records, each by trees that never saw its patient.

    Returns:
        float32 [n, L], 0 outside `chosen`.
    """
    from sklearn.ensemble import ExtraTreesClassifier

    x, folds_of = np.hstack([data.median.reshape(len(data.median), -1), data.table]), cases.assign_stratified
    folds = folds_of([data.patients[int(n)] for n in chosen], data.truth[chosen], 5, seed)
    out = np.zeros_like(data.truth)
    for fold in range(5):
        mine, held = chosen[folds != fold], chosen[folds == fold]
        trees = ExtraTreesClassifier(300, min_samples_leaf=3, max_features=0.1, random_state=seed, n_jobs=1)
        trees.fit(x[mine], data.truth[mine])
        for k, said in enumerate(trees.predict_proba(x[held])):
            out[held, k] = said[:, -1] if said.shape[1] > 1 else 0.0
    return out
