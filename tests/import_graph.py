"""The import graph of the four packages, as their code has it; imports for types only and in functions count too.

`.venv/bin/python tests/import_graph.py` prints, for each folder in import order, its files and lines and what it
imports of the others; then how many files import how many, and every circle there is. With a folder or module as
argument it prints what that one imports and who imports it.
"""

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("hearings", "media", "scheduler", "web")

Graph = Mapping[str, frozenset[str]]
"""Module to the modules it imports, by dotted name."""


def modules(package: str) -> Iterator[tuple[str, Path]]:
    """Dotted name and file of every module of a package."""
    for file in sorted((ROOT / package).rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        if "node_modules" not in parts:
            yield ".".join(parts).removesuffix(".__init__"), file


def imported(tree: ast.AST) -> set[str]:
    """Every dotted name a module imports, at whatever depth of the code."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def graph() -> Graph:
    """Who imports whom, of our own modules. A name taken from a module counts as that module."""
    files = {name: file for package in PACKAGES for name, file in modules(package)}
    found: dict[str, frozenset[str]] = {}
    for name, file in files.items():
        wanted = imported(ast.parse(file.read_text(encoding="utf-8")))
        known = {one if one in files else one.rpartition(".")[0] for one in wanted}
        found[name] = frozenset((known & files.keys()) - {name})
    return found


def circles(edges: Graph) -> list[list[str]]:
    """Modules that import one another in a circle, each circle once (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(edges.get(name, ())):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    sys.setrecursionlimit(10_000)
    for name in sorted(edges):
        if name not in index:
            visit(name)
    return found


def folder(name: str) -> str:
    """The folder of a module; a module that lies in its package itself is its own."""
    path = ROOT / name.replace(".", "/")
    return name if path.is_dir() else name.rpartition(".")[0]


def main(arguments: list[str]) -> None:
    """Print the graph, or one part of it."""
    edges = graph()
    if arguments:
        for wanted in arguments:
            own = {name for name in edges if name == wanted or name.startswith(f"{wanted}.")}
            out = sorted({other for name in own for other in edges[name]} - own)
            into = sorted(name for name in edges if name not in own and edges[name] & own)
            print(f"{wanted} imports\n  " + "\n  ".join(out or ["nothing"]))
            print(f"{wanted} is imported by\n  " + "\n  ".join(into or ["nobody"]))
        return
    lines, files = Counter[str](), Counter[str]()
    for package in PACKAGES:
        for name, file in modules(package):
            files[folder(name)] += 1
            lines[folder(name)] += len(file.read_text(encoding="utf-8").splitlines())
    between: dict[str, Counter[str]] = defaultdict(Counter)
    for name, others in edges.items():
        for other in others:
            if folder(other) != folder(name):
                between[folder(name)][folder(other)] += 1
    for one in sorted(files):
        to = ", ".join(f"{other} {count}" for other, count in sorted(between[one].items()))
        print(f"{one:28} {files[one]:3} files {lines[one]:6} lines  -> {to}")
    found = circles(edges)
    print(f"{len(edges)} modules, {sum(map(len, edges.values()))} imports between them, {len(found)} circles")
    for circle in found:
        print("circle:", " ".join(circle))


if __name__ == "__main__":
    main(sys.argv[1:])
