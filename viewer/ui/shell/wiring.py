"""What a window does at once when the room tells of something; its parts follow a turn later."""

from __future__ import annotations

from collections.abc import Callable

from viewer.room.events import (
    ObjectWanted,
    StackOpened,
    ThumbnailMade,
)
from viewer.room.room import Room
from viewer.room.views.events import ViewsArranged
from viewer.ui.panels.study_browser import StudyBrowser
from viewer.ui.panels.study_search import StudySearch
from viewer.ui.shell.view_area import ViewArea

#: Ends what a subscription does.
Stop = Callable[[], None]


def follow_views(room: Room, area: ViewArea) -> tuple[Stop, ...]:
    """The middle paints what the room's views show."""
    hear, library = room.context.session.on, room.context.session.library
    return (
        hear(StackOpened, lambda _event: area.show_views()),
        hear(ObjectWanted, lambda event: area.show_object(library.stack(event.stack_key))),
        hear(ViewsArranged, lambda _event: area.arrange()),
    )


def follow_thumbnails(room: Room, browser: StudyBrowser) -> Stop:
    """The studies list shows each thumbnail as it is made."""

    def put(event: ThumbnailMade) -> None:
        pixels = room.opening.thumbnail(event.stack_key)
        if pixels is not None:
            browser.put_thumbnail(event.stack_key, pixels)

    return room.context.session.on(ThumbnailMade, put)


def follow_search(room: Room, search: StudySearch) -> None:
    """The studies list shows what is looked for."""
    search.words_changed.connect(lambda words: room.browsing.look_for(words=words))
    search.days_changed.connect(room.browsing.look_for_days)
    search.progress_chosen.connect(lambda progress: room.browsing.look_for(progress=progress))
