"""Network tests: who may test and see, what is refused, and a real browser that tries each way with a real relay."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from hearings.agreement.network_tests import WAYS
from hearings.models import Person
from tests.support.browsers import DEVICES, chromium_in_step
from tests.support.page_client import Client, Service, found
from tests.support.turn_server import turn_server
from web.server.sign_in import COOKIE

OPEN: dict[str, Any] = {
    "state": "open", "sound": True, "rtt_ms": 80, "loss_up_percent": 0, "loss_down_percent": 0, "up_kbps": 2000,
    "height": 720, "fps": 25,
}  # fmt: skip
CLOSED = {way: {"state": "closed"} for way in WAYS}


def post(client: Client, path: str, body: str = "{}", kind: str = "application/json", token: str = "") -> Any:
    """As the island posts: the token in a header, the origin our own."""
    headers = {
        "origin": str(client.http.base_url).rstrip("/"),
        "content-type": kind,
        "accept": "application/json",
        "x-csrf-token": token or client.token(path.partition("/network")[0] + "/network"),
    }
    return client.request("POST", path, content=body, headers=headers)


def link_of(service: Service, seat: str) -> tuple[str, str]:
    """Secret and PIN of a new joining link."""
    page = f"/h/{service.ref}/people/{service.made.seats[seat]}"
    shown = service.signed_in("clerk").post(f"{page}/link", {}, page=page).text
    return found(r"/j#([\w-]{20,})", unescape(shown))[1], "".join(found(r">(\d{3}) ?(\d{3})<", shown).groups())


def open_lobby(service: Service) -> None:
    clerk = service.signed_in("clerk")
    clerk.post(f"/h/{service.ref}/act/lobby", {}, page=f"/h/{service.ref}")


def by_link(service: Service, seat: str) -> Client:
    client = service.client()
    secret, pin = link_of(service, seat)
    client.post("/j", {"secret": secret, "pin": pin})
    return client


def test_each_tests_for_themselves_and_staff_see_who_has_and_how(serving, tmp_path):
    with serving(tmp_path) as service:
        look_at_tests(service)


def look_at_tests(service: Service) -> None:
    place = f"/h/{service.ref}/network"
    clerk = service.signed_in("clerk")
    assert f'href="{place}"' in clerk.get(f"/h/{service.ref}/live").text
    assert f'href="{place}"' in clerk.get(f"/h/{service.ref}/test").text
    assert f'href="{place}"' in clerk.get(f"/h/{service.ref}").text
    open_lobby(service)
    witness, clerk, authority = by_link(service, "witness"), service.signed_in("clerk"), service.signed_in("authority")
    answer = post(witness, f"{place}/report", json.dumps(CLOSED | {"tls": OPEN}))
    assert (answer.status_code, answer.json()["verdict"]) == (201, "good")
    assert answer.json()["title"] == "The connection works, by the court’s relay"
    assert post(clerk, f"{place}/report", json.dumps(CLOSED)).json()["verdict"] == "closed"
    words = witness.words(witness.get(place))
    assert "The others hear you and see you at 720 lines and 25 pictures a second." in words
    assert "Directly, over UDP Blocked" in words
    assert "Who has tested" not in words
    for reader in (clerk, authority):
        words = reader.words(reader.get(place))
        assert "TH Somchai Wongsa The connection works, by the court’s relay" in words
        assert "RO Mihai Dinu Sound and picture cannot pass" in words
        assert re.search("Ioana Popa Not tested yet", words)
    assert "Ask your technician to open what is listed below" in clerk.words(clerk.get(place))


def test_an_invited_person_tests_days_before_and_both_courts_see_with_what_result(serving, tmp_path):
    with serving(tmp_path) as service:
        look_days_before(service)


def look_days_before(service: Service) -> None:
    secret, pin = link_of(service, "witness")
    guest, wrong = service.client(), f"{(int(pin) + 1) % 1_000_000:06d}"
    early = guest.post("/j", {"secret": secret, "pin": pin})
    assert (early.status_code, "Test your equipment now" in early.text, COOKIE in guest.cookies) == (403, True, False)
    for typed, said in (("12", "Enter the PIN: six digits."), (wrong, "This PIN is wrong. You have 4 tries left.")):
        again = guest.post("/j/test", {"secret": secret, "pin": typed})
        assert (again.status_code, said in guest.words(again), f'value="{secret}"' in again.text) == (422, True, True)
    assert guest.post("/j/test", {"secret": secret, "pin": pin}).headers["location"] == "/own-test"
    assert guest.get("/").headers["location"] == "/own-test"
    page = guest.get("/own-test")
    words = guest.words(page)
    assert "Somchai Wongsa" in page.text and "Bangkok (UTC+07:00)" in words
    for hidden in (service.ref, service.made.hearing.case_number, "Mihai Dinu", "Witness", "Who has tested"):
        assert hidden not in page.text, hidden
    token = guest.token("/own-test")
    devices = {"camera": True, "microphone": False, "speaker": True}
    told = json.dumps(CLOSED | {"direct": OPEN, "devices": devices})
    answer = post(guest, "/own-test/report", told, token=token)
    assert (answer.status_code, answer.json()["verdict"]) == (201, "good")
    assert post(guest, "/own-test/begin", token=token).json()["ice_servers"] == []
    assert post(guest, "/own-test/media/elsewhere", "v=0", "application/sdp", token).status_code == 404
    assert "The microphone does not work" in guest.words(guest.get("/own-test"))
    for who in ("clerk", "authority"):
        reader = service.signed_in(who)
        words = reader.words(reader.get(f"/h/{service.ref}/network"))
        assert "TH Somchai Wongsa The connection is good" in words
        assert "The camera works The microphone does not work The loudspeaker was heard" in words
        assert reader.get("/own-test").status_code == 404
    for path in (f"/h/{service.ref}/network", f"/h/{service.ref}/live"):
        assert guest.get(path).status_code in (303, 401), path
    open_lobby(service)
    late = guest.post("/j/test", {"secret": secret, "pin": pin})
    assert (late.status_code, "The lobby is open: join the hearing." in guest.words(late)) == (422, True)
    assert guest.post("/j", {"secret": secret, "pin": pin}).headers["location"] == f"/h/{service.ref}/live"
    assert guest.get(f"/h/{service.ref}/live").status_code == 200


def test_without_javascript_the_page_says_what_the_network_must_let_out(serving, tmp_path):
    secret = tmp_path / "turn-secret"
    secret.write_text("a secret of some length")
    urls = "turns:relay.court.example:443?transport=tcp,turn:relay.court.example:3478?transport=udp"
    with serving(tmp_path, turn_urls=urls, turn_secret_file=secret) as made:
        text = unescape(made.signed_in("clerk").get(f"/h/{made.ref}/network").text)
    assert "What the network must let through is listed below." in text
    listed = found(r"(?s)<textarea[^>]*>(.*?)</textarea>", text)[1].splitlines()
    assert [line.split() for line in listed] == [
        ["TCP", "127.0.0.1", str(made.settings.port)],
        ["UDP", made.settings.udp_host, made.settings.udp_ports],
        ["TCP", "relay.court.example", "443"],
        ["UDP", "relay.court.example", "3478"],
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("[]", "application/json"),
        ('{"direct": NaN}', "application/json"),
        ("x" * 9_000, "application/json"),
        (json.dumps(CLOSED), "text/plain"),
        (json.dumps(CLOSED | {"direct": {"state": "open"}}), "application/json"),
    ],
)
def test_a_report_that_is_none_is_refused_and_nothing_is_kept(service, everything, body, kind):
    clerk = service.signed_in("clerk")
    before = service.run(everything)
    answer = post(clerk, f"/h/{service.ref}/network/report", body, kind)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert service.run(everything) == before


def test_who_is_not_of_the_hearing_gets_neither_page_nor_relay_nor_line(service):
    async def of_a_third_state(database):
        async with database.transaction() as db:
            db.add(Person(owner_state="FR", name="M. Noir", email="noir@fr.example", functions=["clerk"]))

    service.run(of_a_third_state)
    stranger, nobody, place = service.signed_in("noir@fr.example"), service.client(), f"/h/{service.ref}/network"
    token = stranger.token("/docket")
    assert stranger.get(place).status_code == 404
    for path, kind in (
        ("begin", "text/plain"),
        ("media/requesting", "application/sdp"),
        ("report", "application/json"),
    ):
        assert post(stranger, f"{place}/{path}", json.dumps(CLOSED), kind, token).status_code == 404, path
        assert post(nobody, f"{place}/{path}", json.dumps(CLOSED), kind, token).status_code == 401, path
        clerk = service.signed_in("clerk")
        assert post(clerk, f"{place}/{path}", json.dumps(CLOSED), kind, "0" * 64).status_code == 403, path
    assert post(clerk, f"{place}/media/elsewhere", "v=0", "application/sdp").status_code == 404
    assert post(clerk, f"{place}/media/requesting", "v=0", "text/plain").status_code == 415
    assert post(clerk, f"{place}/begin").json()["ice_servers"] == []


@pytest.mark.e2e
@pytest.mark.alone
def test_a_witness_in_the_lobby_tries_every_way_and_reads_what_follows(
    serving: Callable[..., AbstractContextManager[Service]], tmp_path: Path
) -> None:
    with (
        turn_server(tmp_path) as relay,
        serving(tmp_path, **relay.settings) as made,
        chromium_in_step(*DEVICES) as browser,
    ):
        open_lobby(made)
        secret, pin = link_of(made, "witness")
        page = browser.new_context(locale="en-GB").new_page()
        page.goto(f"{made.base}/j#{secret}")
        page.get_by_label("PIN").fill(pin)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="I have read this").click(timeout=30_000)
        page.get_by_role("button", name="Allow camera and microphone").click()
        page.get_by_role("button", name="Play a sound").click()
        page.get_by_role("button", name="Yes, I heard it").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Join the hearing").click()
        page.get_by_text("Test the network").click()
        page.get_by_role("button", name="Start the test").click()
        expect(page.locator("[data-verdict]")).to_be_visible(timeout=90_000)
        ways = {way: page.locator(f"[data-way={way}] b").inner_text() for way in WAYS}
        assert ways == {"direct": "Open", "udp": "Open", "tcp": "Open", "tls": "Blocked"}  # an unsigned certificate
        expect(page.get_by_text("The others hear you and see you at")).to_be_visible()
        assert [wrong["id"] for wrong in Axe().run(page).response["violations"]] == []
        with page.expect_popup() as opened:
            page.get_by_role("link", name="What the technician opens").click()
        shown = opened.value
        expect(shown.get_by_role("table", name="Ways to the server")).to_contain_text("By the relay, over TCP")
        assert [wrong["id"] for wrong in Axe().run(shown).response["violations"]] == []
        shown.get_by_role("button", name="Test again").click()
        expect(shown.locator("[data-step=running]")).to_be_visible()


@pytest.mark.e2e
@pytest.mark.alone
def test_an_invited_person_checks_camera_microphone_and_network_in_a_browser_days_before(
    serving: Callable[..., AbstractContextManager[Service]], tmp_path: Path
) -> None:
    with serving(tmp_path) as made, chromium_in_step(*DEVICES) as browser:
        secret, pin = link_of(made, "witness")
        page = browser.new_context(locale="en-GB").new_page()
        page.goto(f"{made.base}/j#{secret}")
        page.get_by_label("PIN").fill(pin)
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("PIN").fill(pin)
        page.get_by_role("button", name="Test my equipment").click()
        page.get_by_role("button", name="Allow camera and microphone").click(timeout=30_000)
        expect(page.get_by_label("Your own picture")).to_be_visible()
        expect(page.locator("[data-spoken=yes]")).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="Play a sound").click()
        page.get_by_role("button", name="Yes, I heard it").click()
        assert [wrong["id"] for wrong in Axe().run(page).response["violations"]] == []
        page.get_by_role("button", name="Test the network").click()
        expect(page.get_by_text("The microphone works", exact=True)).to_be_visible(timeout=90_000)
        expect(page.get_by_text("The loudspeaker was heard")).to_be_visible()
        assert [wrong["id"] for wrong in Axe().run(page).response["violations"]] == []
