"""What the Analysis section shows, and what its cards may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.core.analysis import GateReason, GateVerdict, Suitability
from viewer.core.task import JobState
from viewer.room.actions import printed_key
from viewer.room.analyses import PackState
from viewer.room.background import Job
from viewer.room.events import JobsChanged, PacksChanged, SettingsChanged
from viewer.room.room import Room
from viewer.room.views.facts import BadgeSpec
from viewer.session import Activated, BoxesChanged, GateChanged, ResultAdded, ResultEntry, Session, StudyClosed
from viewer.words.i18n import said, tr
from viewer.words.people import seconds_words


@dataclass(frozen=True, slots=True)
class AnalysisView:
    """All the section shows: packs in order, packs that are broken, the queue elsewhere, and the key that analyses."""

    packs: tuple[PackState, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    has_series: bool = False
    device: str = ""
    others: int = 0
    verified: str = ""
    blocked: str = ""
    no_picture: bool = False
    jobs: tuple[Job, ...] = ()
    key: str = ""

    @property
    def suiting(self) -> tuple[PackState, ...]:
        """Packs that suit and have neither run nor wait: what "all that suit" runs."""
        return tuple(s for s in self.packs if s.waits_to_run)

    @property
    def in_order(self) -> tuple[PackState, ...]:
        """Running first, then waiting, failed, suiting, waiting for a box, warned, ran, refused."""
        return tuple(sorted(self.packs, key=_order))

    @property
    def counts(self) -> str:
        """ "1 running, 2 refused": how many packs stand where."""
        if not self.has_series:
            count = len(self.packs)
            return tr("1 pack") if count == 1 else tr("{n} packs", n=count)
        jobs = [s.job.state for s in self.packs if s.job is not None]
        counted = (
            (sum(s in (JobState.RUNNING, JobState.CANCELLING) for s in jobs), "{n} running"),
            (sum(s is JobState.QUEUED for s in jobs), "{n} waiting"),
            (sum(s is JobState.FAILED for s in jobs), "{n} failed"),
            (sum(bool(s.entries) for s in self.packs), "{n} ran"),
            (sum(_is_warned(s) and not s.entries for s in self.packs), "{n} warned"),
            (sum(s.refused for s in self.packs) + len(self.broken), "{n} refused"),
        )
        return ", ".join(tr(words, n=n) for n, words in counted if n)


def _order(state: PackState) -> tuple[int, str]:
    job = state.job
    if job is not None and not job.over:
        return (0 if job.state is not JobState.QUEUED else 1, "")
    if job is not None and job.state is JobState.FAILED:
        return 2, state.pack.name
    if state.entries:
        return 6, state.pack.name
    if state.refused:
        return 7, state.pack.name
    return (5 if _is_warned(state) else 3 if state.suits else 4), state.pack.name


def _is_warned(state: PackState) -> bool:
    return state.gate is not None and state.gate.verdict is Suitability.WARN


#: After these events it is to be built anew.
HEARS = (Activated, ResultAdded, StudyClosed, SettingsChanged, GateChanged, JobsChanged, PacksChanged, BoxesChanged)


def state(session: Session, room: Room) -> AnalysisView:
    """What the section shows for the active stack."""
    key, shelf = session.library.active, room.packs.shelf
    stack = session.library.stack(key)
    if stack is None:
        return AnalysisView(room.analyses.pack_states(), shelf.broken, verified=room.packs.verified_words)
    from viewer.reading import is_picture

    if not is_picture(stack) and (room.subjects.of(key) is None or not room.analyses.pack_states()):
        words = tr("This is no picture: no pack looks at it.")
        return AnalysisView((), shelf.broken, has_series=True, blocked=words, no_picture=True)
    jobs = room.context.lane.jobs
    return AnalysisView(
        room.analyses.pack_states(),
        shelf.broken,
        has_series=True,
        device=room.analyses.device_words(),
        others=sum(not job.over and job.stack_key != key for job in jobs),
        jobs=jobs,
        key=printed_key("analysis.run", room.context.settings.shortcuts),
    )


@dataclass(frozen=True, slots=True)
class Asks:
    """What cards ask for: each by pack id (`box` also by side), `cancel` and `dismiss` by job id; `key` analyses."""

    analyse: Callable[[str], object]
    key: Callable[[], str]
    on_cpu: Callable[[str], object]
    cancel: Callable[[str], object]
    dismiss: Callable[[str], object]
    box: Callable[[str, str], object]


def reason_words(reason: GateReason) -> str:
    """A gate's reason with the tag or score it rests on: "Needs MR; this is CT. (0008,0060)"."""
    tag = said(reason.tag)
    return f"{said(reason.text)} {tag if tag.startswith('(') else f'({tag})' if tag else ''}".rstrip()


def gate_badge(gate: GateVerdict | None) -> BadgeSpec:
    """The gate's word as a badge; its tooltip holds every reason."""
    if gate is None:
        return BadgeSpec("plain", tr("Not checked"), tr("The pictures are still being read."))
    reasons = "\n".join(reason_words(r) for r in gate.reasons)
    if gate.verdict is Suitability.RUN:
        return BadgeSpec("suits", tr("Suits"), reasons or tr("Every rule of the pack is met."))
    if gate.verdict is Suitability.WARN:
        return BadgeSpec("warned", tr("Warned"), reasons)
    return BadgeSpec("refused", tr("Refused"), reasons)


def ran_words(entry: ResultEntry) -> str:
    """ "Ran in 14.2 s on CPU · 2 findings", "Ran, nothing found", or why it was refused."""
    result = entry.result
    if result.outcome == "refused":
        reasons = "; ".join(said(r.text) for r in result.gate.reasons) if result.gate else ""
        return said(result.message) or reasons or tr("Refused")
    seconds = seconds_words(result.seconds.get("total", sum(result.seconds.values())))
    device = said(result.provenance.device) if result.provenance else ""
    count = len(result.findings)
    time = tr("{time} on {device}", time=seconds, device=device) if device else seconds
    if count:
        found = tr("1 finding") if count == 1 else tr("{n} findings", n=count)
        parts = [tr("Ran in {time}", time=time), found]
    elif result.below_threshold:
        parts = [tr("Ran, nothing above the threshold"), time]
    else:
        parts = [tr("Ran, nothing found"), time]
    if result.below_threshold:
        parts.append(tr("below threshold, hidden: {n}", n=result.below_threshold))
    return " · ".join(parts)


def ran_notes(entry: ResultEntry) -> list[str]:
    """What a reader must know with a result: fallbacks, warnings, what was not stored."""
    fallbacks = entry.result.provenance.fallbacks if entry.result.provenance else ()
    gate = entry.result.gate
    warned = [r.text for r in gate.reasons if r.verdict is Suitability.WARN] if gate else []
    return [said(words) for words in (*fallbacks, *warned, entry.note) if words]


#: Rules by which a pack is for another kind of picture: then further reasons add nothing.
_KIND_RULES = ("modality", "body_part", "view")
#: So many packs for other modalities, or more, are one row.
_FOLD_FROM = 2


def refusals(state: PackState) -> list[GateReason]:
    """The reasons of a refusal that a reader needs."""
    if state.gate is None:
        return []
    spoken = [r for r in state.gate.reasons if r.verdict is Suitability.REFUSE and r.rule != "roi"]
    wrong_kind = [r for r in spoken if r.rule in _KIND_RULES]
    return wrong_kind[:1] or spoken


def split_refused(refused: list[PackState]) -> tuple[list[PackState], list[PackState]]:
    """(packs made for pictures like this one, packs for other modalities): the latter fold."""
    far = [s for s in refused if any(r.rule == "modality" for r in refusals(s))]
    if len(far) < _FOLD_FROM:
        return refused, []
    return [s for s in refused if s not in far], far


def fold_words(packs: list[PackState]) -> str:
    """ "5 refused: for CR or DX, CT": how many, and what they are for."""
    kinds = ", ".join(dict.fromkeys(modality for state in packs for modality in state.pack.match.modality))
    return tr("{n} refused: for other pictures ({kinds})", n=len(packs), kinds=kinds)
