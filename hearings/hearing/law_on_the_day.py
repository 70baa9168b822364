"""What the law says of the day a hearing is held on: time a summons needs, and whether a basis binds both States then.

It says what speaks against a day, and nothing of what is right: people decide, and a hearing goes on without a basis
in force only on somebody's word, which stands in its history.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache, partial

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, queries
from hearings.errors import BasisNotInForce
from hearings.hearing.days import planned
from hearings.law import legal_bases
from hearings.law.answer import Held, LineStatus
from hearings.law.law import LAW, Law, current
from hearings.law.parties import Question
from hearings.models import Hearing, HearingRequest
from hearings.sentences import Series, tell
from hearings.status import HEARINGS_OVER
from hearings.texts import clean
from hearings.times import queries as diary_queries
from hearings.times.court_times import Time, Warned

LEAD_TIME = "lead_time_too_short"
NO_BASIS = "no_basis_in_force"


def on_day(request: HearingRequest, held: Held, *, today: date, law: Law = LAW) -> tuple[tuple[str, str, str], ...]:
    """Code, side and sentence for each thing that speaks against a day: `LEAD_TIME`, `NO_BASIS`. Pure.

    Only what the request relies on is asked; nothing is said of a request that names no basis yet.
    """
    if not request.instruments:
        return ()
    return (*_lead_times(request, held, today, law), *_bases(request, held.on, law))


def _lead_times(request: HearingRequest, held: Held, today: date, law: Law) -> Iterator[tuple[str, str, str]]:
    ask = legal_bases.ask_about(request, on=today, hearing_on=held.on, hearing_known_on=held.known_on, law=law)
    told = set()
    for verdict in legal_bases.evaluate(ask, request.instruments, law=law).verdicts:
        for note in verdict.notes:
            if note.code != LEAD_TIME or note.key in told:
                continue
            told.add(note.key)
            overlay = law.rows["overlay"].get(note.key.removeprefix("lead_time_"), {})
            side = "requesting" if overlay.get("state") == request.requesting_state else "requested"
            yield LEAD_TIME, side, tell("{note} ({provision})", note=note.text, provision=note.provision)


def _bases(request: HearingRequest, day: date, law: Law) -> Iterator[tuple[str, str, str]]:
    bonds = Question(legal_bases.ask_about(request, on=day, law=law), law).bonds
    lines = [bonds[one] for one in request.instruments if one in bonds]
    if any(all(line.status is LineStatus.met for line in those) for those in lines):
        return
    open_ = [line.text for those in lines for line in those if line.status is not LineStatus.met]
    yield (
        NO_BASIS,
        "both",
        tell(
            "No basis the request relies on is known to be in force between both States on this day: {why}",
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
    """What the law says against these times; days are those of `zone`. `known_on`: by start, since when it is known."""
    place = clocks.zone(zone)
    known = known_on or {}
    # Many times found are on the same few days: each day is asked once.
    asked = cache(partial(on_day, request, today=today, law=law))
    return tuple(
        Warned(code=code, side=side, place="", starts_at=begins, day=day, detail=text)
        for begins, _ends in times
        for day in (begins.astimezone(place).date(),)
        for code, side, text in asked(Held(on=day, known_on=known.get(begins)))
    )


async def of_times(
    db: AsyncSession, request: HearingRequest, times: Sequence[Time], *, zone: str, now: datetime
) -> tuple[Warned, ...]:
    """What the law as it is now says against times nobody has proposed yet."""
    return warned(request, times, zone=zone, today=now.date(), law=await current(db))


async def of_hearing(db: AsyncSession, hearing: Hearing, *, now: datetime) -> tuple[Warned, ...]:
    """What the law says against the days still to be held and the times on the table, the earliest first.

    The time a summons needs counts from the day on which a time was first offered.
    """
    request = await queries.get(db, HearingRequest, hearing.request_id)
    times = {(day.starts_at, day.ends_at) for day in await planned(db, hearing)}
    every = await diary_queries.offers_of(db, hearing.id)
    times |= {(one.starts_at, one.ends_at) for one in every if one.status.value == "offered"}
    known = dict.fromkeys((begins for begins, _ends in times), hearing.created_at.date())
    known |= {one.starts_at: one.created_at.date() for one in reversed(every) if one.starts_at in known}
    return warned(
        request,
        sorted(times),
        zone=hearing.requesting_zone,
        known_on=known,
        today=now.date(),
        law=await current(db),
    )


async def held(db: AsyncSession, request: HearingRequest, *, now: datetime) -> Held | None:
    """The next day of the request's hearing, by the requesting court's calendar; before there is one, the earliest of
    the times the request proposes that is still to come; None without either.
    """
    for hearing in await queries.hearings_of_request(db, request.id):
        if hearing.status in HEARINGS_OVER:
            continue
        days = await planned(db, hearing)
        begins = days[0].starts_at if days else hearing.starts_at
        since = [one.created_at for one in await diary_queries.offers_of(db, hearing.id) if one.starts_at == begins]
        return Held(
            on=begins.astimezone(clocks.zone(hearing.requesting_zone)).date(),
            known_on=min(since, default=hearing.created_at).date(),
        )
    wished = [datetime.fromisoformat(one["at"]) for one in request.proposed_slots]
    ahead = min((at for at in wished if at > now), default=None)
    slot = next((one for one in request.proposed_slots if datetime.fromisoformat(one["at"]) == ahead), None)
    return Held(on=datetime.fromisoformat(slot["wall"]).date()) if slot else None


async def require_basis(db: AsyncSession, hearing: Hearing, *, without_basis: str = "", now: datetime) -> str:
    """A basis the request relies on is in force between both States on every day still to be held, or somebody says
    why the hearing goes on all the same; returns that reason, cleaned, empty where none is needed.

    Raises `BasisNotInForce`, `Invalid` for a reason that says nothing.
    """
    found = [one.detail for one in await of_hearing(db, hearing, now=now) if one.code == NO_BASIS]
    if not found:
        return ""
    why = clean(without_basis, "without_basis", most=500, least=3 if without_basis.strip() else 0)
    if not why:
        raise BasisNotInForce(found[0], found)
    return why
