"""What a run of X-ray frames, or a presentation state, says about mask subtraction (PS3.3 C.7.6.10)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from viewer.core.errors import ReadError
from viewer.core.study import Stack
from viewer.core.subtraction import Operation, Step, Subtraction
from viewer.reading.header.details import dataset_of
from viewer.reading.header.lenient import PYDICOM_FAULTS
from viewer.reading.objects.dataset import items, number, numbers, text, whole

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: X-ray angiography and fluoroscopy, plain and enhanced.
_CLASSES = re.compile(r"1\.2\.840\.10008\.5\.1\.4\.1\.1\.12\.(1|2|1\.1|2\.1)")
_NOT_SAID = (
    "The file asks for mask subtraction but does not say whether its values are logarithms (0028,1040). "
    "It is shown without."
)


def read_subtraction(stack: Stack) -> Subtraction | None:
    """The mask subtraction a stack of frames asks for; None where it asks for none.

    Frames count within the file, which is the whole stack.
    """
    first = stack.instances[0] if stack.instances else None
    if first is None or not _CLASSES.fullmatch(first.sop_class_uid) or len({i.path for i in stack.instances}) != 1:
        return None
    try:
        dataset = dataset_of(first.path)
        steps = steps_of(dataset)
        if not steps:
            return None
        logarithmic, problem = domain_of(dataset)
    except (ReadError, *PYDICOM_FAULTS):
        return None
    recommended = "SUB" in text(dataset, "RecommendedViewingMode").split("\\")
    return Subtraction(steps, logarithmic, recommended, problem)


def domain_in(stack: Stack) -> tuple[bool, str]:
    """`domain_of` the pictures of a stack, by the first one."""
    try:
        return domain_of(dataset_of(stack.instances[0].path))
    except (ReadError, *PYDICOM_FAULTS):
        return True, _NOT_SAID


def domain_of(dataset: Any) -> tuple[bool, str]:
    """Whether values are logarithms already, and why they cannot be subtracted at all.

    Values made for looking at (DISP) stand in no known relation to the X-rays that arrived.
    """
    relationship = text(dataset, "PixelIntensityRelationship")
    if relationship in {"LOG", "LIN"}:
        return relationship == "LOG", ""
    if relationship == "DISP":
        return True, "Values made for display (0028,1040 = DISP) cannot be subtracted truly. Shown without mask."
    return True, _NOT_SAID


def steps_of(dataset: Dataset) -> tuple[Step, ...]:
    """Items of a Mask Subtraction Sequence that name an operation; NONE and unknown ones are left out."""
    return tuple(step for item in items(dataset, "MaskSubtractionSequence") if (step := _step(item)) is not None)


def _step(item: Dataset) -> Step | None:
    try:
        operation = Operation(text(item, "MaskOperation"))
    except ValueError:
        return None
    ends = [int(n) for n in numbers(item, "ApplicableFrameRange")]
    shift = numbers(item, "MaskSubPixelShift")
    offset = number(item, "TIDOffset")
    return Step(
        operation,
        tuple(zip(ends[::2], ends[1::2], strict=False)),
        tuple(int(n) for n in numbers(item, "MaskFrameNumbers")),
        max(1, whole(item, "ContrastFrameAveraging", 1)),
        1 if offset is None else int(offset),
        (float(shift[0]), float(shift[1])) if len(shift) == 2 else (0.0, 0.0),
    )
