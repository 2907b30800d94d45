"""What readers drew, shared by the views of one grid."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from viewer.core.annotation import Annotation


class Drawings(QObject):
    """All annotations by stack; views repaint when one changes."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._by_id: dict[str, Annotation] = {}

    def put(self, annotation: Annotation) -> None:
        """Add an annotation, or replace the one with its id."""
        self._by_id[annotation.id] = annotation
        self.changed.emit()

    def remove(self, annotation_id: str) -> Annotation | None:
        """Take one away; returns it, None where there was none."""
        found = self._by_id.pop(annotation_id, None)
        if found is not None:
            self.changed.emit()
        return found

    def replace_all(self, annotations: Iterable[Annotation]) -> None:
        """Hold exactly these."""
        self._by_id = {annotation.id: annotation for annotation in annotations}
        self.changed.emit()

    def all(self) -> tuple[Annotation, ...]:
        """Every annotation, oldest first."""
        return tuple(self._by_id.values())

    def on(self, stack_key: str, plane: str, index: int) -> tuple[Annotation, ...]:
        """Those drawn on one slice of one plane of a stack."""
        return tuple(
            a for a in self._by_id.values() if (a.stack_key, a.plane, a.slice_index) == (stack_key, plane, index)
        )
