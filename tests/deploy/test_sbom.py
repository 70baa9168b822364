"""The bill of materials: valid, whole, and the same bytes for the same locks."""

import base64
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "deploy" / "sbom.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sbom", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def document(script: ModuleType) -> dict[str, Any]:
    return json.loads(script.build(ROOT))


@pytest.fixture(scope="module")
def components(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {component["purl"]: component for component in document["components"]}


def hashes(component: dict[str, Any]) -> set[tuple[str, str]]:
    return {(entry["alg"], entry["content"]) for entry in component["hashes"]}


def locked(name: str) -> dict[str, set[tuple[str, str]]]:
    """The packages of a lock of Python as addresses of CycloneDX, each with its hashes."""
    entries = re.split(r"^(?=\w)", (ROOT / "deploy" / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {
        "pkg:pypi/" + entry.split(" ")[0].replace("==", "@"): {
            ("SHA-256", digest) for digest in re.findall("sha256:([0-9a-f]+)", entry)
        }
        for entry in entries
    }


def npm() -> dict[str, dict[str, Any]]:
    packages = json.loads((ROOT / "web" / "frontend" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    return {
        f"pkg:npm/{path.rpartition('node_modules/')[2].replace('@', '%40')}@{entry['version']}": entry
        for path, entry in packages.items()
        if path
    }


def test_it_is_valid_cyclonedx(script: ModuleType) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    text = script.build(ROOT)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"SHA-256"', '"SHA-257"')) is not None


def test_every_locked_python_package_is_in_it_with_every_hash(components: dict[str, dict[str, Any]]) -> None:
    wanted = {**locked("requirements.txt"), **locked("requirements-build.txt")}
    assert len(wanted) > 70
    told = {purl: hashes(entry) for purl, entry in components.items() if purl.startswith("pkg:pypi/")}
    assert told == wanted


def test_every_npm_package_is_in_it_with_its_hash_and_licence(components: dict[str, dict[str, Any]]) -> None:
    wanted = {
        purl: ({("SHA-512", base64.b64decode(entry["integrity"].removeprefix("sha512-")).hex())}, entry["license"])
        for purl, entry in npm().items()
    }
    assert len(wanted) > 40
    told = {}
    for purl, entry in components.items():
        if purl.startswith("pkg:npm/"):
            (choice,) = entry["licenses"]
            told[purl] = (hashes(entry), choice.get("expression") or choice["license"]["id"])
    assert told == wanted


def test_what_only_builds_is_told_from_what_runs(components: dict[str, dict[str, Any]]) -> None:
    building = locked("requirements-build.txt").keys() - locked("requirements.txt").keys()
    building |= {purl for purl, entry in npm().items() if entry.get("dev")}
    assert {purl for purl, entry in components.items() if entry["scope"] == "excluded"} == building
    assert any(purl.startswith("pkg:pypi/hatchling@") for purl in building)
    assert any(purl.startswith("pkg:npm/esbuild@") for purl in building)


def test_packages_hang_together_as_the_locks_say(document: dict[str, Any]) -> None:
    needs = {entry["ref"]: set(entry.get("dependsOn", [])) for entry in document["dependencies"]}
    direct = {purl for purl in needs[document["metadata"]["component"]["bom-ref"]] if purl.startswith("pkg:npm/")}
    named = json.loads((ROOT / "web" / "frontend" / "package.json").read_text(encoding="utf-8"))
    assert direct == {
        f"pkg:npm/{name.replace('@', '%40')}@{version}"
        for name, version in {**named["dependencies"], **named["devDependencies"]}.items()
    }
    # Two versions of one package: each is found from where Node would look.
    inner = next(purl for purl in needs if purl.startswith("pkg:npm/%40noble/post-quantum@"))
    assert {purl for purl in needs[inner] if "/hashes@" in purl}.isdisjoint(
        purl for purl in direct if "/hashes@" in purl
    )


def test_it_says_what_it_is_of(document: dict[str, Any]) -> None:
    itself = document["metadata"]["component"]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'name = "{itself["name"]}"\nversion = "{itself["version"]}"\n' in project
    assert itself["licenses"] == [{"license": {"id": "EUPL-1.2"}}]


def test_the_same_locks_give_the_same_bytes() -> None:
    def run(seed: str, epoch: str) -> str:
        env = {**os.environ, "PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": epoch}
        command = [sys.executable, str(SCRIPT)]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60).stdout

    first, other = run("1", "1790000000"), run("1", "1790000001")
    assert first == run("2", "1790000000")
    assert first.replace("2026-09-21T14:13:20", "2026-09-21T14:13:21") == other
    assert first != other


def test_another_lock_is_another_document(script: ModuleType, document: dict[str, Any], tmp_path: Path) -> None:
    for name in ("pyproject.toml", *script.LOCKS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    assert json.loads(script.build(tmp_path)) == document
    lock = tmp_path / "deploy" / "requirements.txt"
    lock.write_text(lock.read_text(encoding="utf-8").replace("starlette==", "starlette==9"), encoding="utf-8")
    changed = json.loads(script.build(tmp_path))
    assert changed["serialNumber"] != document["serialNumber"]
    assert [entry["version"][0] for entry in changed["components"] if entry["name"] == "starlette"] == ["9"]
