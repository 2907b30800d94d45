"""A result folder as a `Report`: header, accepted findings, what each pack did, words for the sections."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.analysis import AnalysisResult, GateReason, Suitability
from viewer.core.errors import PackError
from viewer.core.finding import Finding, FindingKind, FindingState
from viewer.core.geometry import SpacingKind
from viewer.core.measurement import ReaderMeasurement
from viewer.core.plain import to_plain
from viewer.core.report import KeyImage, PackRun, Report, ReportStatus, Signature
from viewer.core.sections import SECTIONS, aside
from viewer.core.settings import Settings
from viewer.core.study import Stack, Study
from viewer.words.language import Words, words_in


@dataclass(frozen=True, slots=True, eq=False)
class ReportInput:
    """Everything the report of one stack is made of, wherever it comes from.

    Attributes:
        study: whose header stands on paper.
        results: what each pack made of `stack`, with arrays.
        findings: all of them, as judged; only accepted ones reach the report.
        sections: the reader's words; technique and impression are drafted where empty.
        chosen: the reader's own key images: they are signed with the rest.
        measured: what the reader measured, on `stack` or one of `others` of the same study.
        created, version: of this version of the report.
        digest_before: what was signed before, for copies of a signed report.
        notes: lines under author and status.
    """

    study: Study
    stack: Stack
    results: tuple[AnalysisResult, ...]
    findings: tuple[Finding, ...]
    sections: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    signature: Signature | None = None
    chosen: tuple[KeyImage, ...] = ()
    measured: tuple[ReaderMeasurement, ...] = ()
    others: tuple[Stack, ...] = ()
    created: str = ""
    version: int = 1
    digest_before: str = ""
    notes: tuple[str, ...] = ()


def build(given: ReportInput, settings: Settings, pack_name: Callable[[str], str] | None = None) -> Report:
    """Everything that goes on paper but the pictures of findings.

    Args:
        pack_name: what a pack is called; from its folder where left out.
    """
    words = words_in(given.language)
    study, stack, signature = given.study, given.stack, given.signature
    accepted = tuple(finding for finding in given.findings if finding.state is FindingState.ACCEPTED)
    runs = tuple(_run(result, given.findings, words, pack_name or _pack_name) for result in given.results)
    report = Report(
        patient=study.patient,
        study_uid=study.uid,
        study_date=study.date,
        study_time=study.time,
        study_description=study.description,
        modality=stack.modality,
        body_part=stack.header.get("BodyPartExamined", ""),
        view=stack.header.get("ViewPosition", ""),
        patient_age=stack.header.get("PatientAge", ""),
        accession=study.accession,
        findings=accepted,
        sections=_sections(given.sections, stack, accepted, words),
        status=_status(signature, given),
        signature=signature,
        provenance=tuple(run.provenance for run in runs if run.provenance is not None),
        language=given.language,
        notes=given.notes,
        synthetic=is_synthetic(study, stack),
        runs=runs,
        letterhead=settings.letterhead,
        author=signature.name if signature else _author(accepted, settings),
        organization=signature.organization if signature else settings.organization,
        created=given.created,
        version=given.version,
        key_images=given.chosen,
        measured=given.measured,
        pictures=_pictures(given, words),
    )
    return replace(report, digest=given.digest_before or digest(report) if signature else "")


def _pictures(given: ReportInput, words: Words) -> dict[str, str]:
    """Measurement id -> the picture it lies on, in words: series, plane, slice, Instance Number."""
    stacks = {stack.key: stack for stack in (given.stack, *given.others)}
    return {one.id: _picture(one, stacks.get(one.stack_key), words) for one in given.measured}


def _picture(measured: ReaderMeasurement, stack: Stack | None, words: Words) -> str:
    plane = "" if measured.plane == "native" else words("captions", f"plane_{measured.plane}")
    k, parts = measured.slice_index, [plane]
    if stack is not None:
        count = len(stack.instances) if stack.geometry is None else stack.geometry.shape[0]
        where = words("measured", "slice", k=k + 1) if plane else words("captions", "slice", k=k + 1, n=count)
        parts = [stack.description.strip() or stack.modality, plane, where]
    shown = stack.instances[k] if stack is not None and not plane and 0 <= k < len(stack.instances) else None
    if shown is not None and shown.number is not None:
        parts.append(words("measured", "instance", n=shown.number))
    return words("ai", "comma").join(part for part in parts if part)


def with_images(report: Report, images: tuple[KeyImage, ...]) -> Report:
    """The report with the pictures of its findings after those the reader chose."""
    return replace(report, key_images=(*report.key_images, *images))


def picture_hash(pixels: npt.NDArray[np.uint8]) -> str:
    """sha256 of a picture's size and pixels."""
    return hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def digest(report: Report) -> str:
    """sha256 over what is signed: patient, study, findings, words, chosen pictures, packs, signer and time."""
    signed = {
        "patient": to_plain(report.patient),
        "study": [report.study_uid, report.study_date, report.accession],
        "findings": to_plain(report.findings),
        "sections": report.sections,
        "packs": [[run.pack_id, run.outcome, run.provenance and run.provenance.weights_sha256] for run in report.runs],
        "signature": to_plain(report.signature),
        "version": report.version,
    }
    if report.measured:
        signed["measurements"] = to_plain(report.measured)
    if report.key_images:
        signed["key_images"] = [[image.caption, picture_hash(image.pixels)] for image in report.key_images]
    text = json.dumps(signed, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def is_synthetic(study: Study, stack: Stack) -> bool:
    """True for the computer-made sample studies, by their patient name or the device they name."""
    device = stack.header.get("ManufacturerModelName", "")
    return "SYNTHETIC" in study.patient.name.upper() or "synthetic" in device.casefold()


def _status(signature: Signature | None, given: ReportInput) -> ReportStatus:
    if signature is not None:
        return ReportStatus.SIGNED
    by_machine = any(finding.pack for finding in given.findings) or given.results and not given.findings
    return ReportStatus.AI_DRAFT if by_machine else ReportStatus.DRAFT


def _author(accepted: Sequence[Finding], settings: Settings) -> str:
    """The settings' reader, else the one who judged, where it was one person."""
    readers = {finding.reader for finding in accepted if finding.reader}
    return settings.reader_name or (readers.pop() if len(readers) == 1 else "")


def _run(result: AnalysisResult, findings: Sequence[Finding], words: Words, pack_name: Callable[[str], str]) -> PackRun:
    own = [f for f in findings if f.pack == result.pack_id and f.result_id == result.request_id]
    count = {state: sum(f.state is state for f in own) for state in FindingState}
    reasons = result.gate.reasons if result.gate is not None else ()
    worst = [reason for reason in reasons if reason.verdict is Suitability.REFUSE] or list(reasons)
    said = [_reason(reason, words) for reason in reasons]
    if not said and result.message:
        said = [words.said(result.message)]
    return PackRun(
        result.pack_id,
        pack_name(result.pack_id),
        result.outcome,
        " ".join(said),
        _reason(worst[0], words) if worst and result.outcome != "failed" else words.said(result.message),
        accepted=count[FindingState.ACCEPTED],
        rejected=count[FindingState.REJECTED],
        unsure=count[FindingState.UNSURE],
        waiting=sum(f.is_open for f in own),
        outlined=sum(f.state is FindingState.PROPOSED and not f.is_open for f in own),
        edited=sum(f.edited and f.state is FindingState.ACCEPTED for f in own),
        below_threshold=result.below_threshold,
        provenance=result.provenance,
        seconds=sum(result.seconds.values()),
    )


def _reason(reason: GateReason, words: Words) -> str:
    """A gate's reason with the tag it rests on."""
    tag = words.said(reason.tag.strip("()"))
    text = words.said(reason.text)
    return f"{text} ({tag})" if tag else text


def _pack_name(pack_id: str) -> str:
    from viewer.analysis import packs

    try:
        return packs.load(pack_id).name or pack_id
    except PackError:
        return pack_id


def _sections(given: Mapping[str, str], stack: Stack, accepted: Sequence[Finding], words: Words) -> dict[str, str]:
    sections = {one.key: given[one.key].strip() for one in SECTIONS if given.get(one.key, "").strip()}
    sections |= aside(given)
    sections.setdefault("technique", technique(stack, words))
    answers = [finding for finding in accepted if finding.kind is FindingKind.FINDING]
    if answers:
        sections.setdefault("impression", "\n".join(_impression(finding, words) for finding in answers))
    return sections


def _impression(finding: Finding, words: Words) -> str:
    place = words.place(finding)
    place = place[:1].lower() + place[1:]
    comma = words("ai", "comma")
    return words("captions", "impression", label=words.name(finding.label), place="" if place == "–" else comma + place)


def technique(stack: Stack, words: Words) -> str:
    """What the pictures are and what is wrong with them, from the stack itself."""
    geometry = stack.geometry
    name = stack.description.strip() or stack.modality
    if geometry is None:
        return words("technique", "no_spacing").strip("，, ")
    slices, rows, columns = geometry.shape
    between, row, column = geometry.spacing
    fields: dict[str, Any] = {"name": name, "slices": slices, "rows": rows, "columns": columns}
    fields |= {"between": f"{between:.1f}", "row": f"{row:.2f}", "column": f"{column:.2f}"}
    if slices == 1:
        line = words("technique", "film", **fields, view=_view(stack, words), spacing=_spacing(stack, words, fields))
    elif geometry.spacing_kind is SpacingKind.PATIENT:
        line = words("technique", "volume", **fields)
    else:
        line = words("technique", "stack", **fields)
    warned = "; ".join(words.said(caution.text).rstrip(".。") for caution in stack.warnings)
    return line + (f"\n{words('technique', 'warnings', text=warned)}" if warned else "")


def _view(stack: Stack, words: Words) -> str:
    view = stack.header.get("ViewPosition", "").strip()
    return words("technique", "view", view=words.name(view)) if view else ""


def _spacing(stack: Stack, words: Words, fields: dict[str, Any]) -> str:
    kind = stack.geometry.spacing_kind if stack.geometry is not None else SpacingKind.UNKNOWN
    key = {SpacingKind.PATIENT: "patient", SpacingKind.DETECTOR: "detector", SpacingKind.UNKNOWN: "no_spacing"}[kind]
    return words("technique", key, **fields)
