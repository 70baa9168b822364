"""Every row of the permission table is asked by code: found in the syntax of `hearings` and `web`, in no list.

A function asks when it hands an action on to `may`, `require` or their kin of `hearings.permissions`, directly or by
way of other such functions; a field asks when what it holds is handed on so (`require(kind.needs, actor)`). A row is
asked where its name, itself or by a constant, is given to such a function or such a field. What only a page offers
(`web.live.view.page_actions`) or lists does not count.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from hearings.permission_table import TABLE
from hearings.staff_table import FACILITATION, STAFF

ROOT = Path(__file__).parents[2]
FIRST = frozenset({"may", "require", "may_staff", "require_staff"})
TABLES = ROOT / "hearings" / "permission_table.py"


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    """The modules of the two packages, each with its name for people."""
    paths = [path for package in ("hearings", "web") for path in sorted((ROOT / package).rglob("*.py"))]
    return tuple(
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for path in paths
        if path != TABLES and "node_modules" not in path.parts
    )


def name_of(node: ast.expr) -> str:
    """The last name of what is called or read: `permissions.may` is `may`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.AST) -> Iterator[tuple[str, list[ast.expr], dict[str, ast.expr]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield (
                name_of(node.func),
                node.args,
                {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg},
            )


def actions(name: str, given: list[ast.expr], askers: frozenset[str]) -> list[ast.expr]:
    """The argument of a call that is an action: of an asker, the first."""
    return given[:1] if name in askers else []


def is_text(node: ast.arg | ast.AnnAssign) -> bool:
    return isinstance(node.annotation, ast.Name) and node.annotation.id == "str"


@cache
def texts() -> frozenset[str]:
    """Fields of classes that hold a text."""
    return frozenset(
        field.target.id
        for _module, tree in trees()
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef)
        for field in kind.body
        if isinstance(field, ast.AnnAssign) and is_text(field) and isinstance(field.target, ast.Name)
    )


@cache
def askers() -> tuple[frozenset[str], frozenset[str]]:
    """Functions that hand an action on, and fields that hold one."""
    functions, fields = FIRST, frozenset[str]()
    while True:
        found_functions, found_fields = set(functions), set(fields)
        for _module, tree in trees():
            for function in ast.walk(tree):
                if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                own = [argument for argument in function.args.args if argument.arg not in ("self", "cls")][:1]
                for name, given, _named in calls(function):
                    for action in actions(name, given, functions):
                        if isinstance(action, ast.Name) and [one.arg for one in own if is_text(one)] == [action.id]:
                            found_functions.add(function.name)
                        if isinstance(action, ast.Attribute) and action.attr in texts():
                            found_fields.add(action.attr)
        if found_functions == functions and found_fields == fields:
            return functions, fields
        functions, fields = frozenset(found_functions), frozenset(found_fields)


@cache
def asked() -> dict[str, set[str]]:
    """Where each name is asked: its modules."""
    functions, fields = askers()
    found: dict[str, set[str]] = {}
    for module, tree in trees():
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for name, given, named in calls(tree):
            for action in [*actions(name, given, functions), *(named[field] for field in fields & named.keys())]:
                value = action.value if isinstance(action, ast.Constant) else constants.get(name_of(action))
                if isinstance(value, str):
                    found.setdefault(value, set()).add(module)
    return found


@pytest.mark.parametrize("row", TABLE)
def test_every_row_of_a_hearing_is_asked(row: str) -> None:
    assert asked().get(row), f"no code asks {row}: ask it where it is decided, or take the row out"


@pytest.mark.parametrize("row", STAFF)
def test_every_row_of_staff_is_asked(row: str) -> None:
    assert asked().get(row), f"no code asks {row}: ask it where it is decided, or take the row out"


def test_nothing_is_asked_that_has_no_row() -> None:
    functions, fields = askers()
    assert {"decide", "granted", "start"} & functions == {"decide"}
    assert fields == {"needs", "right"}
    unknown = {
        (name, module)
        for name, modules in asked().items()
        for module in modules
        if name not in {**TABLE, **STAFF, **FACILITATION}
    }
    assert unknown == set()
