"""A request as a signed container: taken from one installation, brought into another, with nothing lost or added."""

import io
import json
import subprocess
import zipfile

import pikepdf
import pytest

from hearings.documents import asic
from tests.support.api_client import with_api

TEXT = {"content-type": "text/plain"}
KIND = {"content-type": asic.MEDIA_TYPE}
SAME = ("content", "attachments", "translations", "requesting_state", "requested_state", "format", "version")


def pdf() -> bytes:
    blank = pikepdf.new()
    blank.add_blank_page()
    out = io.BytesIO()
    blank.save(out)
    return out.getvalue()


@pytest.fixture
async def whole(ro, story):
    """A request with a file of each kind, a translation with its file, and slots; submitted. Its container too."""
    content = story.content | {
        "wanted_by": "2027-12-01",
        "protection_requested": ["voice"],
        "interpreter_languages": ["ro"],
        "exhibits": "A letter\nA photograph",
    }
    made = await ro.post("/requests", {"requested_state": "TH", "content": content})
    assert made.status_code == 201, made.text
    path = f"/requests/{made.json()['id']}"
    await ro.post(
        f"{path}/attachments?name=décision.pdf&kind=decision",
        content=pdf(),
        headers={"content-type": "application/pdf"},
    )
    file = await ro.post(f"{path}/attachments?name=ไทย.txt&kind=translation", content="คำ\n".encode(), headers=TEXT)
    said = {"language": "th", "translator": "A. Srisai", "certified": True, "attachment_id": file.json()["id"]}
    assert (await ro.post(f"{path}/translations", said)).status_code < 300
    assert (await ro.signed(f"{path}/submit", "submit_request")).status_code == 200
    got = await ro.get(f"{path}/document.asice")
    assert (got.status_code, got.headers["content-type"]) == (200, asic.MEDIA_TYPE), got.text
    return path, got.content


def inside(container: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(container)) as found:
        return {name: found.read(name) for name in found.namelist()}


async def test_another_installation_makes_the_same_request_of_it(whole, ro, prepared, tmp_path_factory):
    path, container = whole
    sent = (await ro.get(f"{path}/document.json")).json()
    assert json.loads(inside(container)["request.json"]) == sent
    async with with_api(prepared, tmp_path_factory.mktemp("other")).in_process() as other:
        client = await other.client("RO")
        made = await client.post("/requests/import", content=container, headers=KIND)
        assert made.status_code == 201, made.text
        assert made.json()["status"] == "draft"
        assert ["Seal of RO" in one["signer"] for one in made.json()["signatures"]] == [True, False]
        assert [one["trusted"] for one in made.json()["signatures"]] == [False, False]
        here = f"/requests/{made.json()['id']}"
        got = (await client.get(f"{here}/document.json")).json()
        assert {name: got[name] for name in SAME} == {name: sent[name] for name in SAME}
        history = (await client.get(f"{here}/history")).json()["items"]
        assert "Imported from a signed container; signed by: " in history[0]["reason"]
        assert "Seal of RO" in history[0]["reason"]
        assert history[0]["reason"].count("(certificate not known here)") == 2
        again = await client.get(f"{here}/document.asice")
        before, after = inside(container), inside(again.content)
        kept = [name for name in before if name.startswith("attachments/")]
        assert len(kept) == 2 and [after[name] for name in kept] == [before[name] for name in kept]
        assert after["translations.json"] == before["translations.json"]
        translated = (await client.get(f"{here}/translations")).json()["items"][0]
        names = {one["id"]: one["name"] for one in (await client.get(f"{here}/attachments")).json()["items"]}
        assert names[translated["attachment_id"]] == "ไทย.txt"
        assert (await client.signed(f"{here}/submit", "submit_request")).status_code == 200


def test_openssl_verifies_it_and_the_draft_of_no_authority_has_the_seal_of_none(whole, installation, tmp_path):
    files = inside(whole[1])
    for name in ("META-INF/ASiCManifest001.xml", "META-INF/signature001.p7s", "META-INF/ASiCManifest002.xml"):
        (tmp_path / name.rpartition("/")[2]).write_bytes(files[name])
    keys = installation.settings.keys
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signature001.p7s", "-content"]
    command += ["ASiCManifest001.xml", "-CAfile", str(keys / "state-seals" / "RO.crt"), "-partial_chain"]
    done = subprocess.run([*command, "-purpose", "any"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_no_seal_of_a_state_is_on_a_file_that_came_after_its_signature(whole, ro):
    path, before = whole
    assert "META-INF/signature002.p7s" in inside(before)
    late = await ro.post(f"{path}/attachments?name=late.txt", content=b"Nobody signed this.\n", headers=TEXT)
    assert late.status_code == 201
    after = inside((await ro.get(f"{path}/document.asice")).content)
    assert "attachments/03-late.txt" in after and "META-INF/signature002.p7s" not in after


async def test_a_container_that_was_changed_or_is_of_another_state_makes_nothing(
    whole, ro, th, installation, everything
):
    _path, container = whole
    files = inside(container)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as changed:
        for name, data in files.items():
            data = data.replace(b"Somchai", b"Sombody") if name == "request.json" else data
            changed.writestr(zipfile.ZipInfo(name), data)
    before = await everything(installation.database)
    for client, data, why in (
        (ro, out.getvalue(), asic.NOT_THE_FILE),
        (ro, b"PK", asic.NOT_A_CONTAINER),
        (th, container, "The container holds a request of another State (Romania): only that State can draft it"),
    ):
        answer = await client.post("/requests/import", content=data, headers=KIND)
        assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (422, "invalid", why)
    assert (await ro.post("/requests/import", content=container, headers=TEXT)).status_code == 415
    assert await everything(installation.database) == before


async def test_a_sealed_container_of_something_else_is_no_request(installation, ro):
    keys = installation.settings.keys
    from hearings.documents.pdf_seals import DocumentSeal

    seal = DocumentSeal(keys / "document-seal.key", keys / "document-seal.crt")
    for files in (
        {"a.txt": ("text/plain", b"x")},
        {"request.json": ("application/json", b"{}"), "translations.json": ("application/json", b"{}")},
        {"request.json": ("application/json", b"[" * 100_000), "translations.json": ("application/json", b"{}")},
    ):
        answer = await ro.post("/requests/import", content=await asic.make(files, [seal]), headers=KIND)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text


def test_a_clerk_takes_a_container_and_brings_it_in_again(service):
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    page = clerk.get("/requests").text
    assert 'href="/requests/import"' in page
    reference = page.split('href="/requests/RO-')[1].split('"')[0]
    taken = clerk.get(f"/requests/RO-{reference}/document.asice")
    assert (taken.status_code, taken.headers["content-type"]) == (200, asic.MEDIA_TYPE)

    def send(client, data: bytes):
        token = {"csrf": clerk.token("/requests/import")}
        origin = {"origin": str(client.http.base_url).rstrip("/")}
        files = {"file": ("request.asice", data, asic.MEDIA_TYPE)}
        return client.request("POST", "/requests/import", data=token, files=files, headers=origin)

    answer = send(clerk, taken.content)
    assert answer.status_code == 303, clerk.words(answer)
    said = clerk.words(clerk.get(answer.headers["location"]))
    assert "Imported from a signed container" in said and "Seal" in said
    bad = send(clerk, taken.content[:-400])
    assert (bad.status_code, "not a signed container" in clerk.words(bad)) == (422, True)
    none = clerk.post("/requests/import", {}, page="/requests/import")
    assert none.status_code == 415
    assert authority.get("/requests/import").status_code == 403
