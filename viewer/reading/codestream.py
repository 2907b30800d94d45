"""Size that a compressed stream claims for itself, read without decoding.

Sources: ISO/IEC 10918-1 B.2.2 (JPEG frame header), 14495-1 C.2.2 (JPEG-LS), 15444-1 A.5.1 (JPEG 2000 SIZ).
"""

from __future__ import annotations

#: Start-of-frame markers: SOF0-15 without DHT, JPG and DAC; 0xF7 is JPEG-LS.
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_ALONE = frozenset(range(0xD0, 0xD9)) | {0x01}


def claimed_size(data: bytes) -> tuple[int, int] | None:
    """(rows, columns) of a JPEG, JPEG-LS or JPEG 2000 stream; None where it is something else."""
    if data[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    if data[:4] == b"\xff\x4f\xff\x51":
        return _siz(data, 4)
    if data[4:8] == b"jP  ":
        start = data.find(b"\xff\x4f\xff\x51")
        return _siz(data, start + 4) if start >= 0 else None
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 <= len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker in _ALONE:
            position += 2
        elif marker in _SOF:
            rows = int.from_bytes(data[position + 5 : position + 7], "big")
            return rows, int.from_bytes(data[position + 7 : position + 9], "big")
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None


def _siz(data: bytes, position: int) -> tuple[int, int] | None:
    """Image area = reference grid size minus offset."""
    if position + 36 > len(data):
        return None
    width, height, left, top = (int.from_bytes(data[position + 4 + n : position + 8 + n], "big") for n in (0, 4, 8, 12))
    return height - top, width - left
