"""Who is told of corrections of signed minutes: the other State by mail, the systems of both by webhook."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.minutes import signed_corrections
from hearings.models import Hearing, Minutes, MinutesCorrection
from hearings.outward import webhooks
from web.parts import Parts
from web.words import sentences
from web.words.i18n import N_

ASKED = N_("A correction of the signed minutes has been asked for: both States can sign it")
SIGNED = N_("The other State has signed a correction of the minutes")
IN_FORCE = N_("A correction of the minutes is in force: both States have signed it")


async def tell_asked(
    db: AsyncSession, parts: Parts, hearing: Hearing, minutes: Minutes, correction: MinutesCorrection, now: datetime
) -> None:
    """Effects: a mail to each of those concerned in the State that did not ask, an event for the systems of both."""
    await _tell(
        db, parts, hearing, minutes, correction, event=webhooks.ASKED, text=ASKED, state=correction.asked_by, now=now
    )


async def tell_signed(
    db: AsyncSession,
    parts: Parts,
    hearing: Hearing,
    minutes: Minutes,
    correction: MinutesCorrection,
    *,
    state: str,
    now: datetime,
) -> None:
    """Effects: a mail to each of those concerned in the State other than `state`, which has signed, and an event for
    the systems of both."""
    both = len(await signed_corrections.signed_by(db, correction)) == 2
    text = IN_FORCE if both else SIGNED
    await _tell(db, parts, hearing, minutes, correction, event=webhooks.SIGNED, text=text, state=state, now=now)


async def _tell(
    db: AsyncSession,
    parts: Parts,
    hearing: Hearing,
    minutes: Minutes,
    correction: MinutesCorrection,
    *,
    event: str,
    text: str,
    state: str,
    now: datetime,
) -> None:
    from hearings.outward import notices  # its calendars are slow to load, and this is rare

    key, origin = f"{event}:{correction.id}:{state}", parts.settings.origin
    other = hearing.requested_state if state == hearing.requesting_state else hearing.requesting_state
    await notices.notify(db, subject=hearing, to=other, text=text, key=key, origin=origin, say=sentences.say, now=now)
    more: dict[str, str | int] = {"minutes": minutes.number, "correction": correction.number, "state": state}
    await notices.announce(db, subject=hearing, event=event, more=more, key=key, origin=origin, now=now)
