"""Signing in the page: the key stays there, and no route makes or takes a signature of the other State."""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape

import pytest
import rfc8785
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database
from hearings.models import HearingRequest
from hearings.requests import consultations, requests
from hearings.signatures import jws, signatures, signing_keys
from hearings.signatures.signatures import HEADERS, Act
from tests.support.browsers import chromium_in_step
from web import cli
from web.demo import demo
from web.demo.keys import KEY_FILES

KEYS = KEY_FILES
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy violated: " + event.violatedDirective));"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium_in_step() as found:
        yield found


def key_file(service, state: str) -> str:
    return str(next(path for path in service.made.key_files if path.name == KEYS[state]))


def draft(service) -> str:
    """Reference of a draft of the demonstration's clerk."""

    async def make(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            actor = person_actor(cli.match(await queries.people(db), "clerk"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=actor, now=now)
        return row.reference

    return str(service.run(make))


def acknowledged(service, reference: str) -> None:
    async def make(database: Database) -> None:
        async with database.transaction() as db:
            actor = person_actor(cli.match(await queries.people(db), "authority"))
            row = await queries.request(db, reference, state="TH", lock=True)
            now = datetime.now(UTC)
            await requests.acknowledge(db, request=row, actor=actor, now=now)
            held = {"way": "telephone", "with_whom": "Ministry", "subject": "Conditions", "outcome": "None would do"}
            await consultations.record(db, request=row, held_at=now, **held, actor=actor, now=now)

    service.run(make)


def kept(service, reference: str) -> list[tuple[str, Act, set[str]]]:
    """Of each signature on a request: the State, the act, and the States one of whose keys made it."""

    async def look(database: Database) -> list[tuple[str, Act, set[str]]]:
        async with database.reading() as db:
            row = await queries.request(db, reference, state="RO")
            keys = {state: await signing_keys.keys_of(db, state=state) for state in KEYS}
            found = []
            for one in await signatures.signatures_of(db, row):
                proof = jws.parse(one.jws, headers=HEADERS, longest=signatures.LONGEST, brackets=4000)
                makers = {
                    state for state, many in keys.items() for key in many if proof.signed_by(signing_keys.public(key))
                }
                found.append((one.owner_state, one.act, makers))
        return found

    return service.run(look)


def signed_in(browser: Browser, service, who: str, wrong: list[str]) -> Page:
    page = browser.new_context(locale="en-GB").new_page()
    page.add_init_script(VIOLATIONS)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.goto(f"{service.base}/s#{service.secret(who)}")
    page.locator("main button").click()
    page.wait_for_url("**/docket")
    return page


def posted(page: Page) -> list[str]:
    """Everything the page sends from now on, but for what every page is made of."""
    sent: list[str] = []

    def note(one: Request) -> None:
        if "/static/" not in one.url:
            sent.append(f"{one.url} {one.post_data or ''}")

    page.on("request", note)
    return sent


def sign(page: Page, button: str, path: str) -> None:
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name=button).click()


def private_bytes(service) -> dict[str, list[str]]:
    """Files of the data folder, the demonstration's key files apart, in which a private signing key stands."""
    found: dict[str, list[str]] = {state: [] for state in KEYS}
    for path in service.settings.data.rglob("*"):
        if not path.is_file() or path.parent.name == "demo-keys":
            continue
        data = path.read_bytes()
        for state in KEYS:
            seed = service.seed(state)
            shapes = (seed, base64.b64encode(seed).rstrip(b"="), jws.encode(seed).encode(), seed.hex().encode())
            if any(shape in data for shape in shapes):
                found[state].append(path.name)
    return found


def test_both_authorities_sign_in_their_pages_and_no_private_key_leaves_them(browser, service):
    reference, wrong = draft(service), []
    clerk = signed_in(browser, service, "clerk", wrong)
    clerk.goto(f"{service.base}/requests/{reference}")
    clerk.get_by_role("button", name="Submit the request").click()
    expect(clerk.get_by_text("Submit a request for a hearing by video")).to_be_visible()
    expect(clerk.get_by_text("Signing needs JavaScript")).to_be_hidden()
    sent = posted(clerk)

    # What is no key of this State is refused in the page; nothing is sent.
    clerk.get_by_role("button", name="Sign and send").click()
    expect(clerk.locator("[data-sign-error]")).to_have_text("Choose your key file.")
    sign(clerk, "Sign and send", key_file(service, "TH"))
    expect(clerk.locator("[data-sign-error]")).to_contain_text("not registered for your State")
    expect(clerk.locator("#sign-key-who")).to_contain_text("Tribunalul București")
    escrow = next(str(path) for path in service.made.key_files if path.name == "escrow.key.txt")
    sign(clerk, "Sign and send", escrow)
    expect(clerk.locator("[data-sign-error]")).to_contain_text("holds no signing key")
    assert sent == []
    found = Axe().run(clerk, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
    assert [one["id"] for one in found] == []

    # The page shows the statement word for word, and signs it.
    clerk.get_by_text("The statement, word for word", exact=True).first.click()
    expect(clerk.locator("[data-sign-shown]")).to_contain_text('"act": "submit_request"')
    expect(clerk.locator("[data-sign-shown]")).to_contain_text(demo.REQUEST["person_name"])
    clerk.locator("input[type=file]").set_input_files(key_file(service, "RO"))
    expect(clerk.locator("[data-sign-key]")).to_contain_text("THROW-AWAY DEMO KEY")
    clerk.get_by_role("button", name="Sign and send").click()
    clerk.wait_for_url(re.compile(rf"/requests/{reference}(\?.*)?$"))
    assert kept(service, reference) == [("RO", Act.submit_request, {"RO"})]
    seeds = [jws.encode(service.seed(state)) for state in KEYS]
    assert (any("jws=" in one for one in sent), any(seed in one for seed in seeds for one in sent)) == (True, False)

    acknowledged(service, reference)
    authority = signed_in(browser, service, "authority", wrong)
    authority.goto(f"{service.base}/requests/{reference}")
    authority.get_by_role("button", name="Accept…", exact=True).click()
    sign(authority, "Sign and send", key_file(service, "TH"))
    authority.wait_for_url(re.compile(rf"/requests/{reference}(\?.*)?$"))
    wanted = [("RO", Act.submit_request, {"RO"}), ("TH", Act.accept_request, {"TH"})]
    assert kept(service, reference) == wanted
    assert private_bytes(service) == {"RO": [], "TH": []}
    assert wrong == []
    for page in (clerk, authority):
        page.context.close()


def reviewed(service) -> str:
    """Reference of a request the other State has under review."""
    reference = draft(service)
    clerk = service.signed_in("clerk")
    assert service.act(clerk, f"/requests/{reference}", "submit").status_code == 303
    acknowledged(service, reference)
    return reference


def test_a_refusal_is_typed_once_and_signed_by_keyboard_on_a_second_try(browser, service):
    """The first statement has been lying about for six minutes; what was typed is still there, and is signed again."""
    reference, wrong = reviewed(service), []
    page = signed_in(browser, service, "authority", wrong)
    page.goto(f"{service.base}/requests/{reference}")
    page.get_by_role("link", name="Refuse…").click()
    folded = page.locator("#act")
    folded.get_by_label("Ground of refusal").select_option("no_consent")
    folded.get_by_role("button", name="Refuse").click()
    expect(page.locator("#error-summary")).to_be_focused()  # before anything is signed
    expect(page.locator("#refuse-text-error")).to_contain_text("Write at least a few words")
    page.locator("#refuse-text").fill("She does not want to.")
    folded.get_by_role("button", name="Refuse").click()
    page.get_by_label("Refuse nevertheless on this ground").check()  # one the instrument does not name
    folded.get_by_role("button", name="Refuse").click()
    expect(page.locator("dl.facts")).to_contain_text("She does not want to.")
    page.wait_for_load_state()  # the script has read the clock before it is moved
    page.evaluate("""() => { const now = performance.now;
      performance.now = () => now.call(performance) - 360000; }""")
    sign(page, "Sign and send", key_file(service, "TH"))
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator("[data-sign-error]")).to_contain_text("signed too long ago")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
    assert [one["id"] for one in found] == []
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="The statement was signed too long ago. Sign again.")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#sign-key")).to_be_focused()
    page.locator("input[type=file]").set_input_files(key_file(service, "TH"))
    expect(page.locator("[data-sign-error]")).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign and send")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"done=refuse"))
    expect(page.get_by_role("main")).to_contain_text("She does not want to.")
    assert kept(service, reference)[1:] == [("TH", Act.refuse_request, {"TH"})]
    assert [one for one in wrong if "status of 4" not in one] == []
    page.context.close()


def test_two_clicks_while_the_key_file_is_still_being_read_sign_once(browser, service):
    reference, wrong = draft(service), []
    page = signed_in(browser, service, "clerk", wrong)
    page.goto(f"{service.base}/requests/{reference}")
    page.get_by_role("button", name="Submit the request").click()
    sent = posted(page)
    page.evaluate("""() => { const read = File.prototype.text;  // a slow disk
      File.prototype.text = async function () {
        await new Promise((done) => setTimeout(done, 500)); return read.call(this); }; }""")
    page.locator("input[type=file]").set_input_files(key_file(service, "RO"))
    page.get_by_role("button", name="Sign and send").dblclick()
    page.wait_for_url(re.compile(r"done=submit"))
    assert len([one for one in sent if "/act/submit" in one]) == 1
    assert kept(service, reference) == [("RO", Act.submit_request, {"RO"})]
    assert wrong == []
    page.context.close()


def test_a_key_file_chosen_before_the_script_is_there_counts(browser, service):
    reference, wrong = draft(service), []
    page = signed_in(browser, service, "clerk", wrong)
    page.goto(f"{service.base}/requests/{reference}")
    held = []
    page.route("**/static/dist/sign-*.js", lambda route: held.append(route))
    page.get_by_role("button", name="Submit the request").click()
    page.locator("input[type=file]").set_input_files(key_file(service, "RO"))
    while not held:  # the click is done when the page begins to load; its script is asked for some time later
        page.wait_for_timeout(20)
    expect(page.get_by_role("button", name="Sign and send")).to_be_disabled()
    held[0].continue_()
    page.get_by_role("button", name="Sign and send").click()
    page.wait_for_url(re.compile(r"done=submit"))
    assert kept(service, reference) == [("RO", Act.submit_request, {"RO"})]
    assert wrong == []
    page.context.close()


def test_without_javascript_the_page_says_why_nothing_can_be_signed(browser, service):
    reference = draft(service)
    client = service.signed_in("clerk")
    context = browser.new_context(locale="en-GB", java_script_enabled=False)
    context.set_extra_http_headers({"cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())})
    page = context.new_page()
    page.goto(f"{service.base}/requests/{reference}")
    page.get_by_role("button", name="Submit the request").click()
    expect(page.get_by_text("Signing needs JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Sign and send")).to_be_disabled()
    assert kept(service, reference) == []
    context.close()


def stated(reference: str, act: Act, **changes: object) -> dict[str, object]:
    made = signatures.statement(state="RO", other="TH", act=act, about=reference, body={}, now=datetime.now(UTC))
    return made | changes


@pytest.mark.parametrize(
    ("who", "signer", "claims", "status", "words"),
    [
        ("clerk", "RO", {"iss": "TH", "aud": "RO"}, 401, "signed in the name of another State"),
        ("clerk", "TH", {}, 401, "no such signing key"),
        ("clerk", "TH", {"iss": "TH", "aud": "RO"}, 401, "no such signing key"),
        ("clerk", "RO", {"aud": "FR"}, 401, "meant for another State"),
        ("clerk", "RO", {"iat": 1}, 401, "too long ago"),
        ("clerk", "RO", {"body": {}}, 409, "has changed since"),
    ],
)
def test_a_route_takes_no_signature_but_that_of_the_own_state_on_what_stands(
    service, who, signer, claims, status, words
):
    """Whatever Romania's clerk hands in: the request stays a draft and carries no signature."""
    reference = draft(service)
    client = service.signed_in(who)
    shown = client.post(f"/requests/{reference}/sign/submit", {}, page=f"/requests/{reference}")
    body = service.statement(shown)["body"]
    said = stated(reference, Act.submit_request, **({"body": body} | claims))
    made = signatures.sign(said, seed=service.seed(signer))
    answer = client.post(f"/requests/{reference}/act/submit", {"jws": made}, page=f"/requests/{reference}")
    assert (answer.status_code, words in client.words(answer)) == (status, True), client.words(answer)
    assert kept(service, reference) == []
    status_now = service.run(lambda database: _status(database, reference))
    assert str(status_now) == "draft"


async def _status(database: Database, reference: str) -> str:
    async with database.reading() as db:
        row: HearingRequest = await queries.request(db, reference, state="RO")
        return row.status.value


def test_the_statement_a_page_shows_is_canonical_and_of_the_own_state(service):
    reference = draft(service)
    client = service.signed_in("clerk")
    page = client.post(f"/requests/{reference}/sign/submit", {}, page=f"/requests/{reference}")
    found = service.statement(page)
    assert (found["iss"], found["aud"], found["act"], found["about"]) == ("RO", "TH", "submit_request", reference)
    assert rfc8785.dumps(found).decode() in unescape(page.text)
