"""What a reader draws on a picture."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.measure import Reading, RegionReading

PointLps = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class KeyMark:
    """A picture that the reader wants in the report, as it was shown.

    Attributes:
        plane, slice_index: the view it was shown in and its slice there, counted from 0.
        center, width: the window, in values after the modality LUT.
        function: LINEAR, LINEAR_EXACT, SIGMOID or LUT (PS3.3 C.11.2.1).
    """

    stack_key: str
    plane: str
    slice_index: int
    center: float
    width: float
    function: str = "LINEAR"

    @property
    def picture(self) -> tuple[str, str, int]:
        """Which picture it is, however it was windowed."""
        return self.stack_key, self.plane, self.slice_index


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
