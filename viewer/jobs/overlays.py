"""What other systems lay on a series: segmentations, structure sets, maps, marks of reports and overlay planes."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from viewer.core.document import Structures
from viewer.core.errors import ViewerError
from viewer.core.geometry import Geometry
from viewer.core.graphic import Graphic, Space
from viewer.core.study import Kind, Stack, Study
from viewer.core.task import CancelFlag, CancelToken
from viewer.core.volume import Heatmap, HeatmapMeaning, Mask, Volume
from viewer.display.colours import palette_colour
from viewer.display.graphics import GraphicLayer, PlacedOn, PlaneLayer, layer_colour
from viewer.display.presented import Pictures
from viewer.display.structures import structure_masks
from viewer.reading.header.sop_classes import PARAMETRIC_MAP
from viewer.reading.objects.bitplanes import read_planes
from viewer.reading.objects.marks import may_mark, read_marks
from viewer.reading.objects.parametric import read_parametric
from viewer.reading.objects.references import links_of
from viewer.reading.objects.segmentation import read_segmentation
from viewer.reading.objects.structures import read_structures

log = logging.getLogger(__name__)

_PICTURES = frozenset({Kind.VOLUME, Kind.STACK, Kind.IMAGE, Kind.CINE})


@dataclass(frozen=True, slots=True, eq=False)
class Foreign:
    """What one object of another system lays over a stack.

    Attributes:
        whole: True where the masks hold the whole object, so that their volumes are its own;
            contours that reach beyond the pictures are cut.
        layers: marks of a report.
        planes: overlay planes inside the pictures themselves; `source` is the stack then.
        problem: why something is not shown, in words.
    """

    source: Stack
    masks: tuple[Mask, ...] = ()
    heatmaps: tuple[Heatmap, ...] = ()
    whole: bool = True
    layers: tuple[GraphicLayer, ...] = ()
    planes: tuple[PlaneLayer, ...] = ()
    problem: str = ""


def is_overlay(stack: Stack) -> bool:
    """True for objects that can lie over pictures."""
    return stack.kind in {Kind.SEGMENTATION, Kind.STRUCTURES} or _is_map(stack) or may_mark(stack)


def _is_map(stack: Stack) -> bool:
    return bool(stack.instances) and stack.instances[0].sop_class_uid == PARAMETRIC_MAP


def overlays_on(
    stack: Stack, geometry: Geometry, studies: Iterable[Study], cancel: CancelToken | None = None
) -> tuple[Foreign, ...]:
    """Every overlay of the same patient's studies that speaks of a stack, at its place in mm.

    Args:
        stack: the pictures.
        geometry: their grid.
        studies: of one patient; a study of anyone else must not be passed.
        cancel: asked at each object.

    Raises:
        Cancelled: the reader asked to stop.
    """
    cancel = cancel or CancelFlag()
    found = []
    if stack.kind not in _PICTURES:
        return ()
    for other in (s for study in studies for s in study.stacks if is_overlay(s) and s.key != stack.key):
        cancel.check()
        try:
            if may_mark(other):
                found += _marks(other, stack, geometry)
            elif links_of(other).speak_of(stack):
                found.append(read_overlay(other, geometry))
        except ViewerError as error:
            log.info("an overlay object could not be read: %s", error.code)
            found.append(Foreign(other, problem=error.text))
    return tuple(found)


def planes_in(stack: Stack, geometry: Geometry, cancel: CancelToken | None = None) -> tuple[Foreign, ...]:
    """Overlay planes (60xx) that the pictures of a stack carry; one entry, or none.

    Raises:
        Cancelled: the reader asked to stop.
    """
    if stack.kind not in _PICTURES or len(stack.instances) != geometry.shape[0]:
        return ()
    planes, problems = read_planes(stack, cancel or CancelFlag())
    if not planes and not problems:
        return ()
    layers = tuple(PlaneLayer(plane, geometry, palette_colour(n)) for n, plane in enumerate(planes))
    return (Foreign(stack, planes=layers, problem=" ".join(problems)),)


def _marks(source: Stack, stack: Stack, geometry: Geometry) -> list[Foreign]:
    """The marks of a report that lie on a stack; nothing where it marks other pictures."""
    layers, pictures = [], Pictures(stack)
    for layer in read_marks(source):
        placed = tuple(mark for graphic in layer.graphics if (mark := _placed(graphic, pictures, geometry)) is not None)
        if placed:
            name = source.description or layer.name
            layers.append(GraphicLayer(name, placed, geometry, layer_colour(layer.colour), layer.automatic))
    return [Foreign(source, layers=tuple(layers))] if layers else []


def _placed(graphic: Graphic, pictures: Pictures, geometry: Geometry) -> PlacedOn | None:
    """A mark of a report on a stack; None where it speaks of others."""
    if graphic.space is Space.PATIENT:
        same = geometry.frame_of_reference_uid == graphic.frame_of_reference_uid != ""
        return PlacedOn(graphic, None) if same else None
    slices = pictures.named(graphic.pictures)
    return PlacedOn(graphic, slices) if slices else None


def read_overlay(source: Stack, geometry: Geometry) -> Foreign:
    """One object as masks or a heatmap for pictures on a grid.

    Raises:
        ReadError, GeometryError: it cannot be read or placed.
    """
    if source.kind is Kind.STRUCTURES:
        structures = read_structures(source)
        masks = structure_masks(structures, geometry)
        return Foreign(source, _named(masks, source), whole=_covers(geometry, structures, masks))
    if _is_map(source):
        return Foreign(source, heatmaps=(_heatmap(read_parametric(source)),))
    masks = tuple(_adopted(mask, geometry) for mask in read_segmentation(source))
    return Foreign(source, _named(masks, source))


def _named(masks: tuple[Mask, ...], source: Stack) -> tuple[Mask, ...]:
    number = f"series {source.series_number}" if source.series_number is not None else ""
    name = ", ".join(part for part in (source.description or source.modality, number) if part)
    return tuple(replace(mask, name=name) for mask in masks)


def _covers(geometry: Geometry, structures: Structures, masks: tuple[Mask, ...]) -> bool:
    """True where no contour reaches beyond the grid, or the masks have a grid of their own."""
    if not masks or not masks[0].geometry.same_grid(geometry):
        return True
    contours = [contour.points_lps for roi in structures.rois for contour in roi.contours if contour.points_lps]
    return all(geometry.contains(points) for points in contours)


def _adopted(mask: Mask, geometry: Geometry) -> Mask:
    """A mask without a place in the patient (X-ray) lies on the one picture that it was made of."""
    if mask.geometry.oriented or mask.labels.shape != geometry.shape:
        return mask
    return replace(mask, geometry=geometry)


def _heatmap(volume: Volume) -> Heatmap:
    """A map's values between its smallest and largest as 0..1; the label tells what those are."""
    values = np.asarray(volume.values(), dtype=np.float64)
    good = values[np.isfinite(values)]
    low, high = (float(good.min()), float(good.max())) if good.size else (0.0, 1.0)
    share = (np.nan_to_num(values, nan=low) - low) / (high - low if high > low else 1.0)
    unit = "" if volume.unit == "1" else f" {volume.unit}"
    name = volume.tags.get("Quantity") or "Parametric map"
    label = f"{name}, 0 = {low:.4g}{unit}, 1 = {high:.4g}{unit}"
    return Heatmap(share.astype(np.float32), volume.geometry, label, meaning=HeatmapMeaning.QUANTITY)
