"""JSON from outside: read in one pass, and only where it is read strictly."""

import ast
import json
from pathlib import Path

import pytest

from tests.support.growth import grows_linearly
from web import strict_json
from web.strict_json import JsonError

WEB = Path(strict_json.__file__).parent
OWN = {
    "api/openapi.py": "the recorded examples, a file of ours",
    "help/documentation.py": "the documentation of our own build",
    "operation/backup.py": "the facts of a backup, which its manifest covers",
    "strict_json.py": "the reader itself",
    "server/rendering.py": "the manifest of our own build",
    "sitting/custody.py": "lines of the custody log, checked before",
    "training/runs.py": "the mark of a run, a file of ours",
}
"""Where `json.loads` stands in web, and what it reads there."""


@pytest.mark.parametrize("piece", [b'\\"', b'"', b'"a', b"\\", b'"\\', b"\\\\", b'""', b'"",', b"[]", b"\xff", b"1"])
@pytest.mark.parametrize("begin", [b"", b'"', b'["', b'{"a":"'])
def test_reading_grows_with_the_length_and_no_faster(begin: bytes, piece: bytes) -> None:
    # The expression that was there before took 2.4 s for 24 kB of quotes that nobody closes.
    grows_linearly(
        strict_json.parse,
        lambda size: (begin + piece * (size // len(piece)))[:size],
        1 << 16,
        refused=(JsonError,),
        doublings=1,
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('"', "not_json"),
        ('{"a": "}"', "not_json"),
        ("\\", "not_json"),
        ('"a\\', "not_json"),
        ("[" * 21 + "]" * 21, "too_deep"),
        ('{"a":' * 21 + "1" + "}" * 21, "too_deep"),
        ("[" + "1," * 40_000 + "1]", "too_many_parts"),
        ("[" + '"",' * 20_000 + '""]', "too_many_parts"),
        ('{"a": 1, "a": 2}', "repeated_name"),
        ("NaN", "not_a_number"),
        ("1" * 5000, "not_a_number"),
        ("1e400", "not_a_number"),
        ('"\\ud800"', "invalid_input"),
    ],
)
def test_what_is_json_by_its_letters_only_is_refused(text: str, code: str) -> None:
    with pytest.raises(JsonError) as caught:
        strict_json.parse(text.encode())
    assert caught.value.code == code


@pytest.mark.parametrize(
    "text",
    ['"]]]]["', '{"a\\"[": ["\\\\", "{"]}', "[" * 20 + "]" * 20, '["[[[[[[[[[[[[[[[[[[[[[[[[[", "\\u005b"]', " 1 "],
)
def test_brackets_within_strings_count_for_nothing(text: str) -> None:
    assert strict_json.parse(text.encode()) == json.loads(text)


def test_nothing_from_outside_is_read_by_another_json_reader() -> None:
    found = {
        file.relative_to(WEB).as_posix()
        for file in WEB.rglob("*.py")
        if "node_modules" not in file.parts
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and (
            (node.attr in ("loads", "load") and isinstance(node.value, ast.Name) and node.value.id == "json")
            or (node.attr == "json" and isinstance(node.value, ast.Name) and node.value.id == "request")
        )
    }
    assert found == set(OWN)
