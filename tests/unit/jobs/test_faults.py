"""Result folders killed at every step that changes the disk.

The cases fork, and a fork of a process whose libraries started threads (the typesetter's, say) hangs: each case
gets a process of its own.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CASES = Path(__file__).with_name("kills_of_results.py")
TOP = CASES.parents[3]
NAMES = [
    node.name
    for node in ast.parse(CASES.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
]
#: Longest a case may take (seconds); SECONDREAD_FAULTS=1 needs more than the tests of every day.
LIMIT = 1500


@pytest.mark.timeout(LIMIT)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_at_any_kill(name: str, tmp_path: Path) -> None:
    options = ["-q", "-p", "no:xdist", "--timeout", str(LIMIT), "--basetemp", str(tmp_path / "case")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"{CASES}::{name}"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
