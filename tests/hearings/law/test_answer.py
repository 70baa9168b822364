"""Who answers each line of the legal check: a table, and no line without an entry in it."""

from collections.abc import Iterator
from datetime import date
from itertools import product

import pytest

from hearings import reference
from hearings.law import law
from hearings.law.answer import (
    ANSWERED_WITH,
    FACTS,
    LATER,
    LINES,
    OTHER,
    Answerer,
    Ask,
    Due,
    GateLine,
    LineStatus,
    listed,
    states_say,
)
from hearings.law.law import LAW
from hearings.law.legal_bases import evaluate
from hearings.models import HearingRequest
from hearings.models.request import Capacity, OffenceScope, ReasonNoAttendance
from hearings.requests.fields import FIELDS

ON = date(2026, 11, 24)
PAIRS = ("RO>TH", "TH>RO", "RO>US", "RO>ES", "FR>IT", "FR>NL", "RO>CN", "ES>TH", "RO>GB", "TH>KE", "RO>KE", "RO>JP")
STAGES = ("", "investigation", "trial")


PROTECTED = Ask(
    requesting_state="RO",
    requested_state="GB",
    on=ON,
    capacity=Capacity.witness,
    reason_no_attendance=ReasonNoAttendance.not_possible,
    reason_text="She is ill.",
    language_of_request="en",
    channel="central_authority",
    protection_requested=True,
)


def lines() -> Iterator[GateLine]:
    """Every line the engine has to give, over many questions about all instruments."""
    for verdict in evaluate(PROTECTED).verdicts:
        yield from verdict.lines
    stated = (None, False, True)
    for pair, capacity, fact in product(PAIRS, [None, *Capacity], stated):
        requesting, requested = pair.split(">")
        for stage, channel in zip(STAGES, ("", "interpol", "diplomatic"), strict=True):
            ask = Ask(
                requesting_state=requesting,
                requested_state=requested,
                on=ON,
                capacity=capacity,
                scopes=frozenset({OffenceScope.untoc_offence.value}) if fact else frozenset(),
                answers=dict.fromkeys(FACTS, fact),
                procedure="eaw_fd_2002_584" if stage else "criminal_proceedings",
                stage=stage,
                channel=channel,
                oral=bool(channel),
                urgent=True if channel else fact,
                language_of_request="fr" if stage else "en",
                person_age_under_18=True,
                in_custody=True,
                protection_requested=True,
                accessibility_needs=True,
            )
            for verdict in evaluate(ask).verdicts:
                yield from verdict.lines


def test_every_line_of_the_engine_has_an_entry_that_says_who_answers_it_and_by_when() -> None:
    found = {line.key: listed(line.key) for line in lines() if not line.asks}
    assert [key for key, entry in found.items() if entry == OTHER] == []
    beside = {"only_without", "sg"}  # of rows that tests/hearings/law/beside asks about
    assert set(LINES) - {listed(line.key) for line in lines()} <= {OTHER, *beside}
    assert {line.as_json()["answered_by"] for line in lines()} == {one.value for one in Answerer}


def test_a_line_that_waits_for_a_state_names_facts_that_this_state_answers() -> None:
    waiting = [line for line in lines() if line.waits]
    assert {fact for line in waiting for fact in line.asks} == set(FACTS)
    for line in waiting:
        assert line.who.answered_by in (Answerer.requested, Answerer.both) or line.who.due is Due.ready
        assert line.who.due is not Due.submission


def test_nothing_a_state_answers_is_a_field_that_the_requesting_clerk_fills_in() -> None:
    assert set(FACTS) & set(FIELDS) == set()
    assert set(FACTS) & set(HearingRequest.model_fields) == set()
    assert set(LINES) & set(FACTS) == set()
    assert set(FACTS) - LATER <= set(Ask.__dataclass_fields__)
    later = {name for name, fact in ANSWERED_WITH.items() if fact in LATER}
    assert later <= set(Ask.__dataclass_fields__) & set(FIELDS), "what a draft may say before"


@pytest.mark.parametrize("table", ["facts", "lines"])
def test_the_tables_name_only_parties_and_times_there_are(table: str) -> None:
    for row in reference.gate()[table].values():
        assert row["answered_by"] in set(Answerer)
        assert row["due"] in set(Due)


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("declaration_GB_1", "declaration"),
        ("consent_record", "consent_record"),
        ("consent_FR_more", "consent"),
        ("persons_nat_KE", "persons"),
        ("person", "person"),
        ("of_an_administrator", OTHER),
    ],
)
def test_a_line_is_found_by_its_key_or_the_longest_beginning_of_it(key: str, entry: str) -> None:
    assert listed(key) == entry


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize(("ours", "theirs"), list(product([None, True, False], repeat=2)))
def test_a_fact_is_a_yes_only_where_every_state_that_answers_it_says_yes(
    fact: str, ours: bool | None, theirs: bool | None
) -> None:
    given = {state: answer for state, answer in (("RO", ours), ("TH", theirs)) if answer is not None}
    counted = {Answerer.both: [ours, theirs], Answerer.requesting: [ours]}.get(FACTS[fact].answered_by, [theirs])
    wanted = False if False in counted else None if None in counted else True
    assert states_say({fact: given}, requesting="RO", requested="TH")[fact] is wanted


def test_where_the_data_know_no_other_treaty_they_answer_and_where_they_are_unsure_both_states_do() -> None:
    ask = Ask(requesting_state="RO", requested_state="TH", on=ON, capacity=Capacity.witness)

    def priority(known: law.Law) -> GateLine:
        (verdict,) = evaluate(ask, ["untoc"], law=known).verdicts
        return next(line for line in verdict.lines if line.key == "specific_treaty")

    assert (priority(LAW).status, priority(LAW).who.answered_by) == (LineStatus.met, Answerer.data)
    row = {
        **LAW.instruments["eu_japan"],
        "id": "pact",
        "name": "Pact",
        "priority": 40,
        "binding": "parties",
        "bilateral": None,
    }
    party = next(iter(LAW.rows["party"].values()))
    parties = [
        ("party", f"{state}/pact", {**party, "iso2": state, "instrument_id": "pact", "party_status": status})
        for state, status in (("RO", "unknown"), ("TH", "unknown"))
    ]
    unsure = priority(law.merge([("instrument", "pact", row), *parties]))
    assert (unsure.status, unsure.who.answered_by, unsure.inputs["unsure"]) == (
        LineStatus.needs_human, Answerer.both, ["Pact"],
    )  # fmt: skip
