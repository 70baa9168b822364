"""What a test must do to be one: assert something, and of a page or an answer more than its status."""

import ast
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

import pytest

HERE = Path(__file__).parent
ASSERTING = {"grows_linearly", "raises", "warns", "fail", "expect", "until", "wait_for_url", "raise_for_status"}
"""Calls that fail when something is not as it should be. `until` fails when its condition does not come true."""
STATUS_ALONE: dict[str, str] = {}
"""Tests of tests/web that assert a status and nothing else: `file::name`, and why the status is all there is."""


def called(node: ast.Call) -> str:
    """The last part of the name of what is called."""
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


@dataclass
class Seen:
    """What a function asserts, and the names of what it calls."""

    asserts: list[ast.AST] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)


def functions(text: str) -> dict[str, Seen]:
    """The functions of a module, those of its classes too, by their names."""
    found = {}
    body = ast.parse(text).body
    body += [inner for outer in body if isinstance(outer, ast.ClassDef) for inner in outer.body]
    for function in body:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            seen = found[function.name] = Seen()
            for node in ast.walk(function):
                if isinstance(node, ast.Assert):
                    seen.asserts.append(node.test)
                elif isinstance(node, ast.Call):
                    seen.calls.add(called(node))
                    if called(node) in ASSERTING:
                        seen.asserts.append(node)
    return found


def assertions(name: str, all_of_module: dict[str, Seen]) -> list[ast.AST]:
    """What a function asserts itself, and by the functions of its module that it calls."""
    found, todo, done = list[ast.AST](), {name}, set[str]()
    while todo - done:
        one = (todo - done).pop()
        done.add(one)
        found += all_of_module[one].asserts
        todo |= all_of_module[one].calls & all_of_module.keys()
    return found


def of_a_status(node: ast.AST) -> bool:
    """Whether an expression looks at nothing but the status of answers."""
    match node:
        case ast.Attribute(attr="status_code" | "status") | ast.Name(id="status"):
            return True
        case ast.Compare(left=left) | ast.UnaryOp(operand=left) | ast.Await(value=left):
            return of_a_status(left)
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return all(map(of_a_status, parts))
        case ast.ListComp(elt=each) | ast.SetComp(elt=each) | ast.GeneratorExp(elt=each):
            return of_a_status(each)
        case ast.Call(func=ast.Name(id="all" | "any" | "set" | "sorted"), args=[inside]):
            return of_a_status(inside)
    return False


def judged(text: str) -> dict[str, str]:
    """What is wrong with the tests of a module, by their names: "nothing" or "status"."""
    found, whole = {}, functions(text)
    for name in whole:
        if name.startswith("test_"):
            asserted = assertions(name, whole)
            if not asserted or all(map(of_a_status, asserted)):
                found[name] = "status" if asserted else "nothing"
    return found


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    """The same of every module of tests."""
    files = sorted(HERE.rglob("test_*.py"))
    assert len(files) > 100
    return {
        f"{file.relative_to(HERE).as_posix()}::{name}": wrong
        for file in files
        for name, wrong in judged(file.read_text(encoding="utf-8")).items()
    }


def test_every_test_asserts_something(found: dict[str, str]) -> None:
    assert [where for where, wrong in found.items() if wrong == "nothing"] == []


def test_a_test_of_a_page_or_an_answer_asserts_more_than_its_status(found: dict[str, str]) -> None:
    status = {where for where, wrong in found.items() if wrong == "status" and where.startswith("web/")}
    assert status == set(STATUS_ALONE)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("look(page)", "nothing"),
        ("for one in (a, b):\n  one.get('/')", "nothing"),
        ("assert client.get('/').status_code == 403", "status"),
        ("assert (await client.get('/')).status_code in (303, 401), path", "status"),
        ("assert [one.status_code for one in answers] == [404, 404]", "status"),
        ("assert {a.status_code, b.status_code} == {404} and c.status == 200", "status"),
        ("assert all(one.status_code == 404 for one in answers)", "status"),
        ("enter(page)", "status"),
        ("assert (answer.status_code, answer.json()['code']) == (403, 'csrf')", ""),
        ("assert answer.status_code == 404\nassert 'name' not in answer.text", ""),
        ("with pytest.raises(Refused):\n  act()", ""),
        ("check(page)", ""),
    ],
)
def test_a_test_without_an_assertion_of_its_own_is_seen(body: str, wrong: str) -> None:
    helpers = "def enter(page):\n  assert page.status_code == 200\ndef check(page):\n  expect(page).to_be_seen()\n"
    expected = {"test_it": wrong} if wrong else {}
    assert judged(f"{helpers}async def test_it():\n{indent(body, '  ')}") == expected
