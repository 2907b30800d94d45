"""Patients, studies, series and stacks, as found on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from viewer.core.geometry import Geometry
from viewer.core.ultrasound import UltrasoundRegion
from viewer.core.verdict import Caution, Verdict


class Kind(Enum):
    """What a stack is, in the words of `info --json`."""

    VOLUME = "volume"
    STACK = "stack"
    IMAGE = "image"
    CINE = "cine"
    WAVEFORM = "waveform"
    SEGMENTATION = "segmentation"
    STRUCTURES = "structures"
    REPORT = "report"
    DOCUMENT = "document"
    PRESENTATION = "presentation"
    OTHER = "other"

    @property
    def words(self) -> str:
        """What a reader calls it."""
        return {Kind.WAVEFORM: "signals", Kind.OTHER: "other object"}.get(self, self.value)


@dataclass(frozen=True, slots=True)
class Patient:
    """Who. `name` is decoded, component groups joined as in the file."""

    id: str = ""
    name: str = ""
    birth_date: str = ""
    sex: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """One stored picture: a file, or one frame of a file.

    Attributes:
        path: where it lies (files from a ZIP lie in a private temporary folder).
        sop_instance_uid, sop_class_uid: empty outside DICOM.
        frame: 0-based frame in a multi-frame file, None for a single-frame file.
        number: Instance Number, None where absent.
    """

    path: Path
    sop_instance_uid: str = ""
    sop_class_uid: str = ""
    frame: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """Pictures that belong on one grid (one orientation, echo, time point), or one object.

    Attributes:
        series_uid: DICOM Series UID; for other files a stable made-up one ("file:" + hash).
        number: stack number within the series, None when the series has only one.
        instances: one per slice, ascending along the normal (pictures without geometry:
            by instance number); may be made on demand, so keep what is asked for often.
        geometry: None where nothing is known of the grid.
        regions: calibrated parts of ultrasound pictures, of each slice, or once where all have the same.
        frame_time_ms: how long a frame lasted.
        frame_steps_ms: of each frame the time since the one before, where they differ.
        display_rate: frames a second as the file recommends to show them.
        header: DICOM keyword -> str for corners, hanging and gates; patient names left out.
    """

    series_uid: str
    kind: Kind
    modality: str
    instances: Sequence[Instance]
    description: str = ""
    number: int | None = None
    series_number: int | None = None
    geometry: Geometry | None = None
    verdict: Verdict = Verdict()
    warnings: tuple[Caution, ...] = ()
    samples: int = 1
    photometric: str = ""
    transfer_syntax: str = ""
    lossy: bool = False
    files: int = 1
    frames: int = 1
    unit: str = "1"
    regions: tuple[tuple[UltrasoundRegion, ...], ...] = ()
    frame_time_ms: float | None = None
    frame_steps_ms: tuple[float, ...] = ()
    display_rate: float | None = None
    header: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Series UID, and the stack number where there are several."""
        return self.series_uid if self.number is None else f"{self.series_uid}#{self.number}"

    def regions_at(self, k: int) -> tuple[UltrasoundRegion, ...]:
        """The calibrated parts of one slice; none on other pictures than ultrasound."""
        if len(self.regions) > 1:
            return self.regions[k] if 0 <= k < len(self.regions) else ()
        return self.regions[0] if self.regions else ()


@dataclass(frozen=True, slots=True)
class Series:
    """All stacks of one Series UID."""

    uid: str
    stacks: tuple[Stack, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """All series of one Study UID."""

    uid: str
    patient: Patient
    series: tuple[Series, ...]
    date: str = ""
    time: str = ""
    description: str = ""
    accession: str = ""

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """Every stack of every series, in order."""
        return tuple(stack for series in self.series for stack in series.stacks)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not opened, and why, in words."""

    path: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan found: complete studies and every refused file."""

    studies: tuple[Study, ...] = ()
    refused: tuple[Refusal, ...] = ()
    files: int = 0
