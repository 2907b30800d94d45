"""What disagrees in a result folder, in the words of `check --json`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RESULT = "result.json"


class What(StrEnum):
    """What two files, or a file and its seal, say differently."""

    POSITION = "position"
    ORIENTATION = "orientation"
    SIDE = "side"
    COUNT = "count"
    LABEL = "label"
    CODE = "code"
    VALUE = "value"
    UNIT = "unit"
    REFERENCE = "reference"
    TEXT = "text"
    VOXELS = "voxels"
    MISSING = "missing"
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One disagreement.

    Attributes:
        file: which of the two is named where nothing tells which one was changed.
        against: the other one, "" where there is none.
        text: a sentence without patient data.
    """

    file: str
    what: What
    text: str
    against: str = RESULT
