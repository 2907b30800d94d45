"""Runs the program as a person does, from a shell, and reads what it left."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

#: Longest a single command of a journey may take (seconds), on a busy two-core machine.
LIMIT = 240


def secondread(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """`secondread ARGUMENTS` in a process of its own, off screen."""
    command = [sys.executable, "-m", "viewer", *map(str, arguments)]
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    env = {**kept, "QT_QPA_PLATFORM": "offscreen", **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT, env=env)


def done(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same, and it must end well."""
    told = secondread(*arguments, **environment)
    assert told.returncode == 0, told.stderr
    return told


def failed_in_words(*arguments: object, status: int = 1, **environment: str) -> str:
    """The same, and it must fail with words on standard error, without a traceback."""
    told = secondread(*arguments, **environment)
    assert told.returncode == status, f"{told.returncode}: {told.stdout}\n{told.stderr}"
    assert "Traceback" not in told.stderr
    assert not re.search(r"unforeseen|Error\b|Exception|0x[0-9a-f]{6}", told.stderr), told.stderr
    words = told.stderr.strip()
    assert len(words) > 20
    return words


def document(*arguments: object, **environment: str) -> Any:
    """Standard output of a command that was asked for `--json`: one document and nothing else."""
    return json.loads(done(*arguments, "--json", **environment).stdout)


def result(folder: Path) -> Any:
    """result.json of a result folder."""
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def tool(name: str, *arguments: object) -> str:
    """Output of another program that reads what ours wrote; the test skips where it is absent."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed here")
    told = subprocess.run([name, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 0, told.stderr
    return told.stdout
