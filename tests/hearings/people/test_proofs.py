"""How a member of staff signs in is changed by a login in force with a fresh proof alone; a first way ends the rest."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, person_actor
from hearings.db import Database
from hearings.errors import HearingsError, LoginEnded, NewLinkNeeded, PasskeyNeeded, StepUpNeeded
from hearings.models import Login, Passkey, Person, SignInLink, StaffIdentity
from hearings.models.credentials import ChallengePurpose
from hearings.people import challenges, credentials, identities, logins, passkeys, recovery
from hearings.people.credentials import FRESH
from hearings.people.logins import LoginEnd, Way
from hearings.people.passkeys import RelyingParty
from hearings.people.proofs import LINK_FRESH
from hearings.queries import get
from tests.support.authenticator import Authenticator

PARTY = RelyingParty(id="court.example", origin="https://court.example")
MOMENT = timedelta(seconds=1)


@dataclass
class Change:
    """A change of how somebody signs in, as it is asked for."""

    db: AsyncSession
    person: Person
    login_id: str
    now: datetime
    passkey_id: str = ""
    identity_id: str = ""

    @property
    def by(self) -> dict[str, Any]:
        return {"person": self.person, "login_id": self.login_id, "actor": person_actor(self.person), "now": self.now}

    async def add(self) -> None:
        purpose = ChallengePurpose.passkey_add
        challenge = await challenges.issue(self.db, purpose=purpose, browser="b", now=self.now)
        options = await passkeys.creation_options(self.db, person=self.person, party=PARTY, challenge=challenge)
        answer = Authenticator(PARTY.origin, PARTY.id, credential_id=b"new" * 6).create(options)
        await passkeys.add(self.db, answer=answer, name="New", challenge=challenge, party=PARTY, **self.by)

    async def rename(self) -> None:
        how = {name: value for name, value in self.by.items() if name != "actor"}
        await passkeys.rename(self.db, passkey_id=self.passkey_id, name="Other", **how)

    async def remove(self) -> None:
        await passkeys.remove(self.db, passkey_id=self.passkey_id, **self.by)

    async def bind(self) -> None:
        how = {"issuer": "https://login.example", "state": "RO", "subject": "new", "proved_at": self.now}
        await identities.bind(self.db, **how, **self.by)

    async def unbind(self) -> None:
        await identities.remove(self.db, identity_id=self.identity_id, **self.by)


Act = Callable[[Change], Awaitable[None]]
FIRST: dict[str, Act] = {"a passkey added": Change.add, "an identity bound": Change.bind}
CHANGES: dict[str, Act] = FIRST | {
    "a passkey renamed": Change.rename,
    "a passkey removed": Change.remove,
    "an identity removed": Change.unbind,
}
"""Every change of a person's own ways in."""


async def equipped(db: AsyncSession, person: Person, now: datetime) -> dict[str, str]:
    """Two passkeys and an identity; the ids of one passkey and of the identity."""
    of: dict[str, Any] = {"owner_state": person.owner_state, "person_id": person.id, "created_at": now}
    rows = [Passkey(credential_id=name, public_key="k", name=name, **of) for name in ("Zmlyc3Q", "c2Vjb25k")]
    identity = StaffIdentity(issuer="https://login.example", subject="s", bound_by="x", bound_label="x", **of)
    db.add_all([*rows, identity])
    await db.flush()
    return {"passkey_id": rows[0].id, "identity_id": identity.id}


async def login(db: AsyncSession, person: Person, way: Way, at: datetime, credential_id: str = "") -> str:
    made, _secret = await logins.create_login(db, person=person, way=way, credential_id=credential_id, now=at)
    return made.id


async def ways(db: AsyncSession) -> list[tuple[str, str, datetime | None]]:
    """Every passkey and identity there is."""
    passkey_rows = (await db.exec(select(Passkey))).all()
    identity_rows = (await db.exec(select(StaffIdentity))).all()
    return sorted(
        [(row.id, row.name, row.removed_at) for row in passkey_rows]
        + [(row.id, row.subject, row.removed_at) for row in identity_rows]
    )


@pytest.mark.parametrize("change", CHANGES)
async def test_no_way_in_is_changed_by_a_login_that_is_over_old_or_somebody_elses(
    database: Database, staff: dict[str, Person], now: datetime, change: str
) -> None:
    clerk, judge = staff["clerk"], staff["judge"]
    async with database.transaction() as db:
        ids = await equipped(db, clerk, now)
        passkey = ids["passkey_id"]
        over = await login(db, clerk, Way.passkey, now, passkey)
        await logins.end_login(db, login_id=over, now=now, why=LoginEnd.recovered)
        refused: dict[str, type[HearingsError]] = {
            over: LoginEnded,
            await login(db, judge, Way.passkey, now, passkey): StepUpNeeded,
            await login(db, clerk, Way.passkey, now - FRESH - MOMENT, passkey): StepUpNeeded,
            await login(db, clerk, Way.operator_link, now): StepUpNeeded,
        }
        fresh = await login(db, clerk, Way.passkey, now - FRESH, passkey)
        before = await ways(db)
    for login_id, error in refused.items():
        with pytest.raises(error):
            async with database.transaction() as db:
                await CHANGES[change](Change(db, clerk, login_id, now, **ids))
    async with database.transaction() as db:
        assert await ways(db) == before
        await CHANGES[change](Change(db, clerk, fresh, now, **ids))
        assert await ways(db) != before


@pytest.mark.parametrize("change", FIRST)
async def test_the_first_way_in_is_added_with_a_link_just_opened_and_ends_every_other_login_and_link(
    database: Database, staff: dict[str, Person], now: datetime, change: str
) -> None:
    clerk = staff["clerk"]
    async with database.transaction() as db:
        late = now - LINK_FRESH - MOMENT
        old = [await login(db, clerk, Way.operator_link, late), await login(db, clerk, Way.passkey, now)]
        other = await login(db, clerk, Way.administrator_link, now)
        mine = await login(db, clerk, Way.administrator_link, now - LINK_FRESH)
        others = await login(db, staff["judge"], Way.operator_link, now)
        secret = await logins.issue_sign_in_link(db, person=clerk, now=now, by=SYSTEM)
    for login_id in old:
        with pytest.raises(NewLinkNeeded, match="within 15 minutes"):
            async with database.transaction() as db:
                await FIRST[change](Change(db, clerk, login_id, now))
    async with database.transaction() as db:
        assert await ways(db) == []
        await FIRST[change](Change(db, clerk, mine, now))
    async with database.reading() as db:
        ends = {login_id: (await get(db, Login, login_id)).ended_why for login_id in (*old, other, mine, others)}
        assert ends == dict.fromkeys((*old, other), "credential_added") | {mine: "", others: ""}
        assert credentials.is_fresh(await get(db, Login, mine), now)
    with pytest.raises(PasskeyNeeded):
        async with database.transaction() as db:
            await logins.sign_in(db, secret=secret, now=now)
    async with database.reading() as db:
        links = (await db.exec(select(SignInLink).where(SignInLink.person_id == clerk.id))).all()
        assert [link.withdrawn_at for link in links] == [now]
    async with database.transaction() as db:  # a later one ends nothing
        beside = await login(db, clerk, Way.passkey, now, "p")
        another = Change(db, clerk, mine, now)
        await (another.bind() if change == "a passkey added" else another.add())
        assert (await get(db, Login, beside)).ended_at is None


@pytest.mark.both_databases
async def test_a_passkey_that_is_being_added_does_not_outlive_a_recovery(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    clerk = staff["clerk"]
    async with database.transaction() as db:
        ids = await equipped(db, clerk, now)
        mine = await login(db, clerk, Way.passkey, now, ids["passkey_id"])

    async def recover() -> None:
        async with database.transaction() as db:
            person = await get(db, Person, clerk.id)
            await recovery.give(db, person=person, actor=SYSTEM, now=now)

    async with database.transaction() as db:
        await Change(db, clerk, mine, now, **ids).add()
        recovering = asyncio.create_task(recover())
        await asyncio.sleep(0.1)  # it waits for this transaction, which has not been committed
    await recovering
    async with database.reading() as db:
        assert await credentials.in_use(db, person_id=clerk.id) == ([], [])
    with pytest.raises(LoginEnded):
        async with database.transaction() as db:
            await Change(db, clerk, mine, now, **ids).add()
