"""The lifecycle of minutes: drafted from events, reviewed, read back, signed by both authorities; reservations at any
time.

Changes of the text are versions of passages (`hearings.minutes.passages`). Reading back fixes the text by its hash.
Reopening it for a change voids every signature, because a signature counts only for the hash in force.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady, TermsChanged
from hearings.languages import language
from hearings.minutes import corrections as asked, passages, text as minutes_text
from hearings.minutes.draft import draft, open_in, text_of
from hearings.minutes.gathering import gather
from hearings.minutes.passages import Obstacle, latest, minutes_languages
from hearings.minutes.revision import How
from hearings.models import (
    Hearing,
    HearingEvent,
    Minutes,
    MinutesPassage,
    MinutesReading,
    Recording,
    Signature,
    Sitting,
    StatusChange,
)
from hearings.models.minutes import ReadingOutcome
from hearings.moves import born, move
from hearings.people.staff import refuse_names
from hearings.permissions import require, require_staff
from hearings.queries import get
from hearings.roles import CONDUCTING
from hearings.sentences import N_, Say, Word, tell
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from hearings.status import MinutesStatus, SittingStatus
from hearings.texts import clean

AUTHORITIES_SIGN = N_("Only the key of an authority signs the minutes; others enter a reservation")
SIGNED_ALREADY = N_("This State has already signed this text")


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """The result of drafting again: passages drafted anew, and passages kept because a person has changed them."""

    anew: tuple[str, ...]
    left: tuple[str, ...]


# --- reading -----------------------------------------------------------------------------------------------------


async def of_hearing(db: AsyncSession, hearing: Hearing) -> Sequence[Minutes]:
    """All minutes of a hearing, by number."""
    query = select(Minutes).where(Minutes.hearing_id == hearing.id).order_by(col(Minutes.number))
    return (await db.exec(query.execution_options(populate_existing=True))).all()


async def current(db: AsyncSession, hearing: Hearing, number: int = 0) -> Minutes:
    """Minutes of a hearing by number, the newest without one. Raises `NotFound`."""
    for minutes in reversed(await of_hearing(db, hearing)):
        if number in (0, minutes.number):
            return minutes
    raise NotFound


async def begun(db: AsyncSession, hearing: Hearing) -> bool:
    """Whether a sitting has begun that no minutes cover, so that minutes can be drafted."""
    return bool(await _new_sittings(db, hearing, await of_hearing(db, hearing), started=True))


async def readings(db: AsyncSession, minutes: Minutes) -> Sequence[MinutesReading]:
    """Every reading back of the minutes, oldest first."""
    query = select(MinutesReading).where(MinutesReading.minutes_id == minutes.id)
    return (await db.exec(query.order_by(col(MinutesReading.number)))).all()


async def recordings(db: AsyncSession, minutes: Minutes) -> Sequence[Recording]:
    """The recordings of the sittings of the minutes, oldest first."""
    query = select(Recording).where(col(Recording.sitting_id).in_(minutes.sittings)).order_by(col(Recording.id))
    return (await db.exec(query.execution_options(populate_existing=True))).all()


async def signed_by(db: AsyncSession, minutes: Minutes) -> dict[str, Signature]:
    """The signatures in force by State: those over the present text and the present heads of the recordings."""
    recorded = await recordings(db, minutes)
    bodies = (minutes_text.body(minutes, recorded), minutes_text.earlier_body(minutes, recorded))
    return {
        signature.owner_state: signature
        for signature in await signatures.signatures_of(db, minutes)
        if minutes.text_sha256 and signatures.read(signature)["body"] in bodies
    }


async def signatures_on(db: AsyncSession, hearing: Hearing, sitting_id: str) -> list[Signature]:
    """The signatures in force on the minutes of a sitting, and with them on the heads of its recording, as received."""
    found: list[Signature] = []
    for minutes in await of_hearing(db, hearing):
        if sitting_id in minutes.sittings:
            found += (await signed_by(db, minutes)).values()
    return sorted(found, key=lambda signature: signature.received_at)


async def obstacles(db: AsyncSession, minutes: Minutes) -> list[Obstacle]:
    """What prevents the minutes from being read back and signed: open points of their passages, and corrections asked
    for."""
    standing = passages.obstacles(minutes, await latest(db, minutes))
    return standing + asked.obstacles(await asked.of_minutes(db, minutes))


def _refuse(standing: Sequence[Obstacle]) -> None:
    if standing:
        raise NotReady(tell("Not complete yet: {n}", n=len(standing)), [str(obstacle) for obstacle in standing])


async def reading_in_force(db: AsyncSession, minutes: Minutes) -> MinutesReading | None:
    """The reading back that fixed the text; None while the text is not fixed."""
    if not minutes.text_sha256:
        return None
    return next(
        (reading for reading in reversed(await readings(db, minutes)) if reading.outcome is ReadingOutcome.accepted),
        None,
    )


async def _new_sittings(
    db: AsyncSession, hearing: Hearing, earlier: Sequence[Minutes], *, started: bool
) -> Sequence[Sitting]:
    covered = {sitting for minutes in earlier for sitting in minutes.sittings}
    query = select(Sitting).where(Sitting.hearing_id == hearing.id).order_by(col(Sitting.id))
    uncovered = [sitting for sitting in (await db.exec(query)).all() if sitting.id not in covered]
    return uncovered if not started or any(sitting.started_at for sitting in uncovered) else []


# --- drafting ----------------------------------------------------------------------------------------------------


async def begin(db: AsyncSession, *, hearing: Hearing, say: Say, actor: Actor, now: datetime) -> Minutes:
    """Draft minutes of the sittings that have none. `say` raises `Untranslated`: who signs a language reads all of it.

    Raises `NotReady` before such a sitting has begun, and while earlier minutes are not signed.
    Effects: locks the hearing, adds the minutes with the first line of their history and every passage.
    """
    require("edit_minutes", actor)
    hearing = await get(db, Hearing, hearing.id, lock=True)
    earlier = await of_hearing(db, hearing)
    if any(minutes.status is not MinutesStatus.signed for minutes in earlier):
        raise NotReady(tell("The earlier minutes of this hearing are not signed yet"))
    if not await _new_sittings(db, hearing, earlier, started=True):
        raise NotReady(tell("Minutes are drafted once the sitting has begun"))
    minutes = Minutes(
        owner_state=hearing.owner_state,
        requested_state=hearing.requested_state,
        hearing_id=hearing.id,
        number=len(earlier) + 1,
        language_requesting=hearing.language_requesting,
        language_requested=hearing.language_requested,
        after_seq=max((minutes.until_seq for minutes in earlier), default=0),
        until_seq=max((minutes.until_seq for minutes in earlier), default=0),
        created_by=actor.id,
        created_at=now,
    )
    db.add(minutes)
    born(db, minutes, minutes.status, actor=actor, now=now)
    await db.flush()
    await _draft(db, minutes, hearing, say=say, actor=actor, now=now)
    return minutes


async def refresh(db: AsyncSession, *, minutes: Minutes, say: Say, actor: Actor, now: datetime) -> Refreshed:
    """Draft again from the present facts; passages that a person has changed stay, and the result names them.

    Raises `NotReady` unless the minutes are `drafted`.
    Effects: `sittings` and `until_seq` (until they were first in review), versions of passages that differ.
    """
    require("edit_minutes", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    if minutes.status is not MinutesStatus.drafted:
        raise NotReady(tell("The minutes are drafted again only before their review"))
    hearing = await get(db, Hearing, minutes.hearing_id)
    return await _draft(db, minutes, hearing, say=say, actor=actor, now=now)


async def _draft(
    db: AsyncSession, minutes: Minutes, hearing: Hearing, *, say: Say, actor: Actor, now: datetime
) -> Refreshed:
    if not await _reviewed_before(db, minutes):
        others = [written for written in await of_hearing(db, hearing) if written.id != minutes.id]
        minutes.sittings = [sitting.id for sitting in await _new_sittings(db, hearing, others, started=False)]
        last = select(func.max(HearingEvent.seq)).where(HearingEvent.hearing_id == hearing.id)
        minutes.until_seq = (await db.exec(last)).one() or minutes.until_seq
        db.add(minutes)
        await db.flush()
    known = {passage.key: passage for passage in await latest(db, minutes)}
    anew, left = [], []
    for position, passage in enumerate(draft(await gather(db, minutes)).passages):
        drafted = {lang: text_of(passage, lang, say) for lang in (*minutes_languages(minutes), "en")}
        texts = {lang: text for lang, text in drafted.items() if text is not None}
        before = known.get(passage.key)
        if before is not None and before.texts.get("en") == texts["en"] and before.texts.keys() >= texts.keys():
            continue
        if before is not None and any(mark.get("how") != How.drafted for mark in before.marks.values()):
            left.append(passage.key)
            continue
        anew.append(passage.key)
        await passages.add(
            db,
            minutes,
            MinutesPassage(
                owner_state=minutes.owner_state,
                minutes_id=minutes.id,
                key=passage.key,
                revision=before.revision + 1 if before else 1,
                position=position,
                texts=texts,
                marks={
                    lang: {"how": How.drafted.value, "by": "", "open": open_in(passage, lang, say)} for lang in texts
                },
                sources=list(passage.sources),
                open_for=passage.open_for,
                required=passage.required,
                author=actor.id,
                author_label=actor.label,
                at=now,
            ),
        )
    return Refreshed(anew=tuple(anew), left=tuple(left))


async def _reviewed_before(db: AsyncSession, minutes: Minutes) -> bool:
    query = select(StatusChange.id).where(
        StatusChange.subject_id == minutes.id, StatusChange.after == MinutesStatus.in_review.value
    )
    return (await db.exec(query)).first() is not None


# --- review and reading back -------------------------------------------------------------------------------------


async def submit(db: AsyncSession, *, minutes: Minutes, actor: Actor, now: datetime) -> None:
    """Hand the draft over for review. From then on its sittings are fixed.

    Raises `NotReady` while one of them is not closed or its recording has not ended. Effects: to in_review.
    """
    require("edit_minutes", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    query = select(Sitting).where(col(Sitting.id).in_(minutes.sittings), Sitting.status != SittingStatus.closed)
    if (await db.exec(query)).first() is not None:
        raise NotReady(tell("The sitting is not closed yet"))
    last = select(func.max(HearingEvent.seq)).where(HearingEvent.hearing_id == minutes.hearing_id)
    newest = (await db.exec(last)).one() or 0
    if newest > minutes.until_seq and not await _reviewed_before(db, minutes):
        raise NotReady(tell("The log has changed since the draft: draft the minutes again first"))
    move(db, minutes, MinutesStatus.in_review, actor=actor, now=now)


async def send_back(db: AsyncSession, *, minutes: Minutes, reason: str, actor: Actor, now: datetime) -> None:
    """Take minutes in review back to the draft, with a reason. Effects: to drafted."""
    require("edit_minutes", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    reason = clean(reason, "reason", most=500, least=3)
    move(db, minutes, MinutesStatus.drafted, actor=actor, now=now, reason=reason)


async def read_back(
    db: AsyncSession,
    *,
    minutes: Minutes,
    read_by: str,
    languages: Sequence[str],
    heard_by: Sequence[str],
    corrections: str = "",
    actor: Actor,
    now: datetime,
) -> MinutesReading:
    """Record a reading back: reader, languages, persons present and, in `corrections`, the changes they asked for.

    Raises `NotReady` while there are `obstacles` (its `missing` names them), where `corrections` are asked for those in
    passages; `Invalid`. Effects: adds the reading; without corrections also `text_sha256` and to read_back. With
    corrections the review goes on.
    """
    require("edit_minutes", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    if minutes.status is not MinutesStatus.in_review:
        raise NotReady(tell("The minutes can be read back only at the end of their review"))
    hearing = await get(db, Hearing, minutes.hearing_id)
    texts = await latest(db, minutes)
    standing = await obstacles(db, minutes)
    _refuse([obstacle for obstacle in standing if obstacle.key or not corrections.strip()])
    names = await passages.hidden_names(db, minutes)
    heard = [clean(name, "heard_by", most=200, least=1) for name in heard_by]
    if not heard:
        raise Invalid(tell("State to whom the minutes were read"), "heard_by")
    tags = [language(tag) for tag in languages]
    if not tags or not set(tags) <= set(minutes_languages(minutes)):
        raise Invalid(tell("State in which of the languages of the minutes they were read"), "languages")
    reading = MinutesReading(
        owner_state=minutes.owner_state,
        minutes_id=minutes.id,
        number=len(await readings(db, minutes)) + 1,
        outcome=ReadingOutcome.corrections if corrections.strip() else ReadingOutcome.accepted,
        read_by=clean(read_by, "read_by", most=200, least=1),
        languages=tags,
        heard_by=heard,
        corrections=clean(corrections, "corrections", most=4000, lines=True),
        passages_sha256=minutes_text.digest(minutes_text.passages_json(minutes, texts)),
        author=actor.id,
        author_label=actor.label,
        at=now,
    )
    for field, entered in (("heard_by", "\n".join(heard)), ("read_by", read_by), ("corrections", corrections)):
        refuse_names(entered, names, field)
    db.add(reading)
    await db.flush()
    if reading.outcome is ReadingOutcome.accepted:
        minutes.text_sha256 = minutes_text.digest(
            minutes_text.text(hearing, minutes, texts, reading, await asked.of_minutes(db, minutes))
        )
        move(db, minutes, MinutesStatus.read_back, actor=actor, now=now)
    return reading


async def reopen(db: AsyncSession, *, minutes: Minutes, reason: str, actor: Actor, now: datetime) -> None:
    """Open the text again for a change, before both have signed. Effects: to in_review, `text_sha256` empty: no
    signature counts any more.
    """
    require("edit_minutes", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    reason = clean(reason, "reason", most=500, least=3)
    move(db, minutes, MinutesStatus.in_review, actor=actor, now=now, reason=reason)
    minutes.text_sha256 = ""
    await db.flush()


# --- signing -----------------------------------------------------------------------------------------------------


async def sign(db: AsyncSession, *, minutes: Minutes, jws: str, actor: Actor, now: datetime) -> Signature:
    """An authority signs the hash of the text and the heads of the recordings (`signatures.receive`).

    Raises `NotAllowed` for anybody but judge, clerk and requested authority; `NotReady` before the reading back, and
    while there are `obstacles` all the same (its `missing` names them), as in minutes read back by an earlier version;
    `TermsChanged` when the signature is on another text or head, or the State has signed this text already.
    Effects: keeps the signature; with the second State's: to signed, `signed_at`.
    """
    require("sign_minutes", actor, target_state=actor.state)
    if actor.role not in CONDUCTING:
        raise NotAllowed(tell(AUTHORITIES_SIGN), sorted(CONDUCTING))
    minutes = await get(db, Minutes, minutes.id, lock=True)
    hearing = await get(db, Hearing, minutes.hearing_id)
    if minutes.status is not MinutesStatus.read_back:
        raise NotReady(
            tell(
                "Minutes are signed after they have been read back; they are {status}",
                status=Word.status(minutes.status),
            )
        )
    states = {hearing.requesting_state, hearing.requested_state}
    if actor.state not in states:
        raise NotFound
    _refuse(await obstacles(db, minutes))
    recorded = await recordings(db, minutes)
    if actor.state in await signed_by(db, minutes):
        raise TermsChanged(tell(SIGNED_ALREADY))
    signature = await signatures.receive(
        db,
        jws=jws,
        state=actor.state,
        other=(states - {actor.state}).pop(),
        act=Act.sign_minutes,
        about=minutes_text.about(hearing, minutes),
        subject=minutes,
        actor=actor,
        now=now,
        expect_body=minutes_text.body(minutes, recorded),
    )
    await db.flush()
    if set(await signed_by(db, minutes)) == states:
        move(db, minutes, MinutesStatus.signed, actor=actor, now=now)
        minutes.signed_at = now
        await db.flush()
    return signature


async def acknowledge(db: AsyncSession, *, minutes: Minutes, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """The requesting State says that it has received the signed minutes; again changes nothing.

    Raises `NotReady` before both have signed. Effects: `received_at`, `received_by`.
    """
    require_staff(
        "receive_minutes", actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state
    )
    minutes = await get(db, Minutes, minutes.id, lock=True)
    if minutes.status is not MinutesStatus.signed:
        raise NotReady(tell("The minutes are not yet signed by both States"))
    if minutes.received_at is None:
        minutes.received_at, minutes.received_by = now, actor.label
        db.add(minutes)
