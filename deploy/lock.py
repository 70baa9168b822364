"""Write the hash-locked requirement files from pyproject.toml. Run by hand: `python3 deploy/lock.py [--upgrade]`.

Needs uv (`pip install uv`). One resolution serves every platform and Python from 3.11 on. The files name no package
index: whoever installs chooses one.

    requirements.txt         what the service needs
    requirements-build.txt   what building it needs: hatchling, Babel, markdown-it-py, Node, CycloneDX
    requirements-test.txt    all of these and what the tests need
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent
ROOT = DEPLOY.parent
HEADER = "# Written by deploy/lock.py from pyproject.toml; do not edit by hand.\n"


def compile_lock(name: str, sources: list[str], constraints: list[str], extra: list[str]) -> None:
    """Resolve `sources` into deploy/`name`, keeping what the file pins already unless asked to upgrade."""
    target = DEPLOY / name
    command = [
        *("uv", "pip", "compile", "--quiet", "--no-config", "--universal", "--python-version", "3.11"),
        *("--fork-strategy", "fewest"),  # one version of a package, whatever the Python
        *("--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"),
        *("--output-file", str(target)),
        *(part for constraint in constraints for part in ("--constraint", constraint)),
        *sources,
        *extra,
    ]
    # Nothing of this machine's package configuration but its certificates and index may take part.
    env = {key: value for key, value in os.environ.items() if key not in ("UV_FIND_LINKS", "UV_CONSTRAINT")}
    subprocess.run(command, cwd=ROOT, env=env, check=True)
    target.write_text(HEADER + target.read_text(encoding="utf-8"), encoding="utf-8")


def main() -> None:
    """Lock the three files, each within the one before, so that a package has one version in all of them."""
    upgrade = ["--upgrade"] if sys.argv[1:] == ["--upgrade"] else []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder) / "build.in"
        editable = [line for line in project["project"]["optional-dependencies"]["test"] if "editables" in line]
        build.write_text("\n".join([*project["build-system"]["requires"], *editable]), encoding="utf-8")
        runtime = str(DEPLOY / "requirements.txt")
        compile_lock("requirements.txt", ["pyproject.toml"], [], upgrade)
        compile_lock("requirements-build.txt", [str(build)], [runtime], upgrade)
        compile_lock(
            "requirements-test.txt",
            ["pyproject.toml", str(build), "--extra", "test"],
            [runtime, str(DEPLOY / "requirements-build.txt")],
            upgrade,
        )


if __name__ == "__main__":
    main()
