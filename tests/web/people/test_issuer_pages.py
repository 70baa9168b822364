"""Staff sign in at the OpenID Connect issuer of their State, a real one; and what is refused of what it gives out."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlmodel import col, delete, select, update

from hearings import queries
from hearings.db import Database
from hearings.models import Login, OutboxMessage, Passkey, Person, StaffIdentity, StaffRecovery
from hearings.outward import administrators
from hearings.people import logins, staff
from hearings.people.logins import Way
from hearings.signatures.jws import encode
from tests.support import page_client
from tests.support.authenticator import Authenticator
from tests.support.installation import free_port
from tests.support.issuer import SECRET, TestIssuer, issuer
from tests.support.page_client import Client, Service
from tests.support.security_reasons import reasons
from web import cli, issuers
from web.issuers import read
from web.security_log import EventCode
from web.server import security_events
from web.server.sign_in import COOKIE
from web.settings import SettingsError


@dataclass
class Site:
    service: Service
    ro: TestIssuer
    th: TestIssuer

    def through(self, client: Client, start: str, issuer: TestIssuer | None = None) -> str:
        """From an address of ours to the issuer; the address it sends the browser back to, without our origin."""
        self.service.app.state.parts.buckets.levels.clear()
        answer = client.get(start)
        assert answer.status_code == 303, answer.text
        back = (issuer or self.ro).visit(answer.headers["location"])
        assert back.startswith(self.service.base)
        return back.removeprefix(self.service.base)

    def came_back(self, client: Client, back: str) -> Any:
        """As a browser comes from another site: without the strict cookie of a login."""
        kept = client.cookies.pop(COOKIE, None)
        answer = client.get(back)
        if kept is not None:
            client.cookies.setdefault(COOKIE, kept)
        return answer

    def bind(self, who: str = "clerk", subject: str = "subject-1") -> Client:
        client = self.service.signed_in(who)
        self.ro.say(subject=subject, claims={"roles": ["scribe", "root"]})
        answer = self.came_back(client, self.through(client, "/sign-ins/issuer/ro"))
        assert (answer.status_code, "identity_added" in answer.text) == (200, True), answer.text
        return client

    def enter(self, back: Callable[[str], str] = lambda same: same) -> tuple[Client, Any]:
        client = self.service.client()
        return client, self.came_back(client, back(self.through(client, "/sign-in/issuer/ro")))


TABLE = """
[{key}]
state = "{state}"
name = "Login of {state}"
issuer = "{issuer}"
client_id = "vivavoce"
secret_file = "secret"
"""


@pytest.fixture(scope="module")
def site(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("issuers")
    with ExitStack() as stack:
        port = free_port()
        back = [f"http://127.0.0.1:{port}/issuer/{key}/return" for key in ("ro", "th")]
        ro, th = (stack.enter_context(issuer(back)) for _ in range(2))
        (folder / "secret").write_text(f"{SECRET}\n")
        tables = TABLE.format(key="ro", state="RO", issuer=ro.address)
        tables += 'functions_claim = "roles"\n[ro.functions]\nscribe = "clerk"\nroot = "administrator"\n'
        (folder / "issuers.toml").write_text(tables + TABLE.format(key="th", state="TH", issuer=th.address))
        service = stack.enter_context(page_client.serving(prepared, folder, port=port, issuers=folder / "issuers.toml"))
        yield Site(service, ro, th)


@pytest.fixture(autouse=True)
def anew(site: Site) -> Iterator[None]:
    site.ro.say(claims={"roles": ["scribe", "root"]})
    site.th.say()
    yield

    async def forget(database: Database) -> None:
        async with database.transaction() as db:
            await db.exec(update(Person).where(col(Person.active).is_(False)).values(active=True))
            moved = update(Person).where(col(Person.email) == "moved@ro.example")
            await db.exec(moved.values(email="clerk@demo.ro.example"))
            for table in (StaffIdentity, Passkey):
                await db.exec(delete(table))

    site.service.run(forget)


def test_an_identity_is_bound_after_a_link_and_then_signs_in_by_issuer_and_subject_alone(site: Site) -> None:
    client, stranger = site.enter()
    assert (stranger.status_code, COOKIE in client.cookies) == (403, False)
    clerk = site.bind()
    assert "Login of RO" in clerk.words(clerk.get("/sign-ins"))
    site.ro.say(claims={"roles": ["scribe"], "email": "judge@demo.ro.example", "email_verified": True})
    client, answer = site.enter()
    assert (answer.status_code, COOKIE in client.cookies) == (200, True)
    assert "/docket" in answer.text
    assert client.get("/docket").status_code == 200
    assert client.get("/admin/staff").status_code == 403
    with pytest.raises(Exception, match="no longer lets them in"):
        site.service.secret("clerk")
    # Another subject with the clerk's address is nobody.
    site.ro.say(subject="subject-2", claims={"roles": ["scribe"], "email": "clerk@demo.ro.example"})
    assert site.enter()[1].status_code == 403


LIES = {
    "issuer": "issuer",
    "audience": "audience",
    "audience of two": "audience",
    "authorised party": "audience",
    "nonce": "nonce",
    "no nonce": "nonce",
    "expiry": "expired",
    "future": "future",
    "signature": "signature",
    "unknown key": "key",
    "none": "algorithm",
    "shared secret": "algorithm",
    "no subject": "malformed",
    "sign-in to come": "future",
    "no time of sign-in": "not_fresh",
    "garbage": "malformed",
    "refused": "issuer_refused",
}
"""What the issuer does (tests/support/issuer.mjs), and the check that refuses it."""


def test_an_id_token_that_does_not_hold_signs_nobody_in(site: Site) -> None:
    site.bind()
    answers = {}
    with reasons() as said:
        for lie in LIES:
            site.ro.say(lie=lie, claims={"roles": ["scribe"]})
            client, answer = site.enter()
            answers[lie] = (answer.status_code, COOKIE in client.cookies, said[-1])
    assert answers == {lie: (403, False, f"issuer:{why}") for lie, why in LIES.items()}
    site.ro.say(claims={"roles": ["scribe"]})
    assert site.enter()[1].status_code == 200


def test_an_issuer_changes_its_keys_as_it_likes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.bind()
    site.ro.say(lie="rotated", claims={"roles": ["scribe"]})
    assert site.enter()[1].status_code == 403  # asked for the keys within the last minute
    monkeypatch.setattr(issuers, "KEYS_AGAIN", 0.0)
    assert site.enter()[1].status_code == 200
    site.ro.say(claims={"roles": ["scribe"]})
    assert site.enter()[1].status_code == 200


def changed(back: str, **values: str | None) -> str:
    url = urlsplit(back)
    query = {name: value for name, value in (dict(parse_qsl(url.query)) | values).items() if value is not None}
    return f"{url.path}?{urlencode(query)}"


def test_what_the_browser_brings_back_is_good_once_in_the_browser_that_went(site: Site) -> None:
    site.bind()
    client = site.service.client()
    back = site.through(client, "/sign-in/issuer/ro")
    other = site.service.client()
    site.through(other, "/sign-in/issuer/ro")
    assert site.came_back(other, back).status_code == 403  # of another browser
    assert site.came_back(client, back).status_code == 403  # and used up with that
    for tampered in (
        lambda back: changed(back, state="x" * 43),
        lambda back: changed(back, state=None),
        lambda back: changed(back, code="x"),
        lambda back: changed(back, code=None),
        lambda back: changed(back, iss=None),
        lambda back: changed(back, iss=site.th.address),
        lambda back: back.replace("/issuer/ro/", "/issuer/th/"),
    ):
        client, answer = site.enter(tampered)
        assert (answer.status_code, COOKIE in client.cookies) == (403, False)
    client = site.service.client()
    back = site.through(client, "/sign-in/issuer/ro")
    assert [site.came_back(client, back).status_code for _ in range(2)] == [200, 403]  # replayed


def test_an_issuer_names_nobody_of_another_state(site: Site) -> None:
    client = site.service.signed_in("clerk")
    back = site.through(client, "/sign-ins/issuer/th", site.th)
    assert site.came_back(client, back).status_code == 403
    assert "Login of TH" not in client.get("/sign-ins").text
    # Not if the row is there either.
    site.bind()

    async def to_thailand(database: Database) -> None:
        async with database.transaction() as db:
            await db.exec(update(StaffIdentity).values(issuer=site.th.address))

    site.service.run(to_thailand)
    fresh = site.service.client()
    back = site.through(fresh, "/sign-in/issuer/th", site.th)
    assert (site.came_back(fresh, back).status_code, COOKIE in fresh.cookies) == (403, False)


@pytest.mark.parametrize(
    ("roles", "status"), [(["scribe"], 200), (["scribe", "root"], 200), (["root"], 403), ([], 403), ("scribe", 200)]
)
def test_a_claim_takes_functions_away_and_gives_none(site: Site, roles: Any, status: int) -> None:
    site.bind()
    site.ro.say(claims={"roles": roles})
    client, answer = site.enter()
    assert answer.status_code == status
    assert client.get("/admin/staff").status_code == (403 if status == 200 else 401)


def test_deactivation_ends_what_an_issuer_has_opened_and_it_opens_nothing_more(site: Site) -> None:
    site.bind()
    client, _answer = site.enter()

    async def deactivate(database: Database) -> None:
        async with database.transaction() as db:
            person = cli.match(await queries.people(db, state="RO"), "clerk")
            row = await queries.get(db, Person, person.id, lock=True)
            await staff.deactivate(db, person=row, now=datetime.now(UTC))

    assert client.get("/docket").status_code == 200
    site.service.run(deactivate)
    assert (client.get("/docket").status_code, site.enter()[1].status_code) == (401, 403)


def test_an_act_of_two_people_asks_for_the_issuer_again_and_for_nobody_else_there(site: Site) -> None:
    admin = site.bind("administrator", "subject-9")

    async def age(database: Database) -> None:
        async with database.transaction() as db:
            then = datetime.now(UTC) - timedelta(minutes=6)
            await db.exec(update(Login).where(col(Login.authenticated_at).is_not(None)).values(authenticated_at=then))

    new = {"name": "Dan", "email": "dan.ilie@ro.example", "authority_name": "Court", "functions": "clerk"}
    site.service.run(age)
    asked = admin.post("/admin/staff", new, page="/admin/staff")
    assert (asked.status_code, "/confirm/issuer/ro" in asked.text) == (403, True)
    lies = ("old sign-in", "sign-in to come", "no time of sign-in")
    for lie, subject in (*((lie, "subject-9") for lie in lies), ("", "subject-1")):
        site.ro.say(lie=lie, subject=subject)
        assert site.came_back(admin, site.through(admin, "/confirm/issuer/ro")).status_code == 403
    assert admin.post("/admin/staff", new, page="/admin/staff").status_code == 403
    site.ro.say(subject="subject-9")
    assert site.came_back(admin, site.through(admin, "/confirm/issuer/ro")).status_code == 200
    assert admin.post("/admin/staff", new, page="/admin/staff").status_code == 303


def test_who_comes_in_by_an_earlier_sign_in_at_the_issuer_has_proved_nothing_lately(site: Site) -> None:
    site.bind("administrator", "subject-9")
    site.ro.say(lie="old sign-in", subject="subject-9", claims={"roles": ["root"]})
    admin, answer = site.enter()
    assert (answer.status_code, admin.get("/admin/staff").status_code) == (200, 200)
    new = {"name": "Eve", "email": "eve@ro.example", "authority_name": "Court", "functions": "clerk"}
    asked = admin.post("/admin/staff", new, page="/admin/staff")
    assert (asked.status_code, "/confirm/issuer/ro" in asked.text) == (403, True)


def test_the_last_way_in_is_not_removed_and_a_subject_is_one_persons(site: Site) -> None:
    clerk = site.bind()
    (identity,) = site.service.run(identity_ids)
    refused = clerk.post(f"/sign-ins/identities/{identity}/remove", page="/sign-ins")
    assert (refused.status_code, "only way to sign in" in clerk.words(refused)) == (409, True)
    judge = site.service.signed_in("judge")
    assert site.came_back(judge, site.through(judge, "/sign-ins/issuer/ro")).status_code == 403
    site.ro.say(subject="subject-7")
    again = site.came_back(clerk, site.through(clerk, "/sign-ins/issuer/ro"))
    assert again.status_code == 200
    assert clerk.post(f"/sign-ins/identities/{identity}/remove", page="/sign-ins").status_code == 303
    site.ro.say(claims={"roles": ["scribe"]})
    assert site.enter()[1].status_code == 403


def test_an_administrator_binds_somebody_for_their_first_entry_and_nobody_who_has_a_way_in(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = site.service.signed_in("administrator")
    rows = re.findall(r'href="(/admin/staff/[^"]+)".*?<bdi dir="ltr">([^<]*)<', admin.get("/admin/staff").text, re.S)
    page = next(path for path, mail in rows if mail == "clerk@demo.ro.example")
    assert "subject" in admin.get(page).text
    for values in ({"issuer": "th", "subject": "s"}, {"issuer": "ro", "subject": ""}, {"issuer": "x", "subject": "s"}):
        assert admin.post(f"{page}/identity", values, page=page).status_code == 422
    bound = admin.post(f"{page}/identity", {"issuer": "ro", "subject": "subject-1"}, page=page)
    assert bound.headers["location"] == f"{page}?done=identity"
    assert site.enter()[1].status_code == 200
    again = admin.post(f"{page}/identity", {"issuer": "ro", "subject": "subject-3"}, page=page)
    assert again.status_code == 409
    monkeypatch.setenv("VIVAVOCE_DATA", str(site.service.settings.data))
    monkeypatch.setenv("VIVAVOCE_ISSUERS", str(site.service.settings.issuers))
    words = ["staff", "bind", "judge@demo.ro.example", "--subject", "subject-4", "--issuer"]
    assert (cli.main([*words, "th"]), cli.main([*words, "ro"]), cli.main([*words, "ro"])) == (2, 0, 2)
    for who in ("clerk", "judge"):
        assert [text for text in mails(site.service, who) if "From now on you can sign in at" in text], who


def mails(service: Service, who: str) -> list[str]:
    """The mails to a member of staff of Romania, the oldest first."""

    async def read(database: Database) -> list[str]:
        query = select(OutboxMessage).where(OutboxMessage.address == f"{who}@demo.ro.example")
        async with database.reading() as db:
            rows = (await db.exec(query.order_by(col(OutboxMessage.id)))).all()
            return [str(row.payload["text"]) for row in rows]

    return service.run(read)


MAILED = {
    "/sign-ins/passkeys/{passkey}/{action}": "renamed and removed",
    "/sign-ins/identities/{identity}/remove": "removed",
    "/admin/staff/{person}/link": "made",
    "/admin/staff/{person}/recovery": "asked for",
    "/admin/recoveries/{recovery}/{action}": "confirmed",
}
UNMAILED = {
    "/sign-ins/recoveries/{recovery}/stop": "by the person, who goes on as before",
    "/facilitators/{facilitator}/link": "mailed to a facilitator: tests/web/coordination",
}
"""Routes of the security log about ways in, by whether the person is mailed; the rest of them notes for itself."""


def test_every_change_of_a_way_in_is_mailed_to_its_person(site: Site) -> None:
    codes = {EventCode.passkey_changed, EventCode.recovery, EventCode.link_made}
    routes = {path for (_method, path), code in security_events.EVENTS.items() if code in codes and "/api/" not in path}
    assert routes == MAILED.keys() | UNMAILED.keys()
    service, said = site.service, dict[str, int]()
    admin, other = service.signed_in("administrator"), "second@ro.example"
    new = {"name": "Second", "email": other, "authority_name": "Court", "functions": "administrator"}
    admin.post("/admin/staff", new, page="/admin/staff")
    rows = re.findall(r'href="(/admin/staff/[^"]+)".*?<bdi dir="ltr">([^<]*)<', admin.get("/admin/staff").text, re.S)
    page = next(path for path, mail in rows if mail == "clerk@demo.ro.example")

    def mailed(text: str, answer: Any) -> Any:
        """The answer of an act that has mailed the clerk this, once more."""
        assert answer.status_code < 400, answer.text
        said[text] = said.get(text, 0) + 1
        assert sum(one.startswith(text) for one in mails(service, "clerk")) == before.get(text, 0) + said[text], text
        return answer

    texts = [*administrators.CREDENTIALS.values(), administrators.LINK_MADE]
    texts += [administrators.RECOVERY_FOR_YOU, administrators.RECOVERED]
    before = {text: sum(one.startswith(text) for one in mails(service, "clerk")) for text in texts}
    credential = administrators.CREDENTIALS
    link = mailed(administrators.LINK_MADE, admin.post(f"{page}/link", page=page))
    clerk = service.client()
    clerk.post("/s", {"secret": re.findall(r"/s#([\w-]+)", unescape(link.text))[0]})
    keys = [Authenticator(service.base, "127.0.0.1", credential_id=name * 6) for name in (b"one", b"two")]
    for key in keys:
        token = {"x-csrf-token": clerk.token("/sign-ins"), "accept": "application/json"}
        answer = key.create(clerk.post("/sign-ins/passkeys/options", headers=token).json())
        added = clerk.post("/sign-ins/passkeys", {"answer": answer, "name": "Key"}, page="/sign-ins")
        mailed(credential["passkey_added"], added)
    passkey = re.findall("/sign-ins/passkeys/([0-9a-f-]+)/rename", clerk.get("/sign-ins").text)[0]
    renamed = clerk.post(f"/sign-ins/passkeys/{passkey}/rename", {"name": "Other"}, page="/sign-ins")
    mailed(credential["passkey_renamed"], renamed)
    mailed(credential["passkey_removed"], clerk.post(f"/sign-ins/passkeys/{passkey}/remove", page="/sign-ins"))
    site.ro.say(subject="subject-1", claims={"roles": ["scribe"]})
    mailed(credential["identity_added"], site.came_back(clerk, site.through(clerk, "/sign-ins/issuer/ro")))
    (identity,) = service.run(identity_ids)
    mailed(credential["identity_removed"], clerk.post(f"/sign-ins/identities/{identity}/remove", page="/sign-ins"))
    asked = admin.post(f"{page}/recovery", {"reason": "Phone lost"}, page=f"{page}/recovery")
    mailed(administrators.RECOVERY_FOR_YOU, asked)
    second = service.run(lambda database: settled_login(database, other))
    confirming = service.client()
    confirming.cookies[COOKIE] = second
    act = re.findall(r'action="(/admin/recoveries/[^"]+/confirm)"', confirming.get("/admin/recoveries").text)[0]
    mailed(administrators.RECOVERED, confirming.post(act, page="/admin/recoveries"))
    fields = {"seen": re.findall(r'name="seen" value="(\d+)"', admin.get(page).text)[0], "functions": "clerk"}
    fields |= {"name": "Ana", "email": "moved@ro.example", "authority_name": "Court", "city": "Cluj", "lang": ""}
    mailed(credential["address_changed"], admin.post(f"{page}/changed", fields, page=page))
    assert set(said) == set(texts)


async def settled_login(database: Database, email: str) -> str:
    """A login by a passkey that has been somebody's for a week; every recovery has waited."""
    async with database.transaction() as db:
        now, person = datetime.now(UTC), await queries.person_by_email(db, email)
        since = now - timedelta(days=8)
        of = {"owner_state": person.owner_state, "person_id": person.id, "name": "Key", "created_at": since}
        passkey = Passkey(credential_id="b2xk", public_key="k", **of)
        db.add(passkey)
        await db.flush()
        await db.exec(update(StaffRecovery).values(opens_at=now))
        how = {"way": Way.passkey, "credential_id": passkey.id, "now": now}
        return (await logins.create_login(db, person=person, **how))[1]


async def identity_ids(database: Database) -> list[str]:
    async with database.reading() as db:
        return list((await db.exec(select(StaffIdentity.id))).all())


def test_an_issuer_that_says_it_is_another_or_does_not_answer_is_not_gone_to(
    prepared: Path, tmp_path: Path, serving: Callable[..., AbstractContextManager[Service]]
) -> None:
    redirect = ["http://127.0.0.1:1/issuer/ro/return"]
    with issuer(redirect) as found, issuer(redirect) as elsewhere:
        (tmp_path / "secret").write_text(SECRET)
        tables = TABLE.format(key="ro", state="RO", issuer=found.address)
        tables += TABLE.format(key="elsewhere", state="TH", issuer=elsewhere.address)
        tables += TABLE.format(key="away", state="TH", issuer=f"http://127.0.0.1:{free_port()}")
        (tmp_path / "issuers.toml").write_text(tables)
        found.say(lie="another issuer")
        elsewhere.say(lie="keys elsewhere")
        with serving(tmp_path, issuers=tmp_path / "issuers.toml") as service:
            with reasons() as said:
                for key in ("ro", "elsewhere", "away"):
                    answer = service.client().get(f"/sign-in/issuer/{key}")
                    assert answer.headers["location"] == "/sign-in?why=issuer_away"
            assert said == ["issuer:issuer", "issuer:issuer", "issuer:issuer_away"]
            assert service.client().get("/sign-in/issuer/none").status_code == 404


def test_a_client_proves_itself_with_a_key_of_its_own(
    prepared: Path, tmp_path: Path, serving: Callable[..., AbstractContextManager[Service]]
) -> None:
    port, key = free_port(), ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32, "big"))}
    jwk |= {"y": encode(numbers.y.to_bytes(32, "big"))}
    how = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}, "client_secret": None}
    with issuer([f"http://127.0.0.1:{port}/issuer/ro/return"], **how) as found:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "key.pem").write_bytes(pem)
        table = TABLE.format(key="ro", state="RO", issuer=found.address)
        (tmp_path / "issuers.toml").write_text(table.replace('secret_file = "secret"', 'private_key_file = "key.pem"'))
        with serving(tmp_path, port=port, issuers=tmp_path / "issuers.toml") as service:
            Site(service, found, found).bind()


WRONG = {
    "no table": "x = 1",
    "another scheme": TABLE.format(key="ro", state="RO", issuer="http://login.example"),
    "a State in small letters": TABLE.format(key="ro", state="ro", issuer="https://login.example"),
    "no secret": re.sub("secret_file.*", "", TABLE.format(key="ro", state="RO", issuer="https://login.example")),
    "a shared algorithm": TABLE.format(key="ro", state="RO", issuer="https://x.example") + 'algorithms = ["HS256"]',
    "an unknown function": TABLE.format(key="ro", state="RO", issuer="https://x.example") + 'functions = {a = "king"}',
    "a host that is none": TABLE.format(key="ro", state="RO", issuer="https://x.example") + "hosts = [1]",
    "an unknown line": TABLE.format(key="ro", state="RO", issuer="https://x.example") + "colour = 1",
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_of_issuers_with_a_mistake_stops_the_start(tmp_path: Path, what: str) -> None:
    (tmp_path / "secret").write_text(SECRET)
    path = tmp_path / "issuers.toml"
    path.write_text(WRONG[what])
    with pytest.raises(SettingsError, match=r"VIVAVOCE_ISSUERS=.*issuers[.]toml"):
        read(path)
    path.write_text(TABLE.format(key="ro", state="RO", issuer="https://login.example"))
    assert SECRET not in repr(read(path))
