"""The law on a summons, by data: the time it needs before the hearing, and where none is owed. Pure."""

from collections.abc import Iterator
from datetime import date

from hearings.law import legal_bases
from hearings.law.answer import HeldOn, Note
from hearings.law.law import LAW, Law
from hearings.models import HearingRequest
from hearings.sentences import Sentence, tell

LEAD_TIME = "lead_time_too_short"
NOT_OWED = "summons_not_owed_to_citizen_as_defendant"


def notes(request: HearingRequest, day: HeldOn, *codes: str, today: date, law: Law = LAW) -> Iterator[Note]:
    """The warnings of these codes (`LEAD_TIME`, `NOT_OWED`) for a day of a hearing, each rule once.

    `day.known_on`: the day from which the time a summons needs counts; None means today. Only the instruments that the
    request relies on are evaluated.
    """
    if not request.instruments:
        return
    ask = legal_bases.ask_about(request, on=today, hearing_on=day.on, hearing_known_on=day.known_on, law=law)
    noted = set()
    for verdict in legal_bases.evaluate(ask, request.instruments, law=law).verdicts:
        for note in verdict.notes:
            if note.code in codes and note.key not in noted:
                noted.add(note.key)
                yield note


def with_provision(note: Note) -> Sentence:
    """A warning with its provision."""
    return tell("{note} ({provision})", note=note.text, provision=note.provision)
