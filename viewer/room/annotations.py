"""What the reader drew: kept beside the views, written to the journal at once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from viewer.core.annotation import Annotation
from viewer.core.plain import from_plain, to_plain
from viewer.room.context import Context

if TYPE_CHECKING:
    from viewer.room.views.drawings import Drawings

_LOG = logging.getLogger(__name__)

#: A drawing that is being dragged is written this long after its last move (ms): one entry, not sixty a second.
_SOON_MS = 250


class Annotations(QObject):
    """Follows the drawings of the views.

    Signals:
        changed: something was drawn, moved or taken away.
    """

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._kept: dict[str, Annotation] = {}
        self._drawings: Drawings | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.keep)

    def follow(self, drawings: Drawings) -> None:
        """Follow the drawings of a window's views; they begin with what is kept."""
        self._drawings = drawings
        drawings.replace_all(self._kept.values())
        drawings.changed.connect(self._soon.start)
        drawings.changed.connect(self.changed)

    @Slot()
    def keep(self) -> None:
        """Write what changed."""
        self._soon.stop()
        if self._drawings is None:
            return
        now = {annotation.id: annotation for annotation in self._drawings.all()}
        for annotation in now.values():
            if self._kept.get(annotation.id) != annotation:
                self._write(annotation.stack_key, {"drawing": to_plain(annotation)})
        for gone in self._kept.keys() - now.keys():
            self._write(self._kept[gone].stack_key, {"removed": gone})
        self._kept = now

    def _write(self, key: str, body: dict[str, Any]) -> None:
        study = self._context.session.library.study_of(key)
        if study is not None:
            self._context.recorder.drawing(study.uid, body)

    def restore(self, study_uid: str) -> None:
        """Bring back what was drawn on a study in earlier runs."""
        found: dict[str, Annotation] = {}
        for line in self._context.journal.entries(study=study_uid, kind="drawing"):
            try:
                if "removed" in line.body:
                    found.pop(line.body["removed"], None)
                else:
                    annotation = from_plain(Annotation, line.body["drawing"])
                    found[annotation.id] = annotation
            except (KeyError, TypeError, ValueError) as error:
                _LOG.error("drawing in entry %d cannot be understood: %s", line.seq, type(error).__name__)
        self._kept = found | self._kept
        if self._drawings is not None:
            self._drawings.replace_all(self._kept.values())
        self.changed.emit()
