"""What may be judged, reported, signed and exported: one gate for the command line, the window and scripts."""

from __future__ import annotations

from pathlib import Path

from viewer.core.errors import OutputError, ReadError
from viewer.core.study import Stack, Study
from viewer.core.task import CancelToken
from viewer.core.volume import Volume
from viewer.jobs import result_json
from viewer.jobs.checking import at_hand
from viewer.jobs.checking.check import Outcome, check, stop_unless_sound
from viewer.jobs.sealing import hashes
from viewer.jobs.sealing.images import compare, describe
from viewer.jobs.sealing.seal import SealState, Verdict, verify


def admit_folder(folder: Path, doing: str, *, signing: bool = False, cancel: CancelToken | None = None) -> Outcome:
    """A result folder that agrees with itself, with its seal and with its pictures.

    Args:
        doing: what was about to be done ("Nothing was written").
        signing: every picture must be at hand.

    Raises:
        OutputError: it does not. ReadError: it is no result folder. Cancelled: the reader asked to stop.
    """
    outcome = check(folder, cancel=cancel)
    stop_unless_sound(outcome, doing)
    if signing and outcome.not_at_hand:
        raise _not_at_hand(outcome.not_at_hand)
    return outcome


def admit_pictures(
    study: Study, stack: Stack, volume: Volume, doing: str, *, signing: bool = False, cancel: CancelToken | None = None
) -> None:
    """Open pictures that are still those on the disk.

    Args:
        study: whose they are; `stack`, `volume`: as they were opened.
        doing: what was about to be done.
        signing: every picture must be at hand.

    Raises:
        OutputError: they are not. Cancelled: the reader asked to stop.
    """
    kept, found = describe(study, stack, volume), at_hand.find(stack, None, cancel)
    if found is None or found.volume is None:
        if signing:
            raise _not_at_hand(tuple(image.words for image in kept))
        return
    differences = compare(kept, describe(found.study, found.stack, found.volume))
    changed = [one.words for one in differences if one.aspect is not None]
    if changed:
        raise OutputError(
            f"The pictures were changed since they were opened: {changed[0]}.",
            f"{doing}. Open them again, and analyse again.",
            "mismatch",
        )
    missing = tuple(one.image.words for one in differences)
    if signing and missing:
        raise _not_at_hand(missing)


def state_of(folder: Path) -> Verdict:
    """What the seal of a folder says, or the hashes it keeps where nobody signed it; nothing is read twice."""
    try:
        document = result_json.load(folder)
    except ReadError:
        return verify(folder)
    seal = verify(folder, document)
    if seal.state is not SealState.NONE:
        return seal
    altered = tuple(hashes.altered(folder, document))
    return Verdict(SealState.CHANGED, altered) if altered else seal


def _not_at_hand(pictures: tuple[str, ...]) -> OutputError:
    """Nothing is signed that cannot be compared with its pictures; the first is named."""
    more = len(pictures) - 1
    others = f" and {more} more" if more else ""
    return OutputError(
        f"Nothing can be signed: {pictures[0]}{others} cannot be found or read.",
        "Put the pictures back where they were analysed, then sign.",
        "source_gone",
    )
