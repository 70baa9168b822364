"""A request as a document through the API, and the check of a PDF from outside."""

import gc
import json

from web.server import printing


async def test_a_request_is_printed_and_checked_and_its_data_are_canonical(ro, th, story):
    request = await story.submitted(ro)
    paper = await th.get(f"/requests/{request['id']}/document.pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.headers["content-disposition"].endswith(f"request-{request['reference']}.pdf")
    report = await ro.post("/documents/check", content=paper.content, headers={"content-type": "application/pdf"})
    assert report.status_code == 200, report.text
    (seal,) = report.json()["signatures"]
    assert (seal["intact"], seal["whole_file"], seal["trusted"]) == (True, True, False)
    form = await ro.post("/documents/check", files={"file": ("a.pdf", b"%PDF-1.7 no", "application/pdf")})
    assert (form.json()["intact"], form.json()["problem"]) == (False, "unreadable")
    data = await th.get(f"/requests/{request['id']}/document.json")
    assert json.loads(data.content)["reference"] == request["reference"]
    assert len((await ro.get(f"/requests/{request['id']}/views")).json()["items"]) == 2


async def test_where_the_fonts_are_not_installed_that_is_said(ro, story, monkeypatch, tmp_path):
    request = await story.submitted(ro)
    paths = f"/requests/{request['id']}/document.pdf", f"/cases/{request['id']}/export"
    with monkeypatch.context() as installation_without:
        installation_without.setattr(printing, "FONTS", tmp_path / "print-fonts")
        for path in paths:
            answer = await ro.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "fonts_missing"), answer.text
            assert "fonts are not installed" in answer.json()["detail"]
        gc.collect()
    for path in paths:
        assert (await ro.get(path)).status_code == 200


async def test_nobody_else_gets_the_document(installation, ro, story):
    request = await story.submitted(ro)
    fr = await installation.client("FR")
    for name in ("document.pdf", "document.json"):
        mine, random = [await fr.get(f"/requests/{one}/{name}") for one in (request["id"], "RO-2026-9999")]
        assert (mine.status_code, mine.json()) == (404, random.json())
    assert (await ro.get(f"/requests/{request['id']}/views")).json()["items"] == []


async def test_no_receipt_is_printed_where_no_instrument_has_a_form_for_it(th, ro, story):
    request = await story.submitted(ro)
    assert (await th.get(f"/requests/{request['id']}/receipt.pdf")).json()["code"] == "not_found"
    assert (await ro.get(f"/requests/{request['id']}/views")).json()["items"] == []


async def test_a_document_to_check_that_is_empty_or_too_large_is_refused(ro):
    for content, refusal in ((b"", (422, "invalid")), (b"%PDF-" + b"a" * (25 * 1024 * 1024), (413, "too_large"))):
        answer = await ro.post("/documents/check", content=content, headers={"content-type": "application/pdf"})
        assert (answer.status_code, answer.json()["code"]) == refusal
