"""Who may see which change of status, of what, and page by page: nothing of a third State's, no draft of another's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from hearings import queries
from hearings.agreement import agreements
from hearings.db import Database
from hearings.minutes import minutes
from hearings.models import Consent, Hearing, OutboxMessage, SiteProfile, StatusChange, Webhook
from hearings.moves import born
from hearings.outward import changes, notices, webhooks
from hearings.outward.changes import VisibleChange
from hearings.roles import Role
from hearings.sentences import english

READY = pytest.mark.parametrize("stage", ["ready"])
IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
BEGINNING = changes.floor(datetime(1970, 1, 1, tzinfo=UTC))


async def seen(database: Database, state: str, *, limit: int = changes.PAGE) -> list[VisibleChange]:
    found, after = [], BEGINNING
    async with database.reading() as db:
        while after:
            page = await changes.changes(db, state=state, after=after, limit=limit)
            assert len(page.rows) <= limit
            found += page.rows
            after = page.after
    return found


def told(found: list[VisibleChange], subject: str) -> list[tuple[str, int | None, str, str]]:
    return [
        (one.about, one.number, one.change.before, one.change.after) for one in found if one.change.subject == subject
    ]


@pytest.mark.both_databases
@READY
async def test_an_agreement_is_told_to_its_author_and_from_its_proposal_on_to_the_other_state(
    court: Any, now: datetime
) -> None:
    ref = court.hearing.ref
    before = told(await seen(court.database, "TH"), "agreement")

    async def step(hours: int, what: Any, who: str, **words: Any) -> list[list[tuple[str, int | None, str, str]]]:
        at = now + timedelta(hours=hours)
        async with court.database.transaction() as db:
            running = await agreements.running(db, court.hearing.id)
            subject = {"agreement": running} if running else {"hearing": await queries.get(db, Hearing, hearing.id)}
            await what(db, **subject, **words, actor=court.staff(who), now=at)
        return [told(await seen(court.database, state), "agreement")[len(before) :] for state in ("RO", "TH", "FR")]

    hearing = court.hearing
    async with court.database.reading() as db:
        old = await agreements.running(db, hearing.id)
        assert old is not None
        sides = ("requesting_profile", "requested_profile")
        profiles = {side: await queries.get(db, SiteProfile, getattr(old, f"{side}_id")) for side in sides}

    void = (ref, 1, "agreed", "void")
    assert await step(1, agreements.void, "clerk", reason="begin anew") == [[void], [void], []]
    drafted, withdrawn = (ref, 2, "", "drafted"), (ref, 2, "drafted", "void")
    assert await step(2, agreements.draft, "clerk", **profiles) == [[void, drafted], [void], []]
    assert await step(3, agreements.counter, "clerk", needs={"cameras_b": 2}, reason="") == [
        [void, drafted], [void], [],
    ]  # fmt: skip
    assert await step(4, agreements.void, "clerk", reason="not so") == [[void, drafted, withdrawn], [void], []]
    third = [(ref, 3, "", "drafted"), (ref, 3, "drafted", "proposed"), (ref, 3, "proposed", "countered")]
    mine = [void, drafted, withdrawn]
    await step(5, agreements.draft, "clerk", **profiles)
    assert await step(6, agreements.propose, "clerk") == [[*mine, *third[:2]], [void, third[1]], []]
    countered = await step(7, agreements.counter, "authority", needs={"cameras_b": 2}, reason="")
    assert countered == [[*mine, *third], [void, *third[1:]], []]  # the offer is Thailand's now, the draft was not
    withdrawn_later = (ref, 3, "countered", "void")
    assert await step(8, agreements.void, "authority", reason="not so") == [
        [*mine, *third, withdrawn_later], [void, *third[1:], withdrawn_later], [],
    ]  # fmt: skip


@pytest.mark.both_databases
@READY
async def test_a_clock_that_follows_late_tells_nobody_of_what_was_a_draft_then(court: Any, now: datetime) -> None:
    late = now + timedelta(days=1)
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        old = await agreements.running(db, hearing.id)
        assert old is not None
        sides = ("requesting_profile", "requested_profile")
        profiles = {side: await queries.get(db, SiteProfile, getattr(old, f"{side}_id")) for side in sides}
        hooks = {
            state: Webhook(
                owner_state=state, url="https://a.example/h", events=list(webhooks.EVENTS), salt="5a", created_by="a",
                created_at=now,
            )
            for state in ("RO", "TH")
        }  # fmt: skip
        db.add_all(hooks.values())
        clerk = court.staff("clerk")
        await agreements.void(db, agreement=old, reason="begin anew", actor=clerk, now=now + timedelta(hours=1))
        paper = await agreements.draft(db, hearing=hearing, **profiles, actor=clerk, now=now + timedelta(hours=2))
        await agreements.counter(
            db, agreement=paper, needs={"cameras_b": 2}, reason="", actor=clerk, now=now + timedelta(hours=3)
        )
        await agreements.propose(db, agreement=paper, actor=clerk, now=now + timedelta(hours=4))
    mailed: set[str] = set()
    async with court.database.transaction() as db:
        for change in await queries.history(db, paper):
            subject, _text, people = await notices.readers(db, change)
            mailed |= {person.owner_state for person in people}
            assert subject is not None
            await notices.post(db, subject=subject, change=change, origin="https://court.example", now=late)
        made = (await db.exec(select(OutboxMessage).order_by(col(OutboxMessage.id)))).all()
    events = {state: [one.payload["type"] for one in made if one.address == hook.id] for state, hook in hooks.items()}
    assert events == {"RO": ["agreement.drafted", "agreement.proposed"], "TH": ["agreement.proposed"]}
    assert mailed == {"TH"}


@pytest.mark.both_databases
@IN_SESSION
async def test_one_change_is_judged_as_a_page_of_them_is(court: Any) -> None:
    for state in ("RO", "TH", "FR"):
        wanted = {one.change.id for one in await seen(court.database, state)}
        async with court.database.reading() as db:
            every = (await db.exec(select(StatusChange.id))).all()
            assert {one for one in every if await changes.sees(db, one, state=state)} == wanted
            assert not await changes.sees(db, "nothing", state=state)


@pytest.mark.both_databases
@IN_SESSION
async def test_whatever_webhooks_tell_of_is_told_here_and_nothing_to_a_third_state(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        clerk = await court.actor(db, Role.clerk)
        await minutes.begin(db, hearing=hearing, say=english, actor=clerk, now=now)
        consent = Consent(owner_state="RO", request_id=court.request.id, rule="a rule", since=now)
        db.add(consent)
        born(db, consent, consent.status, actor=clerk, now=now)
    for state in ("RO", "TH"):
        found = await seen(court.database, state)
        assert {one.change.subject for one in found} == {table for table, _statuses in webhooks.SUBJECTS.values()}
        assert told(found, "minutes") == [(court.hearing.ref, 1, "", "drafted")]
        abouts = {one.change.subject: one.about for one in found}
        assert {abouts.pop("hearing_request"), abouts.pop("consent")} == {court.request.reference}
        assert set(abouts.values()) == {court.hearing.ref}
        assert {one.number for one in found if one.change.subject not in ("agreement", "minutes")} == {None}
        assert [one.change.id for one in found] == sorted(one.change.id for one in found)
    assert await seen(court.database, "FR") == []


@pytest.mark.both_databases
@IN_SESSION
async def test_pages_look_at_so_many_changes_whoevers_they_are_and_leave_out_none(court: Any) -> None:
    for state in ("RO", "TH", "FR"):
        whole = await seen(court.database, state)
        for limit in (1, 7):
            assert await seen(court.database, state, limit=limit) == whole
    async with court.database.reading() as db:
        first = await changes.changes(db, state="FR", after=BEGINNING, limit=3)
        count = len((await changes.changes(db, state="RO", after=BEGINNING)).rows)
    assert first.rows == [] and first.after
    assert count == len(await seen(court.database, "RO"))
