"""`secondread evaluate`: a pack's figures on a case table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from viewer.analysis import packs
from viewer.core.task import CancelToken, OnProgress, ignore_progress


def evaluate(
    pack_id: str,
    cases_csv: Path,
    split: str | None = None,
    *,
    gallery: Path | None = None,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Measure a pack on a case table; the answer is the document of `evaluate --json`.

    Args:
        pack_id: which pack; its weights are checked against their hash first.
        cases_csv: `image,mask,label,patient,split`.
        split: only these cases; all where None.
        gallery: folder for pictures of right and wrong cases.
        on_progress: told after every case.
        cancel: asked before every case.

    Raises:
        UsageError: table, split or pack unknown. PackError: a damaged pack.
    """
    from viewer.training import cases, evaluation
    from viewer.training.tasks import TRAINING

    pack = packs.load(pack_id)
    packs.verify(pack)
    table = cases.read_table(Path(cases_csv), needs_files=TRAINING[pack.task].needs_files)
    return evaluation.evaluate_pack(pack, table, split, pictures=gallery, on_progress=on_progress, cancel=cancel)
