"""Requests to take away, signed PDFs from outside, and the administrator's page of signing keys."""

import io
import json
import re
from datetime import UTC, datetime

import pikepdf
import pytest
import rfc8785

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database
from hearings.documents import pdf_seals
from hearings.errors import SignatureRefused
from hearings.models import HearingRequest, Person
from hearings.requests import attachments, requests
from hearings.signatures import jws, signatures, signing_keys
from hearings.signatures.signatures import Act
from web import cli
from web.demo import demo

pytestmark = pytest.mark.beside

PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


@pytest.fixture
def authority(service):
    return service.signed_in("authority")


@pytest.fixture
def administrator(service):
    return service.signed_in("administrator")


def made(service, *, submit: bool = True) -> str:
    """Address of a request of the demonstration's clerk."""

    async def make(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            actor = person_actor(cli.match(await queries.people(db), "clerk"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=actor, now=now)
            if submit:
                await requests.submit(db, request=row, actor=actor, now=now)
        return f"/requests/{row.reference}"

    return str(service.run(make))


def upload(client, page: str, data: bytes):
    values = {"csrf": client.token(page), "kind": "decision"}
    headers = {"origin": str(client.http.base_url).rstrip("/")}
    return client.request("POST", page, data=values, files={"file": ("decision.pdf", data)}, headers=headers)


def small_pdf() -> bytes:
    made = pikepdf.new()
    made.add_blank_page()
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def signed_pdf(tmp_path_factory) -> bytes:
    """A file signed with a key nobody here knows."""
    folder = tmp_path_factory.mktemp("other")
    seal = pdf_seals.make_seal(
        key=folder / "key", certificate=folder / "crt", name="Tribunalul Cluj", now=datetime.now(UTC)
    )
    return pdf_seals._seal(small_pdf(), seal)


# --- to take away ------------------------------------------------------------------------------------------------


def test_a_request_is_taken_away_as_a_sealed_document(service, clerk, authority):
    where = made(service)
    assert f'href="{where}/document.pdf"' in clerk.get(where).text
    for client in (clerk, authority):
        answer = client.get(f"{where}/document.pdf")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.headers["content-disposition"] == f'attachment; filename="request-{where.split("/")[-1]}.pdf"'
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert str(pdf.Root.Lang) == "th"
        (field,) = pdf.Root.AcroForm.Fields
        assert str(field.V.Reason) == "Sealed by this installation, not by the authority"
        assert str(field.V.SubFilter) == "/ETSI.CAdES.detached"


def test_the_data_are_canonical_and_the_same_for_both_states(service, clerk, authority):
    where = made(service)
    found = [client.get(f"{where}/document.json").content for client in (clerk, authority)]
    assert found[0] == found[1] == rfc8785.dumps(json.loads(found[0]))
    assert json.loads(found[0])["content"]["person_name"] == demo.REQUEST["person_name"]


def test_what_the_other_state_takes_away_is_noted_for_the_owner(service, clerk, authority):
    where = made(service)
    assert "Viewed by the other State" not in clerk.words(clerk.get(f"{where}?tab=history"))
    authority.get(f"{where}/document.json")
    assert "Viewed by the other State" in clerk.words(clerk.get(f"{where}?tab=history"))


@pytest.mark.parametrize("name", ["document.pdf", "document.json"])
def test_a_draft_is_not_the_other_states_to_take_away(service, clerk, authority, name):
    where = made(service, submit=False)
    there = clerk.get(f"{where}/{name}")
    assert (there.status_code, len(there.content) > 1_000) == (200, True)
    answers = [authority.get(f"{path}/{name}") for path in (where, "/requests/RO-2026-9999")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert authority.words(answers[0]).split("Reference")[0] == authority.words(answers[1]).split("Reference")[0]
    answers.append(service.client().get(f"{where}/{name}"))
    assert answers[-1].status_code == 401
    assert not any(demo.REQUEST["person_name"] in answer.text for answer in answers)


# --- signed files from outside -----------------------------------------------------------------------------------


def test_a_signed_file_is_checked_when_it_is_attached(service, clerk, authority, signed_pdf):
    where = made(service)
    answer = upload(clerk, f"{where}/documents", signed_pdf)
    assert answer.status_code == 303
    page = clerk.get(answer.headers["location"])
    told = clerk.words(page)
    assert "The file has been attached." in told
    assert "Document seal of Tribunalul Cluj" in told
    assert "Every signature is valid, and the whole file is covered" in told
    assert "Unknown: its root certificate has not been added here" in told
    assert re.search(r"Time stated .*\d\d:\d\d Bucharest \(UTC", told), told
    other = authority.words(authority.get(answer.headers["location"].split("?")[0]))
    assert "Every signature is valid" in other

    async def kept(database: Database) -> list[bool]:
        async with database.reading() as db:
            row = await queries.request(db, where.rpartition("/")[2], state="RO")
            return [one.signatures["intact"] for one in await attachments.of_request(db, row.id)]

    assert service.run(kept) == [True]
    assert clerk.get("/requests/RO-2026-9999/documents/x/signatures").status_code == 404


def test_a_changed_file_is_shown_as_not_to_be_relied_on(service, clerk, signed_pdf):
    where = made(service)
    at = signed_pdf.index(b"/MediaBox")
    changed = signed_pdf[:at] + signed_pdf[at:].replace(b"612", b"613", 1)
    assert changed != signed_pdf
    told = clerk.words(clerk.get(upload(clerk, f"{where}/documents", changed).headers["location"]))
    assert ("Do not rely on this file as signed" in told, "has been changed" in told) == (True, True)


def test_a_file_without_signature_and_one_that_is_none_say_so(service, clerk):
    where = made(service)
    plain = clerk.words(clerk.get(upload(clerk, f"{where}/documents", small_pdf()).headers["location"]))
    assert "carries no electronic signature" in plain
    none = clerk.words(clerk.get(upload(clerk, f"{where}/documents", b"%PDF-1.7\nhello").headers["location"]))
    assert "cannot be read as a PDF" in none


# --- signing keys ------------------------------------------------------------------------------------------------


def test_an_administrator_registers_and_retires_a_key(service, administrator):
    values = {"authority_name": "Tribunalul Cluj", "public_key": PUBLIC}
    assert administrator.post("/admin/keys", values, page="/admin/keys").headers["location"] == "/admin/keys?done=added"
    page = administrator.get("/admin/keys")
    kid = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert "Tribunalul Cluj" in administrator.words(page) and kid in page.text
    again = administrator.post("/admin/keys", values, page="/admin/keys")
    assert (again.status_code, "registered before" in administrator.words(again)) == (422, True)
    wrong = administrator.post("/admin/keys", values | {"public_key": "x"}, page="/admin/keys")
    assert (wrong.status_code, 'href="#public_key"' in wrong.text) == (422, True)
    assert administrator.post(f"/admin/keys/{kid}/retire", {}, page="/admin/keys").status_code == 303
    assert f'action="/admin/keys/{kid}/retire"' not in administrator.get("/admin/keys").text


def test_keys_are_the_business_of_their_own_administrator(service, everything, clerk, authority, administrator):
    before = service.run(everything)
    for client in (clerk, authority):
        assert client.get("/admin/keys").status_code == 403
        answer = client.post("/admin/keys", {"authority_name": "A", "public_key": PUBLIC}, page="/docket")
        assert (answer.status_code, "You may not do this" in client.words(answer)) == (403, True)

    async def other(database: Database) -> str:
        async with database.reading() as db:
            keys = await signing_keys.keys_of(db, state="TH")
        return keys[0].kid

    kid = str(service.run(other))
    assert kid not in administrator.get("/admin/keys").text
    assert administrator.post(f"/admin/keys/{kid}/retire", {}, page="/admin/keys").status_code == 404
    assert service.run(everything)["signing_key"] == before["signing_key"]


def test_a_refused_statement_is_shown_to_the_administrators_of_both_states(service, administrator):
    """Signed with the demonstration's Romanian key for France, and handed in for a case with Thailand."""
    text = next(path for path in service.made.key_files if path.name == "romania.key.txt").read_text("utf-8")
    seed = jws.decode(next(line for line in text.splitlines() if "signing-key" in line).split(": ")[1])

    async def hand_in(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.reading() as db:
            clerk = cli.match(await queries.people(db), "clerk")
            row = await queries.get(db, HearingRequest, service.made.hearing.request_id)
        stated = signatures.statement(
            state="RO", other="FR", act=Act.submit_request, about=row.reference, body={}, now=now
        )
        try:
            async with database.transaction() as db:
                await signatures.receive(
                    db,
                    jws=signatures.sign(stated, seed=seed),
                    state="RO",
                    other="TH",
                    act=Act.submit_request,
                    about=row.reference,
                    subject=row,
                    actor=person_actor(clerk),
                    now=now,
                )
        except SignatureRefused as error:
            return error.code
        return "taken in"

    assert service.run(hand_in) == "signature_wrong_audience"

    async def administrator_of_thailand(database: Database) -> None:
        async with database.transaction() as db:
            db.add(Person(owner_state="TH", name="Malee Admin", email="ta@th.example", functions=["administrator"]))

    service.run(administrator_of_thailand)
    for client in (administrator, service.signed_in("ta@th.example")):
        told = client.words(client.get("/admin/keys"))
        assert ("The statement is meant for another State" in told, "RO → FR" in told) == (True, True)
