"""Every page in a made-up language: English prose of the program that stands outside a message is found."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from tests.support import page_client
from tests.support.brackets import CLOSED, OPENED, Brackets
from tests.support.busy_court import NONSENSE, BusyCourt
from tests.support.installation import free_port
from tests.support.issuer import SECRET, TestIssuer, issuer
from tests.support.page_client import Service
from tests.support.page_rules import broken_rules
from tests.support.walk import ROUTES, Walk, route_of, send_every_form, through
from web.demo import agreement as demo_agreement, demo
from web.server.rendering import WEB
from web.words import i18n

pytestmark = pytest.mark.beside

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


# --- walking -----------------------------------------------------------------------------------------------------


TABLE = """
[ro]
state = "RO"
name = "{name}"
issuer = "{issuer}"
client_id = "vivavoce"
secret_file = "secret"
"""


@pytest.fixture(scope="module")
def at_issuer() -> Iterator[tuple[TestIssuer, int]]:
    """An issuer, and the port of the service to which it sends browsers back."""
    port = free_port()
    with issuer([f"http://127.0.0.1:{port}/issuer/ro/return"]) as found:
        yield found, port


@pytest.fixture(scope="module")
def running(
    prepared: Path, tmp_path_factory: pytest.TempPathFactory, at_issuer: tuple[TestIssuer, int]
) -> Iterator[Service]:
    """As everywhere, and with an issuer and a way to send codes."""
    folder, (found, port) = tmp_path_factory.mktemp("walked"), at_issuer
    (folder / "issuers.toml").write_text(TABLE.format(name=NONSENSE, issuer=found.address))
    (folder / "secret").write_text(SECRET)
    more = {"issuers": folder / "issuers.toml", "code_command": Path("/bin/true")}
    with page_client.serving(prepared, folder, port=port, **more) as service:
        yield service


@pytest.fixture(scope="module")
def rendered(running) -> Iterator[set[str]]:
    """The templates that have made a page."""
    templates = running.app.state.parts.templates
    real, seen = templates.get_template, set[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates, "get_template", lambda name, *rest: seen.add(name) or real(name, *rest))
        yield seen


@dataclass
class Looked:
    """The walk, and the English that was found with where it stands."""

    walk: Walk
    found: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    """Rules (`tests.support.page_rules`) that pages break, each with the page and how it was looked at first."""

    def seen(self, answer: httpx.Response, how: str) -> None:
        route = route_of(answer.request.url.path, answer.request.method)
        for rule in broken_rules(answer.text):
            self.broken.setdefault(f"{route.path if route else how}: {rule}", how)
        for piece in english(answer.text):
            self.found.setdefault(piece, how)


@pytest.fixture(scope="module")
def looked(running: Service, busy_court: BusyCourt, rendered: set[str], at_issuer: tuple[TestIssuer, int]) -> Looked:
    """Everybody has looked at everything; then every form is sent."""
    made = Looked(Walk(running, {"accept-language": TAG}, at_issuer[0]))
    made.walk.seen = made.seen
    through(made.walk, busy_court)
    send_every_form(made.walk)
    for client in running.clients:
        client.close()
    running.clients.clear()
    return made


# --- what may stand there ----------------------------------------------------------------------------------------

ALLOWED = {
    r"·UNTOC art": "a paragraph in the label of a group of choices: an attribute cannot say its language",
    r"···AL, AR": "codes of States a field of the law takes, in its refusal",
    r"[^·]*(Sign|Auslan|Gebarentaal|Langue des)": "signed languages in the IANA registry: CLDR has no names of them",
    r"···read-in-source": "codes of how sure a row of the law is, in its refusal",
}
"""Beginnings of pieces of text that are right as they are, each with the reason."""
NO_STAMP = "custody_unstamped.html"
"""What is shown when a time-stamping authority does not answer; tests/web/custody/test_record_pages.py looks at it."""
OF_A_REHEARSAL = {"training.html", "training_mark.html"}
"""What only a rehearsal shows; tests/web/training/test_marks.py looks at it."""
NO_PAGE = {
    "/confirm/issuer/{issuer}": "leads to the issuer",
    "/issuer/{issuer}/return": "where an issuer leads back to; tests/web/people/test_issuer_pages.py",
    "/sign-in/issuer/{issuer}": "leads to the issuer",
    "/sign-ins/issuer/{issuer}": "leads to the issuer",
    "/calendar/{token:str}.ics": "a calendar file",
    "/changes/stream": "for the page's script, as events",
    "/admin/audit.csv": "a table to take away",
    "/admin/retention.csv": "a table to take away",
    "/admin/personal-data.csv": "a table to take away",
    "/admin/statistics.csv": "a table to take away",
    "/statistics/yearly.csv": "a table to take away",
    "/statistics/{measure}.csv": "a table to take away",
    "/training": "of a rehearsal alone; tests/web/training/test_marks.py",
    "/training/certificate.pdf": "a paper of a rehearsal",
    "/public/statistics": "of States that let everybody see it; tests/web/statistics/test_statistics_pages.py",
    "/public/statistics.csv": "a table to take away",
    "/directory.csv": "a table to take away",
    "/notices/feed/{state}.json": "a feed for programs",
    "/docket.csv": "a table to take away",
    "/h/{ref}/calendar.ics": "a calendar file",
    "/h/{ref}/minutes/corrections/{number:int}.json": "a copy to take away",
    "/h/{ref}/minutes/corrections/{number:int}.pdf": "a copy to take away",
    "/h/{ref}/costs/claims/{claim}/receipts/{receipt}": "a file to take away",
    "/h/{ref}/costs/statement.csv": "a table to take away",
    "/h/{ref}/cards": "for the live room, as JSON",
    "/h/{ref}/cards/{seq:int}": "for the live room, as JSON",
    "/h/{ref}/packets": "for the media worker",
    "/h/{ref}/record/kinds": "for the live room, as JSON",
    "/h/{ref}/test/{test}/state": "for the page of the line test, as JSON",
    "/h/{ref}/times/accept": "goes to the page that signs",
    "/healthz": "for machines",
    "/healthz/live": "for machines",
    "/healthz/ready": "for machines",
    "/healthz/write": "for machines",
    "/metrics": "for machines",
    "/recordings/{recording}/captions.json": "for the player, as JSON",
    "/recordings/{recording}/log.json": "for the player, as JSON",
    "/recordings/{recording}/file/{path:path}": "sealed bytes",
    "/requests/{reference}/act/{action}": "goes back to the request",
    "/requests/{reference}/documents/{attachment}": "the file itself",
    "/rooms/{room}/files/{document}": "the file itself",
    "/requests/{reference}/transmission/seal.pem": "the certificate itself",
    "/requests/{reference}/transmission/{evidence}": "the evidence itself",
    "/requests/{reference}/transmission/{evidence}/stamp": "the time-stamp itself",
    "/requests/{reference}/sign/{action}": "goes back to the request",
    "/session": "for the page's script, as JSON",
}
"""Addresses that need not be looked at: no page is there."""


def test_no_english_stands_outside_a_message(looked: Looked) -> None:
    allowed = [re.compile(begins) for begins in ALLOWED]
    left = {piece: where for piece, where in looked.found.items() if not any(one.match(piece) for one in allowed)}
    assert left == {}


def test_every_page_begins_with_its_title_has_one_primary_button_and_folds_nothing_that_is_needed(
    looked: Looked,
) -> None:
    assert looked.broken == {}


@pytest.mark.parametrize("begins", ALLOWED)
def test_what_is_allowed_is_still_there(looked: Looked, begins: str) -> None:
    assert any(re.match(begins, piece) for piece in looked.found)


def test_every_page_and_every_template_has_been_looked_at(looked: Looked, rendered: set[str]) -> None:
    seen = {kind[0] for kind in looked.walk.pages}
    assert {route.path for route in ROUTES if "GET" in (route.methods or ())} - seen - set(NO_PAGE) == set()
    assert {path.name for path in WEB.glob("*/templates/*.html")} - rendered == {NO_STAMP} | OF_A_REHEARSAL


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
