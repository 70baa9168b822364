"""The security log: every code is emitted by something real, and no line holds anything personal."""

import json
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyrage import x25519
from sqlmodel import select

from hearings import queries
from hearings.actors import participant_actor
from hearings.db import Database
from hearings.law.law import LAW
from hearings.models import HearingRequest, OutboxMessage, Participant, Person
from hearings.roles import Role
from hearings.signatures.jws import encode
from hearings.sitting import sittings
from media.evidence.log import tlog
from tests.support import page_client
from tests.support.authenticator import Authenticator
from tests.support.page_client import Client, Service, found
from tests.support.process import end_seal
from web import cli, security_log
from web.seal_keeper import SealKeeper
from web.security_log import EventCode, SecurityLog
from web.server.security_events import COMMANDS, EVENTS

DOCS = Path(__file__).parents[3] / "docs/security-log.md"
ELSEWHERE = {
    EventCode.started, EventCode.stopped, EventCode.sign_in, EventCode.joined,
    EventCode.pin_wrong, EventCode.login_ended, EventCode.step_up, EventCode.code_sent, EventCode.access_refused,
    EventCode.seal_used, EventCode.document_sealed,
}  # fmt: skip
"""Emitted where it is known, not by a request alone."""


RECORDING = "01890a5d-ac96-774b-bcce-b302099a8057"


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def test_the_codes_are_documented_and_each_has_something_that_emits_it() -> None:
    assert security_log.page() in DOCS.read_text("utf-8")
    assert set(security_log.CODES) == set(EventCode) == set(EVENTS.values()) | set(COMMANDS.values()) | ELSEWHERE


def test_all_that_was_emitted_is_written_at_an_orderly_end_and_a_moved_file_is_opened_anew(tmp_path: Path) -> None:
    path, moved = tmp_path / "security.log", tmp_path / "security.log.1"
    log = SecurityLog(path)
    log.start()
    for number in range(1_000):
        security_log.emit(EventCode.started, about=str(number))
    log.stop()
    assert [line["vivavoce.about"] for line in lines(path)] == [str(number) for number in range(1_000)]
    assert path.stat().st_mode & 0o777 == 0o600
    log.start()
    path.rename(moved)
    security_log.emit(EventCode.stopped)
    log.stop()
    security_log.emit(EventCode.stopped)  # nobody listens any more
    assert ([line["event.code"] for line in lines(path)], len(lines(moved))) == (["stopped"], 1_000)


@pytest.mark.parametrize("text", ["Ana Popescu", "a@b.example", "ș", "a\nb", '{"x": 1}', "x" * 121])
def test_what_is_no_word_is_not_written(tmp_path: Path, text: str) -> None:
    log = SecurityLog(tmp_path / "log")
    log.start()
    security_log.emit(EventCode.sign_in, reason=text, person=text, state=text, route=text, about=text, method=text)
    log.stop()
    (line,) = lines(tmp_path / "log")
    assert set(line) - {"@timestamp", "ecs.version", "event.code", "event.outcome"} == {
        *("event.reason", "user.id", "organization.id", "url.template", "vivavoce.about", "http.request.method")
    }
    assert json.dumps(line).count('"?"') == 6


def test_a_file_that_cannot_be_written_stops_a_command_before_it_does_anything(tmp_path: Path, capsys: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIVAVOCE_DATA", str(tmp_path / "data"))
        patch.setenv("VIVAVOCE_SECURITY_LOG", str(tmp_path / "no" / "log"))
        assert cli.main(["init"]) == 2
    assert "VIVAVOCE_SECURITY_LOG" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_command_writes_its_event_to_standard_error_where_no_file_is_named(tmp_path: Path, capsys: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIVAVOCE_DATA", str(tmp_path / "none"))
        patch.delenv("VIVAVOCE_SECURITY_LOG", raising=False)
        assert cli.main(["takeover", "--by", "Quux", "--why", "quux why"]) == 2
    (line,) = [json.loads(one) for one in capsys.readouterr().err.splitlines() if one.startswith("{")]
    assert (line["event.code"], line["event.outcome"]) == ("taken_over", "failure")
    assert (line["event.reason"], line["user.id"]) == ("command:takeover", "operator")


# --- a day of an installation ------------------------------------------------------------------------------------


async def open_lobby(database: Database, ref: str) -> None:
    async with database.transaction() as db:
        hearing = await queries.hearing_by_ref(db, ref)
        seats = {participant.role: participant for participant in await queries.participants(db, hearing.id)}
        judge = participant_actor(seats[Role.presiding_judge])
        await sittings.open_lobby(db, hearing=hearing, court_name="demo.example", actor=judge, now=datetime.now(UTC))


def come(service: Service, told: list[str]) -> None:
    """Sign-ins and joins that work and that do not."""
    client = service.client()
    told += [service.secret("clerk"), "0" * 22]
    for secret in (told[0], told[0], told[1]):
        client.post("/s", {"secret": secret})
    client.post("/sign-out", page="/docket")
    client.get("/docket")
    service.run(lambda database: open_lobby(database, service.ref))
    witness = service.made.participants["witness"]
    told += [witness.secret, witness.pin]
    client.post("/j", {"secret": witness.secret, "pin": "000000" if witness.pin != "000000" else "111111"})
    client.post("/j", {"secret": "0" * 22, "pin": witness.pin})
    service.app.state.parts.buckets.levels.clear()
    client.post("/j/code", {"secret": "0" * 22})


def prove(service: Service, client: Client, told: list[str]) -> None:
    """A passkey is added and shown."""
    key = Authenticator(service.base, "127.0.0.1")
    headers = {"x-csrf-token": client.token("/sign-ins"), "accept": "application/json"}
    made = key.create(client.post("/sign-ins/passkeys/options", headers=headers).json())
    client.post("/sign-ins/passkeys", {"answer": made, "name": "Quux key"}, page="/sign-ins")
    shown = key.get(client.post("/confirm/passkey/options", headers=headers).json())
    client.post("/confirm/passkey", {"answer": shown}, page="/sign-ins")
    told += ["Quux key", encode(key.credential_id)]


def administer(service: Service, admin: Client, told: list[str]) -> None:
    """One of everything an administrator does."""
    new = {"name": "Zoe Quux", "email": "zoe@quux.example", "authority_name": "Quux Court", "functions": "clerk"}
    told += [new["name"], new["email"], new["authority_name"]]
    page = admin.post("/admin/staff", new, page="/admin/staff").headers["location"].partition("?")[0]
    made = admin.post(f"{page}/link", page=page)
    admin.post(f"{page}/recovery", {"reason": "quux reason"}, page=page)
    told.append(found(r"/s#([\w-]+)", unescape(made.text))[1])
    link = found(r'name="link" value="([^"]+)"', admin.get(page).text)[1]
    admin.post(f"{page}/withdraw", {"link": link}, page=page)
    public = encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    jwk = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": public})
    told += [public, "Quux system"]
    admin.post(
        "/admin/api-clients", {"name": "Quux system", "scopes": "law:read", "jwk": jwk}, page="/admin/api-clients"
    )
    recipient = str(x25519.Identity.generate().to_public())
    told.append(recipient)
    values = {"authority_name": "Quux Court", "kind": "requesting", "recipient": recipient}
    admin.post("/admin/recipients", values, page="/admin/recipients")
    admin.post("/admin/keys", {"authority_name": "Quux Court", "public_key": public}, page="/admin/keys")
    admin.post("/webhooks", {"url": "https://quux.example/hook", "events": "hearing.ready"}, page="/webhooks")
    row = dict(LAW.rows["party"]["RO/untoc"]) | {"note": "quux note"}
    edits = json.dumps([{"kind": "party", "key": "RO/untoc", "data": row}], default=str)
    admin.post("/admin/law/save", {"edits": edits, "seen": "0", "reason": "quux reason"}, page="/admin/law/treaty")
    admin.post(f"/admin/changes/{link}/withdraw", page="/admin/law/treaty")
    table = {"file": ("quux.csv", b"quux", "text/csv")}
    admin.post("/directory", {"csrf": admin.token("/directory")}, files=table)
    told += ["quux note", "quux reason", "quux.example", "quux.csv"]
    secret = "quux-token"
    told.append(secret)
    admin.http.post("/api/v1/oauth/token", data={"client_assertion": secret})
    for method, path in (("POST", "/client/keys"), ("GET", "/requests/quux"), ("POST", "/requests/quux/submit")):
        admin.http.request(method, f"/api/v1{path}", headers={"authorization": f"DPoP {secret}"})


async def personal(database: Database) -> list[str]:
    """Whatever the database knows of people and cases."""
    async with database.reading() as db:
        people = (await db.exec(select(Person))).all()
        seats = (await db.exec(select(Participant))).all()
        requests = (await db.exec(select(HearingRequest))).all()
        mails = (await db.exec(select(OutboxMessage))).all()
    told = [text for person in people for text in (person.name, person.email, person.authority_name, person.city)]
    told += [seat.display_name for seat in seats]
    told += [text for request in requests for text in (request.case_number, request.person_name, request.reference)]
    return [*told, *(mail.address for mail in mails)]


def by_command(service: Service, path: Path, capsys: Any) -> list[str]:
    """The commands of an operator, in the same log; what they print."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIVAVOCE_DATA", str(service.settings.data))
        patch.setenv("VIVAVOCE_SECURITY_LOG", str(path))
        for words in (
            ["link", "clerk"],
            ["backup", str(path.parent / "copy"), "--keys", str(path.parent / "copied-keys")],
            ["takeover", "--by", "Quux", "--why", "quux why"],
            ["accept-loss", "--by", "Quux", "--why", "quux why"],
            ["export", "no-such", str(path.parent / "bag"), "--by", "clerk"],
            ["init"],
        ):
            cli.main(words)
        patch.setenv("VIVAVOCE_DATA", str(path.parent / "restored"))
        cli.main(["restore", str(path.parent / "copy"), "--keys", str(path.parent / "copied-keys")])
    return [*re.findall(r"/s#([\w-]+)", capsys.readouterr().out), "Quux", "quux why"]


def test_every_code_is_emitted_and_nothing_personal_is_in_the_log(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, told = tmp_path / "security.log", list[str]()
    with page_client.serving(prepared, tmp_path, security_log=path) as service:
        come(service, told)
        admin = service.signed_in("administrator")
        prove(service, admin, told)
        administer(service, admin, told)
        clerk = service.signed_in("clerk")
        home = f"/h/{service.ref}"
        clerk.post(f"{home}/people/{service.made.seats['witness']}/link", page="/docket")
        clerk.get("/admin/staff")
        clerk.post(f"{home}/times/accept", {"jws": "quux"}, page=home)
        clerk.post("/recordings/quux/viewing", page="/docket")
        again = service.client()
        again.cookies = dict(clerk.cookies)
        again.post("/s", {"secret": service.secret("clerk")})  # in the same browser: the login of before ends
        told += service.run(personal)
        document(service)
        try:
            seal, tree = SealKeeper(service.settings).ensure(), tlog.Tree([bytes(32)])
            seal.sign_head(tlog.Checkpoint(f"quux.example/hearing/{RECORDING}/custody", tree.size, tree.root()), tree)
        finally:
            end_seal(service.settings.seal_folder)
    told += by_command(service, path, capsys)
    written, text = lines(path), path.read_text("ascii")
    missing = set(EventCode) - {EventCode(one["event.code"]) for one in written}
    assert missing == set()
    assert [value for value in told if value and value in text] == []
    assert not re.search(r"127\.0\.0\.1|localhost|/s#|/j#|[a-z0-9]@", text)
    failed = {one["event.code"] for one in written if one["event.outcome"] == "failure"}
    assert {"sign_in", "joined", "pin_wrong", "access_refused", "token_issued"} <= failed
    routes = {one.get("url.template") for one in written}
    assert "/api/v1/requests/{request_id}/submit" in routes
    (sealed,) = [one for one in written if one["event.code"] == "seal_used"]
    assert (sealed["event.outcome"], sealed["vivavoce.about"]) == ("success", RECORDING)
    signed = [one for one in written if one["event.code"] == "sign_in" and one["event.outcome"] == "success"]
    assert all(one["organization.id"] in ("RO", "TH") and len(one["user.id"]) == 36 for one in signed)


def document(service: Service) -> None:
    """A request is printed with the seal."""
    authority = service.signed_in("authority")
    address = found(r'href="(/requests/[^"/]+)"', authority.get("/requests").text)[1]
    assert authority.get(f"{address}/document.pdf").status_code == 200
