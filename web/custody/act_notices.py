"""Who is mailed of acts on a recording: that a release waits, and what a client of the API did in somebody's name."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor
from hearings.custody import copies
from hearings.models import Hearing, Person, Recording, RecordingRelease
from hearings.permissions import may_copy
from hearings.queries import get
from hearings.roles import StaffFunction
from web.parts import Parts
from web.words import sentences
from web.words.i18n import N_

HOLDERS = (StaffFunction.judge, StaffFunction.authority)
"""Who can place a hold: all of them are told what a hold would stop, since those who knew the case may have left."""
THROUGH = N_("An API client of your State has done this in the name of one of its staff")
IN_YOUR_NAME = N_(
    "An API client of your State has done this in your name. If you did not decide it, tell the presiding judge and "
    "your authority at once"
)
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


async def tell_own_state(
    db: AsyncSession,
    parts: Parts,
    hearing: Hearing,
    *,
    text: str,
    key: str,
    functions: Collection[StaffFunction] = (),
    useful: timedelta | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Tell the actor's State what a client of the API has done in the actor's name, since only its word says that they
    know of it: the actor, and who has one of the `functions`, or is concerned with the case.

    Effects: one mail each, in the same transaction as the act; none for what somebody does themselves.
    """
    if not actor.client:
        return
    from hearings.outward import notices

    named = await get(db, Person, actor.id)
    readers = [named, *await notices.concerned(db, hearing, actor.state, functions)]
    for person in {one.id: one for one in readers}.values():
        why = IN_YOUR_NAME if person.id == named.id else THROUGH
        await notices.put(
            db,
            [notices.News(subject=hearing, text=text), notices.News(subject=hearing, text=why)],
            to=person,
            key=key,
            origin=parts.settings.origin,
            say=sentences.say,
            now=now,
            useful=useful or notices.USEFUL,
        )
