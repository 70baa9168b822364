"""Answers to the rights checklist, objections to it, and the acts that wait for it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor, participant_actor
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady, RightsOpen
from hearings.hearing import hearing as diary
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, RightAnswer
from hearings.models.request import OathForm, Stage
from hearings.models.rights import RightAnswerKind
from hearings.overview import worklist
from hearings.rights import answers, checklist, item_states
from hearings.rights.checklist import Gate
from hearings.rights.item_states import RightResult, RightState
from hearings.roles import Role
from hearings.sitting import recorded_acts, recordings, sittings
from hearings.status import HearingStatus
from tests.support.court import NOW

K = RightAnswerKind


async def of(db: AsyncSession, court: Any) -> Hearing:
    return await queries.get(db, Hearing, court.hearing.id)


async def say(court: Any, item: str, kind: str, actor: Actor, reason: str = "It was so.") -> RightAnswer:
    async with court.database.transaction() as db:
        hearing = await of(db, court)
        return await answers.answer(db, hearing=hearing, item=item, kind=kind, reason=reason, actor=actor, now=NOW)


async def stands(court: Any, item: str) -> RightResult:
    async with court.database.reading() as db:
        every = await item_states.of_hearing(db, await of(db, court), now=NOW)
    return next(each for each in every if each.item.id == item)


async def counsel(court: Any) -> Actor:
    async with court.database.transaction() as db:
        lawyer = Participant(
            owner_state="RO", hearing_id=court.hearing.id, role=Role.defence, display_name="Counsel", state="TH",
            speaks="th", presence_since=NOW,
        )  # fmt: skip
        db.add(lawyer)
        await db.flush()
        return participant_actor(lawyer)


@pytest.mark.both_databases
async def test_an_answer_is_kept_with_its_evidence_and_told_in_the_log_and_never_changed(
    listed: Any, now: datetime
) -> None:
    authority = listed.staff("authority")
    row = await say(listed, "r07_summons", "kept", replace(authority, client="c1"), "")
    assert (row.owner_state, row.kind, row.role, row.person_name, row.through) == (
        "TH", K.kept, "authority", authority.label, "c1",
    )  # fmt: skip
    assert row.evidence == ["lead_time_kept row:overlays"]
    found = await stands(listed, "r07_summons")
    assert (found.state, found.answer is not None and found.answer.id) == (RightState.by_answer, row.id)
    async with listed.database.reading() as db:
        told = (await db.exec(select(HearingEvent).where(HearingEvent.kind == "right_answered"))).one()
    assert told.data == {"item": "r07_summons", "answer": "kept"}
    with pytest.raises(DBAPIError, match="only grows"):
        async with listed.database.transaction() as db:
            await db.exec(update(RightAnswer).values(reason="Something else"))


async def test_only_those_whom_an_item_is_for_answer_it_and_only_the_judge_goes_on_without(listed: Any) -> None:
    clerk, judge, authority = (listed.staff(name) for name in ("clerk", "judge", "authority"))
    for actor in (clerk, judge):
        with pytest.raises(NotAllowed, match="not for you"):
            await say(listed, "r07_summons", "kept", actor)
    for actor in (clerk, authority):
        with pytest.raises(NotAllowed):
            await say(listed, "r07_summons", "overridden", actor)
    with pytest.raises(NotAllowed, match="Nobody can go on"):
        await say(listed, "r09_interpreter", "overridden", judge)
    with pytest.raises(NotAllowed, match="nobody's word"):
        await say(listed, "r11_identity", "kept", authority)
    with pytest.raises(NotAllowed):
        await say(listed, "r07_summons", "kept", replace(authority, functions=frozenset({"administrator"})))
    with pytest.raises(NotAllowed):
        await say(listed, "r07_summons", "kept", replace(authority, state="FR"))
    row = await say(listed, "r07_summons", "overridden", judge, "The witness comes of their own accord.")
    assert (row.role, (await stands(listed, "r07_summons")).state) == ("judge", RightState.overridden)


@pytest.mark.parametrize("kind", ["not_applicable", "not_kept"])
async def test_anything_but_kept_needs_a_reason_and_nothing_is_written_without_one(listed: Any, kind: str) -> None:
    authority = listed.staff("authority")
    for reason, field in (("", "reason"), ("x" * 1001, "reason"), ("\u202e!!!", "reason")):
        with pytest.raises(Invalid) as wrong:
            await say(listed, "r07_summons", kind, authority, reason)
        assert wrong.value.field == field
    for other in ("objection", "perhaps"):
        with pytest.raises(Invalid):
            await say(listed, "r07_summons", other, authority)
    with pytest.raises(NotFound):
        await say(listed, "r99", "kept", authority)
    async with listed.database.reading() as db:
        assert (await db.exec(select(RightAnswer))).all() == []


async def test_a_reason_does_not_name_whoever_is_protected(listed: Any) -> None:
    async with listed.database.transaction() as db:
        request = await queries.get(db, HearingRequest, listed.request.id)
        witness = await listed.seat(db, Role.witness)
        witness.identity_method = "protected_identity"
        name = request.person_name
    with pytest.raises(Invalid, match="protected"):
        await say(listed, "r07_summons", "kept", listed.staff("authority"), f"{name} was served")


async def test_nothing_is_answered_in_a_hearing_that_is_cancelled(listed: Any) -> None:
    async with listed.database.transaction() as db:
        hearing = await of(db, listed)
        await diary.cancel(db, hearing=hearing, reason="Over", actor=listed.staff("clerk"), now=NOW)
    with pytest.raises(NotReady):
        await say(listed, "r07_summons", "kept", listed.staff("authority"))


async def test_counsel_objects_on_record_and_it_blocks_nothing_by_itself(listed: Any) -> None:
    lawyer = await counsel(listed)
    await say(listed, "r07_summons", "kept", listed.staff("authority"))
    async with listed.database.transaction() as db:
        hearing = await of(db, listed)
        given: dict[str, Any] = {"hearing": hearing, "item": "r07_summons", "now": NOW}
        row = await answers.object_to(db, text="It came a day before.", actor=lawyer, **given)
        for actor in (listed.staff("clerk"), await listed.actor(db, Role.witness)):
            with pytest.raises(NotAllowed):
                await answers.object_to(db, text="So do I", actor=actor, **given)
        with pytest.raises(Invalid):
            await answers.object_to(db, text=" ", actor=lawyer, **given)
    found = await stands(listed, "r07_summons")
    assert (found.state, found.blocks) == (RightState.by_answer, False)
    assert [(each.id, each.reason, each.role) for each in found.objections] == [
        (row.id, "It came a day before.", "defence")
    ]
    async with listed.database.reading() as db:
        told = (await db.exec(select(HearingEvent).where(HearingEvent.kind == "right_objected"))).one()
    assert (told.actor, told.data) == (lawyer.id, {"item": "r07_summons"})


async def test_either_state_begins_it_once_and_counsel_asks_for_it(court: Any) -> None:
    async def begin(actor: Actor) -> None:
        async with court.database.transaction() as db:
            await answers.begin(db, hearing=await of(db, court), actor=actor, now=NOW)

    async def ask(actor: Actor) -> RightAnswer:
        async with court.database.transaction() as db:
            return await answers.ask_to_begin(db, hearing=await of(db, court), actor=actor, now=NOW)

    lawyer, authority = await counsel(court), court.staff("authority")
    for actor in (lawyer, replace(authority, state="FR"), replace(authority, functions=frozenset({"administrator"}))):
        with pytest.raises(NotAllowed):
            await begin(actor)
    with pytest.raises(NotAllowed):
        await ask(court.staff("clerk"))
    row = await ask(lawyer)
    assert (row.item, row.kind, row.role, row.owner_state) == ("", K.objection, "defence", "TH")
    async with court.database.reading() as db:
        told = (await db.exec(select(HearingEvent).where(HearingEvent.kind == "right_objected"))).one()
        assert (told.actor, told.data, (await of(db, court)).rights_version) == (lawyer.id, {"item": ""}, 0)
    await begin(authority)
    with pytest.raises(NotReady, match="already"):
        await ask(lawyer)
    with pytest.raises(NotReady, match="already"):
        await begin(court.staff("clerk"))
    async with court.database.reading() as db:
        assert (await of(db, court)).rights_version == checklist.VERSION
        told = (await db.exec(select(HearingEvent).where(HearingEvent.kind == "right_answered"))).one()
    assert told.data == {"item": "", "answer": "begun"}


# --- what waits --------------------------------------------------------------------------------------------------


async def test_ready_waits_for_the_items_before_it(listed: Any) -> None:
    async def ready() -> None:
        async with listed.database.transaction() as db:
            hearing = await of(db, listed)
            hearing.status = HearingStatus.agreed
            await diary.make_ready(
                db, hearing=hearing, without_test="The rooms met", actor=listed.staff("clerk"), now=NOW
            )

    with pytest.raises(RightsOpen) as refused:
        await ready()
    assert refused.value.missing == ("r07_summons", "r22_oath")
    assert "Summons in time (to be answered by the authority of Thailand); Oath form (to be answered by a clerk" in str(
        refused.value
    )
    authority = ("authority", "TH")
    assert refused.value.owed == (("r07_summons", (authority,)), ("r22_oath", (("clerk", "RO"), authority)))
    async with listed.database.transaction() as db:
        (await queries.get(db, HearingRequest, listed.request.id)).oath_form = OathForm.oath
    await say(listed, "r07_summons", "not_kept", listed.staff("authority"), "It came back.")
    with pytest.raises(RightsOpen) as refused:
        await ready()
    assert refused.value.missing == ("r07_summons",)
    await say(listed, "r07_summons", "kept", listed.staff("authority"), "Served on 20 November.")
    await ready()


async def test_agreeing_waits_for_the_decision_where_the_stage_is_trial(listed: Any) -> None:
    async def sign() -> None:
        async with listed.database.transaction() as db:
            hearing = await of(db, listed)
            hearing.requested_signed, hearing.one_signed = "", True
            await diary.sign(db, hearing=hearing, offer=None, actor=listed.staff("authority"), now=NOW)

    async with listed.database.transaction() as db:
        (await queries.get(db, HearingRequest, listed.request.id)).stage = Stage.trial
    with pytest.raises(RightsOpen) as refused:
        await sign()
    assert refused.value.missing == ("r02_decision_video",)
    await say(listed, "r02_decision_video", "kept", listed.staff("judge"), "Order of 3 November, with reasons.")
    await sign()


async def answered_before_the_start(court: Any) -> None:
    """The items before the start that the case itself does not show."""
    async with court.database.transaction() as db:
        (await queries.get(db, HearingRequest, court.request.id)).oath_form = OathForm.oath
    await say(court, "r07_summons", "kept", court.staff("authority"))


async def test_an_item_of_an_earlier_act_that_is_not_kept_stops_the_acts_after_it(listed: Any) -> None:
    async def waiting(gate: Gate) -> list[str]:
        async with listed.database.reading() as db:
            hearing = await of(db, listed)
            return [each.item.id for each in await item_states.open_items(db, hearing, gate, now=NOW)]

    await answered_before_the_start(listed)
    await say(listed, "r21_room", "kept", listed.staff("authority"))
    assert not {"r02_decision_video", "r05_no_block"} & set(await waiting(Gate.start))
    async with listed.database.transaction() as db:  # begun when the time was agreed already
        (await queries.get(db, HearingRequest, listed.request.id)).stage = Stage.trial
    for gate in (Gate.agree, Gate.ready, Gate.start, Gate.first_question):
        assert "r02_decision_video" in await waiting(gate)
    await say(listed, "r02_decision_video", "kept", listed.staff("judge"))
    await say(listed, "r05_no_block", "not_kept", listed.staff("authority"), "A declaration was made.")
    for gate in (Gate.agree, Gate.ready, Gate.start):
        found = await waiting(gate)
        assert "r05_no_block" in found and "r02_decision_video" not in found
    assert "r07_summons" not in await waiting(Gate.agree)


@pytest.mark.parametrize("stage", ["assembled"])
async def test_the_start_waits_for_the_room_to_be_shown(listed: Any) -> None:
    await listed.check_sound()
    await answered_before_the_start(listed)

    async def start() -> None:
        async with listed.database.transaction() as db:
            sitting, _recording = await listed.sitting(db)
            judge = await listed.actor(db, Role.presiding_judge)
            await sittings.start(db, sitting=sitting, actor=judge, now=NOW)

    with pytest.raises(RightsOpen) as refused:
        await start()
    assert refused.value.missing == ("r21_room",)
    await say(listed, "r21_room", "kept", listed.staff("authority"), "I have seen all four walls.")
    await start()


@pytest.mark.parametrize("stage", ["in_session"])
async def test_the_first_oath_waits_until_the_rights_were_told_under_both_laws(listed: Any) -> None:
    async with listed.database.reading() as db:
        roles = (Role.presiding_judge, Role.witness, Role.interpreter)
        judge, witness, interpreter = [await listed.seat(db, role) for role in roles]

    async def enter(kind: str, **values: str) -> None:
        async with listed.database.transaction() as db:
            actor = await listed.actor(db, Role.presiding_judge)
            await recorded_acts.record(
                db, hearing=await of(db, listed), kind=kind, values={"by": judge.id, **values}, actor=actor, now=NOW
            )

    await answered_before_the_start(listed)
    await say(listed, "r21_room", "kept", listed.staff("authority"))
    oath = {"form": "oath", "outcome": "taken", "law": "RO", "language": "th", "text": "Art. 121"}
    notice = {"participant": witness.id, "language": "th"}
    await enter("oath", participant=interpreter.id, **oath)
    for law in ("RO", "TH"):
        with pytest.raises(RightsOpen) as refused:
            await enter("oath", participant=witness.id, **oath)
        assert refused.value.missing == ("r08_rights_notice",)
        await enter("rights_notice", law=law, **notice)
    await enter("oath", participant=witness.id, **oath)


@pytest.mark.parametrize("stage", ["assembled"])
async def test_nothing_waits_for_the_checklist_before_that_is_begun(court: Any) -> None:
    await court.check_sound()
    async with court.database.transaction() as db:
        hearing = await of(db, court)
        for gate in Gate:
            assert await item_states.open_items(db, hearing, gate, now=NOW) == []
        sitting, recording = await court.sitting(db)
        await sittings.start(db, sitting=sitting, actor=await court.actor(db, Role.presiding_judge), now=NOW)
        await recordings.opened(db, sitting=sitting, recording=recording, now=NOW)
        assert len(await item_states.of_hearing(db, hearing, now=NOW)) == len(checklist.items())


@pytest.mark.both_databases
async def test_each_state_finds_in_its_list_that_a_begun_checklist_waits_for_its_answers(court: Any) -> None:
    async def waits() -> dict[str, bool]:
        async with court.database.reading() as db:
            found = {}
            for who in ("clerk", "authority"):
                page = await worklist.waiting(db, person=court.people[who], now=NOW)
                found[who] = "answer_rights" in {row.step for row in page.rows}
            return found

    assert await waits() == {"clerk": False, "authority": False}
    async with court.database.transaction() as db:
        await answers.begin(db, hearing=await of(db, court), actor=court.staff("clerk"), now=NOW)
    assert await waits() == {"clerk": True, "authority": True}
    await say(court, "r22_oath", "kept", court.staff("clerk"))
    assert await waits() == {"clerk": False, "authority": True}  # the summons
    await say(court, "r07_summons", "not_kept", court.staff("authority"))
    assert await waits() == {"clerk": False, "authority": False}
    async with court.database.transaction() as db:
        (await queries.get(db, HearingRequest, court.request.id)).stage = Stage.trial
    assert await waits() == {"clerk": True, "authority": False}
    await say(court, "r02_decision_video", "kept", court.staff("judge"))
    await say(court, "r03_parties_heard", "kept", court.staff("clerk"))
    assert await waits() == {"clerk": False, "authority": False}
    async with court.database.transaction() as db:
        (await queries.get(db, HearingRequest, court.request.id)).death_penalty = True
    assert await waits() == {"clerk": False, "authority": True}
