"""One hearing outside the room: its times, its people, its lobby, its recordings and its log."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, events, queries
from hearings.agreement import room_rules
from hearings.events import EventKind
from hearings.hearing import hearing as diary, law_on_the_day, offers, readiness
from hearings.models import Hearing, HearingRequest, Invitation, Participant, Person, Recording, Sitting
from hearings.outward import feeds, view_notes
from hearings.permissions import may
from hearings.signatures import recipients
from hearings.sitting import sittings
from hearings.status import HearingStatus
from hearings.times import court_times, queries as diary_queries
from media.evidence.cosigning import waiting
from media.evidence.cosigning.asking import ALARMING
from web.hearing import checklist, technical_view
from web.hearing.access import find
from web.sending import code_sending
from web.server import forms, printing
from web.server.forms import FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.sign_in import SignedIn, may_on, staff
from web.words import conditions as conditions_words, court_clocks, diary as diary_words, event_log, sentences
from web.words.i18n import N_, _, current
from web.words.labels import CHANGES_KEPT
from web.words.refusals import WRITE_WHY

logger = logging.getLogger("vivavoce.web.hearing.pages")

H = HearingStatus
LAST = 5
"""Events of the log that the page displays; all of them are on a page of their own."""
PREPARED = frozenset({H.proposed, H.countered, H.agreed, H.ready, H.part_heard})
"""Statuses in which the checklist counts."""
DONE = {
    "time": N_("Another time has been proposed."),
    "ready": N_("The hearing is ready: the lobby can be opened."),
    "lobby": N_("The lobby is open. The links work now."),
    "cancel": N_("The hearing is cancelled. Its links no longer work."),
    "person": N_("The person has been added."),
    "changed": CHANGES_KEPT,
    "replaced": N_("The person has been replaced. The successor needs a link, unless they sign in as staff."),
    "taken_off": N_("The person has been taken off the list."),
}


@dataclass(frozen=True)
class Guest:
    """A participant on the hearing's page, with the status of their link."""

    participant: Participant
    link: str
    """`staff`, `none`, `waiting`, `used`."""
    tries_left: int
    device: str = ""
    """Name of the person at whose device this person sits; empty for a device of their own."""


async def show(request: Request) -> Response:
    """The page of one hearing. Effects: marks the times the other State has offered as read."""
    signed, person = staff(request)
    async with request.app.state.parts.database.transaction() as db:
        hearing = await find(db, request, person)
        await offers.read_by(db, hearing=hearing, state=person.owner_state, now=datetime.now(UTC))
    return await hearing_page(request, signed, person, [], {})


async def _ready(sent: Sent, hearing: Hearing) -> None:
    without: dict[str, Any] = {name: sent.form.text(name) for name in ("without_test", "without_basis")}
    await diary.make_ready(sent.db, hearing=hearing, **without, **sent.by)


async def _cancel(sent: Sent, hearing: Hearing) -> None:
    await diary.cancel(sent.db, hearing=hearing, reason=sent.form.text("reason"), **sent.by)


async def _lobby(sent: Sent, hearing: Hearing) -> None:
    sent.parts.conductors.require()
    if await queries.open_sitting(sent.db, hearing.id) is not None:
        # The lobby is open already: at most the media service has to be started again.
        return
    seat = await queries.seat_of(sent.db, hearing_id=hearing.id, person_id=sent.person.id)
    court_name = sent.parts.settings.court_name
    await sittings.open_lobby(
        sent.db, hearing=hearing, court_name=court_name, actor=sent.signed.actor(seat), now=sent.now
    )


ACTS = {"ready": _ready, "cancel": _cancel, "lobby": _lobby}


async def _again(sent: Sent, error: errors.Invalid | errors.NotReady | OSError) -> Response:
    if isinstance(error, OSError):
        logger.error("the media service of a hearing did not start", exc_info=error)
        text = _("The lobby could not be opened: the media service did not start. Try again, or contact the help desk.")
        wrong = FormError("", text)
    elif isinstance(error, errors.Invalid):
        field = error.field if error.field in ("without_test", "without_basis") else "cancel-reason"
        wrong = FormError(field, _(WRITE_WHY))
    else:
        fields = {errors.LineTestMissing: "without_test", errors.BasisNotInForce: "without_basis"}
        wrong = FormError(fields.get(type(error), ""), _not_ready(error))
    return await hearing_page(sent.request, sent.signed, sent.person, [wrong], sent.form.first)


@page_act(_again, (errors.Invalid, errors.NotReady, OSError))
async def act(sent: Sent) -> str | Callable[[], Awaitable[str]]:
    """Performs one of `ACTS`: make ready, open the lobby, cancel. Effects: those of the functions named there."""
    name = sent.path["action"]
    hearing = await find(sent.db, sent.request, sent.person, lock=True)
    if name not in ACTS:
        raise HTTPException(404, "not_found")
    await ACTS[name](sent, hearing)
    done = f"/h/{sent.path['ref']}?done={name}"

    async def opened() -> str:
        await sent.parts.conductors.open(hearing.id)
        return done

    return opened if name == "lobby" else done


def _not_ready(error: errors.NotReady) -> str:
    people = checklist.named(error.missing)
    if people:
        return _("Not named yet: {people}. Add them first.").format(people=people)
    return forms.explain(error).text


async def hearing_page(
    request: Request, signed: SignedIn, person: Person, wrong: list[FormError], values: Mapping[str, str]
) -> Response:
    """Renders the page of the hearing with what this person may see."""
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        row = await queries.get(db, HearingRequest, hearing.request_id)
        people = await queries.participants(db, hearing.id)
        technical = await technical_view.of_hearing(db, hearing, person)
        keyless = await _keyless(db, hearing, person)
        warned = await court_times.of_hearing(db, hearing)
        by_law = await law_on_the_day.of_hearing(db, hearing, now=now)
        sitting = await queries.open_sitting(db, hearing.id)
        recordings = await queries.recordings_of_hearing(db, hearing.id)
        history = await _history(db, hearing, people)
        last = await events.newest(db, hearing.id, without=EventKind.caption.value, limit=LAST)
        days = await diary_queries.days_of(db, hearing.id)
        booked = await diary_queries.bookings_of_hearing(db, hearing.id)
        results = await readiness.checks(db, hearing, now=now) if hearing.status in PREPARED else []
        seen = await view_notes.viewers_of(db, hearing) if hearing.owner_state == person.owner_state else []
        guests = await _guests(db, people)
    seat = next((row for row in people if row.person_id == person.id and row.vacated_at is None), None)
    conductors = request.app.state.parts.conductors
    silent = sitting is not None and hearing.id in conductors.silent()
    clocks = court_clocks.own_first(court_clocks.of_hearing(hearing), person.owner_state)
    can = _rights(hearing, person, seat, sitting, live=conductors.get(hearing.id) is not None)
    sat = hearing.status is not H.cancelled and bool(recordings)
    context = {
        "hearing": hearing,
        "row": row,
        "guests": guests,
        "codes": len(code_sending.ways(request.app.state.parts.settings)) > 1,
        "sitting": sitting,
        "silent": silent,
        "seat": seat,
        "recordings": recordings,
        "uncosigned": await _uncosigned(request, recordings),
        **history,
        "seen": seen,
        "log": event_log.log_lines(last, people, row.person_name, recordings=recordings, clocks=clocks),
        "places": clocks,
        "own": person.owner_state,
        "days": days,
        "bookings": len(booked),
        "technical": technical,
        "keyless": keyless,
        "conditions": conditions_words.in_words(row.condition_rules),
        "moved_to": diary.moved_to(hearing) if hearing.status in (H.proposed, H.agreed, H.ready) else None,
        "warnings": diary_words.against([*warned, *by_law]),
        "no_basis": any(warning.code == law_on_the_day.NO_BASIS for warning in by_law),
        "unsigned": _unsigned(hearing),
        "checklist": (rows := checklist.rows(results, hearing, row, person, can)),
        "step": checklist.next_step(hearing, rows, can, silent=silent, minutes=sat),
        "can": can,
        "errors": wrong,
        "values": values,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "hearing.html", context, status=422 if wrong else 200)


async def _history(db: AsyncSession, hearing: Hearing, people: Sequence[Participant]) -> dict[str, Any]:
    """The history of the hearing, and the function that tells the reason of a change."""
    changes = await queries.hearing_history(db, hearing)
    return {"history": changes, "told": lambda change: event_log.because(change, people)}


@dataclass(frozen=True)
class Keyless:
    """States that are to receive the recording but could not open it, because none of their recipients is in force."""

    states: list[str]
    administrators: list[str]
    """Names of the administrators of the reader's own State, if it is among `states`."""


async def _uncosigned(
    request: Request, recordings: Sequence[Recording]
) -> Mapping[str, list[tuple[str, datetime, bool]]]:
    """For each recording the cosigners that are waited for, since when, and whether one has seen another past."""
    settings = request.app.state.parts.settings
    waits = await run_in_threadpool(waiting.read, settings.recordings) if settings.cosigners is not None else None
    listed: dict[str, list[tuple[str, datetime, bool]]] = {}
    for head in waits.heads if waits is not None else ():
        since = datetime.fromtimestamp(head.since, UTC)
        listed.setdefault(head.origin, []).append((head.cosigner, since, head.why in ALARMING))
    return {row.id: listed.get(row.origin, []) for row in recordings}


async def _keyless(db: Any, hearing: Hearing, person: Person) -> Keyless:
    if hearing.status not in (H.agreed, H.ready, H.part_heard):
        return Keyless([], [])
    states = await recipients.lacking(db, await room_rules.recipients(db, hearing))
    people = await queries.people(db, state=person.owner_state) if person.owner_state in states else []
    return Keyless(states, [colleague.name for colleague in people if "administrator" in colleague.functions])


async def _guests(db: Any, people: Sequence[Participant]) -> list[Guest]:
    names = {participant.id: participant.display_name for participant in people}
    return [_guest(participant, await queries.live_invitation(db, participant.id), names) for participant in people]


def _guest(participant: Participant, invitation: Invitation | None, names: Mapping[str, str]) -> Guest:
    if participant.device_of_id is not None:
        return Guest(participant, "none", 0, names[participant.device_of_id])
    if participant.person_id is not None:
        return Guest(participant, "staff", 0)
    if invitation is None:
        return Guest(participant, "none", 0)
    return Guest(participant, "used" if invitation.used_at else "waiting", invitation.tries_left)


def _unsigned(hearing: Hearing) -> list[str]:
    """The States that have not signed a time the other State has signed; empty while neither has signed."""
    signed = {
        hearing.requesting_state: hearing.requesting_signed,
        hearing.requested_state: hearing.requested_signed,
    }
    displayed = hearing.status in (H.proposed, H.countered) and any(signed.values())
    return [state for state, signature in signed.items() if not signature] if displayed or hearing.one_signed else []


def _rights(
    hearing: Hearing, person: Person, seat: Participant | None, sitting: Sitting | None, *, live: bool
) -> dict[str, bool]:
    """Which buttons the page offers; the acts check the permissions again."""
    role = seat.role if seat else None
    lobby = may("open_lobby", role, own_state=person.owner_state, target_state=person.owner_state).allowed
    over = hearing.status in (H.concluded, H.cancelled, H.aborted)
    return {
        "agree": diary.waits_for(hearing, person.owner_state) and may_on("agree_hearing", person, hearing),
        "other_time": hearing.status in (H.proposed, H.countered, H.agreed)
        and sitting is None
        and may_on("agree_hearing", person, hearing),
        "prepare": not over and may_on("prepare_hearing", person, hearing),
        "name": not over and may_on("name_people", person, hearing),
        "ready": hearing.status is H.agreed and may_on("prepare_hearing", person, hearing),
        # Also when the lobby is open but its media service did not start.
        "lobby": lobby and not live and (sitting is not None or hearing.status is H.ready),
        "enter": sitting is not None and seat is not None,
        "cancel": hearing.status in (H.proposed, H.countered, H.agreed, H.ready, H.part_heard)
        and sitting is None
        and may_on("cancel_hearing", person, hearing),
        "record": (sitting is not None or over or hearing.status is H.part_heard) and may("record_act", role).allowed,
        "caption": sitting is not None and may("caption", role).allowed,
        "test": not over and may_on("test_line", person, hearing),
        "links": not over
        and may("issue_link", role, own_state=person.owner_state, target_state=person.owner_state).allowed,
    }


async def calendar_file(request: Request) -> Response:
    """The days of the hearing as an iCalendar file, for the calendar program of the reader."""
    _signed, person = staff(request)
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        hearing = await find(db, request, person)
        data = await feeds.of_hearing(
            db, hearing, origin=parts.settings.origin, lang=current.get().tag, say=sentences.say
        )
    return printing.file(data, f"{hearing.ref}.ics", "text/calendar; charset=utf-8")


routes = [
    Route("/h/{ref}", show),
    Route("/h/{ref}/calendar.ics", calendar_file),
    Route("/h/{ref}/act/{action}", act, methods=["POST"]),
]
