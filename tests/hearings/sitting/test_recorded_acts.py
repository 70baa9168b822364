"""Recorded acts: who may record what, what is refused, what is kept, and how a correction takes an entry's place."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import participant_actor
from hearings.errors import Invalid, NotAllowed, NotReady, UnknownLanguage
from hearings.events import EventKind
from hearings.hearing import participants
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant
from hearings.permission_table import TABLE
from hearings.requests import attachments
from hearings.roles import Role
from hearings.sitting import recorded_acts, sittings
from hearings.sitting.recorded_acts import KINDS, LONGEST, Sort, in_force, replaced
from hearings.status import PresenceStatus

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter


def values(court: Any, kind: str, **changes: str) -> dict[str, str]:
    """What a clerk would fill in for each kind."""
    witness, judge = court.ids[WITNESS], court.ids[JUDGE]
    filled = {
        "log_note": {"text": "The witness drinks water."},
        "rights_notice": {"participant": witness, "by": judge, "law": "RO", "language": "th"},
        "counsel_waived": {
            "participant": witness, "by": judge, "law": "TH", "language": "th", "text": "I speak for myself.",
        },
        "oath": {
            "participant": witness, "by": judge, "form": "oath", "outcome": "taken", "law": "RO", "language": "ro",
            "text": "Code of criminal procedure, art. 121",
        },
        "interpreting": {"participant": court.ids[INTERPRETER], "what": "consecutive"},
        "objection": {"participant": court.ids[AUTHORITY], "text": "A leading question."},
        "privilege_claim": {"participant": witness, "law": "TH", "text": "A relative."},
        "objection_withdrawn": {"by": court.ids[AUTHORITY]},
        "ruling": {"by": judge, "ruling": "upheld", "law": "TH"},
        "exhibit_shown": {"participant": witness, "by": judge},
        "intervention": {"law": "TH", "text": "The question may not be put."},
        "remark": {"text": "The last answer could not be heard whole."},
        "counsel_asked": {"participant": witness, "text": "Before I answer."},
        "card_adopted": {"law": "RO"},
        "card_read": {"participant": witness, "by": judge, "law": "RO", "language": "ro"},
        "card_rendered": {
            "participant": witness, "interpreter": court.ids[INTERPRETER], "law": "RO", "language": "th",
        },
        "card_answered": {"participant": witness, "answer": "other", "law": "RO", "text": "So be it."},
        "entry_withdrawn": {"text": "The wrong person."},
    }  # fmt: skip
    return filled[kind] | changes


async def accused(court: Any, now: datetime) -> str:
    """The id of somebody accused who is in the room."""
    async with court.database.transaction() as db:
        row = Participant(
            owner_state="RO",
            hearing_id=court.hearing.id,
            role=Role.defendant,
            display_name="The accused",
            state="RO",
            speaks="ro",
            presence=PresenceStatus.present,
            presence_since=now,
        )
        db.add(row)
    return row.id


async def enter(
    court: Any, now: datetime, kind: str, role: Role = CLERK, *, corrects: int | None = None, **changes: str
) -> HearingEvent:
    async with court.database.transaction() as db:
        found: HearingEvent = await recorded_acts.record(
            db,
            hearing=await queries.get(db, Hearing, court.hearing.id),
            kind=kind,
            values=values(court, kind, **changes),
            corrects=corrects,
            card={"id": "privilege", "texts": []} if KINDS[EventKind(kind)].by_card else None,
            actor=await court.actor(db, role),
            now=now,
        )
        return found


async def exhibit(court: Any, now: datetime, kind: str = "exhibit") -> str:
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        found = await attachments.add(
            db, request=request, kind=kind, name="photo.txt", data=b"A photo.", actor=court.staff("clerk"), now=now
        )
        return str(found.id)


async def count(court: Any) -> int:
    async with court.database.reading() as db:
        return len(await recorded_acts.of_hearing(db, court.hearing.id))


@pytest.mark.both_databases
@IN_SESSION
async def test_a_page_holds_some_and_knows_of_corrections_on_later_pages(court: Any, now: datetime) -> None:
    first, second = [(await enter(court, now, "log_note", text=text)).seq for text in ("One", "Two")]
    anew = (await enter(court, now, "log_note", text="One, anew", corrects=first)).seq
    async with court.database.reading() as db:
        page, gone = await recorded_acts.page_of_hearing(db, court.hearing.id, limit=1)
        rest, later = await recorded_acts.page_of_hearing(db, court.hearing.id, after=page.after)
        with pytest.raises(Invalid, match="Not a valid page token"):
            await recorded_acts.page_of_hearing(db, court.hearing.id, after="second")
    assert ([row.seq for row in page.rows], gone) == ([first], {first: anew})
    assert ([row.seq for row in rest.rows], rest.after, later) == ([second, anew], "", {})


# --- the table ---------------------------------------------------------------------------------------------------


def test_every_kind_is_an_event_and_needs_an_action_of_the_permission_table() -> None:
    assert {kind.needs for kind in KINDS.values()} <= TABLE.keys()
    assert {field.sort for kind in KINDS.values() for field in kind.fields.values()} == set(Sort)
    assert [kind for kind, one in KINDS.items() if one.withdraws] == [EventKind.entry_withdrawn]


@pytest.mark.both_databases
@IN_SESSION
async def test_each_kind_is_kept_with_time_actor_sitting_and_time_code(court: Any, now: datetime) -> None:
    named = await exhibit(court, now)
    later = now + timedelta(minutes=2, milliseconds=500)
    for kind in KINDS:
        more: dict[str, Any] = {"exhibit": named} if kind is EventKind.exhibit_shown else {}
        if kind is EventKind.counsel_waived:
            more["participant"] = await accused(court, now)
        if kind in (EventKind.ruling, EventKind.objection_withdrawn):
            more["on"] = str((await enter(court, now, "objection")).seq)
        if kind is EventKind.entry_withdrawn:
            more["corrects"] = (await enter(court, now, "log_note")).seq
        able = {EventKind.intervention: AUTHORITY, EventKind.remark: INTERPRETER, EventKind.card_adopted: JUDGE}
        by = able.get(kind, CLERK)
        found = await enter(court, later, kind.value, by, **more)
        async with court.database.reading() as db:
            sitting, recording = await court.sitting(db)
        assert (found.kind, found.at, found.actor_role) == (kind, later, by)
        kept = {name: found.data[name] for name in ("sitting", "recording", "timecode_ms")}
        assert kept == {"sitting": sitting.id, "recording": recording.id, "timecode_ms": 120_500}
        filled = values(court, kind.value) | {name: more[name] for name in more if name == "participant"}
        assert {name: found.data[name] for name in filled} == filled
    async with court.database.reading() as db:
        shown = next(
            one for one in await recorded_acts.of_hearing(db, court.hearing.id) if one.kind == EventKind.exhibit_shown
        )
        row = await attachments.of_id(db, court.request, named)
    assert shown.data["exhibit"] == {"id": named, "name": "photo.txt", "sha256": row.sha256}
    assert len(row.sha256) == 64


@IN_SESSION
@pytest.mark.parametrize(
    ("kind", "able"),
    [
        ("log_note", {JUDGE, CLERK, AUTHORITY}),
        ("oath", {JUDGE, CLERK, AUTHORITY}),
        ("ruling", {JUDGE, CLERK, AUTHORITY}),
        ("intervention", {AUTHORITY}),
        ("remark", {INTERPRETER}),
    ],
)
async def test_who_may_record_is_the_permission_tables_to_say(
    court: Any, now: datetime, kind: str, able: set[Role]
) -> None:
    raised = await enter(court, now, "objection")
    more = {"on": str(raised.seq)} if kind == "ruling" else {}
    for role in (JUDGE, CLERK, AUTHORITY, INTERPRETER, WITNESS):
        if role in able:
            await enter(court, now, kind, role, **more)
        else:
            with pytest.raises(NotAllowed):
                await enter(court, now, kind, role, **more)
    assert await count(court) == 1 + len(able)


# --- refusals ----------------------------------------------------------------------------------------------------


@IN_SESSION
@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("moon_eclipsed", {}, "kind"),
        ("hold", {}, "kind"),
        ("card_read", {}, "kind"),
        ("log_note", {"text": " "}, "text"),
        ("log_note", {"text": "a" * (LONGEST + 1)}, "text"),
        ("log_note", {"text": "\N{RIGHT-TO-LEFT OVERRIDE}x"}, "text"),
        ("log_note", {"law": "RO"}, "law"),
        ("oath", {"law": "FR"}, "law"),
        ("oath", {"form": "handshake"}, "form"),
        ("oath", {"outcome": ""}, "outcome"),
        ("oath", {"participant": "nobody"}, "participant"),
        ("objection", {"text": ""}, "text"),
        ("objection", {"ground": "relative"}, "ground"),
        ("privilege_claim", {"text": ""}, "text"),
        ("ruling", {"on": "1"}, "on"),
        ("ruling", {"on": "x"}, "on"),
        ("exhibit_shown", {"exhibit": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"}, "exhibit"),
        ("exhibit_shown", {}, "exhibit"),
        ("entry_withdrawn", {}, "corrects"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(
    court: Any, now: datetime, kind: str, changes: dict[str, str], field: str, everything: Any
) -> None:
    filled = {} if kind in ("moon_eclipsed", "hold") else values(court, kind)
    before = await everything(court.database)
    async with court.database.transaction() as db:
        hearing, actor = await queries.get(db, Hearing, court.hearing.id), await court.actor(db, CLERK)
        with pytest.raises(Invalid) as refused:
            await recorded_acts.record(db, hearing=hearing, kind=kind, values=filled | changes, actor=actor, now=now)
    assert await everything(court.database) == before
    assert refused.value.field == field
    assert await count(court) == 0


@IN_SESSION
async def test_a_judge_takes_no_oath_and_a_file_that_is_no_exhibit_is_not_shown(court: Any, now: datetime) -> None:
    with pytest.raises(Invalid, match="Choose a participant"):
        await enter(court, now, "oath", participant=court.ids[JUDGE])
    with pytest.raises(Invalid, match="Choose a participant"):
        await enter(court, now, "oath", by=court.ids[CLERK])
    with pytest.raises(UnknownLanguage):
        await enter(court, now, "oath", language="nonsense")
    named = await exhibit(court, now, "translation")
    with pytest.raises(Invalid, match="no such exhibit in this case"):
        await enter(court, now, "exhibit_shown", exhibit=named)


@pytest.mark.parametrize("stage", ["ready"])
async def test_nothing_is_recorded_without_an_open_sitting(court: Any, now: datetime) -> None:
    with pytest.raises(NotReady, match="No sitting of this hearing is open"):
        await enter(court, now, "log_note")


@IN_SESSION
async def test_nothing_is_recorded_while_the_sitting_is_being_closed(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.close(db, sitting=sitting, actor=await court.actor(db, JUDGE), now=now)
    with pytest.raises(NotReady, match="No sitting of this hearing is open"):
        await enter(court, now, "log_note")


@IN_SESSION
async def test_who_is_not_in_the_room_takes_no_oath_but_their_entry_can_be_corrected(court: Any, now: datetime) -> None:
    sworn = await enter(court, now, "oath")
    async with court.database.transaction() as db:
        seat = await court.seat(db, WITNESS)
        await participants.return_to_lobby(db, participant=seat, actor=await court.actor(db, JUDGE), now=now)
    with pytest.raises(NotReady, match="The person is not in the room"):
        await enter(court, now, "oath")
    await enter(court, now, "oath", corrects=sworn.seq, form="affirmation")


@ASSEMBLED
async def test_before_the_recording_begins_there_is_no_time_code(court: Any, now: datetime) -> None:
    found = await enter(court, now, "interpreting")
    assert "timecode_ms" not in found.data and "recording" not in found.data


@IN_SESSION
async def test_a_protected_persons_name_is_refused_in_every_text(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        seat = await court.seat(db, WITNESS)
        seat.identity_method = "protected_identity"
        db.add(seat)
    for name in ("The witness", court.request.person_name.upper()):
        with pytest.raises(Invalid, match="identity is protected") as refused:
            await enter(court, now, "log_note", text=f"Then {name} wept.")
        assert refused.value.field == "text"
    assert await count(court) == 0


# --- corrections -------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
@IN_SESSION
async def test_a_correction_is_a_new_entry_and_the_old_one_stays(court: Any, now: datetime) -> None:
    old = await enter(court, now, "oath")
    new = await enter(court, now + timedelta(minutes=1), "oath", JUDGE, corrects=old.seq, form="affirmation")
    note = await enter(court, now, "log_note")
    await enter(court, now, "entry_withdrawn", corrects=note.seq)
    async with court.database.reading() as db:
        found = await recorded_acts.of_hearing(db, court.hearing.id)
    assert [one.data.get("form") for one in found] == ["oath", "affirmation", None, None]
    assert replaced(found) == {old.seq: new.seq, note.seq: note.seq + 1}
    (entry,) = in_force(found)
    assert (entry.first.seq, entry.event.seq, entry.event.data["form"]) == (old.seq, new.seq, "affirmation")


@IN_SESSION
async def test_an_entry_is_corrected_once_by_its_own_state_and_in_its_own_kind(court: Any, now: datetime) -> None:
    old = await enter(court, now, "oath")
    for kind, by, seq, text in (
        ("log_note", CLERK, old.seq, "no such entry of this kind"),
        ("oath", CLERK, old.seq + 99, "no such entry of this kind"),
        ("oath", AUTHORITY, old.seq, "Only the State that made an entry"),
        ("entry_withdrawn", AUTHORITY, old.seq, "Only the State that made an entry"),
    ):
        with pytest.raises(Invalid, match=text):
            await enter(court, now, kind, by, corrects=seq)
    gone = await enter(court, now, "entry_withdrawn", corrects=old.seq)
    for seq, text in ((old.seq, "already been corrected or withdrawn"), (gone.seq, "no such entry")):
        with pytest.raises(Invalid, match=text):
            await enter(court, now, "entry_withdrawn", corrects=seq)
    assert await count(court) == 2


@pytest.mark.both_databases
@IN_SESSION
async def test_a_remark_is_its_makers_own_to_correct_and_withdraw(court: Any, now: datetime) -> None:
    made = await enter(court, now, "remark", INTERPRETER)
    assert (made.actor, made.actor_role) == (court.ids[INTERPRETER], "interpreter")
    async with court.database.transaction() as db:
        another = await participants.add(
            db, hearing=court.hearing, role=INTERPRETER, display_name="Another", state="TH", city="Bangkok",
            speaks="ro", person=None, actor=court.staff("clerk"), now=now,
        )  # fmt: skip
        another.presence = PresenceStatus.present
        db.add(another)
        await db.flush()
        with pytest.raises(Invalid, match="Only the author of a remark"):
            await recorded_acts.record(
                db, hearing=court.hearing, kind="remark", values={"text": "No"}, corrects=made.seq,
                actor=participant_actor(another), now=now,
            )  # fmt: skip
    for role in (JUDGE, CLERK, AUTHORITY, WITNESS):
        for kind in ("remark", "entry_withdrawn"):
            with pytest.raises(NotAllowed):
                await enter(court, now, kind, role, corrects=made.seq)
    anew = await enter(court, now, "remark", INTERPRETER, corrects=made.seq, text="It could, after all.")
    gone = await enter(court, now, "entry_withdrawn", INTERPRETER, corrects=anew.seq)
    note = await enter(court, now, "log_note")
    with pytest.raises(NotAllowed):
        await enter(court, now, "entry_withdrawn", INTERPRETER, corrects=note.seq)
    async with court.database.reading() as db:
        found = await recorded_acts.of_hearing(db, court.hearing.id)
    assert replaced(found) == {made.seq: anew.seq, anew.seq: gone.seq}


@IN_SESSION
async def test_who_has_left_the_room_remarks_and_withdraws_nothing(court: Any, now: datetime) -> None:
    made = await enter(court, now, "remark", INTERPRETER)
    async with court.database.transaction() as db:
        seat = await court.seat(db, INTERPRETER)
        seat.presence = PresenceStatus.left
        db.add(seat)
    for kind, corrects in (("remark", None), ("entry_withdrawn", made.seq)):
        with pytest.raises(NotReady, match="You are not in the room"):
            await enter(court, now, kind, INTERPRETER, corrects=corrects)


@IN_SESSION
async def test_a_ruling_is_on_something_that_stands(court: Any, now: datetime) -> None:
    raised = await enter(court, now, "privilege_claim")
    await enter(court, now, "entry_withdrawn", corrects=raised.seq)
    with pytest.raises(Invalid, match="no longer valid"):
        await enter(court, now, "ruling", on=str(raised.seq))
