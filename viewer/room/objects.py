"""Objects that are no pictures: read, and their pages drawn, in a reading thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError, ViewerError
from viewer.core.study import Stack
from viewer.core.task import CancelFlag, CancelToken
from viewer.reading.header.sop_classes import name_of
from viewer.reading.objects.object_types import DicomObject, read_object, type_of
from viewer.reading.objects.pdf_pages import draw_pages
from viewer.room.background import Pool


@dataclass(frozen=True, slots=True, eq=False)
class OpenObject:
    """What an object holds, and the id of the view that shows it."""

    view: str
    content: DicomObject


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A drawn page of a document.

    Attributes:
        count: pages of the whole document; number: which this is, from 0.
        picture: uint8 RGB [height, width, 3].
    """

    count: int
    number: int
    picture: npt.NDArray[np.uint8]


def type_words(stack: Stack) -> str:
    """What kind of object this is, in English."""
    return name_of(stack.instances[0].sop_class_uid)


def read(
    pool: Pool, stack: Stack, done: Callable[[OpenObject], None], failed: Callable[[ViewerError], None]
) -> CancelFlag:
    """Read an object in a thread."""

    def work(_tell: object, cancel: CancelToken) -> OpenObject:
        cancel.check()
        content = read_object(stack)
        row = type_of(stack)
        return OpenObject(row.view if row is not None else "", content)

    return pool.submit(work, done, failed)


def draw_page(
    pool: Pool,
    pdf: bytes,
    number: int,
    width: int,
    *,
    done: Callable[[Page], None],
    failed: Callable[[ViewerError], None],
) -> CancelFlag:
    """Draw a page of a PDF, `width` px wide, in a process of its own."""

    def work(_tell: object, cancel: CancelToken) -> Page:
        cancel.check()
        drawn = draw_pages(pdf, number, 1, width)
        if not drawn.pictures:
            raise ReadError("This document has no page to show.", "Ask the sender for a whole copy.", "no_pixels")
        return Page(drawn.count, drawn.first, drawn.pictures[0])

    return pool.submit(work, done, failed)
