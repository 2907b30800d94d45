"""Where the edge of a proposed segment is unsure: the boundary band, dotted, without an outline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from viewer.core.analysis import AnalysisResult
from viewer.core.finding import Finding, FindingState
from viewer.core.volume import Mask, Segment
from viewer.display.colours import Pattern
from viewer.display.overlay import MaskLayer

#: Name of the band; `BAND` stands for a segment's number where the reader switches it off.
NAME = "Boundary band, score 0.3 to 0.7"
BAND = 0
#: Light grey: no colour of the palette, and seen on every one of them.
COLOUR = "#E6E9EC"


def bands_of(
    results: Iterable[AnalysisResult],
    findings: Sequence[Finding],
    hidden: frozenset[tuple[str, int]] = frozenset(),
) -> tuple[MaskLayer, ...]:
    """A layer for each result whose network told how sure it is of every voxel.

    Args:
        findings: with their verdicts; once all of a result are rejected its band goes too.
        hidden: (request id, `BAND`) switched off by the reader.
    """
    layers = []
    for result in results:
        states = [f.state for f in findings if f.result_id == result.request_id and f.location.segment is not None]
        kept = [state for state in states if state is not FindingState.REJECTED]
        if not kept or (result.request_id, BAND) in hidden:
            continue
        agreed = all(state is FindingState.ACCEPTED for state in kept)
        state = FindingState.ACCEPTED if agreed else FindingState.PROPOSED
        layers += [_layer(mask, state) for mask in result.masks if mask.band is not None and mask.band.any()]
    return tuple(layers)


def _layer(mask: Mask, state: FindingState) -> MaskLayer:
    assert mask.band is not None
    band = Mask(mask.band, (Segment(1, NAME, None, COLOUR),), mask.geometry, NAME)
    return MaskLayer(band, {1: state}, offset=Pattern.DOTS.value, outlined=False)
