"""What the Overlay section shows: what lies over the active stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from viewer.core.finding import Finding, FindingState, Side
from viewer.display.band import BAND, COLOUR, NAME, bands_of
from viewer.display.colours import Pattern, Rgb
from viewer.display.graphics import PlaneLayer
from viewer.display.overlay import MaskLayer, overlays_of
from viewer.room.actions import printed_key
from viewer.room.events import ExternalChanged, SettingsChanged
from viewer.room.external import External
from viewer.room.overlays import Overlays
from viewer.room.room import Room
from viewer.session import Activated, FindingChanged, OverlaysChanged, ResultAdded, ResultEntry, Session, StudyClosed
from viewer.session.overlays import OverlayChoice
from viewer.words.i18n import tr


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment: (result id, number), name, volume in mm3, swatch and verdict.

    A segment of another system's object has no verdict here: its state is None.
    `is_line`: a mark or an overlay plane, which has neither number nor pattern.
    """

    key: tuple[str, int]
    name: str
    group: str
    volume_mm3: float | None
    colour: str
    pattern: int
    state: FindingState | None
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One heatmap: result id, what it speaks for, the honesty check in words; `quiet` ones start off."""

    key: str
    name: str
    honest: bool | None
    honesty: str
    quiet: bool = False

    @property
    def starts_off(self) -> bool:
        """True for one that failed its check or is quiet: it is off until switched on."""
        return self.quiet or self.honest is False


@dataclass(frozen=True, slots=True)
class OverlaysView:
    """All the section shows; `key` shows and hides it, as Qt writes it."""

    segments: tuple[SegmentRow, ...] = ()
    heats: tuple[HeatRow, ...] = ()
    choice: OverlayChoice = OverlayChoice()
    key: str = ""


#: After these events it is to be built anew.
HEARS = (Activated, ResultAdded, StudyClosed, SettingsChanged, FindingChanged, OverlaysChanged, ExternalChanged)


def state(session: Session, room: Room) -> OverlaysView:
    """What lies over the active stack."""
    key = session.library.active
    return OverlaysView(
        segment_rows(session, room.overlays, key),
        heat_rows(room.overlays, key),
        room.overlays.choice,
        printed_key("overlay.toggle", room.context.settings.shortcuts),
    )


def heat_rows(overlays: Overlays, key: str) -> tuple[HeatRow, ...]:
    """Heatmaps of results, then those of other systems, which start off.

    One of a result that was not tested (its score is under the threshold) starts off too.
    """
    own = (
        HeatRow(f"{entry.id}/{number}", heat.label, heat.honest, heat.honesty, quiet=heat.honest is None)
        for entry in overlays.entries(key)
        for number, heat in enumerate(entry.result.heatmaps)
    )
    external = (HeatRow(row, heat.label, None, "", quiet=True) for row, heat in overlays.external.heatmaps(key))
    return (*own, *external)


def segment_rows(session: Session, overlays: Overlays, key: str) -> tuple[SegmentRow, ...]:
    """Segments of results and of other systems' objects, then marks and overlay planes."""
    external = overlays.external
    return (*_own_rows(session, overlays, key), *_external_rows(external, key), *_line_rows(external, key))


def _own_rows(session: Session, overlays: Overlays, key: str) -> Iterator[SegmentRow]:
    entries = overlays.entries(key)
    layers = overlays_of(entry.result for entry in entries).masks
    owners = [entry for entry in entries for _ in entry.result.masks]
    for entry, layer in zip(owners, layers, strict=True):
        yield from _rows_of(session, entry, layer)
    for entry in entries:
        yield from _band_rows(session, entry)


def _rows_of(session: Session, entry: ResultEntry, layer: MaskLayer) -> Iterator[SegmentRow]:
    findings = session.review.findings_of(entry.id)
    judged = {f.location.segment: f for f in findings if f.location.segment is not None}
    for segment in layer.mask.segments:
        finding = judged.get(segment.number)
        if finding is None:
            continue
        style = layer.style(segment)
        yield SegmentRow(
            (entry.result.request_id, segment.number),
            segment.name,
            _group(finding, entry),
            next((m.value for m in finding.measurements if m.unit == "mm3"), None),
            _hex(style.colour),
            style.pattern.value,
            finding.state,
        )


def _band_rows(session: Session, entry: ResultEntry) -> Iterator[SegmentRow]:
    """The boundary band of a result, under its first segment's heading."""
    findings = session.review.findings_of(entry.id)
    if bands_of([entry.result], findings):
        key, group = (entry.result.request_id, BAND), _group(findings[0], entry)
        yield SegmentRow(key, tr(NAME), group, None, COLOUR, Pattern.DOTS.value, None)


def _group(finding: Finding, entry: ResultEntry) -> str:
    """Heading over segments: the side, else the pack."""
    side = {Side.LEFT: tr("Left"), Side.RIGHT: tr("Right")}.get(finding.side, "")
    return side or entry.result.pack_id


def _external_rows(external: External, key: str) -> Iterator[SegmentRow]:
    """Segments of other systems, under their object's name."""
    whole = {foreign.source.key: foreign.whole for foreign in external.of(key)}
    for name, mask in external.masks(key):
        layer = MaskLayer(mask)
        measured = mask.geometry.oriented and whole[name.rpartition("/")[0]]
        for segment in mask.segments:
            style = layer.style(segment)
            volume = mask.volume_mm3(segment.number) if measured else None
            state = FindingState.PROPOSED if segment.automatic else None
            row = (name, segment.number)
            yield SegmentRow(row, segment.name, mask.name, volume, _hex(style.colour), style.pattern.value, state)


def _line_rows(external: External, key: str) -> Iterator[SegmentRow]:
    """Marks and overlay planes: they have no volume and no pattern."""
    for row, layer in external.marks(key):
        state = FindingState.PROPOSED if layer.ai else None
        colour = _hex(layer.colour)
        yield SegmentRow(row, layer.name, tr("Marks of reports"), None, colour, 0, state, is_line=True)
    for row, plane in external.planes(key):
        colour, group = _hex(plane.colour), tr("Overlays in the file")
        yield SegmentRow(row, _plane_words(plane), group, None, colour, 0, None, is_line=True)


def _plane_words(layer: PlaneLayer) -> str:
    plane = layer.plane
    name = plane.name or tr("Overlay {n}", n=plane.number)
    kind = f" ({tr('region')})" if plane.region else ""
    return f"{name}{kind}" + (f" · {tr('reaches beyond the picture')}" if plane.cut else "")


def _hex(rgb: Rgb) -> str:
    red, green, blue = rgb
    return f"#{red:02X}{green:02X}{blue:02X}"


def swatch(session: Session, overlays: Overlays, finding: Finding) -> tuple[str, int] | None:
    """Colour and pattern of a finding's segment."""
    entry = session.review.result(finding.result_id)
    if entry is None or finding.location.segment is None:
        return None
    key = (entry.result.request_id, finding.location.segment)
    rows = segment_rows(session, overlays, entry.stack_key)
    return next(((row.colour, row.pattern) for row in rows if row.key == key), None)
