"""Staff sign in by one-use links; a login ends when it should."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings.db import Database
from hearings.errors import Invalid, LinkDead, LinkUnknown, LinkUsed
from hearings.models import Person
from hearings.people import logins, staff as staff_rows
from hearings.people.logins import LoginEnd
from hearings.queries import get


async def issue(database: Database, person: Person, now: datetime) -> str:
    async with database.transaction() as db:
        return await logins.issue_sign_in_link(db, person=person, now=now)


@pytest.mark.both_databases
async def test_a_sign_in_link_signs_in_once(database: Database, staff: dict[str, Person], now: datetime) -> None:
    secret = await issue(database, staff["clerk"], now)
    async with database.transaction() as db:
        person, login, cookie = await logins.sign_in(db, secret=secret, now=now)
    assert person.id == staff["clerk"].id
    async with database.reading() as db:
        found = await logins.find_login(db, secret=cookie, now=now)
    assert found is not None
    assert found.id == login.id
    with pytest.raises(LinkUsed):
        async with database.transaction() as db:
            await logins.sign_in(db, secret=secret, now=now)


@pytest.mark.both_databases
async def test_two_browsers_with_one_link_get_one_login(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    secret = await issue(database, staff["clerk"], now)

    async def sign_in() -> str:
        async with database.transaction() as db:
            return (await logins.sign_in(db, secret=secret, now=now))[2]

    outcomes = await asyncio.gather(*(sign_in() for _ in range(8)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LinkUsed"] * 7 + ["str"]


async def test_a_sign_in_link_grows_too_old(database: Database, staff: dict[str, Person], now: datetime) -> None:
    secret = await issue(database, staff["clerk"], now)
    with pytest.raises(LinkDead, match="has expired"):
        async with database.transaction() as db:
            await logins.sign_in(db, secret=secret, now=now + logins.LINK_LIFETIME)
    async with database.transaction() as db:
        await logins.sign_in(db, secret=secret, now=now + logins.LINK_LIFETIME - timedelta(seconds=1))


async def test_who_no_longer_works_here_does_not_sign_in(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    secret = await issue(database, staff["clerk"], now)
    async with database.transaction() as db:
        (await get(db, Person, staff["clerk"].id)).active = False
    with pytest.raises(LinkDead):
        async with database.transaction() as db:
            await logins.sign_in(db, secret=secret, now=now)


async def test_an_unknown_sign_in_link_is_unknown(database: Database, now: datetime) -> None:
    with pytest.raises(LinkUnknown):
        async with database.transaction() as db:
            await logins.sign_in(db, secret="A" * 22, now=now)


@pytest.mark.parametrize(
    ("later", "end"),
    [
        (timedelta(0), None),
        (logins.IDLE, None),
        (logins.IDLE + timedelta(seconds=1), LoginEnd.idle),
        (logins.STAFF_LOGIN, LoginEnd.expired),
    ],
)
async def test_a_staff_login_ends_when_idle_or_old(
    database: Database, staff: dict[str, Person], now: datetime, later: timedelta, end: LoginEnd | None
) -> None:
    async with database.transaction() as db:
        login, cookie = await logins.create_login(db, person=staff["clerk"], now=now)
    async with database.reading() as db:
        assert (await logins.find_login(db, secret=cookie, now=now + later) is None) is (end is not None)
    assert logins.ending(login, staff["clerk"], now + later) is end
    watched = None if end is LoginEnd.idle else end
    assert logins.ending(login, staff["clerk"], now + later, watched=True) is watched


async def test_use_keeps_a_login_from_being_idle(database: Database, staff: dict[str, Person], now: datetime) -> None:
    async with database.transaction() as db:
        login, cookie = await logins.create_login(db, person=staff["clerk"], now=now)
        await logins.touch_login(db, login_id=login.id, now=now + logins.IDLE)
    async with database.reading() as db:
        found = await logins.find_login(db, secret=cookie, now=now + 2 * logins.IDLE)
        assert found is not None
        assert (found.id, found.person_id) == (login.id, staff["clerk"].id)
        late = now + 2 * logins.IDLE + timedelta(seconds=1)
        assert await logins.find_login(db, secret=cookie, now=late) is None


@pytest.mark.both_databases
async def test_no_use_makes_a_login_stand_again_that_has_ended(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    """Idle, found or not yet found so; too old; ended: nothing that notes a use undoes it."""
    late = now + logins.IDLE + timedelta(seconds=1)
    moments = {LoginEnd.idle: late, LoginEnd.expired: now + logins.STAFF_LOGIN, LoginEnd.signed_out: now}
    for why, moment in moments.items():
        async with database.transaction() as db:
            login, cookie = await logins.create_login(db, person=staff["clerk"], now=now)
            if why is LoginEnd.signed_out:
                await logins.end_login(db, login_id=login.id, now=now, why=why)
            await logins.touch_login(db, login_id=login.id, now=moment)
        async with database.reading() as db:
            assert await logins.find_login(db, secret=cookie, now=moment) is None, why
        async with database.transaction() as db:
            if why is LoginEnd.idle:  # found so: from now on not even an open page undoes it
                await logins.end_idle(db, login_id=login.id, now=moment)
            await logins.keep_awake(db, login_ids=[login.id], now=moment)
        async with database.reading() as db:
            assert await logins.find_login(db, secret=cookie, now=moment) is None, why


async def test_a_login_used_in_the_same_moment_does_not_end_as_idle(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    late = now + logins.IDLE + timedelta(seconds=1)
    async with database.transaction() as db:
        login, cookie = await logins.create_login(db, person=staff["clerk"], now=now)
        await logins.keep_awake(db, login_ids=[login.id], now=late)
        await logins.end_idle(db, login_id=login.id, now=late)
    async with database.reading() as db:
        assert await logins.find_login(db, secret=cookie, now=late) is not None


CHANGES = {
    LoginEnd.deactivated: lambda db, person, now: staff_rows.deactivate(db, person=person, now=now),
    LoginEnd.functions_changed: lambda db, person, now: staff_rows.change_functions(
        db, person=person, functions=["judge"], now=now
    ),
}


@pytest.mark.parametrize("why", CHANGES)
async def test_who_is_changed_signs_in_again_and_with_no_older_link(
    database: Database, staff: dict[str, Person], now: datetime, why: LoginEnd
) -> None:
    secret = await issue(database, staff["clerk"], now)
    async with database.transaction() as db:
        _, cookie = await logins.create_login(db, person=staff["clerk"], now=now)
        _, other = await logins.create_login(db, person=staff["judge"], now=now)
    async with database.transaction() as db:
        await CHANGES[why](db, await get(db, Person, staff["clerk"].id, lock=True), now)
    async with database.reading() as db:
        found = await logins.look_up(db, secret=cookie)
        assert found is not None
        assert (found[0].ended_at, found[0].ended_why) == (now, why)
        assert await logins.find_login(db, secret=other, now=now) is not None
    with pytest.raises((LinkUsed, LinkDead)):
        async with database.transaction() as db:
            await logins.sign_in(db, secret=secret, now=now)


async def test_the_same_functions_again_end_nothing(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        _, cookie = await logins.create_login(db, person=staff["clerk"], now=now)
        person = await get(db, Person, staff["clerk"].id, lock=True)
        await staff_rows.change_functions(db, person=person, functions=["clerk"], now=now)
        with pytest.raises(Invalid):
            await staff_rows.change_functions(db, person=person, functions=["king"], now=now)
        assert await logins.find_login(db, secret=cookie, now=now) is not None


async def test_signing_out_ends_the_login_and_no_other(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        login, cookie = await logins.create_login(db, person=staff["clerk"], now=now)
        _, other = await logins.create_login(db, person=staff["clerk"], now=now)
        await logins.end_login(db, login_id=login.id, now=now, why=LoginEnd.signed_out)
        await logins.end_login(db, login_id=login.id, now=now, why=LoginEnd.removed)
    async with database.reading() as db:
        assert await logins.find_login(db, secret=cookie, now=now) is None
        assert await logins.find_login(db, secret=other, now=now) is not None
        assert (await get(db, type(login), login.id)).ended_why == "signed_out"


async def test_a_cookie_nobody_has_given_out_is_nobodys(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        login, cookie = await logins.create_login(db, person=staff["clerk"], now=now)
    async with database.reading() as db:
        for secret in ("", "\ud800", cookie[:-1], cookie.swapcase(), login.secret_hash, "A" * len(cookie)):
            assert await logins.find_login(db, secret=secret, now=now) is None
        found = await logins.find_login(db, secret=cookie, now=now)
    assert found is not None
    assert found.id == login.id


@pytest.mark.both_databases
async def test_a_login_needs_exactly_one_holder(database: Database, now: datetime, everything: Any) -> None:
    before = await everything(database)
    async with database.transaction() as db:
        with pytest.raises(ValueError, match="belongs to"):
            await logins.create_login(db, now=now)
    assert await everything(database) == before
