"""Retention for administrators: what is kept how long, and the recordings whose retention ends. Nothing is decided
here: a period is that by which the program deletes, or reminds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import clocks
from hearings.custody import acceptance, keeping
from hearings.custody.keeping import KeepingStatus
from hearings.custody.retention_classes import CLASSES, STANDARD, YEAR
from hearings.models import Hearing, Recording
from hearings.outward import claims
from hearings.overview import retention
from scheduler import due, tidying
from web.operation import backup
from web.server.rendering import render
from web.server.sign_in import administrator
from web.server.tables import csv_answer
from web.words import court_clocks, i18n
from web.words.court_clocks import CourtClock
from web.words.i18n import N_, _, ngettext

RIGHT = "see_retention"
AHEAD = timedelta(days=90)
"""How far ahead a recording is listed before its retention ends."""
COLUMNS = (
    "hearing",
    "case_number",
    "requesting_state",
    "requested_state",
    "closed_utc",
    "retention_ends_utc",
    "retention_ends_requesting",
    "retention_ends_requested",
    "reminded",
    "recording",
)
SHORTEST = min(each.period for each in CLASSES.values())
"""What a recording is kept at least."""


@dataclass(frozen=True)
class RetentionRule:
    """How long one kind of data is kept. `period`: None without end, or where the service deletes none of it; of
    recordings that of a class nobody has chosen."""

    code: str
    what: str
    why: str
    period: timedelta | None
    since: str
    then: str


DELETED = N_("Deleted by the service, every day")
STAYS = N_("Nothing deletes it")
EXPIRY = N_("After it has expired")
RULES: tuple[RetentionRule, ...] = (
    RetentionRule(
        "recording",
        N_("Recordings and their custody logs"),
        N_("Evidence of both States"),
        CLASSES[STANDARD].period,
        N_("After the recording was closed"),
        N_(
            "Administrators of both States are mailed to review it. Files stay; its keys are destroyed only when two "
            "people of one State decide so"
        ),
    ),
    RetentionRule(
        "case",
        N_("Requests, hearings, minutes, signatures and documents"),
        N_("The record of the case"),
        None,
        "",
        STAYS,
    ),
    RetentionRule(
        "log",
        N_("Logs of hearings, histories and views"),
        N_("Proof of who did and viewed what"),
        None,
        "",
        STAYS,
    ),
    RetentionRule(
        "outbox_message",
        N_("Messages that were sent, with their addresses"),
        N_("Proof of who was invited or reminded, and when"),
        tidying.KEPT["outbox_message"],
        N_("After the message was made"),
        DELETED,
    ),
    RetentionRule(
        "participant_contact",
        N_("Addresses and numbers of participants"),
        N_("Invitations and codes for the hearing"),
        tidying.KEPT["participant_contact"],
        N_("After the end of a hearing that is over"),
        DELETED,
    ),
    RetentionRule(
        "former_address",
        N_("Former addresses of staff"),
        N_("Warning of changes to a sign-in that the person did not make"),
        tidying.KEPT["former_address"],
        N_("After the address was replaced"),
        DELETED,
    ),
    RetentionRule(
        "sign_in_link",
        N_("Sign-in links"),
        N_("Telling a link that was used from one that never was"),
        tidying.KEPT["sign_in_link"],
        EXPIRY,
        DELETED,
    ),
    RetentionRule(
        "sign_in_challenge",
        N_("Sign-in challenges"),
        N_("Telling a challenge that is too old from one that never was"),
        tidying.KEPT["sign_in_challenge"],
        EXPIRY,
        DELETED,
    ),
    RetentionRule(
        "api_token",
        N_("Access tokens of systems"),
        N_("A clock that is set back"),
        tidying.KEPT["api_token"],
        EXPIRY,
        DELETED,
    ),
    RetentionRule(
        "api_proof",
        N_("Proofs that systems have used"),
        N_("A proof is used once"),
        tidying.KEPT["api_proof"],
        EXPIRY,
        DELETED,
    ),
    RetentionRule(
        "api_answer",
        N_("Answers kept for systems that ask again"),
        N_("A repeated command takes effect once"),
        tidying.KEPT["api_answer"],
        N_("After the answer was given"),
        DELETED,
    ),
    RetentionRule(
        "security_log",
        N_("Security log"),
        N_("Proof of who came in or was refused"),
        None,
        "",
        N_("The service deletes no line; the operator's log rotation does"),
    ),
    RetentionRule(
        "backup",
        N_("Backups"),
        N_("Restoring the service after a loss"),
        None,
        "",
        N_("The service deletes no backup; the operator does, and a backup holds what has been deleted here since"),
    ),
)
"""Every kind of data that is kept, the case first. The periods are those of the code that deletes and reminds."""


@dataclass(frozen=True, kw_only=True)
class EndingRecording:
    """A recording whose retention ends soon, or has ended."""

    recording: Recording
    hearing: Hearing
    closed_at: datetime
    ends_at: datetime
    over: bool
    reminded: bool
    gone: bool
    """Whether its keys were destroyed."""
    standing: KeepingStatus
    places: Sequence[CourtClock]


def long(period: timedelta | None) -> str:
    """A period in years, days, hours or minutes; without one, that it has no end."""
    if period is None:
        return _("Without end")
    if period >= 2 * YEAR:
        return ngettext("{n} year", "{n} years", n := round(period / YEAR)).format(n=n)
    if period >= due.DAY:
        return ngettext("{n} day", "{n} days", period.days).format(n=period.days)
    minutes = round(period / timedelta(minutes=1))
    return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)


def how_long(rule: RetentionRule) -> str:
    """The period of a rule; of recordings, those of all classes."""
    if rule.code != "recording":
        return long(rule.period)
    said = i18n.listed([str(each.years) for each in CLASSES.values()], "or")
    return _("{years} years, by its class; {standard} where none was chosen").format(
        years=said, standard=long(rule.period)
    )


async def _ending(request: Request, now: datetime, state: str) -> list[EndingRecording]:
    async with request.app.state.parts.database.reading() as db:
        pairs = await retention.closed_before(db, state=state, before=now + AHEAD - SHORTEST)
        decisions = await keeping.decisions_on(db, [recording.id for recording, _hearing in pairs])
        conditions = await acceptance.destroy_after(db, list(decisions))
        standing = {
            recording.id: keeping.keeping_status(
                recording.closed_at, decisions[recording.id], now, conditions.get(recording.id)
            )
            for recording, _hearing in pairs
            if recording.closed_at is not None
        }
        keys = {name: _last_review(name, found, now) for name, found in standing.items()}
        gone = {name: keeping.destroyed_key(name) for name in keys}
        claimed = await claims.claimed(db, [*keys.values(), *gone.values()])
    found = []
    for recording, hearing in pairs:
        if recording.closed_at is None:
            continue
        found_here = standing[recording.id]
        line = EndingRecording(
            recording=recording,
            hearing=hearing,
            closed_at=recording.closed_at,
            ends_at=found_here.ends_at,
            over=found_here.is_over(now),
            reminded=keys[recording.id] in claimed,
            gone=gone[recording.id] in claimed,
            standing=found_here,
            places=court_clocks.own_first(court_clocks.of_hearing(hearing), state),
        )
        if line.ends_at < now + AHEAD or line.standing.holds:
            found.append(line)
    return found


def _last_review(recording_id: str, found: KeepingStatus, now: datetime) -> str:
    """The key of the mail about the review that fell due last; before any has, about the first."""
    return due.retention_key(recording_id, found.dates, max(1, found.dates.reviews(now)))


async def show(request: Request) -> Response:
    """What is kept how long, and what falls due."""
    _signed, person = administrator(RIGHT, request)
    now = datetime.now(UTC)
    context = {
        "rows": [(rule, how_long(rule)) for rule in RULES],
        "ending": await _ending(request, now, person.owner_state),
        "ahead": AHEAD.days,
        "own": person.owner_state,
        "backup_at": backup.last_made(request.app.state.parts.settings),
        "places": court_clocks.of_person(person),
        "audit_days": due.POLICY.audit_every.days,
        "period": long(CLASSES[STANDARD].period),
    }
    return render(request, "retention.html", context)


async def table(request: Request) -> Response:
    """The recordings whose retention ends, as CSV."""
    _signed, person = administrator(RIGHT, request)
    ending = await _ending(request, datetime.now(UTC), person.owner_state)
    return csv_answer(f"retention-{person.owner_state}", COLUMNS, _rows(ending))


def _rows(ending: Sequence[EndingRecording]) -> Iterator[Sequence[object]]:
    for line in ending:
        hearing = line.hearing
        zones = (hearing.requesting_zone, hearing.requested_zone)
        local = (line.ends_at.astimezone(clocks.zone(name)).isoformat(timespec="seconds") for name in zones)
        states = (hearing.ref, hearing.case_number, hearing.requesting_state, hearing.requested_state)
        utc = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (line.closed_at, line.ends_at))
        yield *states, *utc, *local, "yes" if line.reminded else "no", line.recording.id


routes = [Route("/admin/retention", show), Route("/admin/retention.csv", table)]
