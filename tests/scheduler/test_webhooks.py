"""Events against a real server and a resolver that lies: what is posted, and what never leaves."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hearings.models import OutboxMessage, Webhook
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import outbox, webhooks
from scheduler import delivery, webhooks as sending
from scheduler.delivery_ways import Posting, Ways

NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
O = OutboxStatus  # noqa: E741
KEY = bytes(32)


class Receiver:
    """Answers every request with a status, and keeps what it got."""

    def __init__(self, answer: str = "200 OK", more: str = "") -> None:
        self.answer, self.more = answer, more
        self.answers = asyncio.Event()
        self.answers.set()
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            self.got.append((first, headers, await reader.readexactly(int(headers["content-length"]))))
            await self.answers.wait()
            writer.write(f"HTTP/1.1 {self.answer}\r\n{self.more}Content-Length: 0\r\n\r\n".encode())
            await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    listener = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = listener.sockets[0].getsockname()[1]
    yield receiver
    listener.close()


def hook(url: str) -> Webhook:
    return Webhook(owner_state="RO", url=url, events=["hearing.agreed"], salt="5a", created_by="a", created_at=NOW)


def message(to: str = "w") -> OutboxMessage:
    return OutboxMessage(
        owner_state="RO", kind=OutboxKind.webhook, key="k", address=to, payload={"type": "hearing.agreed"},
        created_at=NOW, next_at=NOW,
    )  # fmt: skip


def answering(*answers: Sequence[str]) -> webhooks.Resolve:
    """A name server that says something else every time; the last answer stays."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def loopback(**more: Any) -> Posting:
    return Posting(**{"key": KEY, "loopback": True, "timeout": 1.0, "resolve": answering(["127.0.0.1"])} | more)


async def test_an_event_is_posted_signed_to_the_address_that_was_looked_at() -> None:
    async with receiving(Receiver()) as receiver:
        webhook, sent = hook(f"http://localhost:{receiver.port}/in?a=1"), message()
        outcome = await sending.post(sent, webhook, loopback(), NOW)
    assert outcome.status is O.sent
    ((first, headers, body),) = receiver.got
    assert (first, body) == ("POST /in?a=1 HTTP/1.1", b'{"type":"hearing.agreed"}')
    wanted = webhooks.headers_of(webhook, KEY, outbox_id=sent.id, body=body, now=NOW)
    assert {name: headers[name] for name in wanted} == wanted
    assert (headers["host"], headers["content-type"]) == (f"localhost:{receiver.port}", "application/json")


async def test_row_19_a_redirect_is_not_followed() -> None:
    async with receiving(Receiver()) as inside:
        more = f"Location: http://127.0.0.1:{inside.port}/\r\n"
        async with receiving(Receiver("307 Temporary Redirect", more)) as receiver:
            outcome = await sending.post(message(), hook(f"http://localhost:{receiver.port}/"), loopback(), NOW)
    assert (outcome.status, outcome.code, len(receiver.got), inside.connections) == (O.waiting, "redirect", 1, 0)


@pytest.mark.parametrize(
    "inside",
    [["127.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"], ["::1"], ["10.0.0.5"], ["193.0.6.139", "127.0.0.1"]],
)
async def test_row_19_a_name_that_leads_inside_is_blocked_at_connect(inside: list[str]) -> None:
    async with receiving(Receiver()) as receiver:
        posting = Posting(
            key=KEY,
            hosts=frozenset({f"hooks.authority.example:{receiver.port}"}),
            timeout=20,
            resolve=answering(inside),
        )
        outcome = await sending.post(message(), hook(f"https://hooks.authority.example:{receiver.port}/"), posting, NOW)
    assert (outcome.status, outcome.code, receiver.connections) == (O.waiting, "blocked", 0)


async def test_row_19_dns_rebinding_gets_no_second_answer() -> None:
    # The first answer (at creation) is public, the next one leads inside: it is looked at again, and blocked.
    async with receiving(Receiver()) as receiver:
        host = f"hooks.authority.example:{receiver.port}"
        resolve = answering(["193.0.6.139"], ["127.0.0.1"])
        await webhooks.addresses(f"https://{host}/", using=resolve)
        posting = Posting(key=KEY, hosts=frozenset({host}), timeout=20, resolve=resolve)
        assert (await sending.post(message(), hook(f"https://{host}/"), posting, NOW)).code == "blocked"
        assert receiver.connections == 0
        # And within one attempt there is one question: the connection goes to its answer, whatever the name says next.
        asked = []

        async def once(name: str, _port: int) -> Sequence[str]:
            asked.append(name)
            return ["127.0.0.1"]

        outcome = await sending.post(message(), hook(f"http://localhost:{receiver.port}/"), loopback(resolve=once), NOW)
    assert (outcome.status, asked, receiver.connections) == (O.sent, ["localhost"], 1)


async def test_row_19_a_host_taken_from_the_setting_gets_nothing_any_more() -> None:
    posting = Posting(key=KEY, hosts=frozenset(), timeout=20, resolve=answering(["193.0.6.139"]))
    outcome = await sending.post(message(), hook("https://hooks.authority.example/"), posting, NOW)
    assert (outcome.status, outcome.code) == (O.waiting, "blocked")


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for `name`, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=made.public_bytes(Encoding.PEM).decode())


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("hooks.authority.example", O.sent, ""),
        ("other.example", O.waiting, "tls"),
        ("127.0.0.1.example", O.waiting, "tls"),
    ],
)
async def test_the_connection_goes_to_the_number_and_the_certificate_must_be_that_of_the_name(
    tmp_path: Path, name: str, status: OutboxStatus, code: str
) -> None:
    ours, theirs = certificate(tmp_path, name)
    receiver = Receiver()
    listener = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=ours)
    port = listener.sockets[0].getsockname()[1]
    url = f"https://hooks.authority.example:{port}/"
    outcome = await sending._post(url, "127.0.0.1", b"{}", {}, loopback(trust=theirs))
    listener.close()
    assert (outcome.status, outcome.code, len(receiver.got)) == (status, code, int(status is O.sent))


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ("204 No Content", O.sent, ""),
        ("400 Bad Request", O.waiting, "status"),
        ("429 Too Many Requests", O.waiting, "temporary"),
        ("500 Internal Server Error", O.waiting, "status"),
        ("410 Gone", O.not_delivered, "status"),
    ],
)
async def test_what_the_receiver_answers_decides(answer: str, status: OutboxStatus, code: str) -> None:
    async with receiving(Receiver(answer)) as receiver:
        outcome = await sending.post(message(), hook(f"http://localhost:{receiver.port}/"), loopback(), NOW)
    assert (outcome.status, outcome.code) == (status, code)


async def test_a_receiver_that_got_it_and_says_nothing_leaves_it_unconfirmed() -> None:
    async with receiving(Receiver()) as receiver:
        receiver.answers.clear()
        posting = loopback(timeout=2)  # within which the receiver has it, however busy the machine
        outcome = await sending.post(message(), hook(f"http://localhost:{receiver.port}/"), posting, NOW)
        receiver.answers.set()
    assert (outcome.status, outcome.code, len(receiver.got)) == (O.unconfirmed, "timeout", 1)


async def test_nobody_listening_is_waited_for() -> None:
    async with receiving(Receiver()) as receiver:
        port = receiver.port
    outcome = await sending.post(message(), hook(f"http://localhost:{port}/"), loopback(), NOW)
    assert (outcome.status, outcome.code) == (O.waiting, "refused")


async def test_a_receiver_that_is_gone_is_switched_off_and_a_repeat_has_the_same_id(setting: Any) -> None:
    async with receiving(Receiver("503 Service Unavailable")) as receiver:
        webhook = hook(f"http://localhost:{receiver.port}/")
        async with setting.database.transaction() as db:
            db.add(webhook)
            made = await outbox.put(
                db, kind=OutboxKind.webhook, to=webhook.id, payload={"type": "hearing.agreed"}, about="7F3K-22QD",
                owner_state="RO", now=setting.now, key="k",
            )  # fmt: skip
        ways = Ways(posting=loopback())
        for answer in ("503 Service Unavailable", "410 Gone"):
            receiver.answer = answer
            await delivery.deliver(setting.database, ways, clock=lambda: setting.now)
            async with setting.database.reading() as db:
                row = await outbox.message_of(db, made.id, state="RO")
            setting.now = row.next_at
    assert (row.status, [headers["webhook-id"] for _, headers, _ in receiver.got]) == (
        O.not_delivered,
        [f"msg_{made.id}"] * 2,
    )
    stamps = [int(headers["webhook-timestamp"]) for _, headers, _ in receiver.got]
    assert stamps[1] - stamps[0] == 60
    async with setting.database.reading() as db:
        kept = await webhooks.webhook_of(db, webhook.id, state="RO")
    assert (kept.disabled_at is not None, kept.disabled_why) == (True, "gone")
