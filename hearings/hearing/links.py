"""Join links: a secret in the fragment of the address and a PIN sent separately, exchanged once for a login.

A link works once, from the opening of the lobby to the close of the sitting; before, it lets its holder test their own
equipment as often as they like, and nothing else. Five wrong PINs end it. Opening its page changes nothing; only
`redeem` and `open_test`, with the PIN, do.
"""

import asyncio
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
from hearings.hearing import companions, floor, naming, pins
from hearings.hearing.companions import NOT_BY_LINK
from hearings.hearing.naming import NO_LONGER_TAKES_PART
from hearings.models import Hearing, Invitation, Login, Participant
from hearings.models.participant import CodeWay
from hearings.moves import move
from hearings.people.logins import (
    TEST_LOGIN,
    LoginEnd,
    Way,
    create_login,
    end_logins_of,
    hash_secret,
    new_secret,
)
from hearings.permissions import require
from hearings.queries import get, live_invitation, open_sitting
from hearings.sentences import N_, tell
from hearings.status import HearingStatus, PresenceStatus, SittingStatus
from hearings.texts import HEARING_OVER

OVER = frozenset({HearingStatus.concluded, HearingStatus.cancelled, HearingStatus.aborted})
LOBBY_IS_OPEN = N_("The lobby is open: join the hearing. The equipment is checked there")
LINK_AND_PIN = N_("link and PIN")
LINK_AND_CODE = N_("link and code")


@dataclass(frozen=True, kw_only=True)
class Invite:
    """Link and PIN, which the clerk hands over by two ways. Neither can be read again: the database stores hashes.
    `pin` is empty where a code is sent instead.
    """

    secret: str
    pin: str
    invitation: Invitation


@dataclass(frozen=True, kw_only=True)
class Redeemed:
    """The result of redeeming a link."""

    participant: Participant
    hearing: Hearing
    login: Login
    cookie: str


def address(origin: str, made: Invite) -> str:
    """The address of the link; its secret is in the fragment, which browsers do not send."""
    return f"{origin}/j#{made.secret}"


PIN = (CodeWay.phone, "")


async def issue(
    db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime, by: tuple[CodeWay, str] = PIN
) -> tuple[Invite, bool]:
    """`invite`, or `replace_link` for a participant who has or had a link. Returns it, and whether it was replaced.
    `by`: how they get their six digits, and the address that codes go to (`hearings.hearing.codes.checked`)."""
    replaced = participant.presence is not PresenceStatus.invited or bool(await live_invitation(db, participant.id))
    make = replace_link if replaced else invite
    return await make(db, participant=participant, actor=actor, now=now, by=by), replaced


async def invite(
    db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime, by: tuple[CodeWay, str] = PIN
) -> Invite:
    """Make a link and PIN for a participant without a valid one.

    Effects: adds the invitation, event link_issued. Raises `NotAllowed`, `Invalid` (staff sign in by themselves),
    `NotReady` when the hearing is over.
    """
    require("issue_link", actor, target_state=participant.state)
    made = await _make(db, participant, now, by)
    await record(
        db, hearing=participant.hearing_id, kind=EventKind.link_issued, actor=actor, now=now, participant=participant.id
    )
    return made


async def replace_link(
    db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime, by: tuple[CodeWay, str] = PIN
) -> Invite:
    """Make a new link; the old one and every login made with it end. Raises as `invite` does.

    Effects, in order: ends links and logins, takes the person out of the room and back to `invited`, forgets the
    confirmed identity (another person may hold the new link), adds the invitation, event link_replaced.
    """
    require("issue_link", actor, target_state=participant.state)
    await _end(db, participant, "replaced", actor, now)
    made = await _make(db, participant, now, by)
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
    """End the link and every login made with it; the participant has none until a new one is made.

    Raises `NotAllowed`, `NotReady` when there is no valid one.
    Effects: those of `replace_link` without the invitation; event link_revoked.
    """
    require("issue_link", actor, target_state=participant.state)
    if await live_invitation(db, participant.id) is None:
        raise NotReady(tell("This person has no valid link"))
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
        move(db, participant, PresenceStatus.invited, actor=actor, now=now, reason=f"link {why}")
    await companions.follow(db, participant, actor=actor, now=now)
    for companion in await companions.of_device(db, participant):  # another person may hold the new link
        companion.identity_confirmed_at, companion.identity_confirmed_by, companion.identity_method = None, "", ""
        db.add(companion)
    floor.silence(participant)
    participant.camera = False
    participant.notice_at = participant.admitted_at = None
    participant.end_calls()
    participant.identity_confirmed_at = None
    participant.identity_confirmed_by = participant.identity_method = ""
    participant.devices = None


async def _make(db: AsyncSession, participant: Participant, now: datetime, by: tuple[CodeWay, str]) -> Invite:
    if participant.person_id is not None:
        raise Invalid(tell("Staff sign in with their own link, not with a join link"), "participant")
    if participant.role in naming.STAFF_ROLES:
        raise Invalid(tell("Judge, clerk and authority sign in with their own account: name a member of staff"), "role")
    if participant.device_of_id is not None:
        raise Invalid(tell(NOT_BY_LINK), "participant")
    if participant.vacated_at is not None:
        raise NotReady(tell(NO_LONGER_TAKES_PART))
    if (await get(db, Hearing, participant.hearing_id)).status in OVER:
        raise NotReady(tell(HEARING_OVER))
    way, to = by
    secret, pin = new_secret(), f"{secrets.randbelow(1_000_000):06d}" if way is CodeWay.phone else ""
    invitation = Invitation(
        owner_state=participant.owner_state,
        participant_id=participant.id,
        secret_hash=hash_secret(secret),
        pin_hash=await asyncio.to_thread(pins.hash_pin, pin) if pin else "",
        tries_left=pins.TRIES,
        code_way=way,
        code_to=to,
        created_at=now,
    )
    db.add(invitation)
    await db.flush()
    return Invite(secret=secret, pin=pin, invitation=invitation)


async def kill_links(db: AsyncSession, *, participant_ids: list[str], now: datetime, why: str) -> None:
    """End all links of these participants. Effects: sets `dead_at` and `dead_why`."""
    await db.exec(
        update(Invitation)
        .where(col(Invitation.participant_id).in_(participant_ids), col(Invitation.dead_at).is_(None))
        .values(dead_at=now, dead_why=why)
    )


async def look(database: Database, *, secret: str, now: datetime) -> tuple[Participant, Hearing]:
    """The participant of a link that would work now with the right PIN. Changes nothing. Raises `LinkRefused`."""
    async with database.reading() as db:
        _, participant, hearing = await usable(db, secret, lock=False)
        return participant, hearing


async def redeem(database: Database, *, secret: str, pin: str, now: datetime) -> Redeemed:
    """Use a link. Raises `LinkUnknown`, `LinkEarly`, `LinkLate`, `LinkUsed`, `LinkDead`, `PinWrong`, `CodeDead`.

    One transaction locks the link from reading its attempts to the outcome, so at most five PINs are checked, even if
    attempts are concurrent. A wrong PIN is committed although an error is raised.
    Effects when right: marks the link used, presence to identified, adds a login, events link_used, joined.
    Effects when wrong: one attempt fewer, event pin_failed; after the last the link ends, event link_dead, or the code.
    """
    async with database.transaction() as db:
        invitation, participant, hearing = await usable(db, secret, lock=True)
        actor = participant_actor(participant)
        by_code = invitation.code_way is not CodeWay.phone
        left = await (pins.code_tried if by_code else pins.pin_tried)(db, invitation=invitation, digits=pin, now=now)
        if left is None:
            invitation.used_at = now
            move(
                db,
                participant,
                PresenceStatus.identified,
                actor=actor,
                now=now,
                reason=LINK_AND_CODE if by_code else LINK_AND_PIN,
            )
            await _end_tests(db, participant, now)
            login, cookie = await create_login(db, participant=participant, now=now)
            for kind in (EventKind.link_used, EventKind.joined):
                await record(db, hearing=hearing, kind=kind, actor=actor, now=now, participant=participant.id)
            return Redeemed(participant=participant, hearing=hearing, login=login, cookie=cookie)
        await _failed(db, invitation, participant, left, now)
    raise PinWrong(left)


async def open_test(database: Database, *, secret: str, pin: str, now: datetime) -> Redeemed:
    """A login, for `logins.TEST_LOGIN`, that reaches the person's test of their own equipment and nothing else, by a
    link that waits for the lobby. The link is not used up; its tries are those of `redeem`.

    Raises as `redeem` does, but `NotReady` when the lobby is open, in place of `LinkEarly`.
    Effects when right: ends the participant's earlier test, adds a login. Effects when wrong: those of `redeem`.
    """
    async with database.transaction() as db:
        invitation, participant, hearing = await usable(db, secret, lock=True, early=True)
        if await open_sitting(db, hearing.id) is not None:
            raise NotReady(tell(LOBBY_IS_OPEN))
        if participant.vacated_at is not None:
            raise LinkDead
        tried = pins.pin_tried if invitation.code_way is CodeWay.phone else pins.code_tried
        left = await tried(db, invitation=invitation, digits=pin, now=now)
        if left is None:
            await _end_tests(db, participant, now)
            login, cookie = await create_login(
                db, participant=participant, now=now, way=Way.test_link, lifetime=TEST_LOGIN
            )
            return Redeemed(participant=participant, hearing=hearing, login=login, cookie=cookie)
        await _failed(db, invitation, participant, left, now)
    raise PinWrong(left)


async def _end_tests(db: AsyncSession, participant: Participant, now: datetime) -> None:
    """The logins of a link that is not used yet are those of tests."""
    await end_logins_of(db, participant_ids=[participant.id], now=now, why=LoginEnd.signed_in_again)


async def _failed(db: AsyncSession, invitation: Invitation, participant: Participant, left: int, now: datetime) -> None:
    actor, hearing, who = participant_actor(participant), participant.hearing_id, participant.id
    failed = EventKind.pin_failed
    await record(db, hearing=hearing, kind=failed, actor=actor, now=now, participant=who, tries_left=left)
    if left == 0 and invitation.code_way is CodeWay.phone:
        invitation.dead_at, invitation.dead_why = now, "wrong_pins"
        dead = EventKind.link_dead
        await record(db, hearing=hearing, kind=dead, actor=actor, now=now, participant=who, why="wrong_pins")


async def usable(
    db: AsyncSession, secret: str, *, lock: bool, early: bool = False
) -> tuple[Invitation, Participant, Hearing]:
    """A link that would work now, with its participant and hearing; with `early`, one that waits for the lobby too.
    Raises `LinkRefused`."""
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
    elif sitting is None and not early:
        refusal = LinkEarly(hearing.starts_at)
    if refusal:
        raise refusal
    return invitation, participant, hearing


async def look_dead(database: Database, *, secret: str) -> bool:
    """Whether a link has ended."""
    async with database.reading() as db:
        query = select(Invitation.dead_at).where(Invitation.secret_hash == hash_secret(secret))
        return (await db.exec(query)).first() is not None


async def hearing_of(database: Database, *, secret: str) -> Hearing | None:
    """The hearing a link belongs to, whether or not the link works: its times may be displayed, its case may not."""
    async with database.reading() as db:
        query = select(Invitation).where(Invitation.secret_hash == hash_secret(secret))
        invitation = (await db.exec(query)).first()
        if invitation is None:
            return None
        participant = await get(db, Participant, invitation.participant_id)
        return await get(db, Hearing, participant.hearing_id)
