"""Sentences of `hearings` in the reader's language."""

from datetime import date

import pytest
from markupsafe import Markup

from hearings.sentences import LanguageName, Quoted, Series, StateName, Untranslated, Word, tell, tell_n
from web.words import catalogues, i18n, labels, law as law_words
from web.words.sentences import say, say_whole, translated, translated_markup


@pytest.fixture(autouse=True)
def french():
    with i18n.speaking("fr"):
        yield


def test_a_known_message_is_told_with_its_inputs_in_the_same_language():
    assert translated(tell("Cannot be empty")) == i18n._("Cannot be empty") != "Cannot be empty"
    assert translated(StateName.of("TH", "Thailand")) == "Thaïlande"
    assert translated(LanguageName.of("th")) == "thaï"
    assert translated(Word.of("stage", "trial")) == labels.word("stage", "trial")
    assert (
        translated(Series.of([StateName.of("TH", "Thailand"), StateName.of("RO", "Romania")], "or"))
        == "Thaïlande ou Roumanie"
    )


def test_inputs_are_told_inside_a_message_nobody_has_translated():
    text = tell("Nobody translates this: {state}, {day}", state=StateName.of("DE", "Germany"), day=date(2026, 12, 3))
    assert translated(text) == "Nobody translates this: Allemagne, 3 décembre 2026"


def test_what_is_counted_takes_the_form_of_the_language():
    for n in (1, 2):
        assert translated(tell_n("{n} of these: one", "{n} of these: several", n)).startswith(f"{n} of these")


def test_what_is_no_sentence_of_the_program_stays_and_is_marked_as_english():
    assert translated("A rule of law <b>") == "A rule of law <b>"
    assert translated_markup("A rule <b>") == Markup('<bdi lang="en" dir="ltr">A rule &lt;b&gt;</bdi>')
    marked = '&lt;: <bdi lang="en" dir="ltr">&lt;i&gt;</bdi>, 2'
    assert translated_markup(tell("<: {x}, {n}", x="<i>", n=2)) == Markup(marked)


def test_on_a_page_every_kind_of_part_is_told_and_only_data_are_marked():
    parts = Series.of([StateName.of("TH", "Thailand"), LanguageName.of("th"), "art. 18"], "semicolon")
    assert translated_markup(parts) == Markup('Thaïlande\xa0; thaï\xa0; <bdi lang="en" dir="ltr">art. 18</bdi>')
    assert translated_markup("") == ""


def test_what_somebody_wrote_is_neither_translated_nor_called_english():
    text = tell("{x}: {y}", x=tell("yes"), y=Quoted("<أ>"))
    assert translated_markup(text) == Markup(f"{i18n._('yes')}: <bdi>&lt;أ&gt;</bdi>")
    assert translated(text) == f"{i18n._('yes')}: <أ>"


def test_every_text_of_the_gate_is_a_message_of_the_catalogues():
    known = {entry.id for entry in catalogues.template() if entry.id}
    assert set(catalogues.gate_messages()) <= known


def test_codes_without_words_are_read_as_english_words():
    assert law_words.word("agreed_matter", "made_up_here") == "made up here"
    assert law_words.word("party_status", "not_party") == i18n._("not a party")


def test_what_is_said_in_a_language_does_not_depend_on_that_of_the_page():
    text = tell("{who} – {state}", who=tell("Witness"), state=StateName.of("TH", "Thailand"))
    assert (say("ro", text), say("en-GB", text)) == ("Martor – Thailanda", "Witness – Thailand")
    assert translated(text) == "Témoin – Thaïlande"


@pytest.mark.parametrize("nest", [lambda one: one, lambda one: Series.of([one]), lambda one: tell("{x}", x=one)])
def test_what_is_signed_is_said_whole_or_not_at_all(nest):
    known, unknown = tell("Cannot be empty"), tell("Nobody translates this")
    more = tell_n("{n} of these: one", "{n} of these: several", 2)
    whole = Series.of([known, Quoted("Somebody's words"), StateName.of("TH", "Thailand"), LanguageName.of("th")])
    for tag in i18n.LANGUAGES:
        assert say_whole(tag, whole) == say(tag, whole)
        for text in (unknown, more):
            if tag == "en":
                assert say_whole(tag, nest(text)) == nest(text)
            else:
                with pytest.raises(Untranslated):
                    say_whole(tag, nest(text))
    assert say_whole("pt-BR", known) == say_whole("pt", known)
    for tag in ("sw", "zh-Hant", "zh-Hant-TW"):
        with pytest.raises(Untranslated):
            say_whole(tag, nest(known))
