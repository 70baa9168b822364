"""The shape of the repository: who imports whom, how large a room may be, what the wheel carries."""

import ast
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.import_graph import PACKAGES, circles, graph, imported, modules

pytestmark = pytest.mark.beside

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "hearings": {"media", "scheduler", "web", "aiortc", "av", "nacl", "starlette", "apscheduler"},
    "media": {"hearings", "scheduler", "web", "sqlmodel", "starlette"},
    "media.live": {"media.evidence"},
    "media.evidence": {"media.live", "aiortc"},
    "scheduler": {"web", "starlette"},
    "web": {"aiortc", "av"},
}
ANYWHERE = {"tests", "deploy"}
LAYERS: dict[str, tuple[dict[str, str], ...]] = {
    "hearings": (
        {"ground": "errors sentences status roles ids db clocks languages reference texts"},
        {"models": "models"},
        {"rows": "actors queries paging moves events permission_table permissions staff_table"},
        {"law": "law", "people": "people", "documents": "documents", "signatures": "signatures"},
        {"coordination": "coordination"},
        {"requests": "requests", "times": "times"},
        {"agreement": "agreement", "lint": "lint", "summons": "summons"},
        {"rights": "rights"},
        {"hearing": "hearing"},
        {"sitting": "sitting"},
        {"interpreting": "interpreting"},
        {"minutes": "minutes"},
        {"custody": "custody"},
        {"costs": "costs"},
        {"outward": "outward", "overview": "overview", "statistics": "statistics", "training": "training"},
        {"personal_data": "personal_data"},
    ),
    "media": (
        {"messages": "messages"},
        {"processes": "link bookmark held_folders log_budget children processes protocol relay"},
        {"live": "live", "evidence.log": "evidence.log", "training": "training"},
        {"evidence.seal": "evidence.seal"},
        {"evidence.recording": "evidence.recording", "evidence.check": "evidence.check"},
        {
            "evidence.render": "evidence.render",
            "evidence.stamping": "evidence.stamping",
            "evidence.archive": "evidence.archive",
        },
        {"evidence.cosigning": "evidence.cosigning", "evidence.transcript": "evidence.transcript"},
    ),
    "web": (
        {
            "ground": "settings paths buckets cookies strict_json sockets pulse logins anchor security_log seal_keeper "
            "issuers"
        },
        {"words": "words"},
        {"live": "live"},
        {"parts": "parts"},
        {"server": "server", "sending": "sending"},
        {"api": "api"},
        {"law": "law", "people": "people", "signatures": "signatures", "outward": "outward", "operation": "operation"},
        {"coordination": "coordination", "lint": "lint"},
        {"requests": "requests", "help": "help"},
        {"documents": "documents", "hearing": "hearing"},
        {"times": "times"},
        {"agreement": "agreement", "minutes": "minutes", "rights": "rights", "summons": "summons", "costs": "costs"},
        {"sitting": "sitting", "overview": "overview", "statistics": "statistics"},
        {"custody": "custody"},
        {"personal_data": "personal_data"},
        {"demo": "demo"},
        {"training": "training"},
        {"roots": "app api_app api_docs clock cli"},
    ),
}
"""In import order: a unit may import what stands in an earlier layer, not another unit of its own or a later one. A
unit is a folder, or modules that lie in the package itself.
"""
MOST_FILES, MOST_LINES, MOST_FUNCTION = 18, 600, 60


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


def layer_of(package: str) -> dict[str, tuple[int, str]]:
    """Each module of a package: the number of its layer, and its unit."""
    units = {
        f"{package}.{name}": (number, unit)
        for number, layer in enumerate(LAYERS[package])
        for unit, names in layer.items()
        for name in names.split()
    }
    found = {}
    for module, _file in modules(package):
        above = [name for name in units if within(module, name)]
        if above:
            found[module] = units[max(above, key=len)]
    return found


@pytest.mark.parametrize("package", LAYERS)
def test_every_import_goes_to_an_earlier_layer(package: str) -> None:
    layers = layer_of(package)
    assert [
        f"{module} imports {other}"
        for module, others in graph().items()
        for other in others
        if module in layers and other in layers
        if layers[module] != layers[other] and layers[module][0] <= layers[other][0]
    ] == []


@pytest.mark.parametrize("package", LAYERS)
def test_every_module_has_its_layer(package: str) -> None:
    names = {module for module, _file in modules(package)}
    bare = {package, "hearings.migrations", "hearings.migrations.env", "media.evidence"}
    assert {name for name in names - layer_of(package).keys() - bare if ".versions." not in name} == set()


def test_no_modules_import_one_another_in_a_circle() -> None:
    assert circles(graph()) == []


def test_a_circle_and_a_step_upwards_would_be_seen() -> None:
    assert circles({"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"a"}), "d": frozenset({"a"})}) == [
        ["a", "b", "c"]
    ]
    layers = layer_of("hearings")
    assert layers["hearings.requests.fields"][0] < layers["hearings.minutes.minutes"][0]


def test_a_page_never_imports_an_api_nor_an_api_a_page() -> None:
    edges = graph()

    def kind(name: str) -> str:
        last = name.rpartition(".")[2]
        return next((k for k in ("pages", "api") if last == k or last.endswith(f"_{k}")), "")

    roots = {"web.app", "web.api_app", "web.api_docs"}
    assert [
        f"{module} imports {other}"
        for module, others in edges.items()
        for other in others
        if module not in roots and {kind(module), kind(other)} == {"pages", "api"} and within(other, "web")
    ] == []


def test_architecture_page_shows_the_same_layers() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for package, layers in LAYERS.items():
        order = re.search(rf"^{package}: (.*(?:\n +.*)*)", page, re.MULTILINE)
        assert order is not None, package
        shown = [[unit.strip() for unit in layer.split(",")] for layer in " ".join(order[1].split()).split("<")]
        assert shown == [list(layer) for layer in layers]


def test_architecture_page_shows_the_same_table() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z.]+)` \|.*\|([^|]*)\|$", page, re.MULTILINE)
    assert {package: set(re.findall(r"`([a-z.]+)`", cell)) for package, cell in rows} == FORBIDDEN


def test_web_loads_no_media_library_even_indirectly() -> None:
    heavy = "{'aiortc', 'av', 'aioice', 'pylibsrtp', 'faster_whisper', 'ctranslate2', 'onnxruntime', 'numpy'}"
    code = f"import sys, web.app, web.cli, web.clock; print(sorted({heavy} & set(sys.modules)))"
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


def test_every_file_the_architecture_page_names_is_there() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:hearings|media|scheduler|web|tests|deploy|docs)/[\w./]*)`", page))
    assert len(named) > 40
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def row_of(change: str) -> set[str]:
    """The files a row of "Where do I put …" names."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {change} \|(.*)\|$", page, re.MULTILINE)
    assert row is not None, change
    return set(re.findall(r"`((?:hearings|media|web)/[\w./]+)`", row[1]))


def mentioning(word: str) -> set[str]:
    """The files of the packages in which a word stands, as written by people: no migrations, no catalogues."""
    return {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for kind in ("py", "yaml", "csv", "html")
        for file in (ROOT / package).rglob(f"*.{kind}")
        if not {"node_modules", "versions", "dist"} & set(file.parts)
        if re.search(rf"\b{word}\b", file.read_text(encoding="utf-8"))
    }


def test_the_page_names_every_file_a_field_of_a_request_touches() -> None:
    assert row_of("a field of a request") == mentioning("conducting_functions")


def test_an_instrument_is_data_alone() -> None:
    files = mentioning("ibero_vc")
    assert {file for file in files if file.startswith("hearings/data/")} >= row_of("an instrument") - {"hearings/data/"}
    assert {file for file in files if not file.startswith("hearings/data/")} == set()


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


def test_wheel_carries_its_licence_and_its_bill_of_materials(wheel: zipfile.ZipFile) -> None:
    (sbom,) = [name for name in wheel.namelist() if name.endswith(".dist-info/sboms/vivavoce.cdx.json")]
    assert json.loads(wheel.read(sbom))["metadata"]["component"]["name"] == "vivavoce"
    licence = sbom.replace("sboms/vivavoce.cdx.json", "licenses/LICENSE")
    assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()


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


def test_rooms_are_small_enough_to_be_looked_over() -> None:
    """Migrations are the exception: their folder is a history, and is read from its end."""
    rooms: dict[Path, int] = {}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*"):
            if (
                file.suffix in (".py", ".html")
                and file.name != "__init__.py"
                and not {"node_modules", "versions"} & set(file.parts)
            ):
                rooms[file.parent] = rooms.get(file.parent, 0) + 1
    assert rooms
    assert {str(room.relative_to(ROOT)): many for room, many in rooms.items() if many > MOST_FILES} == {}


def test_modules_are_short() -> None:
    lengths = {
        module: len(file.read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for module, file in modules(package)
        if ".versions." not in module  # a migration is written once, whole, and never again
    }
    assert {module: length for module, length in lengths.items() if length > MOST_LINES} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{module}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for package in PACKAGES
        for module, file in modules(package)
        if ".versions." not in module
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > MOST_FUNCTION} == {}


def test_templates_have_no_inline_style_or_script() -> None:
    inline = re.compile(r"\sstyle\s*=|\shx-on|\son[a-z]+\s*=\s*[\"']|<style|<script(?![^>]*\bsrc=)", re.IGNORECASE)
    templates = sorted((ROOT / "web").glob("*/templates/*.html"))
    assert templates
    assert len({file.name for file in templates}) == len(templates), "two templates of one name"
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
