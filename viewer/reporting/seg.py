"""Masks as a DICOM Segmentation (PS3.3 A.51), placed by the source images' own positions."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from viewer.core.analysis import AnalysisResult
from viewer.core.errors import OutputError
from viewer.core.geometry import Geometry
from viewer.core.study import Stack
from viewer.core.volume import Mask, Segment
from viewer.reporting.codes import category_code, label_code, label_site
from viewer.reporting.origin import EQUIPMENT, attempt, coded, new_uid, read_headers, save, stable_uid, use_utf8
from viewer.reporting.planes import Placement, placement_of

log = logging.getLogger(__name__)

#: Series Number of our segmentations: far above what a scanner gives.
SERIES_NUMBER = 9001
SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """One written segment, as it must be found again.

    Attributes:
        request_id, mask_number: which result, and the number in its mask.
        number: Segment Number in the file.
        voxels: voxels that carry it.
        centroid_lps: mean LPS position in mm of those voxels, None when there are none
            or the series has no patient frame.
    """

    request_id: str
    mask_number: int
    number: int
    label: str
    tracking_uid: str
    voxels: int
    centroid_lps: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class SegReceipt:
    """What was written, for the read-back and for the SR that refers to it."""

    path: Path
    sop_instance_uid: str
    series_uid: str
    source_series_uid: str
    segments: tuple[SegmentRecord, ...]

    def segment_of(self, request_id: str, mask_number: int | None) -> SegmentRecord | None:
        """The segment that came from a result's mask number."""
        for record in self.segments:
            if record.request_id == request_id and record.mask_number == mask_number:
                return record
        return None


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One segment on its way into the file."""

    result: AnalysisResult
    mask: Mask
    segment: Segment
    tracking_uid: str


def write_seg(
    results: Sequence[AnalysisResult], stack: Stack, path: Path, *, reviewed: bool = False, description: str = ""
) -> SegReceipt | None:
    """Write the masks of results on one stack as a BINARY Segmentation.

    Only segments listed in `mask.segments` are written; a label without a row is left out, an
    empty segment is described and has no frames. Study and frame of reference are kept, Series
    and SOP Instance UIDs are new. Planes stay as they are (tilted or unevenly spaced ones too).

    Args:
        results: results whose masks lie on `stack` (its whole grid or a crop of it).
        stack: the source series; instances ascending along the normal.
        path: the file to write.
        reviewed: a person has accepted these segments.
        description: Series Description; a plain one is made when empty.

    Returns:
        What was written, or None when no result has a segment.

    Raises:
        OutputError: sources gone, nothing to place the mask by, masks on different grids, disk full.
    """
    parts = _parts(results)
    if not parts:
        return None
    geometry = _one_grid(parts)
    headers = read_headers(stack.instances)
    placement = placement_of(headers, stack.instances, geometry)
    pixels = _pixels(parts)
    words = description or ("AI segmentation, reviewed" if reviewed else "AI segmentation, draft")
    dataset = attempt("A DICOM segmentation", lambda: _segmentation(parts, pixels, headers, placement, words))
    dataset.SeriesDescription = words
    dataset.ContentLabel = "AI_REVIEWED" if reviewed else "AI_DRAFT"
    if not placement.placed and "PatientOrientation" in headers[0]:
        dataset.PatientOrientation = headers[0].PatientOrientation
    use_utf8(dataset)
    save(dataset, path)
    records = tuple(_record(part, n, pixels, placement.placed) for n, part in enumerate(parts, start=1))
    log.info("segmentation written: %d segments", len(records))
    return SegReceipt(path, dataset.SOPInstanceUID, dataset.SeriesInstanceUID, stack.series_uid, records)


def tracking_uid_of(result: AnalysisResult, mask: Mask, segment: Segment) -> str:
    """Tracking UID of a segment: its own, its finding's, or a stable one."""
    if segment.tracking_uid:
        return segment.tracking_uid
    for finding in result.findings:
        if finding.location.segment == segment.number and finding.tracking_uid:
            return finding.tracking_uid
    return stable_uid(result.request_id, mask.name, str(segment.number))


def _parts(results: Sequence[AnalysisResult]) -> list[_Part]:
    return [
        _Part(result, mask, segment, tracking_uid_of(result, mask, segment))
        for result in results
        for mask in result.masks
        for segment in mask.segments
    ]


def _one_grid(parts: Sequence[_Part]) -> Geometry:
    geometry = parts[0].mask.geometry
    if all(part.mask.geometry.same_grid(geometry) for part in parts):
        return geometry
    raise OutputError(
        "The masks of this series lie on different grids and do not fit one DICOM segmentation.",
        "Write them one by one; the NIfTI masks hold each on its own grid.",
        "grids_differ",
    )


def _pixels(parts: Sequence[_Part]) -> npt.NDArray[np.uint8]:
    """bool-like uint8 [K, J, I, S]: overlapping segments stay apart."""
    planes = [np.asarray(part.mask.labels == part.segment.number) for part in parts]
    return np.stack(planes, axis=-1).astype(np.uint8)


def _segmentation(
    parts: Sequence[_Part], pixels: npt.NDArray[np.uint8], headers: list[Dataset], placement: Placement, words: str
) -> Segmentation:
    return Segmentation(
        source_images=headers,
        pixel_array=pixels,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_describe(part, number) for number, part in enumerate(parts, start=1)],
        series_instance_uid=new_uid(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=new_uid(),
        instance_number=1,
        content_description=words,
        pixel_measures=placement.measures,
        plane_orientation=placement.orientation,
        plane_positions=placement.positions,
        omit_empty_frames=bool(pixels.any()),
        **EQUIPMENT,
    )


def _describe(part: _Part, number: int) -> SegmentDescription:
    segment = part.segment
    site = label_site(segment.name)
    options: dict[str, Any] = {"display_color": CIELabColor.from_string(segment.colour)} if segment.colour else {}
    return SegmentDescription(
        segment_number=number,
        segment_label=segment.name[:64],
        segmented_property_category=coded(category_code(segment.name)),
        segmented_property_type=coded(segment.code or label_code(segment.name)),
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=_algorithm(part.result),
        tracking_uid=part.tracking_uid,
        tracking_id=f"{part.result.pack_id} {segment.name}"[:64],
        anatomic_regions=[coded(site)] if site else None,
        **options,
    )


def _algorithm(result: AnalysisResult) -> AlgorithmIdentificationSequence:
    passport = result.provenance
    return AlgorithmIdentificationSequence(
        name=result.pack_id[:64],
        family=codes.DCM.ArtificialIntelligence,
        version=passport.pack_version if passport else "unknown",
        parameters={"weights_sha256": passport.weights_sha256} if passport else None,
    )


def _record(part: _Part, number: int, pixels: npt.NDArray[np.uint8], placed: bool) -> SegmentRecord:
    chosen = np.argwhere(pixels[..., number - 1])
    centroid = None
    if placed and len(chosen):
        x, y, z = part.mask.geometry.index_to_world(chosen).mean(axis=0)
        centroid = (float(x), float(y), float(z))
    return SegmentRecord(
        part.result.request_id,
        part.segment.number,
        number,
        part.segment.name,
        part.tracking_uid,
        len(chosen),
        centroid,
    )
