"""Nothing stays open for ever: on every instrument, who answers all they can be asked comes to a decision."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest

from hearings.law import legal_bases
from hearings.law.answer import FACTS, Ask, Due, LineStatus
from hearings.law.law import LAW
from hearings.law.legal_bases import GateStatus, Verdict, ask_about, evaluate
from hearings.models import HearingRequest
from hearings.requests.fields import fill

ON = date(2026, 11, 24)
TEXT = "Nobody else saw the transport, and the hearing burdens the person less than a journey."
PEOPLE: Mapping[str, dict[str, Any]] = {
    "a witness": {"capacity": "witness"},
    "an accused": {"capacity": "accused"},
    "a detained witness": {"capacity": "witness", "custody_place": "Rahova"},
    "a child witness in custody": {"capacity": "witness", "person_age_under_18": True, "custody_place": "Rahova"},
    "a detained child accused": {"capacity": "accused", "person_age_under_18": True, "custody_place": "Rahova"},
    "a protected victim": {
        "capacity": "victim", "is_victim": True, "protection_requested": ["voice"], "accessibility_needs": ["captions"],
    },
}  # fmt: skip
PAIRS: Mapping[str, tuple[str, ...]] = {
    "reg2844": ("FR>RO",),
    "eio": ("DE>IT", "FR>NL"),
    "eu2000": ("DE>ES", "RO>DK"),
    "eu_is_no": ("RO>NO",),
    "eu_japan": ("RO>JP",),
    "eu_us": ("RO>US",),
    "ets182": ("RO>CH", "TR>UA", "RO>GB", "GB>RS"),
    "ibero_vc": ("MX>ES",),
    "oas_nassau": ("AR>BR",),
    "asean_mlat": ("PH>TH",),
    "untoc": ("RO>TH", "TH>KE", "RO>CN"),
    "uncac": ("RO>TH",),
    "drugs1988": ("TH>KE",),
    "reciprocity": ("TH>KE",),
}
"""By instrument, States that it binds."""
CHILD = {"child_measures_set", "consent_by_representative"}
DETAINED = {"custody_room_named", "private_line_tested"}
LATER_OF: Mapping[str, set[str]] = {
    "a witness": set(),
    "an accused": set(),
    "a detained witness": DETAINED,
    "a child witness in custody": CHILD | DETAINED,
    "a detained child accused": CHILD | DETAINED,
    "a protected victim": {"protection_agreed", "accessibility_set"},
}
"""By person: the facts that States answer before the hearing is ready, as far as an instrument asks them."""
REFUSED = {"person_category_not_covered", "displaced_by"}
DECIDED = {GateStatus.allowed, GateStatus.allowed_with_conditions}


def said(instrument: str, pair: str) -> dict[str, Any]:
    """What a request says in which nothing is left out."""
    row, requested = LAW.instruments[instrument], pair.split(">")[1]
    profile = row["profile"]
    listed = profile.get("procedures") or row.get("procedures_only") or ["criminal_proceedings"]
    channels = [way["channel"] for way in profile["channels"] if not way["conditions"]] or [""]
    yes: tuple[str, ...] = (
        "offence_serious",
        "offence_transnational",
        "offence_organised",
        "evidential_purpose",
        "adult_informed",
    )
    yes += ("lawyer_access", "counsel_named")
    return {
        **dict.fromkeys(yes, True),
        "offence_scope": [scope for scope in row["offence_scope"] if scope != "any"], "procedure": listed[0],
        "channel": channels[0], "approach": "court_service", "stage": "investigation", "custody_room": "4",
        "language_of_request": (*LAW.jurisdiction(requested).accepted_languages, "en")[0],
        "reason_no_attendance": "not_possible", "reason_text": TEXT, "necessity": TEXT, "domestic_equivalent": TEXT,
        "grave_offence_or_jury": False, "person_age_under_18": False, "person_nationality": requested,
    }  # fmt: skip


def asked(instrument: str, pair: str, person: Mapping[str, Any], answer: bool = True) -> Ask:
    """The question of a request in which everything is said, and of which both States have answered everything."""
    requesting, requested = pair.split(">")
    request = HearingRequest(
        owner_state=requesting, reference="x", requesting_state=requesting, requested_state=requested,
        created_by="-", created_at=datetime(2026, 11, 23, tzinfo=UTC), instruments=[instrument],
    )  # fmt: skip
    fill(request, {**said(instrument, pair), **person})
    request.gate_answers = {
        fact: dict.fromkeys(who.states(requesting, requested), answer) for fact, who in FACTS.items()
    }
    return ask_about(request, on=ON, consent="given")


def verdict(ask: Ask, instrument: str) -> Verdict:
    found = evaluate(ask, [instrument]).verdict(instrument)
    assert found is not None
    return found


CASES = [(basis, pair, person) for (basis, pairs), person in product(PAIRS.items(), PEOPLE) for pair in pairs]


def test_every_instrument_that_can_be_relied_on_is_asked_about() -> None:
    assert set(PAIRS) == set(legal_bases.selectable(ON))


@pytest.mark.parametrize(("basis", "pair", "person"), CASES)
def test_who_answers_everything_comes_to_a_decision(basis: str, pair: str, person: str) -> None:
    found = verdict(asked(basis, pair, PEOPLE[person]), basis)
    assert [line.key for line in found.lines if line.key.startswith("part") and line.status is not LineStatus.met] == []
    open_ = [(line.key, line.status, line.code) for line in found.lines if line.status is not LineStatus.met]
    if found.decision in DECIDED:
        assert open_ == []
        return
    assert found.decision is GateStatus.refused
    assert {(status, code in REFUSED) for _key, status, code in open_} == {(LineStatus.missing, True)}


@pytest.mark.parametrize(("basis", "pair", "person"), CASES)
def test_what_is_open_before_anybody_has_answered_is_closed_by_the_answers(basis: str, pair: str, person: str) -> None:
    whole = asked(basis, pair, PEOPLE[person])
    nothing = dict.fromkeys({"custody_room", *FACTS} & set(Ask.__dataclass_fields__))
    found = verdict(replace(whole, each_state={}, **nothing), basis)
    waiting = [line for line in found.lines if line.waits]
    later = {fact for line in waiting for fact in line.asks if FACTS[fact].due is Due.ready}
    assert later <= LATER_OF[person] | {"consent_recorded"}, "only what this person needs is asked later"
    assert [line.key for line in found.lines if line.status is LineStatus.needs_human and not line.asks] == []


@pytest.mark.parametrize("pair", ["RO>GB", "RO>US", "FR>NL"])
def test_a_state_is_named_with_its_article_in_what_the_check_says(pair: str) -> None:
    bare = {str(LAW.state_name(state)) for state in pair.split(">")} & {
        "United Kingdom",
        "United States",
        "Netherlands",
    }
    texts: list[str] = []
    for person in PEOPLE.values():
        for found in evaluate(asked("untoc", pair, person)).verdicts:
            texts += [line.text for line in found.lines] + [term.text for term in found.terms]
            texts += [note.text for note in found.notes] + [need.text for need in found.consents]
    said = [text for text in texts if any(f"aw of the {name}" in text for name in bare)]
    assert bare and said
    assert [text for text in texts if any(f" of {name}" in text for name in bare)] == []
