"""Requests on pages: drafting, the gate's answer, the acts of both States, and what another State gets to see."""

import re
import time
from datetime import UTC, datetime

import pytest

from hearings.db import Database
from hearings.models import Person
from hearings.people import logins
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
    assert "Nothing missing" in clerk.get(page).text or "A human must decide" in clerk.get(page).text
    assert authority.get(page).status_code == 404, "a draft is its own State's"
    assert service.act(clerk, page, "submit").status_code == 303
    assert authority.post(f"{page}/act/acknowledge", page=page).status_code == 303
    before = service.run(everything)
    own = service.act(clerk, page, "accept")
    assert (own.status_code, "You may not do this" in clerk.words(own)) == (403, True)
    assert service.run(everything) == before
    words = {"text": "The judge asks the questions; our authority is present."}
    assert service.act(authority, page, "conditions", words).status_code == 303
    shown = clerk.words(clerk.get(page))
    assert words["text"] in shown
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
    assert ">M. Blanc<" in clerk.get(page).text.split('id="delegate-person"')[1].split("</select>")[0]
    assert service.act(central, page, "withdraw", {"text": "The witness is here."}).status_code == 303


def test_an_accused_is_refused_on_these_provisions_with_the_reason(service, clerk):
    page = draft(clerk, capacity="accused")
    answer = service.act(clerk, page, "submit")
    assert answer.status_code == 422
    words = clerk.words(answer)
    assert "Something is missing" in words
    assert "On it alone one cannot hear an accused person" in words
    assert "Draft" in words


def test_a_refusal_needs_a_ground_and_reasons(service, clerk, authority):
    page = draft(clerk)
    service.act(clerk, page, "submit")
    authority.post(f"{page}/act/acknowledge", page=page)
    answer = service.act(authority, page, "refuse", {"ground": "", "text": "because"})
    assert (answer.status_code, "Choose a ground of refusal." in answer.text) == (422, True)
    assert ">because</textarea>" in answer.text
    answer = service.act(authority, page, "refuse", {"ground": "language", "text": ""})
    assert "Write at least a few words" in answer.text
    words = {"ground": "language", "text": "Not in Thai."}
    answer = service.act(authority, page, "refuse", words)
    assert (answer.status_code, "Record the consultation" in answer.text) == (422, True)
    said = {"way": "telephone", "with_whom": "The court", "subject": "Language", "outcome": "None to be had"}
    assert authority.post(f"{page}/consultations", said, page=f"{page}/consultations").status_code == 303
    answer = service.act(authority, page, "refuse", words)
    assert answer.status_code == 303
    shown = clerk.words(clerk.get(page))
    assert "Not in a language we accept" in shown and "Not in Thai." in shown


def test_a_question_is_asked_and_answered(service, clerk, authority):
    page = draft(clerk)
    service.act(clerk, page, "submit")
    authority.post(f"{page}/act/acknowledge", page=page)
    authority.post(f"{page}/act/ask", {"text": "Which dialect?"}, page=page)
    assert "A question was asked" in clerk.words(clerk.get("/docket"))
    assert clerk.post(f"{page}/act/answer", {"text": "Isan."}, page=page).status_code == 303
    shown = authority.words(authority.get(page))
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
        return re.sub(r"<code>[0-9a-f]{8}</code>|\d\d:\d\d(:\d\d)?|back=[^\"]*", "", answer.text)

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
    assert (answer.status_code, "a field that does not exist" in answer.text) == (422, True)
    assert clerk.words(clerk.get("/requests?side=out")) == before


def test_requests_are_listed_by_side(clerk, authority):
    page = draft(clerk)
    reference = page.rsplit("/", 1)[1]
    assert reference in clerk.words(clerk.get("/requests?side=out"))
    assert reference not in clerk.words(clerk.get("/requests?side=in"))
    assert reference not in authority.words(authority.get("/requests?side=in"))
