"""`secondread analyze`: every suitable pack on one stack, and the result folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from viewer.analysis import engine, packs, packstore, suitability
from viewer.analysis.packs import Broken
from viewer.core.analysis import (
    AnalysisRequest,
    AnalysisResult,
    Box,
    GateReason,
    GateVerdict,
    Outcome,
    PackInfo,
    RunOptions,
    Subject,
    Suitability,
)
from viewer.core.errors import PackError, ReadError, UsageError, ViewerError
from viewer.core.settings import load_settings
from viewer.core.study import ScanResult, Stack, Study
from viewer.core.task import CancelFlag, Cancelled, CancelToken, OnProgress, ignore_progress, share
from viewer.core.volume import Volume
from viewer.jobs import cine, place, result_folder, result_json
from viewer.jobs.cine import Home
from viewer.jobs.open import check_one_patient, files_of
from viewer.jobs.request import aged, inputs_for, person_of, request_for, with_age
from viewer.jobs.result_extras import extras_for
from viewer.jobs.targets import check_target, try_place
from viewer.reading import is_picture, is_read, load_subject, load_volume, open_stack, scan

_log = logging.getLogger(__name__)

Runner = Callable[[AnalysisRequest, OnProgress, CancelToken], AnalysisResult]
Packs = Sequence[PackInfo]

#: Share of the job that scanning and reading take, as shown; the packs share the rest.
_READ_SHARE = 0.2
#: Sizes of a pixel that can be, in mm.
_LEAST_PIXEL, _MOST_PIXEL = 0.001, 10.0
_BEST_FIRST = (Suitability.RUN, Suitability.WARN, Suitability.REFUSE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, besides the picture.

    Attributes:
        broken: packs that were asked for and cannot be read: their outcome is that they failed.
        named: the reader named the packs: warned ones run too, whatever the file is.
        options: what else was asked for; warned packs run.
    """

    packs: tuple[PackInfo, ...]
    broken: tuple[Broken, ...]
    named: bool
    roi: Box | None
    device: str
    precision: str
    options: RunOptions


#: Nothing asked besides.
_PLAIN = RunOptions()


def analyse(
    path: Path | str,
    out: Path | str,
    *,
    packs: Sequence[str] = (),
    series: str | None = None,
    roi: Box | None = None,
    device: str = "auto",
    precision: str = "auto",
    options: RunOptions = _PLAIN,
    force: bool = False,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
    runner: Runner = engine.run,
) -> dict[str, Any]:
    """Analyse one stack of a path and write the result folder.

    A pack the gate refuses is an outcome ("refused"), as is one that fails ("failed"): the
    folder is written either way. Only where nothing could be done at all (no picture, no
    pack, an unknown pack, no place to write) there is an error and no folder. Without named
    packs every pack that suits runs, and so does one that is only warned of, unless the file
    does not even say its modality.

    Args:
        path: file, folder, ZIP or DICOMDIR.
        out: result folder.
        packs: ids; all installed ones when empty.
        series: series UID; else the stack that packs suit best, the first of equals.
        roi: half-open box (k, j, i) for packs that need one.
        device: "auto", "cpu" or "cuda"; precision: "auto" or "full".
        options: what else is asked for; `research` lets packs of non-commercial data run this once.
        force: `out` may be a file of the reader's, which goes; never a picture or a DICOM file.
        on_progress, cancel: as for every job.
        runner: what runs a request: the engine, or the inference process.

    Returns:
        The document of result.json.

    Raises:
        UsageError, PackError, ReadError, OutputError: in words. Cancelled: nothing was written.
    """
    cancel, out = cancel or CancelFlag(), Path(out).absolute()
    replaced = out.is_file() and force
    if replaced:
        check_target(out, [Path(path)], force=True)
    else:
        result_folder.check_place(out)
    try_place(out)
    packstore.settle_user_packs()
    checked_pixel(options.pixel_mm)
    research = options.research or load_settings().research_packs
    options = replace(options, run_warned=True, research=research)
    asked = Asked(*_wanted(packs), bool(packs), roi, device, precision, options)
    found = scan([path], None, share(on_progress, 0.0, _READ_SHARE / 2), cancel)
    study, stack = choose(found, asked, series)
    with place.creating(out, "analyze", cancel):
        subject = load_subject(stack, share(on_progress, _READ_SHARE / 2, _READ_SHARE), cancel)
        volume = aged(subject, study)
        homes = _Job(asked, study, stack, volume, runner).run(on_progress, cancel)
        stack, volume, results = _settled(homes, stack, volume)
        request = _request_out(path, packs, series, asked)
        extras = extras_for(study, stack, volume, results)
        if replaced:
            check_target(out, files_of(found), force=True)
            out.unlink()
        result_folder.write(out, study, stack, volume, results, request=request, extras=extras)
        return result_json.load(out)


def choose(found: ScanResult, asked: Asked, series: str | None = None) -> tuple[Study, Stack]:
    """The stack to analyse: the named series, else the one that packs suit best.

    Raises:
        ReadError: nothing was opened. UsageError: no such series, or no picture.
    """
    pairs = [(study, stack) for study in found.studies for stack in study.stacks]
    if not pairs:
        why = "; ".join(dict.fromkeys(refusal.text for refusal in found.refused[:3]))
        raise ReadError(f"Nothing here could be opened. {why}".strip(), "Name a folder or file that holds images.")
    if series is None:
        check_one_patient(found)
    else:
        pairs = [(study, stack) for study, stack in pairs if series in (stack.series_uid, stack.key)]
        if not pairs:
            raise UsageError(f"There is no series {series} here.", "`secondread info` lists what there is.")
    pictures = [(study, stack) for study, stack in pairs if is_picture(stack)]
    pairs = [*pictures, *((study, stack) for study, stack in pairs if is_read(stack))]
    if not pairs:
        raise UsageError("There is no picture here that a pack could look at.", "Name a folder that holds images.")
    return min(pairs, key=lambda pair: _rank(pair[1], asked)) if len(pairs) > 1 else pairs[0]


def _rank(stack: Stack, asked: Asked) -> int:
    """0 where a pack suits, 1 where one is warned of, 2 where all refuse, 3 where it cannot be opened."""
    try:
        volume = open_stack(stack).volume if is_picture(stack) else load_subject(stack)
    except ViewerError:
        return len(_BEST_FIRST)
    verdicts = [_verdict(pack, volume, asked, pixels=False).verdict for pack in asked.packs]
    return min(_BEST_FIRST.index(verdict) for verdict in verdicts)


def _settled(homes: Sequence[Home], stack: Stack, volume: Subject) -> tuple[Stack, Subject, tuple[AnalysisResult, ...]]:
    """Where the results are kept: on the stack asked for, or on end-diastole where only the beat was measured."""
    away = [home for home in homes if home.stack.key != stack.key]
    if len(away) == 1 and not any(home.result.outcome == Outcome.RAN for home in homes if home is not away[0]):
        return away[0].stack, away[0].volume, tuple(home.result for home in homes)
    return stack, volume, tuple(cine.kept_on(home, stack) for home in homes)


def checked_pixel(mm: float) -> float:
    """A pixel size that a reader may state; 0 where none was.

    Raises:
        UsageError: no picture of a patient has such pixels.
    """
    if mm != 0 and not _LEAST_PIXEL <= mm <= _MOST_PIXEL:
        raise UsageError("The pixel size is not one of a picture of a patient.", "Give it in mm, as 0.12.")
    return mm


def box_for(pack: PackInfo, volume: Subject, roi: Box | None) -> Box | None:
    """The reader's box; the whole picture where it is itself no larger than a tested box."""
    limits = pack.match.roi_mm
    if not pack.needs_roi or not isinstance(volume, Volume):
        return None
    if roi is not None or limits is None:
        return roi
    sides = [n * s for n, s in zip(volume.shape, volume.geometry.spacing, strict=True)]
    return ((0, 0, 0), volume.shape) if max(sides) <= limits[1] else None


def _wanted(names: Sequence[str]) -> tuple[tuple[PackInfo, ...], tuple[Broken, ...]]:
    """Packs to run, and those that were meant and cannot be read."""
    good, bad = packs.list_packs()
    known = {pack.id for pack in good}
    broken = {one.id: one for one in bad if one.id not in known}
    if names:
        meant = list(dict.fromkeys(names))
        usable = tuple(packs.load(name) for name in meant if name not in broken or len(meant) == 1)
        told = tuple(broken[name] for name in meant if name in broken)
    else:
        usable, told = tuple(pack for pack in good if pack.is_offered), tuple(broken.values())
    if not usable:
        words = f" {bad[0].error.what}" if bad else ""
        raise PackError(f"No model pack is installed.{words}", "Install one with `secondread packs install FILE`.")
    return usable, told


@dataclass(frozen=True, slots=True)
class _Job:
    """All packs on one stack."""

    asked: Asked
    study: Study
    stack: Stack
    volume: Subject
    runner: Runner

    def run(self, on_progress: OnProgress, cancel: CancelToken) -> list[Home]:
        """One outcome a pack, in order."""
        results = []
        step = (1 - _READ_SHARE) / len(self.asked.packs)
        for n, pack in enumerate(self.asked.packs):
            cancel.check()
            tell = share(on_progress, _READ_SHARE + n * step, _READ_SHARE + (n + 1) * step)
            results.append(self._one(pack, tell, cancel))
        return [*results, *(self._failed(one.id, one.error) for one in self.asked.broken)]

    def _one(self, pack: PackInfo, on_progress: OnProgress, cancel: CancelToken) -> Home:
        """One pack's outcome; a failure is one too."""
        try:
            return self._run(pack, on_progress, cancel)
        except ViewerError as error:
            return self._failed(pack.id, error)
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a pack: its outcome, and the others go on
            return self._failed(pack.id, engine.unforeseen(pack.id, error))

    def _failed(self, pack_id: str, error: ViewerError) -> Home:
        _log.warning("pack %s failed: %s", pack_id, error.what)
        asked = request_for(pack_id, self.stack, {})
        return Home(self.stack, self.volume, engine.failed(asked, error))

    def _run(self, pack: PackInfo, on_progress: OnProgress, cancel: CancelToken) -> Home:
        """The pack on the stack, or on every phase of the heart's beat."""
        asked, volume = self.asked, self.volume
        roi = box_for(pack, volume, asked.roi)
        inputs = inputs_for(pack, volume, person_of(self.study, self.stack))
        request = request_for(
            pack.id, self.stack, inputs, roi, device=asked.device, precision=asked.precision, options=asked.options
        )
        verdict = _verdict(pack, volume, asked)
        if not asked.named and is_nameless(verdict):
            unnamed = replace(engine.refused(request, verdict), message="Name the pack to run it on this file anyway.")
            return Home(self.stack, volume, unnamed)
        if not cine.is_asked(pack) or not isinstance(self.volume, Volume):
            return Home(self.stack, volume, self.runner(request, on_progress, cancel))
        beat = cine.beat_of(self.study, self.stack, cancel)
        load = partial(_aged, self.study, cancel)
        hooks: Any = {"on_progress": on_progress, "cancel": cancel}
        return cine.run(request, beat, self.stack, load=load, runner=self.runner, **hooks)


def _aged(study: Study, cancel: CancelToken, stack: Stack) -> Volume:
    return with_age(load_volume(stack, ignore_progress, cancel), study)


def _verdict(pack: PackInfo, volume: Subject, asked: Asked, *, pixels: bool = True) -> GateVerdict:
    if not isinstance(volume, Volume):
        return suitability.check_inputs(pack, inputs_for(pack, volume, None), research=asked.options.research)
    roi = box_for(pack, volume, asked.roi)
    return suitability.check(pack, volume, roi, research=asked.options.research, pixels=pixels)


def is_nameless(verdict: GateVerdict) -> bool:
    """True where the file does not even say what kind of picture it is."""
    return verdict.verdict is Suitability.WARN and any(_is_modality(reason) for reason in verdict.reasons)


def _is_modality(reason: GateReason) -> bool:
    return reason.rule == "modality"


def _request_out(path: Path | str, names: Sequence[str], series: str | None, asked: Asked) -> dict[str, Any]:
    """What was asked for; the box as on the command line (column, row, slice)."""
    roi = None
    if asked.roi is not None:
        (k0, j0, i0), (k1, j1, i1) = asked.roi
        roi = [i0, j0, k0, i1, j1, k1]
    return {
        "path": str(Path(path).absolute()),
        "packs": list(names),
        "series": series,
        "roi": roi,
        "device": asked.device,
        "precision": asked.precision,
        **({"explain": asked.options.explain} if asked.options.explain else {}),
        **({"pixel_mm": asked.options.pixel_mm} if asked.options.pixel_mm else {}),
        **({"fast": True} if asked.options.fast else {}),
    }
