"""Headers of the DICOM objects: study, frame of reference, every reference, and how segments are described."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from viewer.core.errors import GeometryError
from viewer.core.finding import Code
from viewer.core.study import Stack
from viewer.core.volume import Segment
from viewer.jobs import result_json
from viewer.jobs.checking.mismatch import Mismatch, What
from viewer.jobs.checking.stated import Labelled, Stated
from viewer.reading.objects.plain import Plain
from viewer.reporting.codes import category_code, label_code, label_site, side_code, table

KEYS = "keys.dcm"
#: A frame and the slice it was drawn on lie together (share of a slice step).
_NEAR = 0.3
_STUDY = (("StudyDate", "date"), ("StudyTime", "time"), ("AccessionNumber", "accession"))


def compare(stated: Stated, name: str, plain: Plain, others: Sequence[Plain]) -> Iterator[Mismatch]:
    """One object against the study, its pictures and the other objects of the folder.

    Args:
        plain: the object; `others`: every object of the folder, itself among them.
    """
    yield from _study(stated, name, plain)
    yield from _frame(stated, name, plain)
    if name.startswith("seg"):
        yield from _segments(stated, name, plain)
        yield from _sources(stated, name, plain)
    else:
        yield from _evidence(stated, name, plain, others)
    if name == KEYS:
        yield from _key_list(name, plain)


def _study(stated: Stated, name: str, plain: Plain) -> Iterator[Mismatch]:
    for keyword, field in _STUDY:
        mine, found = getattr(stated.study, field).strip(), plain.value(keyword).strip()
        if mine != found and (found or field == "accession"):
            yield Mismatch(name, What.TEXT, f"{name} states another {field} of the study.")


def _frame(stated: Stated, name: str, plain: Plain) -> Iterator[Mismatch]:
    grid, found = stated.stack.geometry, plain.value("FrameOfReferenceUID")
    if grid is not None and grid.frame_of_reference_uid and found and found != grid.frame_of_reference_uid:
        yield Mismatch(name, What.POSITION, f"{name} lies in another frame of reference than its pictures.")


def _evidence(stated: Stated, name: str, plain: Plain, others: Sequence[Plain]) -> Iterator[Mismatch]:
    """Study, series and picture of every reference, each picture once."""
    series = {one.sop_instance_uid: stated.stack.series_uid for one in stated.stack.instances}
    series |= {one.value("SOPInstanceUID"): one.value("SeriesInstanceUID") for one in others}
    for data in stated.document.get("other_stacks") or ():
        stack = result_json.stack_in(data)
        series |= {one.sop_instance_uid: stack.series_uid for one in stack.instances}
    studies = plain.items("CurrentRequestedProcedureEvidenceSequence")
    if any(study.value("StudyInstanceUID") != stated.study.uid for study in studies):
        yield Mismatch(name, What.REFERENCE, f"{name} refers to another study.")
    named = [
        (picture.value("ReferencedSOPInstanceUID"), one.value("SeriesInstanceUID"))
        for study in studies for one in study.items("ReferencedSeriesSequence")
        for picture in one.items("ReferencedSOPSequence")
    ]  # fmt: skip
    if any(count > 1 for count in Counter(uid for uid, _ in named).values()):
        yield Mismatch(name, What.REFERENCE, f"{name} refers to one picture twice.")
    if any(uid in series and series[uid] != of for uid, of in named):
        yield Mismatch(name, What.REFERENCE, f"{name} refers to a picture in another series than its own.")
    if name != KEYS and any(uid not in series for uid, _ in named):
        yield Mismatch(name, What.REFERENCE, f"{name} refers to pictures that were not analysed.")
    needed = {one.sop_instance_uid for one in stated.stack.instances} - {""}
    if name != KEYS and not needed <= {uid for uid, _ in named}:
        yield Mismatch(name, What.REFERENCE, f"{name} does not refer to every picture that was analysed.")


def _key_list(name: str, plain: Plain) -> Iterator[Mismatch]:
    """A list of key images names in its content what it names as evidence, and says what it is."""
    content = [
        picture.value("ReferencedSOPInstanceUID")
        for item in plain.items("ContentSequence") for picture in item.items("ReferencedSOPSequence")
    ]  # fmt: skip
    evidence = [
        picture.value("ReferencedSOPInstanceUID")
        for picture in plain.items(
            "CurrentRequestedProcedureEvidenceSequence", "ReferencedSeriesSequence", "ReferencedSOPSequence"
        )
    ]
    if sorted(content) != sorted(evidence):
        yield Mismatch(name, What.REFERENCE, "The list of key images contradicts itself.", "")
    if [(c.value, c.meaning) for c in plain.codes("ConceptNameCodeSequence")] != [("113000", "Of Interest")]:
        yield Mismatch(name, What.CODE, "The list of key images has another title.")
    named = {
        (c.value, c.scheme) for item in plain.items("ContentSequence") for c in item.codes("ConceptNameCodeSequence")
    }
    if not named <= {("113012", "DCM"), ("260753009", "SCT")}:
        yield Mismatch(name, What.CODE, "The list of key images holds what this program never writes.")
    texts = [item.value("TextValue") for item in plain.items("ContentSequence") if item.value("ValueType") == "TEXT"]
    if texts not in ([], ["Chosen by the reader for the report"]):
        yield Mismatch(name, What.TEXT, "The list of key images says other words than this program writes.")


# segmentations


def _segments(stated: Stated, name: str, plain: Plain) -> Iterator[Mismatch]:
    """Type, category, site, side and maker of each segment, by the label it carries."""
    known = {segment.name[:64]: (mask, segment) for mask in stated.masks for segment in mask.segments}
    for item in plain.items("SegmentSequence"):
        meant = known.get(item.value("SegmentLabel"))
        if meant is not None:
            yield from _described(stated, name, item, *meant)


def _described(stated: Stated, name: str, item: Plain, mask: Labelled, segment: Segment) -> Iterator[Mismatch]:
    who, words = f"Segment {item.value('SegmentNumber')}", segment.name
    site = label_site(words)
    due = {
        "SegmentedPropertyTypeCodeSequence": [segment.code or label_code(words)],
        "SegmentedPropertyCategoryCodeSequence": [category_code(words)],
        "AnatomicRegionSequence": [site] if site else [],
    }
    for keyword, codes in due.items():
        found = list(item.codes(keyword))
        if [(c.value, c.scheme) for c in found] != [(c.value, c.scheme) for c in codes]:
            yield Mismatch(name, What.CODE, f"{who} carries another code than its label.")
        elif [_plain(c) for c in found] != [_plain(c) for c in codes]:
            yield Mismatch(name, What.LABEL, f"The words beside a code of {who.lower()} are not its own.")
    yield from _sided(stated, name, item, mask, segment)
    told = (item.value("TrackingID"), item.value("SegmentAlgorithmName"))
    if told != (f"{mask.pack} {words}"[:64].strip(), mask.pack[:64]):
        yield Mismatch(name, What.REFERENCE, f"{who} is tracked or was made otherwise than result.json says.")


def _sided(stated: Stated, name: str, item: Plain, mask: Labelled, segment: Segment) -> Iterator[Mismatch]:
    """A side beside a segment is the side of its finding."""
    modifiers = [
        *item.codes("SegmentedPropertyTypeModifierCodeSequence"),
        *item.codes("AnatomicRegionSequence", "AnatomicRegionModifierSequence"),
    ]
    sides = {row.code.value for (kind, _), row in table().items() if kind == "side"}
    found = {code.value for code in modifiers if code.value in sides}
    of = [f.side for f in stated.findings if f.result_id == mask.request_id and f.location.segment == segment.number]
    meant = {code.value for side in of if (code := side_code(side)) is not None}
    if found and found != meant:
        yield Mismatch(name, What.SIDE, f"Segment {item.value('SegmentNumber')} names another side than its finding.")
    elif len(modifiers) > len(found):
        yield Mismatch(name, What.CODE, f"Segment {item.value('SegmentNumber')} is narrowed by an unknown code.")


def _plain(code: Code) -> str:
    return " ".join(code.meaning.split())


def _sources(stated: Stated, name: str, plain: Plain) -> Iterator[Mismatch]:
    """The series it was drawn on, each picture of it, and for each frame the picture it lies on."""
    instances = stated.stack.instances
    if any(
        one.value("SeriesInstanceUID") != stated.stack.series_uid for one in plain.items("ReferencedSeriesSequence")
    ):
        yield Mismatch(name, What.REFERENCE, f"{name} refers to another series than was analysed.")
    needed = {one.sop_instance_uid for one in instances} - {""}
    lists = (("ReferencedSeriesSequence", "ReferencedInstanceSequence"), ("SourceImageSequence",))
    for path in lists:
        named = [one.value("ReferencedSOPInstanceUID") for one in plain.items(*path)]
        if named and (set(named) != needed or len(named) != len(needed)):
            yield Mismatch(name, What.REFERENCE, f"{name} does not refer to every picture that was analysed, once.")
    for number, frame in enumerate(plain.items("PerFrameFunctionalGroupsSequence"), start=1):
        named = [
            one.value("ReferencedSOPInstanceUID")
            for one in frame.items("DerivationImageSequence", "SourceImageSequence")
        ]
        k = _slice_of(stated.stack, frame)
        if named and k is not None and named != [instances[k].sop_instance_uid]:
            yield Mismatch(name, What.REFERENCE, f"Frame {number} of {name} names another picture than it lies on.")


def _slice_of(stack: Stack, frame: Plain) -> int | None:
    """The slice a frame lies on, by its position in mm; None where that cannot be told."""
    grid, told = stack.geometry, [one.value("ImagePositionPatient") for one in frame.items("PlanePositionSequence")]
    if len(stack.instances) == 1 and grid is not None and grid.shape[0] == 1:
        return 0
    if grid is None or not told or len(stack.instances) != grid.shape[0]:
        return None
    try:
        corner = np.array([[float(part) for part in told[0].split("\\")]])
        k = float(grid.world_to_index(corner)[0, 0])
    except (ValueError, GeometryError):
        return None
    near = round(k)
    return near if abs(k - near) < _NEAR and 0 <= near < grid.shape[0] else None
