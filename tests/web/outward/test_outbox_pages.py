"""Messages, calendar addresses and webhooks, as people and calendar programs see them."""

import dataclasses
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import icalendar
import pytest

from hearings.db import Database
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import outbox


def put(service: Any, key: str, status: OutboxStatus, state: str = "RO", **more: Any) -> str:
    async def make(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            made = await outbox.put(
                db, kind=OutboxKind.mail, to="somebody@ro.example", payload={"subject": "s", "text": "A text.\n\nLine"},
                about="RO-2026-0001", owner_state=state, now=now, key=key,
            )  # fmt: skip
            made.status, made.attempts = status, 1
            for name, value in more.items():
                setattr(made, name, value)
            return made.id

    return str(service.run(make))


def test_a_clerk_sees_what_was_not_delivered_and_sends_it_again(service: Any) -> None:
    row = put(service, "a", OutboxStatus.not_delivered, last_code="rejected", last_text="550 no such user")
    clerk = service.signed_in("clerk")
    words = clerk.words(clerk.get("/outbox?status=not_delivered"))
    assert "RO-2026-0001 Mail somebody@ro.example" in words
    assert "Not delivered The other side does not accept it Send again RO-2026-0001" in words
    assert "Mail is not set up." in words
    answer = clerk.post(f"/outbox/{row}/again", page="/outbox")
    assert (answer.status_code, answer.headers["location"]) == (303, "/outbox?done=again")
    assert "The message will be sent again." in clerk.get("/outbox?done=again").text
    twice = clerk.post(f"/outbox/{row}/again", page="/outbox")
    assert (twice.status_code, "Something has changed in the meantime" in clerk.words(twice)) == (409, True)
    page = clerk.words(clerk.get(f"/outbox/{row}"))
    assert "Waiting to be sent" in page
    assert "A text. Line" in page


def test_another_states_messages_are_not_found(service: Any) -> None:
    row = put(service, "b", OutboxStatus.not_delivered, state="TH")
    clerk = service.signed_in("clerk")
    assert clerk.get(f"/outbox/{row}").status_code == 404
    assert clerk.post(f"/outbox/{row}/again", page="/outbox").status_code == 404
    assert row not in clerk.get("/outbox").text
    authority = service.signed_in("authority")
    assert row in authority.get("/outbox").text
    assert "Waiting to be sent" not in authority.words(authority.get(f"/outbox/{row}"))


def test_a_judge_without_another_function_does_not_see_the_outbox(service: Any) -> None:
    row = put(service, "c", OutboxStatus.not_delivered)
    assert row in service.signed_in("clerk").get("/outbox").text
    judge = service.signed_in("judge")
    for path in ("/outbox", f"/outbox/{row}"):
        answer = judge.get(path)
        assert (answer.status_code, "You may not do this" in judge.words(answer)) == (403, True)
        assert "somebody@ro.example" not in answer.text and "A text." not in answer.text
    refused = judge.post(f"/outbox/{row}/again", page="/docket")
    assert (refused.status_code, "You may not do this" in judge.words(refused)) == (403, True)
    clerk = service.signed_in("clerk")
    assert "Not delivered" in clerk.words(clerk.get(f"/outbox/{row}"))


def test_row_21_a_forged_host_changes_no_link_of_a_feed_and_no_cookie_is_asked(service: Any) -> None:
    clerk = service.signed_in("clerk")
    page = clerk.post("/calendar", {"scope": "own"}, page="/calendar")
    (address,) = re.findall(rf"{re.escape(service.base)}(/calendar/[A-Za-z0-9_-]{{22}}\.ics)", page.text)
    forged = {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        "forwarded": "host=evil.example",
        "accept": "*/*",
    }
    answer = service.client().get(address, headers=forged)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert "set-cookie" not in answer.headers
    assert b"evil" not in answer.content
    (event,) = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(event["URL"]) == f"{service.base}/h/{service.ref}"
    assert str(event["SUMMARY"]) == f"Hearing {service.ref}"
    assert b"Wongsa" not in answer.content
    # GET and HEAD only.
    assert service.client().request("HEAD", address).status_code == 200
    assert clerk.post(address).status_code == 405


def test_a_feed_that_was_taken_back_is_as_unknown_as_one_that_never_was(service: Any) -> None:
    clerk = service.signed_in("clerk")
    page = clerk.post("/calendar", {"scope": "state"}, page="/calendar")
    (address,) = re.findall(r"(/calendar/[A-Za-z0-9_-]{22}\.ics)", page.text)
    assert address not in clerk.get("/calendar").text
    feed = re.findall(r"/calendar/([0-9a-f-]{36})/revoke", clerk.get("/calendar").text)[-1]
    other = service.signed_in("authority")
    assert other.post(f"/calendar/{feed}/revoke", page="/calendar").status_code == 404
    assert service.client().get(address).status_code == 200
    assert clerk.post(f"/calendar/{feed}/revoke", page="/calendar").status_code == 303
    gone, never = service.client().get(address), service.client().get("/calendar/AAAAAAAAAAAAAAAAAAAAAA.ics")
    assert (gone.status_code, never.status_code) == (404, 404)
    assert service.client().words(gone).rpartition(" ")[0][:60] == service.client().words(never).rpartition(" ")[0][:60]


def test_a_feed_needs_a_choice(service: Any, everything: Any) -> None:
    clerk, before = service.signed_in("clerk"), service.run(everything)
    answer = clerk.post("/calendar", {"scope": "all"}, page="/calendar")
    assert (answer.status_code, "Choose which hearings." in answer.text) == (422, True)
    assert service.run(everything) == before


def test_webhooks_are_the_administrators_and_need_a_host_that_is_allowed(service: Any) -> None:
    assert service.signed_in("clerk").get("/webhooks").status_code == 403
    administrator = service.signed_in("administrator")
    assert "The installation allows no hosts." in administrator.words(administrator.get("/webhooks"))
    for url in (
        "http://169.254.169.254/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://evil.example/",
    ):
        answer = administrator.post(
            "/webhooks", {"url": url, "events": "hearing.agreed", "csrf": administrator.token("/calendar")}
        )
        assert (answer.status_code, 'href="#url"' in answer.text) == (422, True), url
    assert "No webhooks yet." in administrator.words(administrator.get("/webhooks"))


@pytest.mark.parametrize("path", ["/outbox", "/calendar", "/webhooks"])
def test_nobody_sees_these_pages_without_signing_in(service: Any, path: str) -> None:
    row = put(service, path, OutboxStatus.not_delivered)
    client = service.client()
    answer = client.get(path)
    assert (answer.status_code, "Sign in first" in client.words(answer)) == (401, True)
    assert row not in answer.text and "csrf" not in answer.text


def test_an_administrator_makes_a_webhook_sees_its_secret_once_and_switches_it_off(
    service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = service.app.state.parts
    allowed = dataclasses.replace(service.settings, test_hooks=True, webhook_hosts="hooks.authority.example")
    monkeypatch.setattr(parts, "settings", allowed)
    administrator = service.signed_in("administrator")
    given = {"url": "http://localhost:1/in", "events": ["hearing.agreed", "hearing.cancelled"]}
    assert "Hosts the installation allows: hooks.authority.example" in administrator.words(
        administrator.get("/webhooks")
    )
    wrong = administrator.post("/webhooks", {"url": given["url"]}, page="/webhooks")
    assert (wrong.status_code, "Events: Choose one or more of the events" in administrator.words(wrong)) == (422, True)
    made = administrator.post("/webhooks", given, page="/webhooks")
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", unescape(made.text))
    listing = administrator.get("/webhooks")
    assert secret not in unescape(listing.text)
    assert "http://localhost:1/in hearing.agreed hearing.cancelled" in administrator.words(listing)
    (row,) = re.findall(r"/webhooks/([0-9a-f-]{36})/disable", listing.text)
    assert administrator.post(f"/webhooks/{row}/disable", page="/webhooks").status_code == 303
    assert "Off switched off here" in administrator.words(administrator.get("/webhooks?done=off"))
