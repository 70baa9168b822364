"""Join links: a secret for the address's fragment, a PIN by another way, and what they buy: one login.

A link works from the opening of the lobby to the close of the sitting, once. Five wrong PINs kill it. Looking at it
changes nothing: only `redeem` does, and only with the PIN.
"""

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor, participant_actor
from hearings.db import Database
from hearings.errors import (
    Invalid,
    LinkDead,
    LinkEarly,
    LinkLate,
    LinkRefused,
    LinkUnknown,
    LinkUsed,
    NotReady,
    PinWrong,
)
from hearings.events import EventKind, record
from hearings.models import Hearing, Invitation, Login, Participant
from hearings.moves import move_presence
from hearings.people.logins import LoginEnd, create_login, end_logins_of, hash_secret, new_secret
from hearings.permissions import require
from hearings.queries import get, live_invitation, open_sitting
from hearings.sentences import tell
from hearings.status import HearingStatus, PresenceStatus, SittingStatus

TRIES = 5
OVER = frozenset({HearingStatus.concluded, HearingStatus.cancelled, HearingStatus.aborted})
SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
"""16 MiB and some tens of milliseconds a try."""


@dataclass(frozen=True, kw_only=True)
class Invite:
    """What the clerk hands over, by two ways. Neither can be had again: the database keeps hashes."""

    secret: str
    pin: str
    invitation: Invitation


@dataclass(frozen=True, kw_only=True)
class Redeemed:
    """What a link and its PIN bought."""

    participant: Participant
    hearing: Hearing
    login: Login
    cookie: str


def address(origin: str, made: Invite) -> str:
    """Where the link leads; its secret is in the fragment, which no browser sends."""
    return f"{origin}/j#{made.secret}"


def hash_pin(pin: str) -> str:
    """What is stored of a PIN: `scrypt$salt$hash`, hexadecimal. Slow on purpose; run it in a thread."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${hashlib.scrypt(pin.encode(), salt=salt, **SCRYPT).hex()}"


def pin_matches(pin: str, stored: str) -> bool:
    """Whether the PIN is the one stored. Slow on purpose; run it in a thread."""
    _, salt, wanted = stored.split("$")
    found = hashlib.scrypt(pin.encode("utf-8", "replace"), salt=bytes.fromhex(salt), **SCRYPT)
    return hmac.compare_digest(found.hex(), wanted)


async def issue(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> tuple[Invite, bool]:
    """`invite`, or `replace_link` for somebody who has or had one; and whether it was replaced."""
    replaced = participant.presence is not PresenceStatus.invited or bool(await live_invitation(db, participant.id))
    make = replace_link if replaced else invite
    return await make(db, participant=participant, actor=actor, now=now), replaced


async def invite(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> Invite:
    """Make a link and PIN for somebody who has none that lives.

    Effects: adds the invitation, event link_issued. Raises `NotAllowed`, `Invalid` (staff sign in by themselves),
    `NotReady` when the hearing is over.
    """
    require("issue_link", actor)
    made = await _make(db, participant, now)
    await record(
        db, hearing=participant.hearing_id, kind=EventKind.link_issued, actor=actor, now=now, participant=participant.id
    )
    return made


async def replace_link(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> Invite:
    """Make a new link; the old one and every login bought with it die. Raises as `invite` does.

    Effects, in order: kills links and logins, takes the person out of the room and back to `invited`, forgets the
    confirmed identity (another person may hold the new link), adds the invitation, event link_replaced.
    """
    require("issue_link", actor)
    await _end(db, participant, "replaced", actor, now)
    made = await _make(db, participant, now)
    await record(
        db,
        hearing=participant.hearing_id,
        kind=EventKind.link_replaced,
        actor=actor,
        now=now,
        participant=participant.id,
    )
    return made


async def revoke_link(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
    """Let the link and every login bought with it die; there is none until one is made again.

    Raises `NotAllowed`, `NotReady` when there is none that lives.
    Effects: those of `replace_link` without the invitation; event link_revoked.
    """
    require("issue_link", actor)
    if await live_invitation(db, participant.id) is None:
        raise NotReady(tell("This person has no link that works"))
    await _end(db, participant, "revoked", actor, now)
    await record(
        db,
        hearing=participant.hearing_id,
        kind=EventKind.link_revoked,
        actor=actor,
        now=now,
        participant=participant.id,
    )


async def _end(db: AsyncSession, participant: Participant, why: str, actor: Actor, now: datetime) -> None:
    await kill_links(db, participant_ids=[participant.id], now=now, why=why)
    await end_logins_of(db, participant_ids=[participant.id], now=now, why=LoginEnd(f"link_{why}"))
    if participant.presence is not PresenceStatus.invited:
        move_presence(db, participant, PresenceStatus.invited, actor=actor, now=now, reason=f"link {why}")
    participant.microphone = participant.muted_by_court = participant.camera = False
    participant.renders = ""
    participant.hand_at = participant.help_at = participant.notice_at = participant.admitted_at = None
    participant.identity_confirmed_at = None
    participant.identity_confirmed_by = participant.identity_method = ""
    participant.devices = None


async def _make(db: AsyncSession, participant: Participant, now: datetime) -> Invite:
    if participant.person_id is not None:
        raise Invalid(tell("Staff sign in with their own link, not with a join link"), "participant")
    if (await get(db, Hearing, participant.hearing_id)).status in OVER:
        raise NotReady(tell("The hearing is over"))
    secret, pin = new_secret(), f"{secrets.randbelow(1_000_000):06d}"
    invitation = Invitation(
        owner_state=participant.owner_state,
        participant_id=participant.id,
        secret_hash=hash_secret(secret),
        pin_hash=await asyncio.to_thread(hash_pin, pin),
        tries_left=TRIES,
        created_at=now,
    )
    db.add(invitation)
    await db.flush()
    return Invite(secret=secret, pin=pin, invitation=invitation)


async def kill_links(db: AsyncSession, *, participant_ids: list[str], now: datetime, why: str) -> None:
    """Let no link of these people work any more. Effects: sets `dead_at` and `dead_why`."""
    await db.exec(
        update(Invitation)
        .where(col(Invitation.participant_id).in_(participant_ids), col(Invitation.dead_at).is_(None))
        .values(dead_at=now, dead_why=why)
    )


async def look(database: Database, *, secret: str, now: datetime) -> tuple[Participant, Hearing]:
    """Whom a link is for, if it would work now with the right PIN. Changes nothing. Raises `LinkRefused`."""
    async with database.reading() as db:
        _, participant, hearing = await _usable(db, secret, lock=False)
        return participant, hearing


async def redeem(database: Database, *, secret: str, pin: str, now: datetime) -> Redeemed:
    """Use a link. Raises `LinkUnknown`, `LinkEarly`, `LinkLate`, `LinkUsed`, `LinkDead`, `PinWrong`.

    One transaction holds the link from the look at its tries to the outcome, so however many tries come at once,
    five PINs are checked and no more. A wrong PIN is committed although an error is raised.
    Effects when right: marks the link used, presence to identified, adds a login, events link_used, joined.
    Effects when wrong: one try fewer, event pin_failed; at none left the link dies, event link_dead.
    """
    async with database.transaction() as db:
        invitation, participant, hearing = await _usable(db, secret, lock=True)
        actor = participant_actor(participant)
        if await asyncio.to_thread(pin_matches, pin, invitation.pin_hash):
            invitation.used_at = now
            move_presence(db, participant, PresenceStatus.identified, actor=actor, now=now, reason="link and PIN")
            login, cookie = await create_login(db, participant=participant, now=now)
            for kind in (EventKind.link_used, EventKind.joined):
                await record(db, hearing=hearing, kind=kind, actor=actor, now=now, participant=participant.id)
            return Redeemed(participant=participant, hearing=hearing, login=login, cookie=cookie)
        invitation.tries_left -= 1
        left = invitation.tries_left
        await record(
            db,
            hearing=hearing,
            kind=EventKind.pin_failed,
            actor=actor,
            now=now,
            participant=participant.id,
            tries_left=left,
        )
        if left == 0:
            invitation.dead_at, invitation.dead_why = now, "wrong_pins"
            await record(
                db,
                hearing=hearing,
                kind=EventKind.link_dead,
                actor=actor,
                now=now,
                participant=participant.id,
                why="wrong_pins",
            )
    raise PinWrong(left)


async def _usable(db: AsyncSession, secret: str, *, lock: bool) -> tuple[Invitation, Participant, Hearing]:
    query = select(Invitation).where(Invitation.secret_hash == hash_secret(secret))
    query = query.execution_options(populate_existing=True)
    invitation = (await db.exec(query.with_for_update() if lock else query)).first()
    if invitation is None:
        raise LinkUnknown
    participant = await get(db, Participant, invitation.participant_id, lock=lock)
    hearing = await get(db, Hearing, participant.hearing_id)
    sitting = await open_sitting(db, hearing.id)
    refusal: LinkRefused | None = None
    if hearing.status in OVER or (sitting is not None and sitting.status is SittingStatus.closing):
        refusal = LinkLate()
    elif invitation.dead_at is not None or invitation.tries_left == 0:
        refusal = LinkDead()
    elif invitation.used_at is not None:
        refusal = LinkUsed()
    elif sitting is None:
        refusal = LinkEarly(hearing.starts_at)
    if refusal:
        raise refusal
    return invitation, participant, hearing


async def hearing_of(database: Database, *, secret: str) -> Hearing | None:
    """The hearing a link belongs to, whether or not the link works: its times may be told, its case may not."""
    async with database.reading() as db:
        query = select(Invitation).where(Invitation.secret_hash == hash_secret(secret))
        invitation = (await db.exec(query)).first()
        if invitation is None:
            return None
        participant = await get(db, Participant, invitation.participant_id)
        return await get(db, Hearing, participant.hearing_id)
