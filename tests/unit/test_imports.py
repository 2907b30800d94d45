"""Import rules that import-linter cannot state: parts of PySide6, and what no module may touch."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import viewer

PACKAGE = Path(viewer.__file__).parent
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Every dotted name a module imports, at any depth."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 100


@pytest.mark.parametrize("path", [m for m in MODULES if m.parts[0] not in ("ui", "bench", "app.py")], ids=str)
def test_widgets_only_in_ui_app_and_bench(path: Path) -> None:
    assert not {name for name in imported(path) if name.startswith("PySide6.QtWidgets")}


def test_nothing_imports_a_network_client() -> None:
    """Nothing leaves the machine: no module of this version speaks to a network."""
    clients = {"urllib.request", "http.client", "requests", "httpx", "ftplib", "smtplib", "PySide6.QtNetwork"}
    speaking = {str(path): found for path in MODULES if (found := imported(path) & clients)}
    assert not speaking


def test_no_circles() -> None:
    """Modules import each other one way only, late imports and those for types included."""
    modules = {".".join(("viewer", *path.with_suffix("").parts)): path for path in MODULES if path.stem != "__init__"}
    needs = {module: imported(path) & modules.keys() - {module} for module, path in modules.items()}
    while free := {module for module, others in needs.items() if not others & needs.keys()}:
        needs = {module: others for module, others in needs.items() if module not in free}
    assert not sorted(needs)
