"""Rules of the room: what follows from conditions, what blocks the start, and what is announced."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hearings import queries
from hearings.agreement import agreements, room_rules, sites
from hearings.agreement.room_rules import RoomRules
from hearings.errors import ConditionsOpen, Invalid, NoRecipients, NotAllowed, NotReady
from hearings.events import EventKind
from hearings.hearing import hearing as diary, participants
from hearings.models import Agreement, Hearing, HearingRequest, Participant, Site, SiteProfile, Sitting
from hearings.models.request import Capacity
from hearings.requests import conditions
from hearings.requests.conditions import ConditionKind
from hearings.roles import Role
from hearings.sitting import recorded_acts, sittings, sound_checks
from hearings.status import AgreementStatus, HearingStatus, PresenceStatus, SittingStatus

DOCS = Path(__file__).parents[3] / "docs"


def rules(*items: dict[str, Any]) -> RoomRules:
    return room_rules.of(None, conditions.parse(items))


async def impose(court: Any, *items: dict[str, Any]) -> None:
    """The request was accepted under these conditions."""
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        request.condition_rules = [conditions.as_json(one) for one in conditions.parse(items)]
        db.add(request)


# --- pure --------------------------------------------------------------------------------------------------------


def test_what_must_not_be_recorded_is_by_role_and_kind() -> None:
    found = rules(
        {"kind": "no_recording_of", "who": "witness", "what": "picture"},
        {"kind": "no_recording_of", "who": "interpreter", "what": "sound"},
    )
    assert [
        found.records(role, kind) for role in (Role.witness, Role.interpreter, Role.clerk) for kind in ("mic", "cam")
    ] == [True, False, False, True, True, True]
    assert (found.records_channels, rules().records_channels) == (False, True)


def test_officials_and_counsel_must_be_there() -> None:
    found = rules(
        {"kind": "counsel_present"},
        {"kind": "official_present", "role": "requested_authority", "function": "A judge"},
    )
    assert found.present == {Role.defence, Role.requested_authority}


def test_an_agreement_counts_once_both_have_signed() -> None:
    agreed = Agreement(
        owner_state="RO",
        hearing_id="-",
        requested_state="TH",
        starts_at=datetime.now().astimezone(),
        number=1,
        by_state="RO",
        requesting_profile_id="-",
        requested_profile_id="-",
        needs={},
        terms={"session": {"recording": "sound_only", "height": 720}},
        terms_sha256="",
        created_by="-",
        created_at=datetime.now().astimezone(),
    )
    assert room_rules.of(agreed, ()).session == {}
    agreed.status = AgreementStatus.agreed
    found = room_rules.of(agreed, ())
    assert (found.session["height"], found.records(Role.clerk, "cam"), found.records(Role.clerk, "mic")) == (
        720,
        False,
        True,
    )


def test_times_fall_due_to_the_second_and_only_in_session(now: datetime) -> None:
    found = rules({"kind": "time_limit", "minutes": 60}, {"kind": "breaks_every", "minutes": 20, "pause": 5})
    sitting = Sitting(owner_state="RO", hearing_id="-", status=SittingStatus.in_session, since=now, started_at=now)
    second, minute = timedelta(seconds=1), timedelta(minutes=1)
    assert room_rules.due(found, sitting, now + 20 * minute - second) is None
    assert room_rules.due(found, sitting, now + 20 * minute) == (EventKind.break_due, now + 20 * minute)
    assert room_rules.due(found, sitting, now + 60 * minute) == (EventKind.time_limit_reached, now + 60 * minute)
    sitting.since = now + 30 * minute  # a pause was made
    assert room_rules.due(found, sitting, now + 50 * minute - second) is None
    sitting.status = SittingStatus.paused
    assert room_rules.due(found, sitting, now + 60 * minute) is None


def test_the_page_on_conditions_says_what_the_code_says() -> None:
    rows = [line for line in (DOCS / "conditions.md").read_text("utf-8").splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{kind}` | {', '.join(f'`{name}`' for name in conditions.PARAMS.get(kind, {}))} | "
        f"{conditions.TREATMENT[kind]} | {conditions.HOW[kind]} |".replace("|  |", "| |")
        for kind in ConditionKind
    ]


# --- in a sitting ------------------------------------------------------------------------------------------------


async def start(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.start(db, sitting=sitting, actor=await court.actor(db, Role.presiding_judge), now=now)


async def confirm(court: Any, kind: str, role: Role, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await room_rules.confirm(db, sitting=sitting, kind=kind, actor=await court.actor(db, role), now=now)


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["assembled"])
async def test_the_start_waits_for_what_the_requested_authority_confirms(court: Any, now: datetime) -> None:
    await impose(court, {"kind": "nobody_else_in_room"}, {"kind": "camera_shows_room"})
    await court.check_sound()
    await confirm(court, "camera_shows_room", Role.requested_authority, now)
    with pytest.raises(ConditionsOpen) as caught:
        await start(court, now)
    assert caught.value.missing == (
        "Not confirmed by the requested authority: Nobody but the person heard and those named here is in the room "
        "with them.",
    )
    for _ in range(2):  # again changes nothing
        await confirm(court, "nobody_else_in_room", Role.requested_authority, now)
    await start(court, now)
    async with court.database.reading() as db:
        kinds = [
            (event.data["condition"], event.actor_role)
            for event in await queries.events(db, court.hearing.id)
            if event.kind == EventKind.condition_confirmed
        ]
    assert kinds == [("camera_shows_room", "requested_authority"), ("nobody_else_in_room", "requested_authority")]


@pytest.mark.parametrize("stage", ["assembled"])
async def test_nobody_else_confirms_and_nothing_that_was_not_asked(court: Any, now: datetime) -> None:
    await impose(court, {"kind": "nobody_else_in_room"})
    with pytest.raises(NotAllowed):
        await confirm(court, "nobody_else_in_room", Role.presiding_judge, now)
    with pytest.raises(Invalid):
        await confirm(court, "time_limit", Role.requested_authority, now)


@pytest.mark.parametrize("stage", ["in_session"])
async def test_nothing_is_confirmed_after_the_start(court: Any, now: datetime) -> None:
    await impose(court, {"kind": "nobody_else_in_room"})
    with pytest.raises(NotReady):
        await confirm(court, "nobody_else_in_room", Role.requested_authority, now)


@pytest.mark.parametrize("stage", ["assembled"])
async def test_the_start_waits_for_counsel(court: Any, now: datetime) -> None:
    await impose(court, {"kind": "counsel_present"})
    await court.check_sound()
    with pytest.raises(ConditionsOpen, match="Defence counsel is not in the room"):
        await start(court, now)
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        await participants.add(
            db,
            hearing=hearing,
            role=Role.defence,
            display_name="Counsel",
            state="TH",
            city="Bangkok",
            speaks="th",
            actor=court.staff("clerk"),
            now=now,
        )
        court.ids = {participant.role: participant.id for participant in await queries.participants(db, hearing.id)}
    await court.come(Role.defence)
    await court.admit(Role.defence)
    await start(court, now)


@pytest.mark.parametrize("stage", ["assembled"])
@pytest.mark.parametrize("way", ["waived", "withdrawn", "condition", "counsel"])
async def test_nobody_accused_answers_without_counsel_unless_they_have_waived_it(
    court: Any, now: datetime, way: str
) -> None:
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        request.capacity = Capacity.accused
        accused = await court.seat(db, Role.witness)
        accused.role = Role.defendant
    court.ids[Role.defendant] = court.ids[Role.witness]
    with pytest.raises(ConditionsOpen, match="Defence counsel is not in the room"):
        await kept(court)
    if way == "condition":
        await impose(court, {"kind": "counsel_present"})
    async with court.database.transaction() as db:
        if way == "counsel":
            seat = {"owner_state": "RO", "hearing_id": court.hearing.id, "state": "RO", "speaks": "ro"}
            here = {"presence": PresenceStatus.present, "presence_since": now}
            db.add(Participant(role=Role.defence, display_name="Counsel", **seat, **here))
        else:
            await waive(court, db, now, taken_back=way == "withdrawn")
    if way in ("waived", "counsel"):
        await kept(court)
    else:
        with pytest.raises(ConditionsOpen, match="Defence counsel is not in the room"):
            await kept(court)


@pytest.mark.parametrize("stage", ["in_session"])
async def test_the_floor_is_not_opened_again_without_counsel_of_the_accused(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        request.capacity = Capacity.accused
        (await court.seat(db, Role.witness)).role = Role.defendant
        court.ids[Role.defendant] = court.ids[Role.witness]
        judge, (sitting, _recording) = await court.actor(db, Role.presiding_judge), await court.sitting(db)
        await sittings.hold(db, sitting=sitting, reason="Counsel has left", actor=judge, now=now)
        with pytest.raises(ConditionsOpen, match="Defence counsel is not in the room"):
            await sittings.resume(db, sitting=sitting, reason="We go on", actor=judge, now=now)
        await waive(court, db, now, taken_back=False)
        assert await sittings.resume(db, sitting=sitting, reason="The accused waives it", actor=judge, now=now)


async def kept(court: Any) -> None:
    async with court.database.transaction() as db:
        await room_rules.require_kept(db, (await court.sitting(db))[0])


async def waive(court: Any, db: Any, now: datetime, *, taken_back: bool) -> None:
    """The accused waives counsel on the record, and may take it back."""
    hearing, clerk = await queries.get(db, Hearing, court.hearing.id), await court.actor(db, Role.clerk)
    words = {"participant": court.ids[Role.defendant], "by": court.ids[Role.presiding_judge], "law": "TH"}
    words |= {"language": "th", "text": "I speak for myself."}
    by = {"hearing": hearing, "actor": clerk, "now": now}
    entry = await recorded_acts.record(db, kind="counsel_waived", values=words, **by)
    if taken_back:
        why = {"text": "The person asks for counsel."}
        await recorded_acts.record(db, kind="entry_withdrawn", values=why, corrects=entry.seq, **by)


@pytest.mark.parametrize("stage", ["assembled"])
async def test_no_sound_check_is_asked_of_what_is_not_recorded(court: Any, now: datetime) -> None:
    await impose(
        court,
        {"kind": "no_recording_of", "who": "witness", "what": "picture"},
        {"kind": "no_recording_of", "who": "requested_authority", "what": "sound"},
        {"kind": "no_recording_of", "who": "interpreter", "what": "sound_and_picture"},
    )
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        judge = await court.actor(db, Role.presiding_judge)
        checks = await sound_checks.pre_record(db, sitting=sitting, actor=judge, now=now)
        roles = {seat: role for role, seat in court.ids.items()}
        assert sorted((roles[check.participant_id].value, check.lang, check.camera_required) for check in checks) == [
            ("presiding_judge", "", False),
            ("witness", "", False),
        ]
        with pytest.raises(NotReady, match="not recorded"):
            await sound_checks.begin_sound_check(
                db,
                sitting=sitting,
                participant=await court.seat(db, Role.requested_authority),
                actor=judge,
                now=now,
            )
    await court.check_sound(no_picture_of=Role.witness)
    await start(court, now)


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["in_session"])
async def test_the_end_of_the_time_limit_is_announced_once_and_cuts_nobody_off(court: Any, now: datetime) -> None:
    await impose(court, {"kind": "time_limit", "minutes": 5})

    async def announced(minutes: int) -> EventKind | None:
        async with court.database.transaction() as db:
            sitting, _ = await court.sitting(db)
            return await room_rules.announce(db, sitting=sitting, now=now + timedelta(minutes=minutes))

    assert [await announced(minutes) for minutes in (4, 5, 6)] == [None, EventKind.time_limit_reached, None]
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    assert (sitting.status, sitting.floor_open) == (SittingStatus.in_session, True)


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["assembled"])
@pytest.mark.parametrize("state", ["RO", "TH"])
async def test_nothing_is_recorded_for_a_state_that_could_not_open_it(court: Any, now: datetime, state: str) -> None:
    await court.check_sound()
    async with court.database.transaction() as db:
        (key,) = await queries.authority_keys(db, [state])
        key.kind = "escrow"
    with pytest.raises(NoRecipients) as refusal:
        async with court.database.transaction() as db:
            sitting, _ = await court.sitting(db)
            await sittings.start(db, sitting=sitting, actor=await court.actor(db, Role.presiding_judge), now=now)
    assert (refusal.value.code, refusal.value.missing) == ("no_recipients", (state,))
    async with court.database.transaction() as db:
        assert (await court.sitting(db))[1].status.value == "not_started"
        hearing = await queries.get(db, Hearing, court.hearing.id)
        hearing.status = HearingStatus.agreed
        with pytest.raises(NoRecipients):
            await diary.make_ready(db, hearing=hearing, actor=court.staff("clerk"), now=now)
        (key,) = await queries.authority_keys(db, [state])
        key.kind = "requesting"
        await db.flush()
        await diary.make_ready(db, hearing=hearing, actor=court.staff("clerk"), now=now)


@pytest.mark.both_databases
async def test_the_recording_is_for_the_states_the_signed_terms_name(court: Any) -> None:
    async with court.database.reading() as db:
        agreement = await agreements.running(db, court.hearing.id)
        assert agreement is not None
        assert room_rules.of(agreement, ()).recipients == {"RO", "TH"}
        agreement.terms = {**agreement.terms, "recipients": ["TH"]}
        assert room_rules.of(agreement, ()).recipients == {"TH"}
    assert room_rules.of(None, ()).recipients == frozenset()


async def test_the_room_knows_the_newest_telephones_of_both_sites_if_the_rule_has_the_telephone(
    court: Any, now: datetime
) -> None:
    async with court.database.transaction() as db:
        agreement = await agreements.running(db, court.hearing.id)
        assert agreement is not None
        for profile_id, function, number in (
            (agreement.requesting_profile_id, "clerk", "+40 21 000"),
            (agreement.requested_profile_id, "authority", "+66 2 000"),
        ):
            profile = await queries.get(db, SiteProfile, profile_id)
            await sites.publish(
                db,
                site=await queries.get(db, Site, profile.site_id),
                abilities=profile.abilities,
                details={"room_phone": {"value": number, "confidential": True}},
                reason="new telephone",
                actor=court.staff(function),
                now=now,
            )
        assert (await room_rules.of_hearing(db, court.hearing)).telephones == {}
        session = agreement.terms["session"]
        breakdown = {**session["breakdown"], "phone": True}
        agreement.terms = {**agreement.terms, "session": {**session, "breakdown": breakdown}}
        db.add(agreement)
        await db.flush()
        assert (await room_rules.of_hearing(db, court.hearing)).telephones == {
            "RO": {"room_phone": "+40 21 000"},
            "TH": {"room_phone": "+66 2 000"},
        }


@pytest.mark.parametrize(
    ("codec", "kbps", "allowed"),
    [("opus-fb", 64, True), ("opus-fb", 32, True), ("opus-fb", 24, False), ("G.711", 64, False), ("", 0, True)],
)
def test_simultaneous_interpreting_needs_the_band_of_the_standard(codec: str, kbps: int, allowed: bool) -> None:
    session = {"interpreting": "simultaneous", "audio_codec": codec, "audio_kbps": kbps} if codec else {}
    why = room_rules.RoomRules(session=session).too_narrow
    assert (why is None) == allowed
    if why is not None:
        assert "15000 Hz" in str(why) and f"{kbps} kbit/s" in str(why) and "consecutively" in str(why)
