"""A guideline asked about a case: which there are, the site's own among them, and what one says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from viewer.core.errors import InputError, ReadError, UsageError
from viewer.core.resources import resources_dir, user_config_dir
from viewer.reporting.guidelines import recist, schema, table

#: An input is some numbers (bytes).
_MAX_BYTES = 4 * 2**20


def folders() -> tuple[Path, ...]:
    """Where tables lie: the program's own, then the site's, which may replace one by its name."""
    return resources_dir() / "guidelines", user_config_dir() / "guidelines"


def tables() -> dict[str, Path]:
    """Name of each table -> its file."""
    return {path.stem: path for folder in folders() for path in sorted(folder.glob("*.toml"))}


def names() -> list[str]:
    """Every guideline that can be asked."""
    return sorted({*tables(), recist.NAME})


def ask(name: str, case: Mapping[str, Any], language: str = "en") -> dict[str, Any]:
    """What a guideline says of a case.

    Args:
        name: of a guideline, or the path of a site's table.
        case: its inputs.
        language: of the words, "en" or "zh".

    Raises:
        UsageError: there is no such guideline.
        ReadError: its table cannot be read.
        InputError: the inputs are impossible.
    """
    if name == recist.NAME:
        return recist.evaluate(case, language)
    return table.evaluate(table_of(name), case, language)


def table_of(name: str) -> schema.Table:
    """The table of a name or path.

    Raises:
        UsageError: there is none of that name.
        ReadError: it cannot be read.
    """
    known = tables()
    path = Path(name) if name.endswith(".toml") else known.get(name)
    if path is None:
        near = get_close_matches(name, names(), 1, 0.5)
        raise UsageError(f"There is no guideline '{name}'.", f"Known: {', '.join(near or names())}.")
    return schema.load(path)


def read_case(path: Path) -> Mapping[str, Any]:
    """The inputs of a case from a JSON file.

    Raises:
        ReadError: it is not there or not JSON.
        InputError: it is no object.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ReadError("The input is too large for a guideline.", "Give the inputs of one case.")
        case = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReadError(f"'{path.name}' cannot be read.", "Look whether it is there.", "missing") from error
    except (ValueError, RecursionError) as error:
        raise ReadError(f"'{path.name}' is not JSON.", "Correct it.") from error
    if not isinstance(case, dict):
        raise InputError("This is no object with named inputs.", "Give names and values.")
    return case


def as_text(answer: Mapping[str, Any]) -> str:
    """An answer for a person, a line a fact."""
    lines = [str(answer["text"])]
    if answer["applies"]:
        lines += [f"Rule: {answer['rule']}", f"Inputs: {inputs(answer)}"]
    points = answer.get("time_points")
    if points:
        lines.append(f"Sums: {answer['baseline_sum_mm']} -> {recist.listed(points)}")
    return "\n".join([*lines, f"{answer['guideline']}, edition {answer['edition']} ({answer['source']})"])


#: What a step of a trace is called.
_TRACE = {
    "en": "{text} ({title}, edition {edition}, rule {rule}; {inputs})",
    "zh": "{text}（{title}，{edition} 版，规则 {rule}；{inputs}）",
}


def trace(answer: Mapping[str, Any], language: str = "en") -> str:
    """An answer as the recommendation of a report has it: what to do, by which rule, from which inputs."""
    if not answer["applies"]:
        return str(answer["text"])
    head = {"title": answer["guideline"], "edition": answer["edition"], "rule": answer["rule"]}
    return _TRACE[language].format(text=answer["text"], inputs=inputs(answer), **head)


def inputs(answer: Mapping[str, Any]) -> str:
    """What an answer rests on: "size 8 mm, long 8.4 mm, risk low, screening no"."""
    return ", ".join(_input(name, value) for name, value in answer["used"].items() if name != "governing")


def _input(name: str, value: object) -> str:
    said = ("yes" if value else "no") if isinstance(value, bool) else str(value).replace("_", " ")
    plain = name.removesuffix("_mm").removesuffix("_years").replace("_", " ")
    return f"{plain} {said} mm" if name.endswith("_mm") else f"{plain} {said}"


def added(before: str, words: str) -> str:
    """A recommendation with one sentence more; what stands there already is not said again."""
    return before if words in before else f"{before.rstrip()}\n{words}".strip()
