"""Rows as they lie in the database, without a story: every text of them holds a name that must not leak."""

from datetime import UTC, datetime, timedelta

from hearings.db import Database
from hearings.models import Hearing, HearingRequest, Participant, Person, Recording, Sitting
from hearings.roles import Role
from hearings.status import HearingStatus, RecordingStatus, RequestStatus, SittingStatus
from scheduler.environment import World

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
        "requesting_signed": "5a" * 32,
        "requested_signed": "5a" * 32,
    }
    return Hearing(**(given | more))  # type: ignore[arg-type]


def make_sitting(hearing_id: str, **more: object) -> Sitting:
    given: dict[str, object] = {
        "owner_state": "RO",
        "hearing_id": hearing_id,
        "status": SittingStatus.closed,
        "since": NOW,
    }
    return Sitting(**(given | more))  # type: ignore[arg-type]


def make_recording(sitting_id: str, **more: object) -> Recording:
    given: dict[str, object] = {
        "owner_state": "RO",
        "sitting_id": sitting_id,
        "status": RecordingStatus.sealed,
        "since": NOW,
        "origin": "court.example/hearing/1",
        "closed_at": NOW - timedelta(days=31),
    }
    return Recording(**(given | more))  # type: ignore[arg-type]


def make_seat(hearing_id: str, role: Role, **more: object) -> Participant:
    given: dict[str, object] = {
        "owner_state": "RO",
        "hearing_id": hearing_id,
        "role": role,
        "display_name": NAME,
        "state": "RO",
        "speaks": "ro",
        "presence_since": NOW,
    }
    return Participant(**(given | more))  # type: ignore[arg-type]


def make_person(function: str, state: str, name: str, email: str = "", **more: object) -> Person:
    given: dict[str, object] = {
        "owner_state": state,
        "name": name,
        "email": email or f"{function}@{state.lower()}.example",
        "functions": [function],
    }
    return Person(**(given | more))  # type: ignore[arg-type]


async def keep(database: Database, *rows: object) -> None:
    """Put rows into the database, one after the other as they refer to one another."""
    async with database.transaction() as db:
        for row in rows:
            db.add(row)
            await db.flush()


class Setting:
    """Staff of two States, a request and a hearing in the database, and a world whose clock the test moves."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.world = World(database=database, origin=ORIGIN, clock=lambda: self.now)
        self.people = {
            "clerk": make_person("clerk", "RO", "I. Marin"),
            "judge": make_person("judge", "RO", "A. Popa"),
            "idle": make_person("clerk", "RO", "B. Idle", "idle@ro.example"),
            "administrator": make_person("administrator", "RO", "E. Stan"),
            "authority": make_person("authority", "TH", "K. Srisai"),
            "foreign": make_person("clerk", "FR", "M. Blanc"),
        }
        self.request = make_request(created_by=self.people["clerk"].id)
        self.hearing = make_hearing(self.request.id, created_by=self.people["clerk"].id)
        self.sitting = make_sitting(self.hearing.id, hold_reason=NAME)
        self.recording = make_recording(self.sitting.id)
        self.witness = make_seat(self.hearing.id, Role.witness, state="TH", city=NAME, speaks="th")
        judge = {"person_id": self.people["judge"].id, "display_name": "A. Popa"}
        self.judge = make_seat(self.hearing.id, Role.presiding_judge, **judge)

    async def keep(self) -> None:
        """All of it into the database."""
        people = self.people.values()
        await keep(
            self.database,
            *people, self.request, self.hearing, self.sitting, self.witness, self.judge, self.recording,
        )  # fmt: skip
