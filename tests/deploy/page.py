"""The marked blocks of docs/operation.md and docs/proxies.md: what site.sh types and writes, and a test looks at.

    python3 tests/deploy/page.py PAGE                  the marked blocks, a line each: `step NAME` or `file PATH`
    python3 tests/deploy/page.py PAGE step NAME        that block

Standard library only.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
FENCE = re.compile(r"^```(\w*) *(.*)\n((?:.*\n)*?)^```$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """`mark` is `step`, `file`, or the word that stands there instead: `elsewhere`, or nothing."""

    language: str
    mark: str
    name: str
    text: str


def blocks(page: str) -> list[Block]:
    """Every fenced block of a page, in its order."""
    found = []
    for language, told, text in FENCE.findall((DOCS / page).read_text(encoding="utf-8")):
        mark, _, name = told.partition("=")
        found.append(Block(language, mark, name, text))
    return found


def main() -> None:
    page, *wanted = sys.argv[1:]
    marked = [block for block in blocks(page) if block.name]
    if not wanted:
        print("\n".join(f"{one.mark} {one.name}" for one in marked))
        return
    (one,) = (one for one in marked if [one.mark, one.name] == wanted)
    sys.stdout.write(one.text)


if __name__ == "__main__":
    main()
