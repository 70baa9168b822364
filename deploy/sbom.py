"""The bill of materials: every locked package, with version and hashes, as one CycloneDX document.

    .venv/bin/python deploy/sbom.py            prints it; a wheel carries it in .dist-info/sboms (PEP 770)

Python packages are those of requirements.txt and requirements-build.txt, npm packages those of package-lock.json. What
is needed for building only has the scope "excluded", what only some machines need "optional". A Python package has the
hash of each file that the lock accepts for it. The lock does not say which Python package needs which, so that all
hang on Vivavoce itself. The same locks and the same SOURCE_DATE_EPOCH give the same bytes.
"""

import base64
import hashlib
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from hatchling.builders.utils import get_reproducible_timestamp
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parent.parent
NAME = "vivavoce.cdx.json"
LOCKS = ("deploy/requirements.txt", "deploy/requirements-build.txt", "web/frontend/package-lock.json")
NEEDS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
PIN = re.compile(r"^([\w.-]+)==([\w.]+)( ;[^\\\n]*)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE)


def python_packages(root: Path) -> Iterator[Component]:
    """The packages of the two locks; one that both have is needed for running."""
    seen = set()
    for lock in LOCKS[:2]:
        for name, version, marker, hashes in PIN.findall((root / lock).read_text(encoding="utf-8")):
            if name in seen:
                continue
            seen.add(name)
            purl = PackageURL("pypi", name=name, version=version)
            needed = ComponentScope.OPTIONAL if marker else ComponentScope.REQUIRED
            yield Component(
                name=name,
                version=version,
                purl=purl,
                bom_ref=purl.to_string(),
                scope=needed if lock == LOCKS[0] else ComponentScope.EXCLUDED,
                hashes=[
                    HashType(alg=HashAlgorithm.SHA_256, content=one) for one in re.findall(r"[0-9a-f]{64}", hashes)
                ],
            )


def npm_packages(packages: dict[str, Any]) -> Iterator[tuple[str, Component]]:
    """The folder of each package in the lock, and the package."""
    for folder, entry in packages.items():
        if not folder:
            continue
        group, _, name = folder.rpartition("node_modules/")[2].rpartition("/")
        purl = PackageURL("npm", group, name, entry["version"])
        algorithm, _, digest = entry["integrity"].partition("-")
        assert algorithm == "sha512", folder
        yield (
            folder,
            Component(
                name=name,
                group=group or None,
                version=entry["version"],
                purl=purl,
                bom_ref=purl.to_string(),
                scope=ComponentScope.EXCLUDED if entry.get("dev") else ComponentScope.REQUIRED,
                hashes=[HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(digest).hex())],
                licenses=[LicenseFactory().make_from_string(entry["license"])],
            ),
        )


def found_from(folder: str, name: str, packages: dict[str, Any]) -> str | None:
    """The folder that `name` means for code in `folder`: the nearest one, going up, as Node looks for it."""
    while True:
        if (place := f"{folder}/node_modules/{name}".lstrip("/")) in packages:
            return place
        if not folder:
            return None
        folder = folder.rpartition("/node_modules/")[0]


def build(root: Path) -> str:
    """The document for the checkout in `root`."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    purl = PackageURL("generic", name=project["name"], version=project["version"])
    itself = Component(
        type=ComponentType.APPLICATION,
        name=project["name"],
        version=project["version"],
        description=project["description"],
        purl=purl,
        bom_ref=purl.to_string(),
        licenses=[LicenseFactory().make_from_string(project["license"])],
    )
    inputs = b"\0".join((root / name).read_bytes() for name in ("pyproject.toml", *LOCKS))
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(inputs).hexdigest()),
        metadata=BomMetaData(component=itself, timestamp=datetime.fromtimestamp(get_reproducible_timestamp(), UTC)),
    )
    packages = json.loads((root / LOCKS[2]).read_text(encoding="utf-8"))["packages"]
    npm = dict(npm_packages(packages))
    python = list(python_packages(root))
    bom.components.update(python, npm.values())
    bom.register_dependency(itself, python)
    for folder, entry in packages.items():
        places = [found_from(folder, name, packages) for kind in NEEDS for name in entry.get(kind, {})]
        bom.register_dependency(npm[folder] if folder else itself, [npm[place] for place in places if place])
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(build(ROOT))
