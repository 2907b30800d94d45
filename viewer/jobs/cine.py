"""A pack on every phase of a heart's beat, and what the ventricle did in between."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from viewer.analysis import cine
from viewer.core.analysis import AnalysisRequest, AnalysisResult, Outcome, PackInfo, Subject
from viewer.core.errors import ReadError
from viewer.core.finding import Location
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.study import Kind, Stack, Study
from viewer.core.task import CancelToken, OnProgress, Progress
from viewer.core.volume import Volume
from viewer.jobs.request import uids_of

_log = logging.getLogger(__name__)

Runner = Callable[[AnalysisRequest, OnProgress, CancelToken], AnalysisResult]
Load = Callable[[Stack], Volume]

#: With fewer phases the smallest volume is easily missed between two of them.
LEAST_PHASES = 8
#: Fewer slices than this hold no ventricle.
LEAST_SLICES = 3


@dataclass(frozen=True, slots=True)
class Beat:
    """The stacks of one beat.

    Attributes:
        stacks: one a phase, in order of time; empty where `why_not` says why there is no beat.
        times_ms: after the R wave, of the middle slice.
    """

    stacks: tuple[Stack, ...] = ()
    times_ms: tuple[float, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Home:
    """A result and the stack its findings lie on: that of end-diastole where a beat was measured."""

    stack: Stack
    volume: Subject
    result: AnalysisResult


def is_asked(pack: PackInfo) -> bool:
    """True for a pack that measures the beat."""
    from viewer.analysis.tasks import segmentation  # late: the schema of packs is heavy, and a window starts without

    return segmentation.measures_beat(pack)


def beat_of(study: Study, stack: Stack, cancel: CancelToken) -> Beat:
    """The phases of the series a stack belongs to, where spacing, positions and phases are known."""
    why = _no_ventricle(stack)
    if why:
        return Beat(why_not=why)
    assert stack.geometry is not None
    same = [one for one in study.stacks if one.series_uid == stack.series_uid and one.geometry is not None]
    phases = [one for one in same if one.geometry is not None and one.geometry.same_grid(stack.geometry)]
    if len(phases) < LEAST_PHASES:
        why = f"The series holds {len(phases)} heart phase(s); an ejection fraction needs at least {LEAST_PHASES}."
        return Beat(why_not=why)
    if any(_is_part(one, stack.geometry) for one in same if one not in phases):
        return Beat(why_not="Some heart phases lack slices: no ejection fraction is told.")
    return _in_time(tuple(phases), cancel)


def _no_ventricle(stack: Stack) -> str:
    """Why a stack can give no volume of a ventricle, "" where it can."""
    grid = stack.geometry
    if grid is None or grid.spacing_kind is not SpacingKind.PATIENT or not grid.oriented:
        return "The file tells no spacing or no slice positions: volumes and ejection fraction are not measured."
    if stack.kind is not Kind.VOLUME or grid.shape[0] < LEAST_SLICES:
        return "The pictures lie at one slice position: volumes and ejection fraction need a stack of slices."
    if not grid.is_even or grid.is_tilted:
        return "The slices are unevenly spaced or tilted: volumes and ejection fraction are not measured."
    return ""


def _is_part(stack: Stack, grid: Geometry) -> bool:
    """True for a stack of the same slices with some of them missing: a beat with a hole."""
    other = stack.geometry
    return other is not None and other.shape[1:] == grid.shape[1:] and abs(float(other.normal @ grid.normal)) > 0.999


def _in_time(stacks: tuple[Stack, ...], cancel: CancelToken) -> Beat:
    """Phases by their trigger times; every slice must run forward in time from phase to phase."""
    from viewer.reading.stacking.phases import trigger_times

    try:
        told = [trigger_times(stack, cancel) for stack in stacks]
    except ReadError as error:
        return Beat(why_not=f"The heart phases cannot be read. {error.what}")
    if any(time is None for times in told for time in times):
        return Beat(why_not="The file tells no trigger time (0018,1060): the heart phases are not known.")
    times = np.array(told, dtype=np.float64)
    order = np.argsort(times[:, times.shape[1] // 2], kind="stable")
    times = times[order]
    if not (np.diff(times, axis=0) > 0).all():
        return Beat(why_not="The slices do not run through the beat in the same order: the phases are not known.")
    middle = tuple(float(time) for time in times[:, times.shape[1] // 2])
    return Beat(tuple(stacks[n] for n in order), middle)


def run(
    request: AnalysisRequest,
    beat: Beat,
    home: Stack,
    *,
    load: Load,
    runner: Runner,
    on_progress: OnProgress,
    cancel: CancelToken,
) -> Home:
    """Run a pack that measures the beat: on every phase of it, else on the one stack with words why.

    Args:
        request: for the stack asked for, `home`.
        load: the whole volume of a stack.
        runner: the engine, or the inference process.

    Returns:
        The result as it lies on end-diastole: masks of the other phases carry their stack's key.

    Raises:
        ViewerError, Cancelled: as the runner and the loader do.
    """
    volume = request.image
    if not beat.stacks:
        flat = runner(request, on_progress, cancel)
        return Home(home, volume, _noted(flat, beat.why_not))
    results: list[AnalysisResult] = []
    volumes: list[Volume] = []
    for n, stack in enumerate(beat.stacks):
        cancel.check()
        volumes.append(volume if stack.key == home.key else load(stack))
        asked = request.on(volumes[-1], uids_of(stack))
        results.append(runner(asked, _share(on_progress, n, len(beat.stacks)), cancel))
        if results[-1].outcome != Outcome.RAN:
            return Home(stack, volumes[-1], results[-1])
    return _joined(beat, volumes, results, home)


def _joined(beat: Beat, volumes: Sequence[Volume], results: Sequence[AnalysisResult], home: Stack) -> Home:
    masks = [replace(result.masks[0], stack_key=s.key) for s, result in zip(beat.stacks, results, strict=True)]
    keys = [stack.key for stack in beat.stacks]
    made = cine.function_of(masks, beat.times_ms, keys)
    at = keys.index(home.key) if isinstance(made, str) else made.end_diastole
    others = (*masks[:at], *masks[at + 1 :])
    result = replace(results[at], masks=(masks[at],), phase_masks=others, stack_key=keys[at], seconds=_summed(results))
    if isinstance(made, str):
        return Home(beat.stacks[at], volumes[at], _noted(result, made))
    findings = tuple(cine.with_function(finding, made, masks[at]) for finding in result.findings)
    return Home(beat.stacks[at], volumes[at], replace(result, cine=made, findings=findings))


def _noted(result: AnalysisResult, why: str) -> AnalysisResult:
    return replace(result, findings=tuple(replace(f, notes=(*f.notes, why)) for f in result.findings))


def _summed(results: Sequence[AnalysisResult]) -> dict[str, float]:
    """Seconds of each stage over all phases."""
    stages = dict.fromkeys(stage for result in results for stage in result.seconds)
    return {stage: round(sum(result.seconds.get(stage, 0.0) for result in results), 4) for stage in stages}


def _share(on_progress: OnProgress, n: int, count: int) -> OnProgress:
    """Progress of one phase as progress of the beat; the time left is that of the whole."""

    def tell(progress: Progress) -> None:
        done = (n + (progress.fraction or 0.0)) / count
        on_progress(replace(progress, fraction=done, eta_seconds=None))

    return tell


def kept_on(home: Home, stack: Stack) -> AnalysisResult:
    """The result as it is kept with results of another phase: there it has no region, only its measurements."""
    if home.stack.key == stack.key or not home.result.phase_masks:
        return home.result
    here = home.result.seen_on(stack.key).masks
    away = (*home.result.masks, *(mask for mask in home.result.phase_masks if mask.stack_key != stack.key))
    findings = tuple(
        replace(f, location=Location(f.location.text, slice_index=f.location.slice_index)) for f in home.result.findings
    )
    return replace(home.result, masks=here, phase_masks=away, findings=findings, stack_key=stack.key)
