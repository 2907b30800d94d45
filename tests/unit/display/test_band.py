"""The boundary band over a mask: dotted, without outline, gone with its finding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.unit.reporting.builders import finding, mask_of, result
from viewer.core.analysis import AnalysisResult
from viewer.core.finding import Finding, FindingState
from viewer.core.geometry import Geometry
from viewer.core.volume import Volume
from viewer.display.band import BAND, bands_of
from viewer.display.colours import Pattern
from viewer.display.overlay import OverlaySet
from viewer.display.placing import place
from viewer.display.slicing import Plane, extract

GRID = Geometry((4, 12, 14), np.eye(4)[[2, 1, 0, 3]], frame_of_reference_uid="1.2.3")


Told = tuple[AnalysisResult, list[Finding], Any]


def told(state: FindingState = FindingState.PROPOSED) -> Told:
    mask = mask_of(GRID, ("Nodule",))
    band = np.zeros(GRID.shape, np.uint8)
    band[1, 2:5, 3:6] = 1
    one = replace(finding(1, result_id="r1"), state=state)
    made = result(one, masks=[replace(mask, band=band)])
    return made, [replace(one, result_id=made.request_id)], band


def test_it_covers_its_voxels_with_dots_and_no_line() -> None:
    made, findings, band = told()
    (layer,) = bands_of([made], findings)
    volume = Volume(np.zeros(GRID.shape, np.int16), GRID)
    seen = place(OverlaySet(masks=(layer,)), extract(volume, Plane.NATIVE, 1))
    assert seen.labels is not None
    assert np.array_equal(seen.labels > 0, band[1] > 0)
    assert seen.outlines == ()
    assert seen.styles[0].pattern is Pattern.DOTS


def test_it_goes_with_a_rejected_finding_and_when_switched_off() -> None:
    made, findings, _ = told(FindingState.REJECTED)
    assert bands_of([made], findings) == ()
    made, findings, _ = told()
    assert bands_of([made], findings, frozenset({(made.request_id, BAND)})) == ()


def test_a_mask_without_a_band_has_none() -> None:
    made, findings, _ = told()
    bare = replace(made, masks=tuple(replace(mask, band=None) for mask in made.masks))
    assert bands_of([bare], findings) == ()
