"""The live page's way in, spoken by a plain client against a served installation: tickets, messages, offers, limits."""

import asyncio
import contextlib
import json
import re
import sqlite3
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets

from web.logins import BOUND

pytestmark = pytest.mark.timeout(120)


async def next_of(socket: Any, kind: str) -> dict[str, Any]:
    """The next message of a type."""
    async with asyncio.timeout(20):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] == kind:
                return message


async def closed_with(socket: Any) -> int:
    """The code the server closes with."""
    async with asyncio.timeout(20):
        try:
            while True:
                await socket.recv()
        except websockets.ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 1006


async def test_a_ticket_opens_one_connection_and_an_invented_one_none(judge: Any) -> None:
    ticket = await judge.ticket()
    async with judge.socket(ticket=ticket) as socket:
        view = await next_of(socket, "view")
        assert (view["phase"], view["status"]) == ("prepare", "lobby_open")
    for bad in (ticket, "invented"):
        async with judge.socket(ticket=bad) as socket:
            assert await closed_with(socket) == 4401


async def test_a_page_of_another_origin_gets_no_connection(judge: Any) -> None:
    address = judge.installation.url.replace("http", "ws") + f"/h/{judge.demo.ref}/ws"
    with pytest.raises(websockets.InvalidStatus, match="HTTP 403"):
        async with websockets.connect(address, origin=websockets.Origin("https://evil.example")):
            pass


NOT_IN_THE_TABLE = [
    '{"type":"start_everything","id":"1"}',
    '{"type":"microphone","id":"1","on":true,"role":"presiding_judge"}',
    '{"type":"microphone","id":"1"}',
    "not JSON",
    '{"type":"heartbeat"' + " " * 17_000 + "}",
]


async def test_what_is_not_in_the_table_ends_the_connection(judge: Any) -> None:
    for text in NOT_IN_THE_TABLE:
        async with judge.socket(take_over=True) as socket:
            await next_of(socket, "view")
            await socket.send(text)
            assert await closed_with(socket) == 1008, text


async def test_a_flood_of_messages_ends_the_connection(judge: Any) -> None:
    async with judge.socket() as socket:
        await next_of(socket, "view")
        with contextlib.suppress(websockets.ConnectionClosed):
            for _ in range(400):  # 20 a second are allowed, and the client may be slow
                await socket.send('{"type":"heartbeat"}')
        assert await closed_with(socket) == 1008


async def test_a_command_sent_twice_is_done_once(judge: Any) -> None:
    async with judge.socket() as socket:
        await next_of(socket, "view")
        for _ in range(2):
            await socket.send('{"type":"raise_hand","id":"same","up":true}')
        first, second = await next_of(socket, "result"), await next_of(socket, "result")
        assert first == second
        assert first["ok"] is True
    assert [kind for kind in judge.demo.events() if kind == "hand"] == ["hand"]


async def test_a_refused_command_says_why_and_changes_nothing(judge: Any) -> None:
    async with judge.socket() as socket:
        view = await next_of(socket, "view")
        await socket.send('{"type":"hold","id":"0","reason":"Nobody has let me in"}')
        result = await next_of(socket, "result")
        assert (result["ok"], result["code"], result["text"]) == (False, "not_ready", "You are not in the room")
        assert view["rights"]["hold"] == {"allowed": False, "reason": "You are not in the room"}
        await socket.send(json.dumps({"type": "ready", "id": "r"} | READY))
        assert (await next_of(socket, "result"))["ok"] is True
        witness = judge.demo.words["seats"]["witness"]
        await socket.send(json.dumps({"type": "admit", "id": "1", "participant": witness}))
        result = await next_of(socket, "result")
        assert (result["ok"], result["code"]) == (False, "identity_missing")
        await socket.send(json.dumps({"type": "confirm_identity", "id": "2", "participant": witness} | METHOD))
        result = await next_of(socket, "result")
        assert (result["ok"], result["code"]) == (False, "not_allowed")
        assert "Requested authority" in result["text"]
        assert view["rights"]["confirm_identity"]["allowed"] is False


METHOD = {"method": "document_seen"}
READY = {"notice": True, "camera": True, "microphone": True, "speaker": True}


async def test_a_second_tab_is_asked_before_it_takes_the_seat(judge: Any) -> None:
    async with judge.socket() as first:
        await next_of(first, "view")
        async with judge.socket() as second:
            await next_of(second, "seat_taken")
            await first.send('{"type":"raise_hand","id":"1","up":true}')
            assert (await next_of(first, "result"))["ok"] is True
            await second.send(json.dumps({"type": "hello", "ticket": "", "take_over": True}))
            await next_of(second, "view")
            assert (await next_of(first, "bye"))["why"] == "superseded"
            assert await closed_with(first) == 1000


async def sign_out(judge: Any) -> None:
    page = await judge.http.get("/docket")
    answer = await judge.http.post("/sign-out", data={"csrf": judge.form_token(page.text)})
    assert answer.status_code == 303


async def test_signing_out_ends_every_page_and_every_ticket(judge: Any, visitor: Any) -> None:
    """Seen: the page that asked for the seat, and a ticket already given out, took it afterwards, and a hold was
    obeyed."""
    async with contextlib.AsyncExitStack() as sockets:
        first = await sockets.enter_async_context(judge.socket())
        view = await next_of(first, "view")
        second = await sockets.enter_async_context(judge.socket())
        await next_of(second, "seat_taken")
        ticket = await judge.ticket()
        await sign_out(judge)
        for socket in (first, second):
            assert (await next_of(socket, "bye"))["why"] == "signed_out"
            assert await closed_with(socket) == 1000
        with contextlib.suppress(websockets.ConnectionClosed):
            await second.send(json.dumps({"type": "hello", "ticket": "", "take_over": True}))
            await second.send('{"type":"hold","id":"1","reason":"I am still here"}')
        async with judge.socket(ticket=ticket, take_over=True) as late:
            assert await closed_with(late) == 4401
        for path in ("ticket", f"media?generation={view['generation']}"):
            refused = await judge.post(path, content="v=0", headers={"content-type": "application/sdp"})
            assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_needed")
    assert "hold" not in judge.demo.events()


async def test_another_sign_in_in_the_same_browser_ends_the_live_page_too(judge: Any) -> None:
    async with judge.socket() as socket:
        await next_of(socket, "view")
        await judge.sign_in("authority")
        assert (await next_of(socket, "bye"))["why"] == "signed_out"
        assert await closed_with(socket) == 1000


async def test_what_ends_a_login_in_the_rows_ends_its_page_within_the_bound(judge: Any) -> None:
    """As another process or an operator does. By the clock of the row and that of the page's end."""
    async with judge.socket() as socket:
        await next_of(socket, "view")
        now = datetime.now(UTC)
        with contextlib.closing(sqlite3.connect(judge.installation.data / "vivavoce.db", timeout=20)) as db, db:
            db.execute("UPDATE login SET expires_at = ?", [now.replace(tzinfo=None).isoformat(sep=" ")])
        assert (await next_of(socket, "bye"))["why"] == "signed_out"
        # The bound is that of a machine that has nothing else to do; this one may have.
        assert (datetime.now(UTC) - now).total_seconds() < 5 * BOUND


OFFERS = {
    "nothing": "",
    "no description": "hello",
    "a data channel": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n",
    "many sections": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 500,
    "no fingerprint": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n",
}


async def test_a_malformed_offer_gets_a_clear_refusal(judge: Any) -> None:
    async with judge.socket() as socket:
        view = await next_of(socket, "view")
        workers = judge.installation.processes("worker")
        path = f"media?generation={view['generation']}"
        for name, offer in OFFERS.items():
            answer = await judge.post(path, content=offer, headers={"content-type": "application/sdp"})
            assert answer.status_code == 422, (name, answer.text)
            problem = answer.json()
            assert problem["code"] and problem["detail"], name
        assert judge.installation.processes("worker") == workers != []


async def test_an_offer_needs_the_right_type_generation_and_token(judge: Any) -> None:
    async with judge.socket() as socket:
        view = await next_of(socket, "view")
        path = f"media?generation={view['generation']}"
        sdp = {"content-type": "application/sdp"}
        typed = await judge.post(path, content="v=0", headers={"content-type": "text/plain"})
        assert (typed.status_code, typed.json()["code"]) == (415, "unsupported_media_type")
        stale = await judge.post("media?generation=1", content="v=0", headers=sdp)
        assert (stale.status_code, stale.json()["code"]) == (409, "stale_generation")
        large = await judge.post(path, content="v" * 70_000, headers=sdp)
        assert (large.status_code, large.json()["code"]) == (413, "too_large")
        judge.csrf = "0" * 64
        forged = await judge.post(path, content="v=0", headers=sdp)
        assert (forged.status_code, forged.json()["code"]) == (403, "csrf")


async def test_a_hearing_that_is_not_ones_own_looks_like_none(
    judge: Any, visitor: Any, installation: Any, demo: Any
) -> None:
    other = installation.demonstration()
    witness = visitor()
    assert (await witness.join("witness")).status_code == 303
    answers = [await witness.http.get(f"/h/{ref}/live") for ref in (other["hearing"], "AAAA-AAAA")]
    assert [answer.status_code for answer in answers] == [404, 404]
    texts = [re.sub(r"[0-9a-f]{8}|\d\d:\d\d(:\d\d)?|[A-Z0-9]{4}-[A-Z0-9]{4}", "", answer.text) for answer in answers]
    assert texts[0] == texts[1]
    await witness.http.aclose()


async def test_five_wrong_pins_end_a_link_and_a_look_uses_nothing_up(judge: Any, visitor: Any, demo: Any) -> None:
    stranger = visitor()
    link = urlsplit(demo.words["participants"]["witness"]["link"])
    for _ in range(3):
        assert (await stranger.http.get(link.path)).status_code == 200
    right = demo.words["participants"]["witness"]["pin"]
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    codes = [(await stranger.join("witness", wrong)).status_code for _ in range(5)]
    assert codes[:4] == [422] * 4
    after = await stranger.join("witness")
    assert after.status_code != 303
    assert "no longer works" in after.text
    kinds = demo.events()
    assert kinds.count("pin_failed") == 5
    assert kinds.count("link_dead") == 1
    await stranger.http.aclose()
