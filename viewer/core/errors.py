"""What can go wrong, in words a reader understands: what happened, what to do."""

from __future__ import annotations


class ViewerError(Exception):
    """Base of every error that reaches a person.

    Args:
        what: what happened, one or two plain sentences without patient data.
        todo: what to do next; may be empty when nothing helps.
        code: a stable machine word, as `refused[].code` in `info --json`.
    """

    code = "error"

    def __init__(self, what: str, todo: str = "", code: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo
        if code is not None:
            self.code = code

    @property
    def text(self) -> str:
        """What happened and what to do, as one line."""
        return f"{self.what} {self.todo}".strip()

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.what, self.todo, self.code))


class ReadError(ViewerError):
    """A file could not be opened; `code` says why (not_dicom, truncated, corrupt, ...)."""

    code = "corrupt"


class GeometryError(ViewerError):
    """A position, spacing or orientation is missing or contradicts itself."""

    code = "geometry"


class PackError(ViewerError):
    """A model pack is missing, damaged or not allowed to run."""

    code = "pack"


class AnalysisError(ViewerError):
    """An analysis stopped: the worker died, ran out of memory or gave no result."""

    code = "failed"


class OutputError(ViewerError):
    """A result could not be written: full disk, read-only folder, failed read-back."""

    code = "output"


class UsageError(ViewerError):
    """The request itself makes no sense (unknown pack, box outside the volume ...)."""

    code = "usage"


class SettingsError(ViewerError):
    """The settings file holds something the program cannot use."""

    code = "settings"


class InputError(ViewerError):
    """What was given cannot be: a short axis over the long one, a negative size, a word nobody knows."""

    code = "input"
