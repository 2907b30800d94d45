"""The reader's own key images: the marked pictures, drawn for paper as they were shown."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from viewer.core.annotation import KeyMark
from viewer.core.errors import GeometryError
from viewer.core.report import KeyImage
from viewer.core.study import Stack
from viewer.core.volume import Volume
from viewer.display.framing import Frame
from viewer.display.render import render
from viewer.display.slicing import Plane, needs_resampling, slice_count
from viewer.display.window import Window, windows_of
from viewer.jobs.report_images import SIDE
from viewer.reporting.words import Words, words_in

_log = logging.getLogger(__name__)


def pictures(marked: Sequence[tuple[KeyMark, Stack, Volume]], language: str) -> tuple[KeyImage, ...]:
    """One picture for each mark, in their order; a mark that fits its volume no more is left out.

    Args:
        marked: each mark with its stack and the volume of that stack.
        language: "en" or "zh", of the captions.
    """
    words = words_in(language)
    regular: dict[str, Volume] = {}
    images = []
    for mark, stack, volume in marked:
        try:
            images.append(_picture(mark, stack, _cut_from(mark, volume, regular), words))
        except GeometryError as error:
            _log.warning("a marked picture is left out: %s", error.what)
    return tuple(images)


def _cut_from(mark: KeyMark, volume: Volume, regular: dict[str, Volume]) -> Volume:
    """What the window cut: the volume, or across tilted or uneven slices its right-angled copy."""
    if not needs_resampling(volume.geometry, Plane(mark.plane)):
        return volume
    if mark.stack_key not in regular:
        from viewer.reading import resample_regular

        regular[mark.stack_key] = resample_regular(volume)
    return regular[mark.stack_key]


def _picture(mark: KeyMark, stack: Stack, volume: Volume, words: Words) -> KeyImage:
    plane = Plane(mark.plane)
    frame = Frame(corners=False)
    pixels = render(volume, plane, mark.slice_index, window_of(mark, volume), size=(SIDE, SIDE), frame=frame)
    return KeyImage(pixels, _caption(mark, stack, slice_count(volume.geometry, plane), words))


def window_of(mark: KeyMark, volume: Volume) -> Window:
    """The window of a mark; a VOI LUT is taken from the volume, which alone holds its table."""
    if mark.function != "LUT":
        return Window(mark.center, mark.width, mark.function)
    table = next((window for window in windows_of(volume) if window.lut is not None), None)
    return table or Window(mark.center, mark.width)


def _caption(mark: KeyMark, stack: Stack, count: int, words: Words) -> str:
    plane = "" if mark.plane == Plane.NATIVE.value else words("captions", f"plane_{mark.plane}")
    where = words("captions", "slice", k=mark.slice_index + 1, n=count)
    what = ", ".join(part for part in (stack.description.strip(), plane, where) if part)
    window = words("captions", "window", width=f"{mark.width:.0f}", level=f"{mark.center:.0f}")
    return f"{words('captions', 'reader')} {what}. {window}."
