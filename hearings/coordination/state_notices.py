"""Notices of a State about how it can be reached and heard: a compilation kept up to date (UNODC paper, paragraph 30).

    effect   published by                          what it does on its days
    ──────── ───────────────────────────────────── ─────────────────────────────────────────────────────────────
    none     the State, or a facilitator for it     it is read
    warn     the State, or a facilitator for it     it is shown beside every request and slot search
    block    the State itself only                  what its topic stops (`STOPS`) is refused, with the reason

A notice is never changed: another one supersedes it. What a facilitator has published and the State has not confirmed
within `CONFIRMED_WITHIN` says so. Days are those of the State's own calendar.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries, reference
from hearings.actors import Actor
from hearings.coordination import facilitators
from hearings.coordination.facilitators import NOT_COVERED
from hearings.errors import Invalid, NotAllowed, NotFound, NoticeBlocks, NotReady
from hearings.languages import language
from hearings.models import Facilitator, NoticeSubscription, Person, StateNotice
from hearings.models.coordination import NoticeEffect, NoticeTopic
from hearings.moves import administered
from hearings.paging import Page, page
from hearings.permissions import require_staff
from hearings.sentences import Series, tell
from hearings.texts import LAST_BEFORE_FIRST, NOT_A_VALUE, TOO_FAR, clean

CONFIRMED_WITHIN = timedelta(days=14)
"""After which a notice that the State has not confirmed says so."""
FURTHEST = timedelta(days=5 * 366)
MOST_LANGUAGES = 10


class Stopped(StrEnum):
    """What a notice with the effect `block` stops on its days."""

    hearing = "hearing"
    """No time of a hearing with the State is proposed or offered."""
    request = "request"
    """No request is submitted to the State or by it."""


STOPS: Mapping[NoticeTopic, frozenset[Stopped]] = {
    NoticeTopic.closure: frozenset({Stopped.hearing}),
    NoticeTopic.holiday: frozenset({Stopped.hearing}),
    NoticeTopic.videoconference: frozenset({Stopped.hearing}),
    NoticeTopic.e_transmission: frozenset({Stopped.request}),
    NoticeTopic.e_signature: frozenset({Stopped.request}),
    NoticeTopic.law_change: frozenset(Stopped),
}
"""By topic, what `block` stops. A notice on another topic only warns."""


class NoticeStatus(StrEnum):
    """Where a notice stands on a day."""

    ahead = "ahead"
    in_force = "in_force"
    expired = "expired"
    superseded = "superseded"


@dataclass(frozen=True)
class KnownNotice:
    """A notice as it stands now."""

    row: StateNotice
    status: NoticeStatus
    overdue: bool
    """The State has not confirmed it in time (`CONFIRMED_WITHIN`)."""


def status(notice: StateNotice, *, on: date, superseded: bool = False) -> NoticeStatus:
    """Where a notice stands on a day of the State's calendar. Pure."""
    if superseded:
        return NoticeStatus.superseded
    if on < notice.first_day:
        return NoticeStatus.ahead
    return NoticeStatus.expired if notice.last_day is not None and notice.last_day < on else NoticeStatus.in_force


def overdue(notice: StateNotice, *, now: datetime) -> bool:
    """Whether the State has not confirmed in time what was published for it. Pure."""
    return (
        notice.facilitator_id is not None
        and notice.confirmed_at is None
        and now > notice.published_at + CONFIRMED_WITHIN
    )


def today(state: str, now: datetime) -> date:
    """The day it is in a State, by its default zone. Raises `UnknownState`."""
    return now.astimezone(ZoneInfo(reference.jurisdiction(state).default_zone)).date()


# --- publishing --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class NoticeContent:
    """What somebody publishes about a State, as typed. `first_day` and `last_day`: days of its calendar, inclusive;
    without `last_day`, the notice holds until another one supersedes it, whose `supersedes` is the id of this one."""

    state: str
    topic: str
    text: str
    effect: str = NoticeEffect.none
    reason: str = ""
    first_day: date
    last_day: date | None = None
    source: str = ""
    languages: Sequence[str] = ()
    supersedes: str = ""


async def publish(db: AsyncSession, *, content: NoticeContent, actor: Actor, now: datetime) -> StateNotice:
    """Publish a notice of the actor's own State.

    Raises `NotAllowed`, `UnknownState`, `UnknownLanguage`, `NotFound` for an earlier notice that is none of the State,
    `NotReady` for one that is superseded already, and `Invalid` naming the field. Effects: adds the row and a line of
    its history; it counts at once, and takes the place of the one it supersedes.
    """
    require_staff("publish_notice", actor, requesting_state=content.state, requested_state=content.state)
    return await _add(db, content=content, facilitator_id=None, actor=actor, now=now)


async def publish_for(
    db: AsyncSession, *, facilitator: Facilitator, content: NoticeContent, actor: Actor, now: datetime
) -> StateNotice:
    """Publish a notice on the word of a State that a facilitator covers. Raises as `publish`, and `NotAllowed` for
    another State, a block, or in the place of what the State has said itself. Effects: as of `publish`; the State is
    to confirm it."""
    facilitators.require("publish_for", facilitator, actor, now=now)
    if content.state not in facilitator.states:
        raise NotAllowed(tell(NOT_COVERED))
    if content.effect == NoticeEffect.block:
        raise NotAllowed(tell("Only the State itself publishes a notice that blocks"))
    if content.supersedes:
        earlier = await queries.get(db, StateNotice, content.supersedes)
        if earlier.facilitator_id != facilitator.id or earlier.confirmed_at is not None:
            raise NotAllowed(tell("Only the State itself supersedes what it has published or confirmed"))
    return await _add(db, content=content, facilitator_id=facilitator.id, actor=actor, now=now)


async def _add(
    db: AsyncSession, *, content: NoticeContent, facilitator_id: str | None, actor: Actor, now: datetime
) -> StateNotice:
    owner = reference.jurisdiction(content.state).state
    topic, effect = _topic(content.topic), _effect(content.effect)
    _check_days(content.first_day, content.last_day, today(owner, now))
    blocks = effect is NoticeEffect.block
    if blocks and topic not in STOPS:
        raise Invalid(tell("A notice on this topic can warn, but stops nothing"), "effect")
    if len(content.languages) > MOST_LANGUAGES:
        raise Invalid(tell(NOT_A_VALUE), "languages")
    if content.supersedes:
        await _supersedable(db, content.supersedes, owner)
    notice = StateNotice(
        owner_state=owner,
        topic=topic,
        text=clean(content.text, "text", most=2000, least=3, lines=True),
        effect=effect,
        reason=clean(content.reason, "reason", most=500, least=3) if blocks else "",
        first_day=content.first_day,
        last_day=content.last_day,
        source=clean(content.source, "source", most=300),
        languages=list(dict.fromkeys(language(tag) for tag in content.languages)),
        supersedes=content.supersedes,
        facilitator_id=facilitator_id,
        published_by=actor.id,
        published_label=actor.label,
        published_at=now,
    )
    db.add(notice)
    administered(db, notice, "published", actor=actor, now=now)
    await db.flush()
    return notice


def _topic(text: str) -> NoticeTopic:
    try:
        return NoticeTopic(text)
    except ValueError:
        raise Invalid(tell(NOT_A_VALUE), "topic") from None


def _effect(text: str) -> NoticeEffect:
    try:
        return NoticeEffect(text)
    except ValueError:
        raise Invalid(tell(NOT_A_VALUE), "effect") from None


def _check_days(first_day: date, last_day: date | None, on: date) -> None:
    if abs(first_day - on) > FURTHEST:
        raise Invalid(tell(TOO_FAR), "first_day")
    if last_day is not None and last_day < first_day:
        raise Invalid(tell(LAST_BEFORE_FIRST), "last_day")
    if last_day is not None and last_day < on:
        raise Invalid(tell("This notice would be over already"), "last_day")
    if last_day is not None and last_day - on > FURTHEST:
        raise Invalid(tell(TOO_FAR), "last_day")


async def _supersedable(db: AsyncSession, notice_id: str, state: str) -> None:
    earlier = await queries.get(db, StateNotice, notice_id, lock=True)
    if earlier.owner_state != state:
        raise NotFound
    if (await _superseded(db, [notice_id])) & {notice_id}:
        raise NotReady(tell("Another notice has taken the place of this one already"))


async def confirm(db: AsyncSession, *, notice: StateNotice, actor: Actor, now: datetime) -> None:
    """The State confirms what a facilitator has published for it. Raises `NotAllowed`, and `NotReady` for a notice that
    needs no confirmation or has one. Effects: who and when, and a line of its history."""
    require_staff("confirm_notice", actor, requesting_state=notice.owner_state, requested_state=notice.owner_state)
    if notice.facilitator_id is None or notice.confirmed_at is not None:
        raise NotReady(tell("This notice needs no confirmation"))
    notice.confirmed_by, notice.confirmed_label, notice.confirmed_at = actor.id, actor.label, now
    db.add(notice)
    administered(db, notice, "confirmed", actor=actor, now=now)
    await db.flush()


# --- reading -----------------------------------------------------------------------------------------------------


async def known(db: AsyncSession, notice_id: str, *, now: datetime, lock: bool = False) -> KnownNotice:
    """A notice by id, as it stands now. Raises `NotFound`."""
    row = await queries.get(db, StateNotice, notice_id, lock=lock)
    return _known(row, await _superseded(db, [row.id]), now)


async def listed(
    db: AsyncSession, *, state: str = "", history: bool = False, now: datetime, after: str = "", limit: int = 50
) -> Page[KnownNotice]:
    """Notices of one State or all, newest first: those in force and ahead, or with `history` the expired and superseded
    as well."""
    query = select(StateNotice)
    if state:
        query = query.where(StateNotice.owner_state == reference.jurisdiction(state).state)
    if not history:
        # A State's day is at most one away from that in UTC; the others are left out below.
        later = or_(col(StateNotice.last_day).is_(None), col(StateNotice.last_day) >= now.date() - timedelta(days=1))
        query = query.where(later, col(StateNotice.id).not_in(_all_superseded()))
    found = await page(db, query, col(StateNotice.id).desc(), after=after, limit=limit)
    gone = await _superseded(db, [row.id for row in found.rows])
    rows = [_known(row, gone, now) for row in found.rows]
    kept = [one for one in rows if history or one.status in (NoticeStatus.ahead, NoticeStatus.in_force)]
    return Page(kept, found.after)


async def on_days(db: AsyncSession, *, states: Collection[str], first: date, last: date) -> Sequence[StateNotice]:
    """The notices of these States that hold on one of the days, both inclusive; none that is superseded."""
    query = (
        select(StateNotice)
        .where(
            col(StateNotice.owner_state).in_(sorted(states)),
            StateNotice.first_day <= last,
            or_(col(StateNotice.last_day).is_(None), col(StateNotice.last_day) >= first),
            col(StateNotice.id).not_in(_all_superseded()),
        )
        .order_by(col(StateNotice.owner_state), col(StateNotice.id).desc())
    )
    return (await db.exec(query)).all()


async def of_states(
    db: AsyncSession, *, states: Collection[str], since: datetime, until: datetime, now: datetime
) -> list[tuple[StateNotice, bool]]:
    """The notices of these States between two instants, each by the calendar of its State, and whether their
    confirmation is overdue: what is shown beside a request or a search for a time."""
    found: list[tuple[StateNotice, bool]] = []
    for state in sorted(states):
        rows = await on_days(db, states=[state], first=today(state, since), last=today(state, until))
        found += [(row, overdue(row, now=now)) for row in rows]
    return found


def stopping(notices: Collection[StateNotice], what: Stopped) -> list[StateNotice]:
    """Those of the notices that stop this. Pure."""
    return [one for one in notices if one.effect is NoticeEffect.block and what in STOPS.get(one.topic, frozenset())]


async def require_open(
    db: AsyncSession, *, what: Stopped, states: Collection[str], first: datetime, last: datetime
) -> None:
    """Raises `NoticeBlocks`, with the reasons, where a notice of one of the States stops this between two instants, by
    the calendar of that State."""
    blocks = []
    for state in sorted(states):
        days = {"first": today(state, first), "last": today(state, last)}
        blocks += stopping(await on_days(db, states=[state], **days), what)
    if blocks:
        lines = [f"{row.owner_state}: {row.reason}" for row in blocks]
        raise NoticeBlocks(
            tell("A notice of the State stops this: {lines}", lines=Series.of(lines, "semicolon")), lines
        )


def _known(row: StateNotice, superseded: Collection[str], now: datetime) -> KnownNotice:
    on = today(row.owner_state, now)
    return KnownNotice(row, status(row, on=on, superseded=row.id in superseded), overdue(row, now=now))


def _all_superseded() -> Any:
    return select(StateNotice.supersedes).where(StateNotice.supersedes != "")


async def _superseded(db: AsyncSession, ids: Sequence[str]) -> frozenset[str]:
    query = select(StateNotice.supersedes).where(col(StateNotice.supersedes).in_(ids))
    return frozenset((await db.exec(query)).all())


# --- who is mailed -----------------------------------------------------------------------------------------------


async def subscribe(db: AsyncSession, *, person: Person, state: str, on: bool, now: datetime) -> None:
    """Mail this member of staff every new notice of a State, or no longer. Raises `UnknownState`. Effects: the row."""
    about = reference.jurisdiction(state).state
    query = select(NoticeSubscription).where(
        NoticeSubscription.person_id == person.id, NoticeSubscription.about_state == about
    )
    row = (await db.exec(query.with_for_update())).first()
    if on and row is None:
        db.add(
            NoticeSubscription(owner_state=person.owner_state, person_id=person.id, about_state=about, created_at=now)
        )
    elif not on and row is not None:
        await db.delete(row)
    await db.flush()


async def subscribed(db: AsyncSession, person_id: str) -> frozenset[str]:
    """The States whose notices this person is mailed."""
    query = select(NoticeSubscription.about_state).where(NoticeSubscription.person_id == person_id)
    return frozenset((await db.exec(query)).all())


async def subscribers(db: AsyncSession, state: str) -> Sequence[Person]:
    """Active staff of all States who are mailed the notices of this State."""
    query = (
        select(Person)
        .join(NoticeSubscription, col(NoticeSubscription.person_id) == col(Person.id))
        .where(NoticeSubscription.about_state == state, col(Person.active))
        .order_by(col(Person.id))
    )
    return (await db.exec(query)).all()
