"""Remarks on a request through the API: its facts, its translations as text and as PDF, and what cannot be read."""

import asyncio
from io import BytesIO
from typing import Any

import pikepdf
import pytest

from hearings.documents import pdf_text
from tests.hearings.documents.test_pdf_text import encrypted, pdf_of
from tests.hearings.lint.test_comparison import THAI

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 20


def blank() -> bytes:
    """A page without a word, as a scanner makes it."""
    with pikepdf.new() as made:
        made.add_blank_page()
        out = BytesIO()
        made.save(out)
    return out.getvalue()


async def attach(client: Any, request: str, name: str, data: bytes, media_type: str) -> str:
    path = f"/requests/{request}/attachments?name={name}&kind=translation"
    answer = await client.post(path, content=data, headers={"content-type": media_type})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def translate(client: Any, request: str, language: str, file: str) -> None:
    body = {"language": language, "translator": "A. Chai", "attachment_id": file}
    answer = await client.post(f"/requests/{request}/translations", json=body)
    assert answer.status_code == 200, answer.text


async def lint(client: Any, request: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/requests/{request}/lint")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_both_states_read_the_remarks_of_a_request_and_a_third_does_not(installation, ro, th, story):
    wrong = {"penalty_max": "up to 10 years", "penalty_years": 3}
    draft = (await ro.post("/requests", {"requested_state": "TH", "content": story.content | wrong})).json()
    assert (await th.get(f"/requests/{draft['id']}/lint")).json()["code"] == "not_found", "a draft is its State's"
    found = {one["code"]: one for one in await lint(ro, draft["id"])}
    assert found["serious_under_four_years"]["provision"] == "UNTOC art. 2(b)"
    assert found["penalty_differs"] == {
        "code": "penalty_differs",
        "field": "penalty_max",
        "weight": "warning",
        "text": "The maximum penalty in words and that in years are not the same.",
        "provision": "UNTOC art. 18(15)(c)",
        "language": "",
        "passages": [
            {"place": "Maximum penalty", "text": "up to 10 years"},
            {"place": "Maximum penalty, in years", "text": "3"},
        ],
    }
    request = await story.submitted(ro, **wrong)
    assert await lint(th, request["id"]) == await lint(ro, request["id"])
    viewed = (await ro.get(f"/requests/{request['id']}/views")).json()["items"]
    assert [one["state"] for one in viewed] == ["TH"], "its words were shown"
    fr = await installation.client("FR")
    assert (await fr.get(f"/requests/{request['id']}/lint")).json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("name", "data", "media_type", "codes"),
    [
        ("th.txt", THAI.encode(), "text/plain", {"translation_case_number", "translation_name_not_compared"}),
        ("th.pdf", pdf_of, "application/pdf", {"translation_case_number", "translation_name_not_compared"}),
        ("th.png", PNG, "image/png", {"translation_picture"}),
        ("scan.pdf", lambda _text, _lang: blank(), "application/pdf", {"translation_scanned"}),
        ("locked.pdf", lambda _text, _lang: encrypted(), "application/pdf", {"translation_encrypted"}),
        ("bad.pdf", b"%PDF-1.7\n" + b"[" * 1000, "application/pdf", {"translation_unreadable"}),
    ],
)
async def test_a_translation_is_compared_or_says_why_it_cannot_be(ro, story, name, data, media_type, codes):
    request = (await ro.post("/requests", {"requested_state": "TH", "content": story.content})).json()["id"]
    made = data if isinstance(data, bytes) else data(THAI.replace("\n", " "), "th")
    file = await attach(ro, request, name, made, media_type)
    assert "translation_not_recorded" in {one["code"] for one in await lint(ro, request)}
    await translate(ro, request, "th", file)
    found = [one for one in await lint(ro, request) if one["language"] == "th"]
    assert codes <= {one["code"] for one in found}
    assert len(codes) > 1 or {one["code"] for one in found} == codes


async def test_a_file_is_read_once_and_one_at_a_time(installation, ro, story, monkeypatch):
    read, running = [], 0

    async def counted(data: bytes) -> pdf_text.PdfText:
        nonlocal running
        running += 1
        assert running == 1
        read.append(len(data))
        await asyncio.sleep(0.05)
        running -= 1
        return pdf_text.PdfText(text="", problem="unreadable")

    monkeypatch.setattr("hearings.lint.linting.text_of", counted)
    request = (await ro.post("/requests", {"requested_state": "TH", "content": story.content})).json()["id"]
    data = b"%PDF-1.7\nmade here"
    await translate(ro, request, "th", await attach(ro, request, "a.pdf", data, "application/pdf"))
    answers = await asyncio.gather(*(lint(ro, request) for _ in range(3)))
    assert answers[0] == answers[1] == answers[2] and read == [len(data)]


async def test_a_translation_on_record_without_a_file_is_told(ro, story):
    request = (await ro.post("/requests", {"requested_state": "TH", "content": story.content})).json()["id"]
    await translate(ro, request, "fr", "")
    assert {"translation_no_file"} == {one["code"] for one in await lint(ro, request) if one["language"] == "fr"}
