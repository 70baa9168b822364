"""Technical agreements: offers and counters, two signatures over the same terms, and what voids them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select, update

from hearings import clocks, queries
from hearings.actors import Actor, person_actor
from hearings.agreement import agreements, facts as agreement_facts, sites
from hearings.errors import (
    AgreementConflict,
    IllegalMove,
    Invalid,
    NotAllowed,
    NotFound,
    NotReady,
    SignatureRefused,
    TermsChanged,
)
from hearings.hearing import hearing as diary, participants
from hearings.models import (
    Agreement,
    Attachment,
    Hearing,
    HearingDay,
    HearingRequest,
    Participant,
    Person,
    Site,
    SiteProfile,
    StatusChange,
    Webhook,
)
from hearings.models.hearing import RecordingPolicy
from hearings.models.request_parts import AttachmentKind
from hearings.outward import notices, webhooks
from hearings.roles import Role
from hearings.signatures import signatures
from hearings.status import AgreementStatus, HearingStatus

Court: Any = Any
S = AgreementStatus
pytestmark = pytest.mark.parametrize("stage", ["ready"])
"""For what no SQL of ours decides; the other tests run on both databases."""


async def running(court: Court) -> Agreement:
    async with court.database.reading() as db:
        found = await agreements.running(db, court.hearing.id)
    assert found is not None
    return found


async def fresh(court: Court, db: Any) -> tuple[Hearing, Agreement]:
    hearing = await queries.get(db, Hearing, court.hearing.id)
    found = await agreements.running(db, hearing.id)
    assert found is not None
    return hearing, found


async def start_over(
    court: Court, now: datetime, needs: Mapping[str, Any] | None = None, by: str = "clerk"
) -> Agreement:
    """The agreement that stands is void; another is drafted, by the requesting State unless said otherwise."""
    async with court.database.transaction() as db:
        hearing, old = await fresh(court, db)
        await agreements.void(db, agreement=old, reason="begin anew", actor=court.staff("clerk"), now=now)
        profiles = [
            await queries.get(db, SiteProfile, profile_id)
            for profile_id in (old.requesting_profile_id, old.requested_profile_id)
        ]
        return await agreements.draft(
            db,
            hearing=hearing,
            requesting_profile=profiles[0],
            requested_profile=profiles[1],
            needs=needs,
            actor=court.staff(by),
            now=now,
        )


async def act(court: Court, what: Any, who: str, now: datetime, **words: Any) -> Any:
    async with court.database.transaction() as db:
        _, found = await fresh(court, db)
        return await what(db, agreement=found, actor=court.staff(who), now=now, **words)


async def history(court: Court, row_id: str) -> list[tuple[str, str, str]]:
    async with court.database.reading() as db:
        query = select(StatusChange).where(StatusChange.subject_id == row_id).order_by(StatusChange.id)
        return [(one.before, one.after, one.reason) for one in (await db.exec(query)).all()]


async def hearing_status(court: Court) -> HearingStatus:
    async with court.database.reading() as db:
        return (await queries.get(db, Hearing, court.hearing.id)).status


async def told(court: Court, now: datetime) -> list[tuple[str, list[str], list[str]]]:
    """Of each change of the running agreement: its status, and the States mailed and told by webhook."""
    found = await running(court)
    async with court.database.transaction() as db:
        for state in ("RO", "TH"):
            db.add(
                Webhook(
                    owner_state=state, url="https://h.example/", events=list(webhooks.EVENTS), salt="5a",
                    created_by="a", created_at=now,
                )
            )  # fmt: skip
        await db.flush()
        query = select(StatusChange).where(StatusChange.subject_id == found.id).order_by(StatusChange.id)
        lines = []
        for change in (await db.exec(query)).all():
            subject, _text, people = await notices.readers(db, change)
            assert subject is not None
            posted = await notices.post(db, subject=subject, change=change, origin="https://court.example", now=now)
            by_kind = [sorted({one.owner_state for one in some}) for some in (people, posted)]
            lines.append((change.after, *by_kind))
    return lines


BOTH = ["RO", "TH"]


@pytest.mark.parametrize(("first", "second", "one", "other"), [
    ("clerk", "authority", "RO", "TH"),
    ("authority", "clerk", "TH", "RO"),
])  # fmt: skip
async def test_an_offer_is_told_to_the_state_that_did_not_make_it(
    court: Court, now: datetime, first: str, second: str, one: str, other: str
) -> None:
    await start_over(court, now, by=first)
    await act(court, agreements.propose, first, now)
    later = now + timedelta(seconds=1)
    await act(court, agreements.counter, second, later, needs={"interpreting": "consecutive"}, reason="Cheaper")
    last = now + timedelta(seconds=2)
    await act(court, agreements.counter, first, last, needs={"interpreting": "simultaneous"}, reason="Faster")
    assert await told(court, last) == [
        ("drafted", [], BOTH),  # told of late, when the agreement is no draft any more
        ("proposed", [other], BOTH),
        ("countered", [one], BOTH),
        ("proposed", [other], BOTH),
    ]


@pytest.mark.parametrize(("author", "own"), [("clerk", "RO"), ("authority", "TH")])
async def test_a_draft_and_its_end_are_told_to_nobody_but_its_author(
    court: Court, now: datetime, author: str, own: str
) -> None:
    draft = await start_over(court, now, by=author)
    assert await told(court, now) == [("drafted", [], [own])]
    async with court.database.transaction() as db:
        row = await queries.get(db, Agreement, draft.id)
        await agreements.void(db, agreement=row, reason="A mistake", actor=court.staff(author), now=now)
        await db.flush()
        query = select(StatusChange).where(StatusChange.subject_id == draft.id, StatusChange.after == "void")
        change = (await db.exec(query)).one()
        subject, _text, people = await notices.readers(db, change)
        assert subject is not None
        posted = await notices.post(db, subject=subject, change=change, origin="https://court.example", now=now)
    assert {one.owner_state for one in (*people, *posted)} == {own}


@pytest.mark.both_databases
async def test_both_states_sign_the_same_hash_and_the_terms_hold_what_was_agreed(court: Court) -> None:
    found = await running(court)
    assert found.status is S.agreed
    async with court.database.reading() as db:
        assert await agreements.signed_by(db, found) == {"RO", "TH"}
        bodies = [signatures.read(one)["body"] for one in await signatures.signatures_of(db, found)]
    assert bodies == [{"terms_sha256": found.terms_sha256}] * 2
    session = found.terms["session"]
    assert (session["audio_codec"], session["video_codec"], session["interpreting"]) == (
        "opus-fb",
        "vp8",
        "simultaneous",
    )
    assert session["breakdown"] == {"redial": 3, "second_line": False, "phone": False, "adjourn_after_minutes": 30}
    assert found.terms["recipients"] == ["RO", "TH"]
    assert found.terms["facts"]["people_languages"] == ["ro", "th"]
    assert await history(court, found.id) == [
        ("", "drafted", ""),
        ("drafted", "proposed", ""),
        ("proposed", "agreed", ""),
    ]


async def test_one_signature_agrees_nothing_and_another_hash_is_refused(court: Court, now: datetime) -> None:
    found = await start_over(court, now)
    await act(court, agreements.propose, "clerk", now)
    await act(court, agreements.sign, "clerk", now, jws=court.signed_terms(found, "RO"))
    assert (await running(court)).status is S.proposed
    other = court.signed_terms(found, "TH", body={"terms_sha256": "0" * 64})
    with pytest.raises(TermsChanged):
        await act(court, agreements.sign, "authority", now, jws=other)
    await act(court, agreements.sign, "authority", now, jws=court.signed_terms(found, "TH"))
    assert (await running(court)).status is S.agreed


async def test_a_state_cannot_hand_in_the_other_states_signature(court: Court, now: datetime) -> None:
    found = await start_over(court, now)
    await act(court, agreements.propose, "clerk", now)
    with pytest.raises(SignatureRefused) as caught:
        await act(court, agreements.sign, "clerk", now, jws=court.signed_terms(found, "TH"))
    assert caught.value.code == "signature_key_unknown"


@pytest.mark.both_databases
async def test_a_counter_offer_makes_the_first_signature_count_no_more(court: Court, now: datetime) -> None:
    found = await start_over(court, now)
    await act(court, agreements.propose, "clerk", now)
    first = court.signed_terms(found, "RO")
    await act(court, agreements.sign, "clerk", now, jws=first)
    changes = await act(
        court, agreements.counter, "authority", now, needs={"most_height": 720}, reason="Our screen is small."
    )
    assert changes == [{"need": "most_height", "before": 1080, "after": 720}]
    countered = await running(court)
    assert (countered.status, countered.round, countered.by_state) == (S.countered, 2, "TH")
    assert countered.terms["session"]["height"] == 720
    await act(court, agreements.sign, "authority", now, jws=court.signed_terms(countered, "TH"))
    for older in (first, court.signed_terms(found, "RO")):  # the very same statement, and another over the older terms
        with pytest.raises(TermsChanged):
            await act(court, agreements.sign, "clerk", now, jws=older)
    await act(court, agreements.sign, "clerk", now, jws=court.signed_terms(countered, "RO"))
    assert (await running(court)).status is S.agreed
    async with court.database.reading() as db:
        rounds = await agreements.offers(db, countered)
    assert [(one.round, one.by_state, one.changes, one.reason) for one in rounds] == [
        (2, "TH", changes, "Our screen is small."),
        (1, "RO", [], ""),
    ]


async def test_offers_go_to_and_fro_and_nobody_counters_their_own(court: Court, now: datetime) -> None:
    await start_over(court, now)
    with pytest.raises(NotAllowed):
        await act(court, agreements.counter, "authority", now, needs={"most_height": 720}, reason="")
    await act(court, agreements.counter, "clerk", now, needs={"most_height": 540}, reason="")
    assert (await running(court)).status is S.drafted
    with pytest.raises(NotAllowed):
        await act(court, agreements.propose, "authority", now)
    await act(court, agreements.propose, "clerk", now)
    with pytest.raises(NotAllowed):
        await act(court, agreements.counter, "clerk", now, needs={"most_height": 720}, reason="")
    with pytest.raises(NotReady, match="This proposal changes nothing"):
        await act(court, agreements.counter, "authority", now, needs={"most_height": 540}, reason="")
    await act(court, agreements.counter, "authority", now, needs={"most_height": 720}, reason="")
    await act(court, agreements.counter, "clerk", now, needs={"most_height": 360}, reason="")
    assert (await running(court)).status is S.proposed


async def test_a_draft_with_conflicts_stands_but_is_not_proposed(court: Court, now: datetime) -> None:
    found = await start_over(court, now, {"end_to_end": True})
    assert found.terms["session"] is None
    async with court.database.reading() as db:
        conflicts = (await agreements.outcome(db, found)).conflicts
    assert [line.item for line in conflicts] == ["encryption"]
    with pytest.raises(AgreementConflict):
        await act(court, agreements.propose, "clerk", now)


async def test_a_draft_is_its_authors_until_it_is_proposed(court: Court, now: datetime) -> None:
    found = await start_over(court, now)
    async with court.database.reading() as db:
        hearing, _ = await fresh(court, db)
        assert [one.number for one in await agreements.of_hearing(db, hearing, state="RO")] == [2, 1]
        assert [one.number for one in await agreements.of_hearing(db, hearing, state="TH")] == [1]
        with pytest.raises(NotFound):
            await agreements.agreement(db, hearing, found.number, state="TH")


@pytest.mark.both_databases
async def test_only_one_agreement_of_a_hearing_runs_and_the_database_says_so_too(court: Court, now: datetime) -> None:
    async with court.database.reading() as db:
        hearing, old = await fresh(court, db)
        profile = await queries.get(db, SiteProfile, old.requesting_profile_id)
        with pytest.raises(NotReady, match="This hearing already has an agreement that is not void"):
            await agreements.draft(
                db,
                hearing=hearing,
                requesting_profile=profile,
                requested_profile=profile,
                actor=court.staff("clerk"),
                now=now,
            )
    copy = {**old.model_dump(exclude={"id"}), "number": 2}
    with pytest.raises(DBAPIError):
        async with court.database.transaction() as db:
            db.add(Agreement(**copy))


async def test_a_profile_of_another_state_is_not_found(court: Court, now: datetime, everything: Any) -> None:
    found = await start_over(court, now)
    await act(court, agreements.void, "clerk", now, reason="wrong room")
    before = await everything(court.database)
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        profile = await queries.get(db, SiteProfile, found.requesting_profile_id)
        with pytest.raises(NotFound):
            await agreements.draft(
                db,
                hearing=hearing,
                requesting_profile=profile,
                requested_profile=profile,
                actor=court.staff("clerk"),
                now=now,
            )
    assert await everything(court.database) == before


# --- what voids --------------------------------------------------------------------------------------------------


async def new_profile(court: Court, now: datetime) -> str:
    async with court.database.transaction() as db:
        _, found = await fresh(court, db)
        profile = await queries.get(db, SiteProfile, found.requested_profile_id)
        site = await queries.get(db, Site, profile.site_id)
        await sites.publish(
            db,
            site=site,
            abilities={**profile.abilities, "height": 720},
            details={},
            reason="new camera",
            actor=court.staff("authority"),
            now=now,
        )
    return "Room 1, Bangkok: profile version 2: new camera"


async def another_language(court: Court, now: datetime) -> str:
    async with court.database.transaction() as db:
        hearing, _ = await fresh(court, db)
        await participants.add(
            db,
            hearing=hearing,
            role=Role.defence,
            display_name="Counsel",
            state="TH",
            city="Bangkok",
            speaks="en",
            actor=court.staff("clerk"),
            now=now,
        )
        assert await agreements.void_if_changed(db, hearing=hearing, now=now) in ("", _PEOPLE)
    return _PEOPLE


_PEOPLE = "the languages of the people are others"


async def a_language_corrected(court: Court, now: datetime) -> str:
    async with court.database.transaction() as db:
        hearing, _ = await fresh(court, db)
        witness = await queries.get(db, Participant, court.ids[Role.witness])
        await participants.change(
            db,
            hearing=hearing,
            participant=witness,
            display_name=witness.display_name,
            city=witness.city,
            speaks="km",
            hears="km",
            actor=court.staff("clerk"),
            now=now,
        )
        assert await agreements.void_if_changed(db, hearing=hearing, now=now) in ("", _PEOPLE)
    return _PEOPLE


async def another_condition(court: Court, now: datetime) -> str:
    async with court.database.transaction() as db:
        hearing, _ = await fresh(court, db)
        request = await queries.get(db, HearingRequest, hearing.request_id)
        request.condition_rules = [{"kind": "time_limit", "minutes": 60}]
        db.add(request)
        await agreements.void_if_changed(db, hearing=hearing, now=now)
    return "the conditions of the requested State are others"


async def another_time(court: Court, now: datetime) -> str:
    async with court.database.transaction() as db:
        hearing, _ = await fresh(court, db)
        hearing.starts_at += timedelta(minutes=30)
        for day in (await db.exec(select(HearingDay).where(HearingDay.hearing_id == hearing.id))).all():
            day.starts_at = hearing.starts_at
        await agreements.void_if_changed(db, hearing=hearing, now=now)
    return "the hearing is at another time"


async def another_recording_policy(court: Court, now: datetime) -> str:
    async with court.database.transaction() as db:
        hearing, _ = await fresh(court, db)
        hearing.recording_policy = RecordingPolicy.sound_only
        await agreements.void_if_changed(db, hearing=hearing, now=now)
    return "what is recorded is another"


@pytest.mark.parametrize(
    "change",
    [
        new_profile,
        another_language,
        a_language_corrected,
        another_condition,
        another_time,
        another_recording_policy,
    ],
)
async def test_a_change_voids_both_signatures_and_says_which(court: Court, now: datetime, change: Any) -> None:
    before = await running(court)
    reason = await change(court, now)
    async with court.database.reading() as db:
        assert await agreements.running(db, court.hearing.id) is None
    assert (await history(court, before.id))[-1] == ("agreed", "void", reason)
    assert await hearing_status(court) is HearingStatus.agreed
    assert (await history(court, court.hearing.id))[-1][2] == f"technical agreement void: {reason}"


async def test_what_changes_nothing_that_was_agreed_voids_nothing(court: Court, now: datetime) -> None:
    async with court.database.transaction() as db:
        hearing, found = await fresh(court, db)
        await participants.add(
            db,
            hearing=hearing,
            role=Role.prosecutor,
            display_name="Prosecutor",
            state="RO",
            city="Bucharest",
            speaks="ro",
            actor=court.staff("clerk"),
            now=now,
        )
        profile = await queries.get(db, SiteProfile, found.requesting_profile_id)
        kept = profile.model_dump(exclude={"id", "version", "abilities"})
        older = {name: value for name, value in profile.abilities.items() if name != "redial"}
        db.add(SiteProfile(**kept, abilities=older, version=2))  # from before there was a rule for a broken line
        await db.flush()
        await sites.publish(
            db,
            site=await queries.get(db, Site, profile.site_id),
            abilities=profile.abilities,
            details={"room_phone": {"value": "+40 21 000", "confidential": True}},
            reason="new telephone",
            actor=court.staff("clerk"),
            now=now,
        )
        assert await agreements.void_if_changed(db, hearing=hearing, now=now) == ""
    assert (await running(court)).status is S.agreed


async def test_terms_that_have_changed_since_are_not_signed(court: Court, now: datetime) -> None:
    found = await start_over(court, now)
    await act(court, agreements.propose, "clerk", now)
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        request.condition_rules = [{"kind": "counsel_present"}]
        db.add(request)
    with pytest.raises(TermsChanged, match="the conditions of the requested State are others"):
        await act(court, agreements.sign, "clerk", now, jws=court.signed_terms(found, "RO"))


async def test_a_request_with_exhibits_needs_a_way_to_show_them(court: Court, now: datetime) -> None:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        needs = await agreement_facts.needs_of(db, hearing)
        assert (needs.exhibits, needs.heard, needs.interpreter_at) == (False, "b", "b")
        request = await queries.get(db, HearingRequest, court.request.id)
        request.exhibits = "The bill of lading"
        db.add(request)
    found = await start_over(court, now)
    async with court.database.reading() as db:
        conflicts = (await agreements.outcome(db, found)).conflicts
    assert [line.item for line in conflicts] == ["exhibits"]


async def test_a_file_that_is_an_exhibit_counts_as_one(court: Court, now: datetime) -> None:
    kept = {"name": "bill.pdf", "media_type": "application/pdf", "size": 1, "sha256": "0" * 64}
    for kind in (AttachmentKind.other, AttachmentKind.exhibit):
        async with court.database.transaction() as db:
            added = {"added_by": "x", "added_by_label": "Clerk", "added_at": now, "owner_state": "RO"}
            db.add(Attachment(request_id=court.request.id, kind=kind, **kept, **added))
            await db.flush()
            hearing = await queries.get(db, Hearing, court.hearing.id)
            needs = await agreement_facts.needs_of(db, hearing)
            assert needs.exhibits is (kind is AttachmentKind.exhibit)


async def test_a_signed_agreement_without_a_way_to_show_exhibits_is_found_until_the_hearing_is_over(
    court: Court, now: datetime
) -> None:
    async def found() -> list[str]:
        async with court.database.reading() as db:
            return [exhibit.ref for exhibit in await agreements.without_exhibits(db, court.request.id)]

    assert await found() == [court.hearing.ref]
    async with court.database.transaction() as db:
        agreed = await agreements.running(db, court.hearing.id)
        assert agreed is not None and not agreements.shows_exhibits(agreed)
        agreed.terms = agreed.terms | {"session": agreed.terms["session"] | {"exhibits": "document_camera"}}
        db.add(agreed)
    assert await found() == []
    async with court.database.transaction() as db:
        agreed = await agreements.running(db, court.hearing.id)
        assert agreed is not None
        agreed.terms = agreed.terms | {"session": agreed.terms["session"] | {"exhibits": "none"}}
        db.add(agreed)
        hearing = await queries.get(db, Hearing, court.hearing.id)
        await diary.cancel(db, hearing=hearing, reason="No longer needed", actor=court.staff("judge"), now=now)
    assert await found() == []


async def test_the_terms_tell_the_time_as_both_courts_clocks_show_it(court: Court, now: datetime) -> None:
    found = (await running(court)).terms["facts"]
    assert found["tzdb"] == clocks.tzdb_version()
    assert {side: clock["zone"] for side, clock in found["clocks"].items()} == {
        "requesting": "Europe/Bucharest",
        "requested": "Asia/Bangkok",
    }
    for clock, offset in zip(found["clocks"].values(), ("+02:00", "+07:00"), strict=True):
        assert [[datetime.fromisoformat(at) for at in day] for day in clock["days"]] == [
            [datetime.fromisoformat(at) for at in day] for day in found["days"]
        ]
        assert {at[-6:] for day in clock["days"] for at in day} == {offset}


async def test_newer_time_zone_data_void_nothing_until_a_clock_shows_another_time(
    court: Court, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement_facts, "tzdb_version", lambda: "2031z")
    async with court.database.transaction() as db:
        hearing, _ = await fresh(court, db)
        assert await agreements.void_if_changed(db, hearing=hearing, now=now) == ""
    winter = {"Europe/Bucharest": "Etc/GMT-3"}  # as if Romania kept its summer time
    monkeypatch.setattr(agreement_facts, "zone", lambda name: ZoneInfo(winter.get(name, name)))
    async with court.database.transaction() as db:
        hearing, _ = await fresh(court, db)
        reason = await agreements.void_if_changed(db, hearing=hearing, now=now)
    assert reason == "the clocks of a court show another time"
    assert await hearing_status(court) is HearingStatus.agreed


async def test_facts_that_older_terms_do_not_hold_are_not_asked_for(court: Court) -> None:
    after = (await running(court)).terms["facts"]
    before = {name: fact for name, fact in after.items() if name not in ("clocks", "tzdb")}
    assert agreement_facts.changed(before, after) == ""


async def test_terms_made_by_older_rules_are_made_anew_before_they_are_signed(court: Court, now: datetime) -> None:
    found = await start_over(court, now)
    await act(court, agreements.propose, "clerk", now)
    async with court.database.transaction() as db:
        row = await queries.get(db, Agreement, found.id)
        session = {name: value for name, value in row.terms["session"].items() if name != "breakdown"}
        row.terms = {**row.terms, "session": {**session, "fallback": "phone"}}
        row.needs = {name: value for name, value in row.needs.items() if name != "redial"}
        db.add(row)
    with pytest.raises(TermsChanged, match="the rules of negotiation are others"):
        await act(court, agreements.sign, "clerk", now, jws=court.signed_terms(found, "RO"))
    changes = await act(court, agreements.counter, "authority", now, needs={"redial": 1}, reason="")
    assert changes == [{"need": "redial", "before": 3, "after": 1}]
    assert (await running(court)).terms["session"]["breakdown"]["redial"] == 1
    await act(court, agreements.sign, "clerk", now, jws=court.signed_terms(await running(court), "RO"))


async def test_void_needs_a_reason_and_is_an_end(court: Court, now: datetime) -> None:
    found = await running(court)
    with pytest.raises(Invalid, match="At least 3 characters are needed"):
        await act(court, agreements.void, "authority", now, reason="")
    await act(court, agreements.void, "authority", now, reason="our room is closed")
    assert (await history(court, found.id))[-1] == ("agreed", "void", "our room is closed")
    with pytest.raises(IllegalMove):
        async with court.database.transaction() as db:
            row = await queries.get(db, Agreement, found.id)
            await agreements.sign(db, agreement=row, jws="x", actor=court.staff("clerk"), now=now)


# --- sites -------------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_a_version_of_a_profile_cannot_be_changed(court: Court) -> None:
    with pytest.raises(DBAPIError, match="only grows"):
        async with court.database.transaction() as db:
            await db.exec(update(SiteProfile).values(version=9))


async def test_a_site_is_its_own_states_to_change(court: Court, now: datetime) -> None:
    async with court.database.transaction() as db:
        _, found = await fresh(court, db)
        profile = await queries.get(db, SiteProfile, found.requested_profile_id)
        site = await queries.get(db, Site, profile.site_id)
        clerk = court.staff("clerk")
        with pytest.raises(NotFound):
            await sites.site(db, site.id, state="RO")
        for refused in (
            sites.publish(db, site=site, abilities=profile.abilities, details={}, reason="mine", actor=clerk, now=now),
            sites.retire(db, site=site, reason="mine", actor=clerk, now=now),
        ):
            with pytest.raises(NotFound):
                await refused
        stranger = Person(owner_state="FR", name="M", email="m@fr.example", functions=["judge"], city="Paris")
        with pytest.raises(NotAllowed):
            await sites.publish(
                db, site=site, abilities={}, details={}, reason="x y z", actor=person_actor(stranger), now=now
            )


async def test_confidential_details_go_to_the_other_state_once_both_have_signed(court: Court, now: datetime) -> None:
    details = {
        "room_phone": {"value": "+66 2 000", "confidential": True},
        "note": {"value": "Second floor", "confidential": False},
        "address": {"value": "  ", "confidential": False},
    }
    async with court.database.transaction() as db:
        _, found = await fresh(court, db)
        old = await queries.get(db, SiteProfile, found.requested_profile_id)
        site = await queries.get(db, Site, old.site_id)
        authority: Actor = court.staff("authority")
        made = await sites.publish(
            db, site=site, abilities=old.abilities, details=details, reason="telephone", actor=authority, now=now
        )
        with pytest.raises(Invalid, match="Nothing has changed"):
            await sites.publish(
                db, site=site, abilities=old.abilities, details=details, reason="again", actor=authority, now=now
            )
    assert sites.details_for(made, state="TH", signed=False) == {"room_phone": "+66 2 000", "note": "Second floor"}
    assert sites.details_for(made, state="RO", signed=False) == {"note": "Second floor"}
    assert sites.details_for(made, state="RO", signed=True) == {"room_phone": "+66 2 000", "note": "Second floor"}


@pytest.mark.both_databases
async def test_a_retired_site_is_not_on_offer_and_voids_what_was_built_on_it(court: Court, now: datetime) -> None:
    found = await running(court)
    async with court.database.transaction() as db:
        profile = await queries.get(db, SiteProfile, found.requested_profile_id)
        site = await queries.get(db, Site, profile.site_id)
        await sites.retire(db, site=site, reason="rebuilt", actor=court.staff("authority"), now=now)
        assert [one.owner_state for one in await sites.on_offer(db, states=["RO", "TH"])] == ["RO"]
        assert (await sites.sites(db, state="TH")).rows == []
    assert (await history(court, found.id))[-1][1:] == ("void", "Room 1, Bangkok is no longer used: rebuilt")


@pytest.mark.both_databases
async def test_the_ways_of_both_sites_are_known_until_the_hearing_is_over(court: Court, now: datetime) -> None:
    direct = frozenset({"udp_direct"})

    async def ways() -> list[tuple[str, frozenset[str]]]:
        async with court.database.reading() as db:
            return [(hearing.ref, transports) for hearing, transports in await agreements.ways_ahead(db)]

    assert await ways() == [(court.hearing.ref, direct)] * 2
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id, lock=True)
        await diary.cancel(
            db, hearing=hearing, reason="The request was withdrawn.", actor=court.staff("clerk"), now=now
        )
    assert await ways() == []
