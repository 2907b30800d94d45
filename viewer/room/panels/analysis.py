"""What the Analysis section shows, and what its cards may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.core.analysis import GateReason, GateVerdict, Suitability
from viewer.reading import is_picture
from viewer.room.analyses import PackState
from viewer.room.background import Job
from viewer.room.events import JobsChanged, PacksChanged, SettingsChanged
from viewer.room.room import Room
from viewer.room.views.facts import BadgeSpec
from viewer.session import Activated, BoxesChanged, GateChanged, ResultAdded, Session, StudyClosed
from viewer.words.i18n import said, tr


@dataclass(frozen=True, slots=True)
class AnalysisView:
    """All the section shows: packs in order, packs that are broken, and the queue elsewhere."""

    packs: tuple[PackState, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    has_series: bool = False
    loading: bool = False
    device: str = ""
    others: int = 0
    verified: str = ""
    blocked: str = ""
    no_picture: bool = False
    jobs: tuple[Job, ...] = ()

    @property
    def suiting(self) -> tuple[PackState, ...]:
        """Packs that suit and have neither run nor wait: what "all that suit" runs."""
        return tuple(s for s in self.packs if s.waits_to_run)


#: After these events it is to be built anew.
HEARS = (Activated, ResultAdded, StudyClosed, SettingsChanged, GateChanged, JobsChanged, PacksChanged, BoxesChanged)


def state(session: Session, room: Room) -> AnalysisView:
    """What the section shows for the active stack."""
    key, shelf = session.library.active, room.packs.shelf
    stack = session.library.stack(key)
    if stack is None:
        return AnalysisView(room.analyses.pack_states(), shelf.broken, verified=room.packs.verified_words)
    if not is_picture(stack):
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
    )


@dataclass(frozen=True, slots=True)
class Asks:
    """What cards ask for: each by pack id (`box` also by side), `cancel` and `dismiss` by job id."""

    analyse: Callable[[str], object]
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
