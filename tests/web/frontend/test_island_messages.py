"""Islands load the messages that they use, in the language of the page, and no others."""

import gettext
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.messages.catalog import Catalog

from deploy import assets
from tests.support.translated import catalogue
from web.server import rendering
from web.words import catalogues, i18n

pytestmark = pytest.mark.beside

ROOT = Path(__file__).parents[3]
FRONTEND = ROOT / "web" / "frontend"
ISLANDS = ("line-test", "live", "network", "player", "sign", "transcript", "verify")
OTHERS = [language for language in i18n.LANGUAGES.values() if language is not i18n.DEFAULT]


@pytest.fixture(autouse=True)
def named(build, monkeypatch) -> None:
    """Pages name the files of the build of this test."""
    monkeypatch.setattr(rendering, "MANIFEST", build.folder / "manifest.json")


def loaded(island: str, tag: str) -> dict[str, Any]:
    """What an island gets from the address that a page names in this language."""
    with i18n.speaking(tag):
        address = rendering.messages_url(island)
    found: dict[str, Any] = json.loads((rendering.MANIFEST.parent / Path(address).name).read_text("utf-8"))
    return found


def sources() -> dict[str, list[str]]:
    """The sources of each island."""
    found: dict[str, list[str]] = json.loads((rendering.MANIFEST.parent / "islands.json").read_text())
    return found


@cache
def used(island: str) -> frozenset[str]:
    """The messages of an island's sources."""
    return frozenset(message for source in sources()[island] for message in messages_of(source))


@cache
def messages_of(source: str) -> set[str]:
    """The messages of one source: several islands share it."""
    return assets._messages(FRONTEND / source)


@pytest.mark.parametrize("language", OTHERS, ids=lambda one: one.tag)
@pytest.mark.parametrize("island", ISLANDS)
def test_an_island_loads_what_it_uses_and_is_translated_and_nothing_else(island, language):
    made, translated = loaded(island, language.tag), catalogue(language.tag)
    assert (made["lang"], made["dir"]) == (language.tag, language.direction)
    parts = {message: message.rpartition(assets.MEANT) for message in used(island)}
    entries = {message: translated.get(text, context or None) for message, (context, _, text) in parts.items()}
    wanted = {name for name, one in entries.items() if one and not one.fuzzy and one.string and all(one.string)}
    assert made["messages"].keys() == wanted
    for name, text in made["messages"].items():
        string = entries[name].string
        assert list(text.values()) == list(string) if isinstance(text, dict) else text == string


def test_every_message_of_browser_code_reaches_an_island():
    collected = {
        (f"{context}{assets.MEANT}" if context else "") + (message if isinstance(message, str) else message[0])
        for message, context, where, _comments in catalogues.messages()
        if where.startswith("web/frontend/src/")
    }
    assert collected == set().union(*(used(island) for island in ISLANDS))
    assert len(used("live")) > 300 > len(used("sign"))


def test_a_message_of_browser_code_stands_in_the_call_so_that_it_is_collected():
    call = re.compile(r"(?<![\w.])tn?\(\s*(?![\s\"`])([^)]{0,40})")
    calls = {path.name: call.findall(path.read_text("utf-8")) for path in FRONTEND.glob("src/**/*.ts*")}
    del calls["i18n.ts"]
    assert {name: found for name, found in calls.items() if found} == {}


@pytest.mark.parametrize("language", OTHERS, ids=lambda one: one.tag)
def test_python_and_islands_choose_the_same_plural_form(language):
    translated = catalogue(language.tag)
    chosen, category = gettext.c2py(translated.plural_expr), Locale.parse(language.locale).plural_form
    plurals = assets._plural_categories(translated)
    assert [plurals[chosen(n)] for n in range(1, 1000)] == [category(n) for n in range(1, 1000)]


def test_what_is_not_translated_is_left_to_english():
    made = Catalog(locale="ar")
    made.add("Sign out", "خروج")
    made.add("Said for the first time")
    made.add("Guessed", "تخمين", flags={"fuzzy"})
    made.add("Recording", "يجري التسجيل", context="going on now")
    wanted = {"Sign out", "Said for the first time", "Guessed", "Recording", "Never collected"}
    wanted.add(f"going on now{assets.MEANT}Recording")
    assert assets.island_messages(made, wanted)["messages"] == {
        "Sign out": "خروج",
        f"going on now{assets.MEANT}Recording": "يجري التسجيل",
    }


def test_a_page_in_english_loads_no_messages():
    assert rendering.messages_url("live") == ""
