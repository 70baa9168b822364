"""A hearing in which every item of the checklist counts, from the proposal to its minutes: each act is refused with the
items it waits for, until the case shows them or somebody has answered.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.agreement import room_rules
from hearings.db import Database
from hearings.errors import RightsOpen
from hearings.hearing import agreed_terms, hearing as diary
from hearings.law.law import current
from hearings.minutes import minutes, passages
from hearings.models import Consent, Hearing, HearingRequest
from hearings.models.rights import RightAnswerKind
from hearings.requests import attachments, conditions, gate_answers, person_consents
from hearings.rights import answers, checklist, item_states
from hearings.rights.item_states import KEPT, RightState
from hearings.roles import Role
from hearings.sentences import english
from hearings.sitting import recorded_acts, recordings, sittings
from tests.support.court import NOW, PARTS, SITE, Court, add_accepted, add_staff, agree_technically, name, propose

Act = Callable[[AsyncSession, Hearing], Awaitable[Any]]
HARD: dict[str, Any] = {
    "stage": "trial", "death_penalty": True, "person_age_under_18": True, "protection_requested": ["voice"],
    "exhibits": "A photograph of the van", "adult_informed": True,
}  # fmt: skip
CONDITIONS = (
    {"kind": "official_present", "role": "requested_authority", "function": "Prosecutor"},
    {"kind": "nobody_else_in_room"},
)
COUNSEL = (Role.defence, "TH", "Bangkok", "th", "")
NEEDS = {"accessibility": ["wheelchair"]}
ABLE = SITE | NEEDS | {"private_lines": ["phone"], "document_camera": True}


def noticing(court: Court, law: str) -> Act:
    """The notice of the rights by the law of a State."""
    return lambda db, hearing: enter(db, hearing, court, "rights_notice", law=law, language="th")


class Walk:
    """The hearing, its two States, and acts that are refused as long as an item is open."""

    def __init__(self, database: Database, people: dict[str, Any], hearing_id: str) -> None:
        self.database, self.hearing_id = database, hearing_id
        self.staff = {function: person_actor(person) for function, person in people.items()}

    async def do(self, act: Act) -> Any:
        async with self.database.transaction() as db:
            return await act(db, await queries.get(db, Hearing, self.hearing_id))

    async def refused(self, act: Act) -> tuple[str, ...]:
        with pytest.raises(RightsOpen) as refusal:
            await self.do(act)
        for item in refusal.value.missing:
            found = checklist.item(item)
            assert found is not None and found.title in str(refusal.value)
        return refusal.value.missing

    async def keep(self, *items: str) -> None:
        """Whoever an item is for answers it."""
        for item in items:
            found = checklist.item(item)
            assert found is not None
            who = self.staff[found.who[0].function.value]
            given: dict[str, Any] = {"item": item, "kind": RightAnswerKind.kept, "actor": who, "now": NOW}
            await self.do(self._answering(given))

    @staticmethod
    def _answering(given: dict[str, Any]) -> Act:
        return lambda db, hearing: answers.answer(db, hearing=hearing, **given)

    async def states(self) -> dict[str, RightState]:
        async with self.database.reading() as db:
            hearing = await queries.get(db, Hearing, self.hearing_id)
            return {each.item.id: each.state for each in await item_states.of_hearing(db, hearing, now=NOW)}


async def make(database: Database) -> Walk:
    """A proposed hearing of a request in which everything is hard."""
    people = await add_staff(database)
    accepted = await add_accepted(database, people)
    async with database.transaction() as db:
        request = await queries.get(db, HearingRequest, accepted.id)
        for column, value in HARD.items():
            setattr(request, column, value)
        request.condition_rules = [conditions.as_json(one) for one in conditions.parse(CONDITIONS)]
        consent = Consent(owner_state="RO", request_id=request.id, rule="x", provision="s. 1", text="Asked", since=NOW)
        db.add(consent)
        hearing = await propose(db, request, person_actor(people["clerk"]))
        await name(db, hearing, people, [*PARTS, COUNSEL])
    walk = Walk(database, people, hearing.id)

    async def given(db: AsyncSession, hearing: Hearing) -> None:
        request = await queries.get(db, HearingRequest, hearing.request_id)
        for answer in ("pending", "given"):
            await person_consents.record(
                db, request=request, consent_id=consent.id, answer=answer, lawyer_access=True,
                actor=walk.staff["authority"], now=NOW,
            )  # fmt: skip
        for owed in gate_answers.in_the_way(request, now=NOW, law=await current(db)):
            who = walk.staff["clerk" if owed.state == "RO" else "authority"]
            await gate_answers.answer(db, request=request, answers={owed.fact: True}, actor=who, now=NOW)

    await walk.do(given)
    return walk


async def test_every_act_waits_for_its_items_and_each_is_shown_or_answered_in_the_end(database: Database) -> None:
    walk = await make(database)
    clerk, authority = walk.staff["clerk"], walk.staff["authority"]

    # Neither State signs the time.
    agree: Act = lambda db, hearing: diary.agree(db, hearing=hearing, actor=authority, now=NOW)  # noqa: E731
    assert await walk.refused(agree) == ("r02_decision_video", "r25_human_rights_state")
    await walk.keep("r02_decision_video", "r25_human_rights_state")
    await walk.do(agree)
    await walk.do(lambda db, hearing: agreed_terms.sign_terms(db, hearing=hearing, actor=clerk, now=NOW))

    # The hearing is not marked as ready.
    await walk.do(lambda db, hearing: agree_technically(db, hearing, clerk, authority, site=ABLE, needs=NEEDS))
    ready: Act = lambda db, hearing: diary.make_ready(  # noqa: E731
        db, hearing=hearing, without_test="The rooms met.", actor=clerk, now=NOW
    )
    waiting = ("r03_parties_heard", "r07_summons", "r16_accessibility", "r17_vulnerable", "r22_oath")
    assert await walk.refused(ready) == waiting
    await walk.keep(*waiting)
    await walk.do(ready)

    # The sitting does not start.
    court = await Court.load(database)
    await assemble(court)
    start: Act = lambda db, hearing: begin(db, court)  # noqa: E731
    assert await walk.refused(start) == ("r10_private_line", "r18_protection", "r19_exhibits")
    await walk.do(attach)
    await walk.keep("r10_private_line", "r18_protection")
    await walk.do(start)

    # No oath is taken from the person heard.
    oath = {"form": "oath", "outcome": "taken", "law": "RO", "language": "th", "text": "Art. 121"}
    swear: Act = lambda db, hearing: enter(db, hearing, court, "oath", **oath)  # noqa: E731
    for law in ("RO", "TH"):
        assert await walk.refused(swear) == ("r08_rights_notice",)
        await walk.do(noticing(court, law))
    await walk.do(swear)

    # Nothing waits for the rest, which is answered, or shown when the minutes are read back.
    await walk.keep("r20_public", "r26_alternative_weighed", "r27_data_protection")
    await court.end(NOW)
    await read_back(court, walk)
    found = await walk.states()
    assert {item: state for item, state in found.items() if state not in KEPT} == {}
    assert set(found.values()) == {RightState.by_evidence, RightState.by_answer}
    assert {item for item, state in found.items() if state is RightState.by_evidence} == {
        "r01_legal_basis", "r04_consent", "r05_no_block", "r06_requested_authority", "r08_rights_notice",
        "r09_interpreter", "r11_identity", "r12_line_test", "r13_encryption", "r14_recording", "r15_fallback",
        "r19_exhibits", "r21_room", "r23_quality", "r24_closing",
    }  # fmt: skip


async def assemble(court: Court) -> None:
    """Everybody is in the room, the condition on it is confirmed, the sound is checked."""
    await court.open_lobby()
    await court.come(*court.ids)
    await court.admit(Role.interpreter, Role.witness, Role.defence)
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.roll_call(db, sitting=sitting, actor=await court.actor(db, Role.clerk), now=NOW)
        who = await court.actor(db, Role.requested_authority)
        await room_rules.confirm(db, sitting=sitting, kind="nobody_else_in_room", actor=who, now=NOW)
    await court.check_sound()


async def begin(db: AsyncSession, court: Court) -> None:
    sitting, recording = await court.sitting(db)
    await sittings.start(db, sitting=sitting, actor=await court.actor(db, Role.presiding_judge), now=NOW)
    await recordings.opened(db, sitting=sitting, recording=recording, now=NOW)


async def enter(db: AsyncSession, hearing: Hearing, court: Court, kind: str, **values: str) -> None:
    judge: Actor = await court.actor(db, Role.presiding_judge)
    given = {"participant": court.ids[Role.witness], "by": court.ids[Role.presiding_judge], **values}
    await recorded_acts.record(db, hearing=hearing, kind=kind, values=given, actor=judge, now=NOW)


async def attach(db: AsyncSession, hearing: Hearing) -> None:
    request = await queries.get(db, HearingRequest, hearing.request_id)
    (clerk,) = [person for person in await queries.people(db) if person.functions == ["clerk"]]
    await attachments.add(
        db, request=request, kind="exhibit", name="van.txt", data=b"A van.", actor=person_actor(clerk), now=NOW
    )


async def read_back(court: Court, walk: Walk) -> None:
    """The minutes are drafted, written and read back."""

    async def draft(db: AsyncSession, hearing: Hearing) -> None:
        judge = await court.actor(db, Role.presiding_judge)
        await minutes.begin(db, hearing=hearing, say=english, actor=judge, now=NOW)

    async def read(db: AsyncSession, hearing: Hearing) -> None:
        found, judge = await minutes.current(db, hearing), await court.actor(db, Role.presiding_judge)
        languages = list(passages.minutes_languages(found))
        await minutes.submit(db, minutes=found, actor=judge, now=NOW)
        await minutes.read_back(
            db, minutes=found, read_by="The clerk", languages=languages, heard_by=["The witness"], actor=judge, now=NOW
        )

    await walk.do(draft)
    await court.write_minutes(NOW, "Written.")
    await walk.do(read)
