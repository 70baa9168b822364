"""The times of a hearing: its offers, its days, the terms both States agree to, and its bookings."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.actors import Actor
from hearings.hearing import (
    adjournments,
    agreed_terms,
    hearing as diary,
    law_on_the_day,
    offers,
)
from hearings.models import Hearing, HearingDay, HearingRequest, Offer, Person, Resource
from hearings.models.hearing import RecordingPolicy
from hearings.roles import Role
from hearings.sentences import tell
from hearings.status import HearingStatus, OfferStatus
from hearings.texts import NOT_A_VALUE
from hearings.times import bookings, court_times, queries as diary_queries
from hearings.times.availability import HIDDEN
from web.hearing.access import find
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.sign_in import may_on, staff
from web.words import court_clocks, diary as diary_words, roles
from web.words.i18n import N_, _, listed

H = HearingStatus
WAITS = (H.proposed, H.countered)
DONE = {
    "offered": N_("The times have been offered. The other State is asked."),
    "accept": N_("The time is agreed."),
    "signed": N_("Your State has signed. The time is agreed once both States have signed it."),
    "take-back": N_("The offer has been withdrawn."),
    "terms": N_("The terms have changed. Both States have to agree to them."),
    "next-day": N_("The hearing continues on the next agreed day."),
    "assign": N_("The booking has been made."),
    "unassign": N_("The booking has been released."),
}
RESOURCES = 200


async def page(request: Request) -> Response:
    """The page of the times of one hearing. Effects: marks the offers of the other State as read."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.transaction() as db:
        hearing = await find(db, request, person)
        await offers.read_by(db, hearing=hearing, state=person.owner_state, now=datetime.now(UTC))
    return await times_page(request, person, [], {})


async def _again(sent: Sent, error: errors.DoubleBooking | errors.Invalid | errors.NotReady) -> Response:
    values = sent.form.first | {"resource": sent.form.all("resource")}
    if isinstance(error, errors.InterpreterUnfit):
        return await times_page(sent.request, sent.person, [FormError("despite", diary_words.unfit(error))], values)
    wrong = why(error, "resource" if sent.path["action"] == "assign" else "")
    return await times_page(sent.request, sent.person, [wrong], sent.form.first)


@page_act(_again, (errors.InterpreterUnfit, errors.DoubleBooking, errors.Invalid, errors.NotReady))
async def act(sent: Sent) -> str:
    """Performs one of `ACTS`. Effects: those of the function named there."""
    name = sent.path["action"]
    if name not in ACTS:
        raise HTTPException(404, "not_found")
    hearing = await find(sent.db, sent.request, sent.person, lock=True)
    await ACTS[name](sent.db, hearing, sent.form, sent.actor, sent.now)
    return f"/h/{hearing.ref}/times?done={name}"


def why(error: errors.DoubleBooking | errors.Invalid | errors.NotReady, field: str = "") -> FormError:
    """The error in the language of the page; `field` is the input in which the resource was chosen."""
    if isinstance(error, errors.DoubleBooking):
        names = [name for _number, name in error.resources]
        names += [diary_words.place(HIDDEN)] if error.hidden else []
        return FormError(field, _("Already booked at this time: {names}.").format(names=listed(names)))
    return forms.explain(error, {"reason": _("Reason")})


async def _take_back(db: Any, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    offer = await diary_queries.offer(db, form.text("offer"), hearing=hearing)
    await diary.take_back(db, hearing=hearing, offer=offer, actor=actor, now=now)


async def _terms(db: Any, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    policy = form.text("recording_policy")
    if policy not in set(RecordingPolicy):
        raise errors.Invalid(tell(NOT_A_VALUE), "recording_policy")
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
    await diary.book(db, hearing=hearing, numbers=numbers, despite=form.text("despite"), actor=actor, now=now)


async def _unassign(db: Any, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    for number in _numbers(form):
        resource = await diary_queries.resource(db, number, state=actor.state)
        await diary.give_back(db, hearing=hearing, resource=resource, actor=actor, now=now)


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
    """Renders the page with the values typed and their errors."""
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        row = await queries.get(db, HearingRequest, hearing.request_id)
        every = await diary_queries.offers_of(db, hearing.id)
        days = await diary_queries.days_of(db, hearing.id)
        booked = await diary_queries.bookings_of_hearing(db, hearing.id)
        own = await diary_queries.resources(db, state=person.owner_state, owners=(person.owner_state,), limit=RESOURCES)
        against = await _against(db, hearing, days, own.rows)
        agreed = await agreed_terms.agreed_by(db, hearing)
        terms = await agreed_terms.terms_of(db, hearing)
        warned = await court_times.of_hearing(db, hearing)
        by_law = await law_on_the_day.of_hearing(db, hearing, now=datetime.now(UTC))
    seen = [
        (booking, resource)
        for booking, resource in booked
        if resource.owner_state == person.owner_state or resource.shared
    ]
    context = {
        "hearing": hearing,
        "row": row,
        "sides": court_clocks.own_first(court_clocks.of_hearing(hearing), person.owner_state),
        "own": person.owner_state,
        "offers": every,
        "days": days,
        "booked": seen,
        "hidden": len(booked) - len(seen),
        "free": own.rows,
        "speaks_against": against,
        "warnings": diary_words.against([*warned, *by_law]),
        "terms": terms,
        "rooms_and_capacity": diary_words.rooms_and_capacity(terms.body),
        "agreed": agreed,
        "policies": [(policy.value, diary_words.policy(policy)) for policy in RecordingPolicy],
        "classes": [(role.value, roles.label(role)) for role in Role],
        "policy_here": diary_words.policy(hearing.recording_policy),
        "kind_of": diary_words.kind,
        "can": _rights(hearing, person, days, every),
        "errors": wrong,
        "values": {
            "recording_policy": hearing.recording_policy.value,
            "participant_classes": hearing.participant_classes,
        }
        | dict(values),
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "times.html", context, status=422 if wrong else 200)


async def _against(db: Any, hearing: Hearing, days: Sequence[HearingDay], rows: Sequence[Resource]) -> dict[int, str]:
    """The objections to the State's own interpreters on the days to come, in sentences, by the number of the
    resource."""
    codes: dict[int, dict[str, None]] = {}
    for day in days:
        if day.heard_at is None and day.dropped_at is None:
            times = [bookings.footprint(hearing, day.starts_at, day.ends_at)]
            by_resource = await bookings.speaks_against(db, rows, hearing=hearing, day=day.number, times=times)
            for number, objections in by_resource.items():
                codes.setdefault(number, {}).update(dict.fromkeys(objections))
    names = {row.resource_no: row.name for row in rows}
    return {number: diary_words.sentences(objections, names[number]) for number, objections in codes.items()}


def _rights(hearing: Hearing, person: Person, days: Any, every: Sequence[Offer]) -> dict[str, bool]:
    """Which forms the page offers; the acts check the permissions again."""
    ours = diary.asking_state(hearing) == person.owner_state
    waits, agrees = hearing.status in WAITS, may_on("agree_hearing", person, hearing)
    to_come = hearing.status in (*WAITS, H.agreed, H.ready, H.part_heard)
    left = [day for day in days if day.heard_at is None and day.dropped_at is None]
    return {
        "accept": waits and not ours and agrees,
        "sign_own": waits and ours and agrees,
        "sign": diary.waits_for(hearing, person.owner_state)
        and not any(offer.status is OfferStatus.offered for offer in every)
        and agrees,
        "take_back": waits and ours and agrees,
        "other": to_come and agrees,
        "terms": (hearing.status in (H.agreed, H.ready) or (waits and ours)) and agrees,
        "next_day": hearing.status is H.part_heard and bool(left) and may_on("prepare_hearing", person, hearing),
        "book": to_come and may_on("book_resource", person, hearing),
    }


routes = [
    Route("/h/{ref}/times", page, methods=["GET"]),
    Route("/h/{ref}/times/{action}", act, methods=["POST"]),
]
