"""Challenges are used once, and passkeys prove who somebody is, on either database."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from hearings.actors import person_actor
from hearings.db import Database
from hearings.errors import NotReady, SignInRefused
from hearings.models import Person, SignInChallenge
from hearings.models.credentials import ChallengePurpose as P
from hearings.people import challenges, logins, passkeys
from hearings.people.logins import Way
from hearings.people.passkeys import RelyingParty
from tests.support.authenticator import Authenticator

PARTY = RelyingParty(id="court.example", origin="https://court.example")


async def issue(database: Database, now: datetime, purpose: P = P.passkey_sign_in) -> str:
    async with database.transaction() as db:
        return await challenges.issue(db, purpose=purpose, browser="one", now=now)


@pytest.mark.both_databases
async def test_a_challenge_used_many_times_at_once_is_used_once(database: Database, now: datetime) -> None:
    challenge = await issue(database, now)
    how = {"challenge": challenge, "purposes": (P.passkey_sign_in,), "browser": "one", "now": now}
    uses = [challenges.use(database, **how) for _ in range(8)]
    outcomes = await asyncio.gather(*uses, return_exceptions=True)
    assert [getattr(one, "why", "") for one in outcomes].count("challenge_used") == 7


@pytest.mark.parametrize(
    ("browser", "about", "purpose", "later", "why"),
    [
        ("another", "", P.passkey_sign_in, 0, "challenge_foreign"),
        ("one", "ro", P.passkey_sign_in, 0, "challenge_foreign"),
        ("one", "", P.passkey_confirm, 0, "challenge_foreign"),
        ("one", "", P.passkey_sign_in, 5, "challenge_old"),
    ],
)
async def test_a_challenge_shown_elsewhere_or_late_is_used_up_and_worth_nothing(
    database: Database, now: datetime, browser: str, about: str, purpose: P, later: int, why: str
) -> None:
    challenge = await issue(database, now)
    with pytest.raises(SignInRefused) as refused:
        await challenges.use(
            database,
            challenge=challenge,
            purposes=(purpose,),
            browser=browser,
            about=about,
            now=now + timedelta(minutes=later),
        )
    assert refused.value.why == why
    with pytest.raises(SignInRefused) as again:
        await challenges.use(database, challenge=challenge, purposes=(P.passkey_sign_in,), browser="one", now=now)
    assert again.value.why == "challenge_used"


@pytest.mark.both_databases
async def test_challenges_are_kept_for_minutes_though_no_clock_runs(database: Database, now: datetime) -> None:
    for _ in range(3):
        await issue(database, now)
    late = now + challenges.LIFETIME + challenges.KEPT
    for at, left in ((late, 4), (late + timedelta(seconds=1), 2)):
        await issue(database, at)
        async with database.reading() as db:
            assert len((await db.exec(select(SignInChallenge))).all()) == left


@pytest.mark.both_databases
async def test_passkeys_are_added_used_and_removed_but_for_the_last_of_two_removed_at_once(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    clerk = staff["clerk"]
    ids = []
    async with database.transaction() as db:
        login, _secret = await logins.create_login(db, person=clerk, way=Way.operator_link, now=now)
    for number in range(2):
        key = Authenticator(PARTY.origin, PARTY.id, credential_id=f"key {number}".encode() * 4)
        challenge = await issue(database, now, P.passkey_add)
        async with database.transaction() as db:
            options = await passkeys.creation_options(db, person=clerk, party=PARTY, challenge=challenge)
            assert len(options["excludeCredentials"]) == number
            made = await passkeys.add(
                db,
                person=clerk,
                answer=key.create(options),
                name=f"Key {number}",
                challenge=challenge,
                party=PARTY,
                login_id=login.id,
                actor=person_actor(clerk),
                now=now,
            )
            ids.append(made.id)
        challenge = await issue(database, now)
        answer = key.get(passkeys.request_options(party=PARTY, challenge=challenge))
        async with database.transaction() as db:
            person, used = await passkeys.authenticate(db, answer=answer, challenge=challenge, party=PARTY, now=now)
        assert (person.id, used.id, used.sign_count) == (clerk.id, made.id, 1)

    async def remove(passkey_id: str) -> None:
        async with database.transaction() as db:
            actor = person_actor(clerk)
            await passkeys.remove(db, person=clerk, passkey_id=passkey_id, login_id=login.id, actor=actor, now=now)

    outcomes = await asyncio.gather(*(remove(one) for one in ids), return_exceptions=True)
    assert [type(one) for one in outcomes if one is not None] == [NotReady]
