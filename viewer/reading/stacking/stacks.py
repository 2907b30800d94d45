"""Sort the pictures of one series into stacks: one orientation, echo and time point each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np

from viewer.core.geometry import FloatArray
from viewer.core.study import Kind, Stack
from viewer.core.verdict import Caution, judge
from viewer.reading.header import tags as t
from viewer.reading.header.describe import header_of, lossy_caution, unit_of
from viewer.reading.header.head import text_of
from viewer.reading.stacking.frame import Frame
from viewer.reading.stacking.placing import (
    SAME_POSITION_MM,
    SCALE_TAGS,
    Placed,
    distances,
    normal_of,
    place,
    regions_of,
    scale_facts,
)
from viewer.reading.stacking.slices import slices_of
from viewer.reading.stacking.turns import Places, are_known, turns

#: Modalities whose single pictures are films: each is looked at, measured and analysed on its own.
FILMS = frozenset({"CR", "DX", "MG", "IO", "PX", "RG", "DR"})
#: Cosines that differ by less than this belong to one orientation (about 0.3 degrees).
SAME_ORIENTATION = 5e-3
#: Pixel spacings that differ by less than this share are one (0.1 mm over a picture of 500).
SAME_SCALE = 5e-4


def build_stacks(uid: str, frames: list[Frame]) -> list[Stack]:
    """Stacks of one series of pictures, numbered where there are several."""
    groups = [part for group in _alike(frames) for part in _time_points(group)]
    groups.sort(key=lambda part: min(f.order for f in part[0]))
    extra = _series_cautions(groups)
    return [_stack(uid, part, cautions + extra) for part, cautions in groups]


def number_stacks(stacks: list[Stack]) -> tuple[Stack, ...]:
    """Number the stacks of a series from 1 where it has several."""
    if len(stacks) < 2:
        return tuple(stacks)
    return tuple(replace(stack, number=n) for n, stack in enumerate(stacks, 1))


Part = tuple[list[Frame], tuple[Caution, ...]]


def _alike(frames: list[Frame]) -> list[list[Frame]]:
    """Pictures of one size, kind of pixel, orientation and scale."""
    groups: dict[tuple[object, ...], list[Frame]] = defaultdict(list)
    orientations: list[tuple[float, ...]] = []
    scales: list[tuple[float, ...]] = []
    seen: dict[tuple[float, ...] | None, int] = {None: -1}
    sizes: dict[tuple[object, ...], int] = {}
    for frame in frames:
        orientation = frame.orientation if frame.position is not None else None
        index = seen.get(orientation)
        if index is None:
            index = seen[orientation] = _cluster(orientation, orientations)
        same = (id(frame.head.same(SCALE_TAGS) or frame.head), frame.spacing)
        size = sizes.get(same)
        if size is None:
            size = sizes[same] = _same_scale(scale_facts(frame), scales)
        spec = frame.spec
        tile = frame.tile and frame.tile[2:]
        alike = (spec.rows, spec.columns, spec.samples, spec.element, tile, frame.group, index, size)
        groups[(*alike, _film(frame))].append(frame)
    return list(groups.values())


def _film(frame: Frame) -> str:
    """The file of a film; "" for a slice or a frame, which stands among others."""
    return frame.head.path if frame.index is None and text_of(frame.head.raw.get(t.MODALITY, b"")) in FILMS else ""


def _same_scale(scale: tuple[float, ...], known: list[tuple[float, ...]]) -> int:
    """Index of the millimetres that `scale` repeats, but for rounding."""
    for index, other in enumerate(known):
        pairs = zip(scale, other, strict=True) if len(other) == len(scale) else [(0.0, 1.0)]
        if all(abs(a - b) <= SAME_SCALE * abs(b) for a, b in pairs):
            return index
    known.append(scale)
    return len(known) - 1


def _cluster(orientation: tuple[float, ...] | None, known: list[tuple[float, ...]]) -> int:
    """Index of the orientation that `orientation` belongs to; -1 where it is no orientation."""
    if orientation is None or normal_of(orientation) is None:
        return -1
    for index, other in enumerate(known):
        if max(abs(a - b) for a, b in zip(orientation, other, strict=True)) < SAME_ORIENTATION:
            return index
    known.append(orientation)
    return len(known) - 1


def _time_points(frames: list[Frame]) -> list[Part]:
    """Split pictures that repeat positions into one ascending stack per echo and time point."""
    normal = normal_of(frames[0].orientation) if frames[0].orientation and frames[0].position else None
    if normal is None:
        for frame in frames:
            frame.position = None
        return [(sorted(frames, key=lambda f: f.order), ())]
    along = distances(frames, normal)
    runs = _runs_of_files(frames, along)
    if len(runs) > 1:
        caution = _repeat_caution(len(runs), whole=True)
        return [(part, (*cautions, caution)) for run in runs for part, cautions in _time_points(run)]
    order = np.argsort(along, kind="stable")
    place_of = np.empty(len(frames), np.int64)
    place_of[order] = np.concatenate([[0], np.cumsum(np.diff(along[order]) > SAME_POSITION_MM)])
    count = int(place_of.max()) + 1
    if count == len(frames):
        return [([frames[n] for n in order], ())]
    if count == 1:
        return [_one_place(sorted(frames, key=lambda f: f.order))]
    return _split(frames, place_of, count)


def _runs_of_files(frames: list[Frame], along: FloatArray) -> list[list[Frame]]:
    """Frames file by file, where each file holds a run of slices and runs overlap; else all frames as one run.

    A mosaic or an enhanced file of a time series is a volume of its own. Where the patient was followed
    (prospective motion correction) its slices need not lie where those of the file before lay.
    """
    if frames[0].tile is None and frames[0].index is None:
        return [frames]
    files: dict[str, list[int]] = defaultdict(list)
    for n, frame in enumerate(frames):
        files[frame.head.path].append(n)
    ends = sorted((float(along[part].min()), float(along[part].max())) for part in files.values())
    overlap = any(low < high - SAME_POSITION_MM for (_, high), (low, _) in pairwise(ends))
    if not overlap or any(high - low <= SAME_POSITION_MM for low, high in ends):
        return [frames]
    return [[frames[n] for n in part] for part in files.values()]


def _one_place(frames: list[Frame]) -> Part:
    text = f"All {len(frames)} pictures lie at one position: they are shown in order of time, not as a volume."
    return frames, (Caution("time_points", text, "One position"),)


def _split(frames: list[Frame], place_of: Places, count: int) -> list[Part]:
    by_tag: dict[tuple[float, float], list[int]] = defaultdict(list)
    for n, frame in enumerate(frames):
        by_tag[(frame.echo, frame.temporal)].append(n)
    by_turn = turns(frames, place_of)
    parts = _by_tag_or_turn(list(by_tag.values()), by_turn, place_of, count)
    ordered = [[frames[n] for n in sorted(part, key=lambda n: place_of[n])] for part in parts]
    whole = all(len(part) == count for part in parts)
    mixed = () if parts is not by_turn or are_known(frames, by_turn) else (_MIXED,)
    return [(part, (_repeat_caution(len(parts), whole), *mixed)) for part in ordered]


def _by_tag_or_turn(tagged: list[list[int]], by_turn: list[list[int]], place_of: Places, count: int) -> list[list[int]]:
    """Stacks by echo and time, unless these repeat a position or tear apart what fills evenly turn by turn.

    Some scanners number every moment of a run: many times, each with a handful of its slices.
    """
    clash = any(len({int(place_of[n]) for n in part}) < len(part) for part in tagged)
    even = all(len(turn) == count for turn in by_turn)
    return by_turn if clash or (even and len(tagged) > len(by_turn)) else tagged


#: Pictures of several moments that nothing sorts.
_MIXED = Caution(
    "phases_unknown",
    "The pictures are not numbered in order of time and the file tells no trigger times: which of them belong to one "
    "moment is not known, so they are no volume.",
    "Phases unknown",
)


def _repeat_caution(parts: int, whole: bool) -> Caution:
    if whole:
        text = f"The series holds {parts} time points or echoes at the same positions; each is a stack of its own."
        return Caution("time_points", text, f"{parts} time points")
    text = "Some positions are filled more often than others; repeated pictures are a stack of their own."
    return Caution("duplicate_positions", text, "Duplicates")


def _series_cautions(groups: list[Part]) -> tuple[Caution, ...]:
    oriented = {_rounded(part[0].orientation) for part, _ in groups if part[0].orientation}
    if len(oriented) < 2:
        return ()
    text = f"The series holds pictures in {len(oriented)} orientations; each is a stack of its own."
    return (Caution("mixed_orientation", text, "Mixed orientations"),)


def _rounded(orientation: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round(x, 2) + 0.0 for x in orientation)


def _stack(uid: str, frames: list[Frame], cautions: tuple[Caution, ...]) -> Stack:
    placed = place(frames)
    first = frames[0]
    head, spec = first.head, first.spec
    middle = frames[len(frames) // 2]
    header = header_of(middle.head) | (middle.facts or {})
    scout = "LOCALIZER" in head.text(t.IMAGE_TYPE)
    if scout:
        cautions += (Caution("localizer", "A scout picture for planning: not a volume.", "Scout"),)
    if header.get("PresentationIntentType") == "FOR PROCESSING":
        cautions += (Caution("for_processing", "Raw detector picture (FOR PROCESSING): not for reading.", "Raw"),)
    lossy = lossy_caution(head)
    warnings = _unique(placed.cautions + cautions + tuple(n for f in frames for n in f.head.notes) + lossy)
    verdict = judge(placed.geometry, warnings)
    if placed.one_place or scout or _MIXED in cautions:
        verdict = replace(verdict, across_slices=False)
    return Stack(
        series_uid=uid,
        kind=_kind(frames, placed, scout or _MIXED in cautions),
        modality=head.text(t.MODALITY) or "OT",
        instances=slices_of(frames),
        description=header.get("SeriesDescription", ""),
        series_number=head.integer(t.SERIES_NUMBER),
        geometry=placed.geometry,
        verdict=verdict,
        warnings=warnings,
        samples=spec.samples,
        photometric=head.text(t.PHOTOMETRIC) or spec.photometric,
        transfer_syntax=head.declared,
        lossy=bool(lossy),
        files=len({f.head.path for f in frames}),
        frames=len(frames),
        unit=unit_of(head),
        regions=regions_of(frames),
        frame_time_ms=_frame_time(first),
        frame_steps_ms=_frame_steps(first, len(frames)),
        display_rate=head.number(t.DISPLAY_RATE) or None,
        header=header,
    )


def _unique(cautions: tuple[Caution, ...]) -> tuple[Caution, ...]:
    return tuple({c.code: c for c in cautions}.values())


def _kind(frames: list[Frame], placed: Placed, flat: bool) -> Kind:
    if len(frames) == 1:
        return Kind.IMAGE
    if placed.one_place:
        return Kind.CINE if _is_cine(frames[0]) else Kind.STACK
    return Kind.STACK if flat else Kind.VOLUME


def _is_cine(frame: Frame) -> bool:
    """A multi-frame file with a frame time, or of a modality that films."""
    moving = frame.head.text(t.MODALITY) in ("US", "XA", "RF", "ES", "XC", "IVUS", "GM", "OP")
    return frame.index is not None and (_frame_time(frame) is not None or moving)


def _frame_steps(frame: Frame, count: int) -> tuple[float, ...]:
    """Milliseconds between frames (Frame Time Vector), where there is one for each frame and they differ."""
    steps = tuple(frame.head.floats(t.FRAME_TIME_VECTOR))
    usable = len(steps) == count > 1 and all(step > 0 for step in steps[1:]) and len(set(steps[1:])) > 1
    # What the first frame follows is not told: when it comes round again it lasts as long as the others on average.
    return (sum(steps[1:]) / (count - 1), *steps[1:]) if usable else ()


def _frame_time(frame: Frame) -> float | None:
    """Milliseconds a frame is shown (Frame Time, else the first vector step, else Cine Rate)."""
    head = frame.head
    for value in (head.number(t.FRAME_TIME), *head.floats(t.FRAME_TIME_VECTOR)[1:2]):
        if value is not None and value > 0:
            return value
    rate = head.number(t.CINE_RATE)
    return 1000.0 / rate if rate is not None and rate > 0 else None
