"""Pictures and stored results that are still what was opened, asked before anything of them is written out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from viewer.core.errors import OutputError
from viewer.core.study import Stack, Study
from viewer.core.volume import Volume

#: Of a file: device, number, size, time of its content and of its entry (ns); None where it is gone.
_Stamp = tuple[int, int, int, int, int] | None


class Unchanged:
    """Remembers files as they were looked at; only where one has another stamp is it read and compared again."""

    def __init__(self) -> None:
        self._pictures: dict[str, tuple[Volume, dict[Path, _Stamp]]] = {}
        self._stored: dict[Path, dict[Path, _Stamp]] = {}

    def note(self, stack: Stack, volume: Volume) -> None:
        """These pictures were just read."""
        known = self._pictures.get(stack.key)
        if known is None or known[0] is not volume:
            self._pictures[stack.key] = volume, _stamps(one.path for one in stack.instances)

    def check(self, study: Study, stack: Stack, volume: Volume, stored: Iterable[Path]) -> None:
        """Refuse to write out what is no longer what was opened.

        Args:
            stored: folders that keep the results on show.

        Raises:
            OutputError: a picture or a stored result was changed, it is named.
        """
        from viewer.jobs import admission
        from viewer.jobs.sealing.seal import SealState

        now = _stamps(one.path for one in stack.instances)
        if self._pictures.get(stack.key) != (volume, now):
            admission.admit_pictures(study, stack, volume, "Nothing was written")
            self._pictures[stack.key] = volume, now
        for folder in stored:
            there = _stamps(folder.iterdir()) if folder.is_dir() else {}
            if self._stored.get(folder) == there:
                continue
            seal = admission.state_of(folder)
            if seal.state is SealState.CHANGED:
                files = ", ".join(dict.fromkeys(one.file for one in seal.alterations))
                raise OutputError(
                    f"This stored result was changed by other hands: {files}.",
                    "Nothing was written. Analyse again.",
                    "changed",
                )
            self._stored[folder] = there


def _stamps(paths: Iterable[Path]) -> dict[Path, _Stamp]:
    return {path: _stamp(path) for path in sorted(set(paths))}


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
