"""The use of a key is written into the custody log, of a viewing that was written before."""

import shutil
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from media.evidence.check import policy, verify
from tests.support.evidence.archive import AUTHORITY, JUDGE, OFFICER, STRANGER


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


async def ticket(archive, client: httpx.AsyncClient) -> str:
    answer = await client.post(f"{archive.path}/viewing", json={"why": "minutes"})
    return str(answer.json()["ticket"])


def uses(archive) -> list[dict[str, Any]]:
    return [line for line in archive._lines("custody.jsonl") if line["type"] == "keyuse"]


async def test_who_used_which_key_and_why_is_in_the_custody_log_and_the_recording_verifies(archive, browser):
    async with browser(AUTHORITY) as client:
        told = {"keys": [0], "why": "copy", "ticket": await ticket(archive, client)}
        answer = await client.post(f"{archive.path}/key-use", json=told)
    assert answer.status_code == 204
    found = [(line["key"], line["person"], line["role"], line["state"], line["why"]) for line in uses(archive)]
    assert found == [(0, "S. Srisai", "requested_authority", "TH", "copy")]
    pinned = policy.parse(policy.of_key_file(archive.sealed.key_file().encode()))
    report = verify.verify_stored(archive.sealed.folder, verify.VerificationRequest(pinned, without_stamp=True))
    assert report.findings.verdict == "gaps", report.as_text()
    async with browser(JUDGE) as client:
        page = await client.get(f"{archive.path}/custody", headers={"accept": "text/html"})
    assert "Key used" in page.text and "The key of the recording" in page.text


async def test_a_number_that_is_no_key_of_the_recording_is_refused_and_nothing_is_written(archive, browser):
    async with browser(JUDGE) as client:
        held = await ticket(archive, client)
        for keys in ([3], [0, 999], list(range(1000))):
            answer = await client.post(f"{archive.path}/key-use", json={"keys": keys, "why": "copy", "ticket": held})
            assert answer.status_code == 422
    assert uses(archive) == []


async def test_a_key_is_written_once_in_a_viewing_however_often_it_is_told(archive, browser):
    shutil.copy(archive.sealed.folder / "hearing-key.age", archive.sealed.folder / "hearing-key-2.age")
    async with browser(JUDGE) as client:
        first, told = await ticket(archive, client), []
        for keys in ([0], [0], [0, 2], [2]):
            more = {"keys": keys, "why": "copy", "ticket": first}
            told.append(await client.post(f"{archive.path}/key-use", json=more))
        assert [answer.status_code for answer in told] == [204] * 4
        page = await client.get(f"{archive.path}/custody", headers={"accept": "text/html"})
    assert [line["key"] for line in uses(archive)] == [0, 2] and "Key 2, of a closed session" in page.text
    async with browser(AUTHORITY) as client:
        again = {"keys": [0], "why": "copy", "ticket": await ticket(archive, client)}
        await client.post(f"{archive.path}/key-use", json=again)
    assert [line["key"] for line in uses(archive)] == [0, 2, 0]


async def test_without_the_ticket_of_a_viewing_nothing_is_written(archive, browser):
    async with browser(JUDGE) as client, browser(AUTHORITY) as other:
        foreign = await ticket(archive, other)
        for held in ("", "9999999999." + "a" * 64, foreign):
            answer = await client.post(f"{archive.path}/key-use", json={"keys": [0], "why": "copy", "ticket": held})
            assert answer.status_code == 403
    assert uses(archive) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 422),
        (b'{"keys":[],"why":"copy","ticket":"1"}', 422),
        (b'{"keys":[0,0],"why":"copy","ticket":"1"}', 422),
        (b'{"keys":[1000],"why":"copy","ticket":"1"}', 422),
        (b'{"keys":[true],"why":"copy","ticket":"1"}', 422),
        (b'{"keys":"0","why":"copy","ticket":"1"}', 422),
        (b'{"keys":[0],"why":"curiosity","ticket":"1"}', 422),
        (b'{"keys":[0],"why":["copy"],"ticket":"1"}', 422),
    ],
)
async def test_what_names_no_key_or_no_reason_is_refused(archive, browser, body, status):
    async with browser(JUDGE) as client:
        answer = await client.post(f"{archive.path}/key-use", content=body)
    assert answer.status_code == status and uses(archive) == []


async def test_it_needs_the_token_of_the_login_and_a_role_that_may_view(archive, browser):
    async with browser(JUDGE) as client:
        told = {"keys": [0], "why": "copy", "ticket": await ticket(archive, client)}
        answer = await client.post(f"{archive.path}/key-use", json=told, headers={"x-csrf-token": "x"})
        assert answer.status_code == 403
    for who, status in ((OFFICER, 403), (STRANGER, 404)):
        async with browser(who) as client:
            assert (await client.post(f"{archive.path}/key-use", json=told)).status_code == status
    assert uses(archive) == []
