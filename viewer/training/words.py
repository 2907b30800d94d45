"""Figures and case names as cards write them."""

from __future__ import annotations

import re

from viewer.core.pack import Figures


def with_interval(block: Figures, key: str, interval: str = "") -> str:
    """ "0.912 (0.871 to 0.943)": a figure and its interval, where the block holds them; "unknown"."""
    low, high = block.get(interval or f"{key}_ci", (None, None))
    value = block.get(key)
    if value is None:
        return "unknown"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def short_name(case: str) -> str:
    """A case's number: its file name without folders and ending."""
    name = case.rsplit("/", 1)[-1]
    return re.sub(r"\.(jpe?g|png|dcm|nii|nii\.gz)\b", "", name)
