"""The content tree of our structured report: TID 1500, its groups and what each algorithm did."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    CodedConcept,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    LanguageOfContentItemAndDescendants,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    ReferencedSegment,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceSeriesForSegmentation,
    TextContentItem,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from highdicom.sr import Measurement as SrMeasurement
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code as PydicomCode

from viewer import __version__
from viewer.core.analysis import AnalysisResult
from viewer.core.errors import OutputError
from viewer.core.finding import Code, Finding, Measurement
from viewer.core.measurement import ReaderMeasurement
from viewer.core.sections import SECTIONS
from viewer.reporting.codes import code, finding_code, finding_site, measurement_code, side_code, table, unit_code
from viewer.reporting.origin import MANUFACTURER, MODEL, SERIAL, coded, person_name, stable_uid
from viewer.reporting.planes import header_of
from viewer.reporting.regions import Source, region_of
from viewer.reporting.saying import Saying
from viewer.reporting.seg import SEGMENTATION_STORAGE, SegmentRecord, SegReceipt
from viewer.reporting.sr_measured import measured_group

LANGUAGES = {"en": PydicomCode("en", "RFC5646", "English"), "zh": PydicomCode("zh", "RFC5646", "Chinese")}
CONTAINS = RelationshipTypeValues.CONTAINS
PROPERTIES = RelationshipTypeValues.HAS_PROPERTIES


def root_item(
    results: Sequence[AnalysisResult],
    sources: Mapping[str, Source],
    segs: Sequence[SegReceipt],
    saying: Saying,
    measured: Sequence[tuple[ReaderMeasurement, Source]] = (),
) -> ContainerContentItem:
    """The root container (126000) with everything below it."""
    root = ContainerContentItem(codes.DCM.ImagingMeasurementReport, template_id="1500")
    content = ContentSequence()
    content.extend(LanguageOfContentItemAndDescendants(LANGUAGES[saying.language]))
    content.extend(_observers(saying))
    content.append(_procedure(sources))
    groups = [_group(f, r, source_of(f, r, sources), segs) for r in results for f in r.findings]
    groups += [measured_group(one, source) for one, source in measured]
    if groups:
        measurements = ContainerContentItem(codes.DCM.ImagingMeasurements, relationship_type=CONTAINS)
        measurements.ContentSequence = ContentSequence([item for group in groups for item in group])
        content.append(measurements)
    if results:
        content.append(_evaluations(results, saying.proposals))
    content.extend(_sections(saying.sections))
    root.ContentSequence = content
    return root


def finding_tracking_uid(finding: Finding, result: AnalysisResult, segs: Sequence[SegReceipt]) -> str:
    """Tracking UID of a finding: its segment's, its own, or a stable one."""
    found = segment_of(finding, result, segs)
    if found is not None:
        return found[1].tracking_uid
    return finding.tracking_uid or stable_uid(result.request_id, finding.id)


def all_measurements(finding: Finding) -> tuple[Measurement, ...]:
    """The finding's measurements, its AI score first."""
    if finding.score is None:
        return finding.measurements
    return (Measurement("score", finding.score, "1", code("measurement", "score")), *finding.measurements)


def _observers(saying: Saying) -> ObservationContext:
    device = ObserverContext(
        codes.DCM.Device,
        DeviceObserverIdentifyingAttributes(
            uid=stable_uid("device", __version__),
            name=MODEL,
            manufacturer_name=MANUFACTURER,
            model_name=f"{MODEL} {__version__}",
            serial_number=SERIAL,
        ),
    )
    if not saying.observer:
        return ObservationContext(observer_device_context=device)
    organization = saying.signature.organization if saying.signature else None
    person = PersonObserverIdentifyingAttributes(name=person_name(saying.observer), organization_name=organization)
    return ObservationContext(ObserverContext(codes.DCM.Person, person), device)


def _procedure(sources: Mapping[str, Source]) -> CodeContentItem:
    modality = next(iter(sources.values())).stack.modality
    row = table().get(("procedure", modality)) or table()["procedure", "any"]
    relation = RelationshipTypeValues.HAS_CONCEPT_MOD
    return CodeContentItem(codes.DCM.ProcedureReported, coded(row.code), relationship_type=relation)


def source_of(finding: Finding, result: AnalysisResult, sources: Mapping[str, Source]) -> Source:
    """The series a finding lies on.

    Raises:
        OutputError: it names none and there are several.
    """
    for uid in (finding.series_uid, result.series_uid):
        if uid is not None and uid in sources:
            return sources[uid]
    if len(sources) == 1:
        return next(iter(sources.values()))
    raise OutputError(
        "A finding does not say on which series it lies, so no structured report was written.",
        "The PDF report and result.json hold the findings.",
        "no_series",
    )


def _group(finding: Finding, result: AnalysisResult, source: Source, segs: Sequence[SegReceipt]) -> ContentSequence:
    options = {
        "tracking_identifier": TrackingIdentifier(finding_tracking_uid(finding, result, segs), finding.id),
        "finding_type": coded(finding_code(finding)),
        "finding_sites": _sites(finding),
        "algorithm_id": _algorithm(finding, result),
        "measurements": [_measurement(m) for m in all_measurements(finding)] or None,
        "qualitative_evaluations": [_verdict(finding), *_side_alone(finding)],
    }
    found = segment_of(finding, result, segs)
    region = None if found else region_of(finding.location, source)
    if found:
        group = VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=_reference(*found), **options)
    elif region is not None and region.planar is not None:
        group = PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region.planar, **options)
    elif region is not None:
        group = VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_volume_surface=region.surface, **options)
    else:
        group = MeasurementsAndQualitativeEvaluations(source_images=[_image(finding, source)], **options)
    group[0].ContentSequence.extend(_words(finding))
    return group


def segment_of(
    finding: Finding, result: AnalysisResult, segs: Sequence[SegReceipt]
) -> tuple[SegReceipt, SegmentRecord] | None:
    """The written segment a finding speaks of, and the file it is in."""
    for seg in segs:
        record = seg.segment_of(result.request_id, finding.location.segment)
        if record is not None:
            return seg, record
    return None


def _reference(seg: SegReceipt, record: SegmentRecord) -> ReferencedSegment:
    series = SourceSeriesForSegmentation(seg.source_series_uid)
    return ReferencedSegment(SEGMENTATION_STORAGE, seg.sop_instance_uid, record.number, source_series=series)


def _image(finding: Finding, source: Source) -> SourceImageForMeasurementGroup:
    header = header_of(source.headers, source.stack.instances, finding.location.slice_index or 0)
    return SourceImageForMeasurementGroup(str(header.SOPClassUID), str(header.SOPInstanceUID))


def _sites(finding: Finding) -> list[FindingSite] | None:
    site, side = finding_site(finding), side_code(finding.side)
    if site is None:
        return None
    return [FindingSite(coded(site), laterality=coded(side) if side else None)]


def _side_alone(finding: Finding) -> list[QualitativeEvaluation]:
    """The side of a finding without a known site, on its own: else a site carries it (TID 1501)."""
    side = side_code(finding.side) if finding_site(finding) is None else None
    return [QualitativeEvaluation(codes.SCT.Laterality, coded(side))] if side else []


def _algorithm(finding: Finding, result: AnalysisResult) -> AlgorithmIdentification | None:
    if not finding.pack:
        return None
    passport = result.provenance
    parameters = [f"weights sha256 {passport.weights_sha256}"] if passport and passport.weights_sha256 else []
    point = finding.operating_point
    if point is not None:
        parameters.append(f"threshold {point.threshold:g} ({point.name})")
    version = passport.pack_version if passport else "unknown"
    return AlgorithmIdentification(finding.pack, version, parameters or None)


def _measurement(measurement: Measurement) -> SrMeasurement:
    if not math.isfinite(measurement.value):
        raise OutputError(
            f"The measurement {measurement.name} is not a number, so no structured report was written.",
            "Reject the finding or analyse again.",
            "not_a_number",
        )
    name, unit = measurement_code(measurement), unit_code(measurement.unit)
    return SrMeasurement(coded(name), float(measurement.value), coded(unit))


def _verdict(finding: Finding) -> QualitativeEvaluation:
    return QualitativeEvaluation(coded(code("verdict", "concept")), coded(code("verdict", finding.state.value)))


def _words(finding: Finding) -> list[TextContentItem]:
    judged = " ".join(word for word in (finding.reader, finding.when) if word)
    meaning = finding_code(finding).meaning
    said = {
        "label": finding.label if finding.label != meaning else "",
        "place": _place(finding),
        "by": judged,
        "reason": finding.reason,
        "note": " ".join(finding.notes),
        "not validated": ", ".join(m.name for m in finding.measurements if not m.validated),
    }
    items = [_text(code("verdict", key), text) for key, text in said.items() if text]
    return [*items, _text(code("document", "comment"), finding.comment)] if finding.comment else items


def _place(finding: Finding) -> str:
    """The place in words; where the reader changed the side, that side and what the AI had said."""
    if not finding.side_edited:
        return finding.location.text or finding.side.value
    side = finding.side.value or "no side"
    return f"{side}, by the reader; the AI had said: {finding.location.text or 'no place'}"


def _text(name: Code, text: str, relation: RelationshipTypeValues = CONTAINS) -> TextContentItem:
    return TextContentItem(coded(name), text, relation)


def _evaluations(results: Sequence[AnalysisResult], proposals: int) -> ContainerContentItem:
    """What the algorithms did as a whole (PS3.16 CID 6047) and one by one (CID 6042)."""
    box = ContainerContentItem(CodedConcept("C0034375", "UMLS", "Qualitative Evaluations"), relationship_type=CONTAINS)
    summary = CodeContentItem(coded(code("status", "summary")), coded(summary_code(results, proposals)), CONTAINS)
    box.ContentSequence = ContentSequence([summary, *(_status(result) for result in results)])
    return box


def summary_code(results: Sequence[AnalysisResult], proposals: int = 0) -> Code:
    """All, some or none succeeded, with or without findings.

    Args:
        results: with the findings that are written.
        proposals: how many the algorithms had made, those that were left out among them.
    """
    ran = [result for result in results if result.outcome == "ran"]
    if not ran:
        return code("status", "none")
    share = "all" if len(ran) == len(results) else "some"
    found = "with" if proposals or any(result.findings for result in results) else "without"
    return code("status", f"{share} {found} findings")


def _status(result: AnalysisResult) -> CodeContentItem:
    item = CodeContentItem(coded(code("status", "analysis")), coded(code("status", result.outcome)), CONTAINS)
    version = result.provenance.pack_version if result.provenance else ""
    reasons = [reason.text for reason in result.gate.reasons] if result.gate else []
    said = [
        (code("document", "algorithm name"), result.pack_id),
        (code("document", "algorithm version"), version),
        (code("document", "comment"), " ".join([*reasons, result.message]).strip()),
    ]
    item.ContentSequence = ContentSequence([_text(name, text, PROPERTIES) for name, text in said if text])
    return item


def _sections(sections: Mapping[str, str]) -> list[ContainerContentItem]:
    items = []
    for section in SECTIONS:
        text = sections.get(section.key, "").strip()
        if section.sr is not None and text:
            container, item = section.sr.rows
            box = ContainerContentItem(coded(code("document", container)), relationship_type=CONTAINS)
            box.ContentSequence = ContentSequence([_text(code("document", item), text)])
            items.append(box)
    return items
