"""Recorded acts in words: everything that can be recorded has a name, and nobody protected has theirs told."""

from datetime import UTC, datetime

import pytest

from hearings.models import HearingEvent, Participant
from hearings.roles import Role
from hearings.sitting.recorded_acts import KINDS
from web.words import event_log as happenings, i18n, recorded_acts as recorded_words

NOW = datetime(2026, 12, 3, 7, tzinfo=UTC)


def person(role: Role, name: str, method: str = "") -> Participant:
    return Participant(
        id=role.value, owner_state="RO", hearing_id="h", role=role, number=1, display_name=name, state="TH",
        speaks="th", presence_since=NOW, identity_method=method,
    )  # fmt: skip


def event(kind: str, **data: object) -> HearingEvent:
    return HearingEvent(
        owner_state="RO", hearing_id="h", seq=7, at=NOW, kind=kind, actor="clerk", actor_role="clerk", data=data
    )


def test_every_kind_field_and_choice_has_its_words() -> None:
    assert recorded_words.TITLES.keys() == KINDS.keys()
    fields = {(kind, name) for kind, one in KINDS.items() for name in one.fields}
    assert {name for _kind, name in fields} == recorded_words.FIELDS.keys()
    assert recorded_words.SPECIAL.keys() <= fields
    choices = {choice for one in KINDS.values() for field in one.fields.values() for choice in field.choices}
    assert choices == recorded_words.CHOICES.keys()


def test_an_entry_is_told_field_by_field() -> None:
    people = [person(Role.witness, "Ana"), person(Role.presiding_judge, "Eva")]
    oath = event(
        "oath", participant="witness", by="presiding_judge", form="oath", outcome="taken", law="RO", language="th",
        text="Art. 121", corrects=4,
    )  # fmt: skip
    (told,) = happenings.log_lines([oath], people)
    assert (told.what, told.about, told.by, told.seq) == ("Oath, affirmation or caution", "Ana", "Clerk", 7)
    assert told.detail == (
        "replaces entry 4; Administered by: Eva; Form: Oath; Outcome: Taken or acknowledged; Under the law "
        "of: Romania; Language: Thai; “Art. 121”"
    )
    ruling = event("ruling", on=4, by="presiding_judge", ruling="upheld", law="RO")
    (told,) = happenings.log_lines([ruling], people)
    assert told.detail == "On what: entry 4; Decided by: Eva; Decision: Upheld; Under the law of: Romania"


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("en", "Exhibit: a.pdf, SHA-256 ab; Shown by: Eva; “Page 2”"),
        ("fr", "Pièce\u00a0: a.pdf, SHA-256 ab\u00a0; Montrée par\u00a0: Eva\u00a0; «\u00a0Page 2\u00a0»"),
        ("zh-Hans", "证物：a.pdf、SHA-256 ab；出示人：Eva；“Page 2”"),
        ("ar", "المستند: a.pdf، SHA-256 ab؛ عرضه: Eva؛ «Page 2»"),
    ],
)
def test_the_parts_of_an_entry_are_joined_as_the_language_does(tag: str, told: str) -> None:
    people = [person(Role.witness, "Ana"), person(Role.presiding_judge, "Eva")]
    shown = event("exhibit_shown", exhibit={"name": "a.pdf", "sha256": "ab"}, by="presiding_judge", text="Page 2")
    with i18n.speaking(tag):
        assert recorded_words.detail(shown, recorded_words.name_rules(people)) == told


def test_of_somebody_protected_neither_list_nor_text_has_the_name() -> None:
    people = [person(Role.witness, "Ana", "protected_identity")]
    exhibit = {"name": "ana.pdf", "sha256": "ab"}
    events = [
        event("log_note", text="ANA MARIA wept; Ana was right."),
        event("exhibit_shown", participant="witness", exhibit=exhibit),
        event("admitted", participant="witness"),
    ]
    found = happenings.log_lines(events, people, "Ana Maria")
    assert [(one.about, one.detail) for one in found] == [
        ("", "“Witness 1 wept; Witness 1 was right.”"),
        ("Witness 1", "Exhibit: Witness 1.pdf, SHA-256 ab"),
        ("Witness 1", ""),
    ]
