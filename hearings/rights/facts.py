"""What the service knows about a hearing, read at once: what the evidence of the rights checklist is found in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks
from hearings.agreement import agreements, line_tests, room_rules
from hearings.agreement.room_rules import RoomRules
from hearings.events import EventKind
from hearings.law import legal_bases
from hearings.law.law import current
from hearings.law.legal_bases import Verdict
from hearings.models import (
    Agreement,
    Attachment,
    Consent,
    Hearing,
    HearingEvent,
    HearingRequest,
    Minutes,
    MinutesReading,
    Participant,
    RightAnswer,
    StatusChange,
)
from hearings.models.request import Capacity
from hearings.models.request_parts import AttachmentKind
from hearings.queries import get, in_office
from hearings.requests import consent_answers
from hearings.requests.consent_answers import Outstanding
from hearings.rights.checklist import Gate
from hearings.roles import HEARD, Role
from hearings.status import IN_ROOM, HearingStatus
from hearings.summons import summons_states
from hearings.summons.summons_states import SummonsResult

K = EventKind
READ = (
    K.link_issued, K.devices_checked, K.identity_confirmed, K.entered, K.admitted, K.condition_confirmed, K.sound_check,
    K.fingerprints_compared, K.fingerprints_stale, K.started, K.recording_sealed, K.gap, K.closed_session_begun,
    K.rights_notice, K.oath, K.interpreting, K.card_answered, K.entry_withdrawn, K.log_note, K.resumed,
)  # fmt: skip
"""The kinds of events that are read."""
ACTS = {
    HearingStatus.agreed: Gate.agree,
    HearingStatus.ready: Gate.ready,
    HearingStatus.in_progress: Gate.start,
}
"""The act by which a hearing came to a status."""
UNDOES: Mapping[HearingStatus, tuple[Gate, ...]] = {
    HearingStatus.proposed: (Gate.agree, Gate.ready, Gate.start),
    HearingStatus.countered: (Gate.agree, Gate.ready, Gate.start),
    HearingStatus.agreed: (Gate.ready, Gate.start),
    HearingStatus.part_heard: (Gate.ready, Gate.start),
}
"""The acts that have to be done again in a status."""
ACCUSED = frozenset({Capacity.suspect, Capacity.accused})


@dataclass(frozen=True, kw_only=True)
class RightsFacts:
    """The rows that evidence is found in. `log`: the newest version of each event of `READ` in force, oldest first."""

    hearing: Hearing
    request: HearingRequest
    people: Sequence[Participant]
    """Those in office."""
    verdicts: Sequence[Verdict]
    """On the instruments relied on, by the law of today, on the day of the hearing."""
    consents: Sequence[Consent]
    outstanding: Sequence[Outstanding]
    asked: bool
    """Whether a rule asks for consent, or one was asked."""
    attachments: Mapping[AttachmentKind, Sequence[Attachment]]
    acts: Mapping[Gate, datetime]
    """When the time was agreed, the hearing made ready and its sitting started, of those that stand now."""
    agreement: Agreement | None
    """Signed by both States; None without one."""
    line_good: bool
    rules: RoomRules
    log: Sequence[HearingEvent]
    reading: MinutesReading | None
    """The newest reading back of the minutes."""
    answers: Sequence[RightAnswer]
    summonses: Sequence[SummonsResult] = ()
    """How the summons of everybody to be heard stands."""

    @property
    def heard(self) -> Sequence[Participant]:
        """The persons to be heard."""
        return [person for person in self.people if person.role in HEARD]

    @property
    def accused(self) -> bool:
        """Whether the person is heard as a suspect or an accused."""
        return self.request.capacity in ACCUSED

    @property
    def counsel(self) -> Sequence[Participant]:
        """Defence counsel."""
        return [person for person in self.people if person.role is Role.defence]

    @property
    def day(self) -> date:
        """The day of the hearing by the requesting court's calendar."""
        return self.hearing.starts_at.astimezone(clocks.zone(self.hearing.requesting_zone)).date()

    def events(self, *kinds: EventKind) -> list[HearingEvent]:
        """The events in force of these kinds, oldest first."""
        return [event for event in self.log if event.kind in kinds]

    def present(self, *roles: Role) -> list[Participant]:
        """Those of these roles who are in the room; once nobody is there any more, those who were, by the log."""
        here = {one.id for one in self.people if one.presence in IN_ROOM}
        came = here or {str(event.data.get("participant")) for event in self.events(K.entered, K.admitted)}
        return [one for one in self.people if one.role in roles and one.id in came]


async def gather(db: AsyncSession, hearing: Hearing, *, now: datetime) -> RightsFacts:
    """The facts of a hearing as they stand now."""
    request = await get(db, HearingRequest, hearing.request_id)
    consents = await consent_answers.of_request(db, request.id)
    agreement = await agreements.running(db, hearing.id)
    signed = agreement if agreement is not None and agreement.status in agreements.SIGNED else None
    law = await current(db)
    zone = clocks.zone(hearing.requesting_zone)
    day, known_on = hearing.starts_at.astimezone(zone).date(), hearing.created_at.astimezone(zone).date()
    ask = legal_bases.ask_about(request, on=day, hearing_on=day, hearing_known_on=known_on, law=law)
    relied_on = tuple(request.instruments) or legal_bases.selectable(day, law=law)
    files = (await db.exec(select(Attachment).where(Attachment.request_id == request.id))).all()
    rules = consent_answers.asking(request, now=now, law=law)
    return RightsFacts(
        hearing=hearing,
        request=request,
        people=await in_office(db, hearing.id),
        verdicts=legal_bases.evaluate(ask, relied_on, law=law).verdicts,
        consents=consents,
        outstanding=consent_answers.missing(request, consents, rules),
        asked=bool(rules or consents),
        attachments={kind: [file for file in files if file.kind is kind] for kind in AttachmentKind},
        acts=await _acts(db, hearing.id),
        agreement=signed,
        line_good=signed is not None and await line_tests.good(db, signed, hearing),
        rules=await room_rules.of_hearing(db, hearing),
        log=await _log(db, hearing.id),
        reading=await _reading(db, hearing.id),
        answers=await answers_of(db, hearing.id),
        summonses=await summons_states.of_those_heard(db, hearing, now=now),
    )


async def answers_of(db: AsyncSession, hearing_id: str) -> Sequence[RightAnswer]:
    """What was said to the items of a hearing, oldest first."""
    query = select(RightAnswer).where(RightAnswer.hearing_id == hearing_id)
    return (await db.exec(query.order_by(col(RightAnswer.id)))).all()


async def _acts(db: AsyncSession, hearing_id: str) -> dict[Gate, datetime]:
    query = select(StatusChange).where(
        StatusChange.subject == Hearing.__tablename__, StatusChange.subject_id == hearing_id
    )
    moves = (await db.exec(query.order_by(col(StatusChange.at), col(StatusChange.id)))).all()
    return done([(HearingStatus(move.after), move.at) for move in moves])


def done(moves: Iterable[tuple[HearingStatus, datetime]]) -> dict[Gate, datetime]:
    """From the moves of a hearing, oldest first, when each act was done that has not been undone since. Pure."""
    acts: dict[Gate, datetime] = {}
    for status, at in moves:
        for act in UNDOES.get(status, ()):
            acts.pop(act, None)
        if status in ACTS:
            acts.setdefault(ACTS[status], at)
    return acts


async def _log(db: AsyncSession, hearing_id: str) -> list[HearingEvent]:
    kinds = col(HearingEvent.kind).in_([kind.value for kind in READ])
    query = select(HearingEvent).where(HearingEvent.hearing_id == hearing_id, kinds)
    found = (await db.exec(query.order_by(col(HearingEvent.seq)))).all()
    over = {int(event.data["corrects"]) for event in found if event.data.get("corrects")}
    return [event for event in found if event.seq not in over and event.kind != K.entry_withdrawn]


async def _reading(db: AsyncSession, hearing_id: str) -> MinutesReading | None:
    query = select(MinutesReading).join(Minutes, col(Minutes.id) == MinutesReading.minutes_id)
    query = query.where(Minutes.hearing_id == hearing_id)
    return (await db.exec(query.order_by(col(MinutesReading.id).desc()).limit(1))).first()
