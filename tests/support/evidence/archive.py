"""An installation that holds a sealed recording, with the people who may or may not see it signed in."""

import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from hearings.db import Database
from hearings.people import logins
from hearings.roles import Role
from hearings.status import HearingStatus
from tests.support.evidence.recordings import COURT, END, HEARING, ZERO, SealedRecording
from tests.support.evidence.seals import ServedSeal
from tests.support.installation import Installation, free_port
from tests.support.rows import keep, make_hearing, make_person, make_recording, make_request, make_seat, make_sitting
from web.server.security import csrf_token

CASE = "1234/P/2025"
JUDGE, AUTHORITY, OFFICER, STRANGER = "judge", "authority", "officer", "stranger"
STARTS = datetime.fromtimestamp(ZERO // 10**9, UTC)


class Archive(Installation):
    """An installation, its recording, and cookies of its people."""

    sealed: SealedRecording
    served: ServedSeal
    cookies: dict[str, str]

    @classmethod
    async def make(cls, prepared: Path, folder: Path, sealed: SealedRecording, address: str = "") -> "Archive":
        """A copy of the recording in a copy of the installation, which has sealed it by its own key."""
        port, socket = free_port(), folder / "seal.sock"
        address = address or f"http://localhost:{port}"
        made = cls.copy(prepared, folder, port=port, public_url=address, court_name=COURT, seal_socket=socket)
        made.sealed, made.cookies = sealed.copy(made.settings.recordings), {}
        made.served = ServedSeal(made.sealed.seal, socket)
        database = Database(made.settings.database_url)
        await made._fill(database)
        await database.close()
        return made

    @contextlib.asynccontextmanager
    async def in_process(self) -> AsyncIterator[Self]:
        """As any installation, and its seal answers until the end."""
        async with super().in_process():
            yield self
        self.served.close()

    async def _fill(self, database: Database) -> None:
        now = datetime.now(UTC)
        head = self.sealed.seal.seal.last(self.sealed.origin)
        assert head is not None
        people = {
            JUDGE: make_person("judge", "RO", "Ana Popa"),
            AUTHORITY: make_person("authority", "TH", "S. Srisai"),
            OFFICER: make_person("clerk", "RO", "I. Marin"),
            STRANGER: make_person("judge", "FR", "M. Blanc"),
        }
        request = make_request(reference="RO-2025-1", created_at=now)
        hearing = make_hearing(
            request.id, id=HEARING, case_number=CASE, starts_at=STARTS, ends_at=STARTS + timedelta(hours=2),
            wall_start="2025-12-04T09:00:00", requesting_city="Bucharest", status=HearingStatus.concluded,
            created_at=now,
        )  # fmt: skip
        sitting = make_sitting(hearing.id, since=now, closed_at=now)
        kept = make_recording(
            sitting.id, id=self.sealed.recording, since=now, origin=self.sealed.origin, opened_at=STARTS,
            closed_at=STARTS + timedelta(milliseconds=END), sealed_count=100, size=head.size, root=head.root.hex(),
        )  # fmt: skip
        seats = [
            make_seat(
                hearing.id, role, person_id=people[who].id, display_name=people[who].name,
                state=people[who].owner_state, presence_since=now,
            )
            for who, role in ((JUDGE, Role.presiding_judge), (AUTHORITY, Role.requested_authority))
        ]  # fmt: skip
        await keep(database, *people.values(), request, hearing, sitting, kept, *seats)
        async with database.transaction() as db:
            for who, person in people.items():
                login, self.cookies[who] = await logins.create_login(db, person=person, now=now)
                self.cookies[f"{who}:login"] = login.id

    @property
    def path(self) -> str:
        return f"/recordings/{self.sealed.recording}"

    def journal(self) -> list[dict[str, Any]]:
        """The recording's journal as it is now."""
        return self._lines("journal.jsonl")

    def accesses(self) -> list[dict[str, Any]]:
        """Who has seen the recording or taken a copy, as its custody log says now."""
        return [line for line in self._lines("custody.jsonl") if line["type"] == "access"]

    def _lines(self, name: str) -> list[dict[str, Any]]:
        path = self.sealed.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def token(self, who: str) -> str:
        """The CSRF token of somebody's login."""
        return csrf_token(self.app.state.parts.keys.cookie, self.cookies[f"{who}:login"])
