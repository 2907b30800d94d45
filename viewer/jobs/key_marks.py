"""The reader's own key images: the marked pictures, drawn for paper as they were shown."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from viewer.core.annotation import KeyMark
from viewer.core.errors import GeometryError
from viewer.core.plain import from_plain, to_plain
from viewer.core.report import KeyImage
from viewer.core.study import Instance, Stack
from viewer.core.volume import Volume
from viewer.display.framing import Frame
from viewer.display.points import plane_volume
from viewer.display.render import render
from viewer.display.slicing import Plane, cut, extract, needs_resampling, slice_count
from viewer.display.window import Window, windows_of
from viewer.jobs.files import CHOSEN
from viewer.jobs.report_content import picture_hash
from viewer.jobs.report_images import SIDE
from viewer.jobs.result_json import plain_name
from viewer.words.language import Words, words_in

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
    if mark.oblique is not None:
        return plane_volume(volume, mark.oblique)
    if not needs_resampling(volume.geometry, Plane(mark.plane)):
        return volume
    if mark.stack_key not in regular:
        from viewer.reading import resample_regular

        regular[mark.stack_key] = resample_regular(volume)
    return regular[mark.stack_key]


def _picture(mark: KeyMark, stack: Stack, volume: Volume, words: Words) -> KeyImage:
    plane = Plane(mark.plane)
    frame = Frame(corners=False)
    mark = replace(mark, slice_index=_index(mark, volume))
    pixels = render(volume, plane, mark.slice_index, window_of(mark, volume), size=(SIDE, SIDE), frame=frame)
    caption = _caption(mark, stack, slice_count(volume.geometry, plane), words)
    return KeyImage(pixels, caption, mark=mark, instance=_instance(mark, stack, volume))


def _index(mark: KeyMark, volume: Volume) -> int:
    """The slice of a mark: across slices its millimetres say it, in whatever grid they are cut from."""
    if mark.oblique is not None:
        return 0
    if mark.sop_instance_uid or mark.lps is None or mark.plane == Plane.NATIVE.value:
        return mark.slice_index
    across = cut(volume.geometry, Plane(mark.plane)).across
    return round(float(volume.geometry.world_to_index(mark.lps)[across]))


def _instance(mark: KeyMark, stack: Stack, volume: Volume) -> Instance | None:
    """The stored picture that the mark shows, None for a cut across slices and outside DICOM."""
    view = extract(volume, Plane(mark.plane), mark.slice_index)
    if mark.oblique is not None or not view.native or volume.shape[0] != len(stack.instances):
        return None
    instance = stack.instances[view.index]
    return instance if instance.sop_instance_uid else None


def window_of(mark: KeyMark, volume: Volume) -> Window:
    """The window of a mark; a VOI LUT is taken from the volume, which alone holds its table."""
    if mark.function != "LUT":
        return Window(mark.center, mark.width, mark.function)
    table = next((window for window in windows_of(volume) if window.lut is not None), None)
    return table or Window(mark.center, mark.width)


def _caption(mark: KeyMark, stack: Stack, count: int, words: Words) -> str:
    if mark.caption:
        return mark.caption
    plane = "" if mark.plane == Plane.NATIVE.value else words("captions", f"plane_{mark.plane}")
    where = words("captions", "slice", k=mark.slice_index + 1, n=count)
    if mark.oblique is not None:
        plane, where = words("captions", "plane_oblique"), ""
    what = ", ".join(part for part in (stack.description.strip(), plane, where) if part)
    window = words("captions", "window", width=f"{mark.width:.0f}", level=f"{mark.center:.0f}")
    return f"{words('captions', 'reader')} {what}. {window}."


def kept_in(folder: Path, report: Mapping[str, Any]) -> tuple[KeyImage, ...]:
    """The reader's pictures as an earlier report kept them; one whose file is gone or changed is left out."""
    images = []
    for entry in report.get("key_images", ()):
        try:
            pixels = np.asarray(Image.open(folder / plain_name(entry["file"])).convert("RGB"))
            if picture_hash(pixels) != entry["sha256"]:
                raise ValueError("another picture than was kept")
            mark, instance = from_plain(KeyMark, entry["mark"]), entry.get("instance")
            shown = None if instance is None else from_plain(Instance, instance)
            images.append(KeyImage(pixels, str(entry["caption"]), mark=mark, instance=shown))
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            _log.warning("a kept key image is left out: %s", type(error).__name__)
    return tuple(images)


def keep(folder: Path, chosen: Sequence[KeyImage]) -> list[dict[str, Any]]:
    """Write the reader's pictures into a folder; what result.json says of them."""
    told = []
    for number, image in enumerate(chosen, start=1):
        name = f"{CHOSEN}{number}.png"
        Image.fromarray(image.pixels).save(folder / name, format="PNG")
        told.append(
            {
                "file": name,
                "caption": image.caption,
                "sha256": picture_hash(image.pixels),
                "mark": to_plain(image.mark),
                "instance": None if image.instance is None else _plain(image.instance),
            }
        )
    return told


def _plain(one: Instance) -> Any:
    """A picture's names alone: what a scan knows besides is not kept."""
    return to_plain(Instance(one.path, one.sop_instance_uid, one.sop_class_uid, one.frame, one.number))
