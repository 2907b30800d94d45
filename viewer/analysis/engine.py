"""Runs one analysis in this process: gate, network, masks or heatmaps, findings, passport.

The inference process and the command line call the same `run`. Importing this module is
cheap; torch and its kin come in with the first run or with `warm_up`.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.analysis import device as devices
from viewer.analysis import findings, inference, outlier, packs, passport, suitability
from viewer.analysis.resample import resize_plane
from viewer.core.analysis import (
    AnalysisRequest,
    AnalysisResult,
    Box,
    GateReason,
    GateVerdict,
    PackInfo,
    Provenance,
    Suitability,
)
from viewer.core.errors import AnalysisError, UsageError, ViewerError
from viewer.core.resources import user_cache_dir
from viewer.core.task import CancelFlag, CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Heatmap, Mask, Volume

if TYPE_CHECKING:
    from viewer.analysis.backends.ladder import Ladder, Loaded
    from viewer.analysis.explain import Explainer

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
    from viewer.analysis import honesty, networks, saliency  # noqa: F401 - imported for their weight
    from viewer.analysis.backends import ladder, torch  # noqa: F401

    _threads = threads or devices.cores()
    torch.set_threads(_threads)


def run(
    request: AnalysisRequest,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> AnalysisResult:
    """Run one pack on one series.

    A series the gate refuses is not looked at; one it warns of only with
    `options["run_warned"]`. Options: "run_warned", "research" (bool), "side" ("left" or
    "right": the side the reader placed the box on), "explain" ("occlusion"), "honesty"
    (False leaves the heatmap's tests out).

    Returns:
        outcome "ran" or "refused"; masks and heatmaps on the input's grid.

    Raises:
        ViewerError: no such pack, wrong weights, out of memory: with words.
        Cancelled: the reader stopped it.
    """
    work = _Run(request, _Clock(on_progress), cancel or CancelFlag())
    try:
        return work.go()
    except MemoryError as error:
        raise _out_of_memory() from error


def gate(
    pack: PackInfo, volume: Volume, roi: Box | None = None, *, research: bool = False, precision: str = "auto"
) -> GateVerdict:
    """The whole verdict: header, geometry, pixel values, and the looks by gate packs.

    The gate pack is asked only where nothing else refuses; one that is broken warns.
    """
    verdict = suitability.check(pack, volume, roi, research=research)
    if verdict.verdict is Suitability.REFUSE:
        return verdict
    guard = outlier.guard_of(pack)
    if guard is None:
        return verdict
    looks = [r for r in _looks(guard, volume, precision) if r.verdict is not Suitability.RUN]
    return suitability.verdict_of([*verdict.reasons, *looks])


def _looks(guard: PackInfo, volume: Volume, precision: str) -> tuple[GateReason, ...]:
    """What a gate pack says of the pixels; one that cannot be used is a warning."""
    from viewer.analysis.backends.ladder import Ladder

    try:
        packs.verify(guard)
        return outlier.judge(guard, Ladder(_loaded(guard), "cpu", precision), volume)
    except ViewerError as error:
        text = f"The picture's looks were not checked. {error.what}"
        return (GateReason("ood", Suitability.WARN, text, todo=error.todo),)


def failed(request: AnalysisRequest, error: ViewerError) -> AnalysisResult:
    """The result that says a run failed, and why."""
    return AnalysisResult(
        request.id, request.pack_id, "failed", series_uid=request.inputs["image"].series_uid, message=error.text
    )


def refused(request: AnalysisRequest, verdict: GateVerdict) -> AnalysisResult:
    """The result that says a pack was not run, and why."""
    series = request.inputs["image"].series_uid
    return AnalysisResult(
        request.id, request.pack_id, "refused", series_uid=series, gate=verdict, message=_words(verdict)
    )


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


class _Run:
    """One request on its way through the stages."""

    def __init__(self, request: AnalysisRequest, clock: _Clock, cancel: CancelToken) -> None:
        self.request, self.clock, self.cancel = request, clock, cancel
        self.started = passport.now()
        if "image" not in request.inputs:
            raise UsageError("The analysis was given no picture.", "Open a series and run it again.")
        self.volume: Volume = request.inputs["image"]
        self.pack: PackInfo = packs.load(request.pack_id)
        self.device = devices.cpu()
        self.device_fallbacks: tuple[str, ...] = ()

    def go(self) -> AnalysisResult:
        """All stages in order."""
        with self.clock.stage("Checking"):
            verdict = self._gate()
        self.cancel.check()
        if not _may_run(verdict, self.request.options):
            return self._result("refused", verdict, None)
        with self.clock.stage("Loading"):
            infer = self._open()
        self.cancel.check()
        with self.clock.stage("Network"):
            kept = _LastOutputs(infer)
            raw = self._predict(kept)
        self.cancel.check()
        return self._told(verdict, infer, raw, kept)

    def _gate(self) -> GateVerdict:
        research = bool(self.request.options.get("research"))
        verdict = gate(self.pack, self.volume, self.request.roi, research=research, precision=self.request.precision)
        contradiction = findings.side_contradiction(self.request)
        if contradiction is None:
            return verdict
        return suitability.verdict_of([*verdict.reasons, contradiction])

    def _open(self) -> Ladder:
        """The network on the best rung, its weights checked."""
        from viewer.analysis.backends.ladder import Ladder

        packs.verify(self.pack)
        self.device, self.device_fallbacks = devices.choose(self.request.device)
        return Ladder(_loaded(self.pack), self.device.kind, self.request.precision)

    def _predict(self, infer: inference.Infer) -> inference.RawOutputs:
        hooks: dict[str, Any] = {"on_progress": self.clock, "cancel": self.cancel}
        return inference.predict(self.pack, infer, self.volume, self.request.roi, **hooks)

    def _told(
        self, verdict: GateVerdict, infer: Ladder, raw: inference.RawOutputs, kept: _LastOutputs
    ) -> AnalysisResult:
        """Masks, heatmaps and findings of what the network said."""
        masks: tuple[Mask, ...] = ()
        heatmaps: dict[str, Heatmap] = {}
        below = 0
        with self.clock.stage("Explaining"):
            if raw.labels is not None:
                masks = (self._mask(raw),)
            else:
                heatmaps = self._heatmaps(infer, raw)
        with self.clock.stage("Findings"):
            if masks:
                found = findings.from_mask(self.pack, self.request, raw, masks[0])
            else:
                field_of_lungs = kept.field(raw)
                found, below = findings.from_scores(self.pack, self.request, raw, heatmaps, field_of_lungs)
        result = self._result("ran", verdict, infer)
        return replace(
            result,
            scores=findings.scores_told(self.pack, raw),
            masks=masks,
            heatmaps=tuple(heatmaps.values()),
            findings=found,
            below_threshold=below,
        )

    def _mask(self, raw: inference.RawOutputs) -> Mask:
        assert raw.labels is not None
        return Mask(raw.labels, findings.segments(self.pack), self.volume.geometry, self.pack.name, raw.band)

    def _heatmaps(self, infer: Ladder, raw: inference.RawOutputs) -> dict[str, Heatmap]:
        """A heatmap for every label; those above the threshold are tested for honesty."""
        from viewer.analysis import explain

        explainer = explain.Explainer(self.pack, _loaded(self.pack), infer, raw)
        if not explainer.can_draw:
            return {}
        made: dict[str, Heatmap] = {}
        for number, name in enumerate(raw.scores):
            self.cancel.check()
            self.clock(Progress("Explaining", number / len(raw.scores)))
            made[name] = self._heatmap(explainer, number, name, raw.scores[name])
        return made

    def _heatmap(self, explainer: Explainer, number: int, name: str, score: float) -> Heatmap:
        options = self.request.options
        tested = None
        if options.get("explain") == "occlusion":
            values, tested = explainer.occlusion(number, self.clock, self.cancel)
        else:
            values = explainer.heat(name, number)
            if options.get("honesty", True) and score >= findings.default_point(self.pack).threshold:
                tested = explainer.honesty(number, self.cancel)
        heat = Heatmap(values, self.volume.geometry, findings.label_text(self.pack, name))
        return heat if tested is None else replace(heat, honest=tested.honest, honesty=tested.words)

    def _result(self, outcome: str, verdict: GateVerdict, infer: Ladder | None) -> AnalysisResult:
        return AnalysisResult(
            self.request.id,
            self.pack.id,
            outcome,
            series_uid=self.volume.series_uid,
            gate=verdict,
            message=_words(verdict) if outcome == "refused" else "",
            provenance=self._passport(infer),
            seconds={**self.clock.seconds, "total": round(time.perf_counter() - self.clock.begun, 4)},
        )

    def _passport(self, infer: Ladder | None) -> Provenance:
        settings: dict[str, Any] = {
            "roi": _plain_box(self.request.roi),
            "device": self.request.device,
            "precision": self.request.precision,
            **{key: value for key, value in self.request.options.items() if isinstance(value, (bool, int, float, str))},
        }
        if self.pack.task == "classification":
            point = findings.default_point(self.pack)
            settings |= {"operating_point": point.name, "threshold": point.threshold}
        processor = self.device if infer is not None and infer.device == self.device.kind else devices.cpu()
        return Provenance(
            pack_id=self.pack.id,
            pack_version=self.pack.version,
            weights_sha256=self.pack.weights_sha256,
            device=processor.name if infer is not None else "",
            backend=infer.name if infer is not None else "",
            software=passport.software(),
            fallbacks=(*self.device_fallbacks, *infer.fallbacks) if infer is not None else (),
            input_uids=self.request.input_uids,
            pixel_hash=passport.pixel_hash(self.volume),
            settings=settings,
            seeds={"honesty": passport.SEED},
            started=self.started,
            finished=passport.now(),
        )


class _LastOutputs:
    """Passes batches to the network and keeps the first batch's last output: a lung field."""

    def __init__(self, infer: Ladder) -> None:
        self._infer = infer
        self._field: Any = None

    def __call__(self, batch: inference.FloatArray) -> tuple[inference.FloatArray, ...]:
        out = self._infer(batch)
        if self._field is None and len(out) > 2:
            self._field = out[2]
        return out

    def field(self, raw: inference.RawOutputs) -> Any:
        """Bool [K, J, I] where a classifier saw lungs, None where it has no such output."""
        if self._field is None or len(self._field) != raw.prepared.array.shape[0]:
            return None
        size = (raw.prepared.array.shape[1], raw.prepared.array.shape[2])
        shares = np.stack([resize_plane(inference.sigmoid(f[0]), size) for f in self._field])
        return raw.prepared.restore_values(shares.astype(np.float32)) >= 0.5


def _loaded(pack: PackInfo) -> Loaded:
    """The pack's network, kept warm by the hash of its weights and what it is built from."""
    from viewer.analysis import networks
    from viewer.analysis.backends.ladder import Loaded

    if _threads is None:
        warm_up()
    key = f"{pack.weights_sha256}/{pack.inference['network']}"
    if key not in _warm:
        network = networks.load(pack.inference["network"], pack.weights)
        cache = user_cache_dir() / "networks"
        _warm[key] = Loaded(network, pack.weights_sha256, cache, _threads or devices.cores())
    _warm.move_to_end(key)
    while len(_warm) > _KEPT:
        _warm.popitem(last=False)
    return _warm[key]


def _may_run(verdict: GateVerdict, options: dict[str, Any]) -> bool:
    if verdict.verdict is Suitability.WARN:
        return bool(options.get("run_warned"))
    return verdict.verdict is Suitability.RUN


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
