"""Sentences of `hearings` in the reader's language."""

from datetime import date

import pytest
from markupsafe import Markup

from hearings.sentences import Quoted, Series, StateName, Tongue, Word, tell, tell_n
from web.words import catalogues, i18n, law as law_words, terms
from web.words.sentences import told, told_here


@pytest.fixture(autouse=True)
def french():
    with i18n.speaking("fr"):
        yield


def test_a_known_message_is_told_with_its_inputs_in_the_same_language():
    assert told(tell("Cannot be empty")) == i18n._("Cannot be empty") != "Cannot be empty"
    assert told(StateName.of("TH", "Thailand")) == "Thaïlande"
    assert told(Tongue.of("th")) == "thaï"
    assert told(Word.of("stage", "trial")) == terms.word("stage", "trial")
    assert (
        told(Series.of([StateName.of("TH", "Thailand"), StateName.of("RO", "Romania")], "or"))
        == "Thaïlande ou Roumanie"
    )


def test_inputs_are_told_inside_a_message_nobody_has_translated():
    text = tell("Nobody translates this: {state}, {day}", state=StateName.of("DE", "Germany"), day=date(2026, 12, 3))
    assert told(text) == "Nobody translates this: Allemagne, 3 décembre 2026"


def test_what_is_counted_takes_the_form_of_the_language():
    for n in (1, 2):
        assert told(tell_n("{n} of these: one", "{n} of these: several", n)).startswith(f"{n} of these")


def test_what_is_no_sentence_of_the_program_stays_and_is_marked_as_english():
    assert told("A rule of law <b>") == "A rule of law <b>"
    assert told_here("A rule <b>") == Markup('<bdi lang="en" dir="ltr">A rule &lt;b&gt;</bdi>')
    marked = '&lt;: <bdi lang="en" dir="ltr">&lt;i&gt;</bdi>, 2'
    assert told_here(tell("<: {x}, {n}", x="<i>", n=2)) == Markup(marked)


def test_on_a_page_every_kind_of_part_is_told_and_only_data_are_marked():
    parts = Series.of([StateName.of("TH", "Thailand"), Tongue.of("th"), "art. 18"], "semicolon")
    assert told_here(parts) == Markup('Thaïlande\xa0; thaï\xa0; <bdi lang="en" dir="ltr">art. 18</bdi>')
    assert told_here("") == ""


def test_what_somebody_wrote_is_neither_translated_nor_called_english():
    text = tell("{x}: {y}", x=tell("yes"), y=Quoted("<أ>"))
    assert told_here(text) == Markup(f"{i18n._('yes')}: <bdi>&lt;أ&gt;</bdi>")
    assert told(text) == f"{i18n._('yes')}: <أ>"


def test_every_text_of_the_gate_is_a_message_of_the_catalogues():
    known = {entry.id for entry in catalogues.template() if entry.id}
    assert set(catalogues.gate_messages()) <= known


def test_codes_without_words_are_read_as_english_words():
    assert law_words.word("agreed_matter", "made_up_here") == "made up here"
    assert law_words.word("party_status", "not_party") == i18n._("not a party")
