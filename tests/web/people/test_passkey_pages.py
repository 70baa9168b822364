"""Staff sign in with passkeys: added after a first link, used, renamed, removed; and what is refused."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, select, update

from hearings import queries
from hearings.db import Database
from hearings.models import Login, OutboxMessage, Passkey, Person, SignInChallenge
from hearings.people import staff
from tests.support.authenticator import PRESENT, Authenticator
from tests.support.browsers import chromium_in_step
from tests.support.page_client import Client, Service
from tests.support.security_reasons import reasons
from web import cli
from web.server import security_events, step_up
from web.server.sign_in import COOKIE

OWN = "/sign-ins/passkeys"


@pytest.fixture
def key(service: Service) -> Authenticator:
    return Authenticator(service.base, "127.0.0.1", credential_id=str(datetime.now(UTC).timestamp()).encode())


@pytest.fixture
def clerk(service: Service) -> Iterator[Client]:
    yield service.signed_in("clerk")
    service.run(without_passkeys)


async def without_passkeys(database: Database) -> None:
    async with database.transaction() as db:
        for passkey in (await db.exec(select(Passkey))).all():
            await db.delete(passkey)


def options(client: Client, path: str) -> Any:
    headers = {"accept": "application/json"}
    if not path.startswith("/sign-in/"):
        headers["x-csrf-token"] = client.token("/sign-ins")
    answer = client.post(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def add(client: Client, key: Authenticator, name: str = "Office") -> Any:
    answer = key.create(options(client, f"{OWN}/options"))
    return client.post(OWN, {"answer": answer, "name": name}, page="/sign-ins")


def enter(service: Service, key: Authenticator, client: Client | None = None) -> tuple[Client, str]:
    client = client or service.client()
    answer = client.post("/sign-in/passkey", {"answer": key.get(options(client, "/sign-in/passkey/options"))})
    return client, answer.headers["location"]


def confirm(client: Client, key: Authenticator) -> Any:
    return client.post(
        "/confirm/passkey", {"answer": key.get(options(client, "/confirm/passkey/options"))}, page="/sign-ins"
    )


def age(service: Service) -> None:
    """Every proof of a login is more than five minutes old."""

    async def work(database: Database) -> None:
        async with database.transaction() as db:
            then = datetime.now(UTC) - timedelta(minutes=6)
            await db.exec(update(Login).where(col(Login.authenticated_at).is_not(None)).values(authenticated_at=then))

    service.run(work)


def test_a_passkey_added_after_a_link_signs_in_and_links_of_one_administrator_no_longer_do(
    service: Service, clerk: Client, key: Authenticator
) -> None:
    made_before = service.secret("clerk")
    assert add(clerk, key).headers["location"] == "/sign-ins?done=passkey_added"
    words = clerk.words(clerk.get("/sign-ins"))
    assert "Office" in words and "This is your only way to sign in" in words
    client, where = enter(service, key)
    assert (where, client.get("/docket").status_code) == ("/docket", 200)
    assert "A passkey" in client.words(client.get("/sign-ins"))
    answer = service.client().post("/s", {"secret": made_before})
    assert answer.headers["location"] == "/sign-in?why=passkey_needed"
    with pytest.raises(Exception, match="a link no longer lets them in"):
        service.secret("clerk")

    async def mails(database: Database) -> list[str]:
        async with database.reading() as db:
            rows = (await db.exec(select(OutboxMessage).where(OutboxMessage.address == "clerk@demo.ro.example"))).all()
            return [str(row.payload["text"]) for row in rows]

    assert any("A passkey was added to your account" in text for text in service.run(mails))


def test_a_first_passkey_needs_a_link_just_opened_and_ends_the_other_sign_ins(
    service: Service, clerk: Client, key: Authenticator
) -> None:
    """A cookie that was stolen of somebody without a passkey adds none."""
    stolen = service.signed_in("clerk")

    async def opened_earlier(database: Database) -> None:
        then = datetime.now(UTC) - timedelta(minutes=16)
        async with database.transaction() as db:
            await db.exec(update(Login).where(col(Login.ended_at).is_(None)).values(created_at=then))

    before = options(stolen, f"{OWN}/options")
    service.run(opened_earlier)
    late = stolen.post(OWN, {"answer": key.create(before), "name": "Mine"}, page="/sign-ins")
    assert (late.status_code, "Open a new sign-in link first" in late.text) == (403, True)
    refused = stolen.post(
        f"{OWN}/options", headers={"accept": "application/json", "x-csrf-token": stolen.token("/sign-ins")}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "new_link_needed")
    page = stolen.words(stolen.get("/sign-ins"))
    assert ("You have no passkey yet." in page, "Ask your administrator for a new link" in page) == (True, True)
    again = service.signed_in("clerk")
    assert add(again, key).headers["location"] == "/sign-ins?done=passkey_added"
    assert [client.get("/docket").status_code for client in (stolen, clerk, again)] == [401, 401, 200]


def test_passkeys_are_renamed_and_removed_but_not_the_last_and_logins_made_with_one_end_with_it(
    service: Service, clerk: Client, key: Authenticator
) -> None:
    add(clerk, key)
    client, _where = enter(service, key)
    (only,) = re.findall(rf"{OWN}/([0-9a-f-]+)/rename", clerk.get("/sign-ins").text)
    assert clerk.post(f"{OWN}/{only}/rename", {"name": "Key ring"}, page="/sign-ins").status_code == 303
    assert "Key ring" in clerk.words(clerk.get("/sign-ins"))
    refused = clerk.post(f"{OWN}/{only}/remove", page="/sign-ins")
    assert (refused.status_code, "only way to sign in" in clerk.words(refused)) == (409, True)
    second = Authenticator(service.base, "127.0.0.1", credential_id=b"second" * 4)
    add(clerk, second, "Phone")
    assert client.get("/docket").status_code == 200
    gone = clerk.post(f"{OWN}/{only}/remove", page="/sign-ins")
    assert gone.headers["location"] == "/sign-ins?done=passkey_removed"
    assert (client.get("/docket").status_code, clerk.get("/docket").status_code) == (401, 200)
    assert enter(service, key)[1] == "/sign-in?why=passkey"
    assert enter(service, second)[1] == "/docket"
    judge = service.signed_in("judge")
    assert judge.post(f"{OWN}/{only}/rename", {"name": "Mine"}, page="/sign-ins").status_code == 404


Lie = Callable[[Authenticator], Any]
LIES: dict[str, tuple[str, Lie]] = {
    "a phishing origin": ("proof", lambda key: setattr(key, "origin", "https://vivavoce.example.net")),
    "another party": ("proof", lambda key: setattr(key, "party", "example.net")),
    "an unverified person": ("proof", lambda key: setattr(key, "flags", PRESENT)),
    "a counter that went back": ("counter", lambda key: setattr(key, "counter", 0)),
    "another key": ("proof", lambda key: setattr(key, "key", Authenticator("", "").key)),
    "another person": ("credential_foreign", lambda key: setattr(key, "handle", "bm9ib2R5")),
    "an unknown credential": ("credential_unknown", lambda key: setattr(key, "credential_id", b"unknown" * 3)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_passkey_that_does_not_prove_who_it_is_signs_nobody_in_and_confirms_nothing(
    service: Service, clerk: Client, key: Authenticator, lie: str
) -> None:
    add(clerk, key)
    assert [enter(service, key)[1] for _ in range(2)] == ["/docket"] * 2
    age(service)
    why, tell = LIES[lie]
    tell(key)
    with reasons() as said:
        client, where = enter(service, key)
        assert (where, COOKIE in client.cookies) == ("/sign-in?why=passkey", False)
        assert confirm(clerk, key).status_code == 403
    assert said == [f"passkey:{why}"] * 2
    assert options(clerk, "/confirm/passkey/options")  # not proved
    assert clerk.post(f"{OWN}/options", headers={"x-csrf-token": clerk.token("/sign-ins")}).status_code == 403


@pytest.mark.parametrize("lie", ["a phishing origin", "another party", "an unverified person"])
def test_a_passkey_made_elsewhere_is_not_added(service: Service, clerk: Client, key: Authenticator, lie: str) -> None:
    LIES[lie][1](key)
    refused = add(clerk, key, "Kept")
    assert (refused.status_code, 'value="Kept"' in refused.text) == (422, True)
    assert "You have no passkey yet." in clerk.words(clerk.get("/sign-ins"))


def test_a_challenge_is_good_once_for_minutes_in_one_browser_and_for_one_purpose(
    service: Service, clerk: Client, key: Authenticator
) -> None:
    add(clerk, key)
    client = service.client()
    answer = key.get(options(client, "/sign-in/passkey/options"))
    other = service.client()
    options(other, "/sign-in/passkey/options")
    for_another = key.get(options(other, "/sign-in/passkey/options"))
    assert client.post("/sign-in/passkey", {"answer": answer}).headers["location"] == "/docket"
    assert client.post("/sign-in/passkey", {"answer": answer}).headers["location"] == "/sign-in?why=passkey"
    assert client.post("/sign-in/passkey", {"answer": for_another}).headers["location"] == "/sign-in?why=passkey"
    confirming = key.get(options(clerk, "/confirm/passkey/options"))
    assert clerk.post("/sign-in/passkey", {"answer": confirming}).headers["location"] == "/sign-in?why=passkey"
    late = key.get(options(client, "/sign-in/passkey/options"))

    async def older(database: Database) -> None:
        async with database.transaction() as db:
            await db.exec(update(SignInChallenge).values(expires_at=datetime.now(UTC)))

    service.run(older)
    assert client.post("/sign-in/passkey", {"answer": late}).headers["location"] == "/sign-in?why=passkey"
    service.app.state.parts.buckets.levels.clear()
    for garbage in ("", "x", "[]", "{}", '{"id": 1, "response": {"clientDataJSON": "e30"}}', "[" * 9000):
        assert client.post("/sign-in/passkey", {"answer": garbage}).headers["location"] == "/sign-in?why=passkey"


def test_deactivation_ends_what_a_passkey_has_opened_and_it_opens_nothing_more(
    service: Service, clerk: Client, key: Authenticator
) -> None:
    add(clerk, key)
    client, _where = enter(service, key)

    async def deactivate(database: Database) -> None:
        async with database.transaction() as db:
            person = cli.match(await queries.people(db, state="RO"), "clerk")
            row = await queries.get(db, Person, person.id, lock=True)
            await staff.deactivate(db, person=row, now=datetime.now(UTC))

    service.run(deactivate)
    try:
        assert (client.get("/docket").status_code, enter(service, key)[1]) == (401, "/sign-in?why=passkey")
    finally:

        async def back(database: Database) -> None:
            async with database.transaction() as db:
                query = update(Person).where(col(Person.email) == "clerk@demo.ro.example")
                await db.exec(query.values(active=True))

        service.run(back)
    assert enter(service, key)[1] == "/docket"


# --- step-up -----------------------------------------------------------------------------------------------------


def test_an_act_of_two_people_asks_for_the_passkey_and_goes_on_with_what_was_typed(
    service: Service, key: Authenticator
) -> None:
    admin = service.signed_in("administrator")
    try:
        add(admin, key)
        new = {"name": 'Dan "D" Ilie', "email": "d@ro.example", "authority_name": "Court", "functions": "clerk"}
        age(service)
        asked = admin.post("/admin/staff", new, page="/admin/staff")
        assert asked.status_code == 403
        assert "Nothing has been done yet" in admin.words(asked)
        assert 'name="name" value="Dan &#34;D&#34; Ilie"' in asked.text
        assert "d@ro.example" not in admin.get("/admin/staff").text
        assert confirm(admin, key).status_code == 204
        assert admin.post("/admin/staff", new, page="/admin/staff").status_code == 303
    finally:
        service.run(without_passkeys)


@pytest.mark.parametrize("method,template", step_up.STEP_UP)
def test_every_act_of_the_table_is_refused_without_a_fresh_proof(
    service: Service, key: Authenticator, method: str, template: str
) -> None:
    routes = {
        (way, getattr(route, "path", ""))
        for route in service.app.routes
        for way in getattr(route, "methods", None) or ()
    }
    assert (method, template) in routes
    path = re.sub(r"\{\w+\}", "x", template)
    admin = service.signed_in("administrator")
    try:
        before = admin.request(method, path, headers={"origin": service.base})
        assert before.status_code != 403 or "Confirm that it is you" not in before.text
        add(admin, key)
        age(service)
        asked = admin.post(path, {"typed": "kept"}, page="/sign-ins")
        assert (asked.status_code, 'name="typed" value="kept"' in asked.text) == (403, True)
        foreign = admin.post(path, {"typed": "kept", "csrf": "0" * 64})
        assert (foreign.status_code, 'value="kept"' in foreign.text) == (403, False)
        whole = admin.post(path, {"typed": "kept"}, page="/sign-ins", files={"file": ("keys.json", b"{}")})
        assert (whole.status_code, 'name="typed" value="kept"' in whole.text) == (403, True)
        plain = admin.post(path, page="/sign-ins", headers={"accept": "application/json"})
        assert (plain.status_code, plain.json()["code"]) == (403, "step_up_needed")
        confirm(admin, key)
        assert "Confirm that it is you" not in admin.post(path, page="/sign-ins").text
    finally:
        service.run(without_passkeys)


WITHOUT_PROOF = {
    "/admin/staff/{person}/recovery": "asks; another person confirms",
    "/admin/staff/{person}/link": "of a person, by the row for all acts on a person",
    "/admin/staff/{person}/withdraw": "of a person, by the row for all acts on a person",
    "/directory": "a file to read in, which no page could hand back; the own State's entries are public",
}


def test_whatever_an_administrator_changes_for_good_asks_for_a_fresh_proof() -> None:
    administration = {
        path for method, path in security_events.EVENTS if path.startswith(("/admin/", "/webhooks", "/directory"))
    }
    assert administration - {path for _method, path in step_up.STEP_UP} == set(WITHOUT_PROOF)


def test_whatever_changes_who_opens_a_recording_or_lets_it_out_asks_for_a_fresh_proof() -> None:
    keys = {path for _method, path in security_events.EVENTS if path.startswith("/recordings/{recording}/keys/")}
    asked = {path for _method, path in step_up.STEP_UP}
    assert keys - asked == {f"/recordings/{{recording}}/keys/{one}" for one in ("withdraw", "used")}
    for act in ("keeping", "releases/{release}/confirm", "releases/{release}/take"):
        assert f"/recordings/{{recording}}/{act}" in asked


# --- in a browser ------------------------------------------------------------------------------------------------


@pytest.fixture
def page(prepared: Path, tmp_path: Path, serving: Callable[..., AbstractContextManager[Service]]) -> Iterator[Any]:
    with serving(tmp_path, host="localhost") as service, chromium_in_step() as browser:
        context = browser.new_context()
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        about = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        about |= {"isUserVerified": True, "automaticPresenceSimulation": True}
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": about})
        yield (
            service,
            page,
            lambda verified: session.send(
                "WebAuthn.setUserVerified", {"authenticatorId": made["authenticatorId"], "isUserVerified": verified}
            ),
        )
        context.close()


def press(page: Page, name: str) -> None:
    page.wait_for_load_state()  # before its script runs, a button sends its form
    page.get_by_role("button", name=name, exact=True).click()


def test_a_browser_adds_a_passkey_signs_in_with_it_and_confirms_an_act(page: Any) -> None:
    service, tab, verified = page
    tab.goto(f"{service.base}/s#{service.secret('administrator')}")
    press(tab, "Sign in")
    tab.goto(f"{service.base}/sign-ins")
    tab.get_by_label("Name of the new passkey").fill("Laptop")
    press(tab, "Add a passkey")
    expect(tab.get_by_role("status")).to_contain_text("The passkey is added.")
    expect(tab.get_by_role("cell", name="Not yet")).to_be_visible()
    press(tab, "Sign out")
    verified(False)
    press(tab, "Sign in with a passkey")
    expect(tab.locator("[data-passkey-failed]")).to_be_focused()
    verified(True)
    press(tab, "Sign in with a passkey")
    expect(tab).to_have_url(f"{service.base}/docket")
    age(service)
    tab.goto(f"{service.base}/admin/staff")
    for label, text in {"Name": "Dan Ilie", "E-mail address": "dan@ro.example", "Court or authority": "Court"}.items():
        tab.get_by_label(label, exact=True).fill(text)
    tab.get_by_label("Clerk", exact=True).check()
    tab.locator("form[action='/admin/staff'] button, form[method=post] button.button").last.click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    press(tab, "Confirm with a passkey and go on")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Dan Ilie")


@pytest.fixture
def strict(
    prepared: Path, tmp_path: Path, serving: Callable[..., AbstractContextManager[Service]]
) -> Iterator[Service]:
    with serving(tmp_path, passkeys_required=True) as service:
        yield service


def test_where_passkeys_are_demanded_a_link_opens_the_page_to_add_one_and_nothing_else(strict: Service) -> None:
    client, key = strict.signed_in("clerk"), Authenticator(strict.base, "127.0.0.1")
    for path in ("/docket", f"/h/{strict.ref}", "/requests", "/no-such", f"/h/{strict.ref}/live"):
        answer = client.get(path)
        assert (answer.status_code, "Add a passkey first" in client.words(answer)) == (403, True), path
    assert client.get("/sign-ins").status_code == 200
    assert client.get("/issuer/none/return").status_code == 404  # an issuer may be of the same site
    assert add(client, key).status_code == 303
    assert client.get("/docket").status_code == 200
    assert enter(strict, key)[0].get("/docket").status_code == 200
