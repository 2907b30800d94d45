"""Numbers as reports write them: digits, English words, Chinese numerals."""

from __future__ import annotations

import re

_ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
}  # fmt: skip
_HAN = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10}
_WIDE_ROMAN = dict(zip("ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ", range(1, 11), strict=True))

_ENGLISH = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(list(_ONES)[:9])}))?|"
    rf"{'|'.join(sorted(_ONES, key=len, reverse=True))})"
    r"(?: and a half| point (?:one|two|three|four|five|six|seven|eight|nine))?"
)
_CHINESE = r"[一二两三四五六七八九十百][零〇一二三四五六七八九十百]*(?:点[零一二三四五六七八九]+)?半?"
#: One number.
NUMBER = rf"(?:\d+(?:[.,]\d+)?|(?<![A-Za-z])half an?(?![A-Za-z])|(?<![A-Za-z]){_ENGLISH}(?![A-Za-z])|{_CHINESE})"
ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})"


def value(text: str) -> float | None:
    """What a number says; None where it is none."""
    plain = text.strip().casefold()
    if re.fullmatch(r"\d+(?:[.,]\d+)?", plain):
        return float(plain.replace(",", "."))
    if plain.startswith("half a"):
        return 0.5
    return _han(plain) if plain[:1] in "一二两三四五六七八九十百" else _english(plain)


def step(text: str) -> float:
    """One unit of the last place that was written ("8.2" -> 0.1)."""
    decimals = re.fullmatch(r"\d+[.,](\d+)", text.strip())
    if decimals:
        return 10.0 ** -len(decimals.group(1))
    return 0.5 if "half" in text.casefold() or "半" in text else 0.1 if "点" in text or "point" in text else 1.0


def _english(text: str) -> float | None:
    whole, _, part = text.partition(" point ")
    half = whole.endswith(" and a half")
    total = 0.0
    for word in re.split(r"[- ]", whole.removesuffix(" and a half")):
        if word not in _ONES and word not in _TENS:
            return None
        total += _ONES.get(word, 0) or _TENS.get(word, 0)
    return total + 0.5 * half + (_ONES[part] / 10 if part else 0)


def _han(text: str) -> float:
    half, text = text.endswith("半"), text.removesuffix("半")
    whole, _, part = text.partition("点")
    total, digit = 0, 0
    for letter in whole:
        if letter in "十百":
            total += (digit or 1) * (10 if letter == "十" else 100)
            digit = 0
        else:
            digit = _HAN[letter]
    decimals = "".join(str(_HAN[letter]) for letter in part)
    return total + digit + (float(f"0.{decimals}") if decimals else 0) + 0.5 * half


def ordinal(text: str) -> int:
    """ "7th" or "seventh" -> 7."""
    digits = re.match(r"\d+", text)
    return int(digits.group()) if digits else _ORDINALS[text.casefold()]


def counted(text: str) -> int | None:
    """A small whole number as a level or segment has it: digits, Roman, Chinese; None where it is none."""
    plain = text.strip()
    if plain.isascii() and plain.isdigit():
        return int(plain)
    if plain.upper() in _ROMAN:
        return _ROMAN[plain.upper()]
    if plain in _WIDE_ROMAN:
        return _WIDE_ROMAN[plain]
    number = value(plain) if plain and plain[0] in _HAN or plain.startswith("十") else None
    return None if number is None else int(number)
