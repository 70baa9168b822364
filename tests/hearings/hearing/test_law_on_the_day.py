"""What the law says of a hearing's day: time for a summons, a basis in force; who goes on without says why."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import Actor
from hearings.errors import BasisNotInForce, Invalid
from hearings.hearing import hearing as diary, law_on_the_day
from hearings.hearing.law_on_the_day import NO_BASIS
from hearings.law import law, rows as law_rows
from hearings.law.answer import HeldOn
from hearings.law.law import LAW
from hearings.models import Hearing, HearingRequest
from hearings.requests import requests
from hearings.roles import Role
from hearings.status import HearingStatus, OfferStatus
from hearings.summons import services
from hearings.summons.lead_times import LEAD_TIME
from hearings.times import queries as diary_queries

TODAY = date(2026, 12, 2)
ADMIN = Actor(id="admin", label="Elena Stan", state="RO", functions=frozenset({"administrator"}))
LEAD = {
    "id": "nat_TH_summons",
    "state": "TH",
    "provision": "s. 7",
    "applies_when_state_is": ["requested"],
    "rule": "A summons arrives three months ahead.",
    "lead_time": {"code": LEAD_TIME, "applies_to": "summons", "months_before_hearing": 3},
    "source": "the gazette",
    "confidence": "read-in-source",
}
ENDED = {**LAW.instruments["untoc"], "valid_to": "2026-12-01"}
LATER = {
    "iso2": "TH",
    "instrument_id": "untoc",
    "party_status": "in_force",
    "in_force_from": "2027-01-10",
    "confidence": "read-in-source",
    "source": "the depositary",
}


def asked(**more: Any) -> HearingRequest:
    given = {"requesting_state": "RO", "requested_state": "TH", "owner_state": "RO", "instruments": ["untoc"]}
    return HearingRequest(**{**given, **more})


def codes(request: HearingRequest, held: HeldOn, *rows: tuple[str, str, Any]) -> list[tuple[str, str]]:
    found = law_on_the_day.on_day(request, held, today=TODAY, law=law.merge(rows))
    return [(code, side) for code, side, _text in found]


# --- pure --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "warned"),
    [
        (HeldOn(on=date(2027, 3, 1)), True),
        (HeldOn(on=date(2027, 3, 2)), False),
        (HeldOn(on=date(2027, 3, 1), known_on=date(2026, 12, 1)), False),
        (HeldOn(on=date(2027, 3, 1), known_on=date(2026, 12, 2)), True),
    ],
)
def test_a_summons_has_too_little_time_counted_from_when_the_day_is_known(held: HeldOn, warned: bool) -> None:
    row = ("overlay", "nat_TH_summons", LEAD)
    assert codes(asked(), held, row) == ([(LEAD_TIME, "requested")] if warned else [])
    both = asked(instruments=["untoc", "uncac"])
    assert len(codes(both, held, row)) == int(warned), "said once for several instruments"


def test_a_rule_of_the_requesting_state_is_told_on_its_side() -> None:
    row = ("overlay", "nat_TH_summons", LEAD | {"state": "RO", "applies_when_state_is": ["requesting"]})
    assert codes(asked(), HeldOn(on=TODAY + timedelta(days=9)), row) == [(LEAD_TIME, "requesting")]


@pytest.mark.parametrize(
    ("on", "row", "says"),
    [
        (TODAY, None, ""),
        (TODAY, ("instrument", "untoc", ENDED), "is not in force on 2026-12-02"),
        (date(2026, 12, 1), ("instrument", "untoc", ENDED), ""),
        (date(2027, 1, 9), ("party", "TH/untoc", LATER), "is bound only from 2027-01-10"),
        (date(2027, 1, 10), ("party", "TH/untoc", LATER), ""),
        (TODAY, ("party", "TH/untoc", LATER | {"party_status": "unknown"}), "Not known whether"),
    ],
)
def test_a_day_on_which_no_basis_relied_on_binds_both_is_told_with_what_is_open(on: date, row: Any, says: str) -> None:
    found = law_on_the_day.on_day(asked(), HeldOn(on=on), today=TODAY, law=law.merge([row] if row else []))
    assert [(code, side) for code, side, _text in found] == ([(NO_BASIS, "both")] if says else [])
    assert all(says in text for _code, _side, text in found)


def test_one_basis_in_force_is_enough_and_none_named_is_no_warning() -> None:
    row = ("instrument", "untoc", ENDED)
    assert codes(asked(instruments=["untoc", "uncac"]), HeldOn(on=TODAY), row) == []
    assert codes(asked(instruments=["untoc", "reciprocity"]), HeldOn(on=TODAY), row) == []
    assert codes(asked(instruments=[]), HeldOn(on=TODAY), row) == []


# --- of a hearing ------------------------------------------------------------------------------------------------


async def enter(court: Any, now: datetime, kind: str, row: dict[str, Any], seen: int = 0) -> None:
    async with court.database.transaction() as db:
        edits = [law_rows.check(kind, row, await law.current(db))]
        await law_rows.save(db, edits=edits, reason="Read again", seen=seen, actor=ADMIN, now=now)


async def back_to_agreed(court: Any) -> None:
    async with court.database.transaction() as db:
        (await queries.get(db, Hearing, court.hearing.id)).status = HearingStatus.agreed


async def make_ready(court: Any, now: datetime, why: str = "") -> Hearing:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        await diary.make_ready(
            db,
            hearing=hearing,
            without_test="The rooms met",
            without_basis=why,
            actor=court.staff("clerk"),
            now=now,
        )
    return hearing


async def test_a_hearing_is_made_ready_without_a_basis_in_force_only_on_a_word_that_stands_in_its_history(
    court: Any, now: datetime
) -> None:
    await back_to_agreed(court)
    await enter(court, now, "party", LATER)
    async with court.database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        (warned,) = await law_on_the_day.of_hearing(db, hearing, now=now)
    assert (warned.code, warned.side, warned.starts_at) == (NO_BASIS, "both", hearing.starts_at)
    assert warned.day == hearing.starts_at.date()
    with pytest.raises(BasisNotInForce) as refusal:
        await make_ready(court, now)
    assert (refusal.value.code, refusal.value.missing) == ("basis_not_in_force", (warned.detail,))
    with pytest.raises(Invalid) as short:
        await make_ready(court, now, "x")
    assert short.value.field == "without_basis"
    assert (await make_ready(court, now, "Both apply it provisionally")).status is HearingStatus.ready
    async with court.database.reading() as db:
        history = await queries.hearing_history(db, await queries.get(db, Hearing, court.hearing.id))
    assert "no basis in force that day: Both apply it provisionally" in [one.reason for one in history]


async def test_a_hearing_whose_basis_is_in_force_needs_no_word_and_keeps_none(court: Any, now: datetime) -> None:
    await back_to_agreed(court)
    await make_ready(court, now, "for nothing")
    async with court.database.reading() as db:
        history = await queries.hearing_history(db, await queries.get(db, Hearing, court.hearing.id))
    assert not any("for nothing" in one.reason for one in history)


async def test_the_time_for_a_summons_counts_from_the_offer_and_does_not_run_out_by_waiting(
    court: Any, now: datetime
) -> None:
    await enter(court, now, "overlay", LEAD)
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        (offer,) = await diary_queries.offers_of(db, hearing.id)
        assert offer.status is OfferStatus.accepted
        assert [one.code for one in await law_on_the_day.of_hearing(db, hearing, now=now)] == [LEAD_TIME]
        offer.created_at = hearing.starts_at - timedelta(days=100)
        await db.flush()
        assert await law_on_the_day.of_hearing(db, hearing, now=now) == ()
        request = await queries.get(db, HearingRequest, hearing.request_id)
        held = await law_on_the_day.day_of_hearing(db, request, now=now)
        assert held == HeldOn(on=hearing.starts_at.date(), known_on=offer.created_at.date())
        notes = (
            requests.evaluate(request, now=now, instruments=("untoc",), held=held, law=await law.current(db))
            .verdicts[0]
            .notes
        )
        assert [note.code for note in notes if note.code] == []


async def test_once_somebody_heard_was_served_the_time_for_the_summons_counts_from_that_day(
    court: Any, now: datetime
) -> None:
    await enter(court, now, "overlay", LEAD)

    async def serve(at: datetime, **more: Any) -> list[str]:
        given = {"outcome": "served", "way": "by_post", "served_by": "The court", "language": "th"} | more
        async with court.database.transaction() as db:
            hearing = await queries.get(db, Hearing, court.hearing.id)
            (offer,) = await diary_queries.offers_of(db, hearing.id)
            offer.created_at = hearing.starts_at - timedelta(days=100)
            await services.record(
                db, hearing=hearing, participant_id=court.ids[Role.witness], served_at=at,
                actor=court.staff("authority"), now=now, **given,
            )  # fmt: skip
            return [one.code for one in await law_on_the_day.of_hearing(db, hearing, now=now)]

    starts = court.hearing.starts_at
    assert await serve(starts - timedelta(days=99)) == []
    assert await serve(now - timedelta(days=1), outcome="refused", reason="Would not take it") == []
    assert await serve(now - timedelta(days=1)) == [LEAD_TIME]


async def test_before_there_is_a_hearing_the_earliest_proposed_day_still_to_come_counts(
    court: Any, now: datetime
) -> None:
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        hearing = await queries.get(db, Hearing, court.hearing.id)
        hearing.status = HearingStatus.cancelled
        assert await law_on_the_day.day_of_hearing(db, request, now=now) is None
        request.proposed_slots = [
            {"at": at.isoformat(), "wall": f"{at:%Y-%m-%d}T09:00", "zone": "Europe/Bucharest"}
            for at in (now + timedelta(days=9), now - timedelta(days=1), now + timedelta(days=5))
        ]
        assert await law_on_the_day.day_of_hearing(db, request, now=now) == HeldOn(on=(now + timedelta(days=5)).date())


async def test_times_nobody_has_proposed_yet_are_warned_of_by_the_requesting_courts_day(
    court: Any, now: datetime
) -> None:
    await enter(court, now, "party", LATER)
    begins = datetime(2027, 1, 9, 22, 30, tzinfo=UTC)  # the next day in Bucharest, on which Thailand is bound
    times = [(one, one + timedelta(hours=1)) for one in (begins - timedelta(hours=1), begins)]
    async with court.database.reading() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        found = await law_on_the_day.of_times(db, request, times, zone="Europe/Bucharest", now=now)
    assert [(one.code, one.starts_at, one.day) for one in found] == [(NO_BASIS, times[0][0], date(2027, 1, 9))]
