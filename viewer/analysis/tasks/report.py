"""Report: what a report's text says and denies, with side, sentence and the words that decided.

The report (its findings and impression) and the indication are read apart: "query pneumonia" asks, it does not say.
A label at or above its own threshold becomes a finding that quotes its sentence; a label that the text names without
reaching it is told as denied, which nobody judges. Nothing here changes a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from viewer.analysis import reports
from viewer.analysis.findings import Place, proposal
from viewer.analysis.inference import FloatArray, Infer, RawOutputs, sigmoid
from viewer.analysis.recipe import Recipe
from viewer.analysis.reports import Part, Sentence, Word
from viewer.analysis.tasks.base import (
    Conclusion,
    Pictures,
    Run,
    Task,
    narrowed,
    no_settings,
    unknown_labels,
)
from viewer.analysis.tasks.labels import LabelsViewer, in_words, point_of, unknown_points
from viewer.core.analysis import Box, GateReason, Input, PackInfo, Suitability
from viewer.core.errors import UsageError
from viewer.core.finding import Evidence, EvidenceKind, Finding, Location, Side
from viewer.core.inference import Inference, InputKind, Output, ReportReader
from viewer.core.pack import Count, Names, NotNegative, Share, Viewer
from viewer.core.pack import Part as PackPart
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress

#: At most so many words are shown to have decided.
_MOST_WORDS = 6
#: A sentence speaks for a finding that has this share of the strongest one's evidence.
_SPEAKS = 0.15
#: Fewer words than this say too little of their language to refuse it.
_FEW_WORDS = 6
#: A quotation is cut to so many letters.
_QUOTED = 160


# ---------------------------------------------------------------- what its packs hold


class ReportRule(PackPart, frozen=True):
    """How a text is read.

    Attributes:
        quiet: labels that are no finding ("normal").
        terms: label -> words by which a text names it; one that is named and not said is told as denied.
        sided: labels of which a side is told.
        most_words: longer texts are refused. `unknown`: from this share of unknown words on a text is refused as
            being in another language.
    """

    quiet: tuple[str, ...] = ()
    terms: dict[str, Names] = {}
    sided: tuple[str, ...] = ()
    most_words: Count = 3000
    unknown: Share = 0.34


class ReportViewer(LabelsViewer, frozen=True, kw_only=True):
    """The `viewer` block of a reader of reports."""

    finding: ReportRule = ReportRule()


class ReportOutput(Output, frozen=True, kw_only=True):
    """One score a label, a sum over words."""

    kind: Literal["report"]


class ReportInference(Inference, frozen=True, kw_only=True):
    """The inference.json of a reader of reports; `words` is its word list, between spaces."""

    output: ReportOutput
    words: str


class MadeSentences(PackPart, frozen=True):
    """Sentences made in training, so that a finding denied is none; `{}` takes a finding's words.

    Attributes:
        share: of the reports that get one or two. `alone`: share of these that stand for themselves.
        mixed_share: share of them that say one finding and deny another ("{said}", "{denied}").
        terms: label -> its words. `before`: words before them. `sides`: before those of `placed` labels.
        others: what is denied besides the labels.
    """

    share: Share
    alone: Share
    mixed_share: Share
    terms: dict[str, Names]
    said: Names
    denied: Names
    mixed: Names
    before: Names
    sides: Names
    placed: Names
    others: Names


class ReportRecipe(Recipe, frozen=True, kw_only=True, tag="report"):
    """Fold members of a reader of reports; word list and thresholds come from the training split.

    Attributes:
        codes: column of the indexers' headings, learned beside the labels where at least `codes_at_least` have one.
        word_at_least: rarer words are unknown.
        join, shuffle, hide: odds of two reports as one, of sentences in another order, most of words hidden.
        scale: of the loss; `code_weight`: of the headings in it.
    """

    folds: Annotated[int, Meta(ge=2)]
    made: MadeSentences
    codes: str = ""
    codes_at_least: Count = 10
    code_weight: NotNegative = 0.5
    word_at_least: Count = 2
    join: Share = 0.0
    shuffle: Share = 0.0
    hide: Share = 0.0
    scale: NotNegative = 10.0


def _problems(viewer: Viewer, inference: Inference, recipe: Recipe | None) -> Iterator[str]:
    said, of = inference.output.labels, narrowed(viewer, ReportViewer)
    yield from unknown_labels(viewer, said)
    yield from unknown_points(of, said)
    for place, names in (("quiet", of.finding.quiet), ("terms", of.finding.terms), ("sided", of.finding.sided)):
        yield from (
            f"'viewer.finding.{place}' names '{n}', which the network does not say" for n in names if n not in said
        )
    if isinstance(recipe, ReportRecipe):
        for name in (*recipe.made.terms, *recipe.made.placed):
            if name not in said:
                yield f"the recipe's made sentences name '{name}', which the network does not say"
    if set(inference.inputs.items()) != {("text", InputKind.TEXT)}:
        yield "a reader of reports takes one input, 'text'"
    network, words = inference.network, len(narrowed(inference, ReportInference).words.split())
    if isinstance(network, ReportReader) and network.args.vocabulary != words:
        yield f"the network knows {network.args.vocabulary} words and 'words' lists {words}"


# ---------------------------------------------------------------- the gate


def text_of(inputs: Mapping[str, Input]) -> str:
    """The text that is read.

    Raises:
        UsageError: there is none.
    """
    text = inputs.get("text")
    if not isinstance(text, str):
        raise UsageError("The analysis was given no text.", "Type or open a report and run it again.")
    return text


def _gate(pack: PackInfo, inputs: Mapping[str, Input]) -> Iterator[GateReason]:
    """Empty, too long, or in another language."""
    rule = narrowed(pack.viewer, ReportViewer).finding
    text = text_of(inputs)
    rough = len(text.split())
    if rough > rule.most_words:
        said = f"The text has {rough:,} words; this pack reads reports of up to {rule.most_words:,}."
        yield GateReason("length", Suitability.REFUSE, said, todo="Give it one report at a time.")
        return
    words = [word for part in reports.parts(text) for word in part.words if word.start < word.end]
    if not words:
        yield GateReason("empty", Suitability.REFUSE, "There is no text to read.", todo="Type or open a report.")
        return
    yield _language(words, reports.unknown_share(words, _numbers(pack)), rule.unknown)


def _language(words: Sequence[Word], unknown: float, most: float) -> GateReason:
    tag = f"{unknown:.0%} of {len(words)} words unknown"
    if unknown < most:
        return GateReason("language", Suitability.RUN, "The words are those of English reports.", tag)
    if len(words) < _FEW_WORDS and all(word.word.isascii() for word in words):
        few = "Few words, and most of them are unknown to this pack; they may be missed."
        return GateReason("language", Suitability.WARN, few, tag)
    other = "The text does not read like an English report; this pack knows no other language."
    return GateReason("language", Suitability.REFUSE, other, tag)


def _numbers(pack: PackInfo) -> dict[str, int]:
    return reports.numbers_of(narrowed(pack.inference, ReportInference).words)


# ---------------------------------------------------------------- what the network said


@dataclass(frozen=True, slots=True, eq=False)
class ReadPart:
    """A part of the text as the network read it: logits [L], and what each word adds [T, L]."""

    part: Part
    logits: FloatArray
    words: FloatArray


def _predict(
    pack: PackInfo,
    infer: Infer,
    inputs: Mapping[str, Input],
    roi: Box | None,  # noqa: ARG001 - a text has no box
    *,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> RawOutputs:
    """Every part of the text; the scores are those of the report, or of the indication where that is all."""
    numbers, read = _numbers(pack), []
    viewer, names = narrowed(pack.viewer, ReportViewer), pack.inference.output.labels
    found = reports.parts(text_of(inputs))
    for n, part in enumerate(found):
        if cancel is not None:
            cancel.check()
        on_progress(Progress("Reading", n / len(found)))
        logits, words = infer(reports.packed(reports.plain_words(part.sentences), numbers))
        read.append(ReadPart(part, logits[0], words))
    first = read[0].logits if read else infer(reports.packed([["."]], numbers))[0][0]
    scores = _scores(viewer, names, first)
    logits_by_name = {name: float(value) for name, value in zip(names, first, strict=True)}
    return RawOutputs(scores=scores, logits=logits_by_name, detail=tuple(read))


def _scores(viewer: LabelsViewer, names: Sequence[str], logits: FloatArray) -> dict[str, float]:
    heat = [viewer.points[name].temperature for name in names]
    return {name: float(sigmoid(logits[k] / heat[k])) for k, name in enumerate(names)}


def _explain(_run: Run) -> Pictures:
    """Nothing to draw: the words that decided go with the findings."""
    return Pictures()


def _conclude(run: Run, _pictures: Pictures) -> Conclusion:
    """What the text says, and what it denies."""
    viewer, names = narrowed(run.pack.viewer, ReportViewer), run.pack.inference.output.labels
    text, below = text_of(run.request.inputs), 0
    said: list[Finding] = []
    denied: list[Finding] = []
    read = narrowed(run.raw.detail, tuple)
    for one in read:
        scores = _scores(viewer, names, one.logits)
        for k, name in enumerate(names):
            found = _finding(run, one, k, text, number=len(said) + len(denied), score=scores[name])
            if name in viewer.finding.quiet:
                continue
            if scores[name] >= viewer.points[name].threshold:
                said.append(found)
            elif _named(viewer.finding, name, one.part):
                denied.append(_denied(run, found, one, k, text))
            else:
                below += one is read[0]
    told = in_words(run.pack, run.raw.scores)
    for one in read[1:]:
        each = in_words(run.pack, _scores(viewer, names, one.logits))
        told |= {f"{label}, {one.part.name}": score for label, score in each.items()}
    return Conclusion(tuple(said), told, below, tuple(denied))


def _finding(run: Run, read: ReadPart, label: int, text: str, *, number: int, score: float) -> Finding:
    name = run.pack.inference.output.labels[label]
    viewer = narrowed(run.pack.viewer, ReportViewer)
    adds = np.maximum(read.words[:, label], 0.0)
    sums = _by_sentence(read.part, adds)
    strongest = read.part.sentences[int(np.argmax(sums))]
    side = _side(read.part, sums) if name in viewer.finding.sided else Side.NONE
    place = Place(Location(read.part.name.capitalize()), side)
    made = replace(proposal(run.pack, run.request, name, number, place), notes=(_quoted(strongest, text),))
    point = point_of(viewer, name)
    return replace(made, score=score, operating_point=point, evidence=_evidence(read.part.words, adds, text))


def _by_sentence(part: Part, adds: FloatArray) -> FloatArray:
    """What each sentence adds, [S], of what each word does, [T]."""
    ends = np.cumsum([len(sentence.words) for sentence in part.sentences])[:-1]
    return np.array([piece.sum() for piece in np.split(adds, ends)], dtype=np.float32)


def _side(part: Part, sums: FloatArray) -> Side:
    """The side that the strongest sentence names which speaks for the finding and names one."""
    named = [reports.side_of([w.word for w in s.words]) for s in part.sentences]
    speaks = [n for n, side in enumerate(named) if side and sums[n] >= _SPEAKS * sums.max()]
    return Side(named[max(speaks, key=lambda n: float(sums[n]))]) if speaks else Side.NONE


def _quoted(sentence: Sentence, text: str) -> str:
    """The sentence it rests on: a note, since its words may name a side that the finding does not take over."""
    words = " ".join(text[sentence.start : sentence.end].split())
    cut = words if len(words) <= _QUOTED else f"{words[:_QUOTED].rsplit(' ', 1)[0]} …"
    return f"The text reads: '{cut}'."


def _evidence(words: Sequence[Word], adds: FloatArray, text: str) -> tuple[Evidence, ...]:
    """The words that decided, strongest first."""
    total = float(adds.sum())
    told = np.array([word.word[0].isalnum() and word.start < word.end for word in words])
    order = [int(n) for n in np.argsort(-(adds * told))[:_MOST_WORDS] if told[n] and adds[n] > 0]
    return tuple(_word(words[n], float(adds[n]) / total, text) for n in order)


def _word(word: Word, share: float, text: str) -> Evidence:
    return Evidence(EvidenceKind.WORDS, word.start, word.end, round(share, 4), text[word.start : word.end])


def _named(rule: ReportRule, name: str, part: Part) -> bool:
    return _naming(rule, name, part) is not None


def _naming(rule: ReportRule, name: str, part: Part) -> Sentence | None:
    """The first sentence that names a label."""
    for sentence in part.sentences:
        plain = [word.word for word in sentence.words]
        if any(reports.names_term(plain, term) for term in rule.terms.get(name, ())):
            return sentence
    return None


def _denied(run: Run, found: Finding, read: ReadPart, label: int, text: str) -> Finding:
    """A label that is named and not said: the sentence that names it, and the words that speak against it."""
    rule, name = narrowed(run.pack.viewer, ReportViewer).finding, run.pack.inference.output.labels[label]
    sentence = _naming(rule, name, read.part)
    assert sentence is not None
    against = np.maximum(-read.words[:, label], 0.0)
    inside = np.array([word in sentence.words for word in read.part.words])
    evidence = _evidence(read.part.words, against * inside, text)
    return replace(found, side=Side.NONE, notes=(_quoted(sentence, text),), evidence=evidence)


TASK = Task(
    name="report",
    viewer=ReportViewer,
    inference=ReportInference,
    recipes=(ReportRecipe,),
    problems=_problems,
    predict=_predict,
    explain=_explain,
    conclude=_conclude,
    settings=no_settings,
    gate=_gate,
)
