"""Text of DICOM files in every character set (PS3.5 6.1, PS3.3 C.12.1.1.2).

Decodes whole values, so that bytes of multi-byte sets that look like the delimiters ^ = \\ are
not taken for them. No DICOM library is needed; an unknown set shows U+FFFD, never a guess.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

#: Defined terms (single byte sets with and without code extensions share a number).
_NUMBERED = {
    "6": "ascii",
    "13": "shift_jis",
    "58": "gb2312",
    "87": "iso2022_jp",
    "100": "latin_1",
    "101": "iso8859_2",
    "109": "iso8859_3",
    "110": "iso8859_4",
    "126": "iso8859_7",
    "127": "iso8859_6",
    "138": "iso8859_8",
    "144": "iso8859_5",
    "148": "iso8859_9",
    "149": "euc_kr",
    "159": "iso2022_jp_2",
    "166": "tis_620",
    "192": "utf_8",
    "203": "iso8859_15",
}

_MULTI_BYTE = {"GBK": "gbk", "ISO 2022 GBK": "gbk", "ISO 2022 58": "gb2312"}

#: Escape sequences (PS3.3 C.12-3 and C.12-4) -> codec of the bytes that follow.
_ESCAPES = {
    b"\x1b(B": "ascii",
    b"\x1b(J": "shift_jis",
    b"\x1b)I": "shift_jis",
    b"\x1b-A": "latin_1",
    b"\x1b-B": "iso8859_2",
    b"\x1b-C": "iso8859_3",
    b"\x1b-D": "iso8859_4",
    b"\x1b-F": "iso8859_7",
    b"\x1b-G": "iso8859_6",
    b"\x1b-H": "iso8859_8",
    b"\x1b-L": "iso8859_5",
    b"\x1b-M": "iso8859_9",
    b"\x1b-T": "tis_620",
    b"\x1b-b": "iso8859_15",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$@": "iso2022_jp",
    b"\x1b$(D": "iso2022_jp_2",
    b"\x1b$)A": "gb2312",
    b"\x1b$)C": "euc_kr",
}
#: Sets that occupy G0: no delimiter can stand among their bytes, and the codec wants the escape.
_IN_G0 = frozenset({b"\x1b$B", b"\x1b$@", b"\x1b$(D"})

_ESCAPE = re.compile(b"(\x1b(?:\\$[()]?|[()-])[@-~])")
_TERM = re.compile(r"ISO[ _-]?(?:2022[ _-]?)?IR[ _-]?(\d+)")
#: Names that are no DICOM terms but stand in files: Python's own names of plain text codecs.
_ALIEN = re.compile(
    r"(?:US-)?ASCII|UTF[-_]?8|GB(?:2312|18030)|BIG5|SHIFT[-_]?JIS|EUC[-_](?:KR|JP)|KOI8[-_][RU]"
    r"|(?:WINDOWS|CP|ISO)[-_]?8859[-_]\d{1,2}|(?:WINDOWS[-_]?|CP)\d{3,4}|LATIN[-_]?\d{1,2}"
)
#: Characters after which a value starts again in its first set (PS3.5 6.1.2.5.3).
_RESET = re.compile(b"([\\^=\\\\\r\n\f\t]+)")


def codec_of(term: str) -> str | None:
    """Python codec of one value of Specific Character Set; None when unknown.

    Also takes the misspellings that real files hold ("ISO-IR 192", "UTF-8").
    """
    name = term.strip().upper()
    if not name:
        return "ascii"
    match = _TERM.fullmatch(name)
    if match:
        return _NUMBERED.get(match.group(1))
    if name in _MULTI_BYTE:
        return _MULTI_BYTE[name]
    if not _ALIEN.fullmatch(name):
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def decode_text(raw: bytes, charsets: Sequence[str] = ()) -> str:
    """Decode a text value (LO, LT, PN, SH, ST, UC, UT).

    Args:
        raw: the value as in the file, padding included.
        charsets: values of Specific Character Set (0008,0005); empty = none given.

    Returns:
        The text without padding; bytes that fit no declared set become U+FFFD. Where no set is
        declared, non-ASCII bytes are read as UTF-8 if they are valid UTF-8, else as Latin-1.
    """
    raw = raw.rstrip(b" \x00")
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    terms = [term for term in charsets if term is not None]
    if not any(term.strip() for term in terms) and b"\x1b" not in raw:
        return _undeclared(raw)
    first = codec_of(terms[0]) if terms else "ascii"
    base = _only_set(terms) if first == "ascii" else first
    return _decode_extended(raw, base or "ascii")


def _only_set(terms: Sequence[str]) -> str:
    """The single-byte set that follows an empty first value and is used without an escape."""
    others = [codec_of(term) for term in terms[1:]]
    known = [name for name in others if name and name not in {"iso2022_jp", "iso2022_jp_2", "euc_kr", "gb2312"}]
    return known[0] if len(known) == 1 and len(others) == 1 else "ascii"


def _undeclared(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin_1")


def _decode_extended(raw: bytes, base: str) -> str:
    """Decode with code extensions: pieces between escape sequences, each in its own set."""
    pieces = _ESCAPE.split(raw)
    text = [pieces[0].decode(base, "replace")]
    for escape, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        # ASCII is called back into G0; what the first set has in G1 stays there.
        name = base if escape == b"\x1b(B" else _ESCAPES.get(escape, base)
        if escape in _IN_G0:
            text.append((escape + piece).decode(name, "replace"))
        else:
            text.append(_until_reset(piece, name, base))
    return "".join(text)


def _until_reset(piece: bytes, name: str, base: str) -> str:
    parts = _RESET.split(piece, maxsplit=1)
    text = parts[0].decode(name, "replace")
    if len(parts) == 3:
        text += parts[1].decode("ascii") + parts[2].decode(base, "replace")
    return text
