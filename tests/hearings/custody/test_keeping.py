"""How long a recording is kept follows from both States' decisions; a hold keeps it longer; its keys are destroyed by
two people of one State, after its retention and under no hold."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings.actors import Actor, person_actor
from hearings.custody import keeping
from hearings.custody.keeping import KeepingStatus
from hearings.custody.retention_classes import YEAR
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.models import HearingRequest, Recording
from hearings.status import RecordingStatus, RequestStatus
from tests.support.rows import Setting, keep, make_person


class Case:
    """A recording that was closed, and a moment at which somebody decides about it."""

    def __init__(self, setting: Setting) -> None:
        self.setting, self.database = setting, setting.database
        assert setting.recording.closed_at is not None
        self.closed_at = setting.recording.closed_at
        self.now: datetime = self.closed_at + timedelta(days=1)
        self.judge = person_actor(setting.people["judge"])
        self.people = [
            make_person("judge", "RO", "D. Ionescu", "second@ro.example"),
            make_person("authority", "TH", "P. Another", "another@th.example"),
        ]
        self.second, self.other_authority = map(person_actor, self.people)
        self.authority = person_actor(setting.people["authority"])
        self.clerk = person_actor(setting.people["clerk"])

    async def decide(self, name: str, actor: Actor, reason: str = "as ordered", **more: Any) -> Any:
        async with self.database.transaction() as db:
            where = {"recording": self.setting.recording, "hearing": self.setting.hearing}
            return await getattr(keeping, name)(db, **where, reason=reason, actor=actor, now=self.now, **more)

    async def status(self) -> KeepingStatus:
        async with self.database.reading() as db:
            rows = await keeping.decisions_on(db, [self.setting.recording.id])
        return keeping.keeping_status(self.closed_at, rows[self.setting.recording.id], self.now)

    def wait(self) -> None:
        """The days that a State has for a hold, once a destruction was proposed."""
        self.now += keeping.NOTICE

    def after(self, years: float) -> None:
        self.now = self.closed_at + years * YEAR


@pytest.fixture
async def case(database: Any) -> Case:
    setting = Setting(database)
    setting.request.status = RequestStatus.closed
    await setting.keep()
    case = Case(setting)
    await keep(database, *case.people)
    return case


@pytest.mark.both_databases
async def test_one_state_proposes_another_of_it_decides_and_nothing_can_be_decided_afterwards(case: Case) -> None:
    with pytest.raises(NotReady, match="has not ended"):
        await case.decide("propose_destruction", case.judge)
    case.after(10.01)
    await case.decide("propose_destruction", case.judge)
    for actor in (case.judge, case.authority):
        with pytest.raises(NotAllowed, match="began it"):
            await case.decide("decide_destruction", actor)
    with pytest.raises(NotReady, match="already"):
        await case.decide("propose_destruction", case.second)
    case.wait()
    await case.decide("decide_destruction", case.second)
    found = await case.status()
    assert found.destroyed is not None and (found.destroyed.person_name, found.proposal) == ("D. Ionescu", None)
    for name in ("place_hold", "propose_destruction", "decide_destruction"):
        with pytest.raises(NotReady, match="have been destroyed"):
            await case.decide(name, case.judge)


async def test_a_hold_of_either_state_stops_a_destruction_that_was_proposed(case: Case) -> None:
    case.after(11)
    await case.decide("propose_destruction", case.judge)
    hold = await case.decide("place_hold", case.authority)
    with pytest.raises(NotReady, match="legal hold"):
        await case.decide("decide_destruction", case.second)
    with pytest.raises(NotAllowed):
        await case.decide("lift_hold", case.judge, hold=hold.id)
    with pytest.raises(NotAllowed):
        await case.decide("lift_hold", case.authority, hold=hold.id)
    other = case.other_authority
    await case.decide("lift_hold", other, hold=hold.id)
    with pytest.raises(NotFound):
        await case.decide("lift_hold", other, hold=hold.id)
    assert (await case.status()).holds == ()
    case.wait()
    await case.decide("decide_destruction", case.second)


async def test_the_other_state_has_fourteen_days_to_place_a_hold_before_a_destruction_is_decided(case: Case) -> None:
    case.after(11)
    await case.decide("propose_destruction", case.judge)
    proposed = case.now
    found = await case.status()
    assert found.decidable_at == proposed + timedelta(days=14)
    for late in (timedelta(minutes=1), timedelta(days=14) - timedelta(seconds=1)):
        case.now = proposed + late
        with pytest.raises(NotReady, match="14 days after it was proposed"):
            await case.decide("decide_destruction", case.second)
    case.now = proposed + timedelta(days=14)
    await case.decide("withdraw_destruction", case.judge)
    assert (await case.status()).decidable_at is None
    await case.decide("propose_destruction", case.judge)
    with pytest.raises(NotReady, match="14 days after it was proposed"):
        await case.decide("decide_destruction", case.second)
    case.now += timedelta(days=14)
    await case.decide("decide_destruction", case.second)
    assert (await case.status()).destroyed is not None


@pytest.mark.parametrize("status", [RequestStatus.accepted, RequestStatus.executed])
async def test_what_a_case_is_still_about_is_not_destroyed_however_old_it_is(case: Case, status: RequestStatus) -> None:
    async with case.database.transaction() as db:
        row = await db.get(HearingRequest, case.setting.request.id)
        assert row is not None
        row.status = status
    case.after(12)
    with pytest.raises(NotReady, match="The request is not closed"):
        await case.decide("propose_destruction", case.judge)
    await case.decide("place_hold", case.judge)


async def test_the_longer_retention_of_the_two_states_counts(case: Case) -> None:
    found = await case.status()
    assert (found.retention.code, found.ends_at) == ("standard", case.closed_at + 10 * YEAR)
    await case.decide("set_retention", case.judge, code="short")
    assert (await case.status()).retention.code == "standard"
    await case.decide("set_retention", case.authority, code="short")
    assert (await case.status()).retention.code == "short"
    await case.decide("set_retention", case.authority, code="long")
    assert (await case.status()).retention.code == "long"
    await case.decide("set_retention", case.judge, code="historical")
    found = await case.status()
    assert (found.retention.years, found.review_at) == (100, case.closed_at + 100 * YEAR)
    with pytest.raises(Invalid):
        await case.decide("set_retention", case.judge, code="for ever")


async def test_a_review_is_due_at_the_end_and_every_five_years_after_it(case: Case) -> None:
    for years, review in ((1, 10), (10, 10), (10.5, 15), (15, 15), (23, 25)):
        case.after(years)
        assert (await case.status()).review_at == case.closed_at + review * YEAR, years


async def test_a_proposal_can_be_withdrawn_by_its_own_state_alone(case: Case) -> None:
    case.after(10.5)
    await case.decide("propose_destruction", case.judge)
    with pytest.raises(NotAllowed):
        await case.decide("withdraw_destruction", case.authority)
    await case.decide("withdraw_destruction", case.judge)
    assert (await case.status()).proposal is None
    with pytest.raises(NotReady, match="No destruction has been proposed"):
        await case.decide("decide_destruction", case.second)
    await case.decide("propose_destruction", case.authority)


async def test_who_has_not_the_function_or_gives_no_reason_decides_nothing(case: Case) -> None:
    for name, more in (("place_hold", {}), ("set_retention", {"code": "long"}), ("propose_destruction", {})):
        with pytest.raises(NotAllowed):
            await case.decide(name, case.clerk, **more)
        with pytest.raises(NotAllowed):
            await case.decide(name, person_actor(case.setting.people["foreign"]), **more)
    with pytest.raises(Invalid):
        await case.decide("place_hold", case.judge, reason=" ")
    assert await case.status() == keeping.keeping_status(case.closed_at, [], case.now)


async def test_nothing_is_decided_about_a_recording_that_goes_on(case: Case) -> None:
    async with case.database.transaction() as db:
        row = await db.get(Recording, case.setting.recording.id)
        assert row is not None
        row.status, row.closed_at = RecordingStatus.recording, None
    with pytest.raises(NotReady, match="has not been closed"):
        await case.decide("place_hold", case.judge)
