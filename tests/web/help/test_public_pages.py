"""Status, accessibility, privacy: for everybody, linked from every page, and true."""

import re
from pathlib import Path
from typing import Any

import pytest

import web
from scheduler import tidying
from web.help.public_pages import COOKIES, DATA, NOT_TESTED, TESTED, status_lines
from web.operation.health import Health

PAGES = ("/status", "/accessibility", "/privacy", "/docs")


def health(**faults: str) -> Health:
    return Health(**{"ready": "", "write": "", "seal": "separated", **faults}, conductor=(), database_seconds=0.0)


@pytest.mark.parametrize("path", PAGES)
def test_each_is_for_everybody_and_in_the_foot_of_every_page(service: Any, path: str) -> None:
    for client, page in ((service.client(), "/sign-in"), (service.signed_in("clerk"), "/docket")):
        assert client.get(path).status_code == 200
        assert f'href="{path}"' in client.get(page).text.partition('<footer class="bottom">')[2]
        assert f'href="{path}"' in client.get("/help").text.partition("<footer")[0]


def test_the_status_says_in_plain_words_what_works_and_names_no_fault(service: Any) -> None:
    client = service.client()
    words = client.words(client.get("/status"))
    assert "Hearings can be held." in words
    fault = "the database takes no changes"
    assert [line.good for line in status_lines(health())] == [True] * 4
    for given, bad in (({"ready": fault}, 1), ({"write": fault}, 2), ({"seal": "silent"}, 3)):
        lines = status_lines(health(**given))
        assert [number for number, line in enumerate(lines) if not line.good] == [bad]
        assert not any(fault in line.text or "database" in line.text for line in lines)


def test_the_statement_and_the_table_of_data_are_shown_whole(service: Any) -> None:
    client = service.client()
    shown = client.words(client.get("/accessibility"))
    assert all(text in shown for text in TESTED + NOT_TESTED)
    shown = client.words(client.get("/privacy"))
    for row in DATA:
        assert all(text in shown for text in (row.whose, row.what, row.why, row.long, row.seen_by))


def test_every_cookie_that_is_set_is_named_and_periods_are_those_of_the_program() -> None:
    folder = Path(web.__file__).parent
    found = {
        name
        for path in folder.rglob("*.py")
        for name in re.findall(r'^COOKIE = "([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    islands = [path.read_text(encoding="utf-8") for path in (folder / "frontend" / "src").rglob("*.ts")]
    found |= {name for text in islands for name in re.findall(r'^const STORE = "([^"]+)"', text, re.MULTILINE)}
    assert {name for name, _purpose, _long in COOKIES} == found
    kept = " ".join(row.long for row in DATA)
    assert f"{tidying.KEPT['outbox_message'].days} days after they were sent" in kept
    assert f"deleted after {tidying.KEPT['sign_in_link'].days} days" in kept
