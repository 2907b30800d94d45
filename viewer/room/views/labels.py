"""Words and badges of a view's strip."""

from __future__ import annotations

from viewer.core.geometry import SpacingKind
from viewer.core.study import Stack
from viewer.core.verdict import Caution
from viewer.display.corners import PLANE_TITLES, shown_plane
from viewer.display.slicing import Letters, Plane
from viewer.room.views.facts import BadgeSpec
from viewer.room.views.picture import Picture
from viewer.room.views.view import View
from viewer.words.i18n import said, tr

#: "Lossy" gives up its word after "Suits" (1) and "Heatmap checked" (2).
_LOSSY = 3
#: Detector spacing stands in the corner, in the status bar and beside every length on a film.
_SAID_IN_CORNER = "detector_spacing"


def strip_words(picture: Picture) -> tuple[str, str]:
    """Title and subtitle: "Axial", "CT thorax · Series 3"; films: "Chest PA", "DX · Series 1"."""
    stack, view = picture.source.stack, picture.view
    number = tr("Series {n}", n=stack.series_number) if stack.series_number is not None else ""
    name = stack.description or stack.modality
    plane = shown_plane(view)
    if plane is Plane.NATIVE:
        sub = stack.modality if stack.description else ""
        return name, " · ".join(part for part in (sub, number) if part)
    first = name if view.native or picture.source.resampled else tr("MPR, same series")
    return tr(PLANE_TITLES[plane]), " · ".join(part for part in (first, number if view.native else "") if part)


def badges_of(view: View) -> tuple[BadgeSpec, ...]:
    """Every badge of a view, left to right: the pixels' own, the session's, those of its overlays."""
    if view.picture is None:
        return ()
    badges = [*stack_badges(view.picture), *view.badges]
    overlays = view.picture.overlays
    if overlays is not None and overlays.heatmap is not None and overlays.heatmap.failed:
        badges.append(failed_heatmap_badge())
    if overlays is not None and overlays.shows_ai:
        badges.append(ai_badge())
    return tuple(badges)


def stack_badges(picture: Picture) -> tuple[BadgeSpec, ...]:
    """Badges of the pixels themselves: always visible when true."""
    stack = picture.source.stack
    cautions = [c for c in _cautions(stack) if c.badge and not (picture.source.resampled and c.code == "tilt")]
    badges = [BadgeSpec("warned", said(c.badge), said(c.text), _LOSSY if c.code == "lossy" else 0) for c in cautions]
    shown = {badge.text for badge in badges}
    own = (
        (stack.lossy and not _has(stack, "lossy"), "Lossy", "Lossy compression: fine detail may be lost.", _LOSSY),
        (picture.source.resampled, "Resampled", "Resampled to an even grid; lengths belong on acquired slices.", 0),
        (_uncalibrated(picture) and not _has(stack, "no_spacing"), "No calibration", "Lengths are in pixels.", 0),
        (_unoriented(picture) and not _has(stack, "no_orientation"), "No orientation", "Sides are not known.", 0),
    )
    badges += [
        BadgeSpec("warned", tr(text), tr(tip), collapse)
        for true, text, tip, collapse in own
        if true and tr(text) not in shown
    ]
    return tuple(badges)


def _cautions(stack: Stack) -> tuple[Caution, ...]:
    by_code = {c.code: c for c in (*stack.verdict.reasons, *stack.warnings)}
    return tuple(caution for code, caution in by_code.items() if code != _SAID_IN_CORNER)


def _has(stack: Stack, code: str) -> bool:
    return any(c.code == code and c.badge for c in (*stack.verdict.reasons, *stack.warnings))


def _uncalibrated(picture: Picture) -> bool:
    return picture.source.native.spacing_kind is SpacingKind.UNKNOWN


def _unoriented(picture: Picture) -> bool:
    return picture.view.letters == Letters()


def ai_badge() -> BadgeSpec:
    """Something on the picture was proposed by a machine and not accepted."""
    return BadgeSpec("proposed", tr("AI draft"), tr("Proposed by a pack; not for diagnosis until a reader accepts it."))


def failed_heatmap_badge() -> BadgeSpec:
    """The heatmap on show failed its honesty check."""
    return BadgeSpec("warned", tr("heatmap failed its check"), tr("It does not show what the score rests on."))
