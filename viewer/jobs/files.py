"""What the files of a result folder are called."""

from __future__ import annotations

from enum import StrEnum


class ResultFile(StrEnum):
    """Files with one name; masks, heatmaps and pictures are numbered."""

    RESULT = "result.json"
    REPORT = "report.pdf"
    SEG = "seg.dcm"
    SR = "sr.dcm"
    KEYS = "keys.dcm"
    MEASUREMENTS = "measurements.csv"


class Format(StrEnum):
    """What a reader can ask for; result.json is always there."""

    PDF = "pdf"
    SEG = "seg"
    SR = "sr"
    KEYS = "keys"
    PICTURES = "pictures"
    MEASUREMENTS = "csv"


#: How the files of the reader's own pictures begin.
CHOSEN = "chosen-"
