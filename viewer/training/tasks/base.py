"""What training answers for a task: how its recipes run, how a case table is measured, what a card shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from viewer.analysis.recipe import Recipe
from viewer.core.analysis import Input, PackInfo
from viewer.core.pack import Figures
from viewer.training.cases import Case
from viewer.training.job import Job, Trained
from viewer.training.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """Training's side of a task.

    Attributes:
        recipes: kind of recipe -> its training.
        summary: cases -> the task's figures.
        card: figures -> paragraphs of the card, Markdown.
        empty_is_truth: a case without a mask may say that nothing is there.
        inputs: a case as the pack's inputs, for packs that read no picture; None for those that do.
        needs_files: rows of its tables name a file.
    """

    recipes: Mapping[type[Recipe], Callable[[Job[Any]], Trained]]
    summary: Callable[[PackInfo, Sequence[Outcome]], Figures]
    card: Callable[[Figures], list[str]]
    empty_is_truth: bool = True
    inputs: Callable[[PackInfo, Case], Mapping[str, Input]] | None = None
    needs_files: bool = True
