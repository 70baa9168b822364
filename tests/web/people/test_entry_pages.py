"""Coming in: one-use links, PINs, cookies, sign-out, language, and what a mail scanner's GET does."""

import asyncio
import re
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from hearings import queries
from hearings.actors import participant_actor
from hearings.db import Database
from hearings.models import Hearing, Participant
from hearings.people import logins
from hearings.roles import Role
from hearings.sitting import sittings
from web import cli
from web.server.sign_in import COOKIE


def test_looking_at_a_sign_in_link_does_not_use_it(service):
    secret = service.secret("clerk")
    client = service.client()
    for method in ("GET", "HEAD"):
        assert client.request(method, "/s").status_code == 200
    assert COOKIE not in client.cookies
    assert client.post("/s", {"secret": secret}).headers["location"] == "/docket"
    assert COOKIE in client.cookies


def test_a_sign_in_link_works_once(service):
    secret = service.secret("clerk")
    assert service.client().post("/s", {"secret": secret}).headers["location"] == "/docket"
    second = service.client()
    answer = second.post("/s", {"secret": secret})
    assert answer.headers["location"] == "/sign-in?why=used"
    assert COOKIE not in second.cookies
    assert "This sign-in link has been used." in second.words(second.get("/sign-in?why=used"))


def test_an_unknown_sign_in_link_signs_nobody_in(service):
    client = service.client()
    assert client.post("/s", {"secret": "x" * 22}).headers["location"] == "/sign-in?why=unknown"
    assert COOKIE not in client.cookies


def test_a_sign_in_link_that_is_too_old_signs_nobody_in(service):
    async def old(database: Database) -> str:
        async with database.transaction() as db:
            person = cli.match(await queries.people(db), "clerk")
            ago = datetime.now(UTC) - timedelta(hours=2)
            return await logins.issue_sign_in_link(db, person=person, now=ago)

    client = service.client()
    answer = client.post("/s", {"secret": service.run(old)})
    assert answer.headers["location"] == "/sign-in?why=old"
    assert COOKIE not in client.cookies
    assert "This sign-in link has expired, or was withdrawn." in client.words(client.get("/sign-in?why=old"))


def test_the_login_cookie_is_a_host_cookie_that_scripts_and_other_sites_never_get(service):
    client = service.client()
    answer = client.post("/s", {"secret": service.secret("clerk")})
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-vivavoce=")
    assert {part.lower() for part in attributes} == {"path=/", "secure", "httponly", "samesite=strict"}


def test_a_new_sign_in_ends_the_login_before_it(service):
    client = service.signed_in("clerk")
    before = client.cookies[COOKIE]
    client.post("/s", {"secret": service.secret("clerk")})
    assert client.cookies[COOKIE] != before
    client.cookies[COOKIE] = before
    assert client.get("/docket").status_code == 401


def test_signing_out_ends_the_login_on_the_server(service):
    client = service.signed_in("clerk")
    kept = client.cookies[COOKIE]
    answer = client.post("/sign-out", page="/docket")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?why=out")
    assert COOKIE not in client.cookies
    client.cookies[COOKIE] = kept
    assert client.get("/docket").status_code == 401


def test_staff_who_did_nothing_for_twenty_minutes_are_signed_out_of_forms(service, everything):
    client = service.signed_in("judge")

    async def age(database: Database) -> None:
        async with database.transaction() as db:
            login = await logins.find_login(db, secret=client.cookies[COOKIE], now=datetime.now(UTC))
            await logins.touch_login(db, login_id=login.id, now=datetime.now(UTC) - timedelta(minutes=21))

    assert "My tasks" in client.words(client.get("/docket"))
    token = client.token(f"/h/{service.ref}")
    service.run(age)
    shut = client.get("/docket")
    assert (shut.status_code, "Sign in first" in client.words(shut)) == (401, True)
    assert service.made.hearing.case_number not in shut.text
    before = service.run(everything)
    refused = client.post(f"/h/{service.ref}/act/cancel", {"csrf": token, "reason": "Nobody is there"})
    assert (refused.status_code, "Sign in first" in client.words(refused)) == (401, True)
    assert service.run(everything) == before
    live = client.get(f"/h/{service.ref}/live")  # whoever is in a hearing has a page open, and is not idle
    assert (live.status_code, client.get("/docket").status_code) == (401, 401)


def test_a_page_warns_a_quarter_of_an_hour_before_the_longest_time_of_a_login_is_over(service):
    client = service.signed_in("judge")

    async def shorten(database: Database) -> None:
        async with database.transaction() as db:
            login = await logins.find_login(db, secret=client.cookies[COOKIE], now=datetime.now(UTC))
            login.expires_at = datetime.now(UTC) + timedelta(minutes=14)
            db.add(login)

    def seconds() -> int:
        return int(re.search(r'data-ends="(-?\d+)"', client.get("/docket").text)[1])

    longest = logins.STAFF_LOGIN - timedelta(minutes=logins.WARNED[0])
    assert longest.total_seconds() - 120 < seconds() <= longest.total_seconds()
    service.run(shorten)
    assert -120 < seconds() <= -60
    assert re.search(r'data-ends-text="Your sign-in ends at \d\d:\d\d UTC\+\d\d:00', client.get("/docket").text)
    assert "data-ends" not in service.client().get("/sign-in").text


# --- joining -----------------------------------------------------------------------------------------------------


def new_link(service, role: str) -> tuple[str, str, str]:
    """A fresh join link made on the hearing's page: participant, secret, PIN."""

    async def find(database: Database) -> Participant:
        async with database.reading() as db:
            people = await queries.participants(db, service.made.hearing.id)
            return next(person for person in people if person.role == role)

    guest = service.run(find)
    page = service.signed_in("clerk").post(f"/h/{service.ref}/people/{guest.id}/link", page=f"/h/{service.ref}")
    assert page.status_code == 200
    secret = re.search(r'value="http[^"]*/j#([^"]+)"', page.text)[1]
    pin = re.search(r'pin-shown"><bdi dir="ltr">(\d{3}) (\d{3})<', page.text)
    return guest.id, secret, pin[1] + pin[2]


def test_a_link_before_the_lobby_is_open_says_when_in_both_cities_and_uses_nothing(service):
    _guest, secret, pin = new_link(service, "witness")
    client = service.client()
    for _ in range(2):
        answer = client.post("/j", {"secret": secret, "pin": pin})
        words = client.words(answer)
        assert answer.status_code == 403
        assert "The lobby is not open yet" in words
        assert "Bucharest (UTC+0" in words and "Bangkok (UTC+07:00)" in words
        assert service.made.hearing.case_number not in answer.text
    assert COOKIE not in client.cookies


def test_an_unknown_join_link_is_told_so(service):
    client = service.client()
    answer = client.post("/j", {"secret": "nothing", "pin": "123456"})
    assert answer.status_code == 403
    assert "This link is not known" in client.words(answer)
    assert COOKIE not in client.cookies


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345"])
def test_what_is_no_pin_is_asked_again_without_costing_a_try(service, pin):
    client = service.client()
    answer = client.post("/j", {"secret": "kept", "pin": pin})
    assert "What you typed is still here" not in answer.text
    assert "type your PIN again" in answer.text
    assert answer.status_code == 422
    assert "Error:" in answer.text.split("<title>")[1].split("</title>")[0]
    assert 'name="secret" value="kept"' in answer.text
    assert "Enter the PIN: six digits." in client.words(answer)


def test_a_join_page_asked_for_by_a_mail_scanner_changes_nothing(service):
    client = service.client()
    assert client.get("/j").status_code == 200
    assert client.request("HEAD", "/j").status_code == 200
    assert client.cookies == {}


def test_row_27_a_mail_scanner_uses_up_neither_an_invitation_nor_a_sign_in_link(service):
    """Both links are live: the scanner looks as often as it likes, and then the person comes in."""
    _guest, secret, pin = new_link(service, "witness")
    staff_secret = service.secret("clerk")
    scanner, before = service.client(), used(service)
    scanner.headers["user-agent"] = "Mail scanner"
    for path in (f"/j#{secret}", f"/s#{staff_secret}", f"/j?secret={secret}&pin={pin}", f"/s?secret={staff_secret}"):
        for method in ("GET", "HEAD", "GET"):
            assert scanner.request(method, path).status_code == 200
    assert (scanner.cookies, used(service)) == ({}, before)
    open_lobby(service)
    witness, clerk = service.client(), service.client()
    assert witness.post("/j", {"secret": secret, "pin": pin}).headers["location"] == f"/h/{service.ref}/live"
    assert clerk.post("/s", {"secret": staff_secret}).headers["location"] == "/docket"
    assert COOKIE in witness.cookies and COOKIE in clerk.cookies
    assert used(service) != before


def used(service) -> list[tuple[object, ...]]:
    """What using a link would change: its tries, its time of use, and logins."""
    with sqlite3.connect(service.settings.database_url.removeprefix("sqlite+aiosqlite:///")) as file:
        return [
            *file.execute("SELECT id, tries_left, used_at FROM invitation ORDER BY id"),
            *file.execute("SELECT id, used_at FROM sign_in_link ORDER BY id"),
            *file.execute("SELECT id, ended_at FROM login ORDER BY id"),
        ]


def open_lobby(service) -> None:
    """Unless it is open already: from now on join links work."""

    async def make(database: Database) -> None:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            hearing = await queries.get(db, Hearing, service.made.hearing.id)
            people = await queries.participants(db, hearing.id)
            judge = participant_actor(next(person for person in people if person.role is Role.presiding_judge))
            if await queries.open_sitting(db, hearing.id) is None:
                await sittings.open_lobby(db, hearing=hearing, court_name="c", actor=judge, now=now)

    service.run(make)


# --- language ----------------------------------------------------------------------------------------------------


def test_a_language_once_chosen_goes_before_the_language_of_the_browser(service):
    client = service.client()
    client.headers["accept-language"] = "th"
    assert '<html lang="th" dir="ltr">' in client.get("/sign-in").text
    answer = client.post("/language", {"tag": "ar", "back": "/sign-in"})
    assert answer.headers["location"] == "/sign-in"
    assert '<html lang="ar" dir="rtl">' in client.get("/sign-in").text


def test_mails_come_in_the_language_one_has_signed_in_with_or_has_chosen_since(service):
    async def language(database: Database) -> str:
        async with database.reading() as db:
            return cli.match(await queries.people(db), "clerk").language

    client = service.client()
    client.headers["accept-language"] = "pt-BR, fr;q=0.5"
    client.post("/s", {"secret": service.secret("clerk")})
    assert service.run(language) == "pt"
    client.post("/language", {"tag": "ar", "back": "/docket"})
    assert service.run(language) == "ar"
    client.post("/language", {"tag": "xx", "back": "/docket"})
    service.client().post("/language", {"tag": "ru", "back": "/"})
    assert service.run(language) == "ar"


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example", "/\\evil.example", "javascript:x"])
def test_after_choosing_a_language_one_never_lands_elsewhere(service, back):
    answer = service.client().post("/language", {"tag": "fr", "back": back})
    assert answer.headers["location"] == "/"


def test_five_wrong_pins_kill_a_link_and_fifty_at_once_check_five(service):
    from hearings.errors import LinkDead, PinWrong
    from hearings.hearing import links

    open_lobby(service)

    async def race(database: Database) -> list[str]:
        async with database.transaction() as db:
            hearing = await queries.hearing_by_ref(db, service.ref)
            people = await queries.participants(db, hearing.id)
            clerk = participant_actor(next(person for person in people if person.role == "clerk"))
            guest = next(person for person in people if person.role == "interpreter")
            made = await links.replace_link(db, participant=guest, actor=clerk, now=datetime.now(UTC))
        wrong = f"{(int(made.pin) + 1) % 1_000_000:06d}"

        async def attempt() -> str:
            try:
                await links.redeem(database, secret=made.secret, pin=wrong, now=datetime.now(UTC))
            except (PinWrong, LinkDead) as error:
                return error.code
            return "in"

        found = await asyncio.gather(*(attempt() for _ in range(12)))
        client = service.client()
        answer = client.post("/j", {"secret": made.secret, "pin": made.pin})
        assert "This link no longer works" in client.words(answer)
        return list(found)

    outcomes = service.run(race)
    assert sorted(outcomes) == ["link_dead"] * 7 + ["pin_wrong"] * 5
