"""One table of fields: a row added to it is asked for in the wizard, taken by the API, missed, printed and named."""

import re
from collections import Counter
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pydantic import ValidationError
from sqlmodel import select

from hearings.db import Database
from hearings.models import HearingRequest
from hearings.requests import fields
from hearings.requests.document import Papers, printed
from hearings.requests.field_kinds import Choice, Flag, Level, Lines, Several
from hearings.requests.fields import FIELDS, Field, Need, fill
from hearings.sentences import tell
from web.api import request_fields
from web.demo import demo
from web.requests import authorities, steps
from web.requests.steps import STEPS
from web.words import labels
from web.words.i18n import LANGUAGES, speaking
from web.words.sentences import say

pytestmark = pytest.mark.beside

NEW = Field(
    "refusal_comment", Lines(500), "person", "e", tell("Habits of the person"), help=tell("Morning or evening?"),
    need=Need.demanded,
)  # fmt: skip
"""A field nobody has heard of, in a column there is."""
WHOLE: dict[str, Any] = demo.REQUEST | {
    "requesting_authority": "Court of Cluj", "requested_authority": "Court of Bangkok",
    "authority_contact": "Ana", "authority_phone": "+40 21 000", "urgent": True, "urgent_reason": "Custody ends",
    "wanted_by": "2027-01-15", "wanted_by_reason": "The trial", "oral": True, "approach": "consular",
    "oral_at": datetime(2026, 12, 1, 10, tzinfo=UTC), "persons_conducting": "A. Pop\nB. Pop", "penalty_years": 9,
    "evidence_risk": 2, "evidence_risk_reason": "The witness is ill", "person_born": "1990-01-31",
    "protection_requested": ["voice", "face"], "protection_reason": "Threats", "confidential": False,
    "interpreter_languages": ["ro", "th"], "language_of_request": "th",
    "proposed_slots": [{"wall": f"2027-03-2{n}T09:00", "zone": "Europe/Bucharest"} for n in (2, 3, 4)],
}  # fmt: skip


def row(**values: Any) -> HearingRequest:
    now = datetime(2026, 12, 2, tzinfo=UTC)
    made = HearingRequest(
        owner_state="RO", reference="x", requesting_state="RO", requested_state="TH", created_by="-", created_at=now,
    )  # fmt: skip
    fill(made, demo.REQUEST | values)
    return made


def paper(of: HearingRequest, lang: str = "en") -> dict[str, list[Any]]:
    """Labels and values of a printed request."""
    page = printed(
        Papers(request=of, attachments=[], translations=[], consents=[], answers=[], signatures=[]), lang, say=say
    )["sections"]  # fmt: skip
    return {line["label"]: line["values"] for section in page for line in section["rows"]}


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cast(MutableMapping[str, Field], FIELDS), NEW.name, NEW)


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


def begun(clerk) -> str:
    """A new draft; the address of its pages."""
    answer = clerk.post("/requests/new", {"requested_state": "TH", "lists": "yes"}, page="/requests/new")
    return str(answer.headers["location"]).rsplit("/edit/", 1)[0]


@pytest.mark.usefixtures("added")
def test_a_row_in_the_table_is_asked_for_kept_shown_and_missed_on_the_pages(clerk):
    base = begun(clerk)
    check = clerk.get(f"{base}/check")
    assert f"Missing: {NEW.label}" in clerk.words(check)
    assert f'href="{base}/edit/person#{NEW.name}">{NEW.label}</a>' in check.text
    page = clerk.get(f"{base}/edit/person")
    assert re.search(
        rf'<label for="{NEW.name}">{NEW.label}</label>\s*<p class="hint"[^>]*>{re.escape(NEW.help)}</p>', page.text
    )
    assert re.search(rf'<textarea id="{NEW.name}" name="{NEW.name}" [^>]*maxlength="500"', page.text)
    long = clerk.post(f"{base}/edit/person", {NEW.name: "x" * 501}, page=f"{base}/edit/person")
    assert (long.status_code, f"{NEW.label}: Too long: at most 500 characters" in clerk.words(long)) == (422, True)
    kept = clerk.post(f"{base}/edit/person", {NEW.name: "Rises late"}, page=f"{base}/edit/person")
    assert kept.status_code == 303
    assert re.search(rf"<dt>{NEW.label}</dt><dd[^>]*><bdi>Rises late</bdi>", clerk.get(f"{base}?tab=asked").text)
    assert f"Missing: {NEW.label}" not in clerk.words(clerk.get(f"{base}/check"))


@pytest.mark.usefixtures("added")
def test_a_row_in_the_table_is_taken_and_described_by_the_api_and_printed():
    body = request_fields.taken(FIELDS)
    described = body.model_json_schema()["properties"][NEW.name]
    assert (described["maxLength"], described["default"]) == (500, "")
    assert described["description"] == "Habits of the person. Morning or evening?"
    purpose = body.model_json_schema()["properties"]["purpose"]["description"]
    assert purpose.startswith("Purpose. UNTOC art. 18(15)(f), UNCAC art. 46(15)(f), ")
    assert body.model_validate({NEW.name: "Rises late"}).model_dump(exclude_unset=True) == {NEW.name: "Rises late"}
    with pytest.raises(ValidationError):
        body.model_validate({NEW.name: "x" * 501})
    assert NEW.name in request_fields.field_values(FIELDS).model_json_schema()["required"]
    found = paper(row(**{NEW.name: "Rises late"}))
    assert [value["text"] for value in found[NEW.label]] == ["Rises late"]
    assert NEW.label not in paper(row())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_field_is_called_the_same_on_page_and_paper_and_in_the_api(lang):
    full = row(**WHOLE)
    with speaking(lang):
        for name, one in FIELDS.items():
            assert labels.label(name) == say(lang, one.label)
            assert labels.label(name) in paper(full, lang) or not one.printed or not one.kind.given(getattr(full, name))
    called = [field.label for field in FIELDS.values()]
    assert max(Counter(called).values()) == 1, "no two are called the same"
    schema = request_fields.RequestFields.model_json_schema()["properties"]
    assert all(schema[name]["description"].startswith(one.label) for name, one in FIELDS.items())


def test_every_choice_of_a_field_has_its_word():
    for name, one in FIELDS.items():
        if isinstance(one.kind, Choice | Several):
            assert set(labels.WORDS[one.kind.words]) == {member.value for member in one.kind.of}, name
        if isinstance(one.kind, Level):
            assert set(labels.WORDS[one.kind.words]) == {str(n) for n in range(one.kind.most + 1)}, name


def sent(step: steps.Step, shown: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends of a page whose fields hold this: no box that is not ticked."""
    names = [one.name for one in step.inputs if not (isinstance(one.kind, Flag) and not shown[one.name])]
    extra = [
        name
        for name in shown
        if name not in FIELDS and step.slug == ("arrangements" if "slot" in name else "authorities")
    ]
    return {name: shown[name] for name in (*names, *extra) if name != "proposed_slots"}


def test_the_whole_form_is_walked_with_no_step_back_and_each_value_is_read_once(service, clerk, monkeypatch):
    wanted = row(**WHOLE)
    shown = steps.values(wanted)
    read: Counter[str] = Counter()
    real = Field.read
    monkeypatch.setattr(Field, "read", lambda self, *more: read.update([self.name]) or real(self, *more))
    where, walked = "/requests/new", []
    while not where.endswith("/check"):
        page = clerk.get(where)
        slug = STEPS[0].slug if where == "/requests/new" else where.rsplit("/", 1)[1]
        step = steps.BY_SLUG[slug]
        version = re.search(r'name="version" value="(\d+)"', page.text)[1]
        form = sent(step, shown) | {"requested_state": "TH", "lists": "yes", "version": version, "next": "continue"}
        answer = clerk.post(where, form, page=where)
        assert answer.status_code == 303, clerk.words(answer)
        walked.append(slug)
        where = answer.headers["location"]
    assert walked == [step.slug for step in STEPS]
    assert set(read) == set(FIELDS) and set(read.values()) == {1}
    check = clerk.get(where)
    assert "Not ready to be submitted" not in check.text and "Submit the request" in check.text

    async def kept(database: Database) -> HearingRequest:
        async with database.reading() as db:
            reference = where.split("/")[2]
            return (await db.exec(select(HearingRequest).where(HearingRequest.reference == reference))).one()

    found = service.run(kept)
    assert {name: getattr(found, name) for name in FIELDS} == {name: getattr(wanted, name) for name in FIELDS}


def test_an_authority_that_is_left_empty_later_is_the_central_one_again(clerk):
    base = begun(clerk)
    here = f"{base}/edit/authorities"
    for typed in ("Court of Cluj", ""):
        clerk.post(here, {"lists": "yes", "requesting_authority": typed}, page=here)
        check = clerk.words(clerk.get(f"{base}/check"))
        assert "Missing: Case number" in check and "Missing: Requesting authority" not in check


def test_the_step_says_how_many_more_authorities_the_directory_has(clerk, monkeypatch):
    here = f"{begun(clerk)}/edit/authorities"
    assert "more authorit" not in clerk.words(clerk.get(here))
    monkeypatch.setattr(authorities, "MOST", 0)
    assert "1 more authority is in the directory." in clerk.words(clerk.get(here))


def test_a_step_that_is_refused_stays_the_step_and_begins_with_what_is_wrong(clerk):
    base = begun(clerk)
    bad = {"authorities": {"oral": "yes"}, "facts": {"penalty_years": "x"}, "person": {"person_born": "x"}} | {
        "proceedings": {"stage": "x"}, "assistance": {"oath_form": "x"}, "arrangements": {"costs": "x"},
        "basis": {"instruments": "x"},
    }  # fmt: skip
    for step in STEPS:
        here = f"{base}/edit/{step.slug}"
        answer = clerk.post(here, {"lists": "yes"} | bad[step.slug], page=here)
        assert (answer.status_code, answer.url.path) == (422, here)
        summary = re.search(
            r'(?s)<div class="error-summary" role="alert" tabindex="-1"[^>]* autofocus>.*?</div>', answer.text
        )
        (field,) = re.findall(r'href="#(\w+)"', summary[0])
        assert fields.FIELDS[field].step == step.slug and f'id="{field}"' in answer.text
