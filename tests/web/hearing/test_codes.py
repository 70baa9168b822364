"""The clerk chooses that a participant gets codes; the participant asks for one and joins with it."""

import re
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email import message_from_bytes
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlmodel import select

from hearings import queries
from hearings.actors import participant_actor
from hearings.db import Database
from hearings.models import Participant
from hearings.models.participant import CodeWay
from hearings.roles import Role
from hearings.sitting import sittings
from tests.support.installation import free_port
from tests.support.page_client import Client, Service, found
from web.hearing.link_pages import HANDOVERS

Serving = Callable[..., AbstractContextManager[Service]]
TAKES = '#!/bin/sh\ncat >> "$(dirname "$0")/taken"; echo "args: $#" >> "$(dirname "$0")/taken"\n'


def command(folder: Path, text: str) -> Path:
    path = folder / "send-code"
    path.write_text(text)
    path.chmod(stat.S_IRWXU)
    return path


async def open_lobby(database: Database, ref: str, now: Any) -> None:
    async with database.transaction() as db:
        hearing = await queries.hearing_by_ref(db, ref)
        seats = {participant.role: participant for participant in await queries.participants(db, hearing.id)}
        judge = participant_actor(seats[Role.presiding_judge])
        await sittings.open_lobby(db, hearing=hearing, court_name="demo.example", actor=judge, now=now)


def new_link(service: Service, values: dict[str, str]) -> Any:
    clerk: Client = service.signed_in("clerk")
    form = f"/h/{service.ref}/people/{service.made.seats['witness']}/link"
    return clerk.post(form, values, page=form)


def test_a_code_comes_by_the_command_of_the_installation_and_opens_the_lobby(tmp_path: Path, serving: Serving) -> None:
    program = command(tmp_path, TAKES)
    with serving(tmp_path, code_command=program) as service:
        service.run(lambda database: open_lobby(database, service.ref, datetime.now(UTC)))
        wrong = new_link(service, {"code_way": "sms", "code_to": "0721"})
        assert (wrong.status_code, 'href="#code_to"' in wrong.text, 'value="0721"' in wrong.text) == (422, True, True)
        assert new_link(service, {"code_way": "mail", "code_to": "a@b.example"}).status_code == 422  # no mail server
        made = new_link(service, {"code_way": "sms", "code_to": "+40 721 000 000"})
        words = Client.words(made)
        assert "Code by text message" in words and "Send it by e-mail or in a letter" in words
        assert "PIN" not in words and "pin-shown" not in made.text
        secret = found(r"/j#([\w-]+)", unescape(made.text))[1]
        client = service.client()
        assert "Send me a code" in client.get("/j").text
        early = client.post("/j", {"secret": secret, "pin": "123456"})
        assert "There is no code that works." in client.words(early)
        sent = client.post("/j/code", {"secret": secret})
        assert "A code has been sent" in client.words(sent) and "721" not in client.words(sent)
        taken = (program.parent / "taken").read_text()
        assert taken.startswith("To: +40721000000\n\n") and taken.endswith("args: 0\n")
        digits = found(r"^(\d{6}) ", taken)[1]
        again = client.post("/j/code", {"secret": secret})
        assert (again.status_code, "less than a minute ago" in client.words(again)) == (422, True)
        assert client.post("/j", {"secret": secret, "pin": digits}).headers["location"] == f"/h/{service.ref}/live"
        assert client.post("/j/code", {"secret": "x" * 22}).status_code == 403


@pytest.mark.parametrize("way", CodeWay)
def test_link_and_digits_are_never_to_be_sent_by_the_same_way(way: CodeWay) -> None:
    handover = HANDOVERS[way]
    assert handover.link_by and handover.digits_by
    assert not handover.link_by & handover.digits_by


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/no/such/program\n"])
def test_a_code_that_could_not_be_handed_over_is_said_so(tmp_path: Path, serving: Serving, text: str) -> None:
    with serving(tmp_path, code_command=command(tmp_path, text)) as service:
        service.run(lambda database: open_lobby(database, service.ref, datetime.now(UTC)))
        made = new_link(service, {"code_way": "sms", "code_to": "+40721000000"})
        secret = found(r"/j#([\w-]+)", unescape(made.text))[1]
        client = service.client()
        answer = client.post("/j/code", {"secret": secret})
        assert (answer.status_code, "could not be sent" in client.words(answer)) == (422, True)
        assert not re.search(r"\d{6} is your code", answer.text)


class Box:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return "250 OK"


def test_a_code_by_mail_is_handed_over_at_once_and_is_in_no_row(tmp_path: Path, serving: Serving) -> None:
    box, port = Box(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    how = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "smtp_sender": "court@court.example"}
    try:
        with serving(tmp_path, scheduler=False, **how) as service:
            service.run(lambda database: open_lobby(database, service.ref, datetime.now(UTC)))
            made = new_link(service, {"code_way": "mail", "code_to": "somchai@th.example"})
            words = Client.words(made)
            assert "Code by e-mail" in words and "Send it by e-mail" not in words and "PIN" not in words
            secret = found(r"/j#([\w-]+)", unescape(made.text))[1]
            client = service.client()
            assert "A code has been sent" in client.words(client.post("/j/code", {"secret": secret}))
            ((to, mail),) = box.got
            text = mail.get_payload(decode=True).decode()
            digits = found(r"(\d{6})", text)[1]
            assert (to, mail["To"]) == (["somchai@th.example"], "somchai@th.example")
            names = [seat.display_name for seat in service.run(seats)]
            assert [name for name in (*names, service.ref) if name in text + str(mail["Subject"])] == []
            kept = (service.settings.data / "vivavoce.db").read_bytes()
            kept += (service.settings.data / "vivavoce.db-wal").read_bytes()
            assert digits.encode() + b" is your code" not in kept and text[:40].encode() not in kept
            assert client.post("/j", {"secret": secret, "pin": digits}).status_code == 303
    finally:
        controller.stop()


async def seats(database: Database) -> Any:
    async with database.reading() as db:
        return (await db.exec(select(Participant))).all()
