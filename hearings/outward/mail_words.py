"""Titles of mails and calendar events, and the parts of a mail, in a person's language."""

from hearings.languages import right_to_left
from hearings.models import Hearing, HearingRequest
from hearings.sentences import Say, tell
from hearings.texts import one_line

FOOTER = tell("For the sake of the people concerned, this message says neither who nor what it is about.")


def title(subject: Hearing | HearingRequest, lang: str, say: Say, *, day: int = 0) -> str:
    """The title of a hearing or request, with the number of the day if there are several: no name, no case."""
    if isinstance(subject, HearingRequest):
        return request_title(subject.reference, lang, say)
    return hearing_title(subject.ref, lang, say, day=day)


def request_title(reference: str, lang: str, say: Say) -> str:
    """The title of the request with this reference."""
    return say(lang, tell("Request {ref}", ref=plain(reference, lang)))


def hearing_title(ref: str, lang: str, say: Say, *, day: int = 0) -> str:
    """The title of the hearing with this reference, or of one of its days."""
    if day:
        return say(lang, tell("Hearing {ref}, day {n}", ref=plain(ref, lang), n=day))
    return say(lang, tell("Hearing {ref}", ref=plain(ref, lang)))


def subject_line(title: str, news: str, lang: str, say: Say) -> str:
    """The subject of a mail: title and news, both already translated."""
    return say(lang, tell("{what}: {news}", what=title, news=f"{news[0].lower()}{news[1:]}"))


def full_stop(news: str, lang: str, say: Say) -> str:
    """The news, already translated, as a sentence."""
    return say(lang, tell("{news}.", news=news))


def plain(text: str, lang: str) -> str:
    """Text of Latin letters and digits as one line; kept together among letters that run from right to left.

    The isolates are those of UAX #9 §2.4: without them `7F3K-22QD` beside an Arabic word is shown in another order.
    """
    text = one_line(text)
    return f"\u2066{text}\u2069" if right_to_left(lang) else text
