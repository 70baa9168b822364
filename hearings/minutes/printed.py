"""What minutes and corrections of them are printed from: the values of the document, and the States whose seal stands
on it, each with the reason the seal gives.
"""

from collections.abc import Mapping
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.minutes import corrections, document, gathering, minutes as life, passages, signed_corrections, text
from hearings.models import Hearing, HearingRequest, Minutes, MinutesCorrection, Signature
from hearings.queries import get
from hearings.sentences import Say
from hearings.status import MinutesStatus

Printed = tuple[dict[str, Any], dict[str, str]]
"""The values of a document, and by State the reason of its seal; no seal on what is not signed by both."""


async def minutes(db: AsyncSession, hearing: Hearing, row: Minutes, *, say: Say) -> Printed:
    """Minutes; a draft is marked as a draft."""
    recorded, signed = await life.recordings(db, row), await life.signed_by(db, row)
    later = [one for one in await signed_corrections.of_minutes(db, row) if await in_force(db, one)]
    values = document.document(
        hearing,
        row,
        request=await get(db, HearingRequest, hearing.request_id),
        passages=await passages.latest(db, row),
        reading=await life.reading_in_force(db, row),
        corrections=await corrections.of_minutes(db, row),
        heads=text.heads(recorded),
        signed=signed,
        reservations=await corrections.reservations_to(db, row),
        later=later,
        say=say,
        day=await gathering.day(db, hearing, row),
    )
    sealed = signed if row.status is MinutesStatus.signed else {}
    return values, _reasons(hearing, text.FORMAT, text.about(hearing, row), text.body(row, recorded), sealed)


async def correction(
    db: AsyncSession, hearing: Hearing, row: Minutes, found: MinutesCorrection, *, say: Say
) -> Printed:
    """A correction after signing; one that is not in force is marked."""
    signed = await signed_corrections.signed_by(db, found)
    request = await get(db, HearingRequest, hearing.request_id)
    values = document.correction_document(hearing, row, found, request=request, signed=signed, say=say)
    about, body = signed_corrections.about(hearing, row, found), signed_corrections.body(found)
    return values, _reasons(hearing, signed_corrections.FORMAT, about, body, signed if len(signed) == 2 else {})


async def in_force(db: AsyncSession, found: MinutesCorrection) -> bool:
    """Whether both States have signed a correction."""
    return len(await signed_corrections.signed_by(db, found)) == 2


def _reasons(
    hearing: Hearing, format_: str, about: str, body: Mapping[str, Any], signed: Mapping[str, Signature]
) -> dict[str, str]:
    return {
        state: text.sealed_for(format_, about, body, signed[state])
        for state in (hearing.requesting_state, hearing.requested_state)
        if state in signed
    }
