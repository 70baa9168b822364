"""One-use codes to join: six digits, sent by mail or text message when a link is used, in place of a PIN.

A code is good for `LIFETIME` and five tries; a link gets `MOST` of them in `WINDOW`, one a minute, so that nobody who
has the link alone uses them up for good. What was not handed over uses up nothing. Nothing keeps a code: the row has
its scrypt hash, the message is handed over at once and stored nowhere. It names no person and no case.
"""

import asyncio
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, update

from hearings.db import Database
from hearings.errors import Invalid, NotReady, WouldBeLost
from hearings.hearing import links, pins
from hearings.models import JoinCode
from hearings.models.participant import CodeWay
from hearings.sentences import N_, Say, english, tell, tell_n

LIFETIME = timedelta(minutes=10)
MINUTE = EVERY = timedelta(minutes=1)
MOST = 5
WINDOW = timedelta(hours=1)
SUBJECT = N_("Your code to join")
ENTER_ADDRESS = N_("Enter an e-mail address")
ADDRESSES = {
    CodeWay.mail: re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}"),
    CodeWay.sms: re.compile(r"\+[1-9][0-9]{6,14}"),
}
"""An e-mail address; a telephone number as ITU-T E.164 writes it."""


@dataclass(frozen=True, kw_only=True)
class CodeMessage:
    """What is to be handed over, at once and once."""

    code_id: str
    way: CodeWay
    to: str
    subject: str
    text: str
    language: str


def checked(way: CodeWay, to: str) -> str:
    """The address that codes of this way go to, without blanks; empty for none. Raises `Invalid`, `WouldBeLost`."""
    to = "".join(to.split())
    if way is CodeWay.phone:
        if to:
            raise WouldBeLost(tell("With a PIN no code is sent: choose how, or leave this empty"), "code_to")
        return ""
    if not ADDRESSES[way].fullmatch(to):
        if way is CodeWay.mail:
            raise Invalid(tell(ENTER_ADDRESS), "code_to")
        raise Invalid(tell("Enter the telephone number with its country code, such as +40 721 000 000"), "code_to")
    return to


async def make(
    database: Database, *, secret: str, say: Say = english, early: bool = False, now: datetime
) -> CodeMessage:
    """A new code for whoever has opened a link. It works, and those of before no longer, once it is `handed_over`.
    `early`: for a test before the lobby opens (`links.open_test`).

    Raises `LinkRefused`, `NotReady` for a link with a PIN, a code less than `EVERY` ago, or too many.
    Effects: adds the code's row.
    """
    async with database.transaction() as db:
        invitation, participant, _hearing = await links.usable(db, secret, lock=True, early=early)
        if invitation.code_way is CodeWay.phone:
            raise NotReady(tell("This link goes with a PIN that the court tells you. No code is sent"))
        newest = await pins.codes(db, invitation, 1, sent=False)
        if newest and now - newest[0].created_at < EVERY:
            raise NotReady(tell("A code was asked for less than a minute ago. Wait for it, then ask again"))
        known = await pins.codes(db, invitation, MOST)
        if len(known) == MOST and now - known[-1].created_at < WINDOW:
            raise _too_many(known[-1].created_at + WINDOW - now)
        code = f"{secrets.randbelow(1_000_000):06d}"
        row = JoinCode(
            owner_state=invitation.owner_state,
            invitation_id=invitation.id,
            code_hash=await asyncio.to_thread(pins.hash_pin, code),
            tries_left=pins.TRIES,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        db.add(row)
        await db.flush()
        lang = participant.speaks or "en"
        text = say(
            lang,
            tell(
                "{code} is your code to join. It works for ten minutes, on the page you have opened. Tell it to "
                "nobody: the court never asks for it",
                code=code,
            ),
        )
        return CodeMessage(
            code_id=row.id,
            way=invitation.code_way,
            to=invitation.code_to,
            subject=say(lang, tell(SUBJECT)),
            text=text,
            language=lang,
        )


def _too_many(left: timedelta) -> NotReady:
    return NotReady(
        tell_n(
            "Five codes were sent for this link within an hour. Ask again in {n} minute, or call the court: the clerk "
            "can make a new link, or one with a PIN that is read out to you",
            "Five codes were sent for this link within an hour. Ask again in {n} minutes, or call the court: the clerk "
            "can make a new link, or one with a PIN that is read out to you",
            -(-left // MINUTE),
        )
    )


async def handed_over(database: Database, *, code_id: str, now: datetime) -> None:
    """Record that the mail server or the command has taken a code. Effects: it works from now on."""
    async with database.transaction() as db:
        await db.exec(update(JoinCode).where(col(JoinCode.id) == code_id).values(handed_over_at=now))
