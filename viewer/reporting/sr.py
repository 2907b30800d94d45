"""Findings as a Comprehensive 3D Structured Report after TID 1500 (PS3.16)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pydicom
from highdicom.sr import Comprehensive3DSR, ContainerContentItem
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.valuerep import DT

from viewer.core.analysis import AnalysisResult
from viewer.core.errors import OutputError
from viewer.core.finding import Finding
from viewer.core.report import Signature
from viewer.core.study import Stack
from viewer.reporting.codes import finding_code, measurement_code, side_code, unit_code
from viewer.reporting.origin import EQUIPMENT, attempt, new_uid, person_name, read_headers, save, use_utf8
from viewer.reporting.planes import complete
from viewer.reporting.regions import Source, middle_of
from viewer.reporting.saying import Saying
from viewer.reporting.seg import SegReceipt
from viewer.reporting.sr_content import (
    all_measurements,
    finding_tracking_uid,
    root_item,
    segment_of,
    source_of,
)
from viewer.reporting.sr_measured import middle, numbers_of, tracking_uid

log = logging.getLogger(__name__)

#: Series Number of our reports.
SERIES_NUMBER = 9002


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One measurement group, as it must be found again.

    Attributes:
        label: code meaning of the finding.
        laterality: "Left", "Right", "Bilateral", else "".
        measurements: (name, value, unit) with code meanings and UCUM values.
        place: middle of its region: LPS mm (x, y, z), on films pixels (column, row); None where
            it refers to a segment or has no place.
        segment: (SOP Instance UID, Segment Number) it refers to.
    """

    tracking_uid: str
    label: str
    laterality: str
    measurements: tuple[tuple[str, float, str], ...]
    place: tuple[float, ...] | None = None
    segment: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class SrReceipt:
    """What was written, for the read-back."""

    path: Path
    sop_instance_uid: str
    series_uid: str
    groups: tuple[GroupRecord, ...]


def write_sr(
    results: Sequence[AnalysisResult],
    stacks: Mapping[str, Stack],
    path: Path,
    saying: Saying = Saying(),  # noqa: B008 - frozen
    *,
    segs: Sequence[SegReceipt] = (),
) -> SrReceipt:
    """Write every finding of the results, with its verdict, as one report of one study.

    Each finding is a measurement group: tracking, finding, site and side, algorithm, region or
    segment, measurements (the AI score among them, under our own code), verdict. So is each of
    the reader's own measurements, with the coordinates it was taken from. What each algorithm
    did stands under "Qualitative Evaluations", also when nothing was found.

    Args:
        results: with the findings to be written (all proposals, or accepted ones only).
        stacks: series UID -> the stack its results lie on; at least one.
        path: the file to write.
        saying: what people add.
        segs: segmentations written before, to refer to.

    Raises:
        OutputError: sources gone, several studies, a signature without name or organisation,
            something the object cannot hold, disk full.
    """
    signature = saying.signature
    _check_signature(signature)
    sources = {uid: Source.of(stack, read_headers(stack.instances)) for uid, stack in stacks.items()}
    by_stack = {source.stack.key: source for source in sources.values()}
    needed = {one.stack_key for one in saying.measured}
    others = [stack for stack in saying.others if stack.key in needed - by_stack.keys()]
    by_stack |= {stack.key: Source.of(stack, read_headers(stack.instances)) for stack in others}
    if not needed <= by_stack.keys():
        raise OutputError(
            "A measurement lies on a series that is not at hand, so no structured report was written.",
            "The PDF report and result.json hold the measurements.",
            "no_series",
        )
    measured = [(one, by_stack[one.stack_key]) for one in saying.measured]
    evidence = _evidence(by_stack, segs)
    root = attempt("A structured report", lambda: root_item(results, sources, segs, saying, measured))
    previous = [_predecessor(saying.predecessor)] if saying.predecessor else None
    dataset = attempt("A structured report", lambda: _document(root, evidence, signature, previous))
    dataset.SeriesDescription = "AI findings, signed" if signature else "AI findings, not signed"
    _set_signing_time(dataset, signature)
    use_utf8(dataset)
    save(dataset, path)
    groups = tuple(
        _record(finding, result, source_of(finding, result, sources), segs)
        for result in results
        for finding in result.findings
    )
    own = tuple(
        GroupRecord(tracking_uid(one), one.code.meaning if one.code else "", "", numbers_of(one), middle(one, source))
        for one, source in measured
    )
    log.info("structured report written: %d findings, %d measurements", len(groups), len(own))
    return SrReceipt(path, dataset.SOPInstanceUID, dataset.SeriesInstanceUID, (*groups, *own))


def _check_signature(signature: Signature | None) -> None:
    if signature is not None and not (signature.name.strip() and signature.organization.strip()):
        raise OutputError(
            "A signed report needs the reader's name and organisation.",
            "Give both, then sign again; the draft is unchanged.",
            "unsigned",
        )


def _evidence(sources: Mapping[str, Source], segs: Sequence[SegReceipt]) -> list[Dataset]:
    headers = [header for source in sources.values() for header in source.headers]
    if not headers:
        raise OutputError("There is no DICOM series to which the findings could refer.", "", "no_source")
    if len({str(header.get("StudyInstanceUID", "")) for header in headers}) > 1:
        raise OutputError(
            "These findings belong to more than one study; a structured report speaks of one.",
            "Write one report per study.",
            "several_studies",
        )
    for header in headers:
        complete(header)
    return headers + [pydicom.dcmread(seg.path, stop_before_pixels=True) for seg in segs]


def _predecessor(path: Path) -> Dataset:
    try:
        return pydicom.dcmread(path)
    except (OSError, InvalidDicomError) as error:
        raise OutputError(
            f"The report to be replaced, {path.name}, cannot be read.",
            "Move it away, then write the report again.",
            "predecessor",
        ) from error


def _document(
    root: ContainerContentItem, evidence: list[Dataset], signature: Signature | None, previous: list[Dataset] | None
) -> Comprehensive3DSR:
    options: dict[str, Any] = {}
    if signature is not None:
        options = {
            "verifying_observer_name": person_name(signature.name),
            "verifying_organization": signature.organization,
        }
    return Comprehensive3DSR(
        evidence=evidence,
        content=root,
        series_instance_uid=new_uid(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=new_uid(),
        instance_number=1,
        is_complete=signature is not None,
        is_final=signature is not None,
        is_verified=signature is not None,
        previous_versions=previous,
        **options,
        **EQUIPMENT,
    )


def _set_signing_time(dataset: Dataset, signature: Signature | None) -> None:
    """The moment of signing, not of writing (PS3.3 C.17.2 Verification DateTime)."""
    if signature is not None:
        when = datetime.fromisoformat(signature.when)
        dataset.VerifyingObserverSequence[0].VerificationDateTime = DT(when)


def _record(finding: Finding, result: AnalysisResult, source: Source, segs: Sequence[SegReceipt]) -> GroupRecord:
    numbers = tuple(
        (measurement_code(m).meaning, float(m.value), unit_code(m.unit).value) for m in all_measurements(finding)
    )
    side = side_code(finding.side)
    found = segment_of(finding, result, segs)
    return GroupRecord(
        finding_tracking_uid(finding, result, segs),
        finding_code(finding).meaning,
        side.meaning if side else "",
        numbers,
        None if found else middle_of(finding.location, source.stack.geometry, placed=source.planes is not None),
        (found[0].sop_instance_uid, found[1].number) if found else None,
    )
