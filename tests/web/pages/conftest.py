"""A real server on a real database for page tests, and clients that carry a login."""

import asyncio
import contextlib
import json
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette

from hearings import queries
from hearings.actors import SYSTEM, Actor, participant_actor, person_actor
from hearings.db import Database
from hearings.minutes import minutes, passages
from hearings.models import Hearing, Person
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.moves import move_recording, move_sitting
from hearings.outward import outbox
from hearings.people import logins
from hearings.requests import consultations, informal, requests, translations
from hearings.roles import Role
from hearings.signatures import jws, signatures
from hearings.sitting import recordings, sittings
from hearings.status import RecordingStatus, SittingStatus
from media.evidence.log.journal import Journal
from media.evidence.log.store import FileStore
from media.evidence.seal.seal_key import make_seal_key
from web import cli
from web.demo import demo
from web.demo.keys import KEY_FILES
from web.requests.acts import ACTIONS
from web.server.sign_in import COOKIE
from web.settings import Settings
from web.sitting import custody


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def apart(work: Callable[[], Coroutine[object, object, object]]) -> object:
    """Run in a thread of its own: the browser's driver keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()


BINDING = {name for name, one in ACTIONS.items() if one.statement}
"""Acts on a request that bind the State."""


@dataclass
class Client:
    """One browser: cookies kept by hand, because the login cookie is Secure and httpx sends those over TLS only."""

    http: httpx.Client
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, **options: object) -> httpx.Response:
        headers = {
            "accept": "text/html",
            "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        headers |= self.headers | dict(options.pop("headers", {}))  # type: ignore[call-overload]
        answer = self.http.request(method, path, headers=headers, **options)  # type: ignore[arg-type]
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.split(";")[0].partition("=")
            if "Max-Age=0" in line or value in ("", '""'):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    def get(self, path: str, **options: object) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(
        self, path: str, data: dict[str, object] | None = None, *, page: str = "", **options: object
    ) -> httpx.Response:
        """POST a form as a browser would: from our origin, with the token that stands on `page`."""
        values = dict(data or {})
        if page:
            values["csrf"] = self.token(page)
        origin = {"origin": str(self.http.base_url).rstrip("/")}
        headers = origin | dict(options.pop("headers", {}))  # type: ignore[call-overload]
        return self.request("POST", path, data=values, headers=headers, **options)

    def token(self, page: str) -> str:
        """The CSRF token that stands on a page."""
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get(page).text)
        assert found, page
        return found[1]

    @staticmethod
    def words(answer: httpx.Response) -> str:
        """What a person reads in the main part of a page."""
        main = answer.text.split("<main", 1)[-1].split("</main", 1)[0].split(">", 1)[-1]
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


@dataclass
class Service:
    """A running server with a demonstration in it."""

    settings: Settings
    made: demo.Seeded
    base: str
    app: Starlette
    clients: list[httpx.Client] = field(default_factory=list)

    def run(self, work: Callable[[Database], Awaitable[object]]) -> object:
        """Work on the database from the test's own connection."""

        async def inner() -> object:
            database = Database(self.settings.database_url)
            try:
                return await work(database)
            finally:
                await database.close()

        return apart(inner)

    def client(self) -> Client:
        self.clients.append(httpx.Client(base_url=self.base, follow_redirects=False, timeout=20))
        return Client(self.clients[-1])

    def secret(self, who: str) -> str:
        """A fresh sign-in secret for a member of the demo's staff."""

        async def make(database: Database) -> str:
            async with database.transaction() as db:
                person = cli.match(await queries.people(db), who)
                return await logins.issue_sign_in_link(db, person=person, now=datetime.now(UTC))

        return str(self.run(make))

    def signed_in(self, who: str) -> Client:
        client = self.client()
        answer = client.post("/s", {"secret": self.secret(who)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/docket")
        assert COOKIE in client.cookies
        return client

    def seed(self, state: str) -> bytes:
        """The private half of the demonstration's signing key of a State, out of its key file."""
        text = (self.settings.data / "demo-keys" / KEY_FILES[state]).read_text("utf-8")
        return jws.decode(re.search(r"^# signing-key: (\S+)$", text, re.M)[1])

    @staticmethod
    def statement(shown: httpx.Response) -> dict[str, object]:
        """The statement a page shows to be signed."""
        return json.loads(unescape(re.search(r'data-statement="([^"]*)"', shown.text)[1]))  # type: ignore[no-any-return]

    def sign(self, client: Client, shown: httpx.Response, *, seed: bytes | None = None) -> httpx.Response:
        """Sign what a page shows with the key file of its State and send it, as the officer's browser does."""
        form = re.search(r'<form method="post" action="([^"]+)" class="sign".*?</form>', shown.text, re.S)
        stated = self.statement(shown)
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
        values = {name: unescape(value) for name, value in hidden}
        values["jws"] = signatures.sign(stated, seed=seed or self.seed(str(stated["iss"])))
        return client.post(unescape(form[1]), values)

    def act(self, client: Client, page: str, name: str, data: dict[str, object] | None = None) -> httpx.Response:
        """An act on a request as its page does it: what binds the State by way of the page that signs."""
        if name not in BINDING:
            return client.post(f"{page}/act/{name}", data, page=page)
        shown = client.post(f"{page}/sign/{name}", data, page=page)
        return self.sign(client, shown) if shown.status_code == 200 else shown

    def agree(self, client: Client, home: str) -> httpx.Response:
        """Agree to the only time offered for a hearing."""
        shown = client.get(f"{home}/times/sign")
        return self.sign(client, shown) if shown.status_code == 200 else shown

    @property
    def ref(self) -> str:
        return self.made.hearing.ref


def start(settings: Settings) -> tuple[uvicorn.Server, threading.Thread]:
    server = uvicorn.Server(cli.configuration(settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.02)
    return server, thread


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Service]:
    """Init, demo, serve; and stop at the end."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = Settings(data=folder / "data", port=port, public_url=base, udp_ports="45000-45099")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(cli.init, settings, cli._parser().parse_args(["init"])).result()
    made = apart(lambda: cli._seed(settings, "demo.vivavoce.example/hearing+00000000+AA==", again=False))
    server, thread = start(settings)
    try:
        yield Service(settings, made, base, server.config.app)  # type: ignore[arg-type]
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(name="serving")
def _serving() -> Callable[[Path], contextlib.AbstractContextManager[Service]]:
    """For a test with a demonstration of its own."""
    return serving


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture
def service(running: Service) -> Iterator[Service]:
    """The module's server; every test begins with its rate limits unused."""
    running.app.state.parts.buckets.levels.clear()
    yield running
    for client in running.clients:
        client.close()
    running.clients.clear()


# --- a court with something on every page ------------------------------------------------------------------------

HALF = timedelta(minutes=30)
NONSENSE = "жжж"
"""What people have typed: letters in which no English is written."""
FIND = {
    "find": "yes", "since": "2027-03-22", "until": "2027-04-02", "duration": "60", "days": "1", "line_test": "15",
    "margin_before": "15", "margin_after": "15", "requesting_zone": "Europe/Bucharest", "requesting_city": "Bucharest",
    "requested_zone": "Asia/Bangkok", "requested_city": "Bangkok", "heard_zone": "Asia/Bangkok",
}  # fmt: skip


async def begin(database: Database, hearing_id: str) -> None:
    """The lobby is opened, and the recording runs."""
    now = datetime.now(UTC)
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, hearing_id)
        judge = await presiding(db, hearing)
        sitting, recording = await sittings.open_lobby(db, hearing=hearing, court_name="demo", actor=judge, now=now)
        await sittings.roll_call(db, sitting=sitting, actor=judge, now=now)
        move_sitting(db, sitting, SittingStatus.pre_record, actor=SYSTEM, now=now)
        move_recording(db, recording, RecordingStatus.starting, actor=SYSTEM, now=now)
        await recordings.opened(db, sitting=sitting, recording=recording, now=now)
        await sittings.hold(db, sitting=sitting, reason=NONSENSE, actor=judge, now=now)
        await sittings.resume(db, sitting=sitting, reason=NONSENSE, actor=judge, now=now)


async def end(database: Database, hearing_id: str) -> str:
    """The sitting is closed and its recording sealed; the recording's id."""
    now = datetime.now(UTC)
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, hearing_id)
        judge = await presiding(db, hearing)
        sitting = await queries.last_sitting(db, hearing.id)
        recording = await queries.recording_of(db, sitting.id)
        await sittings.close(db, sitting=sitting, reason=NONSENSE, actor=judge, now=now)
        await recordings.closed(db, sitting=sitting, recording=recording, size=9, root="cd" * 32, now=now + HALF)
        await sittings.finish(db, sitting=sitting, now=now + HALF)
        return recording.id


def keep(folder: Path) -> None:
    """A journal with a line of every kind that the page of custody tells."""
    (folder / "seg").mkdir(parents=True)
    seal_key = make_seal_key(folder / "seal.key")
    journal = Journal(folder, "demo/hearing/1", seal_key, store=FileStore(folder), now=lambda: 0)
    at = str(1_764_831_600_000_000_000)
    span = {"t0": 0, "t1": 9, "track": "judge_1_mic"}
    lines: list[dict[str, object]] = [
        {"type": "open", "zero": at, "software": "vivavoce 1"},
        *({"type": "gap", "cause": cause} | span for cause in custody.CAUSES),
        *({"type": "notice", "code": code, "text": "English beside"} for code in (*custody.NOTICES, "other")),
        {"type": "reopen", "t": 9, "reason": custody.AGAIN},
        *({"type": "access", "who": "clerk RO", "what": what, "why": "minutes"} for what in custody.DID),
    ]
    journal.append([{**line, "at": at} for line in lines])
    journal.sign()
    journal.close()


async def write(database: Database, hearing_id: str) -> None:
    """Every passage of the minutes is written."""
    now = datetime.now(UTC)
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, hearing_id)
        people = await queries.participants(db, hearing.id)
        clerk = participant_actor(next(one for one in people if one.role is Role.clerk))
        found = await minutes.current(db, hearing)
        for one in await passages.latest(db, found):
            how = {"how": passages.How.written} if one.open_for else {"how": passages.How.translated, "by": NONSENSE}
            said = {
                lang: passages.Writing(text=NONSENSE, **how)
                for lang in passages.tongues(found)
                if one.open_for or not one.texts.get(lang)
            }
            await passages.revise(
                db, minutes=found, key=one.key, revision=one.revision, writings=said, actor=clerk, now=now
            )


async def presiding(db: AsyncSession, hearing: Hearing) -> Actor:
    people = await queries.participants(db, hearing.id)
    return participant_actor(next(one for one in people if one.role is Role.presiding_judge))


async def fill(database: Database) -> dict[str, str]:
    """Requests as drafts, sent, accepted and refused."""
    now = datetime.now(UTC)
    made = {}
    async with database.transaction() as db:
        people = await queries.people(db)
        clerk, authority = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
        urgent = {"urgent": True, "detained_since": "2026-01-01", "custody_limit": "2099-01-01"}
        for name, state, fields in (
            ("draft", "TH", {}),
            ("bare", "TH", dict.fromkeys(demo.REQUEST)),
            ("sent", "TH", urgent),
            ("accepted", "TH", {}),
            (
                "accused",
                "ES",
                {"capacity": "accused", "instruments": ["eio"], "language_of_request": "es", "offence_scope": ["any"]},
            ),
        ):
            wanted = {key: value for key, value in (demo.REQUEST | fields).items() if value is not None}
            row = await requests.draft(db, requested_state=state, fields=wanted, actor=clerk, now=now)
            made[name] = f"/requests/{row.reference}"
            if name in ("draft", "bare"):
                continue
            await requests.submit(db, request=row, actor=clerk, now=now)
            if state != "TH":
                continue
            await requests.acknowledge(db, request=row, actor=authority, now=now)
            if name == "accepted":
                await requests.accept(db, request=row, actor=authority, now=now)
            if name == "sent":
                await informal.write(db, request=row, text="жжж", actor=clerk, now=now)
                await translations.put(db, request=row, language="th", machine=True, actor=clerk, now=now)
                await consultations.record(
                    db, request=row, held_at=now, way="telephone", with_whom="жжж", subject="жжжж", outcome="жжжж",
                    actor=authority, now=now,
                )  # fmt: skip
        mail = await outbox.put(
            db, kind=OutboxKind.mail, to="somebody@ro.example", payload={"subject": NONSENSE, "text": NONSENSE},
            about=made["sent"].rpartition("/")[2], owner_state="RO", now=now, key="walk",
        )  # fmt: skip
        mail.status, mail.attempts, mail.last_code = OutboxStatus.not_delivered, 1, "rejected"
        db.add(Person(owner_state="FR", name="M. Blanc", email="blanc@fr.example", functions=["judge"]))
    return made


@dataclass
class Court:
    """A demonstration with requests at every stage; `places` are addresses by what stands there."""

    service: Service
    places: dict[str, str]

    def begin(self) -> None:
        """The lobby is opened, and the recording runs."""
        self.service.run(lambda database: begin(database, self.service.made.hearing.id))

    def end(self) -> str:
        """The sitting is closed and its recording sealed, with a journal; the recording's id."""
        recording = str(self.service.run(lambda database: end(database, self.service.made.hearing.id)))
        keep(self.service.settings.recordings / recording)
        return recording

    def write(self) -> None:
        """Every passage of the minutes is written."""
        self.service.run(lambda database: write(database, self.service.made.hearing.id))


@pytest.fixture(scope="module")
def busy_court(running: Service) -> Court:
    found: dict[str, str] = running.run(fill)  # type: ignore[assignment]
    clerk = running.signed_in("clerk")
    room = {"kind": "room", "name": "Зал", "zone": "Europe/Bucharest", "city": "București"}
    place = clerk.post("/resources/new", room, page="/resources/new").headers["location"]
    found["room"] = re.search(r"/resources/(\d+)", place)[1]
    here, found["find"] = f"{found['accepted']}/slots", urlencode(FIND)
    chosen = {"slot": re.findall(r'name="slot" value="([^"]+)"', clerk.get(f"{here}?{found['find']}").text)[:3]}
    chosen |= {"checked": "yes", "resource": found["room"]} | FIND
    found["offered"] = clerk.post(here, chosen, page=here).headers["location"].partition("/times")[0]
    found["home"] = f"/h/{running.ref}"
    return Court(running, found)
