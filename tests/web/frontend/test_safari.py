"""Nothing of ours needs what Safari lacks. It is not run in Safari; docs/browsers.md says so."""

import json
import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[3] / "web"
LACKS = json.loads((Path(__file__).parent / "safari_lacks.json").read_text("utf-8"))
MEMBERS = {member for members in LACKS["members"].values() for member in members}
FILES = [*WEB.glob("frontend/src/**/*.ts*"), *WEB.glob("static/js/*.js")]
COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
ALLOWED = {
    "ears.ts vibrate": "called where it is there; a bell rings and the page says so as well",
    "main.tsx stats": "of our own line",
    "own-line.ts stats": "of our own line",
    "engine.ts serial": "of our own counting",
    "preferences.ts preferences": "of the person, kept by us",
    "probe.ts stats": "of our own looking",
}
"""Names that are in the table and do no harm, by file."""


def lacking(code: str) -> set[str]:
    """The names of a script that Safari lacks."""
    plain = STRING.sub('""', COMMENT.sub("", code))
    members = {name for name in re.findall(r"\.([A-Za-z]\w*)", plain) if name in MEMBERS}
    return members | {name for name in re.findall(r"\b[A-Z]\w+", plain) if name in LACKS["interfaces"]}


def test_no_script_names_what_safari_lacks() -> None:
    assert len(FILES) > 50
    found = {f"{file.name} {name}" for file in FILES for name in lacking(file.read_text("utf-8"))}
    assert found - ALLOWED.keys() == set()
    assert ALLOWED.keys() - found == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("navigator.vibrate?.(200)", {"vibrate"}), ("new NetworkInformation()", {"NetworkInformation"}),
        ("// navigator.vibrate", set()), ('say("navigator.vibrate")', set()), ("peer.getStats()", set()),
    ],
)  # fmt: skip
def test_a_name_is_found_in_code_and_not_in_words(code: str, found: set[str]) -> None:
    assert lacking(code) == found
