"""Remarks on the facts: each row of the table has a request that it speaks of, and one that it does not."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from hearings import reference
from hearings.errors import Invalid
from hearings.lint import linting, table
from hearings.lint.contradictions import KINDS
from hearings.lint.facts import FACT_KINDS
from hearings.models import Attachment, HearingRequest
from hearings.models.request import Capacity, Stage
from hearings.models.request_parts import AttachmentKind
from hearings.requests.field_kinds import Line, Lines
from hearings.requests.fields import FIELDS
from tests.support.growth import grows_linearly
from web.demo.demo import REQUEST

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CLOSED: dict[str, type[Capacity] | type[Stage]] = {"capacity": Capacity, "stage": Stage}
SLOTS = [
    {"at": f"2027-03-0{day}T08:00:00+00:00", "until": f"2027-03-0{day}T09:00:00+00:00"} for day in (1, 2, 3)
]  # fmt: skip
FACTS = (
    "Trafficking in persons by an organised criminal group from Thailand to Romania, between 3 March and 5 June 2025."
)


def request(fields: dict[str, Any]) -> HearingRequest:
    row = HearingRequest(
        owner_state="RO", reference="RO-2026-1", requesting_state="RO", requested_state="TH", created_by="-",
        created_at=NOW,
    )  # fmt: skip
    for name, value in {**REQUEST, "offence_summary": FACTS, **fields}.items():
        setattr(row, name, CLOSED[name](value) if name in CLOSED else value)
    return row


def file(kind: AttachmentKind) -> Attachment:
    return Attachment(
        owner_state="RO", request_id="r", kind=kind, name="law.txt", media_type="text/plain", size=1, sha256="0" * 64,
        added_by="-", added_by_label="-", added_at=NOW,
    )  # fmt: skip


def codes(fields: dict[str, Any], files: list[Attachment] | None = None) -> set[str]:
    law = [file(AttachmentKind.other)]
    return {one.code for one in linting.of_request(request(fields), law if files is None else files, now=NOW)}


NOWHERE = "the accused took money from the victims and kept them in a house which they were not able to leave."
SAID = {"offence_summary": f"In 2025 {NOWHERE}", "proceeding_subject": "Of what the accused and the others have done"}
Pair = tuple[dict[str, Any], dict[str, Any]]
ROWS: dict[str, Pair] = {
    "facts_no_day": (
        {"offence_summary": "Fraud in Bucharest.", "proceeding_subject": "Fraud"},
        {"offence_summary": "Fraud in Bucharest.", "proceeding_subject": "การฉ้อโกงในปี ๒๕๖๘"},
    ),
    "facts_no_place": (SAID, SAID | {"proceeding_subject": "Of what the accused did in the town of Ploiești"}),
    "facts_after_request": (
        {"offence_summary": FACTS + " The last transport was on 3 March 2027."},
        {"offence_summary": FACTS + " The last transport was on 28/11/2026."},
    ),
    "facts_before_birth": ({"person_born": date(2026, 1, 1)}, {"person_born": date(2025, 4, 1)}),
    "custody_before_facts": ({"detained_since": date(2024, 5, 1)}, {"detained_since": date(2025, 3, 3)}),
    "slots_after_custody": (
        {"proposed_slots": SLOTS, "custody_limit": date(2027, 2, 27)},
        {"proposed_slots": SLOTS, "custody_limit": date(2027, 3, 1)},
    ),
    "age_and_birth": (
        {"person_born": date(2010, 5, 1), "person_age_under_18": False},
        {"person_born": date(2010, 5, 1), "person_age_under_18": True},
    ),
    "serious_under_four_years": ({"penalty_years": 3}, {"penalty_years": 4}),
    "annex_d_under_three_years": (
        {"instruments": ["eio"], "annex_d_category": "fraud", "penalty_years": 2, "offence_serious": None},
        {"instruments": ["eio"], "annex_d_category": "", "penalty_years": 2, "offence_serious": None},
    ),
    "penalty_not_in_years": ({"penalty_years": None}, {"penalty_years": 10}),
    "penalty_differs": (
        {"penalty_max": "de la 3 la 12 ani", "penalty_years": 10},
        {"penalty_max": "art. 210: de la 3 la 12 de ani", "penalty_years": 12},
    ),
    "group_not_described": (
        {"offence_summary": SAID["offence_summary"], "proceeding_subject": "", "convention_link": "Of article 3."},
        {
            "offence_summary": "Faptele au fost comise prin violență de o grupare din care făceau parte trei persoane.",
            "proceeding_subject": "",
            "convention_link": "art. 3",
        },
    ),
    "one_state_only": (
        {"offence_summary": "The money was sent to Romania.", "proceeding_subject": "", "convention_link": "art. 3"},
        {
            "offence_summary": "The money of the Romanian company was sent to Thailand.",
            "proceeding_subject": "",
        },
    ),
    "untoc_article": ({"convention_link": "See art. 18 of the Convention."}, {"convention_link": "อนุสัญญา ข้อ ๓"}),
    "uncac_article": (
        {"instruments": ["uncac"], "convention_link": "Within art. 46."},
        {"instruments": ["uncac"], "convention_link": "《公约》第十五条"},
    ),
    "drugs_article": (
        {"instruments": ["drugs1988"], "convention_link": "Of art. 7."},
        {"instruments": ["drugs1988"], "convention_link": "Of art. 3(1)(a)."},
    ),
    "another_name": (
        {"purpose": "To hear what Somchay Wongsa saw of the transport."},
        {"purpose": "To hear what Wongsa, Somchai saw, and then Somsak Wongdee."},
    ),
    "other_person_in_capacity": (
        {"purpose": "To hear the witness Anong Srisai on the transport."},
        {"purpose": "To hear the witness Somchai on what the accused Anong Srisai did."},
    ),
    "convicted_too_early": (
        {"capacity": "convicted_person", "stage": "trial"},
        {"capacity": "convicted_person", "stage": "appeal"},
    ),
    "suspect_too_late": ({"capacity": "suspect", "stage": "execution"}, {"capacity": "suspect", "stage": "trial"}),
    "conviction_in_investigation": (
        {"stage": "investigation", "offence_summary": FACTS + " The man was convicted by the court of the city."},
        {"stage": "trial", "offence_summary": FACTS + " The man was convicted by the court of the city."},
    ),
    "amount_without_currency": (
        {"offence_summary": FACTS + " A bribe of 250,000 was paid to the officer."},
        {"offence_summary": FACTS + " A bribe of 250.000 lei was paid for 1,200 persons."},
    ),
    "reason_is_convenience": (
        {"reason_text": "The journey of the witness is too expensive for the budget of the court."},
        {"reason_text": "The witness is in custody and cannot leave the State that has arrested him."},
    ),
    "provision_not_attached": ({}, {"offences": "Trafficking"}),
}


def test_every_row_of_the_table_has_two_requests_here_and_a_kind_there_is() -> None:
    assert list(ROWS) == [row.id for row in table.facts()]
    assert {row.kind for row in table.facts()} == {*FACT_KINDS, *KINDS}


@pytest.mark.parametrize("code", ROWS)
def test_a_row_speaks_of_one_request_and_not_of_the_other(code: str) -> None:
    spoken, silent = ROWS[code]
    files = [file(AttachmentKind.exhibit)] if code == "provision_not_attached" else None
    assert code in codes(spoken, files)
    assert code not in codes(silent, files)


def test_on_the_request_of_the_demonstration_nothing_false_is_said() -> None:
    own = dict.fromkeys(["offence_summary"], REQUEST["offence_summary"])
    assert codes(own) == set()
    assert codes(own, []) == {"provision_not_attached"}, "which is true: it has no file"


def test_a_remark_names_its_field_its_words_and_the_provision_of_what_is_relied_on() -> None:
    fields = {"instruments": ["uncac", "ets182"], "reason_text": "It is cheaper for the court and for the witness."}
    (found,) = [one for one in linting.of_request(request(fields), [], now=NOW) if one.field == "reason_text"]
    assert found.provision == "UNCAC art. 46(18), ETS 182 art. 9(1)"
    assert [(one.place, one.text) for one in found.passages] == [("Reasons in this case", fields["reason_text"])]
    assert found.as_json()["weight"] == "remark"


def test_what_completeness_says_already_is_not_said_again() -> None:
    empty = {name: FIELDS[name].kind.empty for name in ("penalty_max", "offences", "question_list", "reason_text")}
    before = codes({})
    assert codes(empty | {"penalty_years": None}) <= before


@pytest.mark.parametrize(
    "text",
    [
        "Die Tat wurde begangen, das Geld wurde genommen und die Opfer wurden festgehalten.",
        "犯罪が行われ、被害者は家に閉じ込められた。",
        "مردم در خانه نگه داشته شدند و پول گرفته شد.",
    ],
)
def test_of_a_text_in_a_language_whose_words_are_not_known_no_absence_is_told(text: str) -> None:
    fields = {"offence_summary": text, "proceeding_subject": text, "convention_link": text + " 3"}
    assert codes(fields) <= {"facts_no_day"}


def test_a_day_is_judged_by_the_date_of_the_submission() -> None:
    row = request({"offence_summary": FACTS + " The last transport was on 1 December 2026."})
    assert "facts_after_request" in {one.code for one in linting.of_request(row, [], now=NOW)}
    row.submitted_at = datetime(2026, 12, 2, tzinfo=UTC)
    assert "facts_after_request" not in {one.code for one in linting.of_request(row, [], now=NOW)}


@pytest.mark.parametrize(
    "change",
    [
        {"looks_at": ["nothing"]},
        {"instruments": ["nothing"]},
        {"confidence": "sure"},
        {"when": "nothing"},
        {"words": "nothing"},
        {"text": ""},
        {"provision": {"eio": "art. 1"}},
        {"id": "Not an id"},
    ],
)
def test_a_mistake_in_the_table_stops_the_program(change: dict[str, Any]) -> None:
    row = {**reference.lint()["facts"][0], "instruments": ["untoc"], **change}
    with pytest.raises(Invalid):
        table._fact(row)


LOOKED_AT = {column for row in table.facts() for column in row.columns} | {"person_name"}
TEXTS = st.dictionaries(
    st.sampled_from(sorted(name for name in LOOKED_AT if isinstance(FIELDS[name].kind, Line | Lines))),
    st.text(max_size=300),
)


@settings(max_examples=150, deadline=None)
@given(texts=TEXTS)
def test_no_text_makes_a_check_raise(texts: dict[str, str]) -> None:
    found = codes(texts | {"person_born": date(1990, 1, 1), "detained_since": date(2025, 1, 1)})
    assert found <= {row.id for row in table.facts()}


HOSTILE = ["2025 ", "1,000 ", "мар 2025", "The Witness Aa ", "Somchay Wongsa ", "ก", "第一", "( 1.1.2025", "Roman ia "]


@pytest.mark.parametrize("bad", HOSTILE)
def test_the_time_of_the_checks_grows_with_the_text_and_no_faster(bad: str) -> None:
    def run(text: bytes) -> None:
        linting.of_request(request({"offence_summary": text.decode("utf-8", "ignore")}), [], now=NOW)

    run(bad.encode())
    grows_linearly(run, lambda size: (bad.encode() * size)[:size], 16_000)
