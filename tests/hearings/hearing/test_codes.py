"""One-use codes in place of a PIN: six digits, ten minutes, five tries, five codes an hour, one a minute."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from hearings.db import Database
from hearings.errors import CodeDead, Invalid, LinkEarly, LinkUnknown, NotReady, PinWrong
from hearings.hearing import codes, links
from hearings.models import JoinCode
from hearings.models.participant import CodeWay
from hearings.roles import Role

MINUTE = timedelta(minutes=1)


async def link(court: Any, now: datetime, to: tuple[CodeWay, str] = (CodeWay.sms, "+40721000000")) -> str:
    async with court.database.transaction() as db:
        witness, clerk = await court.seat(db, Role.witness), await court.actor(db, Role.clerk)
        made, _replaced = await links.issue(db, participant=witness, actor=clerk, now=now, by=to)
    assert made.pin == ""
    return str(made.secret)


async def code(database: Database, secret: str, now: datetime) -> str:
    message = await codes.make(database, secret=secret, now=now)
    await codes.handed_over(database, code_id=message.code_id, now=now)
    digits = re.search(r"\b\d{6}\b", message.text)
    assert digits is not None
    return digits[0]


def other(digits: str, by: int = 1) -> str:
    return f"{(int(digits) + by) % 1_000_000:06d}"


@pytest.mark.both_databases
async def test_a_code_opens_the_link_once_and_names_nobody(court: Any, database: Database, now: datetime) -> None:
    await court.open_lobby()
    secret = await link(court, now)
    message = await codes.make(database, secret=secret, now=now)
    assert (message.way, message.to) == (CodeWay.sms, "+40721000000")
    async with database.reading() as db:
        witness = await court.seat(db, Role.witness)
        (row,) = (await db.exec(select(JoinCode))).all()
    for told in (witness.display_name, court.hearing.ref, *witness.display_name.split()):
        assert told not in message.text + message.subject
    digits = message.text[:6]
    with pytest.raises(CodeDead):
        await links.redeem(database, secret=secret, pin=digits, now=now)
    await codes.handed_over(database, code_id=message.code_id, now=now)
    assert digits not in str(row.model_dump())
    bought = await links.redeem(database, secret=secret, pin=digits, now=now + 9 * MINUTE)
    assert bought.participant.id == witness.id


@pytest.mark.both_databases
async def test_of_many_tries_at_once_five_are_checked_and_another_code_is_asked_for(
    court: Any, database: Database, now: datetime
) -> None:
    await court.open_lobby()
    secret = await link(court, now)
    digits = await code(database, secret, now)
    tries = [links.redeem(database, secret=secret, pin=other(digits, 1 + n), now=now) for n in range(20)]
    outcomes = [type(one) for one in await asyncio.gather(*tries, return_exceptions=True)]
    assert (outcomes.count(PinWrong), outcomes.count(CodeDead)) == (5, 15)
    with pytest.raises(CodeDead):
        await links.redeem(database, secret=secret, pin=digits, now=now)
    assert not await links.look_dead(database, secret=secret)
    again = await code(database, secret, now + MINUTE)
    await links.redeem(database, secret=secret, pin=again, now=now + MINUTE)


async def test_a_code_that_is_old_replaced_or_was_never_sent_opens_nothing(
    court: Any, database: Database, now: datetime
) -> None:
    await court.open_lobby()
    secret = await link(court, now)
    with pytest.raises(CodeDead):
        await links.redeem(database, secret=secret, pin="000000", now=now)
    first = await code(database, secret, now)
    with pytest.raises(CodeDead):
        await links.redeem(database, secret=secret, pin=first, now=now + codes.LIFETIME)
    second = await code(database, secret, now + MINUTE)
    if second != first:
        with pytest.raises(PinWrong):
            await links.redeem(database, secret=secret, pin=first, now=now + MINUTE)


async def test_what_was_not_handed_over_uses_up_no_code_and_puts_none_out_of_use(
    court: Any, database: Database, now: datetime
) -> None:
    await court.open_lobby()
    secret = await link(court, now)
    first = await code(database, secret, now)
    for minute in range(1, 9):
        await codes.make(database, secret=secret, now=now + minute * MINUTE)
        with pytest.raises(NotReady, match="less than a minute"):
            await codes.make(database, secret=secret, now=now + minute * MINUTE)
    await links.redeem(database, secret=secret, pin=first, now=now + 9 * MINUTE)


async def test_a_link_gets_one_code_a_minute_and_five_an_hour(court: Any, database: Database, now: datetime) -> None:
    await court.open_lobby()
    secret = await link(court, now)
    await code(database, secret, now)
    with pytest.raises(NotReady, match="less than a minute"):
        await code(database, secret, now + MINUTE - timedelta(seconds=1))
    for minute in range(1, 5):
        await code(database, secret, now + minute * MINUTE)
    with pytest.raises(NotReady, match=r"again in 51 minutes, or call the court: the clerk can make a new link"):
        await code(database, secret, now + 9 * MINUTE)
    with pytest.raises(NotReady, match=r"again in 1 minute,"):
        await code(database, secret, now + 60 * MINUTE - timedelta(seconds=1))
    last = await code(database, secret, now + 60 * MINUTE)  # whoever has the link alone has not used it up for good
    await links.redeem(database, secret=secret, pin=last, now=now + 61 * MINUTE)


async def test_no_code_is_sent_for_another_link_or_before_the_lobby_opens(
    court: Any, database: Database, now: datetime
) -> None:
    secret = await link(court, now)
    with pytest.raises(LinkEarly):
        await code(database, secret, now)
    with pytest.raises(LinkUnknown):
        await code(database, "x" * 22, now)
    await court.open_lobby()
    made = await court.link(Role.interpreter)
    with pytest.raises(NotReady, match="goes with a PIN"):
        await code(database, made.secret, now)


async def test_a_code_for_a_test_is_sent_before_the_lobby_opens_and_the_link_waits_on(
    court: Any, database: Database, now: datetime
) -> None:
    secret = await link(court, now)
    message = await codes.make(database, secret=secret, early=True, now=now)
    await codes.handed_over(database, code_id=message.code_id, now=now)
    digits = message.text[:6]
    opened = await links.open_test(database, secret=secret, pin=digits, now=now)
    assert opened.login.way == "test_link"
    with pytest.raises(CodeDead):
        await links.open_test(database, secret=secret, pin=digits, now=now)
    await court.open_lobby()
    last = await code(database, secret, now + MINUTE)
    assert (await links.redeem(database, secret=secret, pin=last, now=now + MINUTE)).login.way == "join_link"


@pytest.mark.parametrize(
    ("way", "to", "kept"),
    [("phone", " ", ""), ("mail", " a@b.example", "a@b.example"), ("sms", "+40 721 000 000", "+40721000000")],
)
def test_an_address_is_kept_without_blanks(way: str, to: str, kept: str) -> None:
    assert codes.checked(CodeWay(way), to) == kept


@pytest.mark.parametrize(
    ("way", "to"),
    [("phone", "x"), ("mail", ""), ("mail", "nobody"), ("sms", "0721000000"), ("sms", "+4"), ("sms", "a@b.example")],
)
def test_an_address_that_cannot_be_right_is_refused(way: str, to: str) -> None:
    with pytest.raises(Invalid):
        codes.checked(CodeWay(way), to)
