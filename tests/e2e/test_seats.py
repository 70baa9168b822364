"""Places in the room, without media: admitted, sent back, asking for help, away for too long, removed, a new link."""

import contextlib
import re
import sqlite3
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.seat import READY, Seat

pytestmark = pytest.mark.timeout(120)


async def test_a_witness_is_admitted_sent_back_helped_and_removed(judge: Any, visitor: Any, demo: Any) -> None:
    witness_id = demo.words["seats"]["witness"]
    authority = await visitor().sign_in("authority")
    await authority.open_live()
    witness = visitor()
    await witness.join("witness")
    await witness.open_live()
    async with contextlib.AsyncExitStack() as stack:
        j = Seat(await stack.enter_async_context(judge.socket()))
        a = Seat(await stack.enter_async_context(authority.socket()))
        w = Seat(await stack.enter_async_context(witness.socket()))
        for seat in (j, a, w):
            assert (await seat.act("ready", **READY))["ok"]
        await j.see(lambda view: view["phase"] == "room")
        await w.see(lambda view: view["phase"] == "lobby")
        # From the lobby the witness sees the court, not the case; and nobody is admitted without an identity.
        assert w.view["case"] == ""
        assert {one["role"] for one in w.view["people"]} <= {
            "witness", "presiding_judge", "clerk", "requested_authority",
        }  # fmt: skip
        assert (await j.act("admit", participant=witness_id))["code"] == "identity_missing"
        assert (await a.act("confirm_identity", participant=witness_id, method="known_to_authority"))["ok"]
        assert (await j.act("admit", participant=witness_id))["ok"]
        await w.see(lambda view: view["phase"] == "room")
        assert w.person(witness_id)["microphone"] == "off"

        assert (await w.act("ask_help", up=True))["ok"]
        await j.see(lambda view: any(one["help"] for one in view["people"]))
        await a.see(lambda view: [call["participant"] for call in view["calls"]] == [witness_id])
        assert w.view["calls"] == []
        assert (await a.act("answer_help", participant=witness_id))["ok"]
        await w.see(lambda view: w.person(witness_id)["help_answered_by"] != "")
        assert not (await j.act("answer_help", participant=witness_id))["ok"]
        assert (await w.act("microphone", on=True))["ok"]
        assert (await j.act("mute", participant=witness_id))["ok"]
        await w.see(lambda view: w.person(witness_id)["microphone"] == "muted_by_court")
        # Nobody un-mutes another person: there is not even a message for it.
        assert not (await w.act("mute", participant=demo.words["seats"]["judge"]))["ok"]

        assert (await j.act("return_to_lobby", participant=witness_id))["ok"]
        await w.see(lambda view: view["phase"] == "lobby")
        assert (await j.act("admit", participant=witness_id))["ok"]
        await w.see(lambda view: view["phase"] == "room")
        assert (await w.act("leave"))["ok"] or w.bye == "left"
    async with witness.socket() as again, judge.socket() as court:
        w, j = Seat(again), Seat(court)
        await w.see(lambda view: view["phase"] == "prepare")
        assert (await w.act("ready", **READY))["ok"]
        await w.see(lambda view: view["phase"] == "lobby")
        assert (await j.act("remove", participant=witness_id, reason="Disturbs the hearing."))["ok"]
        while not w.bye:
            await w.read()
        assert w.bye == "removed"
    assert (await witness.post("ticket")).status_code == 401


async def test_a_new_link_ends_the_old_one_and_its_login(judge: Any, clerk: Any, visitor: Any, demo: Any) -> None:
    witness = visitor()
    await witness.join("witness")
    await witness.open_live()
    witness_id = demo.words["seats"]["witness"]
    async with witness.socket() as socket:
        seat = Seat(socket)
        await seat.see(lambda view: view["phase"] == "prepare")
        page = await clerk.http.get(f"/h/{demo.ref}")
        form = re.search(rf'action="(/h/{demo.ref}/people/{witness_id}/link)"', page.text)
        assert form, re.findall(r'action="([^"]+)"', page.text)
        made = await clerk.http.post(form[1], data={"csrf": clerk.form_token(page.text)})
        assert made.status_code in (200, 303), made.text[:300]
        while not seat.bye:
            await seat.read()
        assert seat.bye == "link_replaced"
    assert (await witness.post("ticket")).status_code == 401
    used = await visitor().join("witness")
    assert used.status_code != 303
    secret = re.search(r"/j#([\w-]+)", made.text)
    pin = re.search(r"\b(\d{3})\s?(\d{3})\b", re.sub(r"<[^>]+>", " ", made.text))
    assert secret and pin
    fresh = visitor()
    answer = await fresh.http.post("/j", data={"secret": secret[1], "pin": pin[1] + pin[2]})
    assert answer.status_code == 303


async def test_a_seat_waits_sixty_seconds_and_no_longer(judge: Any, visitor: Any, demo: Any, installation: Any) -> None:
    witness_id = demo.words["seats"]["witness"]
    authority = await visitor().sign_in("authority")
    await authority.open_live()
    witness = visitor()
    await witness.join("witness")
    await witness.open_live()
    async with judge.socket() as court, authority.socket() as other:
        j, a = Seat(court), Seat(other)
        for seat in (j, a):
            await seat.act("ready", **READY)
        async with witness.socket() as socket:
            w = Seat(socket)
            await w.act("ready", **READY)
            await a.act("confirm_identity", participant=witness_id, method="known_to_authority")
            assert (await j.act("admit", participant=witness_id))["ok"]
            await w.see(lambda view: view["phase"] == "room")
            await w.act("microphone", on=True)
        async with witness.socket() as socket:
            w = Seat(socket)
            await w.see(lambda view: view["phase"] == "room")
            assert w.person(witness_id)["microphone"] == "off"
        await j.see(lambda view: j.person(witness_id)["presence"] == "reconnecting")
        _age(installation, witness_id, timedelta(seconds=61))
        assert (await a.act("ask_help", up=True))["ok"]  # with an act, the room reads what was written beside it
        await j.see(lambda view: j.person(witness_id)["presence"] == "left")
        async with witness.socket() as socket:
            w = Seat(socket)
            await w.see(lambda view: view["phase"] == "prepare")


def _age(installation: Any, participant: str, by: timedelta) -> None:
    """Make it look as if the line had been lost earlier: nobody waits a minute in a test."""
    with contextlib.closing(sqlite3.connect(installation.data / "vivavoce.db", timeout=10)) as db:
        (since,) = db.execute("SELECT presence_since FROM participant WHERE id = ?", [participant]).fetchone()
        earlier = datetime.fromisoformat(since) - by
        db.execute("UPDATE participant SET presence_since = ? WHERE id = ?", [earlier.isoformat(" "), participant])
        db.commit()
