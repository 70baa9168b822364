"""The whole road in real browsers: gathering, hearing, recording, close, verification by what others wrote."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(420)]

SILENT = 0.002
HEARD = 0.05


async def test_a_hearing_from_gathering_to_a_verified_recording(
    people: Any, installation: Any, demo: Any, roles: tuple[str, ...], tmp_path: Path
) -> None:
    await people.gather(look=True)
    await people.start_sitting()
    judge, clerk, authority = people["judge"], people["clerk"], people["authority"]
    witness, interpreter = people["witness"], people["interpreter"]
    seat = demo.words["seats"]

    # She speaks into Thai: who hears Thai has her at full level over the Romanian floor at 15 %; nobody else has her.
    async def into_thai() -> None:
        at_witness = await witness.hears("judge", "interpreter", "authority")
        assert at_witness["interpreter"] > HEARD
        assert at_witness["authority"] > HEARD
        assert 0.1 < at_witness["judge"] / at_witness["authority"] < 0.2
        at_judge = await judge.hears("interpreter", "witness", "clerk")
        assert at_judge["interpreter"] < SILENT
        assert 0.8 < at_judge["witness"] / at_judge["clerk"] < 1.25

    await people.until(into_thai)
    await expect(judge.page.get_by_text("Nobody is interpreting into").first).to_be_visible()
    before = await counts(clerk)

    # One key turns her round.
    await interpreter.page.keyboard.press("1")

    async def into_romanian() -> None:
        at_judge = await judge.hears("witness", "interpreter", "clerk")
        assert at_judge["interpreter"] > HEARD
        assert 0.1 < at_judge["witness"] / at_judge["clerk"] < 0.2
        at_witness = await witness.hears("interpreter", "judge", "authority")
        assert at_witness["interpreter"] < SILENT
        assert 0.8 < at_witness["judge"] / at_witness["authority"] < 1.25

    await people.until(into_romanian)
    middle = await counts(clerk)
    moving = (seat["interpreter"], "channel", "ro", seat["judge"])
    still = (seat["interpreter"], "channel", "th", seat["witness"])
    assert middle[moving] > before.get(moving, 0)

    async def goes_on() -> None:
        assert (await counts(clerk))[moving] > middle[moving] + 50

    await people.until(goes_on)
    after = await counts(clerk)
    assert after[still] == middle[still] > 0
    forbidden = {
        (origin, kind, lang, receiver)
        for origin, kind, lang, receiver in after
        if (
            origin == seat["interpreter"]
            and ((kind == "floor") or (lang == "ro" and receiver in (seat["authority"], seat["witness"])))
        )
        or (kind == "channel" and lang == "th" and receiver in (seat["judge"], seat["clerk"]))
    }
    assert {key for key in forbidden if after[key] > 0} == set()

    for person in (judge, interpreter, witness):
        await person.accessible()

    # Everybody sees everybody, each in their colour.
    async def seen() -> None:
        for person in people.all.values():
            for role in roles:
                if role != person.role:
                    assert near(await person.sees(seat[role]), people.colours[role]), (person.role, role)

    await people.until(seen)

    # A hold by the requested authority silences everybody, and only it can lift it.
    await authority.press("Hold", exact=True)
    await authority.give_reason("The witness asks for counsel.", "Hold the hearing")
    for person in people.all.values():
        await expect(person.hold_bar).to_contain_text("Requested authority")

    await authority.accessible()

    async def silence() -> None:
        assert max((await witness.hears("judge", "interpreter", "authority")).values()) < SILENT

    await people.until(silence)
    await expect(judge.page.get_by_role("button", name="Resume")).to_have_count(0)
    await authority.press("Resume")
    await authority.give_reason("Counsel was consulted.", "Resume the hearing")
    for person in people.all.values():
        await expect(person.hold_bar).to_have_count(0)

    # The judge mutes the clerk; only the clerk opens the microphone again.
    await judge.press("Mute Mihai Dinu")

    async def muted() -> None:
        assert (await judge.hears("clerk"))["clerk"] < SILENT

    await people.until(muted)
    await expect(clerk.page.get_by_text("The court has switched off your microphone").first).to_be_visible()
    await clerk.press("Turn on my microphone")

    async def audible() -> None:
        assert (await judge.hears("clerk"))["clerk"] > 0.01

    await people.until(audible)

    # Reload: same seat, listening, muted, no lobby.
    await witness.page.reload()
    await expect(witness.page.get_by_role("button", name="Turn on my microphone")).to_be_visible(timeout=20_000)

    async def listening() -> None:
        assert (await witness.hears("judge"))["judge"] > 0.01
        assert (await judge.hears("witness"))["witness"] < SILENT

    await people.until(listening)
    await asyncio.sleep(2)

    # Close: the last seal first; then the bag verifies.
    await people.close()
    code, text = await asyncio.to_thread(installation.verify, demo.words["policy"], tmp_path)
    assert (code, "verified with declared gaps" in text) == (10, True), text
    await play(authority, installation, demo, people.colours["witness"])
    tracks = {line["track"] for line in installation.journal("segment")}
    assert tracks == {f"{role}_1_{kind}" for role in roles for kind in ("mic", "cam")} | {"channel_ro", "channel_th"}
    # "other": the fraction of a second before a camera's first key frame.
    causes = {line["cause"] for line in installation.journal("gap")}
    assert "order" in causes <= {"order", "sender_off", "network", "other"}
    assert installation.processes("worker") == installation.processes("recorder") == []


async def play(authority: Any, installation: Any, demo: Any, colour: str) -> None:
    """The requested State's authority plays the recording with its own key file, decrypted in the browser."""
    page = authority.page
    await page.goto(f"{installation.url}/recordings/{installation.recording().name}")
    await page.get_by_label("Why do you view this recording?").select_option("minutes")
    key_file = next(path for path in demo.words["key_files"] if "thailand" in path)
    await page.get_by_label("Key file of your authority").set_input_files(key_file)
    await page.get_by_role("button", name="Open the recording").click()
    await expect(page.get_by_test_id("verdict")).to_contain_text("Verified with declared gaps", timeout=30_000)
    await page.get_by_label("Position in the recording").fill("4")
    await page.get_by_role("button", name="Play", exact=True).click()

    async def shown() -> None:
        picture = await page.evaluate(
            "() => window.__colour(document.querySelector('[data-testid=\"tile-witness_1_cam\"] video'))"
        )
        assert near(picture, colour), picture

    await authority.until(shown)
    began = time.monotonic()
    before = float(await page.get_by_label("Position in the recording").input_value())
    await page.get_by_label("Romanian").check()
    after = float(await page.get_by_label("Position in the recording").input_value())
    assert 0 <= after - before < 3 + (time.monotonic() - began)


async def counts(clerk: Any) -> dict[tuple[str, str, str, str], int]:
    """Packets handed to the worker's socket, by (origin, kind, language, receiver)."""
    found = await clerk.page.evaluate("async (ref) => (await fetch(`/h/${ref}/packets`)).json()", clerk.demo.ref)
    return {(c["origin"], c["kind"], c["lang"], c["receiver"]): c["packets"] for c in found["counts"]}


def near(colour: list[int] | None, wanted: str) -> bool:
    """Whether a mean colour is the one of the canvas, codec and scaling allowed for."""
    parts = [int(wanted[i : i + 2], 16) for i in (1, 3, 5)]
    return colour is not None and all(abs(found - part) < 50 for found, part in zip(colour, parts, strict=True))
