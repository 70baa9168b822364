"""A real relay, coturn, asked as `vivavoce check` asks it."""

import asyncio
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aioice import turn

from media import relay
from media.relay import RelayClient
from tests.support.turn_server import TurnServer, turn_server
from web.live.relays import LIFETIME, Relays
from web.settings import Settings, relay_url


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    with turn_server(tmp_path_factory.mktemp("turn")) as made:
        yield made


def relays(server: TurnServer) -> Relays:
    return Relays.read(Settings(**server.settings))


def client(server: TurnServer, kind: str, credentials: tuple[str, str], trusted: bool = True) -> RelayClient:
    url = relay_url(server.urls[kind])
    assert url is not None
    context = ssl.create_default_context(cafile=str(server.certificate) if trusted else None)
    return RelayClient(kind, url.host, url.port, *credentials, context=context)


@pytest.mark.parametrize("kind", ["udp", "tcp", "tls"])
async def test_a_relay_takes_our_credentials_until_they_expire_and_no_others(server: TurnServer, kind: str) -> None:
    made = relays(server)
    username, password = made.credentials("0190-login", time.time())
    assert await client(server, kind, (username, password)).fault() == ""
    expired = made.credentials("0190-login", time.time() - LIFETIME.total_seconds() - 60)
    assert await client(server, kind, expired).fault() == "credentials"
    later = f"{int(username.partition(':')[0]) + 3600}:{username.partition(':')[2]}"
    assert await client(server, kind, (later, password)).fault() == "credentials"
    assert await client(server, kind, (username, password[:-4] + "AAA=")).fault() == "credentials"


async def test_a_relay_sends_to_the_media_address_and_to_no_other(server: TurnServer) -> None:
    made = client(server, "udp", relays(server).credentials("0190-login", time.time()))
    assert await made.relays_to(("127.0.0.1", 47000))
    for denied in ("127.0.0.2", "10.0.0.1", "169.254.169.254"):
        assert not await made.relays_to((denied, 47000)), denied


async def test_faults_of_a_relay_are_told_apart(
    server: TurnServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = relays(server).credentials("0190-login", time.time())
    assert await client(server, "tls", credentials, trusted=False).fault() == "untrusted"
    with turn_server(tmp_path, most=1) as small:
        credentials = relays(small).credentials("0190-login", time.time())
        held, peer = await turn.create_turn_endpoint(relay._Peer, ("127.0.0.1", small.port), *credentials)
        assert await client(small, "udp", credentials).fault() == "full"
        held.close()
        await asyncio.wait_for(peer.ended.wait(), 10)
    monkeypatch.setattr(relay, "PATIENCE", 0.5)
    for kind in ("udp", "tcp"):
        assert await RelayClient(kind, "127.0.0.1", small.port, *credentials).fault() == "silent"
