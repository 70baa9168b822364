"""Script cards: the data is whole, and of every card, law, capacity and language it is said which text is read.

What must never be: a draft shown as approved, the text of one State under the law of another, a text as the translation
of another, a hash that is not that of the words shown.
"""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from hearings import languages
from hearings.events import EventKind
from hearings.law import scripts
from hearings.law.scripts import ANSWERS, FORMS, LAWS, NEUTRAL, ScriptError, Scripts, ScriptText, load
from hearings.models.request import Capacity
from hearings.roles import HEARD, Role
from hearings.sitting.cards import CARDS
from hearings.sitting.recorded_acts import KINDS

DAY = date(2027, 3, 1)
SHIPPED = load(None)
CAPACITIES = (NEUTRAL, "interpreter", *Capacity)
TAGS = ("en", "ro", "th", "pt-BR", "ar")


def own(card: str, state: str, language: str, **changes: object) -> ScriptText:
    """A text of a State."""
    text = ScriptText(
        card=card, jurisdiction=state, capacity=NEUTRAL, language=language, version=1,
        text=f"{state} {language}: {{law}}", status="approved", approved_by="Ministry of Justice",
        approved_on=date(2027, 1, 1), valid_from=None, valid_to=None, source="",
    )  # fmt: skip
    return replace(text, **changes)


def test_every_card_is_whole() -> None:
    assert SHIPPED.cards.keys() == CARDS.keys() == {row.card for row in SHIPPED.texts}
    for card in SHIPPED.cards.values():
        assert card.law in LAWS and card.when and card.read_by
        assert set(card.answers) <= set(ANSWERS)
        assert set(card.to) <= HEARD | {Role.interpreter}
        assert card.form in ("", *FORMS) and bool(card.form) is (card.group == "oath")
        assert card.settled_by in ("", "notice", "identity")
        assert not (card.settled_by and card.answers), "what is answered elsewhere is not answered twice"
        for press, kind in card.events.items():
            assert press in ("read", "answer", *ANSWERS) and kind in KINDS
        for role in card.read_by:
            assert role in (Role.presiding_judge, Role.clerk, Role.requested_authority)
    assert SHIPPED.cards["rights_witness"].event("read") is EventKind.rights_notice
    assert SHIPPED.cards["oath_witness"].event("answer", "no") is EventKind.oath
    assert SHIPPED.cards["oath_witness"].event("answer", "other") is EventKind.card_answered


def test_every_card_has_a_text_in_two_languages_for_whomever_it_is_read_to() -> None:
    for card, capacity in itertools.product(SHIPPED.cards, CAPACITIES):
        sheet = SHIPPED.sheet(card, law="RO", capacity=capacity, reader="ro", person="en", on=DAY)
        assert sheet is not None and sheet.person is not None
        assert sheet.reader.translated and sheet.person.translated
        assert len(sheet.drafts) == 2, "nothing shipped is a State's text"


def test_what_each_state_uses_before_testimony_is_known_by_form() -> None:
    forms = scripts.oath_forms()
    assert forms["DE"].forms["witness"] == ("caution",) and forms["RO"].forms["witness"] == ("oath", "affirmation")
    assert all(one.detail and one.confidence for one in forms.values())
    assert {form for one in forms.values() for given in one.forms.values() for form in given} == set(FORMS)


def rows() -> Iterator[ScriptText]:
    """Texts of two States in every condition, beside the shipped ones."""
    for state, language, status in itertools.product(("RO", "TH"), ("ro", "th", "en"), scripts.STATUSES):
        for version, (begins, ends) in enumerate(((None, None), (date(2028, 1, 1), None), (None, date(2026, 1, 1))), 1):
            for capacity in (NEUTRAL, "witness"):
                approved = {} if status == "approved" else {"approved_by": "", "approved_on": None}
                given = {"status": status, "version": version, "valid_from": begins, "valid_to": ends}
                yield own("rights_witness", state, language, capacity=capacity, **given, **approved)


ROWS = list(rows())


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(ROWS), unique_by=lambda row: (row.jurisdiction, row.capacity, row.version, row.language)),
    st.sampled_from(sorted(SHIPPED.cards)) | st.just("rights_witness"),
    st.sampled_from(("RO", "TH", "DE")),
    st.sampled_from(CAPACITIES),
    st.sampled_from(TAGS),
    st.sampled_from(TAGS),
)
def test_no_draft_is_silent_no_law_is_wrong_and_every_hash_is_of_the_words(
    texts: list[ScriptText], card: str, law: str, capacity: str, reader: str, person: str
) -> None:
    at = Scripts(cards=SHIPPED.cards, texts=(*SHIPPED.texts, *texts))
    values = {tag: {"law": f"<{law}>", "court": "The court"} for tag in ("en", "ro", "th")}
    sheet = at.sheet(card, law=law, capacity=capacity, reader=reader, person=person, on=DAY, values=values)
    assert sheet is not None
    assert (sheet.person is None) is languages.same(reader, person)
    fit = [row for row in texts if (row.card, row.jurisdiction) == (card, law) and row.capacity in (capacity, NEUTRAL)]
    fit = [row for row in fit if row.valid(DAY)]
    for shown, wanted in zip(sheet.texts, (reader, person), strict=False):
        source = next(
            row
            for row in at.texts
            if (row.card, row.jurisdiction, row.capacity, row.version, row.language)
            == (shown.card, shown.jurisdiction, shown.capacity, shown.version, shown.language)
        )
        assert shown.card == card and shown.jurisdiction in (law, NEUTRAL) and shown.capacity in (capacity, NEUTRAL)
        assert source.valid(DAY) and source.status != "withdrawn"
        assert shown.approved is (source.status == "approved")
        assert (shown.sha256 in sheet.drafts) is not shown.approved
        assert shown.sha256 == hashlib.sha256(shown.text.encode()).hexdigest()
        assert shown.translated is languages.same(shown.language, wanted)
        assert "{law}" not in shown.text
        assert not fit or shown.jurisdiction == law, "a State that has a text is not given another's"
    first = sheet.reader
    assert {(one.jurisdiction, one.capacity, one.version) for one in sheet.texts} == {
        (first.jurisdiction, first.capacity, first.version)
    }, "both sides are one text"
    if any(row.status == "approved" for row in fit):
        assert any(one.approved for one in at.family(card, law, capacity, DAY))


def test_without_a_translation_the_states_own_text_stays_and_says_so() -> None:
    at = Scripts(cards=SHIPPED.cards, texts=(*SHIPPED.texts, own("privilege", "TH", "th")))
    sheet = at.sheet("privilege", law="TH", capacity="witness", reader="ro", person="th", on=DAY)
    assert sheet is not None and sheet.person is not None
    assert (sheet.reader.language, sheet.reader.translated, sheet.reader.approved) == ("th", False, True)
    assert (sheet.person.language, sheet.person.translated) == ("th", True)
    assert sheet.drafts == frozenset()
    assert at.sheet("privilege", law="RO", capacity="witness", reader="ro", person="th", on=DAY).drafts


def test_a_text_counts_from_its_approval_until_its_end() -> None:
    row = own("privilege", "TH", "th", valid_to=date(2027, 2, 1))
    days = (date(2026, 12, 31), date(2027, 1, 1), date(2027, 2, 1), date(2027, 2, 2))
    assert [row.valid(day) for day in days] == [False, True, True, False]


def test_of_a_newer_draft_and_an_older_approval_the_approved_is_read() -> None:
    newer = own("privilege", "TH", "th", version=2, status="draft", approved_by="", approved_on=None)
    at = Scripts(cards=SHIPPED.cards, texts=(own("privilege", "TH", "th"), newer))
    assert {row.version for row in at.family("privilege", "TH", "witness", DAY)} == {1}


def test_a_name_with_a_placeholder_in_it_is_filled_in_once() -> None:
    assert scripts.filled("{court} {law}", {"court": "{law}", "law": "x"}) == "{law} x"


# --- the operator's folder ---------------------------------------------------------------------------------------

GOOD = """texts:
- card: privilege
  jurisdiction: 'TH'
  version: 3
  status: approved
  approved_by: Office of the Attorney General
  approved_on: 2027-01-15
  in: {th: 'ภายใต้กฎหมาย {law}'}
"""


def test_a_court_brings_in_its_approved_text(tmp_path: Path) -> None:
    (tmp_path / "th.yaml").write_text(GOOD, encoding="utf-8")
    at = load(tmp_path)
    assert at.own == {"TH"}
    sheet = at.sheet("privilege", law="TH", capacity="witness", reader="th", person="th", on=DAY)
    assert sheet is not None and sheet.reader.approved_by == "Office of the Attorney General"
    assert ("TH", "privilege") not in at.unapproved(["TH"], DAY)
    assert ("TH", "privilege") in at.unapproved(["TH"], date(2027, 1, 14))
    assert ("TH", "closing") in at.unapproved(["TH"], DAY)


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ("texts:", "texts: [", "not YAML"),
        ("texts:", "cards:", "expected texts"),
        ("card: privilege", "card: sermon", "there is no card 'sermon'"),
        ("jurisdiction: 'TH'", "jurisdiction: '*'", "jurisdiction: a State"),
        ("jurisdiction: 'TH'", "jurisdiction: XX", "jurisdiction: a State, not 'XX'"),
        ("jurisdiction: 'TH'", "jurisdiction: NO", "jurisdiction: a State, not 'False'"),
        ("version: 3", "version: three", "version: a whole number"),
        ("version: 3", "version: true", "version: a whole number"),
        ("status: approved", "status: final", "status: one of draft"),
        ("status: approved", "status: draft", "of an approved text only"),
        ("approved_by: Office of the Attorney General", "approved_by: ''", "approved_by and approved_on"),
        ("approved_on: 2027-01-15", "approved_on: soon", "expected approved_on as a day"),
        ("  version: 3", "  version: 3\n  colour: red", "expected card and in"),
        ("{law}", "{oath}", "expected the placeholders"),
        ("{law}", "{charge} {means}", "at most one of"),
        ("{law}", "{law", "expected the placeholders"),
        ("th: '", "siamese: '", "expected a language tag"),
        ("{th: 'ภายใต้กฎหมาย {law}'}", "{}", "in: at least one language"),
        ("{th: 'ภายใต้กฎหมาย {law}'}", "{th: ''}", "at most 1500 characters"),
        ("{th: 'ภายใต้กฎหมาย {law}'}", "{th: 'x', en: '{charge}'}", "one gap in all languages"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_what_was_expected(tmp_path: Path, good: str, bad: str, says: str) -> None:
    assert good in GOOD
    (tmp_path / "th.yaml").write_text(GOOD.replace(good, bad), encoding="utf-8")
    with pytest.raises(ScriptError) as refused:
        load(tmp_path)
    assert says in str(refused.value)


def test_two_texts_of_one_version_are_refused_and_a_folder_that_is_none(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(ScriptError, match="there are two"):
        load(tmp_path)
    with pytest.raises(ScriptError, match="expected a folder"):
        load(tmp_path / "nowhere")
