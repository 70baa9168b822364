"""A database that is away or full: who asks is told so, health says what is wrong, and all goes on when it is back."""

import asyncio
import logging
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hearings.db import trouble
from hearings.errors import DatabaseAway, DatabaseFull
from tests.support.api_client import API, ApiInstallation
from tests.support.databases import UPGRADED, Postgres
from tests.support.installation import BASE, free_port
from tests.support.relay import Relay
from web import sockets
from web.operation import health
from web.operation.health import Examiner

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def cut_off(
    prepared: Path, tmp_path: Path, postgresql_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[ApiInstallation, Relay]]:
    """An installation on PostgreSQL, over a wire that can be cut."""
    monkeypatch.setattr(health, "KEPT", 0.0)
    folder = Path(postgresql_server.address.partition("host=")[2])
    relay = Relay(folder / ".s.PGSQL.5432")
    await relay.join()
    with postgresql_server.at(UPGRADED) as url:
        name = url.partition("@/")[2].partition("?")[0]
        there = f"postgresql+psycopg://postgres@127.0.0.1:{relay.port}/{name}"
        made = ApiInstallation.copy(prepared, tmp_path, database_url=there, public_url=BASE)
        async with made.in_process():
            yield made, relay
        await relay.cut()


async def test_while_the_database_is_away_pages_and_api_answer_503_and_then_go_on(
    cut_off: tuple[ApiInstallation, Relay],
) -> None:
    made, relay = cut_off
    client = await made.client("RO")
    assert (await client.get("/requests")).status_code == 200
    assert (await made.http.get("/healthz")).status_code == 200
    cookie = {"cookie": "__Host-vivavoce=" + "x" * 22, "accept": "text/html"}
    await relay.cut()
    for _ in range(2):  # connections that were open, and none
        page = await made.http.get("/docket", headers=cookie)
        assert (page.status_code, page.headers["retry-after"]) == (503, "10")
        assert "The database does not answer." in page.text
        answer = await client.get("/requests")
        assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (
            503,
            "10",
            "database_away",
        )
    told = await made.http.get("/healthz")
    assert (told.status_code, told.headers["retry-after"]) == (503, "10")
    assert "live: ok\nready: the database does not answer\nwrite: the database does not answer" in told.text
    assert (await made.http.get("/healthz/live")).status_code == 200
    await relay.join()
    assert (await made.http.get("/healthz")).status_code == 200
    assert (await client.get("/requests")).status_code == 200
    assert (await made.http.get("/docket", headers=cookie)).status_code == 401


async def test_a_stream_ends_cleanly_when_the_database_goes_the_reader_leaves_or_the_service_stops(
    cut_off: tuple[ApiInstallation, Relay], caplog: pytest.LogCaptureFixture
) -> None:
    made, relay = cut_off
    client = await made.client("RO")
    token, port = await client.token(), free_port()

    async def stream(http: httpx.AsyncClient, enough: Callable[[str], bool]) -> str:
        proof = client.proof("GET", f"{BASE}{API}/events", token)
        headers = {"authorization": f"DPoP {token}", "dpop": proof}
        text = ""
        async with http.stream("GET", f"{API}/events", headers=headers, timeout=30) as answer:
            assert answer.status_code == 200
            async for piece in answer.aiter_text():
                text += piece
                if enough(text):
                    break
        return text

    caplog.set_level(logging.WARNING)
    async with made.on_port(port), httpx.AsyncClient(base_url=f"http://localhost:{port}") as http:
        await stream(http, lambda text: "retry" in text)
        going = asyncio.create_task(stream(http, lambda text: False))
        while not made.app.state.parts.database.engine.pool.checkedin():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        await relay.cut()
        assert (await going).endswith("retry: 10000\n\n: the database does not answer\n\n")
        await relay.join()
        last = asyncio.create_task(stream(http, lambda text: False))
        await asyncio.sleep(0.5)
        stopping = sockets.Server(made.configuration)
        stopping.handle_exit(signal.SIGTERM, None)
        assert stopping.should_exit
        assert (await last).startswith("retry: 2000")  # to its end, as no stream that is broken off is read
    assert [
        record.getMessage() for record in caplog.records if "destroyed" in record.getMessage() or record.exc_info
    ] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_and_after_there_is_room_all_goes_on(
    serving: Callable[[Path], AbstractContextManager[Any]], small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "ROOM", 2**20)
    monkeypatch.setattr(health, "KEPT", 0.0)
    with serving(small_disk) as service:
        clerk = service.signed_in("clerk")
        page = f"/h/{service.ref}"
        token = clerk.token(page)
        assert clerk.get("/healthz").status_code == 200
        with (small_disk / "filler").open("wb", 0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
        for _ in range(3):
            answer = clerk.post(f"{page}/act/cancel", {"reason": "A reason. " * 40, "csrf": token})
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10"), clerk.words(answer)
            assert "No storage space left" in answer.text or "The database does not answer." in answer.text
        told = clerk.get("/healthz")
        assert told.status_code == 503
        assert "live: ok\nready: ok\nwrite: " in told.text and "write: ok" not in told.text
        assert clerk.get("/docket").status_code == 200  # reading goes on
        assert (clerk.get("/healthz/ready").status_code, clerk.get("/healthz/write").status_code) == (200, 503)
        (small_disk / "filler").unlink()
        assert clerk.get("/healthz").status_code == 200
        answer = clerk.post(f"{page}/act/cancel", {"reason": "A reason. " * 40, "csrf": token})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?done=cancel")


class Said(Exception):
    """What a driver says."""

    def __init__(self, **marks: Any) -> None:
        super().__init__("said")
        vars(self).update(marks)


@pytest.mark.parametrize(
    ("kind", "marks", "told"),
    [
        ("OperationalError", {"sqlite_errorcode": 13}, DatabaseFull),
        ("OperationalError", {"sqlite_errorcode": 5}, DatabaseAway),
        ("OperationalError", {"sqlite_errorcode": 4874}, DatabaseAway),
        ("OperationalError", {"sqlite_errorcode": 1}, None),
        ("IntegrityError", {"sqlite_errorcode": 2067}, None),
        ("OperationalError", {"sqlstate": None}, DatabaseAway),
        ("OperationalError", {"sqlstate": "53100"}, DatabaseFull),
        ("OperationalError", {"sqlstate": "57P01"}, DatabaseAway),
        ("OperationalError", {"sqlstate": "53300"}, DatabaseAway),
        ("InternalError", {"sqlstate": "25006"}, None),
        ("IntegrityError", {"sqlstate": "23505"}, None),
        ("ProgrammingError", {"sqlstate": "42P01"}, None),
    ],
)
def test_what_a_driver_says_is_told_as_what_it_is(
    kind: str, marks: dict[str, Any], told: type[Exception] | None
) -> None:
    from sqlalchemy import exc

    found = trouble(getattr(exc, kind)("SELECT 1", {}, Said(**marks)))
    assert (type(found) if found else None) is told


async def test_health_is_asked_once_for_all_who_ask_at_the_same_time(
    cut_off: tuple[ApiInstallation, Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _relay = cut_off
    monkeypatch.setattr(health, "KEPT", 60.0)
    made.app.state.examiner = examiner = Examiner(made.app.state.parts)
    looked = []
    look = examiner._look

    async def counted() -> health.Health:
        looked.append(time.monotonic())
        return await look()

    monkeypatch.setattr(examiner, "_look", counted)
    answers = await asyncio.gather(*(made.http.get("/healthz") for _ in range(20)))
    assert ({answer.status_code for answer in answers}, len(looked)) == ({200}, 1)
