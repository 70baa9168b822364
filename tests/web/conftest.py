"""Installations for tests of web: for systems (`installation`), people (`service`), a sealed recording (`archive`)."""

import contextlib
import shutil
import zoneinfo
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from hearings import clocks, queries
from hearings.actors import SYSTEM
from hearings.moves import move
from hearings.status import HearingStatus
from tests.support import api_client, busy_court as busy, page_client
from tests.support.api_client import ApiInstallation, Client, Story, with_api
from tests.support.browsers import chromium
from tests.support.busy_court import BusyCourt
from tests.support.court import Court
from tests.support.databases import UPGRADED, Postgres
from tests.support.evidence.archive import Archive
from tests.support.evidence.recordings import RECORDING, SealedRecording, build
from tests.support.installation import free_port
from tests.support.page_client import Service

# --- for systems: over ASGI or on a port, with clients of the API ------------------------------------------------


@pytest.fixture
def limits() -> dict[str, Any]:
    """Rate limits no test meets by accident; a test of the limits as shipped overrides this with none."""
    return dict(api_client.UNLIMITED)


@pytest.fixture
async def installation(prepared: Path, tmp_path: Path, limits: dict[str, Any]) -> AsyncIterator[ApiInstallation]:
    """On SQLite, with a sandbox beside it."""
    async with with_api(prepared, tmp_path, **limits).in_process() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
async def either(
    request: pytest.FixtureRequest, prepared: Path, tmp_path: Path, limits: dict[str, Any]
) -> AsyncIterator[ApiInstallation]:
    """On either database."""
    with contextlib.ExitStack() as stack:
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgresql_server")
            limits = limits | {"database_url": stack.enter_context(server.at(UPGRADED))}
        async with with_api(prepared, tmp_path, **limits).in_process() as found:
            yield found


@pytest.fixture
async def api_port(installation: ApiInstallation) -> AsyncIterator[int]:
    """The port at which uvicorn serves the installation, as `vivavoce serve` configures it."""
    async with installation.on_port(free_port()) as port:
        yield port


@pytest.fixture
async def ro(installation: ApiInstallation) -> Client:
    return await installation.client("RO")


@pytest.fixture
async def th(installation: ApiInstallation) -> Client:
    return await installation.client("TH")


@pytest.fixture
def story() -> Story:
    return api_client.story()


@pytest.fixture
async def hearing(ro: Client, th: Client, story: Story) -> dict[str, Any]:
    """An agreed hearing with its people."""
    request = await story.accepted(ro, th)
    made = (await ro.post("/hearings", {"request": request["id"], **story.hearing})).json()
    for client in (th, ro):
        answer = await client.signed(f"/hearings/{made['ref']}/agree", "agree_hearing")
        assert answer.status_code == 200, answer.text
    for role, name, state, speaks in api_client.PEOPLE:
        body = {"role": role, "display_name": name, "state": state, "speaks": speaks}
        answer = await (ro if state == "RO" else th).post(f"/hearings/{made['ref']}/participants", body)
        assert answer.status_code == 201, answer.text
    found: dict[str, Any] = made
    return found


@pytest.fixture
async def held(installation: ApiInstallation, hearing: dict[str, Any]) -> str:
    """The sitting, held and sealed: nothing a system does through the API. The recording's id."""
    now = datetime.now(UTC)
    async with installation.database.transaction() as db:
        row = await queries.hearing(db, hearing["ref"], state="RO", lock=True)
        move(db, row, HearingStatus.ready, actor=SYSTEM, now=now)
    court = await Court.load(installation.database, hearing["ref"])
    await court.begin(now)
    return await court.end(now)


# --- for people: a demonstration, served in a thread -------------------------------------------------------------


@pytest.fixture
def serving(prepared: Path) -> Callable[[Path], AbstractContextManager[Service]]:
    """For a test with a demonstration of its own."""
    return partial(page_client.serving, prepared)


@pytest.fixture(scope="module")
def running(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with page_client.serving(prepared, tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture
def service(running: Service) -> Iterator[Service]:
    """The module's server; every test begins with its rate limits unused."""
    running.app.state.parts.buckets.levels.clear()
    yield running
    for client in running.clients:
        client.close()
    running.clients.clear()


@pytest.fixture(scope="module")
def busy_court(running: Service) -> BusyCourt:
    return busy.busy_court(running)


# --- for a sealed recording --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> SealedRecording:
    """One recording for the whole run; copy it to change it."""
    folder = tmp_path_factory.mktemp("sealed")
    return build(folder / RECORDING, folder / "seal")


@pytest.fixture
async def archive(prepared: Path, built: SealedRecording, tmp_path: Path) -> AsyncIterator[Archive]:
    """The application over a fresh database and a copy of the recording; no worker starts."""
    async with (await Archive.make(prepared, tmp_path, built)).in_process() as found:
        yield found


@pytest.fixture
def sealed(archive: Archive) -> SealedRecording:
    """The recording in the archive, which a test may damage."""
    return archive.sealed


@pytest_asyncio.fixture(loop_scope="module")
async def served_archive(prepared: Path, built: SealedRecording, tmp_path: Path) -> AsyncIterator[Archive]:
    """One on a real port, for a module whose tests share a browser and with it a loop."""
    archive = await Archive.make(prepared, tmp_path, built)
    async with archive.in_process(), archive.on_port(archive.settings.port):
        yield archive


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


# --- clocks ------------------------------------------------------------------------------------------------------


@pytest.fixture
def set_clocks_back(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Give the machine time-zone data of an older version, as a service started on them finds them."""
    before = zoneinfo.TZPATH

    def use(folders: Sequence[str | Path]) -> None:
        zoneinfo.reset_tzpath([str(folder) for folder in folders])
        clocks.tzdb_version.cache_clear()

    def set_back(version: str) -> None:
        shutil.copytree(str(files("tzdata") / "zoneinfo"), tmp_path / "zoneinfo")
        (tmp_path / "zoneinfo" / "+VERSION").write_text(f"{version}\n")
        use([tmp_path / "zoneinfo"])

    yield set_back
    use(before)
