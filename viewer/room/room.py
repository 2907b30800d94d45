"""The parts of the job, put together: what follows from what."""

from __future__ import annotations

from viewer.core.errors import UsageError
from viewer.core.study import Stack, Study
from viewer.display.exam import PICTURES
from viewer.display.hanging import pick
from viewer.room.analyses import Analyses
from viewer.room.anchors import Anchors
from viewer.room.annotations import Annotations
from viewer.room.browsing import Browsing
from viewer.room.changes import Changes
from viewer.room.context import Context
from viewer.room.events import BoxWanted, ScanEnded, ScanProgressed
from viewer.room.external import External
from viewer.room.loading import Loading
from viewer.room.measuring import Measuring
from viewer.room.navigation import Navigation
from viewer.room.opening import Opening
from viewer.room.overlays import Overlays
from viewer.room.packs import Packs
from viewer.room.presentations import Presentations
from viewer.room.report import Reporting
from viewer.room.reviewing import Reviewing
from viewer.room.seals import Seals
from viewer.room.subjects import Subjects
from viewer.room.views.acting import Jumps
from viewer.room.views.comparing import Comparing
from viewer.room.views.crosswise import Crosswise
from viewer.room.views.events import BoxPlaced, FilesDropped, SeriesPut
from viewer.room.views.hanging import ViewHanging
from viewer.room.views.layers import ViewLayers
from viewer.room.views.layouts import Layouts
from viewer.room.views.view import View
from viewer.room.views.views import Views
from viewer.session import Event, ResultAdded, StudyClosed, ViewsChanged


class Room:
    """Opening, showing, analysing, judging and reporting: a whole sitting, without a window.

    The order in which the parts are made is the order in which they hear of events; whoever
    subscribes later (a window) hears after all of them.

    Args:
        by_itself: hang what is opened, its first picture without being asked, and make thumbnails.
    """

    def __init__(self, context: Context, *, by_itself: bool = True) -> None:
        self.context, self._by_itself = context, by_itself
        self.packs = Packs(context)
        self.opening = Opening(context, thumbnails=by_itself)
        self.loading = Loading(context, self.opening)
        self.anchors = Anchors(context, self.loading)
        self.annotations = Annotations(context, self.anchors)
        self.external = External(context)
        self.presentations = Presentations(context, self.external)
        self.overlays = Overlays(context, self.external, self.presentations)
        self.subjects = Subjects(context)
        self.analyses = Analyses(context, self.packs, self.loading, self.subjects)
        self.views = Views(context.session.tell, self.annotations)
        self.hanging = ViewHanging(context, self.opening, self.loading, self.views, by_itself=by_itself)
        self.measuring = Measuring(context, self.loading, self.annotations, self.views)
        self.layouts = Layouts(context, self.hanging, self.views)
        self.comparing = Comparing(context, self.hanging)
        self.changes = Changes(context)
        self.browsing = Browsing(context)
        self.jumps = Jumps(context, self.views)
        self.views.links.apart = self._of_two
        self.crosswise = Crosswise(context, self.views)
        self.layers = ViewLayers(context, self.views, self.overlays, self.analyses, self.presentations)
        self.navigation = Navigation(context, self.loading, self.anchors)
        self.reviewing = Reviewing(context, self.navigation)
        self.reporting = Reporting(context, self.packs, self.anchors)
        self.seals = Seals(context)
        self._place: str = ""
        context.session.subscribe(self._on_event)

    def start(self) -> None:
        """After the first paint: packs, then the decoder and the inference process."""

        def warm(_tell: object, _cancel: object) -> None:
            from viewer.reading.pixels import decoders

            decoders.warm()

        self.packs.read()
        self.context.pool.submit(warm, lambda _done: None, self.context.complain)
        self.analyses.start_process()

    def show_again(self) -> None:
        """Another window took the place of the old one: show there what was active."""
        active = self.context.session.library.active
        if active:
            self.loading.show(active)

    def open_at(self, key: str) -> None:
        """Show this stack as soon as a scan finds it (where the last run was)."""
        self._place = key

    def _of_two(self, one: View, other: View) -> bool:
        """True for views of two patients."""
        people = self.context.session.people
        return people.of_stack(one.stack_key) != people.of_stack(other.stack_key)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ScanProgressed):
            self._on_found()
        elif isinstance(event, ScanEnded):
            self._on_scanned(event.study_uids)
        elif isinstance(event, ResultAdded) and not event.restored:
            self._select_first(event)
        elif isinstance(event, StudyClosed):
            self.context.lane.drop_study(event.study_uid)
            self.opening.forget(event.study_uid)
        elif isinstance(event, BoxPlaced):
            self.analyses.put_box(event.stack_key, event.box)
        elif isinstance(event, BoxWanted):
            self.layers.start_box(event.side)
        elif isinstance(event, SeriesPut):
            self._put(event)
        elif isinstance(event, FilesDropped):
            self.opening.open_paths(event.paths)
        elif isinstance(event, ViewsChanged):
            self.loading.let_go(self.context.session.views.shown)

    def _on_found(self) -> None:
        """The first picture is shown while the scan still runs."""
        library = self.context.session.library
        self.loading.renew(scan_over=not self.opening.is_busy)
        if self._place and library.stack(self._place) is not None:
            key, self._place = self._place, ""
            self.loading.show(key)
        elif self._by_itself and not library.active and not self._place:
            self._show_first(library.studies, pictures_only=True)

    def _on_scanned(self, study_uids: tuple[str, ...]) -> None:
        library = self.context.session.library
        self.loading.renew(scan_over=True)
        if self._by_itself and (not library.active or library.stack(library.active) is None):
            self._place = ""
            self._show_first(tuple(s for s in library.studies if s.uid in study_uids))

    def _show_first(self, studies: tuple[Study, ...], pictures_only: bool = False) -> None:
        """Show the newest study's first picture; a report or mask only where no picture can still come."""
        newest = sorted(studies, key=lambda s: (s.date, s.time), reverse=True)
        for study in newest:
            stack: Stack | None = pick(study.stacks)
            if stack is not None:
                self.loading.show(stack.key)
                return
        if pictures_only:
            return
        anything = next((stack for study in newest for stack in study.stacks), None)
        if anything is not None:
            self.loading.show(anything.key)

    def _put(self, event: SeriesPut) -> None:
        """A series was dragged onto a view."""
        stack = self.context.session.library.stack(event.stack_key)
        if stack is not None and stack.kind in PICTURES and event.view < len(self.views.views):
            self.hanging.show_in(self.views.views[event.view], event.stack_key)

    def show_patient(self, key: str) -> None:
        """Show the newest study of the patient whose study this is."""
        people = self.context.session.people
        person = people.of(key)
        if person is not None:
            self._show_first(people.studies_of(person))

    def join_people(self, key: str, other: str) -> None:
        """Join the patients of two studies, or where `other` is "" take apart who was joined with one."""
        people = self.context.session.people
        try:
            if other:
                people.join(key, other)
            else:
                people.part(key)
        except UsageError as error:
            self.context.complain(error)

    def _select_first(self, event: ResultAdded) -> None:
        """A fresh result: select its first finding, without moving the picture, where none is selected."""
        entry = event.entry
        is_here = entry.stack_key == self.context.session.library.active
        if is_here and entry.result.findings and self.reviewing.current() is None:
            self.reviewing.select(entry.result.findings[0].id, jump=False)

    def step_series(self, by: int) -> None:
        """Show the stack so many places after the active one, within its study."""
        library = self.context.session.library
        study = library.active_study
        if study is not None:
            keys = [stack.key for stack in study.stacks]
            at = keys.index(library.active) + by
            if 0 <= at < len(keys):
                self.loading.show(keys[at])

    def step_patient(self, by: int) -> None:
        """Show the newest study of the patient so many places after the active one."""
        session = self.context.session
        person, everybody = session.people.of_stack(session.library.active), session.people.all
        if person is not None:
            at = everybody.index(person) + by
            if 0 <= at < len(everybody):
                self.show_patient(everybody[at].key)

    def close_active(self) -> None:
        """Close the study of the active stack."""
        study = self.context.session.library.active_study
        if study is not None:
            self.close_study(study.uid)

    def close_study(self, uid: str) -> None:
        """Close a study and go on with what is left."""
        study = self.context.session.library.study(uid)
        if study is None:
            return
        for stack in study.stacks:
            if self.loading.loader(stack.key) is not None:
                self.loading.drop(stack.key)
        self.context.session.close_study(uid)
        self._show_first(self.context.session.library.studies)
