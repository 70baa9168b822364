"""Open pages are told that what they display has changed: whose, how many, how soon, and for how long."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from sqlmodel import col, select, update

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database
from hearings.hearing import hearing as diary
from hearings.models import Login, StatusChange
from hearings.outward.changes import VisibleChange
from hearings.people import staff
from hearings.requests import requests
from tests.support.browsers import chromium_in_step
from tests.support.page_client import Client, Service
from web import cli
from web.demo import demo
from web.outward import change_watch
from web.outward.change_watch import OpenPage
from web.server.followed import STREAM, Followed, followed
from web.server.sign_in import COOKIE

pytestmark = pytest.mark.beside
LIMIT = 60.0
"""Seconds a test waits for what is expected."""
SOON = timedelta(seconds=2)


def address(page: str, since: datetime | None = None) -> str:
    return f"{STREAM}?{urlencode({'page': page, 'since': (since or datetime.now(UTC)).isoformat()})}"


@contextlib.contextmanager
def listening(client: Client, page: str, since: datetime | None = None) -> Iterator[Iterator[dict[str, Any]]]:
    """The events of a connected page; each is waited for."""
    headers = {"cookie": f"{COOKIE}={client.cookies[COOKIE]}", "accept-encoding": "gzip, br, zstd"}
    with client.http.stream("GET", address(page, since), headers=headers, timeout=LIMIT) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        yield (json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: "))


def sent(service: Service) -> str:
    """A request that Romania sent and Thailand acknowledged a minute ago; its reference."""

    async def make(database: Database) -> str:
        now = datetime.now(UTC) - timedelta(minutes=1)
        async with database.transaction() as db:
            people = await queries.people(db)
            asks, answers = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=asks, now=now)
            await requests.submit(db, request=row, actor=asks, now=now)
            await requests.acknowledge(db, request=row, actor=answers, now=now)
            return row.reference

    return str(service.run(make))


def accept(service: Service, reference: str) -> None:
    async def work(database: Database) -> None:
        async with database.transaction() as db:
            answers = person_actor(cli.match(await queries.people(db), "authority"))
            row = await queries.request(db, reference, state="TH", lock=True)
            await requests.accept(db, request=row, actor=answers, now=datetime.now(UTC))

    service.run(work)


def test_the_other_state_learns_of_an_acceptance_within_two_seconds(service):
    """By the stamps of act and event: of several, for a machine may be busy during one."""
    clerk, delays = service.signed_in("clerk"), []
    for _try in range(3):
        reference = sent(service)
        with listening(clerk, f"/requests/{reference}") as events:
            accept(service, reference)
            event = next(events)
        assert event.keys() == {"kind", "about", "count", "text", "at", "sent"}, "nothing personal is in it"
        assert (event["kind"], event["about"]) == ("hearing_request", reference)
        assert (event["count"], event["text"]) == (1, "Show 1 change")
        delays.append(datetime.fromisoformat(event["sent"]) - datetime.fromisoformat(event["at"]))
        if delays[-1] <= SOON:
            break
    assert min(delays) <= SOON


def test_a_page_that_connects_again_is_told_what_it_has_missed_since_it_was_made(service):
    clerk, since = service.signed_in("clerk"), datetime.now(UTC)
    reference = sent(service)
    since = datetime.now(UTC)
    accept(service, reference)
    with listening(clerk, f"/requests/{reference}", since) as events:
        assert next(events)["count"] == 1
    with listening(clerk, "/waiting", since) as events:
        assert next(events)["about"] == reference


def test_the_page_of_a_hearing_follows_its_request_too_and_no_other(service):
    clerk = service.signed_in("clerk")
    reference, other = sent(service), sent(service)

    async def request_of(database: Database) -> str:
        async with database.reading() as db:
            hearing = await queries.hearing(db, service.ref, state="RO")
            return (await queries.references(db, [hearing]))[hearing.request_id]

    own = service.run(request_of)
    with listening(clerk, f"/h/{service.ref}") as events:
        accept(service, other)
        service.run(lambda database: _cancel(database, service.ref))
        assert next(events)["about"] in (service.ref, own)
    assert reference != other


async def _cancel(database: Database, ref: str) -> None:
    async with database.transaction() as db:
        clerk = person_actor(cli.match(await queries.people(db), "clerk"))
        hearing = await queries.hearing(db, ref, state="RO", lock=True)
        await diary.cancel(db, hearing=hearing, reason="Settled", actor=clerk, now=datetime.now(UTC))


@pytest.mark.parametrize("way", ["signed_out", "deactivated"])
def test_a_stream_ends_with_its_login_and_is_not_opened_again(service, way):
    who = "clerk" if way == "signed_out" else "judge"
    client, reference = service.signed_in(who), sent(service)
    with listening(client, f"/requests/{reference}") as events:
        if way == "signed_out":
            ending = threading.Thread(target=client.post, args=("/sign-out",), kwargs={"page": "/docket"})
            cookies = dict(client.cookies)
            ending.start()
            ending.join()
            client.cookies = cookies
        else:

            async def deactivate(database: Database) -> None:
                async with database.transaction() as db:
                    person = cli.match(await queries.people(db), who)
                    await staff.deactivate(
                        db, person=await queries.get(db, type(person), person.id), now=datetime.now(UTC)
                    )

            service.run(deactivate)
        with contextlib.suppress(httpx.RemoteProtocolError):
            assert list(events) == []
    assert client.get(address("/docket")).status_code == 401


def test_a_page_that_lies_open_keeps_nobody_signed_in(service):
    client = service.signed_in("clerk")
    long_ago = datetime.now(UTC) - timedelta(minutes=10)

    async def sit_idle(database: Database) -> None:
        async with database.transaction() as db:
            await db.exec(update(Login).where(col(Login.ended_at).is_(None)).values(seen_at=long_ago))

    async def seen(database: Database) -> set[datetime]:
        async with database.reading() as db:
            query = select(Login.seen_at).where(col(Login.ended_at).is_(None))
            return set((await db.exec(query)).all())

    service.run(sit_idle)
    reference = sent(service)
    with listening(client, f"/requests/{reference}") as events:
        accept(service, reference)
        next(events)
    assert service.run(seen) == {long_ago}


def test_a_login_has_so_many_connected_pages_at_most(service, monkeypatch):
    client = service.signed_in("clerk")
    monkeypatch.setattr(change_watch, "PAGES", 1)
    with listening(client, "/docket"):
        refused = client.get(address("/waiting"))
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")


@pytest.mark.parametrize("page", ["", "/sites", "/h/NONE-NONE", "/requests/RO-1999-0001", "/h/x/live"])
def test_a_page_that_follows_nothing_or_is_not_there_has_no_stream(service, page):
    answers = [service.signed_in("clerk").get(address(page)), service.client().get(address(page))]
    assert [answer.status_code for answer in answers] == [404, 401]
    assert not any("event-stream" in answer.headers["content-type"] for answer in answers)


PATHS = {
    "/h/AB12-CD34": Followed("hearing", "AB12-CD34"),
    "/h/AB12-CD34/minutes/p/public.all": Followed("hearing", "AB12-CD34"),
    "/h/AB12-CD34/live": None,
    "/h/AB12-CD34/test": None,
    "/requests/RO-2026-0001": Followed("request", "RO-2026-0001"),
    "/requests/RO-2026-0001/consents": Followed("request", "RO-2026-0001"),
    "/requests/new": None,
    "/requests": Followed("tasks", ""),
    "/waiting": Followed("tasks", ""),
    "/docket": Followed("docket", ""),
    "/admin/keys": None,
}


@pytest.mark.parametrize("path", PATHS)
def test_which_pages_follow_changes(path):
    assert followed(path) == PATHS[path]


def change(at: datetime, actor: str = "other", subject: str = "hearing") -> VisibleChange:
    row = StatusChange(
        owner_state="RO", subject=subject, subject_id="1", before="", after="agreed", at=at, actor=actor,
        actor_label="", reason="",
    )  # fmt: skip
    return VisibleChange(change=row, about="AB12-CD34", number=None)


MADE = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "actor", "subject", "kind", "counted"),
    [
        (MADE + timedelta(seconds=1), "other", "hearing", "hearing", 1),
        (MADE + timedelta(seconds=1), "me", "hearing", "hearing", 1),
        (MADE - timedelta(seconds=1), "other", "hearing", "hearing", 1),
        (MADE - timedelta(seconds=1), "me", "hearing", "hearing", 0),
        (MADE - timedelta(seconds=9), "other", "hearing", "hearing", 0),
        (MADE, "other", "consent", "docket", 0),
        (MADE, "other", "consent", "tasks", 1),
    ],
)
def test_what_a_page_counts(at, actor, subject, kind, counted):
    """What the reader did on the way to the page is on it; what somebody else did at that moment may not be."""
    page = OpenPage(login_id="l", state="RO", person_id="me", kind=kind, references=None, since=MADE)
    row = change(at, actor, subject)
    page.offer(row, {"AB12-CD34"})
    page.offer(row, {"AB12-CD34"})
    assert len(page.counted) == counted


@pytest.mark.parametrize("below", ["", "/technical", "/times", "/minutes", "/log", "/people/new", "/live", "/test"])
def test_a_page_listens_where_its_changes_are_told(service, below):
    """Seen: the page of the agreement had a list of changes of its own, and listened nowhere."""
    clerk, path = service.signed_in("clerk"), f"/h/{service.ref}{below}"
    answer = clerk.get(path)
    listens = re.search(r'data-changes="([^"]*)"', answer.text)
    assert (answer.status_code, bool(listens)) == (200, followed(path) is not None)
    if listens:
        query = dict(parse_qsl(unescape(listens[1]).partition("?")[2]))
        assert query["page"] == path
        assert datetime.fromisoformat(query["since"]) <= datetime.now(UTC)


@pytest.mark.e2e
@pytest.mark.timeout(300)
def test_in_a_browser_a_change_moves_nothing_and_a_button_shows_it(service):
    reference = sent(service)
    with chromium_in_step() as browser:
        page = browser.new_context(base_url=service.base).new_page()
        page.goto(f"/s#{service.secret('clerk')}")
        page.locator("main button").click()
        page.wait_for_url("**/docket")
        page.goto(f"/requests/{reference}")
        link = page.locator("main a").last
        link.focus()
        before = link.bounding_box()
        accept(service, reference)
        button = page.get_by_role("button", name="Show 1 change")
        button.wait_for(timeout=LIMIT * 1000)
        assert page.evaluate("document.activeElement === [...document.querySelectorAll('main a')].at(-1)")
        assert link.bounding_box() == before
        chip = page.locator(".head .chip", has_text="Accepted")
        assert chip.count() == 0
        assert page.get_by_role("status").filter(has_text="This page has changed").count() == 1
        button.click()
        chip.wait_for(timeout=LIMIT * 1000)
        assert page.evaluate("document.activeElement.id") == "main", "the focus is not lost"
        assert button.count() == 0
