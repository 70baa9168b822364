"""Corrections of minutes that both authorities have signed. The signed text never changes: each correction is a record
beside it, in every language of the minutes, with its reason, and counts once both authorities have signed it too.

It names the minutes by the hash of their text and each recording by its head, and so do the signatures on it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady, TermsChanged
from hearings.minutes import minutes as life, passages, text as minutes_text
from hearings.minutes.minutes import AUTHORITIES_SIGN, SIGNED_ALREADY
from hearings.minutes.passages import minutes_languages
from hearings.minutes.revision import NOT_IN_IT
from hearings.models import Hearing, Minutes, MinutesCorrection, Signature
from hearings.people.staff import refuse_names
from hearings.permissions import require
from hearings.queries import get
from hearings.roles import CONDUCTING
from hearings.sentences import tell
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from hearings.status import MinutesStatus
from hearings.texts import clean

FORMAT = "vivavoce-minutes-correction"
LONGEST = 4000
"""Most characters of a text or a reason."""


def text(hearing: Hearing, minutes: Minutes, correction: MinutesCorrection) -> dict[str, Any]:
    """The correction in the form that is hashed, canonical by RFC 8785, and signed by its hash."""
    return {
        "format": FORMAT,
        "version": 1,
        "hearing": hearing.ref,
        "minutes": minutes.number,
        "number": correction.number,
        "requesting_state": hearing.requesting_state,
        "requested_state": hearing.requested_state,
        "languages": list(minutes_languages(minutes)),
        "text_sha256": correction.text_sha256,
        "recordings": dict(correction.heads),
        "asked_by": correction.asked_by,
        "entered_by": correction.author_label,
        "at": correction.at.isoformat(),
        "texts": dict(correction.texts),
        "reasons": dict(correction.reasons),
    }


def body(correction: MinutesCorrection) -> dict[str, Any]:
    """The body of the statement an authority signs: as on the minutes, and the hash of the correction."""
    return {
        "text_sha256": correction.text_sha256,
        "recordings": dict(correction.heads),
        "correction_sha256": correction.sha256,
    }


def about(hearing: Hearing, minutes: Minutes, correction: MinutesCorrection) -> str:
    """The `about` member of a signature on a correction: `<hearing>/<minutes>/correction/<number>`."""
    return f"{minutes_text.about(hearing, minutes)}/correction/{correction.number}"


async def of_minutes(db: AsyncSession, minutes: Minutes) -> Sequence[MinutesCorrection]:
    """Every correction of the minutes, by number, signed by both or not."""
    query = select(MinutesCorrection).where(MinutesCorrection.minutes_id == minutes.id)
    return (await db.exec(query.order_by(col(MinutesCorrection.number)))).all()


async def find(db: AsyncSession, minutes: Minutes, number: int) -> MinutesCorrection:
    """A correction by its number. Raises `NotFound`."""
    for correction in await of_minutes(db, minutes):
        if correction.number == number:
            return correction
    raise NotFound


async def signed_by(db: AsyncSession, correction: MinutesCorrection) -> dict[str, Signature]:
    """The signatures on a correction, by State. It is in force with both."""
    found = await signatures.signatures_of(db, correction)
    return {one.owner_state: one for one in found if signatures.read(one)["body"] == body(correction)}


async def ask(
    db: AsyncSession,
    *,
    minutes: Minutes,
    texts: Mapping[str, str],
    reasons: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> MinutesCorrection:
    """Ask for a correction of signed minutes, on either side: what is to be read instead, and why, in every language
    of the minutes.

    Raises `NotReady` before both have signed, when the text is still changed itself; `Invalid` for a language that is
    missing or not of the minutes, and for a text that names a protected person. Effects: locks the minutes, adds the
    correction.
    """
    require("edit_minutes", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    hearing = await get(db, Hearing, minutes.hearing_id)
    if minutes.status is not MinutesStatus.signed:
        raise NotReady(tell("Minutes that are not signed yet are changed themselves: reopen them"))
    if actor.state not in (hearing.requesting_state, hearing.requested_state):
        raise NotFound
    languages, names = minutes_languages(minutes), await passages.hidden_names(db, minutes)
    if (texts.keys() | reasons.keys()) - set(languages):
        raise Invalid(tell(NOT_IN_IT), "texts")
    said: dict[str, dict[str, str]] = {"text": {}, "reason": {}}
    for kind, given in (("text", texts), ("reason", reasons)):
        for lang in languages:
            field = f"{kind}_{lang}"
            said[kind][lang] = clean(given.get(lang, ""), field, most=LONGEST, least=3, lines=True)
            refuse_names(said[kind][lang], names, field)
    correction = MinutesCorrection(
        owner_state=minutes.owner_state,
        minutes_id=minutes.id,
        number=len(await of_minutes(db, minutes)) + 1,
        asked_by=actor.state,
        texts=said["text"],
        reasons=said["reason"],
        text_sha256=minutes.text_sha256,
        heads=minutes_text.heads(await life.recordings(db, minutes)),
        author=actor.id,
        author_label=actor.label,
        at=now,
        sha256="",
    )
    correction.sha256 = minutes_text.digest(text(hearing, minutes, correction))
    db.add(correction)
    await db.flush()
    return correction


async def sign(db: AsyncSession, *, minutes: Minutes, number: int, jws: str, actor: Actor, now: datetime) -> Signature:
    """An authority signs a correction, as it signs minutes (`signatures.receive`); with both it is in force.

    Raises `NotAllowed` for anybody but judge, clerk and requested authority, `TermsChanged` when the statement is on
    something else or the State has signed already. Effects: locks the minutes, keeps the signature.
    """
    require("sign_minutes", actor, target_state=actor.state)
    if actor.role not in CONDUCTING:
        raise NotAllowed(tell(AUTHORITIES_SIGN), sorted(CONDUCTING))
    minutes = await get(db, Minutes, minutes.id, lock=True)
    hearing = await get(db, Hearing, minutes.hearing_id)
    correction = await find(db, minutes, number)
    states = {hearing.requesting_state, hearing.requested_state}
    if actor.state not in states:
        raise NotFound
    if actor.state in await signed_by(db, correction):
        raise TermsChanged(tell(SIGNED_ALREADY))
    signature = await signatures.receive(
        db,
        jws=jws,
        state=actor.state,
        other=(states - {actor.state}).pop(),
        act=Act.sign_minutes,
        about=about(hearing, minutes, correction),
        subject=correction,
        actor=actor,
        now=now,
        expect_body=body(correction),
    )
    await db.flush()
    return signature


async def whole(db: AsyncSession, hearing: Hearing, minutes: Minutes, correction: MinutesCorrection) -> dict[str, Any]:
    """A correction as JSON, to be stored or checked: its text, hash, and the signatures as received."""
    found = await signatures.signatures_of(db, correction)
    return {
        "text": text(hearing, minutes, correction),
        "correction_sha256": correction.sha256,
        "signatures": [signature.jws for signature in found],
    }
