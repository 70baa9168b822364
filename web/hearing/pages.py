"""One hearing outside the room: its times, its people, its lobby, its recordings, and what has happened."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.agreement import agreements, facts as agreement_facts, line_tests, room_rules
from hearings.hearing import hearing as diary, law_on_the_day, offers
from hearings.models import Agreement, Hearing, HearingRequest, Invitation, Participant, Person, Sitting
from hearings.outward import looked_at
from hearings.permissions import may, may_staff
from hearings.signatures import recipients
from hearings.sitting import sittings
from hearings.status import HearingStatus
from hearings.times import court_times
from web.hearing.access import find
from web.server import forms
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words import conditions as conditions_words, diary as diary_words, event_log as happenings, places
from web.words.i18n import N_, _, listed

logger = logging.getLogger("vivavoce.web.hearing.pages")

H = HearingStatus
EVENTS = 1000
DONE = {
    "time": N_("The other time has been proposed."),
    "ready": N_("The hearing is ready: the lobby can be opened."),
    "lobby": N_("The lobby is open. The links work now."),
    "cancel": N_("The hearing is cancelled. Its links no longer work."),
    "person": N_("The person has been added."),
    "changed": N_("The changes are kept."),
}


@dataclass(frozen=True)
class Guest:
    """A participant on the hearing's page, with the state of their link."""

    participant: Participant
    link: str
    """`staff`, `none`, `waiting`, `used`."""
    tries_left: int


async def show(request: Request) -> Response:
    """The page of one hearing. Effects: times the other State has offered count as read from now on."""
    signed, person = staff(request)
    async with request.app.state.parts.database.transaction() as db:
        hearing = await find(db, request, person)
        await offers.read_by(db, hearing=hearing, state=person.owner_state, now=datetime.now(UTC))
    return await hearing_page(request, signed, person, [], {})


async def act(request: Request) -> Response:
    """Make ready, open the lobby, cancel. Effects: those of the functions named."""
    signed, person = staff(request)
    form = await forms.read(request)
    name = request.path_params["action"]
    parts = request.app.state.parts
    now = datetime.now(UTC)
    ref = request.path_params["ref"]
    try:
        async with parts.database.transaction() as db:
            hearing = await find(db, request, person, lock=True)
            if name == "ready":
                await diary.make_ready(
                    db,
                    hearing=hearing,
                    without_test=form.text("without_test"),
                    without_basis=form.text("without_basis"),
                    actor=signed.actor(),
                    now=now,
                )
            elif name == "cancel":
                await diary.cancel(db, hearing=hearing, reason=form.text("reason"), actor=signed.actor(), now=now)
            elif name == "lobby":
                parts.conductors.require()
                await _open_lobby(db, parts, hearing, signed, person, now)
            else:
                raise HTTPException(404, "not_found")
        if name == "lobby":
            await parts.conductors.open(hearing.id)
    except errors.Invalid as error:
        text = _("Write why, in at least a few words: the other State will read it.")
        field = error.field if error.field in ("without_test", "without_basis") else "cancel-reason"
        return await hearing_page(request, signed, person, [FormError(field, text)], form.first)
    except (errors.LineTestMissing, errors.BasisNotInForce) as error:
        field = "without_test" if isinstance(error, errors.LineTestMissing) else "without_basis"
        return await hearing_page(request, signed, person, [FormError(field, _not_ready(error))], form.first)
    except errors.NotReady as error:
        return await hearing_page(request, signed, person, [FormError("", _not_ready(error))], form.first)
    except OSError:
        logger.exception("the media service of a hearing did not start")
        text = _("The lobby could not be opened: the media service did not start. Try again, or tell the help desk.")
        return await hearing_page(request, signed, person, [FormError("", text)], form.first)
    return RedirectResponse(f"/h/{ref}?done={name}", 303)


async def _open_lobby(db: Any, parts: Any, hearing: Hearing, signed: SignedIn, person: Person, now: datetime) -> None:
    if await queries.open_sitting(db, hearing.id) is not None:
        # Open already: only the media service may have to be started once more.
        return
    seat = await queries.seat_of(db, hearing_id=hearing.id, person_id=person.id)
    await sittings.open_lobby(
        db, hearing=hearing, court_name=parts.settings.court_name, actor=signed.actor(seat), now=now
    )


def _not_ready(error: errors.NotReady) -> str:
    names = {
        "presiding_judge": _("the presiding judge"),
        "requested_authority": _("the requested authority"),
        "interpreter": _("an interpreter"),
        "person to be heard": _("the person to be heard"),
    }
    known = [names[one] for one in error.missing if one in names]
    if known:
        return _("Not named yet: {people}. Add them first.").format(people=listed(known))
    return forms.explain(error).text


async def hearing_page(
    request: Request, signed: SignedIn, person: Person, wrong: list[FormError], values: Mapping[str, str]
) -> Response:
    """Render the hearing as this person may see it."""
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        row = await queries.get(db, HearingRequest, hearing.request_id)
        people = await queries.participants(db, hearing.id)
        technical = await _technical(db, hearing, person)
        keyless = await _keyless(db, hearing, person)
        warned = await court_times.of_hearing(db, hearing)
        by_law = await law_on_the_day.of_hearing(db, hearing, now=datetime.now(UTC))
        sitting = await queries.open_sitting(db, hearing.id)
        recordings = await queries.recordings_of_hearing(db, hearing.id)
        history = await queries.hearing_history(db, hearing)
        events = await queries.events(db, hearing.id, limit=EVENTS)
        seen = await looked_at.viewers_of(db, hearing) if hearing.owner_state == person.owner_state else []
        guests = [_guest(one, await queries.live_invitation(db, one.id)) for one in people]
    seat = next((one for one in people if one.person_id == person.id), None)
    conductors = request.app.state.parts.conductors
    live = conductors.get(hearing.id) is not None
    done = request.query_params.get("done", "")
    clocks = places.own_first(places.of_hearing(hearing), person.owner_state)
    context = {
        "hearing": hearing,
        "row": row,
        "guests": guests,
        "sitting": sitting,
        "silent": sitting is not None and hearing.id in conductors.silent(),
        "seat": seat,
        "recordings": recordings,
        "history": history,
        "seen": seen,
        "happenings": happenings.told(events, people, row.person_name, recordings=recordings, clocks=clocks),
        "places": clocks,
        "technical": technical,
        "keyless": keyless,
        "conditions": conditions_words.told(row.condition_rules),
        "moved_to": diary.moved_to(hearing) if hearing.status in (H.proposed, H.agreed, H.ready) else None,
        "warnings": diary_words.against([*warned, *by_law]),
        "no_basis": any(one.code == law_on_the_day.NO_BASIS for one in by_law),
        "unsigned": _unsigned(hearing),
        "can": _rights(hearing, person, seat, sitting, live=live),
        "errors": wrong,
        "values": values,
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
    }
    return render(request, "hearing.html", context, status=422 if wrong else 200)


@dataclass(frozen=True)
class Technical:
    """How far the technical agreement is: its status (None without one), and what of the line test."""

    agreement: Agreement | None
    tested: bool
    holds: bool


async def _technical(db: Any, hearing: Hearing, person: Person) -> Technical:
    agreement = await agreements.running(db, hearing.id)
    if agreement is None or not await agreements.visible(db, agreement, person.owner_state):
        return Technical(None, tested=False, holds=False)
    changed = agreement_facts.changed(agreement.terms["facts"], await agreement_facts.facts(db, hearing))
    return Technical(agreement, tested=await line_tests.good(db, agreement, hearing), holds=not changed)


@dataclass(frozen=True)
class Keyless:
    """States the recording is for that could not open it: no recipient of theirs is in force."""

    states: list[str]
    administrators: list[str]
    """Who of the reader's own State adds one, where it is among them."""


async def _keyless(db: Any, hearing: Hearing, person: Person) -> Keyless:
    if hearing.status not in (H.agreed, H.ready, H.part_heard):
        return Keyless([], [])
    states = await recipients.lacking(db, await room_rules.recipients(db, hearing))
    people = await queries.people(db, state=person.owner_state) if person.owner_state in states else []
    return Keyless(states, [one.name for one in people if "administrator" in one.functions])


def _guest(participant: Participant, invitation: Invitation | None) -> Guest:
    if participant.person_id is not None:
        return Guest(participant, "staff", 0)
    if invitation is None:
        return Guest(participant, "none", 0)
    return Guest(participant, "used" if invitation.used_at else "waiting", invitation.tries_left)


def _unsigned(hearing: Hearing) -> list[str]:
    """Who has not signed a time the other State has; of one that neither has signed the page says nothing."""
    signed = {
        hearing.requesting_state: hearing.requesting_signed,
        hearing.requested_state: hearing.requested_signed,
    }
    shown = hearing.status in (H.proposed, H.countered) and any(signed.values())
    return [state for state, found in signed.items() if not found] if shown or hearing.one_signed else []


def _rights(
    hearing: Hearing, person: Person, seat: Participant | None, sitting: Sitting | None, *, live: bool
) -> dict[str, bool]:
    """Which buttons the page offers; the acts themselves ask again."""

    def allowed(action: str) -> bool:
        return may_staff(
            action,
            frozenset(person.functions),
            own_state=person.owner_state,
            requesting_state=hearing.requesting_state,
            requested_state=hearing.requested_state,
        ).allowed

    role = seat.role if seat else None
    lobby = may("open_lobby", role, own_state=person.owner_state, target_state=person.owner_state).allowed
    over = hearing.status in (H.concluded, H.cancelled, H.aborted)
    return {
        "agree": diary.waits_for(hearing, person.owner_state) and allowed("agree_hearing"),
        "other_time": hearing.status in (H.proposed, H.countered, H.agreed)
        and sitting is None
        and allowed("agree_hearing"),
        "prepare": not over and allowed("prepare_hearing"),
        "ready": hearing.status is H.agreed and allowed("prepare_hearing"),
        # Also when the lobby is open but its media service did not start.
        "lobby": lobby and not live and (sitting is not None or hearing.status is H.ready),
        "enter": sitting is not None and seat is not None,
        "cancel": hearing.status in (H.proposed, H.countered, H.agreed, H.ready, H.part_heard)
        and sitting is None
        and allowed("cancel_hearing"),
        "record": (sitting is not None or over or hearing.status is H.part_heard) and may("record_act", role).allowed,
        "links": not over and may("issue_link", role).allowed,
    }


routes = [
    Route("/h/{ref}", show),
    Route("/h/{ref}/act/{action}", act, methods=["POST"]),
]
