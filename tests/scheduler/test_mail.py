"""Mail against a real mail server: what it says decides what the outbox shows; a repeat has the same Message-ID."""

import asyncio
import email
import email.policy
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from hearings.models import OutboxMessage
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import outbox
from scheduler import delivery, mail
from scheduler.delivery_ways import MailServer, Ways

NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
O = OutboxStatus  # noqa: E741


class Handler:
    """Keeps what it takes; answers what it is told to."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[bytes] = []
        self.hold: Callable[[], Awaitable[object]] | None = None

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if "rcpt" in self.answers:
            return self.answers["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope.content)
        if self.hold:
            await self.hold()
        return self.answers.get("data", "250 taken")


@asynccontextmanager
async def server(handler: Handler, **more: Any) -> AsyncIterator[MailServer]:
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    await asyncio.to_thread(controller.start)
    try:
        given = {"host": "127.0.0.1", "port": controller.port, "tls": "none", "sender": "court@court.example"}
        yield MailServer(**({"timeout": 1.0} | given | more))
    finally:
        await asyncio.to_thread(controller.stop)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def message(**payload: str) -> OutboxMessage:
    return OutboxMessage(
        id="01a20f07-0000-7000-8000-000000000001",
        owner_state="RO",
        kind=OutboxKind.mail,
        key="k",
        address="clerk@ro.example",
        about="7F3K-22QD",
        payload={"subject": "Hearing 7F3K-22QD", "text": "Text"} | payload,
        created_at=NOW,
        next_at=NOW,
    )


async def test_a_mail_arrives_with_its_headers() -> None:
    handler = Handler()
    async with server(handler) as place:
        assert (await mail.send(message(), place)).status is O.sent
    (taken,) = handler.taken
    found = email.message_from_bytes(taken, policy=email.policy.default)
    assert {name: str(found[name]) for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted", "Date")} == {
        "From": "Vivavoce <court@court.example>",
        "To": "clerk@ro.example",
        "Subject": "Hearing 7F3K-22QD",
        "Message-ID": "<01a20f07-0000-7000-8000-000000000001@court.example>",
        "Auto-Submitted": "auto-generated",
        "Date": "Wed, 02 Dec 2026 06:00:00 +0000",
    }
    assert found.get_content().strip() == "Text"


async def test_a_repeat_is_the_same_bytes() -> None:
    for payload in ({}, {"calendar": "QkVHSU46VkNBTEVOREFS", "method": "REQUEST"}):
        assert mail.compose(message(**payload), "a@b.example") == mail.compose(message(**payload), "a@b.example")


def test_an_invitation_is_text_and_calendar_as_alternatives() -> None:
    made = email.message_from_bytes(
        mail.compose(message(calendar="QkVHSU46VkNBTEVOREFS", method="CANCEL"), "a@b.example"),
        policy=email.policy.default,
    )
    assert [part.get_content_type() for part in made.walk()] == ["multipart/alternative", "text/plain", "text/calendar"]
    calendar = list(made.walk())[2]
    assert (calendar.get_param("method"), calendar.get_content().strip()) == ("CANCEL", "BEGIN:VCALENDAR")


@pytest.mark.parametrize(
    "evil",
    ["X\r\nBcc: evil@e.example", "X\nBcc: evil@e.example", "X\rBcc: evil@e.example", "X\u2028Bcc: evil@e.example",
     "X\x0b\x0cBcc: evil@e.example", "X\x85Bcc: evil@e.example"],
)  # fmt: skip
def test_row_25_crlf_in_a_subject_stays_one_header(evil: str) -> None:
    content = mail.compose(message(subject=evil), "court@court.example")
    head = content.split(b"\r\n\r\n")[0]
    found = email.message_from_bytes(content, policy=email.policy.default)
    assert str(found["Subject"]) == "X Bcc: evil@e.example"
    assert found["Bcc"] is None
    assert sorted(line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")) == sorted(
        [b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Auto-Submitted", b"Content-Type",
         b"Content-Transfer-Encoding", b"MIME-Version"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "status", "code"),
    [
        ({"rcpt": "550 no such user"}, O.not_delivered, "rejected"),
        ({"rcpt": "450 mailbox busy"}, O.waiting, "temporary"),
        ({"data": "554 no"}, O.not_delivered, "rejected"),
        ({"data": "451 try later"}, O.waiting, "temporary"),
    ],
)
async def test_what_the_server_answers_decides(answers: dict[str, str], status: OutboxStatus, code: str) -> None:
    async with server(Handler(**answers)) as place:
        outcome = await mail.send(message(), place)
    assert (outcome.status, outcome.code, outcome.text[:3]) == (status, code, next(iter(answers.values()))[:3])


async def test_nobody_listening_is_waited_for() -> None:
    place = MailServer(host="127.0.0.1", port=free_port(), tls="none", sender="a@b.example", timeout=20)
    outcome = await mail.send(message(), place)
    assert (outcome.status, outcome.code) == (O.waiting, "refused")


async def test_a_server_without_tls_gets_nothing_when_tls_is_wanted() -> None:
    handler = Handler()
    async with server(handler) as place:
        strict = MailServer(host=place.host, port=place.port, tls="starttls", sender="a@b.example", timeout=20)
        outcome = await mail.send(message(), strict)
    assert (outcome.status, outcome.code, handler.taken) == (O.waiting, "tls", [])


async def test_a_sign_in_that_is_not_offered_is_waited_for() -> None:
    handler = Handler()
    async with server(handler, user="court", password="secret") as place:
        outcome = await mail.send(message(), place)
    assert (outcome.status, handler.taken) == (O.waiting, [])


async def test_a_tarpit_before_the_content_is_waited_for() -> None:
    ended = asyncio.Event()

    async def tarpit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        ended.set()

    listener = await asyncio.start_server(tarpit, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    place = MailServer(host="127.0.0.1", port=port, tls="none", sender="a@b.example", timeout=0.3)
    outcome = await mail.send(message(), place)
    await ended.wait()
    listener.close()
    assert (outcome.status, outcome.code) == (O.waiting, "timeout")


async def test_a_server_that_takes_the_content_and_says_nothing_leaves_it_unconfirmed() -> None:
    handler, told = Handler(), asyncio.Event()
    handler.hold = told.wait
    async with server(handler, timeout=2) as place:  # within which the server has it, however busy the machine
        outcome = await mail.send(message(), place)
        told.set()
    assert (outcome.status, outcome.code, len(handler.taken)) == (O.unconfirmed, "timeout", 1)


async def test_a_kill_between_the_servers_word_and_our_commit_shows_unconfirmed_and_repeats_recognisably(
    setting: Any,
) -> None:
    handler = Handler()
    async with setting.database.transaction() as db:
        made = await outbox.put(
            db, kind=OutboxKind.mail, to="clerk@ro.example", payload={"subject": "s", "text": "t"}, about="7F3K-22QD",
            owner_state="RO", now=setting.now, key="k",
        )  # fmt: skip
    async with server(handler) as place:
        ways = Ways(mail=place)
        # The first process: it takes the message, the server takes the mail, and then it is no more.
        async with setting.database.transaction() as db:
            (taken,) = await outbox.take(db, kinds=ways.kinds, now=setting.now)
        await mail.send(taken, place)
        # The second finds it as being sent.
        async with setting.database.transaction() as db:
            await outbox.interrupted(db, now=setting.now, everything=True)
            row = await outbox.message_of(db, made.id, state="RO")
        assert (row.status, row.last_code) == (O.unconfirmed, "interrupted")
        setting.now = row.next_at
        assert await delivery.deliver(setting.database, ways, clock=lambda: setting.now) == 1
    async with setting.database.reading() as db:
        row = await outbox.message_of(db, made.id, state="RO")
        log = [(attempt.number, attempt.outcome) for attempt in await outbox.attempts(db, made.id)]
    assert (row.status, log) == (O.sent, [(1, O.unconfirmed), (2, O.sent)])
    ids = [email.message_from_bytes(content)["Message-ID"] for content in handler.taken]
    assert ids == [f"<{made.id}@court.example>"] * 2


async def test_without_a_mail_server_mails_stay_and_events_go_on(setting: Any) -> None:
    async with setting.database.transaction() as db:
        made = await outbox.put(
            db,
            kind=OutboxKind.mail,
            to="a@ro.example",
            payload={},
            about="",
            owner_state="RO",
            now=setting.now,
            key="k",
        )
    assert await delivery.deliver(setting.database, Ways(), clock=lambda: setting.now) == 0
    async with setting.database.reading() as db:
        assert (await outbox.message_of(db, made.id, state="RO")).status is O.waiting


async def test_a_message_that_cannot_be_composed_is_not_delivered_and_does_not_stop_the_others(setting: Any) -> None:
    handler = Handler()
    for key, payload in (("bad", {}), ("good", {"subject": "s", "text": "t"})):
        async with setting.database.transaction() as db:
            await outbox.put(
                db,
                kind=OutboxKind.mail,
                to="a@ro.example",
                payload=payload,
                about="",
                owner_state="RO",
                now=setting.now,
                key=key,
            )
    async with server(handler) as place:
        await delivery.deliver(setting.database, Ways(mail=place), clock=lambda: setting.now)
    async with setting.database.reading() as db:
        found = {row.key: (row.status, row.last_code) for row in (await outbox.messages(db, state="RO")).rows}
    assert found == {"bad": (O.not_delivered, "failed"), "good": (O.sent, "")}
