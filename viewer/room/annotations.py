"""What the reader drew: kept beside the views, written to the journal at once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from viewer.core.finding import Measurement
from viewer.core.measurement import ReaderMeasurement
from viewer.core.plain import from_plain, to_plain
from viewer.room.context import Context
from viewer.room.tools import MEASURES
from viewer.session import MeasurementsChanged

if TYPE_CHECKING:
    from viewer.room.views.drawings import Drawings

_LOG = logging.getLogger(__name__)

#: A drawing that is being dragged is written this long after its last move (ms): one entry, not sixty a second.
_SOON_MS = 250


class Annotations(QObject):
    """Follows the drawings of the views; tells `MeasurementsChanged`."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._kept: dict[str, ReaderMeasurement] = {}
        self._drawings: Drawings | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.keep)

    def follow(self, drawings: Drawings) -> None:
        """Follow the drawings of a window's views; they begin with what is kept."""
        self._drawings = drawings
        drawings.replace_all(self._kept.values())
        drawings.subscribe(self._soon.start)
        drawings.subscribe(self._tell)

    def all(self) -> tuple[ReaderMeasurement, ...]:
        """Everything the reader drew."""
        return tuple(self._kept.values()) if self._drawings is None else tuple(self._drawings.all())

    def remove(self, drawing_id: str) -> None:
        """Take a drawing away."""
        if self._drawings is not None:
            self._drawings.remove(drawing_id)

    def _tell(self) -> None:
        self._context.session.tell(MeasurementsChanged(self._context.session.library.active))

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
        found: dict[str, ReaderMeasurement] = {}
        for line in self._context.journal.entries(study=study_uid, kind="drawing"):
            try:
                if "removed" in line.body:
                    found.pop(line.body["removed"], None)
                else:
                    annotation = drawing_from(line.body["drawing"])
                    found[annotation.id] = annotation
            except (KeyError, TypeError, ValueError) as error:
                _LOG.error("drawing in entry %d cannot be understood: %s", line.seq, type(error).__name__)
        self._kept = found | self._kept
        if self._drawings is not None:
            self._drawings.replace_all(self._kept.values())
        self._tell()


def drawing_from(data: dict[str, Any]) -> ReaderMeasurement:
    """A drawing as the journal holds it, also from before its numbers had names.

    Raises:
        KeyError, TypeError, ValueError: the data is no drawing.
    """
    if "tool" in data:
        return from_plain(ReaderMeasurement, {"shape": MEASURES[str(data["tool"])].shape, **data})
    kind, reading = str(data["kind"]), data.get("reading") or {}
    area = reading.get("area")
    if area is not None:
        named = (("Mean", "mean"), ("SD", "deviation"), ("Minimum", "low"), ("Maximum", "high"))
        values = [Measurement("Area", float(area["value"]), area["unit"])]
        values += [Measurement(name, float(reading[key]), reading["unit"]) for name, key in named]
    else:
        tool_name = {"length": "Length", "angle": "Angle"}.get(kind, "Value")
        values = [Measurement(tool_name, float(reading["value"]), reading["unit"])] if reading else []
    note = (area or reading).get("note", "")
    return from_plain(
        ReaderMeasurement,
        {
            **{key: data[key] for key in ("id", "stack_key", "slice_index", "points_lps")},
            "plane": data["plane"].removeprefix("resampled "),
            "tool": kind,
            "name": MEASURES[kind].name,
            "values": [to_plain(value) for value in values],
            "notes": [note] if note else [],
            "text": data["label"] if kind in ("text", "probe") else "",
            "shape": MEASURES[kind].shape,
        },
    )
