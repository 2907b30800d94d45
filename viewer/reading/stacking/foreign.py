"""A picture of a file outside DICOM, as an instance of a stack."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.study import Instance


@dataclass(frozen=True, slots=True)
class ForeignSlice(Instance):
    """A picture of a file outside DICOM; `reader` names its entry in `formats.READERS`."""

    reader: str = ""
