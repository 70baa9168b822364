"""Who is mailed that a release waits: those of its State who can be the second person."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.custody import copies
from hearings.models import Hearing, Person, Recording, RecordingRelease
from hearings.permissions import may_copy
from web.parts import Parts
from web.words import sentences
from web.words.i18n import N_

WAITS = N_("A release of a recording waits for a second person: somebody else has to confirm or refuse it")


async def tell_second_person(
    db: AsyncSession, parts: Parts, recording: Recording, hearing: Hearing, row: RecordingRelease, now: datetime
) -> None:
    """Effects: one mail each, in the same transaction as the proposal, to those of the hearing who may confirm it; to
    everybody concerned with the case but who proposed it, where nobody else of the hearing may."""
    from hearings.outward import notices  # its calendars are slow to load, and this is rare

    stage = await copies.stage_of(db, recording, hearing)
    roles = {one.person_id: one.role for one in await queries.in_office(db, hearing.id) if one.person_id}
    concerned = await notices.concerned(db, hearing, row.owner_state)
    others = [person for person in concerned if person.id != row.proposed_by]

    def able(person: Person) -> bool:
        return may_copy("transmit", roles.get(person.id), stage=stage, state=person.owner_state).allowed

    for person in [one for one in others if able(one)] or others:
        await notices.put(
            db,
            [notices.News(subject=hearing, text=WAITS)],
            to=person,
            key=f"release_waits:{row.id}",
            origin=parts.settings.origin,
            say=sentences.say,
            now=now,
        )
