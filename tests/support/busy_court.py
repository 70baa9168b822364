"""A court with something on every page: requests at every stage, a hearing that is held, recorded and minuted."""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlmodel import select

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database
from hearings.models import Minutes, MinutesCorrection, Person, RecordingRelease
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import outbox
from hearings.requests import consultations, requests, translations
from hearings.roles import Role
from hearings.sitting import sittings
from media.evidence.log import custody as log
from media.evidence.log.journal import Journal
from media.evidence.log.store import FileStore
from media.evidence.seal.client import SealClient
from tests.support.court import ORDER, Court
from tests.support.page_client import Service
from web import cli
from web.demo import demo
from web.sitting import custody
from web.words import gaps

NONSENSE = "жжж"
"""What people have typed: letters in which no English is written."""
FIND = {
    "find": "yes", "since": "2027-03-22", "until": "2027-04-02", "duration": "60", "days": "1", "line_test": "15",
    "margin_before": "15", "margin_after": "15", "requesting_zone": "Europe/Bucharest", "requesting_city": "Bucharest",
    "requested_zone": "Asia/Bangkok", "requested_city": "Bangkok", "heard_zone": "Asia/Bangkok",
}  # fmt: skip


def keep(folder: Path, origin: str, seal: SealClient) -> tuple[int, str]:
    """A journal and a custody log with a line of every kind that the page of custody tells. Returns the journal's size
    and root, as they are signed.
    """
    (folder / "seg").mkdir(parents=True)
    journal = Journal(folder, origin, seal, store=FileStore(folder), now=lambda: 0)
    at = str(1_764_831_600_000_000_000)
    span = {"t0": 0, "t1": 9, "track": "judge_1_mic"}
    lines: list[dict[str, Any]] = [
        {"type": "open", "zero": at, "software": "vivavoce 1"},
        {"type": "track", "track": "judge_1_mic", "t": 0, "kind": "floor-audio", "role": "judge 1", "codec": "opus"}
        | {"lang": "ro", "required": True, "pseudonym": ""},
        *({"type": "gap", "cause": cause} | span for cause in gaps.CAUSES),
        *({"type": "notice", "code": code, "text": "English beside"} for code in (*custody.NOTICES, "other")),
        {"type": "reopen", "t": 9, "reason": custody.AGAIN},
        {"type": "close", "t": 9, "tracks": {}},
    ]
    journal.append([{**line, "at": at} for line in lines])
    journal.sign()
    journal.close()
    head = journal.signed, journal.tree.root(journal.signed).hex()
    somebody = log.Accessor(NONSENSE, Role.clerk, "RO")
    log.record(folder, [somebody.line(what, "minutes") for what in custody.DID], seal, int(at))
    return head


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
                ORDER
                | {
                    "capacity": "accused",
                    "instruments": ["eio"],
                    "language_of_request": "es",
                    "offence_scope": ["any"],
                },
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
                await consultations.write_informally(db, request=row, text="жжж", actor=clerk, now=now)
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
class BusyCourt:
    """A demonstration with requests at every stage; `places` are addresses by what stands there."""

    service: Service
    places: dict[str, str]

    def begin(self) -> None:
        """The lobby is opened, and the recording runs."""

        async def work(database: Database) -> None:
            court, now = await Court.load(database, self.service.ref), datetime.now(UTC)
            await court.begin(now)
            async with database.transaction() as db:
                sitting, _ = await court.sitting(db)
                judge = await court.actor(db, Role.presiding_judge)
                await sittings.hold(db, sitting=sitting, reason=NONSENSE, actor=judge, now=now)
                await sittings.resume(db, sitting=sitting, reason=NONSENSE, actor=judge, now=now)

        self.service.run(work)

    def end(self) -> str:
        """The sitting is closed and its recording sealed, with a journal; the recording's id."""

        parts = self.service.app.state.parts

        async def work(database: Database) -> str:
            court = await Court.load(database, self.service.ref)
            async with database.reading() as db:
                _sitting, recording = await court.sitting(db)
            seal = await asyncio.to_thread(parts.seal.ensure)
            size, root = keep(self.service.settings.recordings / recording.id, recording.origin, seal)
            return await court.end(datetime.now(UTC), reason=NONSENSE, size=size, root=root)

        return self.service.run(work)

    def release(self, recording: str) -> list[str]:
        """Releases of the recording, as they lie in the database: to be taken, to be acknowledged, acknowledged; the
        addresses of their pages."""
        now = datetime.now(UTC)
        given: dict[str, Any] = {
            "owner_state": "RO", "recording_id": recording, "to_person": NONSENSE, "to_body": NONSENSE,
            "to_state": "TH", "purpose": NONSENSE, "proposed_by": "1", "proposed_label": NONSENSE, "proposed_at": now,
            "decided_by": "2", "decided_label": NONSENSE, "decided_at": now, "confirmed": True,
            "statement_sha256": "ab" * 32,
        }  # fmt: skip
        taken: dict[str, Any] = {"taken_at": now, "taken_label": NONSENSE, "bag_sha256": "cd" * 32}
        received: dict[str, Any] = {"received_at": now, "received_by": NONSENSE, "verdict": "gaps"}
        rows = [RecordingRelease(**(given | more)) for more in ({}, taken, taken | received)]
        paths = [f"/recordings/{recording}/releases/{row.id}" for row in rows]

        async def work(database: Database) -> None:
            async with database.transaction() as db:
                db.add_all(rows)

        self.service.run(work)
        return paths

    def write(self) -> None:
        """Every passage of the minutes is written."""

        async def work(database: Database) -> None:
            await (await Court.load(database, self.service.ref)).write_minutes(datetime.now(UTC), NONSENSE)

        self.service.run(work)

    def correct(self) -> None:
        """A correction of the minutes, as it lies in the database: to be signed."""

        async def work(database: Database) -> None:
            async with database.transaction() as db:
                (found,) = (await db.exec(select(Minutes))).all()
                texts = dict.fromkeys((found.language_requesting, found.language_requested), NONSENSE)
                db.add(
                    MinutesCorrection(
                        owner_state=found.owner_state, minutes_id=found.id, asked_by="TH", texts=texts, reasons=texts,
                        text_sha256="ab" * 32, sha256="cd" * 32, author="1", author_label=NONSENSE,
                        at=datetime.now(UTC),
                    )
                )  # fmt: skip

        self.service.run(work)


def busy_court(service: Service) -> BusyCourt:
    """Fill a demonstration."""
    found = service.run(fill)
    clerk = service.signed_in("clerk")
    room = {"kind": "room", "name": "Зал", "zone": "Europe/Bucharest", "city": "București"}
    place = clerk.post("/resources/new", room, page="/resources/new").headers["location"]
    found["room"] = place.rpartition("/")[2]
    here, found["find"] = f"{found['accepted']}/slots", urlencode(FIND)
    chosen: dict[str, object] = {
        "slot": re.findall(r'name="slot" value="([^"]+)"', clerk.get(f"{here}?{found['find']}").text)[:3]
    }
    chosen |= {"checked": "yes", "resource": found["room"]} | FIND
    found["offered"] = clerk.post(here, chosen, page=here).headers["location"].partition("/times")[0]
    found["home"] = f"/h/{service.ref}"
    return BusyCourt(service, found)
