"""Cookies: read by one linear reader of ours, whatever the version of Python."""

import ast
from pathlib import Path

import pytest

import web
from tests.support.growth import grows_linearly
from web import cookies
from web.words.i18n import COOKIE, choose


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("a=1; b=2", "2"),
        ("b = 2 ;a=1", "2"),
        ("b=2; b=3", "2"),
        ("b", ""),
        ("b=", ""),
        ("ab=2", ""),
        ("a=b=2", ""),
        ("a=1;;; ;=;b=x=y", "x=y"),
        ("", ""),
    ],
)
def test_a_cookie_is_found_by_its_whole_name(header: str, found: str) -> None:
    assert cookies.value(header, "b") == found


@pytest.mark.parametrize("piece", ["\\", '"', ";", "=", "a=", " ", f"{COOKIE}=", '\\"', ";="])
def test_reading_grows_with_the_length_and_no_faster(piece: str) -> None:
    # 60 kB of backslashes in quotes held an older Python for 26 s: before a rate limit, on every path.
    grows_linearly(
        lambda header: choose(header.decode(), ""),
        lambda size: f'{COOKIE}="{piece * (size // len(piece))}"'.encode(),
        60_000,
        doublings=1,
    )


def test_no_other_reader_of_cookies_is_used() -> None:
    folder = Path(web.__file__).parent
    found = {
        f"{file.name}: {name}"
        for file in folder.rglob("*.py")
        if "node_modules" not in file.parts
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for name in (
            [node.attr] if isinstance(node, ast.Attribute) else [node.module or ""] if isinstance(node, ast.ImportFrom)
            else [one.name for one in node.names] if isinstance(node, ast.Import) else []
        )
        if name in ("cookies", "http.cookies", "SimpleCookie", "cookie_parser")
    }  # fmt: skip
    assert found == set()
