"""Browsers without a screen: clients that carry a login and send forms, at a served demonstration."""

import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import httpx

from hearings import queries
from hearings.db import Database
from hearings.people import logins
from hearings.signatures import jws, signatures
from tests.support.compressed import require_compressed
from tests.support.databases import apart
from tests.support.installation import Installation, free_port
from web import cli
from web.demo import demo
from web.demo.keys import KEY_FILES
from web.requests.acts import ACTIONS
from web.server.sign_in import COOKIE

T = TypeVar("T")
BINDING = {name for name, one in ACTIONS.items() if one.signs}
"""Acts on a request that bind the State."""


def found(pattern: str, text: str) -> re.Match[str]:
    """What must be in a text."""
    match = re.search(pattern, text, re.MULTILINE)
    assert match, (pattern, text)
    return match


@dataclass
class Client:
    """One browser: cookies kept by hand, because the login cookie is Secure and httpx sends those over TLS only."""

    http: httpx.Client
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, **options: object) -> httpx.Response:
        headers = {
            "accept": "text/html",
            "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        headers |= self.headers | dict(options.pop("headers", {}))  # type: ignore[call-overload]
        answer = self.http.request(method, path, headers=headers, **options)  # type: ignore[arg-type]
        require_compressed(answer)
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.split(";")[0].partition("=")
            if "Max-Age=0" in line or value in ("", '""'):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    def get(self, path: str, **options: object) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(
        self, path: str, data: Mapping[str, object] | None = None, *, page: str = "", **options: object
    ) -> httpx.Response:
        """POST a form as a browser would: from our origin, with the token that stands on `page`."""
        values = dict(data or {})
        if page:
            values["csrf"] = self.token(page)
        origin = {"origin": str(self.http.base_url).rstrip("/")}
        headers = origin | dict(options.pop("headers", {}))  # type: ignore[call-overload]
        return self.request("POST", path, data=values, headers=headers, **options)

    def token(self, page: str) -> str:
        """The CSRF token that stands on a page."""
        return found(r'name="csrf" value="([0-9a-f]{64})"', self.get(page).text)[1]

    @staticmethod
    def words(answer: httpx.Response) -> str:
        """What a person reads in the main part of a page."""
        main = answer.text.split("<main", 1)[-1].split("</main", 1)[0].split(">", 1)[-1]
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


class Service(Installation):
    """A served installation with a demonstration in it."""

    made: demo.Seeded
    clients: list[httpx.Client]

    @property
    def base(self) -> str:
        return self.settings.public_url

    def run(self, work: Callable[[Database], Awaitable[T]]) -> T:
        """Work on the database by a connection of the test's own."""

        async def inner() -> T:
            database = Database(self.settings.database_url)
            try:
                return await work(database)
            finally:
                await database.close()

        return apart(inner)

    def client(self) -> Client:
        # Without TLS: certificates of authorities would be read for each client.
        self.clients.append(httpx.Client(base_url=self.base, follow_redirects=False, timeout=20, verify=False))
        return Client(self.clients[-1])

    def secret(self, who: str) -> str:
        """A fresh sign-in secret for a member of the demo's staff."""

        async def make(database: Database) -> str:
            async with database.transaction() as db:
                person = cli.match(await queries.people(db), who)
                return await logins.issue_sign_in_link(db, person=person, now=datetime.now(UTC))

        return str(self.run(make))

    def signed_in(self, who: str) -> Client:
        client = self.client()
        answer = client.post("/s", {"secret": self.secret(who)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/docket")
        assert COOKIE in client.cookies
        return client

    def seed(self, state: str) -> bytes:
        """The private half of the demonstration's signing key of a State, out of its key file."""
        text = (self.settings.data / "demo-keys" / KEY_FILES[state]).read_text("utf-8")
        return jws.decode(found(r"^# signing-key: (\S+)$", text)[1])

    @staticmethod
    def statement(shown: httpx.Response) -> dict[str, object]:
        """The statement a page shows to be signed."""
        stated: dict[str, object] = json.loads(unescape(found(r'data-statement="([^"]*)"', shown.text)[1]))
        return stated

    def sign(self, client: Client, shown: httpx.Response, *, seed: bytes | None = None) -> httpx.Response:
        """Sign what a page shows with the key file of its State and send it, as the officer's browser does."""
        form = found(r'(?s)<form method="post"[^>]*? action="([^"]+)" class="sign".*?</form>', shown.text)
        stated = self.statement(shown)
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
        values = {name: unescape(value) for name, value in hidden}
        values["jws"] = signatures.sign(stated, seed=seed or self.seed(str(stated["iss"])))
        return client.post(unescape(form[1]), values)

    def act(self, client: Client, page: str, name: str, data: Mapping[str, object] | None = None) -> httpx.Response:
        """An act on a request as its page does it: what binds the State by way of the page that signs."""
        if name not in BINDING:
            return client.post(f"{page}/act/{name}", data, page=page)
        shown = client.post(f"{page}/sign/{name}", data, page=page)
        return self.sign(client, shown) if shown.status_code == 200 else shown

    def agree(self, client: Client, home: str) -> httpx.Response:
        """Sign the time of a hearing: the only one offered by the other State, or what it has accepted."""
        shown = client.get(f"{home}/times/sign")
        return self.sign(client, shown) if shown.status_code == 200 else shown

    @property
    def ref(self) -> str:
        return self.made.hearing.ref


@contextlib.contextmanager
def serving(
    prepared: Path, folder: Path, *, host: str = "127.0.0.1", port: int = 0, **settings: Any
) -> Iterator[Service]:
    """A demonstration of its own, served until the end."""
    port = port or free_port()
    made = Service.copy(
        prepared, folder, port=port, public_url=f"http://{host}:{port}", udp_ports="45000-45099", **settings
    )
    made.clients = []
    made.made = apart(lambda: cli._seed(made.settings, "demo.vivavoce.example/hearing+00000000+AA==", again=False))
    with made.in_thread():
        yield made
        for client in made.clients:
            client.close()
