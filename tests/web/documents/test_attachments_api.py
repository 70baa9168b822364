"""Files through the API: sent raw and in a form, known by their bytes, given out with their hash to two States only."""

import asyncio
import hashlib
import io
from datetime import UTC, datetime

import pikepdf
import pytest

from hearings.documents import pdf_seals

pytestmark = pytest.mark.beside

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
TEXT = {"content-type": "text/plain"}


async def test_a_file_comes_raw_or_in_a_form_and_comes_back_as_it_was(ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}/attachments"
    raw = await ro.post(
        f"{path}?name=decision.pdf&kind=decision", content=PDF, headers={"content-type": "application/pdf"}
    )
    assert raw.status_code == 201, raw.text
    assert raw.json()["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (raw.json()["state"], raw.json()["kind"], raw.json()["size"]) == ("RO", "decision", len(PDF))
    form = await th.post(path, files={"file": ("żółć.txt", "Z\u0105b\n".encode(), "text/plain")})
    assert (form.status_code, form.json()["name"], form.json()["kind"]) == (201, "żółć.txt", "other")
    listed = (await th.get(path)).json()["items"]
    assert [one["id"] for one in listed] == [raw.json()["id"], form.json()["id"]]
    assert (await th.get(f"{path}/{listed[0]['id']}")).json() == listed[0]
    got = await th.get(f"{path}/{listed[0]['id']}/content")
    assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''decision.pdf"
    assert got.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert (got.headers["x-content-type-options"], got.headers["etag"]) == ("nosniff", f'"{listed[0]["sha256"]}"')
    same = await th.get(f"{path}/{listed[0]['id']}/content", headers={"if-none-match": got.headers["etag"]})
    assert same.status_code == 304


async def sealed(folder) -> bytes:
    """A file signed with a key nobody here knows."""
    blank = pikepdf.new()
    blank.add_blank_page()
    out = io.BytesIO()
    blank.save(out)
    now = datetime.now(UTC)
    seal = pdf_seals.make_seal(key=folder / "key", certificate=folder / "crt", name="Tribunalul Cluj", now=now)
    return await pdf_seals.seal(out.getvalue(), seal)


async def test_the_signatures_of_a_pdf_are_checked_as_it_comes_and_whenever_asked(
    installation, ro, th, story, tmp_path
):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}/attachments"
    signed = await sealed(tmp_path)
    at = signed.index(b"/MediaBox")
    tampered = signed[:at] + signed[at:].replace(b"612", b"613", 1)
    assert tampered != signed
    found = {}
    for name, content, kind in (
        ("signed.pdf", signed, "application/pdf"), ("tampered.pdf", tampered, "application/pdf"),
        ("none.pdf", PDF, "application/pdf"), ("note.txt", b"A note.", "text/plain"),
    ):  # fmt: skip
        answer = await ro.post(f"{path}?name={name}", content=content, headers={"content-type": kind})
        assert answer.status_code == 201, answer.text
        found[name] = answer.json()
    (holds,) = found["signed.pdf"]["signatures"]["signatures"]
    assert (holds["intact"], holds["whole_file"], holds["trusted"], holds["problem"]) == (True, True, False, "")
    assert "Document seal of Tribunalul Cluj" in holds["signer"]
    (broken,) = found["tampered.pdf"]["signatures"]["signatures"]
    assert (broken["intact"], broken["trusted"], broken["problem"]) == (False, False, "changed")
    verdicts = [found[name]["signatures"] and found[name]["signatures"]["intact"] for name in found]
    assert verdicts == [True, False, False, None]
    assert (await th.get(path)).json()["items"] == list(found.values())
    before = (await ro.get(f"/requests/{request['id']}/views")).json()["items"]
    for name in ("signed.pdf", "tampered.pdf"):
        again = await th.get(f"{path}/{found[name]['id']}/signatures")
        checked = await ro.post(
            "/documents/check", content=signed if name == "signed.pdf" else tampered,
            headers={"content-type": "application/pdf"},
        )  # fmt: skip
        assert (again.status_code, again.json()) == (200, found[name]["signatures"])
        assert checked.json() == again.json()
    seen = (await ro.get(f"/requests/{request['id']}/views")).json()["items"]
    assert len(seen) == len(before) + 2
    fr = await installation.client("FR")
    for client, one in ((fr, found["signed.pdf"]["id"]), (th, found["note.txt"]["id"]), (th, request["id"])):
        answer = await client.get(f"{path}/{one}/signatures")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_while_the_signatures_of_a_file_are_checked_others_write(ro, th, story, tmp_path, monkeypatch):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    begun, go_on, check = asyncio.Event(), asyncio.Event(), pdf_seals.check

    async def slow(*given, **options):
        begun.set()
        await go_on.wait()
        return await check(*given, **options)

    monkeypatch.setattr(pdf_seals, "check", slow)
    pdf = {"content-type": "application/pdf"}
    sending = asyncio.create_task(
        ro.post(f"{path}/attachments?name=a.pdf", content=await sealed(tmp_path), headers=pdf)
    )
    async with asyncio.timeout(20):
        await begun.wait()
        assert (await th.post(f"{path}/acknowledge")).status_code == 200
        go_on.set()
        assert (await sending).json()["signatures"]["intact"] is True


async def test_a_file_that_is_not_taken_says_why_and_leaves_nothing(installation, ro, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}/attachments"
    pdf = {"content-type": "application/pdf"}
    for query, content, headers, status, code in (
        ("?name=a.pdf", b"", pdf, 422, "invalid"),
        ("?name=a.pdf", b"MZ\x90", pdf, 422, "invalid"),
        ("?name=a.txt", PDF, pdf, 422, "invalid"),
        ("?name=..%2Fa.pdf", PDF, pdf, 422, "invalid"),
        ("", PDF, pdf, 422, "invalid_input"),
        ("?name=a.pdf&kind=any", PDF, pdf, 422, "invalid_input"),
        ("?name=a.html", b"<p>", {"content-type": "text/html"}, 415, "media_type"),
        ("?name=a.pdf", PDF, {"content-type": "application/json"}, 415, "media_type"),
        ("?name=a.pdf", b"x", {"content-type": "multipart/form-data"}, 400, "not_http"),
        ("?name=a.pdf", b"x", {"content-type": "multipart/form-data; boundary=b"}, 400, "not_http"),
        ("?name=a.txt", b"a" * (25 * 1024 * 1024 + 1), TEXT, 413, "too_large"),
    ):
        answer = await ro.post(f"{path}{query}", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (query, headers)
    field = await ro.post(path, data={"file": "text"}, files={"other": ("a.txt", b"a", "text/plain")})
    assert (field.status_code, field.json()["code"]) == (400, "not_http")
    assert (await ro.get(path)).json()["items"] == []
    fr = await installation.client("FR")
    for where in (path, "/requests/RO-2026-9999/attachments"):
        assert (await fr.post(f"{where}?name=a.txt", content=b"a", headers=TEXT)).json()["code"] == "not_found"
        assert (await fr.get(where)).json()["code"] == "not_found"


async def test_a_file_leaves_a_draft_and_stays_after_the_submission(ro, story):
    made = (await ro.post("/requests", {"requested_state": "TH", "content": story.content})).json()
    path = f"/requests/{made['id']}/attachments"
    send = {"content": b"A note.", "headers": TEXT | {"idempotency-key": "one"}}
    file = (await ro.post(f"{path}?name=note.txt", **send)).json()
    again = await ro.post(f"{path}?name=note.txt", **send)
    assert (again.json(), again.headers["idempotency-replayed"]) == (file, "true")
    assert (await ro.call("DELETE", f"{path}/{file['id']}")).status_code == 204
    assert (await ro.get(f"{path}/{file['id']}/content")).json()["code"] == "not_found"
    kept = (await ro.post(f"{path}?name=note.txt", content=b"A note.", headers=TEXT)).json()
    await ro.signed(f"/requests/{made['id']}/submit", "submit_request")
    refused = await ro.call("DELETE", f"{path}/{kept['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_ready")
