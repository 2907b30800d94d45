"""What a window does at once when the room tells of something; its parts follow a turn later."""

from __future__ import annotations

from collections.abc import Callable

from viewer.room.events import (
    BoxWanted,
    JumpWanted,
    ObjectWanted,
    SettingsChanged,
    SlicesArrived,
    StackDropped,
    StackLoaded,
    StackOpened,
    ThumbnailMade,
)
from viewer.room.room import Room
from viewer.ui.panels.study_browser import StudyBrowser
from viewer.ui.shell.view_area import Centre

#: Ends what a subscription does.
Stop = Callable[[], None]


def follow_stacks(room: Room, centre: Centre) -> tuple[Stop, ...]:
    """Views show what the room opens, and go where it asks."""
    hear, library = room.context.session.on, room.context.session.library
    return (
        hear(StackOpened, lambda event: centre.show_loader(event.stack_key, room.loading.loader(event.stack_key))),
        hear(SlicesArrived, lambda event: centre.more_slices(event.stack_key)),
        hear(StackLoaded, lambda event: centre.all_slices(event.stack_key)),
        hear(StackDropped, lambda event: centre.forget(event.stack_key)),
        hear(ObjectWanted, lambda event: centre.show_object(library.stack(event.stack_key))),
        hear(JumpWanted, centre.go_to_spot),
        hear(SettingsChanged, lambda _event: centre.take_settings()),
        hear(BoxWanted, lambda event: centre.over.start_box(event.side)),
    )


def follow_thumbnails(room: Room, browser: StudyBrowser) -> Stop:
    """The studies list shows each thumbnail as it is made."""

    def put(event: ThumbnailMade) -> None:
        pixels = room.opening.thumbnail(event.stack_key)
        if pixels is not None:
            browser.put_thumbnail(event.stack_key, pixels)

    return room.context.session.on(ThumbnailMade, put)


def tell_room(room: Room, centre: Centre) -> None:
    """What the reader does in the views reaches the room."""
    views = room.context.session.views
    centre.place_wanted.connect(room.navigation.go)
    centre.shown_changed.connect(lambda: views.put_shown(centre.shown))
    centre.boxed.connect(room.analyses.put_box)
    centre.files_dropped.connect(room.opening.open_paths)
