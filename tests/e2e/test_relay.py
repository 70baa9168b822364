"""Two booths of two in real browsers, one of them by relay, and an interpreter who signs: by tone and colour."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from hearings.roles import Role
from tests.e2e import conftest as e2e
from tests.e2e.conftest import STAFF, Demo, gathering
from tests.e2e.test_hearing_by_video import counts
from tests.support import larger_hearings, room_controls
from tests.support.browsers import DEVICES, SPARING, chromium
from tests.support.larger_hearings import Guest
from tests.support.process import serving

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.large, pytest.mark.timeout(900)]

INTO_FRENCH = ("ro", "fr")
GUESTS = {
    "partner": Guest(role=Role.interpreter, name="Luis Bran", state="RO", speaks="ro"),
    "claire": Guest(role=Role.interpreter, name="Claire Morel", state="RO", speaks="fr", interprets=INTO_FRENCH),
    "paul": Guest(role=Role.interpreter, name="Paul Girard", state="RO", speaks="fr", interprets=INTO_FRENCH),
    "signer": Guest(role=Role.interpreter, name="Ioan Matei", state="RO", speaks="ro", interprets=("ro", "rms")),
    "victim": Guest(role=Role.civil_party, name="Vlad Enache", state="RO", speaks="rms"),
}
TONES = {"partner": 1620, "claire": 1900, "paul": 2200, "signer": 2500, "victim": 2800}
COLOURS = {"signer": "#a020c0"} | dict.fromkeys(("partner", "claire", "paul", "victim"), "#ffffff")
WITHOUT_CAMERA = ("clerk", "interpreter", "partner", "claire", "paul", "victim")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def court(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    """A sitting in which the witness speaks: Thai into Romanian by one booth, and on into French by the other."""
    folder = tmp_path_factory.mktemp("relay")
    e2e.TONES |= TONES
    e2e.COLOURS |= COLOURS
    e2e.NAMES |= {key: guest.name for key, guest in GUESTS.items()}
    with serving(prepared, folder) as installation:
        demo = Demo(installation, larger_hearings.seed(installation, GUESTS, booked=("fr", "rms")))
        async with chromium(*DEVICES, *SPARING) as browser, gathering(browser, installation, demo, folder) as made:
            made.many()
            made.quiet = frozenset({"clerk", "partner", "paul", "signer", "victim"})
            made.channels = (*made.channels, ("claire", "2", "Français"))
            await made.come(*STAFF, "witness", "interpreter", *GUESTS, without_camera=WITHOUT_CAMERA)
            await made["judge"].press("Start the roll call")
            await made.identify(e2e.NAMES["witness"])
            for role in ("witness", "interpreter", *GUESTS):
                await made["judge"].press(f"Admit {e2e.NAMES[role]}", exact=True)
            for role in ("witness", "interpreter", "claire"):
                await made[role].offers("Unmute")
            await made.start_sitting()
            await made.by_turn()
            await made.gives_floor("witness")
            await made.interprets("interpreter", "1")
            yield made


async def listen(person: Any, language: str) -> None:
    """Choose the language one hears."""
    await (await room_controls.field(person.page, "I hear")).select_option(language)


@pytest.mark.asyncio(loop_scope="module")
async def test_who_interprets_by_relay_hears_the_pivot_and_is_heard_in_a_third_language(court: Any) -> None:
    clerk, claire = court["clerk"], court["claire"]
    for role in ("claire", "paul"):
        await listen(court[role], "ro")
    await listen(clerk, "fr")
    await court.heard("claire", full=("interpreter",), under=("witness",))
    await court.heard("clerk", full=("claire",), under=("witness",))
    await court.heard("judge", full=("interpreter",), under=("witness",))
    await court.heard("authority", full=("witness",))
    await expect(claire.page.get_by_text("You interpret by relay through Romanian.")).to_be_visible()
    await expect(clerk.page.get_by_text("You hear French, by relay through Romanian.")).to_be_visible()


@pytest.mark.asyncio(loop_scope="module")
async def test_two_booths_hand_over_at_once_and_of_each_one_microphone_is_heard(court: Any) -> None:
    pairs = (("interpreter", "partner"), ("claire", "paul"))
    for _first, second in pairs:
        await court[second].press("Unmute", exact=True)
        await expect(court[second].page.get_by_text("Your partner in the booth has the turn").first).to_be_visible()
        await court[second].press("Take the turn")
    await court.heard("clerk", full=("claire",), under=("witness",))
    await asyncio.gather(*(court[first].press("Hand over") for first, _second in pairs))
    for second, language in (("partner", "Română"), ("paul", "Français")):
        await expect(court[second].page.get_by_text(f"LIVE into {language}").first).to_be_visible()
    await court.heard("judge", full=("partner",), under=("witness",))
    await court.heard("paul", full=("partner",), under=("witness",))
    await court.heard("clerk", full=("paul",), under=("witness",))
    before = await counts(court["clerk"])

    async def one_of_each() -> None:
        grown = {key[:3] for key, packets in (await counts(court["clerk"])).items() if packets > before.get(key, 0)}
        seats = court.demo.words["seats"]
        assert {key for key in grown if key[1] == "channel"} == {
            (seats["partner"], "channel", "ro"),
            (seats["paul"], "channel", "fr"),
        }

    await asyncio.sleep(1)
    await court.until(one_of_each)
    for first, _second in pairs:
        await expect(court[first].page.get_by_role("button", name="Unmute", exact=True)).to_be_visible()


@pytest.mark.asyncio(loop_scope="module")
async def test_who_signs_is_large_for_who_sees_that_language_whatever_else_they_choose(court: Any) -> None:
    victim, seats = court["victim"], court.demo.words["seats"]
    await court["signer"].page.keyboard.press("2")
    signing = victim.page.get_by_test_id(f"tile-{seats['signer']}")
    await expect(signing).to_have_class(re.compile(r"\blarge\b"))
    await court.seen("victim", "signer", "witness")
    await victim.page.get_by_test_id(f"tile-{seats['judge']}").get_by_role("button", name="Show large").click()
    await court.seen("victim", "signer", "judge")
    sizes = {
        role: await victim.page.get_by_test_id(f"tile-{seats[role]}").locator(".picture").bounding_box()
        for role in ("signer", "judge", "witness")
    }
    assert sizes["signer"]["width"] > 2 * max(sizes["judge"]["width"], sizes["witness"]["width"]), sizes
    # For who hears a spoken language the person heard is large.
    await expect(court["authority"].page.get_by_test_id(f"tile-{seats['witness']}")).to_have_class(re.compile("large"))
    await victim.accessible()


@pytest.mark.asyncio(loop_scope="module")
async def test_every_channel_and_the_picture_of_who_signs_are_in_the_sealed_recording(
    court: Any, tmp_path: Path
) -> None:
    await court.close()
    code, text = await asyncio.to_thread(court.installation.verify, court.demo.words["policy"], tmp_path)
    assert (code, "verified" in text) in ((0, True), (10, True)), text
    tracks = {line["track"] for line in court.installation.journal("segment")}
    voices = {f"interpreter_{number}_mic" for number in (1, 2, 3, 4)}
    assert voices | {"channel_ro", "channel_th", "channel_fr", "interpreter_5_cam"} <= tracks
    assert not {"channel_rms", "interpreter_5_mic"} & tracks
