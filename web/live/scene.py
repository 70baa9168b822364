"""A live hearing at one moment: its rows, what its recording claims, the state of each line. Pure but for
`read_rows`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.agreement import room_rules
from hearings.agreement.room_rules import NO_RULES, RoomRules
from hearings.errors import NotFound
from hearings.hearing import floor
from hearings.interpreting import interpreters
from hearings.law import scripts
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Recording, Sitting, SoundCheck
from hearings.permissions import Decision, may
from hearings.rights import item_states
from hearings.rights.checklist import Gate, RightItem
from hearings.sitting import cards, fingerprints, messages_to_court, recorded_acts, recordings
from hearings.sitting.cards import CardProgress
from hearings.sitting.fingerprints import NOTHING, ComparisonProgress
from hearings.status import IN_ROOM, LIVE_SITTINGS, PresenceStatus, SittingStatus
from media import messages
from media.live import routing
from web.words import roles, sentences
from web.words.i18n import (
    _,
)
from web.words.refusals import ONLY_ROLES


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
    recipients: Sequence[recordings.KeyRecipient] = ()
    """The keys to which a recording that begins now is encrypted."""
    readers: Sequence[recordings.KeyRecipient] = ()
    """Who can be let open a part of the recording that has begun."""
    rights_due: Sequence[RightItem] = ()
    """Items of the rights checklist that the next act of the sitting waits for; read for views only (`rights_due`)."""

    def participant(self, participant_id: str) -> Participant | None:
        """The participant with this id."""
        return next((participant for participant in self.participants if participant.id == participant_id), None)

    @property
    def in_turn(self) -> bool:
        """Whether interpreting is consecutive."""
        return interpreters.consecutive(self.sitting, self.rules)

    def loss(self, participant: Participant) -> str:
        """The reason of a hold for this person's lost line; empty when nothing is to be held
        (`interpreters.reason_of_loss`)."""
        return interpreters.reason_of_loss(participant, self.participants, self.languages, in_turn=self.in_turn)

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
    rules = await room_rules.of_hearing(db, hearing)
    states = rules.recipients or {hearing.requesting_state, hearing.requested_state}
    recording = await queries.recording_of(db, sitting.id)
    return Rows(
        hearing=hearing,
        sitting=sitting,
        recording=recording,
        participants=await queries.participants(db, hearing_id),
        checks=await queries.sound_checks(db, sitting.id),
        rules=rules,
        confirmed=frozenset(await room_rules.confirmed(db, sitting.id)),
        entries=await recorded_acts.of_hearing(db, hearing_id),
        court_messages=await messages_to_court.of_hearing(db, hearing_id),
        person_name=request.person_name,
        capacity=request.capacity or "",
        comparison=await fingerprints.of_sitting(db, sitting.id),
        recipients=await recordings.recipients(db, states),
        readers=await recordings.readers(db, recording, states),
    )


async def rights_due(db: AsyncSession, rows: Rows, *, now: datetime) -> Sequence[RightItem]:
    """The items of the rights checklist that the start waits for, or, once the sitting runs, the first question."""
    status = rows.sitting.status
    if status in (SittingStatus.closing, SittingStatus.closed):
        return ()
    gate = Gate.first_question if status in LIVE_SITTINGS else Gate.start
    return [each.item for each in await item_states.open_items(db, rows.hearing, gate, now=now)]


SLOW_AFTER = 10_000_000_000
"""Nanoseconds since the last seal after which sealing is called slow."""


FAILING_AFTER = 20_000_000_000
"""Nanoseconds since the last seal after which the status is NOT RECORDING."""


IndicatorStatus = Literal[
    "not_started", "starting", "recording", "slow", "paused", "failing", "stopping", "sealed", "failed"
]


@dataclass(frozen=True)
class RecordingFacts:
    """Acknowledged facts of a recording. All times are nanoseconds since 1970 UTC; None: the event has not occurred.

    `error` is the code of a known failure, empty when there is none; the next seal clears it.
    """

    opened_at: int | None = None
    started_at: int | None = None
    stopping_at: int | None = None
    closed_at: int | None = None
    ended_without: bool = False
    sealed: int = 0
    last_sealed_at: int | None = None
    error: str = ""
    error_at: int | None = None
    paused_at: int | None = None
    """Since when the recorder keeps nothing, by order; None as soon as it may be keeping what comes."""
    key_of: tuple[str, ...] = ()
    """Who alone can open what the recorder records, as it has confirmed; empty: the recipients of the recording."""

    def sealed_until(self, at: int, count: int) -> "RecordingFacts":
        """Apply an acknowledged seal: it clears a known error that is older. A repeated one does not set the last
        seal back."""
        cleared = self.error_at is None or at > self.error_at
        return replace(
            self,
            sealed=max(count, self.sealed),
            last_sealed_at=max(at, self.last_sealed_at or 0),
            started_at=self.started_at or at,
            error="" if cleared else self.error,
            error_at=None if cleared else self.error_at,
        )

    def failed_with(self, code: str, at: int) -> "RecordingFacts":
        """Apply a known error."""
        return replace(self, error=code, error_at=at)


def indicator(facts: RecordingFacts, now: int) -> tuple[IndicatorStatus, int | None]:
    """The status displayed to everyone, and since when (nanoseconds UTC)."""
    if facts.closed_at is not None:
        return "sealed", facts.closed_at
    if facts.ended_without:
        return "failed", facts.error_at
    if facts.opened_at is None:
        return "not_started", None
    if facts.error:
        return "failing", facts.error_at
    last = facts.last_sealed_at
    silent_since = max(last or 0, facts.opened_at)
    if now - silent_since >= FAILING_AFTER:
        return "failing", silent_since
    if facts.stopping_at is not None:
        return "stopping", facts.stopping_at
    if last is None:
        return "starting", facts.opened_at
    if facts.paused_at is not None:
        return "paused", facts.paused_at
    if now - last >= SLOW_AFTER:
        return "slow", last
    return "recording", facts.started_at


LOBBY = frozenset({PresenceStatus.waiting, PresenceStatus.called})


GONE = frozenset({PresenceStatus.removed, PresenceStatus.released})


@dataclass
class Liveness:
    """Current state of a seat's connection, from the worker and from the page itself."""

    connected: bool = False
    media: str = ""
    certificate: str = ""
    """Fingerprint of the page's certificate, from the worker's DTLS handshake with it."""
    report: messages.LineReport | None = None
    troubles: tuple[messages.Trouble, ...] = ()
    """What the page has found wrong with its devices."""
    lost_since: int | None = None
    fault: messages.Fault = ""
    """The worker's code of the reason why the page's connection cannot be made."""


@dataclass
class Scene:
    """Input of a view: the rows, and the live state."""

    rows: Rows
    facts: RecordingFacts
    generation: int
    media_up: bool
    liveness: Mapping[str, Liveness] = field(default_factory=dict)
    plan: messages.Plan | None = None
    """The plan in force, as the worker has it."""
    feeds: Sequence[HearingEvent] = ()
    """The first caption of each feed."""

    @cached_property
    def sounds(self) -> Mapping[str, Sequence[routing.Route]]:
        """What everybody hears by the plan in force, by seat; without a plan nobody hears anything."""
        routes = routing.routes(self.plan) if self.plan else {}
        return {seat: [route for route in found if route.kind != "camera"] for seat, found in routes.items()}

    @cached_property
    def cards(self) -> list[CardProgress]:
        """The script cards of this part of the hearing, the same for every viewer."""
        rows = self.rows
        room = cards.CardRoom(
            hearing=rows.hearing,
            sitting=rows.sitting,
            people=rows.participants,
            entries=rows.entries,
            capacity=rows.capacity,
        )
        return cards.progress(scripts.current(), room)


def nanoseconds(at: datetime) -> int:
    """Nanoseconds since 1970 of an aware datetime."""
    return int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1000


def phase(participant: Participant, status: SittingStatus) -> str:
    """Which part of the live page a person is in."""
    if status is SittingStatus.closed or participant.presence in GONE:
        return "ended"
    if participant.presence in IN_ROOM:
        return "room"
    if participant.presence in LOBBY:
        return "lobby"
    return "prepare"


def line(liveness: Liveness | None) -> str:
    """Quality of a person's connection in one word; weak from 3 % loss, 300 ms round trip or 30 ms jitter on."""
    if liveness is None:
        return "unknown"
    if liveness.media in ("lost", "quiet") or not liveness.connected:
        return "lost"
    report = liveness.report
    if report is None:
        return "unknown" if not liveness.media else "good"
    weak = report.loss_percent >= 3 or report.rtt_ms > 300 or report.jitter_ms > 30
    return "weak" if weak else "good"


def decide(action: str, viewer: Participant, scene: Scene, target: Participant | None = None) -> Decision:
    """Whether this person may do this now; called before every act."""
    return may(
        action,
        viewer.role,
        own_state=viewer.state,
        target_state=target.state if target else viewer.state,
        own=target is None or target.id == viewer.id,
        granted=floor.granted(action, viewer, scene.rows.sitting.status),
        hold_cause=scene.rows.sitting.hold_cause,
        recording_healthy=True,  # `sittings.start` examines the sound checks
        presence=viewer.presence,
    )


def name_of(scene: Scene, participant_id: str) -> str:
    """The displayed name of somebody of the hearing; empty for nobody."""
    found = scene.rows.participant(participant_id)
    return found.display_name if found else ""


def right(decision: Decision) -> messages.RightView:
    """A decision in words."""
    if decision.elsewhere:
        return messages.RightView(allowed=False, reason=sentences.translated(decision.reason))
    return messages.RightView(
        allowed=decision.allowed,
        reason="" if decision.allowed else _(ONLY_ROLES).format(roles=roles.any_of(decision.who_can)),
    )


# --- lost connections --------------------------------------------------------------------------------------------
#
# From the last messages of media worker and page. A new web process has no connected page yet: that its predecessor
# ended is no loss of a participant's connection. Pages whose sound and picture continue have `RETURNING` to reconnect
# before their silence counts.

ESSENTIAL_LOST = 1_500_000_000
"""Nanoseconds without a media connection of an essential person after which the floor is closed (docs/live.md). The
worker itself closes it as long after the last packet; this holds also when the floor was closed already."""
AWAY = 2_000_000_000
"""Nanoseconds a page may be away before its seat counts as reconnecting."""
RETURNING = 20_000_000_000
"""Nanoseconds a page has to come back to a new web process while its media go on: it tries at least every 5 s, and
may wait 10 s for an answer."""


def is_lost(participant: Participant, state: Liveness, *, away: bool, returning: bool) -> bool:
    """Whether the connection of a person in the room is lost. `away`: they have no connected page; `returning`: pages
    may still be on their way back to this web process."""
    if participant.presence not in IN_ROOM:
        return False
    return state.media in ("lost", "quiet") or (away and not (returning and state.media == "connected"))


def is_gone(participant: Participant, state: Liveness, *, away: bool, now: int) -> bool:
    """Whether a lost line means that the person is no longer in their seat: it counts as reconnecting, muted."""
    lost_for = 0 if state.lost_since is None else now - state.lost_since
    return away and participant.presence is PresenceStatus.present and lost_for >= AWAY


def closes_the_floor(participant: Participant, state: Liveness, *, now: int) -> bool:
    """Whether the hearing cannot go on without this person, whose line has been lost for too long. A page that is away
    while its media go on (its WebSocket is lost, or the web process is new) closes nothing."""
    if not participant.essential or participant.presence not in IN_ROOM or state.lost_since is None:
        return False
    return state.media == "quiet" or (state.media == "lost" and now - state.lost_since >= ESSENTIAL_LOST)
