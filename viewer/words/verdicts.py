"""How a reader's verdict and the side of a finding are said."""

from __future__ import annotations

from viewer.core.finding import FindingState, Side
from viewer.words.i18n import tr


def state_words(state: FindingState) -> str:
    """The word of a verdict, as on badges."""
    return {
        FindingState.PROPOSED: tr("AI draft"),
        FindingState.ACCEPTED: tr("Accepted"),
        FindingState.UNSURE: tr("Not sure"),
        FindingState.REJECTED: tr("Rejected"),
    }[state]


def side_words(side: Side) -> str:
    """The side in words; "" where there is none."""
    return {Side.LEFT: tr("left"), Side.RIGHT: tr("right"), Side.BOTH: tr("both sides"), Side.NONE: ""}[side]
