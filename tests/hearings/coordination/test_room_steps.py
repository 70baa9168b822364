"""The one next step of a room: by the answers of the States, the clock, the summary and what is owed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hearings.coordination.room_steps import RoomStep, next_step
from hearings.coordination.rooms import RoomFile
from hearings.models import CoordinationRoom, RoomOutcome, RoomParticipant, RoomState
from hearings.models.coordination import OutcomeKind, RoomAnswer, RoomKind, RoomRole, SummaryWord
from hearings.roles import NO_STATE

NOW = datetime(2026, 12, 3, 9, tzinfo=UTC)
BEGINS = NOW + timedelta(days=1)
AFTER = BEGINS + timedelta(hours=3)
A = RoomAnswer


def file(
    ro: RoomAnswer = A.accepts,
    es: RoomAnswer = A.accepts,
    *,
    words: Sequence[SummaryWord | None] = (None, None),
    owner: str = "RO",
    named: str = "RO ES",
    owed: str = "",
    **more: Any,
) -> RoomFile:
    room = CoordinationRoom(
        id="r", owner_state=owner, ref="CR-00000001", kind=RoomKind.level_2, subject="Two inquiries", starts_at=BEGINS,
        ends_at=BEGINS + timedelta(hours=2), convened_by="x", convened_label="X", created_at=NOW,
        **{"agenda": [{"item": "Where", "state": "", "minutes": 5}], **more},
    )  # fmt: skip
    return RoomFile(
        room=room,
        states=[
            RoomState(owner_state=state, room_id="r", answer=answer, summary_word=word)
            for state, answer, word in zip(("RO", "ES"), (ro, es), words, strict=True)
        ],
        participants=[
            RoomParticipant(owner_state=state, room_id="r", name="P", authority="A", role=RoomRole.delegate)
            for state in named.split()
        ],
        documents=[],
        outcomes=[RoomOutcome(owner_state=owed, room_id="r", kind=OutcomeKind.action, text="It", towards="XX")]
        if owed
        else [],
        links=[],
    )


SAID = (SummaryWord.agreed, SummaryWord.dissents)


@pytest.mark.parametrize(
    ("found", "state", "now", "step"),
    [
        (file(es=A.invited), "ES", NOW, RoomStep.answer),
        (file(es=A.invited), "ES", AFTER, RoomStep.answer),
        (file(es=A.invited), "RO", NOW, RoomStep.wait_answers),
        (file(es=A.proposes_other_time), "RO", NOW, RoomStep.decide_time),
        (file(es=A.proposes_other_time), "ES", NOW, RoomStep.wait_time),
        (file(es=A.declines), "ES", NOW, RoomStep.declined),
        (file(es=A.declines), "RO", NOW, RoomStep.wait_meeting),
        (file(agenda=[]), "RO", NOW, RoomStep.set_agenda),
        (file(agenda=[]), "ES", NOW, RoomStep.wait_meeting),
        (file(named="RO"), "ES", NOW, RoomStep.name_people),
        (file(), "RO", AFTER, RoomStep.summarise),
        (file(summary="It."), "ES", AFTER, RoomStep.agree),
        (file(summary="It.", words=(SummaryWord.agreed, None)), "RO", AFTER, RoomStep.wait_words),
        (file(es=A.declines, summary="It.", words=(SummaryWord.agreed, None)), "RO", AFTER, RoomStep.close),
        (file(summary="It.", words=SAID), "RO", AFTER, RoomStep.close),
        (file(summary="It.", words=SAID), "ES", AFTER, RoomStep.nothing),
        (file(summary="It.", words=SAID, owner=NO_STATE), "ES", AFTER, RoomStep.close),
        (file(summary="It.", words=SAID, owed="ES"), "ES", AFTER, RoomStep.do_owed),
        (file(closed_at=AFTER, owed="ES"), "ES", AFTER, RoomStep.do_owed),
        (file(closed_at=AFTER, owed="ES"), "RO", AFTER, RoomStep.nothing),
    ],
)
def test_every_state_has_one_next_step(found: RoomFile, state: str, now: datetime, step: RoomStep) -> None:
    assert next_step(found, state=state, convener=found.room.owner_state == state, now=now) is step


@pytest.mark.parametrize(
    ("found", "now", "step"),
    [
        (file(es=A.proposes_other_time, owner=NO_STATE), NOW, RoomStep.decide_time),
        (file(owner=NO_STATE, agenda=[]), NOW, RoomStep.set_agenda),
        (file(owner=NO_STATE, named=""), NOW, RoomStep.wait_meeting),
        (file(owner=NO_STATE), AFTER, RoomStep.wait_words),
        (file(owner=NO_STATE, summary="It.", words=SAID), AFTER, RoomStep.close),
        (file(owner=NO_STATE, closed_at=AFTER, owed="ES"), AFTER, RoomStep.nothing),
    ],
)
def test_a_facilitator_sets_time_and_agenda_and_is_asked_nothing_for_a_state(
    found: RoomFile, now: datetime, step: RoomStep
) -> None:
    assert next_step(found, state=NO_STATE, convener=True, now=now) is step
