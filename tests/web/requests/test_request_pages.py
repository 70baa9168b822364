"""Requests on pages: drafting, the gate's answer, the acts of both States, and what another State gets to see."""

import re
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from hearings import queries
from hearings.db import Database
from hearings.law.law import LAW
from hearings.models import Person
from hearings.people import logins
from web import cli
from web.requests import request_pages
from web.requests.acts import ACTIONS
from web.requests.request_pages import LegalAnswers
from web.requests.steps import STEPS
from web.server.sign_in import COOKIE

pytestmark = pytest.mark.beside

GOOD = {
    "requested_state": "TH",
    "case_number": "77/P/2026",
    "person_name": "Malee Suk",
    "capacity": "witness",
    "lists": "yes",
    "instruments": ["untoc"],
    "offence_scope": ["untoc_offence"],
    "offence_serious": "yes",
    "offence_transnational": "yes",
    "offence_organised": "yes",
    "offence_summary": "Smuggling across three borders.",
    "reason_no_attendance": "not_desirable",
    "reason_text": "Illness.",
    "language_of_person": "th",
    "language_of_court": "ro",
    "language_of_request": "th",
    "proceeding_nature": "Criminal trial",
    "proceeding_subject": "Smuggling of goods",
    "conducting_authority": "Tribunalul București",
    "conducting_functions": "Trial court",
    "purpose": "To hear what the witness saw.",
    "next": "exit",
}


def draft(client, **changes) -> str:
    answer = client.post("/requests/new", GOOD | changes, page="/requests/new")
    assert answer.status_code == 303, client.words(answer)
    return answer.headers["location"]


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


@pytest.fixture
def authority(service):
    return service.signed_in("authority")


def stranger(service, state: str = "FR", functions: tuple[str, ...] = ("clerk", "judge", "authority")):
    """A member of staff who is not of the demonstration; by default of a third State."""

    async def make(database: Database) -> str:
        async with database.transaction() as db:
            person = Person(
                owner_state=state, name="M. Blanc", email=f"{datetime.now(UTC).timestamp()}@fr.example",
                functions=list(functions),
            )  # fmt: skip
            db.add(person)
            await db.flush()
            _login, secret = await logins.create_login(db, person=person, now=datetime.now(UTC))
            return secret

    client = service.client()
    client.cookies[COOKIE] = service.run(make)
    return client


def test_a_draft_needs_a_state_and_keeps_what_was_typed(clerk):
    answer = clerk.post("/requests/new", {"authority_contact": "keep/1", "lists": "yes"}, page="/requests/new")
    assert answer.status_code == 422
    assert "Error:" in answer.text.split("</title>")[0]
    assert 'href="#requested_state"' in answer.text
    assert 'value="keep/1"' in answer.text


def test_a_witness_request_goes_from_draft_to_accepted_by_the_right_people(service, everything, clerk, authority):
    page = draft(clerk)
    assert "Nothing missing" in clerk.get(page).text or "Needs legal assessment" in clerk.get(page).text
    assert authority.get(page).status_code == 404, "a draft is its own State's"
    assert service.act(clerk, page, "submit").status_code == 303
    assert authority.post(f"{page}/act/acknowledge", page=page).status_code == 303
    before = service.run(everything)
    own = service.act(clerk, page, "accept")
    assert (own.status_code, "You may not do this" in clerk.words(own)) == (403, True)
    assert service.run(everything) == before
    words = {"text": "The judge asks the questions; our authority is present."}
    assert service.act(authority, page, "conditions", words).status_code == 303
    assert words["text"] in clerk.words(clerk.get(page))
    shown = clerk.words(clerk.get(f"{page}?tab=history"))
    for step in ("Draft", "Submitted", "Received", "Under review", "Accepted with conditions"):
        assert step in shown


def test_the_central_authority_transmits_what_a_clerk_has_drafted_and_answers_for_its_state(service, clerk, authority):
    page = draft(clerk)
    central = stranger(service, "RO", ("authority",))
    shown = central.get(page)
    assert (f"{page}/sign/submit" in shown.text, f"{page}/edit/" in shown.text) == (True, False)
    assert page in central.get("/waiting").text
    edit = central.get(f"{page}/edit/{STEPS[0].slug}")
    assert (edit.status_code, "You may not do this" in central.words(edit)) == (403, True)
    assert service.act(central, page, "submit").status_code == 303
    authority.post(f"{page}/act/acknowledge", page=page)
    own = service.act(central, page, "accept")
    assert (own.status_code, "You may not do this" in central.words(own)) == (403, True)
    assert "Under review" in clerk.words(clerk.get(page))
    authority.post(f"{page}/act/ask", {"text": "Which dialect?"}, page=page)
    assert central.post(f"{page}/act/answer", {"text": "Isan."}, page=page).status_code == 303
    assert ">M. Blanc<" in clerk.get(f"{page}?act=delegate").text.split('id="delegate-person"')[1].split("</select>")[0]
    assert service.act(central, page, "withdraw", {"text": "The witness is here."}).status_code == 303


def test_an_oral_request_entered_late_says_before_and_after_that_its_submission_confirms_it(service, clerk, authority):
    at = datetime.now(ZoneInfo("Europe/Bucharest")) - timedelta(days=2)
    page = draft(
        clerk, oral="yes", oral_at=f"{at:%Y-%m-%dT12:00}", moment_zone="Europe/Bucharest", urgent="yes",
    )  # fmt: skip
    check = clerk.words(clerk.get(f"{page}/check"))
    assert "Submitting the request confirms it" in check and "Not ready to be submitted" not in check
    answer = service.act(clerk, page, "submit")
    assert answer.status_code == 303, clerk.words(answer)
    for reader in (clerk, authority):
        assert re.search(r"Confirmed in writing [^.]{5,120} Late", reader.words(reader.get(f"{page}?tab=asked")))
        assert re.search(r"Confirmed in writing Late", reader.words(reader.get(f"{page}?tab=history")))


def test_whom_no_paragraph_reaches_is_refused_on_these_provisions_with_the_reason(service, clerk):
    page = draft(clerk, capacity="convicted_person")
    answer = service.act(clerk, page, "submit")
    assert answer.status_code == 422
    words = clerk.words(answer)
    assert "It alone is not a basis for hearing a convicted person" in words
    assert "Draft" in words


def test_a_refusal_needs_a_ground_and_reasons(service, clerk, authority):
    page = draft(clerk)
    service.act(clerk, page, "submit")
    authority.post(f"{page}/act/acknowledge", page=page)
    answer = service.act(authority, page, "refuse", {"ground": "", "text": "because"})
    assert (answer.status_code, "Choose a ground of refusal." in answer.text) == (422, True)
    assert ">because</textarea>" in answer.text
    answer = service.act(authority, page, "refuse", {"ground": "essential_interests", "text": ""})
    assert "Write at least a few words" in answer.text
    words = {"ground": "essential_interests", "text": "State secrets."}
    answer = service.act(authority, page, "refuse", words)
    assert (answer.status_code, "Record that consultation" in answer.text) == (422, True)
    assert "UNTOC art. 18(26)" in answer.text
    said = {"way": "telephone", "with_whom": "The court", "subject": "Secrets", "outcome": "None to be had"}
    assert authority.post(f"{page}/consultations", said, page=f"{page}/consultations").status_code == 303
    answer = service.act(authority, page, "refuse", words)
    assert answer.status_code == 303
    shown = clerk.words(clerk.get(page))
    assert "State secrets." in shown and "did not consult" not in shown


def test_on_a_ground_no_duty_reaches_a_refusal_needs_no_consultation(service, clerk, authority):
    page = draft(clerk)
    service.act(clerk, page, "submit")
    authority.post(f"{page}/act/acknowledge", page=page)
    assert service.act(authority, page, "refuse", {"ground": "language", "text": "Not in Thai."}).status_code == 303
    shown = clerk.words(clerk.get(page))
    assert "Not in a language we accept" in shown and "Not in Thai." in shown


def test_a_refusal_without_the_consultation_is_sent_with_the_objection_that_the_other_state_reads(
    service, clerk, authority
):
    page = draft(clerk)
    service.act(clerk, page, "submit")
    authority.post(f"{page}/act/acknowledge", page=page)
    because = "Nobody answered on five days."
    words = {
        "ground": "domestic_law_bar",
        "motive": "bank_secrecy",
        "text": "The bank may not say.",
        "left_out": because,
    }
    answer = service.act(authority, page, "refuse", words)
    assert (answer.status_code, 'name="confirmed"' in answer.text, because in answer.text) == (422, True, True)
    assert "UNTOC art. 18(8)" in answer.text and "UNTOC art. 18(26)" in answer.text
    answer = service.act(authority, page, "refuse", words | {"confirmed": "domestic_law_bar"})
    assert answer.status_code == 303
    shown = clerk.words(clerk.get(page))
    assert "did not consult before" in shown and because in shown
    assert "UNTOC art. 18(26)" in shown and "bank secrecy" in shown


def test_a_question_is_asked_and_answered(service, clerk, authority):
    page = draft(clerk)
    service.act(clerk, page, "submit")
    authority.post(f"{page}/act/acknowledge", page=page)
    authority.post(f"{page}/act/ask", {"text": "Which dialect?"}, page=page)
    assert "A question was asked" in clerk.words(clerk.get("/docket"))
    assert clerk.post(f"{page}/act/answer", {"text": "Isan."}, page=page).status_code == 303
    shown = authority.words(authority.get(f"{page}?tab=history"))
    assert "Which dialect?" in shown and "Isan." in shown


def test_an_act_that_is_not_possible_now_changes_nothing(service, clerk):
    page = draft(clerk)
    service.act(clerk, page, "withdraw", {"text": "settled out of court"})
    answer = clerk.post(f"{page}/sign/submit", {"csrf": clerk.token("/docket")})
    assert answer.status_code == 409
    assert "Withdrawn" in clerk.words(clerk.get(page))


@pytest.mark.parametrize("path", ["{request}", "{request}/edit", "{request}/schedule", "/h/{ref}", "/h/{ref}/live"])
def test_another_state_sees_no_difference_between_foreign_and_unknown(service, clerk, path):
    page = draft(clerk)
    client = stranger(service)
    foreign = client.get(path.format(request=page, ref=service.ref))
    unknown = client.get(path.format(request="/requests/XX-1999-0001", ref="2222-2222"))
    assert (foreign.status_code, unknown.status_code) == (404, 404)

    def same(answer):
        return re.sub(r"<code>[0-9a-f]{8}</code>|\d\d:\d\d(:\d\d)?|back=[^\"]*|value=\"[0-9a-f]{64}\"", "", answer.text)

    assert same(foreign) == same(unknown)


def test_row_23_a_hostile_name_is_shown_inert_or_refused_and_lists_are_unaffected(clerk, authority):
    page = draft(clerk, person_name="<img src=x onerror=alert(1)>", case_number="<img src=y onerror=alert(2)>")
    assert "&lt;img src=x onerror=alert(1)&gt;" in clerk.get(page).text
    lists = ("/requests?side=out", "/requests", "/docket", "/waiting", "/search?words=Malee")

    def rows(client) -> list[str]:
        return [client.words(answer).split(" Now ")[0] for answer in map(client.get, lists)]

    shown = "".join(clerk.get(path).text for path in lists)
    assert "<img src=" not in shown
    before = rows(clerk), rows(authority)
    for bad in ("Anna\u202egnp.exe", "A\u200bB", "A" + "\u0301" * 40):
        answer = clerk.post("/requests/new", GOOD | {"person_name": bad}, page="/requests/new")
        assert answer.status_code == 422
        assert 'href="#person_name"' in answer.text
    token = clerk.token("/requests/new")
    origin = {"origin": str(clerk.http.base_url).rstrip("/"), "content-type": "application/x-www-form-urlencoded"}
    began = time.process_time()  # the server runs in this process; what others do to the machine does not count
    for name, status in (("%CC%81" * 1_700_000, 413), ("%ED%A0%80", 422)):  # 10 MB; a lone surrogate
        body = f"csrf={token}&requested_state=TH&lists=yes&case_number=77&person_name=A{name}"
        answer = clerk.request("POST", "/requests/new", content=body, headers=origin)
        assert answer.status_code == status, clerk.words(answer)
    assert time.process_time() - began < 5
    assert (rows(clerk), rows(authority)) == before


@pytest.mark.parametrize("name", ["status", "owner_state", "role", "version_", "pseudonym", "gate_result"])
def test_bad_input_14_a_field_that_does_not_exist_is_refused(clerk, name):
    before = clerk.words(clerk.get("/requests?side=out"))
    answer = clerk.post("/requests/new", GOOD | {name: "accepted"}, page="/requests/new")
    assert (answer.status_code, "an unknown field" in answer.text) == (422, True)
    assert clerk.words(clerk.get("/requests?side=out")) == before


def test_requests_are_listed_by_side(clerk, authority):
    page = draft(clerk)
    reference = page.rsplit("/", 1)[1]
    assert reference in clerk.words(clerk.get("/requests?side=out"))
    assert reference not in clerk.words(clerk.get("/requests?side=in"))
    assert reference not in authority.words(authority.get("/requests?side=in"))


# --- the file of a request ---------------------------------------------------------------------------------------


def test_the_person_the_stage_and_the_one_next_step_stand_first(service, clerk, authority):
    page = draft(clerk)
    shown = clerk.get(page).text
    assert "<h1>Witness hearing: Malee Suk</h1>" in shown
    assert shown.index('aria-current="step"') < shown.index('id="next-step"') < shown.index('id="short"')
    service.act(clerk, page, "submit")
    assert "Waiting for Thailand" in clerk.words(clerk.get(page))
    shown = authority.get(page).text
    assert re.findall(r'<button class="button">([^<]*)', shown) == ["Acknowledge"]
    authority.post(f"{page}/act/acknowledge", page=page)
    authority.post(f"{page}/act/ask", {"text": "Which dialect?"}, page=page)
    primary = re.search(r'<a class="button" href="([^"]*)">Answer the question', clerk.get(page).text)[1]
    assert primary == f"{page}?act=answer#act"
    assert f'action="{page}/act/answer"' in clerk.get(primary.partition("#")[0]).text


def test_every_act_that_is_allowed_now_can_be_reached_from_the_page(service, clerk, authority):
    """As many stages as the demonstration's two people bring a request to."""
    page = draft(clerk)

    def reached() -> None:
        for client, who in ((clerk, "clerk"), (authority, "authority")):
            answer = client.get(page)
            if answer.status_code == 404:
                continue
            person, row = service.run(loaded(who, page.rsplit("/", 1)[1]))
            for name, action in ACTIONS.items():
                asked = LegalAnswers.read(row, state=person.owner_state, now=datetime.now(UTC), law=LAW).questions
                if request_pages._allowed(action, person, row) and (name != "gate" or asked):
                    ways = f"{page}?act={name}#act", f"{page}/sign/{name}", f"{page}/act/{name}"
                    hidden = row.status == "draft" and name == "submit" and "Ready to be submitted" not in answer.text
                    assert hidden or any(f'"{way}"' in answer.text for way in ways), (row.status, name)
                    assert not action.asks or f'"{name}-text"' in client.get(f"{page}?act={name}").text

    reached()
    service.act(clerk, page, "submit")
    reached()
    authority.post(f"{page}/act/acknowledge", page=page)
    reached()
    authority.post(f"{page}/act/ask", {"text": "Which dialect?"}, page=page)
    reached()
    clerk.post(f"{page}/act/answer", {"text": "Isan."}, page=page)
    service.act(authority, page, "accept")
    reached()


def loaded(who: str, named: str):
    async def load(database: Database):
        async with database.reading() as db:
            person = cli.match(await queries.people(db), who)
            return person, await queries.request(db, named, state=person.owner_state)

    return load


def test_how_a_request_came_to_its_end_stands_first(service, clerk):
    page = draft(clerk)
    service.act(clerk, page, "submit")
    service.act(clerk, page, "withdraw", {"text": "The accused has died."})
    words = clerk.words(clerk.get(page))
    assert "The request was withdrawn" in words and "The accused has died." in words


def test_custody_and_priority_stand_beside_the_overview_and_the_review(service, clerk, authority):
    page = draft(clerk, detained_since="2026-01-01", custody_limit="2026-02-01")
    service.act(clerk, page, "submit")
    for person in (clerk, authority):
        words = person.words(person.get(page))
        assert re.search(r"In custody for \d+ days\. Its end has passed\.", words), words
        assert re.search(r"Priority \d+ / 15", words)


def test_what_signing_an_act_means_stands_beside_its_button(service, clerk, authority):
    assert [name for name, action in ACTIONS.items() if bool(action.signs) != bool(action.means)] == []
    page = draft(clerk)
    service.act(clerk, page, "submit")
    authority.post(f"{page}/act/acknowledge", page=page)
    shown = authority.get(page).text
    assert 'aria-describedby="means-accept"' in shown
    assert ACTIONS["accept"].means in unescape(shown.partition('id="means-accept"')[2][:200])


def test_a_draft_that_cannot_be_submitted_yet_shows_its_button_with_the_reason(clerk):
    page = draft(clerk, person_name="")
    words = clerk.words(clerk.get(f"{page}/check"))
    assert "Submit the request Something is missing" in words


@pytest.mark.parametrize("part", ["consultations", "informal", "documents"])
def test_who_may_not_act_reads_whose_act_it_is(service, clerk, part):
    page = draft(clerk)
    service.act(clerk, page, "submit")
    other = stranger(service, "RO", ("administrator",))
    assert "done by: " in other.words(other.get(f"{page}/{part}"))


def test_after_submitting_both_authorities_and_what_happens_next_are_named(service, clerk):
    page = draft(clerk)
    answer = service.act(clerk, page, "submit")
    words = clerk.words(clerk.get(answer.headers["location"]))
    assert f"Request {page.rsplit('/', 1)[1]} was sent to Thailand" in words
    assert "Ministry of Justice" in words and "Attorney General" in words
    assert "What happens next" in words and "Answer due" in words and "Bangkok" in words


def test_the_history_is_filtered_and_goes_on_on_the_next_page(service, clerk, monkeypatch):
    monkeypatch.setattr(request_pages, "PAGE", 2)
    page = draft(clerk)
    service.act(clerk, page, "submit")
    seen, where = [], f"{page}?tab=history&kind=status"
    while where:
        answer = clerk.get(where)
        seen += re.findall(r'data-label="Entry"><strong>([^<]*)', answer.text)
        older = re.search(r'rel="next" href="([^"]*)"', answer.text)
        where = unescape(older[1]) if older else ""
    assert seen == ["Received", "Submitted", "Draft"]
    signed = clerk.get(f"{page}?tab=history&kind=signatures").text
    assert re.findall(r'data-label="Entry"><strong>([^<]*)', signed) == ["Submit a request for a hearing by video"]
    for odd in ("?tab=nothing", "?tab=history&kind=x&page=-1", "?tab=history&page=99999", "?act=refuse"):
        assert clerk.get(f"{page}{odd}").status_code == 200
