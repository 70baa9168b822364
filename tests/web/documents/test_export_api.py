"""A case exported whole: a bag that proves itself, the same bytes again, and only what the asking State knows."""

import hashlib
import io
import json
import zipfile

import pytest
from sqlmodel import select

from hearings.models import RequestEvent
from hearings.models.request_parts import RequestAct


def opened(answer):
    """The files of a bag by path, every hash of both manifests checked."""
    assert answer.status_code == 200, answer.text
    bag = zipfile.ZipFile(io.BytesIO(answer.content))
    assert bag.testzip() is None
    (top,) = {name.split("/")[0] for name in bag.namelist()}
    found = {name.removeprefix(f"{top}/"): bag.read(name) for name in bag.namelist()}
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        told = dict(line.split("  ")[::-1] for line in found[manifest].decode().splitlines())
        for path, digest in told.items():
            assert hashlib.sha256(found[path]).hexdigest() == digest, path
        if manifest == "manifest-sha256.txt":
            assert set(told) == {path for path in found if path.startswith("data/")}
    return top, found


def data(found, name):
    return json.loads(found[f"data/{name}"])


@pytest.fixture
async def case(ro, th, story):
    """An accepted request with something of everything, and a hearing whose time is agreed."""
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    await ro.post(f"{path}/attachments?name=note.txt&kind=exhibit", content=b"ours", headers=TEXT)
    await th.post(f"{path}/attachments?name=note.txt&kind=answer", content=b"theirs", headers=TEXT)
    await th.post(f"{path}/messages", {"text": "An afternoon?"})
    await ro.post(f"{path}/translations", {"language": "th", "translator": "A. Srisai"})
    await ro.post(f"{path}/delegate", {"person": "", "reason": "to the registry"})
    await th.post(f"{path}/acknowledge")
    await th.post(f"{path}/consultations", {"way": "video", "with_whom": "RO", "subject": "Times", "outcome": "Fine"})
    assert (await th.signed(f"{path}/accept", "accept_request", reason="")).status_code == 200
    made = await ro.post("/hearings", story.hearing | {"request": request["id"]})
    assert made.status_code == 201, made.text
    return request | {"ref": made.json()["ref"]}


TEXT = {"content-type": "text/plain"}


async def test_a_case_is_one_bag_with_everything_in_it(ro, th, case):
    top, found = opened(await ro.get(f"/cases/{case['reference']}/export"))
    assert top == case["reference"]
    assert found["bagit.txt"].startswith(b"BagIt-Version: 1.0\n")
    assert f"External-Identifier: {case['reference']}\n" in found["bag-info.txt"].decode()
    here = f"hearings/{case['ref']}"
    assert {path.removeprefix("data/") for path in found if path.startswith("data/")} == {
        *("case.json", "request.json", "history.json", "log.json", "consents.json", "attachments.json"),
        *("translations.json", "consultations.json", "messages.json", "views.json", "signatures.json"),
        *("gate_answers.json", "rooms.json", "transmission/seal.pem"),
        *("documents/request.json", "documents/request.pdf", "attachments/01-note.txt", "attachments/02-note.txt"),
        *(f"{here}/hearing.json", f"{here}/history.json", f"{here}/offers.json", f"{here}/bookings.json"),
        *(f"{here}/agreements.json", f"{here}/recordings.json", f"{here}/rights.json", f"{here}/log.json"),
    }
    assert (found["data/attachments/01-note.txt"], found["data/attachments/02-note.txt"]) == (b"ours", b"theirs")
    assert found["data/documents/request.pdf"].startswith(b"%PDF-1.")
    assert data(found, "case.json")["as_known_to"] == "RO"
    assert data(found, "request.json")["content"]["person_name"] == "Somchai Wongsa"
    assert [one["act"] for one in data(found, "signatures.json")] == ["submit_request", "accept_request"]
    jws = [one["jws"] for one in (await ro.get(f"/requests/{case['id']}/signatures")).json()["items"]]
    assert [one["jws"] for one in data(found, "signatures.json")] == jws
    assert [one["text"] for one in data(found, "messages.json")] == ["An afternoon?"]
    assert [one["language"] for one in data(found, "translations.json")] == ["th"]
    assert len(data(found, "consultations.json")) == 1
    assert [one["status"] for one in data(found, f"{here}/offers.json")] == ["offered"]


async def test_what_the_signatures_of_a_file_were_when_it_came_is_in_it(ro, th, case):
    path = f"/requests/{case['id']}/attachments?name=note.pdf"
    report = (await th.post(path, content=b"%PDF-1.7 no", headers={"content-type": "application/pdf"})).json()
    for client in (ro, th):
        _top, found = opened(await client.get(f"/cases/{case['reference']}/export"))
        kept = {one["id"]: one["signatures"] for one in data(found, "attachments.json")}
        assert (
            kept.pop(report["id"])
            == report["signatures"]
            == {"problem": "unreadable", "intact": False, "signatures": []}
        )
        assert set(kept.values()) == {None}


async def test_the_same_case_is_the_same_bytes_but_for_the_sealed_page_and_the_log_of_its_taking(ro, case):
    first, again = [opened(await ro.get(f"/cases/{case['id']}/export"))[1] for _ in range(2)]
    sealed = {"data/documents/request.pdf", "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt"}
    assert list(first) == list(again)
    assert {path: first[path] for path in first if path not in {*sealed, "data/log.json"}} == {
        path: again[path] for path in again if path not in {*sealed, "data/log.json"}
    }


async def test_what_is_the_other_states_own_is_not_in_it(ro, th, case):
    _top, ours = opened(await ro.get(f"/cases/{case['id']}/export"))
    _top, theirs = opened(await th.get(f"/cases/{case['id']}/export"))
    assert "draft" in [one["after"] for one in data(ours, "history.json")]
    assert "draft" not in [one["after"] for one in data(theirs, "history.json")]
    assert "delegated" in [one["act"] for one in data(ours, "log.json")]
    assert "delegated" not in [one["act"] for one in data(theirs, "log.json")]
    assert data(theirs, "views.json") == []
    assert {one["viewer_state"] for one in data(ours, "views.json")} == {"TH"}
    assert b"to the registry" not in b"".join(theirs.values())


async def test_the_owner_sees_that_the_case_and_each_file_was_taken(installation, ro, th, case):
    before = len((await ro.get(f"/requests/{case['id']}/views")).json()["items"])
    opened(await th.get(f"/cases/{case['id']}/export"))
    assert len((await ro.get(f"/requests/{case['id']}/views")).json()["items"]) == before + 1
    async with installation.database.reading() as db:
        read = (await db.exec(select(RequestEvent).where(RequestEvent.act == RequestAct.attachment_read))).all()
    mine = (await ro.get(f"/requests/{case['id']}/attachments")).json()["items"][0]
    assert [(one.owner_state, one.data["id"]) for one in read] == [("TH", mine["id"])]


async def test_a_third_state_gets_what_a_random_id_gets_and_a_scope_is_needed(installation, ro, case):
    fr = await installation.client("FR")
    answers = [await fr.get(f"/cases/{one}/export") for one in (case["id"], case["reference"], "RO-2027-9999")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    refused = await ro.get(f"/cases/{case['id']}/export", scope="requests:read")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")


async def test_a_draft_is_exported_for_its_own_state_alone(ro, th):
    made = (await ro.post("/requests", {"requested_state": "TH"})).json()
    _top, found = opened(await ro.get(f"/cases/{made['id']}/export"))
    assert data(found, "signatures.json") == []
    assert (await th.get(f"/cases/{made['id']}/export")).json()["code"] == "not_found"
