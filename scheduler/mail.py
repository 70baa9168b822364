"""Mail: a message of the outbox as RFC 5322 text, and one try at handing it to the mail server.

The server's answer to DATA decides. What fails before the content has gone surely did not arrive; a connection that
ends after it is "unconfirmed", and the same message, Message-ID and all, goes again.
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
from scheduler.ways import MailServer, Outcome

ISOLATES = "\u2066\u2069"
"""Keep a reference together in a subject that runs from right to left (`hearings.outward.mail_words.plain`)."""
SENT, WAITING = OutboxStatus.sent, OutboxStatus.waiting
UNCONFIRMED, NOT_DELIVERED = OutboxStatus.unconfirmed, OutboxStatus.not_delivered


def message_id(outbox_id: str, sender: str) -> str:
    """The same at every repeat (RFC 5322 §3.6.4), so that the reader's program can drop what it has had."""
    return f"<{outbox_id}@{one_line(sender).rpartition('@')[2] or 'localhost'}>"


def compose(message: OutboxMessage, sender: str) -> bytes:
    """The mail of an outbox message, byte for byte the same at every repeat but for MIME boundaries.

    Every header is one line: what would begin another has become a blank (`hearings.texts.one_line`). An invitation is
    text and `text/calendar; method=…` as alternatives (RFC 6047 §2.4).
    """
    made = EmailMessage(policy=SMTP_POLICY)
    made["From"] = Address("Vivavoce", addr_spec=one_line(sender))
    made["To"] = Address(addr_spec=one_line(message.address))
    made["Subject"] = one_line(str(message.payload["subject"]), kept=ISOLATES)
    made["Date"] = format_datetime(message.created_at)
    made["Message-ID"] = message_id(message.id, sender)
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5.1: nobody's absence note comes back
    made.set_content(str(message.payload["text"]))
    if (calendar := message.payload.get("calendar")) is not None:
        made.add_alternative(
            b64decode(calendar).decode(),
            subtype="calendar",
            params={"method": one_line(str(message.payload["method"]))},
        )
    if language := message.payload.get("language"):
        made["Content-Language"] = one_line(str(language))  # RFC 3282; before, it would move into the text's part
    made.set_boundary(f"=_{message.id}") if made.is_multipart() else None
    return made.as_bytes()


async def send(message: OutboxMessage, server: MailServer) -> Outcome:
    """One try. Effects: at most one mail handed over."""
    try:
        content = compose(message, server.sender)
    except (ValueError, KeyError, LookupError):
        return Outcome(NOT_DELIVERED, "failed")
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        timeout=server.timeout,
        use_tls=server.tls == "tls",
        start_tls=False,  # said below, so that its failure can be told from others
        tls_context=server.trust,
        local_hostname="localhost",
    )
    try:
        before = await _before_data(client, message, server)
        return before or await _data(client, content)
    finally:
        await _quit(client)


async def _before_data(client: aiosmtplib.SMTP, message: OutboxMessage, server: MailServer) -> Outcome | None:
    """Everything up to the content: nothing can have arrived. None when the content may go."""
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
