"""What turns stored values into real and shown ones: modality LUT, windows, VOI LUT.

Sources: PS3.3 C.11.1 (Modality LUT), C.11.2 (VOI LUT).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from viewer.core.volume import ModalityLut, VoiLut, VoiWindow
from viewer.reading.lenient import PYDICOM_FAULTS

_FUNCTIONS = frozenset({"LINEAR", "LINEAR_EXACT", "SIGMOID"})


def windows_of(header: dict[str, str]) -> tuple[VoiWindow, ...]:
    """The file's own windows from `Stack.header`."""
    centers, widths = (_numbers(header.get(k, "")) for k in ("WindowCenter", "WindowWidth"))
    words = header.get("WindowCenterWidthExplanation", "").split("\\")
    function = header.get("VOILUTFunction", "LINEAR")
    function = function if function in _FUNCTIONS else "LINEAR"
    lowest = 0.0 if function == "LINEAR_EXACT" else 1.0
    found = []
    for n, (center, width) in enumerate(zip(centers, widths, strict=False)):
        usable = width > 0 if function != "LINEAR" else width >= lowest
        if usable and math.isfinite(center) and math.isfinite(width):
            found.append(VoiWindow(center, width, words[n].strip() if n < len(words) else "", function))
    return tuple(found)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split("\\")] if text else []
    except ValueError:
        return []


def modality_lut(dataset: Any) -> ModalityLut | None:
    """The first Modality LUT; None where there is none that can be used."""
    item = _first(dataset, "ModalityLUTSequence")
    table = _table(item) if item is not None else None
    return None if table is None else ModalityLut(table[0], table[1].astype(np.float32))


def voi_lut(dataset: Any) -> VoiLut | None:
    """The first VOI LUT, in the file's or the first frame's own group; None where there is none."""
    item = _first(dataset, "VOILUTSequence")
    table = _table(item) if item is not None else None
    if item is None or table is None:
        return None
    bits = int(item.LUTDescriptor[2])
    top = max((1 << bits) - 1, int(table[1].max())) if bits <= 16 else 65535
    return VoiLut(table[0], table[1].astype(np.uint16), top, str(item.get("LUTExplanation", "") or ""))


def _first(dataset: Any, keyword: str) -> Any:
    sequence = dataset.get(keyword)
    return sequence[0] if sequence else None


def _table(item: Any) -> tuple[int, np.ndarray[Any, np.dtype[np.int64]]] | None:
    """(first mapped value, entries); 0 entries in the descriptor mean 65536."""
    try:
        descriptor = [int(x) for x in item.LUTDescriptor]
        data = item.LUTData
        entries = descriptor[0] or 65536
        if isinstance(data, bytes):
            kind = "<u1" if len(data) <= entries + 1 else "<u2"
            values = np.frombuffer(data[: len(data) // np.dtype(kind).itemsize * np.dtype(kind).itemsize], kind)
        else:
            values = np.atleast_1d(np.asarray(data))
        values = values[:entries].astype(np.int64) & 0xFFFF
    except PYDICOM_FAULTS:
        return None
    return (descriptor[1], values) if len(values) else None
