"""Sentences: English texts that remember how they were made, and an engine that says nothing else."""

import copy
import itertools
import json
import pickle
from datetime import date

from hearings.law import legal_bases
from hearings.law.law import LAW
from hearings.law.legal_bases import Ask
from hearings.models.request import Capacity
from hearings.sentences import LanguageName, Sentence, Series, StateName, Word, tell, tell_n


def test_a_sentence_is_its_english_text_and_remembers_message_and_inputs():
    text = tell("{state} is bound since {day}", state=StateName.of("FR", "France"), day=date(2026, 1, 2))
    assert text == "France is bound since 2026-01-02"
    assert (text.message, text.given["state"].code) == ("{state} is bound since {day}", "FR")
    assert json.loads(json.dumps({"text": text})) == {"text": "France is bound since 2026-01-02"}


def test_what_is_counted_has_both_messages():
    one, two = (tell_n("{n} day of {what}", "{n} days of {what}", n, what="custody") for n in (1, 2))
    assert (one, two) == ("1 day of custody", "2 days of custody")
    assert (two.message, two.plural, two.given["n"]) == ("{n} day of {what}", "{n} days of {what}", 2)


def test_codes_states_languages_and_series_read_as_english():
    assert Word.of("channel", "central_authority") == "central authority"
    assert LanguageName.of("th") == "th"
    assert Series.of(["a", "b", "c"], "or") == "a or b or c"
    assert Series.of([]) == ""


def test_copies_and_pickles_keep_what_a_sentence_remembers():
    text = tell("{state}: {answer}", state=StateName.of("TH", "Thailand"), answer=tell("yes"))
    for other in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert (other, other.message, other.given["answer"].message) == (text, text.message, "yes")


def _texts(capacity, one, other):
    ask = Ask(requesting_state=one, requested_state=other, on=date(2027, 3, 1), capacity=capacity, channel="interpol")
    for verdict in legal_bases.evaluate(ask).verdicts:
        yield from verdict.lines
        yield from verdict.terms
        yield from verdict.consents
        yield from (note for note in verdict.notes if not note.key.startswith("alternative_"))  # the rule's own words


def test_the_engine_says_everything_in_sentences_that_can_be_told_in_other_languages():
    states = sorted(LAW.jurisdictions)
    for one, other in zip(states, [*states[1:], states[0]], strict=True):
        for capacity in (None, *Capacity):
            for part in _texts(capacity, one, other):
                assert isinstance(part.text, Sentence), part
                told = (value for value in part.text.given.values() if isinstance(value, Series))
                assert all(not isinstance(piece, str) or piece for piece in itertools.chain(*(s.parts for s in told)))
