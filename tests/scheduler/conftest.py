"""A database with staff of two States, a request and a hearing, whose every text holds a name that must not leak."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hearings.db import Database
from hearings.models import Hearing, HearingRequest, Participant, Person, Recording, Sitting
from hearings.roles import Role
from hearings.status import HearingStatus, RecordingStatus, RequestStatus, SittingStatus
from scheduler.world import World

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
START = datetime(2026, 12, 2, 7, 0, tzinfo=UTC)
"""09:00 in Bucharest, 14:00 in Bangkok."""
NAME = "Planted Wongsa"
"""The protected person's name: it stands in every field that holds text, and must be in nothing that goes out."""
ORIGIN = "https://court.example"


def make_request(**more: object) -> HearingRequest:
    given: dict[str, object] = {
        "owner_state": "RO",
        "reference": "RO-2026-0001",
        "requesting_state": "RO",
        "requested_state": "TH",
        "case_number": f"case {NAME}",
        "person_name": NAME,
        "offence_summary": NAME,
        "reason_text": NAME,
        "answered_reason": NAME,
        "conditions": NAME,
        "status": RequestStatus.executing,
        "created_by": "nobody",
        "created_at": NOW - timedelta(days=60),
        "submitted_at": NOW - timedelta(days=59),
    }
    return HearingRequest(**(given | more))  # type: ignore[arg-type]


def make_hearing(request_id: str = "r", **more: object) -> Hearing:
    given: dict[str, object] = {
        "owner_state": "RO",
        "ref": "7F3K-22QD",
        "request_id": request_id,
        "case_number": f"case {NAME}",
        "starts_at": START,
        "ends_at": START + timedelta(hours=2),
        "wall_start": "2026-12-02T09:00:00",
        "wall_zone": "Europe/Bucharest",
        "requesting_state": "RO",
        "requesting_zone": "Europe/Bucharest",
        "requesting_city": "București",
        "requested_state": "TH",
        "requested_zone": "Asia/Bangkok",
        "requested_city": "Bangkok",
        "tzdb_version": "2026a",
        "language_requesting": "ro",
        "language_requested": "th",
        "status": HearingStatus.ready,
        "created_by": "nobody",
        "created_at": NOW - timedelta(days=50),
    }
    return Hearing(**(given | more))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all its tables, to copy."""
    path = tmp_path_factory.mktemp("template") / "vivavoce.db"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await database.upgrade()
        await database.close()

    with ThreadPoolExecutor(1) as threads:  # a test's own loop may be running
        threads.submit(lambda: asyncio.run(make())).result()
    return path


@pytest.fixture
async def database(template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "vivavoce.db"
    shutil.copy(template, path)
    found = Database(f"sqlite+aiosqlite:///{path}")
    yield found
    await found.close()


class Setting:
    """What is in the database, and a world whose clock the test moves."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.world = World(database=database, origin=ORIGIN, clock=lambda: self.now)
        self.people = {
            "clerk": Person(owner_state="RO", name="I. Marin", email="clerk@ro.example", functions=["clerk"]),
            "judge": Person(owner_state="RO", name="A. Popa", email="judge@ro.example", functions=["judge"]),
            "idle": Person(owner_state="RO", name="B. Idle", email="idle@ro.example", functions=["clerk"]),
            "administrator": Person(
                owner_state="RO", name="E. Stan", email="administrator@ro.example", functions=["administrator"]
            ),
            "authority": Person(
                owner_state="TH", name="K. Srisai", email="authority@th.example", functions=["authority"]
            ),
            "foreign": Person(owner_state="FR", name="M. Blanc", email="clerk@fr.example", functions=["clerk"]),
        }
        self.request = make_request(created_by=self.people["clerk"].id)
        self.hearing = make_hearing(self.request.id, created_by=self.people["clerk"].id)
        self.sitting = Sitting(
            owner_state="RO", hearing_id=self.hearing.id, status=SittingStatus.closed, since=NOW, hold_reason=NAME
        )
        self.recording = Recording(
            owner_state="RO",
            sitting_id=self.sitting.id,
            status=RecordingStatus.sealed,
            since=NOW,
            origin="court.example/hearing/1",
            closed_at=NOW - timedelta(days=31),
        )
        self.witness = Participant(
            owner_state="RO",
            hearing_id=self.hearing.id,
            role=Role.witness,
            display_name=NAME,
            state="TH",
            city=NAME,
            speaks="th",
            presence_since=NOW,
        )
        self.judge = Participant(
            owner_state="RO",
            hearing_id=self.hearing.id,
            person_id=self.people["judge"].id,
            role=Role.presiding_judge,
            display_name="A. Popa",
            state="RO",
            speaks="ro",
            presence_since=NOW,
        )

    async def keep(self) -> None:
        for rows in (
            [*self.people.values(), self.request],
            [self.hearing],
            [self.sitting, self.witness, self.judge],
            [self.recording],
        ):
            async with self.database.transaction() as db:
                db.add_all(rows)


@pytest.fixture
async def setting(database: Database) -> Setting:
    made = Setting(database)
    await made.keep()
    return made


@pytest.fixture
def samples() -> dict[str, object]:
    """A request, and hearings that begin at an instant, for tests with processes of their own."""

    def hearings(starts_at: datetime, request_id: str) -> list[Hearing]:
        return [
            make_hearing(
                request_id, ref=f"AAAA-{number:04d}", starts_at=starts_at, ends_at=starts_at + timedelta(hours=1)
            )
            for number in range(20)
        ]

    return {"request": make_request(), "hearings": hearings}
