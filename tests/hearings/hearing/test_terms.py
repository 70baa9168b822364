"""Every field of the terms both States sign: after they have, a change of it is seen, signed anew or refused."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import NotReady
from hearings.hearing import agreed_terms, hearing as diary
from hearings.models import Hearing, HearingRequest, Person, Resource
from hearings.models.diary import ResourceKind
from hearings.models.hearing import RecordingPolicy
from hearings.status import HearingStatus
from hearings.times import queries as diary_queries, resources

H = HearingStatus


class Table:
    """A hearing proposed with a room of the requesting State, and who acts."""

    def __init__(self, staff: dict[str, Person], now: Any) -> None:
        self.clerk, self.authority = person_actor(staff["clerk"]), person_actor(staff["authority"])
        self.now = now

    async def room(self, db: AsyncSession, name: str, *, shared: bool = True) -> Resource:
        keeper = Actor(id=self.clerk.id, label=self.clerk.label, state=self.clerk.state, functions=frozenset({"clerk"}))
        words: dict[str, Any] = {"zone": "Europe/Bucharest", "city": "Cluj", "actor": keeper, "now": self.now}
        return await resources.add(db, kind=ResourceKind.room, name=name, shared=shared, **words)

    async def propose(self, db: AsyncSession, request: HearingRequest, *rooms: Resource) -> Hearing:
        at = self.now.replace(tzinfo=None, hour=9, minute=0, second=0, microsecond=0) + timedelta(days=20)
        return await diary.propose(
            db, request=await queries.get(db, HearingRequest, request.id), wall_start=at, wall_zone="Europe/Bucharest",
            requesting_zone="Europe/Bucharest", requesting_city="Cluj", requested_zone="Asia/Bangkok",
            requested_city="Bangkok", resources=[room.resource_no for room in rooms], actor=self.clerk, now=self.now,
        )  # fmt: skip

    async def sign(self, db: AsyncSession, hearing: Hearing) -> None:
        """Both do."""
        (offer,) = await diary_queries.offers_of(db, hearing.id, open_only=True)
        await agreed_terms.sign_offer(db, hearing=hearing, offer=offer, actor=self.clerk, now=self.now)
        await diary.agree(db, hearing=hearing, offer=offer, actor=self.authority, now=self.now)
        assert hearing.status is H.agreed

    async def give_back(self, db: AsyncSession, hearing: Hearing, room: Resource) -> None:
        await diary.give_back(db, hearing=hearing, resource=room, actor=self.clerk, now=self.now)


@pytest.fixture
def table(staff: dict[str, Person], now: Any) -> Table:
    return Table(staff, now)


def _set(name: str, value: Any) -> Callable[[AsyncSession, Hearing], Awaitable[None]]:
    async def change(_db: AsyncSession, hearing: Hearing) -> None:
        setattr(hearing, name, value)

    return change


async def _day(db: AsyncSession, hearing: Hearing) -> None:
    for day in await diary_queries.days_of(db, hearing.id):
        day.starts_at += timedelta(minutes=1)
    await db.flush()


CHANGES: dict[str, list[Callable[[AsyncSession, Hearing], Awaitable[None]]]] = {
    "hearing": [_set("ref", "AAAA-AAAA")],
    "requesting_state": [_set("requesting_state", "FR")],
    "requested_state": [_set("requested_state", "FR")],
    "courts": [
        _set(f"{side}_{what}", value)
        for side in ("requesting", "requested")
        for what, value in (("city", "Iași"), ("zone", "Europe/Paris"))
    ],
    "days": [_day],
    "languages": [_set("language_requesting", "fr"), _set("language_requested", "fr")],
    "recording_policy": [_set("recording_policy", RecordingPolicy.sound_only)],
    "participant_classes": [_set("participant_classes", ["presiding_judge", "requested_authority", "witness"])],
    "version": [_set("terms_version", 1)],
    "capacity": [_set("capacity", "accused")],
    "rooms": [_set("agreed_rooms", [])],
}
"""Of each field of the terms, what changes it."""


async def test_a_change_of_any_field_of_the_terms_after_both_have_signed_is_seen(
    table: Table, database: Database, accepted: HearingRequest
) -> None:
    async with database.transaction() as db:
        hearing = await table.propose(db, accepted, await table.room(db, "Sala 12"))
        await table.sign(db, hearing)
        body = (await agreed_terms.terms_of(db, hearing)).body
        assert set(body) == set(CHANGES)
        assert body["capacity"] == accepted.capacity
        assert [(room["state"], room["city"], room["name"]) for room in body["rooms"]] == [("RO", "Cluj", "Sala 12")]
        for field, changes in CHANGES.items():
            for change in changes:
                async with db.begin_nested() as point:
                    with db.no_autoflush:
                        await change(db, hearing)
                        assert (await agreed_terms.terms_of(db, hearing)).body.get(field) != body[field], field
                        assert await agreed_terms.agreed_by(db, hearing) == frozenset(), field
                        with pytest.raises(NotReady, match="not yet signed by"):
                            await agreed_terms.require_both(db, hearing)
                    await point.rollback()
                await db.refresh(hearing)
        await agreed_terms.require_both(db, hearing)


async def test_a_room_that_was_signed_is_given_back_with_the_agreement_and_another_is_not(
    table: Table, database: Database, accepted: HearingRequest
) -> None:
    async with database.transaction() as db:
        signed, further = [await table.room(db, name) for name in ("Sala 12", "Sala 13")]
        hearing = await table.propose(db, accepted, signed)
        await table.sign(db, hearing)
        numbers = [further.resource_no]
        await diary.book(db, hearing=hearing, numbers=numbers, actor=table.clerk, now=table.now)
        await agreed_terms.require_both(db, hearing)
        await table.give_back(db, hearing, further)
        await agreed_terms.require_both(db, hearing)
        await table.give_back(db, hearing, signed)
        assert hearing.status is H.proposed
        assert await agreed_terms.agreed_by(db, hearing) == frozenset()
        (offer,) = await diary_queries.offers_of(db, hearing.id, open_only=True)
        assert (await agreed_terms.terms_if(db, hearing, offer)).body["rooms"] == []
        await table.sign(db, hearing)


async def test_a_room_booked_or_given_back_voids_the_signature_on_an_offer(
    table: Table, database: Database, accepted: HearingRequest
) -> None:
    async with database.transaction() as db:
        room = await table.room(db, "Sala 12")
        hearing = await table.propose(db, accepted)
        (offer,) = await diary_queries.offers_of(db, hearing.id, open_only=True)
        acts = (
            lambda: diary.book(db, hearing=hearing, numbers=[room.resource_no], actor=table.clerk, now=table.now),
            lambda: table.give_back(db, hearing, room),
        )
        for act in acts:
            await agreed_terms.sign_offer(db, hearing=hearing, offer=offer, actor=table.clerk, now=table.now)
            await act()
            assert offer.signed_terms == ""


async def test_a_room_in_signed_terms_is_not_renamed_and_one_that_is_not_shown_has_no_name_there(
    table: Table, database: Database, accepted: HearingRequest
) -> None:
    async with database.transaction() as db:
        open_, hidden = await table.room(db, "Sala 12"), await table.room(db, "Sala 13", shared=False)
        hearing = await table.propose(db, accepted, open_, hidden)
        await table.sign(db, hearing)
        assert [room["name"] for room in hearing.agreed_rooms] == ["Sala 12", ""]
        for field in ("name", "city"):
            with pytest.raises(NotReady, match=f"signed terms of hearing {hearing.ref}"):
                await resources.change(db, resource=open_, fields={field: "Another"}, actor=table.clerk, now=table.now)
        await resources.change(db, resource=open_, fields={"note": "By the stairs"}, actor=table.clerk, now=table.now)
        await resources.change(db, resource=hidden, fields={"name": "Sala 14"}, actor=table.clerk, now=table.now)
        await agreed_terms.require_both(db, hearing)


@pytest.mark.both_databases
async def test_what_was_signed_in_the_first_version_of_the_terms_holds_until_there_are_others(
    table: Table, database: Database, accepted: HearingRequest
) -> None:
    """The hash of version 1 is what it was, and an offer signed in it is accepted in it."""
    async with database.transaction() as db:
        room = await table.room(db, "Sala 12")
        hearing = await table.propose(db, accepted, room)
        hearing.terms_version = 1
        (offer,) = await diary_queries.offers_of(db, hearing.id, open_only=True)
        first = await agreed_terms.terms_if(db, hearing, offer)
        assert set(CHANGES) - set(first.body) == {"version", "capacity", "rooms"}
        await table.sign(db, hearing)
        assert hearing.requesting_signed == hearing.requested_signed == first.hash
        await table.give_back(db, hearing, room)
        await agreed_terms.require_both(db, hearing)
        await diary.change_terms(
            db, hearing=hearing, recording_policy=RecordingPolicy.sound_only, reason="By order",
            actor=table.clerk, now=table.now,
        )  # fmt: skip
        assert hearing.terms_version == agreed_terms.VERSION
        assert "capacity" in (await agreed_terms.terms_of(db, hearing)).body
