"""What the minutes say of recorded acts: when and by whom, by both clocks and the time code of the recording.

A corrected entry is told once, as it stands, at the time of the first; one that was withdrawn is not told.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from hearings.events import EventKind
from hearings.minutes.facts import Line, Telling, line, open_line
from hearings.minutes.phrases import N_, Land, Phrase, Term, Tongue, phrase
from hearings.models import HearingEvent, Participant
from hearings.roles import LABELS, Role
from hearings.sitting.recorded_acts import Entry, standing

K = EventKind
FORMS = {
    "oath": Term(N_("an oath")),
    "affirmation": Term(N_("an affirmation")),
    "caution": Term(N_("a caution")),
}
RULINGS = {
    "upheld": Term(N_("upheld")),
    "upheld_in_part": Term(N_("upheld in part")),
    "rejected": Term(N_("rejected")),
    "reserved": Term(N_("reserved for later")),
}
SAID: Mapping[tuple[str, str], str] = {
    (K.log_note, ""): N_("{time}: {who} noted: “{text}”"),
    (K.remark, ""): N_("{time}: {who} ({function}) remarked: “{text}”"),
    (K.rights_notice, ""): N_("{time}: {by} told {person} the rights under the law of {law}, in {language}."),
    (K.oath, "taken"): N_(
        "{time}: {by} administered {form} to {person} under the law of {law}, in {language}. "
        "It was taken or acknowledged."
    ),
    (K.oath, "refused"): N_(
        "{time}: {by} administered {form} to {person} under the law of {law}, in {language}. It was refused."
    ),
    (K.oath, "not_required"): N_("{time}: {by} found that the law of {law} does not ask for {form} of {person}."),
    (K.interpreting, "consecutive"): N_("{time}: from here on {person} interpreted consecutively."),
    (K.interpreting, "simultaneous"): N_("{time}: from here on {person} interpreted simultaneously."),
    (K.interpreting, "break_begun"): N_("{time}: a break of the interpreting by {person} began."),
    (K.interpreting, "break_ended"): N_("{time}: a break of the interpreting by {person} ended."),
    (K.interpreting, "handed_over"): N_("{time}: {person} took the interpreting over."),
    (K.interpreting, "quality_good"): N_("{time}: the interpreting by {person} was found good."),
    (K.interpreting, "quality_poor"): N_("{time}: the interpreting by {person} was found wanting."),
    (K.objection, ""): N_("{time}: {person} objected: “{text}”"),
    (K.privilege_claim, ""): N_("{time}: {person} claimed a privilege under the law of {law}: “{text}”"),
    (K.ruling, ""): N_("{time}: {by} ruled under the law of {law} on what was raised {raised}: {ruling}."),
    (K.exhibit_shown, ""): N_("{time}: {by} showed {person} the exhibit {exhibit}, SHA-256 {hash}."),
    (K.intervention, ""): N_("{time}: {who} intervened under the law of {law}: “{text}”"),
}
"""The sentence of each kind, for some by what came of it."""
WORDED = frozenset(kind for (kind, _what), message in SAID.items() if "{text}" in message)
"""Kinds whose sentence has the text in it; of the others it follows in a line of its own."""


def recorded(told: Telling, *kinds: EventKind) -> list[Entry]:
    """The entries of these kinds that stand, in their order."""
    return [one for one in standing(told.facts.events) if one.event.kind in kinds]


def of(entries: list[Entry], participant: Participant) -> list[Entry]:
    """Those about somebody."""
    return [one for one in entries if one.event.data.get("participant") == participant.id]


def said(told: Telling, entry: Entry) -> Iterator[Line]:
    """An entry in words, with where in the recording it is and who entered it."""
    event, data = entry.event, entry.event.data
    sources = tuple(f"event:{one.seq}" for one in entry.events)
    what = str(data.get("outcome") or data.get("what") or "")
    yield line(SAID[event.kind, what], *sources, **_values(told, entry))
    if event.kind == K.objection and data.get("law"):
        yield line(N_("    Under the law of {law}."), *sources, law=Land(data["law"]))
    if data.get("text") and event.kind not in WORDED:
        yield line(N_("    Words, or where they stand: “{text}”"), *sources, text=told.quoted(str(data["text"])))
    yield _entered(told, entry.first)
    if len(entry.events) > 1:
        values = {"time": told.when(event.at), "who": told.who(event)}
        yield line(N_("    Entered so in correction, {time}, by {who}."), *sources[-1:], **values)


def _values(told: Telling, entry: Entry) -> dict[str, Any]:
    data = entry.event.data
    exhibit = data.get("exhibit") or {}
    raised = next((one for one in told.facts.events if one.seq == data.get("on")), None)
    return {
        "time": told.when(entry.first.at),
        "who": told.who(entry.first),
        "function": Term(LABELS[Role(entry.first.actor_role)]) if entry.first.actor_role else "–",
        "person": told.about(entry.event),
        "by": told.names.get(str(data.get("by", "")), "–"),
        "law": Land(str(data.get("law", "–"))),
        "language": Tongue(str(data.get("language", "–"))),
        "form": FORMS.get(str(data.get("form")), "–"),
        "ruling": RULINGS.get(str(data.get("ruling")), "–"),
        "raised": "–" if raised is None else told.when(raised.at),
        "exhibit": told.quoted(str(exhibit.get("name", "–"))),
        "hash": str(exhibit.get("sha256", "–")),
        "text": told.quoted(str(data.get("text", ""))),
    }


def _entered(told: Telling, event: HearingEvent) -> Line:
    source, who, code = f"event:{event.seq}", told.who(event), event.data.get("timecode_ms")
    if code is None:
        return line(N_("    Entered by {who}. No recording ran."), source, who=who)
    message = N_("    Entered by {who}. Recording {id}, time code {code}.")
    return line(message, source, who=who, id=event.data["recording"], code=clock(code))


def clock(milliseconds: int) -> str:
    """A time code as hours, minutes and seconds: `0:42:17`."""
    return str(timedelta(seconds=milliseconds // 1000))


# --- sections ----------------------------------------------------------------------------------------------------


def lines(told: Telling, entries: list[Entry]) -> list[Line]:
    """Entries in words."""
    return [one for entry in entries for one in said(told, entry)]


def each(
    told: Telling, entries: list[Entry], people: list[Participant], *, who: str, nothing: Phrase, missing: str
) -> Iterator[Line]:
    """Entries, and what is open: `nothing` when there are none, else `missing` for each of `people` without one."""
    yield from lines(told, entries)
    if not entries:
        yield open_line(who, nothing)
        return
    for one in people:
        if not of(entries, one):
            yield open_line(who, phrase(missing, name=told.names[one.id]))


def interpreter(told: Telling, participant: Participant) -> Iterator[Line]:
    """Oath, mode, breaks and quality of one interpreter, and which of these nobody has recorded."""
    entries = of(recorded(told, K.oath, K.interpreting), participant)
    yield from lines(told, entries)
    if not entries:
        yield open_line("clerk", phrase(N_("Oath, mode, breaks and quality of the interpreting")))
        return
    kinds = {str(one.event.data.get("what") or one.event.kind) for one in entries}
    for found, what in (
        ({K.oath.value}, N_("Oath of the interpreter")),
        ({"consecutive", "simultaneous"}, N_("Mode of the interpreting")),
        ({"break_begun", "handed_over"}, N_("Breaks of the interpreting")),
        ({"quality_good", "quality_poor"}, N_("Quality of the interpreting")),
    ):
        if not kinds & found:
            yield open_line("clerk", phrase(what))


def objections(told: Telling) -> Iterator[Line]:
    """Objections, privileges and rulings in their order; each without a ruling is open."""
    entries = recorded(told, K.objection, K.privilege_claim, K.ruling)
    yield from lines(told, entries)
    if not entries:
        what = phrase(N_("Objections, privileges claimed, rulings, and under which law"))
        yield open_line("presiding_judge", what)
    ruled = {one.event.data.get("on") for one in entries}
    for one in entries:
        if one.event.kind != K.ruling and not ruled & {event.seq for event in one.events}:
            yield open_line(
                "presiding_judge", phrase(N_("Ruling on what was raised {time}"), time=told.when(one.first.at))
            )
