"""How a summons stands: by the row that counts, the time of the hearing, and the law's data."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hearings.law.law import LAW, Law, merge
from hearings.models import Hearing, HearingRequest, Participant, SummonsService
from hearings.models.participant import SummonsOutcome, SummonsWay
from hearings.models.request import Capacity
from hearings.roles import Role
from hearings.sentences import Sentence
from hearings.summons import summons_states
from hearings.summons.summons_states import SummonsResult, SummonsState

STARTS = datetime(2026, 12, 3, 9, tzinfo=UTC)
TODAY = date(2026, 11, 20)
RULE = {
    "id": "nat_th_summons", "state": "TH", "provision": "s. 7", "applies_when_state_is": ["requested"],
    "rule": "A summons arrives three months ahead.", "source": "the gazette", "confidence": "read-in-source",
    "lead_time": {"code": "lead_time_too_short", "applies_to": "summons", "months_before_hearing": 3},
}  # fmt: skip
FREE = {
    **{name: value for name, value in RULE.items() if name != "lead_time"},
    "summons_not_owed": {
        "persons": ["accused"], "if_national_of_state": True, "code": "summons_not_owed_to_citizen_as_defendant",
    },
}  # fmt: skip
MONTHS_LAW = merge([("overlay", "nat_th_summons", RULE)])
FREE_LAW = merge([("overlay", "nat_th_summons", FREE)])


def person(role: Role = Role.witness) -> Participant:
    return Participant(
        id="p1", owner_state="RO", hearing_id="h1", role=role, display_name="Somebody", state="TH", speaks="th",
        presence_since=STARTS,
    )  # fmt: skip


def row(**more: Any) -> SummonsService:
    given: dict[str, Any] = {
        "owner_state": "TH", "hearing_id": "h1", "participant_id": "p1", "summoned_to": STARTS,
        "outcome": SummonsOutcome.served, "way": SummonsWay.by_post, "served_at": STARTS - timedelta(days=20),
        "served_zone": "Asia/Bangkok", "served_by": "The post", "language": "th", "recorded_by": "a",
        "recorded_by_label": "A", "at": STARTS - timedelta(days=19),
    }  # fmt: skip
    return SummonsService(**given | more)


def stands(*rows: SummonsService, law: Law = LAW, role: Role = Role.witness, **asked: Any) -> SummonsResult:
    sides = {"requesting_state": "RO", "requested_state": "TH", "owner_state": "RO"}
    return summons_states.stand(
        person(role),
        rows,
        hearing=Hearing(starts_at=STARTS, requesting_zone="Europe/Bucharest", requested_zone="Asia/Bangkok", **sides),
        request=HearingRequest(**{**sides, "instruments": ["untoc"], "capacity": Capacity.witness, **asked}),
        today=TODAY,
        law=law,
    )


@pytest.mark.parametrize(
    ("rows", "state", "waits"),
    [
        ([], SummonsState.open, True),
        ([row()], SummonsState.served, False),
        ([row(participant_id="p2")], SummonsState.open, True),
        ([row(outcome=SummonsOutcome.refused, reason="No")], SummonsState.refused, True),
        ([row(), row(outcome=SummonsOutcome.not_served, reason="Away")], SummonsState.not_served, True),
        ([row(outcome=SummonsOutcome.not_served, reason="Away"), row()], SummonsState.served, False),
        ([row(summoned_to=STARTS - timedelta(days=1))], SummonsState.other_time, True),
        ([row(served_at=STARTS)], SummonsState.late, True),
    ],
    ids=["none", "served", "another person's", "refused", "away at last", "served at last", "another day", "late"],
)
def test_the_newest_row_of_the_person_counts(rows: list[SummonsService], state: SummonsState, waits: bool) -> None:
    found = stands(*rows)
    assert (found.state, found.waits) == (state, waits)


def test_earlier_rows_are_kept_the_newest_of_them_first() -> None:
    first, second, third = row(remarks="1"), row(remarks="2"), row(remarks="3")
    found = stands(first, second, third)
    assert (found.service, list(found.earlier)) == (third, [second, first])
    assert (stands(first).earlier, stands().service) == ([], None)


def test_the_lead_time_of_the_law_counts_from_the_day_of_service_where_it_was_served() -> None:
    latest = datetime(2026, 9, 3, 16, 59, tzinfo=UTC)  # 23:59 in Bangkok, three months before the hearing
    assert stands(row(served_at=latest), law=MONTHS_LAW).state is SummonsState.served
    late = stands(row(served_at=latest + timedelta(minutes=1)), law=MONTHS_LAW)
    assert late.state is SummonsState.late
    assert len(late.says) == 1 and "s. 7" in late.says[0] and isinstance(late.says[0], Sentence)
    assert stands(row(), law=MONTHS_LAW, instruments=[]).state is SummonsState.served, "no instrument, no rule of one"


def test_the_law_on_summonses_is_about_those_heard_and_not_about_counsel() -> None:
    assert stands(row(), law=MONTHS_LAW, role=Role.defence).state is SummonsState.served
    assert stands(law=MONTHS_LAW, role=Role.defence).says == []


def test_before_anything_is_recorded_it_is_said_that_there_is_too_little_time_left() -> None:
    found = stands(law=MONTHS_LAW)
    assert found.state is SummonsState.open
    assert any("s. 7" in text for text in found.says)


def test_a_summons_is_not_owed_only_where_the_law_says_so_of_this_person() -> None:
    accused: dict[str, Any] = {"capacity": Capacity.accused, "nationalities": ["TH"]}
    found = stands(law=FREE_LAW, **accused)
    assert (found.state, found.waits, found.in_order) == (SummonsState.not_owed, False, False)
    assert any("not obliged" in text for text in found.says)
    assert stands(law=FREE_LAW, **accused | {"nationalities": ["RO"]}).state is SummonsState.open
    assert stands(law=FREE_LAW).state is SummonsState.open, "a witness is owed one"
    assert stands(row(), law=FREE_LAW, **accused).state is SummonsState.served, "and it may be served all the same"


@pytest.mark.parametrize(
    ("tags", "in_order"),
    [({"language": "th"}, True), ({"language": "en"}, False), ({"language": "en", "translation": "th-TH"}, True)],
    ids=str,
)
def test_it_is_in_order_in_a_language_the_person_speaks(tags: dict[str, str], in_order: bool) -> None:
    assert stands(row(**tags)).in_order is in_order
