"""What goes into the wheel besides Python files: resources, and the packs that may be given away.

An editable install takes both from the checkout, so nothing is copied for it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelContents(BuildHookInterface[Any]):
    """Adds `resources/` as viewer/_resources and each pack that may be given away as viewer/_models/ID.

    A recipe that has no weights yet is no pack; weights bound to research stay out."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before a wheel is written (`version` is standard or editable)."""
        if version != "standard":
            return
        root = Path(self.root)
        included = {str(root / "resources"): "viewer/_resources"}
        for metadata in sorted((root / "models").glob("*/configs/metadata.json")):
            pack = metadata.parents[1]
            trained = (pack / "models" / "model.safetensors").is_file()
            if trained and not json.loads(metadata.read_text(encoding="utf-8"))["viewer"].get("research_only", False):
                included[str(pack)] = f"viewer/_models/{pack.name}"
        build_data["force_include"].update(included)
