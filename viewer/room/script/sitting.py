"""What steps work on: the room, its views by number, and a way to wait for what runs in threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from viewer.core.anchor import in_patient
from viewer.core.errors import UsageError
from viewer.core.oblique import ObliquePlane, Projection
from viewer.core.study import Stack, Study
from viewer.core.task import CancelToken
from viewer.core.volume import Volume
from viewer.display.hanging import Hanging, hung_window, window_of
from viewer.display.points import plane_volume
from viewer.display.slicing import Plane, counts_down, cut, needs_resampling
from viewer.reading import is_picture, resample_regular
from viewer.room.events import Trouble
from viewer.room.room import Room
from viewer.room.script.lines import StepError
from viewer.room.script.params import nearest
from viewer.room.threads import QueueMailbox
from viewer.room.unchanged import Unchanged
from viewer.room.views.picture import Picture, Source, slice_at, slice_middle, source_of, window_at
from viewer.session.record import LastViews, last_views
from viewer.session.views import ShownLayout, ShownView

#: How often a wait looks whether the program was asked to stop (s).
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A picture that was built for a view, and for what."""

    stack: Stack
    volume: Volume
    plane: str
    oblique: ObliquePlane | None
    preset: str
    picture: Picture


class Sitting:
    """One sitting over a room."""

    def __init__(self, room: Room, mailbox: QueueMailbox, cancel: CancelToken) -> None:
        self.room, self.context, self.session = room, room.context, room.context.session
        self._mailbox, self._cancel = mailbox, cancel
        self._troubles: list[str] = []
        self._drawn: dict[int, _Drawn] = {}
        self._regular: dict[str, tuple[Volume, Volume]] = {}
        self._kept = LastViews(self.session.views.layout)
        self._known: set[str] = set()
        self.unchanged = Unchanged()
        self.session.on(Trouble, lambda event: self._troubles.append(event.words))

    # waiting

    def wait(self, ready: Callable[[], bool]) -> None:
        """Run what threads answer until `ready()`.

        Raises:
            Cancelled: the program was asked to stop.
        """
        while not self._mailbox.run_until(ready, _LOOK_SECONDS):
            self._cancel.check()

    def troubles(self) -> tuple[str, ...]:
        """What went wrong since the last call, in words."""
        self._mailbox.drain()
        told, self._troubles = tuple(self._troubles), []
        return told

    @property
    def in_trouble(self) -> bool:
        """True where something went wrong since the last look."""
        return bool(self._troubles)

    def check_trouble(self, todo: str = "") -> None:
        """Raise UsageError where something went wrong since the last look."""
        told = self.troubles()
        if told:
            raise StepError(" ".join(dict.fromkeys(told)), todo)

    # the journal

    def come_back(self) -> None:
        """Views show what they showed when what is open now was open the last time."""
        fresh = {study.uid for study in self.session.library.studies} - self._known
        self._known |= fresh
        if not fresh or self.layout != ShownLayout():
            return
        left = last_views(self.context.journal, fresh)
        if left is not None:
            self._kept = left
            views = tuple(None if one is None else self._found_again(n, one) for n, one in enumerate(left.layout.views))
            self.session.views.note(replace(left.layout, views=views))
            if self.session.review.finding(left.selected) is not None:
                self.session.review.select(left.selected)

    def _found_again(self, view: int, shown: ShownView) -> ShownView:
        """What a view showed, on the slice nearest to where it was: this copy may have others."""
        stack = self.session.library.stack(shown.stack_key)
        if stack is None or shown.lps is None or shown.oblique is not None or not in_patient(stack.geometry):
            return shown
        assert stack.geometry is not None
        if needs_resampling(stack.geometry, Plane(shown.plane)):
            return replace(shown, index=slice_at(self.picture_of(view, shown), shown.index, shown.lps))
        across = cut(stack.geometry, Plane(shown.plane)).across
        depth = round(float(stack.geometry.world_to_index(shown.lps)[across]))
        return replace(shown, index=min(max(depth, 0), stack.geometry.shape[across] - 1))

    def settle(self) -> None:
        """Have what the views show in the journal, like everything else."""
        self._mailbox.drain()
        if self.session.views.shown != self.layout.stacks:
            self.session.views.put_shown(self.layout.stacks)
        now = LastViews(self.layout, self.session.review.selected)
        if now != self._kept:
            self._kept = now
            self.context.recorder.views(now, tuple(study.uid for study in self.session.library.studies))

    # what is open

    def stack(self, series_uid: str, number: int | None = None) -> Stack:
        """The stack of a series; without a number its first picture, else its first.

        Raises:
            UsageError: there is none.
        """
        of_series = [
            stack for study in self.session.library.studies for stack in study.stacks if series_uid == stack.series_uid
        ]
        if not of_series:
            known = [s.uid for study in self.session.library.studies for s in study.series]
            hint = nearest(series_uid, known) if known else "Open its files first."
            raise UsageError(f"There is no series '{series_uid}' open.", hint)
        if number is None:
            return next((stack for stack in of_series if is_picture(stack)), of_series[0])
        found = next((stack for stack in of_series if stack.number == number), None)
        if found is None:
            have = ", ".join(str(stack.number) for stack in of_series if stack.number is not None)
            raise UsageError(f"This series has no stack {number}.", f"It has: {have}." if have else "It has one only.")
        return found

    def study_of(self, stack: Stack) -> Study:
        """The study of an open stack."""
        study = self.session.library.study_of(stack.key)
        assert study is not None
        return study

    def check_one_person(self, one: Stack, other: Stack) -> None:
        """Refuse series of two persons.

        Raises:
            UsageError: they are.
        """
        people = self.session.people
        first, second = people.of_stack(one.key), people.of_stack(other.key)
        if first is None or second is None or first.key == second.key:
            return
        if any(namesake.key == second.key for namesake in first.same_id):
            raise UsageError("These series carry one ID but not the same patient.", "Join the patients first: `join`.")
        raise UsageError("These series are of two patients.", "Name series of one person.")

    def study(self, uid: str | None = None) -> Study:
        """The named study, else the one of the active view, else the only one.

        Raises:
            UsageError: there is none, or several and none is active.
        """
        library = self.session.library
        if uid is not None:
            found = library.study(uid)
            if found is None:
                raise UsageError(f"There is no study '{uid}' open.", nearest(uid, [s.uid for s in library.studies]))
            return found
        shown = self.layout.views[self.layout.active] if self.layout.views else None
        active = library.study_of(shown.stack_key) if shown is not None else library.active_study
        if active is not None:
            return active
        if len(library.studies) == 1:
            return library.studies[0]
        if not library.studies:
            raise UsageError("No study is open.", "Open one first.")
        raise UsageError("It is not said which study is meant.", "Show one of its series first.")

    def volume(self, stack: Stack) -> Volume:
        """The pictures of a stack, every slice read.

        Raises:
            UsageError: it holds none, or they cannot be read.
        """
        if not is_picture(stack):
            raise UsageError("This series holds no picture.", "Choose another series.")
        loading = self.room.loading
        held = self.session.library.volume(stack.key)
        if held is not None and loading.is_loaded(stack.key):
            return held
        self.troubles()
        loading.show(stack.key)
        self.wait(lambda: loading.is_loaded(stack.key) or self.in_trouble)
        if not loading.is_loaded(stack.key):
            self.check_trouble()
        self.troubles()
        volume = self.session.library.volume(stack.key)
        assert volume is not None
        self.unchanged.note(stack, volume)
        return volume

    # views

    @property
    def layout(self) -> ShownLayout:
        """The arrangement of views, empty ones where a series is no longer open."""
        return self.session.views.layout

    def shown(self, view: int) -> ShownView:
        """What a view shows.

        Raises:
            UsageError: there is no such view, or it is empty.
        """
        self.check_view(view)
        shown = self.layout.views[view]
        if shown is None or self.session.library.stack(shown.stack_key) is None:
            raise UsageError(f"View {view} shows nothing.", "Show a series in it first.")
        return shown

    def check_view(self, view: int) -> None:
        """Refuse a number of which there is no view."""
        if not 0 <= view < len(self.layout.views):
            raise UsageError(
                f"There is no view {view}.", f"There are {len(self.layout.views)}, counted from 0; `layout` makes more."
            )

    def put_view(self, view: int, shown: ShownView) -> None:
        """Show this in a view, which becomes the active one."""
        shown = replace(shown, lps=slice_middle(self.picture_of(view, shown)))
        views = tuple(shown if n == view else old for n, old in enumerate(self.layout.views))
        self.session.views.note(replace(self.layout, views=views, active=view))

    def picture(self, view: int) -> Picture:
        """The picture of a view, on its slice and through its window."""
        return self.picture_of(view, self.shown(view))

    def picture_of(self, view: int, shown: ShownView) -> Picture:
        """The picture that a view shows, or would show."""
        stack = self.session.library.stack(shown.stack_key)
        if stack is None:
            raise UsageError(f"View {view} shows nothing.", "Show a series in it first.")
        volume = self.volume(stack)
        oblique = oblique_of(shown)
        drawn = self._drawn.get(view)
        asked = (stack, volume, shown.plane, oblique, shown.preset)
        if drawn is None or (drawn.stack, drawn.volume, drawn.plane, drawn.oblique, drawn.preset) != asked:
            source = self._source(stack, volume, shown, oblique)
            picture = hung_picture(source, self.room.hanging.planner.plan(stack.key), shown.preset)
            drawn = self._drawn[view] = _Drawn(*asked, picture)
        picture = drawn.picture
        picture.go_to(shown.index)
        if shown.center is not None and shown.width is not None:
            picture.set_window(window_at(picture, shown.center, shown.width))
        return picture

    def _source(self, stack: Stack, volume: Volume, shown: ShownView, oblique: ObliquePlane | None) -> Source:
        if oblique is not None:
            native = stack.geometry or volume.geometry
            return Source(stack, plane_volume(volume, oblique), Plane.NATIVE, native, resampled=True)
        return source_of(stack, self.cut_from(stack, volume, Plane(shown.plane)), Plane(shown.plane), None)

    def cut_from(self, stack: Stack, volume: Volume, plane: Plane) -> Volume:
        """What a plane is cut from: the volume, or across tilted or uneven slices its right-angled copy."""
        if not needs_resampling(volume.geometry, plane):
            return volume
        held = self._regular.get(stack.key)
        if held is None or held[0] is not volume:
            held = self._regular[stack.key] = (volume, resample_regular(volume))
        return held[1]


def hung_picture(source: Source, hanging: Hanging | None, preset: str = "") -> Picture:
    """A picture as it opens: the middle slice, through a preset, else the window of its hanging rule."""
    picture = Picture(source)
    hung = window_of(source.volume, preset) or hung_window(source.volume, hanging, source.stack.key)
    first = hung or picture.first_window()
    picture.opened = first
    picture.set_window(first)
    return picture


def oblique_of(shown: ShownView) -> ObliquePlane | None:
    """The plane of a view that lies askew."""
    cut = shown.oblique
    if cut is None:
        return None
    return ObliquePlane(cut.origin, cut.normal, cut.up, cut.slab_mm, Projection(cut.mode))


def number_of(picture: Picture, index: int) -> int:
    """Slice as scripts count it (from 0 along the patient's axis) <-> index along the array."""
    if counts_down(picture.source.volume.geometry, picture.source.plane):
        return picture.count - 1 - index
    return index
