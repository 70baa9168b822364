"""Checks of the law for the day of a hearing: lead time of a summons, and a basis in force between both States.

The result lists obstacles and never confirms a day: people decide, and a hearing goes on without a basis in force only
with a person's reason, which is stored in its history.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache, partial

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, queries
from hearings.errors import BasisNotInForce
from hearings.hearing.days import planned
from hearings.law import legal_bases
from hearings.law.answer import HeldOn, LineStatus
from hearings.law.law import LAW, Law, current
from hearings.law.parties import Question
from hearings.models import Hearing, HearingRequest
from hearings.requests import consent_answers, requests
from hearings.sentences import Series, tell
from hearings.status import HEARINGS_OVER
from hearings.summons import lead_times, services
from hearings.summons.lead_times import LEAD_TIME
from hearings.texts import clean
from hearings.times import queries as diary_queries
from hearings.times.court_times import Time, Warned

NO_BASIS = "no_basis_in_force"


def on_day(request: HearingRequest, day: HeldOn, *, today: date, law: Law = LAW) -> tuple[tuple[str, str, str], ...]:
    """Code (`LEAD_TIME`, `NO_BASIS`), side and sentence of each obstacle to a day. Pure.

    Only instruments the request relies on are evaluated; a request without a basis yet has no obstacle.
    """
    if not request.instruments:
        return ()
    return (*_lead_times(request, day, today, law), *_bases(request, day.on, law))


def _lead_times(request: HearingRequest, day: HeldOn, today: date, law: Law) -> Iterator[tuple[str, str, str]]:
    for note in lead_times.notes(request, day, LEAD_TIME, today=today, law=law):
        overlay = law.rows["overlay"].get(note.key.removeprefix("lead_time_"), {})
        side = "requesting" if overlay.get("state") == request.requesting_state else "requested"
        yield LEAD_TIME, side, lead_times.with_provision(note)


def _bases(request: HearingRequest, day: date, law: Law) -> Iterator[tuple[str, str, str]]:
    binding = Question(legal_bases.ask_about(request, on=day, law=law), law).binding_lines
    lines = [binding[instrument] for instrument in request.instruments if instrument in binding]
    if any(all(line.status is LineStatus.met for line in basis_lines) for basis_lines in lines):
        return
    open_ = [line.text for basis_lines in lines for line in basis_lines if line.status is not LineStatus.met]
    yield (
        NO_BASIS,
        "both",
        tell(
            "No legal basis of the request is known to be in force between both States on this day: {why}",
            why=Series.of(dict.fromkeys(open_) if open_ else request.instruments),
        ),
    )


def warned(
    request: HearingRequest,
    times: Sequence[Time],
    *,
    zone: str,
    known_on: Mapping[datetime, date] | None = None,
    today: date,
    law: Law = LAW,
) -> tuple[Warned, ...]:
    """The obstacles to these times; days are those of `zone`. `known_on`: by start, the day it became known."""
    place = clocks.zone(zone)
    known = known_on or {}
    # Many times are on the same few days: each day is evaluated once.
    asked = cache(partial(on_day, request, today=today, law=law))
    return tuple(
        Warned(code=code, side=side, place="", starts_at=begins, day=day, detail=text)
        for begins, _ends in times
        for day in (begins.astimezone(place).date(),)
        for code, side, text in asked(HeldOn(on=day, known_on=known.get(begins)))
    )


async def of_times(
    db: AsyncSession, request: HearingRequest, times: Sequence[Time], *, zone: str, now: datetime
) -> tuple[Warned, ...]:
    """The obstacles, by the present law, to times not proposed yet."""
    return warned(request, times, zone=zone, today=now.date(), law=await current(db))


async def of_hearing(db: AsyncSession, hearing: Hearing, *, now: datetime) -> tuple[Warned, ...]:
    """The obstacles to the days still planned and to the times offered, the earliest first.

    The time a summons needs counts from the day on which a time was first offered, and from the day of service once
    the person was served for that time.
    """
    request = await queries.get(db, HearingRequest, hearing.request_id)
    times = {(day.starts_at, day.ends_at) for day in await planned(db, hearing)}
    every = await diary_queries.offers_of(db, hearing.id)
    times |= {(offer.starts_at, offer.ends_at) for offer in every if offer.status.value == "offered"}
    known = dict.fromkeys((begins for begins, _ends in times), hearing.created_at.date())
    known |= {offer.starts_at: offer.created_at.date() for offer in reversed(every) if offer.starts_at in known}
    served = await services.served_on(db, hearing)
    known |= {begins: day for begins, day in served.items() if begins in known}
    return warned(
        request,
        sorted(times),
        zone=hearing.requesting_zone,
        known_on=known,
        today=now.date(),
        law=await current(db),
    )


async def day_of_hearing(db: AsyncSession, request: HearingRequest, *, now: datetime) -> HeldOn | None:
    """The next day of the request's hearing, by the requesting court's calendar; before there is one, the earliest
    future time the request proposes; None without either.
    """
    for hearing in await queries.hearings_of_request(db, request.id):
        if hearing.status in HEARINGS_OVER:
            continue
        days = await planned(db, hearing)
        begins = days[0].starts_at if days else hearing.starts_at
        since = [
            offer.created_at for offer in await diary_queries.offers_of(db, hearing.id) if offer.starts_at == begins
        ]
        return HeldOn(
            on=begins.astimezone(clocks.zone(hearing.requesting_zone)).date(),
            known_on=min(since, default=hearing.created_at).date(),
        )
    wished = [datetime.fromisoformat(slot["at"]) for slot in request.proposed_slots]
    ahead = min((at for at in wished if at > now), default=None)
    slot = next(
        (proposed for proposed in request.proposed_slots if datetime.fromisoformat(proposed["at"]) == ahead), None
    )
    return HeldOn(on=datetime.fromisoformat(slot["wall"]).date()) if slot else None


async def evaluation(
    db: AsyncSession, request: HearingRequest, *, every: bool = False, now: datetime, law: Law
) -> legal_bases.GateResult:
    """The legal check of a request as things stand: today's law, the consents recorded, the next day of its hearing.

    Of the instruments it relies on, or of all that can be a basis: where it relies on none yet, and if `every`.
    """
    chosen = None if every else tuple(request.instruments) or None
    consent = consent_answers.overall(await consent_answers.of_request(db, request.id))
    held = await day_of_hearing(db, request, now=now)
    return requests.evaluate(request, now=now, instruments=chosen, consent=consent, held=held, law=law)


async def require_basis(db: AsyncSession, hearing: Hearing, *, without_basis: str = "", now: datetime) -> str:
    """Require a basis of the request in force between both States on every day still planned, or a reason to go on
    without one. Returns that reason, cleaned; empty if none is needed.

    Raises `BasisNotInForce`, `Invalid` for an empty reason.
    """
    obstacles = [obstacle.detail for obstacle in await of_hearing(db, hearing, now=now) if obstacle.code == NO_BASIS]
    if not obstacles:
        return ""
    why = clean(without_basis, "without_basis", most=500, least=3 if without_basis.strip() else 0)
    if not why:
        raise BasisNotInForce(obstacles[0], obstacles)
    return why
