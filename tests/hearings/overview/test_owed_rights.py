"""What a query sees of the items that wait for an answer is what the rules of the checklist say."""

from itertools import product
from typing import Any

import pytest
from sqlmodel import col, select

from hearings import queries
from hearings.models import Hearing, HearingRequest
from hearings.models.request import Capacity, OathForm, Stage
from hearings.overview import owed_rights
from hearings.rights import checklist, facts as rights_facts, item_states
from hearings.rights.applying import APPLIES
from hearings.rights.checklist import RightSide
from hearings.status import HearingStatus
from tests.support.court import NOW

MORE: tuple[dict[str, Any], ...] = (
    {},
    {"death_penalty": True},
    {"death_penalty": False},
    {"person_age_under_18": True},
    {"judicial_authority": "Bucharest Tribunal"},
    {"judicial_authority": "Bucharest Tribunal", "reason_text": ""},
    {"protection_requested": ["child_measures", "voice"]},
)
CASES: list[dict[str, Any]] = [
    {"capacity": capacity, "stage": stage, "oath_form": oath, **more}
    for capacity, stage, oath, more in product(
        (Capacity.witness, Capacity.accused, None),
        (None, Stage.trial, Stage.appeal),
        (None, OathForm.oath),
        MORE,
    )
]


def test_what_a_query_sees_counts_by_a_condition_of_the_checklist_and_names_items_there_are() -> None:
    seen = {item.id for item in checklist.items() if owed_rights.seen(item)}
    assert set(owed_rights.COUNTS) <= set(APPLIES)
    assert set(owed_rights.SHOWN) <= seen == {
        "r02_decision_video", "r03_parties_heard", "r07_summons", "r17_vulnerable", "r22_oath",
        "r25_human_rights_state",
    }  # fmt: skip


@pytest.mark.both_databases
async def test_a_query_finds_a_hearing_exactly_when_an_item_it_can_see_waits_for_that_side(court: Any) -> None:
    by_side: dict[RightSide, set[bool]] = {RightSide.requesting: set(), RightSide.requested: set()}
    for columns in CASES:
        async with court.database.transaction() as db:
            hearing = await queries.get(db, Hearing, court.hearing.id)
            hearing.rights_version = checklist.VERSION
            request = await queries.get(db, HearingRequest, court.request.id)
            plain = dict.fromkeys(("death_penalty", "person_age_under_18"))
            texts = {"judicial_authority": "", "reason_text": "The witness is ill.", "protection_requested": []}
            for name, value in (plain | texts | columns).items():
                setattr(request, name, value)
            await db.flush()
            facts = await rights_facts.gather(db, hearing, now=NOW)
            waiting = [each.item for each in item_states.all_of(facts) if each.blocks]
            for side, status in product(by_side, owed_rights.DUE):
                due = [item for item in waiting if owed_rights.seen(item) and item.gate in owed_rights.DUE[status]]
                wants = [item.id for item in due if any(who.side in (side, RightSide.both) for who in item.who)]
                found = (await db.exec(select(col(Hearing.id)).where(owed_rights.owes(side, status)))).all()
                assert bool(found) is bool(wants), (columns, side, status, wants)
                by_side[side].add(bool(wants))
    assert all(found == {True, False} for found in by_side.values())


async def test_of_a_hearing_whose_acts_do_not_wait_for_the_checklist_nothing_is_owed(court: Any) -> None:
    async with court.database.transaction() as db:
        (await queries.get(db, Hearing, court.hearing.id)).rights_version = 0
        await db.flush()
        for side in (RightSide.requesting, RightSide.requested):
            query = select(col(Hearing.id)).where(owed_rights.owes(side, HearingStatus.agreed))
            assert (await db.exec(query)).all() == []
