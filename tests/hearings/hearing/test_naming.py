"""Who can be named for which role, and by whom: every role, both States, each function of both."""

import itertools
from datetime import datetime
from typing import Any

import pytest

from hearings import queries
from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed
from hearings.hearing import naming, participants
from hearings.hearing.naming import HEARD_AS, NAMING, STAFF_ROLES
from hearings.models.request import Capacity
from hearings.roles import HEARD, Role, StaffFunction

RO_ONLY, TH_ONLY = {Role.presiding_judge, Role.clerk, Role.custodian}, {Role.requested_authority}
NO_SEAT = {Role.central_authority, Role.auditor}


def words(role: Role, state: str) -> dict[str, Any]:
    return {"role": role, "state": state, "display_name": "Somebody", "city": "", "speaks": "ro"}


@pytest.mark.parametrize("state", ["RO", "TH"])
def test_each_state_has_its_roles(court: Any, state: str) -> None:
    for role in Role:
        wrong = role in NO_SEAT | (TH_ONLY if state == "RO" else RO_ONLY) or (role is Role.expert)
        if wrong:
            with pytest.raises(Invalid) as caught:
                naming.require_role(court.hearing, role=role, state=state, person=None, actor=SYSTEM)
            assert caught.value.field == "role"
        else:
            naming.require_role(court.hearing, role=role, state=state, person=None, actor=SYSTEM)
    expected = set(Role) - NO_SEAT - (TH_ONLY if state == "RO" else RO_ONLY) - {Role.expert}
    assert set(naming.roles_of(court.hearing, state)) == expected


@pytest.mark.parametrize("capacity", ["", *Capacity])
def test_a_person_is_heard_in_the_role_the_request_gives_and_the_accused_may_always_attend(
    court: Any, capacity: str
) -> None:
    court.hearing.capacity = capacity
    allowed = {role for role in naming.roles_of(court.hearing, "TH") if role in HEARD}
    assert allowed == (
        HEARD_AS[Capacity(capacity)] and {HEARD_AS[Capacity(capacity)], Role.defendant} if capacity else HEARD
    )


def test_every_role_with_a_voice_or_a_picture_or_ears_is_in_the_table_and_who_keeps_the_evidence() -> None:
    from hearings.hearing import floor

    heard = {role for role in Role if floor.has_voice(role)} | {Role.technician, Role.observer, Role.support_person}
    assert set(NAMING) == heard | {Role.custodian}


async def test_each_state_names_its_own_people_and_the_clerk_guests_at_the_other_site(
    court: Any, database: Database, now: datetime, everything: Any
) -> None:
    may = {("clerk", "RO"), ("clerk", "TH"), ("authority", "TH")}
    for function, state in itertools.product(("judge", "clerk", "authority"), ("RO", "TH")):
        async with database.transaction() as db:
            add = participants.add(
                db, hearing=court.hearing, **words(Role.defence, state), actor=court.staff(function), now=now
            )
            if (function, state) in may:
                assert (await add).state == state
            else:
                with pytest.raises(NotAllowed):
                    await add


async def test_nobody_names_the_other_states_staff(
    court: Any, database: Database, now: datetime, everything: Any
) -> None:
    async with database.transaction() as db:
        seat = await court.seat(db, Role.requested_authority)
        await db.delete(seat)
    before = await everything(database)
    async with database.transaction() as db:
        person = await queries.get(db, type(court.people["authority"]), court.people["authority"].id)
        with pytest.raises(NotAllowed, match="Each State names its own staff"):
            await participants.add(
                db,
                hearing=court.hearing,
                **words(Role.requested_authority, "TH"),
                person=person,
                actor=court.staff("clerk"),
                now=now,
            )
    assert await everything(database) == before


async def test_only_the_state_that_may_name_somebody_changes_their_entry(
    court: Any, database: Database, now: datetime
) -> None:
    details = {"display_name": "Another", "city": "", "speaks": "ro", "hears": ""}
    async with database.transaction() as db:
        judge = await court.seat(db, Role.presiding_judge)
        with pytest.raises(NotAllowed):
            await participants.change(
                db, hearing=court.hearing, participant=judge, **details, actor=court.staff("authority"), now=now
            )
        authority = await court.seat(db, Role.requested_authority)
        with pytest.raises(NotAllowed):
            await participants.change(
                db, hearing=court.hearing, participant=authority, **details, actor=court.staff("clerk"), now=now
            )
        witness = await court.seat(db, Role.witness)
        await participants.change(
            db, hearing=court.hearing, participant=witness, **details, actor=court.staff("authority"), now=now
        )
    assert witness.display_name == "Another"


def test_staff_are_named_by_their_function() -> None:
    assert {role.value: sorted(functions) for role, functions in STAFF_ROLES.items()} == {
        "presiding_judge": ["judge"],
        "clerk": ["clerk"],
        "requested_authority": ["authority"],
        "custodian": ["authority", "clerk", "judge"],
    }
    for role, functions in STAFF_ROLES.items():
        assert [naming.can_play(role, [one]) for one in StaffFunction] == [one in functions for one in StaffFunction]
    assert not naming.can_play(Role.witness, list(StaffFunction))
