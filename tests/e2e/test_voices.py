"""Who has no voice in a hearing gets none, whatever their page sends: a real worker, real packets, a plain client."""

import asyncio
import contextlib
import json
import sqlite3
import uuid
from typing import Any

import pytest
from playwright.async_api import expect

from hearings.roles import Role
from tests.support.live_pages import Page

pytestmark = pytest.mark.timeout(180)

READY = {"notice": True, "camera": True, "microphone": True, "speaker": True}
VOICELESS = (Role.technician, Role.auditor, Role.custodian, Role.central_authority)
LISTENING_SECONDS = 1.0
SEAT = "seat"


class Seat:
    """One person: the connection of their page, and the sound and picture it sends."""

    def __init__(self, visitor: Any, socket: Any, name: str) -> None:
        self.visitor, self.socket, self.page = visitor, socket, Page(name)
        self.view: dict[str, Any] = {}

    async def read(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        if message["type"] == "view":
            self.view = message
        return message

    async def act(self, kind: str, **fields: Any) -> dict[str, Any]:
        number = uuid.uuid4().hex
        await self.socket.send(json.dumps({"type": kind, "id": number, **fields}))
        while True:
            message = await self.read()
            if message["type"] == "result" and message["re"] == number:
                return message

    async def see(self, what: Any) -> None:
        async with asyncio.timeout(20):
            while not (self.view and what(self.view)):
                await self.read()

    async def send_media(self) -> None:
        """Offer, connect, and send both without being asked."""
        answer = await self.visitor.post(
            f"media?generation={self.view['generation']}",
            content=await self.page.prepare(),
            headers={"content-type": "application/sdp"},
        )
        assert answer.status_code == 201, answer.text
        await self.page.connect(answer.text)
        self.page.send()

    def heard(self) -> int:
        """Packets of the seat that have come here."""
        return sum(count for (_mid, origin), count in self.page.heard.items() if origin == SEAT)


async def after_a_while(*seats: Seat) -> list[int]:
    await asyncio.sleep(LISTENING_SECONDS)
    return [seat.heard() for seat in seats]


def change(installation: Any, participant: str, **columns: Any) -> None:
    """Write into somebody's row behind the service's back."""
    names = ", ".join(f"{name} = ?" for name in columns)
    with contextlib.closing(sqlite3.connect(installation.data / "vivavoce.db", timeout=10)) as db:
        db.execute(f"UPDATE participant SET {names} WHERE id = ?", [*columns.values(), participant])
        db.commit()


async def test_who_has_no_voice_is_refused_and_forwarded_to_nobody(
    judge: Any, visitor: Any, demo: Any, installation: Any
) -> None:
    witness_id = demo.words["seats"]["witness"]
    authority, witness = await visitor().sign_in("authority"), visitor()
    await authority.open_live()
    await witness.join("witness")
    await witness.open_live()
    async with contextlib.AsyncExitStack() as stack:
        j, a, w = [
            Seat(one, await stack.enter_async_context(one.socket()), name)
            for one, name in ((judge, "judge"), (authority, "authority"), (witness, SEAT))
        ]
        for seat in (j, a, w):
            assert (await seat.act("ready", **READY))["ok"]
        assert (await j.act("roll_call"))["ok"]
        assert (await a.act("confirm_identity", participant=witness_id, method="known_to_authority"))["ok"]
        assert (await j.act("admit", participant=witness_id))["ok"]
        for seat in (j, a, w):
            await seat.see(lambda view: view["phase"] == "room" and view["media_up"])
            await seat.send_media()
            stack.push_async_callback(seat.page.close)

        for role in VOICELESS:
            change(installation, witness_id, role=role.value, number=9, microphone=False, camera=False)
            for device in ("microphone", "camera"):
                refused = await w.act(device, on=True)
                assert (refused["ok"], refused["code"]) == (False, "not_allowed"), (role, device)
                assert "presiding judge" in refused["text"].lower(), refused["text"]
            # Not even when the row says that both are on: the plan asks again.
            change(installation, witness_id, microphone=True, camera=True)
            for seat in (j, a):
                assert (await seat.act("raise_hand", up=True))["ok"]
            await w.see(lambda view, role=role: view["me"] and _me(view)["role"] == role and _me(view)["camera"])
            assert not w.view["rights"]["speak_floor"]["allowed"]
            assert not w.view["rights"]["show_picture"]["allowed"]
            async with asyncio.timeout(20):  # what was on its way when the voice was taken still comes
                while (before := [seat.heard() for seat in (j, a)]) != await after_a_while(j, a):
                    pass
            assert await after_a_while(j, a) == before, role

        # The same page, once its person has a voice.
        change(installation, witness_id, role="witness", number=9, microphone=False, camera=False)
        for device in ("microphone", "camera"):
            assert (await w.act(device, on=True))["ok"]
        await comes_through(j, a)


async def test_the_page_of_who_has_no_voice_offers_no_switch_and_says_why(
    judge: Any, people: Any, demo: Any, installation: Any
) -> None:
    witness_id = demo.words["seats"]["witness"]
    change(installation, witness_id, role="technician", number=9, needs_identity=False)
    one = await people.person("witness")
    await one.sign_in()
    await one.prepare()
    microphone, camera = (
        one.page.get_by_role("button", name=name, exact=True) for name in ("Unmute", "Turn camera on")
    )
    async with judge.socket() as socket:
        j = Seat(judge, socket, "judge")
        assert (await j.act("ready", **READY))["ok"]
        assert (await j.act("roll_call"))["ok"]
        await j.see(lambda view: any(who["presence"] == "waiting" for who in view["people"]))
        assert (await j.act("admit", participant=witness_id))["ok"]
        await expect(one.page.get_by_text("You take part without a microphone. Only ")).to_be_visible()
        await expect(one.page.get_by_text("Your role does not include hearing the floor.")).to_be_visible()
        await one.page.keyboard.press("Alt+Shift+KeyM")
        await expect(one.page.get_by_role("button", name="Raise hand")).to_be_visible()
        for switch in (microphone, camera, one.page.get_by_label("I hear")):
            await expect(switch).to_have_count(0)
        await expect(one.page.get_by_role("button", name="Mute", exact=True)).to_have_count(0)
        await one.accessible()
        change(installation, witness_id, role="witness")
        assert (await j.act("raise_hand", up=True))["ok"]
        for switch in (microphone, camera, one.page.get_by_label("I hear")):
            await expect(switch).to_be_visible()
        await keys_are_changed(one)
        await one.page.keyboard.press("Alt+Shift+KeyM")  # no longer: it would turn off again what the next turns on
        await one.page.keyboard.press("Alt+Shift+KeyK")
        await expect(one.page.get_by_role("button", name="Mute", exact=True)).to_be_visible()


async def keys_are_changed(one: Any) -> None:
    """In the room a person gives the microphone other keys, which the browser keeps."""
    await one.press("Keys", exact=True)
    dialog = one.page.get_by_role("dialog", name="Keys and announcements")
    await dialog.get_by_role("button", name="Change Microphone on or off").click()
    await one.page.keyboard.press("Alt+Shift+KeyH")
    await expect(dialog.get_by_role("alert")).to_have_text("Another shortcut has these keys. Press others.")
    await one.page.keyboard.press("Alt+Shift+KeyK")
    await expect(dialog.get_by_text("Alt+Shift+K", exact=True)).to_be_visible()
    await dialog.get_by_role("button", name="Switch off Put on hold").click()
    await expect(dialog.get_by_text("switched off", exact=True)).to_be_visible()
    await one.accessible()
    await dialog.get_by_role("button", name="Done").click()
    kept = await one.page.evaluate("JSON.parse(localStorage.getItem('vivavoce-room')).keys")
    assert kept == {"microphone": "Alt+Shift+KeyK", "hold": "", "log": "Alt+Shift+KeyL"}


async def comes_through(*listeners: Seat) -> None:
    """Sound and picture of the seat reach everybody else."""
    for _ in range(50):
        await asyncio.sleep(0.2)
        if all(listener.page.heard_from(SEAT, sound) for listener in listeners for sound in (True, False)):
            return
    raise AssertionError("the witness is not heard and seen")


def _me(view: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in view["people"] if one["you"])
