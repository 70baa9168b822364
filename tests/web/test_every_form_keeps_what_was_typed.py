"""Every form of the product, sent with text in it and everything else as it was shown: it is found again or refused;
and sent as it was shown altogether: nothing is decided that nobody has decided.

Each form is sent as it is met on the walk through the product, by the person who met it; the database is then put back.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import pytest

from hearings.models import metadata
from tests.support import page_client
from tests.support.busy_court import BusyCourt
from tests.support.forms import Control, Form
from tests.support.page_client import Client, Service
from tests.support.walk import ROUTES, Walk, route_of, through
from web.server.rendering import WEB

pytestmark = pytest.mark.beside

FORM = re.compile(r'<form method="post"(?=(?:[^>]*?action="((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)")?)')
"""A form in a template, with its action as it is written there."""

UNMET: dict[str, str] = {
    "api_client.html /admin/api-clients/{{ row.id }}/enable": "/admin/api-clients/{client}/{action}",
    "base.html /sign-out": "/sign-out",
    "clock_changes.html /admin/clock-changes/{{ one.hearing.ref }}": "/admin/clock-changes/{ref}",
    "docket_plan.html /docket/plan/offer": "/docket/plan/offer",
    "law_row.html /admin/law/preview": "/admin/law/preview",
    "recording_keys.html {{ base }}/confirm": "/recordings/{recording}/keys/confirm",
    "recording_keys.html {{ base }}/take-in": "/recordings/{recording}/keys/take-in",
    "recoveries.html /admin/recoveries/{{ row.id }}/confirm": "/admin/recoveries/{recovery}/{action}",
    "request_consents.html /requests/{{ row.reference }}/consents": "/requests/{reference}/consents",
    "resource.html /resources/{{ found.resource_no }}/act/activate": "/resources/{number}/act/{action}",
    "rights.html /h/{{ hearing.ref }}/rights": "/h/{ref}/rights",
    "rights.html /h/{{ hearing.ref }}/rights/ask": "/h/{ref}/rights/ask",
    "step_up.html {{ here }}": "/admin/recoveries/{recovery}/{action}",
    "times.html /h/{{ hearing.ref }}/times/next-day": "/h/{ref}/times/{action}",
    "times.html /h/{{ hearing.ref }}/times/unassign": "/h/{ref}/times/{action}",
    "training.html /training/people": "/training/people",
    "training.html /training/clock": "/training/clock",
    "training.html /training/injects/{{ one.id }}": "/training/injects/{inject}",
}
"""Forms the walk does not meet, by template and action, and where they go; no text can be typed into any of them."""
BEHIND_CONFIRM = frozenset(
    {
        "/calendar/{feed}/revoke",
        "/calendars/{state}/{period}/strike",
        "/h/{ref}/languages/cancel",
        "/recordings/{recording}/keys/discard",
        "/recordings/{recording}/keys/put-back",
        "/recordings/{recording}/keys/withdraw",
        "/requests/{reference}/documents/{attachment}/remove",
        "/sign-ins/identities/{identity}/remove",
        "/webhooks/{webhook}/disable",
    }
)
"""Where confirmations (`c.confirm`) go that the walk does not meet; they take no text."""
GONE = {
    "/j pin": "a PIN is not sent back to a screen",
    "/j/test pin": "a PIN is not sent back to a screen",
    "/admin/api-clients jwk": "it may be a private key, pasted by mistake: that is not sent back",
    "/admin/api-clients/{client}/{action} jwk": "it may be a private key, pasted by mistake: that is not sent back",
}
"""Fields whose text is not in the form again after a refusal, by route and name, and why."""
NO_FORM = {
    "/confirm/passkey": "the script of passkeys",
    "/confirm/passkey/options": "the script of passkeys",
    "/sign-in/passkey/options": "the script of passkeys",
    "/sign-ins/passkeys/options": "the script of passkeys",
    "/j/code": "the second button of the form of /j",
    "/requests/{reference}/autosave/{step}": "the script of a draft's form, which is sent to its step as well",
    "/csp-report": "browsers, of a page that broke its policy; nothing of it is read",
    "/h/{ref}/media": "the live page's script, as JSON",
    "/h/{ref}/ticket": "the live page's script, as JSON",
    "/h/{ref}/network/begin": "the script of the network test, as JSON",
    "/h/{ref}/network/media/{side}": "the script of the network test, as JSON",
    "/h/{ref}/network/report": "the script of the network test, as JSON",
    "/own-test/begin": "the script of the network test, as JSON",
    "/own-test/media/{side}": "the script of the network test, as JSON",
    "/own-test/report": "the script of the network test, as JSON",
    "/h/{ref}/test/begin": "the script of the line test, as JSON",
    "/h/{ref}/test/{test}/media": "the script of the line test, as JSON",
    "/h/{ref}/test/{test}/report": "the script of the line test, as JSON",
    "/recordings/{recording}/viewing": "the player, as JSON; the reason is one of a list",
    "/recordings/{recording}/key-use": "the player, as JSON, once a key file has opened the recording",
    "/recordings/{recording}/transcript": "the script of the transcript's page, as JSON; the text is encrypted",
}
"""Addresses that take a POST of no form, and whose it is."""


def written() -> dict[str, str]:
    """Every form of every template, by the mark it is given: template and action."""
    return {
        f"{path.name}:{number}": f"{path.name} {action}".rstrip()
        for path in sorted(WEB.glob("*/templates/*.html"))
        for number, action in enumerate(FORM.findall(path.read_text(encoding="utf-8")))
    }


@pytest.fixture(scope="module")
def running(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """As everywhere, and with a host that webhooks may go to, an issuer that is away, and a way to send codes."""
    folder = tmp_path_factory.mktemp("forms")
    table = {"state": "RO", "name": "Login", "issuer": "http://127.0.0.1:1", "client_id": "v", "secret_file": "secret"}
    (folder / "issuers.toml").write_text("[ro]\n" + "\n".join(f'{key} = "{value}"' for key, value in table.items()))
    (folder / "secret").write_text("secret")
    more = {"issuers": folder / "issuers.toml", "code_command": Path("/bin/true")}
    with page_client.serving(prepared, folder, webhook_hosts="hooks.example", **more) as found:
        yield found


OF_ROWS = frozenset(
    {
        "/requests/{reference}/edit/{step}",
        "/h/{ref}/times/{action}",
        "/h/{ref}/people/{participant}",
        "/h/{ref}/technical/{action}",
        "/h/{ref}/minutes/p/{key}",
        "/sites/{site}",
        "/resources/{number}/edit",
        "/admin/law/preview",
        "/admin/api-clients/{client}/{action}",
        "/admin/staff/{person}/{action}",
    }
)
"""Where forms show what there is, to be changed: what is ticked or chosen in them is so already."""
PRESET = {
    "/requests/new channel": "by the central authorities, unless the requesting State says otherwise: UNTOC 18(13)",
    "/requests/{reference}/slots recording_policy": "as the request, which was signed, asks",
    "/requests/{reference}/schedule recording_policy": "as the request, which was signed, asks",
    "/requests/{reference}/schedule clock": "that of the time the request proposes, or of the court that asks",
    "/h/{ref}/people/new state": "the State of whoever names somebody",
    "/recordings/{recording}/releases what": "the whole, as with any copy; an excerpt is the exception",
    "/recordings/{recording}/releases choices": "all of them: a part of a recording leaves nobody out by itself",
    "/recordings/{recording}/excerpt choices": "all of them: a part of a recording leaves nobody out by itself",
    "/recordings/{recording}/keys/propose recipients": "all in force: to leave one out is the decision",
    "/h/{ref}/captions language": "that of whoever writes; it stands beside each line",
    "/h/{ref}/time clock": "that of the time on the table",
    "/facilitation/notices effect": "that it is only read; to warn is the decision",
    "/notices effect": "that it is only read; to warn or to block is the decision",
    "/personal-data form": "a page, which is kept nowhere; a file to take away is the exception",
    "/calendar scope": "an address for oneself, which shows no more than one sees anyway",
    **{
        f"/sites/new {name}": "what a browser has; the State publishes it by a button, and both States sign it later"
        for name in (
            *("endpoint", "height", "audio_codecs", "video_codecs", "transports", "encryption", "srtp_profiles"),
            *("key_holders", "formats"),
        )
    },
}
"""What is ticked or chosen in a form before anybody has touched it, by route and name, and why it is no decision."""
BY_BUTTON = {
    "/h/{ref}/costs/claims/{claim}/approve": "its button approves what is claimed, which is shown",
    "/h/{ref}/costs/claims/{claim}/pay": "its button says that the claim was paid",
    "/requests/{reference}/edit/{step}": "the draft is saved as it is, with a new version",
    "/calendar": "an address for oneself",
    "/admin/staff/{person}/{action}": "its button says that the account is deactivated, and it can be undone",
    "/admin/law/save": "it shows what was typed on the page before, and what follows from it",
    "/h/{ref}/languages/{participant}": "its button saves the languages as they stand, which are shown",
    "/requests/{reference}/consents/{consent}/withdraw": "its button says that the person withdraws",
}
"""Forms with something to fill in that do something as they are shown, by route: what their button alone decides."""


@pytest.fixture(scope="module")
def marked(running: Service) -> Iterator[None]:
    """Every form says which of its template it is."""
    env = running.app.state.parts.templates
    real = env.loader.get_source

    def get_source(environment: object, name: str) -> object:
        text, *rest = real(environment, name)
        number = count()
        return FORM.sub(lambda form: f'{form[0]} data-form="{name}:{next(number)}"', text), *rest

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(env.loader, "get_source", get_source)
        env.cache.clear()
        yield
    env.cache.clear()


@dataclass
class Sent:
    """Forms as they are met: what was typed into each, and what became of it."""

    service: Service
    tried: set[str] = field(default_factory=set)
    """What was typed into, by route and name of the field."""
    met: set[str] = field(default_factory=set)
    acts: set[tuple[str, str]] = field(default_factory=set)
    """Routes with what they are told to do."""
    kept: set[str] = field(default_factory=set)
    """What was found again after a success."""
    lost: dict[str, str] = field(default_factory=dict)
    """What was dropped by a success, or by a refusal that says it is still there; by route and name of the field."""
    preset: set[str] = field(default_factory=set)
    """What is ticked or chosen before anybody has touched the form, by route and name of the field."""
    fell: set[str] = field(default_factory=set)
    """What would be sent only because it stands first."""
    untouched: set[str] = field(default_factory=set)
    """Routes of forms with something to fill in that have changed something as they were shown."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1000))

    @property
    def file(self) -> Path:
        return Path(str(self.service.settings.database_url).partition("///")[2])

    def meet(self, client: Client, form: Form, page: str) -> None:
        """Send a form once for each field with text in it alone, and once with text in all of them."""
        if form.method != "post":
            return
        self.met.add(form.mark)
        path = form.action.partition("?")[0]
        route = route_of(path, "POST")
        assert route is not None, f"{page}: nothing takes {form.action}"
        self.acts.add((route.path, path.rpartition("/")[2]))
        visible = [control for control in form.controls if control.kind not in ("hidden", "button")]
        for one in visible:
            self.fell |= {f"{route.path} {one.name}"} if one.fell and one.value and one.options > 1 else set()
            chosen = one.kind == "select" and one.value and one.options > 1
            if route.path not in OF_ROWS and (chosen or (one.kind in ("radio", "checkbox") and one.on)):
                self.preset.add(f"{route.path} {one.name}")
        if not visible:
            return
        with closing(sqlite3.connect(self.file, timeout=20)) as live, closing(sqlite3.connect(":memory:")) as before:
            live.execute("PRAGMA synchronous = OFF")
            live.backup(before)
            rows = self.rows()
            changes = []
            # Twice: what a live hearing writes of its own accord may fall between once.
            while len(changes) < 2 and self.send(client, form, page, route.path, []):
                changes.append(self.rows() != rows)
                before.backup(live)
                if not changes[0]:
                    break
            self.untouched |= {route.path} if changes and all(changes) else set()
            fields = form.free
            for typed in [[one] for one in fields] + ([fields] if len(fields) > 1 else []):
                if self.send(client, form, page, route.path, typed):
                    before.backup(live)

    def send(self, client: Client, form: Form, page: str, route: str, typed: list[Control]) -> bool:
        """Whether it was taken: then something may have changed."""
        tokens = {one.name: word(one, next(self.numbers)) for one in typed}
        values = form.untouched() | {one.name: [spelt(one, tokens[one.name])] for one in typed}
        self.service.app.state.parts.buckets.levels.clear()
        answer = client.post(form.action, values, **({"files": {"file": ("", b"")}} if form.files else {}))
        self.tried |= {f"{route} {name}" for name in tokens}
        taken, summary = answer.status_code < 400, 'id="error-summary"' in answer.text
        told = answer.status_code in (401, 409, 422) and "<h1>" in answer.text
        missing = not_in(set(tokens.values()), self.places(client, answer, page) if taken else iter([answer.text]))
        for name, token in tokens.items():
            if token not in missing:
                self.kept |= {f"{route} {name}"} if taken else set()
            elif taken or summary or not told:
                follows = answer.headers.get("location", "")
                self.lost[f"{route} {name}"] = f"{page}, with {sorted(tokens)}: {answer.status_code} {follows}"
        return taken

    def places(self, client: Client, answer: httpx.Response, page: str) -> Iterator[str]:
        """What lies in the database, the page that follows, and the page of the form; looked at one after the other."""
        yield answer.text
        yield self.rows()
        for one in (answer.headers.get("location", ""), page):
            if one.startswith("/"):
                yield client.get(one).text

    def rows(self) -> str:
        """Everything that lies in the database, beside what only goes out."""
        beside = {
            "outbox_message",
            "outbox_attempt",
            "claim",
            "api_answer",
            "unfollowed_change",
            "login",
            "shared_view",
        }
        with closing(sqlite3.connect(self.file, timeout=20)) as live:
            return "".join(
                str(live.execute(f'SELECT * FROM "{table}"').fetchall())
                for table in metadata.tables
                if table not in beside
            )


def not_in(tokens: set[str], texts: Iterator[str]) -> set[str]:
    """Those that stand in none of the texts, of which no more are looked at than is needed."""
    left = tokens
    while left and (text := next(texts, None)) is not None:
        folded = text.casefold()
        left = {token for token in left if token not in folded}
    return left


def word(control: Control, number: int) -> str:
    """A text nobody else has typed, as long as the control takes it."""
    return f"typed{number}"[-control.most :]


def spelt(control: Control, token: str) -> str:
    """The text as it is typed into this control."""
    return {"email": f"{token}@example.org", "url": f"https://{token}.example/"}.get(control.kind, token)


@pytest.fixture(scope="module")
def sent(running: Service, busy_court: BusyCourt, marked: None) -> Sent:
    """Everybody has met every form, and sent it."""
    made = Sent(running)
    through(Walk(running, met=made.meet), busy_court)
    for client in running.clients:
        client.close()
    running.clients.clear()
    return made


def test_what_was_typed_into_a_form_is_found_again_or_refused(sent: Sent) -> None:
    assert {what: why for what, why in sent.lost.items() if what not in GONE} == {}
    assert GONE.keys() <= sent.lost.keys(), "what is no exception any more is listed no more"
    assert (len(sent.tried), len(sent.kept)) >= (250, 70), "so few would say nothing about the product"


def test_a_form_sent_as_it_is_shown_decides_nothing(sent: Sent) -> None:
    assert sent.fell == set(), "the first of several is not chosen by standing first: “Choose” does"
    assert sent.preset == PRESET.keys()
    assert sent.untouched == BY_BUTTON.keys()


def test_every_form_of_every_template_was_met_or_takes_no_text(sent: Sent) -> None:
    unmet = {mark: shape for mark, shape in written().items() if mark not in sent.met}
    assert set(unmet.values()) == UNMET.keys()
    for mark, shape in unmet.items():
        name, _colon, number = mark.partition(":")
        text = next(WEB.glob(f"*/templates/{name}")).read_text(encoding="utf-8")
        form = FORM.split(text)[2 * int(number) + 2].partition("</form>")[0]
        assert not re.search(r"_field\(|<textarea|<input(?![^>]*hidden)", form), shape


def test_every_form_is_written_so_that_it_is_found() -> None:
    for path in WEB.glob("*/templates/*.html"):
        text = path.read_text(encoding="utf-8")
        assert text.count("<form") == len(re.findall(r'<form method="(?:get|post)"', text)), path.name


def test_every_address_that_takes_a_form_was_sent_one(sent: Sent) -> None:
    taking = {route.path for route in ROUTES if "POST" in (route.methods or ())}
    assert taking - {route for route, _last in sent.acts} - set(UNMET.values()) - BEHIND_CONFIRM == NO_FORM.keys()
