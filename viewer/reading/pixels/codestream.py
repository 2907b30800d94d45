"""Size that a compressed stream claims for itself, read without decoding.

Sources: ISO/IEC 10918-1 B.2.2 (JPEG frame header), 14495-1 C.2.2 (JPEG-LS), 15444-1 A.5.1 (JPEG 2000 SIZ),
18181-1 D.2 (JPEG XL SizeHeader) and 18181-2 (its container).
"""

from __future__ import annotations

#: Start-of-frame markers: SOF0-15 without DHT, JPG and DAC; 0xF7 is JPEG-LS.
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_JXL = b"\xff\x0a"
#: Width as a share of the height, by the ratio field of a JPEG XL size (0: written out).
_RATIOS = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_WIDTHS = (9, 13, 18, 30)
_ALONE = frozenset(range(0xD0, 0xD9)) | {0x01}


def claimed_size(data: bytes) -> tuple[int, int] | None:
    """(rows, columns) of a JPEG, JPEG-LS, JPEG 2000 or JPEG XL stream; None where it is something else."""
    if data[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    if data[:4] == b"\xff\x4f\xff\x51":
        return _siz(data, 4)
    if data[4:8] == b"jP  ":
        start = data.find(b"\xff\x4f\xff\x51")
        return _siz(data, start + 4) if start >= 0 else None
    if data[:2] == _JXL:
        return _jxl_size(data[2:])
    if data[4:8] == b"JXL ":
        start = data.find(_JXL, 12, 4096)
        return _jxl_size(data[start + 2 :]) if start >= 0 else None
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


def mixes_components(data: bytes) -> bool:
    """True where a JPEG 2000 stream says that a decoder turns its components into RGB (COD, 15444-1 A.6.1)."""
    start = data.find(b"\xff\x4f\xff\x51", 0, 4096)
    position = start + 2
    while start >= 0 and position + 9 <= len(data):
        marker, length = data[position : position + 2], int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == b"\xff\x52":
            return data[position + 8] == 1
        if marker == b"\xff\x90" or length < 2:
            break
        position += 2 + length
    return False


def _jxl_size(data: bytes) -> tuple[int, int] | None:
    """SizeHeader: bits from the lowest up; sizes in eighths, or of 9, 13, 18 or 30 bits."""
    if len(data) < 10:
        return None
    bits = _Bits(int.from_bytes(data[:10], "little"))
    small = bits.take(1) == 1
    rows = bits.size(small)
    ratio = bits.take(3)
    if ratio == 0:
        return rows, bits.size(small)
    across, down = _RATIOS[ratio]
    return rows, rows * across // down


class _Bits:
    """Takes bits from the lowest up."""

    def __init__(self, value: int) -> None:
        self._value = value

    def take(self, count: int) -> int:
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        return taken

    def size(self, small: bool) -> int:
        if small:
            return (self.take(5) + 1) * 8
        return self.take(_WIDTHS[self.take(2)]) + 1
