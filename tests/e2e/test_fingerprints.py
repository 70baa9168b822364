"""Fingerprints compared aloud in real browsers, with somebody in between who answers for the media worker."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from media import messages
from media.processes import Process, python
from web.live import line_rooms

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(300)]

FINGERPRINTS = "fingerprints_compared"
TEST = "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"


@pytest.fixture
async def interloper(tmp_path: Path) -> AsyncIterator[Process]:
    """A media worker that is not the court's: what somebody in between would put there."""
    folder = tmp_path / "between"
    folder.mkdir(mode=0o700)
    where = ["--folder", str(folder), "--udp-host", "127.0.0.1", "--udp-port", "0"]
    argv = python("media.live.worker", *where)
    process = await Process.start_or_adopt(
        "worker", argv, folder, "worker.sock", messages.WORKER_TO_WEB, on_message=lambda _message: None
    )
    process.send(line_rooms.room_plan(TEST))
    yield process
    await process.stop()


async def test_somebody_in_between_gives_one_court_another_code_and_the_sitting_waits(
    people: Any, installation: Any, interloper: Process
) -> None:
    async def answer(route: Route) -> None:
        seat = line_rooms.seat_of(TEST, "requested")
        offer = messages.Offer(id=interloper.new_id(), seat=seat, sdp=route.request.post_data or "")
        answered = await interloper.request(offer, timeout=10)
        assert isinstance(answered, messages.Answered)
        await route.fulfill(status=201, content_type="application/sdp", body=answered.sdp)

    original = people.person

    async def person(role: str) -> Any:
        made = await original(role)
        if role == "authority":
            await made.context.route("**/media?generation=*", answer)
        return made

    people.person = person
    await people.gather()
    judge, authority = people["judge"], people["authority"]
    true = await judge.code()
    assert await people["clerk"].code() == true
    assert await authority.code() != true  # what reading aloud brings to light
    # The page itself sees that the service speaks of another certificate, and cannot call it the same.
    alarm = authority.page.get_by_text("This page’s connection does not match the court’s server.")
    await expect(alarm).to_be_visible()
    await expect(judge.page.get_by_text("This page’s connection does not match")).to_have_count(0)
    await expect(authority.page.get_by_role("button", name="The codes match")).to_be_disabled()
    await authority.accessible()
    await authority.press("The codes differ")
    for one in (judge, authority):
        await expect(one.page.get_by_text("Compared: the codes differ.")).to_be_visible()
    await expect(judge.page.get_by_text("The courts have read different codes.").first).to_be_visible()
    # One court's "the same" does not undo the other's "not the same".
    await judge.press("The codes match")
    await expect(judge.page.get_by_text("Romania: codes match")).to_be_visible()
    await expect(judge.page.get_by_text("Compared: the codes differ.")).to_be_visible()
    await judge.accessible()
    # The line is made anew without anybody in between, and compared again.
    await authority.context.unroute("**/media?generation=*")
    await authority.page.reload()
    assert await authority.code() == true
    await expect(alarm).to_have_count(0)
    await authority.press("The codes match")
    await expect(judge.page.get_by_text("Compared: the codes match.")).to_be_visible()
    said = [(data["state"], data["matched"]) for kind, _at, data in installation.events() if kind == FINGERPRINTS]
    assert said == [("TH", False), ("RO", True), ("TH", True)]
