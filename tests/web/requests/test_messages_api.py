"""What the two authorities say to one another through the API: the thread, consultations, translations."""

CONSULTATION = {"way": "video", "with_whom": "Ministry", "subject": "Conditions", "outcome": "They would do."}


async def test_the_thread_is_read_by_both_newest_first_in_pages(installation, ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}/messages"
    for number, state in enumerate((ro, th, ro)):
        assert (await state.post(path, {"text": f"line {number}"})).status_code == 201
    first = await th.get(f"{path}?limit=2")
    assert [(one["state"], one["text"]) for one in first.json()["items"]] == [("RO", "line 2"), ("TH", "line 1")]
    rest = (await th.get(f"{path}?limit=2&after={first.json()['next']}")).json()
    assert ([one["text"] for one in rest["items"]], rest["next"]) == (["line 0"], "")
    assert 'rel="next"' in first.headers["link"]
    for bad in ({"text": ""}, {"text": "x" * 4001}, {"text": "x\u202ey"}, {"text": 1}, {}):
        assert (await ro.post(path, bad)).status_code == 422, bad
    assert (await th.get(f"{path}?after=%00")).status_code == 422
    fr = await installation.client("FR")
    assert (await fr.get(path)).json() == (await fr.get("/requests/RO-2026-9999/messages")).json()
    assert (await fr.post(path, {"text": "hello"})).json()["code"] == "not_found"
    assert (await th.post(path, {"text": "hello"}, scope="requests:read")).json()["code"] == "scope_missing"
    assert (await th.post(path, {"text": "hello"}, scope="requests:answer")).status_code == 201
    draft = (await ro.post("/requests", {"requested_state": "TH"})).json()
    early = await ro.post(f"/requests/{draft['id']}/messages", {"text": "hello"})
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")


async def test_a_consultation_is_recorded_by_either_state_and_never_before_the_submission(installation, ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}/consultations"
    for state in (ro, th):
        answer = await state.post(path, CONSULTATION)
        assert (answer.status_code, answer.json()["way"]) == (201, "video"), answer.text
    assert [one["state"] for one in (await ro.get(path)).json()["items"]] == ["RO", "TH"]
    for bad, field in (
        ({"held_at": "2020-01-01T10:00:00Z"}, "held_at"),
        ({"held_at": "2099-01-01T10:00:00Z"}, "held_at"),
        ({"held_at": "2026-01-01T10:00:00"}, "held_at"),
    ):
        answer = await th.post(path, CONSULTATION | bad)
        assert (answer.status_code, answer.json()["field"]) == (422, field), bad
    assert (await th.post(path, CONSULTATION | {"way": "pigeon"})).json()["code"] == "invalid_input"
    fr = await installation.client("FR")
    assert (await fr.post(path, CONSULTATION)).json() == (await fr.get("/requests/RO-2026-9999/consultations")).json()


async def test_a_translation_is_noted_and_corrected(installation, ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}/translations"
    made = await ro.post(path, {"language": "th", "machine": True})
    assert (made.status_code, made.json()["machine"], made.json()["attachment_id"]) == (200, True, None)
    file = await ro.post(
        f"/requests/{request['id']}/attachments?name=th.txt&kind=translation",
        content="คำแปล".encode(),
        headers={"content-type": "text/plain"},
    )
    better = {"language": "th", "translator": "A. Srisai", "certified": True, "attachment_id": file.json()["id"]}
    assert (await ro.post(path, better)).json()["id"] == made.json()["id"]
    (shown,) = (await th.get(path)).json()["items"]
    assert {name: shown[name] for name in better} == better
    for bad, field in (
        ({"language": "th"}, "translator"),
        ({"language": "th", "machine": True, "certified": True}, "certified"),
        ({"language": "xx-nothing-at-all-1"}, "language"),
    ):
        answer = await ro.post(path, bad)
        assert (answer.status_code, answer.json().get("field")) == (422, field), answer.text
    other = await ro.post(path, better | {"attachment_id": request["id"]})
    assert other.json()["code"] == "not_found"
    fr = await installation.client("FR")
    assert (await fr.post(path, better)).json() == (await fr.get("/requests/RO-2026-9999/translations")).json()
