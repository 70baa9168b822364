"""Staff are changed by administrators of their own State, and a State never loses its last one."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import Invalid, LinkDead, NotAllowed, NotFound, NotReady
from hearings.models import Person
from hearings.people import logins, staff
from hearings.people.logins import LoginEnd, Way


async def add(database: Database, name: str, function: str = "administrator", state: str = "RO") -> Person:
    async with database.transaction() as db:
        values = {"name": name, "email": f"{name}@court.example", "city": "", "authority_name": "Court"}
        return await staff.add(db, state=state, functions=[function], **values)


def values(person: Person, **changes: Any) -> dict[str, Any]:
    known = {"name": person.name, "email": person.email, "functions": person.functions, "city": person.city}
    return known | {"authority_name": person.authority_name, "lang": person.language, "seen": person.version} | changes


async def act(database: Database, what: str, person: Person, actor: Actor, now: datetime, **how: Any) -> Person:
    async with database.transaction() as db:
        row = await staff.member(db, person.id, state=person.owner_state, lock=True)
        await getattr(staff, what)(db, person=row, actor=actor, now=now, **how)
        return row


@pytest.mark.both_databases
async def test_somebody_is_changed_deactivated_and_reactivated_and_each_is_in_the_history(
    database: Database, now: datetime
) -> None:
    first, ana = await add(database, "first"), await add(database, "ana", "clerk")
    actor = person_actor(first)
    async with database.transaction() as db:
        login, _cookie = await logins.create_login(db, person=ana, now=now)
    await act(database, "change", ana, actor, now, **values(ana, name="Ana Popescu", email="ap@court.example"))
    async with database.reading() as db:
        assert await logins.endings(db, login_ids=[login.id], now=now) == {}, "a name ends no login"
    changed = await act(database, "change", ana, actor, now, **values(ana, seen=2, functions=["judge"]))
    async with database.transaction() as db:
        assert await logins.endings(db, login_ids=[login.id], now=now) == {login.id: LoginEnd.functions_changed}
        again, _cookie = await logins.create_login(db, person=ana, now=now)
    with pytest.raises(NotReady, match="load it again"):
        await act(database, "deactivate", ana, actor, now, seen=2)
    await act(database, "deactivate", ana, actor, now, seen=changed.version, reason="Retired")
    async with database.reading() as db:
        assert await logins.endings(db, login_ids=[again.id], now=now) == {again.id: LoginEnd.deactivated}
        assert [row.name for row in (await staff.listed(db, state="RO", active=False)).rows] == ["ana"]
        assert (await staff.listed(db, state="RO", words="ANA court")).rows[0].id == ana.id
        assert (await staff.listed(db, state="TH")).rows == []
        page = await staff.listed(db, state="RO", limit=1)
        rest = await staff.listed(db, state="RO", limit=1, after=page.after)
        assert ([row.id for row in page.rows], [row.id for row in rest.rows]) == ([first.id], [ana.id])
    back = await act(database, "reactivate", ana, actor, now, seen=4)
    assert back.active
    async with database.reading() as db:
        history = await staff.history(db, person=back)
    assert [(one.after, one.reason) for one in history] == [
        ("active", ""),
        ("inactive", "Retired"),
        ("active", "name; email; functions: clerk → judge"),
        ("active", "name; email"),
    ]
    assert "court.example" not in str([one.reason for one in history])


async def test_nobody_changes_the_staff_of_another_state_nor_without_the_function(
    database: Database, now: datetime
) -> None:
    ana, thai = await add(database, "ana", "clerk"), person_actor(await add(database, "thai", state="TH"))
    clerk = person_actor(await add(database, "clerk", "clerk"))
    for actor in (thai, clerk):
        for name, how in (("change", values(ana)), ("deactivate", {"seen": 1}), ("reactivate", {"seen": 1})):
            with pytest.raises(NotAllowed):
                await act(database, name, ana, actor, now, **how)
        with pytest.raises(NotAllowed):
            async with database.transaction() as db:
                more = {"functions": ["clerk"], "city": "", "authority_name": "C"}
                await staff.add(db, state="RO", name="x", email="x@x.example", actor=actor, **more)
    async with database.reading() as db:
        with pytest.raises(NotFound):
            await staff.member(db, ana.id, state="TH")


async def test_an_address_that_somebody_has_is_refused(database: Database, now: datetime) -> None:
    first, ana = await add(database, "first"), await add(database, "ana", "clerk")
    with pytest.raises(Invalid, match="already"):
        await act(database, "change", ana, person_actor(first), now, **values(ana, email=first.email))


@pytest.mark.both_databases
async def test_the_last_administrator_of_a_state_stays_one(database: Database, now: datetime) -> None:
    one, other = await add(database, "one"), await add(database, "other")
    await add(database, "thai", state="TH")
    # Each takes the other's place away at the same time: one of them is too late.
    outcomes = await asyncio.gather(
        act(database, "deactivate", other, person_actor(one), now, seen=1),
        act(database, "change", one, person_actor(other), now, **values(one, functions=["clerk"])),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [type(outcome) for outcome in refused] == [NotReady]
    async with database.reading() as db:
        rows = [row for row in (await staff.listed(db, state="RO")).rows if row.active]
    (left,) = [row for row in rows if "administrator" in row.functions]
    for name, how in (("deactivate", {"seen": left.version}), ("change", values(left, functions=["clerk"]))):
        with pytest.raises(NotReady, match="last administrator"):
            await act(database, name, left, person_actor(left), now, **how)


async def test_a_link_says_who_made_it_and_does_not_work_once_it_is_withdrawn(
    database: Database, now: datetime
) -> None:
    first, ana = await add(database, "first"), await add(database, "ana", "clerk")
    actor = person_actor(first)
    async with database.transaction() as db:
        secret = await logins.issue_sign_in_link(db, person=ana, now=now, by=actor)
        (link,) = await logins.links_of(db, person_id=ana.id)
    assert (link.made_by, link.made_label) == (first.id, "first")
    with pytest.raises(NotFound):
        async with database.transaction() as db:
            await logins.withdraw_link(db, link_id=link.id, person=first, by=actor, now=now)
    async with database.transaction() as db:
        await logins.withdraw_link(db, link_id=link.id, person=ana, by=actor, now=now)
    with pytest.raises(LinkDead, match="withdrawn"):
        async with database.transaction() as db:
            await logins.sign_in(db, secret=secret, now=now)
    with pytest.raises(NotReady, match="already been ended"):
        async with database.transaction() as db:
            await logins.withdraw_link(db, link_id=link.id, person=ana, by=actor, now=now)


@pytest.mark.parametrize(("by", "way"), [("person", Way.administrator_link), ("operator", Way.operator_link)])
async def test_a_sign_in_says_by_which_kind_of_link(database: Database, now: datetime, by: str, way: Way) -> None:
    ana = await add(database, "ana", "clerk")
    maker = person_actor(ana) if by == "person" else Actor(id=logins.OPERATOR, label="Operator", state="RO")
    async with database.transaction() as db:
        secret = await logins.issue_sign_in_link(db, person=ana, now=now, by=maker)
        await logins.sign_in(db, secret=secret, now=now)
        (login,) = (await logins.logins_of(db, person_id=ana.id)).rows
    assert login.way == way
