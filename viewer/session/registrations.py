"""Registrations that readers accepted: the last one of two series counts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from viewer.core.geometry import FloatArray
from viewer.core.registration import SeriesRegistration
from viewer.session.events import Bus, Registered


class Registrations:
    """Accepted registrations of open studies."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._by_pair: dict[frozenset[str], SeriesRegistration] = {}

    def accept(self, study_uid: str, registration: SeriesRegistration) -> None:
        """Keep a registration, in the place of an earlier one of the two series.

        Args:
            study_uid: of the fixed series.
        """
        self._bus.check_thread()
        self._put(registration)
        self._bus.tell(Registered(study_uid, registration))

    def restore(self, registrations: Iterable[SeriesRegistration]) -> None:
        """Take over what the journal holds, oldest first."""
        self._bus.check_thread()
        for registration in registrations:
            self._put(registration)

    def _put(self, registration: SeriesRegistration) -> None:
        self._by_pair[frozenset((registration.fixed_uid, registration.moving_uid))] = registration

    def between(self, source_uid: str, target_uid: str) -> FloatArray | None:
        """4x4 LPS mm of one series -> those of another; None where none was accepted."""
        found = self._by_pair.get(frozenset((source_uid, target_uid)))
        if found is None:
            return None
        matrix = np.array(found.matrix, dtype=np.float64)
        return matrix if found.moving_uid == source_uid else np.asarray(np.linalg.inv(matrix))
