"""A docket with rows in every stage, made by the systems of two States, and by the room where there is no other way."""

import asyncio
import contextlib
import itertools
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop
from sqlmodel import col, update

from hearings import queries
from hearings.actors import person_actor
from hearings.coordination import facilitators
from hearings.custody import releases
from hearings.hearing import days as hearing_days
from hearings.models import Hearing, Person
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import outbox
from hearings.people import directory, staff
from hearings.roles import Role
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from hearings.status import HearingStatus
from tests.support.api_client import NEW_SITE, PEOPLE, UNLIMITED, ApiInstallation, keep_rights, story, with_api
from tests.support.attested import attested
from tests.support.court import ORDER, Court
from tests.support.databases import apart, memory
from tests.support.rows import make_seat

HOOK = "http://localhost:9/hooks"
ACCUSED = ORDER | {
    "capacity": "accused",
    "instruments": ["eio"],
    "language_of_request": "es",
    "offence_scope": ["any"],
    "evidential_purpose": True,
}
"""Such a request to Spain asks the person for consent (Directive 2014/41/EU, art. 24(2)(a))."""
ORAL = {"oral": True, "urgent": True, "urgent_reason": "He leaves tomorrow."}
YEAR = str(datetime.now(UTC).year + 1)


@dataclass
class Docket:
    """Two States' systems and their cases."""

    installation: Any
    story: Any
    ro: Any
    th: Any
    days: Iterator[int] = field(default_factory=lambda: itertools.count(60, 7))
    sites: dict[str, str] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)
    """Ids of the accounts in whose name a client can act on a recording."""
    copies: "Copies" = field(init=False)

    @classmethod
    async def make(cls, installation: ApiInstallation) -> "Docket":
        """One or more rows in every stage, between Romania and Thailand."""
        made = cls(installation, story(), await installation.client("RO"), await installation.client("TH"))
        await made.requests()
        await made.changes()
        await made.hearings()
        await made.access()
        await made.coordination()
        return made

    def copied(self, installation: ApiInstallation) -> "Docket":
        """The same in a copy of its installation."""
        ro, th = (replace(one, http=installation.http, tokens={}) for one in (self.ro, self.th))
        found = replace(self, installation=installation, ro=ro, th=th)
        found.copies = Copies(installation)
        found.copies.keep()
        return found

    async def done(self, answer: Any) -> Any:
        response = await answer
        assert response.status_code < 300, f"{response.request.method} {response.request.url}: {response.text}"
        return response.json() if "json" in response.headers.get("content-type", "") else None

    def time(self, after: int = 0) -> dict[str, Any]:
        """A time nothing else is at."""
        day = datetime(int(YEAR), 1, 1, tzinfo=UTC) + timedelta(days=next(self.days) + after)
        day += timedelta(days=-day.weekday() + 1)
        return {
            "wall_start": f"{day:%Y-%m-%d}T09:00",
            "wall_zone": "Europe/Bucharest",
            "duration_minutes": 120,
        }

    async def requests(self) -> None:
        """One or more in every status."""
        ro, th, done = self.ro, self.th, self.done
        for _twice in range(2):
            draft = await done(ro.post("/requests", {"requested_state": "TH", "content": self.story.content}))
            path = f"/requests/{draft['id']}"
            await done(
                ro.post(f"{path}/attachments?name=n.txt", headers={"content-type": "text/plain"}, content=b"A note.")
            )
            await done(ro.post(f"{path}/translations", {"language": "th", "translator": "A. Srisai"}))
        for _twice in range(2):  # the one person is asked, the other not yet
            made = await done(ro.post("/requests", {"requested_state": "ES", "content": self.story.content | ACCUSED}))
            await done(ro.signed(f"/requests/{made['id']}/submit", "submit_request"))
        await done(ro.get(f"/requests/{made['id']}/receipt.pdf"))
        consents = f"/requests/{made['id']}/consents"
        one = (await done(ro.get(consents)))["items"][0]["id"]
        await done(ro.post(f"{consents}/{one}/record", {"answer": "given", "counsel": "Dr Srisai"}))
        filed = f"/requests/{(await self.story.submitted(ro))['id']}/attachments?name=a.pdf"
        await done(ro.post(filed, headers={"content-type": "application/pdf"}, content=b"%PDF-1.7 and no more"))
        await self.story.submitted(ro, **ORAL, oral_at=_ago(hours=1))
        paths = [f"/requests/{(await self.story.submitted(ro))['id']}" for _ in range(6)]
        consulted, asked, postponed, refused, withdrawn, plain = paths
        for path in paths:
            await done(th.post(f"{path}/acknowledge"))
        await done(ro.post(f"{plain}/messages", {"text": "Is anything missing?"}))
        held = {"way": "telephone", "with_whom": "Ministry", "subject": "Conditions", "outcome": "None would do."}
        for path in (consulted, refused, postponed):
            await done(th.post(f"{path}/consultations", held))
        await done(th.post(f"{asked}/ask", {"question": "Who is the witness?", "due": f"{YEAR}-03-01T00:00:00Z"}))
        await done(
            th.signed(
                f"{postponed}/postpone",
                "postpone_request",
                reasons="Proceedings here would be disturbed.",
                review=f"{YEAR}-05-01T00:00:00Z",
            )
        )
        await done(
            th.signed(
                f"{refused}/refuse",
                "refuse_request",
                ground="no_consent",
                motive="",
                reasons="The witness does not consent.",
            )
        )
        await done(ro.signed(f"{withdrawn}/withdraw", "withdraw_request", reason="Heard in person."))
        await self.story.accepted(ro, th)
        await attested(self.installation)

    async def changes(self) -> None:
        """Changes of the directory that each State has proposed of the other's rows, and that wait."""
        async with self.installation.database.transaction() as db:
            for state in ("RO", "TH"):
                who = {"name": state, "email": f"admin@{state.lower()}.example", "functions": ["administrator"]}
                await staff.add(db, state=state, city="", authority_name="Court", **who)
        for client, other, number in itertools.product((self.ro, self.th), ("RO", "TH"), range(2)):
            if client.state != other:
                row = f"{other},court,Court {number},,court@{other.lower()}.example,,City,en,,itself,2026-01-15"
                content = f"{','.join(directory.FORMER)}\n{row}\n".encode()
                await self.done(
                    client.post(
                        "/directory/table.csv?reason=It+has+moved",
                        content=content,
                        headers={"content-type": "text/csv"},
                    )
                )

    async def hearings(self) -> None:
        """One or more in every stage."""
        ro, th, done = self.ro, self.th, self.done
        for client, city, zone in ((ro, "Bucharest", "Europe/Bucharest"), (th, "Bangkok", "Asia/Bangkok")):
            body = NEW_SITE | {"court": f"Court of {city}", "city": city, "zone": zone}
            self.sites[client.state] = (await done(client.post("/sites", body)))["id"]
            await done(client.post("/resources", {"kind": "room", "name": f"Room {city}", "city": city, "zone": zone}))
        await self.proposed(alternatives=[self.time()])
        agreed = await self.agreed()
        counsel = {"role": "defence", "display_name": "Elena Matei", "state": "RO", "speaks": "ro"}
        first = await done(ro.post(f"{agreed}/participants", counsel))
        ill = {"display_name": "Mara Ene", "reason": "The first counsel is ill."}
        await done(ro.post(f"{agreed}/participants/{first['id']}/successor", ill))
        for role, name, state, speaks in PEOPLE[2:]:
            body = {"role": role, "display_name": name, "state": state, "speaks": speaks}
            await done((ro if state == "RO" else th).post(f"{agreed}/participants", body))
        await done(ro.post(f"{agreed}/languages/book", {"language": "rms"}))
        await self.agreement(await self.agreed(), "draft")
        await self.agreement(await self.agreed(), "proposed")
        await self.agreement(await self.agreed(), "agreed")
        await self.ready()
        for stage in ("", "drafted", "complete", "read_back", "signed"):
            path = await self.ready()
            await self.heard(path)
            await self.minutes(path, stage)
        await self.heard(await self.ready(more_days=[self.time(after=14)]), part_heard=True)
        await (await self.court(await self.ready())).begin(datetime.now(UTC))
        await (await self.court(await self.ready())).open_lobby(datetime.now(UTC))
        await self.moved(await self.agreed())
        await self.proposed()
        accepted = await self.proposed()  # and not signed by the State that offered the time
        await done(th.signed(f"{accepted}/agree", "agree_hearing"))
        cancelled = await self.proposed()
        await done(ro.post(f"{cancelled}/cancel", {"reason": "The witness has died."}))
        await self.of_before()

    async def of_before(self) -> None:
        """What is not ready yet, as if it had been proposed before there was a rights checklist: either State can begin
        it, and until then no act waits for it."""
        early = (HearingStatus.proposed, HearingStatus.countered, HearingStatus.agreed)
        async with self.installation.database.transaction() as db:
            await db.exec(update(Hearing).where(col(Hearing.status).in_(early)).values(rights_version=0))

    async def proposed(self, **changes: Any) -> str:
        request = await self.story.accepted(self.ro, self.th)
        body = self.story.hearing | self.time() | {"request": request["reference"]} | changes
        return f"/hearings/{(await self.done(self.ro.post('/hearings', body)))['ref']}"

    async def agreed(self, **changes: Any) -> str:
        path = await self.proposed(**changes)
        for client in (self.th, self.ro):
            await self.done(client.signed(f"{path}/agree", "agree_hearing"))
        return path

    async def agreement(self, path: str, stage: str) -> str:
        for role, name, state, speaks in PEOPLE:
            body = {"role": role, "display_name": name, "state": state, "speaks": speaks}
            await self.done((self.ro if state == "RO" else self.th).post(f"{path}/participants", body))
        body = {"requesting_site": self.sites["RO"], "requested_site": self.sites["TH"]}
        made = await self.done(self.ro.post(f"{path}/agreements", body))
        paper = f"{path}/agreements/{made['number']}"
        if stage != "draft":
            await self.done(self.ro.post(f"{paper}/propose"))
        if stage == "agreed":
            await self.done(self.th.signed(f"{paper}/sign", "sign_agreement"))
            await self.done(self.ro.signed(f"{paper}/sign", "sign_agreement"))
        return path

    async def ready(self, **changes: Any) -> str:
        path = await self.agreement(await self.agreed(**changes), "agreed")
        await keep_rights(self.ro, self.th, path)
        await self.done(self.ro.post(f"{path}/ready", {"reason": "Both sites were tested last week."}))
        return path

    async def moved(self, path: str) -> None:
        """As if it had been fixed with older time-zone data, by which its wall time lay half an hour earlier."""
        async with self.installation.database.transaction() as db:
            hearing = await queries.hearing(db, path.rpartition("/")[2], state="RO")
            moved: list[Any] = [hearing, *await hearing_days.planned(db, hearing)]
            for row in moved:
                row.tzdb_version = "2020a"
                row.starts_at, row.ends_at = (at - timedelta(minutes=30) for at in (row.starts_at, row.ends_at))
                db.add(row)

    async def court(self, path: str) -> Court:
        """The room, in which a hearing is held: there is no way to do that by the API."""
        return await Court.load(self.installation.database, path.rpartition("/")[2])

    async def heard(self, path: str, **how: Any) -> None:
        """Held, and its recording sealed; its judge has proposed two releases, on the page, and its clerk has confirmed
        the first."""
        court, now = await self.court(path), datetime.now(UTC)
        await court.begin(now)
        recording_id = await court.end(now, **how)
        async with self.installation.database.transaction() as db:
            recording, hearing = await queries.recording(db, recording_id, state="RO")
            judge, clerk = await self._accounts(db)
            seated = await queries.in_office(db, hearing.id)
            presiding = next(one for one in seated if one.role is Role.presiding_judge)
            presiding.person_id = judge.id
            db.add_all(
                [presiding, make_seat(hearing.id, Role.clerk, person_id=clerk.id, display_name=clerk.name, state="RO")]
            )
            wanted = releases.Proposal(to_person="Anong Chaiyasit", body="Court of Bangkok", purpose="The trial")
            actor = replace(person_actor(judge), role=Role.presiding_judge)
            about: dict[str, Any] = {"recording": recording, "hearing": hearing, "now": now}
            row, _other = [await releases.propose(db, wanted=wanted, actor=actor, **about) for _twice in range(2)]
            body = releases.statement_body(row, recording, confirmed_by=clerk.name)
            act, states = Act.release_recording, {"state": "RO", "other": "TH"}
            stated = signatures.statement(act=act, about=hearing.ref, body=body, now=now, **states)
            signed = signatures.sign(stated, seed=self.installation.seeds["ROFalse"])
            actor = replace(person_actor(clerk), role=Role.clerk)
            await releases.confirm(db, release_id=row.id, jws=signed, actor=actor, **about)

    async def _accounts(self, db: Any) -> list[Any]:
        """A judge and a clerk, who are two people."""
        if not self.people:
            for name, function in (("Andrei Ionescu", "judge"), ("Mihai Dinu", "clerk")):
                who = {"name": name, "email": f"{function}@ro.example", "functions": [function]}
                person = await staff.add(db, state="RO", city="", authority_name="Court", **who)
                self.people.append(person.id)
        return [await queries.get(db, Person, one) for one in self.people]

    async def minutes(self, path: str, stage: str) -> None:
        """Minutes, as far as `stage`: written in both languages; of complete ones corrections are asked for,
        of signed ones a correction beside them."""
        if not stage:
            return
        made = await self.done(self.ro.post(f"{path}/minutes"))
        paper = f"{path}/minutes/{made['number']}"
        if stage == "drafted":
            return
        await self.done(self.ro.post(f"{paper}/submit"))
        await (await self.court(path)).write_minutes(datetime.now(UTC), "Said.")
        reading = {"read_by": "Malee Suksan", "languages": ["th"], "heard_by": ["Somchai Wongsa"]}
        corrections = {"corrections": "It was nine, not eight."} if stage == "complete" else {}
        await self.done(self.ro.post(f"{paper}/read-back", reading | corrections))
        if stage == "signed":
            for client in (self.ro, self.th):
                await self.done(client.signed(f"{paper}/sign", "sign_minutes"))
            wrong = {"texts": dict.fromkeys(("ro", "th"), "Nine."), "reasons": dict.fromkeys(("ro", "th"), "A slip.")}
            await self.done(self.ro.post(f"{paper}/corrections", wrong))

    async def coordination(self) -> None:
        """A notice, a request shared with a facilitator, and a room with everything in it."""
        ro, done = self.ro, self.done
        await done(ro.post("/notices", {"topic": "delay", "text": "Slower than usual.", "first_day": f"{YEAR}-01-05"}))
        request = await self.story.submitted(ro)
        now = datetime.now(UTC)
        async with self.installation.database.transaction() as db:
            mandate = facilitators.Mandate(
                name="Eva Desk", email="desk@eurojust.example", kind="eurojust_desk", organisation="Eurojust",
                states=["RO", "TH"], valid_until=now.date() + timedelta(days=300), mandate="National desk",
            )  # fmt: skip
            who = await staff.add(
                db, state="RO", city="", authority_name="Court", name="Elena Stan", email="elena@ro.example",
                functions=["administrator"],
            )  # fmt: skip
            desk = await facilitators.enter(db, mandate=mandate, actor=person_actor(who), now=now)
        shares = f"/requests/{request['id']}/shares"
        for _twice in range(2):
            share = await done(ro.post(shares, {"facilitator": desk.id}))
            await done(ro.post(f"{shares}/{share['id']}/revoke"))
        await done(ro.post(shares, {"facilitator": desk.id}))
        for _thrice in range(3):
            await self.room(request["id"])

    async def room(self, request_id: str) -> None:
        """A coordination room of both States, filled."""
        ro, th, done = self.ro, self.th, self.done
        times = {"starts_at": f"{YEAR}-02-01T10:00:00Z", "ends_at": f"{YEAR}-02-01T12:00:00Z"}
        made = await done(ro.post("/rooms", {"kind": "level_2", "subject": "Two inquiries", "states": ["TH"], **times}))
        path = f"/rooms/{made['ref']}"
        await done(th.post(f"{path}/answer", {"answer": "accepts"}))
        delegate = {"name": "P. Delegada", "authority": "Ministry of Justice", "role": "delegate"}
        await done(ro.post(f"{path}/participants", delegate))
        await done(ro.post(f"{path}/agenda", {"agenda": [{"item": "Where to try it", "state": "TH", "minutes": 30}]}))
        await done(ro.post(f"{path}/documents", {"title": "A note", "text": "What we know."}))
        await done(ro.post(f"{path}/requests", {"request": request_id}))
        owed = {"kind": "request_to_be_sent", "text": "A request follows", "owed_by": "RO", "towards": "TH"}
        for _twice in range(2):
            await done(ro.post(f"{path}/outcomes", owed))

    async def access(self) -> None:
        """A second key, a webhook, and a message that did not arrive."""
        await self.done(self.ro.post("/client/keys", {"jwk": type(self.ro.key).make().jwk}))
        hook = await self.done(self.ro.post("/webhooks", {"url": HOOK, "events": ["hearing.agreed"]}))
        now = datetime.now(UTC)
        async with self.installation.database.transaction() as db:
            message = await outbox.put(
                db,
                kind=OutboxKind.webhook,
                to=hook["id"],
                payload={"type": "hearing.agreed"},
                about="7F3K-22QD",
                owner_state="RO",
                now=now,
                key="one",
            )
            await outbox.take(db, kinds=[OutboxKind.webhook], now=now, limit=9)
            await outbox.settle(
                db, message_id=message.id, attempt=1, outcome=OutboxStatus.not_delivered, code="rejected", now=now
            )


def _ago(**span: float) -> str:
    return f"{datetime.now(UTC) - timedelta(**span):%Y-%m-%dT%H:%M:%SZ}"


class Copies:
    """The databases as they were when this was last kept."""

    def __init__(self, installation: Any) -> None:
        urls = (installation.database.url, installation.sandbox.url)
        self.files = [sqlite3.connect(str(url.database), check_same_thread=False, timeout=20) for url in urls]
        self.kept = [sqlite3.connect(":memory:", check_same_thread=False) for _url in urls]
        self.versions = [0 for _url in urls]

    def keep(self) -> None:
        for file, kept in zip(self.files, self.kept, strict=True):
            file.backup(kept)
        self.versions = self._versions()

    def restore(self) -> None:
        """Copy back what somebody else has written to."""
        for file, kept, was, now in zip(self.files, self.kept, self.versions, self._versions(), strict=True):
            if was != now:
                kept.backup(file)
        self.versions = self._versions()

    def _versions(self) -> list[int]:
        return [file.execute("PRAGMA data_version").fetchone()[0] for file in self.files]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop the service runs on."""
    return {"uvloop": uvloop.new_event_loop}


@contextlib.contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder where there is room: a database that is copied back so often would wait for the disk."""
    folder = memory()
    if folder is None:
        yield otherwise
        return
    with tempfile.TemporaryDirectory(dir=folder) as name:
        yield Path(name)


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    with in_memory(tmp_path) as folder:
        yield folder


HOOKS = {"test_hooks": True, "webhook_hosts": "hooks.example"}
"""A receiver on this machine counts as a host webhooks may go to."""


@pytest.fixture
def limits(limits: dict[str, Any]) -> dict[str, Any]:
    return limits | HOOKS


@pytest.fixture(scope="session")
def filled(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docket]:
    """Made once, to copy."""

    async def make(folder: Path) -> Docket:
        async with with_api(prepared, folder, **UNLIMITED, **HOOKS).in_process() as installation:
            return await Docket.make(installation)

    with in_memory(tmp_path_factory.mktemp("filled")) as folder:
        yield apart(lambda: make(folder))


@pytest.fixture
async def installation(filled: Docket, tmp_path: Path, limits: dict[str, Any]) -> AsyncIterator[ApiInstallation]:
    """A copy of the docket's."""
    async with with_api(filled.installation.settings.data, tmp_path, **limits).in_process() as found:
        found.seeds |= filled.installation.seeds
        yield found


@pytest.fixture
def docket(installation: ApiInstallation, filled: Docket) -> Docket:
    return filled.copied(installation)
