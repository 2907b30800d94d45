"""What a reader marks on a picture."""

from __future__ import annotations

from dataclasses import dataclass

PointLps = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class KeyMark:
    """A picture that the reader wants in the report, as it was shown.

    Attributes:
        plane, slice_index: the view it was shown in and its slice there, counted from 0.
        center, width: the window, in values after the modality LUT.
        function: LINEAR, LINEAR_EXACT, SIGMOID or LUT (PS3.3 C.11.2.1).
        caption: the reader's words under it; "" for the program's own.
        id: by which steps name it; "" where none does.
    """

    stack_key: str
    plane: str
    slice_index: int
    center: float
    width: float
    function: str = "LINEAR"
    caption: str = ""
    id: str = ""

    @property
    def picture(self) -> tuple[str, str, int]:
        """Which picture it is, however it was windowed."""
        return self.stack_key, self.plane, self.slice_index
