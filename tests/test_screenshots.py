"""The script that takes pictures of every page has every page of the walk on its list."""

import re
from pathlib import Path

import pytest

from tests import screenshots
from tests.support.screenshots import MAIN, MODES, State, contact_sheet, page_templates, shape, wanted
from tests.support.walk import NOT_WALKED

ROOT = Path(__file__).parent.parent


def test_every_page_of_the_walk_is_on_the_list_and_nothing_else() -> None:
    pages = page_templates()
    assert {"docket.html", "live.html", "docs_page.html", "problem.html"} <= pages
    assert not {"base.html", "macros.html", "components.html"} & pages
    assert pages >= NOT_WALKED
    assert wanted() == pages - NOT_WALKED


def test_the_modes_are_both_themes_at_three_widths_and_arabic() -> None:
    english = {(mode.scheme, mode.width) for mode in MODES if mode.language == "en"}
    assert english == {(scheme, width) for scheme in ("light", "dark") for width in (390, 768, 1440)}
    assert {mode.width for mode in MODES if mode.language == "ar"} == {390, 1440}
    assert len({mode.name for mode in MODES}) == len(MODES)


def test_the_twelve_main_pages_and_the_pictures_of_the_documentation_are_pages() -> None:
    assert len(MAIN) == 12
    assert {page.template for page in MAIN} <= wanted()
    assert set(screenshots.DOCS.values()) <= {page.title for page in MAIN}


def test_every_picture_that_a_text_shows_is_made_by_the_script_and_small() -> None:
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    shown = {
        Path(name).name
        for text in texts
        for name in re.findall(r"!\[[^\]]*\]\(([^)]+\.png)\)", text.read_text(encoding="utf-8"))
    }
    assert shown == {*screenshots.DOCS, screenshots.ROOM}
    assert {file.name for file in screenshots.IMAGES.glob("*.png")} == shown
    assert [file.name for file in screenshots.IMAGES.glob("*.png") if file.stat().st_size > 200_000] == []


def test_the_script_that_pictures_the_room_presses_buttons_that_pages_have() -> None:
    script = (screenshots.IMAGES / "room.py").read_text(encoding="utf-8")
    pressed = re.findall(r'press\("([^"]+)"\)', script)
    steps = script.partition("async def prepare")[2].partition("async def ")[0]
    pressed += re.findall(r'^            "([^"]+)",$', steps.partition("await")[0], re.MULTILINE)
    sources = [*(ROOT / "web").glob("*/templates/*.html"), *(ROOT / "web" / "frontend" / "src").rglob("*.tsx")]
    messages = "".join(file.read_text(encoding="utf-8") for file in sources)
    assert len(pressed) > 12
    assert [name for name in pressed if not re.search(rf'(?:\bt|_)\("{re.escape(name)}"\)', messages)] == []


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ('<main><p class="a">other words</p></main>', True),
        ('<main><p class="a">words</p><p class="a">more</p></main><p class="b">', True),
        ('<main><p class="a">words</p><p class="error">wrong</p></main>', False),
    ],
)
def test_a_page_with_other_words_is_in_the_same_state_and_one_made_otherwise_in_another(other: str, same: bool) -> None:
    assert (shape(other) == shape('<main><p class="a">words</p></main>')) is same


def test_the_sheet_shows_each_picture_of_each_state_under_its_page(tmp_path: Path) -> None:
    state = State("docket.html", "docket-1", "clerk", "/docket?a&b", "http://x/docket", {})
    names = [f"{state.name}.{mode.name}.png" for mode in MODES]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    text = contact_sheet(tmp_path, {state.name: f"{state.who}: {state.address}"}).read_text(encoding="utf-8")
    assert sorted(re.findall(r'<img src="([^"]+)"', text)) == sorted(names)
    assert text.count("<h2") == 1 and "clerk: /docket?a&amp;b" in text
