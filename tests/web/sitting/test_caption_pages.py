"""The stenographer's page: a line is sent, shown and corrected, and what is refused stays in its field."""

import re

import pytest

from hearings import queries
from hearings.roles import Role


@pytest.fixture
def home(service, room):
    return f"/h/{service.ref}/captions"


def captions_of(service):
    async def read(database):
        async with database.reading() as db:
            hearing = await queries.hearing_by_ref(db, service.ref)
            return [event for event in await queries.events(db, hearing.id) if event.kind == "caption"]

    return service.run(read)


def test_a_line_is_sent_and_the_choices_stay(service, room, home):
    clerk = service.signed_in("clerk")
    assert f'href="{home}"' in clerk.get(f"/h/{service.ref}").text
    shown = clerk.get(home).text
    assert "autofocus" in shown and "as fed by a stenographer" in shown
    line = {"text": "Am văzut mașina.", "language": "ro", "participant": room[Role.witness]}
    answer = clerk.post(home, line, page=home)
    where = answer.headers["location"]
    assert (answer.status_code, where) == (303, f"{home}?language=ro&participant={room[Role.witness]}")
    again = clerk.get(where).text
    assert f'<option value="{room[Role.witness]}" selected>' in again and 'value="ro" selected' in again
    assert re.search(r'<p class="kept" lang="ro" dir="auto">Am văzut mașina\.</p>', again)
    assert re.search(r'name="text" type="text" value=""', again)
    made = captions_of(service)[-1]
    assert (made.data["source"], made.data["text"], made.actor_role) == ("stenographer", "Am văzut mașina.", "clerk")


def test_a_line_is_corrected_by_its_own_side(service, room, home):
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    clerk.post(home, {"text": "The red car", "language": "en"}, page=home)
    number = captions_of(service)[-1].seq
    assert f"corrects={number}#text" in clerk.get(home).text
    assert f"corrects={number}#text" not in authority.get(home).text
    form = f"{home}?corrects={number}"
    assert 'value="The red car"' in clerk.get(form).text
    answer = clerk.post(form, {"text": "The read card", "language": "en"}, page=form)
    assert answer.status_code == 303
    shown = clerk.get(home)
    assert "<s>The red car</s>" in shown.text and f"corrects line {number}" in clerk.words(shown)
    assert f"corrects={number}#text" not in shown.text
    refused = authority.post(f"{home}?corrects={number}", {"text": "No.", "language": "en"}, page=home)
    assert (refused.status_code, "Only the State that fed a caption" in refused.text) == (422, True)


def test_what_is_refused_is_said_and_stays_as_typed(service, room, home):
    clerk = service.signed_in("clerk")
    answer = clerk.post(home, {"text": "  ", "language": "ro"}, page=home)
    assert (answer.status_code, "What is said: this cannot be empty." in answer.text) == (422, True)
    long = clerk.post(home, {"text": "<b>" + "a" * 300, "language": "ro"}, page=home)
    assert "at most 300 characters" in long.text and "&lt;b&gt;aaa" in long.text
    before = len(captions_of(service))
    for number in range(11):
        answer = clerk.post(home, {"text": f"Ligne {number}", "language": "fr"}, page=home)
    assert (answer.status_code, "At most 10 captions in ten seconds" in answer.text) == (422, True)
    assert ('value="Ligne 10"' in answer.text, len(captions_of(service)) - before) == (True, 10)


def test_who_may_not_feed_captions_sees_no_page(service, room, guest, home):
    for client, status in ((service.client(), 401), (guest(room[Role.interpreter]), 404)):
        answer = client.get(home)
        assert (answer.status_code, "What is said" in answer.text) == (status, False)
    assert "What is said" in service.signed_in("judge").get(home).text


def test_the_log_lists_captions_apart_and_says_their_source(service, room, home):
    clerk = service.signed_in("clerk")
    clerk.post(home, {"text": "Words of the log", "language": "en"}, page=home)
    log = f"/h/{service.ref}/log"
    shown = clerk.get(log)
    assert "Words of the log" not in shown.text and f'href="{log}?kind=caption"' in shown.text
    listed = clerk.words(clerk.get(f"{log}?kind=caption"))
    assert "English; stenographer; Words of the log" in listed
    assert "Words of the log" not in clerk.get(f"/h/{service.ref}").text
