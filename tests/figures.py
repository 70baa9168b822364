"""Figures of the code's size and of what it holds twice, and a draw of its docstrings.

.venv/bin/python -m tests.figures                     of this checkout
.venv/bin/python -m tests.figures --before FOLDER     compared with another checkout
.venv/bin/python -m tests.figures --names             the classes, messages and sequences, and where they are
.venv/bin/python -m tests.figures --docstrings 50 --seed 11 --before FOLDER
                    draws docstrings and comments of that checkout, each with its text in this one
"""

import argparse
import ast
import io
import random
import re
import statistics
import textwrap
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("hearings", "media", "scheduler", "web")
FOLDERS = (*PACKAGES, "tests", "deploy")
SEQUENCES = (4, 6)
"""So many statements in a row, equal in all but names and values, count as a duplicate."""
WORDS = 4
"""A string of so many words is a message, and a comment of so many is worth drawing."""

Places = dict[str, list[str]]
"""A thing, and everywhere it is."""


def files(root: Path, *folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (file for file in sorted((root / folder).rglob("*.py")) if "node_modules" not in file.parts)


def parsed(root: Path, *folders: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules of folders, migrations excepted: a released one is never changed."""
    for file in files(root, *folders):
        if "versions" not in file.parts:
            yield file.relative_to(root).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def repeated(things: Places) -> Places:
    return {thing: where for thing, where in sorted(things.items()) if len(where) > 1}


def class_names(root: Path, package: str) -> Places:
    """Names that several classes of a package have, with the modules of those."""
    found: Places = defaultdict(list)
    for name, tree in parsed(root, package):
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(name)
    return repeated(found)


def docstrings(node: ast.AST, owner: str = "") -> Iterator[tuple[str, ast.Constant]]:
    """The docstrings of a module and of what it defines, by dotted name; a string behind an assignment is one too."""
    last = owner
    for child in getattr(node, "body", []):
        match child:
            case ast.Expr(value=ast.Constant(value=str()) as text):
                yield last, text
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield from docstrings(child, f"{owner}.{name}".lstrip("."))
            case ast.Assign(targets=[ast.Name(id=name), *_]) | ast.AnnAssign(target=ast.Name(id=name)):
                last = f"{owner}.{name}".lstrip(".")


def messages(root: Path) -> Places:
    """Strings of words that are in several places; in an f-string {} stands for each value."""
    found: Places = defaultdict(list)
    for name, tree in parsed(root, *PACKAGES):
        skipped = {id(text) for _, text in docstrings(tree)}
        for node in ast.walk(tree):
            text = ""
            if isinstance(node, ast.JoinedStr):
                skipped |= {id(part) for part in node.values}
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
                text = node.value
            if " " in text and len(re.findall(r"[A-Za-z]{2,}", text)) >= WORDS:
                found[text].append(f"{name}:{getattr(node, 'lineno', 0)}")
    return repeated(found)


def shape(value: object) -> str:
    """A part of a statement with a blank for each name, text and number."""
    match value:
        case ast.Name() | ast.arg() | ast.Constant():
            return "_"
        case ast.Attribute(value=owner) | ast.keyword(value=owner):
            return f"_.{shape(owner)}"
        case ast.AST():
            return f"{type(value).__name__}({' '.join(shape(part) for _, part in ast.iter_fields(value))})"
        case list():
            return f"[{' '.join(map(shape, value))}]"
    return repr(value)


def statements(body: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    """Line and shape of each statement of a function, in order; of one that holds others, first its head."""
    for node in body:
        blocks = [getattr(node, part, []) for part in ("body", "handlers", "cases", "orelse", "finalbody")]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        head = [part for _, part in ast.iter_fields(node) if part not in blocks]
        yield node.lineno, f"{type(node).__name__}{shape(head)}"
        for block in blocks:
            yield from statements([inner for part in block for inner in getattr(part, "body", None) or [part]])


def sequences(root: Path, length: int) -> Places:
    """Runs of equal statements, by the functions they are in; of the runs that the same functions share, the first."""
    found: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for name, tree in parsed(root, *PACKAGES):
        for function in functions(tree):
            body = function.body[ast.get_docstring(function) is not None :]
            lines = list(statements(body)) if function.name != "__init__" else []
            for at in range(len(lines) - length + 1):
                run = lines[at : at + length]
                found[tuple(text for _, text in run)].append((function.name, f"{name}:{run[0][0]}"))
    shared: Places = {}
    for places in found.values():
        owners = dict.fromkeys(f"{where.split(':')[0]} {name}" for name, where in places)
        if len(owners) > 1:
            shared.setdefault(", ".join(owners), [where for _, where in places])
    return shared


def figures(root: Path) -> tuple[dict[str, float], dict[str, Places]]:
    """The figures of a checkout by name, and the things that several places have."""
    lines, modules, lengths = Counter[str](), Counter[str](), list[int]()
    for file in files(root, *FOLDERS):
        top, *folders = file.relative_to(root).parts[:-1]
        for folder in {top, "/".join([top, *folders[:1]])}:
            lines[folder] += len(file.read_text(encoding="utf-8").splitlines())
            modules[folder] += 1
    for _, tree in parsed(root, *PACKAGES):
        lengths += [(node.end_lineno or 0) - node.lineno + 1 for node in functions(tree)]
    things = {"messages in several places": messages(root)}
    things |= {f"equal sequences of {length}": sequences(root, length) for length in SEQUENCES}
    things |= {f"class names twice in {package}": class_names(root, package) for package in PACKAGES}
    numbers: dict[str, float] = {f"lines of {folder}": many for folder, many in sorted(lines.items())}
    numbers["lines of the four packages"] = sum(lines[package] for package in PACKAGES)
    numbers |= {f"modules of {folder}": modules[folder] for folder in FOLDERS}
    numbers |= {"functions": len(lengths), "lines of the median function": statistics.median(lengths)}
    return numbers | {name: len(places) for name, places in things.items()}, things


def remarks(root: Path) -> dict[tuple[str, str, int], str]:
    """Docstrings and comments of the packages, by module, by name or line of code before, and by number there."""
    found: dict[tuple[str, str, int], str] = {}
    many = Counter[tuple[str, str]]()
    for name, tree in parsed(root, *PACKAGES):
        each = [(owner or "module", str(text.value)) for owner, text in docstrings(tree)]
        code = "#"
        for token in tokenize.generate_tokens(io.StringIO((root / name).read_text(encoding="utf-8")).readline):
            if token.type == tokenize.COMMENT:
                each.append((f"# {code}", token.string.lstrip("# ")))
            elif token.line.strip() and token.type != tokenize.NL:
                code = token.line.split("  #")[0].strip()
        for owner, text in each:
            if len(text.split()) >= WORDS and "noqa" not in text:
                found[name, owner, many[name, owner]] = " ".join(text.split())
                many[name, owner] += 1
    return found


def main() -> None:
    command = argparse.ArgumentParser(description="Figures of the code, and a draw of its docstrings.")
    command.add_argument("--before", type=Path, default=ROOT, metavar="FOLDER", help="a checkout to compare with")
    command.add_argument("--names", action="store_true", help="what is in several places, and where")
    command.add_argument("--docstrings", type=int, metavar="N", help="draw so many docstrings and comments")
    command.add_argument("--seed", type=int, default=0, help="of the draw")
    asked = command.parse_args()
    if asked.docstrings:
        before, after = remarks(asked.before), remarks(ROOT)
        for key in random.Random(asked.seed).sample(sorted(before), asked.docstrings):
            print(f"{key[0]} {key[1][:80]}")
            for text in dict.fromkeys([before[key], after.get(key, "(not in its place any more)")]):
                print(textwrap.fill(text, 110, initial_indent="    ", subsequent_indent="      "))
        return
    (old, _), (new, things) = figures(asked.before), figures(ROOT)
    for name in dict.fromkeys([*old, *new]):
        now, then = new.get(name, 0), old.get(name, 0)
        print(f"{name:32}{then:>9g}{now:>9g}{now - then:>+9g}" if asked.before != ROOT else f"{name:32}{now:>9g}")
    for name, places in things.items() if asked.names else ():
        print(f"\n{name}:", *(f"\n  {thing[:110]!r}: {', '.join(where)}" for thing, where in places.items()))


if __name__ == "__main__":
    main()
