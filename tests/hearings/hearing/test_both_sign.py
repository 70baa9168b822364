"""Both States sign the time of a hearing: in whatever order they act, none is bound by the other's signature."""

import importlib.util
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

import hearings
from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import HearingsError, NotReady
from hearings.hearing import agreed_terms, hearing as diary
from hearings.models import Hearing, HearingRequest, Person
from hearings.models.hearing import RecordingPolicy
from hearings.moves import move
from hearings.roles import Role
from hearings.signatures import signatures
from hearings.sitting import sittings
from hearings.status import HearingStatus
from hearings.times import queries as diary_queries
from tests.support.court import SEEDS, Court

H = HearingStatus
VERSIONS = Path(hearings.__file__).parent / "migrations" / "versions"
BOUND = (H.agreed, H.ready)


async def holds(db: AsyncSession, hearing: Hearing) -> None:
    """The rule itself, on the row and by the terms reckoned anew."""
    signed = {hearing.requesting_signed, hearing.requested_signed}
    if hearing.status in BOUND:
        assert signed == {(await agreed_terms.terms_of(db, hearing)).hash}, hearing.status
        assert await agreed_terms.unsigned(db, hearing) == []
    else:
        assert len(await agreed_terms.unsigned(db, hearing)) > 0 or hearing.status not in agreed_terms.WAIT


Step = Callable[[AsyncSession, Hearing, Actor, random.Random, datetime], Awaitable[object]]


async def _offer(db: AsyncSession, hearing: Hearing, chance: random.Random) -> Any:
    every = await diary_queries.offers_of(db, hearing.id)
    return chance.choice([None, *every[-1:], *every])


async def _agree(db: AsyncSession, hearing: Hearing, actor: Actor, chance: random.Random, now: datetime) -> None:
    await diary.agree(db, hearing=hearing, offer=await _offer(db, hearing, chance), actor=actor, now=now)


async def _sign(db: AsyncSession, hearing: Hearing, actor: Actor, chance: random.Random, now: datetime) -> None:
    await diary.sign(db, hearing=hearing, offer=await _offer(db, hearing, chance), actor=actor, now=now)


async def _terms(db: AsyncSession, hearing: Hearing, actor: Actor, chance: random.Random, now: datetime) -> None:
    await agreed_terms.sign_terms(db, hearing=hearing, actor=actor, now=now)


async def _counter(db: AsyncSession, hearing: Hearing, actor: Actor, chance: random.Random, now: datetime) -> None:
    at = datetime(2026, 12, chance.randrange(4, 20), 9, 0)  # noqa: DTZ001  a wall time
    words: dict[str, Any] = {"wall_zone": "Europe/Bucharest", "duration": timedelta(hours=1), "reason": "No room"}
    await diary.counter(db, hearing=hearing, wall_start=at, actor=actor, now=now, **words)


async def _change(db: AsyncSession, hearing: Hearing, actor: Actor, chance: random.Random, now: datetime) -> None:
    policy = chance.choice(list(RecordingPolicy))
    reason = "By order" if policy is not hearing.recording_policy else ""
    await diary.change_terms(db, hearing=hearing, recording_policy=policy, reason=reason, actor=actor, now=now)


async def _ready(db: AsyncSession, hearing: Hearing, actor: Actor, chance: random.Random, now: datetime) -> None:
    await agreed_terms.require_both(db, hearing)  # as `make_ready`, which asks for people and much else besides
    move(db, hearing, H.ready, actor=actor, now=now)


STEPS: tuple[Step, ...] = (*[_agree] * 4, *[_sign] * 6, *[_terms] * 3, *[_ready] * 6, _counter, _change)


async def test_in_whatever_order_they_act_a_time_is_agreed_by_two_signatures_or_not_at_all(
    database: Database, accepted: HearingRequest, staff: dict[str, Person], now: datetime
) -> None:
    chance, met = random.Random(10), Counter[str]()
    clerk, authority = person_actor(staff["clerk"]), person_actor(staff["authority"])
    async with database.transaction() as db:
        hearing = await diary.propose(
            db, request=await queries.get(db, HearingRequest, accepted.id), wall_start=datetime(2026, 12, 3, 9, 0),  # noqa: DTZ001
            wall_zone="Europe/Bucharest", duration=timedelta(hours=1), requesting_zone="Europe/Bucharest",
            requesting_city="Bucharest", requested_zone="Asia/Bangkok", requested_city="Bangkok", actor=clerk, now=now,
        )  # fmt: skip
        for _number in range(600):
            step, actor = chance.choice(STEPS), chance.choice((clerk, authority))
            before = hearing.status
            try:
                await step(db, hearing, actor, chance, now)
            except HearingsError:
                met["refused"] += 1
                assert hearing.status is before
            await db.flush()  # where the database checks it too
            await holds(db, hearing)
            met[f"{before.value} {hearing.status.value}"] += 1
    moves = {"proposed agreed", "countered agreed", "agreed ready", "ready proposed", "ready countered"}
    assert moves <= set(met) and met["refused"] > 50, met


@pytest.mark.both_databases
@pytest.mark.parametrize("signed", [("", ""), ("a" * 64, ""), ("", "a" * 64), ("a" * 64, "b" * 64)])
async def test_the_database_itself_refuses_a_time_agreed_by_one(
    court: Court, database: Database, signed: tuple[str, str]
) -> None:
    said = dict(zip(("a", "b"), signed, strict=True)) | {"id": court.hearing.id}
    for status in BOUND:
        with pytest.raises(IntegrityError, match="both_signed"):
            async with database.transaction() as db:
                statement = text(
                    "UPDATE hearing SET status = :s, requesting_signed = :a, requested_signed = :b WHERE id = :id"
                )
                await db.exec(statement.bindparams(**said, s=status.value))  # type: ignore[call-overload]


@pytest.mark.both_databases
async def test_hearings_agreed_before_both_had_to_sign_keep_their_status_and_say_who_has_not(
    court: Court, database: Database, now: datetime
) -> None:
    """As the migration leaves them: what Thailand's authority has signed counts, what the program entered does not."""
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        terms = await agreed_terms.terms_of(db, hearing)
        stated = signatures.statement(
            state="TH", other="RO", act=signatures.Act.agree_hearing, about=hearing.ref,
            body=agreed_terms.statement(hearing, terms), now=now,
        )  # fmt: skip
        await signatures.receive(
            db, jws=signatures.sign(stated, seed=SEEDS["TH"]), state="TH", other="RO",
            act=signatures.Act.agree_hearing, about=hearing.ref, subject=hearing, now=now,
            actor=court.staff("authority"),
        )  # fmt: skip
    await again(database)
    clerk = court.staff("clerk")
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        assert (hearing.status, hearing.one_signed) == (H.ready, True)
        assert (hearing.requesting_signed, hearing.requested_signed) == ("", terms.hash)
        assert [diary.waits_for(hearing, state) for state in ("RO", "TH")] == [True, False]
        judge = await court.actor(db, Role.presiding_judge)
        with pytest.raises(NotReady, match="Time and terms of the hearing not yet signed by: RO"):
            await sittings.open_lobby(db, hearing=hearing, court_name="court.example", actor=judge, now=now)
        await agreed_terms.sign_terms(db, hearing=hearing, actor=clerk, now=now)
        assert (hearing.status, hearing.one_signed) == (H.ready, False)
        assert [diary.waits_for(hearing, state) for state in ("RO", "TH")] == [False, False]
        await holds(db, hearing)


async def again(database: Database) -> None:
    """The rows as they were before, and what the migration makes of them."""
    (file,) = VERSIONS.glob("*_both_sign.py")
    spec = importlib.util.spec_from_file_location("both_sign", file)
    assert spec is not None and spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)

    def read(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            migration._read_what_was_signed()

    async with database.engine.begin() as connection:
        unsigned = "UPDATE hearing SET requesting_signed = '', requested_signed = '', one_signed = (1 = 1)"
        await connection.execute(text(unsigned))
        await connection.run_sync(read)
