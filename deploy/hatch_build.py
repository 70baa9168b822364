"""Hatch build hook: a wheel or editable install carries what deploy/assets.py builds."""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]
    """Calls `assets.build` before the files of the wheel are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build into the source tree; `artifacts` in pyproject.toml takes the results into the wheel."""
        path = Path(self.root) / "deploy" / "assets.py"
        spec = importlib.util.spec_from_file_location("vivavoce_assets", path)
        assert spec is not None and spec.loader is not None
        assets = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(assets)
        assets.build(Path(self.root))
