"""Runs the tests that cover a change, two at a time: `.venv/bin/python tests/covering.py [COMMIT] [PYTEST ARGUMENTS]`.

The change is what differs from COMMIT (HEAD unless given), files git does not know yet included. A file is covered by
the tests in the folder of its own name: hearings/times/slots.py by tests/hearings/times, a page, its API and its
template by tests/web/<subject>; a test covers itself. The shape of the repository, its documents and its style are
looked at too. What needs a quiet machine (`quiet`, `alone`) or takes long (`slow`) is left to the whole suite.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALWAYS = ("tests/test_architecture.py", "tests/test_docs.py", "tests/test_style.py")
ELSEWHERE = {"web/frontend": "tests/web/frontend", "web/static": "tests/web/frontend", "docs": "tests/test_docs.py"}
"""What is not covered by a folder of its own name."""


def changed(since: str) -> list[str]:
    """Files that differ from a commit, from the root of the checkout."""
    found: set[str] = set()
    for command in (["diff", "--name-only", since], ["ls-files", "--others", "--exclude-standard"]):
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=True)
        found |= set(done.stdout.split("\n")) - {""}
    return sorted(found)


def covering(files: Iterable[str], there: Path = ROOT) -> list[str]:
    """Folders and files of tests that cover these files."""
    found = {path for path in ALWAYS if (there / path).exists()}
    for name in files:
        path = Path(name)
        if path.parts[0] == "tests":
            own = path.name.startswith("test_") and (there / path).exists()
            found.add(name if own else path.parent.as_posix())
            continue
        told = next((tests for start, tests in ELSEWHERE.items() if path.is_relative_to(start)), "")
        folder = Path("tests") / path.parent
        while not told and len(folder.parts) > 1:
            if (there / folder).is_dir():
                told = folder.as_posix()
            folder = folder.parent
        if told:
            found.add(told)
    return sorted(one for one in found if not any(Path(other) in Path(one).parents for other in found))


def main(arguments: list[str]) -> None:
    """Read the command line; become pytest."""
    since = arguments.pop(0) if arguments and not arguments[0].startswith("-") else "HEAD"
    tests = covering(changed(since))
    print("covered by:", *tests, flush=True)
    left_out = "not quiet and not alone and not slow"
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-m", left_out]
    raise SystemExit(subprocess.run([*command, *arguments, *tests], cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main(sys.argv[1:])
