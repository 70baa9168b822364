"""A sealed recording of two States, the people who may release it, and the keys of both authorities."""

from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hearings.actors import Actor
from hearings.custody import receipts, releases
from hearings.db import Database
from hearings.models import Person, RecordingRelease
from hearings.queries import get
from hearings.roles import Role
from hearings.signatures import jws, signatures, signing_keys
from hearings.signatures.signatures import Act
from tests.support.rows import keep, make_hearing, make_person, make_recording, make_request, make_sitting

ROOT, BAG = "ab" * 32, "cd" * 32
WANTED = releases.Proposal(to_person="S. Srisai", body="Office of the Attorney General", purpose="The trial in Bangkok")


class Desk:
    """Who releases and who receives; every step in a transaction of its own."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now
        self.people = {
            "clerk": make_person("clerk", "RO", "Ioana Marin"),
            "judge": make_person("judge", "RO", "Ana Popa"),
            "second": make_person("clerk", "RO", "Mihai Dinu", "clerk2@ro.example"),
            "authority": make_person("authority", "TH", "S. Srisai"),
        }
        self.request = make_request(
            instruments=["untoc"], case_number="1234/P/2025", use_limits="Not for extradition.", created_at=now
        )
        self.hearing = make_hearing(self.request.id, created_at=now)
        self.sitting = make_sitting(self.hearing.id, since=now)
        self.recording = make_recording(self.sitting.id, since=now, closed_at=now, size=8, root=ROOT)
        self.seeds = {state: Ed25519PrivateKey.generate() for state in ("RO", "TH")}

    async def keep(self) -> None:
        await keep(self.database, *self.people.values(), self.request, self.hearing, self.sitting, self.recording)
        async with self.database.transaction() as db:
            for state, key in self.seeds.items():
                public = jws.encode(key.public_key().public_bytes_raw())
                await signing_keys.add(
                    db, state=state, authority_name=f"Court of {state}", public_key=public, now=self.now
                )

    def actor(self, who: str) -> Actor:
        person = self.people[who]
        role = {"judge": Role.presiding_judge, "authority": Role.requested_authority}.get(who, Role.clerk)
        return Actor(id=person.id, label=person.name, state=person.owner_state, role=role)

    @property
    def about(self) -> dict[str, Any]:
        return {"recording": self.recording, "hearing": self.hearing, "now": self.now}

    async def propose(self, who: str = "clerk", wanted: releases.Proposal = WANTED) -> RecordingRelease:
        async with self.database.transaction() as db:
            return await releases.propose(db, wanted=wanted, actor=self.actor(who), **self.about)

    def sign(self, of: str, kind: Act, body: dict[str, Any], **changes: Any) -> str:
        """A statement of a State; `changes` are arguments of `signatures.statement`, and the State whose key signs."""
        other = "TH" if of == "RO" else "RO"
        given: dict[str, Any] = {"state": of, "other": other, "act": kind, "about": self.hearing.ref}
        given |= {"body": body, "now": self.now}
        seed = self.seeds[changes.pop("key", of)].private_bytes_raw()
        return signatures.sign(signatures.statement(**(given | changes)), seed=seed)

    async def confirm(self, row: RecordingRelease, who: str = "judge", **changes: Any) -> RecordingRelease:
        actor = self.actor(who)
        body = releases.statement_body(row, self.recording, confirmed_by=actor.label) | changes
        signed = self.sign("RO", Act.release_recording, body)
        async with self.database.transaction() as db:
            return await releases.confirm(db, release_id=row.id, jws=signed, actor=actor, **self.about)

    async def take(self, row: RecordingRelease, who: str = "clerk", custody: Any = (5, ROOT)) -> RecordingRelease:
        async with self.database.transaction() as db:
            await releases.begin_taking(db, release_id=row.id, actor=self.actor(who), **self.about)
        async with self.database.transaction() as db:
            return await releases.taken(db, release_id=row.id, bag_sha256=BAG, custody=custody)

    async def taken(self) -> RecordingRelease:
        return await self.take(await self.confirm(await self.propose()))

    def receipt(self, row: RecordingRelease, changes: dict[str, Any] | None = None, **signing: Any) -> str:
        body = receipts.expected(row, self.recording) | {"verdict": "gaps", "received_by": "S. Srisai"}
        return self.sign("TH", Act.receive_recording, body | (changes or {}), **signing)

    async def accept(self, row: RecordingRelease, receipt: str, who: str = "authority") -> RecordingRelease:
        async with self.database.transaction() as db:
            found = await receipts.accept(db, release_id=row.id, jws=receipt, actor=self.actor(who), **self.about)
            return found[0]

    async def now_is(self, row: RecordingRelease) -> RecordingRelease:
        async with self.database.reading() as db:
            return await get(db, RecordingRelease, row.id)

    async def change(self, who: str, **fields: Any) -> None:
        async with self.database.transaction() as db:
            person = await get(db, Person, self.people[who].id)
            for name, value in fields.items():
                setattr(person, name, value)
            db.add(person)

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)
