"""What the editor of hanging rules shows: every rule with what it would do with the open study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from viewer.core.errors import SettingsError
from viewer.display.hanging import Cell, Hanging, Tried, attempt
from viewer.display.protocols import Rule, RuleView, Series, builtin_rules, cells_of, check_rule
from viewer.display.slicing import Plane
from viewer.display.window import presets
from viewer.room.room import Room
from viewer.room.views.arrangement import Place, named
from viewer.words.i18n import date_words, error_words, tr
from viewer.words.people import stack_title

#: What a view can be told by word, as `RuleView` has it.
PLANES = ("acquired", "axial", "coronal", "sagittal")
#: Layouts that the editor offers.
LAYOUTS = ("1x1", "1x2", "2x1", "three", "1x3", "2x2", "2x3", "3x3")


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in the list: a site's own or the program's; whether it is the one that holds, and why not."""

    name: str
    own: bool
    holds: bool
    is_used: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would do with the open study.

    Attributes:
        words: a sentence; places: of its views; cells: what stands in each, "" for an empty one.
    """

    words: str
    holds: bool = False
    shape: tuple[int, int] = (1, 1)
    places: tuple[Place, ...] = ()
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewDraft:
    """A view of a rule while it is edited; `rest` holds what the editor does not show."""

    description: str = ""
    without: str = ""
    position: str = ""
    side: str = ""
    prior: int = 0
    plane: str = "acquired"
    window: str = ""
    sync: str = ""
    optional: bool = False
    rest: RuleView = RuleView()


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule while it is edited: lists as words with commas between them."""

    name: str
    layout: str = "1x1"
    modality: str = ""
    body_part: str = ""
    description: str = ""
    slices: int = 0
    thickest_mm: float = 0.0
    views: tuple[ViewDraft, ...] = (ViewDraft(),)
    rest: Rule = Rule("", "1x1", (RuleView(),))


def draft_of(rule: Rule) -> RuleDraft:
    """A rule to be edited."""
    when = rule.when
    return RuleDraft(
        rule.name,
        rule.layout,
        ", ".join(when.modality),
        when.body_part,
        when.description,
        when.slices,
        when.thickest_mm or 0.0,
        tuple(_view_draft(view) for view in rule.views),
        rule,
    )


def _view_draft(view: RuleView) -> ViewDraft:
    first = view.series[0] if view.series else Series()
    words = first.description, first.without, ", ".join(first.position), first.side
    return ViewDraft(*words, view.prior, view.plane, view.window, view.sync, view.optional, view)


def rule_of(draft: RuleDraft) -> Rule:
    """The rule that a draft stands for.

    Raises:
        SettingsError: it cannot be hung.
    """
    when = msgspec.structs.replace(
        draft.rest.when,
        modality=_words(draft.modality.upper()),
        body_part=draft.body_part.strip(),
        description=draft.description.strip(),
        slices=draft.slices,
        thickest_mm=draft.thickest_mm or None,
    )
    count = max(cells_of(draft.layout), 1)
    views = tuple(_view_of(view) for view in draft.views[:count])
    made = msgspec.structs.replace(draft.rest, name=draft.name.strip(), layout=draft.layout, views=views, when=when)
    check_rule(made, tr("the editor"))
    return made


def _view_of(draft: ViewDraft) -> RuleView:
    old = draft.rest.series[0] if draft.rest.series else Series()
    first = msgspec.structs.replace(
        old,
        description=draft.description.strip(),
        without=draft.without.strip(),
        position=_words(draft.position.upper()),
        side=draft.side,
    )
    series = () if first == Series() else (first, *draft.rest.series[1:])
    given = {"prior": draft.prior, "plane": draft.plane, "window": draft.window, "sync": draft.sync.strip()}
    return msgspec.structs.replace(draft.rest, series=series, optional=draft.optional, **given)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.replace(";", ",").split(",") if word.strip())


def with_view_count(draft: RuleDraft) -> RuleDraft:
    """A draft with as many views as its layout has places."""
    count = max(cells_of(draft.layout), 1)
    more = tuple(ViewDraft(optional=True) for _ in range(count - len(draft.views)))
    return replace(draft, views=(*draft.views, *more)[:count])


def lines(room: Room, own: Sequence[Rule]) -> tuple[RuleLine, ...]:
    """Every rule in the order in which they are tried, a site's own (as edited) first."""
    exam = room.hanging.planner.exam(room.context.session.library.active)
    rules = [*((rule, True) for rule in own), *((rule, False) for rule in builtin_rules())]
    tried = [(rule, is_own, None if exam is None else attempt(rule, exam)) for rule, is_own in rules]
    used = next((n for n, (_, _, one) in enumerate(tried) if one is not None and one.hanging is not None), -1)
    return tuple(
        RuleLine(
            rule.name if is_own else tr(rule.name),
            is_own,
            one is not None and one.hanging is not None,
            n == used,
            "" if one is None or one.hanging is not None else why_words(one),
        )
        for n, (rule, is_own, one) in enumerate(tried)
    )


def why_words(tried: Tried) -> str:
    """Why a rule does not hold, in the reader's language."""
    return tr(tried.why, **{name: tr(value) if name == "what" else value for name, value in tried.fields.items()})


def preview(room: Room, draft: RuleDraft) -> Preview:
    """What a draft would do with the open study."""
    exam = room.hanging.planner.exam(room.context.session.library.active)
    try:
        rule = rule_of(draft)
    except SettingsError as error:
        return Preview(error_words(error))
    if exam is None:
        return Preview(tr("No study is open: open one to see what the rule does with it."))
    tried = attempt(rule, exam)
    if tried.hanging is None:
        return Preview(tr("The rule does not hold for the open study. {why}", why=why_words(tried)))
    return _shown(room, tried.hanging)


def _shown(room: Room, hanging: Hanging) -> Preview:
    arrangement = named(hanging.layout)
    cells = tuple("" if cell is None else cell_words(room, cell) for cell in hanging.cells)
    empty = ("",) * (len(arrangement.places) - len(cells))
    words = tr("The rule holds for the open study:")
    return Preview(words, True, arrangement.shape, arrangement.places, (*cells, *empty))


def cell_words(room: Room, cell: Cell) -> str:
    """What stands in a view: series, date of a prior, plane, window and what it follows."""
    library = room.context.session.library
    stack, study = library.stack(cell.stack_key), library.study_of(cell.stack_key)
    if stack is None or study is None:
        return ""
    plane = "" if cell.plane is Plane.NATIVE else tr(cell.plane.value.capitalize())
    prior = tr("Prior, {day}", day=date_words(study.date)) if cell.prior else ""
    follows = tr("follows: {word}", word=cell.sync) if cell.sync else ""
    return "\n".join(part for part in (stack_title(stack), prior, plane, tr(cell.window), follows) if part)


def windows_for(modality: str) -> tuple[str, ...]:
    """Names of the presets of a list of modalities, as words with commas."""
    return tuple(dict.fromkeys(preset.name for one in _words(modality.upper()) for preset in presets(one)))
