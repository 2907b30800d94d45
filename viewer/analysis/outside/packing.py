"""Writes a model that was read as a pack's folder: typed JSON, safetensors, a card, its licence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import to_builtins
from safetensors.torch import save_file
from torch import Tensor

from viewer.analysis import packs
from viewer.analysis.outside.plain import Raw
from viewer.core.pack import Outside

#: Said beside every answer of such a model.
NOT_VALIDATED_HERE = "From outside, not validated here"
#: What stands where the model's files do not say.
NOT_STATED = "not stated"
_ID_LETTERS = re.compile(r"[^a-z0-9.]+")
_MOST_LETTERS = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """A pack on its way to disk.

    Attributes:
        task: a name of `analysis.tasks.TASKS`.
        viewer: the rest of the `viewer` block; `inference`: inference.json.
        weights: name -> tensor.
        notes: sentences for the card: what was understood and what was left aside.
    """

    id: str
    name: str
    task: str
    outside: Outside
    viewer: Raw
    inference: Raw
    weights: Mapping[str, Tensor]
    research_only: bool
    intended_use: str = ""
    description: str = ""
    notes: tuple[str, ...] = ()


def pack_id(*parts: str) -> str:
    """An id made of names: lower case, letters, digits, dots and dashes."""
    words = "-".join(_ID_LETTERS.sub("-", part.casefold()).strip("-.") for part in parts if part)
    return words[:_MOST_LETTERS].strip("-.") or "model"


def write(draft: Draft, parent: Path) -> Path:
    """Write the pack's folder into `parent`.

    Raises:
        OSError: the disk refused.
    """
    folder = parent / draft.id
    for part in ("configs", "models", "docs"):
        (folder / part).mkdir(parents=True)
    save_file({name: tensor.contiguous() for name, tensor in draft.weights.items()}, folder / packs.WEIGHTS)
    _put(folder / packs.INFERENCE, draft.inference)
    _put(folder / packs.METADATA, _metadata(draft, packs.sha256(folder / packs.WEIGHTS)))
    (folder / packs.CARD).write_text(card(draft), encoding="utf-8")
    (folder / packs.DATA_LICENCE).write_text(
        f"{draft.outside.licence}\n(said by {draft.outside.licence_from})\n", encoding="utf-8"
    )
    return folder


def _metadata(draft: Draft, digest: str) -> Raw:
    return {
        "id": draft.id,
        "name": draft.name,
        "version": draft.outside.version or "1",
        "description": draft.description,
        "viewer": {
            "task": draft.task,
            "weights_sha256": digest,
            "intended_use": draft.intended_use or NOT_STATED,
            "research_only": draft.research_only,
            "outside": to_builtins(draft.outside),
            "data": {"name": draft.outside.name, "licence": draft.outside.licence},
            **draft.viewer,
        },
    }


def card(draft: Draft) -> str:
    """The pack's card: where it comes from, and that nobody here has measured it."""
    origin = draft.outside
    rows = [
        f"# {draft.name}",
        f"**{NOT_VALIDATED_HERE}.** Nothing on this card was measured by this program's makers.",
        f"- Format: {origin.format}",
        f"- Name: {origin.name}",
        f"- Version: {origin.version or NOT_STATED}",
        f"- SHA-256 of the original: {origin.sha256}",
        f"- Licence: {origin.licence} (said by {origin.licence_from})",
        f"- Intended use: {draft.intended_use or NOT_STATED}",
    ]
    rows += [f"- {name.capitalize()}: {NOT_STATED}" for name in origin.not_stated if name != "intended use"]
    rows += ["", "## Assumed", *(f"- {one}" for one in origin.assumed)] if origin.assumed else []
    rows += ["", "## What was understood", *(f"- {one}" for one in draft.notes)] if draft.notes else []
    return "\n".join([*rows[:2], "", *rows[2:], ""])


def _put(path: Path, value: Raw) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
