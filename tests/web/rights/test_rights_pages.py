"""The pages of the rights checklist: what stands, who can say something to an item, and counsel by a link."""

from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from hearings import queries
from hearings.db import Database
from hearings.models import Hearing, Participant, RightAnswer
from hearings.people import logins
from hearings.rights.answers import item_of
from hearings.rights.checklist import items
from hearings.roles import Role
from tests.support.page_client import Client, Service
from web.rights import words
from web.server.sign_in import COOKIE

pytestmark = pytest.mark.beside


def asked_for(service: Service, place: str) -> None:
    """Counsel asks that the list be begun, and the judge reads it."""
    counsel, judge = by_link(service, Role.defence, 9), service.signed_in("judge")
    assert "Have the acts wait for it" not in counsel.get(place).text
    assert "Ask for it" in counsel.get(place).text and "Ask for it" not in judge.get(place).text
    assert judge.post(f"{place}/ask", page=place).status_code == 403
    done = counsel.post(f"{place}/ask", page=place)
    assert (done.status_code, done.headers["location"]) == (303, f"{place}?done=asked")
    words = judge.words(judge.get(place))
    assert "Counsel asks that" in words and "The defence" in words and "Nothing waits" in words


@pytest.fixture
def home(service: Service) -> str:
    """The page of a hearing whose acts wait for the checklist since somebody has begun it."""
    of_before(service)
    clerk, place = service.signed_in("clerk"), f"/h/{service.ref}/rights"
    if "Have the acts wait for it" in clerk.get(place).text:
        assert "Have the acts wait for it" in service.signed_in("authority").get(place).text
        asked_for(service, place)
        assert clerk.post(place, page=place).headers["location"] == f"{place}?done=begun"
    return f"/h/{service.ref}"


def of_before(service: Service) -> None:
    """The hearing as one that was proposed before there was a checklist, unless somebody has asked for it since."""

    async def work(database: Database) -> None:
        async with database.transaction() as db:
            asked = (await db.exec(select(RightAnswer).where(col(RightAnswer.item) == ""))).first()
            if asked is None:
                (await queries.hearing_by_ref(db, service.ref)).rights_version = 0

    service.run(work)


def by_link(service: Service, role: Role, number: int = 7) -> Client:
    """Somebody of this role who came by a link."""

    async def come(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            hearing: Hearing = await queries.hearing_by_ref(db, service.ref)
            guest = Participant(
                owner_state="RO", hearing_id=hearing.id, role=role, number=number, display_name=f"The {role.value}",
                state="TH", speaks="th", presence_since=now,
            )  # fmt: skip
            db.add(guest)
            await db.flush()
            return (await logins.create_login(db, participant=guest, now=now))[1]

    client = service.client()
    client.cookies[COOKIE] = service.run(come)
    return client


def test_the_acts_of_a_hearing_wait_from_its_proposal_and_nobody_is_asked_to_begin_it(service: Service) -> None:
    clerk = service.signed_in("clerk")
    page = clerk.get(f"/h/{service.ref}/rights")
    assert "Nothing waits for the checklist" not in page.text and "Have the acts wait for it" not in page.text
    assert "The hearing cannot be marked as ready while one of these is open." in clerk.words(page)


def test_nothing_is_said_to_wait_for_the_list_before_it_is_begun_nor_for_a_reminder(service: Service) -> None:
    of_before(service)
    authority, place = service.signed_in("authority"), f"/h/{service.ref}/rights"
    if "Nothing waits for the checklist" in (page := authority.get(place).text):
        assert not any(sentence in page for sentence in words.WAITS.values())
        assert words.NOT_BEGUN in authority.words(authority.get(f"{place}/r07_summons"))
    for item in items():
        shown = authority.words(authority.get(f"{place}/{item.id}"))
        said = {words.WAITS[item.gate], words.NOT_BEGUN} if item.stops else {words.waits(item, begun=True)}
        assert any(sentence in shown for sentence in said), item.id
    assert words.waits(item_of("r20_public"), begun=True) == words.REMINDER
    assert words.waits(item_of("r12_line_test"), begun=True) == words.EXAMINED


def test_every_item_is_shown_with_its_provision_and_the_hearing_leads_to_it(service: Service, home: str) -> None:
    clerk = service.signed_in("clerk")
    assert f'href="{home}/rights"' in clerk.get(home).text
    page = clerk.get(f"{home}/rights")
    words = clerk.words(page)
    for item in items():
        assert item.title in words and item.provision in words
    assert "The hearing cannot be marked as ready while one of these is open." in words


def test_the_checklist_of_the_hearing_names_what_is_open_and_leads_to_it(service: Service, home: str) -> None:
    authority, clerk = service.signed_in("authority"), service.signed_in("clerk")
    place = f"{home}/rights/r07_summons"
    authority.post(place, {"kind": "not_kept", "reason": "It came back."}, page=place)
    assert "Rights: not everything is kept or answered" in clerk.words(clerk.get(home))
    assert f'href="{home}/rights#r07_summons"' in authority.get(home).text


def test_the_authority_answers_and_the_page_says_who_and_why(service: Service, home: str) -> None:
    authority, clerk = service.signed_in("authority"), service.signed_in("clerk")
    place = f"{home}/rights/r07_summons"
    again = authority.post(place, {"kind": "not_kept", "reason": ""}, page=place)
    assert again.status_code == 422 and 'value="not_kept" selected' in again.text
    done = authority.post(place, {"kind": "not_kept", "reason": "It came back."}, page=place)
    assert (done.status_code, done.headers["location"]) == (303, f"{place}?done=answered")
    words = clerk.words(clerk.get(place))
    assert "Not kept" in words and "It came back." in words
    assert "<form" not in clerk.get(place).text.split("<main")[1]
    assert clerk.post(place, {"kind": "kept", "reason": ""}, page=home).status_code == 403


def test_the_judge_goes_on_without_an_item_that_allows_it(service: Service, home: str) -> None:
    judge = service.signed_in("judge")
    place = f"{home}/rights/r07_summons"
    assert "Go on without it" in judge.words(judge.get(place))
    assert "Go on without it" not in judge.words(judge.get(f"{home}/rights/r09_interpreter"))
    assert judge.post(place, {"kind": "overridden", "reason": "Comes freely."}, page=place).status_code == 303
    assert "Gone on without it" in judge.words(judge.get(f"{home}/rights"))


def test_counsel_by_a_link_reads_the_list_and_objects_and_the_judge_sees_it(service: Service, home: str) -> None:
    counsel = by_link(service, Role.defence)
    assert "Summons in time" in counsel.words(counsel.get(f"{home}/rights"))
    place = f"{home}/rights/r07_summons"
    assert 'href="/requests/' not in counsel.get(place).text
    assert counsel.post(place, {"kind": "objection", "reason": ""}, page=place).status_code == 422
    assert counsel.post(place, {"kind": "kept", "reason": ""}, page=place).status_code == 403
    done = counsel.post(place, {"kind": "objection", "reason": "It came a day before."}, page=place)
    assert done.headers["location"] == f"{place}?done=objected"
    judge = service.signed_in("judge")
    assert "1 objection" in judge.words(judge.get(f"{home}/rights"))
    assert "It came a day before." in judge.words(judge.get(place))


def test_counsel_is_led_to_the_list_from_where_their_link_takes_them_and_a_witness_is_not(
    service: Service, home: str
) -> None:
    for role, led in ((Role.defence, True), (Role.interpreter, False)):
        page = by_link(service, role, 8).get(f"{home}/live")
        assert (page.status_code, f'href="{home}/rights"' in page.text) == (200, led)


def test_a_witness_and_another_state_do_not_read_it_and_an_unknown_item_is_not_found(
    service: Service, home: str
) -> None:
    witness = by_link(service, Role.observer)
    assert witness.get(f"{home}/rights").status_code == 403
    assert service.client().get(f"{home}/rights").status_code in (303, 401)
    clerk = service.signed_in("clerk")
    unknown = clerk.get(f"{home}/rights/r99_none")
    assert (unknown.status_code, "r99_none" in clerk.words(unknown)) == (404, False)
    assert clerk.get("/h/XXXX-XXXX/rights").status_code == 404
