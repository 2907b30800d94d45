"""Lines of a script: one JSON object in, one JSON line out, in order."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from viewer.core.errors import UsageError, ViewerError
from viewer.core.task import Cancelled

#: What a step does: its key "do", the other keys, and back what stands under "result".
Perform = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
#: Takes one answer; it returns when the answer is out.
Answer = Callable[[str], None]


def play(lines: Iterable[bytes], perform: Perform, answer: Answer, unforeseen: Callable[[Exception], str]) -> bool:
    """Do every step and answer each; True when all of them were ok.

    Args:
        lines: one JSON object each; empty ones are passed over.
        unforeseen: words for an error that no step foresaw.
    """
    all_ok = True
    number = 0
    for line in lines:
        if not line.strip():
            continue
        number += 1
        told = _answer_to(line, perform, unforeseen)
        all_ok = all_ok and told["ok"]
        answer(json.dumps({"step": number, **told}, ensure_ascii=False, allow_nan=False))
    return all_ok


def _answer_to(line: bytes, perform: Perform, unforeseen: Callable[[Exception], str]) -> dict[str, Any]:
    try:
        step = _step(line)
        return {"ok": True, "result": _sendable(perform(step.pop("do"), step))}
    except StepError as failure:
        return {"ok": False, "error": failure.text, "result": _sendable(failure.result)}
    except ViewerError as error:
        return {"ok": False, "error": error.text}
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 - the edge of a step: words, and the next goes on
        return {"ok": False, "error": unforeseen(error)}


class StepError(UsageError):
    """A step that could not be done, with what it can still tell."""

    def __init__(self, what: str, todo: str = "", result: Mapping[str, Any] | None = None) -> None:
        super().__init__(what, todo)
        self.result = dict(result or {})


def _step(line: bytes) -> dict[str, Any]:
    """One line as an object with a word under "do".

    Raises:
        UsageError: it is none.
    """
    try:
        step = json.loads(line.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise UsageError("This line is no UTF-8 text.", "Write the steps in UTF-8.") from error
    except (ValueError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise UsageError(f"This line is no JSON ({why}).", "Write one JSON object a line.") from error
    if not isinstance(step, dict):
        raise UsageError("This line is no JSON object.", 'Write one a line, such as {"do": "state"}.')
    if not isinstance(step.get("do"), str):
        raise UsageError('This step does not say what to do: it has no word under "do".', "Name a step.")
    return step


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number beyond all bounds")
    return number


def _sendable(value: Any) -> Any:
    """Plain JSON data: a number that is none becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _sendable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sendable(item) for item in value]
    return value
