"""The pages of the costs: claimed by a link, decided by another person, agreed and stated between two States."""

import re
from datetime import UTC, datetime

import httpx
import pytest

from hearings import queries
from hearings.db import Database
from hearings.models import Hearing, Participant
from hearings.people import logins
from hearings.roles import Role
from tests.support.page_client import Client, Service
from tests.support.page_rules import broken_rules
from web.server.sign_in import COOKIE

pytestmark = pytest.mark.beside


def by_link(service: Service, role: Role, number: int) -> Client:
    """Somebody of Thailand of this role who came by a link."""

    async def come(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            hearing: Hearing = await queries.hearing_by_ref(db, service.ref)
            guest = Participant(
                owner_state="RO", hearing_id=hearing.id, role=role, number=number, display_name=f"Guest {number}",
                state="TH", speaks="th", presence_since=now,
            )  # fmt: skip
            db.add(guest)
            await db.flush()
            return (await logins.create_login(db, participant=guest, now=now))[1]

    client = service.client()
    client.cookies[COOKIE] = service.run(come)
    return client


def made(service: Service, client: Client, **more: str) -> str:
    """The page of a new claim."""
    place = f"/h/{service.ref}/costs/mine"
    answer = client.post(place, {"currency": "THB"} | more, page=place)
    assert (answer.status_code, answer.headers["location"][-10:]) == (303, "?done=made"), answer.text
    return answer.headers["location"].partition("?")[0]


def add(client: Client, claim: str, **more: str) -> httpx.Response:
    line = {"kind": "travel", "text": "Bus there and back", "amount": "120.50"}
    return client.post(f"{claim}/lines", line | more, page=claim)


def keeps_the_rules(client: Client, *places: str) -> None:
    for place in places:
        page = client.get(place)
        assert (page.status_code, broken_rules(page.text)) == (200, []), place


def ids(page: httpx.Response, name: str) -> list[str]:
    return re.findall(rf'name="{name}-([^"]+)"', page.text)


def test_a_witness_claims_by_the_link_and_the_authority_approves_less_and_notes_the_payment(service: Service) -> None:
    witness, authority = by_link(service, Role.witness, 21), service.signed_in("authority")
    claim = made(service, witness)
    assert add(witness, claim).status_code == 303
    assert add(witness, claim, kind="allowance", text="A day", amount="300").status_code == 303
    ticket = {"file": ("ticket.txt", b"Bus ticket", "text/plain")}
    assert witness.post(f"{claim}/receipts", page=claim, files=ticket).headers["location"] == f"{claim}?done=attached"
    (link,) = re.findall(rf'href="({claim}/receipts/[^"]+)"', witness.get(claim).text)
    assert witness.get(link).content == b"Bus ticket"
    keeps_the_rules(witness, claim, f"/h/{service.ref}/costs/mine")
    assert witness.post(f"{claim}/submit", page=claim).headers["location"] == f"{claim}?done=submitted"
    keeps_the_rules(authority, claim, f"/h/{service.ref}/costs", f"/h/{service.ref}/costs/mine")
    words = witness.words(witness.get(claim))
    assert "420.50 THB" in words and "Submitted" in words and "Add a cost" not in words
    assert "Guest 21" in authority.words(authority.get(f"/h/{service.ref}/costs"))
    _travel, day = ids(authority.get(claim), "amount")
    wrong = authority.post(f"{claim}/approve", {f"amount-{day}": "250"}, page=claim)
    assert wrong.status_code == 422 and 'value="250"' in wrong.text, "less needs a reason"
    less = {f"amount-{day}": "250", f"reason-{day}": "The tariff has 250"}
    assert authority.post(f"{claim}/approve", less, page=claim).headers["location"] == f"{claim}?done=decided"
    assert "The tariff has 250" in witness.words(witness.get(claim))
    keeps_the_rules(authority, claim, f"/h/{service.ref}/costs/statement")
    assert authority.post(f"{claim}/pay", {"reference": "17"}, page=claim).headers["location"] == f"{claim}?done=paid"
    assert "Paid" in witness.words(witness.get(claim))


def test_an_interpreter_sees_the_minutes_of_the_log_beside_what_is_claimed(service: Service) -> None:
    interpreter = by_link(service, Role.interpreter, 22)
    claim = made(service, interpreter)
    assert "By the log of the hearing: 0 minutes interpreted so far." in interpreter.words(interpreter.get(claim))
    line = {"kind": "interpreter_pay", "text": "Interpreting", "amount": "", "rate": "1000", "minutes": "90"}
    again = add(interpreter, claim, **line)
    assert again.status_code == 422
    assert "0 minutes, and 90 minutes are claimed: say why" in interpreter.words(again)
    assert 'value="90"' in again.text and 'value="Interpreting"' in again.text
    assert add(interpreter, claim, **line, reason="The line was down").status_code == 303
    words = interpreter.words(interpreter.get(claim))
    for text in ("90 minutes claimed", "0 minutes in the log", "Differs from the log", "The line was down"):
        assert text in words
    remove = re.findall(rf'action="({claim}/lines/[^"]+/remove)"', interpreter.get(claim).text)[0]
    assert interpreter.post(remove, page=claim).headers["location"] == f"{claim}?done=removed"
    assert "Nothing is claimed yet" in interpreter.words(interpreter.get(claim))


def test_nobody_decides_on_a_claim_they_have_made_and_the_page_says_so(service: Service) -> None:
    authority = service.signed_in("authority")
    claim = made(service, authority, participant_id="", claimant="Agency of interpreters")
    assert add(authority, claim).status_code == 303
    assert authority.post(f"{claim}/submit", page=claim).status_code == 303
    page = authority.get(claim)
    assert "another person decides on it" in authority.words(page)
    assert f"{claim}/approve" not in page.text
    for act, more in (("approve", {}), ("refuse", {"reason": "Not owed"})):
        assert authority.post(f"{claim}/{act}", more, page=claim).status_code == 403
    assert "Submitted" in authority.words(authority.get(claim))


def test_a_claim_and_its_receipts_are_not_there_for_the_other_state_and_for_other_guests(service: Service) -> None:
    witness = by_link(service, Role.witness, 23)
    claim = made(service, witness)
    add(witness, claim)
    witness.post(f"{claim}/receipts", page=claim, files={"file": ("ticket.txt", b"Bus ticket", "text/plain")})
    (receipt,) = re.findall(rf'href="({claim}/receipts/[^"]+)"', witness.get(claim).text)
    mine = f"/h/{service.ref}/costs/mine"
    other = by_link(service, Role.interpreter, 24)
    for stranger in (service.signed_in("clerk"), service.signed_in("judge"), other):
        assert stranger.get(claim).status_code == 404
        assert stranger.get(receipt).status_code == 404
    assert "Guest 23" not in service.signed_in("clerk").get(f"/h/{service.ref}/costs").text
    assert claim not in other.get(mine).text and claim in witness.get(mine).text
    assert other.post(f"{claim}/submit", page=mine).status_code == 404
    for place in (f"/h/{service.ref}/costs", f"/h/{service.ref}/costs/statement", "/h/XXXX-XXXX/costs/mine"):
        assert witness.get(place).status_code == 404
    counsel = by_link(service, Role.defence, 25)
    assert counsel.get(mine).status_code == 404


def test_what_both_have_said_is_agreed_and_what_is_missing_is_asked_again(service: Service) -> None:
    place = f"/h/{service.ref}/costs"
    authority, clerk = service.signed_in("authority"), service.signed_in("clerk")
    assert f'href="{place}"' in clerk.get(f"/h/{service.ref}").text
    assert "Nothing agreed" in clerk.words(clerk.get(place))
    given = {"matter": "threshold", "kind": "", "bearer": "", "amount": "1000", "currency": "EUR", "text": "As usual."}
    for wrong, says in (
        ({"matter": ""}, "What you say"),
        ({"amount": "1,005.00"}, "Amount: "),
        ({"currency": ""}, "Currency: "),
    ):
        again = clerk.post(place, given | wrong, page=place)
        assert again.status_code == 422 and says in clerk.words(again) and "As usual." in again.text
    for client in (clerk, authority):
        assert client.post(place, given, page=place).headers["location"] == f"{place}?done=said"
        words = client.words(client.get(place))
    assert "1,000.00 EUR" in words and "As usual." in words
    judge = service.signed_in("judge")
    assert "Say something to the other State" in judge.words(judge.get(place))
    assert judge.post(place, given, page=place).status_code == 403


def test_the_statement_is_the_same_for_both_and_names_nobody(service: Service) -> None:
    witness, authority = by_link(service, Role.witness, 26), service.signed_in("authority")
    claim = made(service, witness, currency="JPY")
    add(witness, claim, kind="lost_earnings", text="A day of work", amount="9000")
    witness.post(f"{claim}/submit", page=claim)
    authority.post(f"{claim}/approve", {}, page=claim)
    authority.post(f"{claim}/pay", {"reference": ""}, page=claim)
    tables = []
    for client in (authority, service.signed_in("clerk")):
        page = client.get(f"/h/{service.ref}/costs/statement")
        words = client.words(page)
        assert "Loss of earnings" in words and "9,000 JPY" in words and "Guest 26" not in page.text
        table = client.get(f"/h/{service.ref}/costs/statement.csv")
        assert table.headers["content-type"].startswith("text/csv")
        tables.append(table.text)
    assert tables[0] == tables[1] and "Guest" not in tables[0]
    assert re.search(r"TH,lost_earnings,JPY,9000,9000,(TH|RO|),\w+,no,\d+\r\n", tables[0])
