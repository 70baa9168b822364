"""Interpreters in a sitting: the turn, its handover and loss, relay, signals, and time without an interpreter."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.agreement.room_rules import NO_RULES
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.events import EventKind
from hearings.hearing import participants, seats
from hearings.interpreting import assignments, booths, interpreters
from hearings.models import Hearing, Participant
from hearings.models.sitting import HoldCause
from hearings.roles import Role
from hearings.sitting import floor_turns
from hearings.status import PresenceStatus
from tests.support.court import seated

pytestmark = pytest.mark.parametrize("stage", ["in_session"])

SECOND = timedelta(seconds=1)
BOOTH = "ro,th"


async def partner(court: Any, db: Any, now: datetime, **more: Any) -> Participant:
    """Another interpreter, in the room."""
    hearing = await queries.get(db, Hearing, court.hearing.id, lock=True)
    row = await participants.add(
        db, hearing=hearing, role=Role.interpreter, display_name="The partner", state="RO", city="", speaks="ro",
        actor=court.staff("clerk"), now=now,
    )  # fmt: skip
    row.presence = PresenceStatus.present
    for name, value in more.items():
        setattr(row, name, value)
    await db.flush()
    return row


async def kept(court: Any, db: Any, now: datetime, lost: Any = (), **more: Any) -> Any:
    """The rows brought up to `now`, as the service does it."""
    sitting, _recording = await court.sitting(db)
    hearing = await queries.get(db, Hearing, court.hearing.id)
    people = await queries.participants(db, hearing.id)
    by = {"consecutive": False} | more
    found = await interpreters.keep(
        db, sitting=sitting, hearing=hearing, people=people, without_line=lost, now=now, **by
    )
    await db.flush()
    return found


async def on(db: Any, row: Participant, now: datetime, lang: str = "") -> None:
    if lang:
        await seats.set_renders(db, participant=row, lang=lang, actor=seated(row), now=now)
    await interpreters.set_microphone(db, participant=row, on=True, actor=seated(row), now=now)


async def events(court: Any, db: Any, kind: EventKind) -> list[dict[str, Any]]:
    return [event.data for event in await queries.events(db, court.hearing.id) if event.kind == kind]


@pytest.mark.both_databases
async def test_the_turn_passes_when_both_have_pressed_with_its_direction(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        ana, luis = await court.seat(db, Role.interpreter), await partner(court, db, now)
        with pytest.raises(NotReady):
            await interpreters.hand_over(db, participant=ana, actor=seated(ana), now=now)
        await on(db, ana, now, "ro")
        with pytest.raises(NotReady):
            await interpreters.set_microphone(db, participant=luis, on=True, actor=seated(luis), now=now)
        await interpreters.set_microphone(db, participant=ana, on=False, actor=seated(ana), now=now)  # a cough
        with pytest.raises(NotReady):
            await interpreters.set_microphone(db, participant=luis, on=True, actor=seated(luis), now=now)
        await on(db, ana, now)
        await interpreters.hand_over(db, participant=luis, actor=seated(luis), now=now)
        await interpreters.hand_over(db, participant=ana, actor=seated(ana), now=now)
        assert (await kept(court, db, now + 2 * SECOND)).handed == ()
        assert (await kept(court, db, now + 3 * SECOND)).handed == ((ana.id, luis.id),)
        assert (ana.microphone, ana.renders, luis.microphone, luis.renders) == (False, "", False, "ro")
        await on(db, luis, now + 3 * SECOND)
    async with database.reading() as db:
        sitting, _recording = await court.sitting(db)
        assert booths.from_json(sitting.booths[BOOTH]).live == luis.id
        (told,) = await events(court, db, EventKind.handed_over)
    assert (told["participant"], told["before"], told["lang"], told["why"]) == (luis.id, ana.id, "ro", "handover")


async def test_somebody_who_is_lost_is_taken_over_from_in_time(court: Any, database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        ana, luis = await court.seat(db, Role.interpreter), await partner(court, db, now)
        await on(db, ana, now, "ro")
        with pytest.raises(NotReady):
            await interpreters.take_over(db, participant=luis, actor=seated(luis), now=now)
        found = await kept(court, db, now, [ana.id])
        assert found.news == (("take_over", luis.id),)
        await interpreters.take_over(db, participant=luis, actor=seated(luis), now=now + SECOND)
        await on(db, luis, now + SECOND)
        await kept(court, db, now + 9 * SECOND, [ana.id])
        sitting, _recording = await court.sitting(db)
        assert (luis.renders, sitting.floor_open) == ("ro", True)
        assert [told["why"] for told in await events(court, db, EventKind.handed_over)] == ["take_over"]


@pytest.mark.both_databases
async def test_nobody_takes_over_and_the_floor_is_held_for_the_language(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        ana, _luis = await court.seat(db, Role.interpreter), await partner(court, db, now)
        await on(db, ana, now, "ro")
        await kept(court, db, now, [ana.id])
        await kept(court, db, now + 4 * SECOND, [ana.id])
        sitting, _recording = await court.sitting(db)
        assert sitting.floor_open
        await kept(court, db, now + 5 * SECOND, [ana.id])
    async with database.reading() as db:
        sitting, _recording = await court.sitting(db)
        assert (sitting.floor_open, sitting.hold_cause) == (False, HoldCause.fault)
        assert sitting.hold_reason == "interpreter_lost:ro,th"


async def test_no_hold_where_nobody_needs_the_language_or_somebody_else_could_interpret(
    court: Any, database: Database, now: datetime
) -> None:
    for alone in (True, False):
        async with database.transaction() as db:
            ana = await court.seat(db, Role.interpreter)
            if alone:  # everybody hears the floor as spoken
                for person in await queries.participants(db, court.hearing.id):
                    person.hears = ""
            else:
                await partner(court, db, now, interprets=["ro", "th"], interprets_into=["ro"])
                await partner(court, db, now, interprets=["ro", "th"], interprets_into=["th"])
            await on(db, ana, now, "ro")
            for seconds in (0, 5):
                await kept(court, db, now + seconds * SECOND, [ana.id])
            sitting, _recording = await court.sitting(db)
            assert sitting.floor_open, alone
            await kept(court, db, now + 6 * SECOND)


@pytest.mark.both_databases
async def test_time_without_an_interpreter_is_measured_and_written_down(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        ana, witness = await court.seat(db, Role.interpreter), await court.seat(db, Role.witness)
        await seats.set_microphone(db, participant=witness, on=True, actor=seated(witness), now=now)
        assert (await kept(court, db, now)).uncovered == {"ro": now.isoformat()}
        await on(db, ana, now + SECOND, "ro")
        assert (await kept(court, db, now + SECOND)).uncovered == {}
        assert await events(court, db, EventKind.uncovered) == []  # one second is no time
        await interpreters.set_microphone(db, participant=ana, on=False, actor=seated(ana), now=now)
        await kept(court, db, now + 2 * SECOND)
        await kept(court, db, now + 7 * SECOND)
        await on(db, ana, now + 9.5 * SECOND)
        await kept(court, db, now + 9.5 * SECOND)
    async with database.reading() as db:
        (told,) = await events(court, db, EventKind.uncovered)
    assert (told["lang"], told["seconds"], told["since"]) == ("ro", 7.5, (now + 2 * SECOND).isoformat())


async def consecutively(court: Any, db: Any, now: datetime) -> tuple[Participant, Participant]:
    """Consecutive interpreting: the witness has spoken, and the interpreter interprets it to the floor."""
    sitting, _recording = await court.sitting(db)
    judge = await court.actor(db, Role.presiding_judge)
    await floor_turns.set_mode(db, sitting=sitting, mode="consecutive", actor=judge, now=now)
    witness, ana = await court.seat(db, Role.witness), await court.seat(db, Role.interpreter)
    await floor_turns.give(db, participant=witness, actor=judge, now=now)
    await seats.set_microphone(db, participant=witness, on=True, actor=seated(witness), now=now)
    await floor_turns.finish(db, participant=witness, actor=seated(witness), now=now)
    await floor_turns.interpret(db, participant=ana, actor=seated(ana), now=now)
    await on(db, ana, now)
    return witness, ana


async def test_a_partner_who_takes_over_goes_on_with_the_words_that_wait(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        luis = await partner(court, db, now)
        witness, ana = await consecutively(court, db, now)
        found = await kept(court, db, now + 6 * SECOND, [ana.id], consecutive=True)
        assert found.news == (("take_over", luis.id),)
        assert found.uncovered == {"ro": (now + 6 * SECOND).isoformat()}
        await interpreters.take_over(db, participant=luis, actor=seated(luis), now=now + 9 * SECOND)
        await on(db, luis, now + 9 * SECOND)
        await kept(court, db, now + 9 * SECOND, [ana.id], consecutive=True)
        await floor_turns.end_interpreting(db, participant=luis, actor=seated(luis), now=now + 20 * SECOND)
        sitting, _recording = await court.sitting(db)
        assert (sitting.floor_open, ana.interprets_since) == (True, None)
        parts = await events(court, db, EventKind.interpreting_ended)
        assert [(one["participant"], one["of"], one["seconds"], one["lang"], one["into"]) for one in parts] == [
            (ana.id, witness.id, 9.0, "th", ["ro"]),
            (luis.id, witness.id, 11.0, "th", ["ro"]),
        ]
        (waited,) = await events(court, db, EventKind.uncovered)
        assert (waited["lang"], waited["seconds"]) == ("ro", 3.0)


async def test_where_no_partner_takes_over_the_floor_is_held_for_the_languages_and_their_time_goes_on(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        await partner(court, db, now)
        _witness, ana = await consecutively(court, db, now)
        for seconds in (1, 6, 30):
            await kept(court, db, now + seconds * SECOND, [ana.id], consecutive=True)
        sitting, _recording = await court.sitting(db)
        assert (sitting.floor_open, sitting.hold_reason) == (False, "interpreter_lost:ro,th")
        assert set(sitting.uncovered) == {"ro", "th"}
        await kept(court, db, now + 41 * SECOND, consecutive=True)  # she is back
        told = {one["lang"]: one["seconds"] for one in await events(court, db, EventKind.uncovered)}
        assert told == {"ro": 40.0, "th": 35.0}
        assert sitting.uncovered == {}


@pytest.mark.parametrize(
    ("others", "hears", "reason"),
    [
        ([], True, "interpreter_lost:ro,th"),
        ([{"interprets_into": ["ro"]}], True, "interpreter_lost:th"),
        ([{"interprets_into": ["ro"]}, {"interprets_into": ["th"]}], True, ""),
        ([{}], True, ""),
        ([{"presence": PresenceStatus.left}], True, "interpreter_lost:ro,th"),
        ([], False, ""),
    ],
)
async def test_a_lost_consecutive_interpreter_holds_the_languages_that_nobody_else_there_has(
    court: Any, database: Database, now: datetime, others: list[dict[str, Any]], hears: bool, reason: str
) -> None:
    async with database.transaction() as db:
        for other in others:
            await partner(court, db, now, **({"interprets": ["ro", "th"]} | other))
        ana, witness = await court.seat(db, Role.interpreter), await court.seat(db, Role.witness)
        people = await queries.participants(db, court.hearing.id)
        if not hears:
            for person in people:
                person.hears = ""
        booked = (await queries.get(db, Hearing, court.hearing.id)).languages
        assert interpreters.reason_of_loss(ana, people, booked, in_turn=True) == reason
        assert interpreters.reason_of_loss(ana, people, booked, in_turn=False) == f"line_lost:{ana.id}"
        assert interpreters.reason_of_loss(witness, people, booked, in_turn=True) == f"line_lost:{witness.id}"


async def test_a_poor_line_ends_simultaneous_interpreting_once_and_then_holds(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        ana, witness = await court.seat(db, Role.interpreter), await court.seat(db, Role.witness)
        sitting, _recording = await court.sitting(db)
        asked: dict[str, Any] = {"sitting": sitting, "rules": NO_RULES, "now": now}
        assert not await interpreters.stop(db, participant=ana, step="consecutive", **asked)  # she interprets nothing
        await on(db, ana, now, "ro")
        assert not await interpreters.stop(db, participant=witness, step="hold", **asked)
        assert await interpreters.stop(db, participant=ana, step="consecutive", **asked)
        assert (sitting.floor_mode, ana.renders, ana.microphone) == ("consecutive", "", False)
        assert not await interpreters.stop(db, participant=ana, step="consecutive", **asked)
        (told,) = await events(court, db, EventKind.floor_mode)
        assert told == {"mode": "consecutive", "participant": ana.id, "why": "interpreter_line_poor"}
        assert sitting.floor_open
        assert await interpreters.stop(db, participant=ana, step="hold", **asked)
        assert (sitting.floor_open, sitting.hold_reason) == (False, f"interpreter_line_poor:{ana.id}")


async def test_one_relay_may_lie_between_who_speaks_and_who_listens_and_no_second(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        clerk = {"actor": court.staff("clerk"), "now": now}
        hearing = await queries.get(db, Hearing, court.hearing.id, lock=True)
        for lang in ("en", "hu"):
            await assignments.book(db, hearing=hearing, lang=lang, **clerk)
        ana, luis = await court.seat(db, Role.interpreter), await partner(court, db, now)
        mara = await partner(court, db, now)
        for row, languages, into in (
            (ana, ["en", "th"], ["en"]),
            (luis, ["en", "ro"], ["ro"]),
            (mara, ["ro", "hu"], ["hu"]),
        ):
            await assignments.assign(db, hearing=hearing, participant=row, languages=languages, into=into, **clerk)
        await interpreters.choose_language(db, participant=luis, lang="en", actor=seated(luis), now=now)
        assert luis.hears == "en"
        with pytest.raises(Invalid):  # Hungarian by way of Romanian by way of English
            await interpreters.choose_language(db, participant=mara, lang="ro", actor=seated(mara), now=now)
        with pytest.raises(Invalid):  # and the other way round: somebody interprets from what she interprets into
            await interpreters.choose_language(db, participant=ana, lang="hu", actor=seated(ana), now=now)
        with pytest.raises(Invalid):
            await interpreters.choose_language(db, participant=mara, lang="de", actor=seated(mara), now=now)
        await interpreters.choose_language(db, participant=luis, lang="", actor=seated(luis), now=now)
        await interpreters.choose_language(db, participant=mara, lang="ro", actor=seated(mara), now=now)
        assert [told["lang"] for told in await events(court, db, EventKind.relay_chosen)] == ["en", "", "ro"]


async def test_two_of_one_booth_interpret_from_the_same_channel_and_nobody_from_theirs(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        clerk = {"actor": court.staff("clerk"), "now": now}
        hearing = await queries.get(db, Hearing, court.hearing.id, lock=True)
        for lang in ("fr", "hu"):
            await assignments.book(db, hearing=hearing, lang=lang, **clerk)
        claire, paul = await partner(court, db, now), await partner(court, db, now)
        mara = await partner(court, db, now)
        for row, languages in ((claire, ["ro", "fr"]), (paul, ["ro", "fr"]), (mara, ["fr", "hu"])):
            await assignments.assign(db, hearing=hearing, participant=row, languages=languages, **clerk)
        for row in (claire, paul):
            await interpreters.choose_language(db, participant=row, lang="ro", actor=seated(row), now=now)
        assert (claire.hears, paul.hears) == ("ro", "ro")
        with pytest.raises(Invalid):
            await interpreters.choose_language(db, participant=mara, lang="fr", actor=seated(mara), now=now)


async def test_a_signal_is_written_down_and_who_cannot_interpret_leaves_a_remark(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        ana, witness = await court.seat(db, Role.interpreter), await court.seat(db, Role.witness)
        for row, what in ((ana, "slower"), (witness, "cannot_hear")):
            await interpreters.signal(db, participant=row, what=what, actor=seated(row), now=now)
        with pytest.raises(NotAllowed):
            await interpreters.signal(db, participant=ana, what="slower", actor=seated(witness), now=now)
        with pytest.raises(NotAllowed):
            await interpreters.signal(
                db, participant=witness, what="cannot_interpret", text="Nothing", actor=seated(witness), now=now
            )
        with pytest.raises(Invalid):
            await interpreters.signal(db, participant=ana, what="cannot_interpret", actor=seated(ana), now=now)
    async with database.transaction() as db:
        ana = await court.seat(db, Role.interpreter)
        text = "The sound breaks up"
        await interpreters.signal(db, participant=ana, what="cannot_interpret", text=text, actor=seated(ana), now=now)
        assert [told["what"] for told in await events(court, db, EventKind.signal)][-1] == "cannot_interpret"
        assert [told["text"] for told in await events(court, db, EventKind.remark)] == [text]
