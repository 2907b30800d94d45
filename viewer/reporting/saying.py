"""What people add to the DICOM objects of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from viewer.core.measurement import ReaderMeasurement
from viewer.core.report import Signature
from viewer.core.study import Stack


@dataclass(frozen=True, slots=True)
class Saying:
    """What people add to a report object.

    Attributes:
        sections: "findings", "impression", "recommendation" ... in words.
        reader: the person who judged, as observer.
        signature: makes the report complete, final and VERIFIED; without it UNVERIFIED.
        predecessor: the SR that this one replaces.
        language: "en" or "zh", of the words in it.
        reviewed: a person accepted what is in the objects.
        proposals: how many findings the algorithms had made, where some are left out: the
            summary must not say that nothing was found.
        measured: what the reader measured, on stacks of the study.
        others: stacks that `measured` lies on besides those of the results.
    """

    sections: Mapping[str, str] = field(default_factory=dict)
    reader: str = ""
    signature: Signature | None = None
    predecessor: Path | None = None
    language: str = "en"
    reviewed: bool = False
    proposals: int = 0
    measured: tuple[ReaderMeasurement, ...] = ()
    others: tuple[Stack, ...] = ()

    @property
    def observer(self) -> str:
        """Who speaks: the one who signed, else the one who judged."""
        return self.signature.name if self.signature else self.reader
