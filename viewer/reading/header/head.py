"""What is known of one DICOM file after its header was read: raw values by tag, and where the pixels lie."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from viewer.core.verdict import Caution
from viewer.reading.header import tags as t
from viewer.reading.header.text import decode_text

#: Length of a pixel element whose end is marked by a delimiter (encapsulated frames).
UNDEFINED = 0xFFFFFFFF

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """What headers of one make have in common.

    Attributes:
        varying: tags whose values differ between them; all others hold the same value in each.
        facts: what was derived from values that do not vary, by the name its owner gave it.
    """

    varying: frozenset[int]
    facts: dict[str, Any] = field(default_factory=dict)


class Values(Mapping[int, bytes]):
    """Values of one header over those it has in common with others, which are held only once."""

    __slots__ = ("_common", "_own")

    def __init__(self, own: dict[int, bytes], common: dict[int, bytes]) -> None:
        self._own, self._common = own, common

    def get(self, tag: int, default: Any = None) -> Any:
        """The value of a tag."""
        found = self._own.get(tag)
        return self._common.get(tag, default) if found is None else found

    def __contains__(self, tag: object) -> bool:
        return tag in self._own or tag in self._common

    def __getitem__(self, tag: int) -> bytes:
        found = self._own.get(tag)
        return self._common[tag] if found is None else found

    def __iter__(self) -> Iterator[int]:
        yield from self._own
        yield from self._common

    def __len__(self) -> int:
        return len(self._own) + len(self._common)


@dataclass(slots=True)
class Head:
    """One file's header.

    Attributes:
        raw: tag -> value bytes, little endian, undecoded, only `tags.WANTED`.
        syntax: transfer syntax UID the data is really written in; see `declared`.
        pixel_tag: 0 where there is no pixel element; `pixel_offset` its first value byte;
            `pixel_length` as written, `UNDEFINED` for encapsulated frames.
        notes: what the reader had to put up with (no file meta, bad values ...).
        fast: read by the strict parser.
        common: what it shares with others of its scan, where that is known.
    """

    path: str
    size: int
    raw: Mapping[int, bytes]
    syntax: str = ""
    pixel_tag: int = 0
    pixel_offset: int = 0
    pixel_length: int = 0
    notes: tuple[Caution, ...] = field(default=())
    fast: bool = True
    common: Common | None = field(default=None, repr=False, compare=False)

    def same(self, tags: frozenset[int]) -> Common | None:
        """What it shares with others, where they agree in these tags; else None."""
        common = self.common
        return common if common is not None and common.varying.isdisjoint(tags) else None

    @property
    def declared(self) -> str:
        """Transfer syntax UID as the file names it; "" where it names none."""
        return self.text(t.TRANSFER_SYNTAX)

    def text(self, tag: int) -> str:
        """Value as ASCII text without padding (UIDs, codes, dates); "" where absent."""
        value = self.raw.get(tag)
        return value.decode("latin-1").strip("\0 ") if value else ""

    def decoded(self, tag: int) -> str:
        """Value as text in the file's own character set."""
        value = self.raw.get(tag)
        if not value:
            return ""
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii").strip("\0 ")
        return decode_text(value, self.text(t.CHARSET).split("\\")).strip()

    def floats(self, tag: int) -> tuple[float, ...]:
        """All numbers of a DS value; () where absent or not all numbers."""
        value = self.raw.get(tag)
        return numbers_of(value) if value else ()

    def number(self, tag: int) -> float | None:
        """First number of a DS value, None where absent."""
        numbers = self.floats(tag)
        return numbers[0] if numbers else None

    def integer(self, tag: int) -> int | None:
        """An IS value, None where absent or not a whole number."""
        value = self.raw.get(tag)
        try:
            return int(value.split(b"\\")[0].rstrip(b"\0 ")) if value else None
        except ValueError:
            return None

    def short(self, tag: int, default: int = 0) -> int:
        """An unsigned 16-bit value."""
        value = self.raw.get(tag)
        return int.from_bytes(value[:2], "little") if value and len(value) >= 2 else default

    @property
    def frames(self) -> int:
        """Number of Frames, 1 where absent or unreadable."""
        count = self.integer(t.FRAMES)
        return count if count is not None and count > 0 else 1


@lru_cache(maxsize=4096)
def numbers_of(value: bytes) -> tuple[float, ...]:
    """Numbers of a DS value; () where it is empty or not all numbers. Slices share most values: they are kept."""
    if not value:
        return ()
    try:
        numbers = tuple(map(float, value.rstrip(b"\0 ").split(b"\\")))
    except ValueError:
        return ()
    return numbers if all(map(math.isfinite, numbers)) else ()


@lru_cache(maxsize=1024)
def text_of(value: bytes) -> str:
    """ASCII text without padding; for values that many files share."""
    return value.decode("latin-1").strip("\0 ")
