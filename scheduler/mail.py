"""Mail: a message of the outbox as RFC 5322 text, and one attempt to hand it to the mail server.

The server's answer to DATA decides. A failure before the content was sent means that it did not arrive; after a
connection lost later it is "unconfirmed", and the same message is sent again with the same Message-ID.
"""

import asyncio
import ssl
from base64 import b64decode
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib

from hearings.models import OutboxMessage
from hearings.models.outbox import OutboxStatus
from hearings.texts import one_line
from scheduler.delivery_ways import MailServer, Outcome

ISOLATES = "\u2066\u2069"
"""Keep a reference together in a subject that runs from right to left (`hearings.outward.mail_words.plain`)."""
SENT, WAITING = OutboxStatus.sent, OutboxStatus.waiting
UNCONFIRMED, NOT_DELIVERED = OutboxStatus.unconfirmed, OutboxStatus.not_delivered


def message_id(outbox_id: str, sender: str) -> str:
    """The same at every repeat (RFC 5322 §3.6.4), so that the reader's program can drop repeats."""
    return f"<{outbox_id}@{one_line(sender).rpartition('@')[2] or 'localhost'}>"


def compose(message: OutboxMessage, sender: str) -> bytes:
    """The mail of an outbox message, byte for byte the same at every repeat but for MIME boundaries.

    Every header is one line: what would begin another has become a blank (`hearings.texts.one_line`). An invitation is
    text and `text/calendar; method=…` as alternatives (RFC 6047 §2.4); further days are files beside them.
    """
    made = EmailMessage(policy=SMTP_POLICY)
    made["From"] = Address("Vivavoce", addr_spec=one_line(sender))
    made["To"] = Address(addr_spec=one_line(message.address))
    made["Subject"] = one_line(str(message.payload["subject"]), kept=ISOLATES)
    made["Date"] = format_datetime(message.created_at)
    made["Message-ID"] = message_id(message.id, sender)
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5.1: nobody's absence note comes back
    made.set_content(str(message.payload["text"]))
    for number, (calendar, method) in enumerate(_calendars(message), start=1):
        content, params = b64decode(calendar).decode(), {"method": one_line(method)}
        if number == 1:
            made.add_alternative(content, subtype="calendar", params=params)
        else:
            made.add_attachment(content, subtype="calendar", params=params, filename=f"{number}.ics")
    if language := message.payload.get("language"):
        made["Content-Language"] = one_line(str(language))  # RFC 3282; before, it would move into the text's part
    for number, part in enumerate(part for part in made.walk() if part.is_multipart()):
        part.set_boundary(f"=_{message.id}_{number}")  # the same bytes, however often it is sent
    return made.as_bytes()


def _calendars(message: OutboxMessage) -> list[tuple[str, str]]:
    """The calendar files and their methods. Messages of earlier versions have at most one, as `calendar`."""
    if "calendar" in message.payload:
        return [(message.payload["calendar"], str(message.payload["method"]))]
    return [(each["content"], str(each["method"])) for each in message.payload.get("calendars", ())]


async def send(message: OutboxMessage, server: MailServer) -> Outcome:
    """One attempt. Effects: at most one mail handed over."""
    try:
        content = compose(message, server.sender)
    except (ValueError, KeyError, LookupError):
        return Outcome(NOT_DELIVERED, "failed")
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        timeout=server.timeout,
        use_tls=server.tls == "tls",
        start_tls=False,  # sent below, so that its failure can be distinguished from others
        tls_context=server.trust,
        local_hostname="localhost",
    )
    try:
        before = await _before_data(client, message, server)
        return before or await _data(client, content)
    finally:
        await _quit(client)


async def _before_data(client: aiosmtplib.SMTP, message: OutboxMessage, server: MailServer) -> Outcome | None:
    """The dialogue before the content, when nothing can have arrived yet. None if the content may be sent."""
    try:
        await client.connect()
        if server.tls == "starttls" and not await _secured(client, server):
            return Outcome(WAITING, "tls")
        if server.user:
            await client.login(server.user, server.password)
        await client.mail(one_line(server.sender))
        await client.rcpt(one_line(message.address))
    except aiosmtplib.SMTPAuthenticationError as error:
        return Outcome(WAITING, "login", _said(error))
    except aiosmtplib.SMTPResponseException as error:
        return _refusal(error)
    except aiosmtplib.SMTPTimeoutError:
        return Outcome(WAITING, "timeout")
    except (ssl.SSLError, aiosmtplib.SMTPNotSupported):
        return Outcome(WAITING, "tls")
    except aiosmtplib.SMTPConnectError as error:
        return Outcome(WAITING, "refused" if isinstance(error.__cause__, ConnectionRefusedError) else "unreachable")
    except (aiosmtplib.SMTPException, OSError, ValueError):
        return Outcome(WAITING, "unreachable")
    return None


async def _secured(client: aiosmtplib.SMTP, server: MailServer) -> bool:
    """Whether the connection is encrypted now; never goes on without."""
    try:
        await client.starttls(tls_context=server.trust, server_hostname=server.host)
    except (aiosmtplib.SMTPException, ssl.SSLError, ValueError):
        return False
    return True


async def _data(client: aiosmtplib.SMTP, content: bytes) -> Outcome:
    try:
        answer = await client.data(content)
    except aiosmtplib.SMTPResponseException as error:
        return _refusal(error)
    except aiosmtplib.SMTPTimeoutError:
        return Outcome(UNCONFIRMED, "timeout")
    except (aiosmtplib.SMTPException, OSError):
        return Outcome(UNCONFIRMED, "interrupted")
    return Outcome(SENT, "", f"{answer.code} {one_line(answer.message)}")


def _refusal(error: aiosmtplib.SMTPResponseException) -> Outcome:
    """RFC 5321 §4.2.1: 4yz may be tried again, 5yz may not."""
    if 500 <= error.code < 600:
        return Outcome(NOT_DELIVERED, "rejected", _said(error))
    return Outcome(WAITING, "temporary", _said(error))


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    return one_line(f"{error.code} {error.message}", 300)


async def _quit(client: aiosmtplib.SMTP) -> None:
    try:
        if client.is_connected:
            await asyncio.wait_for(client.quit(), 2)
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        pass
    finally:
        client.close()
