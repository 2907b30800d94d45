"""Gate: a pack that stands before others and says whether a picture is what they were made for.

It names the packs it stands before and which of its scores count for each (`viewer.gate.for`), and a
threshold for each score (`viewer.gate.scores`), fixed on its own kind of picture that it had not seen. It
looks at pixels alone, so it also speaks where a file says nothing about itself. Readers never run it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from msgspec import Meta, field

from viewer.analysis.recipe import Recipe
from viewer.analysis.tasks.base import (
    Conclusion,
    ImagePrediction,
    Pictures,
    Run,
    Task,
    narrowed,
    no_settings,
    unknown_labels,
    wrong_network,
)
from viewer.analysis.tasks.classification import interpret
from viewer.core.analysis import GateReason, Suitability
from viewer.core.inference import Inference, Output
from viewer.core.pack import Names, Part, Share, Viewer

#: A score this far from its threshold towards certainty refuses; nearer, it warns.
_REFUSE_SHARE = 0.5
#: Score -> (rule, words, may it refuse, what helps).
_WORDS: dict[str, tuple[str, str, bool, str]] = {
    "adult film": ("age", "The film looks like an adult's", True, "Use a pack made for adults."),
    "not a frontal chest film": (
        "view",
        "The picture does not look like an upright frontal chest film",
        True,
        "Choose a frontal chest film.",
    ),
    "mirrored film": ("mirrored", "The film looks mirrored left to right", False, "Check the side marker."),
    "unlike the training films": ("ood", "The picture is unlike the films this pack was trained on", False, ""),
}


class GateRule(Part, frozen=True):
    """Which packs a gate stands before, with the scores that count for each, and the scores' thresholds."""

    packs: dict[str, Names] = field(default_factory=dict, name="for")
    scores: dict[str, float] = {}


class GateViewer(Viewer, frozen=True, kw_only=True):
    """The `viewer` block of a gate pack."""

    gate: GateRule


class GateOutput(Output, frozen=True, kw_only=True):
    """One score a question."""

    kind: Literal["scores"]


class GateInference(Inference, frozen=True, kw_only=True):
    """The inference.json of a gate pack."""

    output: GateOutput


class GateRecipe(Recipe, frozen=True, kw_only=True, tag="gate"):
    """Own radiographs against adults' ones, mirrored ones and everything else.

    Attributes:
        adult, other: sets of outliers, by the names of their folders beside the table's.
        share_adult, share_other: shares of a batch.
        leave_out: sites of adults that a network is trained without, to measure it on them.
        swap_looks: share of pictures that take another's grey values.
    """

    adult: Names
    other: Names
    share_adult: Share
    share_other: Share
    leave_out: tuple[str, ...] = ()
    swap_looks: Share = 0.0
    smoothing: Annotated[float, Meta(ge=0, le=1)] = 0.02


def _problems(viewer: Viewer, inference: Inference, _recipe: Recipe | None) -> Iterator[str]:
    rule, said = narrowed(viewer, GateViewer).gate, inference.output.labels
    yield from wrong_network(inference, voxels=False)
    yield from unknown_labels(viewer, said)
    for name in rule.scores:
        if name not in said:
            yield f"'viewer.gate.scores.{name}' is nothing that the network says ({', '.join(said)})"
    for pack, names in rule.packs.items():
        for name in names:
            if name not in rule.scores:
                yield f"'viewer.gate.for.{pack}' names '{name}', which has no threshold in viewer.gate.scores"


def scores_for(gate: Viewer, pack_id: str) -> tuple[str, ...]:
    """The scores of a gate pack that count for a pack; none where it does not stand before it."""
    return gate.gate.packs.get(pack_id, ()) if isinstance(gate, GateViewer) else ()


def thresholds(gate: Viewer) -> Mapping[str, float]:
    """Score -> threshold of a gate pack."""
    return narrowed(gate, GateViewer).gate.scores


def reasons(scores: Mapping[str, float], marks: Mapping[str, float]) -> tuple[GateReason, ...]:
    """What a gate pack's scores mean, given a threshold for each that counts."""
    return tuple(_reason(name, score, marks[name]) for name, score in scores.items() if name in marks)


def _reason(name: str, score: float, mark: float) -> GateReason:
    rule, words, may_refuse, todo = _WORDS.get(name, ("ood", f"The picture scores high for '{name}'", False, ""))
    tag = f"score {score:.3f}, threshold {mark:.3f}"
    if score <= mark:
        return GateReason(rule, Suitability.RUN, f"The pixels give no sign of: {name}.", tag)
    sure = may_refuse and score > mark + _REFUSE_SHARE * (1 - mark)
    return GateReason(rule, Suitability.REFUSE if sure else Suitability.WARN, f"{words}.", tag, todo)


def _explain(_run: Run) -> Pictures:
    """Nothing: a gate pack tells its scores alone."""
    return Pictures()


def _conclude(run: Run, _pictures: Pictures) -> Conclusion:
    """Its scores; it makes no findings."""
    return Conclusion(scores={name: round(float(score), 6) for name, score in run.raw.scores.items()})


TASK = Task(
    name="gate",
    viewer=GateViewer,
    inference=GateInference,
    recipes=(GateRecipe,),
    problems=_problems,
    predict=ImagePrediction(interpret),
    explain=_explain,
    conclude=_conclude,
    settings=no_settings,
    is_offered=False,
)
