"""What a reader measured on a picture: the noun that window, journal, report, PDF, SR and CSV share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from viewer.core.annotation import PointLps
from viewer.core.finding import Code, Measurement


class Shape(StrEnum):
    """What the points of a measurement make, for those who must draw or code it without its tool."""

    POINTS = "points"
    #: Each two points a line.
    LINES = "lines"
    PATH = "path"
    POLYGON = "polygon"
    #: The ends of one axis, then of the other.
    ELLIPSE = "ellipse"


@dataclass(frozen=True, slots=True)
class ReaderMeasurement:
    """One measurement by a person, with the numbers as they were shown.

    Attributes:
        id: unique in its study; it becomes the tracking identifier of the SR group.
        tool: key of the tool that made it ("length", "angle", "ellipse" ...).
        name: what is printed before its numbers, in English ("Length", "Cardiothoracic ratio").
        stack_key: the stack it was drawn on; `series_uid` names its series, None outside DICOM.
        sop_instance_uid: the stored picture it lies on; None for cuts across slices and outside DICOM.
        frame: of a file with several, the frame it lies on, counted from 0.
        slice_index: slice counted from 0 in the plane it was drawn in, on the copy of the files it was drawn on.
        plane: "native", "axial", "coronal" or "sagittal".
        points_lps: LPS mm in drawing order (an ellipse: opposite corners of its box). On pictures
            without a patient frame the same numbers mean column, row and slice steps times the spacing.
        values: every number with unit (UCUM; "px" and "px2" without a calibration), code and error.
        notes: what a reader must know with the numbers ("at detector"), in English.
        code: what was measured as a coded finding, where the tool says one.
        text: what the reader typed, of a text.
        shape: what its outline makes.
        outline_lps: where that is not `points_lps`: the corners of a rectangle, the axis ends of an ellipse.
        reader, when: who measured, and when (ISO 8601 with offset).
        number: by which it is told from others of its tool, given when it was made; 0 not yet.
        copy: digest of the names of all pictures of its stack, as they were open; "" unknown.
        pixels: digest of the stored picture it was read from, by which a copy of the files is known; "" unknown.
    """

    id: str
    tool: str
    name: str
    stack_key: str
    slice_index: int
    plane: str
    points_lps: tuple[PointLps, ...]
    values: tuple[Measurement, ...]
    series_uid: str | None = None
    sop_instance_uid: str | None = None
    notes: tuple[str, ...] = ()
    code: Code | None = None
    text: str = ""
    shape: Shape = Shape.LINES
    outline_lps: tuple[PointLps, ...] = ()
    reader: str = ""
    when: str = ""
    pixels: str = ""
    frame: int | None = None
    copy: str = ""
    number: int = 0

    @property
    def outline(self) -> tuple[PointLps, ...]:
        """The points that its shape is made of, LPS mm."""
        return self.outline_lps or self.points_lps
