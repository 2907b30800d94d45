"""What the status bar shows beside the pointer: geometry, device, running job, patients."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.geometry import SpacingKind
from viewer.core.task import JobState
from viewer.core.verdict import Verdict
from viewer.room.background import Job
from viewer.room.events import JobsChanged, SettingsChanged
from viewer.room.room import Room
from viewer.session import Activated, ResultAdded, Session, StudyClosed, ViewsChanged
from viewer.words.i18n import tr


@dataclass(frozen=True, slots=True)
class StatusView:
    """What the bar shows.

    Attributes:
        stack_key: "" while nothing is open; verdict: whether lengths can be trusted, None where there is no geometry.
        at_detector: lengths hold in the plane of the detector; job: "Analysing 62 %", "" while none runs.
        patients: how many are on screen; hanging: the rule that hung what is on screen.
    """

    stack_key: str = ""
    verdict: Verdict | None = None
    at_detector: bool = False
    device: str = ""
    job: str = ""
    patients: int = 0
    hanging: str = ""


#: After these events it is to be built anew.
HEARS = (Activated, ResultAdded, StudyClosed, SettingsChanged, JobsChanged, ViewsChanged)


def state(session: Session, room: Room) -> StatusView:
    """What the bar says of the active stack and of the program."""
    stack = session.library.stack(session.library.active)
    device, job = room.analyses.device_words(), job_words(room.context.lane.running)
    patients, words = len(session.people_shown), room.hanging.words
    if stack is None or stack.geometry is None:
        key = stack.key if stack is not None else ""
        return StatusView(key, device=device, job=job, patients=patients, hanging=words)
    at_detector = stack.geometry.spacing_kind is SpacingKind.DETECTOR
    return StatusView(stack.key, stack.verdict, at_detector, device, job, patients, words)


def job_words(running: Job | None) -> str:
    """ "Analysing 62 %"; "" while nothing runs."""
    if running is None:
        return ""
    if running.state is JobState.CANCELLING:
        return tr("Cancelling")
    fraction = running.progress.fraction
    return tr("Analysing") + (f" {fraction * 100:.0f} %" if fraction is not None else "")
