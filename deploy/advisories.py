"""Known vulnerabilities of what is locked, from a file of advisories: no network is asked.

    .venv/bin/python deploy/advisories.py                       against deploy/advisories.json, which is kept here
    .venv/bin/python deploy/advisories.py --keep ALL.zip …      bring that file up to date first, from OSV exports

Advisories are OSV records (https://ossf.github.io/osv-schema/). `--keep` takes zips, folders or files of them, such as
the exports of the ecosystems PyPI and npm that osv.dev publishes, and keeps what concerns a package of our locks,
whatever its version. Exit codes: 0 none is affected, 1 some are, 2 an argument cannot be used. What cannot be compared
(an odd version, a range of an unknown kind) counts as affected.
"""

import argparse
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "deploy/advisories.json"
PYTHON_LOCKS = ("requirements.txt", "requirements-build.txt", "requirements-test.txt")
NPM_LOCK = ROOT / "web/frontend/package-lock.json"
FIELDS = ("id", "aliases", "modified", "withdrawn", "summary")
"""What is kept of a record beside what it affects."""

Package = tuple[str, str]
"""Ecosystem, `PyPI` or `npm`, and name as that ecosystem compares names."""
Record = dict[str, Any]


def locked(root: Path = ROOT) -> dict[Package, set[str]]:
    """Every package of the locks and its versions."""
    found: dict[Package, set[str]] = {}
    for lock in PYTHON_LOCKS:
        text = (root / "deploy" / lock).read_text(encoding="utf-8")
        for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE):
            found.setdefault(("PyPI", canonicalize_name(name)), set()).add(version)
    packages = json.loads((root / NPM_LOCK.relative_to(ROOT)).read_text(encoding="utf-8"))["packages"]
    for folder, entry in packages.items():
        if folder:
            found.setdefault(("npm", folder.rpartition("node_modules/")[2]), set()).add(entry["version"])
    return found


def package_of(affected: Record) -> Package:
    """Whom an entry of `affected` is about."""
    package = affected.get("package", {})
    ecosystem, name = str(package.get("ecosystem", "")), str(package.get("name", ""))
    return ecosystem, canonicalize_name(name) if ecosystem == "PyPI" else name


def is_affected(version: str, affected: Record) -> bool:
    """Whether a version is in the versions or ranges of an entry (OSV schema, "Evaluation")."""
    if version in affected.get("versions", []):
        return True
    ranges = [one for one in affected.get("ranges", []) if one.get("type") != "GIT"]  # commits name no release
    if not ranges:
        return "versions" not in affected
    try:
        return any(_in_range(Version(version), one["events"]) for one in ranges)
    except (InvalidVersion, KeyError):
        return True


def _in_range(version: Version, events: list[dict[str, str]]) -> bool:
    bounds = sorted(
        ((Version(number), kind) for event in events for kind, number in event.items()), key=lambda bound: bound[0]
    )
    inside = False
    for number, kind in bounds:
        if kind == "introduced" and version >= number:
            inside = True
        elif (kind == "fixed" and version >= number) or (kind == "last_affected" and version > number):
            inside = False
    return inside


def affecting(records: list[Record], packages: dict[Package, set[str]]) -> list[str]:
    """A line for each locked version that a record affects."""
    return sorted(
        {
            f"{name} {version} ({ecosystem}): {record['id']} {record.get('summary', '')}".rstrip()
            for record in records
            if not record.get("withdrawn")
            for entry in record.get("affected", [])
            for ecosystem, name in [package_of(entry)]
            for version in packages.get((ecosystem, name), ())
            if is_affected(version, entry)
        }
    )


def read(source: Path) -> Iterator[Record]:
    """The records of a zip, a folder or a file of JSON. OSError or ValueError when it has none."""
    if source.is_dir():
        for path in sorted(source.rglob("*.json")):
            yield from read(path)
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    yield json.loads(archive.read(name))
    else:
        found = json.loads(source.read_text(encoding="utf-8"))
        yield from found if isinstance(found, list) else [found]


def kept_of(records: Iterator[Record], packages: dict[Package, set[str]]) -> list[Record]:
    """What is kept: records about locked packages, without descriptions and references."""
    found = {}
    for record in records:
        affected = [
            {name: entry[name] for name in ("package", "ranges", "versions") if entry.get(name)}
            for entry in record.get("affected", [])
            if package_of(entry) in packages
        ]
        if affected:
            found[record["id"]] = {**{name: record[name] for name in FIELDS if name in record}, "affected": affected}
    return [found[name] for name in sorted(found)]


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, nargs="+", metavar="FILE", help="OSV records to keep from now on")
    options = parser.parse_args(arguments)
    packages = locked()
    try:
        if options.keep:
            kept = kept_of((record for source in options.keep for record in read(source)), packages)
            KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
        records = list(read(KEPT))
    except (OSError, ValueError, KeyError) as error:
        print(f"advisories cannot be read: {error}; nothing was changed", file=sys.stderr)
        return 2
    found = affecting(records, packages)
    newest = max((str(record.get("modified", "")) for record in records), default="never")
    print(f"{len(packages)} locked packages, {len(records)} advisories about them, the newest of {newest[:10]}")
    for line in found:
        print(f"! {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
