"""The person's consent: asked for by each rule, recorded with counsel, withdrawn at any time, also while heard."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import batched, permutations
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import ConsentMissing, IllegalMove, Invalid, NotAllowed, NotFound, NotReady
from hearings.hearing import hearing as diary
from hearings.law import legal_bases
from hearings.law.answer import ConsentNeed
from hearings.models import Consent, Hearing, HearingRequest, Person
from hearings.moves import move
from hearings.requests import consent_answers, person_consents, requests
from hearings.roles import Role
from hearings.sitting import recordings, sittings, withdrawals
from hearings.status import ConsentStatus, HearingStatus, SittingStatus

NEED = ConsentNeed(
    who="witness", layer="national", state="TH", provision="s. 1", text="The person must consent", source="-",
    confidence="fixture", revocable=True,
)  # fmt: skip


async def noted(database: Database, request: HearingRequest, actor: Actor, now: datetime) -> Consent:
    """One rule that asks, noted on a request."""
    result = legal_bases.GateResult(on=now.date(), verdicts=(), consents=(NEED, NEED))
    async with database.transaction() as db:
        row = await queries.get(db, HearingRequest, request.id)
        await person_consents.prepare(db, request=row, result=result, actor=actor, now=now)
        await person_consents.prepare(db, request=row, result=result, actor=actor, now=now)
    async with database.reading() as db:
        (found,) = await consent_answers.of_request(db, request.id)
    return found


async def record(database: Database, consent: Consent, actor: Actor, now: datetime, **words: Any) -> Consent:
    async with database.transaction() as db:
        row = await queries.get(db, HearingRequest, consent.request_id)
        return await person_consents.record(db, request=row, consent_id=consent.id, actor=actor, now=now, **words)


@pytest.mark.both_databases
async def test_a_consent_is_recorded_with_counsel_and_time_and_its_history(court: Any, now: datetime) -> None:
    clerk, authority = court.staff("clerk"), court.staff("authority")
    consent = await noted(court.database, court.request, clerk, now)
    assert (consent.status, consent.provision) == (ConsentStatus.not_asked, "s. 1")
    assert consent_answers.overall([consent]) == "not_asked"
    await record(court.database, consent, clerk, now, answer="pending")
    for words, field in (
        ({"answer": "given", "counsel_present": True}, "counsel"),
        ({"answer": "given", "given_at": now + timedelta(seconds=1)}, "given_at"),
        ({"answer": "withdrawn"}, "answer"),
    ):
        with pytest.raises(Invalid) as refusal:
            await record(court.database, consent, authority, now, **words)
        assert refusal.value.field == field
    given = await record(
        court.database, consent, authority, now, answer="given", counsel="A. Dee", counsel_present=True,
        lawyer_access=True, given_at=now - timedelta(hours=1),
    )  # fmt: skip
    assert (given.status, given.given_at, given.counsel) == ("given", now - timedelta(hours=1), "A. Dee")
    async with court.database.reading() as db:
        steps = [(one.before, one.after, one.actor) for one in await queries.history(db, given)]
        assert await consent_answers.outstanding(db, court.request, now=now) == []
    assert steps == [
        ("", "not_asked", clerk.id), ("not_asked", "pending", clerk.id), ("pending", "given", authority.id),
    ]  # fmt: skip


@pytest.mark.both_databases
async def test_a_withdrawal_while_the_person_is_heard_holds_the_sitting(court: Any, now: datetime) -> None:
    clerk, authority = court.staff("clerk"), court.staff("authority")
    consent = await noted(court.database, court.request, clerk, now)
    await court.assemble()

    async def withdraw(actor: Actor) -> list[str]:
        async with court.database.transaction() as db:
            row = await queries.get(db, HearingRequest, court.request.id)
            return await withdrawals.withdraw(
                db, request=row, consent_id=consent.id, reason="Afraid", actor=actor, now=now
            )

    with pytest.raises(IllegalMove):  # it was never given
        await withdraw(authority)
    await record(court.database, consent, authority, now, answer="given")
    with pytest.raises(NotAllowed):
        await withdraw(court.staff("judge"))
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
        assert (sitting.floor_open, sitting.holds) == (True, [])
    assert await withdraw(authority) == [court.hearing.id]
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
        (kept,) = await consent_answers.of_request(db, court.request.id)
        assert consent_answers.overall([kept]) == "withdrawn"
    assert (sitting.floor_open, sitting.hold_reason, sitting.status) == (
        False, "consent_withdrawn", SittingStatus.roll_call,
    )  # fmt: skip
    assert (kept.status, kept.given_at) == (ConsentStatus.withdrawn, now)


async def test_a_consent_of_another_request_is_not_found(
    database: Database, staff: dict[str, Person], now: datetime, fields: dict[str, Any], everything: Any
) -> None:
    clerk = person_actor(staff["clerk"])
    made = []
    for _ in range(2):
        async with database.transaction() as db:
            row = await requests.draft(db, requested_state="TH", fields=fields, actor=clerk, now=now)
            await requests.submit(db, request=row, actor=clerk, now=now)
            made.append(row)
    consent = await noted(database, made[0], clerk, now)
    before = await everything(database)
    async with database.transaction() as db:
        with pytest.raises(NotFound):
            await person_consents.record(
                db, request=made[1], consent_id=consent.id, answer="given", actor=clerk, now=now
            )
    assert await everything(database) == before


def test_the_worst_of_several_consents_counts() -> None:
    def rows(*statuses: str) -> list[Consent]:
        now = datetime.fromisoformat("2026-12-02T06:00:00+00:00")
        return [
            Consent(owner_state="RO", request_id="r", rule=word, status=ConsentStatus(word), since=now)
            for word in statuses
        ]

    for statuses, worst in (
        ((), "not_asked"),
        (("given",), "given"),
        (("given", "pending"), "pending"),
        (("pending", "not_asked"), "not_asked"),
        (("refused", "given", "pending"), "refused"),
        (("withdrawn", "refused"), "withdrawn"),
    ):
        assert consent_answers.overall(rows(*statuses)) == worst


# --- two at once -------------------------------------------------------------------------------------------------

Work = Callable[[AsyncSession], Awaitable[Any]]


class Turns:
    """Two writers take their steps in this order. One that waits for the other's lock loses its turn."""

    def __init__(self, order: tuple[int, ...]) -> None:
        self._order, self._moved = list(order), asyncio.Condition()

    @asynccontextmanager
    async def step(self, who: int) -> AsyncIterator[None]:
        async with self._moved:
            try:
                async with asyncio.timeout(0.15):
                    await self._moved.wait_for(lambda: self._order[0] == who)
            except TimeoutError:
                pass
        try:
            yield
        finally:
            async with self._moved:
                self._order.remove(who)
                self._moved.notify_all()


async def write(database: Database, turns: Turns, who: int, read: Work, act: Callable[..., Awaitable[Any]]) -> Any:
    """Read, act, commit; answers what it was refused with."""
    async with AsyncExitStack() as ending:
        try:
            async with turns.step(who):
                db = await ending.enter_async_context(database.transaction())
                found = await read(db)
            async with turns.step(who):
                await act(db, found)
                await db.flush()
            async with turns.step(who):
                await ending.aclose()
        except (ConsentMissing, NotReady, IllegalMove) as refusal:
            return refusal
    return None


async def nothing(db: AsyncSession) -> None:
    """What a race needs no reading for."""


@dataclass
class Scene:
    """One hearing and what can be done to it, each split into what is read first and what is then done."""

    court: Any
    consent: Consent
    now: datetime

    async def do(self, name: str) -> None:
        async with self.court.database.transaction() as db:
            await getattr(self, name)(db, await getattr(self, f"{name}_reads", nothing)(db))

    async def withdraw_reads(self, db: AsyncSession) -> HearingRequest:
        return await queries.request(db, self.court.request.id, state="RO")

    async def withdraw(self, db: AsyncSession, row: HearingRequest) -> None:
        words = {"consent_id": self.consent.id, "reason": "Afraid", "actor": self.court.staff("clerk")}
        await withdrawals.withdraw(db, request=row, now=self.now, **words)

    async def give(self, db: AsyncSession, _: None) -> None:
        row = await queries.request(db, self.court.request.id, state="RO", lock=True)
        words = {"consent_id": self.consent.id, "answer": "given", "actor": self.court.staff("clerk")}
        await person_consents.record(db, request=row, now=self.now, **words)

    async def make_ready_reads(self, db: AsyncSession) -> Hearing:
        return await queries.hearing(db, self.court.hearing.ref, state="RO", lock=True)

    async def agreed_again(self, db: AsyncSession, _: None) -> None:
        hearing = await self.make_ready_reads(db)
        move(db, hearing, HearingStatus.agreed, actor=self.court.staff("clerk"), now=self.now, reason="Again")

    async def make_ready(self, db: AsyncSession, row: Hearing) -> None:
        await diary.make_ready(db, hearing=row, actor=self.court.staff("clerk"), now=self.now)

    open_lobby_reads = cancel_reads = make_ready_reads

    async def cancel(self, db: AsyncSession, row: Hearing) -> None:
        await diary.cancel(db, hearing=row, reason="Not needed", actor=self.court.staff("clerk"), now=self.now)

    async def open_lobby(self, db: AsyncSession, row: Hearing) -> None:
        judge = await self.court.actor(db, Role.presiding_judge)
        await sittings.open_lobby(db, hearing=row, court_name="court.example", actor=judge, now=self.now)

    async def start_reads(self, db: AsyncSession) -> Any:
        return (*await self.court.sitting(db), await self.court.actor(db, Role.presiding_judge))

    async def start(self, db: AsyncSession, rows: Any) -> None:
        await sittings.start(db, sitting=rows[0], actor=rows[2], now=self.now)

    begin_reads = break_reads = resume_reads = close_reads = abort_reads = start_reads

    async def begin(self, db: AsyncSession, rows: Any) -> None:
        await recordings.opened(db, sitting=rows[0], recording=rows[1], now=self.now)

    async def break_(self, db: AsyncSession, _: None) -> None:
        sitting, _recording, judge = await self.start_reads(db)
        await sittings.hold(db, sitting=sitting, reason="A break", actor=judge, now=self.now)

    async def resume(self, db: AsyncSession, rows: Any) -> None:
        await sittings.resume(db, sitting=rows[0], reason="Go on", actor=rows[2], now=self.now)

    async def close(self, db: AsyncSession, rows: Any) -> None:
        await sittings.close(db, sitting=rows[0], actor=rows[2], now=self.now)

    async def abort(self, db: AsyncSession, rows: Any) -> None:
        await sittings.abort(db, sitting=rows[0], reason="Cannot go on", actor=rows[2], now=self.now)


RACES: dict[str, tuple[str, tuple[str, ...]]] = {
    "make_ready": ("ready", ("agreed_again",)),
    "open_lobby": ("ready", ()),
    "start": ("assembled", ()),
    "begin": ("assembled", ("start",)),
    "resume": ("in_session", ("break_",)),
    "resume given again": ("in_session", ("withdraw", "give")),
    "close": ("in_session", ()),
    "cancel": ("ready", ()),
    "abort": ("in_session", ()),
}
"""What is done while a consent is withdrawn: the stage it is done at, and what has been done before."""


async def raced(scene: Scene, act: str, order: tuple[int, ...]) -> None:
    """Withdraw and act, step by step in an order, on the scene's own database, and look at what came of it."""
    database, court, turns = scene.court.database, scene.court, Turns(order)
    withdrawn, refused = await asyncio.gather(
        *(
            write(database, turns, who, getattr(scene, f"{one}_reads"), getattr(scene, one))
            for who, one in enumerate(("withdraw", act))
        )
    )
    async with database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        sitting = await queries.open_sitting(db, court.hearing.id)
        (kept,) = await consent_answers.of_request(db, court.request.id)
    assert (withdrawn, kept.status) == (None, ConsentStatus.withdrawn), order  # at any time
    assert isinstance(refused, (ConsentMissing, NotReady, type(None))), order
    if sitting is None:
        assert hearing.status is (HearingStatus.cancelled if act == "cancel" else HearingStatus.agreed), order
    elif sitting.status is not SittingStatus.closing:
        assert (sitting.floor_open, sitting.status is SittingStatus.in_session) == (False, False), order
        assert [hold["reason"] for hold in sitting.holds] in (
            ["consent_withdrawn"], ["A break", "consent_withdrawn"],
        ), order  # fmt: skip


@pytest.mark.both_databases
@pytest.mark.parametrize(("stage", "race"), [pytest.param(stage, name) for name, (stage, _) in RACES.items()])
async def test_nobody_is_heard_after_a_withdrawal_whatever_is_done_at_the_same_moment(
    request: pytest.FixtureRequest, court: Any, race: str, now: datetime
) -> None:
    stage, before = RACES[race]
    clerk = court.staff("clerk")
    consent = await noted(court.database, court.request, clerk, now)
    await record(court.database, consent, clerk, now, answer="given")
    if stage == "assembled":
        await court.check_sound()
    for name in before:
        await Scene(court, consent, now).do(name)
    server = request.getfixturevalue("sqlite_server" if court.database.sqlite else "postgresql_server")
    await court.database.engine.dispose()  # nobody may be connected to what is copied
    orders = sorted(set(permutations((0, 0, 0, 1, 1, 1))))
    for some in batched(orders, 5):  # they wait for one another more than they work
        names = [server.create(str(court.database.url.database).rpartition("/")[2].removesuffix(".db")) for _ in some]
        copies = [Database(server.url(name)) for name in names]
        scenes = [Scene(replace(court, database=database), consent, now) for database in copies]
        await asyncio.gather(*(raced(scene, race.split()[0], order) for scene, order in zip(scenes, some, strict=True)))
        for database, name in zip(copies, names, strict=True):
            await database.close()
            server.drop(name)
