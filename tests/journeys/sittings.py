"""`secondread script -` in a process of its own: fed step by step, killed where wanted, taken up again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
Step = dict[str, Any]


class Sitting:
    """One process that plays steps as they come."""

    def __init__(self, home: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "viewer", "script", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**kept, "SECONDREAD_HOME": str(home)},
        )

    def step(self, step: Step) -> Answer:
        """Hand in one step and wait for its answer."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(step) + "\n")
        self._process.stdin.flush()
        answer: Answer = json.loads(self._process.stdout.readline())
        return answer

    def kill(self) -> None:
        """End it as the mains plug would."""
        self._process.kill()
        self._close()

    def end(self) -> int:
        """No more steps: its exit status."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._close()

    def _close(self) -> int:
        status = self._process.wait(60)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        return status


def filled(step: Any, answers: Sequence[Answer]) -> Any:
    """The step with every "@n.key" replaced by what answer n (from 0) said under that key."""
    if isinstance(step, dict):
        return {key: filled(value, answers) for key, value in step.items()}
    if isinstance(step, list):
        return [filled(value, answers) for value in step]
    if isinstance(step, str) and step.startswith("@"):
        number, *keys = step[1:].split(".")
        value: Any = answers[int(number)]["result"]
        for key in keys:
            value = value[int(key)] if key.isdigit() else value[key]
        return value
    return step


def played(home: Path, steps: Sequence[Step], kill_after: Collection[int] = ()) -> list[Answer]:
    """Every step in order; after these answers (from 0) the process is killed and a new one goes on.

    The new one opens the same paths first, as the first step does.
    """
    sitting, answers = Sitting(home), []
    try:
        for number, step in enumerate(steps):
            answers.append(sitting.step(filled(step, answers)))
            assert answers[-1]["ok"], answers[-1]
            if number in kill_after:
                sitting.kill()
                sitting = Sitting(home)
                assert sitting.step(filled(steps[0], answers))["ok"]
        assert sitting.end() == 0
    except BaseException:
        sitting.kill()
        raise
    return answers
