"""Recorded acts in the minutes: told as facts with their entries and time codes; what nobody recorded stays open."""

from datetime import UTC, datetime, timedelta
from itertools import product
from string import Formatter
from typing import Any

import pytest

from hearings.law.law import LAW
from hearings.minutes.acts import SAID
from hearings.minutes.draft import draft, text_of
from hearings.minutes.facts import Facts, Passage
from hearings.minutes.gathering import bases
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Sitting
from hearings.roles import Role
from hearings.sentences import english
from hearings.sitting.recorded_acts import KINDS
from hearings.status import SittingStatus

AT = datetime(2026, 12, 2, 22, 30, tzinfo=UTC)
WHEN = "23:30 (Paris), 22:30 (Las Palmas)"
LATER = "23:31 (Paris), 22:31 (Las Palmas)"
CODE = "[0:42:17]"
HASH = "ab" * 32


def person(role: Role, name: str, number: int = 1, **changes: Any) -> Participant:
    values: dict[str, Any] = {
        "id": f"{role.value}_{number}", "owner_state": "FR", "hearing_id": "h", "role": role, "number": number,
        "display_name": name, "state": "ES", "city": "Las Palmas", "speaks": "es", "presence_since": AT,
    }  # fmt: skip
    return Participant(**(values | changes))


JUDGE, CLERK = person(Role.presiding_judge, "Eva"), person(Role.clerk, "Paul")
AUTHORITY, LUIS = person(Role.requested_authority, "Ines"), person(Role.interpreter, "Luis")
ANA, RUI = person(Role.witness, "Ana"), person(Role.witness, "Rui", 2)
EVERYBODY = (JUDGE, CLERK, AUTHORITY, LUIS, ANA)


def event(seq: int, kind: str, minutes: int = 0, *, actor: Participant = CLERK, **data: Any) -> HearingEvent:
    """An entry; without `timecode_ms=None` the recording has run for 42:17."""
    where = {"sitting": "s", "recording": "r-1", "timecode_ms": 2_537_900} | data
    return HearingEvent(
        owner_state="FR", hearing_id="h", seq=seq, at=AT + timedelta(minutes=minutes), kind=kind, actor=actor.id,
        actor_role=actor.role.value, data={name: value for name, value in where.items() if value is not None},
    )  # fmt: skip


def facts(*events: HearingEvent, people: tuple[Participant, ...] = EVERYBODY) -> Facts:
    request = HearingRequest(
        owner_state="FR", reference="FR-1", requesting_state="FR", requested_state="ES", instruments=["eio"],
        person_name="Ana Maria", created_by="-", created_at=AT,
    )  # fmt: skip
    hearing = Hearing(
        id="h", owner_state="FR", ref="AAAA-BBBB", request_id="r", starts_at=AT, ends_at=AT + timedelta(hours=1),
        wall_start="2026-12-02T23:30:00", wall_zone="Europe/Paris", requesting_state="FR", requesting_city="Paris",
        requesting_zone="Europe/Paris", requested_state="ES", requested_city="Las Palmas",
        requested_zone="Atlantic/Canary", tzdb_version="2026b", language_requesting="fr", language_requested="es",
        created_by="-", created_at=AT,
    )  # fmt: skip
    sitting = Sitting(id="s", owner_state="FR", hearing_id="h", since=AT, status=SittingStatus.closed, started_at=AT)
    return Facts(
        hearing=hearing, request=request, participants=people, sittings=[sitting], recordings={}, events=events,
        bases=tuple(bases(LAW, request)),
    )  # fmt: skip


def passages(found: Facts) -> dict[str, tuple[list[str], Passage]]:
    """By key, the lines in English and the passage."""
    return {
        passage.key: ((text_of(passage, "en", english) or "").splitlines(), passage)
        for passage in draft(found).passages
    }


OATH = {
    "participant": ANA.id, "by": JUDGE.id, "form": "oath", "outcome": "taken", "law": "FR", "language": "fr",
    "text": "I swear.",
}  # fmt: skip


def test_every_kind_and_outcome_that_can_be_recorded_has_a_sentence() -> None:
    wanted = set()
    for kind, one in KINDS.items():
        told = [
            one.fields[name].choices for name in ("form", "outcome", "what", "ruling", "answer") if name in one.fields
        ]
        wanted |= set() if one.withdraws else {(kind, " ".join(words)) for words in product(*told)}
    assert SAID.keys() == wanted


def test_no_noun_is_put_into_a_sentence_of_an_act() -> None:
    names = {name for text in SAID.values() for _literal, name, _spec, _conversion in Formatter().parse(text)}
    assert not names & {"form", "ruling", "outcome", "what"}


@pytest.mark.parametrize(
    ("key", "entry", "line"),
    [
        ("rights.requested", event(4, "rights_notice", participant=ANA.id, by=AUTHORITY.id, law="ES", language="es"),
         "Ines informed Ana of the rights under the law of Spain, in Spanish."),
        ("oath.all", event(4, "oath", **OATH),
         "Eva administered the oath to Ana under the law of France, in French. The oath was taken."),
        ("oath.all", event(4, "oath", **(OATH | {"form": "affirmation", "outcome": "refused"})),
         "Eva administered the affirmation to Ana under the law of France, in French. The affirmation was refused."),
        ("oath.all", event(4, "oath", **(OATH | {"outcome": "not_required"})),
         "Eva found that the law of France requires no oath of Ana."),
        ("languages.interpreter_1", event(4, "interpreting", participant=LUIS.id, what="break_begun"),
         "a break in the interpreting by Luis began."),
        ("objections.all", event(4, "objection", participant=AUTHORITY.id, text="Leading."),
         "Ines objected: “Leading.”"),
        ("objections.all", event(4, "privilege_claim", participant=ANA.id, law="ES", text="A relative."),
         "Ana claimed a privilege under the law of Spain: “A relative.”"),
        ("objections.all", event(4, "objection", participant=AUTHORITY.id, ground="leading"), "Ines objected."),
        ("objections.all", event(4, "privilege_claim", participant=ANA.id, law="ES", ground="relative"),
         "Ana claimed a privilege under the law of Spain."),
        ("exhibits.all",
         event(4, "exhibit_shown", participant=ANA.id, by=JUDGE.id, exhibit={"name": "a.pdf", "sha256": HASH}),
         "Eva showed Ana the exhibit a.pdf."),
        ("interventions.all", event(4, "intervention", actor=AUTHORITY, law="ES", text="Not that question."),
         "Ines intervened under the law of Spain: “Not that question.”"),
        ("course.sitting_1", event(4, "log_note", text="Ana drinks."), "Paul noted: “Ana drinks.”"),
        ("course.sitting_1", event(4, "remark", actor=LUIS, text="Too fast."),
         "Luis (Interpreter) remarked: “Too fast.”"),
    ],
)  # fmt: skip
def test_a_recorded_act_is_told_with_its_entry_and_time_code(key: str, entry: HearingEvent, line: str) -> None:
    lines, passage = passages(facts(entry))[key]
    assert f"{WHEN}: {line} {CODE}" in lines
    assert "event:4" in passage.sources
    by = {AUTHORITY.id: "Ines", LUIS.id: "Luis"}.get(entry.actor, "Paul")
    assert passages(facts(entry))["annex.entries"][0][0] == (
        f"Entry 4, {WHEN}: entered by {by}. Recording r-1, time code 0:42:17."
    )


def test_the_annex_has_the_hash_of_an_exhibit_and_of_a_card() -> None:
    shown = event(4, "exhibit_shown", participant=ANA.id, by=JUDGE.id, exhibit={"name": "a.pdf", "sha256": HASH})
    found = passages(facts(shown, event(5, "card_read", by=JUDGE.id, law="FR", language="fr", card=card(APPROVED))))
    lines = found["annex.entries"][0]
    assert lines[1] == f"    Exhibit a.pdf, SHA-256 {HASH}."
    assert lines[3] == (
        "    Card: Privilege not to testify, version 3, in French, approved by Ministry on 15 January 2026, "
        f"SHA-256 {HASH}."
    )
    everything = "".join(line for key, (lines, _one) in found.items() if key != "annex.entries" for line in lines)
    assert HASH not in everything


def card(*texts: dict[str, Any]) -> dict[str, Any]:
    return {"id": "privilege", "version": 3, "texts": list(texts)}


DRAFT = {"language": "en", "wanted": "es", "approved": False, "approved_by": "", "approved_on": "", "sha256": HASH}
APPROVED = DRAFT | {
    "language": "fr", "wanted": "fr", "approved": True, "approved_by": "Ministry", "approved_on": "2026-01-15",
}  # fmt: skip


def test_of_a_card_it_is_told_what_was_read_in_which_language_and_what_it_was() -> None:
    read = {"participant": ANA.id, "by": JUDGE.id, "law": "FR", "language": "fr"}
    entries = (
        event(4, "card_read", card=card(APPROVED, DRAFT), **read),
        event(5, "card_rendered", card=card(), participant=ANA.id, interpreter=LUIS.id, law="FR", language="es"),
        event(6, "card_answered", card=card(), participant=ANA.id, law="FR", answer="other", text="I will think."),
        event(7, "card_adopted", card=card(DRAFT), law="FR"),
        event(8, "card_read", card=card(), **{name: read[name] for name in ("by", "law", "language")}),
        event(9, "counsel_asked", participant=ANA.id),
    )
    lines = passages(facts(*entries))["course.sitting_1"][0]
    told = [line.partition(f"{WHEN}: ")[2].removesuffix(f" {CODE}") or line for line in lines]
    assert told.index("Eva read a card to Ana, under the law of France, in French.") + 1 == told.index(
        "    Card: Privilege not to testify, version 3, in French, approved by Ministry on 15 January 2026."
    )
    draft_line = "    Card: Privilege not to testify, version 3, in English, a draft that no State has approved."
    assert told[told.index(draft_line) + 1] == "    There was no text of this card in Spanish."
    for line in (
        "Luis interpreted the card for Ana into Spanish.",
        "Ana answered the card: “I will think.”",
        "Paul took over a draft text for a card, under the law of France.",
        "Eva read a card to everybody in the room, under the law of France, in French.",
        "Ana asked to speak to counsel.",
    ):
        assert line in told


def test_an_oath_from_a_card_names_it_in_its_own_section() -> None:
    lines, _found = passages(facts(event(4, "oath", card=card(APPROVED), **OATH)))["oath.all"]
    assert lines[1].startswith("    Card: Privilege not to testify, version 3, in French, approved by Ministry")


def test_a_recorded_oath_meets_what_the_instruments_ask_for() -> None:
    found = passages(facts())["oath.all"][1]
    assert (found.required, found.open_for, found.sources) == (
        True, "requested_authority", ("human:requested_authority",),
    )  # fmt: skip
    lines, found = passages(facts(event(4, "oath", **OATH)))["oath.all"]
    assert (found.required, found.open_for, found.sources) == (True, "", ("event:4",))
    assert lines[1] == "    Wording, or where it is found: “I swear.”"


def test_of_two_people_heard_the_one_nobody_recorded_stays_open() -> None:
    lines, found = passages(facts(event(4, "oath", **OATH), people=(*EVERYBODY, RUI)))["oath.all"]
    assert found.open_for == "requested_authority"
    assert lines[-1] == ("Oath, affirmation or caution of Rui: not recorded, to be completed by: Requested authority.")


def test_an_interpreters_oath_is_not_that_of_the_person_heard() -> None:
    found = passages(facts(event(4, "oath", **(OATH | {"participant": LUIS.id}))))
    assert found["oath.all"][1].open_for == "requested_authority"
    assert found["languages.interpreter_1"][0][-3:] == [
        f"{what} of the interpreting: not recorded, to be completed by: Clerk."
        for what in ("Mode", "Breaks", "Quality")
    ]


def test_the_notice_under_one_law_leaves_that_under_the_other_open() -> None:
    notice = event(4, "rights_notice", participant=ANA.id, by=JUDGE.id, law="FR", language="es")
    found = passages(facts(notice))
    assert (found["rights.requesting"][1].open_for, found["rights.requested"][1].open_for) == (
        "", "requested_authority",
    )  # fmt: skip


def test_an_objection_without_a_ruling_is_open_and_the_ruling_names_it() -> None:
    raised = event(4, "objection", participant=AUTHORITY.id, law="ES", text="Leading.")
    ruling = event(5, "ruling", 1, on=4, by=JUDGE.id, ruling="upheld_in_part", law="FR")
    lines, found = passages(facts(raised))["objections.all"]
    assert (lines[1], found.open_for) == ("    Under the law of Spain.", "presiding_judge")
    lines, found = passages(facts(raised, ruling))["objections.all"]
    assert (lines[2], found.open_for) == (
        f"{LATER}: Eva upheld in part the objection or claim raised at {WHEN} {CODE}, under the law of France. "
        f"{CODE}", "",
    )  # fmt: skip
    assert found.sources == ("event:4", "event:5")


def test_an_objection_tells_its_ground_and_one_withdrawn_is_not_open() -> None:
    raised = event(4, "objection", participant=AUTHORITY.id, ground="leading", text="Leading.")
    withdrawn = event(5, "objection_withdrawn", 1, on=4, by=AUTHORITY.id)
    lines, found = passages(facts(raised, withdrawn))["objections.all"]
    assert (lines[0], lines[1]) == (
        f"{WHEN}: Ines objected: “Leading.” {CODE}", "    Ground: The question suggests its answer.",
    )  # fmt: skip
    assert (lines[2], found.open_for) == (
        f"{LATER}: Ines withdrew the objection or claim raised at {WHEN} {CODE}. {CODE}",
        "",
    )


def test_two_objections_of_one_minute_are_told_apart_in_their_rulings() -> None:
    first = event(4, "objection", participant=AUTHORITY.id, ground="leading", timecode_ms=2_000)
    second = event(5, "objection", participant=AUTHORITY.id, ground="leading", timecode_ms=31_000)
    ruling = event(6, "ruling", 1, on=5, by=JUDGE.id, ruling="rejected", law="FR")
    lines, found = passages(facts(first, second, ruling))["objections.all"]
    assert f"{WHEN}: Ines objected. [0:00:31]" in lines
    assert (
        f"{LATER}: Eva rejected the objection or claim raised at {WHEN} [0:00:31], under the law of France. {CODE}"
        in lines
    )
    assert lines[-1].startswith(f"Ruling on the objection or claim raised at {WHEN} [0:00:02]: not recorded")
    assert found.open_for == "presiding_judge"


def test_without_a_recording_an_objection_is_told_by_its_entry_also_when_it_was_corrected() -> None:
    without = {"timecode_ms": None, "recording": None}
    first = event(4, "objection", participant=AUTHORITY.id, ground="leading", **without)
    corrected = event(5, "objection", 1, participant=AUTHORITY.id, ground="not_relevant", corrects=4, **without)
    ruling = event(6, "ruling", 1, on=5, by=JUDGE.id, ruling="upheld", law="FR", **without)
    elsewhere = event(7, "ruling", 1, on=2, by=JUDGE.id, ruling="upheld", law="FR", **without)
    lines, _found = passages(facts(first, corrected, ruling, elsewhere))["objections.all"]
    assert lines[2:4] == ["    No recording was running.", "    Entry 4 in the log."]
    said = [line.partition("raised at ")[2] for line in lines if "upheld" in line]
    assert said == [
        f"{WHEN} (entry 4 in the log), under the law of France.",
        "– (entry 2 in the log), under the law of France.",
    ]


def test_a_corrected_entry_is_told_once_as_it_stands_and_a_withdrawn_one_not_at_all() -> None:
    old, new = event(4, "log_note", text="Anna"), event(5, "log_note", 1, actor=JUDGE, text="Anne", corrects=4)
    wrong, gone = event(6, "objection", participant=AUTHORITY.id, text="?"), event(7, "entry_withdrawn", corrects=6)
    found = passages(facts(old, new, wrong, gone))
    lines, course = found["course.sitting_1"]
    assert lines == [f"{WHEN}: Paul noted: “Anne” {CODE}"]
    assert found["annex.entries"][0] == [
        f"Entry 4, {WHEN}: entered by Paul. Recording r-1, time code 0:42:17.",
        f"    Entered in correction, {LATER}, by Eva.",
    ]
    assert course.sources == ("event:4", "event:5")
    assert found["objections.all"][1].sources == ("human:presiding_judge",)


def test_without_a_recording_it_says_so() -> None:
    note = event(4, "log_note", text="x", timecode_ms=None, recording=None)
    assert passages(facts(note))["course.sitting_1"][0] == [f"{WHEN}: Paul noted: “x”", "    No recording was running."]


def test_nobody_protected_is_named_in_what_was_recorded() -> None:
    hidden = person(Role.witness, "Ana", identity_method="protected_identity")
    entries = [
        event(4, "oath", **(OATH | {"text": "I, Ana Maria, swear."})),
        event(5, "log_note", text="ANA wept."),
        event(6, "exhibit_shown", participant=ANA.id, by=JUDGE.id, exhibit={"name": "ana.pdf", "sha256": HASH}),
        event(7, "privilege_claim", participant=ANA.id, law="ES", text="Ana is a relative."),
    ]
    found = passages(facts(*entries, people=(JUDGE, CLERK, AUTHORITY, LUIS, hidden)))
    everything = "\n".join(line for lines, _passage in found.values() for line in lines)
    assert "ana" not in everything.casefold().replace("canary", "")
    assert "Eva administered the oath to Witness 1 under" in everything
    assert "“I, Witness 1, swear.”" in everything


def test_a_break_is_told_with_its_end_its_purpose_and_who_was_not_back() -> None:
    until = (AT + timedelta(minutes=1)).isoformat()
    ordered = event(4, "break_ordered", actor=JUDGE, purpose="rest", until=until, reason="Lunch.")
    ended = event(5, "break_ended", 1, actor=JUDGE, purpose="rest", seconds=60, away=[ANA.id])
    lines, _found = passages(facts(ordered, ended))["course.sitting_1"]
    assert lines == [
        f"{WHEN}: Eva ordered a break until {LATER}. Purpose: Rest.",
        "    Reason given: “Lunch.”",
        f"{LATER}: the break ended. Purpose: Rest.",
        "    Ana was not back.",
        "    It lasted 60 seconds.",
    ]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (1.4, "    The recording was paused 1.4 s after the order; until then it went on, with the floor closed."),
        (0.0, "    The recording was paused 0 s after the order; until then it went on, with the floor closed."),
        (None, "    The recorder did not confirm that the recording was paused."),
    ],
)
def test_how_long_after_the_order_of_a_break_the_recording_went_on_is_told(after: float | None, told: str) -> None:
    ended = event(5, "break_ended", 1, actor=JUDGE, purpose="rest", seconds=60, away=[])
    ended.data = {**ended.data, "paused_after": after}
    lines, _found = passages(facts(ended))["course.sitting_1"]
    assert lines == [f"{LATER}: the break ended. Purpose: Rest.", told]


def test_who_can_open_what_is_recorded_in_a_closed_session_is_told() -> None:
    begun = event(
        4, "closed_session_begun", actor=JUDGE, reason="A child.", out=[], recipients=["escrow RO", "requesting TH"]
    )
    lines, _found = passages(facts(begun))["course.sitting_1"]
    assert lines == [
        f"{WHEN}: Eva ordered a closed session.",
        "    Recorded to a key of its own, readable by: key in escrow, Romania, authority of Thailand.",
        "    Reason given: “A child.”",
    ]
