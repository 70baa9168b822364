"""Captions of a sitting: what is said, written line by line in any language, and shown in the room as it is said.

A stenographer types them on a page, or a system of a court feeds them over the API. They help who hears badly or
follows a language better in writing (WCAG 2.2, 1.2.4). Each is an event of the log with its text, under the seal of the
recording like every other, and a correction is a new one. They are no record of what was said: that is the recording,
and beside it the minutes; what a machine writes is never interpretation of record (docs/captions.md).

A feed is all captions of one language from one source. What must not be recorded is not captioned either
(`RoomRules.records`), and what was said in a closed session stays with those who were in it (`shown_to`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.agreement import room_rules
from hearings.errors import Invalid, NotReady, TooFast
from hearings.events import EventKind, newest, record
from hearings.hearing import floor
from hearings.languages import language, signed
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Sitting
from hearings.paging import Page, page
from hearings.people.staff import protected_names, refuse_names
from hearings.permissions import require
from hearings.queries import get, open_sitting, participants, recording_of
from hearings.roles import Role
from hearings.sentences import N_, tell, tell_n
from hearings.sitting import sittings
from hearings.sitting.recorded_acts import correctable_by, timecode
from hearings.status import IN_ROOM, LIVE_SITTINGS, SittingStatus
from hearings.texts import WHOLE_NUMBER, clean

LONGEST = 300
"""Longest caption, in characters: two or three lines on a screen."""
OLDEST = 30
"""Seconds ago that something captioned may have been said."""
LAG = timedelta(seconds=10)
"""How long after a word its caption may come: so long after the floor was closed, captions are of what was said before.
"""
AFTER_CLOSED = timedelta(seconds=OLDEST)
"""So long after a closed session has ended, captions may be of what was said in it, and count as said in it."""
PER = timedelta(seconds=10)
MOST = 10
"""Captions of one feed within `PER`."""
FEEDS = 8
"""Feeds of one hearing."""
READ = 100
"""Captions that are read at once to be shown."""
CAPTION = EventKind.caption.value
NOT_IN_SESSION = N_("Captions can be fed while a sitting is in session")


class CaptionSource(StrEnum):
    """Who writes captions: a person, or a program that recognises speech or translates."""

    stenographer = "stenographer"
    machine = "machine"


@dataclass(frozen=True, kw_only=True)
class NewCaption:
    """A caption as it is fed. `participant`: who speaks, empty where nobody is named; `corrects`: number in the log of
    the caption whose place it takes; `seconds_ago`: since it was said, 0 to `OLDEST`."""

    lang: str
    text: str
    source: CaptionSource
    participant: str = ""
    seconds_ago: int = 0
    corrects: int | None = None


async def feed(db: AsyncSession, *, hearing: Hearing, caption: NewCaption, actor: Actor, now: datetime) -> HearingEvent:
    """Add a caption while a sitting is in session.

    Raises `NotAllowed`; `NotReady` out of session, for what is said while the floor is closed, for what must not be
    recorded, and for one feed too many; `TooFast` for more than `MOST` in `PER`; `Invalid`, also for an unknown or a
    signed language and a protected person's name. Effects: event caption, with the instant (UTC) at which it was
    spoken, its number in its feed, and the time code of a running recording.
    """
    require("caption", actor)
    lang, text = _written(caption)
    sitting = await open_sitting(db, hearing.id)
    if sitting is None:
        raise NotReady(tell(NOT_IN_SESSION))
    await sittings.lock(db, sitting)
    old = await _corrected(db, hearing, (lang, caption.source.value), caption.corrects, actor)
    spoken = now - timedelta(seconds=caption.seconds_ago) if old is None else spoken_at(old)
    require_open(sitting, spoken, correcting=old is not None)
    people = await participants(db, hearing.id)
    request = await get(db, HearingRequest, hearing.request_id)
    refuse_names(text, [hidden for hidden, _whose in protected_names(request.person_name, people)], "text")
    speaker = _speaker(people, caption.participant)
    _require_recordable(await room_rules.of_hearing(db, hearing), people, speaker)
    data: dict[str, Any] = {"lang": lang, "source": caption.source.value, "text": text, "spoken": spoken.isoformat()}
    data["n"] = await _next_number(db, hearing.id, lang, caption.source, now)
    data |= {"participant": speaker.id} if speaker else {}
    data |= {"corrects": old.seq} if old else {}
    data |= await _closed_to(db, sitting, old, now)
    recording = await recording_of(db, sitting.id)
    if (code := timecode(recording, spoken)) is not None:
        data |= {"recording": recording.id, "timecode_ms": code}
    return await record(db, hearing=hearing, kind=EventKind.caption, actor=actor, now=now, **data)


def _written(caption: NewCaption) -> tuple[str, str]:
    """Language and text, checked."""
    lang = language(caption.lang)
    if signed(lang):
        raise Invalid(tell("Captions are written: a signed language has none"), "language")
    if not 0 <= caption.seconds_ago <= OLDEST:
        raise Invalid(tell(WHOLE_NUMBER, least=0, most=OLDEST), "seconds_ago")
    return lang, clean(caption.text, "text", most=LONGEST, least=1)


def require_open(sitting: Sitting, spoken: datetime, *, correcting: bool = False) -> None:
    """Raise `NotReady` unless what was said at an instant was said in session, on an open floor. A correction is of
    what was said before and needs the sitting only."""
    if sitting.status not in LIVE_SITTINGS:
        raise NotReady(tell(NOT_IN_SESSION))
    if correcting:
        return
    if sitting.started_at is not None and spoken < sitting.started_at:
        raise NotReady(tell("What was said before the sitting was in session is not captioned"))
    since = min((datetime.fromisoformat(hold["since"]) for hold in sitting.holds), default=None)
    if since is not None and spoken >= since + LAG:
        raise NotReady(
            tell("The floor is closed: what is said now is not heard and is not captioned. Lines can be corrected")
        )


async def _corrected(
    db: AsyncSession, hearing: Hearing, feed_of: tuple[str, str], number: int | None, actor: Actor
) -> HearingEvent | None:
    """The caption to correct. Raises `Invalid` for one of another feed or fed by the other State, and for one that was
    corrected before."""
    if number is None:
        return None
    captions = select(HearingEvent).where(*_of(hearing.id))
    old = (await db.exec(captions.where(HearingEvent.seq == number))).one_or_none()
    if old is None or (old.data["lang"], old.data["source"]) != feed_of:
        raise Invalid(tell("There is no caption with this number in this language from this source"), "corrects")
    if not correctable_by(old, actor.role):
        raise Invalid(tell("Only the State that fed a caption can correct it"), "corrects")
    later = captions.where(col(HearingEvent.data)["corrects"].as_integer() == number)
    if (await db.exec(later.limit(1))).first() is not None:
        raise Invalid(tell("This caption was corrected before: correct the newer one"), "corrects")
    return old


def _speaker(people: Sequence[Participant], named: str) -> Participant | None:
    if not named:
        return None
    speaker = next((person for person in speakers(people) if person.id == named), None)
    if speaker is None:
        raise Invalid(
            tell("Only somebody of this hearing who may speak in it can be named as the speaker"), "participant"
        )
    return speaker


def speakers(people: Iterable[Participant]) -> list[Participant]:
    """Who can be named as the speaker of a caption."""
    return [person for person in people if person.vacated_at is None and floor.has_voice(person.role)]


def _require_recordable(
    rules: room_rules.RoomRules, people: Sequence[Participant], speaker: Participant | None
) -> None:
    """Raise `NotReady` for the words of somebody whose voice must not be recorded: writing them down would be another
    way. While such a person is in the room, each caption names its speaker."""
    if speaker is not None:
        recordable = rules.records(speaker.role, "mic")
    else:
        recordable = all(rules.records(person.role, "mic") for person in people if person.presence in IN_ROOM)
    if not recordable:
        raise NotReady(
            tell(
                "A condition forbids recording what somebody in the room says, so their words are not captioned: "
                "name the speaker of every other line"
            )
        )


async def _next_number(db: AsyncSession, hearing_id: str, lang: str, source: CaptionSource, now: datetime) -> int:
    """The number of the next caption of a feed. Raises `TooFast`, `NotReady` for one feed too many."""
    query = select(HearingEvent.at, HearingEvent.data).where(*_of(hearing_id)).order_by(col(HearingEvent.seq).desc())
    rows = (await db.exec(query.limit(MOST * FEEDS))).all()
    own = [(at, data) for at, data in rows if (data["lang"], data["source"]) == (lang, source.value)]
    lately = [at for at, _data in own if at > now - PER]
    if len(lately) >= MOST:
        raise TooFast(
            tell_n("At most {n} caption in ten seconds", "At most {n} captions in ten seconds", MOST),
            wait=max(1, math.ceil((lately[MOST - 1] + PER - now).total_seconds())),
        )
    if own:
        return int(own[0][1]["n"]) + 1
    numbers = await _last_numbers(db, hearing_id)
    if (lang, source.value) not in numbers and len(numbers) >= FEEDS:
        raise NotReady(tell("A hearing has at most {n} feeds of captions", n=FEEDS))
    return numbers.get((lang, source.value), 0) + 1


def _of(hearing_id: str) -> tuple[Any, ...]:
    return HearingEvent.hearing_id == hearing_id, HearingEvent.kind == CAPTION


async def _last_numbers(db: AsyncSession, hearing_id: str) -> Mapping[tuple[str, str], int]:
    """The number of the latest caption of each feed, by language and source."""
    data = col(HearingEvent.data)
    lang, source = data["lang"].as_string(), data["source"].as_string()
    query = select(lang, source, func.max(data["n"].as_integer())).where(*_of(hearing_id)).group_by(lang, source)
    return {(lang, source): number for lang, source, number in (await db.exec(query)).all()}


async def _closed_to(db: AsyncSession, sitting: Sitting, old: HearingEvent | None, now: datetime) -> Mapping[str, Any]:
    """Whom a closed session keeps a caption from, as its event says it; empty for one said in open session. A
    correction is kept from whom the caption it replaces was kept from."""
    over = sitting.closed_session or await _just_over(db, sitting.hearing_id, now)
    kept = [one for one in (over, old.data if old and old.data.get("closed") else {}) if one]
    if not kept:
        return {}
    return {"closed": True, "out": sorted({person for one in kept for person in one["out"]})}


async def _just_over(db: AsyncSession, hearing_id: str, now: datetime) -> Mapping[str, Any]:
    """What the log says of a closed session that ended less than `AFTER_CLOSED` ago; empty without one."""
    ended = await newest(db, hearing_id, kind=EventKind.closed_session_ended.value, limit=1)
    if not ended or now - ended[0].at >= AFTER_CLOSED:
        return {}
    begun = await newest(db, hearing_id, kind=EventKind.closed_session_begun.value, limit=1)
    return begun[0].data


# --- reading -----------------------------------------------------------------------------------------------------


def spoken_at(caption: HearingEvent) -> datetime:
    """When a caption was said, UTC."""
    return datetime.fromisoformat(caption.data["spoken"])


def shown_to(caption: HearingEvent, viewer: Participant, status: SittingStatus) -> bool:
    """Whether somebody in the room is shown a caption: who may hear the floor; of a closed session, who was in it from
    before it was said. Who only sees it later in the log reads it by other rights."""
    if viewer.presence not in IN_ROOM or not floor.hears(viewer, status).allowed:
        return False
    if not caption.data.get("closed"):
        return True
    out = viewer.role is Role.observer or viewer.id in caption.data["out"]
    return not out and viewer.presence_since <= spoken_at(caption)


async def after(db: AsyncSession, hearing_id: str, number: int) -> Sequence[HearingEvent]:
    """Captions of a hearing after a number of the log, in order, at most `READ`."""
    query = select(HearingEvent).where(*_of(hearing_id), HearingEvent.seq > number)
    return (await db.exec(query.order_by(col(HearingEvent.seq)).limit(READ))).all()


async def firsts(db: AsyncSession, hearing_id: str) -> Sequence[HearingEvent]:
    """The first caption of each feed of a hearing, in order."""
    query = select(HearingEvent).where(*_of(hearing_id), col(HearingEvent.data)["n"].as_integer() == 1)
    return (await db.exec(query.order_by(col(HearingEvent.seq)).limit(FEEDS))).all()


def fed_by(caption: HearingEvent, hearing: Hearing) -> str:
    """The State that fed a caption, by the role in which it was done."""
    return hearing.requested_state if caption.actor_role == Role.requested_authority else hearing.requesting_state


async def alone_after(db: AsyncSession, hearing_id: str, number: int) -> bool:
    """Whether what the log of a hearing has after a number are captions only."""
    others = select(HearingEvent.seq).where(
        HearingEvent.hearing_id == hearing_id, HearingEvent.seq > number, HearingEvent.kind != CAPTION
    )
    return (await db.exec(others.limit(1))).first() is None


async def of_hearing(
    db: AsyncSession, hearing_id: str, *, lang: str = "", mark: str = "", limit: int = 50
) -> Page[HearingEvent]:
    """A page of captions, oldest first; `mark` is that of the page, `lang` a language. Raises `Invalid`."""
    query = select(HearingEvent).where(*_of(hearing_id))
    if lang:
        query = query.where(col(HearingEvent.data)["lang"].as_string() == lang)
    return await page(db, query, col(HearingEvent.seq), after=mark, limit=limit)


async def of_recording(
    db: AsyncSession, hearing_id: str, recording: str, *, after: int = 0, limit: int = 500
) -> Sequence[HearingEvent]:
    """Captions of what a recording (its id) has, after a number of the log, in order: each with a time code."""
    data = col(HearingEvent.data)
    query = select(HearingEvent).where(*_of(hearing_id), HearingEvent.seq > after)
    query = query.where(data["recording"].as_string() == recording)
    return (await db.exec(query.order_by(col(HearingEvent.seq)).limit(limit))).all()


def replaced(captions: Iterable[HearingEvent]) -> Mapping[int, int]:
    """By number in the log, the caption that corrects it."""
    return {caption.data["corrects"]: caption.seq for caption in captions if caption.data.get("corrects")}


def by_feed(events: Iterable[HearingEvent]) -> Mapping[tuple[str, str], Sequence[HearingEvent]]:
    """The captions among these events by language and source, each feed in order."""
    feeds: dict[tuple[str, str], list[HearingEvent]] = {}
    for event in events:
        if event.kind == CAPTION:
            feeds.setdefault((event.data["lang"], event.data["source"]), []).append(event)
    return feeds
