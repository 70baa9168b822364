"""What mails and calendar events are called: English messages, and a function that says them in a person's language.

Whoever builds the program gives the function (`Say`), because the catalogues are not here.
"""

from collections.abc import Callable

from hearings.languages import right_to_left
from hearings.minutes.phrases import N_
from hearings.models import Hearing, HearingRequest
from hearings.texts import one_line

Say = Callable[[str, str], str]
"""Language (BCP 47) and message to the message in it; English where the language is none of ours."""

HEARING, HEARING_DAY, REQUEST = N_("Hearing {ref}"), N_("Hearing {ref}, day {n}"), N_("Request {ref}")
SUBJECT, SENTENCE = N_("{what}: {news}"), N_("{news}.")
FOOTER = N_("For the sake of the people concerned, this message says neither who nor what it is about.")


def english(_lang: str, message: str) -> str:
    """The messages are English."""
    return message


def title(subject: Hearing | HearingRequest, lang: str, say: Say, *, day: int = 0) -> str:
    """What a hearing or request is called, with the number of the day where there are several: no name, no case."""
    if isinstance(subject, HearingRequest):
        return say(lang, REQUEST).format(ref=plain(subject.reference, lang))
    if day:
        return say(lang, HEARING_DAY).format(ref=plain(subject.ref, lang), n=day)
    return say(lang, HEARING).format(ref=plain(subject.ref, lang))


def plain(text: str, lang: str) -> str:
    """Text of Latin letters and digits as one line; kept together among letters that run from right to left.

    The isolates are those of UAX #9 §2.4: without them `7F3K-22QD` beside an Arabic word is shown in another order.
    """
    text = one_line(text)
    return f"\u2066{text}\u2069" if right_to_left(lang) else text
