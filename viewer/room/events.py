"""What the room tells of beside the changes of the session; all of it goes through the session's bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from viewer.core.annotation import PointLps
from viewer.session.events import Event


@dataclass(frozen=True, slots=True)
class ScanProgressed(Event):
    """A scan began, or brought something new into the studies."""


@dataclass(frozen=True, slots=True)
class ScanEnded(Event):
    """A scan is over; it found these studies."""

    study_uids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ThumbnailMade(Event):
    """`Opening.thumbnail` has a picture of this stack."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class StackOpened(Event):
    """A stack shall be on screen: it is held, its slices may still be coming."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class StackHeld(Event):
    """A stack is held, its slices may still be coming; it need not be the one that panels speak of."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class SlicesArrived(Event):
    """More slices of a stack are there."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class StackLoaded(Event):
    """Every slice of a stack that could be read is there."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class StackDropped(Event):
    """The pictures of a stack left the memory; `again` where they are being read anew."""

    stack_key: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class ObjectWanted(Event):
    """A stack that is no picture shall be on screen."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class SubjectRead(Event):
    """The signals or words of a stack were read for packs."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class PacksChanged(Event):
    """The packs are known."""


@dataclass(frozen=True, slots=True)
class JobsChanged(Event):
    """Jobs came, went or went on to another state."""


@dataclass(frozen=True, slots=True)
class JobProgressed(Event):
    """A running job reported a step."""

    job_id: str


@dataclass(frozen=True, slots=True)
class BoxWanted(Event):
    """The reader shall place a box for a side ("" where the pack has none)."""

    side: str


@dataclass(frozen=True, slots=True)
class ExternalChanged(Event):
    """There is more, or less, of other systems to lie over a stack."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class JumpWanted(Event):
    """A place shall be shown: an acquired slice of a stack on screen, or a point of the patient (LPS mm)."""

    stack_key: str
    index: int | None = None
    lps: PointLps | None = None


@dataclass(frozen=True, slots=True)
class Exporting(Event):
    """Files of a report are being written, or no longer."""

    running: bool


@dataclass(frozen=True, slots=True, eq=False)
class Exported(Event):
    """A report was written: its folder, and its files by what they are."""

    folder: str
    files: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class SealsChanged(Event):
    """What is known of the seals of result folders changed."""


@dataclass(frozen=True, slots=True)
class Trouble(Event):
    """Something could not be done; finished words in the reader's language."""

    words: str


@dataclass(frozen=True, slots=True)
class BrowsingChanged(Event):
    """The studies list looks for something else."""


@dataclass(frozen=True, slots=True)
class TourMoved(Event):
    """The tour began, went to another step, or ended."""


@dataclass(frozen=True, slots=True)
class SettingsChanged(Event):
    """New settings hold."""
