"""The rows of one live hearing, read together."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.agreement import room_rules
from hearings.agreement.room_rules import NO_RULES, RoomRules
from hearings.errors import NotFound
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Recording, Sitting, SoundCheck
from hearings.sitting import fingerprints, messages_to_court, recorded_acts
from hearings.sitting.fingerprints import NOTHING, ComparisonProgress


@dataclass
class Rows:
    """The rows of one live hearing, read together."""

    hearing: Hearing
    sitting: Sitting
    participants: Sequence[Participant]
    recording: Recording | None = None
    checks: Sequence[SoundCheck] = ()
    rules: RoomRules = NO_RULES
    confirmed: frozenset[str] = frozenset()
    """Kinds of conditions the requested authority has confirmed in this sitting."""
    entries: Sequence[HearingEvent] = ()
    """Recorded acts of the hearing, oldest first."""
    court_messages: Sequence[HearingEvent] = ()
    """Messages to the court and its answers, oldest first."""
    person_name: str = ""
    """Name of the person heard, from the request."""
    capacity: str = ""
    """In what capacity the person is heard, from the request."""
    comparison: ComparisonProgress = NOTHING
    """Comparison of fingerprints, aloud."""

    def participant(self, participant_id: str) -> Participant | None:
        """The participant with this id."""
        return next((participant for participant in self.participants if participant.id == participant_id), None)

    @property
    def languages(self) -> Sequence[str]:
        """The languages of the hearing, the requesting court's first (`Hearing.languages`)."""
        return self.hearing.languages


async def read_rows(db: AsyncSession, hearing_id: str) -> Rows:
    """Everything a live hearing is made of. Raises `NotFound` when it never had a sitting."""
    hearing = await queries.get(db, Hearing, hearing_id)
    sitting = await queries.last_sitting(db, hearing_id)
    if sitting is None:
        raise NotFound
    request = await queries.get(db, HearingRequest, hearing.request_id)
    return Rows(
        hearing=hearing,
        sitting=sitting,
        recording=await queries.recording_of(db, sitting.id),
        participants=await queries.participants(db, hearing_id),
        checks=await queries.sound_checks(db, sitting.id),
        rules=await room_rules.of_hearing(db, hearing),
        confirmed=frozenset(await room_rules.confirmed(db, sitting.id)),
        entries=await recorded_acts.of_hearing(db, hearing_id),
        court_messages=await messages_to_court.of_hearing(db, hearing_id),
        person_name=request.person_name,
        capacity=request.capacity or "",
        comparison=await fingerprints.of_sitting(db, sitting.id),
    )
