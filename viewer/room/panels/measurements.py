"""What the Measurements section shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One drawn thing: its id, icon, name, where it lies and its value in words."""

    id: str
    icon: str
    name: str
    where: str
    value: str
