"""Pictures of the live room: real browsers hold a hearing, and at each stage every page is looked at in every mode."""

import contextlib
import sqlite3
from pathlib import Path

from playwright.async_api import Page, expect

from tests.e2e.conftest import ROLES, Demo, People, Person, gathering
from tests.support import room_controls
from tests.support.browsers import DEVICES, chromium
from tests.support.process import ServedInstallation, serving
from tests.support.screenshots import MODES, Mode
from web.words.i18n import COOKIE

LOOKED_AT = ("judge", "clerk", "authority", "interpreter", "witness")
"""Whose pages differ, of those who take part in the demonstration."""
OTHERS = ("defendant", "defence", "support_person", "observer", "technician")
"""Roles whose page the witness's seat shows one after the other: nobody of the demonstration has them."""
ROOM = (*MODES, Mode("dark-1366", 1366, 768, "dark"), Mode("dark-zoom", 320, 225, "dark"))
"""Also a common laptop, and 400 % zoom of 1280 × 900."""
TABS = ("Cards", "Log", "Messages")
PAGES = ("network", "languages")


async def room(prepared: Path, scratch: Path, folder: Path) -> list[str]:
    """Hold a hearing from the roll call to its end. Returns the names of the states that have pictures."""
    scratch.mkdir(parents=True)
    taken: list[str] = []
    with serving(prepared, scratch) as installation:
        demo = Demo(installation, installation.demonstration())
        async with chromium(*DEVICES) as browser, gathering(browser, installation, demo, scratch) as people:
            for role in ROLES:  # pictures are in no hurry, and the machine may be busy
                (await people.person(role)).context.set_default_timeout(120_000)
            await people.gather()
            taken += await look(people, "roll", folder)
            taken += await pages(people["clerk"], demo, folder)
            await people.start_sitting()
            taken += await look(people, "session", folder)
            taken += await parts(people["judge"], folder)
            taken += await in_arabic(people, folder)
            await people["authority"].press("Hold", exact=True)
            await people["authority"].give_reason("A question of the law of Thailand.", "Put on hold")
            taken += await look(people, "hold", folder)
            await people["authority"].press("Resume")
            await people["authority"].give_reason("The law was looked up.", "Resume the hearing")
            taken += await others(people, installation, demo.words["seats"]["witness"], folder)
            await people.close()
            taken += await look(people, "closed", folder)
    return taken


async def look(people: People, stage: str, folder: Path, who: tuple[str, ...] = LOOKED_AT) -> list[str]:
    """A picture of each page in each mode that is English: the language of a page in the room is not changed."""
    return [await shoot(people[role].page, f"room_{role}_{stage}", folder) for role in who]


async def shoot(page: Page, name: str, folder: Path, language: str = "en") -> str:
    """The page in the modes of one language."""
    size = page.viewport_size
    for mode in ROOM:
        if mode.language == language:
            await page.set_viewport_size({"width": mode.width, "height": mode.height})
            await page.emulate_media(color_scheme="dark" if mode.scheme == "dark" else "light")
            await page.screenshot(path=folder / f"{name}.{mode.name}.png")
    if size is not None:
        await page.set_viewport_size(size)
    return name


async def speak(page: Page, language: str) -> None:
    """Have the next pages of this context in a language, as who chooses it."""
    url = page.url if page.url.startswith("http") else page.context.pages[0].url
    await page.context.add_cookies([{"name": COOKIE, "value": language, "url": url}])


async def parts(judge: Person, folder: Path) -> list[str]:
    """What the judge opens in session: the menu, the tabs, turns, a question."""
    page, names = judge.page, []
    await page.get_by_test_id("more").click()
    names.append(await shoot(page, "room_judge_menu", folder))
    await page.keyboard.press("Escape")
    await page.get_by_label("How people speak").select_option("consecutive")
    await expect(page.locator(".turns")).to_be_visible()
    for tab in TABS:
        await page.get_by_role("tab", name=tab).click()
        names.append(await shoot(page, f"room_judge_{tab.lower()}", folder))
    await page.get_by_role("tab", name="People").click()
    await page.get_by_label("How people speak").select_option("open")
    await judge.press("Devices", exact=True)
    names.append(await shoot(page, "room_judge_devices", folder))
    await judge.press("Done", exact=True)
    return names


async def in_arabic(people: People, folder: Path) -> list[str]:
    """The pages loaded again in Arabic, and once more in English."""
    names = []
    for role in LOOKED_AT:
        page = people[role].page
        for language in ("ar", "en"):
            await speak(page, language)
            await page.reload()
            await expect(page.locator(".room .tile video").first).to_be_visible(timeout=30_000)
            if language == "ar":
                names.append(await shoot(page, f"room_{role}_session", folder, language))
    return names


async def others(people: People, installation: ServedInstallation, seat: str, folder: Path) -> list[str]:
    """The witness's page as it is for roles that nobody of the demonstration has."""
    names = []
    for number, role in enumerate((*OTHERS, "witness"), 11):
        with contextlib.closing(sqlite3.connect(installation.data / "vivavoce.db", timeout=10)) as db:
            given = (role, 1 if role == "witness" else number, seat)
            db.execute("UPDATE participant SET role = ?, number = ? WHERE id = ?", given)
            db.commit()
        # An act has the view of everybody made anew.
        await (await room_controls.button(people["clerk"].page, "hand")).click()
        await people["witness"].page.wait_for_timeout(1_500)
        if role != "witness":
            names.append(await shoot(people["witness"].page, f"room_{role}_session", folder))
    return names


async def pages(clerk: Person, demo: Demo, folder: Path) -> list[str]:
    """The pages beside the room that belong to it."""
    names = []
    page = await clerk.context.new_page()
    for name in PAGES:
        for language in ("en", "ar"):
            await speak(page, language)
            await page.goto(f"{clerk.installation.url}/h/{demo.ref}/{name}")
            await shoot(page, f"page_{name}", folder, language)
        names.append(f"page_{name}")
    await page.close()
    return names
