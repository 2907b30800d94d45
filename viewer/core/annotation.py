"""What a reader marks on a picture."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.oblique import ObliquePlane

PointLps = tuple[float, float, float]

#: Axis of LPS that the slices of a plane are counted along.
_AXES = {"axial": 2, "coronal": 1, "sagittal": 0}
#: Slices that lie this near (mm) are one.
_ONE_SLICE_MM = 0.01


@dataclass(frozen=True, slots=True)
class KeyMark:
    """A picture that the reader wants in the report, as it was shown.

    Attributes:
        plane, slice_index: the view it was shown in and its slice there, counted from 0, on the copy it was marked on.
        center, width: the window, in values after the modality LUT.
        function: LINEAR, LINEAR_EXACT, SIGMOID or LUT (PS3.3 C.11.2.1).
        caption: the reader's words under it; "" for the program's own.
        id: by which steps name it; "" where none does.
        sop_instance_uid, frame: the stored picture it shows; "" for cuts across slices and outside DICOM.
        lps: LPS mm of the middle of the slice; None without a patient frame, and in marks of earlier versions.
        oblique: the plane it shows in place of one of the stack's own.
        copy: digest of the names of all pictures of its stack, as they were open; "" unknown.
    """

    stack_key: str
    plane: str
    slice_index: int
    center: float
    width: float
    function: str = "LINEAR"
    caption: str = ""
    id: str = ""
    sop_instance_uid: str = ""
    frame: int | None = None
    lps: PointLps | None = None
    oblique: ObliquePlane | None = None
    copy: str = ""

    def shows_same(self, other: KeyMark) -> bool:
        """True where both are of one picture, however it was windowed."""
        if self.sop_instance_uid and other.sop_instance_uid:
            return (self.sop_instance_uid, self.frame) == (other.sop_instance_uid, other.frame)
        if self.oblique is not None or other.oblique is not None:
            return (self.stack_key, self.oblique) == (other.stack_key, other.oblique)
        if (self.stack_key, self.plane) != (other.stack_key, other.plane):
            return False
        if self.lps is not None and other.lps is not None and self.plane in _AXES:
            axis = _AXES[self.plane]
            return abs(self.lps[axis] - other.lps[axis]) < _ONE_SLICE_MM
        return self.slice_index == other.slice_index
