"""The TypeScript of the pages: types, its own tests, and what the build may weigh and name."""

import gzip
import json
import re
from itertools import chain
from pathlib import Path

import pytest

from tests.support.translated import catalogue
from web.words import i18n

pytestmark = pytest.mark.beside

WEB = Path(__file__).parents[3] / "web"
FRONTEND = WEB / "frontend"
LIVE_BUDGET = 120 * 1024
"""Bytes of the live page's script, compressed, at most."""
FORM_BUDGET = 60 * 1024
"""Bytes of all style sheets and scripts of a page with forms, compressed, at most."""
FONT_BUDGET = 64 * 1024
"""Bytes of the fonts that a page in one language needs, at most."""


def test_types_are_sound(node_runs) -> None:
    assert "error" not in node_runs("node_modules/typescript/bin/tsc", "--noEmit")


def test_client_library_keeps_its_promises(node_runs) -> None:
    assert " fail 0\n" in node_runs("test/run.mjs")


def test_live_page_stays_within_its_budget(build) -> None:
    assert 10_000 < len(build.read("live.js", ".gz")) < LIVE_BUDGET


def test_pages_with_forms_stay_within_their_budget(build) -> None:
    files = [*WEB.glob("static/css/*.css"), *WEB.glob("static/js/*.js")]
    own = sum(len(gzip.compress(file.read_bytes())) for file in files)
    assert len(files) >= 4
    assert 5_000 < own + sum(len(build.read(name, ".gz")) for name in ("fonts.css", "sign.js")) < FORM_BUDGET


def test_every_text_is_there_compressed_too_and_fonts_are_not(build) -> None:
    for file in build.folder.iterdir():
        if file.suffix in (".css", ".js", ".json", ".txt"):
            if len(gzip.compress(file.read_bytes())) >= file.stat().st_size:  # hardly anything, so nothing is gained
                continue
            unpacked = gzip.decompress((build.folder / f"{file.name}.gz").read_bytes())
            assert unpacked == file.read_bytes()
            assert len((build.folder / f"{file.name}.br").read_bytes()) < file.stat().st_size
    assert list(build.folder.glob("*.woff2")) and not list(build.folder.glob("*.woff2.*"))


FACE = re.compile(r'@font-face\{font-family:"?([^;"]+)"?;[^}]*?url\("?\./([^")]+)"?\)[^}]*?unicode-range:([^;}]+)')


def faces(style: str) -> list[tuple[str, str, set[int]]]:
    """Family and file of each font, and the code points that it is fetched for, in the order of the style sheet."""
    found = []
    for family, file, ranges in FACE.findall(style):
        points: set[int] = set()
        for part in ranges.split(","):
            first, _, last = part.strip()[2:].partition("-")
            # U+1F1?? is U+1F100-1F1FF
            points |= set(range(int(first.replace("?", "0"), 16), int((last or first).replace("?", "F"), 16) + 1))
        found.append((family, file, points))
    return found


def letters_of(language: i18n.Language) -> set[int]:
    """The letters of every message in a language; names of places come in Latin letters with marks."""
    letters = {ord(letter) for letter in "București Bogotá Kraków İstanbul Đakovo 0123456789 –…’“”·"}
    messages = [[one.string] if isinstance(one.string, str) else one.string for one in catalogue(language.tag)]
    return letters | {ord(letter) for letter in chain.from_iterable(chain.from_iterable(messages))}


@pytest.mark.parametrize("language", i18n.LANGUAGES.values(), ids=lambda one: one.tag)
def test_the_fonts_that_a_language_needs_are_cut_to_its_letters(build, language) -> None:
    """The browser takes the first family that has a letter, and of its faces the last."""
    declared = faces(build.read("fonts.css").decode())
    families = re.findall(r'"(Noto Sans[\w ]* Variable)"', (WEB / "static" / "css" / "tokens.css").read_text("utf-8"))
    assert set(families) == {family for family, _file, _points in declared}
    declared.sort(key=lambda face: -families.index(face[0]))
    files = {
        letter: next((file for _family, file, points in reversed(declared) if letter in points), "")
        for letter in letters_of(language)
    }
    assert {chr(letter): file for letter, file in files.items() if file and "-cut-" not in file} == {}
    assert sum((build.folder / file).stat().st_size for file in set(files.values()) if file) < FONT_BUDGET


def test_no_font_is_fetched_before_the_page_asks_for_its_letters(build) -> None:
    style = build.read("fonts.css").decode()
    assert style.count("@font-face") == style.count("unicode-range") == style.count("font-display:swap") > 10
    for template in WEB.glob("*/templates/*.html"):
        assert not re.search(r"rel=.preload.[^>]*font", template.read_text("utf-8")), template.name


SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|createContextualFragment"
    r"|parseFromString|setHTMLUnsafe|dangerouslySetInnerHTML|setAttribute\(\"on|importScripts|new (Shared)?Worker\("
)
"""What Trusted Types guard."""


def test_no_code_of_ours_makes_markup_or_code_from_text() -> None:
    files = [*WEB.glob("static/js/*.js"), *FRONTEND.glob("src/**/*.ts*")]
    found = {file.name: [one[0] for one in SINKS.finditer(file.read_text("utf-8"))] for file in files}
    found = {name: sinks for name, sinks in found.items() if sinks}
    # The player's, and the one in which a transcript is opened: both by the policy of that name.
    assert found == {"main.tsx": ["new Worker("], "session.ts": ["new Worker("]}


def test_built_scripts_make_no_code_from_text(build) -> None:
    assert "RTCPeerConnection" in build.read("live.js").decode()
    for name in build.names:
        if name.endswith(".js"):
            for sink in ("document.write", "insertAdjacentHTML", "eval(", "new Function"):
                assert sink not in build.read(name).decode(), name


def test_styles_are_free_of_sides_that_do_not_turn_round() -> None:
    rules = (FRONTEND / "src" / "live" / "live.css").read_text(encoding="utf-8")
    declared = {part.split(":")[0].strip() for part in rules.replace("{", ";").replace("}", ";").split(";")}
    one_sided = {
        f"{name}{side}" for name in ("", "margin-", "padding-", "border-") for side in ("left", "right")
    }  # fmt: skip
    assert "margin-inline-start" in declared
    assert declared & one_sided == set()


def test_lock_file_names_versions_and_no_place() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    for name, entry in packages.items():
        assert "resolved" not in entry, name
        assert entry["integrity"].startswith("sha512-"), name
