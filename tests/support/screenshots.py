"""Pictures of pages: what the walk has looked at, as browsers show it in every mode, and a sheet of them all.

The walk keeps each answer as text at the moment when a page is in a state; browsers show that text later, at its own
address, with the styles and scripts of the service that is still running. So a state need not be kept up for as long as
all modes take, and the answers to forms have pictures too.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, Route

from tests.support.page_client import Client, Service
from tests.support.walk import NOT_WALKED, Walk
from web.server.rendering import WEB

HIGHEST = 5_000
"""Pixels of a page that a picture shows at most."""


@dataclass(frozen=True)
class Mode:
    """How a page is looked at."""

    name: str
    width: int
    height: int
    scheme: str
    language: str = "en"


MODES = (
    *(
        Mode(f"{scheme}-{width}", width, height, scheme)
        for scheme in ("light", "dark")
        for width, height in ((390, 844), (768, 1024), (1440, 900))
    ),
    Mode("arabic-1440", 1440, 900, "light", "ar"),
    Mode("arabic-390", 390, 844, "dark", "ar"),
)


@dataclass(frozen=True)
class MainPage:
    """One of the twelve main pages: who looks at it, a pattern of its address, and whether it counts as it was met
    last; else as it was met first.
    """

    title: str
    template: str
    who: str
    address: str
    last: bool = False


MAIN = (
    MainPage("docket", "docket.html", "clerk", "/docket"),
    MainPage("request", "request.html", "clerk", "{sent}"),
    MainPage("review of a request", "request.html", "authority", "{sent}"),
    MainPage("slot finder", "slots.html", "clerk", r"{accepted}/slots\?.*"),
    MainPage("hearing", "hearing.html", "clerk", "{home}"),
    MainPage("technical agreement", "technical.html", "clerk", r"{offered}/technical(\?.*)?", last=True),
    MainPage("live room, first step", "live.html", "clerk", "{home}/live"),
    MainPage("player", "recording.html", "clerk", "/recordings/[^/?]+"),
    MainPage("minutes", "minutes.html", "clerk", "{home}/minutes", last=True),
    MainPage("law check", "law_check.html", "clerk", r"/law/check\?.*"),
    MainPage("verification", "verify.html", "guest", "/verify"),
    MainPage("sign-in", "sign_in.html", "guest", "/sign-in"),
)


@dataclass
class State:
    """A page in a state: its text by language, and the picture's name without the mode."""

    template: str
    name: str
    who: str
    address: str
    url: str
    texts: dict[str, str]


def page_templates() -> set[str]:
    """The templates that are pages: whole documents, or what extends one. The others are parts of pages."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in WEB.glob("*/templates/*.html")}
    whole = {name for name, text in texts.items() if "{% extends" in text or "<!doctype html>" in text}
    return whole - {name for text in texts.values() for name in re.findall(r'{% extends "([^"]+)"', text)}


def wanted() -> set[str]:
    """The templates that the walk makes pages of, each of which must have a picture."""
    return page_templates() - NOT_WALKED


def shape(text: str) -> frozenset[tuple[str, str]]:
    """What a page is made of: two states of a page differ in it, two cases in the same state do not."""
    main = text.partition("<main")[2].partition("</main")[0]
    return frozenset(re.findall(r'<(\w+)[^>]*?class="([^"]*)"', main))


@contextmanager
def templates_used(service: Service) -> Iterator[list[str]]:
    """The names of the templates as they are asked for; the first one of an answer is its page."""
    environment = service.app.state.parts.templates
    real, used = environment.get_template, list[str]()

    def get_template(name: str, *rest: Any) -> Any:
        used.append(name)
        return real(name, *rest)

    environment.get_template = get_template
    try:
        yield used
    finally:
        environment.get_template = real


@dataclass
class Album(Walk):
    """A walk that keeps each page in each of its states, in English and in the other languages of `MODES`."""

    used: list[str] = field(default_factory=list)
    states: dict[tuple[str, object], State] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    """Who a client is, by its `id`."""
    places: Mapping[str, str] = field(default_factory=dict)
    """What stands in the braces of the addresses of `MAIN`."""
    main: dict[str, State] = field(default_factory=dict)
    """Of the main pages the state that counts, by title."""

    def client(self, who: str) -> Client:
        client = super().client(who)
        self.names[id(client)] = who or "guest"
        return client

    def look(self, client: Client, method: str, path: str, **options: Any) -> httpx.Response:
        self.used.clear()
        answer = super().look(client, method, path, **options)
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.keep(answer, self.used[0] if self.used else "none", self.names.get(id(client), ""), path)
        return answer

    def keep(self, answer: httpx.Response, template: str, who: str, path: str) -> None:
        """Keep the answer, if the page was not met in this state."""
        self.keep_main(answer, template, who, path)
        key = template, shape(answer.text)
        if key in self.states:
            return
        texts = {"en": answer.text}
        if answer.request.method == "GET":
            for language in {mode.language for mode in MODES} - {"en"}:
                headers = dict(answer.request.headers) | {"accept-language": language}
                texts[language] = httpx.get(answer.request.url, headers=headers, timeout=20).text
        number = sum(state.template == template for state in self.states.values()) + 1
        name = f"{template.removesuffix('.html')}-{number}"
        self.states[key] = State(template, name, who, path, str(answer.request.url), texts)

    def keep_main(self, answer: httpx.Response, template: str, who: str, path: str) -> None:
        """Keep the answer, if it is a main page as it counts."""
        for page in MAIN:
            pattern = page.address.format_map({name: re.escape(place) for name, place in self.places.items()})
            met = (template, who) == (page.template, page.who) and re.fullmatch(pattern, path.partition("#")[0])
            if met and answer.status_code == 200 and (page.last or page.title not in self.main):
                self.main[page.title] = State(
                    template, page.title, who, path, str(answer.request.url), {"en": answer.text}
                )

    def missing(self) -> set[str]:
        """The templates without a picture."""
        return wanted() - {state.template for state in self.states.values()}


# --- pictures ----------------------------------------------------------------------------------------------------


def served_as(state: State, language: str) -> Callable[[Route], None]:
    """Answers of a browser's requests: the page as it was kept, its styles and scripts, and nothing else."""

    def answer(route: Route) -> None:
        if route.request.is_navigation_request():
            route.fulfill(body=state.texts[language], content_type="text/html; charset=utf-8")
        elif "/static/" in route.request.url:
            route.continue_()
        else:
            route.abort()

    return answer


def show(page: Page, state: State, mode: Mode) -> None:
    """Have a page show a state."""
    page.unroute_all()
    page.route("**/*", served_as(state, mode.language))
    page.goto(state.url, wait_until="load")
    page.evaluate("document.fonts.ready.then(() => document.activeElement?.blur())")


def picture(page: Page, file: Path) -> None:
    """The whole page, as far as `HIGHEST`."""
    size: dict[str, int] = page.evaluate("({width: innerWidth, height: document.documentElement.scrollHeight})")
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], HIGHEST)}
    page.screenshot(path=file, full_page=True, clip=clip)  # type: ignore[arg-type]


def take(browser: Browser, states: Iterable[State], folder: Path, modes: Iterable[Mode] = MODES) -> list[str]:
    """A picture of each state in each mode it has a text for. Returns those that are wider than their window."""
    wide = []
    for mode in modes:
        context = browser.new_context(
            viewport={"width": mode.width, "height": mode.height},
            color_scheme="dark" if mode.scheme == "dark" else "light",
            locale="en-GB" if mode.language == "en" else mode.language,
            reduced_motion="reduce",
        )
        page = context.new_page()
        for state in states:
            if mode.language not in state.texts:
                continue
            show(page, state, mode)
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wide.append(f"{state.name} {mode.name}")
            picture(page, folder / f"{state.name}.{mode.name}.png")
        context.close()
    return wide


SHEET = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Contact sheet</title><style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 1rem; background: #888; }
h2 { margin: 1.5rem 0 .25rem; } h2 small { font-weight: 400; } div { display: flex; gap: 8px; flex-wrap: wrap; }
figure { margin: 0; } figcaption { font-size: 12px; }
img { block-size: 300px; inline-size: auto; max-inline-size: 480px; object-fit: cover; object-position: top; }
img { background: #fff; border: 1px solid #444; }
</style><h1>Contact sheet</h1>
"""


def contact_sheet(folder: Path, titles: Mapping[str, str]) -> Path:
    """A page with all pictures of a folder, one row for each state; `titles` by the names of states."""
    rows: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*.png")):
        rows.setdefault(file.name.split(".")[0], []).append(file)
    text = SHEET
    for name, files in rows.items():
        text += f'<h2 id="{escape(name)}">{escape(name)} <small>{escape(titles.get(name, ""))}</small></h2><div>\n'
        for file in files:
            mode = file.name.split(".")[1]
            source = escape(file.name)
            text += f'<figure><a href="{source}"><img src="{source}" loading="lazy" alt="{escape(name)}, {mode}"></a>'
            text += f"<figcaption>{mode}</figcaption></figure>\n"
        text += "</div>\n"
    sheet = folder / "index.html"
    sheet.write_text(text, encoding="utf-8")
    return sheet


# --- figures -----------------------------------------------------------------------------------------------------

MEASURE = """() => {
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && element.checkVisibility({ visibilityProperty: true });
  };
  const buttons = [...document.querySelectorAll("main .button:not(.second, .danger, .narrow)")];
  const primary = buttons.find((button) => seen(button) && button.getAttribute("aria-disabled") !== "true");
  let words = 0;
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    const visible = box.width > 1 && box.height > 1 && box.top < innerHeight && text.parentElement.checkVisibility();
    if (visible) words += text.data.split(/\\s+/).filter(Boolean).length;
  }
  const box = primary && primary.getBoundingClientRect();
  const at = box ? [Math.round(box.left), Math.round(box.top + scrollY)] : [];
  return {height: document.documentElement.scrollHeight, words, primary: primary ? primary.textContent.trim() : "", at};
}"""


@dataclass(frozen=True)
class PageFigures:
    """A page at 1440 × 900: its height, the primary action with its place, the words on the first screen."""

    page: str
    height: int
    primary: str
    at: tuple[int, ...]
    words: int

    def __str__(self) -> str:
        where = f"“{' '.join(self.primary.split())}” at {self.at[0]}, {self.at[1]}" if self.at else "none"
        return f"{self.page:24} {self.height:6} px {self.words:5} words   {where}"


def figures(browser: Browser, main: Mapping[str, State]) -> Iterator[PageFigures]:
    """Of each main page."""
    mode = next(mode for mode in MODES if mode.name == "light-1440")
    page = browser.new_page(viewport={"width": mode.width, "height": mode.height}, locale="en-GB")
    for title in (row.title for row in MAIN if row.title in main):
        show(page, main[title], mode)
        got = page.evaluate(MEASURE)
        yield PageFigures(title, got["height"], got["primary"], tuple(got["at"]), got["words"])
    page.context.close()
