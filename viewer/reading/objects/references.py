"""Which series and pictures an object speaks of (PS3.3 C.12.4, C.7.6.16.2.6, C.8.8.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from viewer.core.study import Stack
from viewer.reading.objects.dataset import BULK, items, opened, text

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Links:
    """What an object refers to.

    Attributes:
        frame_of_reference_uids: frames its positions are given in; may be empty (X-ray).
        series_uids, sop_uids: series and pictures that it names.
    """

    frame_of_reference_uids: frozenset[str] = frozenset()
    series_uids: frozenset[str] = frozenset()
    sop_uids: frozenset[str] = frozenset()

    def speak_of(self, stack: Stack) -> bool:
        """True where a stack is named, or lies in the same frame of reference."""
        if stack.series_uid in self.series_uids:
            return True
        if any(instance.sop_instance_uid in self.sop_uids for instance in stack.instances):
            return True
        frame = stack.geometry.frame_of_reference_uid if stack.geometry else None
        return frame is not None and frame in self.frame_of_reference_uids


def links_of(stack: Stack) -> Links:
    """The links of an object, without decoding its pixels or contours.

    Raises:
        ReadError: the object cannot be read.
    """
    with opened(stack.instances[0].path, BULK) as dataset:
        return Links(
            frozenset(_named(_frames(dataset))),
            frozenset(_named(_series(dataset))),
            frozenset(_named(_pictures(dataset))),
        )


def key_pictures(stack: Stack) -> frozenset[str]:
    """SOP Instance UIDs that a Key Object Selection document names in its content (PS3.16 TID 2010).

    Raises:
        ReadError: the object cannot be read.
    """
    with opened(stack.instances[0].path, BULK) as dataset:
        named = (part for item in items(dataset, "ContentSequence") for part in items(item, "ReferencedSOPSequence"))
        return frozenset(_named([text(part, "ReferencedSOPInstanceUID") for part in named]))


def _named(uids: list[str]) -> list[str]:
    return [uid for uid in uids if uid]


def _frames(dataset: Dataset) -> list[str]:
    found = [text(dataset, "FrameOfReferenceUID")]
    found += [text(roi, "ReferencedFrameOfReferenceUID") for roi in items(dataset, "StructureSetROISequence")]
    return found + [text(item, "FrameOfReferenceUID") for item in items(dataset, "ReferencedFrameOfReferenceSequence")]


def _series(dataset: Dataset) -> list[str]:
    found = [text(series, "SeriesInstanceUID") for series in items(dataset, "ReferencedSeriesSequence")]
    for frame in items(dataset, "ReferencedFrameOfReferenceSequence"):
        for study in items(frame, "RTReferencedStudySequence"):
            found += [text(series, "SeriesInstanceUID") for series in items(study, "RTReferencedSeriesSequence")]
    return found


def _pictures(dataset: Dataset) -> list[str]:
    """Pictures of the series list and of the frames' derivation."""
    found = [
        text(picture, "ReferencedSOPInstanceUID")
        for series in items(dataset, "ReferencedSeriesSequence")
        for key in ("ReferencedInstanceSequence", "ReferencedImageSequence")
        for picture in items(series, key)
    ]
    groups = [
        *items(dataset, "SharedFunctionalGroupsSequence"),
        *items(dataset, "PerFrameFunctionalGroupsSequence"),
    ]
    for group in groups:
        for derivation in items(group, "DerivationImageSequence"):
            found += [text(s, "ReferencedSOPInstanceUID") for s in items(derivation, "SourceImageSequence")]
    return found
