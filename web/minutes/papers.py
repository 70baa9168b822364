"""Minutes as they are given out: whole as JSON, and set for print; the same for pages and the API."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.minutes import (
    corrections,
    document as minutes_document,
    minutes,
    passages,
    reservations,
    text as minutes_text,
)
from hearings.models import Hearing, HearingRequest, Minutes
from hearings.signatures import signatures
from web.words import minutes as minutes_words


async def whole(db: AsyncSession, hearing: Hearing, found: Minutes) -> dict[str, Any]:
    """Everything as JSON, with the signatures as received (docs/minutes.md)."""
    return minutes_text.whole(
        hearing,
        found,
        passages=await passages.latest(db, found),
        reading=await minutes.reading_in_force(db, found),
        corrections=await corrections.of_minutes(db, found),
        recordings=await minutes.recordings(db, found),
        reservations=await reservations.reservations_to(db, found),
        signatures=await signatures.signatures_of(db, found),
    )


async def printed(db: AsyncSession, hearing: Hearing, found: Minutes) -> dict[str, Any]:
    """What the document `minutes` is set from; that of a draft says that it is one."""
    asked = await queries.get(db, HearingRequest, hearing.request_id)
    return minutes_document.document(
        hearing,
        found,
        reference=asked.reference,
        passages=await passages.latest(db, found),
        reading=await minutes.reading_in_force(db, found),
        corrections=await corrections.of_minutes(db, found),
        heads=minutes_text.heads(await minutes.recordings(db, found)),
        signed=await minutes.signed_by(db, found),
        reservations=await reservations.reservations_to(db, found),
        speakers=minutes_words.speakers,
    )
