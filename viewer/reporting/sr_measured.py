"""A reader's measurements in a structured report: TID 1501 for lines, angles and points, TID 1410 for regions."""

from __future__ import annotations

import math

import numpy as np
from highdicom.sr import (
    ContentSequence,
    CoordinatesForMeasurement,
    CoordinatesForMeasurement3D,
    GraphicTypeValues,
    GraphicTypeValues3D,
    ImageRegion,
    ImageRegion3D,
    MeasurementsAndQualitativeEvaluations,
    NumContentItem,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)
from highdicom.sr import Measurement as SrMeasurement

from viewer.core.errors import OutputError
from viewer.core.finding import Measurement
from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.reporting.codes import code, measurement_code, unit_code
from viewer.reporting.origin import coded, stable_uid
from viewer.reporting.planes import header_of
from viewer.reporting.regions import FloatArray, Source, closed, coplanar, pixels_of, source_image

#: "+" and "-" of a measurement's uncertainty (PS3.16 CID 225), rows "measurement" of the code table.
UNCERTAINTY = ("range of upper uncertainty", "range of lower uncertainty")
PROPERTIES = RelationshipTypeValues.HAS_PROPERTIES
_REGIONS = (Shape.POLYGON, Shape.ELLIPSE)


def measured_group(measured: ReaderMeasurement, source: Source) -> ContentSequence:
    """The measurement group of one measurement on its stack.

    Raises:
        OutputError: a value is not a number.
    """
    region = measured.shape in _REGIONS
    lines = () if region else _lines(measured)
    options = {
        "tracking_identifier": TrackingIdentifier(tracking_uid(measured), measured.id),
        "finding_type": coded(measured.code) if measured.code else None,
        "measurements": [_number(value, _lines_of(value, lines), measured, source) for value in measured.values],
    }
    if region:
        group = PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=_region(measured, source), **options)
    else:
        group = MeasurementsAndQualitativeEvaluations(source_images=_pictures(measured, source), **options)
    said = "; ".join((measured.name, *measured.notes, *(part for part in (measured.reader, measured.when) if part)))
    group[0].ContentSequence.append(
        TextContentItem(coded(code("document", "comment")), said, RelationshipTypeValues.CONTAINS)
    )
    return group


def tracking_uid(measured: ReaderMeasurement) -> str:
    """The same for the same measurement, however often it is written."""
    return stable_uid("measurement", measured.id)


def numbers_of(measured: ReaderMeasurement) -> tuple[tuple[str, float, str], ...]:
    """(meaning, value, unit) as they stand in the file: each value, then how far it may be off."""
    told: list[tuple[str, float, str]] = []
    for value in measured.values:
        unit = unit_code(value.unit).value
        told.append((measurement_code(value).meaning, float(value.value), unit))
        if value.plus_minus is not None:
            told += [(code("measurement", key).meaning, float(value.plus_minus), unit) for key in UNCERTAINTY]
    return tuple(told)


def middle(measured: ReaderMeasurement, source: Source) -> tuple[float, ...]:
    """Where its middle must be found again: LPS mm (x, y, z), on films pixels (column, row)."""
    points = np.array(measured.outline, dtype=np.float64)
    if source.planes is None:
        points = pixels_of(points, source)
    return tuple(float(value) for value in points.mean(axis=0))


def _lines(measured: ReaderMeasurement) -> tuple[FloatArray, ...]:
    """What its numbers were taken from, LPS mm [n, 3] each."""
    points = np.array(measured.outline, dtype=np.float64)
    if measured.shape is Shape.LINES:
        return tuple(points[n : n + 2] for n in range(0, len(points) - 1, 2))
    return (points,)


def _lines_of(value: Measurement, lines: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
    """The line a length was taken from, else all of them."""
    if value.unit != "mm" or len(lines) < 2:
        return lines
    return (min(lines, key=lambda line: abs(float(np.linalg.norm(line[1] - line[0])) - value.value)),)


def _number(
    value: Measurement, lines: tuple[FloatArray, ...], measured: ReaderMeasurement, source: Source
) -> SrMeasurement:
    if not math.isfinite(value.value):
        raise OutputError(
            f"The measurement {value.name} is not a number, so no structured report was written.",
            "Measure it again or remove it.",
            "not_a_number",
        )
    unit = coded(unit_code(value.unit))
    places = [_coordinates(line, measured, source) for line in lines]
    item = SrMeasurement(
        coded(measurement_code(value)), float(value.value), unit, referenced_coordinates=places or None
    )
    if value.plus_minus is not None:
        spread = [
            NumContentItem(coded(code("measurement", key)), float(value.plus_minus), unit, relationship_type=PROPERTIES)
            for key in UNCERTAINTY
        ]
        item[0].ContentSequence = ContentSequence([*item[0].get("ContentSequence", []), *spread])
    return item


def _coordinates(
    points: FloatArray, measured: ReaderMeasurement, source: Source
) -> CoordinatesForMeasurement | CoordinatesForMeasurement3D:
    if source.planes is None:
        kind = GraphicTypeValues.POINT if len(points) == 1 else GraphicTypeValues.POLYLINE
        return CoordinatesForMeasurement(kind, pixels_of(points, source), source_image(measured.slice_index, source))
    kind3 = GraphicTypeValues3D.POINT if len(points) == 1 else GraphicTypeValues3D.POLYLINE
    return CoordinatesForMeasurement3D(kind3, points, source.frame_of_reference_uid)


def _region(measured: ReaderMeasurement, source: Source) -> ImageRegion | ImageRegion3D:
    points = np.array(measured.outline, dtype=np.float64)
    if measured.shape is Shape.ELLIPSE:
        points = _major_first(points)
    if source.planes is None:
        ends = pixels_of(points, source)
        image = source_image(measured.slice_index, source)
        if measured.shape is Shape.ELLIPSE:
            return ImageRegion(GraphicTypeValues.ELLIPSE, ends, image)
        return ImageRegion(GraphicTypeValues.POLYLINE, closed(ends), image)
    frame = source.frame_of_reference_uid
    if measured.shape is Shape.ELLIPSE:
        return ImageRegion3D(GraphicTypeValues3D.ELLIPSE, points, frame)
    kind = GraphicTypeValues3D.POLYGON if coplanar(points) else GraphicTypeValues3D.POLYLINE
    return ImageRegion3D(kind, closed(points), frame)


def _major_first(ends: FloatArray) -> FloatArray:
    """The ends of the longer axis, then of the shorter one (PS3.3 C.18.6.1.2)."""
    first, second = np.linalg.norm(ends[1] - ends[0]), np.linalg.norm(ends[3] - ends[2])
    return ends if first >= second else ends[[2, 3, 0, 1]]


def _pictures(measured: ReaderMeasurement, source: Source) -> list[SourceImageForMeasurementGroup] | None:
    """The stored picture it lies on, None for cuts across slices."""
    if measured.sop_instance_uid is None or not 0 <= measured.slice_index < len(source.stack.instances):
        return None
    header = header_of(source.headers, source.stack.instances, measured.slice_index)
    return [SourceImageForMeasurementGroup(str(header.SOPClassUID), str(header.SOPInstanceUID))]
