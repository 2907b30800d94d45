"""The pictures of a result folder where they lie now: renamed, or unpacked anew from an archive."""

from __future__ import annotations

from dataclasses import replace

from viewer.jobs.checking.check import Outcome
from viewer.jobs.result_folder import Loaded


def where_it_lies(loaded: Loaded, outcome: Outcome) -> Loaded:
    """The folder with its stack's files as the check found them; unchanged where some are not at hand."""
    if outcome.found is None or outcome.not_at_hand:
        return loaded
    return replace(loaded, stack=outcome.found.stack)
