"""The page of what is kept how long: its periods are those of the code, and recordings stand there before they end."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from hearings.custody.retention_classes import CLASSES, STANDARD
from hearings.db import Database
from hearings.models import Hearing, Recording, Sitting
from hearings.outward import claims
from hearings.status import RecordingStatus, SittingStatus
from scheduler import due, tidying
from tests.support.page_client import Service
from tests.support.rows import make_recording, make_sitting
from web.overview import retention_pages
from web.overview.retention_pages import RULES, long

STANDARD_PERIOD = CLASSES[STANDARD].period
pytestmark = pytest.mark.usefixtures("busy_court")


def test_whatever_is_deleted_by_itself_has_its_period_on_the_page(service: Service) -> None:
    assert {rule.code: rule.period for rule in RULES if rule.code in tidying.KEPT} == tidying.KEPT
    assert {rule.code for rule in RULES if rule.period} == {*tidying.KEPT, "recording"}
    client = service.signed_in("administrator")
    said = client.words(client.get("/admin/retention"))
    for rule in RULES:
        assert rule.what in said and rule.why in said and rule.then in said and long(rule.period) in said


def test_the_page_names_every_class_of_recordings_and_does_not_say_that_nothing_is_destroyed(service: Service) -> None:
    client = service.signed_in("administrator")
    said = client.words(client.get("/admin/retention"))
    assert "5, 10, 30 or 100 years, by its class; 10 years where none was chosen" in said
    assert "nothing is deleted" not in said and "destroyed only when two people of one State decide so" in said


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (None, "Without end"),
        (STANDARD_PERIOD, "10 years"),
        (timedelta(days=400), "400 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(minutes=5), "5 minutes"),
    ],
)
def test_a_period_is_told_in_the_largest_unit_that_fits(period: timedelta | None, words: str) -> None:
    assert long(period) == words


def test_a_recording_is_listed_before_its_retention_ends_and_after(service: Service) -> None:
    now = datetime.now(UTC)
    ends = {"soon": now + timedelta(days=30), "over": now - timedelta(days=3), "later": now + timedelta(days=200)}

    async def store(database: Database) -> dict[str, str]:
        made = {}
        async with database.transaction() as db:
            hearing = (await db.exec(select(Hearing).where(Hearing.ref == service.ref))).one()
            for name, at in ends.items():
                closed = at - STANDARD_PERIOD
                sitting = make_sitting(hearing.id, status=SittingStatus.closed)
                recording = make_recording(
                    sitting.id, status=RecordingStatus.sealed, closed_at=closed, origin=f"demo.example/{name}"
                )
                db.add(sitting)
                await db.flush()
                db.add(recording)
                made[name] = recording.id
            key = due.retention_key(made["over"], CLASSES[STANDARD].of(ends["over"] - STANDARD_PERIOD))
            await claims.claim(db, key=key, kind=due.Kind.retention_review, due_at=ends["over"], now=now)
        return made

    async def clear(database: Database) -> None:
        async with database.transaction() as db:
            for recording in (await db.exec(select(Recording).where(Recording.id.in_(made.values())))).all():  # type: ignore[attr-defined]
                sitting = await db.get(Sitting, recording.sitting_id)
                await db.delete(recording)
                await db.flush()
                await db.delete(sitting)

    made = service.run(store)
    try:
        client = service.signed_in("administrator")
        page = client.get("/admin/retention")
        said = client.words(page)
        assert said.count("Ends soon") == said.count("Ended: to be reviewed") == 1
        assert "Mailed to both States on that day" in said and "Bangkok" in page.text and "București" in page.text
        rows = list(csv.DictReader(io.StringIO(client.get("/admin/retention.csv").text)))
        assert [row["recording"] for row in rows] == [made["over"], made["soon"]]
        assert [row["reminded"] for row in rows] == ["yes", "no"]
        local = [rows[0][f"retention_ends_{side}"] for side in ("requesting", "requested")]
        assert local[0] != local[1] and len({datetime.fromisoformat(at) for at in local}) == 1
    finally:
        service.run(clear)


@pytest.mark.parametrize("path", ["/admin/retention", "/admin/retention.csv"])
def test_only_administrators_see_what_is_kept(service: Service, path: str) -> None:
    for who in ("clerk", "judge", "authority"):
        client = service.signed_in(who)
        assert client.get(path).status_code == 403
        assert 'href="/admin/retention"' not in client.get("/admin").text
    assert service.client().get(path).status_code == 401


def test_the_reminder_is_due_when_the_page_says_so() -> None:
    closed = datetime(2026, 1, 1, tzinfo=UTC)
    kept = CLASSES[STANDARD].of(closed)
    stored = due.StoredRecording(id="r", owner_state="RO", closed_at=closed, hearing_ref="7F3K-22QD", retention=kept)
    ends = kept.ends_at
    for now, expected in ((ends, True), (ends - timedelta(seconds=1), False)):
        keys = {action.key for action in due.due(now, due.Rows(recordings=[stored]))}
        assert (due.retention_key("r", kept) in keys) is expected
    assert timedelta(days=90) == retention_pages.AHEAD
