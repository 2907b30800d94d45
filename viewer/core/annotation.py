"""What a reader draws on a picture."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.measure import Reading, RegionReading

PointLps = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Annotation:
    """One drawn thing.

    Attributes:
        kind: "length", "angle", "ellipse", "probe", "arrow" or "text".
        points_lps: LPS mm in drawing order (ellipse: opposite corners of its box).
        stack_key: the stack it was drawn on; `plane` and `slice_index`: the view it was drawn in.
        label: what stands on its plate ("10.2 mm").
        reading: the measured number, None for arrows and texts.
    """

    id: str
    kind: str
    points_lps: tuple[PointLps, ...]
    stack_key: str
    plane: str
    slice_index: int
    label: str
    reading: Reading | RegionReading | None = None
