"""What turns stored values into real and shown ones: modality LUT, windows, VOI LUT.

Sources: PS3.3 C.11.1 (Modality LUT), C.11.2 (VOI LUT).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from viewer.core.volume import ModalityLut, VoiLut, VoiWindow
from viewer.reading.header.lenient import PYDICOM_FAULTS

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
    table = _table(item, dataset, signed=_signed(dataset)) if item is not None else None
    return None if table is None else ModalityLut(table[0], table[1].astype(np.float32))


def voi_lut(dataset: Any) -> VoiLut | None:
    """The first VOI LUT; None where there is none."""
    item = _first(dataset, "VOILUTSequence")
    table = _table(item, dataset, signed=_goes_below_zero(dataset)) if item is not None else None
    if item is None or table is None:
        return None
    bits = int(item.LUTDescriptor[2])
    top = max((1 << bits) - 1, int(table[1].max())) if bits <= 16 else 65535
    return VoiLut(table[0], table[1].astype(np.uint16), top, str(item.get("LUTExplanation", "") or ""))


def presentation_lut(dataset: Any) -> VoiLut | None:
    """The table of a Presentation LUT Sequence, from greys after the window to P-values (PS3.3 C.11.6)."""
    item = _first(dataset, "PresentationLUTSequence")
    table = _table(item, dataset, signed=False) if item is not None else None
    if item is None or table is None:
        return None
    return VoiLut(0, table[1].astype(np.uint16), max((1 << min(int(item.LUTDescriptor[2]), 16)) - 1, 1))


def _first(dataset: Any, keyword: str) -> Any:
    sequence = dataset.get(keyword)
    return sequence[0] if sequence else None


def _signed(dataset: Any) -> bool | None:
    """True where stored values may be negative; None where the object has none (a presentation state)."""
    stored = dataset.get("PixelRepresentation")
    return None if stored is None else stored == 1


def _goes_below_zero(dataset: Any) -> bool | None:
    """True where the values that a VOI LUT takes may be negative (PS3.3 C.11.2.1.1); a table gives none such."""
    if dataset.get("ModalityLUTSequence"):
        return False
    return True if float(dataset.get("RescaleIntercept") or 0) < 0 else _signed(dataset)


def _table(item: Any, dataset: Any, *, signed: bool | None) -> tuple[int, np.ndarray[Any, np.dtype[np.int64]]] | None:
    """(first mapped value, entries); 0 entries in the descriptor mean 65536.

    The sign of the first value goes by the values that come in, where they are known: its own type is US or SS,
    in implicit files a guess.
    """
    try:
        descriptor = [int(x) for x in item.LUTDescriptor]
        data = item.LUTData
        entries = descriptor[0] or 65536
        if isinstance(data, bytes):
            order = "<" if getattr(dataset, "original_encoding", (None, True))[1] is not False else ">"
            kind = "u1" if len(data) <= entries + 1 else f"{order}u2"
            values = np.frombuffer(data[: len(data) // np.dtype(kind).itemsize * np.dtype(kind).itemsize], kind)
        else:
            values = np.atleast_1d(np.asarray(data))
        values = values[:entries].astype(np.int64) & 0xFFFF
        first = descriptor[1] if signed is None else descriptor[1] & 0xFFFF
        first -= 1 << 16 if signed and first >= 1 << 15 else 0
    except PYDICOM_FAULTS:
        return None
    return (first, values) if len(values) else None
