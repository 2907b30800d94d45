"""What the Findings section shows."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.finding import Finding
from viewer.room.actions import printed_key
from viewer.room.events import PacksChanged, SettingsChanged
from viewer.room.panels import overlays
from viewer.room.room import Room
from viewer.session import (
    Activated,
    FindingChanged,
    ReportChanged,
    ResultAdded,
    ResultEntry,
    SelectionChanged,
    Session,
    StudyClosed,
)
from viewer.words.i18n import tr
from viewer.words.verdicts import side_words

#: From this many findings on, cards show one line until selected.
BRIEF_FROM = 4


@dataclass(frozen=True, slots=True)
class FindingLook:
    """How a finding is shown.

    Attributes:
        number: its number in the study; swatch: colour and pattern of its segment.
        place: where it lies, in words, with the image where there are several.
        locked: the report is signed; brief: one line until selected.
        keys: of accept, reject, edit and next, as Qt writes them; "" where an action has none.
    """

    finding: Finding
    number: int
    place: str = ""
    swatch: tuple[str, int] | None = None
    selected: bool = False
    locked: bool = False
    brief: bool = False
    keys: tuple[str, str, str, str] = ("", "", "", "")


@dataclass(frozen=True, slots=True)
class FindingsView:
    """What the section shows.

    Attributes:
        looks: every finding in order, filtered or not; analysed: some pack ran on this study.
        hidden: proposals under their threshold; nothing: words for packs that ran and found nothing.
    """

    looks: tuple[FindingLook, ...] = ()
    analysed: bool = False
    hidden: int = 0
    nothing: tuple[str, ...] = ()


#: After these events it is to be built anew.
HEARS = (
    Activated,
    ResultAdded,
    StudyClosed,
    SettingsChanged,
    FindingChanged,
    ReportChanged,
    SelectionChanged,
    PacksChanged,
)


def state(session: Session, room: Room) -> FindingsView:
    """What the section shows for the study of the active stack."""
    study = session.library.active_study
    if study is None:
        return FindingsView()
    ran = [entry for entry in session.review.latest_results(study.uid) if entry.result.outcome == "ran"]
    findings = session.review.findings(study.uid)
    is_locked = session.review.signature(study.uid) is not None
    looks = tuple(
        FindingLook(
            finding,
            number,
            _place(session, room, finding),
            overlays.swatch(session, room.overlays, finding),
            selected=finding.id == room.reviewing.selected,
            locked=is_locked,
            brief=len(findings) >= BRIEF_FROM,
            keys=_keys(room),
        )
        for number, finding in enumerate(findings, start=1)
    )
    nothing = tuple(dict.fromkeys(_nothing_words(room, entry) for entry in ran if not entry.result.findings))
    return FindingsView(looks, bool(ran), sum(entry.result.below_threshold for entry in ran), nothing)


def _keys(room: Room) -> tuple[str, str, str, str]:
    rebound = room.context.settings.shortcuts
    accept, reject, edit, following = (
        printed_key(f"finding.{name}", rebound) for name in ("accept", "reject", "edit", "next")
    )
    return accept, reject, edit, following


def _nothing_words(room: Room, entry: ResultEntry) -> str:
    name = room.packs.name(entry.result.pack_id)
    if entry.result.below_threshold:
        return tr("{pack}: ran, nothing above its threshold.", pack=name)
    return tr("{pack}: ran, nothing found.", pack=name)


def _place(session: Session, room: Room, finding: Finding) -> str:
    """Where a finding lies, with its image where its stack has several."""
    entry = session.review.result(finding.result_id)
    here = finding if entry is None else room.anchors.finding(entry, finding)
    index = None if here is None else here.location.slice_index
    stack = session.library.stack(entry.stack_key) if entry is not None else None
    several = stack is not None and stack.geometry is not None and stack.geometry.shape[0] > 1
    image = tr("image {n}", n=index + 1) if index is not None and several else ""
    image = image if here is not None else tr("not on this copy")
    side = side_words(finding.side)
    where = side or tr("no side") if finding.side_edited else finding.location.text or side
    return " · ".join(part for part in (where, image) if part)
