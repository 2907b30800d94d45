"""Files, classes and functions stay small; what is larger stands here by name and may only shrink."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import viewer

PACKAGE = Path(viewer.__file__).parent
#: Lines of a file, methods of a class (private ones too, Python's own not), arguments of a function.
LIMITS = {"file": 400, "class": 20, "function": 7}
_COMMAND = "takes the options of its command one by one, keyword-only"
#: What is larger: its size when it was put here, and why it is so.
LARGER: dict[str, tuple[int, str]] = {
    "class room/analyses.py Analyses": (22, "the gate, boxes, states of packs and the lane are one part of the room"),
    "class room/views/picture.py Picture": (24, "all that paints a slice asks it"),
    "class room/views/view.py View": (27, "all that tools and actions do to a view"),
    "class room/views/views.py Views": (26, "all that actions do to the arrangement"),
    "class session/review.py Review": (27, "the store of results, findings, texts, marks and signatures"),
    "function display/render.py render": (10, "everything a picture is made of, keyword-only"),
    "function jobs/analyse.py analyse": (13, _COMMAND),
    "function jobs/convert.py convert": (8, _COMMAND),
    "function jobs/render.py draw": (9, "hands all of it to `render`"),
    "function jobs/render.py render_picture": (11, _COMMAND),
    "function jobs/export.py export": (
        12,
        "a report from memory: study, runs, words, measurements, signature, pictures",
    ),
    "function jobs/report.py write_report": (10, _COMMAND),
    "function jobs/report_files.py keep": (8, "files of a report, where they go, and how the work is told"),
    "function jobs/review.py review": (9, _COMMAND),
    "function training/evaluation.py evaluate": (8, _COMMAND),
}


def sizes() -> Iterator[tuple[str, str, int]]:
    """(kind, name, size) of everything in the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).as_posix()
        yield "file", f"file {name}", len(text.splitlines())
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                methods = {n.name for n in node.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("__")}
                yield "class", f"class {name} {node.name}", len(methods)
            elif isinstance(node, ast.FunctionDef):
                given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
                count = sum(argument.arg not in ("self", "cls") for argument in given)
                yield "function", f"function {name} {node.name}", count


def test_nothing_grows_beyond_its_limit() -> None:
    allowed = {name: size for name, (size, _) in LARGER.items()}
    grown = [f"{name}: {size}" for kind, name, size in sizes() if size > allowed.get(name, LIMITS[kind])]
    assert grown == [], "cut it where a noun of the field is; only with a good reason put it into LARGER"


def test_what_became_small_leaves_the_list() -> None:
    found: dict[str, int] = {}
    for _, name, size in sizes():
        found[name] = max(size, found.get(name, 0))
    limits = {name: LIMITS[name.partition(" ")[0]] for name in LARGER}
    assert [name for name in LARGER if found.get(name, 0) <= limits[name]] == []
