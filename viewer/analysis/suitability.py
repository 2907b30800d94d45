"""The suitability gate: does this pack belong on this series? Torch-free.

A pack's `viewer.match` (metadata.json) says what it was made for and tested on:

    modality   ["CR", "DX"]            refused elsewhere; warned where the file does not say
    body_part  ["CHEST"]               as modality
    view       ["AP", "PA"]            as modality
    sequence   "T1" | "FLAIR" ...      MR weighting, from the description, else from TR/TE/TI
    age_years  [0, 6]                  refused outside
    plane      ["AXIAL"]               direction of the slices, refused elsewhere
    slices     [1, 1]                  number of slices, refused outside
    spacing_mm {"slice": [0.5, 2.5], "pixel": [0.3, 2]}   warned outside, refused beyond twice
    coverage_mm [20, 300]              extent along the normal, refused outside
    roi_mm     [10, 80]                sides of the reader's box, warned outside
    colour     false                   true lets colour pictures in
    even       true                    true needs evenly spaced, right-angled slices
    lossless   true                    lossy compression is warned of
    warn       ["age", ...]            rules of this pack that only warn (another, distant
                                       body part is refused all the same)

A key that is left out asks nothing. What a file does not say is warned of, never guessed.
Research switch, localizers, (0020,0020), photometric, size, colour, pixel values and inverted
chest films are looked at for every pack they concern. The rules lie in `gate`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from viewer.analysis.gate import grid, header
from viewer.analysis.gate import pixels as pixel_rules
from viewer.analysis.gate.case import REFUSE, RUN, WARN, Case, either
from viewer.analysis.tasks import TASKS
from viewer.core.analysis import Box, GateReason, GateVerdict, Input, PackInfo
from viewer.core.inference import InputKind
from viewer.core.volume import Volume
from viewer.core.waveform import Waveform

_log = logging.getLogger(__name__)


def check(
    pack: PackInfo,
    volume: Volume,
    roi: Box | None = None,
    *,
    research: bool = False,
    pixels: bool = True,
) -> GateVerdict:
    """Judge a pack against a series by header, geometry and simple facts of the pixels.

    Args:
        pack: what the pack was made for.
        volume: the series; its pixels may still be loading when `pixels` is False.
        roi: the reader's half-open box (k, j, i) on the volume's grid.
        research: the reader switched packs on that were trained on non-commercial data.
        pixels: look at pixel values too (a sample; some milliseconds).

    Returns:
        The verdict with every rule that warned or refused, worst first.
    """
    wrong = wrong_kind(pack, {"image": volume})
    if wrong is not None:
        return verdict_of([wrong])
    try:
        spoken = [r for r in reasons(pack, volume, roi, research=research, pixels=pixels) if r.verdict is not RUN]
    except Exception as error:  # noqa: BLE001 - the edge of a pack: its rules hold up no other pack
        _log.warning("the rules of pack %s failed", pack.id, exc_info=True)
        text = f"The pack's rules could not be held against this series ({type(error).__name__})."
        return verdict_of([GateReason("rules", REFUSE, text, todo="Install the pack again.")])
    return verdict_of(_telling(spoken))


#: What is given and what packs read, in words.
_KINDS: tuple[tuple[type, InputKind, str, str], ...] = (
    (Volume, InputKind.IMAGE, "pictures", "a picture"),
    (Waveform, InputKind.SIGNAL, "signals", "a signal"),
    (str, InputKind.TEXT, "texts", "a text"),
)


def wrong_kind(pack: PackInfo, inputs: Mapping[str, Input]) -> GateReason | None:
    """Why a pack does not even look at what it was given: it reads another kind of thing; None where it does."""
    wanted = {kind for name, kind in pack.inference.inputs.items() if name not in pack.inference.optional}
    given = [row for one in inputs.values() for row in _KINDS if isinstance(one, row[0])]
    if not given or any(kind in wanted for _, kind, _, _ in given):
        return None
    reads = either([many for _, kind, many, _ in _KINDS if kind in wanted])
    return GateReason("modality", REFUSE, f"This pack reads {reads}; this is {given[0][3]}.")


def check_inputs(
    pack: PackInfo, inputs: Mapping[str, Input], *, research: bool = False, roi: Box | None = None
) -> GateVerdict:
    """Judge a pack against what it was given: a picture as `check` does, all else as its task's `gate` does.

    Args:
        pack: what the pack was made for.
        inputs: by the names of the pack's `inputs`.
        research: as for `check`; `roi` too.
    """
    image = inputs.get("image")
    if isinstance(image, Volume):
        return check(pack, image, roi, research=research)
    wrong = wrong_kind(pack, inputs)
    if wrong is not None:
        return verdict_of([wrong])
    asked = TASKS[pack.task].gate
    switch = header.research_switch(pack, research)
    spoken = [*([switch] if switch else []), *(asked(pack, inputs) if asked is not None else ())]
    return verdict_of([r for r in spoken if r.verdict is not RUN])


def _telling(spoken: Sequence[GateReason]) -> list[GateReason]:
    """What a reader needs to know: of the wrong kind of picture, only that it is."""
    refused = [r for r in spoken if r.verdict is REFUSE]
    wrong_kind = [r for r in refused if r.rule == "modality"]
    if wrong_kind:
        return wrong_kind
    only_box = all(r.rule == "roi" for r in refused)
    return [r for r in spoken if only_box or r.rule != "roi"]


def verdict_of(spoken: Sequence[GateReason]) -> GateVerdict:
    """The verdict that a list of reasons makes: the worst decides."""
    order = {REFUSE: 0, WARN: 1, RUN: 2}
    ranked = tuple(sorted(spoken, key=lambda r: order[r.verdict]))
    return GateVerdict(ranked[0].verdict if ranked else RUN, ranked)


def reasons(
    pack: PackInfo, volume: Volume, roi: Box | None = None, *, research: bool = False, pixels: bool = True
) -> tuple[GateReason, ...]:
    """What every rule that applies says, also those that let the pack run."""
    case = Case(pack, volume, roi, research)
    only_warn = set(pack.match.warn)
    spoken = [rule(case) for rule in (*header.RULES, *grid.RULES, *(pixel_rules.RULES if pixels else ()))]
    return tuple(_softened(r, only_warn) for r in spoken if r is not None)


def _softened(reason: GateReason, only_warn: Set[str]) -> GateReason:
    if reason.verdict is REFUSE and reason.rule in only_warn and reason.rule != "body_part":
        return replace(reason, verdict=WARN)
    return reason
