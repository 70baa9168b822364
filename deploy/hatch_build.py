"""Hatch build hook: wheels and editable installs carry what deploy/assets.py builds, wheels their bill of materials."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before the files of the wheel are collected."""

    def script(self, name: str) -> ModuleType:
        """A module of deploy/, which is no package."""
        spec = importlib.util.spec_from_file_location(f"vivavoce_{name}", Path(self.root) / "deploy" / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build into the source tree; `artifacts` in pyproject.toml takes the results into the wheel."""
        self.script("assets").build(Path(self.root))
        if version != "editable":
            sbom = self.script("sbom")
            file = Path(self.root) / "build" / sbom.NAME
            file.parent.mkdir(exist_ok=True)
            file.write_text(sbom.build(Path(self.root)), encoding="utf-8")
            build_data["sbom_files"].append(str(file.relative_to(self.root)))
