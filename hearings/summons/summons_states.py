"""How each person's summons stands: served in time, too late, for another time, refused, not served, not owed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, languages
from hearings.law.answer import HeldOn
from hearings.law.law import LAW, Law, current
from hearings.models import Hearing, HearingRequest, Participant, SummonsService
from hearings.models.participant import SummonsOutcome
from hearings.queries import get
from hearings.roles import HEARD
from hearings.sentences import N_, Sentence, tell
from hearings.summons import lead_times, services

AFTER_THE_START = N_("It was served when the hearing was to have begun already")


class SummonsState(StrEnum):
    """How a summons stands. `late`: served, with less time than the law's data ask for; `other_time`: the row that
    counts is on another time of the hearing; `not_owed`: by the national law, and nothing was recorded."""

    open = "open"
    served = "served"
    late = "late"
    other_time = "other_time"
    refused = "refused"
    not_served = "not_served"
    not_owed = "not_owed"


@dataclass(frozen=True, kw_only=True)
class SummonsResult:
    """The summons of one person."""

    person: Participant
    state: SummonsState
    service: SummonsService | None
    """The row that counts, the newest; None while nothing was recorded."""
    earlier: Sequence[SummonsService]
    """Those before it, the newest first."""
    says: Sequence[Sentence]
    """What the law's data say to it: why it is late, why none is owed."""

    @property
    def waits(self) -> bool:
        """Whether something is still to be done or decided about it."""
        return self.state not in (SummonsState.served, SummonsState.not_owed)

    @property
    def understood(self) -> bool:
        """Whether it, or the translation served with it, is in the language that the person speaks."""
        tags = (self.service.language, self.service.translation) if self.service else ()
        return any(tag and languages.same(tag, self.person.speaks) for tag in tags)

    @property
    def in_order(self) -> bool:
        """Whether it was served for this time, early enough, in a language that the person speaks."""
        return self.state is SummonsState.served and self.understood


def stand(
    person: Participant,
    rows: Sequence[SummonsService],
    *,
    hearing: Hearing,
    request: HearingRequest,
    today: date,
    law: Law = LAW,
) -> SummonsResult:
    """How the summons of a person stands by these rows of the hearing, oldest first. Pure.

    The law is asked for those to be heard only: its rules on summonses are about them.
    """
    own = [row for row in rows if row.participant_id == person.id]
    last = own[-1] if own else None
    on = hearing.starts_at.astimezone(clocks.zone(hearing.requesting_zone)).date()
    heard = person.role in HEARD
    says: list[Sentence] = []
    if last is None:
        both = (lead_times.NOT_OWED, lead_times.LEAD_TIME)
        found = list(lead_times.notes(request, HeldOn(on=on), *both, today=today, law=law)) if heard else []
        free = any(note.code == lead_times.NOT_OWED for note in found)
        says = [lead_times.with_provision(note) for note in found if not free or note.code == lead_times.NOT_OWED]
        state = SummonsState.not_owed if free else SummonsState.open
    elif last.outcome is not SummonsOutcome.served:
        state = SummonsState(last.outcome.value)
    elif last.summoned_to != hearing.starts_at:
        state = SummonsState.other_time
    else:
        if last.served_at >= hearing.starts_at:
            says.append(tell(AFTER_THE_START))
        day = HeldOn(on=on, known_on=services.served_day(last))
        if heard:
            late = lead_times.notes(request, day, lead_times.LEAD_TIME, today=today, law=law)
            says += [lead_times.with_provision(note) for note in late]
        state = SummonsState.late if says else SummonsState.served
    return SummonsResult(person=person, state=state, service=last, earlier=own[-2::-1], says=says)


async def of_hearing(db: AsyncSession, hearing: Hearing, *, now: datetime) -> list[SummonsResult]:
    """The summons of everybody who is summoned, by the law in force now."""
    request, law = await get(db, HearingRequest, hearing.request_id), await current(db)
    rows, today = await services.of_hearing(db, hearing.id), now.date()
    return [
        stand(person, rows, hearing=hearing, request=request, today=today, law=law)
        for person in await services.summoned(db, hearing.id)
    ]


async def of_those_heard(db: AsyncSession, hearing: Hearing, *, now: datetime) -> list[SummonsResult]:
    """As `of_hearing`, of the people to be heard."""
    return [each for each in await of_hearing(db, hearing, now=now) if each.person.role in HEARD]
