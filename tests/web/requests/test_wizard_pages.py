"""The wizard step by step, files, consents, consultations, the informal thread, search, what waits, the directory."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlmodel import select

from hearings import queries, reference
from hearings.actors import person_actor
from hearings.db import Database
from hearings.models import Consent, HearingRequest
from hearings.people import directory
from hearings.requests import field_kinds as kinds, requests
from hearings.requests.fields import FIELDS
from hearings.signatures import signatures
from tests.support.court import ORDER
from web import cli
from web.demo import demo
from web.overview import waiting_pages as waiting
from web.requests.steps import STEPS
from web.server import security

pytestmark = pytest.mark.beside

ACCUSED = ORDER | {
    "capacity": "accused",
    "instruments": ["eio"],
    "language_of_request": "es",
    "offence_scope": ["any"],
}
PDF = b"%PDF-1.7\nhello"


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


@pytest.fixture
def authority(service):
    return service.signed_in("authority")


def made(service, *, submit: bool = True, state: str = "TH", **fields: object) -> str:
    """Address of a request of the demonstration's clerk."""

    async def make(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            actor = person_actor(cli.match(await queries.people(db), "clerk"))
            row = await requests.draft(db, requested_state=state, fields=demo.REQUEST | fields, actor=actor, now=now)
            if submit:
                await requests.submit(db, request=row, actor=actor, now=now)
        return f"/requests/{row.reference}"

    return str(service.run(make))


def upload(client, path: str, name: str, data: bytes, *, page: str = "", **fields: str):
    values = {"csrf": client.token(page or path)} | fields
    headers = {"origin": str(client.http.base_url).rstrip("/")}
    return client.request("POST", path, data=values, files={"file": (name, data)}, headers=headers)


def consulted(client, base: str) -> None:
    """The two States have spoken about the request."""
    held = {"way": "telephone", "with_whom": "The court", "subject": "Conditions", "outcome": "None would do"}
    assert client.post(f"{base}/consultations", held, page=f"{base}/consultations").status_code == 303


# --- the wizard --------------------------------------------------------------------------------------------------


def test_the_wizard_leads_from_step_to_step_and_keeps_what_was_saved(clerk):
    first = {"requested_state": "TH", "authority_contact": "Ana", "lists": "yes", "next": "continue"}
    answer = clerk.post("/requests/new", first, page="/requests/new")
    where = answer.headers["location"]
    assert re.fullmatch(r"/requests/RO-\d{4}-\d{4}/edit/proceedings", where)
    base = where.rsplit("/edit/", 1)[0]
    for step, following in zip(STEPS[1:], [*(f"edit/{one.slug}" for one in STEPS[2:]), "check"], strict=True):
        page = clerk.get(f"{base}/edit/{step.slug}")
        assert page.status_code == 200, step.slug
        version = re.search(r'name="version" value="(\d+)"', page.text)[1]
        answer = clerk.post(
            f"{base}/edit/{step.slug}",
            {"lists": "yes", "version": version, "next": "continue"},
            page=f"{base}/edit/{step.slug}",
        )
        assert (answer.status_code, answer.headers["location"]) == (303, f"{base}/{following}")
    check = clerk.words(clerk.get(f"{base}/check"))
    for text in ("Missing: Case number", "What the evidence is for", "Practice without a treaty", "Priority: 0 / 15"):
        assert text in check
    assert "Ana" in clerk.get(f"{base}/edit/authorities").text


def test_a_step_names_every_mistake_at_once_and_keeps_what_was_typed(service, clerk):
    base = made(service, submit=False)
    typed = {
        "lists": "yes", "person_name": "A\u200bB", "person_born": "31.1.1990", "person_nationality": "Thai",
        "custody_place": "Prison <3>", "language_of_person": "en-x-<script>",
    }  # fmt: skip
    answer = clerk.post(f"{base}/edit/person", typed, page=f"{base}/edit/person")
    assert answer.status_code == 422
    assert set(re.findall(r'<a href="#(\w+)">', answer.text)) == {
        "person_name", "person_born", "person_nationality", "language_of_person",
    }  # fmt: skip
    assert 'value="Prison &lt;3&gt;"' in answer.text
    assert "Somchai Wongsa" in clerk.get(f"{base}/edit/person").text, "nothing was changed"


def test_bad_input_26_a_language_that_is_no_tag_is_refused_on_the_page(service, clerk):
    base = made(service, submit=False)
    page = f"{base}/edit/arrangements"
    answer = clerk.post(page, {"lists": "yes", "interpreter_languages": ["ro", "en-x-<script>"]}, page=page)
    assert (answer.status_code, 'href="#interpreter_languages"' in answer.text) == (422, True)
    assert "<script>" not in answer.text.split("<main")[1]


def test_what_a_second_clerk_typed_is_not_lost_and_shown_beside_what_was_saved(service, clerk):
    base = made(service, submit=False)
    page = f"{base}/edit/person"
    version = re.search(r'name="version" value="(\d+)"', clerk.get(page).text)[1]
    one = {"person_name": "First Clerk", "version": version, "next": "exit"}
    assert clerk.post(page, one, page=page).status_code == 303
    answer = clerk.post(page, one | {"person_name": "Second Clerk"}, page=page)
    assert answer.status_code == 409
    words = clerk.words(answer)
    assert "Somebody else has changed this draft" in words and "First Clerk" in words
    assert 'value="Second Clerk"' in answer.text
    assert "First Clerk" in clerk.get(page).text
    fresh = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    again = clerk.post(page, one | {"person_name": "Second Clerk", "version": fresh}, page=page)
    assert (again.status_code, "Second Clerk" in clerk.get(page).text) == (303, True)


def test_times_that_do_not_exist_or_exist_twice_are_named(service, clerk):
    base = made(service, submit=False)
    page = f"{base}/edit/arrangements"
    good = {"lists": "yes", "slot_zone": "Europe/Bucharest", "slot_minutes": "60", "next": "exit"}
    walls = {"slot_1": "2027-03-26T10:00", "slot_2": "2027-03-27T10:00"}
    gap = clerk.post(page, good | walls | {"slot_3": "2027-03-28T03:30"}, page=page)
    assert (gap.status_code, "does not exist" in gap.text) == (422, True)
    twice = good | walls | {"slot_3": "2027-10-31T03:30"}
    answer = clerk.post(page, twice, page=page)
    assert (answer.status_code, 'name="slot_3_fold"' in answer.text) == (422, True)
    assert clerk.post(page, twice | {"slot_3_fold": "1"}, page=page).status_code == 303
    assert "Bangkok" in clerk.words(clerk.get(base))
    few = clerk.post(page, good | walls, page=page)
    assert (few.status_code, 'href="#proposed_slots"' in few.text) == (422, True)


@pytest.mark.parametrize("path", ["edit/person", "check", "documents", "consents", "consultations", "informal"])
def test_pages_of_a_draft_are_not_there_for_the_other_state(service, everything, authority, path):
    base = made(service, submit=False)
    before = service.run(everything)
    read = authority.get(f"{base}/{path}")
    assert (read.status_code, "Page not found" in authority.words(read)) == (404, True)
    written = authority.post(f"{base}/{path}", {"csrf": authority.token("/docket")})
    assert written.status_code in (404, 405, 415)
    assert not any(demo.REQUEST["person_name"] in one.text for one in (read, written))
    assert service.run(everything) == before


# --- a draft that is being filled in -----------------------------------------------------------------------------


def version_of(client, page: str) -> str:
    return re.search(r'name="version" value="(\d+)"', client.get(page).text)[1]


def autosaved(client, base: str, step: str, typed: dict[str, object], version: str = ""):
    page = f"{base}/edit/{step}"
    form = {"lists": "yes", "version": version or version_of(client, page)} | typed
    return client.post(f"{base}/autosave/{step}", form, page=page)


def test_what_is_typed_is_saved_and_said_with_the_clock_of_the_own_court(service, clerk):
    base = made(service, submit=False)
    answer = autosaved(clerk, base, "proceedings", {"case_number": "AUTO/1"})
    assert answer.status_code == 200
    assert re.fullmatch(r"Saved \d\d:\d\d București", answer.json()["text"])
    page = clerk.get(f"{base}/edit/proceedings").text
    assert 'value="AUTO/1"' in page and f'name="version" value="{answer.json()["version"]}"' in page
    assert "Criminal trial before the court of first instance" in page, "what was not sent is left as it was"
    again = autosaved(clerk, base, "proceedings", {"case_number": "AUTO/1"})
    assert again.json()["version"] == answer.json()["version"], "nothing has changed"


def test_a_sign_in_that_ends_loses_nothing_that_was_saved(service, clerk):
    base = made(service, submit=False)
    version, token = version_of(clerk, f"{base}/edit/person"), clerk.token(f"{base}/edit/person")
    assert autosaved(clerk, base, "person", {"custody_place": "Rahova"}).status_code == 200
    clerk.post("/sign-out", page=base)
    answer = clerk.post(f"{base}/autosave/person", {"csrf": token, "version": version, "custody_place": "Elsewhere"})
    assert answer.status_code == 401
    assert 'value="Rahova"' in service.signed_in("clerk").get(f"{base}/edit/person").text


def wrong_values() -> list[tuple[str, str, object]]:
    """Of every kind of field a value that its step refuses, by the table of fields."""
    bad: dict[type[kinds.Kind], object] = {
        kinds.Line: "A\u200bB", kinds.Lines: "x" * 9000, kinds.Answer: "perhaps", kinds.Choice: "nonsense",
        kinds.Day: "31.1.1990", kinds.Number: "x", kinds.Several: ["nonsense"], kinds.Language: "en-x-<script>",
        kinds.Languages: ["en-x-<script>"], kinds.State: "Nowhere", kinds.States: ["Nowhere"],
        kinds.Instruments: ["nonsense"],
        kinds.Level: "9",
    }  # fmt: skip
    return [(one.name, one.step, bad[type(one.kind)]) for one in FIELDS.values() if type(one.kind) in bad]


def test_a_refused_value_never_overwrites_a_saved_one_whatever_the_field(service, everything, clerk):
    base = made(service, submit=False)
    version = version_of(clerk, f"{base}/edit/person")
    before = service.run(everything)
    for name, step, value in wrong_values():
        form = {"csrf": clerk.token(f"{base}/edit/{step}"), "version": version, name: value}
        answer = clerk.post(f"{base}/autosave/{step}", form)
        assert (answer.status_code, "is not saved yet" in answer.text) == (200, True), (name, answer.text)
        service.app.state.parts.buckets.levels.clear()
    assert service.run(everything) == before


def test_fields_that_do_not_go_together_keep_what_was_saved_before(service, clerk):
    base = made(service, submit=False)
    days = {"detained_since": "2026-05-01", "custody_limit": "2026-01-01", "custody_place": "Rahova"}
    answer = autosaved(clerk, base, "person", days)
    assert (answer.status_code, "2 fields are not saved yet" in answer.json()["text"]) == (200, True)
    page = clerk.get(f"{base}/edit/person").text
    assert 'value="Rahova"' in page and "2026-05-01" not in page


def test_saving_by_itself_stops_where_somebody_else_has_changed_the_draft(service, everything, clerk):
    base = made(service, submit=False)
    old = version_of(clerk, f"{base}/edit/person")
    assert autosaved(clerk, base, "person", {"custody_place": "Rahova"}).status_code == 200
    before = service.run(everything)
    for version in (old, "", "x", "-1"):
        form = {"csrf": clerk.token(f"{base}/edit/person"), "version": version, "custody_place": "Jilava"}
        answer = clerk.post(f"{base}/autosave/person", form)
        assert (answer.status_code, answer.json()["code"]) == (409, "stale")
    assert service.run(everything) == before
    full = {"lists": "yes", "version": old, "custody_place": "Jilava", "next": "exit"}
    shown = clerk.post(f"{base}/edit/person", full, page=f"{base}/edit/person")
    assert (shown.status_code, "Rahova" in shown.text, "Jilava" in shown.text) == (409, True, True)
    same = clerk.post(f"{base}/edit/person", full | {"custody_place": "Rahova"}, page=f"{base}/edit/person")
    assert same.status_code in (303, 409)


def test_an_autosave_is_refused_like_the_step_itself(service, everything, clerk, authority):
    base = made(service, submit=False)
    path, typed = f"{base}/autosave/person", {"custody_place": "Jilava", "version": "1"}
    before = service.run(everything)
    assert clerk.post(path, typed | {"csrf": "0" * 64}).status_code == 403
    assert authority.post(path, typed | {"csrf": authority.token("/docket")}).status_code == 404
    assert clerk.post(f"{base}/autosave/nothing", typed, page=base).status_code == 404
    assert service.client().post(path, typed | {"csrf": "0" * 64}).status_code in (401, 403)
    assert service.run(everything) == before
    sent = made(service)
    answer = clerk.post(f"{sent}/autosave/person", typed, page=sent)
    assert (answer.status_code, answer.json()["code"]) in ((409, "stale"), (409, "not_ready"))


def test_whom_no_paragraph_reaches_is_stopped_where_capacity_and_basis_meet(service, everything, clerk):
    base = made(service, submit=False, instruments=["untoc"])
    before = service.run(everything)
    for send in (
        lambda: clerk.post(f"{base}/edit/person", {"capacity": "convicted_person"}, page=f"{base}/edit/person"),
        lambda: autosaved(clerk, base, "person", {"capacity": "convicted_person"}),
    ):
        send()
        assert service.run(everything) == before
    answer = clerk.post(f"{base}/edit/person", {"capacity": "convicted_person"}, page=f"{base}/edit/person")
    words = clerk.words(answer)
    assert (answer.status_code, 'href="#capacity"' in answer.text) == (422, True)
    assert "It alone is not a basis for hearing a convicted person" in words
    assert "other instrument between the two States" in words or "What covers this capacity" in words
    other = made(service, submit=False, instruments=[], capacity="convicted_person")
    answer = clerk.post(f"{other}/edit/basis", {"instruments": ["untoc"]}, page=f"{other}/edit/basis")
    assert (answer.status_code, 'href="#instruments"' in answer.text) == (422, True)


def test_only_instruments_that_can_bind_both_states_are_offered_and_the_others_named_with_the_reason(service, clerk):
    page = clerk.get(f"{made(service, submit=False)}/edit/basis")
    offered = re.findall(r'name="instruments" value="([^"]*)"', page.text)
    assert "untoc" in offered and "eio" not in offered
    assert re.search(r"instruments are not offered.*is not open to Thailand", clerk.words(page))
    within = clerk.get(f"{made(service, submit=False, state='ES', instruments=[])}/edit/basis")
    assert 'name="instruments" value="eio"' in within.text
    assert not {"ets182", "eu2000", "untoc"} & set(re.findall(r'name="instruments" value="([^"]*)"', within.text))
    assert re.search(r"not offered.*Investigation Order has replaced the 1959 Convention", clerk.words(within))


@pytest.mark.parametrize(
    ("step", "typed", "field"),
    [
        ("authorities", {"wanted_by": "2020-01-01"}, "wanted_by"),
        ("person", {"person_born": "2090-01-01"}, "person_born"),
        ("person", {"detained_since": "2090-01-01"}, "detained_since"),
        (
            "arrangements",
            {
                "slot_zone": "Europe/Bucharest", "slot_minutes": "60", "slot_1": "2020-01-01T10:00",
                "slot_2": "2099-01-02T10:00", "slot_3": "2099-01-03T10:00",
            },
            "proposed_slots",
        ),
    ],
)  # fmt: skip
def test_a_day_that_cannot_be_is_refused_at_its_step(service, everything, clerk, step, typed, field):
    base = made(service, submit=False)
    before = service.run(everything)
    answer = clerk.post(f"{base}/edit/{step}", typed, page=f"{base}/edit/{step}")
    assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True)
    assert service.run(everything) == before


def test_a_proposed_day_on_which_a_court_does_not_sit_is_warned_about(service, clerk):
    page = f"{made(service, submit=False)}/edit/arrangements"
    walls = {f"slot_{n}": f"2027-01-{day}T10:00" for n, day in ((1, "01"), (2, "12"), (3, "13"))}
    good = {"lists": "yes", "slot_zone": "Europe/Bucharest", "slot_minutes": "60", "next": "exit"} | walls
    assert clerk.post(page, good, page=page).status_code == 303
    words = clerk.words(clerk.get(page))
    assert "Friday 1 January 2027: no court sits in Romania on this day." in words


def test_a_field_that_depends_on_another_says_so_and_every_condition_names_fields_of_its_step(clerk):
    page = clerk.get("/requests/new")
    assert "Only with: Urgent" in clerk.words(page)
    for one in FIELDS.values():
        for name, _values in one.asked_if:
            assert FIELDS[name].step == one.step, (one.name, name)


# --- parts -------------------------------------------------------------------------------------------------------


def test_a_file_is_attached_and_handed_out_as_a_download_with_its_hash(service, clerk, authority):
    base = made(service)
    page = f"{base}/documents"
    assert upload(clerk, page, "order.pdf", PDF, kind="decision").status_code == 303
    shown = authority.get(page)
    assert hashlib.sha256(PDF).hexdigest() in shown.text
    link = re.search(rf'href="({page}/[0-9a-f-]{{36}})"', shown.text)[1]
    answer = authority.get(link)
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''order.pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "File read by the other State" in clerk.words(clerk.get(f"{base}?tab=history"))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("order.pdf", b"<script>alert(1)</script>", "it should end in .txt"),
        ("order.pdf", b"PK\x03\x04\x00", "Not an accepted file type: use PDF, PNG, JPEG or plain text"),
        ("order.png", PDF, "it should end in .pdf"),
        ("", PDF, "Choose a file"),
        ("order.pdf", b"", "The file is empty"),
    ],
)
def test_a_file_that_is_not_taken_is_refused_with_the_reason(service, clerk, name, data, words):
    base = made(service)
    answer = upload(clerk, f"{base}/documents", name, data, kind="decision")
    assert (answer.status_code, words in clerk.words(answer)) == (422, True), clerk.words(answer)
    assert "No files yet." in clerk.words(clerk.get(f"{base}/documents"))


def test_a_file_of_25_mib_is_taken_and_one_byte_more_is_not():
    assert security.body_limit("POST", "/requests/RO-2026-0001/documents") == 25 * 1024 * 1024 + 65_536
    assert security.body_limit("GET", "/requests/RO-2026-0001/documents") == security.BODY_LIMIT
    assert security.body_limit("POST", "/requests/RO-2026-0001/act/submit") > signatures.LONGEST
    for other in ("/requests/x/documents/y/remove", "/requests/new", "/requests/x/y/documents"):
        assert security.body_limit("POST", other) == security.BODY_LIMIT


def test_an_upload_without_the_token_or_by_a_stranger_is_refused(service, clerk, authority):
    base = made(service)
    headers = {"origin": str(clerk.http.base_url).rstrip("/")}
    bad = clerk.request(
        "POST", f"{base}/documents", data={"csrf": "0" * 64, "kind": "other"}, files={"file": ("a.pdf", PDF)},
        headers=headers,
    )  # fmt: skip
    assert (bad.status_code, "This form is too old" in clerk.words(bad)) == (403, True)
    draft = made(service, submit=False)
    strange = upload(authority, f"{draft}/documents", "a.pdf", PDF, page="/docket", kind="other")
    assert (strange.status_code, "Page not found" in authority.words(strange)) == (404, True)
    for page in (base, draft):
        assert "No files yet." in clerk.words(clerk.get(f"{page}/documents"))


def test_a_translation_by_a_machine_says_so(service, clerk):
    base = made(service)
    page = f"{base}/documents"
    answer = clerk.post(f"{base}/translations", {"language": "th"}, page=page)
    assert (answer.status_code, "Name the translator" in answer.text) == (422, True)
    assert clerk.post(f"{base}/translations", {"language": "th", "machine": "yes"}, page=page).status_code == 303
    words = clerk.words(clerk.get(page))
    assert "Machine translation" in words and "Nobody yet" in words


def test_the_informal_thread_is_read_by_both_and_says_that_it_is_not_formal(service, clerk, authority):
    base = made(service)
    page = f"{base}/informal"
    assert clerk.post(page, {"text": "Could <b>lunchtime</b> do?"}, page=page).status_code == 303
    answer = authority.get(page)
    assert "Could &lt;b&gt;lunchtime&lt;/b&gt; do?" in answer.text
    assert "It is not a request, an answer or evidence" in authority.words(answer)
    assert "lunchtime" not in clerk.words(clerk.get(base))
    empty = clerk.post(page, {"text": ""}, page=page)
    assert (empty.status_code, 'href="#text"' in empty.text) == (422, True)


def test_a_question_without_an_answer_leaves_the_state_that_asked_a_way_on(service, clerk, authority):
    base = made(service)
    authority.post(f"{base}/act/acknowledge", page=base)
    asked = authority.post(f"{base}/act/ask", {"text": "Which dialect?"}, page=base)
    assert asked.status_code == 303 and "Resume" in authority.words(authority.get(base))
    assert "Resume" not in clerk.words(clerk.get(base))
    assert authority.post(f"{base}/act/again", page=base).status_code == 303
    assert "Under review" in authority.words(authority.get(base))


def test_acts_of_either_side_stand_on_the_page_with_their_reasons(service, clerk, authority):
    base = made(service)
    act = f"{base}/act"
    assert clerk.post(f"{act}/priority", {"value": "15", "text": "No"}, page=base).status_code == 403
    wrong = authority.post(f"{act}/priority", {"value": "99", "text": "Urgent"}, page=base)
    assert (wrong.status_code, 'href="#priority-value"' in wrong.text) == (422, True)
    assert authority.post(f"{act}/priority", {"value": "15", "text": "A child waits"}, page=base).status_code == 303
    assert "set manually: A child waits" in authority.words(authority.get(f"{base}?tab=asked"))
    assert base.rsplit("/", 1)[1] in authority.words(authority.get("/requests?side=queue"))
    authority.post(f"{act}/acknowledge", page=base)
    form = authority.words(authority.get(f"{base}?act=postpone"))
    assert "Give the reasons (UNTOC art. 18(23)" in form and "UNTOC art. 18(24)" in form
    past = service.act(authority, base, "postpone", {"text": "Trial", "review": "2020-01-01"})
    assert (past.status_code, 'href="#postpone-review"' in past.text) == (422, True)
    never = service.act(authority, base, "postpone", {"text": "Trial"})
    assert (never.status_code, 'href="#postpone-review"' in never.text) == (422, True)
    trial = {"text": "Trial", "review": f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"}
    said = {"ground": "domestic_law_bar", "text": "Our law bars it", "confirmed": "domestic_law_bar"}
    for name, typed, field in (("postpone", trial, "text"), ("refuse", said, "ground")):
        early = service.act(authority, base, name, typed)
        told = "Record that consultation with the request first, or state why it was left out"
        assert (early.status_code, f'href="#{name}-{field}"' in early.text) == (422, True)
        assert told in authority.words(early)
    consulted(authority, base)
    assert service.act(authority, base, "postpone", trial).status_code == 303
    assert authority.post(f"{act}/again", page=base).status_code == 303
    assert service.act(authority, base, "refuse", said).status_code == 303
    assert clerk.post(f"{act}/comment", {"text": "We regret it."}, page=base).status_code == 303
    assert "We regret it." in authority.words(authority.get(base))


def test_grounds_stand_under_the_paragraphs_that_name_them_and_another_is_asked_about_first(service, clerk, authority):
    base = made(service)
    authority.post(f"{base}/act/acknowledge", page=base)
    page = authority.get(f"{base}?act=refuse").text
    groups = {
        unescape(label): re.findall(r'value="(\w+)"', inside)
        for label, inside in re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', page)
    }
    consulted(authority, base)
    assert list(groups) == [
        "Named in UNTOC art. 18(21)", "Require no paragraph that names them", "Not named in what the request relies on",
    ]  # fmt: skip
    named, formal, rest = groups.values()
    assert named == ["essential_interests", "domestic_law_bar", "not_in_conformity", "contrary_to_legal_system"]
    assert "language" in formal and "no_consent" in rest
    assert sorted(named + formal + rest) == sorted(reference.enums()["refusal_code"])
    said = {"ground": "no_consent", "text": "She said no"}
    warned = service.act(authority, base, "refuse", said)
    against = "In the paragraphs the data hold, this ground is not named by: UN Convention"
    assert (warned.status_code, against in authority.words(warned)) == (422, True)
    assert 'name="confirmed" value="no_consent"' in warned.text
    other = said | {"confirmed": "fundamental_rights"}  # confirmed was another one
    assert service.act(authority, base, "refuse", other).status_code == 422
    assert "Under review" in clerk.words(clerk.get(base))
    said |= {"confirmed": "no_consent"}
    signing = authority.post(f"{base}/sign/refuse", said, page=base)
    assert (signing.status_code, against in authority.words(signing)) == (200, True)
    assert 'name="confirmed" value="no_consent"' in signing.text
    assert service.act(authority, base, "refuse", said).status_code == 303
    for client in (clerk, authority):
        assert against in client.words(client.get(base)).split("Answer of the requested State")[1]


def test_a_ground_that_is_named_is_refused_on_without_being_asked_again(service, clerk, authority):
    base = made(service)
    authority.post(f"{base}/act/acknowledge", page=base)
    consulted(authority, base)
    said = {"ground": "essential_interests", "text": "State secrets"}
    signing = authority.post(f"{base}/sign/refuse", said, page=base)
    assert (signing.status_code, "not named by" in signing.text) == (200, False)
    assert service.act(authority, base, "refuse", said).status_code == 303
    assert "not named by" not in authority.get(base).text


def test_the_gate_is_judged_again_with_the_consents_on_record_beside_what_it_was(service, clerk):
    base = made(service, state="ES", **ACCUSED)
    page = f"{base}/consents"
    consent = re.search(rf'action="({page}/[0-9a-f-]{{36}})"', clerk.get(page).text)[1]
    assert clerk.post(consent, {"answer": "refused"}, page=page).status_code == 303
    gate = clerk.words(clerk.get(f"{base}?tab=law")).partition("As of today.")[2]
    today, then = gate.split("As it was when the request was submitted.")
    assert "The person must consent: refused" in today
    assert "The person must consent" in then and "must consent: refused" not in then


def test_the_limits_of_an_order_stand_on_its_page_with_their_provisions_and_the_form_of_its_receipt(service, clerk):
    base = made(service, state="ES", **ACCUSED)
    shown = clerk.words(clerk.get(base))
    assert "Acknowledgement of receipt due Directive 2014/41/EU (EIO) art. 16" in shown
    assert "Answer due Directive 2014/41/EU (EIO) art. 12" in shown
    assert "Execution due" not in shown, "nothing has been accepted"
    assert f'href="{base}/receipt.pdf"' in clerk.get(base).text
    paper = clerk.get(f"{base}/receipt.pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    plain = made(service)
    assert "receipt.pdf" not in clerk.get(plain).text
    assert clerk.get(f"{plain}/receipt.pdf").status_code == 404


def test_rules_that_ask_by_now_are_noted_from_the_page(service, clerk):
    base = made(service, state="ES", **ACCUSED)
    page = f"{base}/consents"
    assert "Rules that now require it" not in clerk.words(clerk.get(page))

    async def forget(database: Database) -> None:
        async with database.transaction() as db:
            row = (await db.exec(select(HearingRequest).where(HearingRequest.reference == base.split("/")[-1]))).one()
            for one in (await db.exec(select(Consent).where(Consent.request_id == row.id))).all():
                await db.delete(one)

    service.run(forget)
    assert "Rules that now require it" in clerk.words(clerk.get(page))
    assert clerk.post(page, page=page).status_code == 303
    shown = clerk.words(clerk.get(page))
    assert "Rules that now require it" not in shown and "Record the person's answer" in shown


def test_a_request_signed_by_nobodys_key_is_refused(service, clerk):
    base = made(service, submit=False)
    answer = clerk.post(f"{base}/act/submit", {"jws": "e30.e30.AA"}, page=base)
    assert (answer.status_code, "names an algorithm or parts that are not accepted" in clerk.words(answer)) == (
        401,
        True,
    )
    assert "Draft" in clerk.words(clerk.get(base))


def test_conditions_become_rules_and_one_that_lacks_something_is_refused(service, clerk, authority):
    base = made(service)
    authority.post(f"{base}/act/acknowledge", page=base)
    chosen = {"text": "As follows", "c_counsel_present": "yes", "c_time_limit": "yes"}
    answer = service.act(authority, base, "conditions", chosen)
    assert (answer.status_code, "A condition is incomplete" in answer.text) == (422, True)
    chosen |= {"c_time_limit_minutes": "90", "c_no_questions_on_subject": "not ticked"}
    assert service.act(authority, base, "conditions", chosen).status_code == 303
    words = clerk.words(clerk.get(base))
    assert "The person is heard for at most 90 minutes." in words
    assert "Defence counsel is present throughout." in words
    assert "not ticked" not in words
    history = clerk.words(clerk.get(f"{base}?tab=history"))
    assert "Niran Srisai ( TH )" in history.split("Viewed by the other State")[1]


def test_what_an_authority_signs_is_what_the_act_expects_line_ends_and_all(service, clerk, authority):
    base = made(service)
    authority.post(f"{base}/act/acknowledge", page=base)
    typed = {"text": "Our judge is present.\r\nNo recording of the gallery."}
    page = authority.post(f"{base}/sign/conditions", typed, page=base)
    assert page.status_code == 200
    stated = service.statement(page)
    assert stated["body"] == {
        "conditions": "Our judge is present.\nNo recording of the gallery.",
        "rules": [],
        "answers": {"domestic_law_confirmed": True},
    }
    jws = signatures.sign(stated, seed=service.seed("TH"))
    other = authority.post(f"{base}/act/conditions", {"text": "Something else", "jws": jws}, page=base)
    assert (other.status_code, "Under review" in authority.words(authority.get(base))) == (409, True)
    assert clerk.post(f"{base}/act/conditions", typed | {"jws": jws}, page=base).status_code == 403
    assert authority.post(f"{base}/act/conditions", typed | {"jws": jws}, page=base).status_code == 303
    words = clerk.words(clerk.get(f"{base}?tab=history"))
    assert "Accepted with conditions" in words and "Accept the request with conditions" in words


# --- lists -------------------------------------------------------------------------------------------------------


def test_what_waits_is_shown_with_its_day_and_on_the_docket(service, authority):
    base = made(service, wanted_by="2026-12-30", wanted_by_reason="The trial begins")
    reference = base.rsplit("/", 1)[1]
    words = authority.words(authority.get("/waiting"))
    assert re.search(rf"A request has arrived {reference} .*30 Dec (2026 )?23:59 Bangkok", words)
    first = authority.words(authority.get("/docket"))
    assert reference in first or "My tasks 8+" in first  # the docket has the first ones


def test_what_waits_goes_on_where_the_page_before_ended(service, authority, monkeypatch):
    monkeypatch.setattr(waiting, "PAGE", 2)
    made(service)
    made(service)
    made(service)
    seen, where, pages = [], "/waiting?all", 0
    while where:
        page = authority.get(where)
        assert page.status_code == 200
        rows = re.findall(r'<small><bdi dir="ltr" class="t">([^<]*)</bdi>', page.text)
        assert 1 <= len(rows) <= 2
        seen, pages = seen + rows, pages + 1
        link = re.search(r'<a rel="next" href="([^"]*)">Later</a>', page.text)
        where = unescape(link[1]) if link else ""
        # Whoever goes on with the keyboard goes on in the list, not at the top of the page.
        assert not where or (where.endswith("#tasks") and 'id="tasks" tabindex="-1"' in page.text and "all" in where)
    assert pages >= 2 and len(set(seen)) == len(seen) >= 3
    nonsense = authority.get("/waiting?after=yesterday")
    assert (nonsense.status_code, "This could not be accepted" in nonsense.text) == (422, True)


def test_the_search_finds_by_case_and_by_name_and_says_when_there_is_nothing(service, clerk):
    base = made(service, case_number="SEARCH/1", person_name="Niran Unusual")
    reference = base.rsplit("/", 1)[1]
    for words in ("SEARCH/1", "unusual", reference):
        assert reference in clerk.words(clerk.get("/search", params={"words": words}))
    assert "No results." in clerk.words(clerk.get("/search?words=zzzz"))
    short = clerk.get("/search?words=z")
    assert (short.status_code, reference in short.text, "There is a problem" in short.text) == (422, False, True)
    admin = service.signed_in("administrator")
    assert reference not in admin.words(admin.get("/search?words=unusual"))


def test_bad_input_24_the_directory_is_imported_by_the_administrator_and_exported_inert(service, clerk):
    admin = service.signed_in("administrator")
    head = ",".join(directory.FORMER)
    row = "TH,contact_point,=cmd|calc,S. Rak,s@ago.example,+66 2,Ratchadaphisek Road,th,iberred,phone,2026-01-01"
    assert "Import a table" not in clerk.words(clerk.get("/directory"))
    refused = upload(clerk, "/directory", "a.csv", b"x", page="/docket")
    assert (refused.status_code, "You may not do this" in clerk.words(refused)) == (403, True)
    bad = upload(admin, "/directory", "a.csv", f"{head}\n{row}\n{row.replace('TH,', 'XX,')}\n".encode())
    assert (bad.status_code, "Mistakes in the table" in bad.text) == (422, True)
    assert re.search(r"3\s+state\s+No data for the State", admin.words(bad))
    assert "S. Rak" not in admin.words(admin.get("/directory"))
    assert upload(admin, "/directory", "a.csv", f"{head}\n{row}\n".encode()).status_code == 303
    words = clerk.words(clerk.get("/directory?network=iberred"))
    assert "=cmd|calc" in words and "S. Rak" in words and "Ratchadaphisek Road" in words
    table = clerk.get("/directory.csv?state=TH")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert "'=cmd|calc" in table.text
    assert ",=cmd" not in table.text
    assert ",'+66 2," in table.text


def test_a_protected_name_stands_only_where_the_whole_request_is_read(service, clerk, authority):
    base = made(service, protection_requested=["pseudonym"], person_name="Niran Hidden")
    authority.post(f"{base}/act/acknowledge", page=base)
    for client in (clerk, authority):
        for path in (base, f"{base}/documents", f"{base}?tab=history", f"{base}?tab=law", "/waiting", "/requests"):
            assert "Hidden" not in client.get(path).text, path
        assert "Niran Hidden" in client.get(f"{base}?tab=asked").text
    shown = clerk.get("/search?words=hidden").text  # found by who made it, and not named in the list
    assert base in shown and "Niran Hidden" not in shown
