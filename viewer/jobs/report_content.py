"""A result folder as a `Report`: header, accepted findings, what each pack did, words for the sections."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.analysis import AnalysisResult, GateReason, Suitability
from viewer.core.errors import PackError
from viewer.core.finding import Finding, FindingState
from viewer.core.geometry import SpacingKind
from viewer.core.plain import to_plain
from viewer.core.report import KeyImage, PackRun, Report, ReportStatus, Signature
from viewer.core.sections import SECTIONS
from viewer.core.settings import Settings
from viewer.core.study import Stack, Study
from viewer.jobs.result_folder import Loaded
from viewer.words.language import Words, words_in


def build(
    loaded: Loaded,
    findings: Sequence[Finding],
    settings: Settings,
    *,
    sections: Mapping[str, str],
    language: str,
    created: str,
    version: int,
    signature: Signature | None,
    digest_before: str = "",
    notes: tuple[str, ...] = (),
    chosen: Sequence[KeyImage] = (),
) -> Report:
    """Everything that goes on paper but the pictures of findings.

    Args:
        findings: all of them, as judged; only accepted ones reach the report.
        sections: the reader's words; technique and impression are drafted where empty.
        digest_before: what was signed before, for copies of a signed report.
        notes: lines under author and status.
        chosen: the reader's own key images: they are signed with the rest.
    """
    words = words_in(language)
    study, stack = loaded.study, loaded.stack
    accepted = tuple(finding for finding in findings if finding.state is FindingState.ACCEPTED)
    runs = tuple(_run(result, findings, words) for result in loaded.results)
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
        sections=_sections(sections, stack, accepted, words),
        status=_status(signature, findings),
        signature=signature,
        provenance=tuple(run.provenance for run in runs if run.provenance is not None),
        language=language,
        notes=notes,
        synthetic=is_synthetic(study, stack),
        runs=runs,
        letterhead=settings.letterhead,
        author=signature.name if signature else _author(accepted, settings),
        organization=signature.organization if signature else settings.organization,
        created=created,
        version=version,
        key_images=tuple(chosen),
    )
    return replace(report, digest=digest_before or digest(report) if signature else "")


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
    if report.key_images:
        signed["key_images"] = [[image.caption, picture_hash(image.pixels)] for image in report.key_images]
    text = json.dumps(signed, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def is_synthetic(study: Study, stack: Stack) -> bool:
    """True for the computer-made sample studies, by their patient name or the device they name."""
    device = stack.header.get("ManufacturerModelName", "")
    return "SYNTHETIC" in study.patient.name.upper() or "synthetic" in device.casefold()


def _status(signature: Signature | None, findings: Sequence[Finding]) -> ReportStatus:
    if signature is not None:
        return ReportStatus.SIGNED
    return ReportStatus.AI_DRAFT if any(f.pack for f in findings) or not findings else ReportStatus.DRAFT


def _author(accepted: Sequence[Finding], settings: Settings) -> str:
    """The settings' reader, else the one who judged, where it was one person."""
    readers = {finding.reader for finding in accepted if finding.reader}
    return settings.reader_name or (readers.pop() if len(readers) == 1 else "")


def _run(result: AnalysisResult, findings: Sequence[Finding], words: Words) -> PackRun:
    own = [f for f in findings if f.pack == result.pack_id and f.result_id == result.request_id]
    count = {state: sum(f.state is state for f in own) for state in FindingState}
    reasons = result.gate.reasons if result.gate is not None else ()
    worst = [reason for reason in reasons if reason.verdict is Suitability.REFUSE] or list(reasons)
    said = [_reason(reason, words) for reason in reasons]
    if not said and result.message:
        said = [words.said(result.message)]
    return PackRun(
        result.pack_id,
        _pack_name(result.pack_id),
        result.outcome,
        " ".join(said),
        _reason(worst[0], words) if worst and result.outcome != "failed" else words.said(result.message),
        accepted=count[FindingState.ACCEPTED],
        rejected=count[FindingState.REJECTED],
        unsure=count[FindingState.UNSURE],
        waiting=count[FindingState.PROPOSED],
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
    sections.setdefault("technique", technique(stack, words))
    if accepted:
        sections.setdefault("impression", "\n".join(_impression(finding, words) for finding in accepted))
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
