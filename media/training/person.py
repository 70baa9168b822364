"""A simulated person: joins the real room by a link as a browser would, and does what it is told.

`python -m media.training.person` reads orders (`media.training.orders`) from its standard input and ends with it. It
has no rights but those of its link: what it may not do is refused to it as to anybody else.
"""

import asyncio
import contextlib
import html
import json
import logging
import re
import sys
import uuid
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import httpx
import websockets
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from websockets.asyncio.client import ClientConnection

from media.training.orders import Do, DropLine, Join, PersonOrder, Say, decode
from media.training.tracks import Picture, Voice

logger = logging.getLogger("vivavoce.media.training.person")

READY = {"notice": True, "camera": True, "microphone": True, "speaker": True}
HEARTBEAT = 2.0
AGAIN = 1.0
"""Seconds between two tries: to connect, and to open a microphone that is off."""
RECEIVING = 4
"""Receiving m-lines of each kind: a person that listens to nobody needs no more."""


class NotTaken(Exception):
    """The service does not let this person in; the text says why."""


class Person:
    """One person. `run` returns when the service has said goodbye."""

    def __init__(self, wanted: Join) -> None:
        self.wanted = wanted
        self.over = False
        self.view: dict[str, Any] = {}
        self._http = httpx.AsyncClient(base_url=wanted.url, headers={"origin": wanted.url}, timeout=20)
        self._address = ""
        self._socket: ClientConnection | None = None
        self._peer: RTCPeerConnection | None = None
        self._voice: Voice | None = None
        self._generation = 0
        self._asked: dict[str, float] = {}
        self._away = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    # --- the way in ------------------------------------------------------------------------------------------------

    async def sign_in(self) -> None:
        """Redeem the link. Raises `NotTaken`."""
        answer = await self._http.post("/j", data={"secret": self.wanted.secret, "pin": self.wanted.pin})
        if answer.status_code != 303:
            raise NotTaken(f"the link is refused ({answer.status_code})")
        # The cookie is Secure, and loopback may be without TLS, where browsers send it all the same.
        self._http.headers["cookie"] = answer.headers["set-cookie"].split(";")[0]
        self._address = answer.headers["location"].partition("?")[0].removesuffix("/live")

    async def _ticket(self) -> str:
        page = await self._http.get(f"{self._address}/live")
        found = re.search(r'data-config="([^"]*)"', page.text)
        if found is None:
            raise NotTaken("the room is not open")
        self._http.headers["x-csrf-token"] = str(json.loads(html.unescape(found[1]))["csrf"])
        answer = await self._http.post(f"{self._address}/ticket")
        answer.raise_for_status()
        return str(answer.json()["ticket"])

    async def run(self) -> None:
        """Be in the room until the service has said goodbye, and come back after every loss."""
        try:
            await self.sign_in()
            while not self.over:
                with contextlib.suppress(httpx.HTTPError, OSError, websockets.WebSocketException, NotTaken):
                    await self._connected()
                await self._lose_media()
                await asyncio.sleep(self._away or AGAIN)
                self._away = 0.0
        finally:
            await self._lose_media()
            await self._http.aclose()

    async def _connected(self) -> None:
        ticket = await self._ticket()
        address = self.wanted.url.replace("http", "ws", 1) + f"{self._address}/ws"
        async with websockets.connect(address, origin=websockets.Origin(self.wanted.url), max_size=2**22) as socket:
            self._socket, self._asked = socket, {}
            await socket.send(json.dumps({"type": "hello", "ticket": ticket, "take_over": True}))
            beating = asyncio.create_task(self._keep_alive(socket))
            try:
                async for text in socket:
                    self._take(json.loads(text))
                    if self.over:
                        return
            finally:
                self._socket = None
                beating.cancel()

    async def _keep_alive(self, socket: ClientConnection) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await asyncio.sleep(HEARTBEAT)
                await socket.send('{"type":"heartbeat"}')

    # --- what arrives ----------------------------------------------------------------------------------------------

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "view":
                self.view = message
                self._follow()
            case "tick":
                self._follow()
            case "reoffer":
                self._generation = 0
                self.start(self._offer(message["generation"]))
            case "bye":
                self.over = message["why"] != "superseded"
            case "result" if not message["ok"]:
                logger.info("refused: %s", message["code"])

    def _follow(self) -> None:
        """Do what a person does of themselves: get ready, connect, switch the microphone on."""
        view = self.view
        if not view:
            return
        if view["phase"] == "prepare":
            self._now_and_then("ready", **READY)
        if view["phase"] != "room":
            if self._peer is not None:
                self.start(self._lose_media())
            return
        if view["media_up"] and view["generation"] not in (0, self._generation):
            self.start(self._offer(view["generation"]))
        me = next(one for one in view["people"] if one["you"])
        if self._peer is None or self._peer.connectionState != "connected":
            return
        if not me["camera"]:
            self._now_and_then("camera", on=True)
        if self.wanted.renders and me["renders"] != (lang := self._language()):
            self._now_and_then("render", lang=lang)
        if me["microphone"] == "off":
            self._now_and_then("microphone", on=True)

    def _language(self) -> str:
        """Of an interpreter, the language spoken into: that of the sound check under way or still to come, then the
        usual one."""
        checks = {one["status"]: one["lang"] for one in reversed(self.view["sound_checks"]) if one["lang"]}
        wanted = next((checks[status] for status in ("running", "failed", "waiting") if status in checks), "")
        return str(wanted or self.wanted.renders)

    def _now_and_then(self, kind: str, /, **fields: Any) -> None:
        """Send a command, and not again for a while."""
        now = asyncio.get_running_loop().time()
        if now - self._asked.get(kind, -AGAIN * 3) >= AGAIN * 3:
            self._asked[kind] = now
            self.start(self.send(kind, **fields))

    async def send(self, kind: str, /, **fields: Any) -> None:
        """Send a command over the page's connection; without one, nothing is sent."""
        if self._socket is not None:
            with contextlib.suppress(websockets.ConnectionClosed):
                await self._socket.send(json.dumps({"type": kind, "id": uuid.uuid4().hex, **fields}))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside everything else."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- sound and picture -----------------------------------------------------------------------------------------

    async def _offer(self, generation: int) -> None:
        """A new connection of the present worker, once for each generation."""
        if generation == self._generation:
            return
        await self._lose_media()
        self._generation = generation
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._peer, self._voice = peer, Voice(self.wanted.tone)
        peer.addTransceiver(self._voice, direction="sendonly")
        peer.addTransceiver(Picture(self.wanted.colour), direction="sendonly")
        for kind in ("audio", "video"):
            for _ in range(RECEIVING):
                peer.addTransceiver(kind, direction="recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        try:
            answer = await self._http.post(
                f"{self._address}/media?generation={generation}",
                content=peer.localDescription.sdp,
                headers={"content-type": "application/sdp"},
            )
        except httpx.HTTPError:
            self._generation = 0
            return
        if answer.status_code != 201:
            logger.info("the offer is refused: %s", answer.status_code)
            self._generation = 0
            return
        if peer is self._peer:
            await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))

    async def _lose_media(self) -> None:
        peer, self._peer, self._voice, self._generation = self._peer, None, None, 0
        if peer is not None:
            await peer.close()

    # --- orders ----------------------------------------------------------------------------------------------------

    async def obey(self, order: PersonOrder) -> None:
        """Do what is ordered."""
        match order:
            case Say():
                await self.send("write_to_court", text=order.text)
                await self._speak(order.seconds)
            case DropLine():
                self._away = float(order.seconds)
                await self._lose_media()
                if self._socket is not None:
                    self._socket.transport.abort()
            case Do():
                fields = dict(order.command)
                await self.send(str(fields.pop("type")), **fields)

    async def _speak(self, seconds: int) -> None:
        if (voice := self._voice) is not None:
            voice.speaking = True
            await asyncio.sleep(seconds)
            voice.speaking = False


async def _orders() -> AsyncIterator[PersonOrder]:
    """The orders on the standard input, until its end."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield decode(line)


async def main() -> None:
    """Be the person that the first order names, until the service or the standard input ends it."""
    orders = _orders()
    first = await anext(orders, None)
    if not isinstance(first, Join):
        raise SystemExit("the first order is to join")
    person = Person(first)

    async def obey() -> None:
        async for order in orders:
            person.start(person.obey(order))

    being = asyncio.create_task(person.run())
    obeying = asyncio.create_task(obey())
    done, rest = await asyncio.wait({being, obeying}, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for task in done:
        task.result()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("aioice", "aiortc", "httpx", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    asyncio.run(main())
