"""Plays steps through `secondread script`'s own machinery, in this process, and hands back the answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.analysis.client import InferenceProcess
from viewer.core.task import CancelFlag
from viewer.room.script.run import play_steps

Answer = dict[str, Any]


def play(*steps: dict[str, Any] | str, process: InferenceProcess | None = None) -> list[Answer]:
    """One sitting: an answer for each step, in order; the journal is that of SECONDREAD_HOME."""
    lines = [(step if isinstance(step, str) else json.dumps(step)).encode() for step in steps]
    answers: list[str] = []
    all_ok = play_steps(lines, answers.append, _never, repr, CancelFlag(), process=process)
    told = [json.loads(answer) for answer in answers]
    assert [one["step"] for one in told] == list(range(1, len(told) + 1))
    assert all_ok == all(one["ok"] for one in told)
    return told


def results(*steps: dict[str, Any]) -> list[Any]:
    """The same, where every step must be ok: what stands under "result"."""
    told = play(*steps)
    assert all(one["ok"] for one in told), [one for one in told if not one["ok"]]
    return [one["result"] for one in told]


def _never(words: str) -> None:
    raise AssertionError(words)


def lps(affine: npt.NDArray[np.float64], *kji: Sequence[float]) -> list[list[float]]:
    """Voxel indices (k, j, i) as LPS mm for a step."""
    return [(affine @ [*one, 1.0])[:3].tolist() for one in kji]
