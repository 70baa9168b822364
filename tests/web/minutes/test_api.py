"""Minutes through the API: from what was recorded to both signatures, and who may see and write what."""

import hashlib
import io
from datetime import UTC, datetime

import pikepdf
import pytest
import rfc8785
from sqlmodel import select

from hearings.models import OutboxMessage, Webhook
from hearings.models.outbox import OutboxKind
from hearings.outward import changes
from hearings.people import staff
from hearings.roles import StaffFunction

pytestmark = pytest.mark.beside


@pytest.fixture
async def place(hearing):
    return f"/hearings/{hearing['ref']}/minutes"


async def done(answer, status=200):
    response = await answer
    assert response.status_code == status, response.text
    return response.json()


async def complete(client, path):
    """Write what is open or missing in both languages."""
    for one in (await done(client.get(path)))["passages"]:
        missing = [lang for lang in ("ro", "th") if one["open_for"] or not one["texts"].get(lang)]
        if not missing:
            continue
        writings = {
            "ro": {"text": f"ro {one['key']}", "how": "written"},
            "th": {"text": f"th {one['key']}", "how": "translated", "by": "Malee Suksan"},
        }
        body = {"revision": one["revision"], "writings": {lang: writings[lang] for lang in missing}}
        body["settled"] = bool(one["open_for"])
        await done(client.post(f"{path}/passages/{one['key']}", body))


async def test_before_the_sitting_there_is_nothing_to_draft(ro, place):
    answer = await ro.post(place)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert (await ro.get(place)).json() == {"items": []}
    assert (await ro.get(f"{place}/1")).json()["code"] == "not_found"


async def test_the_recordings_of_a_hearing_are_known_to_both_states_by_their_root(installation, ro, th, held, place):
    path = place.replace("/minutes", "/recordings")
    (found,) = (await done(ro.get(path)))["items"]
    assert (found["id"], found["status"], found["root"], found["size"]) == (held, "sealed", "cd" * 32, 9)
    assert found["hearing"] == path.split("/")[2]
    assert (await done(th.get(path)))["items"] == [found]
    stranger = await installation.client("FR")
    assert (await stranger.get(path)).json()["code"] == "not_found"


async def test_minutes_go_from_the_draft_to_both_signatures(ro, th, held, place):
    drafted = await done(ro.post(place), 201)
    path = f"{place}/{drafted['number']}"
    assert (drafted["status"], drafted["languages"], drafted["recordings"]) == (
        "drafted",
        ["ro", "th"],
        {held: "9:" + "cd" * 32},
    )
    assert (await done(th.get(path))) == drafted
    assert (await done(ro.post(f"{path}/refresh"))) == {"anew": [], "left": []}
    await done(ro.post(f"{path}/submit"))
    early = await ro.post(f"{path}/read-back", {"read_by": "M", "languages": ["th"], "heard_by": ["S"]})
    assert (early.status_code, early.json()["code"], bool(early.json()["missing"])) == (409, "not_ready", True)
    await complete(th, path)  # the requested authority draws them up
    assert (await done(ro.get(path)))["obstacles"] == []
    reading = {"read_by": "Malee Suksan", "languages": ["th"], "heard_by": ["Somchai Wongsa"]}
    again = await done(th.post(f"{path}/read-back", reading | {"corrections": "It was the second floor."}))
    assert (again["status"], again["text_sha256"]) == ("in_review", "")
    assert again["obstacles"] == [{"key": "", "why": "correction", "lang": "th", "who": "", "reading": 1}]
    unmade = await th.post(f"{path}/read-back", reading)
    assert (unmade.status_code, unmade.json()["missing"]) == (409, ["reading 1: correction th"])
    blank = await ro.post(f"{path}/readings/1/answer", {"text": "   "})
    assert (blank.status_code, blank.json()["code"], blank.json()["field"]) == (422, "invalid", "answer")
    answered = await done(th.post(f"{path}/readings/1/answer", {"text": "The floor plan says the first."}))
    assert (answered["obstacles"], answered["readings"][0]["answer"]["text"]) == ([], "The floor plan says the first.")
    fixed = await done(th.post(f"{path}/read-back", reading))
    assert (fixed["status"], len(fixed["text_sha256"])) == ("read_back", 64)
    late = await ro.post(f"{path}/passages/public.all", {"revision": 1, "writings": {}})
    assert (late.status_code, late.json()["code"]) == (409, "not_ready")

    assert (await done(ro.signed(f"{path}/sign", "sign_minutes")))["signed_by"] == ["RO"]
    opened = await done(th.post(f"{path}/reopen", {"reason": "A name is misspelt."}))
    assert opened["signed_by"] == []
    await done(th.post(f"{path}/read-back", reading))
    for client, status in ((th, "read_back"), (ro, "signed")):
        assert (await done(client.signed(f"{path}/sign", "sign_minutes")))["status"] == status
    reservation = {"made_by": "Somchai Wongsa", "role": "witness", "language": "th", "text": "I said otherwise."}
    assert len((await done(th.post(f"{path}/reservations", reservation)))["reservations"]) == 1
    refused = await th.post(f"{path}/acknowledge")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    final = await done(ro.post(f"{path}/acknowledge"))
    assert (final["status"], final["received_by"], final["signed_by"]) == ("signed", "System of RO", ["RO", "TH"])
    signed = (await done(th.get(f"{path}/signatures")))["items"]
    assert [one["state"] for one in signed] == ["RO", "TH", "RO"]

    whole = (await ro.get(f"{path}/document.json")).json()
    assert hashlib.sha256(rfc8785.dumps(whole["text"])).hexdigest() == whole["text_sha256"] == final["text_sha256"]
    assert whole["signatures"] == [one["jws"] for one in signed]
    printed = await ro.get(f"{path}/document.pdf")
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf"), printed.text
    with pikepdf.open(io.BytesIO(printed.content)) as pdf:
        assert len(pdf.pages) >= 1


async def signed_minutes(ro, th, place):
    """Minutes that both have signed; where they are."""
    return await sign_drafted(ro, th, f"{place}/{(await done(ro.post(place), 201))['number']}")


async def sign_drafted(ro, th, path):
    """Drafted minutes become minutes that both have signed; where they are."""
    await done(ro.post(f"{path}/submit"))
    await complete(th, path)
    reading = {"read_by": "Malee Suksan", "languages": ["th"], "heard_by": ["Somchai Wongsa"]}
    await done(th.post(f"{path}/read-back", reading))
    for client in (th, ro):
        await done(client.signed(f"{path}/sign", "sign_minutes"))
    return path


async def told(installation):
    """Who was mailed of corrections, and the events of webhooks on them."""
    async with installation.database.reading() as db:
        found = (await db.exec(select(OutboxMessage).order_by(OutboxMessage.id))).all()
    about = [one for one in found if "correction" in one.key]
    mails = [(one.address, one.payload["subject"]) for one in about if one.kind is OutboxKind.mail]
    return mails, [one.payload for one in about if one.kind is OutboxKind.webhook]


CORRECTION = {
    "texts": {"ro": "Ora nouă, nu opt.", "th": "เก้าโมง ไม่ใช่แปดโมง"},
    "reasons": {"ro": "Greșeală de scriere.", "th": "พิมพ์ผิด"},
}


async def test_a_correction_of_signed_minutes_is_asked_for_signed_by_both_and_told(installation, ro, th, held, place):
    async with installation.database.transaction() as db:
        for state, function in (("RO", StaffFunction.clerk), ("TH", StaffFunction.authority)):
            who = {"name": f"{function} {state}", "email": f"{function}@{state.lower()}.example"}
            await staff.add(db, state=state, city="", authority_name="Court", functions=[function], **who)
        events = ["minutes.correction_asked", "minutes.correction_signed"]
        hook = {"url": "https://a.example/h", "events": events, "salt": "5a", "created_by": "a"}
        db.add(Webhook(owner_state="RO", created_at=datetime.now(UTC), **hook))
    path = await signed_minutes(ro, th, place)
    before = await done(ro.get(path))
    assert await done(ro.get(f"{path}/corrections")) == {"items": []}
    made = await done(th.post(f"{path}/corrections", CORRECTION), 201)
    assert (made["number"], made["asked_by"], made["signed_by"], made["in_force"]) == (1, "TH", [], False)
    assert (made["text_sha256"], made["recordings"]) == (before["text_sha256"], before["recordings"])
    assert made["texts"] == CORRECTION["texts"] and made["reasons"] == CORRECTION["reasons"]
    one = f"{path}/corrections/1"
    draft = await ro.get(f"{one}/document.pdf")
    assert (draft.status_code, draft.headers["content-type"]) == (200, "application/pdf"), draft.text
    assert (await done(ro.signed(f"{one}/sign", "sign_minutes")))["in_force"] is False
    final = await done(th.signed(f"{one}/sign", "sign_minutes"))
    assert (final["signed_by"], final["in_force"]) == (["RO", "TH"], True)
    assert await done(ro.get(one)) == final and (await done(ro.get(f"{path}/corrections")))["items"] == [final]
    whole = (await th.get(f"{one}/document.json")).json()
    assert hashlib.sha256(rfc8785.dumps(whole["text"])).hexdigest() == final["sha256"] == whole["correction_sha256"]
    assert len(whole["signatures"]) == 2
    assert await done(ro.get(path)) == before
    mails, sent = await told(installation)
    assert [address for address, _subject in mails] == ["clerk@ro.example", "authority@th.example", "clerk@ro.example"]
    assert "asked for" in mails[0][1] and "has signed" in mails[1][1] and "in force" in mails[2][1]
    assert [(one["type"], one["data"]["state"], one["data"]["correction"]) for one in sent] == [
        ("minutes.correction_asked", "TH", 1),
        ("minutes.correction_signed", "RO", 1),
        ("minutes.correction_signed", "TH", 1),
    ]
    for state, number in (("RO", 3), ("TH", 3), ("FR", 0)):
        async with installation.database.reading() as db:
            fed = await changes.occasions(db, state=state, after=changes.floor(datetime(1970, 1, 1, tzinfo=UTC)))
            first = await changes.occasions(
                db, state=state, after=changes.floor(datetime(1970, 1, 1, tzinfo=UTC)), limit=2
            )
        told_so = [(one["type"], one["data"]["state"], one["data"]["correction"]) for one in sent][:number]
        assert [(one.event, one.more["state"], one.more["correction"]) for one in fed] == told_so
        assert first == fed[:2] and {one.about for one in fed} <= {made["hearing"]}


async def test_a_correction_is_refused_before_both_have_signed_and_without_every_language(ro, th, held, place):
    await done(ro.post(place), 201)
    early = await ro.post(f"{place}/1/corrections", CORRECTION)
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")
    path = await sign_drafted(ro, th, f"{place}/1")
    half = CORRECTION | {"texts": {"ro": "Ora nouă."}}
    answer = await ro.post(f"{path}/corrections", half)
    assert (answer.status_code, answer.json()["field"]) == (422, "text_th")
    assert await done(ro.get(f"{path}/corrections")) == {"items": []}
    assert (await ro.get(f"{path}/corrections/1")).json()["code"] == "not_found"
    assert (await ro.get(f"{path}/corrections/1/statement")).json()["code"] == "not_found"


async def test_a_signature_on_an_older_text_is_refused(ro, th, held, place):
    await done(ro.post(place), 201)
    await done(ro.post(f"{place}/1/submit"))
    await complete(ro, f"{place}/1")
    reading = {"read_by": "Malee Suksan", "languages": ["th"], "heard_by": ["Somchai Wongsa"]}
    await done(ro.post(f"{place}/1/read-back", reading))
    statement = await done(th.get(f"{place}/1/statement"))
    await done(ro.post(f"{place}/1/reopen", {"reason": "A name is misspelt."}))
    await done(ro.post(f"{place}/1/read-back", reading | {"read_by": "Somebody else"}))
    answer = await th.post(f"{place}/1/sign", th.sign(statement))
    assert (answer.status_code, answer.json()["code"]) == (409, "terms_changed")
    assert (await done(th.get(f"{place}/1")))["signed_by"] == []


async def test_a_passage_somebody_else_has_changed_is_not_overwritten(ro, th, held, place):
    await done(ro.post(place), 201)
    path = f"{place}/1/passages/public.all"
    first = {"revision": 1, "writings": {"ro": {"text": "Public.", "how": "written"}}}
    assert (await done(ro.post(path, first)))["revision"] == 2
    answer = await th.post(path, first)
    assert (answer.status_code, answer.json()["code"]) == (409, "stale")
    nobody = {"revision": 2, "writings": {"th": {"text": "x", "how": "translated"}}}
    answer = await th.post(path, nobody)
    assert (answer.status_code, answer.json()["field"]) == (422, "by_th")
    versions = (await done(th.get(path)))["items"]
    assert [(version["revision"], version["by"]) for version in versions] == [(1, "System of RO"), (2, "System of RO")]


async def test_no_text_is_dropped_and_no_passage_closed_in_one_language_only(ro, th, held, place):
    await done(ro.post(place), 201)
    path = f"{place}/1/passages/public.all"
    before = (await done(ro.get(path)))["items"][0]
    assert before["marks"]["ro"]["open"] == [before["texts"]["ro"]]
    written, translated = (
        {"text": "Publică.", "how": "written"},
        {"text": "เปิดเผย", "how": "translated", "by": "Malee Suksan"},
    )
    for body, code, field in (
        ({"writings": {"ro": {"text": "Publică."}}}, "would_be_lost", "how_ro"),
        ({"writings": {"ro": written | {"by": "Somsri"}}}, "would_be_lost", "by_ro"),
        ({"writings": {"ro": {"text": before["texts"]["ro"]}}, "note": "Nobody knew."}, "would_be_lost", "note"),
        ({"writings": {"ro": written}, "settled": True}, "still_open", "settled"),
        ({"writings": {"th": translated}, "settled": True}, "still_open", "settled"),
        ({"writings": {}, "settled": True}, "still_open", "settled"),
    ):
        answer = await ro.post(path, {"revision": 1} | body)
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field), body
    assert (await done(ro.get(path)))["items"] == [before]
    half = {"revision": 1, "writings": {"th": translated}}
    assert (await done(th.post(path, half)))["open_for"] == "presiding_judge"
    found = await done(ro.get(f"{place}/1"))
    assert {"key": "public.all", "why": "contradiction", "lang": "ro", "who": "", "reading": 0} in found["obstacles"]
    whole = {"revision": 2, "writings": {"ro": written, "th": translated}, "settled": True}
    assert (await done(ro.post(path, whole)))["open_for"] == ""
    found = await done(ro.get(f"{place}/1"))
    assert [one for one in found["obstacles"] if one["key"] == "public.all"] == []


async def test_others_find_nothing_and_who_may_only_read_writes_nothing(installation, ro, held, place):
    await done(ro.post(place), 201)
    stranger, reader = await installation.client("FR"), await installation.client("RO", scopes=("minutes:read",))
    for path in (
        "",
        "/1",
        "/1/statement",
        "/1/signatures",
        "/1/document.json",
        "/1/document.pdf",
        "/1/passages/public.all",
    ):
        answer = await stranger.get(place + path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
        assert (await reader.get(place + path)).status_code == 200, path
    for act, body in (("refresh", None), ("submit", None), ("reopen", {"reason": "None."}), ("acknowledge", None)):
        assert (await stranger.post(f"{place}/1/{act}", body)).json()["code"] == "not_found", act
        assert (await reader.post(f"{place}/1/{act}", body)).json()["code"] == "scope_missing", act
