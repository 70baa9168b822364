"""A case taken away by staff, and the motive of a refusal on the page."""

import io
import zipfile
from datetime import UTC, datetime

import httpx

from hearings import queries
from hearings.actors import person_actor
from hearings.outward import view_notes
from hearings.requests import requests
from media.evidence.log import custody, tlog
from tests.support.evidence.archive import JUDGE
from web import cli
from web.demo import demo
from web.server import printing


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


def test_without_fonts_the_pages_say_what_is_missing_and_who_can_help(service, monkeypatch, tmp_path):
    page, clerk = made(service), service.signed_in("clerk")
    monkeypatch.setattr(printing, "FONTS", tmp_path / "print-fonts")
    for name in ("document.pdf", "export.zip"):
        answer = clerk.get(f"{page}/{name}")
        assert (answer.status_code, "deploy/assets.py" in clerk.words(answer)) == (503, True)
        assert "Documents cannot be made here" in clerk.words(answer)


def test_a_case_is_taken_away_by_those_who_work_on_it_and_the_owner_sees_it(service):
    page = made(service)
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    assert f'href="{page}/export.zip"' in clerk.get(page).text
    answer = authority.get(f"{page}/export.zip")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == f'attachment; filename="{page[10:]}.zip"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert f"{page[10:]}/manifest-sha256.txt" in names

    async def looked(database):
        async with database.reading() as db:
            row = await queries.request(db, page[10:], state="RO")
            return [one.viewer_state for one in (await view_notes.views_of(db, row, state="RO")).rows]

    assert service.run(looked) == ["TH"]
    assert clerk.get("/requests/RO-2020-0001/export.zip").status_code == 404


def test_a_motive_that_is_none_is_named_beside_its_field(service):
    page = made(service)
    authority = service.signed_in("authority")
    authority.post(f"{page}/act/acknowledge", page=page)
    assert 'name="motive"' in authority.get(f"{page}?act=refuse").text
    held = {"way": "telephone", "with_whom": "The court", "subject": "Conditions", "outcome": "None would do"}
    assert authority.post(f"{page}/consultations", held, page=f"{page}/consultations").status_code == 303
    words = {"ground": "no_consent", "motive": "mood", "text": "She said no."}
    answer = service.act(authority, page, "refuse", words)
    assert (answer.status_code, 'id="refuse-motive-error"' in answer.text) == (422, True)
    said = words | {"motive": "case_specific_reasons", "confirmed": "no_consent"}
    answer = service.act(authority, page, "refuse", said)
    assert answer.status_code == 303
    assert "case_specific_reasons" in authority.get(f"{page}?tab=history").text


async def test_the_signed_heads_of_a_recording_go_with_its_case(archive):
    custody.open_log(archive.sealed.folder, archive.sealed.origin, archive.sealed.seal, archive.sealed.zero)
    (archive.sealed.folder / "checkpoint.tsr").write_bytes(b"a token")
    headers = {"accept": "text/html", "cookie": f"__Host-vivavoce={archive.cookies[JUDGE]}"}
    transport, address = httpx.ASGITransport(app=archive.app), archive.settings.public_url
    async with httpx.AsyncClient(transport=transport, base_url=address, headers=headers, timeout=60) as client:
        answer = await client.get("/requests/RO-2025-1/export.zip")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bag:
        files = {name.partition("/data/")[2]: bag.read(name) for name in bag.namelist()}
    here = next(name.rpartition("/")[0] for name in files if name.endswith("/recordings.json"))
    within = f"{here}/recordings/{archive.sealed.recording}/"
    heads = {name.removeprefix(within): data for name, data in files.items() if name.startswith(within)}
    names = ("checkpoint", "checkpoint.tsr", "custody-checkpoint")
    assert heads == {name: (archive.sealed.folder / name).read_bytes() for name in names}
    key = archive.sealed.seal.key.vkey(archive.settings.court_name)
    head = tlog.verify_checkpoint(heads["checkpoint"], archive.sealed.origin, [key])
    assert f"{head.size}:{head.root.hex()}" in files[f"{here}/recordings.json"].decode()
