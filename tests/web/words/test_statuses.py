"""The history in words."""

import re
from pathlib import Path

import hearings
from hearings.agreement import facts as agreement_facts
from web.people.staff_pages import CHANGED
from web.words import i18n, statuses

CODE = Path(hearings.__file__).parent


def test_every_reason_the_program_writes_itself_has_words():
    files = (path for path in CODE.rglob("*.py") if "migrations" not in path.parts)
    texts = [path.read_text("utf-8") for path in files]
    written = {reason for text in texts for reason in re.findall(r'reason="([^" ][^"]*)"', text)}
    for text in texts:
        named = dict(re.findall(r'(?m)^([A-Z_]+) = N_\("([^"]+)"\)$', text))
        given = re.findall(r"reason=([A-Z_]+)\b(?: if \w+ else ([A-Z_]+))?", text)
        written |= {named[name] for names in given for name in names if name in named}
    assert written and written - set(CHANGED) == set(statuses.REASONS)


def test_a_reason_somebody_wrote_stays_as_it_is_and_is_kept_apart():
    with i18n.speaking("fr"):
        assert statuses.because("cancelled") == i18n._("cancelled")
        assert statuses.because("<Krank>") == "<bdi>&lt;Krank&gt;</bdi>"
        assert statuses.because("") == "<bdi>–</bdi>"


def test_why_an_agreement_no_longer_holds_is_told_in_the_language_of_the_page():
    before = {"days": 1, "languages": 1}
    with i18n.speaking("fr"):
        words = [i18n._(str(agreement_facts.CHANGED[name])) for name in before]
        assert statuses.because(str(agreement_facts.changed(before, {}))) == i18n.in_turn(words)
        assert words[0] != agreement_facts.CHANGED["days"]


def test_what_stands_before_somebodys_reason_is_ours_and_the_reason_is_not():
    with i18n.speaking("fr"):
        told = statuses.because("no basis in force that day: a treaty: <soon>")
        begins = i18n._("no basis in force that day")
        assert told == i18n.about(begins, "<bdi>a treaty: &lt;soon&gt;</bdi>")
        assert statuses.because("some day: <soon>") == "<bdi>some day: &lt;soon&gt;</bdi>"
