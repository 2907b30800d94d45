"""Runs one analysis in this process: gate, network, what the task makes of it, provenance.

The inference process and the command line call the same `run`. Importing this module is
cheap; torch and its kin come in with the first run or with `warm_up`.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from viewer.analysis import device as devices
from viewer.analysis import ood, packs, provenance, sides, suitability
from viewer.analysis.tasks import TASKS
from viewer.analysis.tasks.base import ImagePrediction, Run
from viewer.core.analysis import (
    AnalysisRequest,
    AnalysisResult,
    Box,
    GateReason,
    GateVerdict,
    Input,
    Outcome,
    PackInfo,
    Provenance,
    Suitability,
)
from viewer.core.errors import AnalysisError, UsageError, ViewerError
from viewer.core.finding import Side
from viewer.core.inference import AnyNetwork, InputKind
from viewer.core.resources import user_cache_dir
from viewer.core.task import CancelFlag, Cancelled, CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Volume
from viewer.core.waveform import Waveform

if TYPE_CHECKING:
    from viewer.analysis.backends.chain import Loaded, Networks

_log = logging.getLogger(__name__)

#: Networks kept warm between runs.
_KEPT = 4
#: Share of the whole that each stage ends at, as shown to the reader.
_ENDS = {"Checking": 0.05, "Loading": 0.10, "Network": 0.80, "Explaining": 0.95, "Findings": 1.0}
#: Time left is told from this share of the whole on.
_ETA_FROM = 0.10

_warm: OrderedDict[str, Loaded] = OrderedDict()
_threads: int | None = None


def warm_up(threads: int | None = None) -> None:
    """Do the heavy imports and set the threads of this process (None: all its cores)."""
    global _threads  # noqa: PLW0603 - one setting of the whole process, like torch's own
    from viewer.analysis import explain, networks  # noqa: F401 - imported for their weight
    from viewer.analysis.backends import chain, torch  # noqa: F401

    _threads = threads or devices.cores()
    torch.set_threads(_threads)


def run(
    request: AnalysisRequest,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> AnalysisResult:
    """Run one pack on one series.

    A series the gate refuses is not looked at; one it warns of only where the options say so.

    Returns:
        outcome "ran" or "refused"; masks and heatmaps on the input's grid.

    Raises:
        ViewerError: no such pack, wrong weights, out of memory: with words.
        Cancelled: the reader stopped it.
    """
    try:
        return _Work(request, _Clock(on_progress), cancel or CancelFlag()).go()
    except (ViewerError, Cancelled):
        raise
    except MemoryError as error:
        raise _out_of_memory() from error
    except Exception as error:
        raise unforeseen(request.pack_id, error) from error


def unforeseen(pack_id: str, error: Exception) -> AnalysisError:
    """What nobody foresaw in one pack is that pack's failure; where it came from stands in the log."""
    _log.warning("the pack %s failed unforeseen", pack_id, exc_info=error)
    return AnalysisError(
        f"The pack '{pack_id}' stopped at something that nobody foresaw ({type(error).__name__}).",
        "Use another pack; if it came with the program, report it with the log.",
        "pack_fault",
    )


def gate(
    pack: PackInfo, volume: Volume, roi: Box | None = None, *, research: bool = False, precision: str = "auto"
) -> GateVerdict:
    """The whole verdict: header, geometry, pixel values, and the looks by gate packs.

    The gate pack is asked only where nothing else refuses; one that is broken warns.
    """
    verdict = suitability.check(pack, volume, roi, research=research)
    if verdict.verdict is Suitability.REFUSE:
        return verdict
    detector = ood.detector_for(pack)
    if detector is None:
        return verdict
    seen = [r for r in _detected(detector, volume, precision) if r.verdict is not Suitability.RUN]
    return suitability.verdict_of([*verdict.reasons, *seen])


def _detected(detector: ood.Detector, volume: Volume, precision: str) -> tuple[GateReason, ...]:
    """What a gate pack says of the pixels; one that cannot be used is a warning."""
    from viewer.analysis.backends.chain import BackendChain

    try:
        packs.verify(detector.pack)
        _check_size(detector.pack, volume, None)
        return ood.judge(detector, BackendChain(_loaded(detector.pack), "cpu", precision), volume)
    except ViewerError as error:
        return _unlooked(error)
    except Exception as error:  # noqa: BLE001 - the edge of a pack: told in words, and the pack behind it goes on
        return _unlooked(unforeseen(detector.pack.id, error))


def _unlooked(error: ViewerError) -> tuple[GateReason, ...]:
    text = f"The picture's looks were not checked. {error.what}"
    return (GateReason("ood", Suitability.WARN, text, todo=error.todo),)


def _check_size(pack: PackInfo, volume: Volume, roi: Box | None, *, on_card: bool = False) -> None:
    """Refuse a run that would not fit, before anything of it is built (tasks with a `predict` of their own know best).

    Raises:
        ViewerError: in words.
    """
    from viewer.analysis import footprint

    if isinstance(TASKS[pack.task].predict, ImagePrediction):
        footprint.check(pack, volume, roi, on_card=on_card)


def failed(request: AnalysisRequest, error: ViewerError) -> AnalysisResult:
    """The result that says a run failed, and why."""
    return AnalysisResult(
        request.id, request.pack_id, Outcome.FAILED, series_uid=request.series_uid, message=error.text
    )


def refused(request: AnalysisRequest, verdict: GateVerdict) -> AnalysisResult:
    """The result that says a pack was not run, and why."""
    message = _words(verdict)
    return AnalysisResult(
        request.id, request.pack_id, Outcome.REFUSED, series_uid=request.series_uid, gate=verdict, message=message
    )


#: What an input of each kind must be.
_KINDS: dict[InputKind, tuple[type, ...]] = {
    InputKind.IMAGE: (Volume,),
    InputKind.SIGNAL: (Waveform,),
    InputKind.TEXT: (str,),
    InputKind.TABLE: (Mapping,),
}


def check_inputs(pack: PackInfo, inputs: Mapping[str, Input]) -> None:
    """Everything the pack reads must be there, and of its kind.

    Raises:
        UsageError: something is missing or is something else.
    """
    for name, kind in pack.inference.inputs.items():
        if name not in inputs and name in pack.inference.optional:
            continue
        if not isinstance(inputs.get(name), _KINDS[kind]):
            if name == "image":
                raise UsageError("The analysis was given no picture.", "Open a series and run it again.")
            raise UsageError(f"The pack '{pack.id}' also needs '{name}' ({kind}).", "Give it, or choose another pack.")


@dataclass
class _Clock:
    """Seconds per stage, and progress over the whole with the time left."""

    tell: OnProgress
    seconds: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.perf_counter)
    _from: float = 0.0
    _to: float = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        self._from, self._to = self._to, _ENDS[name]
        self(Progress(name, 0.0))
        start = time.perf_counter()
        yield
        self.seconds[name.lower()] = round(time.perf_counter() - start, 4)

    def __call__(self, inner: Progress) -> None:
        """Pass a stage's own progress on as progress of the whole."""
        share = self._from + (inner.fraction or 0.0) * (self._to - self._from)
        gone = time.perf_counter() - self.begun
        left = gone * (1 - share) / share if share >= _ETA_FROM else None
        self.tell(Progress(inner.stage, share, left))


class _Work:
    """One request on its way through the stages."""

    def __init__(self, request: AnalysisRequest, clock: _Clock, cancel: CancelToken) -> None:
        self.request, self.clock, self.cancel = request, clock, cancel
        self.started = provenance.now()
        pack = packs.load(request.pack_id)
        if suitability.wrong_kind(pack, request.inputs) is None:
            check_inputs(pack, request.inputs)
        self.task = TASKS[pack.task]
        self.pack: PackInfo = self.task.chosen(pack, request.options)
        self.device = devices.cpu()
        self.device_fallbacks: tuple[str, ...] = ()

    def go(self) -> AnalysisResult:
        """All stages in order."""
        with self.clock.stage("Checking"):
            verdict = self._gate()
        self.cancel.check()
        warned = verdict.verdict is Suitability.WARN and not self.request.options.run_warned
        if warned or verdict.verdict is Suitability.REFUSE:
            return replace(self._result(Outcome.REFUSED, verdict, None), message=_words(verdict))
        with self.clock.stage("Loading"):
            infer = self._open()
            infer.member(*self.task.members(self.pack.inference)[0])
        self.cancel.check()
        with self.clock.stage("Network"):
            asked = (self.pack, infer, self.request.inputs, self.request.roi)
            raw = self.task.predict(*asked, on_progress=self.clock, cancel=self.cancel)
        self.cancel.check()
        run = Run(self.pack, self.request, raw, infer, partial(_loaded, self.pack), self.clock, self.cancel)
        return self._concluded(verdict, infer, run)

    def _gate(self) -> GateVerdict:
        asked = self.request
        if self.task.gate is not None or suitability.wrong_kind(self.pack, asked.inputs) is not None:
            return suitability.check_inputs(self.pack, asked.inputs, research=asked.options.research)
        verdict = gate(self.pack, asked.image, asked.roi, research=asked.options.research, precision=asked.precision)
        contradiction = sides.side_contradiction(asked)
        if contradiction is None:
            return verdict
        return suitability.verdict_of([*verdict.reasons, contradiction])

    def _open(self) -> Networks:
        """The networks on the best backend, their weights checked."""
        from viewer.analysis.backends.chain import Networks

        packs.verify(self.pack)
        if not self.pack.inference.network.is_exported:
            return Networks(partial(_loaded, self.pack), "cpu", "full")
        self.device, self.device_fallbacks = devices.choose(self.request.device)
        _check_size(self.pack, self.request.image, self.request.roi, on_card=self.device.kind != "cpu")
        return Networks(partial(_loaded, self.pack), self.device.kind, self.request.precision)

    def _concluded(self, verdict: GateVerdict, infer: Networks, run: Run) -> AnalysisResult:
        """What the task makes of what the network said."""
        with self.clock.stage("Explaining"):
            pictures = self.task.explain(run)
        with self.clock.stage("Findings"):
            made = self.task.conclude(run, pictures)
        findings = made.findings
        if sides.is_doubted(verdict) and self.request.options.side is Side.NONE:
            findings = tuple(sides.without_side(finding) for finding in findings)
        return replace(
            self._result(Outcome.RAN, verdict, infer),
            scores=dict(made.scores),
            masks=pictures.masks,
            heatmaps=tuple(pictures.heatmaps.values()),
            findings=findings,
            below_threshold=made.below_threshold,
            denied=made.denied,
        )

    def _result(self, outcome: Outcome, verdict: GateVerdict, infer: Networks | None) -> AnalysisResult:
        return AnalysisResult(
            self.request.id,
            self.pack.id,
            outcome,
            series_uid=self.request.series_uid,
            gate=verdict,
            provenance=self._provenance(infer),
            seconds={**self.clock.seconds, "total": round(time.perf_counter() - self.clock.begun, 4)},
        )

    def _provenance(self, infer: Networks | None) -> Provenance:
        settings: dict[str, Any] = {
            "roi": _plain_box(self.request.roi),
            "device": self.request.device,
            "precision": self.request.precision,
            **self.request.options.settings,
            **self.task.settings(self.pack),
        }
        processor = self.device if infer is not None and infer.device == self.device.kind else devices.cpu()
        return Provenance(
            pack_id=self.pack.id,
            pack_version=self.pack.version,
            weights_sha256=self.pack.weights_sha256,
            device=processor.name if infer is not None else "",
            backend=infer.name if infer is not None else "",
            software=provenance.software(),
            fallbacks=(*self.device_fallbacks, *infer.fallbacks) if infer is not None else (),
            input_uids=self.request.input_uids,
            pixel_hash=provenance.input_hash(self.request.inputs),
            settings=settings,
            seeds={"honesty": provenance.SEED},
            started=self.started,
            finished=provenance.now(),
        )


def _loaded(pack: PackInfo, network: AnyNetwork | None = None, member: str = "") -> Loaded:
    """A pack's network, kept warm by the hash of its weights and what it is built from.

    Args:
        network, member: one of several that the weights hold; None for the pack's own.
    """
    from viewer.analysis import networks
    from viewer.analysis.backends.chain import Loaded

    if _threads is None:
        warm_up()
    network = network or pack.inference.network
    key = f"{pack.weights_sha256}/{member}/{network}"
    if key not in _warm:
        made = networks.load(network, pack.weights, member)
        cache = user_cache_dir() / "networks"
        known = (
            f"{hashlib.sha256(member.encode()).hexdigest()[:8]}{pack.weights_sha256}" if member else pack.weights_sha256
        )
        _warm[key] = Loaded(made, known, cache, _threads or devices.cores())
    _warm.move_to_end(key)
    while len(_warm) > _KEPT:
        _warm.popitem(last=False)
    return _warm[key]


def _words(verdict: GateVerdict) -> str:
    """Why a pack did not run, on one line."""
    spoken = [_reason_words(r) for r in verdict.reasons if r.verdict is verdict.verdict]
    return " ".join(spoken)


def _reason_words(reason: GateReason) -> str:
    return " ".join(part for part in (reason.text, reason.tag, reason.todo) if part)


def _plain_box(box: Box | None) -> list[list[int]] | None:
    return None if box is None else [[int(n) for n in corner] for corner in box]


def _out_of_memory() -> AnalysisError:
    return AnalysisError(
        "The analysis stopped: the computer ran out of memory. Your findings are safe.",
        "Close other programs or analyse a smaller series, then run it again.",
    )
