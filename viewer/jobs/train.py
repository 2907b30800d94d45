"""`secondread train`: a pack from its recipe and a case table."""

from __future__ import annotations

from pathlib import Path

from viewer.analysis import packs
from viewer.core.task import CancelToken, OnProgress, ignore_progress


def train(
    pack_id: str,
    cases_csv: Path,
    out: Path,
    *,
    resume: bool = False,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Train a pack from its recipe.

    Args:
        pack_id: whose recipe and preprocessing.
        cases_csv: `image,mask,label,patient,split`; only the `train` split is trained on.
        out: gets `<pack_id>/` (a complete pack) and `work/` (checkpoints, learning curves).
        resume: go on where a run that was stopped or killed had come to.
        on_progress: stage, share and seconds left.
        cancel: asked before every step.

    Returns:
        The new pack's folder.

    Raises:
        UsageError: table or pack unknown, patients in two splits, or checkpoints in `out` that are not
            to be gone on from or are of another recipe. PackError: a broken recipe.
    """
    from viewer.training import cases, runner
    from viewer.training.tasks import TRAINING

    pack = packs.load_recipe(pack_id)
    table = cases.read_table(Path(cases_csv), needs_files=TRAINING[pack.task].needs_files)
    return runner.train(pack, table, Path(out), resume=resume, on_progress=on_progress, cancel=cancel)
