"""How much a file may claim before it is believed."""

from __future__ import annotations

import os

from viewer.core.errors import ReadError

#: Share of the machine's memory one volume may take.
MEMORY_SHARE = 0.6
#: A compressed frame over `BIG_FRAME` bytes may be this many times larger than its code stream.
MOST_COMPRESSION = 2000
BIG_FRAME = 32 << 20
#: Slices of one file over all its volumes.
MOST_SLICES = 500_000


def memory_bytes() -> int:
    """Physical memory, 8 GiB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 << 30


def check_claim(claimed: int) -> None:
    """Refuse a volume that cannot fit in memory.

    Raises:
        ReadError: code too_large.
    """
    if claimed > MEMORY_SHARE * memory_bytes():
        raise ReadError(
            f"The picture would need {claimed / 1e9:.1f} GB, more than this machine can hold.",
            "Open fewer slices or a smaller copy.",
            "too_large",
        )


def check_slices(count: int) -> None:
    """Refuse a file that claims more slices than any real one.

    Raises:
        ReadError: code too_large.
    """
    if count > MOST_SLICES:
        raise ReadError(f"The file claims {count} slices, more than any real one.", "Ask for a new copy.", "too_large")


def check_compressed(frame_bytes: int, code_bytes: int) -> None:
    """Refuse a big frame that a tiny code stream claims to hold.

    Raises:
        ReadError: code too_large.
    """
    if frame_bytes > BIG_FRAME and frame_bytes > MOST_COMPRESSION * max(1, code_bytes):
        raise ReadError(
            f"The file claims a picture of {frame_bytes / 1e6:.0f} MB in {code_bytes / 1e3:.0f} kB: it is damaged.",
            "Ask for a new copy.",
            "too_large",
        )


def decoding_memory(frame_bytes: int) -> int:
    """Bytes that decoding a frame may take: twice what the hungriest decoder at hand (JPEG 2000) was seen to take."""
    return (192 << 20) + 12 * frame_bytes


def decoding_seconds(frame_bytes: int) -> float:
    """Processor time that decoding a frame may take: an eighth of the speed of the slowest decoder at hand."""
    return 3.0 + frame_bytes / 2e6
