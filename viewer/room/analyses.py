"""Analysing: the gate's verdicts, jobs on the lane, boxes, and results into the session."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.analysis.device import cpu
from viewer.core.analysis import AnalysisRequest, Box, GateVerdict, PackInfo, RunOptions, Subject, Suitability
from viewer.core.errors import UsageError, ViewerError
from viewer.core.finding import Side
from viewer.core.study import Stack, Study
from viewer.core.task import CancelToken, JobState, OnProgress, Progress, ignore_progress
from viewer.core.volume import Volume
from viewer.jobs.request import aged, inputs_for, person_of, request_for, with_age
from viewer.room.background import Job
from viewer.room.context import Context
from viewer.room.events import BoxWanted, PacksChanged, SettingsChanged, StackLoaded, SubjectRead
from viewer.room.loading import Loading
from viewer.room.packs import Packs, box_sides
from viewer.room.subjects import Subjects, beside, subject_of, typed_in
from viewer.session import BoxesChanged, Event, ResultEntry
from viewer.words.i18n import said, tr

if TYPE_CHECKING:
    from viewer.analysis.client import InferenceProcess
    from viewer.jobs import cine

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PackState:
    """One pack and what is known of it for the active series."""

    pack: PackInfo
    gate: GateVerdict | None = None
    job: Job | None = None
    entries: tuple[ResultEntry, ...] = ()
    boxes: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """True when the gate refused it for another reason than a missing box."""
        return (
            self.gate is not None
            and self.gate.verdict is Suitability.REFUSE
            and any(r.rule != "roi" for r in self.gate.reasons if r.verdict is Suitability.REFUSE)
        )

    @property
    def is_only_refused(self) -> bool:
        """True when nothing runs, waits, failed or ran: all there is to say is why it may not run."""
        busy = self.job is not None and (not self.job.over or self.job.state is JobState.FAILED)
        return self.refused and not busy and not self.entries

    @property
    def suits(self) -> bool:
        """True when it may run at once, without a warning and with the box it needs."""
        return self.gate is not None and self.gate.verdict is Suitability.RUN

    @property
    def waits_to_run(self) -> bool:
        """True when it suits and has neither run nor is on the lane: "all that suit" runs it."""
        return self.suits and not self.entries and self.job is None


class Analyses:
    """Asks the gate, and puts packs on the lane."""

    def __init__(self, context: Context, packs: Packs, loading: Loading, subjects: Subjects) -> None:
        self._context, self._packs, self._loading, self._subjects = context, packs, loading, subjects
        context.session.subscribe(self._on_event)

    # the gate

    def is_ready(self, key: str) -> bool:
        """True when a stack is complete and the gate has spoken."""
        return self._loading.is_loaded(key) and bool(self._context.session.library.gate(key))

    def _on_event(self, event: Event) -> None:
        if isinstance(event, (StackLoaded, SubjectRead)):
            self._ask_gate(event.stack_key)
        elif isinstance(event, (PacksChanged, SettingsChanged)):
            for key in (*self._loading.loaded, *self._subjects.keys):
                self._ask_gate(key)
        elif isinstance(event, BoxesChanged):
            self._ask_gate(event.stack_key)

    def _ask_gate(self, key: str) -> None:
        library = self._context.session.library
        volume, study = library.volume(key), library.study_of(key)
        subject = self._subjects.of(key)
        if (volume is None and subject is None) or not self._packs.known:
            return
        packs, research = self._packs.shelf.packs, self._context.settings.research_packs
        boxes = self._context.session.boxes.of(key)

        aged = volume if study is None or volume is None else with_age(volume, study)

        def work(_tell: Callable[[object], None], cancel: CancelToken) -> dict[str, GateVerdict]:
            verdicts = {}
            for pack in packs:
                cancel.check()
                if aged is not None:
                    verdicts[pack.id] = _judge(pack, aged, boxes, research)
                elif subject is not None and reads(pack, subject):
                    verdicts[pack.id] = _judge_read(pack, subject, research)
            return verdicts

        def done(verdicts: dict[str, GateVerdict]) -> None:
            self._context.session.library.put_gate(key, verdicts)

        self._context.pool.submit(work, done, self._context.complain)

    # boxes

    def want_box(self, _pack_id: str, side: str) -> None:
        """The reader is about to place a box for a side ("" where the pack has none)."""
        self._context.session.boxes.place_next(side)
        self._context.session.tell(BoxWanted(side))

    def put_box(self, key: str, box: Box | None, side: str | None = None) -> None:
        """A box was drawn (or taken away) on a stack."""
        boxes = self._context.session.boxes
        try:
            boxes.put(key, boxes.placing if side is None else side, box)
        except UsageError as error:
            self._context.complain(error)

    def boxes(self, key: str) -> dict[str, Box]:
        """Boxes of a stack by side."""
        return self._context.session.boxes.of(key)

    # what is known of each pack

    def pack_states(self) -> tuple[PackState, ...]:
        """Every pack and what is known of it for the active stack."""
        key = self._context.session.library.active
        gate, subject = self._context.session.library.gate(key), self._subjects.of(key)
        packs = [pack for pack in self._packs.shelf.packs if subject is None or reads(pack, subject)]
        return tuple(self._state(pack, key, gate.get(pack.id)) for pack in packs)

    def _state(self, pack: PackInfo, key: str, gate: GateVerdict | None) -> PackState:
        jobs = [j for j in self._context.lane.jobs if j.pack_id == pack.id and j.stack_key == key]
        busy = next((j for j in jobs if not j.over), None)
        failed = next((j for j in reversed(jobs) if j.state is JobState.FAILED), None)
        latest = {
            str(e.result.provenance.settings.get("side", "")) if e.result.provenance else "": e
            for e in self._context.session.review.results()
            if e.result.pack_id == pack.id and e.lies_on(key)
        }
        sides = tuple(self._boxes_for(pack, key)) if pack.needs_roi else ()
        return PackState(pack, gate, busy or failed, tuple(latest.values()), sides)

    def device_words(self) -> str:
        """The device the next analysis runs on, as far as it is known without asking for it."""
        wanted = self._context.settings.device
        if wanted == "cpu":
            return said(cpu().name)
        used = [e.result.provenance.device for e in self._context.session.review.results() if e.result.provenance]
        if used and used[-1]:
            return said(used[-1])
        return said(cpu().name) if wanted == "auto" else tr("Graphics card, else CPU")

    # running

    def run_first(self) -> None:
        """F5: run the first pack that may run on the active series; one that answers a question before outlines."""
        states = self.pack_states()
        ready = [s for s in states if s.gate is not None and not s.refused and (s.job is None or s.job.over)]
        ready = [s for s in ready if not s.pack.needs_roi or s.boxes]
        fresh = [s for s in ready if not s.entries] or ready
        suits = [s for s in fresh if s.gate is not None and s.gate.verdict is Suitability.RUN]
        suits.sort(key=lambda state: not state.pack.viewer.answers)
        if suits:
            self.run(suits[0].pack.id)
            return
        what = tr("No pack can run on this series without a word from you.") if fresh else tr("No pack can run now.")
        self._context.complain(UsageError(what, tr("The Analysis panel says why.")))

    def run_all(self) -> None:
        """Shift+F5: put every pack that suits and has not run yet on the lane; warned ones wait for a word."""
        waiting = [state for state in self.pack_states() if state.waits_to_run]
        for state in waiting:
            self.run(state.pack.id)
        if not waiting:
            self.run_first()

    def explained(self) -> tuple[str, ...]:
        """Packs whose heatmaps lie on the active stack."""
        session = self._context.session
        entries = [e for e in session.review.results() if e.lies_on(session.library.active) and e.result.heatmaps]
        return tuple(dict.fromkeys(e.result.pack_id for e in entries))

    def explain_by_occlusion(self) -> None:
        """Run the packs that drew heatmaps again, with maps made by hiding one part after the other."""
        packs = self.explained()
        for pack_id in packs:
            self.run(pack_id, explain="occlusion")
        if not packs:
            what = tr("No heatmap lies on this picture.")
            self._context.complain(UsageError(what, tr("Analyse it with a pack that draws one first.")))

    def run(self, pack_id: str, device: str | None = None, explain: str = "") -> None:
        """Put a pack on the lane for the active stack; once for each box where it needs one.

        Args:
            explain: "occlusion", or "" for the pack's own way to draw heatmaps.
        """
        session = self._context.session
        key = session.library.active
        stack, study, volume = session.library.stack(key), session.library.study_of(key), session.library.volume(key)
        pack, subject = self._packs.pack(pack_id), self._subjects.of(key)
        if stack is not None and study is not None and pack is not None and subject is not None:
            self.start(stack, (pack,), None, named=True, subject=subject)
            return
        if stack is None or study is None or volume is None or pack is None or not self._loading.is_loaded(key):
            what = tr("The pictures are still being read.")
            self._context.complain(UsageError(what, tr("Analyse when they are there.")))
            return
        verdict = session.library.gate(key).get(pack.id)
        warned = verdict is not None and verdict.verdict is Suitability.WARN
        options = RunOptions(run_warned=warned, research=self._context.settings.research_packs, explain=explain)
        wanted = device or self._context.settings.device
        for side, box in self._boxes_for(pack, key).items():
            chosen = replace(options, side=Side(side))
            given = {"image": with_age(volume, study)}
            request = request_for(pack.id, stack, given, box, device=wanted, options=chosen)
            self._context.lane.submit(self._job(request, pack, study, stack))

    def start(
        self,
        stack: Stack,
        packs: Sequence[PackInfo],
        box: Box | None,
        *,
        named: bool,
        pixel_mm: float = 0.0,
        subject: Subject | None = None,
    ) -> tuple[tuple[PackInfo, Job], ...]:
        """Put packs on the lane for a stack that is loaded, as `secondread analyze` runs them; every outcome is kept.

        Args:
            box: for packs that need one.
            named: the reader named the packs: warned ones run too, whatever the file is.
            pixel_mm: as the reader states it, for pictures whose file tells none.
            subject: what is read in place of the stack's pictures: its signals or words, or words that were typed.
        """
        from viewer.analysis import suitability
        from viewer.jobs.analyse import box_for, checked_pixel, is_nameless

        session = self._context.session
        study = session.library.study_of(stack.key)
        read = subject if subject is not None else session.library.volume(stack.key)
        assert study is not None and read is not None
        given, jobs, person = aged(read, study), [], person_of(study, stack)
        research, device = self._context.settings.research_packs, self._context.settings.device
        for pack in packs:
            roi = box_for(pack, given, box)
            inputs = inputs_for(pack, given, person)
            verdict = suitability.check_inputs(pack, inputs, research=research, roi=roi)
            warned = verdict.verdict is Suitability.WARN and (named or not is_nameless(verdict))
            options = RunOptions(run_warned=warned, research=research, pixel_mm=checked_pixel(pixel_mm))
            request = request_for(pack.id, stack, inputs, roi, device=device, options=options)
            job = self._job(request, pack, study, stack)
            job.done = self._keep_all
            self._context.lane.submit(job)
            jobs.append((pack, job))
        return tuple(jobs)

    def _keep_all(self, entry: ResultEntry) -> None:
        """A job is done; a refusal is an outcome too."""
        self._context.lane.dismiss(entry.id)
        self._context.session.review.add_result(entry)

    def _boxes_for(self, pack: PackInfo, key: str) -> Mapping[str, Box | None]:
        """What a pack runs on: its boxes by side, or the whole picture.

        A box drawn without naming a side counts too: the engine reads the side from its place where it can.
        """
        if not pack.needs_roi:
            return {"": None}
        wanted = (*box_sides(pack), "")
        return {side: box for side, box in self.boxes(key).items() if side in wanted}

    def _job(self, request: AnalysisRequest, pack: PackInfo, study: Study, stack: Stack) -> Job:
        process, folder = self._context.process, self._context.results_folder(request.id)
        typed = typed_in(request, stack)

        def work(on_progress: OnProgress, cancel: CancelToken) -> ResultEntry:
            hooks: Any = {"on_progress": on_progress, "cancel": cancel}
            home = _run(process, request, pack, study=study, stack=stack, **hooks)
            if typed:
                home = beside(home, typed)
            on_progress(Progress("Storing the result", 1.0))
            stored, note = _store(folder, study, home)
            return ResultEntry(request.id, home.stack.key, study.uid, home.result, stored, note)

        return Job(request.id, pack.name, stack.key, study.uid, pack.id, work, self._keep)

    def _keep(self, entry: ResultEntry) -> None:
        """A job is done: its result goes into the session."""
        self._context.lane.dismiss(entry.id)
        if not self._warned_after_all(entry) and not self._context.session.review.add_result(entry):
            _LOG.info("result %s dropped: its study was closed", entry.id)

    def _warned_after_all(self, entry: ResultEntry) -> bool:
        """The engine's own gate warned of what the first look had not seen: ask the reader, keep no result."""
        verdict = entry.result.gate
        if entry.result.outcome != "refused" or verdict is None or verdict.verdict is not Suitability.WARN:
            return False
        library = self._context.session.library
        library.put_gate(entry.stack_key, library.gate(entry.stack_key) | {entry.result.pack_id: verdict})
        return True

    def cancel(self) -> None:
        """Cancel the analysis that runs."""
        running = self._context.lane.running
        if running is not None:
            self._context.lane.cancel(running.id)

    def start_process(self) -> None:
        """Spawn the inference process in the lane's thread, once the window has painted."""
        process: InferenceProcess = self._context.process
        self._context.lane.call(process.start)


def _judge(pack: PackInfo, volume: Volume, boxes: dict[str, Box], research: bool) -> GateVerdict:
    """The worst verdict over the pack's boxes, or without one."""
    from viewer.analysis import suitability  # late, as everything of packs: the window stands before it

    sides = dict.fromkeys((*box_sides(pack), "")) if pack.needs_roi else {}
    wanted: list[Box | None] = [boxes[side] for side in sides if side in boxes]
    spoken = [suitability.check(pack, volume, box, research=research) for box in wanted or [None]]
    reasons = tuple(dict.fromkeys(reason for verdict in spoken for reason in verdict.reasons))
    return suitability.verdict_of(reasons)


def reads(pack: PackInfo, subject: Subject) -> bool:
    """True for a pack made for this kind of thing: signals, or words."""
    from viewer.analysis import suitability

    return suitability.wrong_kind(pack, inputs_for(pack, subject, None)) is None


def _judge_read(pack: PackInfo, subject: Subject, research: bool) -> GateVerdict:
    """The verdict on signals or words."""
    from viewer.analysis import suitability

    return suitability.check_inputs(pack, inputs_for(pack, subject, None), research=research)


def _run(
    process: InferenceProcess,
    request: AnalysisRequest,
    pack: PackInfo,
    *,
    study: Study,
    stack: Stack,
    on_progress: OnProgress,
    cancel: CancelToken,
) -> cine.Home:
    """The pack on the stack, or on every phase of the heart's beat."""
    from viewer.jobs import cine

    if not cine.is_asked(pack) or "image" not in request.inputs:
        return cine.Home(stack, subject_of(request), process.run(request, on_progress, cancel))

    def load(phase: Stack) -> Volume:
        from viewer.reading import load_volume

        return with_age(load_volume(phase, ignore_progress, cancel), study)

    beat = cine.beat_of(study, stack, cancel)
    hooks: Any = {"on_progress": on_progress, "cancel": cancel}
    return cine.run(request, beat, stack, load=load, runner=process.run, **hooks)


def _store(folder: Path, study: Study, home: cine.Home) -> tuple[Path | None, str]:
    """Write the arrays of a result; a full disk costs the pictures after a restart, not the findings."""
    from viewer.jobs import result_folder

    try:
        bare = replace(study, series=())
        return result_folder.write(folder, bare, home.stack, home.volume, (home.result,)), ""
    except ViewerError as error:
        _LOG.warning("result not stored: %s", error.what)
        return None, error.text
