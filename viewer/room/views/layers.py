"""What the session lays over the views: overlays, badges, presentation states, the reader's box."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary, ref

from viewer.core.analysis import Suitability
from viewer.core.subtraction import Pair, Step
from viewer.display.presented import Look, Presented
from viewer.room.analyses import Analyses
from viewer.room.context import Context
from viewer.room.overlays import Overlays
from viewer.room.presentations import Presentations
from viewer.room.views.events import ViewMoved
from viewer.room.views.facts import BadgeSpec
from viewer.room.views.picture import Picture
from viewer.room.views.places import mark_of
from viewer.room.views.presenting import Seen, leave_look, seen, take_look
from viewer.room.views.view import View
from viewer.room.views.views import Views
from viewer.words.i18n import date_words, said, tr


@dataclass(slots=True, eq=False)
class _Given:
    """What a view was last given: state and look of its slice, how it was seen before, whether it is marked."""

    picture: ref[Picture]
    state: Presented | None = None
    look: Look | None = None
    before: Seen | None = None
    masked: bool = False
    marked: bool = False


class ViewLayers:
    """Lays what the session holds over the views."""

    def __init__(
        self, context: Context, views: Views, overlays: Overlays, analyses: Analyses, presentations: Presentations
    ) -> None:
        self._context, self._views, self._overlays, self._analyses = context, views, overlays, analyses
        self._presentations = presentations
        self._sides: dict[str, str] = {}
        self._given: WeakKeyDictionary[View, _Given] = WeakKeyDictionary()
        context.session.on(ViewMoved, lambda _event: self.show_marks())

    def show_overlays(self, selected: str) -> None:
        """Lay what there is over every stack on screen; a rejected segment shows while its finding is selected."""
        for key in self._views.stacks:
            overlays = self._overlays.overlays(key, selected)
            for view in self._views.of(key):
                view.set_overlays(overlays)
                self._present(view)
                view.set_badges(self._badges(view))
        self.show_boxes(self._views.stacks)

    def show_marks(self) -> None:
        """Key image badge and presentation of every view, after one went to another slice."""
        for view in self._views.views:
            if view.picture is not None and self._present(view):
                view.set_badges(self._badges(view))

    def _badges(self, view: View) -> tuple[BadgeSpec, ...]:
        marked = (BadgeSpec("plain", tr("Key image"), tr("This picture goes into the report."), 3),)
        return (
            *prior_badges(self._context, view, self._views),
            *self._result_badges(view.stack_key),
            *self._presented_badges(view),
            *(marked if self._is_marked(view) else ()),
        )

    def _is_marked(self, view: View) -> bool:
        mark, session = mark_of(view), self._context.session
        study = session.library.study_of(mark.stack_key) if mark is not None else None
        if mark is None or study is None:
            return False
        return any(one.shows_same(mark) for one in session.review.key_marks(study.uid))

    def _result_badges(self, key: str) -> tuple[BadgeSpec, ...]:
        entries = [e for e in self._overlays.entries(key) if e.result.outcome == "ran"]
        made = []
        gates = [e.result.gate for e in entries if e.result.gate is not None]
        if gates:
            warned = [g for g in gates if g.verdict is Suitability.WARN]
            tips = "\n".join(said(r.text) for g in warned for r in g.reasons)
            made.append(
                BadgeSpec("warned", tr("Warned"), tips, 0) if warned else BadgeSpec("suits", tr("Suits"), "", 1)
            )
        heats = [h for e in entries for h in e.result.heatmaps if h.honest]
        if heats:
            made.append(BadgeSpec("checked", tr("Heatmap checked"), heats[0].honesty, 2))
        return tuple(made)

    # boxes

    def show_boxes(self, keys: tuple[str, ...]) -> None:
        """The reader's box of each stack: of the side placed last; none while one is to be drawn."""
        for key in keys:
            boxes = self._analyses.boxes(key)
            side = self._sides.get(key, next(iter(boxes), ""))
            words = {"left": tr("Left box, yours"), "right": tr("Right box, yours")}.get(side, tr("Box, yours"))
            self._views.set_roi(key, boxes.get(side), words if side in boxes else "")

    def start_box(self, side: str) -> None:
        """The next box drawn is for this side; that of the other side is put away meanwhile."""
        key = self._context.session.library.active
        self._sides[key] = side
        self.show_boxes((key,))

    # presentation states and masks

    def _present(self, view: View) -> bool:
        """Give a view the look that the applied state has for its slice; True where its badges may have changed."""
        picture = view.picture
        if picture is None:
            return False
        given = self._given.get(view)
        if given is None or given.picture() is not picture:
            given = self._given[view] = _Given(ref(picture))
        view.set_subtractor(self._presentations.subtractor(view.stack_key, picture.source.volume))
        masked, marked = picture.mask is not None, self._is_marked(view)
        changed = masked != given.masked or marked != given.marked or picture.subtractor is not None
        given.masked, given.marked = masked, marked
        return self._take(view, picture, given) or changed

    def _take(self, view: View, picture: Picture, given: _Given) -> bool:
        state = self._presentations.state(view.stack_key)
        look = state.look(picture.view) if state is not None else None
        if (state, look) == (given.state, given.look):
            return False
        if given.look is None:
            given.before = seen(view)
        elif given.before is not None:
            leave_look(view, given.before)
        given.state, given.look = state, look
        if look is not None:
            take_look(view, look)
        return True

    def _presented_badges(self, view: View) -> tuple[BadgeSpec, ...]:
        """What is applied to the slice on show; also where a state does not speak of it."""
        picture = view.picture
        if picture is None:
            return ()
        made = []
        if picture.subtractor is not None:
            made.append(_mask_badge(picture.mask))
        state = self._presentations.state(view.stack_key)
        if state is not None:
            name = state.name or tr("Presentation state")
            if state.look(picture.view) is None:
                text, tip = tr("Not in {name}", name=name), tr("The presentation state does not name this image.")
                made.append(BadgeSpec("plain", text, tip, 4))
            else:
                made.append(BadgeSpec("warned" if state.unread else "plain", name, _state_tip(state), 0))
        return tuple(made)


def prior_badges(context: Context, view: View, views: Views) -> tuple[BadgeSpec, ...]:
    """ "Prior, 11 Nov 2025" on a view beside a later study of the same person: it must not be taken for that."""
    session = context.session
    study, person = session.library.study_of(view.stack_key), session.people.of_stack(view.stack_key)
    if study is None or person is None:
        return ()
    shown = {one.uid: one for key in views.stacks if (one := session.library.study_of(key)) is not None}
    latest = max((one.date, one.time) for one in (study, *shown.values()) if one.uid in person.studies)
    if (study.date, study.time) == latest:
        return ()
    return (
        BadgeSpec("plain", tr("Prior, {day}", day=date_words(study.date)), tr("An earlier study of the patient."), 0),
    )


def _state_tip(state: Presented) -> str:
    lines = [tr("Presentation state applied: window, area, turn, shutter and marks as its maker left them.")]
    if state.maker:
        lines.append(state.maker)
    if state.unread:
        lines.append(tr("Not applied: {parts}", parts=", ".join(tr(part) for part in state.unread)))
    return "\n".join(lines)


def _mask_badge(mask: tuple[Step, Pair] | None) -> BadgeSpec:
    if mask is None:
        return BadgeSpec("plain", tr("Not subtracted"), tr("The file names no mask for this frame."), 0)
    step, pair = mask
    frames = ", ".join(str(frame) for frame in pair.mask)
    text = tr("Subtracted, mask frame {n}", n=frames)
    if len(pair.mask) > 1:
        text = tr("Subtracted, mask frames {n}", n=frames)
    lines = [tr("Shown minus its mask; values and measurements are those of the native frame.")]
    if len(pair.contrast) > 1:
        lines.append(tr("Mean of frames {n}", n=", ".join(str(frame) for frame in pair.contrast)))
    if step.shift != (0.0, 0.0):
        lines.append(tr("Mask moved {down} px down, {right} px right", down=step.shift[0], right=step.shift[1]))
    return BadgeSpec("warned", text, "\n".join(lines), 0)
