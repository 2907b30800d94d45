"""Open studies, the pictures held of them and what the gate says of each stack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from viewer.core.analysis import GateVerdict
from viewer.core.study import Refusal, ScanResult, Series, Stack, Study
from viewer.core.volume import Volume
from viewer.session.events import Activated, Bus, GateChanged, PathsOpened, StudiesChanged, VolumeChanged


class Library:
    """Studies, volumes, verdicts of the gate, and which stack panels speak of.

    Attributes:
        revision: goes up whenever the studies may be others.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._scans: dict[str, ScanResult] = {}
        self._over: set[str] = set()
        self._closed: set[tuple[str, str]] = set()
        self._studies: dict[str, Study] = {}
        self._owner: dict[str, tuple[Study, Stack]] = {}
        self._volumes: dict[str, Volume] = {}
        self._gate: dict[str, dict[str, GateVerdict]] = {}
        self._active = ""
        self.revision = 0

    @property
    def studies(self) -> tuple[Study, ...]:
        """Every open study, in the order they were found; series found twice are shown once."""
        return tuple(self._studies.values())

    def _merge_scans(self) -> None:
        merged: dict[str, Study] = {}
        for scan_id, scan in self._scans.items():
            for study in scan.studies:
                if (scan_id, study.uid) not in self._closed:
                    known = merged.get(study.uid)
                    merged[study.uid] = study if known is None else _merge(known, study, scan_id in self._over)
        self._studies = merged
        self.revision += 1
        self._owner = {stack.key: (study, stack) for study in merged.values() for stack in study.stacks}

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Every file that was not opened, once."""
        found = (refusal for scan in self._scans.values() for refusal in scan.refused)
        return tuple(dict.fromkeys(found))

    @property
    def files(self) -> int:
        """How many files the scans looked at."""
        return sum(scan.files for scan in self._scans.values())

    def open_paths(self, paths: Iterable[str]) -> None:
        """Note what the reader opened, before anything is read."""
        self._bus.check_thread()
        self._bus.tell(PathsOpened(tuple(paths)))

    def put_scan(self, scan_id: str, result: ScanResult, over: bool = False) -> None:
        """Show what a scan found so far; a later call with the same id replaces it.

        A study that was closed stays closed for the scans that had found it; a new scan shows it again.

        Args:
            over: the scan has found all of it: a series that was open already is taken from here.
        """
        self._bus.check_thread()
        self._scans[scan_id] = result
        if over:
            self._over.add(scan_id)
        self._merge_scans()
        self._bus.tell(StudiesChanged())

    def study(self, uid: str) -> Study | None:
        """The open study with this UID."""
        return self._studies.get(uid)

    def stack(self, key: str) -> Stack | None:
        """The open stack with this key."""
        return self._owner[key][1] if key in self._owner else None

    def study_of(self, key: str) -> Study | None:
        """The open study that holds the stack `key`."""
        return self._owner[key][0] if key in self._owner else None

    def activate(self, key: str) -> None:
        """Make `key` the stack that panels speak of."""
        self._bus.check_thread()
        if key != self._active:
            self._active = key
            self._bus.tell(Activated(key))

    @property
    def active(self) -> str:
        """Key of the stack that panels speak of, "" when there is none."""
        return self._active

    @property
    def active_study(self) -> Study | None:
        """The study of the active stack."""
        return self.study_of(self._active) if self._active else None

    def put_volume(self, key: str, volume: Volume) -> None:
        """Keep the pictures of a stack (they may still be filling)."""
        self._bus.check_thread()
        self._volumes[key] = volume
        self._bus.tell(VolumeChanged(key))

    def drop_volume(self, key: str) -> None:
        """Let the pictures of a stack go."""
        self._bus.check_thread()
        if self._volumes.pop(key, None) is not None:
            self._bus.tell(VolumeChanged(key))

    def volume(self, key: str) -> Volume | None:
        """The pictures of a stack, if they are held."""
        return self._volumes.get(key)

    def put_gate(self, key: str, verdicts: dict[str, GateVerdict]) -> None:
        """Keep the gate's verdict of each pack (by id) on a stack."""
        self._bus.check_thread()
        self._gate[key] = dict(verdicts)
        self._bus.tell(GateChanged(key))

    def gate(self, key: str) -> dict[str, GateVerdict]:
        """The gate's verdicts on a stack by pack id; empty while it was not asked."""
        return dict(self._gate.get(key, {}))

    def close(self, uid: str) -> None:
        """Forget a study and its pictures; `Session.close_study` is the one to call."""
        study = self.study(uid)
        if study is None:
            return
        keys = {stack.key for stack in study.stacks}
        self._closed |= {(scan_id, uid) for scan_id in self._scans}
        self._merge_scans()
        for key in keys:
            self._volumes.pop(key, None)
            self._gate.pop(key, None)
        if self._active in keys:
            self.activate("")


def _merge(first: Study, second: Study, over: bool) -> Study:
    """One study of two scans; a series in both is taken from the second, while that still runs where it has more."""
    series: dict[str, Series] = {s.uid: s for s in first.series}
    for other in second.series:
        known = series.get(other.uid)
        if known is None or over or _files(other) >= _files(known):
            series[other.uid] = other
    return replace(first, series=tuple(series.values()))


def _files(series: Series) -> int:
    return sum(stack.files for stack in series.stacks)
