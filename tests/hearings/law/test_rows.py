"""The administrator's rows: what is refused, how they lie over the files, what they would change, how they stay."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import DBAPIError

from hearings import reference
from hearings.actors import Actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.law import law, legal_bases, row_checks, rows as law_rows
from hearings.law.law import LAW
from hearings.law.rows import Edit
from hearings.models import Person
from hearings.models.law import LawKind
from hearings.times import availability, calendars, queries as diary_queries
from hearings.times.slots import SlotSearch
from tests.support.rows import keep, make_person

UNKNOWN = {
    "iso2": "TH",
    "instrument_id": "untoc",
    "party_status": "unknown",
    "in_force_from": "",
    "confidence": "unknown",
    "source": "asked again",
}
ADMIN = Actor(id="admin", label="Elena Stan", state="RO", functions=frozenset({"administrator"}))


def bilateral(**changes: Any) -> dict[str, Any]:
    row = {
        **LAW.instruments["eu_japan"],
        "id": "ro_th",
        "name": "Romania-Thailand (2026)",
        "bilateral": {"side_a": ["RO"], "side_b": ["TH"]},
        "valid_from": "2026-01-01",
        "source": "Monitorul Oficial",
    }
    return {**row, **changes}


def edit(kind: str, data: dict[str, Any] | None, key: str = "") -> Edit:
    return law_rows.check(kind, data, LAW, key=key)


# --- what a row must look like -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(LawKind))
def test_every_row_of_the_files_is_one_an_administrator_could_write(kind: LawKind) -> None:
    for key, row in LAW.rows[kind.value].items():
        checked = row_checks.validate(kind.value, row, LAW)
        assert reference.key_of(kind.value, checked) == key
        assert {name: value for name, value in checked.items() if name in row} == dict(row)


def test_the_kinds_of_rows_are_those_of_the_files() -> None:
    assert set(LawKind) == set(row_checks.FIELDS)
    assert set(LawKind) == set(reference.KEYS)


NORWAY = LAW.rows["overlay"]["nat_NO_30"]
PIGEON = {"channel": "pigeon", "conditions": []}
FRANCE = LAW.rows["overlay"]["nat_FR_694_5"]
PROFILE = LAW.instruments["eu_japan"]["profile"]


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("party", UNKNOWN | {"iso2": "XX"}, "iso2"),
        ("party", UNKNOWN | {"instrument_id": "moon"}, "instrument_id"),
        ("party", UNKNOWN | {"party_status": "maybe"}, "party_status"),
        ("party", UNKNOWN | {"in_force_from": "2026-02-30"}, "in_force_from"),
        ("party", UNKNOWN | {"in_force_from": 2026}, "in_force_from"),
        ("party", UNKNOWN | {"source": ""}, "source"),
        ("party", UNKNOWN | {"source": "a\u202eb"}, "source"),
        ("party", UNKNOWN | {"confidence": "sure"}, "confidence"),
        ("party", UNKNOWN | {"owner_state": "RO"}, "owner_state"),
        ("declaration", {**LAW.rows["declaration"]["GB/ets182/9(9)"], "persons": "accused|bystander"}, "persons"),
        ("declaration", {**LAW.rows["declaration"]["GB/ets182/9(9)"], "effective_from": "soon"}, "effective_from"),
        ("declaration", {**LAW.rows["declaration"]["RO/ets182/9(9)"], "declared": "yes"}, "source"),
        ("instrument", bilateral(priority=None), "priority"),
        ("instrument", bilateral(priority=True), "priority"),
        ("instrument", bilateral(valid_from=None), "valid_from"),
        ("instrument", bilateral(status="not_in_force"), "selectable"),
        ("instrument", bilateral(profile=None), "profile"),
        ("instrument", bilateral(id="RO TH"), "id"),
        ("instrument", bilateral(offence_scope=["theft"]), "offence_scope"),
        ("instrument", bilateral(bilateral=None), "bilateral"),
        ("instrument", bilateral(bilateral={"side_a": ["RO"], "side_b": ["RO", "TH"]}), "bilateral"),
        ("instrument", bilateral(bilateral={"side_a": "group:XX", "side_b": ["TH"]}), "bilateral"),
        ("instrument", bilateral(binding="parties"), "bilateral"),
        ("instrument", bilateral(profile={**PROFILE, "persons": {}}), "profile"),
        ("instrument", bilateral(profile={**PROFILE, "persons": {"juror": {}}}), "profile"),
        ("instrument", bilateral(profile={**PROFILE, "conducted_by": "nobody"}), "profile"),
        (
            "instrument",
            bilateral(profile={**PROFILE, "channels": [PIGEON]}),
            "profile",
        ),
        ("instrument", bilateral(profile={**PROFILE, "conditions": [{"code": "language"}]}), "profile"),
        ("instrument", bilateral(profile={"persons": {}}), "profile"),
        (
            "overlay",
            {**FRANCE, "consent_required": {"accused": "yes"}},
            "consent_required",
        ),
        ("overlay", {**FRANCE, "applies_when_state_is": []}, "applies_when_state_is"),
        ("overlay", {**LAW.rows["overlay"]["nat_CN_ICJA"], "hard_blocks": [{"code": "language"}]}, "hard_blocks"),
        ("overlay", {**LAW.rows["overlay"]["nat_CN_ICJA"], "lead_time": {"code": "x"}}, "lead_time"),
        ("overlay", {**NORWAY, "lead_time": NORWAY["lead_time"] | {"days_before_hearing": 0}}, "lead_time"),
        ("overlay", {**NORWAY, "lead_time": NORWAY["lead_time"] | {"persons": ["pilot"]}}, "lead_time"),
        ("rule", {**LAW.rules["untoc_18_18"], "refusal_grounds": ["mood"]}, "refusal_grounds"),
        ("rule", {**LAW.rules["eio_15"], "sla_days": {"recognition": "30"}}, "sla_days"),
        ("rule", {**LAW.rules["eio_15"], "sla_days": {"recognition": 10**9}}, "sla_days"),
        ("rule", {**LAW.rules["eio_15"], "sla_days": {"recogniton": 30}}, "sla_days"),
        ("jurisdiction", {**LAW.rows["jurisdiction"]["TH"], "tz_ids": "Asia/Atlantis"}, "tz_ids"),
        ("jurisdiction", {**LAW.rows["jurisdiction"]["TH"], "accepted_languages": "th|xx-yy-zz"}, "accepted_languages"),
        ("jurisdiction", {**LAW.rows["jurisdiction"]["TH"], "default_tz": "Europe/Paris"}, "default_tz"),
        ("court_hours", {**LAW.rows["court_hours"]["TH/Asia/Bangkok"], "tz": "Europe/Paris"}, "tz"),
        (
            "court_hours",
            {
                **LAW.rows["court_hours"]["TH/Asia/Bangkok"],
                "intervals": [{"weekdays": "1-5", "opens": "16:00", "closes": "09:00"}],
            },
            "intervals",
        ),
        ("interpreting_rest", {**LAW.rows["interpreting_rest"]["gap"], "minutes": "30"}, "minutes"),
        ("interpreting_rest", {**LAW.rows["interpreting_rest"]["gap"], "minutes": 0}, "minutes"),
        ("interpreting_rest", {**LAW.rows["interpreting_rest"]["gap"], "id": "nap"}, "id"),
        ("mood", {}, "kind"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_by_field(kind: str, data: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        edit(kind, data)
    assert refusal.value.field == field
    assert str(refusal.value)


def test_what_names_a_row_cannot_be_changed_and_what_is_cited_cannot_be_taken_away() -> None:
    with pytest.raises(Invalid) as refusal:
        edit("party", UNKNOWN, key="RO/untoc")
    assert refusal.value.field == "iso2"
    rule = {**LAW.rules["eu_japan"], "id": "ro_th_rule", "instrument_id": "ro_th"}
    first = law_rows.edited(LAW, edit("rule", rule))
    persons = {"witness": {**PROFILE["persons"]["witness"], "rule": "ro_th_rule"}}
    row = bilateral(profile={**PROFILE, "persons": persons})
    second = law_rows.edited(first, law_rows.check("instrument", row, first))
    assert legal_bases.selectable(law=second).index("ro_th") < legal_bases.selectable(law=second).index("untoc")
    with pytest.raises(Invalid) as refusal:
        law_rows.check("rule", None, second, key="ro_th_rule")
    assert "ro_th_rule" in str(refusal.value)
    with pytest.raises(Invalid, match="This row is the same as in the files"):
        law_rows.check("rule", None, second, key="untoc_18_18")


def test_taking_back_gives_the_files_again() -> None:
    changed = law_rows.edited(LAW, edit("party", UNKNOWN))
    assert changed.party("TH", "untoc").status == "unknown"
    back = law_rows.edited(changed, law_rows.check("party", None, changed, key="TH/untoc"))
    assert back.party("TH", "untoc") == LAW.party("TH", "untoc")
    assert back.edited == frozenset()


# --- in the database ---------------------------------------------------------------------------------------------


async def save(database: Database, now: datetime, *edits: Edit, seen: int = 0, actor: Actor = ADMIN) -> list[Any]:
    async with database.transaction() as db:
        return await law_rows.save(db, edits=edits, reason="Read again", seen=seen, actor=actor, now=now)


async def test_an_edit_holds_for_everybody_at_once_and_can_be_taken_back(database: Database, now: datetime) -> None:
    async with database.reading() as db:
        assert await law.current(db) is LAW
    (row,) = await save(database, now, edit("party", UNKNOWN))
    assert (row.serial, row.version, row.kind, row.key, row.edited_label) == (
        *(1, 1, LawKind.party, "TH/untoc"),
        "Elena Stan",
    )
    async with database.reading() as db:
        changed = await law.current(db)
        assert await law.current(db) is changed, "merged once"
    assert (changed.serial, changed.party("TH", "untoc").status) == (1, "unknown")
    assert reference.party("TH", "untoc").status == "in_force", "the files stay as they are"
    await save(database, now, law_rows.check("party", None, changed, key="TH/untoc"), seen=1)
    async with database.reading() as db:
        assert (await law.current(db)).party("TH", "untoc").status == "in_force"
        log = await law_rows.history(db, kind="party", key="TH/untoc")
        assert [(one.version, one.data is None, one.reason) for one in log] == [
            (2, True, "Read again"),
            (1, False, "Read again"),
        ]
        newest = await law_rows.edits(db, limit=1)
        assert [one.serial for one in newest.rows] == [2]
        assert [one.serial for one in (await law_rows.edits(db, after=newest.after)).rows] == [1]


async def test_a_state_that_was_added_is_not_taken_away_while_it_has_staff_here(
    database: Database, now: datetime
) -> None:
    named = {"iso2": "XK", "name": "Kosovo", "default_tz": "Europe/Belgrade", "tz_ids": "Europe/Belgrade"}
    state = Edit(kind="jurisdiction", key="", data={**LAW.rows["jurisdiction"]["TH"], **named})
    place = {"iso2": "XK", "tz": "Europe/Belgrade"}
    hours = Edit(kind="court_hours", key="", data={**LAW.rows["court_hours"]["TH/Asia/Bangkok"], **place})
    await save(database, now, state, hours)
    back = [
        Edit(kind="jurisdiction", key="XK", data=None),
        Edit(kind="court_hours", key="XK/Europe/Belgrade", data=None),
    ]
    somebody = make_person("clerk", "XK", "A. Clerk")
    await keep(database, somebody)
    with pytest.raises(Invalid, match="Kosovo has staff or requests here"):
        await save(database, now, *back, seen=2)
    async with database.transaction() as db:
        await db.delete(await db.get_one(Person, somebody.id))
    await save(database, now, *back, seen=2)
    async with database.reading() as db:
        assert "XK" not in (await law.current(db)).jurisdictions


@pytest.mark.parametrize("function", ["clerk", "authority", "judge"])
async def test_only_an_administrator_edits(database: Database, now: datetime, function: str) -> None:
    with pytest.raises(NotAllowed):
        await save(database, now, edit("party", UNKNOWN), actor=replace(ADMIN, functions=frozenset({function})))
    async with database.reading() as db:
        assert await law.current(db) is LAW


@pytest.mark.both_databases
async def test_an_edit_of_what_has_changed_meanwhile_is_refused_whole(database: Database, now: datetime) -> None:
    await save(database, now, edit("party", UNKNOWN))
    with pytest.raises(NotReady, match="The law data have changed since you opened them; load"):
        await save(database, now, edit("party", {**UNKNOWN, "iso2": "KE"}))
    later = {**UNKNOWN, "iso2": "JP"}
    with pytest.raises(Invalid):
        await save(database, now, edit("party", later), Edit(kind="party", key="", data={"iso2": "XX"}), seen=1)
    async with database.reading() as db:
        assert [row.key for row in (await law_rows.edits(db)).rows] == ["TH/untoc"]


@pytest.mark.both_databases
@pytest.mark.parametrize("statement", ["UPDATE law_row SET reason = 'another'", "DELETE FROM law_row"])
async def test_the_database_itself_keeps_every_version(database: Database, now: datetime, statement: str) -> None:
    await save(database, now, edit("party", UNKNOWN))
    with pytest.raises(DBAPIError) as refusal:
        async with database.transaction() as db:
            await (await db.connection()).exec_driver_sql(statement)
    assert "only grows" in str(refusal.value)


# --- court hours -------------------------------------------------------------------------------------------------

BUCHAREST = LAW.rows["court_hours"]["RO/Europe/Bucharest"]
FILES = calendars.from_law(LAW, "RO", "Europe/Bucharest")


def court_hours(opens: str, closes: str, since: str = "") -> dict[str, Any]:
    row = {**BUCHAREST, "intervals": [{"weekdays": "1-5", "opens": opens, "closes": closes}], "source": "the court"}
    return row | ({"effective_from": since} if since else {})


def spans(found: law.Law) -> list[tuple[int, int, date, date, int]]:
    return [
        (row.version, row.opens, row.first, row.last, row.closes)
        for row in calendars.from_law(found, "RO", "Europe/Bucharest")
    ]


def test_edited_court_hours_hold_from_their_day_on_and_the_earlier_ones_until_then() -> None:
    found = LAW
    for row in (court_hours("10:00", "14:00", "2027-01-01"), court_hours("11:00", "15:00", "2027-03-01")):
        found = law_rows.edited(found, law_rows.check("court_hours", row, found))
    assert spans(found) == [
        *((0, file.opens, date.min, date(2026, 12, 31), file.closes) for file in FILES),
        (1, 600, date(2027, 1, 1), date(2027, 2, 28), 840),
        (2, 660, date(2027, 3, 1), date.max, 900),
    ]
    # A version that counts from an earlier day stands in place of all that was to come after it.
    earlier = law_rows.edited(found, law_rows.check("court_hours", court_hours("09:00", "12:00", "2027-02-01"), found))
    assert spans(earlier)[-2:] == [
        (1, 600, date(2027, 1, 1), date(2027, 1, 31), 840),
        (3, 540, date(2027, 2, 1), date.max, 720),
    ]
    always = law_rows.edited(earlier, law_rows.check("court_hours", court_hours("08:00", "10:00"), earlier))
    assert spans(always) == [(4, 480, date.min, date.max, 600)]
    back = law_rows.edited(always, law_rows.check("court_hours", None, always, key="RO/Europe/Bucharest"))
    assert calendars.from_law(back, "RO", "Europe/Bucharest") == FILES


def test_a_day_hours_count_from_is_a_date() -> None:
    with pytest.raises(Invalid) as refusal:
        edit("court_hours", court_hours("10:00", "14:00", "next spring"))
    assert refusal.value.field == "effective_from"


async def test_slots_are_searched_within_the_hours_an_administrator_has_entered(
    database: Database, now: datetime
) -> None:
    async def first_and_last(day: int) -> list[str]:
        wanted = SlotSearch(
            since=datetime(2027, 3, day, tzinfo=UTC),
            until=datetime(2027, 3, day + 1, tzinfo=UTC),
            duration=timedelta(hours=1),
        )
        async with database.reading() as db:
            found = await availability.find(
                db, wanted=wanted, courts=[("RO", "Europe/Bucharest")], state="RO", now=now, per_day=50, limit=50
            )
        starts = [f"{calendars.at(start).astimezone(ZoneInfo('Europe/Bucharest')):%H:%M}" for start in found.starts]
        return [starts[0], starts[-1]]

    assert await first_and_last(1) == ["08:30", "15:00"]
    await save(database, now, edit("court_hours", court_hours("11:00", "13:00", "2027-03-02")))
    assert await first_and_last(1) == ["08:30", "15:00"]
    assert await first_and_last(2) == ["11:00", "12:00"]
    async with database.reading() as db:
        calendar = await diary_queries.court_calendar(
            db,
            law=await law.current(db),
            state="RO",
            zone="Europe/Bucharest",
            since=date(2027, 3, 2),
            until=date(2027, 3, 9),
        )
    assert [(row.version, row.first) for row in calendar.hours] == [(1, date(2027, 3, 2))]
