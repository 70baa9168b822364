"""Captions: what is taken from whom and when, whom a closed session keeps them from, and how they are numbered."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.errors import Invalid, NotAllowed, NotReady, TooFast, UnknownLanguage
from hearings.interpreting import captions
from hearings.interpreting.captions import FEEDS, LONGEST, MOST, CaptionSource, NewCaption
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant
from hearings.models.sitting import HoldCause
from hearings.roles import Role
from hearings.sitting import closed_sessions, sittings
from hearings.status import PresenceStatus, SittingStatus

IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter
SECOND = timedelta(seconds=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def later(now: datetime) -> datetime:
    """A minute into the sitting."""
    return now + 60 * SECOND


async def feed(court: Any, at: datetime, text: str = "Am văzut mașina.", by: Role = CLERK, **more: Any) -> HearingEvent:
    given: dict[str, Any] = {"lang": "ro", "source": CaptionSource.stenographer} | more
    async with court.database.transaction() as db:
        return await captions.feed(
            db,
            hearing=await queries.get(db, Hearing, court.hearing.id),
            caption=NewCaption(text=text, **given),
            actor=await court.actor(db, by),
            now=at,
        )


async def act(court: Any, what: Any, now: datetime, by: Role = JUDGE, **words: Any) -> Any:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        return await what(db, sitting=sitting, actor=await court.actor(db, by), now=now, **words)


async def change(court: Any, role: Role, **fields: Any) -> None:
    async with court.database.transaction() as db:
        seat = await court.seat(db, role)
        for name, value in fields.items():
            setattr(seat, name, value)
        db.add(seat)


def viewer(**fields: Any) -> Participant:
    given = {"id": "v", "role": Role.defence, "presence": PresenceStatus.present, "presence_since": FIRST}
    return Participant(owner_state="RO", hearing_id="-", display_name="-", state="RO", speaks="ro", **given | fields)


@pytest.mark.both_databases
@IN_SESSION
async def test_captions_are_events_numbered_in_their_feed(court: Any, later: datetime) -> None:
    said = await feed(court, later, "  Am văzut mașina. ", participant=court.ids[WITNESS], seconds_ago=4)
    thai = await feed(court, later, "ฉันเห็นรถ", by=AUTHORITY, lang="th", source=CaptionSource.machine)
    second = await feed(court, later + SECOND, "Apoi a plecat.", lang="RO")
    async with court.database.reading() as db:
        _, recording = await court.sitting(db)
        log = [event for event in await queries.events(db, court.hearing.id) if event.kind == "caption"]
    assert recording.opened_at is not None
    assert said.data == {
        "lang": "ro",
        "source": "stenographer",
        "text": "Am văzut mașina.",
        "spoken": (later - 4 * SECOND).isoformat(),
        "n": 1,
        "participant": court.ids[WITNESS],
        "recording": recording.id,
        "timecode_ms": (later - 4 * SECOND - recording.opened_at) // timedelta(milliseconds=1),
    }
    assert [(event.data["lang"], event.data["source"], event.data["n"]) for event in log] == [
        ("ro", "stenographer", 1), ("th", "machine", 1), ("ro", "stenographer", 2),
    ]  # fmt: skip
    assert [event.seq for event in log] == [said.seq, thai.seq, second.seq]
    feeds = captions.by_feed(log)
    assert {key: [event.data["n"] for event in given] for key, given in feeds.items()} == {
        ("ro", "stenographer"): [1, 2], ("th", "machine"): [1],
    }  # fmt: skip


@IN_SESSION
@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"text": "a\u202eb"}, Invalid, "cannot be shown"),
        ({"text": "a\nb"}, Invalid, "cannot be shown"),
        ({"text": "   "}, Invalid, "Cannot be empty"),
        ({"text": "a" * (LONGEST + 1)}, Invalid, f"at most {LONGEST}"),
        ({"text": "He is Somchai Jaidee."}, Invalid, "use the pseudonym"),
        ({"lang": "zz"}, UnknownLanguage, "zz"),
        ({"lang": "tsq"}, Invalid, "a signed language has none"),
        ({"seconds_ago": 31}, Invalid, "from 0 to 30"),
        ({"seconds_ago": -1}, Invalid, "from 0 to 30"),
        ({"participant": "nobody"}, Invalid, "may speak in it"),
        ({"corrects": 1}, Invalid, "no caption with this number"),
        ({"by": WITNESS}, NotAllowed, "not allowed to feed captions"),
        ({"by": INTERPRETER}, NotAllowed, "not allowed to feed captions"),
    ],
)
async def test_what_cannot_be_a_caption_is_refused(
    court: Any, later: datetime, more: dict[str, Any], error: type[Exception], says: str
) -> None:
    if "Somchai" in more.get("text", ""):
        await change(court, WITNESS, identity_method="protected_identity")
    with pytest.raises(error, match=says):
        await feed(court, later, **more)
    async with court.database.reading() as db:
        assert "caption" not in {event.kind for event in await queries.events(db, court.hearing.id)}


@pytest.mark.parametrize("stage", ["assembled"])
async def test_before_the_sitting_is_in_session_nothing_is_captioned(court: Any, later: datetime) -> None:
    with pytest.raises(NotReady, match="while a sitting is in session"):
        await feed(court, later)


@IN_SESSION
async def test_what_was_said_before_the_start_is_not_captioned(court: Any) -> None:
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    assert sitting.started_at is not None
    with pytest.raises(NotReady, match="before the sitting"):
        await feed(court, sitting.started_at + 5 * SECOND, seconds_ago=6)
    await feed(court, sitting.started_at + 5 * SECOND, seconds_ago=5)


@IN_SESSION
async def test_in_a_hold_only_what_was_said_before_and_corrections(court: Any, later: datetime) -> None:
    said = await feed(court, later)
    await act(court, sittings.hold, later + SECOND, cause=HoldCause.order, reason="A word with counsel")
    await feed(court, later + 10 * SECOND, "Ultimele cuvinte.")
    for ago in (0, 8):
        with pytest.raises(NotReady, match="The floor is closed"):
            await feed(court, later + SECOND + captions.LAG + ago * SECOND, seconds_ago=ago)
    corrected = await feed(court, later + 60 * SECOND, "Am văzut o mașină.", corrects=said.seq)
    assert (corrected.data["corrects"], corrected.data["spoken"]) == (said.seq, said.data["spoken"])
    await act(court, sittings.resume, later + 70 * SECOND, reason="We go on.")
    await feed(court, later + 71 * SECOND, "Continuăm.")


@IN_SESSION
async def test_a_correction_is_of_the_same_feed_and_state_and_once(court: Any, later: datetime) -> None:
    said = await feed(court, later)
    for wrong in ({"lang": "th"}, {"source": CaptionSource.machine}, {"by": AUTHORITY}):
        with pytest.raises(Invalid, match=r"no caption with this number|Only the State"):
            await feed(court, later, corrects=said.seq, **wrong)
    newer = await feed(court, later, "Am văzut un camion.", by=JUDGE, corrects=said.seq)
    with pytest.raises(Invalid, match="corrected before"):
        await feed(court, later, "Altceva.", corrects=said.seq)
    assert captions.replaced([said, newer]) == {said.seq: newer.seq}


@IN_SESSION
async def test_a_feed_is_bounded_and_says_how_long_to_wait(court: Any, later: datetime) -> None:
    for number in range(MOST):
        await feed(court, later + number * SECOND / 2)
    with pytest.raises(TooFast, match=f"At most {MOST} captions") as refusal:
        await feed(court, later + 6 * SECOND)
    assert refusal.value.wait == 4
    assert (await feed(court, later + 6 * SECOND, lang="th")).data["n"] == 1
    assert (await feed(court, later + 10 * SECOND)).data["n"] == MOST + 1


@pytest.mark.both_databases
@IN_SESSION
async def test_the_feeds_of_a_hearing_are_bounded_and_old_ones_go_on(court: Any, later: datetime) -> None:
    tags = ("ro", "th", "en", "fr", "de", "ar", "es", "zh")
    assert len(tags) == FEEDS
    for tag in tags:
        await feed(court, later, lang=tag)
    with pytest.raises(NotReady, match=f"at most {FEEDS} feeds"):
        await feed(court, later, lang="ro", source=CaptionSource.machine)
    for number in range(MOST * FEEDS):
        await feed(court, later + 5 * (number + 1) * SECOND, lang="th")
    assert (await feed(court, later + 500 * SECOND, lang="ro")).data["n"] == 2


@IN_SESSION
async def test_what_is_said_in_a_closed_session_is_kept_from_who_is_out(court: Any, later: datetime) -> None:
    async with court.database.transaction() as db:
        watcher = viewer(id="watcher", role=Role.observer, presence_since=later)
        watcher.hearing_id = court.hearing.id
        db.add(watcher)
    opened = await feed(court, later)
    await act(court, closed_sessions.begin, later, out=[], reason="A child is heard.")
    said = await feed(court, later + SECOND)
    await act(court, closed_sessions.end, later + 2 * SECOND)
    end = later + 2 * SECOND
    just_after = await feed(court, end + captions.AFTER_CLOSED - SECOND)
    open_again = await feed(court, end + captions.AFTER_CLOSED)
    corrected = await feed(court, end + 300 * SECOND, "Altfel.", corrects=said.seq)
    kept = [bool(one.data.get("closed")) for one in (opened, said, just_after, open_again, corrected)]
    assert kept == [False, True, True, False, True]
    assert said.data["out"] == just_after.data["out"] == corrected.data["out"] == ["watcher"]


def caption(**data: Any) -> HearingEvent:
    given = {"spoken": "2026-12-02T06:01:00+00:00"} | data
    return HearingEvent(owner_state="RO", hearing_id="-", seq=1, kind="caption", actor="-", data=given)


def test_who_is_shown_a_caption_hears_the_floor_from_the_room() -> None:
    in_session = SittingStatus.in_session
    for role, sees in {Role.defence: True, Role.witness: True, Role.observer: True, Role.technician: False}.items():
        assert captions.shown_to(caption(), viewer(role=role), in_session) is sees, role
    for presence in (PresenceStatus.waiting, PresenceStatus.called, PresenceStatus.left, PresenceStatus.removed):
        assert not captions.shown_to(caption(), viewer(presence=presence), in_session), presence


def test_of_a_closed_session_only_who_was_in_it_is_shown_a_caption() -> None:
    closed = caption(closed=True, out=["out"])
    since = captions.spoken_at(closed)
    for person, sees in (
        (viewer(presence_since=since), True),
        (viewer(presence_since=since + SECOND), False),
        (viewer(presence_since=since, id="out"), False),
        (viewer(presence_since=since, role=Role.observer), False),
    ):
        assert captions.shown_to(closed, person, SittingStatus.in_session) is sees


@IN_SESSION
async def test_words_that_must_not_be_recorded_are_not_written_down(court: Any, later: datetime) -> None:
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.hearing.request_id)
        request.condition_rules = [{"kind": "no_recording_of", "who": "witness", "what": "sound"}]
        db.add(request)
    for named in ({}, {"participant": court.ids[WITNESS]}):
        with pytest.raises(NotReady, match="forbids recording"):
            await feed(court, later, **named)
    await feed(court, later, participant=court.ids[JUDGE])
    await change(court, WITNESS, presence=PresenceStatus.waiting)
    await feed(court, later)


@IN_SESSION
async def test_pages_of_captions_and_whether_the_log_has_more_than_they(court: Any, later: datetime) -> None:
    async with court.database.reading() as db:
        before = (await queries.last_events(db, [court.hearing.id]))[court.hearing.id]
    made = [(await feed(court, later, lang=tag)).seq for tag in ("ro", "th", "ro")]
    async with court.database.reading() as db:
        assert await captions.alone_after(db, court.hearing.id, before)
        assert not await captions.alone_after(db, court.hearing.id, before - 1)
        assert [one.seq for one in await captions.after(db, court.hearing.id, made[0])] == made[1:]
        first = await captions.of_hearing(db, court.hearing.id, limit=2)
        rest = await captions.of_hearing(db, court.hearing.id, mark=first.after)
        thai = await captions.of_hearing(db, court.hearing.id, lang="th")
    assert [[one.seq for one in found.rows] for found in (first, rest, thai)] == [made[:2], made[2:], [made[1]]]
    assert (bool(first.after), rest.after) == (True, "")
