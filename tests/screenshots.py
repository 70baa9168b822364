"""Pictures of every page in every state: both themes, three widths, and Arabic.

.venv/bin/python -m tests.screenshots FOLDER               all of them, and a contact sheet (index.html)
.venv/bin/python -m tests.screenshots FOLDER --only NAME   the states whose names begin so
.venv/bin/python -m tests.screenshots FOLDER --room        the live room alone, as each role sees it
.venv/bin/python -m tests.screenshots --figures            height, primary action and words of the twelve main pages
.venv/bin/python -m tests.screenshots --docs               the pictures that the documentation shows, into docs/images

Serves a demonstration of its own and goes through it as tests/support/walk.py does, so that a page of the walk has its
picture. Needs what the tests need. All take about twenty minutes. The room with people in it: docs/images/room.py.
"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from tests.support import page_client, screenshots_live
from tests.support.browsers import DEVICES, chromium_in_step
from tests.support.busy_court import busy_court
from tests.support.installation import prepare
from tests.support.screenshots import MODES, Album, State, contact_sheet, figures, show, take, templates_used
from tests.support.walk import send_every_form, through

IMAGES = Path(__file__).parent.parent / "docs" / "images"
DOCS: Mapping[str, str] = {"docket.png": "docket", "request.png": "request", "slots.png": "slot finder"}
"""The pictures of the documentation, by file: the main page that each shows."""
ROOM = "room.png"
"""The picture that docs/images/room.py makes."""
DOCS_SIZE = (1440, 900)


@contextmanager
def album(folder: Path) -> Iterator[Album]:
    """A demonstration that everybody has gone through; it is served until the end."""
    (folder / "service").mkdir()
    with page_client.serving(prepare(folder / "prepared"), folder / "service") as service:
        court = busy_court(service)
        with templates_used(service) as used:
            made = Album(service, {"accept-language": "en"}, used=used, places=court.places)
            through(made, court)
            main = dict(made.main)
            send_every_form(made)
            made.main = main  # as people meet these pages, not as nonsense leaves them
        yield made


def write_docs(browser: Browser, main: Mapping[str, State]) -> None:
    """The pictures of the documentation: one window of each, in few colours."""
    width, height = DOCS_SIZE
    page = browser.new_page(viewport={"width": width, "height": height}, locale="en-GB", color_scheme="light")
    mode = next(mode for mode in MODES if mode.name == "light-1440")
    with tempfile.TemporaryDirectory() as folder:
        for name, title in DOCS.items():
            show(page, main[title], mode)
            page.screenshot(path=Path(folder) / name)
            palette = "split[a][b];[a]palettegen=max_colors=96:stats_mode=full[p];[b][p]paletteuse=dither=none"
            ffmpeg = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-i", str(Path(folder) / name)]
            subprocess.run([*ffmpeg, "-vf", palette, str(IMAGES / name)], check=True)
            print(f"{IMAGES / name}: {(IMAGES / name).stat().st_size // 1000} kB")


def main(arguments: list[str]) -> int:
    """Read the command line. Returns 1 when a page has no picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where pictures and contact sheet go")
    parser.add_argument("--only", default="", help="beginning of the names of states")
    parser.add_argument("--room", action="store_true", help="the live room alone, in real browsers")
    parser.add_argument("--figures", action="store_true")
    parser.add_argument("--docs", action="store_true")
    given = parser.parse_args(arguments)
    if not given.folder and (given.room or not (given.figures or given.docs)):
        parser.error("say where the pictures go, or --figures or --docs")
    scratch = Path(tempfile.mkdtemp())
    try:
        if given.room:
            given.folder.mkdir(parents=True, exist_ok=True)
            taken = asyncio.run(screenshots_live.room(prepare(scratch / "prepared"), scratch / "room", given.folder))
            print(f"{len(taken)} states of the room: {contact_sheet(given.folder, {})}")
            return 0
        with album(scratch) as made, chromium_in_step(*DEVICES) as browser:
            states = list(made.states.values())
            if given.figures:
                print(*figures(browser, made.main), sep="\n")
            if given.docs:
                write_docs(browser, made.main)
            if given.folder:
                given.folder.mkdir(parents=True, exist_ok=True)
                chosen = [state for state in states if state.name.startswith(given.only)]
                wide = take(browser, chosen, given.folder)
                titles = {state.name: f"{state.who}: {state.address}" for state in states}
                print(f"{len(chosen)} states: {contact_sheet(given.folder, titles)}")
                print(*(f"wider than its window: {name}" for name in wide), sep="\n")
            print(*(f"no picture: {name}" for name in sorted(made.missing())), sep="\n")
            return 1 if made.missing() else 0
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
