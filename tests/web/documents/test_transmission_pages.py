"""The page of what went between the two authorities: how far each transmission has come, and its evidence as files."""

import re
import zipfile
from datetime import UTC, datetime
from io import BytesIO

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from hearings import queries
from hearings.actors import person_actor
from hearings.requests import requests
from hearings.signatures import evidence_check
from tests.support.attested import attested
from web import cli
from web.demo import demo


def made(service) -> str:
    """Address of a submitted request of the demonstration's clerk."""

    async def make(database):
        now = datetime.now(UTC)
        async with database.transaction() as db:
            actor = person_actor(cli.match(await queries.people(db), "clerk"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=actor, now=now)
            await requests.submit(db, request=row, actor=actor, now=now)
        return f"/requests/{row.reference}"

    return str(service.run(make))


def attest(service) -> None:
    """What the clock does every few seconds."""
    service.run(lambda database: attested(service, database))


def test_both_authorities_see_when_a_request_was_first_retrieved_and_by_whom(service):
    page = made(service)
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    attest(service)
    before = clerk.words(clerk.get(f"{page}/transmission"))
    assert "Not retrieved yet" in before and "Made available to the recipient" in before
    assert "no time-stamping authority" in before
    for other in ("/transmission", "/informal", "/consultations", "/documents", "?tab=history"):
        assert authority.get(f"{page}{other}").status_code == 200
    assert authority.get(f"{page}/receipt.pdf").status_code == 404
    attest(service)
    assert "Not retrieved yet" in clerk.words(clerk.get(f"{page}/transmission"))  # nothing of it was handed over
    assert authority.get(page).status_code == 200
    attest(service)
    for client in (clerk, authority):
        said = client.words(client.get(f"{page}/transmission"))
        assert "Not retrieved yet" not in said and "Niran Srisai" in said
        assert "Retrieved by the recipient" in said and "ContentHandover" in said
        assert "Bucharest" in said and "Bangkok" in said
    assert f'href="{page}/transmission"' in clerk.get(page).text
    assert service.act(authority, page, "acknowledge").status_code == 303
    attest(service)
    assert "Receipt acknowledged" in clerk.words(clerk.get(f"{page}/transmission"))


def test_each_evidence_is_a_file_that_verifies_and_the_case_has_them_all(service):
    page = made(service)
    clerk = service.signed_in("clerk")
    attest(service)
    links = re.findall(rf'href="({page}/transmission/[0-9a-f-]+)" download', clerk.get(f"{page}/transmission").text)
    assert len(links) == 2
    answers = [clerk.get(link) for link in links]
    assert [one.headers["content-disposition"] for one in answers] == [
        'attachment; filename="0002-made_available.jws"',
        'attachment; filename="0001-submission_accepted.jws"',
    ]
    key = evidence_check.public_key((service.settings.keys / "document-seal.crt").read_bytes())
    report, _good = evidence_check.check([("x", one.text) for one in answers], keys=[key])
    assert (report.verdict, report.notes) == ("verified", [])
    assert [clerk.get(f"{link}/stamp").status_code for link in links] == [404, 404]
    assert clerk.get(f"{page}/transmission/none").status_code == 404
    seal = clerk.get(f"{page}/transmission/seal.pem")
    assert seal.headers["content-disposition"] == 'attachment; filename="seal.pem"'
    assert evidence_check.public_key(seal.content).thumbprint == key.thumbprint
    fingerprint = x509.load_pem_x509_certificate(seal.content).fingerprint(hashes.SHA256()).hex()
    said = clerk.words(clerk.get(f"{page}/transmission"))
    assert fingerprint in said and "by another way" in said and "EN 319 522-1: ContentConsignment" in said
    with zipfile.ZipFile(BytesIO(clerk.get(f"{page}/export.zip").content)) as bag:
        files = {name.partition("/data/")[2]: bag.read(name) for name in bag.namelist()}
    kept = {name: data for name, data in files.items() if name.startswith("transmission/")}
    assert kept["transmission/0001-submission_accepted.jws"] == answers[1].content
    assert evidence_check.public_key(kept["transmission/seal.pem"]).thumbprint == key.thumbprint


def test_a_draft_says_that_nothing_was_sent(service):
    async def make(database):
        async with database.transaction() as db:
            actor = person_actor(cli.match(await queries.people(db), "clerk"))
            row = await requests.draft(
                db, requested_state="TH", fields=demo.REQUEST, actor=actor, now=datetime.now(UTC)
            )
        return row.reference

    reference = service.run(make)
    clerk = service.signed_in("clerk")
    assert "Nothing has been sent yet" in clerk.words(clerk.get(f"/requests/{reference}/transmission"))
