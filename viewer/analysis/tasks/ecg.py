"""ECG: scores of a 12-lead recording, with the leads and the beats that decided.

Leads may come in any order and at any rate from 100 Hz on; limb leads that follow from two others are computed. Age
and sex are read where they are known. A label at or above its threshold becomes a finding on the recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from viewer.analysis import ecg
from viewer.analysis.ecg import RATE, Leads, Ready
from viewer.analysis.findings import Place, proposal
from viewer.analysis.inference import FloatArray, Infer, RawOutputs
from viewer.analysis.recipe import PointTargets, Recipe
from viewer.analysis.tasks.base import (
    Conclusion,
    Pictures,
    Run,
    Task,
    narrowed,
    no_settings,
    unknown_labels,
)
from viewer.analysis.tasks.labels import LabelsViewer, in_words, point_of, scored, unknown_points
from viewer.core.analysis import Box, GateReason, Input, PackInfo, Suitability
from viewer.core.errors import UsageError
from viewer.core.finding import Evidence, EvidenceKind, Finding, Location
from viewer.core.inference import Inference, InputKind, Output
from viewer.core.pack import Count, NotNegative, Part, Share, Viewer
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.waveform import LEAD_NAMES, LEADS, Waveform

#: Least samples a second and seconds that are read, and least leads (8 span the twelve).
_LEAST_HZ, _LEAST_SECONDS, _LEAST_LEADS = 100, 5.0, 8
#: So many leads and beats are told to have decided; a lead from this share of the strongest one's on.
_TOLD_LEADS, _TOLD_BEATS, _NEAR = 4, 4, 0.35


# ---------------------------------------------------------------- what its packs hold


class EcgRule(Part, frozen=True):
    """What becomes of the scores; `quiet` labels are no finding ("normal")."""

    quiet: tuple[str, ...] = ()


class EcgViewer(LabelsViewer, frozen=True, kw_only=True):
    """The `viewer` block of a reader of ECGs."""

    finding: EcgRule = EcgRule()


class EcgOutput(Output, frozen=True, kw_only=True):
    """One score a label, a sum over median beat, moments of the rhythm, and person."""

    kind: Literal["ecg"]


class EcgInference(Inference, frozen=True, kw_only=True):
    """The inference.json of a reader of ECGs."""

    output: EcgOutput


class EcgAugment(Part, frozen=True):
    """How another recording of the same heart could differ.

    Attributes:
        electrodes: how far electrodes slide, as a share of their neighbour's signal.
        gain, stretch, shift: log amplitude, length of the beat, samples.
        crop: samples of the rhythm that are seen. noise, wander: mV.
        lose, nobody: odds of lost leads, of an unknown person. mix: of two records (Zhang et al. 2018).
    """

    electrodes: NotNegative = 0.0
    gain: NotNegative = 0.0
    stretch: NotNegative = 0.0
    shift: NotNegative = 0.0
    crop: Count = ecg.LENGTH
    noise: NotNegative = 0.0
    wander: NotNegative = 0.0
    lose: Share = 0.0
    nobody: Share = 0.0
    mix: NotNegative = 0.0


class EcgRecipe(Recipe, frozen=True, kw_only=True, tag="ecg"):
    """Fold members of a reader of ECGs.

    Attributes:
        seeds: ways to divide into folds; each gives a member a fold.
        alone: weights of the loss of beat, rhythm and table by themselves.
        balance: exponent of the weight of rare labels. smoothing: of the labels.
        trees: share of the labels taken from extra trees on the median beat that never saw the record.
    """

    folds: Annotated[int, Meta(ge=2)]
    signal: EcgAugment = EcgAugment()
    seeds: Annotated[tuple[int, ...], Meta(min_length=1)] = (1,)
    alone: tuple[NotNegative, NotNegative, NotNegative] = (0.5, 0.5, 0.3)
    balance: NotNegative = 0.5
    smoothing: Share = 0.0
    trees: Share = 0.0
    points: PointTargets = PointTargets()


def _problems(viewer: Viewer, inference: Inference, _recipe: Recipe | None) -> Iterator[str]:
    said, of = inference.output.labels, narrowed(viewer, EcgViewer)
    yield from unknown_labels(viewer, said)
    yield from unknown_points(of, said)
    yield from (
        f"'viewer.finding.quiet' names '{n}', which the network does not say" for n in of.finding.quiet if n not in said
    )
    if inference.inputs != {"ecg": InputKind.SIGNAL, "person": InputKind.TABLE} or inference.optional != ("person",):
        yield "a reader of ECGs takes 'ecg' (signal) and, optional, 'person' (table)"


# ---------------------------------------------------------------- the gate


def leads_of(inputs: Mapping[str, Input]) -> Leads:
    """The twelve leads.

    Raises:
        UsageError: there is no recording, or none that can be read as a 12-lead ECG.
    """
    waveform = inputs.get("ecg")
    if not isinstance(waveform, Waveform):
        raise UsageError("The analysis was given no ECG.", "Open one and run it again.")
    try:
        return ecg.gather(waveform)
    except ValueError as error:
        raise UsageError(f"This is no 12-lead ECG: {error}.", "Ask for the recording itself.") from error


def _gate(pack: PackInfo, inputs: Mapping[str, Input]) -> Iterator[GateReason]:
    """Is it an ECG, is there enough of it, and what speaks against its leads."""
    try:
        leads = leads_of(inputs)
    except UsageError as error:
        yield GateReason("signal", Suitability.REFUSE, error.what, todo=error.todo)
        return
    refused = list(_too_little(leads))
    yield from refused
    if not refused:
        yield from _doubts(leads, ecg.prepare(leads))


def _too_little(leads: Leads) -> Iterator[GateReason]:
    seconds, flat = leads.values.shape[1] / max(leads.rate, 1e-9), ecg.flat_leads(leads)
    if leads.rate < _LEAST_HZ:
        said = f"Sampled {leads.rate:g} times a second; at least {_LEAST_HZ} are needed."
        yield GateReason("rate", Suitability.REFUSE, said)
    if seconds < _LEAST_SECONDS:
        said = f"The recording lasts {seconds:.1f} s; at least {_LEAST_SECONDS:g} s are needed."
        yield GateReason("length", Suitability.REFUSE, said)
    alive = len(LEADS) - len(leads.missing) - len(flat)
    if alive < _LEAST_LEADS:
        words = f"Only {alive} of the 12 leads hold a signal; at least {_LEAST_LEADS} are needed."
        yield GateReason(
            "leads", Suitability.REFUSE, words, todo=f"Without signal: {_listed((*leads.missing, *flat))}."
        )


def _doubts(leads: Leads, ready: Ready) -> Iterator[GateReason]:
    if not len(ready.beats):
        yield GateReason("beats", Suitability.REFUSE, "No heart beat was found in the recording.")
        return
    told = (
        ("leads", leads.missing, "These leads are missing: {}."),
        ("flat", ecg.flat_leads(leads), "These leads hold a flat line: {}."),
        ("saturated", ecg.stuck_leads(leads), "These leads stay at their largest value, as if cut off: {}."),
    )
    for rule, names, words in told:
        if names:
            yield GateReason(rule, Suitability.WARN, words.format(_listed(names)))
    spikes = ecg.pacing_spikes(leads)
    if spikes:
        said = f"There are {len(spikes)} spikes as of a pacemaker; the pack knows no paced rhythm."
        yield GateReason("pacing", Suitability.WARN, said, f"the first at {spikes[0]:.2f} s")
    if ecg.arms_exchanged(ready):
        said = (
            "P wave and QRS complex point down in lead I: the arm leads may be exchanged, or the heart lies mirrored."
        )
        yield GateReason(
            "exchanged", Suitability.WARN, said, todo="Check the electrodes; the scores cannot be relied on."
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(LEAD_NAMES[LEADS.index(name)] for name in names)


# ---------------------------------------------------------------- what the network said


@dataclass(frozen=True, slots=True, eq=False)
class ReadEcg:
    """What the network said beside its logits.

    Attributes:
        leads: float32 [12, L], the logit less the logit with that lead flat.
        moments: float32 [T, L], what each 80 ms of the rhythm add.
        shares: float32 [3, L], what median beat, rhythm and person add.
    """

    ready: Ready
    leads: FloatArray
    moments: FloatArray
    shares: FloatArray


def person_of(inputs: Mapping[str, Input]) -> FloatArray:
    """Age and sex for the network; unknown where the table does not say or says what cannot be."""
    table = inputs.get("person")
    known: Mapping[str, Any] = table if isinstance(table, Mapping) else {}
    age = known.get("age")
    years = float(age) if isinstance(age, (int, float)) and 0 <= float(age) <= 130 else None  # noqa: PLR2004 - a person's
    return ecg.person(years, str(known.get("sex", "")))


def _predict(
    pack: PackInfo,
    infer: Infer,
    inputs: Mapping[str, Input],
    roi: Box | None,  # noqa: ARG001 - a recording has no box
    *,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> RawOutputs:
    """The recording, and again with each lead made flat."""
    on_progress(Progress("Preparing", 0.0))
    ready = ecg.prepare(leads_of(inputs))
    whole = ready.packed(person_of(inputs))
    if cancel is not None:
        cancel.check()
    logits, shares, moments = infer(np.stack([whole, *_without_each_lead(whole)]))
    detail = ReadEcg(ready, logits[:1] - logits[1:], moments[0], shares[0])
    return scored(narrowed(pack.viewer, EcgViewer), pack.inference.output.labels, logits[0], detail)


def _without_each_lead(whole: FloatArray) -> Iterator[FloatArray]:
    signal = whole.shape[1] - ecg.FACTS
    for n in range(len(LEADS)):
        less = whole.copy()
        less[n, :signal] = 0
        yield less


def _explain(_run: Run) -> Pictures:
    """Nothing to draw here: leads and beats go with the findings and are marked on the paper."""
    return Pictures()


def _conclude(run: Run, _pictures: Pictures) -> Conclusion:
    """A finding for each label that is reached."""
    viewer, below = narrowed(run.pack.viewer, EcgViewer), 0
    found: list[Finding] = []
    for k, name in enumerate(run.pack.inference.output.labels):
        if name in viewer.finding.quiet:
            continue
        if run.raw.scores[name] >= viewer.points[name].threshold:
            found.append(_finding(run, k, name, len(found)))
        else:
            below += 1
    return Conclusion(tuple(found), in_words(run.pack, run.raw.scores), below)


def _finding(run: Run, label: int, name: str, number: int) -> Finding:
    read, viewer = narrowed(run.raw.detail, ReadEcg), narrowed(run.pack.viewer, EcgViewer)
    leads, beats = _leads(read.leads[:, label]), _beats(read, read.moments[:, label])
    words = f"Leads {', '.join(one.text for one in leads)}" if leads else ""
    if beats:
        words += f"; beats at {', '.join(f'{(one.start + one.end) / 2:.1f}' for one in beats)} s"
    made = proposal(run.pack, run.request, name, number, Place(Location(words)))
    point = point_of(viewer, name)
    return replace(made, score=run.raw.scores[name], operating_point=point, evidence=(*leads, *beats))


def _leads(adds: npt.NDArray[np.float32]) -> tuple[Evidence, ...]:
    """The leads without which the score falls most."""
    up = np.maximum(adds, 0.0)
    order = [int(n) for n in np.argsort(-up)[:_TOLD_LEADS] if up[n] > 0 and up[n] >= _NEAR * up.max()]
    return tuple(Evidence(EvidenceKind.LEAD, 0.0, 0.0, round(float(up[n] / up.sum()), 4), LEAD_NAMES[n]) for n in order)


def _beats(read: ReadEcg, adds: npt.NDArray[np.float32]) -> tuple[Evidence, ...]:
    """The beats whose moments add most, in order of time."""
    times = read.ready.beats / RATE
    if not len(times):
        return ()
    step = ecg.LENGTH / RATE / len(adds)
    moments = (np.arange(len(adds)) + 0.5) * step
    nearest = np.abs(moments[:, None] - times[None]).argmin(axis=1)
    up = np.bincount(nearest, np.maximum(adds, 0.0), minlength=len(times))
    if up.sum() <= 0:
        return ()
    chosen = sorted(int(n) for n in np.argsort(-up)[:_TOLD_BEATS] if up[n] >= _NEAR * up.max())
    before, after = ecg.BEFORE / RATE, ecg.AFTER / RATE
    return tuple(
        Evidence(EvidenceKind.MOMENT, round(max(0.0, float(times[n]) - before), 3), round(float(times[n]) + after, 3),
                 round(float(up[n] / up.sum()), 4), "beat")
        for n in chosen
    )  # fmt: skip


TASK = Task(
    name="ecg",
    viewer=EcgViewer,
    inference=EcgInference,
    recipes=(EcgRecipe,),
    problems=_problems,
    predict=_predict,
    explain=_explain,
    conclude=_conclude,
    settings=no_settings,
    gate=_gate,
)
