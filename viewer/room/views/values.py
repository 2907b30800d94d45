"""What the status bar and the Measurements section say of a view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.core.ultrasound import UltrasoundRegion
from viewer.core.verdict import Safety
from viewer.words.i18n import tr

if TYPE_CHECKING:
    from viewer.room.views.facts import CursorInfo


def where_words(info: CursorInfo | None) -> str:
    """Position under the pointer: patient mm, or mm on the film, or the pixel."""
    if info is None:
        return ""
    if info.lps is not None:
        x, y, z = (_minus(v) for v in info.lps)
        return f"LPS {x} {y} {z} mm"
    if info.detector_mm is not None:
        x, y = (f"{v:.1f}" for v in info.detector_mm)
        return tr("x {x} y {y} mm (detector)", x=x, y=y)
    _, j, i = info.index
    return tr("column {i}, row {j}", i=i + 1, j=j + 1)


def value_words(info: CursorInfo | None) -> str:
    """The value there: "−612 HU", "Value 1742", "RGB 12 40 7"; of PET also the SUV and its factor."""
    if info is None:
        return ""
    if len(info.value) == 3:
        return "RGB " + " ".join(f"{v:.0f}" for v in info.value)
    value = info.value[0]
    text = f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}"
    text = text.replace("-", "−")
    words = f"{text} {info.unit}" if info.unit else tr("Value {value}", value=text)
    return words if info.suv_factor is None else f"{words}  {suv_words(value, info.suv_factor)}"


def suv_words(value: float, factor: float) -> str:
    """ "SUVbw 4.21 (× 0.000318)"; the factor is left out where the values are SUV already."""
    text = f"SUVbw {value * factor:.2f}".replace("-", "−")
    return text if factor == 1 else f"{text} (× {factor:.3g})"


def scale_words(info: CursorInfo | None) -> tuple[Safety, str] | None:
    """How far lines under the pointer can be trusted, on an ultrasound picture with regions; None elsewhere."""
    if info is None or info.regions is None:
        return None
    if not info.regions:
        return Safety.UNSAFE, tr("Geometry: no scale here")
    region = info.regions[0]
    if not all(other.same_scale(region) for other in info.regions):
        return Safety.UNSAFE, tr("Geometry: regions overlap here")
    if region.in_mm:
        return region.safety, tr("Geometry: {mm} mm a pixel in this region", mm=_steps(region))
    across, down = (unit.value if unit.is_measured else "–" for unit in (region.across, region.down))
    words = tr("Geometry: along one axis, {across} across, {down} down", across=across, down=down)
    return region.safety, words


def _steps(region: UltrasoundRegion) -> str:
    steps = dict.fromkeys(f"{step:.3g}" for step in (region.per_column, region.per_row))
    return " × ".join(steps)


def _minus(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")
