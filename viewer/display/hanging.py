"""What stands in which view when a stack opens: the first rule that holds, its name, and why others do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from viewer.core.geometry import SpacingKind
from viewer.core.study import Kind, Stack
from viewer.core.volume import Volume
from viewer.display.exam import (
    family_of,
    found_in_body,
    found_in_description,
    has_contrast,
    is_read,
    position_of,
    region_of,
    side_of,
)
from viewer.display.protocols import Rule, RuleView, Series, builtin_rules, cells_of
from viewer.display.slicing import Plane, native_plane, upright_plane
from viewer.display.window import Window, preset

#: What hangs a stack that no rule speaks of.
SINGLE = "Single view"


class Layout(Enum):
    """Arrangements of views that have a name."""

    ONE = "1x1"
    THREE = "three"
    FOUR = "2x2"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one view shall show.

    Attributes:
        window: name of a preset, "" for the stack's own; views of one stack share it where its name is the same.
        sync: views with the same word follow each other; justify: edge the picture lies at.
        mirror: the stored picture is mirrored, so that its chest wall lies at that edge.
        prior: 0 for a stack of the study that is read.
    """

    stack_key: str
    plane: Plane = Plane.NATIVE
    window: str = ""
    sync: str = ""
    justify: str = ""
    mirror: bool = False
    prior: int = 0


@dataclass(frozen=True, slots=True)
class Hanging:
    """How a stack opens, with what stands beside it.

    Attributes:
        rule: name of the rule that holds, shown to the reader.
        layout: "three" or "ROWSxCOLUMNS".
        cells: one a view, the main one first; None where its place stays empty.
        active: number of the view that shows the stack that was opened.
    """

    rule: str
    layout: str
    cells: tuple[Cell | None, ...]
    active: int = 0

    @property
    def stacks(self) -> tuple[str, ...]:
        """Keys of the stacks that are hung, once each, the opened one first."""
        first = self.cells[self.active]
        cells = (first, *self.cells)
        return tuple(dict.fromkeys(cell.stack_key for cell in cells if cell is not None))


@dataclass(frozen=True, slots=True)
class Exam:
    """What a rule chooses from.

    Attributes:
        opened: the stack that shall be on screen.
        current: the stacks of its study; priors: those of earlier studies of the same person, the newest first.
    """

    opened: Stack
    current: tuple[Stack, ...] = ()
    priors: tuple[tuple[Stack, ...], ...] = ()

    def of(self, prior: int) -> tuple[Stack, ...]:
        """Stacks to choose from: of the study, or of an earlier one that shows the same body part."""
        if prior == 0:
            return tuple(stack for stack in (self.current or (self.opened,)) if is_read(stack))
        alike = [tuple(s for s in stacks if _comparable(s, self.opened)) for stacks in self.priors]
        alike = [stacks for stacks in alike if stacks]
        return alike[prior - 1] if prior <= len(alike) else ()


@dataclass(frozen=True, slots=True)
class Tried:
    """What a rule would do with an exam: its hanging, or why it does not hold."""

    rule: Rule
    hanging: Hanging | None = None
    why: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def hang(exam: Exam | Stack, rules: Sequence[Rule] | None = None) -> Hanging | None:
    """The hanging of a stack by the first rule that holds; None for localizers and objects without pixels."""
    asked = exam if isinstance(exam, Exam) else Exam(exam)
    if not is_read(asked.opened):
        return None
    every = builtin_rules() if rules is None else rules
    made = (attempt(rule, asked).hanging for rule in every)
    return next((hanging for hanging in made if hanging is not None), None) or single(asked.opened)


def single(stack: Stack) -> Hanging:
    """One view of a stack, the way up that readers expect."""
    return Hanging(SINGLE, Layout.ONE.value, (Cell(stack.key, _acquired(stack)),))


def attempt(rule: Rule, exam: Exam) -> Tried:
    """What a rule would do."""
    missing = mismatch(rule.when, exam.opened)
    if missing is not None:
        return Tried(rule, None, *missing)
    cells = _cells(rule, exam)
    there = [cell for cell in cells if cell is not None]
    for number, (view, cell) in enumerate(zip(rule.views, cells, strict=True), start=1):
        if cell is None and not view.optional:
            return Tried(rule, None, "View {n} has no picture in this study.", {"n": str(number)})
    if len(there) < max(rule.least, 1):
        return Tried(rule, None, "It needs {n} pictures, {m} are there.", {"n": str(rule.least), "m": str(len(there))})
    if exam.opened.key not in [cell.stack_key for cell in there]:
        return Tried(rule, None, "The series that is open would not be on screen.")
    return Tried(rule, _hanging(rule, cells, exam.opened))


def _hanging(rule: Rule, cells: Sequence[Cell | None], opened: Stack) -> Hanging:
    kept = tuple(cells) if rule.fixed else tuple(cell for cell in cells if cell is not None)
    layout = rule.layout if rule.fixed or len(kept) == len(cells) else _shrunk(rule.layout, len(kept))
    order = _acquired_first(kept, opened)
    active = next(n for n, cell in enumerate(order) if cell is not None and cell.stack_key == opened.key)
    return Hanging(rule.name, layout, order, active)


def _shrunk(layout: str, count: int) -> str:
    """The least layout that holds so many views."""
    return next(name for name in ("1x1", "1x2", "2x2", layout) if cells_of(name) >= count)


def _cells(rule: Rule, exam: Exam) -> list[Cell | None]:
    """One cell a view; a stack that a series matcher took is not taken by another one."""
    taken: set[str] = set()
    made: list[Cell | None] = []
    for view in rule.views:
        stack = _stack_for(view, exam, taken)
        if stack is not None and view.series:
            taken.add(stack.key)
        made.append(None if stack is None else _cell(view, stack))
    return made


def _stack_for(view: RuleView, exam: Exam, taken: set[str]) -> Stack | None:
    among = [stack for stack in exam.of(view.prior) if stack.key not in taken]
    if not view.series:
        found = exam.opened if view.prior == 0 else counterpart(exam.opened, among)
        return found if found is not None and _has_plane(found, view.plane) else None
    fits = [[s for s in among if mismatch(series, s) is None and _has_plane(s, view.plane)] for series in view.series]
    if any(one is exam.opened for stacks in fits for one in stacks):
        return exam.opened
    chosen = next((stacks for stacks in fits if stacks), [])
    return _best(chosen, exam.opened)


def _best(stacks: Sequence[Stack], opened: Stack) -> Stack | None:
    """Cut like the opened one, then the most slices, then the first series."""
    plane = _acquired(opened)
    return min(
        stacks,
        key=lambda s: (_acquired(s) is not plane, -len(s.instances), s.series_number or 0),
        default=None,
    )


def _cell(view: RuleView, stack: Stack) -> Cell:
    plane = _acquired(stack) if view.plane == "acquired" else Plane(view.plane)
    mirror = bool(view.justify) and _faces(stack) not in ("", view.justify)
    justify = view.justify if mirror or _faces(stack) else ""
    return Cell(stack.key, plane, view.window, view.sync, justify, mirror, view.prior)


def _faces(stack: Stack) -> str:
    """Edge of the stored picture towards the patient's back (the chest wall of a breast), by (0020,0020); "" unknown.

    PS3.3 C.7.6.1.1.1: the first value is the side that the rows run towards.
    """
    rows = stack.header.get("PatientOrientation", "").upper().split("\\")[0]
    return {"P": "right", "A": "left"}.get(rows[:1], "")


def _has_plane(stack: Stack, plane: str) -> bool:
    """Planes by name need the orientation of the file."""
    return plane == "acquired" or (
        stack.geometry is not None
        and stack.geometry.oriented
        and stack.geometry.spacing_kind is SpacingKind.PATIENT
        and stack.geometry.shape[0] > 1
    )


def _acquired(stack: Stack) -> Plane:
    return Plane.NATIVE if stack.geometry is None else upright_plane(stack.geometry)


def _acquired_first(cells: tuple[Cell | None, ...], opened: Stack) -> tuple[Cell | None, ...]:
    """Of planes of one stack the acquired one first, where a rule leads with the axial one."""
    first, geometry = cells[0], opened.geometry
    one_stack = all(cell is not None and cell.stack_key == opened.key for cell in cells)
    if not one_stack or first is None or first.plane is not Plane.AXIAL or geometry is None or not geometry.oriented:
        return cells
    own = native_plane(geometry)
    lead = next((cell for cell in cells if cell is not None and cell.plane is own), first)
    return (lead, *(cell for cell in cells if cell is not lead))


def mismatch(series: Series, stack: Stack) -> tuple[str, dict[str, str]] | None:
    """Why a stack is not meant, as a sentence with its fields; None where it is."""
    return next(_reasons(series, stack), None)


def _reasons(series: Series, stack: Stack) -> Iterator[tuple[str, dict[str, str]]]:
    if series.modality and stack.modality not in series.modality:
        yield _not_one_of("Modality", series.modality, stack.modality)
    if series.kind and stack.kind.value not in series.kind:
        yield _not_one_of("Kind", series.kind, stack.kind.value)
    if series.body_part and not found_in_body(series.body_part, stack):
        yield "Body part: '{pattern}' is not found.", {"pattern": series.body_part}
    if series.description and not found_in_description(series.description, stack):
        yield "Description: '{pattern}' is not found.", {"pattern": series.description}
    if series.without and found_in_description(series.without, stack):
        yield "Description: '{pattern}' is found.", {"pattern": series.without}
    if series.position and position_of(stack) not in series.position:
        yield _not_one_of("View position", series.position, position_of(stack))
    if series.side and side_of(stack) != series.side:
        yield _not_one_of("Side", (series.side,), side_of(stack))
    if series.contrast is not None and has_contrast(stack) is not series.contrast:
        yield ("No contrast agent is named." if series.contrast else "A contrast agent is named."), {}
    yield from _grid_reasons(series, stack)


def _grid_reasons(series: Series, stack: Stack) -> Iterator[tuple[str, dict[str, str]]]:
    grid = stack.geometry
    if series.slices and (grid is None or grid.shape[0] < series.slices):
        have = 0 if grid is None else grid.shape[0]
        yield "{n} slices or more; this has {m}.", {"n": str(series.slices), "m": str(have)}
    if series.thickest_mm is None:
        return
    if grid is None or grid.spacing_kind is not SpacingKind.PATIENT:
        yield "The distance of its slices is not known.", {}
    elif grid.spacing[0] > series.thickest_mm + 1e-3:
        yield (
            "Slices at most {n} mm apart; these are {m} mm.",
            {"n": f"{series.thickest_mm:g}", "m": f"{grid.spacing[0]:.1f}"},
        )


def _not_one_of(what: str, wanted: Iterable[str], have: str) -> tuple[str, dict[str, str]]:
    return "{what}: {wanted} is needed, this is {have}.", {
        "what": what,
        "wanted": ", ".join(wanted),
        "have": have or "unknown",
    }


def _comparable(one: Stack, other: Stack) -> bool:
    """True for pictures of one body part, made alike; where a part is not known nothing is compared by a rule."""
    region = region_of(other)
    return is_read(one) and bool(region) and region_of(one) == region and family_of(one) == family_of(other)


def counterpart(stack: Stack, among: Iterable[Stack]) -> Stack | None:
    """The stack of another study that shows most likely the same as this one; None where none does."""
    alike = [(likeness(stack, other), -n, other) for n, other in enumerate(among) if is_read(other)]
    score, _, best = max(alike, key=lambda one: one[:2], default=(0, 0, None))
    return best if score > 0 else None


def likeness(one: Stack, other: Stack) -> int:
    """How much two series of one body part show the same; 0 where they are not compared: another kind or view."""
    if family_of(one) != family_of(other) or side_of(one) != side_of(other):
        return 0
    frontal = {"PA", "AP"}
    views = {position_of(one), position_of(other)}
    if len(views - {""}) > 1 and not views <= frontal:
        return 0
    words = [set(re.findall(r"[a-z0-9+*]+", s.description.lower())) for s in (one, other)]
    shared = len(words[0] & words[1]) * 4 - len(words[0] ^ words[1])
    score = 100 + shared + 20 * (_acquired(one) is _acquired(other)) + 10 * (has_contrast(one) is has_contrast(other))
    score += 10 * (one.kind is other.kind) + 5 * (len(views) == 1)
    if one.geometry is not None and other.geometry is not None:
        score -= round(min(abs(one.geometry.spacing[0] - other.geometry.spacing[0]), 10))
    return max(score, 1)


def window_of(volume: Volume, name: str) -> Window | None:
    """The preset that a rule names for these pictures; None where it names none."""
    return preset(volume.modality, name) if name else None


def hung_window(volume: Volume, hanging: Hanging | None, key: str) -> Window | None:
    """The preset that a hanging names first for a stack; None where it names none."""
    cells = () if hanging is None else hanging.cells
    name = next((cell.window for cell in cells if cell is not None and cell.stack_key == key), "")
    return window_of(volume, name)


def pick(stacks: tuple[Stack, ...]) -> Stack | None:
    """The stack of a study to hang first: volumes before single pictures, then the most slices."""
    order = {Kind.VOLUME: 0, Kind.CINE: 1, Kind.STACK: 1, Kind.IMAGE: 1}
    hung = [stack for stack in stacks if is_read(stack)]
    return min(hung, key=lambda s: (order[s.kind], -len(s.instances)), default=None)
