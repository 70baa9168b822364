"""Webhooks: addresses nobody may send us to, signatures a receiver can check, and whose they are."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearings.actors import Actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound
from hearings.models import Webhook
from hearings.outward import webhooks

NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
HOSTS = frozenset({"hooks.authority.example", "other.example:8443"})
KEY = bytes(range(32))
ADMINISTRATOR = Actor(id="a", label="Elena", state="RO", functions=frozenset({"administrator"}))


def answering(*addresses: str) -> webhooks.Resolve:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        if not addresses:
            raise OSError("no such host")
        return addresses

    return resolve


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.authority.example/x",
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://localhost/",
        "https://elsewhere.example/",
        "https://hooks.authority.example:8443/",
        "https://hooks.authority.example@evil.example/",
        "https://user:pass@hooks.authority.example/",
        "https://hooks.authority.example.evil.example/",
        "https://hooks.authority.example/#x",
        "https://hooks.authority.example:99999/",
        "https://hооks.authority.example/",
        "ftp://hooks.authority.example/",
        "//hooks.authority.example/",
        "https://",
        "",
        "https://hooks.authority.example/\r\nX: 1",
    ],
)
async def test_row_19_an_address_that_is_not_an_allowed_host_is_refused_at_creation(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        webhooks.check_url(url, hosts=HOSTS)
    assert refusal.value.field == "url"


@pytest.mark.parametrize(
    "url", ["https://2130706433/", "https://127.0.0.1/", "https://[::ffff:7f00:1]/", "https://0x7f.1/"]
)
def test_row_19_a_number_is_refused_even_when_the_setting_allows_it(url: str) -> None:
    host = url.removeprefix("https://").strip("/")
    with pytest.raises(Invalid, match="named host"):
        webhooks.check_url(url, hosts={host, host.strip("[]")})


@pytest.mark.parametrize("url", ["https://hooks.authority.example/in?a=1", "https://other.example:8443/"])
def test_an_allowed_address_passes(url: str) -> None:
    assert webhooks.check_url(url, hosts=HOSTS) == url


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
        "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
        "2001:0:53aa:64c:0:fbff:80fe:fe80", "2001:db8::1", "nonsense", "",
    ],
)  # fmt: skip
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not webhooks.public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "193.0.6.139", "2606:4700::1111"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert webhooks.public(address)


async def subscribe(database: Database, actor: Actor = ADMINISTRATOR, **more: object) -> webhooks.Subscribed:
    given: dict[str, object] = {
        "state": "RO",
        "url": "https://hooks.authority.example/in",
        "events": ["hearing.agreed"],
        "hosts": HOSTS,
        "key": KEY,
        "actor": actor,
        "now": NOW,
        "using": answering("193.0.6.139"),
    }
    async with database.transaction() as db:
        return await webhooks.subscribe(db, **(given | more))


@pytest.mark.parametrize("found", [("127.0.0.1",), ("193.0.6.139", "10.0.0.1"), ("::ffff:169.254.169.254",), ()])
async def test_row_19_a_host_that_resolves_inside_or_not_at_all_is_refused_and_nothing_kept(
    database: Database, found: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as refusal:
        await subscribe(database, using=answering(*found))
    assert refusal.value.field == "url"
    async with database.reading() as db:
        assert list(await webhooks.webhooks(db, state="RO")) == []


async def test_a_webhook_hears_what_it_asked_for_until_it_is_switched_off(database: Database) -> None:
    made = await subscribe(database)
    async with database.transaction() as db:
        heard = [one.id for one in await webhooks.listening(db, states=["RO", "TH"], event="hearing.agreed")]
        deaf = await webhooks.listening(db, states=["RO"], event="hearing.ready")
        foreign = await webhooks.listening(db, states=["TH"], event="hearing.agreed")
        assert (heard, list(deaf), list(foreign)) == ([made.webhook.id], [], [])
        with pytest.raises(NotFound):
            await webhooks.webhook_of(db, made.webhook.id, state="TH")
        row = await webhooks.webhook_of(db, made.webhook.id, state="RO", lock=True)
        await webhooks.disable(db, webhook=row, actor=ADMINISTRATOR, now=NOW)
    async with database.reading() as db:
        assert list(await webhooks.listening(db, states=["RO"], event="hearing.agreed")) == []


@pytest.mark.parametrize(
    "actor",
    [
        Actor(id="c", label="c", state="RO", functions=frozenset({"clerk"})),
        Actor(id="a", label="a", state="TH", functions=frozenset({"administrator"})),
    ],
)
async def test_only_the_states_own_administrator_makes_webhooks(database: Database, actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        await subscribe(database, actor)


async def test_an_event_that_does_not_exist_is_refused(database: Database) -> None:
    for events in ([], ["hearing.agreed", "person.born"]):
        with pytest.raises(Invalid) as refusal:
            await subscribe(database, events=events)
        assert refusal.value.field == "events"


async def test_the_database_holds_no_secret(database: Database) -> None:
    made = await subscribe(database)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made.secret)
    stored = made.webhook.model_dump_json()
    assert made.secret not in stored
    assert base64.b64decode(made.secret[6:]).hex() not in stored
    assert webhooks.secret_of(made.webhook, KEY) == made.secret != webhooks.secret_of(made.webhook, bytes(32))


def test_the_receiver_in_the_documentation_accepts_what_we_sign_once_and_refuses_the_rest() -> None:
    page = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    room: dict[str, object] = {}
    exec(code, room)
    receive = room["receive"]
    webhook = Webhook(id="w", owner_state="RO", url="", salt="5a", created_by="a", created_at=NOW)
    secret, body = webhooks.secret_of(webhook, KEY), webhooks.body_of({"type": "hearing.agreed"})
    now = datetime.now(UTC)
    headers = webhooks.headers_of(webhook, KEY, outbox_id="m", body=body, now=now)
    assert receive(headers, body, secret) is True  # type: ignore[operator]
    assert receive(headers, body, secret) is False  # type: ignore[operator]
    later = webhooks.headers_of(webhook, KEY, outbox_id="m", body=body, now=now)
    assert receive(later, body, secret) is False  # type: ignore[operator]
    for bad, content in (
        (headers, body + b" "),
        (headers | {"webhook-id": "msg_other"}, body),
        (webhooks.headers_of(webhook, KEY, outbox_id="m", body=body, now=NOW.replace(year=2020)), body),
    ):
        with pytest.raises(ValueError, match=r"too old|wrong"):
            receive(bad, content, secret)  # type: ignore[operator]


def test_a_signature_is_hmac_sha256_over_id_time_and_body() -> None:
    webhook = Webhook(id="w", owner_state="RO", url="", salt="5a", created_by="a", created_at=NOW)
    headers = webhooks.headers_of(webhook, KEY, outbox_id="m", body=b"{}", now=NOW)
    key = base64.b64decode(webhooks.secret_of(webhook, KEY).removeprefix("whsec_"))
    made = hmac.new(key, f"msg_m.{int(NOW.timestamp())}.{{}}".encode(), hashlib.sha256).digest()
    assert headers == {
        "webhook-id": "msg_m",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": "v1," + base64.b64encode(made).decode(),
    }
