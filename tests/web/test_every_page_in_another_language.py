"""Every page in a made-up language: English prose of the program that stands outside a message is found."""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.routing import Match, Route

from hearings.models.law import LawKind
from hearings.signatures.jws import encode
from tests.support.brackets import CLOSED, OPENED, Brackets
from web import app
from web.demo import agreement as demo_agreement, demo
from web.requests.steps import STEPS
from web.server.rendering import WEB
from web.words import i18n

TAG = "ru"
"""The language that is replaced: names of States and days then come in Cyrillic, so that what is Latin is ours."""


@pytest.fixture(scope="module", autouse=True)
def bracketed() -> Iterator[None]:
    """Russian is spoken in brackets."""
    real, made = i18n.translations, Brackets()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(i18n, "translations", lambda tag: made if tag == TAG else real(tag))
        yield


# --- reading a page ----------------------------------------------------------------------------------------------

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
UNREAD = frozenset("script style svg code pre kbd samp time bdi template textarea".split())  # noqa: SIM905
"""No prose of the program: code, times, what people typed."""
SAID = ("aria-label", "title", "alt", "placeholder", "label")
"""Attributes that are read out or shown."""
SHOWN = re.compile(r"data-(label|text|[\w-]+-text|[\w-]+-stay)")
WORD = r"(?<![\w./:-])[A-Za-z][A-Za-z’']+(?![\w/:@]|\.\w)"
PROSE = re.compile(rf"{WORD}(?:[ ,;]+{WORD})+")
"""Two or more words of Latin letters in a row."""


class Reader(HTMLParser):
    """What a person reads of a page, piece by piece, without what is marked as another language."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.pieces: list[str] = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        silent = self.silent or tag in UNREAD or (given.get("lang") or TAG) != TAG
        if not silent:
            self.pieces += [value or "" for name, value in attrs if name in SAID or SHOWN.fullmatch(name)]
        if tag in VOID:
            return
        self.open.append((tag, silent))
        self.pieces.append("")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass
        self.pieces.append("")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.pieces[-1] += data

    @property
    def silent(self) -> bool:
        return bool(self.open) and self.open[-1][1]


TYPED = re.compile(
    "|".join(
        rf"(?<!\w){re.escape(text)}(?!\w)"
        for text in sorted(
            {value for value in demo.REQUEST.values() if isinstance(value, str) and " " in value}
            | {word for person in demo.STAFF.values() for word in (person[1], *person[3:])}
            | {"Somchai Wongsa", "Ana Chaiyaporn", "Escrow of the demonstration", "The witness agrees to be heard."}
            | {demo_agreement.WITHOUT_TEST, "Criminal Court"},
            key=len,
            reverse=True,
        )
    )
)
"""What the people of the demonstration have typed."""


def english(page: str) -> list[str]:
    """The English that stands on a page outside messages and outside what people typed."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    found = []
    for piece in reader.pieces:
        rest = TYPED.sub("·", re.sub(f"{OPENED}[^{CLOSED}]*{CLOSED}", "·", " ".join(piece.split())))
        if PROSE.search(rest):
            found.append(rest)
    return found


@dataclass
class Form:
    """A form: `fields` with the values they have already, None where somebody types."""

    method: str
    action: str
    files: bool
    fields: dict[str, str | None] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "form":
            files = given.get("enctype", "").startswith("multipart")
            self.found.append(Form(given.get("method", "get"), given.get("action", ""), files))
        elif self.found and given.get("name") and tag in ("input", "select", "textarea", "button"):
            kept = given.get("type") in ("hidden", "radio", "checkbox") or tag == "button"
            self.found[-1].fields.setdefault(given["name"], given.get("value", "yes") if kept else None)


# --- walking -----------------------------------------------------------------------------------------------------

NONSENSE = "жжж"
"""Typed into every field of every form."""


@pytest.fixture(scope="module")
def rendered(running) -> Iterator[set[str]]:
    """The templates that have made a page."""
    templates = running.app.state.parts.templates
    real, seen = templates.get_template, set[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates, "get_template", lambda name, *rest: seen.add(name) or real(name, *rest))
        yield seen


ROUTES = [route for route in app._routes() if isinstance(route, Route)]
KEPT = frozenset({"csrf", "version", "number", "revision", "lists", "offer", "secret"})
"""Fields a form sends even when nobody has filled it in."""


def route_of(path: str, method: str = "GET") -> Route | None:
    scope = {"type": "http", "path": path, "method": method, "root_path": "", "headers": []}
    return next((route for route in ROUTES if route.matches(scope)[0] is Match.FULL), None)


@dataclass
class Walk:
    """What has been looked at, by whom, and the English that was found with where it stands."""

    service: Any
    pages: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Address by route and names in the query."""
    forms: dict[tuple[object, ...], tuple[Any, Form]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)

    def client(self, who: str) -> Any:
        client = self.service.signed_in(who) if who else self.service.client()
        client.headers["accept-language"] = TAG
        return client

    def look(self, client: Any, method: str, path: str, **options: object) -> httpx.Response:
        self.service.app.state.parts.buckets.levels.clear()
        answer = client.post(path, **options) if method == "post" else client.get(path, **options)
        if answer.headers.get("content-type", "").startswith("text/html"):
            for piece in english(answer.text):
                self.found.setdefault(piece, f"{answer.status_code} {method} {path}")
        return answer

    def follow(self, client: Any, begin: Iterable[str]) -> None:
        """The addresses, and what they link to: of each route one."""
        begin = list(begin)
        queue, given = deque(begin), set(begin)
        while queue:
            address = queue.popleft().partition("#")[0]
            path, _mark, query = address.partition("?")
            route = route_of(path)
            kind = (route.path if route else path, *sorted(dict(parse_qsl(query))))
            if address not in given and (route is None or kind in self.pages):
                continue
            given.discard(address)
            self.pages.setdefault(kind, address)
            answer = self.look(client, "get", address)
            if answer.is_redirect:
                queue.append(answer.headers["location"])
            if answer.headers.get("content-type", "").startswith("text/html"):
                queue += [link for link in self.note(client, path, answer.text) if link.startswith("/")]

    def note(self, client: Any, path: str, page: str) -> list[str]:
        """Keep the forms of a page for later; its links."""
        forms = Forms()
        forms.feed(page)
        for form in forms.found:
            form.action = form.action or path
            route = route_of(form.action.partition("?")[0], form.method.upper())
            last = form.action.rsplit("/", 1)[1] if route and "{action}" in route.path else ""
            if form.action != "/sign-out":
                key = (form.method, route.path if route else form.action, last, *form.fields)
                self.forms.setdefault(key, (client, form))
        return forms.links

    def submit(self) -> None:
        """Every form empty, and with nonsense in every field; then what it leads to."""
        for client, form in list(self.forms.values()):
            empty = {name: value for name, value in form.fields.items() if name in KEPT and value is not None}
            nonsense = {name: NONSENSE if value is None else value for name, value in form.fields.items()}
            for values in [empty, nonsense] if empty != nonsense else [nonsense]:
                options: dict[str, Any] = {"params": values} if form.method == "get" else {"data": values}
                if form.files:
                    options["files"] = {"file": ("a.txt", NONSENSE.encode())}
                answer = self.look(client, form.method, form.action, **options)
                if answer.is_redirect:
                    self.look(client, "get", answer.headers["location"])


BEGIN: dict[str, tuple[str, ...]] = {
    "": (
        "/sign-in", "/sign-in?why=used", "/sign-in?why=old", "/sign-in?why=unknown", "/sign-in?why=out", "/s", "/j",
        "/language", "/help", "/nothing", "/verify", "/docket",
    ),
    "clerk": (
        "/docket", "/docket?earlier", "/docket/plan", "/waiting", "/search?words=RO", "{draft}", "{bare}", "{sent}",
        "{accepted}", "{accused}", "{offered}", "{home}", "{bare}/check",
        *(f"{{bare}}/edit/{step.slug}" for step in STEPS),
        "{accepted}/slots?{find}", "{accepted}/schedule",
        "/law/check?requesting_state=RO&requested_state=TH&capacity=witness&on=2026-11-24",
        "/law/check?requesting_state=FR&requested_state=IT&capacity=accused&on=2026-11-24&evidential_purpose=yes",
        "/admin/law", "{home}/live", "{home}/record", "{sent}/consents", "{accused}/consents", "/directory?state=TH",
    ),
    "authority": ("/docket", "/requests?side=queue", "/waiting", "{sent}", "{offered}/times", "{offered}"),
    "administrator": (
        "/admin/law", "/admin/law?kind=party", "/admin/law/row?kind=party&key=TH%2Funtoc", "/admin/law/treaty",
        "/admin/law/log", "/admin/keys", "/admin/api-clients", "/admin/clock-changes", "/webhooks", "/admin/recipients",
        *(f"/admin/law/new/{kind.value}" for kind in LawKind),
    ),
    "blanc@fr.example": ("/docket", "{home}", "/requests"),
}  # fmt: skip
"""Where each person begins; `busy_court` has what stands in the braces."""
AFTER = ("/outbox", "{home}", "{home}/minutes", "/recordings", "/docket?earlier", "{home}/record")
"""Looked at again when the hearing has been held."""


TREATY = {
    "name": NONSENSE, "id": "ro_th_2026", "side_a": "RO", "side_b": "TH", "valid_from": "2026-01-01",
    "provision": "12(3)", "rule": NONSENSE, "persons": ["witness"], "channels": ["central_authority"],
    "obligation": "mandatory", "cost_default": "requested_state", "confidence": "read-in-source", "source": NONSENSE,
    "reason": NONSENSE,
}  # fmt: skip


@pytest.fixture(scope="module")
def walk(running: Any, busy_court: Any, rendered: set[str]) -> Walk:
    """Everybody looks at everything, before the hearing, in it and after it; then every form is sent."""
    made, court = Walk(running), busy_court.places
    clients = {who: made.client(who) for who in BEGIN}
    for who, addresses in BEGIN.items():
        made.follow(clients[who], [one.format_map(court) for one in addresses])
    clerk, authority, administrator = (clients[who] for who in ("clerk", "authority", "administrator"))
    home = court["home"]

    def do(client: Any, path: str, data: dict[str, Any], page: str = "", **options: Any) -> str:
        """Send a form; where it leads is looked at."""
        page = page or path
        answer = made.look(client, "post", path, data=data | {"csrf": client.token(page)}, **options)
        where = answer.headers.get("location", "")
        made.follow(client, [where] if where else [])
        made.note(client, path, answer.text)
        return where or answer.text

    # Links: a dead one, a new one for a person, and that person's own pages.
    made.look(clients[""], "post", "/j", data={"secret": "x" * 22, "pin": "123456"})
    person = f"{home}/people/{running.made.seats['witness']}"
    shown = do(clerk, f"{person}/link", {}, person)
    guest = made.client("")
    secret, pin = re.search(r"/j#([\w-]{20,})", shown)[1], re.search(r">(\d{3}) ?(\d{3})<", shown)
    made.look(guest, "post", "/j", data={"secret": secret, "pin": "".join(pin.groups())})
    made.follow(guest, ["/", f"{home}/live"])
    # Files with signatures, a client of the API, a treaty, an agreement that waits to be signed.
    do(clerk, f"{court['sent']}/documents", {"kind": "decision"}, files={"file": ("a.pdf", b"%PDF-1.7\nx")})
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    jwk = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": encode(key)})
    do(administrator, "/admin/api-clients", {"name": NONSENSE, "scopes": ["law:read"], "jwk": jwk})
    do(administrator, "/admin/law/treaty", TREATY)
    place = f"{court['offered']}/technical"
    shown = clerk.get(place).text
    sites = {
        name: re.search(rf'id="{name}".*?value="([0-9a-f-]{{36}})"', shown, re.S)[1]
        for name in ("requesting_site", "requested_site")
    }
    do(clerk, f"{place}/draft", sites, place)
    do(clerk, f"{place}/propose", {"number": "1"}, place)
    made.follow(clerk, [f"{place}/sign", f"{home}/test"])
    # The hearing, and after it.
    busy_court.begin()
    for client in (clerk, authority, guest):
        made.follow(client, [f"{home}/live", home, f"{home}/record"])
    recording = busy_court.end()
    page = f"{home}/minutes"
    do(clerk, f"{page}/act/draft", {}, page)
    for client in (clerk, authority):
        made.follow(client, [one.format_map(court) for one in AFTER])
    made.follow(clerk, [f"/recordings/{recording}", f"/recordings/{recording}/custody"])
    do(clerk, f"{page}/act/submit", {}, page)
    made.follow(clerk, [f"{page}/read-back"])
    busy_court.write()
    said = {"read_by": NONSENSE, "languages": ["ro", "th"], "heard_by": NONSENSE}
    do(clerk, f"{page}/read-back", said)
    made.follow(clerk, [f"{page}/sign"])
    made.submit()
    for client in running.clients:
        client.close()
    running.clients.clear()
    return made


# --- what may stand there ----------------------------------------------------------------------------------------

ALLOWED = {
    r"·UNTOC art": "a paragraph in the label of a group of choices: an attribute cannot say its language",
    r"···AR, AT": "codes of States a field of the law takes, in its refusal",
    r"···read-in-source": "codes of how sure a row of the law is, in its refusal",
}
"""Beginnings of pieces of text that are right as they are, each with the reason."""
NO_PAGE = {
    "/calendar/{token:str}.ics": "a calendar file",
    "/catalogue/{tag}.json": "messages for the browser",
    "/directory.csv": "a table to take away",
    "/h/{ref}/packets": "for the media worker",
    "/h/{ref}/record/kinds": "for the live room, as JSON",
    "/h/{ref}/test/{test}/state": "for the page of the line test, as JSON",
    "/h/{ref}/times/accept": "goes to the page that signs",
    "/healthz": "for machines",
    "/recordings/{recording}/file/{path:path}": "sealed bytes",
    "/requests/{reference}/act/{action}": "goes back to the request",
    "/requests/{reference}/documents/{attachment}": "the file itself",
    "/requests/{reference}/sign/{action}": "goes back to the request",
    "/session": "for the page's script, as JSON",
}
"""Addresses that need not be looked at: no page is there."""


def test_no_english_stands_outside_a_message(walk: Walk) -> None:
    allowed = [re.compile(begins) for begins in ALLOWED]
    left = {piece: where for piece, where in walk.found.items() if not any(one.match(piece) for one in allowed)}
    assert left == {}


@pytest.mark.parametrize("begins", ALLOWED)
def test_what_is_allowed_is_still_there(walk: Walk, begins: str) -> None:
    assert any(re.match(begins, piece) for piece in walk.found)


def test_every_page_and_every_template_has_been_looked_at(walk: Walk, rendered: set[str]) -> None:
    seen = {kind[0] for kind in walk.pages}
    assert {route.path for route in ROUTES if "GET" in (route.methods or ())} - seen - set(NO_PAGE) == set()
    assert {path.name for path in WEB.glob("*/templates/*.html")} - rendered == set()


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<p>Sign in first</p>", ["Sign in first"]),
        ("<p>⟦Sign in first⟧</p>", []),
        ("<p>⟦Sign in⟧ with your key</p>", ["· with your key"]),
        ('<button aria-label="Close it now">⟦Close⟧</button>', ["Close it now"]),
        ('<td data-label="Last seen">12</td>', ["Last seen"]),
        ('<p lang="en">An English rule <b>of law</b></p>', []),
        ("<p><bdi>Written by somebody</bdi> <code>not a word</code></p>", []),
        ("<p>Europe/Bucharest hearings:read 12 kHz</p>", []),
        ("<br><img alt='A red lamp'><p>This sentence.</p>", ["A red lamp", "This sentence."]),
    ],
)
def test_a_page_is_read_as_a_person_reads_it(page: str, found: list[str]) -> None:
    assert english(page) == found


def test_a_message_is_put_in_brackets_but_not_what_it_carries() -> None:
    for message, bracketed in {
        "Only {roles} can do this.": "⟦Only ⟧{roles}⟦ can do this.⟧",
        "%(n)s entries": "%(n)s⟦ entries⟧",
        "{name}: {text}": "{name}⟦: ⟧{text}",
    }.items():
        assert Brackets().gettext(message) == bracketed
