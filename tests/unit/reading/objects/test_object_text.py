"""Text in every character set, with the examples of PS3.5 annexes H, I, J and K."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.reading.header.text import codec_of, decode_text

EXAMPLES = [
    # H.3.1: kanji and hiragana by ISO 2022 IR 87
    (
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        ("", "ISO 2022 IR 87"),
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    # H.3.2: half-width katakana first
    (
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        ("ISO 2022 IR 13", "ISO 2022 IR 87"),
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    # I.2: hangul by ISO 2022 IR 149
    (
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        ("", "ISO 2022 IR 149"),
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    # J.1 and J.2: UTF-8 and GB18030
    ("Wang^XiaoDong=王^小東=".encode(), ("ISO_IR 192",), "Wang^XiaoDong=王^小東="),
    ("Wang^XiaoDong=王^小东=".encode("gb18030"), ("GB18030",), "Wang^XiaoDong=王^小东="),
    # K.2: simplified Chinese by ISO 2022 IR 58
    (
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        ("", "ISO 2022 IR 58"),
        "Zhang^XiaoDong=张^小东=",
    ),
    # katakana stays in G1 after ASCII is called back
    (b'\x1b$B$"\x1b(Ba\xb1\x1b$B%"', ("ISO 2022 IR 13", "ISO 2022 IR 87"), "あaｱア"),
    (b"\x1b(BM\xfcller", ("ISO 2022 IR 100",), "Müller"),
    (b"\x1b$)C\xb1\xe8\xc8\xf1\xc1\xdf", ("ISO 2022 IR 6", "ISO 2022 IR 149"), "김희중"),
    ("Διονυσιος".encode("iso8859_7"), ("ISO_IR 126",), "Διονυσιος"),
    ("Люксембург".encode("iso8859_5"), ("ISO_IR 144",), "Люксембург"),
    ("Škvorecký^Ž".encode("iso8859_2"), ("ISO_IR 101",), "Škvorecký^Ž"),
    ("Œuvre€".encode("iso8859_15"), ("ISO_IR 203",), "Œuvre€"),
]


@pytest.mark.parametrize(("raw", "charsets", "text"), EXAMPLES)
def test_examples_of_the_standard(raw: bytes, charsets: tuple[str, ...], text: str) -> None:
    assert decode_text(raw, charsets) == text


@pytest.mark.parametrize("word", ["出^春", "説明=圧", "表\\能"])
def test_multi_byte_characters_that_hold_delimiter_bytes(word: str) -> None:
    parts = word.replace("\\", "^").replace("=", "^").split("^")
    raw = b"^".join(part.encode("iso2022_jp") for part in parts)
    assert decode_text(raw, ("", "ISO 2022 IR 87")) == "^".join(parts)
    gbk = "^".join(parts).encode("gb18030")
    assert decode_text(gbk, ("GB18030",)) == "^".join(parts)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])))
def test_utf_8_survives(text: str) -> None:
    assert decode_text(text.encode(), ("ISO_IR 192",)) == text.rstrip(" \x00")


@pytest.mark.parametrize("number", ["100", "101", "109", "110", "126", "127", "138", "144", "148", "166"])
@given(raw=st.binary(max_size=30))
def test_single_byte_sets_survive(number: str, raw: bytes) -> None:
    codec = codec_of(f"ISO_IR {number}")
    assert codec is not None
    text = raw.replace(b"\x1b", b"").decode(codec, "ignore")
    assert decode_text(text.encode(codec), (f"ISO_IR {number}",)) == text.rstrip(" \x00")


@given(st.binary(), st.lists(st.text(max_size=20), max_size=3))
def test_nothing_makes_it_fail(raw: bytes, charsets: list[str]) -> None:
    assert isinstance(decode_text(raw, charsets), str)


@pytest.mark.parametrize("written", ["ISO_IR 192", "ISO-IR 192", "ISO IR 192", "iso_ir 192", "UTF-8", "ISO_IR_192"])
def test_misspelled_sets_are_known(written: str) -> None:
    assert codec_of(written) in {"utf_8", "utf-8"}


def test_undeclared_bytes_are_utf_8_where_they_fit_else_latin_1() -> None:
    assert decode_text("Müller".encode()) == "Müller"
    assert decode_text("Müller".encode("latin-1")) == "Müller"


def test_bytes_outside_the_declared_set_are_marked() -> None:
    assert decode_text(b"A\xff", ("ISO_IR 192",)) == "A\ufffd"
