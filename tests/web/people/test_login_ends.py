"""After each way a login ends, every path of the application treats it as nobody's; nothing makes it stand again."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import col, update
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hearings import queries
from hearings.hearing import hearing as diary, links, participants
from hearings.models import Hearing, Login, Participant, Person
from hearings.models.outbox import FeedScope
from hearings.outward import feeds
from hearings.people import logins, staff
from hearings.people.logins import LoginEnd as E
from hearings.roles import Role
from hearings.sitting import sittings
from tests.support.court import STAGES, Court
from tests.support.databases import Sqlite
from tests.support.installation import BASE, Installation
from web.server import sign_in
from web.server.problems import ProblemsMiddleware
from web.server.security import csrf_token
from web.server.sign_in import COOKIE, WITHOUT_LOGIN

R = Role
OF_A_LINK = {E.link_replaced, E.link_revoked, E.removed, E.closed, E.cancelled}
"""These end the login of somebody who came by a link; the others, of a member of staff."""
IN_FULL = {E.signed_out, E.link_replaced}
"""After these every path is tried, for a member of staff and for somebody who came by a link; after each of the others
a fifth of the paths, another one each time."""
FOR_ANYBODY = {"/", "/sign-in", "/s", "/j", "/language", "/help", "/verify", "/h/1/nowhere", "/recordings/1/such"}
FOR_ANYBODY |= {"/docs", "/docs/1", "/docs/search"}
FOR_ANYBODY |= {"/requests/1/act/1", "/requests/1/sign/1", "/sign-in/passkey", "/sign-in/passkey/options"}
FOR_ANYBODY |= {"/sign-in/issuer/1", "/issuer/1/return", "/j/code", "/help/1", "/status", "/accessibility", "/privacy"}
FOR_ANYBODY |= {"/sign-in/stop-recovery", "/j/test", "/public/statistics", "/public/statistics.csv"}
"""Paths that take no login: entries, what is not there, what only leads on. Every other answers 401 without one."""


Answers = dict[tuple[str, str], tuple[int, str, str]]


class House:
    """An installation with one hearing, and a client of its own."""

    def __init__(self, installation: Installation, court: Court) -> None:
        self.installation, self.court = installation, court
        self.parts = installation.app.state.parts

    async def login(self, of_a_link: bool) -> tuple[Login, str]:
        async with self.court.database.transaction() as db:
            holder: dict[str, Any] = {"person": self.court.people["clerk"]}
            if of_a_link:
                holder = {"participant": await self.court.seat(db, R.witness)}
            return await logins.create_login(db, **holder, now=datetime.now(UTC))

    async def ask(self, method: str, path: str, cookie: str = "", **options: Any) -> httpx.Response:
        headers = {"origin": BASE, "accept": "application/json"} | ({"cookie": f"{COOKIE}={cookie}"} if cookie else {})
        self.parts.buckets.levels.clear()
        return await self.installation.http.request(method, path, headers=headers, **options)

    async def everywhere(self, login: Login, cookie: str, which: slice) -> Answers:
        """What each method of paths answers: status, where to, and the code of the refusal. Forms have the token."""
        found = {}
        data = {"csrf": csrf_token(self.parts.keys.cookie, login.id)}
        every = routes(self.installation)
        paths = set(sorted({path for _method, path in every})[which])
        for method, path in every:
            if path not in paths:
                continue
            answer = await self.ask(method, path, cookie, **({"data": data} if method == "POST" else {}))
            kind = answer.headers.get("content-type", "")
            code = answer.json()["code"] if "problem" in kind else ""
            found[method, path] = (answer.status_code, answer.headers.get("location", ""), code)
        return found


def routes(installation: Installation) -> list[tuple[str, str]]:
    """Every method of every route that may look at a login; what a path has in it need not exist."""
    found = [
        (method, _filled(route))
        for route in installation.app.routes
        if isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"})
        if not WITHOUT_LOGIN.fullmatch(_filled(route))
    ]
    return [*found, ("GET", "/recordings/1/such"), ("GET", "/h/1/nowhere")]


def _filled(route: Route) -> str:
    return re.sub(r"\{[^}]+\}", "1", route.path)


@pytest.fixture
async def house(request: Any, sqlite_server: Sqlite, prepared: Path, tmp_path: Path) -> AsyncIterator[House]:
    early = ("cancelled", "of_a_test")
    stage = "ready" if any(word in request.node.name for word in early) else "assembled"
    with sqlite_server.at(STAGES[stage]) as url:
        installation = Installation.copy(prepared, tmp_path, public_url=BASE, database_url=url)
        async with installation.in_process():
            yield House(installation, await Court.load(installation.database))


async def end(house: House, why: E, login: Login, cookie: str) -> None:
    """End a login as it ends in use."""
    now, court = datetime.now(UTC), house.court
    if why in (E.signed_out, E.signed_in_again):
        data = {"csrf": csrf_token(house.parts.keys.cookie, login.id)}
        if why is E.signed_in_again:
            async with court.database.transaction() as db:
                data = {"secret": await logins.issue_sign_in_link(db, person=court.people["judge"], now=now)}
        answer = await house.ask("POST", "/sign-out" if why is E.signed_out else "/s", cookie, data=data)
        assert answer.status_code == 303, answer.text
        return
    async with court.database.transaction() as db:
        guest = await queries.get(db, Participant, court.ids[R.witness], lock=True)
        person = await queries.get(db, Person, court.people["clerk"].id, lock=True)
        hearing = await queries.get(db, Hearing, court.hearing.id, lock=True)
        judge, clerk = [await court.actor(db, role) for role in (R.presiding_judge, R.clerk)]
        row = update(Login).where(col(Login.id) == login.id)
        match why:
            case E.idle:
                await db.exec(row.values(seen_at=now - logins.IDLE - timedelta(seconds=1)))
            case E.expired:
                await db.exec(row.values(expires_at=now))
            case E.link_replaced:
                await links.replace_link(db, participant=guest, actor=clerk, now=now)
            case E.link_revoked:
                await links.replace_link(db, participant=guest, actor=clerk, now=now)
                again, _secret = await logins.create_login(db, participant=guest, now=now)
                await db.exec(row.values(ended_at=None, ended_why=""))  # bought with the link that is taken back now
                await links.revoke_link(db, participant=guest, actor=clerk, now=now)
                assert again.id != login.id
            case E.removed:
                await participants.remove(db, participant=guest, reason="Not sworn", actor=judge, now=now)
            case E.cancelled:
                await diary.cancel(db, hearing=hearing, reason="Nobody comes", actor=court.staff("clerk"), now=now)
            case E.closed:
                sitting, _ = await court.sitting(db)
                await sittings.close(db, sitting=sitting, actor=judge, now=now)
                await sittings.finish(db, sitting=sitting, now=now)
            case E.deactivated:
                await staff.deactivate(db, person=person, now=now)
            case E.credential_removed:
                await db.exec(row.values(credential_id="p"))
                await logins.end_logins_by(db, credential_id="p", now=now, why=why)
            case E.recovered | E.credential_added:
                await logins.end_logins_of_person(db, person_id=person.id, now=now, why=why)
            case E.functions_changed:
                await staff.change_functions(db, person=person, functions=["judge"], now=now)


@pytest.mark.parametrize("why", E)
async def test_no_path_knows_a_login_that_has_ended(house: House, why: E) -> None:
    login, cookie = await house.login(why in OF_A_LINK)
    assert (await house.ask("GET", "/session", cookie)).status_code == 200
    await end(house, why, login, cookie)
    which = slice(None) if why in IN_FULL else slice(list(E).index(why) % 5, None, 5)
    answers = await house.everywhere(login, cookie, which)
    open_to_all = FOR_ANYBODY if why in IN_FULL else FOR_ANYBODY & {path for _method, path in answers}
    assert {path for (_method, path), (status, *_) in answers.items() if status != 401} == open_to_all
    assert len(answers) > 40
    async with house.court.database.reading() as db:
        row = await queries.get(db, Login, login.id)
    assert (row.ended_why, row.ended_at is not None) == (why, True)


REACHED_BY_A_TEST = {
    ("GET", "/"),
    ("GET", "/own-test"),
    ("POST", "/own-test/begin"),
    ("POST", "/own-test/media/1"),
    ("POST", "/own-test/report"),
    ("POST", "/sign-out"),
}
"""All that differs, of every route, for somebody who tests their equipment before the lobby opens from what anybody
gets; beside them, entries end the login and make another."""


async def test_the_login_of_a_test_is_one_for_the_test_alone(house: House) -> None:
    made = await house.court.link(R.witness)
    opened = await links.open_test(house.court.database, secret=made.secret, pin=made.pin, now=datetime.now(UTC))
    ref, differs = house.court.hearing.ref, set()
    data = {"csrf": csrf_token(house.parts.keys.cookie, opened.login.id)}
    own = [("GET", f"/h/{ref}/{page}") for page in ("live", "network", "log", "minutes")]
    own += [("POST", f"/h/{ref}/{page}") for page in ("ticket", "media", "network/begin", "network/report")]
    for method, path in [*routes(house.installation), *own]:
        if path == "/sign-out":
            continue
        more = {"data": data} if method == "POST" else {}
        anybodys, with_it = [await house.ask(method, path, cookie, **more) for cookie in ("", opened.cookie)]
        same = (anybodys.status_code, anybodys.headers.get("location")) == (
            with_it.status_code,
            with_it.headers.get("location"),
        )
        if not same:
            differs.add((method, path))
        assert house.court.hearing.case_number not in with_it.text and "Wongsa" not in anybodys.text
        assert path in ("/", "/own-test") or "Wongsa" not in with_it.text, path
    assert (await house.ask("POST", "/sign-out", opened.cookie, data=data)).headers["location"] == "/sign-in?why=out"
    assert differs | {("POST", "/sign-out")} == REACHED_BY_A_TEST


async def test_an_entry_ends_the_login_of_a_test(house: House) -> None:
    made = await house.court.link(R.witness)
    opened = await links.open_test(house.court.database, secret=made.secret, pin=made.pin, now=datetime.now(UTC))
    await end(house, E.signed_in_again, opened.login, opened.cookie)
    assert (await house.ask("GET", "/own-test", opened.cookie)).status_code == 401


@pytest.mark.parametrize(
    "path", ["/h/1/live", "/h/1/ticket", "/recordings/1", "/recordings/no/such", "/no", "/session"]
)
async def test_no_look_at_any_page_undoes_that_somebody_was_idle(house: House, path: str) -> None:
    """Seen: a page that never counted as idle, even one that is not there, made the login stand again."""
    login, cookie = await house.login(of_a_link=False)
    await end(house, E.idle, login, cookie)
    await house.ask("GET", path, cookie)
    assert (await house.ask("GET", "/docket", cookie)).status_code == 401
    async with house.court.database.reading() as db:
        row = await queries.get(db, Login, login.id)
    assert row.ended_why == E.idle


async def test_a_long_answer_that_is_under_way_ends_with_its_login(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of a recording, a case: what is not sent when the login ends is not sent."""
    monkeypatch.setattr(sign_in, "LOOK", 0.0)
    login, cookie = await house.login(of_a_link=False)
    sent: list[int] = []

    async def parts() -> AsyncIterator[bytes]:
        for number in range(10):
            if number == 3:
                await end(house, E.deactivated, login, cookie)
            sent.append(number)
            yield b"sealed"

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["actor"] is not None
        await StreamingResponse(parts())(scope, receive, send)

    app = ProblemsMiddleware(sign_in.LoginMiddleware(stream))

    said: list[Any] = []

    async def receive() -> Any:
        return await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        said.append(message)

    headers = [(b"cookie", f"{COOKIE}={cookie}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "app": house.installation.app}
    await app(scope | {"asgi": {"spec_version": "2.4"}}, receive, send)
    assert [one["body"] for one in said[1:]] == [b"sealed"] * 3  # and never that this was all
    assert sent == [0, 1, 2, 3]


async def test_a_calendar_address_ends_with_the_account(house: House) -> None:
    now = datetime.now(UTC)
    async with house.court.database.transaction() as db:
        made = await feeds.make(db, person=house.court.people["clerk"], scope=FeedScope.own, now=now)
    path = f"/calendar/{made.token}.ics"
    assert (await house.ask("GET", path)).status_code == 200
    login, cookie = await house.login(of_a_link=False)
    await end(house, E.deactivated, login, cookie)
    assert (await house.ask("GET", path)).status_code == 404
