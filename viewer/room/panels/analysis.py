"""What the Analysis section knows of each pack, and what its cards may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.core.analysis import GateReason, GateVerdict, PackInfo, Suitability
from viewer.core.task import JobState
from viewer.session import ResultEntry
from viewer.ui.kit.lanes import Job
from viewer.ui.kit.marks import Badge
from viewer.words.i18n import said, tr


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
        return tuple(s for s in self.packs if s.suits and not s.entries and s.job is None)


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


def gate_badge(gate: GateVerdict | None) -> Badge:
    """The gate's word as a badge; its tooltip holds every reason."""
    if gate is None:
        return Badge("plain", tr("Not checked"), tr("The pictures are still being read."))
    reasons = "\n".join(reason_words(r) for r in gate.reasons)
    if gate.verdict is Suitability.RUN:
        return Badge("suits", tr("Suits"), reasons or tr("Every rule of the pack is met."))
    if gate.verdict is Suitability.WARN:
        return Badge("warned", tr("Warned"), reasons)
    return Badge("refused", tr("Refused"), reasons)
