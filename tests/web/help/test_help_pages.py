"""Help: the reader's own part first, a page for each role, and the questions people ask where they stand."""

import re
from pathlib import Path
from typing import Any

import pytest

import web
from hearings.roles import StaffFunction
from web.help.help_texts import ROLES, by_name
from web.server.navigation import ADMINISTRATION, NAVIGATION
from web.words.labels import WHYS

ROOT = Path(web.__file__).parent
TEMPLATES = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("*/templates/*.html"))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_each_role_has_a_page_with_all_of_its_help_for_anybody(service: Any, role: Any) -> None:
    client = service.client()
    answer = client.get(f"/help/{role.name}")
    words = client.words(answer)
    assert answer.status_code == 200
    texts = [text for part in role.parts for text in part] + [WHYS[name].answer for name in role.whys]
    for text in (role.label, *texts):
        assert text in words
    assert f'href="/help/{role.name}"' in client.get("/help").text


def test_a_role_without_help_is_no_page(service: Any) -> None:
    client = service.client()
    answer = client.get("/help/nobody")
    assert answer.status_code == 404
    assert "There is no such page" in client.words(answer)


def test_every_function_of_staff_has_help() -> None:
    assert {function.value for function in StaffFunction} <= {role.name for role in ROLES}


@pytest.mark.parametrize("who", [function.value for function in StaffFunction])
def test_help_shows_the_part_of_the_reader_first_and_no_other(service: Any, who: str) -> None:
    text = service.signed_in(who).get("/help").text
    shown = re.findall(r'id="help-(\w+)"', text)
    assert who in shown
    assert not {"witness", "interpreter", "expert"} & set(shown)
    assert text.index(f'id="help-{who}"') < text.index("Before the hearing")


def test_every_question_is_asked_where_people_stand_and_every_one_asked_has_an_answer() -> None:
    assert set(re.findall(r'c\.why\("(\w+)"\)', TEMPLATES)) == set(WHYS)
    assert {name for role in ROLES for name in role.whys} <= set(WHYS)


def test_every_name_in_quotes_is_that_of_a_page_or_a_button() -> None:
    pages = {item.text for _heading, items in NAVIGATION for item in items} | {item.text for item in ADMINISTRATION}
    islands = "".join(path.read_text("utf-8") for path in (ROOT / "frontend" / "src").rglob("*.ts*"))
    buttons = set(re.findall(r'\bt\("([^"]+)"', islands))
    named = {name for role in ROLES for part in role.parts for text in part for name in re.findall("“([^”]+)”", text)}
    assert {"Set-up", "I need help"} <= named and named <= pages | buttons


@pytest.mark.parametrize("role", ["witness", "expert"])
def test_who_came_by_a_link_is_not_told_to_use_it_again(role: str) -> None:
    """A link works once: see tests of `links.redeem`."""
    text = " ".join(text for part in by_name(role).parts for text in part)
    assert "open your link again" not in text and "Your link works only once" in text
