"""Relays and their credentials: made by the draft, given to who has a seat, renewed, and saying nothing of anyone."""

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from hearings.agreement import profiles
from hearings.db import Database
from hearings.roles import Role
from tests.support.conducted import conducted
from tests.support.court import ASSEMBLED
from tests.support.databases import Sqlite
from web.live.relays import LIFETIME, OF_A_TEST, WAYS, Relays, missing_relays
from web.settings import RELAY_KINDS, Settings, SettingsError, relay_url

URLS = "turn:relay.court.example:3478?transport=udp, turns:relay.court.example:443?transport=tcp"
SECRET = "a secret of this installation and its relay"
NOW = 1_795_000_000.0


@pytest.fixture
def relays(tmp_path: Path) -> Relays:
    path = tmp_path / "turn-secret"
    path.write_text(SECRET + "\n")
    return Relays.read(Settings(data=tmp_path, turn_urls=URLS, turn_secret_file=path))


def test_credentials_are_the_time_of_expiry_and_an_opaque_id_signed_with_the_secret(relays: Relays) -> None:
    udp, tls = relays.servers("0190d6c5-login", NOW)
    assert [one.urls for one in (udp, tls)] == URLS.split(", ")
    assert [one.kind for one in (udp, tls)] == ["udp", "tls"]
    expiry, opaque = udp.username.split(":")
    assert int(expiry) == NOW + LIFETIME.total_seconds()
    assert "login" not in opaque and len(opaque) == 16
    assert opaque == relays.servers("0190d6c5-login", NOW + 5)[0].username.split(":")[1]
    assert opaque != relays.servers("0190d6c5-other", NOW)[0].username.split(":")[1]
    digest = hmac.new(SECRET.encode(), udp.username.encode(), hashlib.sha1).digest()
    assert udp.credential == tls.credential == base64.b64encode(digest).decode()
    assert SECRET not in repr(relays)
    test = relays.servers("0190d6c5-login", NOW, OF_A_TEST)[0].username
    assert int(test.partition(":")[0]) == NOW + 600


@pytest.mark.parametrize("text", [None, "", "short"])
def test_a_secret_that_is_missing_or_short_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "turn-secret"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=r"VIVAVOCE_TURN_SECRET_FILE=.*at least 16 characters"):
        Relays.read(Settings(data=tmp_path, turn_urls=URLS, turn_secret_file=path))


def test_without_a_relay_nothing_is_sent(tmp_path: Path) -> None:
    assert Relays.read(Settings(data=tmp_path)).urls == ()
    assert relay_url("turn:relay.court.example:0?transport=udp") is None


async def test_a_page_with_a_seat_gets_relays_before_its_first_view_and_one_that_asks_for_it_gets_none(
    sqlite_server: Sqlite, tmp_path: Path, relays: Relays
) -> None:
    with sqlite_server.at(ASSEMBLED) as url:
        database = Database(url)
        async with conducted(database, tmp_path, relays) as web:
            login = await web.login(Role.witness)
            first = web.open(Role.witness, login)
            await first.wire.until("view")
            kinds = [message["type"] for message in first.wire.said]
            assert kinds.index("ice_servers") < kinds.index("view")
            servers = first.wire.of("ice_servers")[0]["servers"]
            assert [one["urls"] for one in servers] == URLS.split(", ")
            second = web.open(Role.witness, login)
            await second.wire.until("seat_taken")
            assert second.wire.of("ice_servers") == []
            web.conductor.room.end_login(login.id, "signed_out")
            await first.gone()
            assert len(first.wire.of("ice_servers")) == 1
        await database.close()


def test_the_agreement_can_name_every_way_to_the_room_that_the_settings_can() -> None:
    carried = {row["id"] for row in profiles.table()["transports"] if row["carried"]}
    assert carried == {"udp_direct"} | {f"turn_{kind}" for kind in RELAY_KINDS.values()}


def test_a_site_lacks_a_relay_only_if_every_way_of_its_is_by_one_that_is_not_set(relays: Relays) -> None:
    assert set(WAYS) == set(profiles.ids("transports")) - {"udp_direct"}
    assert set(WAYS.values()) == set(RELAY_KINDS.values())
    for transports, without, with_two in (
        (["udp_direct"], [], []),
        (["turn_tls", "udp_direct"], [], []),
        (["turn_tls"], ["turn_tls"], []),
        (["turn_tls", "turn_tcp"], ["turn_tcp", "turn_tls"], []),
        (["turn_tcp"], ["turn_tcp"], ["turn_tcp"]),
    ):
        assert missing_relays(transports, ()) == without
        assert missing_relays(transports, relays.urls) == with_two
