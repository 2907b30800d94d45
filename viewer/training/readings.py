"""Reports as training data: texts with labels, sentences made up beside them, sampling, loss and scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from viewer.analysis import reports
from viewer.analysis.sequences import ReportReader
from viewer.analysis.tasks.report import MadeSentences, ReportRecipe
from viewer.core.analysis import PackInfo
from viewer.training import cases
from viewer.training.loop import Loss

Array = npt.NDArray[Any]
#: Sentences of words.
Text = list[list[str]]

#: What stands for a word hidden in training.
_HIDDEN = "_"
#: Reports that are scored at once.
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Readings:
    """Reports ready for training.

    Attributes:
        texts: sentences of words.
        labels: 0 / 1 [n, L]. codes: 0 / 1 [n, C], the indexers' headings learned beside them.
    """

    texts: list[Text]
    labels: Array
    codes: Array
    patients: list[str]

    def take(self, chosen: Array) -> Readings:
        """The chosen rows, by number."""
        picked = [int(n) for n in chosen]
        texts, patients = [self.texts[n] for n in picked], [self.patients[n] for n in picked]
        return Readings(texts, self.labels[picked], self.codes[picked], patients)


def text_of(pack: PackInfo, case: cases.Case) -> str:
    """A case's columns as one text, each under its heading."""
    told = ((one.heading, case.extra.get(one.column, "")) for one in pack.viewer.truth.text)
    return "\n".join(f"{heading}: {words}" for heading, words in told if words.strip())


def gather(pack: PackInfo, table: Sequence[cases.Case], recipe: ReportRecipe) -> Readings:
    """Texts and truths of table rows."""
    names = pack.inference.output.labels
    told = [set(case.label.split(pack.viewer.truth.joined_by)) for case in table]
    labels = np.array([[float(name in found) for name in names] for found in told], dtype=np.float32)
    headings = [_headings(case.extra.get(recipe.codes, "")) for case in table]
    common = _common(headings, recipe.codes_at_least) if recipe.codes else ()
    codes = np.array([[float(c in found) for c in common] for found in headings], dtype=np.float32)
    texts = [_sentences(text_of(pack, case)) for case in table]
    return Readings(texts, labels, codes.reshape(len(texts), -1), [case.patient for case in table])


def _sentences(text: str) -> Text:
    read = [part for part in reports.parts(text) if part.name == reports.REPORT]
    return reports.plain_words(read[0].sentences if read else ())


def _headings(cell: str) -> set[str]:
    return {one.split("/")[0].strip() for one in cell.split(";")} - {""}


def _common(headings: Sequence[set[str]], least: int) -> tuple[str, ...]:
    counts = Counter(heading for found in headings for heading in found)
    return tuple(sorted(heading for heading, count in counts.items() if count >= least))


def word_list(texts: Sequence[Text], least: int) -> str:
    """Words seen at least so often, between spaces; letters before signs, so that the list begins with none."""
    counts = Counter(word for text in texts for sentence in text for word in sentence)
    kept = [word for word, count in counts.items() if count >= least]
    return " ".join(sorted(kept, key=lambda word: (not word[0].isalpha(), word)))


# ---------------------------------------------------------------- sentences made up


def _phrase(label: str, made: MadeSentences, rng: np.random.Generator) -> str:
    """A finding in words, with a size and a side at times."""
    side = str(rng.choice(made.sides)) if label in made.placed else ""
    return " ".join(w for w in (str(rng.choice(made.before)), side, str(rng.choice(made.terms[label]))) if w.strip())


def _plain(words: str) -> list[str]:
    return reports.plain_words(reports.parts(words)[0].sentences)[0]


def _one(labels: Sequence[str], said: bool, made: MadeSentences, rng: np.random.Generator) -> tuple[list[str], int]:
    """A sentence that says or denies the first labels -> (words, how many it names)."""
    form = str(rng.choice(made.said if said else made.denied))
    named = list(labels[: form.count("{}")])
    while form.count("{}") > len(named):
        form = form.replace(", {}", "", 1) if ", {}" in form else form.replace(" or {}", "", 1)
    return _plain(form.format(*[_phrase(name, made, rng) for name in named])), len(named)


def _two(labels: Sequence[str], made: MadeSentences, rng: np.random.Generator) -> list[str]:
    """A sentence that says the first label and denies the second, or something else."""
    denied = _phrase(labels[1], made, rng) if rng.random() < 0.5 else str(rng.choice(made.others))
    form = str(rng.choice(made.mixed))
    return _plain(form.format(said=_phrase(labels[0], made, rng), denied=denied))


def make_up(
    text: Text, truth: Array, names: Sequence[str], made: MadeSentences, rng: np.random.Generator, *, alone: bool
) -> Text:
    """Add one or two made sentences: a finding the report has not is denied, or (seldomer) said, and then is true.

    Args:
        text: the report; left away where the made sentences stand `alone`.
        truth: its row [L], changed in place.
        names: the labels; those without words of their own (normal) become 0 where something is said.
    """
    parts: Text = [] if alone else list(text)
    if alone:
        truth[: len(names)] = 0
    place = {name: n for n, name in enumerate(names)}
    free = [name for name in made.terms if truth[place[name]] == 0]
    for _ in range(int(rng.integers(1, 3))):
        if not free:
            break
        order = [free[k] for k in rng.permutation(len(free))]
        mixed = len(order) > 1 and bool(rng.random() < made.mixed_share)
        said = bool(rng.random() < (0.5 if alone else 0.35))
        if mixed:
            sentence, count = _two(order, made, rng), 2
        else:
            sentence, count = _one(order[:1] if said else order, said, made, rng)
        if mixed or said:
            truth[place[order[0]]] = 1
            truth[[place[name] for name in names if name not in made.terms]] = 0
        free = [name for name in free if name not in order[:count]]
        parts.insert(int(rng.integers(0, len(parts) + 1)), sentence)
    return parts


# ---------------------------------------------------------------- loss and scores


def make_loss(
    readings: Readings, names: Sequence[str], numbers: Mapping[str, int], recipe: ReportRecipe, seed: int
) -> Loss:
    """The loss of one step; the step number alone fixes its batch."""
    every, count = np.hstack([readings.labels, readings.codes]), len(names)

    def loss(net: nn.Module, step: int) -> Tensor:
        assert isinstance(net, ReportReader)
        rng = np.random.default_rng([seed, step])
        torch.manual_seed(int(rng.integers(2**62)))
        picked = rng.choice(len(every), recipe.batch, replace=False)
        truth, weight, texts = every[picked].copy(), np.ones((recipe.batch, every.shape[1]), np.float32), []
        for n, index in enumerate(picked):
            texts.append(_changed(readings, int(index), names, recipe, rng, truth=truth[n], weight=weight[n]))
        logits = torch.stack([said.sum(0) for said in read(net, texts, numbers)])
        each = functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(truth), reduction="none")
        each = each * torch.from_numpy(weight)
        beside = recipe.code_weight * each[:, count:].mean() if every.shape[1] > count else 0.0
        return torch.as_tensor((each[:, :count].mean() + beside) * recipe.scale)

    return loss


def _changed(
    readings: Readings,
    index: int,
    names: Sequence[str],
    recipe: ReportRecipe,
    rng: np.random.Generator,
    *,
    truth: Array,
    weight: Array,
) -> Text:
    """A report as training sees it; its row of the truth and of the weights is changed with it."""
    text, made = list(readings.texts[index]), recipe.made
    unsaid = [n for n, name in enumerate(names) if name not in made.terms]
    if rng.random() < recipe.join:
        other = int(rng.integers(len(readings.texts)))
        text += readings.texts[other]
        also = np.concatenate([readings.labels[other], readings.codes[other]])
        both = truth[unsaid] * also[unsaid]
        truth[:] = np.maximum(truth, also)
        truth[unsaid] = both
    if rng.random() < made.share:
        alone = bool(rng.random() < made.alone)
        text = make_up(text, truth, names, made, rng, alone=alone)
        if alone:
            weight[unsaid] = 0
            weight[len(names) :] = 0
    if rng.random() < recipe.shuffle:
        text = [text[k] for k in rng.permutation(len(text))]
    odds = recipe.hide * rng.random()
    return [[_HIDDEN if rng.random() < odds else word for word in sentence] for sentence in text]


def read(net: ReportReader, texts: Sequence[Text], numbers: Mapping[str, int]) -> list[Tensor]:
    """What each word adds, [T, labels] a report."""
    x = torch.from_numpy(reports.packed([sentence for text in texts for sentence in text], numbers))
    return net.read(x, [len(text) for text in texts])


@torch.inference_mode()
def score(net: ReportReader, texts: Sequence[Text], numbers: Mapping[str, int], labels: int) -> Array:
    """Logits [n, labels]."""
    net.eval()
    parts = [texts[n : n + _BATCH] for n in range(0, len(texts), _BATCH)]
    said = [words.sum(0)[:labels] for part in parts for words in read(net, part, numbers)]
    return np.asarray(torch.stack(said).numpy())
