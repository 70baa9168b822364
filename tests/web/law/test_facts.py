"""One table of facts: what the law check asks on its page and takes by its API is what an `Ask` holds, all of it."""

import re
from dataclasses import fields
from datetime import date
from typing import Any

import pytest

from hearings.law import answer
from hearings.law.law import LAW
from hearings.law.legal_bases import Ask, ask_about, evaluate
from hearings.models import HearingRequest
from hearings.models.request import Capacity
from web.law import facts
from web.law.facts import FACTS, Kind

TODAY = date(2026, 11, 24)
PAIR = {"requesting_state": "RO", "requested_state": "TH"}
NOT_OF_A_REQUEST = {"interpreter_needed"}
"""What a request has no column for, besides what only States answer."""
OF_A_REQUEST_ONLY = {"each_state"}
"""What only a request that both States have can hold."""
SAID: dict[Kind, tuple[str, Any, Any]] = {
    Kind.state: ("KE", "KE", "KE"),
    Kind.states: ("ke, TH", ["KE", "TH"], ("KE", "TH")),
    Kind.day: ("2027-02-03", "2027-02-03", date(2027, 2, 3)),
    Kind.language: ("th", "th", "th"),
    Kind.text: ("ill", "ill", "ill"),
    Kind.question: ("yes", True, True),
}
"""By kind: as it is typed, as it is sent, and what the question then holds."""


def told(fact: facts.Fact) -> tuple[Any, Any, Any]:
    """A value of a fact as a form, the API and an `Ask` have it."""
    if fact.of is None:
        return SAID[fact.kind]
    one = list(fact.of)[-1]
    return ([one.value], [one.value], frozenset({one.value})) if fact.kind is Kind.several else (one.value,) * 3


def held(ask: Ask, fact: facts.Fact) -> Any:
    return ask.answers.get(fact.name) if fact.into == "answers" else getattr(ask, fact.field)


def test_every_field_of_a_question_is_asked_for_and_nothing_else() -> None:
    assert {fact.field for fact in FACTS.values()} == {field.name for field in fields(Ask)} - OF_A_REQUEST_ONLY
    tests = {test["field"] for tests in LAW.gate["scope_tests"].values() for test in tests}
    assert {fact.name for fact in FACTS.values() if fact.into == "answers"} == tests


def test_the_page_has_an_input_for_every_fact_and_the_api_takes_each(service) -> None:
    clerk = service.signed_in("clerk")
    form = clerk.get("/law/check").text.split('action="/law/check"')[1].split("</form>")[0]
    assert set(re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', form)) == set(FACTS)
    assert set(facts.Inputs.model_fields) == {*FACTS, "answers", "instruments"}
    schema = facts.Inputs.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["requesting_state", "requested_state"]
    assert schema["properties"]["answers"]["propertyNames"]["enum"] == list(facts.QUESTIONS)


@pytest.mark.parametrize("name", [name for name in FACTS if name not in {"requesting_state", "requested_state"}])
def test_a_fact_is_the_same_from_the_page_and_through_the_api(name: str) -> None:
    fact = FACTS[name]
    typed, sent, wanted = told(fact)
    by_page = facts.ask(facts.typed(PAIR | {"on": "2026-11-24"} | {name: typed}, LAW))
    by_api = facts.sent(facts.Inputs.model_validate(PAIR | {name: sent}), TODAY)
    assert held(by_page, fact) == held(by_api, fact) == wanted
    assert by_page == by_api
    assert held(facts.ask(PAIR | {"on": TODAY}), fact) != wanted


@pytest.mark.parametrize("name", [name for name in FACTS if FACTS[name].kind is Kind.question])
def test_a_question_may_be_answered_by_name_as_well(name: str) -> None:
    body = facts.Inputs.model_validate(PAIR | {"answers": {name: False}, name: True})
    assert held(facts.sent(body, TODAY), FACTS[name]) is False


def test_what_a_request_says_is_asked_about_as_it_stands_there() -> None:
    row = HearingRequest(owner_state="RO", requesting_state="RO", requested_state="TH", capacity=Capacity.witness)
    missing = {name for name, fact in FACTS.items() if fact.kind is Kind.question and not hasattr(row, name)}
    only_states = {name for name in {*answer.FACTS, *answer.ANSWERED_WITH} & set(FACTS) if not hasattr(row, name)}
    assert missing == NOT_OF_A_REQUEST | only_states
    row.gate_answers = {fact: {"RO": True, "TH": True} for fact in ("both_agree_urgent_route", "both_agree_oral")}
    ask = ask_about(row, on=TODAY)
    assert (ask.both_agree_urgent_route, ask.route_possible, ask.both_agree_oral) == (True, True, True)


def test_who_agree_on_the_urgent_channel_hold_it_possible_unless_they_say_otherwise() -> None:
    agreed = PAIR | {"on": TODAY, "both_agree_urgent_route": True}
    assert facts.ask(agreed).route_possible is True
    assert facts.ask(agreed | {"route_possible": False}).route_possible is False
    assert evaluate(facts.ask(agreed)).verdicts


@pytest.mark.parametrize(
    ("more", "code", "named"),
    [
        ({"shoe_size": 44}, "unknown_field", "shoe_size"),
        ({"scopes": ["untoc_offence"]}, "unknown_field", "scopes"),
        ({"answers": {"weather": True}}, "invalid_input", "weather"),
        ({"channel": "direct_to_person"}, "invalid_input", "channel"),
        ({"consent": "maybe"}, "invalid_input", "consent"),
        ({"in_custody": "yes"}, "invalid_input", "in_custody"),
        ({"instruments": ["untoc", "unknwon"]}, "invalid_input", "unknwon"),
    ],
)
async def test_a_name_or_value_that_is_none_is_refused_by_name(ro, more, code, named) -> None:
    answer = await ro.post("/legal-bases/evaluate", PAIR | more)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert named in answer.text


def test_a_name_of_a_state_is_not_read_as_the_code_of_another(service) -> None:
    values = PAIR | {"on": "2026-11-24", "nationalities": "Germany, th"}
    assert facts.typed(values, LAW)["nationalities"] == ["TH"], "GE is Georgia"
    assert facts.not_states(values, LAW) == ["nationalities"]
    answer = service.signed_in("clerk").get("/law/check", params=values)
    assert answer.status_code == 422
    assert "Enter the codes of States" in answer.text


async def test_consent_purpose_and_counsel_change_what_the_api_finds(ro) -> None:
    body = {"requesting_state": "FR", "requested_state": "IT", "capacity": "accused", "instruments": ["eio"]}
    more = {"consent": "given", "evidential_purpose": True, "counsel_named": True}
    lines = []
    for sent in (body, body | more):
        (verdict,) = (await ro.post("/legal-bases/evaluate", sent)).json()["verdicts"]
        lines.append({line["key"]: line["status"] for line in verdict["lines"]})
    changed = {key for key in lines[0] if lines[0][key] != lines[1][key]}
    assert {"consent", "evidential_purpose"} < changed
    assert any(key.startswith("counsel_") for key in changed)
    assert {lines[1][key] for key in changed} == {"met"}
