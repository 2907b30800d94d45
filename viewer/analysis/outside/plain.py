"""Plain JSON of files from outside: bounded, and asked for by type, with the place told where it is not so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from viewer.core.errors import PackError

Raw = dict[str, Any]

#: plans.json of large studies reach some MB (bytes).
_MAX_BYTES = 32 * 2**20
_TODO = "Ask for a properly exported model."


def refused(what: str, todo: str = _TODO) -> PackError:
    """A model that cannot be taken, and why."""
    return PackError(f"The model cannot be installed: {what}.", todo, "outside")


def read_json(path: Path) -> Raw:
    """A JSON object of a model's folder.

    Raises:
        PackError: missing, too large, or no JSON object.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise refused(f"{path.name} is larger than such a file can be")
        made = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise refused(f"{path.name} is missing or cannot be read") from error
    except (ValueError, RecursionError) as error:
        raise refused(f"{path.name} is no readable JSON") from error
    if not isinstance(made, dict):
        raise refused(f"{path.name} does not hold an object")
    return made


def number(value: Any, place: str) -> float:
    """A finite number.

    Raises:
        PackError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e30:
        raise refused(f"'{place}' is no number")
    return float(value)


def whole(value: Any, place: str, most: int = 65535) -> int:
    """A whole number from 0 to `most`.

    Raises:
        PackError: it is none.
    """
    made = number(value, place)
    if made != int(made) or not 0 <= made <= most:
        raise refused(f"'{place}' is {made:g}, and must be a whole number from 0 to {most}")
    return int(made)


def text(value: Any, place: str) -> str:
    """Some text of at most 200 letters.

    Raises:
        PackError: it is none.
    """
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
        raise refused(f"'{place}' is no short text")
    return value.strip()


def some(value: Any, place: str, most: int = 4096) -> list[Any]:
    """A list.

    Raises:
        PackError: it is none, or holds more than a model can.
    """
    if not isinstance(value, list | tuple) or len(value) > most:
        raise refused(f"'{place}' is no list of at most {most}")
    return list(value)


def table(value: Any, place: str) -> Raw:
    """An object.

    Raises:
        PackError: it is none.
    """
    if not isinstance(value, dict) or len(value) > 4096:
        raise refused(f"'{place}' is no object")
    return value
