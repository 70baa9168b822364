"""The vocabulary and the permission page say what the code says; names follow the vocabulary."""

import ast
import enum
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hearings import events, permission_table, roles, status
from hearings.custody import releases, two_people
from hearings.models import (
    people as directory_model,
    request as request_model,
    request_parts as request_parts_model,
    signature as signature_model,
    sitting as sitting_model,
)
from tests.figures import PACKAGES, ROOT, class_names, functions, parsed

DOCS = ROOT / "docs"
KINDS: list[type[enum.Enum]] = [
    kind
    for module in (
        *(status, roles, events),
        *(request_model, request_parts_model, directory_model, signature_model, sitting_model),
        *(permission_table, releases, two_people),
    )
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, enum.Enum) and kind not in (enum.StrEnum, permission_table.Cell)
]
"""Every enumeration whose members are words; a `Cell` is a symbol of a table."""


def test_no_enumeration_of_the_rules_is_left_out() -> None:
    known = {(kind.__module__, kind.__name__) for kind in KINDS}
    found = {
        (path.removesuffix(".py").replace("/", "."), node.name)
        for path, tree in parsed(ROOT, "hearings")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Enum") for base in node.bases)
    }
    rooms = ("hearings.custody", "hearings.permission_table")
    assert {one for one in found if one[0].startswith(rooms)} - known == {("hearings.permission_table", "Cell")}


@pytest.mark.parametrize("kind", sorted(set(KINDS), key=str))
def test_every_member_is_in_the_vocabulary(kind: type[enum.Enum]) -> None:
    page = (DOCS / "vocabulary.md").read_text(encoding="utf-8")
    assert [member.value for member in kind if f"`{member.value}`" not in page] == []


def test_the_permission_page_is_the_table() -> None:
    assert (DOCS / "permissions.md").read_text(encoding="utf-8") == permission_table.page()


# --- names --------------------------------------------------------------------------------------------------------

LEFT: dict[str, str] = {"hearings": "found kept", "media": "_found found", "scheduler": "", "web": "Shown"}
"""Names that the vocabulary bans and that are there nevertheless. `found` is a member of API answers and a line of a
journal, `kept` what the hearing's log keeps, `Shown` what the API shows of a row. This list only becomes shorter."""


def section(title: str) -> str:
    """The text below a heading of the vocabulary."""
    return re.split(r"^## ", (DOCS / "vocabulary.md").read_text("utf-8").split(f"## {title}\n")[1], flags=re.M)[0]


def banned() -> dict[str, str]:
    """Each word that is no name, and where it is none: "in any name", "alone", "module"."""
    rows = re.findall(r"^\| (`.+`) \| (in any name|alone|module) \| [^|]{3,} \|$", section("Code-wide"), re.M)
    return {word: where for cell, where in rows for word in re.findall(r"`(\w+)`", cell)}


def names(package: str) -> Iterator[tuple[str, str]]:
    """The names of modules, classes and functions of a package, each with which of these it is."""
    for path, tree in parsed(ROOT, package):
        yield "module", Path(path).stem
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield "class", node.name
        for function in functions(tree):
            yield "function", function.name


def is_banned(kind: str, name: str, words: dict[str, str]) -> bool:
    """Whether a name has a word that no name may have, or is one that may not stand alone."""
    parts = [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    if any(words.get(part) == "in any name" for part in parts):
        return True
    where = words.get(parts[0], "") if len(parts) == 1 else ""
    return where == "alone" or (where == "module" and kind == "module")


@pytest.mark.parametrize("package", PACKAGES)
def test_a_class_name_has_one_meaning_in_a_package(package: str) -> None:
    assert class_names(ROOT, package) == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_class_or_function_has_a_name_that_is_banned(package: str) -> None:
    words = banned()
    assert len(words) > 30
    assert {name for kind, name in names(package) if is_banned(kind, name, words)} == set(LEFT.get(package, "").split())


@pytest.mark.parametrize(
    ("kind", "name", "wrong"),
    [
        ("class", "LevelEar", True),
        ("function", "_beat", True),
        ("class", "Heartbeat", False),
        ("function", "year", False),
        ("class", "Found", True),
        ("class", "NotFound", False),
        ("function", "lines", False),
        ("module", "lines", True),
        ("module", "line_rooms", False),
    ],
)
def test_a_banned_name_is_seen(kind: str, name: str, wrong: bool) -> None:
    assert is_banned(kind, name, banned()) is wrong


def test_every_term_of_the_vocabulary_is_used() -> None:
    files = [
        file
        for package in PACKAGES
        for kind in ("py", "html", "yaml", "ts", "tsx")
        for file in (ROOT / package).rglob(f"*.{kind}")
    ]
    text = "\n".join(file.read_text("utf-8") for file in files if not {"node_modules", "dist"} & set(file.parts))
    cells = re.findall(r"^\| ([^|]+) \|", section("The law") + section("Media and evidence"), re.M)
    terms = [term.strip() for cell in cells for term in re.split(r"[,;]", re.sub(r"\(.*?\)|\bto ", "", cell))]
    assert len(terms) > 40
    folded = text.lower()
    assert [
        term
        for term in terms
        if term not in ("our word", "---")
        and not re.search(rf"\b{re.sub('[ -]', '[ _-]+', term.lower())}(?:s|ed|ing)?\b", folded)
    ] == []
    literal = set(re.findall(r"`([^`]+)`", (DOCS / "vocabulary.md").read_text("utf-8"))) - banned().keys()
    assert [word for word in sorted(literal) if word not in text and not (ROOT / word).exists()] == []
