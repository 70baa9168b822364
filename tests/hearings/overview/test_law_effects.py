"""What an edit of the law would change is named before it is made: requests, what differs, hearings to come."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import ConsentMissing
from hearings.hearing import hearing as diary
from hearings.law import law, rows as law_rows
from hearings.law.law import LAW
from hearings.law.legal_bases import Ask, evaluate
from hearings.law.rows import Edit
from hearings.models import Hearing, Person
from hearings.models.diary import PeriodKind
from hearings.models.request import Capacity
from hearings.overview import law_effects
from hearings.overview.law_effects import Effect
from hearings.requests import requests
from hearings.sentences import Sentence, tell
from hearings.status import HearingStatus
from hearings.times import court_periods, court_times

ADMIN = Actor(id="admin", label="Elena Stan", state="RO", functions=frozenset({"administrator"}))
UNKNOWN = {
    "iso2": "TH",
    "instrument_id": "untoc",
    "party_status": "unknown",
    "in_force_from": "",
    "confidence": "unknown",
    "source": "asked again",
}
BUCHAREST = LAW.rows["court_hours"]["RO/Europe/Bucharest"]
BARE = {
    "id": "nat_TH_video",
    "state": "TH",
    "provision": "s. 1",
    "applies_when_state_is": ["requesting", "requested"],
    "rule": "The witness is heard by video.",
    "source": "the gazette",
    "confidence": "read-in-source",
}
CONSENT = BARE | {"consent_required": {"witness": True}}
"""The law of Thailand asks the witness for consent."""
COSTS = {
    **LAW.instruments["untoc"],
    "profile": {**LAW.instruments["untoc"]["profile"], "cost_default": "requesting_state", "cost_exceptions": []},
}


def edit(kind: str, data: dict[str, Any] | None, key: str = "", of: law.Law = LAW) -> Edit:
    return law_rows.check(kind, data, of, key=key)


def court_hours(opens: str, closes: str, since: str = "") -> dict[str, Any]:
    row = {**BUCHAREST, "intervals": [{"weekdays": "1-5", "opens": opens, "closes": closes}], "source": "the court"}
    return row | ({"effective_from": since} if since else {})


async def effect(database: Database, *edits: Edit, state: str = "RO", of: law.Law = LAW) -> Effect:
    async with database.reading() as db:
        return await law_effects.effect(db, edits=edits, law=of, state=state, on=date(2026, 12, 2))


async def save(database: Database, now: datetime, *edits: Edit) -> None:
    async with database.transaction() as db:
        await law_rows.save(db, edits=edits, reason="Read again", seen=0, actor=ADMIN, now=now)


@pytest.mark.both_databases
async def test_the_effect_names_own_requests_and_counts_those_of_others(
    database: Database, staff: dict[str, Person], now: datetime, fields: dict[str, Any]
) -> None:
    clerk = person_actor(staff["clerk"])
    async with database.transaction() as db:
        mine = await requests.draft(db, requested_state="TH", fields=fields, actor=clerk, now=now)
        other = replace(clerk, id="clerk-fr", state="FR")
        await requests.draft(db, requested_state="TH", fields=fields, actor=other, now=now)
        await requests.draft(db, requested_state="KE", fields=fields, actor=other, now=now)
    edits = [edit("party", UNKNOWN)]
    async with database.reading() as db:
        found = await law_effects.effect(db, edits=edits, law=LAW, state="RO", on=date(2026, 12, 2))
        nothing = await law_effects.effect(
            db, edits=[edit("party", {**UNKNOWN, "iso2": "JP"})], law=LAW, state="RO", on=date(2026, 12, 2)
        )
        assert await law.current(db) is LAW, "looking changes nothing"
    assert [(change.reference, change.before, change.after) for change in found.own] == [
        (mine.reference, "pending, usable", "blocked, not usable")
    ]
    assert (found.others, found.looked_at, found.more) == (1, 3, False)
    assert (nothing.own, nothing.others) == ((), 0)


# --- what differs ------------------------------------------------------------------------------------------------


async def test_a_consent_newly_asked_for_names_the_request_and_the_ready_hearing_it_then_stops(
    court: Any, database: Database, now: datetime
) -> None:
    edits = [edit("overlay", CONSENT)]
    found = await effect(database, *edits)
    (change,) = found.own
    assert (change.reference, change.parts, change.more) == (
        court.request.reference,
        ("Now requires the person's consent: s. 1",),
        0,
    )
    assert (change.before, change.after) == ("pending, usable", "pending, usable")  # the authority has not answered
    assert [(one.ref, one.request, one.status, one.zone) for one in found.held] == [
        (court.hearing.ref, court.request.reference, HearingStatus.ready, "Europe/Bucharest")
    ]
    assert (found.others, found.other_held) == (0, 0)
    requested = await effect(database, *edits, state="TH")
    assert [one.zone for one in requested.held] == ["Asia/Bangkok"]
    third = await effect(database, *edits, state="FR")
    assert (third.own, third.held, third.others, third.other_held) == ((), (), 1, 1)
    await save(database, now, *edits)
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        hearing.status = HearingStatus.agreed
        await db.flush()
        with pytest.raises(ConsentMissing):
            await diary.make_ready(
                db, hearing=hearing, without_test="The rooms met", actor=court.staff("clerk"), now=now
            )
        current = await law.current(db)
    back = await effect(database, edit("overlay", None, "nat_TH_video", current), of=current)
    assert [one.parts for one in back.own] == [("No longer requires the person's consent: s. 1",)]


async def test_a_hearing_that_is_over_is_not_to_come(court: Any, database: Database) -> None:
    async with database.transaction() as db:
        (await queries.get(db, Hearing, court.hearing.id)).status = HearingStatus.concluded
    found = await effect(database, edit("overlay", CONSENT))
    assert ([one.reference for one in found.own], found.held) == ([court.request.reference], ())


async def test_who_pays_differently_is_told_with_what_was_said_before(court: Any, database: Database) -> None:
    (change,) = (await effect(database, edit("instrument", COSTS))).own
    before, after = (
        next(term for term in evaluate(ASK, ["untoc"], law=one).verdicts[0].terms if term.key == "cost_default")
        for one in (LAW, law_rows.edited(LAW, edit("instrument", COSTS)))
    )
    assert before.value != after.value
    assert change.parts == (f"{after.text} (previously: {before.text})",)


def test_terms_that_stand_together_are_told_as_sentences() -> None:
    (verdict,) = evaluate(ASK, ["untoc"], law=LAW).verdicts
    first = verdict.terms[0]
    also = replace(first, value="another", text=tell("Any offence"))
    (part,) = law_effects.differences(verdict, replace(verdict, terms=(*verdict.terms, also)))
    assert isinstance(part, Sentence)
    assert part.given["now"].parts == (first.text, also.text)


ASK = Ask(requesting_state="RO", requested_state="TH", on=date(2026, 12, 2), capacity=Capacity.witness)


@pytest.mark.parametrize(
    ("fields", "begins"),
    [
        ({"consent_required": {"witness": None}}, "Now requires the person's consent: s. 1"),
        ({"counsel_mandatory": True}, "Another requirement is open: The law of Thailand requires defence counsel"),
        (
            {"treaty_basis_required": True},
            "Also required, and met: The law of Thailand requires an international agreement",
        ),
        ({"minutes_each_place": True}, "New on the conduct of the hearing: The law of Thailand"),
        (
            {"interpreter_side": "requested_state"},
            "The law of Thailand: the interpreter comes from the requested State (",
        ),
        (
            {"lead_time": {"applies_to": "summons", "months_before_hearing": 3, "code": "lead_time_too_short"}},
            "Point to note: To reach Thailand at least 3 months before the hearing: summons",
        ),
    ],
)
def test_each_part_of_an_answer_that_differs_is_a_sentence_and_its_going_another(
    fields: dict[str, Any], begins: str
) -> None:
    changed = law.merge([("overlay", "nat_TH_video", BARE | fields)])
    before, after = (evaluate(ASK, ["untoc"], law=one).verdicts[0] for one in (LAW, changed))
    (came,) = law_effects.differences(before, after)
    (gone,) = law_effects.differences(after, before)
    assert came.startswith(begins)
    assert gone != came
    assert list(law_effects.differences(after, after)) == []


def test_a_line_that_closes_and_one_open_for_another_reason_are_told_apart() -> None:
    asked = [replace(ASK, lawyer_access=None, counsel_named=answer) for answer in (None, False, True)]
    changed = law.merge([("overlay", "nat_TH_video", {**CONSENT, "counsel_mandatory": True})])
    unsaid, no, yes = (evaluate(ask, ["untoc"], law=changed).verdicts[0] for ask in asked)
    told = [list(law_effects.differences(one, other)) for one, other in ((unsaid, no), (no, yes), (yes, no))]
    assert [[part.split(":")[0] for part in parts] for parts in told] == [
        ["Still open, for another reason"],
        ["No longer open"],
        ["Another requirement is open"],
    ]


async def test_an_overlay_moved_to_another_state_concerns_the_requests_of_both(court: Any, database: Database) -> None:
    there = law.merge([("overlay", "nat_TH_video", CONSENT)])
    found = await effect(database, edit("overlay", {**CONSENT, "state": "KE"}, "nat_TH_video", there), of=there)
    assert [one.parts for one in found.own] == [("No longer requires the person's consent: s. 1",)]


@pytest.mark.both_databases
async def test_what_is_told_of_one_instrument_is_bounded(
    court: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(law_effects, "PARTS", 1)
    (change,) = (await effect(database, edit("overlay", {**CONSENT, "minutes_each_place": True}))).own
    assert (len(change.parts), change.more) == (1, 1)


# --- court hours -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entered", "left_out"),
    [
        ({"kind": PeriodKind.recess, "reason": "Easter"}, False),
        ({"kind": PeriodKind.closure, "reason": "Flood", "zone": "Europe/Bucharest"}, False),
        ({"kind": PeriodKind.hours, "weekdays": "1234567", "opens": 0, "closes": 1440}, False),
        ({"kind": PeriodKind.special_opening, "opens": 0, "closes": 1440, "reason": "Much to do"}, False),
        ({}, True),
    ],
    ids=["recess", "closure", "hours", "special_opening", "nothing"],
)
async def test_what_a_state_has_entered_about_its_courts_counts_before_the_hours_of_the_law(
    court: Any, database: Database, now: datetime, entered: dict[str, Any], left_out: bool
) -> None:
    day = court.hearing.starts_at.date()
    clerk = court.staff("clerk")
    async with database.transaction() as db:
        if entered:
            words = {"zone": "", **entered}
            await court_periods.add(db, first_day=day, last_day=day, **words, actor=clerk, now=now)
        edits = [edit("court_hours", court_hours("20:00", "21:00"))]
        found = await law_effects.effect(db, edits=edits, law=LAW, state="RO", on=day)
    assert [one.ref for one in found.outside] == ([court.hearing.ref] if left_out else [])


async def test_a_hearing_outside_new_court_hours_is_named_before_and_warned_of_after_and_stays_where_it_is(
    court: Any, database: Database, now: datetime
) -> None:
    day = court.hearing.starts_at.date()
    edits = [edit("court_hours", court_hours("20:00", "21:00"))]
    async with database.reading() as db:
        (own, other), later = [
            [await law_effects.effect(db, edits=edits, law=LAW, state=state, on=day) for state in ("RO", "FR")],
            await law_effects.effect(
                db,
                edits=[edit("court_hours", court_hours("20:00", "21:00", (day + timedelta(days=1)).isoformat()))],
                law=LAW,
                state="RO",
                on=day,
            ),
        ]
    assert [(one.ref, one.starts_at, one.zone) for one in own.outside] == [
        (court.hearing.ref, court.hearing.starts_at, "Europe/Bucharest")
    ]
    assert (other.outside, other.other_hearings, own.other_hearings) == ((), 1, 0)
    assert (later.outside, later.other_hearings) == ((), 0)
    async with database.reading() as db:
        assert await court_times.of_hearing(db, court.hearing) == ()
    await save(database, now, *edits)
    async with database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        warnings = await court_times.of_hearing(db, hearing)
    assert (hearing.starts_at, hearing.status) == (court.hearing.starts_at, court.hearing.status)
    assert [(warning.code, warning.side) for warning in warnings] == [("outside_hours", "requesting")]
