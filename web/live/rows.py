"""The rows of one live hearing, read together."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.agreement import room_rules
from hearings.agreement.room_rules import RoomRules
from hearings.errors import NotFound
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Recording, Sitting, SoundCheck
from hearings.sitting import fingerprints, recorded_acts
from hearings.sitting.fingerprints import Standing


@dataclass
class Rows:
    """The rows of one live hearing, read together."""

    hearing: Hearing
    sitting: Sitting
    recording: Recording | None
    participants: Sequence[Participant]
    checks: Sequence[SoundCheck]
    rules: RoomRules
    confirmed: frozenset[str]
    """Kinds of conditions the requested authority has confirmed in this sitting."""
    entries: Sequence[HearingEvent]
    """Recorded acts of the hearing."""
    person_name: str
    comparison: Standing
    """Of fingerprints, aloud."""

    def participant(self, participant_id: str) -> Participant | None:
        """The participant with this id."""
        return next((one for one in self.participants if one.id == participant_id), None)

    @property
    def languages(self) -> list[str]:
        """The booked languages, the requesting court's first."""
        return list(dict.fromkeys([self.hearing.language_requesting, self.hearing.language_requested]))


async def read_rows(db: AsyncSession, hearing_id: str) -> Rows:
    """Everything a live hearing is made of. Raises `NotFound` when it never had a sitting."""
    hearing = await queries.get(db, Hearing, hearing_id)
    sitting = await queries.last_sitting(db, hearing_id)
    if sitting is None:
        raise NotFound
    return Rows(
        hearing=hearing,
        sitting=sitting,
        recording=await queries.recording_of(db, sitting.id),
        participants=await queries.participants(db, hearing_id),
        checks=await queries.sound_checks(db, sitting.id),
        rules=await room_rules.of_hearing(db, hearing),
        confirmed=frozenset(await room_rules.confirmed(db, sitting.id)),
        entries=await recorded_acts.of_hearing(db, hearing_id),
        person_name=(await queries.get(db, HearingRequest, hearing.request_id)).person_name,
        comparison=await fingerprints.of_sitting(db, sitting.id),
    )
