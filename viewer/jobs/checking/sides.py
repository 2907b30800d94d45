"""The side of each finding worked out anew from the picture itself."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.analysis.sides import radiograph_side
from viewer.core.finding import Side
from viewer.core.volume import Volume
from viewer.jobs.checking.mismatch import RESULT, Mismatch, What
from viewer.jobs.checking.stated import Stated

#: Pictures that show the body from the front, one film a picture.
_FILMS = frozenset({"CR", "DX", "RF", "XA"})


def compare(stated: Stated, volume: Volume) -> Iterator[Mismatch]:
    """The half of a film where a finding's box lies against the side that is told.

    A side that the reader changed is the reader's own; a box over both halves tells none.
    """
    if volume.modality not in _FILMS or volume.shape[0] != 1:
        return
    for number, finding in enumerate(stated.findings, start=1):
        made = finding.original or finding
        box = made.location.box_kji
        if box is None or made.location.segment is not None or made.side not in (Side.LEFT, Side.RIGHT):
            continue
        (_, _, first), (_, _, last) = box
        ends = {radiograph_side(volume, float(first)), radiograph_side(volume, float(last - 1))}
        if len(ends) == 1 and Side.NONE not in ends and made.side not in ends:
            yield Mismatch(
                RESULT, What.SIDE, f"Finding {number} lies on the other half of the film than its side says."
            )
