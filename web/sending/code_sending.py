"""Hands a one-use code over, at once: by the mail server, or by the command of the installation. Stored nowhere.

The command gets `To: ` with the telephone number, an empty line and the text on its standard input, nothing in its
arguments, where other accounts could read it. Status 0 within `SECONDS` means that it took the message.
"""

import asyncio
import subprocess
from datetime import datetime
from functools import partial

from hearings.hearing.codes import CodeMessage
from hearings.ids import new_id
from hearings.models import OutboxMessage
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.models.participant import CodeWay
from web.sending.mail_server import mail_server
from web.settings import Settings

SECONDS = 20.0


def ways(settings: Settings) -> list[CodeWay]:
    """The ways in which participants can get their six digits here."""
    made = {CodeWay.phone: True, CodeWay.mail: bool(settings.smtp_host), CodeWay.sms: settings.code_command is not None}
    return [way for way, possible in made.items() if possible]


async def send(settings: Settings, message: CodeMessage, *, now: datetime) -> bool:
    """Hand the message over. Returns whether it was taken."""
    if message.way not in ways(settings):
        return False
    return await (_mail if message.way is CodeWay.mail else _command)(settings, message, now)


async def _mail(settings: Settings, message: CodeMessage, now: datetime) -> bool:
    from scheduler import mail  # 0.1 s that most processes need not spend at their start

    server = mail_server(settings)
    assert server is not None
    row = OutboxMessage(  # never added to a session
        id=new_id(),
        owner_state="",
        kind=OutboxKind.mail,
        address=message.to,
        payload={"subject": message.subject, "text": message.text, "language": message.language},
        created_at=now,
        key="",
    )
    return (await mail.send(row, server)).status in (OutboxStatus.sent, OutboxStatus.unconfirmed)


async def _command(settings: Settings, message: CodeMessage, now: datetime) -> bool:
    text = f"To: {message.to}\n\n{message.text}\n".encode()
    silent = subprocess.DEVNULL
    run = partial(
        subprocess.run, [str(settings.code_command)], input=text, stdout=silent, stderr=silent, env={}, timeout=SECONDS
    )
    try:
        return (await asyncio.to_thread(run)).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
