"""Mask subtraction of X-ray angiography as a file asks for it (PS3.3 C.7.6.10)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Operation(Enum):
    """How the mask of a frame is found."""

    AVERAGE = "AVG_SUB"
    INTERVAL = "TID"
    REVERSED = "REV_TID"


@dataclass(frozen=True, slots=True)
class Pair:
    """Frames (from 1) whose means are subtracted: contrast minus mask."""

    contrast: tuple[int, ...]
    mask: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One item of a Mask Subtraction Sequence.

    Attributes:
        ranges: (first, last) frames it holds for, from 1; empty means the whole run.
        masks: mask frames of AVERAGE.
        averaged: contrast frames that are averaged, beginning with the one on show.
        offset: of INTERVAL and REVERSED, in frames.
        shift: pixels (down, right) by which the mask is moved first.
    """

    operation: Operation
    ranges: tuple[tuple[int, int], ...] = ()
    masks: tuple[int, ...] = ()
    averaged: int = 1
    offset: int = 1
    shift: tuple[float, float] = (0.0, 0.0)

    def pair(self, frame: int, count: int) -> Pair | None:
        """What is subtracted from what at a frame of a run of `count`; None where nothing is."""
        found = self._range(frame, count)
        if found is None:
            return None
        first = found[0]
        contrast = tuple(range(frame, min(frame + self.averaged - 1, count) + 1))
        masks = self.masks
        if self.operation is Operation.INTERVAL:
            masks = (frame - self.offset,)
        elif self.operation is Operation.REVERSED:
            masks = (first - self.offset - (frame - first),)
        usable = bool(masks) and all(1 <= mask <= count for mask in masks)
        return Pair(contrast, masks) if usable else None

    def _range(self, frame: int, count: int) -> tuple[int, int] | None:
        if not self.ranges:  # as many frames must be left as are averaged (C.7.6.10.1.1)
            last = count - self.averaged + 1
            return (1, last) if frame <= last else None
        return next(((a, b) for a, b in self.ranges if a <= frame <= b), None)


@dataclass(frozen=True, slots=True)
class Subtraction:
    """Everything a run of frames says about subtracting a mask.

    Attributes:
        logarithmic: values are logarithms of the intensity already, so they are subtracted as
            they are; else their logarithms are (Pixel Intensity Relationship LOG or LIN).
        recommended: the file asks to be opened subtracted.
        problem: why it cannot be subtracted, in words; "" where it can.
    """

    steps: tuple[Step, ...]
    logarithmic: bool = True
    recommended: bool = False
    problem: str = ""

    def step_at(self, frame: int, count: int) -> tuple[Step, Pair] | None:
        """The first step that holds for a frame (from 1), and its frames."""
        for step in self.steps:
            pair = step.pair(frame, count)
            if pair is not None:
                return step, pair
        return None
