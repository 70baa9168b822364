"""The shape of the repository: who imports whom, what the wheel carries, what no file may contain."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("hearings", "media", "scheduler", "web")
FORBIDDEN = {
    "hearings": {"media", "scheduler", "web", "aiortc", "av", "nacl", "starlette", "apscheduler"},
    "media": {"hearings", "scheduler", "web", "sqlmodel", "starlette"},
    "media.live": {"media.evidence"},
    "media.evidence": {"media.live", "aiortc"},
    "scheduler": {"web", "starlette"},
    "web": {"aiortc", "av"},
}
ANYWHERE = {"tests", "deploy"}


def modules(package: str) -> Iterator[tuple[str, Path]]:
    """Dotted name and file of every module of a package."""
    for file in sorted((ROOT / package).rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        if "node_modules" not in parts:
            yield ".".join(parts).removesuffix(".__init__"), file


def imported(tree: ast.AST) -> set[str]:
    """Every dotted name a module imports, at whatever depth of the code."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_follow_the_table(package: str) -> None:
    broken = [
        f"{module} imports {name}"
        for module, file in modules(package)
        for name in imported(ast.parse(file.read_text(encoding="utf-8")))
        for importer, banned in FORBIDDEN.items()
        for ban in banned | ANYWHERE
        if within(module, importer) and within(name, ban)
    ]
    assert broken == []


def test_architecture_page_shows_the_same_table() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z.]+)` \|.*\|([^|]*)\|$", page, re.MULTILINE)
    assert {package: set(re.findall(r"`([a-z.]+)`", cell)) for package, cell in rows} == FORBIDDEN


def test_web_loads_no_media_library_even_indirectly() -> None:
    code = "import sys, web.app, web.cli; print(sorted({'aiortc', 'av', 'aioice', 'pylibsrtp'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_private_aiortc_names_stay_in_transport() -> None:
    broken = []
    for module, file in modules("media"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = imported(tree)
        if module == "media.live.transport" or not any(within(n, lib) for n in names for lib in ("aiortc", "aioice")):
            continue
        private = {name for name in names if within(name, "aiortc") and "._" in name}
        private |= {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and re.match(r"_[a-zA-Z]", node.attr)
            and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
        }
        broken += [f"{module}: {name}" for name in private]
    assert broken == []


def test_no_other_distribution_claims_our_names() -> None:
    owners = importlib.metadata.packages_distributions()
    claimed = {name: set(owners.get(name, [])) - {"vivavoce"} for name in PACKAGES}
    assert claimed == {name: set() for name in PACKAGES}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built as deployment builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = folder.glob("*.whl")
    return zipfile.ZipFile(file)


def test_wheel_carries_the_four_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    there = {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyc"
    }
    assert names == {name for name in there if not name.startswith("web/frontend/")}
    assert any(name.startswith("web/static/dist/") for name in names)


def test_wheel_imports_without_the_checkout(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    code = "import web.app, web.cli, scheduler, media.live, hearings; print(web.app.__file__)"
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout.strip(), done.stderr) == (str(tmp_path / "web" / "app.py"), "")


def test_tests_hold_no_package_that_could_shadow_ours() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
    assert "--import-mode=importlib" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_modules_are_short() -> None:
    lengths = {
        module: len(file.read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for module, file in modules(package)
        if module != "media.messages" and ".migrations." not in module  # tables, not to be cut up
    }
    assert {module: length for module, length in lengths.items() if length > 450} == {}


def test_templates_have_no_inline_style_or_script() -> None:
    inline = re.compile(r"\sstyle\s*=|\shx-on|\son[a-z]+\s*=\s*[\"']|<style|<script(?![^>]*\bsrc=)", re.IGNORECASE)
    templates = sorted((ROOT / "web" / "templates").rglob("*.html"))
    assert templates
    found = [f"{file.name}: {hit[0]}" for file in templates for hit in inline.finditer(file.read_text("utf-8"))]
    assert found == []


def test_style_sheets_know_no_left_and_right() -> None:
    physical = re.compile(
        r"(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)\b|(?<![-\w])(?:left|right)\s*:"
        r"|(?:float|clear|text-align)\s*:\s*(?:left|right)\b|border-(?:top|bottom)-(?:left|right)-radius"
    )
    sheets = [file for file in (ROOT / "web").rglob("*.css") if not {"node_modules", "dist"} & set(file.parts)]
    assert sheets
    found = [f"{file.name}: {hit[0]}" for file in sheets for hit in physical.finditer(file.read_text("utf-8"))]
    assert found == []
