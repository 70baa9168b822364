"""The lock files follow pyproject.toml and carry a hash for everything."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = PROJECT["project"]["dependencies"]
BUILD = PROJECT["build-system"]["requires"]
TEST = PROJECT["project"]["optional-dependencies"]["test"]


def pins(name: str) -> dict[str, str]:
    """Package and version of each entry; an entry without a hash fails here."""
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            entry = re.fullmatch(r"([\w.-]+)==([\w.]+)(?: ; [^#]*?)?(?:\s+--hash=sha256:[0-9a-f]{64})+\s*", line)
            assert entry, f"{name}: {line[:80]}"
            found[canonicalize_name(entry[1])] = entry[2]
    return found


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("requirements.txt", RUNTIME),
        ("requirements-build.txt", BUILD),
        ("requirements-test.txt", RUNTIME + BUILD + TEST),
    ],
)
def test_lock_satisfies_the_project(name: str, wanted: list[str]) -> None:
    locked = pins(name)
    missing = [
        line
        for line in wanted
        if not Requirement(line).specifier.contains(locked.get(canonicalize_name(Requirement(line).name), "0.dev0"))
    ]
    assert missing == [], "run deploy/lock.py"


def test_a_package_has_one_version_in_all_locks() -> None:
    whole = pins("requirements-test.txt")
    for name in ("requirements.txt", "requirements-build.txt"):
        part = pins(name)
        assert part == {package: whole.get(package) for package in part}
