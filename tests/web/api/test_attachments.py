"""Files through the API: sent raw and in a form, known by their bytes, given out with their hash to two States only."""

import hashlib

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
    assert "default-src 'none'" in got.headers["content-security-policy"]
    assert (got.headers["x-content-type-options"], got.headers["etag"]) == ("nosniff", f'"{listed[0]["sha256"]}"')
    same = await th.get(f"{path}/{listed[0]['id']}/content", headers={"if-none-match": got.headers["etag"]})
    assert same.status_code == 304


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
    assert (await ro.get(f"{path}/{file['id']}/content")).status_code == 404
    kept = (await ro.post(f"{path}?name=note.txt", content=b"A note.", headers=TEXT)).json()
    await ro.signed(f"/requests/{made['id']}/submit", "submit_request")
    refused = await ro.call("DELETE", f"{path}/{kept['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_ready")
