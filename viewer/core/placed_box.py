"""A box that a reader placed for packs which look at a part of a picture."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.analysis import Box
from viewer.core.anchor import PictureName


@dataclass(frozen=True, slots=True)
class ReaderBox:
    """Half-open voxels of a stack, bound to the pictures it spans.

    Attributes:
        side: "left", "right", or "" where a pack has no sides.
        box: (k, j, i) on the copy it was placed on.
        ends: SOP Instance UID and frame of its first and last slice; () outside DICOM.
    """

    stack_key: str
    side: str
    box: Box
    ends: tuple[PictureName, ...] = ()
