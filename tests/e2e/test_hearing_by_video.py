"""The whole road in real browsers: request, gathering, hearing, recording, close, verification, playing."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import COLOURS, Demo, Installation, People, Person
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

ALL = ("judge", "clerk", "authority", "witness", "interpreter")


async def gather(people: People) -> None:
    """Everybody signs in, opens the live page and passes the check; the judge admits; the roll is called."""
    for role in ALL[:3]:
        await people.person(role)
        await people[role].sign_in()
    await open_lobby(people["clerk"])
    for role in ALL[3:]:
        await people.person(role)
        await people[role].sign_in()
    for role in ALL:
        await people[role].prepare()
    judge, authority = people["judge"], people["authority"]
    await judge.press("Begin the roll call")
    await authority.press("Confirm the identity of Somchai Wongsa")
    await authority.press("Confirm identity", exact=True)
    await expect(judge.page.get_by_text("identity confirmed")).to_be_visible()
    await judge.press("Admit Somchai Wongsa")
    await judge.press("Admit Ana Chaiyaporn")
    for role in ALL[3:]:
        await expect(people[role].page.get_by_role("button", name="Turn on my microphone")).to_be_visible()


async def open_lobby(clerk: Person) -> None:
    await clerk.page.goto(f"{clerk.installation.url}/h/{clerk.demo.ref}")
    await clerk.press("Open the lobby")
    await expect(clerk.page.get_by_text("Lobby open").first).to_be_visible()


async def start_sitting(people: People) -> None:
    """Microphones on, sound checks, start."""
    for role in ALL:
        await people[role].press("Turn on my microphone")
    judge, interpreter = people["judge"], people["interpreter"]
    for name in ("Ioana Popa", "Niran Srisai", "Somchai Wongsa"):
        await judge.press(f"Check {name}", exact=True)
        await expect(judge.page.get_by_role("button", name=f"Check {name} again")).to_be_visible(timeout=30_000)
    for key, language in (("1", "Română"), ("2", "ไทย")):
        await interpreter.page.keyboard.press(key)
        await expect(interpreter.page.get_by_text(f"LIVE into {language}")).to_be_visible()
        await judge.press(f"Check Ana Chaiyaporn, into {language}", exact=True)
        await expect(
            judge.page.get_by_role("button", name=f"Check Ana Chaiyaporn, into {language} again")
        ).to_be_visible(timeout=30_000)
    await expect(judge.page.get_by_text("5 of 5 required ones passed")).to_be_visible()
    await judge.press("Start the sitting")
    await judge.press("Start now")
    for role in ALL:
        await expect(indicator(people[role])).to_contain_text("RECORDING", timeout=30_000)


def indicator(person: Person) -> Any:
    return person.page.get_by_test_id("rec-indicator")


async def settled(check: Any, seconds: float = 12) -> None:
    """Wait until an async assertion holds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while True:
        try:
            await check()
            return
        except AssertionError:
            if loop.time() > until:
                raise
            await asyncio.sleep(0.3)


async def test_a_hearing_from_gathering_to_a_verified_recording(
    people: People, installation: Installation, demo: Demo, tmp_path: Path
) -> None:
    await gather(people)
    await start_sitting(people)
    judge, clerk, authority = people["judge"], people["clerk"], people["authority"]
    witness, interpreter = people["witness"], people["interpreter"]

    # The interpreter speaks into Thai: the witness (hears Thai) has her at full level and the judge at 15 %.
    async def thai() -> None:
        heard = await witness.hears("judge", "interpreter", "authority", "clerk")
        assert heard["interpreter"] > 0.05
        assert heard["authority"] > 0.05
        assert 0.05 < heard["judge"] / heard["authority"] < 0.35
        at_judge = await judge.hears("interpreter", "witness", "clerk")
        assert at_judge["interpreter"] < 0.002
        assert at_judge["witness"] > 0.05  # nobody renders into Romanian: the floor at 100 %
        assert at_judge["clerk"] > 0.05

    await settled(thai)
    await expect(judge.page.get_by_text("Nobody is interpreting into").first).to_be_visible()

    # One key turns her round: now the judge has her, and the witness at 15 %; Thai listeners get no packet of hers.
    before = await counts(clerk)
    await interpreter.page.keyboard.press("1")

    async def romanian() -> None:
        heard = await judge.hears("witness", "interpreter", "clerk")
        assert heard["interpreter"] > 0.05
        assert 0.05 < heard["witness"] / heard["clerk"] < 0.35
        at_witness = await witness.hears("interpreter", "judge", "authority")
        assert at_witness["interpreter"] < 0.002
        assert at_witness["judge"] > 0.05

    await settled(romanian)
    for person in people.all.values():
        for role in ALL:
            if role != person.role:
                colour = await person.sees(demo.words["seats"][role])
                assert colour is not None and near(colour, COLOURS[role]), (person.role, role, colour)
    middle = await counts(clerk)
    await asyncio.sleep(1.5)
    after = await counts(clerk)
    seat = demo.words["seats"]
    for listener in ("authority", "witness"):
        key = (seat["interpreter"], "channel", "ro", seat[listener])
        assert after.get(key, 0) == 0
    moving = (seat["interpreter"], "channel", "ro", seat["judge"])
    assert after[moving] > middle.get(moving, 0) > before.get(moving, 0)
    still = (seat["interpreter"], "channel", "th", seat["witness"])
    assert after[still] == middle[still]

    # A mute reaches the server; a hold by the requested authority silences all and only it can lift it.
    await authority.press("HOLD")
    await authority.page.get_by_label("Reason").fill("The witness asked for counsel.")
    await authority.press("Hold the hearing", exact=True)
    for role in ALL:
        await expect(people[role].page.get_by_test_id("hold-bar")).to_be_visible()
    await asyncio.sleep(1)
    assert max((await witness.hears("judge", "interpreter", "authority")).values()) < 0.002
    await expect(judge.page.get_by_test_id("hold-bar")).to_contain_text("Requested authority")
    assert await judge.page.get_by_role("button", name="Resume").count() == 0 or await judge.page.get_by_role(
        "button", name="Resume"
    ).first.get_attribute("aria-disabled")
    await authority.press("Resume")
    await authority.page.get_by_label("Reason").fill("Counsel was consulted.")
    await authority.press("Resume the hearing", exact=True)
    await expect(witness.page.get_by_test_id("hold-bar")).to_have_count(0)

    # Reload: same seat, listening, muted, no lobby.
    await witness.page.reload()
    await expect(witness.page.get_by_role("button", name="Turn on my microphone")).to_be_visible(timeout=20_000)

    async def back() -> None:
        assert (await witness.hears("judge"))["judge"] > 0.01

    await settled(back)

    # Close: the last seal first; then the bag verifies with and without our software.
    await judge.press("Close the sitting")
    await judge.press("Close now")
    await expect(judge.page.get_by_text("The hearing is closed").first).to_be_visible(timeout=30_000)
    recording = next(iter((installation.data / "recordings").iterdir()))
    bag = tmp_path / "bag"
    installation.run("export", recording.name, str(bag))
    policy = tmp_path / "policy.txt"
    policy.write_text(demo.words["policy"])
    done = subprocess.run(
        [sys.executable, "-m", "web.cli", "verify", str(bag), "--policy", str(policy), "--without-stamp"],
        capture_output=True,
        env=installation.environment,
        timeout=60,
        check=False,
    )
    assert done.returncode == 10, done.stdout.decode() + done.stderr.decode()
    assert b"verified with declared gaps" in done.stdout
    journal = [json.loads(line) for line in (recording / "journal.jsonl").read_text().splitlines()]
    tracks = {line["track"] for line in journal if line["type"] == "segment"}
    wanted = {f"{role}_1_{kind}" for role in ALL for kind in ("mic", "cam")} | {"channel_ro", "channel_th"}
    assert tracks == wanted


async def counts(clerk: Person) -> dict[tuple[str, str, str, str], int]:
    """Packets handed to the worker's socket, by (origin, kind, language, receiver)."""
    found = await clerk.page.evaluate("async (ref) => (await fetch(`/h/${ref}/packets`)).json()", clerk.demo.ref)
    return {(c["origin"], c["kind"], c["lang"], c["receiver"]): c["packets"] for c in found["counts"]}


def near(colour: list[int], wanted: str) -> bool:
    """Whether a mean colour is the one of the canvas, codec and scaling allowed for."""
    parts = [int(wanted[i : i + 2], 16) for i in (1, 3, 5)]
    return all(abs(found - part) < 40 for found, part in zip(colour, parts, strict=True))
