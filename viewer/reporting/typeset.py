"""Paper to PDF (PDF/A-2a, tagged) by typst: the words go in as data and are never read as markup.

The template is `resources/report/report.typ`. Fonts come from known folders only (`fonts`), pictures
from a private folder that is gone afterwards; nothing is fetched. The same paper gives the same bytes.
"""

from __future__ import annotations

import json
import re
import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import typst
from PIL import Image

from viewer.core.errors import OutputError
from viewer.core.plain import to_plain
from viewer.core.resources import resources_dir
from viewer.reporting.fonts import fonts, packages_for
from viewer.reporting.paper import Paper
from viewer.words.language import words_in

#: ISO 19005-2 level A: an archive's PDF, tagged; with it a glyph that no font has is an error, not a box.
STANDARD: typst.PDFStandard = "a-2a"
#: Characters that turn the writing around (PS3.5 names need none): text must not read otherwise than it is.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Format characters that shape neighbours and need no glyph of their own.
_SHAPING = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f")
#: Letters by their category that nobody sees (Unicode: default ignorable).
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
#: Categories of control characters, surrogates, unassigned and private code points.
_UNSEEN = ("Cc", "Cs", "Cn", "Co")
_NO_GLYPH = re.compile(r"the text `\"(.*)\"` could not be displayed", re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
_ONE_LETTER = b'#set document(title: "x")\n#set text(font: "Inter")\n#sys.inputs.data'
#: So many times a character that only fails beside its neighbours is put out of the way.
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Printed:
    """A PDF and the characters no font here can draw, which stand as their numbers on it."""

    pdf: bytes
    unprintable: frozenset[str] = frozenset()


def typeset(paper: Paper, pictures: Mapping[str, npt.NDArray[np.uint8]]) -> Printed:
    """Set the pages.

    A character that no font here has is printed as its number, [U+0E2A], and the paper says so:
    no report is lost for the letters of a name.

    Args:
        paper: the words.
        pictures: file name -> uint8 RGB [rows, columns, 3] of the paper's pictures.

    Raises:
        OutputError: no font has the letters of the report's own language.
    """
    source = (resources_dir() / "report" / "report.typ").read_bytes()
    with tempfile.TemporaryDirectory(prefix="secondread-report-") as folder:
        root = Path(folder)
        for name, pixels in pictures.items():
            Image.fromarray(pixels).save(root / name, format="PNG")
        missing: frozenset[str] = frozenset()
        for _ in range(_ATTEMPTS):
            try:
                return Printed(_compiled(source, _data(paper, missing), root, paper.created), missing)
            except typst.TypstError as error:
                found = _undrawn(error) - missing
                if not found:
                    raise
                missing = missing | found | (_unprintable(paper) if not missing else frozenset())
    raise OutputError("Some characters of the report cannot be printed.", "Write them in other letters.", "no_font")


def printable(text: str, unprintable: frozenset[str]) -> str:
    """Text as it stands on paper: marks that turn the writing left out, unprintable characters as numbers."""
    said: list[str] = []
    numbers: list[str] = []
    for letter in text:
        if letter in _TURNING:
            continue
        if letter in unprintable or _is_hidden(letter):
            numbers.append(f"U+{ord(letter):04X}")
            continue
        if numbers:
            said.append(f"[{' '.join(numbers)}]")
            numbers = []
        said.append(letter)
    return "".join(said) + (f"[{' '.join(numbers)}]" if numbers else "")


def _is_hidden(letter: str) -> bool:
    """True for what nobody would see: controls, blanks that count as letters, code points without a meaning."""
    if letter in _BLANK:
        return True
    kind = unicodedata.category(letter)
    return kind in _UNSEEN and letter not in "\n\t" or kind == "Cf" and letter > "\u2000" and letter not in _SHAPING


def _data(paper: Paper, missing: frozenset[str]) -> str:
    """The paper as JSON; unprintable characters as numbers, and a line that says which and what helps."""
    if missing:
        _check_own_words(paper, missing)
        numbers = ", ".join(f"U+{ord(letter):04X}" for letter in sorted(missing))
        caution = words_in(paper.language)("head", "no_glyph", numbers=numbers, package=packages_for(missing))
        paper = replace(paper, cautions=(*paper.cautions, caution))
    return json.dumps(_mapped(to_plain(paper), lambda text: printable(text, missing)))


def _check_own_words(paper: Paper, missing: frozenset[str]) -> None:
    if any(missing & set(text) for text in paper.words.values()):
        raise OutputError(
            "No font on this computer has the characters of this report's language.",
            f"Install a font that has them (Debian and Ubuntu: {packages_for(missing)}), then write the report again.",
            "no_font",
        )


def _compiled(source: bytes, data: str, root: Path, created: str) -> bytes:
    """One document.

    Raises:
        typst.TypstError: it could not be set.
    """
    compiler = typst.Compiler(
        source,
        root=root,
        font_paths=fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": data},
        package_path=root,
        package_cache_path=root,
    )
    made = compiler.compile(format="pdf", pdf_standards=[STANDARD], timestamp=_moment(created))
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """JSON data with every text changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    return [_mapped(item, change) for item in value] if isinstance(value, list) else value


def _moment(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _undrawn(error: typst.TypstError) -> frozenset[str]:
    """The characters an error names, none where it speaks of something else."""
    named = _NO_GLYPH.search(error.message)
    if named is None:
        return frozenset()
    text = _ESCAPED.sub(lambda code: chr(int(code.group(1), 16)), named.group(1))
    return frozenset(text) - _SHAPING


def _unprintable(paper: Paper) -> frozenset[str]:
    """Every character of the paper that no font has, each tried alone."""
    unusual = {letter for letter in json.dumps(to_plain(paper), ensure_ascii=False) if not letter.isascii()} - _SHAPING
    return frozenset(letter for letter in unusual if not _can_draw(letter))


def _can_draw(letter: str) -> bool:
    """True when some font has a character."""
    try:
        compiler = typst.Compiler(
            _ONE_LETTER, font_paths=fonts(), ignore_system_fonts=True, sys_inputs={"data": letter}
        )
        compiler.compile(format="pdf", pdf_standards=[STANDARD])
    except typst.TypstError as error:
        return not _undrawn(error)
    return True
