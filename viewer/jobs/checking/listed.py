"""What result.json lists: files, pictures, key images, and the same picture told in several places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from viewer.core.study import Stack, Study
from viewer.jobs.checking.mismatch import RESULT, Mismatch, What
from viewer.jobs.checking.stated import GRID_MM, Stated
from viewer.jobs.files import CHOSEN, Format, ResultFile

KEY = "key-"
#: Files of a result folder that result.json must name.
_NAMED = (".dcm", ".nii.gz", ".png", ".csv")


def compare(stated: Stated) -> Iterator[Mismatch]:
    """Lists against the folder and against each other."""
    yield from _files(stated)
    yield from _objects(stated)
    yield from _sources(stated)
    yield from _key_images(stated)
    yield from _chosen(stated)


def at_hand(stated: Stated, study: Study, found: Stack) -> Iterator[Mismatch]:
    """The stack as a scan finds it now against the one that result.json describes.

    Args:
        study: whose they are; `found`: the same pictures, all of them, at hand.
    """
    for field in ("date", "time", "accession", "description"):
        if getattr(stated.study, field).strip() != getattr(study, field).strip():
            yield _wrong(What.TEXT, f"result.json states another {field} of the study than its pictures.")
    mine, theirs = stated.stack, found
    if (mine.series_uid, mine.modality) != (theirs.series_uid, theirs.modality):
        yield _wrong(What.REFERENCE, "The series is described otherwise than its pictures say.")
    numbers = [(one.sop_instance_uid, one.frame, one.number) for one in theirs.instances]
    if [(one.sop_instance_uid, one.frame, one.number) for one in mine.instances] != numbers:
        yield _wrong(What.REFERENCE, "The pictures are listed in another order or number than they have.")
    if mine.geometry is None or theirs.geometry is None:
        return
    if mine.geometry.shape != theirs.geometry.shape:
        yield _wrong(What.COUNT, "The grid in result.json has another size than its pictures.")
        return
    size = np.array(mine.geometry.shape) - 1
    corners = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)], dtype=np.float64) * size
    corners = np.vstack([corners, *([[[k, 0, 0]] for k in range(mine.geometry.shape[0])])])
    off = np.abs(mine.geometry.index_to_world(corners) - theirs.geometry.index_to_world(corners)).max()
    if float(off) > GRID_MM or not np.allclose(mine.geometry.affine, theirs.geometry.affine, atol=GRID_MM):
        yield _wrong(What.POSITION, "The grid in result.json is not the one of its pictures.")
    if mine.geometry.frame_of_reference_uid != theirs.geometry.frame_of_reference_uid:
        yield _wrong(What.POSITION, "The frame of reference in result.json is not the one of its pictures.")


def _wrong(what: What, text: str) -> Mismatch:
    return Mismatch(RESULT, what, text, "")


def _files(stated: Stated) -> Iterator[Mismatch]:
    """No result lies there unnamed."""
    named = [str(name) for name in stated.document.get("files") or ()]
    if len(set(named)) != len(named):
        yield _wrong(What.COUNT, "A file is named twice.")
    for path in sorted(stated.folder.iterdir()):
        if path.is_file() and path.name.endswith(_NAMED) and path.name not in named:
            yield Mismatch(path.name, What.COUNT, f"{path.name} lies there and is not named in result.json.")
    paper = (stated.folder / ResultFile.REPORT).is_file()
    if paper and stated.report.get("file") != ResultFile.REPORT:
        yield Mismatch(ResultFile.REPORT, What.COUNT, "A report lies there that result.json does not know.")


def _objects(stated: Stated) -> Iterator[Mismatch]:
    """Objects that must be there: pictures in DICOM get them unless result.json says why not."""
    if not all(one.sop_instance_uid for one in stated.stack.instances):
        return
    formats = (stated.report if stated.is_reported else stated.document).get("formats")
    if not isinstance(formats, list):
        return  # nothing was asked for, or by a program that did not keep it
    asked = {str(one) for one in formats}
    if not asked <= {str(one) for one in Format}:
        yield _wrong(What.VALUE, "result.json tells of a format that nothing is written in.")
    segments = [
        s for mask in stated.masks for s in mask.segments
        if not stated.is_reported
        or any(f.location.segment == s.number and f.result_id == mask.request_id for f in stated.spoken)
    ]  # fmt: skip
    measured = bool(stated.document.get("measurements")) or any(f.measurements for f in stated.spoken)
    needed = [
        (Format.SR, ResultFile.SR, True),
        (Format.SEG, ResultFile.SEG, bool(segments)),
        (Format.MEASUREMENTS, ResultFile.MEASUREMENTS, measured and stated.is_reported),
    ]
    for kind, name, due in needed:
        if due and kind in asked and not (stated.folder / name).is_file() and not stated.left_out(name):
            yield Mismatch(name, What.MISSING, f"{name} is gone, and result.json does not say why.")


def _sources(stated: Stated) -> Iterator[Mismatch]:
    """The pictures of the stack and those whose hashes are kept are the same, in one order."""
    kept: Any = stated.document.get("sources")
    if not isinstance(kept, list):
        return
    instances = stated.stack.instances
    mine = [(n, one.sop_instance_uid, one.frame) for n, one in enumerate(instances, start=1)]
    if [(one.get("image"), one.get("uid"), one.get("frame")) for one in kept if isinstance(one, Mapping)] != mine:
        yield _wrong(What.REFERENCE, "The pictures of the series and those that were compared are not the same.")
    if any(count > 1 for (_, uid, _), count in Counter((0, uid, f) for _, uid, f in mine).items() if uid):
        yield _wrong(What.COUNT, "A picture is listed twice.")
    for entry in (*stated.document["packs"], *stated.document["findings"]):
        elsewhere = entry.get("cine") or entry.get("stack_key") not in (None, "", stated.stack.key)
        if not elsewhere and entry.get("series_uid") not in (None, stated.stack.series_uid):
            yield _wrong(What.REFERENCE, "A pack or a finding names another series than was analysed.")
    grid = stated.stack.geometry
    if grid is not None and len(instances) not in (grid.shape[0], 1):
        yield _wrong(What.COUNT, "There are not as many pictures as slices.")


def _key_images(stated: Stated) -> Iterator[Mismatch]:
    """One picture a finding, by its name; each that lies there is named."""
    entries: Any = [one for one in stated.document.get("key_images") or () if isinstance(one, Mapping)]
    files = [str(one.get("file")) for one in entries]
    known = {finding.id for finding in stated.findings}
    if len(set(files)) != len(files):
        yield _wrong(What.COUNT, "A key image is named twice.")
    for one in entries:
        if one.get("finding") not in known or one.get("file") != f"{KEY}{one.get('finding')}.png":
            yield _wrong(What.REFERENCE, "A key image is of another finding than its name says.")
    there = {path.name for path in stated.folder.glob(f"{KEY}*.png")}
    if there != set(files):
        yield _wrong(What.COUNT, "The key images that lie there are not those that result.json names.")


def _chosen(stated: Stated) -> Iterator[Mismatch]:
    """The reader's own pictures: numbered, each with a mark and a picture of the series."""
    entries: Any = [one for one in stated.report.get("key_images") or () if isinstance(one, Mapping)]
    due = [f"{CHOSEN}{n}.png" for n in range(1, len(entries) + 1)]
    if [str(one.get("file")) for one in entries] != due:
        yield _wrong(What.COUNT, "The pictures that the reader chose are not numbered as they were written.")
    there = {path.name for path in stated.folder.glob(f"{CHOSEN}*.png")}
    if stated.is_reported and there != set(due):
        yield _wrong(What.COUNT, "The pictures that the reader chose are not those that lie there.")
    for one in entries:
        yield from _marked(stated, one)


def _marked(stated: Stated, entry: Mapping[str, Any]) -> Iterator[Mismatch]:
    mark, shown = entry.get("mark"), entry.get("instance")
    if not isinstance(mark, Mapping) or not isinstance(shown, Mapping) or mark.get("stack_key") != stated.stack.key:
        return
    if mark.get("plane") != "native" or not isinstance(mark.get("slice_index"), int):
        return
    k, instances = mark["slice_index"], stated.stack.instances
    due = (instances[k].sop_instance_uid, instances[k].frame, instances[k].number) if 0 <= k < len(instances) else None
    if (shown.get("sop_instance_uid"), shown.get("frame"), shown.get("number")) != due:
        yield _wrong(What.REFERENCE, "A picture that the reader chose is not one of the series.")
