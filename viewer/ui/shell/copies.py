"""Copies of pictures: to the clipboard, as PNG or JPEG, and films as GIF."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from viewer.core.errors import OutputError, ViewerError
from viewer.core.task import CancelToken
from viewer.room.room import Room
from viewer.room.saving import save_document
from viewer.ui.shell.view_area import ViewArea
from viewer.words.i18n import tr

_JPEG = (".jpg", ".jpeg")


class Copies:
    """What the actions of copying do to the active view."""

    def __init__(self, room: Room, views: ViewArea, actions: Mapping[str, QAction], parent: QWidget) -> None:
        self._room, self._views, self._actions, self._parent = room, views, actions, parent

    @property
    def _patient(self) -> bool:
        """True where the reader wants the patient's name on copies."""
        return self._actions["image.patient_text"].isChecked()

    def copy(self) -> None:
        """The picture to the clipboard."""
        if self._room.views.active.picture is not None:
            from viewer.ui.viewport.copying import picture_of

            QApplication.clipboard().setImage(picture_of(self._views.grid.active, self._patient))
            self._warn()

    def save(self) -> None:
        """The picture to a file."""
        if self._room.views.active.picture is None:
            return
        name = self._asked(tr("Save picture..."), "picture.png", "PNG (*.png);;JPEG (*.jpg)")
        if name:
            from viewer.ui.viewport.copying import coded, picture_of

            path = Path(name) if Path(name).suffix else Path(f"{name}.png")
            data = coded(picture_of(self._views.grid.active, self._patient), path.suffix.lower() in _JPEG)
            self._keep(path, data)

    def film(self) -> None:
        """All frames of the view to a GIF, in the time that cine shows them."""
        picture = self._room.views.active.picture
        if picture is None or picture.count < 2:
            return
        name = self._asked(tr("Save film..."), "film.gif", "GIF (*.gif)")
        if not name:
            return
        from viewer.ui.viewport.copying import Film, Filming

        def recorded(film: Film) -> None:
            def work(_tell: Callable[[object], None], cancel: CancelToken) -> bytes:
                from viewer.display.film import gif

                return gif(film.frames, film.times_ms, cancel)

            self._room.context.pool.submit(work, lambda data: self._keep(Path(name), data), self._complain)

        Filming(self._views.grid.active, self._patient, recorded)

    def _asked(self, title: str, name: str, kinds: str) -> str:
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, name, kinds)
        return chosen

    def _keep(self, path: Path, data: bytes) -> None:
        try:
            save_document(path, data)
        except ViewerError as error:
            self._complain(error)
        except OSError:
            self._complain(OutputError(f"'{path.name}' cannot be written.", "Choose another place."))
        else:
            self._warn()

    def _complain(self, error: ViewerError) -> None:
        self._room.context.complain(error)

    def _warn(self) -> None:
        """Writing in the pixels themselves cannot be left out."""
        picture = self._room.views.active.picture
        if picture is not None and picture.source.stack.header.get("BurnedInAnnotation") == "YES":
            words = tr("The file says that writing is burned into its pixels: look at the copy before you pass it on.")
            self._room.context.trouble(words)
