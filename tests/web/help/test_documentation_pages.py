"""The documentation that an installation serves: for everybody, whole, in English, and searched."""

import re
from typing import Any

import pytest

from hearings.roles import StaffFunction
from web.help.documentation import documentation
from web.help.documentation_pages import OWN

LINK = re.compile(r'href="(/docs[^"#]*)')


def test_every_page_is_reached_from_the_index_without_a_login_and_without_script(service: Any) -> None:
    client = service.client()
    queue, seen = ["/docs"], set[str]()
    while queue:
        address = queue.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = client.get(address)
        assert answer.status_code == 200, address
        queue += [link.replace("&amp;", "&") for link in LINK.findall(answer.text)]
    assert {address for address in seen if address.startswith("/docs/")} == {
        f"/docs/{name}" for name in documentation().pages
    }
    assert {f"/docs?for={readers.name}" for readers in documentation().readers} <= seen


def test_a_page_says_for_whom_it_is_and_what_is_on_it_and_is_english_in_every_language(service: Any) -> None:
    client = service.client()
    answer = client.get("/docs/live", headers={"accept-language": "th"})
    assert '<html lang="th" dir="ltr">' in answer.text
    assert re.search(r'<div class="docs-text" lang="en" dir="ltr"', answer.text)
    assert re.search(r'<title lang="en">A live hearing', answer.text)
    shown = documentation().pages["live"]
    assert [f"/docs?for={name}" in answer.text for name in shown.readers] == [True] * 4
    for heading in shown.contents:
        assert f'href="#{heading.anchor}"' in answer.text and f'id="{heading.anchor}"' in answer.text
    assert '<html lang="ar" dir="rtl">' in client.get("/docs", headers={"accept-language": "ar"}).text


@pytest.mark.parametrize("address", ["/docs/nothing", "/docs?for=nobody", "/docs/README"])
def test_what_is_not_there_is_said(service: Any, address: str) -> None:
    client = service.client()
    answer = client.get(address)
    assert (answer.status_code, "There is no such page" in client.words(answer)) == (404, True)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("restore backup", "operation"),
        ("six-digit PINs", "live"),
        ("custod", "recording-format"),
        ('"seal" AND (key OR *', "seal"),
        ("webhook signature", "webhooks"),
    ],
)
def test_a_search_finds_the_passage_and_marks_its_words(service: Any, words: str, first: str) -> None:
    client = service.client()
    answer = client.get("/docs/search", params={"q": words})
    assert "<mark>" in answer.text
    hits = re.findall(r'<li><a href="/docs/([a-z-]+)(?:#[^"]+)?"><b>', answer.text)
    assert first in hits[:8], hits


@pytest.mark.parametrize(
    "words", ["", "   ", "жжж", "xyzzyx", '"', "a" * 5000, "\x00", "NEAR(zz", "<script>alert(1)</script>"]
)
def test_a_search_that_finds_nothing_says_so_and_shows_nothing_else(service: Any, words: str) -> None:
    client = service.client()
    answer = client.get("/docs/search", params={"q": words})
    shown = client.words(answer)
    assert answer.status_code in (200, 400)
    assert answer.status_code == 400 or "English words" in shown
    assert "<mark>" not in answer.text and "<script>alert" not in answer.text


def test_a_search_never_finds_what_the_page_of_the_heading_does_not_have() -> None:
    docs = documentation()
    for hit in docs.search("recording"):
        assert hit.anchor in {heading.anchor for heading in hit.page.headings}
        assert "record" in f"{hit.page.title} {hit.title} {hit.excerpt}".lower()


def test_every_function_of_staff_has_its_part_of_the_documentation(service: Any) -> None:
    assert set(OWN) == {function.value for function in StaffFunction}
    assert all(documentation().readers_named(name) for name in OWN.values())
    client = service.signed_in("clerk")
    assert re.search(r'for=judges-and-clerks"[^>]*>[^§]*?your part', client.get("/docs").text)
