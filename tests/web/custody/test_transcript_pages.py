"""A corrected transcript is kept encrypted, by whoever may open the recording, and the custody log says who made it."""

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from media.evidence.check import policy, verify
from media.evidence.log import derived
from media.evidence.seal import age
from tests.support.evidence.archive import AUTHORITY, JUDGE, OFFICER, STRANGER

DRAFT = "ab" * 32


@pytest.fixture
def browser(archive) -> Callable[[str], httpx.AsyncClient]:
    """A browser of one of the people, signed in."""

    def of(who: str) -> httpx.AsyncClient:
        headers = {
            "accept": "application/json",
            "origin": archive.settings.origin,
            "cookie": f"__Host-vivavoce={archive.cookies[who]}",
            "x-csrf-token": archive.token(who),
        }
        transport = httpx.ASGITransport(app=archive.app)
        return httpx.AsyncClient(transport=transport, base_url=archive.settings.public_url, headers=headers)

    return of


def sealed(text: str) -> str:
    """A text as a browser sends it."""
    return base64.b64encode(age.make_identity().recipient.seal(text.encode())).decode()


def told(**change: Any) -> dict[str, Any]:
    """What the page's script sends, but the ticket."""
    part = {"key": 0, "content": sealed("{}")}
    return {"why": "minutes", "draft": DRAFT, "tracks": ["judge_1_mic", "witness_1_mic"], "parts": [part]} | change


async def ticket(archive, client: httpx.AsyncClient) -> str:
    answer = await client.post(f"{archive.path}/viewing", json={"why": "minutes"})
    return str(answer.json()["ticket"])


def kept(archive) -> list[dict[str, Any]]:
    return [line for line in archive._lines("custody.jsonl") if line["type"] == "derive"]


async def test_who_corrected_which_draft_and_why_is_in_the_custody_log_and_the_recording_verifies(archive, browser):
    async with browser(AUTHORITY) as client:
        held = await ticket(archive, client)
        answer = await client.post(f"{archive.path}/transcript", json=told(ticket=held))
        assert (answer.status_code, answer.json()) == (201, {"files": ["derived/000001.age"]})
        file = await client.get(f"{archive.path}/file/derived/000001.age", headers={"x-viewing-ticket": held})
    (line,) = kept(archive)
    assert (line["person"], line["role"], line["state"]) == ("S. Srisai", "requested_authority", "TH")
    assert (line["what"], line["draft"], line["of"]) == ("transcript", DRAFT, ["judge_1_mic", "witness_1_mic"])
    (closed,) = [each for each in archive._lines("custody.jsonl") if each["type"] == "closed"]
    assert (line["why"], line["root"]) == ("minutes", closed["root"])
    assert file.status_code == 200 and file.content.startswith(b"age-encryption.org/v1\n")
    pinned = policy.parse(policy.of_key_file(archive.sealed.key_file().encode()))
    report = verify.verify_stored(archive.sealed.folder, verify.VerificationRequest(pinned, without_stamp=True))
    assert report.findings.verdict == "gaps", report.as_text()
    async with browser(JUDGE) as client:
        page = await client.get(f"{archive.path}/custody", headers={"accept": "text/html"})
    rows = [line for line in page.text.splitlines() if "Transcript, corrected by a person" in line]
    assert rows and all("S. Srisai" in row and "To draw up or check the minutes" in row for row in rows)


@pytest.mark.parametrize(
    "change",
    [
        {"why": ""},
        {"why": None},
        {"why": ["minutes"]},
        {"why": "curiosity"},
        {"draft": "ab"},
        {"draft": None},
        {"tracks": []},
        {"tracks": ["nobody_mic"]},
        {"tracks": ["../judge"]},
        {"tracks": "judge_1_mic"},
        {"parts": []},
        {"parts": None},
        {"parts": [7]},
        {"parts": [{"key": 5, "content": sealed("{}")}]},
        {"parts": [{"key": True, "content": sealed("{}")}]},
        {"parts": [{"key": 0, "content": sealed("{}")}] * 2},
        {"parts": [{"key": 0, "content": "no base64"}]},
        {"parts": [{"key": 0, "content": base64.b64encode(b'{"segments": []}').decode()}]},
        {"parts": [{"key": 0}]},
    ],
)
async def test_what_is_in_the_clear_or_names_no_part_of_the_recording_or_no_reason_is_refused(archive, browser, change):
    async with browser(JUDGE) as client:
        held = await ticket(archive, client)
        answer = await client.post(f"{archive.path}/transcript", json=told(ticket=held, **change))
    assert answer.status_code == 422 and kept(archive) == []
    assert not list(archive.sealed.folder.glob("derived/*"))


async def test_it_needs_a_viewing_the_token_of_the_login_and_a_role_that_may_open_it(archive, browser):
    async with browser(JUDGE) as client:
        held = await ticket(archive, client)
        for more in ({"ticket": ""}, {"ticket": "9999999999." + "a" * 64}, {"ticket": 7}):
            assert (await client.post(f"{archive.path}/transcript", json=told(**more))).status_code == 403
        answer = await client.post(f"{archive.path}/transcript", json=told(ticket=held), headers={"x-csrf-token": "x"})
        assert answer.status_code == 403
        assert (await client.post(f"{archive.path}/transcript", content=b"{")).status_code == 400
    for who, status in ((OFFICER, 403), (STRANGER, 404)):
        async with browser(who) as client:
            assert (await client.post(f"{archive.path}/transcript", json=told(ticket=held))).status_code == status
    assert kept(archive) == []


async def test_the_page_says_what_it_is_for_and_has_nothing_of_the_recording(archive, browser):
    async with browser(JUDGE) as client:
        page = await client.get(f"{archive.path}/transcript", headers={"accept": "text/html"})
        assert page.status_code == 200 and "never evidence and never an interpretation" in page.text
        assert "trusted-types player" in page.headers["content-security-policy"]
    async with browser(OFFICER) as client:
        refused = await client.get(f"{archive.path}/transcript", headers={"accept": "text/html"})
        assert refused.status_code == 403 and "data-config" not in refused.text


async def test_a_recording_that_has_as_many_transcripts_as_it_may_have_says_so(archive, browser, monkeypatch):
    async with browser(JUDGE) as client:
        held = await ticket(archive, client)
        monkeypatch.setattr(derived, "MOST_BYTES", 10)
        answer = await client.post(f"{archive.path}/transcript", json=told(ticket=held))
        assert (answer.status_code, answer.json()["code"]) == (409, "transcripts_full")
        monkeypatch.setattr(derived, "is_low", lambda folder: True)
        answer = await client.post(f"{archive.path}/transcript", json=told(ticket=held))
        assert (answer.status_code, answer.json()["code"]) == (503, "disk_low")
        assert answer.headers["retry-after"] == "600"
    assert kept(archive) == []


async def test_a_long_transcript_is_taken_and_one_beyond_all_measure_is_not(archive, browser):
    async with browser(JUDGE) as client:
        held = await ticket(archive, client)
        long = told(ticket=held, parts=[{"key": 0, "content": sealed("x" * 2_000_000)}])
        assert (await client.post(f"{archive.path}/transcript", json=long)).status_code == 201
        content = base64.b64encode(b"age-encryption.org/v1\n-> " + bytes(17 * 1024 * 1024)).decode()
        beyond = told(ticket=held, parts=[{"key": 0, "content": content}])
        assert (await client.post(f"{archive.path}/transcript", json=beyond)).status_code == 413
    assert len(kept(archive)) == 1
