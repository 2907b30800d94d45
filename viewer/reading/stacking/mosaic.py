"""Siemens mosaics: many slices tiled into one picture, placed by the CSA header.

Layout and geometry as described in nibabel's notes on Siemens mosaics (nibabel.nicom); the
private CSA header is parsed by nibabel itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from viewer.core.verdict import Caution
from viewer.reading.header import tags as t
from viewer.reading.header.details import dataset_of
from viewer.reading.header.head import Head
from viewer.reading.header.lenient import PYDICOM_FAULTS
from viewer.reading.stacking.frame import Frame, PixelSpec, frame_of


def tiles_of(head: Head, spec: PixelSpec) -> list[Frame]:
    """One frame per tile; the undivided picture, with a caution, where the CSA header does not say how."""
    whole = frame_of(head, spec)
    try:
        count, normal = _csa(dataset_of(head.path))
    except PYDICOM_FAULTS:
        count, normal = 0, None
    if count < 1 or whole.position is None or whole.orientation is None or whole.spacing is None:
        text = "The mosaic's private header is missing: its tiles cannot be separated."
        head.notes += (Caution("mosaic", text, "Mosaic"),)
        whole.position = None
        return [whole]
    return _split(head, spec, whole, count, normal)


def _csa(dataset: Any) -> tuple[int, Any]:
    """Number of tiles and the slice normal of the CSA image header."""
    from nibabel.nicom import csareader

    header = csareader.get_csa_header(dataset, "image")
    if header is None:
        return 0, None
    return int(csareader.get_n_mosaic(header) or 0), csareader.get_slice_normal(header)


def _split(head: Head, spec: PixelSpec, whole: Frame, count: int, normal: Any) -> list[Frame]:
    side = int(np.ceil(np.sqrt(count)))
    rows, columns = spec.rows // side, spec.columns // side
    orientation, position = np.array(whole.orientation), np.array(whole.position)
    row, column = orientation[:3], orientation[3:]
    down, across = whole.spacing or (1.0, 1.0)
    # Image Position belongs to the whole mosaic's corner; the tile's corner lies half the difference further in.
    corner = position + row * across * (spec.columns - columns) / 2 + column * down * (spec.rows - rows) / 2
    step_mm = head.number(t.SPACING_BETWEEN) or head.number(t.SLICE_THICKNESS) or 1.0
    step = np.cross(row, column) * step_mm
    if normal is not None and float(np.dot(normal, step)) < 0:
        step = -step
    tiles = []
    for n in range(count):
        tile = frame_of(head, spec)
        tile.position = tuple(float(x) for x in corner + step * n)
        tile.tile = (n // side * rows, n % side * columns, rows, columns)
        tiles.append(tile)
    return tiles
