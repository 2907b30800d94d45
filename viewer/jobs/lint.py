"""Reads reports against their findings and facts: a file of cases, one line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from viewer.core.errors import InputError, ReadError
from viewer.reporting import lint as linting
from viewer.reporting.lint.case import read

#: A report with its context is some 10 KB of text.
_MAX_LINE = 2**20


def lint_file(path: Path) -> Iterator[dict[str, Any]]:
    """The issues of every case of a file, in its order.

    Raises:
        ReadError: the file is not there, or a line is not JSON; the line is named.
        InputError: a line is no case; the line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"'{path.name}' cannot be read.", "Look whether it is there, in UTF-8.", "missing") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _lint_line(line, number)


def _lint_line(line: str, number: int) -> dict[str, Any]:
    try:
        if len(line) > _MAX_LINE:
            raise ReadError(f"Line {number} is too long for a report.", "Give one report a line.")
        return lint(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise ReadError(f"Line {number} is not JSON.", "Correct it.") from error
    except InputError as error:
        raise InputError(f"Line {number}: {error.what}", error.todo) from error


def lint(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The issues of one case as JSON has them.

    Raises:
        InputError: it is no case.
    """
    case = read(raw)
    issues = [{"code": one.code.value, "section": one.section, "quote": one.quote} for one in linting.lint(case)]
    return {"id": case.id, "issues": issues}
