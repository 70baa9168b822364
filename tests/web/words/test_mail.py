"""What is mailed can be said in every language."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from babel.messages.extract import extract_from_file

from hearings.models import HearingRequest, Person
from hearings.outward import invitations, mail_words, notices
from hearings.sentences import tell
from tests.support.brackets import Brackets
from web.words import catalogues, i18n, sentences


def messages() -> list[str]:
    """Every sentence of the three modules that words of mails stand in."""
    found = []
    for module in (mail_words, notices, invitations):
        for _line, message, _comments, _context in extract_from_file("python", module.__file__, catalogues.PYTHON):
            found.append(str(message))
    return found


def mail(tag: str, **more: Any) -> dict[str, Any]:
    """A notice of a request, to somebody who reads this language."""
    person = Person(owner_state="RO", name="A", email="a@ro.example", functions=[], language=tag)
    row = HearingRequest(
        owner_state="RO", reference="RO-2026-0001", requesting_state="RO", requested_state="TH", created_by="-",
        created_at=datetime(2026, 12, 2, tzinfo=UTC),
    )  # fmt: skip
    news = [notices.News(subject=row, text="The request is under review")]
    return notices.mail(news, "https://court.example", to=person, **more)


def test_every_sentence_of_a_mail_is_a_message_of_the_catalogues() -> None:
    found = set(messages())
    assert {line.text for line in notices.CHANGES.values()} | {one[2] for one in notices.DUE.values()} < found
    assert found <= {message for message, _context, _where, _comments in catalogues.messages()}


def test_a_mail_has_no_english_outside_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "translations", lambda _tag: Brackets())
    made = mail("fr", say=sentences.say)
    text = f"{made['subject']}\n{made['text']}".replace("https://court.example/requests/RO-2026-0001", "")
    outside = re.sub(r"⟦[^⟦⟧]*⟧", "", text).replace("RO-2026-0001", "")
    assert text.count("⟦") > 3
    assert re.findall(r"[A-Za-z]{2,}", outside) == []


@pytest.mark.parametrize("tag", list(i18n.LANGUAGES))
def test_a_mail_is_in_the_language_of_its_reader_and_keeps_its_reference(tag: str) -> None:
    made, english = mail(tag, say=sentences.say), mail(tag)
    assert made["language"] == tag
    assert "RO-2026-0001" in made["subject"] and "https://court.example/requests/RO-2026-0001" in made["text"]
    assert ("\u2066RO-2026-0001\u2069" in made["subject"]) == (i18n.LANGUAGES[tag].direction == "rtl")
    lines, plain = made["text"].split("\n"), english["text"].split("\n")
    told = [index for index, line in enumerate(plain) if line and not line.startswith("https:")]
    assert [lines[index] == plain[index] for index in told] == [tag == "en"] * 3
    assert (made["subject"] == english["subject"]) == (tag == "en")


def test_a_tag_of_no_catalogue_is_answered_by_its_nearest_or_in_english() -> None:
    off = tell("The hearing is cancelled")
    said = {tag: sentences.say(tag, off) for tag in ("pt-BR", "pt", "ja", "", "zh-Hant")}
    assert said["pt-BR"] == said["pt"] != off
    assert (said["ja"], said[""]) == (off, off)
    assert said["zh-Hant"] == sentences.say("zh-Hans", off)
