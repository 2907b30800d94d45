"""Two at once on one home and one folder: a sample of every day; SECONDREAD_ROUNDS=100 takes more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
ROUNDS = os.environ.get("SECONDREAD_ROUNDS", "1")


@pytest.mark.slow
@pytest.mark.timeout(6000)
@pytest.mark.parametrize("kind", ["two commands", "two windows", "a window and a command"])
def test_nothing_is_lost_and_nobody_signs_another_s_verdicts(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.rounds", ROUNDS, kind], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
