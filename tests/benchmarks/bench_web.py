"""The web process against the media of one hearing: CPU of the one over that of worker, recorder and seal.

    python -m tests.benchmarks.bench_web [--seconds 30]

An installation is served as a court's is. The five people of a demonstration are in the room, each with the WebSocket
of a live page, which says that it is there every two seconds and reports its line every five, with other figures each
time. All send 640×480 VP8 at 25 frames/s (about 500 kbit/s) and Opus and receive the four others, and the recorder
seals everything. CPU time is that which the scheduler counted for every thread (/proc/<pid>/task/*/schedstat), of all
processes at the same time; what the web process takes without a hearing, measured first, is not the hearing's share.
Exit code 1 when this share is more than a tenth of what the media take.
"""

import argparse
import asyncio
import contextlib
import json
import random
import re
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LIMIT = 0.10
BEAT_SECONDS, REPORT_EVERY = 2.0, 5
SETTLING_SECONDS, MOST_WINDOWS = 15.0, 12
STAFF = ("judge", "clerk", "authority")
GUESTS = ("witness", "interpreter")


class Caller:
    """Somebody in the room: a login, the WebSocket of a live page, and a media connection."""

    def __init__(self, installation: Any, words: dict[str, Any], role: str, sender: type) -> None:
        import httpx

        self.role, self.words, self.url = role, words, installation.url
        self.http = httpx.AsyncClient(base_url=self.url, headers={"origin": self.url}, timeout=60)
        self.page = sender(words["seats"][role])
        self.view: dict[str, Any] = {}
        self.answers: dict[str, asyncio.Future[Any]] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.csrf = ""

    async def sign_in(self) -> None:
        """By a one-use link; guests with their PIN."""
        entry = self.words["staff" if self.role in STAFF else "participants"][self.role]
        link = urlsplit(entry["link"])
        sent = {"secret": link.fragment} | ({} if self.role in STAFF else {"pin": entry["pin"]})
        answer = await self.http.post(link.path, data=sent)
        self.http.headers["cookie"] = answer.headers["set-cookie"].split(";")[0]

    async def enter(self) -> None:
        """Open the live page and its WebSocket, and be ready."""
        import websockets

        page = await self.http.get(f"/h/{self.words['hearing']}/live")
        found = re.search(r'"csrf": ?"([0-9a-f]+)"', page.text.replace("&#34;", '"').replace("&quot;", '"'))
        assert found is not None, page.status_code
        self.csrf = found[1]
        ticket = (await self.post("ticket")).json()["ticket"]
        address = self.url.replace("http", "ws") + f"/h/{self.words['hearing']}/ws"
        self.socket = await websockets.connect(address, origin=self.url)
        await self.socket.send(json.dumps({"type": "hello", "ticket": ticket, "take_over": False}))
        self.tasks += [asyncio.create_task(self._read()), asyncio.create_task(self._beat())]
        await self.act("ready", notice=True, camera=True, microphone=True, speaker=True)

    async def post(self, path: str, **options: Any) -> Any:
        """A request of the page."""
        headers = {"x-csrf-token": self.csrf, **options.pop("headers", {})}
        return await self.http.post(f"/h/{self.words['hearing']}/{path}", headers=headers, **options)

    async def _read(self) -> None:
        async for text in self.socket:
            message = json.loads(text)
            if message["type"] == "view":
                self.view = message
            elif message["type"] == "result" and message["re"] in self.answers:
                self.answers.pop(message["re"]).set_result(message)

    async def _beat(self) -> None:
        for number in range(1_000_000):
            await asyncio.sleep(BEAT_SECONDS)
            message: dict[str, Any] = {"type": "heartbeat"}
            if number % REPORT_EVERY in (1, 3):  # every 5 s on average
                message = {"type": "line_report", "rtt_ms": random.randrange(30, 90)}
                message |= {"loss_percent": random.randrange(3), "jitter_ms": random.randrange(20)}
            await self.socket.send(json.dumps(message))

    async def act(self, kind: str, **fields: Any) -> None:
        """One command; raises when it is refused."""
        number = uuid.uuid4().hex
        answer = self.answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"type": kind, "id": number, **fields}))
        result = await asyncio.wait_for(answer, 60)
        assert result["ok"], (kind, result)

    async def send_media(self, fps: int) -> None:
        """Offer, connect and send."""
        answer = await self.post(
            f"media?generation={self.view['generation']}",
            content=await self.page.prepare(),
            headers={"content-type": "application/sdp"},
        )
        assert answer.status_code == 201, (answer.status_code, answer.text)
        await self.page.connect(answer.text)
        self.page.send(fps=fps)
        await self.act("microphone", on=True)
        await self.act("camera", on=True)

    async def close(self) -> None:
        """Go."""
        for task in self.tasks:
            task.cancel()
        await self.page.close()
        await self.socket.close()
        await self.http.aclose()


async def gather(installation: Any, words: dict[str, Any], sender: type, fps: int) -> dict[str, Caller]:
    """Everybody is in the room and sends; the recorder seals."""
    people = {role: Caller(installation, words, role, sender) for role in (*STAFF, *GUESTS)}
    for role in STAFF:
        await people[role].sign_in()
    judge, authority = people["judge"], people["authority"]
    opened = await people["clerk"].http.get(f"/h/{words['hearing']}")
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', opened.text)
    assert token is not None
    await people["clerk"].http.post(f"/h/{words['hearing']}/act/lobby", data={"csrf": token[1]})
    for role in GUESTS:
        await people[role].sign_in()
    for person in people.values():
        await person.enter()
    await judge.act("roll_call")
    seats = words["seats"]
    await authority.act("confirm_identity", participant=seats["witness"], method="known_to_authority")
    for role in GUESTS:
        await judge.act("admit", participant=seats[role])
    for person in people.values():
        await person.send_media(fps)
    while not (own := (authority.view.get("fingerprints") or {}).get("server")):  # noqa: ASYNC110 the worker has seen it
        await asyncio.sleep(0.1)
    await authority.act("compare_fingerprints", matched=True, certificate=own)
    return people


async def start(people: dict[str, Caller], seats: dict[str, str]) -> None:
    """The sound checks that the start needs, and the start."""
    judge, interpreter = people["judge"], people["interpreter"]
    for role in ("judge", "authority", "witness"):
        await judge.act("sound_check", participant=seats[role], lang="")
    for lang in [one["lang"] for one in judge.view["languages"]]:
        await interpreter.act("render", lang=lang)
        await judge.act("sound_check", participant=seats["interpreter"], lang=lang)
    await judge.act("start", reason="A clip that nobody hears.", without_camera=[], without_comparison=False)


async def at_rest(pid: int, seconds: float) -> float:
    """Cores of a process that does nothing, once what it does after its start is over: no window is lower any more."""
    from tests.benchmarks.bench_recording import cores

    (last,) = await cores(SETTLING_SECONDS, pid)
    for _ in range(MOST_WINDOWS):
        (now,) = await cores(SETTLING_SECONDS, pid)
        if now > last * 0.8:
            break
        last = now
    (idle,) = await cores(seconds, pid)
    return idle


async def measure(seconds: float) -> int:
    """The five people, and everything at once."""
    import aioice.ice

    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    from tests.benchmarks import bench_forwarding as forwarding
    from tests.benchmarks.bench_recording import cores
    from tests.support.installation import prepare
    from tests.support.process import serving

    sender = forwarding.make_sender(forwarding.load_pages(), forwarding.make_clip())
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "served").mkdir()
        installation = stack.enter_context(serving(prepare(folder / "data"), folder / "served"))
        words = installation.demonstration()
        assert installation.process is not None
        idle = await at_rest(installation.process.pid, seconds)
        people = await gather(installation, words, sender, forwarding.FPS)
        await start(people, words["seats"])
        await asyncio.sleep(10)
        assert people["judge"].view["status"] == "in_session", people["judge"].view["status"]
        (worker,), (recorder,) = (installation.processes(kind) for kind in ("worker", "recorder"))
        seal = int((installation.data / "keys/seal/lock").read_text())
        pids = (installation.process.pid, worker, recorder, seal)
        began = time.monotonic()
        web, forwarded, recorded, sealed = await cores(seconds, *pids)
        took = time.monotonic() - began
        for person in people.values():
            await person.close()
    media = forwarded + recorded + sealed
    print(f"{len(people)} people, {took:.0f} s")
    share = max(0.0, web - idle)
    print(f"web process      {web:7.4f} cores, {idle:.4f} without a hearing: the hearing's share is {share:.4f}")
    print(f"media worker     {forwarded:7.4f} cores")
    print(f"recorder         {recorded:7.4f} cores")
    print(f"seal             {sealed:7.4f} cores")
    print(f"whole web process / media     {web / media:7.1%}")
    print(f"share of the hearing / media  {share / media:7.1%} (limit {LIMIT:.0%})")
    return 0 if share <= LIMIT * media else 1


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the measurement")
    options = parser.parse_args()
    return asyncio.run(measure(options.seconds))


if __name__ == "__main__":
    sys.exit(main())
