"""The times of a hearing: what is offered, its days, the terms both States agree to, and what is booked for it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.actors import Actor
from hearings.hearing import (
    adjournments,
    agreed_terms,
    days as hearing_days,
    hearing as diary,
    law_on_the_day,
    offers,
)
from hearings.models import Hearing, HearingDay, HearingRequest, Offer, Person, Resource
from hearings.models.hearing import RecordingPolicy
from hearings.permissions import may_staff
from hearings.roles import Role
from hearings.sentences import tell
from hearings.status import HearingStatus, OfferStatus
from hearings.times import bookings, court_times, queries as diary_queries
from hearings.times.availability import HIDDEN
from web.hearing.access import find
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import diary as diary_words, places, roles
from web.words.i18n import N_, _, listed

H = HearingStatus
WAITS = (H.proposed, H.countered)
DONE = {
    "offered": N_("The times have been offered. The other State is asked."),
    "accept": N_("The time is agreed."),
    "signed": N_("Your State has signed. The time is agreed once both States have signed it."),
    "take-back": N_("The offer has been taken back."),
    "terms": N_("The terms have changed. Both States have to agree to them."),
    "next-day": N_("The hearing goes on on the next day agreed."),
    "assign": N_("It is booked for this hearing."),
    "unassign": N_("The booking has been given back."),
}
RESOURCES = 200


async def page(request: Request) -> Response:
    """Everything about the times of one hearing. Effects: offers of the other State count as read from now on."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.transaction() as db:
        hearing = await find(db, request, person)
        await offers.read_by(db, hearing=hearing, state=person.owner_state, now=datetime.now(UTC))
    return await times_page(request, person, [], {})


async def act(request: Request) -> Response:
    """Do one of `ACTS`. Effects: those of the function named there."""
    signed, person = staff(request)
    form = await forms.read(request)
    name = request.path_params["action"]
    if name not in ACTS:
        raise HTTPException(404, "not_found")
    try:
        async with request.app.state.parts.database.transaction() as db:
            hearing = await find(db, request, person, lock=True)
            await ACTS[name](db, hearing, form, signed.actor(), datetime.now(UTC))
    except errors.InterpreterUnfit as error:
        kept = form.first | {"resource": form.all("resource")}
        return await times_page(request, person, [FormError("despite", diary_words.unfit(error))], kept)
    except (errors.DoubleBooking, errors.Invalid, errors.NotReady) as error:
        return await times_page(request, person, [explained(error, "resource" if name == "assign" else "")], form.first)
    return RedirectResponse(f"/h/{hearing.ref}/times?done={name}", 303)


def explained(error: errors.DoubleBooking | errors.Invalid | errors.NotReady, field: str = "") -> FormError:
    """What was wrong, in words; `field` is where what is to be booked was chosen."""
    if isinstance(error, errors.DoubleBooking):
        names = [found for _number, found in error.resources]
        names += [diary_words.place(HIDDEN)] if error.hidden else []
        return FormError(field, _("Booked already at this time: {names}.").format(names=listed(names)))
    return forms.explain(error, {"reason": _("Reason")})


async def _take_back(db: Any, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    offer = await diary_queries.offer(db, form.text("offer"), hearing=hearing)
    await diary.take_back(db, hearing=hearing, offer=offer, actor=actor, now=now)


async def _terms(db: Any, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    policy = form.text("recording_policy")
    if policy not in set(RecordingPolicy):
        raise errors.Invalid(tell("Not one of the values this field takes"), "recording_policy")
    await diary.change_terms(
        db,
        hearing=hearing,
        recording_policy=RecordingPolicy(policy),
        participant_classes=form.all("participant_classes"),
        reason=form.text("reason"),
        actor=actor,
        now=now,
    )


async def _next_day(db: Any, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    await adjournments.next_day(db, hearing=hearing, actor=actor, now=now)


async def _assign(db: Any, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    numbers = _numbers(form)
    if not numbers:
        raise errors.Invalid(tell("Choose what to book"), "resource")
    times = await hearing_days.times(db, hearing)
    await bookings.assign(
        db, hearing=hearing, numbers=numbers, times=times, despite=form.text("despite"), actor=actor, now=now
    )


async def _unassign(db: Any, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    for number in _numbers(form):
        resource = await diary_queries.resource(db, number, state=actor.state)
        await bookings.unassign(db, hearing=hearing, resource=resource, actor=actor, now=now)


ACTS: dict[str, Callable[[Any, Hearing, Form, Actor, datetime], Awaitable[None]]] = {
    "take-back": _take_back,
    "terms": _terms,
    "next-day": _next_day,
    "assign": _assign,
    "unassign": _unassign,
}


def _numbers(form: Form) -> list[int]:
    return [int(text) for text in form.all("resource") if text.isascii() and text.isdigit() and len(text) < 19]


async def times_page(request: Request, person: Person, wrong: list[FormError], values: Mapping[str, Any]) -> Response:
    """The page with what was typed and what was wrong with it."""
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        row = await queries.get(db, HearingRequest, hearing.request_id)
        every = await diary_queries.offers_of(db, hearing.id)
        days = await diary_queries.days_of(db, hearing.id)
        booked = await diary_queries.bookings_of_hearing(db, hearing.id)
        own = await diary_queries.resources(db, state=person.owner_state, owners=(person.owner_state,), limit=RESOURCES)
        against = await _against(db, hearing, days, own.rows)
        agreed = await agreed_terms.agreed_by(db, hearing)
        warned = await court_times.of_hearing(db, hearing)
        by_law = await law_on_the_day.of_hearing(db, hearing, now=datetime.now(UTC))
    found = agreed_terms.terms(hearing, days)
    seen = [
        (booking, resource)
        for booking, resource in booked
        if resource.owner_state == person.owner_state or resource.shared
    ]
    done = request.query_params.get("done", "")
    context = {
        "hearing": hearing,
        "row": row,
        "sides": places.own_first(places.of_hearing(hearing), person.owner_state),
        "own": person.owner_state,
        "offers": every,
        "days": days,
        "booked": seen,
        "hidden": len(booked) - len(seen),
        "free": own.rows,
        "speaks_against": against,
        "warnings": diary_words.against([*warned, *by_law]),
        "terms": found,
        "agreed": agreed,
        "policies": [(one.value, diary_words.policy(one)) for one in RecordingPolicy],
        "classes": [(one.value, roles.label(one)) for one in Role],
        "policy_here": diary_words.policy(hearing.recording_policy),
        "kind_of": diary_words.kind,
        "can": _rights(hearing, person, days, every),
        "errors": wrong,
        "values": {
            "recording_policy": hearing.recording_policy.value,
            "participant_classes": hearing.participant_classes,
        }
        | dict(values),
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
    }
    return render(request, "times.html", context, status=422 if wrong else 200)


async def _against(db: Any, hearing: Hearing, days: Sequence[HearingDay], rows: Sequence[Resource]) -> dict[int, str]:
    """In a sentence each, what speaks against one's interpreters on the days still to be held, by number."""
    codes: dict[int, dict[str, None]] = {}
    for day in days:
        if day.heard_at is None and day.dropped_at is None:
            times = [bookings.footprint(hearing, day.starts_at, day.ends_at)]
            found = await bookings.speaks_against(db, rows, hearing=hearing, day=day.number, times=times)
            for number, these in found.items():
                codes.setdefault(number, {}).update(dict.fromkeys(these))
    names = {row.resource_no: row.name for row in rows}
    return {number: diary_words.sentences(these, names[number]) for number, these in codes.items()}


def _rights(hearing: Hearing, person: Person, days: Any, every: Sequence[Offer]) -> dict[str, bool]:
    """Which forms the page offers; the acts themselves ask again."""

    def allowed(action: str) -> bool:
        return may_staff(
            action,
            frozenset(person.functions),
            own_state=person.owner_state,
            requesting_state=hearing.requesting_state,
            requested_state=hearing.requested_state,
        ).allowed

    ours = diary.asking_state(hearing) == person.owner_state
    waits = hearing.status in WAITS
    left = [day for day in days if day.heard_at is None and day.dropped_at is None]
    return {
        "accept": waits and not ours and allowed("agree_hearing"),
        "sign_own": waits and ours and allowed("agree_hearing"),
        "sign": diary.waits_for(hearing, person.owner_state)
        and not any(one.status is OfferStatus.offered for one in every)
        and allowed("agree_hearing"),
        "take_back": waits and ours and allowed("agree_hearing"),
        "other": hearing.status in (*WAITS, H.agreed, H.ready, H.part_heard) and allowed("agree_hearing"),
        "terms": (hearing.status in (H.agreed, H.ready) or (waits and ours)) and allowed("agree_hearing"),
        "next_day": hearing.status is H.part_heard and bool(left) and allowed("prepare_hearing"),
        "book": hearing.status in (*WAITS, H.agreed, H.ready, H.part_heard) and allowed("book_resource"),
    }


routes = [
    Route("/h/{ref}/times", page, methods=["GET"]),
    Route("/h/{ref}/times/{action}", act, methods=["POST"]),
]
