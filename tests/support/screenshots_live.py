"""Pictures of the live room: real browsers hold a hearing, and at each stage every page is looked at in every mode."""

from pathlib import Path

from tests.e2e.conftest import Demo, People, gathering
from tests.support.browsers import DEVICES, chromium
from tests.support.process import serving
from tests.support.screenshots import MODES

LOOKED_AT = ("judge", "authority", "interpreter", "witness")
"""Whose pages differ."""


async def room(prepared: Path, scratch: Path, folder: Path) -> list[str]:
    """Hold a hearing from the roll call to its end. Returns the names of the states that have pictures."""
    scratch.mkdir(parents=True)
    taken: list[str] = []
    with serving(prepared, scratch) as installation:
        demo = Demo(installation, installation.demonstration())
        async with chromium(*DEVICES) as browser, gathering(browser, installation, demo, scratch) as people:
            await people.gather()
            taken += await look(people, "roll", folder)
            await people.start_sitting()
            taken += await look(people, "session", folder)
            await people["authority"].press("Hold", exact=True)
            await people["authority"].give_reason("A question of the law of Thailand.", "Put on hold")
            taken += await look(people, "hold", folder)
            await people["authority"].press("Resume")
            await people["authority"].give_reason("The law was looked up.", "Resume the hearing")
            await people.close()
            taken += await look(people, "closed", folder)
    return taken


async def look(people: People, stage: str, folder: Path) -> list[str]:
    """A picture of each page in each mode that is English: the language of a page in the room is not changed."""
    names = []
    for role in LOOKED_AT:
        page = people[role].page
        size = page.viewport_size
        for mode in MODES:
            if mode.language == "en":
                await page.set_viewport_size({"width": mode.width, "height": mode.height})
                await page.emulate_media(color_scheme="dark" if mode.scheme == "dark" else "light")
                await page.screenshot(path=folder / f"room_{role}_{stage}.{mode.name}.png")
        if size is not None:
            await page.set_viewport_size(size)
        names.append(f"room_{role}_{stage}")
    return names
