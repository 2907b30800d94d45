"""Files -> nouns: scan for studies, open stacks as volumes.

Importing this package loads numpy only; pydicom, SimpleITK, nibabel and the codecs are imported
when a file needs them.
"""

from __future__ import annotations

import os

from viewer.core.analysis import Subject
from viewer.core.document import Document
from viewer.core.errors import ReadError
from viewer.core.study import Kind, Stack
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Volume
from viewer.core.waveform import Waveform
from viewer.reading.choose import is_picture, pick
from viewer.reading.formats.readers import READERS
from viewer.reading.loader import StackLoader
from viewer.reading.preview import preview
from viewer.reading.resampling import resample_regular
from viewer.reading.scanning.joining import with_known
from viewer.reading.scanning.scan import scan

__all__ = [
    "READERS", "StackLoader", "is_picture", "is_read", "load_subject", "load_volume", "open_stack",
    "open_volume", "pick", "preview",
    "resample_regular", "scan", "with_known",
]  # fmt: skip


def open_stack(stack: Stack) -> StackLoader:
    """A loader whose volume exists at once and fills as `load` runs.

    Raises:
        ReadError: the stack holds no picture, claims too much, or its syntax is not decoded.
    """
    return StackLoader(stack)


def load_volume(stack: Stack, on_progress: OnProgress = ignore_progress, cancel: CancelToken | None = None) -> Volume:
    """The whole volume of a stack.

    Raises:
        ReadError: any slice could not be read.
        Cancelled: the reader asked to stop.
    """
    loader = StackLoader(stack)
    total, done = len(loader.loaded), 0

    def told(_k: int) -> None:
        nonlocal done
        done += 1
        on_progress(Progress("Reading slices", done / total))

    volume = loader.load(told, cancel)
    if loader.failed:
        k, error = min(loader.failed.items())
        name = stack.instances[k].path.name
        raise ReadError(f"Slice {k + 1} of {total} ({name}) cannot be read: {error.what}", error.todo, error.code)
    return volume


def is_read(stack: Stack) -> bool:
    """True for signals and texts, which packs may read besides pictures."""
    return stack.kind in (Kind.WAVEFORM, Kind.REPORT, Kind.DOCUMENT)


def load_subject(stack: Stack, on_progress: OnProgress = ignore_progress, cancel: CancelToken | None = None) -> Subject:
    """What a pack may be given of a stack: its volume, its signals, or the running text of its document.

    Raises:
        ReadError: it cannot be read, or is of another kind. Cancelled: the reader asked to stop.
    """
    if is_picture(stack):
        return load_volume(stack, on_progress, cancel)
    from viewer.reading.objects.object_types import read_object
    from viewer.reading.objects.running_text import text_of, text_of_report

    if stack.kind is Kind.REPORT:
        return text_of_report(stack)
    found = read_object(stack)
    if isinstance(found, Waveform):
        return found
    if isinstance(found, Document):
        return text_of(found)
    raise ReadError("This series holds neither pictures nor signals nor words.", "Choose another series.", "no_pixels")


def open_volume(path: str | os.PathLike[str]) -> Volume:
    """The first picture stack of a file or folder.

    Raises:
        ReadError: nothing there can be opened.
    """
    result = scan([path])
    stack = next((one for study in result.studies for one in study.stacks if is_picture(one)), None)
    if stack is None:
        reason = result.refused[0].text if result.refused else "There is no picture here."
        raise ReadError(f"Nothing could be opened. {reason}", "", "no_pixels")
    return load_volume(stack)
