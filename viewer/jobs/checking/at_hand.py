"""The pictures of a result folder where they lie now, by UID, whatever their files are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewer.core.analysis import Subject
from viewer.core.errors import GeometryError, ReadError
from viewer.core.study import Stack, Study
from viewer.core.task import CancelFlag, CancelToken, ignore_progress
from viewer.jobs.sealing.images import Difference, SourceImage, compare, describe, from_json
from viewer.reading import is_picture, load_subject, load_volume, scan

Picture = tuple[str, int | None]


@dataclass(frozen=True, slots=True, eq=False)
class AtHand:
    """The pictures that are there; `volume` is None where they cannot be opened."""

    study: Study
    stack: Stack
    volume: Subject | None


def find(meant: Stack, asked: object, cancel: CancelToken | None = None) -> AtHand | None:
    """The analysed pictures: where they lay, else under the path that was analysed, else beside where they lay.

    Args:
        meant: the stack as it was analysed.
        asked: the path that was analysed, as result.json has it.

    Returns:
        The stack that shares most pictures with it, None where none shares any.

    Raises:
        Cancelled: the reader asked to stop.
    """
    cancel = cancel or CancelFlag()
    found = _located(meant, asked, cancel)
    if found is None:
        return None
    study, stack = found
    try:
        load = load_volume if is_picture(stack) else load_subject
        return AtHand(study, stack, load(stack, ignore_progress, cancel))
    except (ReadError, GeometryError):
        return AtHand(study, stack, None)


def _located(meant: Stack, asked: object, cancel: CancelToken) -> tuple[Study, Stack] | None:
    wanted = set(_pictures(meant))
    best: tuple[int, Study, Stack] | None = None
    for paths in _places(meant, asked):
        for study in scan(paths, cancel=cancel).studies:
            for stack in study.stacks:
                shared = len(wanted & set(_pictures(stack)))
                if shared > (best[0] if best is not None else 0):
                    best = shared, study, stack
        if best is not None and best[0] == len(wanted):
            break
    return None if best is None else best[1:]


def differences(kept: object, found: AtHand | None) -> tuple[Difference, ...]:
    """How the pictures at hand differ from those that were analysed.

    Args:
        kept: `sources` of result.json; nothing is compared where an earlier program kept none.

    Raises:
        TypeError, ValueError, KeyError: it holds something else.
    """
    images = from_json(kept) if kept is not None else ()
    if found is None or found.volume is None:
        return tuple(Difference(image, None) for image in images)
    return compare(images, describe(found.study, found.stack, found.volume))


def images_of(kept: Any) -> tuple[SourceImage, ...]:
    """The pictures that result.json keeps, () where it keeps none that can be read."""
    try:
        return from_json(kept)
    except (TypeError, ValueError, KeyError):
        return ()


def _pictures(stack: Stack) -> Iterator[Picture]:
    """What a picture is known by: its UID and frame; outside DICOM its file's name and number."""
    for n, one in enumerate(stack.instances):
        yield (one.sop_instance_uid, one.frame) if one.sop_instance_uid else (one.path.name, n)


def _places(stack: Stack, asked: object) -> Iterator[Sequence[Path]]:
    """Where to look, the nearest first."""
    files = sorted({one.path for one in stack.instances})
    there = [path for path in files if path.is_file()]
    if there:
        yield there
    if isinstance(asked, str) and asked and Path(asked).exists():
        yield [Path(asked)]
    beside = sorted({path.parent for path in files if path.parent.is_dir()})
    if beside and files[0].is_absolute():
        yield beside
