"""What the headers of a scan have in common, so that only their differences are parsed.

Slices hold the same elements in the same order, and most values repeat. A pattern keeps the bytes
that stood in every header of its make, cut where values vary. A file that shows the same bytes
around values of its own holds the same elements: nothing is assumed of bytes that were not compared.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewer.reading.header.elements import DELIMITER, note_pixels, sequence_end, value_of
from viewer.reading.header.head import IMPLICIT, UNDEFINED, Common, Head, Values
from viewer.reading.header.tags import PRESENCE, TRANSFER_SYNTAX, WANTED

#: Learning stops here: a folder whose files share nothing costs little more than plain parsing.
_MOST_LESSONS = 48
#: Patterns tried on a file before it is parsed element by element.
_MOST_PATTERNS = 6
#: The DICOM mark: headers are compared from here.
_MARK_AT = 128


@dataclass(frozen=True, slots=True)
class Element:
    """Where an element stands in a header: its first byte, its value, what follows it.

    Attributes:
        width: bytes of its length field, which ends where its value begins.
    """

    tag: int
    start: int
    value: int
    stop: int
    width: int


class Pattern:
    """Headers of one make: the bytes that all share, and the elements that vary.

    Attributes:
        key: transfer syntax, and tag and value representation of each element.
    """

    def __init__(self, key: bytes, head: Head, data: bytes, elements: list[Element], varying: frozenset[int]) -> None:
        self.key = key
        self._data, self._elements, self._varying = data, elements, varying
        self._syntax, self._pixel_tag = head.syntax, head.pixel_tag
        self._values = {tag: value for tag, value in head.raw.items() if tag not in varying}
        self._common = Common(varying)
        self._steps: list[tuple[bytes, int, int, _Odd | None]] = []
        begin = _MARK_AT
        for one in elements:
            if one.tag in varying:
                fixed = data[begin : one.value - one.width]
                self._steps.append((fixed, len(fixed), one.tag if one.tag in WANTED else 0, _odd(one, fixed)))
                begin = one.stop
        self._tail = data[begin : head.pixel_offset - 4]

    def read(self, data: bytes, path: str, size: int) -> Head | None:
        """The header of a file that shows the pattern; None where it does not.

        Raises:
            NeedMore: a sequence or value ends past `data`.
            Declined: a sequence or the pixel element is not as it should be.
        """
        own: dict[int, bytes] = {}
        position = _MARK_AT
        for fixed, length, tag, odd in self._steps:
            if not data.startswith(fixed, position):
                return None
            position += length
            if odd is not None:
                position = _odd_value(data, position, odd, tag, own)
                continue
            start = position + 2
            position = start + int.from_bytes(data[position:start], "little")
            if tag:
                own[tag] = data[start:position]
        start = position + len(self._tail) + 4
        if start > len(data) or not data.startswith(self._tail, position):
            return None
        head = Head(path, size, Values(own, self._values), self._syntax, common=self._common)
        note_pixels(head, self._pixel_tag, start, int.from_bytes(data[start - 4 : start], "little"))
        return head

    def taught(self, head: Head, data: bytes, elements: list[Element]) -> Pattern:
        """The pattern that fits one more header of its make."""
        pairs = zip(self._elements, elements, strict=True)
        fresh = {b.tag for a, b in pairs if self._data[a.start : a.stop] != data[b.start : b.stop]}
        return Pattern(self.key, head, data, elements, self._varying | fresh)


@dataclass(frozen=True, slots=True)
class _Odd:
    """How a value is kept that is no plain short one: bytes of its length, and whether that may be undefined."""

    width: int
    open_ended: bool


def _odd(one: Element, fixed: bytes) -> _Odd | None:
    if one.width == 2 and one.tag not in PRESENCE:
        return None
    sequence = one.value - one.start == 12 and fixed.endswith(b"SQ\0\0")
    return _Odd(one.width, sequence and (one.tag not in WANTED or one.tag in PRESENCE))


def _odd_value(data: bytes, position: int, odd: _Odd, tag: int, raw: dict[int, bytes]) -> int:
    """Keep the value; returns what follows it."""
    start = position + odd.width
    length = int.from_bytes(data[position:start], "little")
    stop = start + length
    if length == UNDEFINED and odd.open_ended:
        stop = sequence_end(data, start)
        length = stop - start - DELIMITER
    if tag:
        raw[tag] = value_of(tag, data, start, length)
    return stop


class Layout:
    """The patterns of a scan, the one that fitted last first.

    Attributes:
        reach: bytes that held the header read last.
    """

    def __init__(self) -> None:
        self.reach = 0
        self.patterns: list[Pattern] = []
        self._lessons = 0

    def next_folder(self) -> None:
        """Start anew where the last folder's files shared too little."""
        if self._lessons >= _MOST_LESSONS:
            self.patterns.clear()
        self._lessons = 0

    def read(self, data: bytes, path: str, size: int) -> Head | None:
        """The header of a file that shows a known pattern; None where it shows none.

        Raises:
            NeedMore, Declined: as the parser.
        """
        patterns = self.patterns
        for n, pattern in enumerate(patterns):
            head = pattern.read(data, path, size)
            if head is not None:
                if n:
                    patterns.insert(0, patterns.pop(n))
                return head
        return None

    def learn(self, data: bytes, elements: list[Element], head: Head) -> None:
        """Learn from a header that was parsed element by element and led to pixels."""
        if self._lessons >= _MOST_LESSONS or not elements or not _plain_pixels(data, elements[-1].stop, head):
            return
        self._lessons += 1
        kinds = [data[one.start : one.value - one.width] for one in elements]
        key = b"".join([head.raw[TRANSFER_SYNTAX], *kinds])
        known = next((pattern for pattern in self.patterns if pattern.key == key), None)
        if known is None:
            pattern = Pattern(key, head, data, elements, frozenset())
        else:
            self.patterns.remove(known)
            pattern = known.taught(head, data, elements)
        self.patterns = [pattern, *self.patterns[: _MOST_PATTERNS - 1]]


def _plain_pixels(data: bytes, start: int, head: Head) -> bool:
    """True where the pixel element's header is of the usual form: its length in the four bytes before the pixels."""
    return head.pixel_offset - start == (8 if head.syntax == IMPLICIT else 12) and head.pixel_offset <= len(data)
