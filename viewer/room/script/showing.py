"""Steps that open, show and look: open, show, slice, window, reset, value, picture, state."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from viewer.core.errors import UsageError
from viewer.core.geometry import FloatArray, SpacingKind
from viewer.core.sections import ASIDE
from viewer.core.study import Kind, Stack, Study
from viewer.core.verdict import Safety
from viewer.core.volume import Volume
from viewer.display.hanging import SINGLE
from viewer.display.points import linear_values, nearest_values, plane_values
from viewer.display.slicing import Plane, cut
from viewer.room.events import ScanEnded
from viewer.room.script import params
from viewer.room.script.lines import StepError
from viewer.room.script.params import FARTHEST, LARGEST, check_size
from viewer.room.script.sitting import Sitting, hung_picture, number_of, oblique_of
from viewer.room.views.arrangement import named
from viewer.room.views.links import in_patient
from viewer.room.views.picture import Picture, source_of
from viewer.room.views.playing import own_rate
from viewer.session.views import ShownView

Result = Mapping[str, Any]


def open_paths(sitting: Sitting, p: params.Open) -> Result:
    """`open`: what is open now, with what was refused."""
    if not p.paths or not all(path.strip() for path in p.paths):
        raise UsageError("'open' names no path.", "Name files, folders or ZIPs.")
    known = set(sitting.session.library.refused)
    found: list[str] = []
    hear_no_more = sitting.session.on(ScanEnded, lambda event: found.extend(event.study_uids))
    try:
        sitting.troubles()
        sitting.room.opening.open_paths(p.paths)
        sitting.wait(lambda: not sitting.room.opening.is_busy and not sitting.context.pool.busy)
    finally:
        hear_no_more()
    sitting.check_trouble("Check the path.")
    sitting.come_back()
    result = what_is_open(sitting)
    if not found:
        fresh = [one for one in sitting.session.library.refused if one not in known]
        why = " ".join(dict.fromkeys(f"{one.path}: {one.text}" for one in fresh[:5]))
        raise StepError(f"Nothing here could be opened. {why}".strip(), "Name files that hold images.", result)
    return result


def what_is_open(sitting: Sitting) -> dict[str, Any]:
    """Patients, series and refused files."""
    library = sitting.session.library
    people = sitting.session.people
    labels = {uid: person.label for person in people.all for uid in person.studies}
    return {
        "patients": len(people.all),
        "same_id": [
            {"patients": [person.label, labels[other.key]], "differs": [one.value for one in other.differs]}
            for person in people.all
            for other in person.same_id
            if person.key < other.key
        ],
        "series": [
            {
                "series_uid": stack.series_uid,
                "stack": stack.number,
                "modality": stack.modality,
                "description": stack.description,
                "patient": labels[study.uid],
                "kind": stack.kind.value,
                "study_uid": study.uid,
                "study_date": study.date,
            }
            for study in library.studies
            for stack in study.stacks
        ],
        "refused": [{"path": r.path, "code": r.code, "text": r.text} for r in library.refused],
    }


def join(sitting: Sitting, p: params.Join) -> Result:
    """`join`: two studies of one ID are of one person, though name, birth date or sex differ."""
    person = sitting.session.people.join(sitting.study(p.study_uid).uid, sitting.study(p.with_uid).uid)
    return {"patient": person.label, "patients": len(sitting.session.people.all)}


def part(sitting: Sitting, p: params.Part) -> Result:
    """`part`: each study is again of whom its file names."""
    sitting.session.people.part(sitting.study(p.study_uid).uid)
    return {"patients": len(sitting.session.people.all)}


def show(sitting: Sitting, p: params.Show) -> Result:
    """`show`: a stack in a view."""
    sitting.check_view(p.view)
    stack = sitting.stack(p.series_uid, p.stack)
    volume = sitting.volume(stack)
    plane = Plane(p.plane)
    check_plane(volume, plane)
    shown = opening_view(sitting, stack, volume, plane)
    sitting.put_view(p.view, shown)
    return told(sitting, p.view)


def opening_view(sitting: Sitting, stack: Stack, volume: Volume, plane: Plane, preset: str | None = None) -> ShownView:
    """How a stack opens in a plane: the middle slice, through its first window, or as a view that has a preset."""
    source = source_of(stack, sitting.cut_from(stack, volume, plane), plane, None)
    planned = sitting.room.hanging.planner.plan(stack.key) if preset is None else None
    picture = hung_picture(source, planned, preset or "")
    window = picture.window
    return ShownView(stack.key, plane.value, picture.index, window.center, window.width, preset=preset or "")


def check_plane(volume: Volume, plane: Plane) -> None:
    """Refuse a plane that these pictures do not have.

    Raises:
        UsageError: nothing says how they lie in the patient, or a plane would cross a single slice.
    """
    geometry = volume.geometry
    if plane is Plane.NATIVE:
        return
    if not (geometry.oriented and geometry.spacing_kind is SpacingKind.PATIENT):
        raise UsageError(f"There is no {plane.value} plane: the file does not say how it lies.", "Show it as native.")
    if geometry.shape[0] < 2 and cut(geometry, plane).across != 0:
        raise UsageError(f"There is no {plane.value} plane across a single slice.", "Show it as native.")


def told(sitting: Sitting, view: int) -> dict[str, Any]:
    """What a view shows, as `show` answers."""
    picture = sitting.picture(view)
    stack = picture.source.stack
    hanging = sitting.room.hanging.planner.plan(stack.key)
    safety, reason = safety_of(picture)
    result: dict[str, Any] = {
        "view": view,
        "series_uid": stack.series_uid,
        "stack": stack.number,
        "plane": plane_name(sitting.shown(view)),
        "slices": picture.count,
        "slice": number_of(picture, picture.index),
        "window": [picture.window.center, picture.window.width],
        "rule": hanging.rule if hanging is not None else SINGLE,
        "geometry": safety.value,
        "reason": reason,
    }
    if stack.kind is Kind.CINE:
        result["frames_per_second"] = own_rate(stack)
    return result


def plane_name(shown: ShownView) -> str:
    """The plane of a view in one word."""
    return shown.plane if shown.oblique is None else "oblique"


def safety_of(picture: Picture) -> tuple[Safety, str]:
    """Whether every length in the plane on show is true mm, and why not."""
    source = picture.source
    kind, verdict = source.native.spacing_kind, source.verdict
    words = " ".join(dict.fromkeys(caution.text for caution in verdict.reasons))
    if kind is SpacingKind.UNKNOWN or not verdict.within_slice:
        return Safety.UNSAFE, words or "The file does not say how large a pixel is."
    if kind is SpacingKind.DETECTOR:
        return Safety.WARN, words or "Lengths are those at the detector, not in the patient."
    if not verdict.across_slices and (source.resampled or picture.view.across != 0):
        return Safety.WARN, words or "Lengths across the slices are not known for sure."
    return Safety.OK, ""


def set_window(sitting: Sitting, p: params.SetWindow) -> Result:
    """`window`: another window."""
    shown = sitting.shown(p.view)
    check_size(p.center, LARGEST, "A window centre")
    check_size(p.width, LARGEST, "A window width")
    if p.width <= 0:
        raise UsageError(f"A window {p.width:g} wide shows nothing.", "Give a width above 0.")
    sitting.put_view(p.view, replace(shown, center=p.center, width=p.width))
    return told(sitting, p.view)


def reset(sitting: Sitting, p: params.InView) -> Result:
    """`reset`: the window of `show` again."""
    shown = sitting.shown(p.view)
    first = sitting.picture(p.view).first_window()
    sitting.put_view(p.view, replace(shown, center=first.center, width=first.width, turn=((1, 0), (0, 1))))
    return told(sitting, p.view)


def points_of(
    picture: Picture, lps: Sequence[params.Point3] | None, px: Sequence[params.Point2] | None, *, least: int = 1
) -> FloatArray:
    """Points of a step, LPS mm [n, 3] as measurements hold them.

    Raises:
        UsageError: there are none, both kinds, the wrong kind for this picture, or they are beyond reason.
    """
    if (lps is None) == (px is None):
        raise UsageError("Points are missing." if lps is None else "Points are given twice.",
                         "Give points_lps, or points_px where the picture has no patient frame.")  # fmt: skip
    given: Sequence[Sequence[float]] = lps if lps is not None else px or ()
    if len(given) < least:
        raise UsageError("There are too few points.", f"Give {least} or more.")
    for value in (v for point in given for v in point):
        check_size(value, FARTHEST, "A coordinate")
    array = np.array(given, dtype=np.float64)
    if lps is not None:
        if not in_patient(picture):
            raise UsageError("This picture has no patient frame: LPS points mean nothing here.", "Give points_px.")
        return array
    if not picture.view.native or picture.source.resampled or picture.source.plane is not Plane.NATIVE:
        raise UsageError("Pixels are counted on the acquired slices only.", "Give points_lps.")
    return picture.view.pixel_to_world(array[:, ::-1])


def value(sitting: Sitting, p: params.Value) -> Result:
    """`value`: the values at points."""
    picture = sitting.picture(p.view)
    points = points_of(picture, p.points_lps, p.points_px)
    stack = picture.source.stack
    volume = sitting.volume(stack)
    shown = sitting.shown(p.view)
    oblique = oblique_of(shown)
    if oblique is not None:
        found = plane_values(volume, oblique, points)
        off = np.abs((points - np.array(oblique.origin)) @ np.array(oblique.normal))
        found[off > max(oblique.slab_mm / 2, min(volume.geometry.spacing)) + 1e-6] = np.nan
    elif shown.plane == Plane.NATIVE.value:
        found = nearest_values(volume, points)
    else:
        found = linear_values(volume, points)
    factor, unit = unit_of(volume)
    if found.ndim == 2:
        plain = [[_number(v) for v in one] for one in found]
        return {"values": [_number(v) for v in found.mean(axis=1)], "rgb": plain, "unit": unit}
    return {"values": [_number(v * factor) for v in found], "unit": unit}


def unit_of(volume: Volume) -> tuple[float, str]:
    """Factor and unit of values as they are told: SUV of PET where the header gives its factor."""
    factor = volume.tags.get("SUVFactor")
    if factor is not None:
        return float(factor), "SUVbw"
    return 1.0, "" if volume.is_colour or volume.unit == "1" else volume.unit


def _number(found: float) -> float | None:
    return float(found) if math.isfinite(found) else None


def state(sitting: Sitting, _p: params.Nothing) -> Result:
    """`state`: layout, views, selections, counts, texts."""
    session, layout = sitting.session, sitting.layout
    studies = session.library.studies
    texts: dict[str, str] = {}
    for study in _active_last(sitting):
        written = session.review.report_text(study.uid).items()
        texts |= {key: text for key, text in written if text and key not in ASIDE}
    segments = [segment for study in studies for segment in session.segments.of(study.uid)]
    return {
        "layout": {"grid": list(grid_of(layout.name)), "name": layout.name},
        "views": views_told(sitting),
        "active": layout.active,
        "selected": session.review.selected,
        "boxes": [
            _told_box(sitting, stack, side)
            for study in studies
            for stack in study.stacks
            for side in session.boxes.of(stack.key)
        ],
        "counts": {
            "patients": len(session.people.all),
            "studies": len(studies),
            "measurements": len(session.measurements.all()),
            "key_images": sum(len(session.review.key_marks(study.uid)) for study in studies),
            "segments": len(segments),
            "findings": sum(len(session.review.findings(study.uid)) for study in studies),
        },
        "texts": texts,
        "segments": [
            {"id": one.id, "name": one.name, "voxels": one.voxels}
            | ({} if sitting.room.anchors.segment(one) else {"on_this_copy": False})
            for one in segments
        ],
    }


def _told_box(sitting: Sitting, stack: Stack, side: str) -> dict[str, Any]:
    (k0, j0, i0), (k1, j1, i1) = sitting.session.boxes.of(stack.key)[side]
    return {"series_uid": stack.series_uid, "stack": stack.number, "side": side, "roi": [i0, j0, k0, i1, j1, k1]}


def _active_last(sitting: Sitting) -> list[Study]:
    shown = sitting.layout.views[sitting.layout.active]
    active = "" if shown is None else shown.stack_key
    return sorted(sitting.session.library.studies, key=lambda study: any(s.key == active for s in study.stacks))


def views_told(sitting: Sitting) -> list[dict[str, Any]]:
    """Each view with what it shows; null where it is empty."""
    out: list[dict[str, Any]] = []
    for n, shown in enumerate(sitting.layout.views):
        stack = None if shown is None else sitting.session.library.stack(shown.stack_key)
        if shown is None or stack is None:
            out.append({"view": n, "series_uid": None, "stack": None, "plane": None, "slice": None, "window": None})
            continue
        picture = sitting.picture(n)
        out.append(
            {
                "view": n,
                "series_uid": stack.series_uid,
                "stack": stack.number,
                "plane": plane_name(shown),
                "slice": number_of(picture, shown.index),
                "window": [shown.center, shown.width],
            }
        )
    return out


#: Other names of layouts.
ALIASES = {"one": "1x1", "single": "1x1", "two": "1x2", "four": "2x2"}


def grid_of(name: str) -> tuple[int, int]:
    """Rows and columns of a layout's name; "three" has a tall main view beside two."""
    return named(ALIASES.get(name, name)).shape
